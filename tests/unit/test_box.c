/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>

#include "fake_cap.h"
#include "fake_sys.h"
#include "sbx/box.h"
#include "sbx/opt.h"
#include "sbx/report.h"
#include "test.h"

static const struct report ended = {
	.kind = REPORT_ENDED,
	.ended = {.status = 3 << 8, .is_last = false},
};

/* The caller is root; the sandbox that is started ends at once. */
static void start(void)
{
	fake_sys_reset();
	fake_cap_reset(7);
	fake_sys_answer_data("poll outside*", 1, "+...", 4);
	fake_sys_answer_message("receive outside", &ended,
				offsetof(struct report, ended) + sizeof(ended.ended), NULL);
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

static int run(const char *const *argv, int *status, struct err *e)
{
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);

	assert_int_equal(r, 0);
	r = box_run(&plan, status, e);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(fake_cap_allocated(), 0);
	return r;
}

/* The numbers of the fake's descriptors: signals, the two ends of the socket, child. */
#define MONITOR                                                                                    \
	"close_range 3 99\n"                                                                       \
	"close_range 102 102\n"                                                                    \
	"close_range 104 -\n"                                                                      \
	"send outside\n"                                                                           \
	"poll outside signals - child, -1 ms\n"                                                    \
	"receive outside\n"

static const char golden[] = "prctl no_new_privs 1\n"
			     "getppid\n"
			     "prctl pdeathsig 9\n"
			     "getppid\n"
			     "getfd 0\n"
			     "getfd 1\n"
			     "getfd 2\n"
			     "getuid\n"
			     "getgid\n"
			     "cap_get_proc\n"
			     "getcwd\n"
			     "ttyname 1\n"
			     "signal_ignored 15\n"
			     "signal_ignored 2\n"
			     "signal_ignored 1\n"
			     "signal_ignored 3\n"
			     "signal_ignored 10\n"
			     "signal_ignored 12\n"
			     "sigprocmask block 1 2 3 10 12 13 15\n"
			     "signal_default 17\n"
			     "signalfd 1 2 3 10 12 15\n"
			     "socketpair\n"
			     "clone mnt pid net\n" MONITOR;

static const char *const line[] = {
	"--die-with-parent", "--unshare-pid", "--unshare-net", "--dev", "/dev", "true", NULL,
};

TEST(prepares_everything_before_it_makes_a_process)
{
	struct err e = {0};
	int status = -1;

	assert_int_equal(run(line, &status, &e), 0);
	assert_string_equal(fake_sys_trace(), golden);
	assert_int_equal(status, 3 << 8);
}

static bool is_harmless(const char *trace, const char *after)
{
	static const char *const harmless[] = {"getfd", "getcwd\n", "ttyname 1\n", "close_range"};
	const char *call = after - 1;

	while (call > trace && call[-1] != '\n')
		call--;
	for (size_t i = 0; i < LENGTH(harmless); i++)
		if (strncmp(call, harmless[i], strlen(harmless[i])) == 0)
			return true;
	return false;
}

TEST(reports_every_call_that_fails)
{
	unsigned failed = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		int status = -1;
		int r;

		start();
		fake_sys_always("poll child*", 0);
		fake_sys_fail_at(nth, EIO);
		r = run(line, &status, &e);
		if (*fake_sys_trace_after_failure() == '\0' && r == 0)
			break;
		if (is_harmless(fake_sys_trace(), fake_sys_trace_after_failure())) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, -EIO);
		assert_int_equal(e.code, EIO);
		assert_contains(e.msg, ": Input/output error");
		assert_int_equal(status, -1);
		failed++;
	}
	assert_int_equal(nth, 26);
	assert_int_equal(failed, 17);
}

TEST(does_not_outlive_a_parent_that_is_gone_already)
{
	struct err e = {0};
	int status = -1;

	fake_sys_answer("getppid", 500);
	fake_sys_answer("getppid", 1);
	assert_int_equal(run(line, &status, &e), -ESRCH);
	assert_string_equal(e.msg, "--die-with-parent: the parent is gone");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(outlives_its_parent_unless_told_otherwise)
{
	struct err e = {0};
	int status = -1;

	fake_sys_answer("getppid", 500);
	fake_sys_answer("getppid", 1);
	assert_int_equal(run(ARGV("true"), &status, &e), 0);
	assert_null(strstr(fake_sys_trace(), "pdeathsig"));
}

TEST(leaves_signals_that_the_caller_ignores_ignored)
{
	struct err e = {0};
	int status = -1;

	fake_sys_answer("signal_ignored 1", 1);
	fake_sys_answer("signal_ignored 12", 1);
	assert_int_equal(run(ARGV("true"), &status, &e), 0);
	assert_contains(fake_sys_trace(), "sigprocmask block 2 3 10 13 15\n");
	assert_contains(fake_sys_trace(), "signalfd 2 3 10 15\n");
}

TEST(asks_for_the_terminal_only_to_make_a_console_of_it)
{
	struct err e = {0};
	int status = -1;

	assert_int_equal(run(ARGV("true"), &status, &e), 0);
	assert_null(strstr(fake_sys_trace(), "ttyname"));
}

TEST(claims_descriptors_before_it_opens_any)
{
	struct err e = {0};
	int status = -1;

	fake_sys_answer("getfd 5", -EBADF);
	assert_int_equal(run(ARGV("--file", "5", "/f", "true"), &status, &e), -EBADF);
	assert_string_equal(e.msg, "--file: descriptor 5 is not open");
	assert_string_equal(fake_sys_trace(), "prctl no_new_privs 1\ngetppid\ngetfd 5\n");
}

TEST(finds_out_what_is_wrong_before_it_makes_a_process)
{
	static const struct {
		const char *argv[4];
		const char *msg;
	} lines[] = {
		{{"--cap-add", "CAP_NOPE", "true"}, "--cap-add: unknown capability CAP_NOPE"},
		{{"--uid", "7", "true"}, "--uid needs --unshare-user"},
		{{"--seccomp", "5", "true"},
		 "--seccomp: descriptor 5 holds 0 bytes, which is no seccomp program: "
		 "instructions have 8 bytes each"},
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct err e = {0};
		int status = -1;

		start();
		fake_sys_given(5, "program");
		assert_int_equal(run(lines[i].argv, &status, &e), -EINVAL);
		assert_string_equal(e.msg, lines[i].msg);
		assert_null(strstr(fake_sys_trace(), "clone"));
	}
}

TEST(says_what_helps_when_namespaces_cannot_be_made)
{
	struct err e = {0};
	int status = -1;

	fake_sys_answer("clone*", -EINVAL);
	assert_int_equal(run(ARGV("--unshare-cgroup", "true"), &status, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot make the namespaces: Invalid argument");
	assert_string_equal(e.hint, "this kernel lacks one of the namespaces asked for");
}

static void run_true(void *arg)
{
	struct err e = {0};
	int status = -1;

	(void)arg;
	(void)run(ARGV("true"), &status, &e);
}

TEST(closes_the_monitor_s_end_in_the_first_process_inside)
{
	fake_sys_answer("clone mnt", 0);
	assert_int_equal(fake_sys_run(run_true, NULL), 125);
	assert_int_equal(fake_sys_fd("outside"), -1);
	assert_contains(fake_sys_trace(), "clone mnt\n"
					  "sigprocmask block all\n"
					  "prctl pdeathsig 9\n"
					  "read inside\n");
	assert_null(strstr(fake_sys_trace(), "poll"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(prepares_everything_before_it_makes_a_process, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
		cmocka_unit_test_setup(does_not_outlive_a_parent_that_is_gone_already, set_up),
		cmocka_unit_test_setup(outlives_its_parent_unless_told_otherwise, set_up),
		cmocka_unit_test_setup(leaves_signals_that_the_caller_ignores_ignored, set_up),
		cmocka_unit_test_setup(asks_for_the_terminal_only_to_make_a_console_of_it, set_up),
		cmocka_unit_test_setup(claims_descriptors_before_it_opens_any, set_up),
		cmocka_unit_test_setup(finds_out_what_is_wrong_before_it_makes_a_process, set_up),
		cmocka_unit_test_setup(says_what_helps_when_namespaces_cannot_be_made, set_up),
		cmocka_unit_test_setup(closes_the_monitor_s_end_in_the_first_process_inside,
				       set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
