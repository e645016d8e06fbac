/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_proc.h"
#include "fake_sys.h"
#include "sbx/job.h"
#include "test.h"

enum { PROC = 5, FIRST = 100 };

#define STOP "die_of 20\nsigprocmask block 20\n"

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_proc_show(&(struct fake_process){.pid = FIRST, .parent = 1});
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = FIRST});
	fake_proc_show(&(struct fake_process){.pid = 102, .parent = 101});
	fake_proc_show(&(struct fake_process){.pid = 200, .parent = 1});
	return 0;
}

TEST(stops_itself_where_the_terminal_reaches_the_others)
{
	const struct job job = {.proc = PROC, .but_first = true};

	job_stop(&job);
	assert_string_equal(fake_sys_trace(), STOP);
}

TEST(stops_those_inside_before_and_lets_them_go_on_after)
{
	const struct job job = {.proc = PROC, .first = FIRST};

	job_stop(&job);
	assert_in_order(fake_sys_trace(), ARGV("kill /proc/100 19\n", "kill /proc/101 19\n",
					       "kill /proc/102 19\n", STOP, "kill /proc/100 18\n",
					       "kill /proc/101 18\n", "kill /proc/102 18\n"));
	assert_null(strstr(fake_sys_trace(), "kill 100"));
	assert_null(strstr(fake_sys_trace(), "open /proc 200 dir"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(does_not_stop_a_first_process_that_is_to_go_on)
{
	const struct job job = {.proc = PROC, .first = FIRST, .but_first = true};

	job_stop(&job);
	assert_in_order(fake_sys_trace(), ARGV("kill /proc/101 19\n", "kill /proc/102 19\n", STOP,
					       "kill /proc/101 18\n", "kill /proc/102 18\n"));
	assert_null(strstr(fake_sys_trace(), "kill /proc/100"));
	assert_null(strstr(fake_sys_trace(), "kill 100"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(stops_itself_without_a_procfs)
{
	const struct job job = {.proc = -1, .first = FIRST};

	job_stop(&job);
	assert_string_equal(fake_sys_trace(), STOP);
}

TEST(stops_and_goes_on_whichever_call_fails)
{
	const struct job job = {.proc = PROC, .first = FIRST};

	for (unsigned nth = 1;; nth++) {
		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		job_stop(&job);
		assert_contains(fake_sys_trace(), "die_of 20\n");
		assert_int_equal(fake_sys_open_fds(), 0);
		if (fake_sys_calls() < nth)
			break;
	}
}

/* --- The terminal --------------------------------------------------------- */

TEST(tells_whether_the_job_has_the_terminal)
{
	assert_false(job_has_terminal()); /* there is none */
	fake_sys_answer("tcgetpgrp 1", 77);
	assert_false(job_has_terminal());
	fake_sys_answer("tcgetpgrp 1", 300);
	assert_true(job_has_terminal());
}

TEST(takes_a_terminal_back_whose_group_has_ended)
{
	fake_sys_answer("tcgetpgrp 0", 77);
	fake_sys_answer("kill -77 0", -ESRCH);
	job_take_terminal();
	assert_string_equal(fake_sys_trace(), "tcgetpgrp 0\n"
					      "getpgrp\n"
					      "kill -77 0\n"
					      "getpgrp\n"
					      "tcsetpgrp 0 300\n");
}

TEST(looks_for_the_terminal_where_it_is)
{
	fake_sys_answer("tcgetpgrp 2", 77);
	fake_sys_answer("kill -77 0", -ESRCH);
	job_take_terminal();
	assert_starts_with(fake_sys_trace(), "tcgetpgrp 0\ntcgetpgrp 1\ntcgetpgrp 2\ngetpgrp\n");
	assert_contains(fake_sys_trace(), "tcsetpgrp 2 300\n");
}

TEST(leaves_a_terminal_to_a_group_that_is_there)
{
	static const int answers[] = {0, -EPERM};

	for (size_t i = 0; i < LENGTH(answers); i++) {
		(void)set_up(NULL);
		fake_sys_always("tcgetpgrp*", 77);
		fake_sys_answer("kill -77 0", answers[i]);
		job_take_terminal();
		assert_string_equal(fake_sys_trace(), "tcgetpgrp 0\ngetpgrp\nkill -77 0\n");
	}
}

TEST(leaves_a_terminal_alone_that_it_has)
{
	fake_sys_always("tcgetpgrp*", 300);
	job_take_terminal();
	assert_string_equal(fake_sys_trace(), "tcgetpgrp 0\ngetpgrp\n");
}

TEST(does_nothing_where_there_is_no_terminal)
{
	job_take_terminal();
	assert_string_equal(fake_sys_trace(), "tcgetpgrp 0\ntcgetpgrp 1\ntcgetpgrp 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stops_itself_where_the_terminal_reaches_the_others, set_up),
		cmocka_unit_test_setup(stops_those_inside_before_and_lets_them_go_on_after, set_up),
		cmocka_unit_test_setup(does_not_stop_a_first_process_that_is_to_go_on, set_up),
		cmocka_unit_test_setup(stops_itself_without_a_procfs, set_up),
		cmocka_unit_test(stops_and_goes_on_whichever_call_fails),
		cmocka_unit_test_setup(tells_whether_the_job_has_the_terminal, set_up),
		cmocka_unit_test_setup(takes_a_terminal_back_whose_group_has_ended, set_up),
		cmocka_unit_test_setup(looks_for_the_terminal_where_it_is, set_up),
		cmocka_unit_test(leaves_a_terminal_to_a_group_that_is_there),
		cmocka_unit_test_setup(leaves_a_terminal_alone_that_it_has, set_up),
		cmocka_unit_test_setup(does_nothing_where_there_is_no_terminal, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
