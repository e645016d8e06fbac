/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "environment.h"
#include "fake_cap.h"
#include "fake_malloc.h"
#include "fake_proc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "lock_trace.h"
#include "plan/opt.h"
#include "run/reaper.h"
#include "test.h"

enum {
	SOCK = 6,
	PROGRAM = 9,
	INFO = 20,
	STATUS,
	BLOCK,
	USERNS_BLOCK,
	SYNC,
	JANITOR,
	COMMAND_PID = 2
};

#define NONE_GIVEN .users = -1, .users2 = -1, .pids = -1

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

/* Decide which processes are terminated with which, as box.c does. */
static void plan_end(void)
{
	box.ends_all = plan.processes.kill_on_exit || plan.processes.die_with_parent;
	box.grace_ms = plan.processes.kill_on_exit ? plan.processes.grace_ms : 0;
	box.reaper_ends = box.ends_all && !(plan.namespaces.unshare & CLONE_NEWPID);
}

/* Only the sockets stay open. */
#define CLOSE "close_range 0 5\nclose_range 7 24\nclose_range 26 -\n"

/* The name of the first process inside. */
#define INTRODUCE "prctl name sbx-reaper\n"

/* Sends its mount namespace to the janitor if no other process can. */
#define GIVE_MOUNTS                                                                                \
	"open /proc/self/ns/mnt\n"                                                                 \
	"send janitor with /proc/self/ns/mnt\n"

static void start(const char *const *argv)
{
	static const struct sock_filter program[] = {{.k = 1}};
	struct err e = {0};

	fake_sys_reset();
	fake_sys_answer_tree("open_tree mount:tmpfs/*", "box"); /* the root to be */
	fake_cap_reset(0);
	fake_sys_given(SOCK, "sock");
	fake_sys_given(PROGRAM, "program");
	fake_sys_given(JANITOR, "janitor");
	fake_sys_always("getuid", 1000);
	fake_sys_always("getgid", 100);
	fake_sys_answer_data("read program", 0, program, sizeof(program));
	assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
	box = (struct box){
		.plan = &plan,
		.ns = {.flags = plan.namespaces.unshare | CLONE_NEWNS | CLONE_NEWUSER,
		       .second = true,
		       .outside = {1000, 100},
		       .inside = {1000, 100},
		       NONE_GIVEN},
		.caps = {.set = true, .keep = 1},
		.has_reaper = true,
		.dumpable = true,
		.cwd = "/home/user",
		.sock = SOCK,
		.helpers[HELPER_JANITOR].inside = JANITOR,
	};
	plan_end();
	sigemptyset(&box.signals);
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

static const char golden[] = "command_line sbx-reaper\nopen /proc path dir\n"
			     /* begin */
			     "sigprocmask block all\n"
			     "prctl pdeathsig 9\n" INTRODUCE "read sock\n"
			     /* build: ids, names, network */
			     "umask 0\n"
			     "open /proc self/setgroups write\n"
			     "write /proc/self/setgroups deny\n"
			     "open /proc self/uid_map write\n"
			     "write /proc/self/uid_map 1000 1000 1\n"
			     "open /proc self/gid_map write\n"
			     "write /proc/self/gid_map 100 100 1\n"
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
			     "move_mount box mount:tmpfs/box\n"
			     /* --ro-bind */
			     "open_tree . /usr clone recursive\n"
			     "mount_setattr tree:/usr recursive ro nosuid nodev\n"
			     "open_in box /usr path\n"
			     "stat box\n"
			     "stat box/usr\n"
			     "move_mount tree:/usr box/usr\n"
			     /* is there a procfs that came along? */
			     "open_in box /proc path\n"
			     "statfs box/proc\n"
			     /* the new root */
			     "fchdir /\n"
			     "umount . detach\n"
			     "umount . detach\n"
			     "move_mount box mount:tmpfs\n"
			     "fchdir box\n"
			     "chroot .\n"
			     /* the second user namespace, and what else concerns the process */
			     "getuid\n"
			     "getgid\n"
			     "unshare user\n"
			     "open /proc self/setgroups write\n"
			     "write /proc/self/setgroups deny\n"
			     "open /proc self/uid_map write\n"
			     "write /proc/self/uid_map 1000 1000 1\n"
			     "open /proc self/gid_map write\n"
			     "write /proc/self/gid_map 100 100 1\n"
			     "setsid\n"
			     "prctl pdeathsig 9\n"
			     "prctl child_subreaper 1\n"
			     "prctl dumpable 1\n"
			     "read janitor\n"
			     "read program\n"
			     "read program\n"
	/* start the command */
	CLOSE "vfork, 48 more bytes of stack\n"
			     "\tprctl pdeathsig 9\n"
			     "\tgetppid\n"
			     "\tsend sock\n"
			     "\tcap_set_secbits 3\n"
			     "\tcap_drop_bound 1\n"
			     "\tcap_drop_bound 2\n"
			     "\tcap_drop_bound 3\n"
			     "\tcap_init\n"
			     "\tcap_set_proc permitted 1 effective 1 inheritable 1\n"
			     "\tcap_get_proc\n"
			     "\tcap_set_ambient 0\n"
			     "\tnew session keyring\n"
			     "\tclose_range 0 5\n"
			     "\tclose_range 7 24\n"
			     "\tclose_range 26 -\n"
			     "\topen / path dir\n"
			     "\topen_in / /home/user path dir\n"
			     "\tfchdir //home/user\n"
			     "\tgetcwd\n"
			     "\tumask 22\n"
			     "\tsigprocmask set\n"
			     "\tlook janitor sock, 0 ms\n"
			     "\tsmall filter\n"
			     "\tseccomp 1\n"
			     "\texec sh as sh -c true\n"
			     "close_range 0 5\n"
			     "close_range 7 -\n"
			     "cap_init\n"
			     "cap_set_proc permitted 0 effective 0 inheritable 0\n"
			     "cap_get_proc\n"
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
		"open . path dir\n",        /* relative sources need it, and there is none */
		"open_in / /home/user ",    /* there are other directories */
		"fchdir //home/user\n",     /* there are other directories */
		"getcwd\n",                 /* it may have been removed */
		"new session keyring",      /* the filter refuses calls that reach the old one */
		"wait nohang\n",            /* then there is no child to wait for */
		"wait 1000\n",              /* the helper has reported success */
		"write sock (data)\n",      /* the monitor is gone */
		"prctl name ",              /* it is for people */
		"look janitor sock, ",      /* both were there before */
		"open_in box /proc path\n", /* it is for people */
		"statfs box/proc\n",        /* it is for people */
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

/* Let each call fail in turn: one failure is reported, and no command runs. */
TEST(reports_every_call_that_fails_once_and_runs_nothing)
{
	unsigned calls = 0;
	int exit_status;

	go();
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	calls = fake_sys_calls();
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
	assert_one_failure(EPIPE, "lost the connection to the monitor");
	assert_contains(fake_sys_trace(), "read sock\nwrite sock (data)\nexit 125\n");
}

/* A sandbox that needs next to nothing. */
/* Start, and let the monitor say @go. */
static void start_told(const char *const *argv, const char *go)
{
	done();
	start(argv);
	box.ns = (struct ns){.flags = plan.namespaces.unshare | CLONE_NEWNS, NONE_GIVEN};
	box.has_reaper = !plan.processes.as_pid_1;
	box.caps = (struct caps){0};
	fake_sys_answer_data("read sock", 0, go, 1);
}

static void start_simple(const char *const *argv)
{
	start_told(argv, "g");
}

TEST(leaves_alone_what_was_not_asked_for)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(count_in(fake_sys_trace(), "\tprctl"), 1); /* it ends with the reaper */
	assert_null(strstr(fake_sys_trace(), "open /proc path"));
	assert_null(strstr(fake_sys_trace(), "sethostname"));
	assert_null(strstr(fake_sys_trace(), "loopback_up"));
	assert_null(strstr(fake_sys_trace(), "unshare"));
	assert_null(strstr(fake_sys_trace(), "\tcap_"));
	assert_null(strstr(fake_sys_trace(), "lock_"));
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
		{"prctl pdeathsig 9", "cannot set the parent-death signal: "},
		{"sethostname box", "--hostname: cannot set the host name to box: "},
		{"loopback_up", "--unshare-net: cannot bring lo up: "},
		{"open_tree . /usr*", "--ro-bind: cannot open /usr on the host: "},
		{"setsid", "--new-session: cannot create a session: "},
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

TEST(covers_more_of_proc_where_somebody_else_says_whom_the_ids_stand_for)
{
	enum { OWN_MAP, USERS, USERS2, SOMEBODY, WAYS };

	for (unsigned way = OWN_MAP; way < WAYS; way++) {
		start_simple(ARGV("--proc", "/proc", "true"));
		fake_sys_given(30, "thirty");
		box.ns.outside.uid = 1;
		box.ns.users = way == USERS ? 30 : -1;
		box.ns.users2 = way == USERS2 ? 30 : -1;
		if (way == SOMEBODY)
			plan.fds[FD_USERNS_BLOCK] = (struct descriptor){"userns-block-fd", 30};
		(void)fake_sys_run(run, NULL);
		assert_int_equal(strstr(fake_sys_trace(), "sysrq-trigger") != NULL, way != OWN_MAP);
	}
}

TEST(makes_a_sysfs_of_a_new_network_alone)
{
	start_simple(ARGV("--unshare-net", "--sys", "/sys", "true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "fsopen sysfs\n");
	start_simple(ARGV("--sys", "/sys", "true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "open_tree /sys clone recursive\n");
	assert_non_null(report(0));
	assert_int_equal(report(0)->kind, REPORT_NOTE);
}

TEST(reports_that_there_are_too_many_domains_for_signals)
{
	start_simple(ARGV("true"));
	box.ns.domain = LANDLOCK_SIGNALS;
	fake_sys_always("landlock_restrict*", -E2BIG);
	process_ends("wait", COMMAND_PID);
	(void)fake_sys_run(run, NULL);
	assert_non_null(report(0));
	assert_int_equal(report(0)->kind, REPORT_NOTE);
	assert_int_equal(report(0)->note.level, NOTE_WARNING);
	assert_contains(report(0)->note.text, "limit of nested Landlock domains");
	assert_contains(fake_sys_trace(), "exec true as true\n");
}

TEST(starts_no_command_if_that_cannot_be_reported)
{
	start_simple(ARGV("true"));
	box.ns.domain = LANDLOCK_SIGNALS;
	fake_sys_always("landlock_restrict*", -E2BIG);
	fake_sys_answer("write sock*", -EPIPE);
	(void)fake_sys_run(run, NULL);
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(outlives_the_monitor_only_once_the_sandbox_stands)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "prctl pdeathsig 9\n" INTRODUCE "read sock\n");
	assert_contains(fake_sys_trace(),
			"chroot .\nprctl pdeathsig 9\nprctl child_subreaper 1\n"
			"prctl dumpable 0\nread janitor\n" CLOSE "prctl pdeathsig 0\nvfork, ");
	assert_contains(fake_sys_trace(), "exec true as true\nclose_range");
}

/* --- The command ---------------------------------------------------------- */

TEST(does_not_start_a_command_that_nobody_wants_any_more)
{
	go();
	fake_sys_answer("getppid", 77);
	(void)fake_sys_run(run, NULL);
	assert_one_failure(EPIPE, "the reaper is gone");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(does_not_start_a_command_that_the_monitor_cannot_hear_of)
{
	start_simple(ARGV("true"));
	fake_sys_answer("send sock*", -EPIPE);
	(void)fake_sys_run(run, NULL);
	assert_one_failure(EPIPE, "cannot report the command to the monitor");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

/* Command lines, and whether the command has to ask to end with the reaper. */
static const struct {
	const char *argv[4];
	bool asks;
} enders[] = {
	{{"true"}, true},
	{{"--unshare-pid", "true"}, false},
	{{"--unshare-pid", "--die-with-parent", "true"}, true},
};

TEST(starts_no_command_that_would_outlive_the_reaper)
{
	for (size_t i = 0; i < LENGTH(enders); i++) {
		start_simple(enders[i].argv);
		process_ends("wait", COMMAND_PID);
		assert_int_equal(fake_sys_run(run, NULL), 3);
		assert_int_equal(strstr(fake_sys_trace(), "\tprctl pdeathsig 9\n\tgetppid\n") !=
					 NULL,
				 enders[i].asks);
	}
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
	/* a path is looked up with nothing open; the last look at the others, and the filter, come
	 * last */
	assert_in_order(fake_sys_trace(), ARGV("chroot .\n"
					       "prctl pdeathsig 9\n"
					       "read janitor\n"
					       "send sock\n",
					       "new session keyring\n", CLOSE, "open / path dir\n",
					       "open_in / /home/user path dir\n"
					       "fchdir //home/user\n"
					       "getcwd\n",
					       "prctl pdeathsig 0\n"
					       "look janitor sock, 0 ms\n"
					       "small filter\n"
					       "exec true as true\n"));
	assert_null(strstr(fake_sys_trace(), "vfork"));
	assert_null(strstr(fake_sys_trace(), "prctl dumpable"));
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
	assert_contains(fake_sys_trace(), "cap_get_proc\n"
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

/* --- Terminating the command's descendants, in a PID namespace ------------- */

/* A command that leaves a process behind, which is to be ended after @grace_ms. */
static void start_ending(const char *const *argv, unsigned grace_ms)
{
	start_simple(argv);
	box.grace_ms = grace_ms;
	process_ends("wait", COMMAND_PID);
	fake_sys_answer("wait nohang", 0);
}

static const char *const teardown_line[] = {"--unshare-pid", "--kill-on-exit", "true", NULL};

TEST(gives_those_inside_time_to_end_once_it_has_reported)
{
	start_ending(teardown_line, 1000);
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("poll sock, 5 ms", 0);
	process_ends("wait nohang", 8);
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("poll sock, 5 ms", 0);
	process_ends("wait nohang", 9);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "wait\n"
					  "wait nohang\n"
					  "write sock (data)\n"
					  "kill -1 15\n"
					  "wait nohang\n"
					  "poll sock, 5 ms\n"
					  "wait nohang\n"
					  "wait nohang\n"
					  "poll sock, 5 ms\n"
					  "wait nohang\n"
					  "wait nohang\n"
					  "exit 3\n");
	assert_false(report(1)->ended.is_last);
}

TEST(ends_with_those_inside_when_their_time_is_up)
{
	start_ending(teardown_line, 1000);
	fake_sys_always("wait nohang", 0);
	fake_sys_always("poll sock, 5 ms", 0);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(fake_sys_now(), 1000);
}

TEST(does_not_wait_for_those_inside_when_the_monitor_is_gone)
{
	start_ending(teardown_line, 1000);
	fake_sys_always("wait nohang", 0);
	fake_sys_answer("poll sock, 5 ms", 0);
	fake_sys_answer_ready("poll sock, 5 ms", "sock");
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "poll sock, 5 ms\nexit 3\n");
}

TEST(ends_with_those_inside_at_once_without_time_for_them)
{
	start_ending(teardown_line, 0);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "write sock (data)\nexit 3\n");
	start_ending(teardown_line, 1000);
	fake_sys_answer("kill -1 15", -EPERM); /* the seccomp programs may forbid it */
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "kill -1 15\nexit 3\n");
}

TEST(ends_nobody_where_nobody_is_left)
{
	start_simple(teardown_line);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_true(report(1)->ended.is_last);
}

TEST(may_signal_those_inside_who_are_of_other_users)
{
	start_ending(teardown_line, 0);
	fake_cap_know_all();
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(),
			"\ncap_set_proc permitted 20 effective 20 inheritable 0\n");
}

/* --- The same, without a PID namespace ------------------------------------- */

#define WAIT_FOR_EITHER "poll signals sock, -1 ms"

static const char *const adopting_line[] = {"--kill-on-exit",    "--seccomp", "9",
					    "--die-with-parent", "true",      NULL};

/* The command runs; a descendant of it and an unrelated process exist as well. */
static void start_adopting(void)
{
	done();
	start(adopting_line);
	box.ns = (struct ns){.flags = CLONE_NEWNS, NONE_GIVEN};
	box.caps = (struct caps){0};
	box.grace_ms = 100;
	plan.processes.teardown_ms = 1000;
	go();
	fake_proc_show(&(struct fake_process){.pid = 1});
	fake_proc_show(&(struct fake_process){.pid = 77, .parent = 1});
	fake_proc_show(&(struct fake_process){.pid = 500, .parent = 400});
}

static void child_ends(void)
{
	fake_sys_answer_ready(WAIT_FOR_EITHER, "signals");
}

static pid_t descendant = 77;

TEST(ends_those_whom_the_command_has_left_and_that_it_has_adopted)
{
	start_adopting();
	fake_sys_answer("wait nohang", 0);
	child_ends();
	process_ends("wait nohang", 60);
	process_ends("wait nohang", COMMAND_PID);
	fake_sys_answer("wait nohang", 0);
	fake_sys_then("kill /proc/77 15", fake_proc_end_later, &descendant);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_in_order(fake_sys_trace(), ARGV("signalfd 17\n",
					       "wait nohang\n" WAIT_FOR_EITHER "\n"
					       "read signals\n"
					       "wait nohang\n"
					       "wait nohang\n"
					       "wait nohang\n"
					       "write sock (data)\n",
					       "kill /proc/77 15\n", "exit 3\n"));
	assert_int_equal(report(1)->ended.status, 3 << 8);
	assert_false(report(1)->ended.is_last);
	assert_null(strstr(fake_sys_trace(), "open /proc 500 dir"));
	assert_null(strstr(fake_sys_trace(), "kill /proc/77 9"));
}

TEST(keeps_no_seccomp_programs_where_it_has_to_find_others)
{
	start_adopting();
	process_ends("wait nohang", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(count_in(fake_sys_trace(), "seccomp 1\n"), 1);
	assert_contains(fake_sys_trace(), "\tseccomp 1\n");
	assert_true(report(1)->ended.is_last);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_int_equal(fake_sys_fd("janitor"), -1);
	assert_true(fake_sys_fd("/proc") > 0);
}

TEST(leaves_the_group_of_the_command_so_as_not_to_be_killed_with_it)
{
	start_adopting();
	process_ends("wait nohang", COMMAND_PID);
	fake_sys_answer("setsid", -EPERM); /* it leads one already */
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_in_order(fake_sys_trace(), ARGV("signalfd 17\n", "vfork", "\nsetsid\n"));
	start_adopting();
	fake_sys_answer("setsid", -EIO);
	assert_int_equal(fake_sys_run(run, NULL), 125);
}

TEST(has_two_seconds_to_kill_those_inside_when_the_monitor_is_gone)
{
	start_adopting();
	plan.processes.teardown_ms = 200;
	fake_sys_always("wait nohang", 0);
	fake_sys_always_ready("poll signals sock*", "sock");
	fake_proc_end(77);
	fake_sys_file("/proc/1/task/1/children", NULL);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_in_range(fake_sys_now(), 2000, 2050);
}

TEST(does_not_ask_to_die_of_the_monitor_s_end_when_it_has_to_end_others_then)
{
	start_adopting();
	process_ends("wait nohang", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "prctl pdeathsig 0\nvfork");
	assert_int_equal(count_in(fake_sys_trace(), "\nprctl pdeathsig 0\n"), 1);
	assert_contains(fake_sys_trace(), "\tprctl pdeathsig 9\n");
}

TEST(finds_those_inside_by_its_own_number_in_the_host_s_procfs)
{
	static pid_t other = 90;

	start_adopting();
	fake_proc_self(4000);
	fake_proc_show(&(struct fake_process){.pid = 90, .parent = 4000});
	process_ends("wait nohang", COMMAND_PID);
	fake_sys_answer("wait nohang", 0);
	fake_sys_then("kill /proc/90 15", fake_proc_end_later, &other);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "kill /proc/90 15\n");
	assert_null(strstr(fake_sys_trace(), "kill /proc/77"));
}

TEST(kills_nobody_without_its_own_number_in_the_host_s_procfs)
{
	start_adopting();
	fake_sys_file("/proc/self", NULL);
	process_ends("wait nohang", COMMAND_PID);
	fake_sys_answer("wait nohang", 0);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(kills_all_inside_when_the_monitor_is_gone)
{
	start_adopting();
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer(WAIT_FOR_EITHER, -EINTR);
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer_ready(WAIT_FOR_EITHER, "sock");
	fake_sys_file("/proc/1/task/1/children", NULL); /* so that it has to look for them */
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("wait nohang", 0);
	fake_sys_then("kill /proc/77 9", fake_proc_end_later, &descendant);
	(void)fake_sys_run(run, NULL);
	assert_contains(fake_sys_trace(), "kill /proc/77 9\n");
	assert_null(strstr(fake_sys_trace(), "kill /proc/77 15"));
	assert_null(report(1));
}

TEST(kills_those_inside_who_do_not_end_in_their_time)
{
	start_adopting();
	process_ends("wait nohang", COMMAND_PID);
	fake_sys_always("wait nohang", 0);
	fake_sys_always("poll sock*", 0);
	plan.processes.teardown_ms = 200;
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_in_order(fake_sys_trace(), ARGV("kill /proc/77 15\n", "kill /proc/77 9\n"));
	assert_in_range(fake_sys_now(), 200, 250);
}

TEST(says_that_it_cannot_hear_of_the_end_of_children)
{
	start_adopting();
	fake_sys_answer("signalfd 17", -EMFILE);
	(void)fake_sys_run(run, NULL);
	assert_one_failure(EMFILE, "cannot watch for the exit of the command: Too many open files");
	assert_null(strstr(fake_sys_trace(), "vfork"));
}

TEST(says_that_it_cannot_wait_for_a_command_whose_descendants_it_adopts)
{
	static const char *const calls[] = {"wait nohang", WAIT_FOR_EITHER, "read signals"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start_adopting();
		fake_sys_answer(calls[i], -EIO);
		fake_sys_always("wait nohang", 0);
		fake_sys_always_ready(WAIT_FOR_EITHER, "signals");
		assert_int_equal(fake_sys_run(run, NULL), 125);
		assert_one_failure(EIO, "cannot wait for the command: Input/output error");
		assert_contains(fake_sys_trace(), "kill 2 9\n");
	}
}

/* --- Reports to the caller, and waiting for it ---------------------------- */

/* Open the descriptors that the options name; each is called as what it is for. */
static void give_descriptors(void)
{
	fake_sys_given(INFO, "info");
	fake_sys_given(STATUS, "status");
	fake_sys_given(BLOCK, "block");
	fake_sys_given(USERNS_BLOCK, "userns-block");
	fake_sys_given(SYNC, "sync");
}

TEST(tells_of_its_namespaces_before_it_begins)
{
	start_simple(ARGV("--info-fd", "20", "true"));
	give_descriptors();
	fake_sys_answer_text("readlink /proc self/ns/mnt", "mnt:[7]");
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_starts_with(fake_sys_trace(),
			   "command_line sbx-reaper\nopen /proc path dir\n"
			   "sigprocmask block all\n"
			   "prctl pdeathsig 9\n" INTRODUCE "readlink /proc self/ns/mnt\n"
			   "write sock (data)\n"
			   "read sock\n");
	assert_int_equal(report(0)->kind, REPORT_NAMESPACES);
	assert_int_equal(report(0)->namespaces.ino[NS_MNT], 7);
	assert_int_equal(report(0)->namespaces.ino[NS_PID], 0);
	assert_int_equal(report(1)->kind, REPORT_STARTED);
}

/* The caller lets the command run. */
static void caller_agrees(void)
{
	fake_sys_answer_ready("poll block sock, -1 ms", "block");
}

TEST(tells_whoever_wants_to_know_and_nobody_else)
{
	static const struct {
		const char *argv[6];
		bool tells;
	} lines[] = {
		{{"--json-status-fd", "21", "true"}, true},
		{{"--block-fd", "22", "true"}, false},
		{{"true"}, false},
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		start_simple(lines[i].argv);
		give_descriptors();
		caller_agrees();
		fake_sys_answer_text("readlink*", "mnt:[7]");
		process_ends("wait", COMMAND_PID);
		assert_int_equal(fake_sys_run(run, NULL), 3);
		assert_int_equal(report(0)->kind == REPORT_NAMESPACES, lines[i].tells);
		assert_int_equal(strstr(fake_sys_trace(), "open /proc ") != NULL, lines[i].tells);
	}
}

TEST(reports_that_its_namespaces_cannot_be_told)
{
	start_simple(ARGV("--info-fd", "20", "true"));
	give_descriptors();
	fake_sys_answer("readlink*", -EACCES);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EACCES, "cannot read the inode number of the mnt namespace: ");
	start_simple(ARGV("--info-fd", "20", "true"));
	give_descriptors();
	fake_sys_answer_text("readlink*", "mnt:[7]");
	fake_sys_answer("write sock*", -EIO);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EIO, "cannot report the namespaces to the monitor: ");
	assert_null(strstr(fake_sys_trace(), "read sock"));
}

TEST(does_nothing_that_the_janitor_could_not_see_to)
{
	static const char *const calls[] = {"open /proc/self/ns/mnt", "send janitor*",
					    "read janitor"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start_told(ARGV("true"), "m");
		fake_sys_answer(calls[i], -EIO);
		assert_int_equal(fake_sys_run(run, NULL), 125);
		assert_one_failure(EIO, ": Input/output error");
		assert_null(strstr(fake_sys_trace(), "exec"));
	}
}

TEST(gives_its_mount_namespace_to_the_janitor_if_the_monitor_cannot)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_null(strstr(fake_sys_trace(), "ns/mnt"));
	start_told(ARGV("true"), "m");
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), INTRODUCE "read sock\n" GIVE_MOUNTS);
}

TEST(shows_the_monitor_that_the_command_has_the_number_that_it_is_known_by)
{
	start_simple(ARGV("true"));
	box.shows_itself = true;
	fake_sys_answer_data("read sock", 0, "", 1);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "\tsend sock\n\t"
					  "read sock\n\tsend sock\n");
	for (unsigned i = 0; i < 3; i++) {
		start_simple(ARGV("true"));
		box.shows_itself = true;
		if (i != 1) /* or the monitor is gone */
			fake_sys_answer_data("read sock", 0, "", 1);
		if (i != 1)
			fake_sys_answer("send sock", i == 0 ? -EPIPE : 0);
		fake_sys_answer("send sock", i == 1 ? 0 : -EPIPE);
		assert_int_equal(fake_sys_run(run, NULL), 125);
		assert_one_failure(EPIPE, "cannot report the command to the monitor");
		assert_null(strstr(fake_sys_trace(), "exec"));
	}
}

TEST(tells_the_janitor_by_the_socket_s_end_that_the_command_is_executed)
{
	start_simple(ARGV("true"));
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(fake_sys_fd("janitor"), -1);
}

TEST(leaves_to_the_monitor_what_is_for_the_monitor)
{
	start_simple(ARGV("--unshare-user", "--info-fd", "20", "--json-status-fd", "21",
			  "--block-fd", "22", "--userns-block-fd", "23", "--sync-fd", "24",
			  "true"));
	box.has_reaper = false;
	give_descriptors();
	caller_agrees();
	fake_sys_always_text("readlink*", "mnt:[7]");
	assert_int_equal(fake_sys_run(run, NULL), FAKE_EXECUTED);
	assert_int_equal(fake_sys_fd("info"), -1);
	assert_int_equal(fake_sys_fd("status"), -1);
	assert_int_equal(fake_sys_fd("userns-block"), -1);
	assert_int_equal(fake_sys_fd("block"), -1);
	assert_int_equal(fake_sys_fd("sync"), -1);
}

TEST(waits_for_the_caller_when_the_sandbox_stands)
{
	start_simple(ARGV("--block-fd", "22", "--new-session", "true"));
	give_descriptors();
	fake_sys_answer("poll block*", -EINTR);
	caller_agrees();
	fake_sys_answer("read block", -EINTR);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "setsid\n"
					  "prctl pdeathsig 9\n"
					  "prctl child_subreaper 1\n"
					  "prctl dumpable 0\n"
					  "poll block sock, -1 ms\n"
					  "poll block sock, -1 ms\n"
					  "read block\n"
					  "read block\n"
					  "read janitor\n" CLOSE "prctl pdeathsig 0\n"
					  "vfork, ");
}

TEST(reads_the_program_of_seccomp_after_it_has_waited)
{
	start_simple(ARGV("--block-fd", "22", "--seccomp", "9", "true"));
	give_descriptors();
	caller_agrees();
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "read block\nread janitor\nread program\n");
}

TEST(says_that_it_cannot_wait_for_the_caller)
{
	struct err e = {0};

	start_simple(ARGV("--block-fd", "22", "true"));
	give_descriptors();
	caller_agrees();
	fake_sys_answer("read block", -EISDIR);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	find_failures(1, &e);
	assert_string_equal(e.msg, "--block-fd: cannot read descriptor 22: Is a directory");
	assert_string_equal(e.option, "--block-fd");
	assert_null(strstr(fake_sys_trace(), "exec"));
	start_simple(ARGV("--block-fd", "22", "true"));
	give_descriptors();
	fake_sys_answer("poll block*", -ENOMEM);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(ENOMEM, "--block-fd: cannot read descriptor 22: ");
}

TEST(does_not_wait_for_the_caller_without_a_monitor)
{
	start_simple(ARGV("--block-fd", "22", "true"));
	give_descriptors();
	fake_sys_answer_ready("poll block*", "block sock");
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EPIPE, "the monitor is gone");
	assert_null(strstr(fake_sys_trace(), "read block"));
	assert_null(strstr(fake_sys_trace(), "exec"));
}

/* --- What is held until the end ------------------------------------------- */

TEST(holds_locks_and_a_descriptor_as_long_as_it_lives)
{
	start_simple(ARGV("--lock-file", "/a", "--lock-file", "b", "--sync-fd", "24", "true"));
	give_descriptors();
	fake_cap_reset(7);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "chroot .\n"
					  "prctl pdeathsig 9\n"
					  "prctl child_subreaper 1\n"
					  "cap_get_proc\n"
					  "cap_set_proc permitted 7 effective 0 inheritable 0\n"
					  "cap_get_proc\n"
					  "open / path dir\n"
					  "open_in / /a nonblock\n"
					  "lock_shared //a\n"
					  "open_in / b nonblock\n"
					  "lock_shared //b\n"
					  "cap_get_proc\n"
					  "cap_set_proc permitted 7 effective 7 inheritable 0\n"
					  "cap_get_proc\n"
					  "prctl dumpable 0\n");
	assert_int_equal(fake_sys_fd("sync"), SYNC);
	assert_int_equal(fake_sys_fd("info"), -1);
	assert_true(fake_sys_fd("//a") > SYNC);
	assert_true(fake_sys_fd("//b") > SYNC);
	assert_int_equal(fake_sys_open_fds(), 2);
}

TEST(says_which_file_cannot_be_locked)
{
	static const struct {
		const char *call;
		int code;
		const char *bwrap;
	} calls[] = {
		{"open_in / b*", ENOENT, "Unable to open lock file b: No such file or directory"},
		{"lock_shared //b", EAGAIN,
		 "Unable to lock lock file b: Resource temporarily unavailable"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		struct err e = {0};

		start_simple(ARGV("--lock-file", "/a", "--lock-file", "b", "true"));
		fake_sys_answer(calls[i].call, -calls[i].code);
		assert_int_equal(fake_sys_run(run, NULL), 125);
		find_failures(1, &e);
		assert_int_equal(e.code, calls[i].code);
		assert_starts_with(e.msg, "--lock-file: cannot lock b in the sandbox: ");
		assert_string_equal(e.option, "--lock-file");
		assert_string_equal(e.path, "b");
		assert_string_equal(e.bwrap, calls[i].bwrap);
		assert_null(strstr(fake_sys_trace(), "vfork"));
	}
}

TEST(locks_nothing_with_capabilities_that_stay_in_effect)
{
	for (unsigned nth = 0; nth <= 1; nth++) {
		start_simple(ARGV("--lock-file", "/a", "true"));
		if (nth > 0)
			fake_sys_answer("cap_set_proc*", 0);
		fake_sys_answer("cap_set_proc*", -EIO);
		assert_int_equal(fake_sys_run(run, NULL), 125);
		assert_one_failure(EIO, "cannot change the effective capabilities: ");
		assert_int_equal(strstr(fake_sys_trace(), "open_in / /a") != NULL, nth > 0);
		assert_null(strstr(fake_sys_trace(), "vfork"));
	}
}

TEST(says_that_there_is_no_memory_to_hold_anything)
{
	start_simple(ARGV("true"));
	fake_malloc_fail_at(1);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	fake_malloc_fail_at(0);
	assert_one_failure(ENOMEM, "out of memory");
	assert_null(strstr(fake_sys_trace(), "vfork"));
}

/* --- Protection ----------------------------------------------------------- */

#define WAKE_ALARM (UINT64_C(1) << 35)
#define SYS_PTRACE (UINT64_C(1) << 19)

/* Who else can be in the payload's user namespace. */
enum users { HOST_USERS, OWN_USERS, JOINED_USERS, LEFT_USERS };

/* What the payload has, and what keeps it from looking at the reaper. */
static const struct {
	enum users users;
	struct caps caps;
	bool dumpable;
	bool has_guard;
} guards[] = {
	{OWN_USERS, {.set = true}, true, true},
	{OWN_USERS, {.set = true, .keep = 7}, true, true},
	{OWN_USERS, {.set = true}, false, true},
	{OWN_USERS, {.set = true, .keep = WAKE_ALARM}, true, false},
	{OWN_USERS, {.set = true, .keep = SYS_PTRACE}, true, false},
	{OWN_USERS, {.set = false, .bound = true}, true, false},
	{JOINED_USERS, {.set = true}, true, false},
	{LEFT_USERS, {.set = true}, true, false},
	{HOST_USERS, {.set = true}, true, false},
	{HOST_USERS, {.set = false}, true, false},
};

static void set_users(enum users users)
{
	fake_sys_given(30, "users2");
	if (users == OWN_USERS || users == LEFT_USERS)
		box.ns.flags |= CLONE_NEWUSER;
	if (users == JOINED_USERS)
		box.ns.users = 30;
	if (users == LEFT_USERS)
		box.ns.users2 = 30;
}

TEST(lets_nobody_look_at_it_but_those_who_have_more_than_the_payload)
{
	for (size_t i = 0; i < LENGTH(guards); i++) {
		bool shown = guards[i].has_guard && guards[i].dumpable;

		start_simple(ARGV("true"));
		fake_cap_know_all();
		set_users(guards[i].users);
		box.caps = guards[i].caps;
		box.dumpable = guards[i].dumpable;
		process_ends("wait", COMMAND_PID);
		assert_int_equal(fake_sys_run(run, NULL), 3);
		assert_contains(fake_sys_trace(), shown ? "\nprctl dumpable 1\nread janitor\n" CLOSE
							  "prctl pdeathsig 0\nvfork"
							: "\nprctl dumpable 0\nread janitor\n" CLOSE
							  "prctl pdeathsig 0\nvfork");
		assert_contains(
			fake_sys_trace(),
			guards[i].has_guard
				? "\ncap_set_proc permitted 800000000 effective 0 inheritable 0\n"
				: "\ncap_set_proc permitted 0 effective 0 inheritable 0\n");
	}
}

TEST(ends_the_run_if_capabilities_stay_with_it)
{
	start_simple(ARGV("true"));
	fake_cap_reset(7);
	fake_sys_answer("cap_set_proc*", 1);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EPERM, "cannot drop capabilities: Operation not permitted");
	assert_contains(fake_sys_trace(), "kill 2 9\n");
}

/* --- Namespaces that were there before ------------------------------------ */

TEST(takes_its_ids_in_a_user_namespace_that_was_there)
{
	start_simple(ARGV("--userns", "30", "--uid", "7", "true"));
	box.ns.users = 30;
	box.ns.outside = (struct ids){1000, 100};
	box.ns.inside = (struct ids){7, 100};
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "umask 0\n"
					  "prctl securebits 4\n"
					  "setuid 7\n"
					  "prctl securebits 0\n"
					  "prctl pdeathsig 9\n"
					  "open / path dir\n");
	assert_null(strstr(fake_sys_trace(), "_map"));
}

TEST(mounts_the_procfs_of_a_process_namespace_that_was_there)
{
	start_simple(ARGV("--pidns", "30", "--proc", "/proc", "true"));
	box.ns.pids = 30;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "fsopen proc\n");
}

TEST(enters_the_last_user_namespace_when_the_root_stands)
{
	start_simple(ARGV("--userns2", "30", "--assert-userns-disabled", "--new-session", "true"));
	fake_sys_given(30, "users2");
	box.ns.users2 = 30;
	box.ns.check_no_users = true;
	fake_sys_answer("unshare user", -ENOSPC);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_starts_with(fake_sys_trace(), "command_line sbx-reaper\nopen /proc path dir\n");
	assert_contains(fake_sys_trace(), "chroot .\n"
					  "prctl dumpable 0\n"
					  "setns users2 user\n"
					  "prctl dumpable 0\n"
					  "unshare user\n"
					  "setsid\n"
					  "prctl pdeathsig 9\n");
}

TEST(does_not_wait_for_the_caller_where_nobody_could_end_it)
{
	start_simple(ARGV("--block-fd", "22", "true"));
	give_descriptors();
	fake_sys_answer("prctl pdeathsig 9", 0);
	fake_sys_answer("prctl pdeathsig 9", -EINVAL);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EINVAL, "cannot set the parent-death signal: Invalid argument");
	assert_null(strstr(fake_sys_trace(), "read block"));
}

TEST(lets_the_host_s_later_mounts_in_as_bubblewrap)
{
	start_simple(ARGV("true"));
	plan.as_bwrap = true;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "mount_setattr / recursive slave\n");
}

TEST(keeps_bubblewrap_s_name_by_which_others_look_for_it)
{
	start_simple(ARGV("true"));
	plan.as_bwrap = true;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_null(strstr(fake_sys_trace(), "prctl name"));
}

TEST(lets_later_mounts_in_as_asked_to_whatever_the_name_and_the_kernel)
{
	static const struct {
		const char *mode;
		const char *trace;
	} modes[] = {
		{"slave", "mount_setattr / recursive slave\n"},
		{"private", "mount_setattr / recursive private\n"},
	};

	for (size_t i = 0; i < 2 * LENGTH(modes); i++) {
		start_simple(ARGV("--propagation", modes[i / 2].mode, "true"));
		plan.as_bwrap = i % 2 != 0;
		box.bad_kernel = i % 2 != 0;
		process_ends("wait", COMMAND_PID);
		assert_int_equal(fake_sys_run(run, NULL), 3);
		assert_contains(fake_sys_trace(), modes[i / 2].trace);
	}
}

/* A kernel on which mounts of the host's must not come in. */
TEST(lets_no_later_mounts_in_on_a_bad_kernel)
{
	start_simple(ARGV("true"));
	plan.as_bwrap = true;
	box.bad_kernel = true;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "mount_setattr / recursive private\n");
}

/* --- Locked mounts -------------------------------------------------------- */

/* Root's sandbox, without a user namespace of its own, whose command cannot undo mounts. */
static void start_locked(const char *const *argv)
{
	static const int mapped = 0;

	start_simple(argv);
	box.ns.second = true;
	box.ns.lock_mounts = true;
	box.caps = (struct caps){.bound = true, .keep = 1};
	fake_sys_answer_data("read outside", 0, &mapped, sizeof(mapped));
	process_ends("wait", COMMAND_PID);
}

/* What lies between the sandbox's root and the command. */
#define ENTER_ROOT "fchdir box\nchroot .\n"
#define WHAT_FOLLOWS "setsid\nprctl pdeathsig 9\nprctl child_subreaper 1\n"

static const char *const free_line[] = {
	"--free-bind", "/own", "/x", "--new-session", "--free-bind", "/more", "/y", "true", NULL,
};

/* What they are put aside for is that they are seen at their places. */
static void start_with_free(void)
{
	static const struct statx own = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 7};
	static const struct statx more = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 8};

	start_locked(free_line);
	fake_sys_always_data("stat tree:/own", 0, &own, sizeof(own));
	fake_sys_always_data("stat box/x", 0, &own, sizeof(own));
	fake_sys_always_data("stat tree:/more", 0, &more, sizeof(more));
	fake_sys_always_data("stat box/y", 0, &more, sizeof(more));
}

static const char handed_over[] = ENTER_ROOT "fchdir mount:tmpfs\n" ENTER_LOCKED "open / path dir\n"
					     "open_tree free0 clone recursive\n"
					     "open_in / /x path\n"
					     "move_mount tree:free0 //x\n"
					     "open_tree free1 clone recursive\n"
					     "open_in / /y path\n"
					     "move_mount tree:free1 //y\n"
					     "fchdir /\n" WHAT_FOLLOWS;

TEST(goes_to_the_stage_for_what_is_free_and_comes_back)
{
	start_with_free();
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_starts_with(fake_sys_trace(), "command_line sbx-reaper\nopen /proc path dir\n");
	assert_in_order(fake_sys_trace(), ARGV("move_mount tree:/more mount:tmpfs/free1\n",
					       "move_mount tree:/own mount:tmpfs/free0\n",
					       handed_over, "exec true as true\n"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(does_not_go_to_the_stage_for_nothing)
{
	start_locked(ARGV("--bind", "/own", "/x", "--new-session", "true"));
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), ENTER_ROOT ENTER_LOCKED WHAT_FOLLOWS);
	assert_contains(fake_sys_trace(), "exec true as true\n");
}

TEST(locks_no_mounts_unless_it_is_to)
{
	start_simple(free_line);
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), ENTER_ROOT WHAT_FOLLOWS);
	assert_null(strstr(fake_sys_trace(), "free0"));
	assert_null(strstr(fake_sys_trace(), "open /proc path"));
}

TEST(lets_the_second_user_namespace_give_root_no_more_than_it_had)
{
	start_with_free();
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_in_order(fake_sys_trace(), ARGV("unshare user mnt\n", "\tcap_drop_bound 1\n",
					       "\tcap_drop_bound 2\n", "\texec "));
	assert_null(strstr(fake_sys_trace(), "cap_drop_bound 0\n"));
}

TEST(opens_the_host_s_procfs_for_a_second_user_namespace)
{
	start_simple(ARGV("true"));
	box.ns.second = true;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_starts_with(fake_sys_trace(), "command_line sbx-reaper\nopen /proc path dir\n");
	assert_contains(fake_sys_trace(), "write /proc/self/uid_map 0 1000 1\n");
}

TEST(says_that_it_cannot_go_to_the_stage)
{
	start_with_free();
	fake_sys_answer("fchdir mount:tmpfs", 0); /* this is the stage's beginning */
	fake_sys_answer("fchdir mount:tmpfs", -EACCES);
	assert_int_equal(fake_sys_run(run, NULL), 125);
	assert_one_failure(EACCES, "cannot enter the staging directory: Permission denied");
	assert_null(strstr(fake_sys_trace(), "unshare"));
}

TEST(reports_every_call_that_fails_where_mounts_are_locked)
{
	unsigned calls;

	start_with_free();
	assert_int_equal(fake_sys_run(run, NULL), 3);
	calls = fake_sys_calls();
	for (unsigned nth = 1; nth <= calls; nth++) {
		start_with_free();
		fake_sys_fail_at(nth, EIO);
		check_failed_run(fake_sys_run(run, NULL));
	}
	assert_true(calls > 60);
}

TEST(becomes_the_command_among_locked_mounts_without_a_reaper)
{
	start_with_free();
	box.has_reaper = false;
	assert_int_equal(fake_sys_run(run, NULL), FAKE_EXECUTED);
	assert_in_order(fake_sys_trace(), ARGV(ENTER_LOCKED, "fchdir /\nsetsid\n",
					       "cap_drop_bound 1\n", "exec true as true\n"));
	assert_null(strstr(fake_sys_trace(), "vfork"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* --- Without a reaper ----------------------------------------------------- */

TEST(becomes_the_command_where_there_is_nothing_to_reap_or_to_hold)
{
	start_simple(ARGV("true"));
	box.has_reaper = false;
	assert_int_equal(fake_sys_run(run, NULL), FAKE_EXECUTED);
	assert_in_order(fake_sys_trace(),
			ARGV("chroot .\n"
			     "prctl pdeathsig 9\n"
			     "read janitor\n"
			     "send sock\n",
			     "new session keyring\n", CLOSE, "open / path dir\n"));
	assert_contains(fake_sys_trace(), "prctl pdeathsig 0\n"
					  "look janitor sock, 0 ms\n"
					  "small filter\n"
					  "exec true as true\n");
	assert_null(strstr(fake_sys_trace(), "vfork"));
	assert_null(strstr(fake_sys_trace(), "pidfd_open"));
	assert_int_equal(report(0)->kind, REPORT_STARTED);
	assert_null(report(1));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_every_call_that_fails_without_a_reaper)
{
	for (unsigned nth = 1;; nth++) {
		int status;

		start_simple(ARGV("--unshare-pid", "--as-pid-1", "--die-with-parent", "--cap-drop",
				  "ALL", "true"));
		box.has_reaper = false;
		box.caps = (struct caps){.set = true};
		fake_sys_fail_at(nth, EIO);
		status = fake_sys_run(run, NULL);
		if (status == FAKE_EXECUTED && *fake_sys_trace_after_failure() == '\0')
			break;
		if (is_harmless(failed_line())) {
			assert_int_equal(status, FAKE_EXECUTED);
			continue;
		}
		assert_one_failure(EIO, ": Input/output error");
		assert_int_equal(status, 125);
		assert_null(strstr(fake_sys_trace_after_failure(), "exec"));
	}
}

/* --- Stops, and being tied to the monitor ----------------------------------- */

static void command_is_stopped(const char *call)
{
	static const int status = 0x137f; /* by SIGSTOP */

	fake_sys_answer_data(call, COMMAND_PID, &status, sizeof(status));
}

TEST(tells_that_the_command_has_been_stopped)
{
	start_simple(ARGV("--unshare-pid", "true"));
	command_is_stopped("wait");
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(report(1)->kind, REPORT_STOPPED);
	assert_int_equal(report(1)->stopped, 19);
	assert_int_equal(report(2)->kind, REPORT_ENDED);
	start_adopting();
	command_is_stopped("wait nohang");
	process_ends("wait nohang", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(report(1)->kind, REPORT_STOPPED);
}

TEST(stays_tied_to_the_monitor_until_the_command_has_ended)
{
	start_simple(ARGV("--unshare-pid", "true"));
	box.tied = true;
	process_ends("wait", COMMAND_PID);
	fake_sys_answer("wait nohang", 0); /* another child is left */
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_contains(fake_sys_trace(), "prctl pdeathsig 0\nwrite sock (data)\n");
	assert_int_equal(count_in(fake_sys_trace(), "prctl pdeathsig 0\n"), 1);
}

TEST(leaves_the_caller_s_process_group_without_a_process_namespace)
{
	start_simple(ARGV("true"));
	box.tied = box.own_group = true;
	process_ends("wait", COMMAND_PID);
	assert_int_equal(fake_sys_run(run, NULL), 3);
	assert_int_equal(count_in(fake_sys_trace(), "setpgid 0 0\n"), 2);
	/* or a signal to the group would leave processes behind */
	assert_in_order(fake_sys_trace(), ARGV("\nsetpgid 0 0\n", "vfork", "setpgid 0 0\n"));
	assert_null(strstr(fake_sys_trace(), "setsid"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(tells_that_the_command_has_been_stopped, set_up, tear_down),
	cmocka_unit_test_setup_teardown(stays_tied_to_the_monitor_until_the_command_has_ended,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		leaves_the_caller_s_process_group_without_a_process_namespace, set_up, tear_down),
	cmocka_unit_test_setup_teardown(builds_drops_starts_and_reaps_in_this_order, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(reports_every_call_that_fails_once_and_runs_nothing, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_nothing_without_a_monitor, set_up, tear_down),
	cmocka_unit_test_setup_teardown(leaves_alone_what_was_not_asked_for, set_up, tear_down),
	cmocka_unit_test_setup_teardown(names_the_option_of_what_fails_in_a_namespace, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(covers_the_host_s_proc_for_root_only, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		covers_more_of_proc_where_somebody_else_says_whom_the_ids_stand_for, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(makes_a_sysfs_of_a_new_network_alone, set_up, tear_down),
	cmocka_unit_test_setup_teardown(reports_that_there_are_too_many_domains_for_signals, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(starts_no_command_if_that_cannot_be_reported, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(outlives_the_monitor_only_once_the_sandbox_stands, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_not_start_a_command_that_nobody_wants_any_more, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_not_start_a_command_that_the_monitor_cannot_hear_of,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(starts_no_command_that_would_outlive_the_reaper, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(kills_a_command_that_it_cannot_guard_with_seccomp, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(becomes_the_command_as_pid_1, set_up, tear_down),
	cmocka_unit_test_setup_teardown(reports_that_it_cannot_become_the_command_as_pid_1, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(reports_the_status_as_soon_as_the_command_has_ended, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(takes_the_status_of_the_command_and_no_other, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(waits_on_after_an_interruption, set_up, tear_down),
	cmocka_unit_test_setup_teardown(does_not_wait_for_ever_where_waiting_is_forbidden, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(exits_as_the_command_in_case_nobody_can_hear, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(keeps_nothing_open_but_the_socket, set_up, tear_down),
	cmocka_unit_test_setup_teardown(gives_those_inside_time_to_end_once_it_has_reported, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(ends_with_those_inside_when_their_time_is_up, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_not_wait_for_those_inside_when_the_monitor_is_gone,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(ends_with_those_inside_at_once_without_time_for_them,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(ends_nobody_where_nobody_is_left, set_up, tear_down),
	cmocka_unit_test_setup_teardown(may_signal_those_inside_who_are_of_other_users, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(
		ends_those_whom_the_command_has_left_and_that_it_has_adopted, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		has_two_seconds_to_kill_those_inside_when_the_monitor_is_gone, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		leaves_the_group_of_the_command_so_as_not_to_be_killed_with_it, set_up, tear_down),
	cmocka_unit_test_setup_teardown(keeps_no_seccomp_programs_where_it_has_to_find_others,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		does_not_ask_to_die_of_the_monitor_s_end_when_it_has_to_end_others_then, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(finds_those_inside_by_its_own_number_in_the_host_s_procfs,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(kills_nobody_without_its_own_number_in_the_host_s_procfs,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(kills_all_inside_when_the_monitor_is_gone, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(kills_those_inside_who_do_not_end_in_their_time, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(says_that_it_cannot_hear_of_the_end_of_children, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(
		says_that_it_cannot_wait_for_a_command_whose_descendants_it_adopts, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(tells_of_its_namespaces_before_it_begins, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(tells_whoever_wants_to_know_and_nobody_else, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(reports_that_its_namespaces_cannot_be_told, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_nothing_that_the_janitor_could_not_see_to, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(
		gives_its_mount_namespace_to_the_janitor_if_the_monitor_cannot, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		shows_the_monitor_that_the_command_has_the_number_that_it_is_known_by, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(
		tells_the_janitor_by_the_socket_s_end_that_the_command_is_executed, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(leaves_to_the_monitor_what_is_for_the_monitor, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(waits_for_the_caller_when_the_sandbox_stands, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(reads_the_program_of_seccomp_after_it_has_waited, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(says_that_it_cannot_wait_for_the_caller, set_up, tear_down),
	cmocka_unit_test_setup_teardown(does_not_wait_for_the_caller_without_a_monitor, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(holds_locks_and_a_descriptor_as_long_as_it_lives, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(says_which_file_cannot_be_locked, set_up, tear_down),
	cmocka_unit_test_setup_teardown(locks_nothing_with_capabilities_that_stay_in_effect, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(says_that_there_is_no_memory_to_hold_anything, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(
		lets_nobody_look_at_it_but_those_who_have_more_than_the_payload, set_up, tear_down),
	cmocka_unit_test_setup_teardown(ends_the_run_if_capabilities_stay_with_it, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(takes_its_ids_in_a_user_namespace_that_was_there, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(mounts_the_procfs_of_a_process_namespace_that_was_there,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(enters_the_last_user_namespace_when_the_root_stands, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_not_wait_for_the_caller_where_nobody_could_end_it,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(lets_the_host_s_later_mounts_in_as_bubblewrap, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(keeps_bubblewrap_s_name_by_which_others_look_for_it, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(
		lets_later_mounts_in_as_asked_to_whatever_the_name_and_the_kernel, set_up,
		tear_down),
	cmocka_unit_test_setup_teardown(lets_no_later_mounts_in_on_a_bad_kernel, set_up, tear_down),
	cmocka_unit_test_setup_teardown(goes_to_the_stage_for_what_is_free_and_comes_back, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(does_not_go_to_the_stage_for_nothing, set_up, tear_down),
	cmocka_unit_test_setup_teardown(locks_no_mounts_unless_it_is_to, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		lets_the_second_user_namespace_give_root_no_more_than_it_had, set_up, tear_down),
	cmocka_unit_test_setup_teardown(opens_the_host_s_procfs_for_a_second_user_namespace, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(says_that_it_cannot_go_to_the_stage, set_up, tear_down),
	cmocka_unit_test_setup_teardown(reports_every_call_that_fails_where_mounts_are_locked,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(becomes_the_command_among_locked_mounts_without_a_reaper,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		becomes_the_command_where_there_is_nothing_to_reap_or_to_hold, set_up, tear_down),
	cmocka_unit_test_setup_teardown(reports_every_call_that_fails_without_a_reaper, set_up,
					tear_down),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
