/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "fake_proc.h"
#include "fake_sys.h"
#include "host/job.h"
#include "test.h"

enum { PROC = 5, FIRST = 100 };

#define STOP "take_signal 18\ndie_of 20\nsigprocmask block 20\ntake_signal 18\n"

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
	const struct distant inside = {.proc = PROC, .but_first = true};

	job_stop(&inside);
	assert_string_equal(fake_sys_trace(), STOP);
}

TEST(stops_those_inside_before_and_lets_them_go_on_after)
{
	const struct distant inside = {.proc = PROC, .first = FIRST};

	job_stop(&inside);
	assert_in_order(fake_sys_trace(), ARGV("kill /proc/100 19\n", "kill /proc/101 19\n",
					       "kill /proc/102 19\n", STOP, "kill /proc/100 18\n",
					       "kill /proc/101 18\n", "kill /proc/102 18\n"));
	assert_null(strstr(fake_sys_trace(), "kill 100"));
	assert_null(strstr(fake_sys_trace(), "open /proc 200 dir"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(does_not_stop_a_first_process_that_is_to_go_on)
{
	const struct distant inside = {.proc = PROC, .first = FIRST, .but_first = true};

	job_stop(&inside);
	assert_in_order(fake_sys_trace(), ARGV("kill /proc/101 19\n", "kill /proc/102 19\n", STOP,
					       "kill /proc/101 18\n", "kill /proc/102 18\n"));
	assert_null(strstr(fake_sys_trace(), "kill /proc/100"));
	assert_null(strstr(fake_sys_trace(), "kill 100"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(stops_itself_without_a_procfs)
{
	const struct distant inside = {.proc = -1, .first = FIRST};

	job_stop(&inside);
	assert_string_equal(fake_sys_trace(), STOP);
}

TEST(stops_and_goes_on_whichever_call_fails)
{
	const struct distant inside = {.proc = PROC, .first = FIRST};

	for (unsigned nth = 1;; nth++) {
		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		job_stop(&inside);
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

/* --- The sandbox's own group ------------------------------------------------ */

enum { LEADER = 9, GROUP = 700 };

static struct job with_group(void)
{
	fake_sys_given(LEADER, "leader");
	return (struct job){.leader = LEADER, .group = GROUP};
}

TEST(signals_the_group_by_a_handle_or_else_by_its_number)
{
	struct job job = with_group();

	job_signal(&job, 2);
	assert_string_equal(fake_sys_trace(), "kill group of leader 2\n");
	fake_sys_answer("kill group of leader 2", -EINVAL); /* the kernel is older */
	job_signal(&job, 2);
	assert_contains(fake_sys_trace(), "kill group of leader 2\nkill -700 2\n");
	fake_sys_answer("kill group of leader 2", -ESRCH);
	job_signal(&job, 2);
	job.group = 0;
	fake_sys_answer("kill group of leader 2", -EINVAL);
	job_signal(&job, 2);
	assert_int_equal(count_in(fake_sys_trace(), "kill -"), 1);
}

TEST(leads_the_terminal_only_if_all_three_are_it)
{
	for (int other = 0; other < 3; other++) {
		char line[32];

		(void)set_up(NULL);
		fake_sys_be(300);
		(void)snprintf(line, sizeof(line), "tcgetpgrp %d", other);
		fake_sys_answer(line, -ENOTTY);
		fake_sys_always("tcgetpgrp*", 300);
		assert_false(job_leads_terminal());
		assert_true(job_leads_terminal());
		fake_sys_be(301);
		assert_false(job_leads_terminal());
	}
}

TEST(knows_a_terminal_that_is_none_of_the_three)
{
	assert_false(job_can_have_terminal());
	assert_int_equal(fake_sys_open_fds(), 0);
	fake_sys_answer("tcgetpgrp 101", 5);
	assert_true(job_can_have_terminal());
	assert_int_equal(fake_sys_open_fds(), 0);
	fake_sys_answer("open /dev/tty*", -ENXIO);
	assert_false(job_can_have_terminal());
}

TEST(hands_the_terminal_over_to_who_stops_for_the_lack_of_it)
{
	struct job job = with_group();

	fake_sys_always("tcgetpgrp 1", 300);
	job_pause(&job, 21);
	assert_contains(fake_sys_trace(), "tcsetpgrp 1 700\nkill group of leader 18\n");
	assert_null(strstr(fake_sys_trace(), "die_of"));
	assert_true(job.has_terminal);
	job_end(&job);
	assert_in_order(fake_sys_trace(), ARGV("tcsetpgrp 1 700\n", "kill 0 18\n"));
	assert_false(job.has_terminal);
}

TEST(stops_in_the_background_by_the_same_signal)
{
	struct job job = with_group();

	fake_sys_answer("tcgetpgrp 0", 55); /* another group's */
	fake_sys_answer("take_signal 18", 0);
	fake_sys_answer("take_signal 18", 1);
	fake_sys_answer("tcgetpgrp 0", 300); /* when it is continued */
	job_pause(&job, 22);
	assert_in_order(fake_sys_trace(), ARGV("die_of 22\nsigprocmask block 22\ntake_signal 18\n",
					       "tcsetpgrp 0 700\n", "kill group of leader 18\n"));
}

TEST(takes_the_terminal_back_before_it_stops_and_hands_it_over_after)
{
	struct job job = with_group();

	job.has_terminal = true;
	fake_sys_answer("tcgetpgrp 0", 700);
	fake_sys_answer("take_signal 18", 1);
	fake_sys_answer("tcgetpgrp 0", 300);
	job_pause(&job, 20);
	assert_in_order(fake_sys_trace(), ARGV("tcsetpgrp 0 300\ndie_with_group 20\n",
					       "tcsetpgrp 0 700\n", "kill group of leader 18\n"));
	assert_true(job.has_terminal);
}

TEST(stops_others_of_the_job_only_by_what_a_key_would)
{
	struct job job = with_group();

	job_pause(&job, 20); /* the others have got that */
	job.has_terminal = true;
	job_pause(&job, 19);
	assert_int_equal(count_in(fake_sys_trace(), "die_of"), 2);
	assert_null(strstr(fake_sys_trace(), "group 19"));
	assert_null(strstr(fake_sys_trace(), "group 20"));
}

TEST(does_not_stop_if_it_has_been_continued_meanwhile)
{
	struct job job = with_group();

	fake_sys_answer("take_signal 18", 1);
	job_pause(&job, 20);
	assert_null(strstr(fake_sys_trace(), "die_of"));
	assert_contains(fake_sys_trace(), "kill group of leader 18\n");
}

TEST(goes_on_where_the_kernel_does_not_stop_it)
{
	struct job job = with_group();

	job_pause(&job, 20);
	assert_contains(fake_sys_trace(), "take_signal 18\nkill group of leader 18\n");
}

TEST(hangs_up_who_can_never_have_the_terminal_once)
{
	struct job job = with_group();

	for (unsigned i = 0; i < 3; i++)
		job_pause(&job, 21);
	assert_int_equal(count_in(fake_sys_trace(), "kill group of leader 1\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "kill group of leader 18\n"), 1);
}

TEST(goes_on_with_the_terminal_if_it_is_to_have_it)
{
	struct job job = with_group();

	fake_sys_always("tcgetpgrp 0", 300);
	job_go_on(&job);
	assert_null(strstr(fake_sys_trace(), "tcsetpgrp"));
	job.is_eager = true;
	job_go_on(&job);
	job_go_on(&job);
	assert_int_equal(count_in(fake_sys_trace(), "tcsetpgrp 0 700\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "kill group of leader 18\n"), 3);
}

TEST(returns_the_terminal_of_a_job_that_was_killed)
{
	fake_sys_always("tcgetpgrp 0", 700);
	job_return_terminal(700, 300); /* its leader may be there, though it has ended */
	assert_contains(fake_sys_trace(), "tcsetpgrp 0 300\nkill -300 18\n");
	job_return_terminal(800, 300); /* another group, which is there */
	job_return_terminal(800, 700); /* it has it already */
	assert_int_equal(count_in(fake_sys_trace(), "tcsetpgrp"), 1);
	fake_sys_answer("kill -700 0", -ESRCH);
	job_return_terminal(800, 300);
	fake_sys_answer("tcsetpgrp 0 300", -ESRCH); /* that job is over as well */
	job_return_terminal(700, 300);
	assert_int_equal(count_in(fake_sys_trace(), "kill -300 18\n"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(signals_the_group_by_a_handle_or_else_by_its_number, set_up),
		cmocka_unit_test_setup(leads_the_terminal_only_if_all_three_are_it, set_up),
		cmocka_unit_test_setup(knows_a_terminal_that_is_none_of_the_three, set_up),
		cmocka_unit_test_setup(hands_the_terminal_over_to_who_stops_for_the_lack_of_it,
				       set_up),
		cmocka_unit_test_setup(stops_in_the_background_by_the_same_signal, set_up),
		cmocka_unit_test_setup(
			takes_the_terminal_back_before_it_stops_and_hands_it_over_after, set_up),
		cmocka_unit_test_setup(does_not_stop_if_it_has_been_continued_meanwhile, set_up),
		cmocka_unit_test_setup(stops_others_of_the_job_only_by_what_a_key_would, set_up),
		cmocka_unit_test_setup(goes_on_where_the_kernel_does_not_stop_it, set_up),
		cmocka_unit_test_setup(hangs_up_who_can_never_have_the_terminal_once, set_up),
		cmocka_unit_test_setup(goes_on_with_the_terminal_if_it_is_to_have_it, set_up),
		cmocka_unit_test_setup(returns_the_terminal_of_a_job_that_was_killed, set_up),
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
