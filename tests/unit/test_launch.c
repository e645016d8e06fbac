/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>

#include "fake_cap.h"
#include "fake_malloc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "plan/opt.h"
#include "run/box.h"
#include "run/launch.h"
#include "test.h"

enum { OUTSIDE = 103 }; /* the number of the fake's descriptor */

static const struct report ended = {
	.kind = REPORT_ENDED,
	.ended = {.status = 3 << 8, .is_last = false},
};

/* The caller is root; the sandbox that is started ends at once. */
static void start(void)
{
	fake_sys_reset();
	fake_cap_reset(caps_bit(CAP_SYS_ADMIN) | caps_bit(CAP_SETPCAP));
	fake_cap_know_all();
	fake_sys_answer_pair("outside", "inside");
	fake_sys_answer_pair("to-janitor", "from-inside");
	fake_sys_answer_pair("requests", "janitor's");
	fake_sys_answer_child("clone unreaped", 1001, "janitor");
	fake_sys_answer_ready("poll child janitor outside*", "outside");
	fake_sys_answer_message("receive outside", &ended,
				offsetof(struct report, ended) + sizeof(ended.ended), NULL);
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* Run as a set-user-ID program, or not. */
static int run_privileged(bool privileged, const char *const *argv, struct outcome *out,
			  struct err *e)
{
	const struct host host = {.privileged = privileged};
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);

	assert_int_equal(r, 0);
	r = launch(&plan, &host, out, e);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(fake_cap_allocated(), 0);
	return r;
}

static int run(const char *const *argv, struct outcome *out, struct err *e)
{
	return run_privileged(false, argv, out, e);
}

/*
 * The numbers of the fake's descriptors: Landlock's, signals, the two ends of the socket,
 * those of the janitor's, child, its mount namespace, /proc.
 */
#define SOCKETS "socketpair\nsocketpair\n" /* of the janitor */
#define LOOK_AT_TERMINAL "tcgetpgrp 0\ntcgetpgrp 1\ntcgetpgrp 2\n"
#define MONITOR                                                                                    \
	"open /proc path dir\n" LOOK_AT_TERMINAL "close_range 3 101\n"                             \
	"close_range 104 105\n"                                                                    \
	"close_range 112 -\n"                                                                      \
	"send outside\n"                                                                           \
	"clone unreaped\n"                                                                         \
	"poll child janitor outside signals, -1 ms\n"                                              \
	"receive outside\n"

/* What follows when others are to be ended as well. */
#define END                                                                                        \
	"look signals, 0 ms\n"                                                                     \
	"poll child signals, 200 ms\n"                                                             \
	"wait_pidfd child\n"                                                                       \
	"poll janitor signals, 1000 ms\n"                                                          \
	"look janitor, 0 ms\n"                                                                     \
	"wait_pidfd janitor\n"                                                                     \
	"look outside, 0 ms\n"

static const char golden[] = "getppid\n"
			     "prctl pdeathsig 9\n"
			     "getppid\n"
			     "prctl no_new_privs 1\n"
			     "prctl name sbx-monitor\n"
			     "getfd 0\n"
			     "getfd 1\n"
			     "getfd 2\n"
			     "open /proc/self/fd dir\n"
			     "getdents /proc/self/fd\n"
			     "getuid\n"
			     "getgid\n"
			     "cap_get_proc\n"
			     "landlock signals\n"
			     "tcgetpgrp 0\n"
			     "signal_ignored 21\n"
			     "prctl is_dumpable 0\n"
			     "getcwd\n"
			     "ttyname 1\n"
			     "signal_ignored 15\n"
			     "signal_ignored 2\n"
			     "signal_ignored 1\n"
			     "signal_ignored 3\n"
			     "signal_ignored 10\n"
			     "signal_ignored 12\n"
			     "signal_ignored 20\n"
			     "sigprocmask block 1 2 3 10 12 13 15 17 18 20 22 25 28\n"
			     "signal_default 17\n"
			     "signalfd 1 2 3 10 12 15 17 18 20 28\n"
			     "socketpair\n"
			     "pass_handles outside\n"
			     "socketpair\n"
			     "socketpair\n"
			     "clone mnt pid net\n"
			     "ns_mounts child\n" MONITOR END;

static const char *const line[] = {
	"--die-with-parent", "--unshare-pid", "--unshare-net", "--dev", "/dev", "true", NULL,
};

/* The first process inside and the janitor end when the command has. */
static void all_ends(void)
{
	fake_sys_answer_ready("poll child signals*", "child");
	fake_sys_answer_ready("poll janitor signals*", "janitor");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
}

TEST(prepares_everything_before_it_makes_a_process)
{
	all_ends();
	struct err e = {0};
	struct outcome out = {.status = -1};

	assert_int_equal(run(line, &out, &e), 0);
	assert_string_equal(fake_sys_trace(), golden);
	assert_int_equal(out.status, 3 << 8);
}

static bool is_harmless(const char *trace, const char *after)
{
	static const char *const harmless[] = {
		"getfd", "prctl is_dumpable 0\n", "prctl name", "getcwd\n", "ttyname 1\n",
		"pass_handles", "ns_mounts",
		/* another barrier is put up then */
		"landlock signals",
		/* to wait for others, and to look after the terminal */
		"open /proc path dir\n", "look", "poll child signals", "poll janitor signals",
		"wait_pidfd", "tcgetpgrp", "signal_ignored 21"};
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
		struct outcome out = {.status = -1};
		int r;

		start();
		all_ends();
		fake_sys_always("poll*", 0);
		fake_sys_fail_at(nth, EIO);
		r = run(line, &out, &e);
		free(out.stuck);
		if (fake_sys_calls() < nth)
			break;
		if (is_harmless(fake_sys_trace(), fake_sys_trace_after_failure())) {
			assert_int_equal(r, 0);
			continue;
		}
		failed++;
		assert_int_equal(r, -e.code);
		assert_int_equal(out.status, -1);
		assert_int_equal(r, -EIO);
		assert_contains(e.msg, ": Input/output error");
	}
	assert_int_equal(nth, 50);
	assert_int_equal(failed, 26);
}

TEST(does_not_outlive_a_parent_that_is_gone_already)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("getppid", 500);
	fake_sys_answer("getppid", 1);
	assert_int_equal(run(line, &out, &e), -ESRCH);
	assert_string_equal(e.msg, "--die-with-parent: the parent has exited");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

/* The process that has adopted this one may as well be the one that started it. */
TEST(takes_no_parent_for_dead_that_it_had_from_the_beginning)
{
	static const int parents[] = {0, 1, 500};

	for (size_t i = 0; i < LENGTH(parents); i++) {
		struct err e = {0};
		struct outcome out = {.status = -1};

		start();
		all_ends();
		fake_sys_always("getppid", parents[i]);
		assert_int_equal(run(line, &out, &e), 0);
		assert_contains(fake_sys_trace(), "prctl pdeathsig 9\n");
	}
}

TEST(outlives_its_parent_unless_told_otherwise)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("getppid", 500);
	fake_sys_answer("getppid", 1);
	assert_int_equal(run(ARGV("true"), &out, &e), 0);
	assert_null(strstr(fake_sys_trace(), "pdeathsig"));
}

TEST(leaves_signals_that_the_caller_ignores_ignored)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("signal_ignored 1", 1);
	fake_sys_answer("signal_ignored 12", 1);
	assert_int_equal(run(ARGV("true"), &out, &e), 0);
	assert_contains(fake_sys_trace(), "sigprocmask block 2 3 10 13 15 17 18 20 22 25 28\n");
	assert_contains(fake_sys_trace(), "signalfd 2 3 10 15 17 18 20 28\n");
}

/* Command lines, and whether the monitor adopts orphans. */
static const struct {
	const char *argv[5];
	bool adopts;
} adopters[] = {
	{{"true"}, false},
	{{"--kill-on-exit", "true"}, true},
	{{"--die-with-parent", "true"}, true},
	{{"--unshare-pid", "--kill-on-exit", "true"}, false},
	{{"--unshare-pid", "--die-with-parent", "true"}, false},
	{{"--unshare-pid", "--die-with-parent", "--as-pid-1", "true"}, false},
};

TEST(adopts_what_the_reaper_may_leave_behind)
{
	for (size_t i = 0; i < LENGTH(adopters); i++) {
		struct err e = {0};
		struct outcome out = {.status = -1};

		start();
		all_ends();
		fake_sys_always("poll*", 0);
		assert_int_equal(run(adopters[i].argv, &out, &e), 0);
		assert_int_equal(count_in(fake_sys_trace(), "prctl child_subreaper 1\n"),
				 adopters[i].adopts);
		free(out.stuck);
	}
}

TEST(says_that_it_cannot_adopt_what_the_reaper_leaves_behind)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("prctl child_subreaper 1", -EINVAL);
	assert_int_equal(run(ARGV("--kill-on-exit", "true"), &out, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot adopt the orphans of the reaper: Invalid argument");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(keeps_the_name_by_which_others_look_for_it)
{
	static const char *const argv[] = {"true", NULL};
	const struct host host = {0};

	for (unsigned as_bwrap = 0; as_bwrap <= 1; as_bwrap++) {
		autoplan struct plan plan = {0};
		struct err e = {0};
		struct outcome out = {.status = -1};

		start();
		assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
		plan.as_bwrap = as_bwrap;
		assert_int_equal(launch(&plan, &host, &out, &e), 0);
		assert_int_equal(strstr(fake_sys_trace(), "prctl name") == NULL, as_bwrap);
	}
}

TEST(asks_for_the_terminal_only_to_make_a_console_of_it)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	assert_int_equal(run(ARGV("true"), &out, &e), 0);
	assert_null(strstr(fake_sys_trace(), "ttyname"));
}

TEST(claims_descriptors_before_it_opens_any)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("getfd 5", -EBADF);
	assert_int_equal(run(ARGV("--file", "5", "/f", "true"), &out, &e), -EBADF);
	assert_string_equal(e.msg, "--file: descriptor 5 is not open");
	assert_string_equal(fake_sys_trace(), "getppid\n"
					      "prctl no_new_privs 1\n"
					      "prctl name sbx-monitor\n"
					      "getfd 5\n");
}

TEST(finds_out_what_is_wrong_before_it_makes_a_process)
{
	static const struct {
		const char *argv[6];
		const char *msg;
	} lines[] = {
		{{"--cap-add", "CAP_NOPE", "true"}, "--cap-add: unknown capability CAP_NOPE"},
		{{"--uid", "7", "true"}, "--uid: needs --unshare-user or --userns"},
		{{"--lock-mounts", "--cap-add", "21", "--userns", "5", "true"},
		 "--lock-mounts: cannot be combined with --userns or --userns2"},
		{{"--add-seccomp-fd", "5", "true"},
		 "--add-seccomp-fd: descriptor 5 holds 0 bytes, which is no seccomp program: "
		 "instructions have 8 bytes each"},
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct err e = {0};
		struct outcome out = {.status = -1};

		start();
		fake_cap_know_all();
		fake_sys_given(5, "program");
		assert_int_equal(run(lines[i].argv, &out, &e), -EINVAL);
		assert_string_equal(e.msg, lines[i].msg);
		assert_null(strstr(fake_sys_trace(), "clone"));
	}
}

TEST(says_what_helps_when_namespaces_cannot_be_made)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("clone*", -EINVAL);
	assert_int_equal(run(ARGV("--unshare-cgroup", "true"), &out, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot create the namespaces: Invalid argument");
	assert_string_equal(e.hint, "this kernel lacks one of the requested namespace types");
}

/* Command lines, and whether processes are reported. */
static const struct {
	const char *argv[4];
	bool is_watched;
} watched[] = {
	{{"--info-fd", "5", "true"}, true},
	{{"--json-status-fd", "5", "true"}, true},
	{{"--block-fd", "5", "true"}, false},
	{{"true"}, false},
};

TEST(asks_who_sends_only_where_somebody_is_to_be_told)
{
	for (size_t i = 0; i < LENGTH(watched); i++) {
		autoplan struct plan plan = {0};
		const struct box box = {.plan = &plan};
		struct err e = {0};
		struct outcome out = {.status = -1};

		start();
		fake_sys_answer("clone*", -EIO);
		assert_int_equal(opt_parse(&plan, watched[i].argv, NULL, &e), 0);
		assert_int_equal(box_is_watched(&box), watched[i].is_watched);
		assert_int_equal(run(watched[i].argv, &out, &e), -EIO);
		assert_contains(fake_sys_trace(),
				watched[i].is_watched
					? "socketpair\npass_credentials outside\n" SOCKETS "clone"
					: "socketpair\n" SOCKETS "clone");
	}
}

TEST(asks_for_handles_of_who_sends_or_else_for_numbers)
{
	static const char *const argv[] = {"--unshare-pid", "true", NULL};
	struct err e = {0};
	struct outcome out = {.status = -1};

	assert_int_equal(run(argv, &out, &e), 0);
	assert_contains(fake_sys_trace(), "socketpair\npass_handles outside\nsocketpair\n");
	start();
	fake_sys_answer("pass_handles*", -ENOPROTOOPT);
	assert_int_equal(run(argv, &out, &e), 0);
	assert_contains(fake_sys_trace(), "pass_handles outside\npass_credentials outside\n");
	start();
	fake_sys_answer("pass_handles*", -ENOPROTOOPT);
	fake_sys_answer("pass_credentials*", -ENOMEM);
	assert_int_equal(run(argv, &out, &e), -ENOMEM);
	assert_string_equal(e.msg, "cannot set up the socket: Cannot allocate memory");
}

TEST(has_the_inside_send_the_mount_namespace_only_if_it_cannot_be_opened)
{
	struct err e = {0};
	struct outcome out = {.status = -1};
	size_t size = 0;

	assert_int_equal(run(ARGV("true"), &out, &e), 0);
	assert_memory_equal(fake_sys_written(OUTSIDE, 0, &size), "g", 1);
	start();
	fake_sys_answer("ns_mounts*", -EACCES);
	assert_int_equal(run(ARGV("true"), &out, &e), 0);
	assert_memory_equal(fake_sys_written(OUTSIDE, 0, &size), "m", 1);
}

TEST(starts_nothing_of_which_it_could_not_tell)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_answer("pass_credentials*", -ENOMEM);
	assert_int_equal(run(watched[0].argv, &out, &e), -ENOMEM);
	assert_string_equal(e.msg, "cannot set up the socket: Cannot allocate memory");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

/* Be the first process inside until it ends, which leaves what it has in its memory. */
static int be_inside(void (*child)(void *arg))
{
	int status;

	fake_malloc_leave(true);
	status = fake_sys_run(child, NULL);
	fake_malloc_leave(false);
	return status;
}

static void run_true(void *arg)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	(void)arg;
	(void)run(ARGV("true"), &out, &e);
}

TEST(closes_the_monitor_s_end_in_the_first_process_inside)
{
	fake_sys_answer("clone mnt", 0);
	assert_int_equal(be_inside(run_true), 125);
	assert_int_equal(fake_sys_fd("outside"), -1);
	assert_int_equal(fake_sys_fd("from-inside"), -1);
	assert_contains(fake_sys_trace(), "clone mnt\n"
					  "sigprocmask block all\n"
					  "prctl pdeathsig 9\n"
					  "prctl name sbx-reaper\n"
					  "read inside\n");
	assert_null(strstr(fake_sys_trace(), "poll"));
}

/* Command lines, and whether a process stays beside the command. */
static const struct {
	const char *argv[6];
	bool has_reaper;
} lines[] = {
	{{"true"}, false},
	{{"--unshare-user", "--unshare-net", "true"}, false},
	{{"--die-with-parent", "true"}, true},
	{{"--kill-on-exit", "true"}, true},
	{{"--kill-on-exit", "--keep-running", "true"}, false},
	{{"--unshare-pid", "true"}, true},
	{{"--unshare-pid", "--as-pid-1", "true"}, false},
	{{"--unshare-pid", "--as-pid-1", "--die-with-parent", "true"}, false},
	{{"--lock-file", "/lock", "true"}, true},
	{{"--sync-fd", "5", "true"}, true},
	{{"--block-fd", "5", "true"}, false},
};

static struct plan inside_plan; /* of a run that is seen from inside */

static void run_inside(void *arg)
{
	const struct host host = {0};
	struct err e = {0};
	struct outcome out = {.status = -1};

	(void)arg;
	assert_true(launch(&inside_plan, &host, &out, &e) < 0);
}

TEST(has_a_reaper_only_where_something_is_to_be_done_at_the_end)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct err e = {0};

		start();
		fake_sys_given(5, "five");
		fake_sys_answer("clone*", 0);
		fake_sys_answer_data("read inside", 0, "", 1);
		fake_sys_answer_ready("poll five inside*", "five");
		assert_int_equal(opt_parse(&inside_plan, lines[i].argv, NULL, &e), 0);
		(void)be_inside(run_inside);
		assert_int_equal(strstr(fake_sys_trace(), "\nvfork") != NULL, lines[i].has_reaper);
		assert_contains(fake_sys_trace(), "exec true as true\n");
		plan_done(&inside_plan);
	}
}

TEST(restores_the_caller_s_signals_but_the_end_of_children)
{
	struct err e = {0};
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGUSR1);
	fake_sys_answer("clone*", 0);
	fake_sys_answer_data("read inside", 0, "", 1);
	fake_sys_answer_data("sigprocmask block*", 0, &blocked, sizeof(blocked));
	assert_int_equal(opt_parse(&inside_plan, ARGV("true"), NULL, &e), 0);
	assert_int_equal(be_inside(run_inside), FAKE_EXECUTED);
	assert_in_order(fake_sys_trace(),
			ARGV("setpgid 0 0\n", "sigprocmask set 10\n", "exec true as true\n"));
	plan_done(&inside_plan);
}

TEST(leaves_a_program_that_is_read_late_unread)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_given(5, "program");
	assert_int_equal(run(ARGV("--seccomp", "5", "true"), &out, &e), 0);
	assert_contains(fake_sys_trace(), "set_cloexec 5\n");
	assert_null(strstr(fake_sys_trace(), "read program"));
}

TEST(names_the_namespace_that_cannot_be_entered)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_given(5, "users");
	fake_sys_answer("setns*", -EINVAL);
	assert_int_equal(run(ARGV("--userns", "5", "true"), &out, &e), -EINVAL);
	assert_string_equal(e.option, "--userns");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(gives_a_helper_the_stack_that_the_command_needs)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	fake_sys_given(5, "users");
	assert_int_equal(run(ARGV("--userns", "5", "sh", "-c", "true"), &out, &e), 0);
	assert_contains(fake_sys_trace(),
			"\nprctl dumpable 0\nvfork files, 48 more bytes of stack\n");
	assert_int_equal(out.status, 3 << 8);
}

/* --- Set-user-ID ---------------------------------------------------------- */

#define HOLD(permitted, effective)                                                                 \
	"cap_init\n"                                                                               \
	"cap_set_proc permitted " permitted " effective " effective " inheritable 0\n"             \
	"cap_get_proc\n"

/* An ordinary user has started a sbx that is set-user-ID root. */
static void start_privileged(void)
{
	start();
	fake_cap_reset(0);
	fake_cap_know_all();
	fake_sys_always("getuid", 1000);
	fake_sys_always("getgid", 1000);
}

TEST(has_privileges_in_effect_only_to_make_the_child)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	start_privileged();
	assert_int_equal(run_privileged(true, ARGV("true"), &out, &e), 0);
	assert_contains(fake_sys_trace(),
			"socketpair\n" HOLD("280002", "200000") "clone user mnt\n" HOLD(
				"280002", "80002") "open /proc path dir\n");
	assert_contains(fake_sys_trace(), "write /proc/1000/gid_map 1000 1000 1\n"
					  "ns_mounts child\n" HOLD("0", "0"));
	/* they are given up before anything else is done */
	assert_in_order(fake_sys_trace(),
			ARGV(HOLD("0", "0") "open /proc path dir\n", "close_range 3 100\n"));
}

TEST(gives_privileges_up_whatever_fails)
{
	static const struct {
		const char *call;
		int r;
		const char *msg;
	} calls[] = {
		{"cap_set_proc permitted 280002 effective 200000*", -EIO,
		 "cannot drop capabilities: Input/output error"},
		{"clone*", -EIO, "cannot create the namespaces: Input/output error"},
		{"open /proc path dir", -EIO, "cannot open /proc: Input/output error"},
		{"write /proc/1000/uid_map*", -EIO,
		 "cannot map id 1000 to 1000 in /proc/1000/uid_map: Input/output error"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		struct err e = {0};
		struct outcome out = {.status = -1};

		start_privileged();
		fake_sys_answer(calls[i].call, calls[i].r);
		assert_int_equal(run_privileged(true, ARGV("true"), &out, &e), -EIO);
		assert_string_equal(e.msg, calls[i].msg);
		assert_contains(fake_sys_trace(), HOLD("0", "0"));
		assert_null(strstr(fake_sys_trace(), "send outside"));
	}
}

TEST(starts_nothing_with_privileges_that_it_cannot_give_up)
{
	struct err e = {0};
	struct outcome out = {.status = -1};

	start_privileged();
	fake_sys_answer("cap_set_proc permitted 0*", -EIO);
	assert_int_equal(run_privileged(true, ARGV("true"), &out, &e), -EIO);
	assert_string_equal(e.msg, "cannot drop capabilities: Input/output error");
	assert_null(strstr(fake_sys_trace(), "send outside"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(prepares_everything_before_it_makes_a_process, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
		cmocka_unit_test_setup(does_not_outlive_a_parent_that_is_gone_already, set_up),
		cmocka_unit_test_setup(takes_no_parent_for_dead_that_it_had_from_the_beginning,
				       set_up),
		cmocka_unit_test_setup(outlives_its_parent_unless_told_otherwise, set_up),
		cmocka_unit_test_setup(leaves_signals_that_the_caller_ignores_ignored, set_up),
		cmocka_unit_test(adopts_what_the_reaper_may_leave_behind),
		cmocka_unit_test_setup(says_that_it_cannot_adopt_what_the_reaper_leaves_behind,
				       set_up),
		cmocka_unit_test(keeps_the_name_by_which_others_look_for_it),
		cmocka_unit_test_setup(asks_for_the_terminal_only_to_make_a_console_of_it, set_up),
		cmocka_unit_test_setup(claims_descriptors_before_it_opens_any, set_up),
		cmocka_unit_test_setup(finds_out_what_is_wrong_before_it_makes_a_process, set_up),
		cmocka_unit_test_setup(says_what_helps_when_namespaces_cannot_be_made, set_up),
		cmocka_unit_test(asks_who_sends_only_where_somebody_is_to_be_told),
		cmocka_unit_test_setup(asks_for_handles_of_who_sends_or_else_for_numbers, set_up),
		cmocka_unit_test_setup(
			has_the_inside_send_the_mount_namespace_only_if_it_cannot_be_opened,
			set_up),
		cmocka_unit_test_setup(starts_nothing_of_which_it_could_not_tell, set_up),
		cmocka_unit_test_setup(closes_the_monitor_s_end_in_the_first_process_inside,
				       set_up),
		cmocka_unit_test(has_a_reaper_only_where_something_is_to_be_done_at_the_end),
		cmocka_unit_test_setup(restores_the_caller_s_signals_but_the_end_of_children,
				       set_up),
		cmocka_unit_test_setup(leaves_a_program_that_is_read_late_unread, set_up),
		cmocka_unit_test_setup(names_the_namespace_that_cannot_be_entered, set_up),
		cmocka_unit_test_setup(gives_a_helper_the_stack_that_the_command_needs, set_up),
		cmocka_unit_test(has_privileges_in_effect_only_to_make_the_child),
		cmocka_unit_test(gives_privileges_up_whatever_fails),
		cmocka_unit_test(starts_nothing_with_privileges_that_it_cannot_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
