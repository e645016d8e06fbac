/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdlib.h>

#include "environment.h"
#include "fake_cap.h"
#include "fake_sys.h"
#include "sbx/opt.h"
#include "sbx/reaper.h"
#include "sbx/report.h"
#include "test.h"

enum { SOCK = 6, PROGRAM = 9, COMMAND_PID = 2 };

static struct plan plan;
static struct box box;

/* --- A run ---------------------------------------------------------------- */

/* An ordinary user's sandbox with a bit of everything. */
static const char *const line[] = {
	"--unshare-pid",
	"--unshare-net",
	"--unshare-uts",
	"--hostname",
	"box",
	"--new-session",
	"--die-with-parent",
	"--seccomp",
	"9",
	"--ro-bind",
	"/usr",
	"/usr",
	"--setenv",
	"A",
	"b",
	"sh",
	"-c",
	"true",
	NULL,
};

static void start(const char *const *argv)
{
	static const struct sock_filter program[] = {{.k = 1}};
	struct err e = {0};

	fake_sys_reset();
	fake_cap_reset(0);
	fake_sys_given(SOCK, "sock");
	fake_sys_given(PROGRAM, "program");
	assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
	box = (struct box){
		.plan = &plan,
		.ns = {.flags = plan.unshare | CLONE_NEWNS | CLONE_NEWUSER,
		       .second = true,
		       .outside = {1000, 100},
		       .inside = {1000, 100}},
		.caps = {.set = true, .keep = 1},
		.cwd = "/home/user",
		.sock = SOCK,
	};
	sigemptyset(&box.signals);
	fake_sys_answer_data("read program", 0, program, sizeof(program));
	assert_int_equal(seccomp_read(&plan, &box.seccomp, &e), 0);
}

static void done(void)
{
	seccomp_done(&box.seccomp);
	plan_done(&plan);
}

static int set_up(void **state)
{
	*state = enter_environment();
	start(line);
	return 0;
}

static int tear_down(void **state)
{
	leave_environment(*state);
	done();
	return 0;
}

static void run(void *arg)
{
	(void)arg;
	reaper_run(&box);
}

/* The monitor says "go", and processes end: the pid COMMAND_PID with status 3. */
static void go(void)
{
	fake_sys_answer_data("read sock", 0, "", 1);
}

static void process_ends(const char *call, int pid)
{
	static const int status = 3 << 8;

	fake_sys_answer_data(call, pid, &status, sizeof(status));
}

/* --- What it says --------------------------------------------------------- */

/* The @i-th report, or NULL. */
static const struct report *report(unsigned i)
{
	return fake_sys_written(SOCK, i, NULL);
}

/* Check that there is one report of a failure, or none, as @expected; it is *@ret. */
static void find_failures(unsigned expected, struct err *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; report(i) != NULL; i++) {
		if (report(i)->kind != REPORT_FAILED)
			continue;
		*ret = report(i)->err;
		n++;
	}
	assert_int_equal(n, expected);
}

static void assert_one_failure(int code, const char *msg)
{
	struct err e = {0};

	find_failures(1, &e);
	assert_int_equal(e.code, code);
	assert_contains(e.msg, msg);
}

/* --- The whole run -------------------------------------------------------- */

static const char golden[] = "read program\n"
			     "read program\n"
			     /* begin */
			     "sigprocmask block all\n"
			     "prctl pdeathsig 9\n"
			     "read sock\n"
			     /* build: ids, names, network */
			     "umask 0\n"
			     "open /proc/self path dir\n"
			     "open /proc/self setgroups write\n"
			     "write /proc/self/setgroups deny\n"
			     "open /proc/self uid_map write\n"
			     "write /proc/self/uid_map 0 1000 1\n"
			     "open /proc/self gid_map write\n"
			     "write /proc/self/gid_map 0 100 1\n"
			     "sethostname box\n"
			     "loopback_up\n"
			     /* the stage */
			     "open / path dir\n"
			     "open . path dir\n"
			     "mount_setattr / recursive private\n"
			     "fsopen tmpfs\n"
			     "fsconfig fs:tmpfs source=tmpfs\n"
			     "fsconfig fs:tmpfs mode=755\n"
			     "fsconfig fs:tmpfs create\n"
			     "fsmount fs:tmpfs nosuid nodev\n"
			     "move_mount mount:tmpfs /\n"
			     "mkdir mount:tmpfs host 755\n"
			     "mkdir mount:tmpfs box 755\n"
			     "fchdir mount:tmpfs\n"
			     "pivot_root . host\n"
			     "fchdir /\n"
			     "chroot .\n"
			     "fchdir .\n"
			     "open mount:tmpfs box path dir\n"
			     "open_tree mount:tmpfs/box clone itself\n"
			     "move_mount tree:mount:tmpfs/box mount:tmpfs/box\n"
			     /* --ro-bind */
			     "open_tree . /usr clone recursive\n"
			     "mount_setattr tree:/usr recursive ro nosuid nodev\n"
			     "open_in tree:mount:tmpfs/box /usr path\n"
			     "stat tree:mount:tmpfs/box/usr\n"
			     "stat tree:mount:tmpfs/box\n"
			     "move_mount tree:/usr tree:mount:tmpfs/box/usr\n"
			     /* the new root */
			     "fchdir /\n"
			     "umount . detach\n"
			     "umount . detach\n"
			     "move_mount tree:mount:tmpfs/box mount:tmpfs\n"
			     "fchdir tree:mount:tmpfs/box\n"
			     "chroot .\n"
			     /* drop */
			     "unshare user\n"
			     "open /proc/self setgroups write\n"
			     "write /proc/self/setgroups deny\n"
			     "open /proc/self uid_map write\n"
			     "write /proc/self/uid_map 1000 0 1\n"
			     "open /proc/self gid_map write\n"
			     "write /proc/self/gid_map 100 0 1\n"
			     "cap_set_secbits 3\n"
			     "cap_drop_bound 1\n"
			     "cap_drop_bound 2\n"
			     "cap_drop_bound 3\n"
			     "cap_init\n"
			     "cap_set_proc permitted 1 effective 1 inheritable 1\n"
			     "cap_set_ambient 0\n"
			     "setsid\n"
			     "prctl dumpable 0\n"
			     /* start the command */
			     "vfork, 48 more bytes of stack\n"
			     "\tprctl pdeathsig 9\n"
			     "\tgetppid\n"
			     "\tpidfd_open 2\n"
			     "\tsend sock with pidfd:2\n"
			     "\tchdir /home/user\n"
			     "\tumask 22\n"
			     "\tsigprocmask set\n"
			     "\tseccomp 1\n"
			     "\texec sh as sh -c true\n"
			     "close_range 0 5\n"
			     "close_range 7 -\n"
			     "seccomp 1\n"
			     /* reap */
			     "wait\n"
			     "wait nohang\n"
			     "write sock (data)\n"
			     "exit 3\n";

TEST(builds_drops_starts_and_reaps_in_this_order)
{
	go();
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_string_equal(fake_sys_trace(), golden);
	assert_int_equal(report(0)->kind, REPORT_STARTED);
	assert_int_equal(report(1)->kind, REPORT_ENDED);
	assert_int_equal(report(1)->ended.status, 3 << 8);
	assert_true(report(1)->ended.is_last);
	assert_null(report(2));
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_string_equal(getenv("A"), "b");
}

/* The line of the call that failed. */
static const char *failed_line(void)
{
	const char *failed = fake_sys_trace_after_failure() - 1;

	while (failed > fake_sys_trace() && failed[-1] != '\n')
		failed--;
	return failed + (*failed == '\t');
}

/* Whether the run may go on after the call at @call has failed. */
static bool is_harmless(const char *call)
{
	static const char *const harmless[] = {
		"open . path dir\n",   /* relative sources need it, and there is none */
		"chdir /home/user\n",  /* there are other directories */
		"close_range ",        /* nothing can be done about it */
		"wait nohang\n",       /* then there is nobody to wait for */
		"write sock (data)\n", /* nobody is there to hear */
	};

	for (size_t i = 0; i < LENGTH(harmless); i++)
		if (strncmp(call, harmless[i], strlen(harmless[i])) == 0)
			return true;
	return false;
}

/* Check the run in which a call has failed. */
static void check_failed_run(int exit_status)
{
	struct err e = {0};
	bool was_exec = strncmp(failed_line(), "exec", strlen("exec")) == 0;

	if (is_harmless(failed_line())) {
		find_failures(0, &e);
		assert_contains(fake_sys_trace_after_failure() - 1, "\nexit 3\n");
		return;
	}
	find_failures(1, &e);
	assert_int_equal(e.code, EIO);
	assert_int_equal(e.stage, was_exec ? ERR_EXEC : ERR_SETUP);
	assert_contains(e.msg, ": Input/output error");
	assert_null(strstr(fake_sys_trace_after_failure(), "exec"));
	assert_int_equal(exit_status, 125);
}

/* Let each call fail in turn: one is told, and no command runs. */
TEST(reports_every_call_that_fails_once_and_runs_nothing)
{
	unsigned calls = 0;
	int exit_status;

	go();
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	calls = fake_sys_calls() - 2; /* without reading the program */
	for (unsigned nth = 1; nth <= calls; nth++) {
		done();
		start(line);
		go();
		process_ends("wait", COMMAND_PID);
		fake_sys_fail_at(nth, EIO);
		exit_status = fake_sys_run(run, NULL);
		check_failed_run(exit_status);
	}
	assert_true(calls > 60);
}

/* --- Beginning ------------------------------------------------------------ */

TEST(does_nothing_without_a_monitor)
{
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EPIPE, "cannot hear from the monitor");
	assert_contains(fake_sys_trace(), "read sock\nwrite sock (data)\nexit 125\n");
}

/* A sandbox that needs next to nothing. */
static void start_simple(const char *const *argv)
{
	done();
	start(argv);
	box.ns = (struct ns){.flags = plan.unshare | CLONE_NEWNS};
	box.caps = (struct caps){0};
	go();
}

TEST(leaves_alone_what_was_not_asked_for)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_null(strstr(fake_sys_trace(), "\tprctl"));
	assert_null(strstr(fake_sys_trace(), "/proc"));
	assert_null(strstr(fake_sys_trace(), "sethostname"));
	assert_null(strstr(fake_sys_trace(), "loopback_up"));
	assert_null(strstr(fake_sys_trace(), "unshare"));
	assert_null(strstr(fake_sys_trace(), "cap_"));
	assert_null(strstr(fake_sys_trace(), "setsid"));
	assert_null(strstr(fake_sys_trace(), "seccomp"));
	assert_contains(fake_sys_trace(), "exec true as true\n");
}

TEST(names_the_option_of_what_fails_in_a_namespace)
{
	static const struct {
		const char *call;
		const char *msg;
	} calls[] = {
		{"prctl pdeathsig 9", "cannot ask to end with the parent: "},
		{"sethostname box", "--hostname: cannot set the host name to box: "},
		{"loopback_up", "--unshare-net: cannot bring lo up: "},
		{"open_tree . /usr*", "--ro-bind: cannot open /usr on the host: "},
		{"setsid", "--new-session: cannot make a session: "},
		{"seccomp 1", "--seccomp: cannot apply the seccomp program: "},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		done();
		start(line);
		go();
		fake_sys_answer(calls[i].call, -EACCES);
		(void)fake_sys_run(run, NULL);
		assert_one_failure(EACCES, calls[i].msg);
	}
}

TEST(covers_the_host_s_proc_for_root_only)
{
	for (unsigned id = 0; id <= 1; id++) {
		start_simple(ARGV("--proc", "/proc", "true"));
		box.ns.outside.uid = id;
		process_ends("wait", COMMAND_PID);
		assert_int_equal(fake_sys_run(run, NULL), 3);
		assert_int_equal(strstr(fake_sys_trace(), "sysrq-trigger") != NULL, id == 0);
		assert_contains(fake_sys_trace(), "open_tree /proc clone recursive\n");
	}
}

TEST(outlives_the_monitor_only_once_the_sandbox_stands)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "prctl pdeathsig 9\nread sock\n");
	assert_contains(fake_sys_trace(), "prctl dumpable 0\nprctl pdeathsig 0\nvfork, ");
}

/* --- The command ---------------------------------------------------------- */

TEST(does_not_start_a_command_that_nobody_wants_any_more)
{
	go();
	fake_sys_answer("getppid", 77);
	(void)fake_sys_run(run, NULL);
	assert_one_failure(EPIPE, "--die-with-parent: the reaper is gone");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(does_not_start_a_command_that_the_monitor_cannot_hear_of)
{
	start_simple(ARGV("true"));
	fake_sys_answer("send sock*", -EPIPE);
	(void)fake_sys_run(run, NULL);
	assert_one_failure(EPIPE, "cannot tell the monitor of the command");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(kills_a_command_that_it_cannot_guard_with_seccomp)
{
	go();
	fake_sys_answer("seccomp 1", 0); /* in the command */
	fake_sys_answer("seccomp 1", -ENOMEM);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(ENOMEM, "--seccomp");
	assert_contains(fake_sys_trace(), "kill 2 9\nwrite sock (data)\nexit 125\n");
}

TEST(becomes_the_command_as_pid_1)
{
	start_simple(ARGV("--unshare-pid", "--as-pid-1", "true"));
	assert_int_equal(fake_sys_run(run, NULL), FAKE_EXECUTED);
	assert_contains(fake_sys_trace(), "prctl dumpable 0\n"
					  "prctl pdeathsig 0\n"
					  "send sock\n"
					  "chdir /home/user\n"
					  "umask 22\n"
					  "sigprocmask set\n"
					  "exec true as true\n");
	assert_null(strstr(fake_sys_trace(), "vfork"));
	assert_int_equal(report(0)->kind, REPORT_STARTED);
	assert_null(report(1));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_that_it_cannot_become_the_command_as_pid_1)
{
	struct err e = {0};

	start_simple(ARGV("--unshare-pid", "--as-pid-1", "true"));
	fake_sys_answer("exec*", -ENOENT);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	find_failures(1, &e);
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(e.stage, ERR_EXEC);
}

/* --- Reaping -------------------------------------------------------------- */

TEST(reports_the_status_as_soon_as_the_command_has_ended)
{
	start_simple(ARGV("true"));
	process_ends("wait", 7);
	process_ends("wait", COMMAND_PID);
	process_ends("wait nohang", 8);
	fake_sys_answer("wait nohang", 0);
	process_ends("wait", 9);
	process_ends("wait", 10);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "close_range 7 -\n"
					  "wait\n"
					  "wait\n"
					  "wait nohang\n"
					  "wait nohang\n"
					  "write sock (data)\n"
					  "wait\n"
					  "wait\n"
					  "wait\n"
					  "exit 3\n");
	assert_int_equal(report(1)->kind, REPORT_ENDED);
	assert_int_equal(report(1)->ended.status, 3 << 8);
	assert_false(report(1)->ended.is_last);
}

TEST(takes_the_status_of_the_command_and_no_other)
{
	static const int other = 9 << 8;

	start_simple(ARGV("true"));
	fake_sys_answer_data("wait", 7, &other, sizeof(other));
	process_ends("wait", COMMAND_PID);
	fake_sys_answer_data("wait nohang", 8, &other, sizeof(other));
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(report(1)->ended.status, 3 << 8);
	assert_true(report(1)->ended.is_last);
}

TEST(waits_on_after_an_interruption)
{
	start_simple(ARGV("true"));
	fake_sys_answer("wait", -EINTR);
	process_ends("wait", COMMAND_PID);
	fake_sys_answer("wait nohang", -EINTR);
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("wait", -EINTR);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_false(report(1)->ended.is_last);
}

TEST(does_not_wait_for_ever_where_waiting_is_forbidden)
{
	start_simple(ARGV("true"));
	fake_sys_always("wait*", -EPERM);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EPERM, "cannot wait for the command");
	assert_contains(fake_sys_trace(), "kill 2 9\n");
}

TEST(exits_as_the_command_in_case_nobody_can_hear)
{
	static const int killed = SIGTERM;

	start_simple(ARGV("true"));
	fake_sys_always("write sock*", -EPERM);
	fake_sys_answer_data("wait", COMMAND_PID, &killed, sizeof(killed));
	assert_int_equal(fake_sys_run(run, NULL), 128 + SIGTERM);
}

TEST(keeps_nothing_open_but_the_socket)
{
	fake_sys_given(40, "inherited");
	go();
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(fake_sys_fd("inherited"), -1);
	assert_int_equal(fake_sys_fd("program"), -1);
	assert_int_equal(fake_sys_fd("sock"), SOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(builds_drops_starts_and_reaps_in_this_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reports_every_call_that_fails_once_and_runs_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_nothing_without_a_monitor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_alone_what_was_not_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names_the_option_of_what_fails_in_a_namespace,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(covers_the_host_s_proc_for_root_only, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(outlives_the_monitor_only_once_the_sandbox_stands,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_not_start_a_command_that_nobody_wants_any_more,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			does_not_start_a_command_that_the_monitor_cannot_hear_of, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(kills_a_command_that_it_cannot_guard_with_seccomp,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(becomes_the_command_as_pid_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reports_that_it_cannot_become_the_command_as_pid_1,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(reports_the_status_as_soon_as_the_command_has_ended,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_the_status_of_the_command_and_no_other,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(waits_on_after_an_interruption, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_not_wait_for_ever_where_waiting_is_forbidden,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(exits_as_the_command_in_case_nobody_can_hear,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_nothing_open_but_the_socket, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
