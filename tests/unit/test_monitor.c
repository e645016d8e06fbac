/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "fake_proc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "run/janitor.h"
#include "run/monitor.h"
#include "sys/sys.h"
#include "test.h"

enum {
	SOCK = 6,
	CHILD = 7,
	SIGNALS = 8,
	INFO,
	STATUS,
	BLOCK,
	TO_JANITOR,
	FROM_INSIDE,
	MOUNTS,
	REQUESTS,
	JANITORS,
	GUARD,
	CHILD_PID = 1000,
	COMMAND_PID = 4321,
	JANITOR_PID = 300
};

/*
 * What the monitor does first, while it waits, and when all is over.  What it does first is proved
 * by the test of the whole trace, returns_the_status_of_the_command, and by no other.
 */
#define KEEP_BEGIN "open /proc path dir\n" LOOK_AT_TERMINAL "close_range 3 5\n"
#define LET_BEGIN "send sock\nclone unreaped\n"
#define BEGIN KEEP_BEGIN "close_range 9 11\nclose_range 17 99\nclose_range 101 -\n" LET_BEGIN
#define WAIT "poll child janitor signals sock, -1 ms\n"
#define WAIT_WITHOUT_SOCK "poll child janitor signals, -1 ms\n"
#define WAIT_WITH_COMMAND "poll child command janitor signals sock, 150 ms\n"
#define END_EARLY "shutdown sock\nlook sock, 0 ms\nkill child 9\n"
#define END_OF_CHILD "poll child signals, 200 ms\nwait_pidfd child\n"
#define END_OF_JANITOR                                                                             \
	"poll janitor signals, 1000 ms\n"                                                          \
	"look janitor, 0 ms\n"                                                                     \
	"wait_pidfd janitor\n"
#define STOP "take_signal 18\ndie_of 20\nsigprocmask block 20\ntake_signal 18\n"
#define LOOK_AT_TERMINAL "tcgetpgrp 0\ntcgetpgrp 1\ntcgetpgrp 2\n"
#define END "look signals, 0 ms\n" END_OF_CHILD END_OF_JANITOR
#define END_WITHOUT_CHILD "look signals, 0 ms\n" END_OF_JANITOR

static struct plan plan;
static struct box box;
static struct err e;
static struct outcome out;
static int mounts;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(SOCK, "sock");
	fake_sys_given_pidfd(CHILD, "child", CHILD_PID);
	fake_sys_given(SIGNALS, "signals");
	fake_sys_given(TO_JANITOR, "to-janitor");
	fake_sys_given(FROM_INSIDE, "from-inside");
	fake_sys_given(MOUNTS, "mounts");
	mounts = MOUNTS;
	fake_sys_given(REQUESTS, "requests");
	fake_sys_given(JANITORS, "janitor's");
	fake_sys_answer_child("clone unreaped", JANITOR_PID, "janitor");
	fake_sys_always("clone", -EAGAIN);     /* no helper reads stacks */
	fake_sys_always("poll signals, *", 0); /* where there is no janitor */
	fake_sys_given(INFO, "info");
	fake_sys_given(STATUS, "status");
	fake_sys_given(BLOCK, "block");
	plan = (struct plan){.processes.teardown_ms = 1000};
	box = (struct box){.plan = &plan, .sock = SOCK, .has_reaper = true};
	helpers_init(box.helpers);
	box.helpers[HELPER_JANITOR] =
		(struct helper){-1, TO_JANITOR, FROM_INSIDE, REQUESTS, JANITORS};
	e = (struct err){0};
	free(out.stuck);
	out = (struct outcome){.status = -1};
	return 0;
}

/* --- Events, in the order in which they are to come ----------------------- */

/* Let the monitor see that @names are ready, with blanks between. */
static void ready(const char *names)
{
	fake_sys_answer_ready("poll*", names);
}

static void report_comes(const struct report *report, size_t size, const char *passed)
{
	ready("sock");
	fake_sys_answer_message("receive sock", report, size, passed);
}

static void command_starts(void)
{
	static const struct report report = {.kind = REPORT_STARTED};

	fake_sys_sender(box.has_reaper ? COMMAND_PID : CHILD_PID);
	ready("sock");
	fake_sys_answer_message_by("receive sock", &report, sizeof(report.kind),
				   box.has_reaper ? "command" : NULL);
}

/* The command ends with status 3; other processes are left inside, or none. */
static void command_ends(bool is_last)
{
	static const struct report reports[] = {
		{.kind = REPORT_ENDED, .ended = {.status = 3 << 8, .is_last = false}},
		{.kind = REPORT_ENDED, .ended = {.status = 3 << 8, .is_last = true}},
	};

	report_comes(&reports[is_last], offsetof(struct report, ended) + sizeof(reports->ended),
		     NULL);
}

static void run_fails(void)
{
	static const struct report report = {
		.kind = REPORT_FAILED,
		.err = {.code = ENOENT, .stage = ERR_EXEC, .msg = "cannot", .hint = "can"},
	};

	report_comes(&report, sizeof(report), NULL);
}

static void nobody_speaks_any_more(void)
{
	ready("sock");
}

static void signal_comes(int sig, int code)
{
	static struct signalfd_siginfo infos[4];
	static unsigned n;
	struct signalfd_siginfo *info = &infos[n++ % LENGTH(infos)];

	*info = (struct signalfd_siginfo){.ssi_signo = (uint32_t)sig, .ssi_code = code};
	ready("signals");
	fake_sys_answer_data("read signals", 0, info, sizeof(*info));
}

/* The janitor ends, as it does after the first process inside. */
static void janitor_is_gone(void)
{
	fake_sys_answer_ready("poll janitor signals*", "janitor");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
}

/* The first process inside ends, and can be reaped, with the wait status @ended. */
static void child_ends(int ended)
{
	static int statuses[4];
	static unsigned n;
	int *at = &statuses[n++ % LENGTH(statuses)];

	*at = ended;
	ready("child");
	fake_sys_answer_data("wait_pidfd child", 1, at, sizeof(*at));
	janitor_is_gone();
}

/* The same, at the end of the run. */
static void child_is_gone(void)
{
	fake_sys_answer_ready("poll child signals*", "child");
	janitor_is_gone();
}

static void time_is_up(void)
{
	fake_sys_answer("poll*", 0);
}

/* --- Outcomes ------------------------------------------------------------- */

static int run(void)
{
	const struct monitored monitored = {
		.child = CHILD,
		.signals = SIGNALS,
		.mounts = mounts,
	};
	int r = monitor_run(&box, &monitored, &out, &e);

	assert_int_equal(fake_sys_fd("to-janitor"), -1);
	assert_int_equal(fake_sys_fd("from-inside"), -1);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static void assert_status(int expected)
{
	assert_int_equal(run(), 0);
	assert_int_equal(out.status, expected);
	assert_int_equal(e.code, 0);
}

static void assert_fails(int code, const char *msg)
{
	assert_int_equal(run(), -code);
	assert_int_equal(e.code, code);
	assert_string_equal(e.msg, msg);
	assert_int_equal(out.status, -1);
}

/* --- Mount points on the host --------------------------------------------- */

static void mount_point_comes(enum mount_point_kind kind, const char *passed)
{
	static struct report reports[8];
	static unsigned n;
	struct report *report = &reports[n++ % LENGTH(reports)];

	*report = (struct report){
		.kind = REPORT_MOUNT_POINT,
		.mount_points = {.kind = kind, .is_new = true, .is_ours = true, .name = "x"},
	};
	report_comes(report, offsetof(struct report, mount_points) + sizeof(report->mount_points),
		     passed);
}

/* A mount point is made on the host, which stays as it is. */
static void mount_point_is_made(void)
{
	static const struct statx marked = {.stx_mode = S_IFDIR | 01755,
					    .stx_mtime = {.tv_sec = 499162500}};

	mount_point_comes(MOUNT_POINT_WATCH, "unmounted");
	mount_point_comes(MOUNT_POINT_ENTRY, "place");
	mount_point_comes(MOUNT_POINT_LOCKED, "thing");
	fake_sys_always_data("stat thing", 0, &marked, sizeof(marked));
	fake_sys_always_data("stat place/x", 0, &marked, sizeof(marked));
}

static void janitor_was_killed(void)
{
	fake_sys_always_ready("look requests, 0 ms", "requests");
}

#define REMOVAL                                                                                    \
	"flock thing exclusive\nstat thing\nopen place x path nofollow\nstat place\n"              \
	"stat place/x\nrmdir place x\nflock thing unlock\n"

TEST(leaves_mount_points_to_the_janitor)
{
	mount_point_is_made();
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "raise_files\n");
	assert_contains(fake_sys_trace(), "look requests, 0 ms\n");
	assert_null(strstr(fake_sys_trace(), "flock"));
}

TEST(removes_mount_points_if_the_janitor_was_killed)
{
	box.ns.flags = CLONE_NEWPID;
	janitor_was_killed();
	mount_point_is_made();
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "look requests, 0 ms\nread requests\n" REMOVAL);
}

TEST(removes_mount_points_when_nobody_is_left_to_see_them)
{
	janitor_was_killed();
	mount_point_is_made();
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_answer_ready("poll unmounted, 20 ms", "unmounted");
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "poll unmounted, 20 ms\n" REMOVAL);
}

TEST(leaves_a_process_behind_for_mount_points_that_others_see)
{
	static const struct {
		unsigned flags;
		const char *wait;
	} ends[] = {{0, "poll unmounted, 20 ms"}, {CLONE_NEWPID, "poll child, 20 ms"}};

	for (size_t i = 0; i < LENGTH(ends); i++) {
		(void)set_up(NULL);
		box.ns.flags = ends[i].flags;
		janitor_was_killed();
		mount_point_is_made();
		command_starts();
		command_ends(false);
		fake_sys_always(ends[i].wait, 0);
		assert_status(3 << 8);
		assert_contains(fake_sys_trace(), ends[i].wait);
		assert_contains(fake_sys_trace(), " 20 ms\nclone unreaped\n");
		assert_null(strstr(fake_sys_trace(), "flock"));
	}
}

TEST(fails_if_it_cannot_remember_a_mount_point)
{
	mount_point_comes(MOUNT_POINT_ENTRY, NULL);
	child_is_gone();
	assert_fails(EMFILE, "cannot record the mount points created on the host: "
			     "Too many open files");
	assert_contains(fake_sys_trace(), "kill child 9\n");
}

TEST(does_not_believe_in_mount_points_once_there_is_a_command)
{
	command_starts();
	mount_point_comes(MOUNT_POINT_ENTRY, "planted");
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "raise_files"));
}

TEST(hears_of_mount_points_after_a_signal_has_ended_the_run)
{
	static const struct report place = {
		.kind = REPORT_MOUNT_POINT,
		.mount_points = {.kind = MOUNT_POINT_ENTRY, .is_new = true, .name = "x"},
	};

	box.ns.flags = CLONE_NEWPID;
	janitor_was_killed();
	signal_comes(SIGINT, SI_USER);
	child_is_gone();
	fake_sys_answer_ready("look sock, 0 ms", "sock");
	fake_sys_answer_message("receive sock", &place,
				offsetof(struct report, mount_points) + sizeof(place.mount_points),
				"place");
	assert_status(SIGINT);
	assert_contains(fake_sys_trace(), "open place x path nofollow\n");
}

/* --- The end -------------------------------------------------------------- */

TEST(returns_the_status_of_the_command)
{
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITH_COMMAND "receive sock\n" END);
}

TEST(waits_for_nobody_while_others_are_left_inside)
{
	command_starts();
	command_ends(false);
	assert_status(3 << 8);
	assert_ends_with(fake_sys_trace(),
			 WAIT "receive sock\n" WAIT_WITH_COMMAND "receive sock\n");
}

TEST(waits_no_longer_than_a_second_for_the_mounts_to_go)
{
	command_starts();
	command_ends(true);
	fake_sys_always("poll*", 0);
	assert_status(3 << 8);
	assert_true(out.reaped);
	assert_contains(fake_sys_trace(), "poll child signals, 200 ms\n"
					  "kill child 18\n"
					  "kill child 9\n"
					  "send requests\nkill janitor 18\n"
					  "poll child signals, 800 ms\n");
}

TEST(hears_what_was_said_before_the_end)
{
	static const int killed = SIGKILL;

	command_starts();
	ready("child command sock");
	fake_sys_answer_message(
		"receive sock",
		&(const struct report){.kind = REPORT_ENDED,
				       .ended = {.status = 0, .is_last = true}},
		offsetof(struct report, ended) + sizeof(((struct report *)0)->ended), NULL);
	child_is_gone();
	fake_sys_answer_data("wait_pidfd child", 1, &killed, sizeof(killed));
	assert_status(0);
}

TEST(passes_an_error_from_inside_on_as_it_is)
{
	run_fails();
	child_is_gone();
	assert_fails(ENOENT, "cannot");
	assert_int_equal(e.stage, ERR_EXEC);
	assert_string_equal(e.hint, "can");
	assert_ends_with(fake_sys_trace(),
			 WAIT "receive sock\nkill child 9\n" END "look sock, 0 ms\n");
}

TEST(says_that_the_first_process_was_killed)
{
	nobody_speaks_any_more();
	child_ends(SIGSYS);
	assert_fails(ECHILD,
		     "the sandbox's first process was killed by signal 31 (Bad system call) "
		     "before the command ran");
	assert_ends_with(fake_sys_trace(),
			 WAIT "receive sock\n" WAIT_WITHOUT_SOCK
			      "wait_pidfd child\nkill child 9\n" END_WITHOUT_CHILD);
}

TEST(says_that_the_first_process_ended_without_a_word)
{
	child_ends(0);
	assert_fails(ECHILD, "the sandbox's first process exited before the command ran");
}

TEST(takes_the_end_of_the_first_process_for_that_of_a_command_that_ran)
{
	command_starts();
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_status(SIGKILL);
}

TEST(does_not_take_what_it_cannot_learn_for_success)
{
	command_starts();
	nobody_speaks_any_more();
	ready("child");
	fake_sys_answer("wait_pidfd child", -ECHILD);
	child_is_gone();
	assert_fails(ECHILD,
		     "cannot get the status of the sandbox's first process: No child processes");
}

TEST(takes_the_first_process_for_the_command_without_a_reaper)
{
	box.has_reaper = false;
	command_starts();
	nobody_speaks_any_more();
	child_ends(5 << 8);
	assert_status(5 << 8);
}

TEST(knows_without_a_reaper_that_nothing_ran_before_exec)
{
	box.has_reaper = false;
	child_ends(SIGKILL);
	assert_fails(ECHILD,
		     "the sandbox's first process was killed by signal 9 (Killed) before the "
		     "command ran");
}

#define WAIT_UNREAPABLE "poll janitor signals, 20 ms\n"

TEST(looks_again_at_a_child_that_has_ended_but_cannot_be_reaped)
{
	static const int exited = 4 << 8;

	nobody_speaks_any_more();
	ready("child");
	fake_sys_answer("wait_pidfd child", 0);
	time_is_up();
	fake_sys_answer("wait_pidfd child", 0);
	time_is_up();
	fake_sys_answer_data("wait_pidfd child", 1, &exited, sizeof(exited));
	janitor_is_gone();
	assert_int_equal(run(), -ECHILD);
	assert_in_order(fake_sys_trace(),
			ARGV(WAIT "receive sock\n" WAIT_WITHOUT_SOCK
				  "wait_pidfd child\n" WAIT_UNREAPABLE "wait_pidfd child\n",
			     WAIT_UNREAPABLE "wait_pidfd child\nkill child 9\n" END_WITHOUT_CHILD));
}

TEST(takes_what_happens_while_a_tracer_holds_the_child)
{
	static const int ended = 5 << 8;

	command_starts();
	nobody_speaks_any_more();
	ready("child");
	fake_sys_answer("wait_pidfd child", 0);
	signal_comes(SIGTERM, SI_USER);
	ready("janitor"); /* the janitor's work is done */
	fake_sys_answer("poll command signals, 20 ms", 0);
	fake_sys_answer("wait_pidfd child", 0);
	fake_sys_answer_data("wait_pidfd child", 1, &ended, sizeof(ended));
	fake_sys_always("poll*", 0);
	assert_status(5 << 8);
	assert_contains(fake_sys_trace(), "kill command 15\n");
}

TEST(hears_of_an_end_while_a_tracer_holds_the_child)
{
	command_starts();
	ready("child");
	fake_sys_answer("wait_pidfd child", 0);
	command_ends(true);
	fake_sys_always("poll*", 0);
	assert_status(3 << 8);
}

#define WAIT_FOR_REAPER "poll child janitor signals sock, 50 ms"
#define ASK_FOR_COMMAND "open /proc self/fdinfo/"

TEST(leaves_a_reaper_in_peace_that_says_at_once_how_the_command_ended)
{
	command_starts();
	ready("command");
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_ends_with(fake_sys_trace(), WAIT_WITH_COMMAND WAIT_FOR_REAPER "\n"
									     "receive sock\n" END);
}

TEST(wakes_a_reaper_once_that_does_not_say_how_the_command_ended)
{
	command_starts();
	ready("command");
	for (unsigned i = 0; i < 3; i++)
		time_is_up();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_true(out.reaped);
	assert_in_order(fake_sys_trace(), ARGV(WAIT_FOR_REAPER "\n" ASK_FOR_COMMAND,
					       "kill child 18\n" WAIT_FOR_REAPER, WAIT_FOR_REAPER,
					       "receive sock\nlook signals, 0 ms\n"));
	assert_int_equal(count_in(fake_sys_trace(), "kill child 18\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "kill"), 1);
	assert_null(strstr(fake_sys_trace(), "send requests"));
}

TEST(wakes_a_reaper_of_a_command_whose_end_has_taken_long)
{
	fake_proc_show(&(struct fake_process){.pid = COMMAND_PID, .exiting = true});
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
	command_starts();
	time_is_up(); /* it is in its exit */
	ready("command");
	time_is_up();
	time_is_up();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill child 18\n");
}

/* Wait for a reaper that is silent while signals come; nothing else happens. */
static void be_hurried(bool is_known)
{
	static const int signals[] = {SIGTERM, SIGTSTP};

	if (is_known)
		fake_proc_show(&(struct fake_process){.pid = COMMAND_PID,
						      .parent = CHILD_PID,
						      .state = 'Z',
						      .exit_code = 7 << 8});
	command_starts();
	ready("command");
	for (size_t i = 0; i < LENGTH(signals); i++)
		signal_comes(signals[i], SI_USER);
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
	fake_sys_always("poll*", 0);
}

TEST(cuts_the_wait_for_a_silent_reaper_short_when_a_signal_comes)
{
	be_hurried(true);
	assert_status(7 << 8);
	assert_false(out.reaped);
	assert_in_range(fake_sys_now(), 100, 200); /* two looks, and two for what is about to end */
	assert_null(strstr(fake_sys_trace(), "kill command"));
	assert_null(strstr(fake_sys_trace(), "die_of"));
	set_up(NULL);
	be_hurried(false);
	assert_int_equal(run(), -ETIMEDOUT);
	assert_in_range(fake_sys_now(), 100, 1500);
}

TEST(hears_a_reaper_that_speaks_after_a_signal_all_the_same)
{
	command_starts();
	ready("command");
	signal_comes(SIGTERM, SI_USER);
	time_is_up();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_true(out.reaped);
}

#define STATUS_IS_UNKNOWN "the command has exited, but its status is unknown"

TEST(waits_no_longer_than_a_second_to_hear_how_the_command_ended)
{
	command_starts();
	ready("command");
	fake_sys_always("poll child janitor signals sock, 50 ms", 0);
	child_is_gone();
	assert_fails(ETIMEDOUT, STATUS_IS_UNKNOWN);
	assert_in_order(fake_sys_trace(),
			ARGV("kill child 18\n", "send requests\nkill janitor 18\n",
			     "kill child 9\nkill command 9\nlook signals, 0 ms\n"));
	assert_in_range(fake_sys_now(), 1000, 1100);
}

TEST(takes_the_status_of_a_command_whose_reaper_is_silent_from_the_kernel)
{
	command_starts();
	ready("command");
	fake_sys_always("poll child janitor signals sock, 50 ms", 0);
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
	fake_proc_show(&(struct fake_process){
		.pid = COMMAND_PID, .parent = CHILD_PID, .state = 'Z', .exit_code = 7 << 8});
	fake_sys_always("poll*", 0);
	assert_status(7 << 8);
	assert_false(out.reaped);
	assert_true(out.n_stuck > 0);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
}

TEST(does_not_wait_for_ever_for_a_reaper_that_a_tracer_holds)
{
	command_starts();
	ready("command");
	ready("child");
	fake_sys_always("wait_pidfd child", 0);
	fake_sys_always("poll*", 0);
	assert_fails(ETIMEDOUT, STATUS_IS_UNKNOWN);
	assert_in_range(fake_sys_now(), 1000, 3000);
}

/* --- A command that is stuck in its exit ---------------------------------- */

/* The command, as /proc shows it: in its exit, with the status 7, or not. */
static struct fake_process exiting = {.pid = COMMAND_PID,
				      .parent = CHILD_PID,
				      .state = 'D',
				      .exiting = true,
				      .exit_code = 7 << 8};
static struct fake_process running = {.pid = COMMAND_PID, .parent = CHILD_PID, .state = 'D'};

/* Nothing happens from now on but that time passes. */
static void time_passes(void)
{
	fake_sys_always("poll*", 0);
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
}

TEST(takes_the_status_of_a_command_that_is_stuck_from_the_kernel)
{
	fake_proc_show(&exiting);
	command_starts();
	time_passes();
	assert_status(7 << 8);
	assert_false(out.reaped);
	assert_in_order(fake_sys_trace(),
			ARGV(WAIT_WITH_COMMAND, "poll child command janitor signals sock, 50 ms\n",
			     "send requests\nkill janitor 18\n",
			     "look signals, 0 ms\n"
			     "look child signals, 0 ms\n"
			     "kill child 18\n"
			     "kill child 9\n"
			     "send requests\nkill janitor 18\n"
			     "poll child signals, 30 ms\n"));
	assert_int_equal(out.n_stuck > 0, true);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
	assert_int_equal(out.stuck[0].pid, COMMAND_PID);
	assert_in_range(out.stuck[0].ms, 1000, 1200);
	assert_in_range(fake_sys_now(), 1000, 1200);
}

TEST(has_those_ended_who_may_hold_a_command_that_is_stuck)
{
	for (unsigned reaper_ends = 0; reaper_ends < 2; reaper_ends++) {
		(void)set_up(NULL);
		box.reaper_ends = reaper_ends != 0;
		fake_proc_show(&exiting);
		command_starts();
		time_passes();
		assert_status(7 << 8);
		assert_int_equal(count_in(fake_sys_trace(), "shutdown sock\n"), reaper_ends);
		assert_int_equal(count_in(fake_sys_trace(), "kill child 9\n"), !reaper_ends);
		assert_contains(fake_sys_trace(), reaper_ends ? "poll child signals, 100 ms\n"
							      : "poll child signals, 30 ms\n");
	}
}

TEST(cuts_connections_for_a_command_that_is_stuck_at_half_of_its_time)
{
	static const char cut = JANITOR_CUT;
	size_t size = 0;

	fake_proc_show(&exiting);
	command_starts();
	for (unsigned i = 0; i < 9; i++)
		time_is_up();
	command_ends(true);
	child_is_gone();
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
	assert_status(3 << 8);
	assert_true(out.reaped);
	assert_memory_equal(fake_sys_written(REQUESTS, 0, &size), &cut, 1);
	assert_null(fake_sys_written(REQUESTS, 1, &size));
}

TEST(counts_from_a_report_however_long_the_command_has_been_seen_to_end)
{
	fake_proc_show(&exiting);
	fake_sys_always_text("readlink /proc 4321/ns/user", "user:[1]");
	command_starts();
	for (unsigned i = 0; i < 3; i++)
		time_is_up();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "receive sock\n" END);
}

TEST(lets_a_command_run_that_only_looked_as_if_it_had_ended)
{
	fake_proc_show(&exiting);
	fake_sys_then("poll child command janitor signals sock, 50 ms", fake_proc_show_later,
		      &running);
	command_starts();
	time_is_up();
	time_is_up(); /* it has executed another program, from another thread */
	for (unsigned i = 0; i < 20; i++)
		time_is_up();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_true(out.reaped);
	assert_null(strstr(fake_sys_trace(), "send requests"));
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(looks_twice_before_it_gives_a_command_up)
{
	plan.processes.teardown_ms = 0;
	fake_proc_show(&exiting);
	command_starts();
	time_passes();
	assert_status(7 << 8);
	assert_in_range(fake_sys_now(), 250, 350);
	assert_contains(fake_sys_trace(), "poll child command janitor signals sock, 50 ms\n");
}

TEST(counts_the_time_of_a_command_from_when_it_was_last_seen_to_run)
{
	fake_proc_show(&running);
	command_starts();
	for (unsigned i = 0; i < 10; i++)
		time_is_up();
	signal_comes(SIGUSR1, SI_USER);
	fake_sys_then("kill command 10", fake_proc_show_later, &exiting);
	time_passes();
	assert_status(7 << 8);
	assert_in_range(fake_sys_now(), 2500, 2700);
	assert_in_range(out.stuck[0].ms, 1000, 1200);
}

TEST(does_not_take_what_it_may_not_know_of_a_stuck_command_for_success)
{
	fake_proc_show(&exiting);
	command_starts();
	time_passes();
	fake_sys_answer("readlink /proc 4321/ns/user", -EACCES);
	for (unsigned i = 0; i < 20; i++)
		fake_sys_answer("readlink /proc 4321/ns/user", -EACCES);
	assert_fails(ETIMEDOUT, STATUS_IS_UNKNOWN);
	assert_contains(fake_sys_trace(), "kill child 9\nkill command 9\n");
}

TEST(looks_at_the_first_process_if_that_is_the_command)
{
	exiting.pid = CHILD_PID;
	fake_proc_show(&exiting);
	exiting.pid = COMMAND_PID;
	fake_sys_always_text("readlink /proc 1000/ns/user", "user:[1]");
	box.has_reaper = false;
	command_starts();
	nobody_speaks_any_more();
	time_passes();
	assert_status(7 << 8);
	assert_false(out.reaped);
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
}

TEST(waits_for_ever_without_a_procfs)
{
	fake_sys_answer("open /proc path dir", -ENOENT);
	command_starts();
	fake_sys_answer("poll child command janitor signals sock, -1 ms", -EINTR);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "/stat"));
}

/* --- The janitor ---------------------------------------------------------- */

TEST(says_that_there_is_no_janitor)
{
	fake_sys_fail_at(10, EAGAIN);
	child_is_gone();
	assert_fails(EAGAIN, "cannot start the janitor: Resource temporarily unavailable");
	assert_contains(fake_sys_trace(), "clone unreaped\nkill child 9\n");
}

static void ends_of_the_janitor_are_closed(void *arg)
{
	(void)arg;
	assert_int_equal(fake_sys_fd("from-inside"), -1);
	assert_int_equal(fake_sys_fd("janitor's"), -1);
}

/* Or the monitor would never see that the janitor has exited. */
TEST(closes_the_ends_that_are_the_janitor_s)
{
	fake_sys_then("poll child janitor signals sock, -1 ms", ends_of_the_janitor_are_closed,
		      NULL);
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(loses_no_time_over_a_janitor_that_there_is_not)
{
	fake_sys_answer("send sock", -EIO);
	child_is_gone();
	assert_int_equal(run(), -EIO);
	assert_in_range(fake_sys_now(), 0, 100);
}

TEST(begins_nothing_without_a_janitor)
{
	ready("janitor");
	child_is_gone();
	assert_fails(ECHILD, "the janitor was killed");
	assert_contains(fake_sys_trace(), WAIT "kill child 9\n");
}

TEST(goes_on_without_a_janitor_unless_nothing_is_to_be_left)
{
	command_starts();
	ready("janitor");
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "poll child command signals sock, 150 ms\n");
	(void)set_up(NULL);
	plan.processes.die_with_parent = true;
	command_starts();
	ready("janitor");
	child_is_gone();
	assert_fails(ECHILD, "the janitor was killed");
	assert_contains(fake_sys_trace(), "kill child 9\nkill command 9\n");
}

/* --- Signals -------------------------------------------------------------- */

TEST(passes_a_signal_of_a_process_on)
{
	command_starts();
	signal_comes(SIGTERM, SI_USER);
	signal_comes(SIGUSR1, SI_QUEUE);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill command 15\n");
	assert_contains(fake_sys_trace(), "kill command 10\n");
}

TEST(does_not_send_twice_what_the_terminal_sends)
{
	command_starts();
	signal_comes(SIGINT, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(passes_on_what_the_terminal_does_not_send_to_another_session)
{
	plan.processes.new_session = true;
	box.own_group = true;
	command_starts();
	signal_comes(SIGINT, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill group of command 2\n");
}

/* The process @pid says that it is the command's. */
static void shows_itself(pid_t pid)
{
	static const struct report report = {.kind = REPORT_STARTED};

	fake_sys_sender(pid);
	report_comes(&report, sizeof(report.kind), NULL);
}

TEST(opens_a_command_by_its_number_if_that_shows_that_it_is_there_all_the_time)
{
	box.shows_itself = true;
	shows_itself(COMMAND_PID);
	shows_itself(77);
	shows_itself(COMMAND_PID);
	signal_comes(SIGTERM, SI_USER);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "receive sock\npidfd_open 4321\nsend sock\npoll ");
	assert_contains(fake_sys_trace(), "kill pidfd:4321 15\n");
	assert_int_equal(count_in(fake_sys_trace(), "pidfd_open"), 1);
}

TEST(does_not_mind_a_command_that_is_dead_before_it_can_be_opened)
{
	static const int failures[] = {-ESRCH, -EMFILE};

	for (size_t i = 0; i < LENGTH(failures); i++) {
		(void)set_up(NULL);
		box.shows_itself = true;
		fake_sys_answer("pidfd_open*", failures[i]);
		shows_itself(COMMAND_PID);
		if (failures[i] == -ESRCH)
			run_fails();
		child_is_gone();
		if (failures[i] == -ESRCH)
			assert_fails(ENOENT, "cannot");
		else
			assert_fails(EMFILE,
				     "cannot open a pidfd of the command: Too many open files");
	}
	(void)set_up(NULL);
	box.shows_itself = true;
	fake_sys_answer("send sock", 1); /* "go" */
	fake_sys_answer("send sock", -EPIPE);
	shows_itself(COMMAND_PID);
	run_fails();
	child_is_gone();
	assert_fails(ENOENT, "cannot");
}

TEST(lets_a_process_inside_give_the_mount_namespace_that_it_has_not_got)
{
	size_t size = 0;

	for (unsigned gives = 0; gives < 2; gives++) {
		(void)set_up(NULL);
		if (gives)
			mounts = sys_close(MOUNTS) - 1;
		command_starts();
		command_ends(true);
		child_is_gone();
		assert_status(3 << 8);
		assert_memory_equal(fake_sys_written(SOCK, 0, &size), gives ? "m" : "g", 1);
	}
}

TEST(hears_of_a_command_before_it_passes_a_signal_on)
{
	static const struct report report = {.kind = REPORT_STARTED};

	ready("signals sock");
	fake_sys_answer_message_by("receive sock", &report, sizeof(report.kind), "command");
	signal_comes(SIGTERM, SI_USER);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill command 15\n");
	assert_null(strstr(fake_sys_trace(), "kill child"));
}

TEST(ends_the_run_by_a_signal_before_there_is_a_command)
{
	static const int codes[] = {SI_USER, SI_KERNEL};

	for (size_t i = 0; i < LENGTH(codes); i++) {
		(void)set_up(NULL);
		signal_comes(SIGINT, codes[i]);
		child_is_gone();
		assert_status(SIGINT);
		assert_ends_with(fake_sys_trace(),
				 WAIT "read signals\n" END_EARLY END "look sock, 0 ms\n");
	}
}

TEST(leaves_a_reaper_that_has_to_end_others_to_its_work_if_a_signal_comes_too_late)
{
	static const struct report report = {.kind = REPORT_STARTED};

	for (unsigned reaper_ends = 0; reaper_ends < 2; reaper_ends++) {
		(void)set_up(NULL);
		box.reaper_ends = reaper_ends != 0;
		signal_comes(SIGINT, SI_USER);
		fake_sys_answer_ready("look sock, 0 ms", "sock");
		fake_sys_answer_message_by("receive sock", &report, sizeof(report.kind), "command");
		child_is_gone();
		assert_status(SIGINT);
		assert_contains(fake_sys_trace(), "read signals\nshutdown sock\n");
		assert_int_equal(count_in(fake_sys_trace(), "kill child 9\n"), !reaper_ends);
	}
}

TEST(passes_signals_to_the_first_process_once_it_is_the_command)
{
	box.has_reaper = false;
	command_starts();
	nobody_speaks_any_more();
	signal_comes(SIGTERM, SI_USER);
	child_ends(SIGTERM);
	assert_status(SIGTERM);
	assert_contains(fake_sys_trace(), "kill child 15\n");
	assert_null(strstr(fake_sys_trace(), "kill child 9\n"));
}

TEST(ends_the_run_by_a_signal_without_a_reaper_before_exec)
{
	box.has_reaper = false;
	command_starts();
	signal_comes(SIGHUP, SI_USER);
	child_is_gone();
	assert_status(SIGHUP);
	assert_contains(fake_sys_trace(), "kill child 9\n");
}

TEST(goes_on_when_the_command_cannot_be_signalled_any_more)
{
	command_starts();
	signal_comes(SIGTERM, SI_USER);
	fake_sys_answer("kill command 15", -ESRCH);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(goes_on_when_there_is_no_signal_after_all)
{
	ready("signals");
	fake_sys_answer("read signals", -EAGAIN);
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

/* --- Job control ---------------------------------------------------------- */

/* The terminal asks the job to stop, once there is a command. */
static void stop(void)
{
	fake_proc_show(&(struct fake_process){.pid = CHILD_PID, .parent = 1});
	fake_proc_show(&running);
	command_starts();
	signal_comes(SIGTSTP, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(stops_itself_when_the_terminal_stops_the_command)
{
	stop();
	assert_contains(fake_sys_trace(), "read signals\nclone\n" STOP);
	assert_int_equal(count_in(fake_sys_trace(), "kill "), 0);
}

TEST(stops_those_whom_the_terminal_does_not_reach)
{
	plan.processes.new_session = true;
	stop();
	assert_in_order(fake_sys_trace(),
			ARGV("kill /proc/4321 19\n", STOP, "kill /proc/4321 18\n"));
	assert_null(strstr(fake_sys_trace(), "kill /proc/1000"));
	(void)set_up(NULL);
	plan.processes.new_session = true;
	box.has_reaper = false;
	stop();
	assert_in_order(fake_sys_trace(),
			ARGV("kill /proc/1000 19\n", STOP, "kill /proc/1000 18\n"));
}

TEST(stops_alone_where_it_cannot_find_those_inside)
{
	plan.processes.new_session = true;
	fake_sys_file("/proc/self/fdinfo/7", "pos:\t0\nPid:\t-1\n");
	stop();
	assert_contains(fake_sys_trace(), STOP);
	assert_int_equal(count_in(fake_sys_trace(), "kill "), 0);
}

TEST(takes_the_terminal_back_when_all_is_over)
{
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_answer("tcgetpgrp 0", 300); /* at the beginning */
	fake_sys_answer("tcgetpgrp 0", 77);
	fake_sys_answer("kill -77 0", -ESRCH);
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "wait_pidfd janitor\ntcgetpgrp 0\n");
	assert_contains(fake_sys_trace(), "tcsetpgrp 0 300\n");
}

TEST(takes_no_terminal_that_it_did_not_have)
{
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_answer("tcgetpgrp 0", 77);
	assert_status(3 << 8);
	assert_int_equal(count_in(fake_sys_trace(), "tcgetpgrp"), 1);
}

/* --- The sandbox's own process group ---------------------------------------- */

static const struct fake_process stopped = {.pid = COMMAND_PID, .state = 'T'};

static void command_stops(int sig)
{
	static struct report report;

	report = (struct report){.kind = REPORT_STOPPED, .stopped = sig};
	report_comes(&report, offsetof(struct report, stopped) + sizeof(report.stopped), NULL);
}

/* A signal that comes with the end of the command is for no process any more. */
TEST(takes_the_end_of_the_command_before_a_signal)
{
	static const struct report report = {.kind = REPORT_ENDED,
					     .ended = {.status = 3 << 8, .is_last = true}};

	command_starts();
	ready("sock signals");
	fake_sys_answer_message("receive sock", &report,
				offsetof(struct report, ended) + sizeof(report.ended), NULL);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "read signals"));
}

TEST(takes_the_end_of_the_first_process_before_a_signal)
{
	static const int status = 3 << 8;

	box.has_reaper = false;
	command_starts();
	nobody_speaks_any_more();
	ready("child signals");
	fake_sys_answer_data("wait_pidfd child", 1, &status, sizeof(status));
	janitor_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "read signals"));
}

TEST(relays_what_the_terminal_sends_to_its_group)
{
	static const int signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};

	for (size_t i = 0; i < LENGTH(signals); i++) {
		char line[64];

		(void)set_up(NULL);
		box.own_group = true;
		command_starts();
		signal_comes(signals[i], SI_KERNEL);
		command_ends(true);
		child_is_gone();
		assert_status(3 << 8);
		(void)snprintf(line, sizeof(line), "kill group of command %d\n", signals[i]);
		assert_contains(fake_sys_trace(), line);
		assert_null(strstr(fake_sys_trace(), "die_of"));
	}
}

/* A shell ends by SIGINT only if its child does. */
TEST(passes_what_stands_for_a_key_to_the_group)
{
	static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < LENGTH(signals); i++) {
		char line[64];

		(void)set_up(NULL);
		box.own_group = true;
		command_starts();
		signal_comes(signals[i], SI_USER);
		command_ends(true);
		child_is_gone();
		assert_status(3 << 8);
		(void)snprintf(line, sizeof(line), "kill group of command %d\n", signals[i]);
		if (signals[i] == SIGINT || signals[i] == SIGQUIT)
			assert_contains(fake_sys_trace(), line);
		else
			assert_null(strstr(fake_sys_trace(), line));
	}
}

TEST(stops_with_the_command_and_continues_it)
{
	box.own_group = true;
	fake_proc_show(&stopped);
	command_starts();
	command_stops(SIGSTOP);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_in_order(fake_sys_trace(), ARGV("die_of 19\n", "kill group of command 18\n"));
}

TEST(stops_with_a_process_that_continues_it_and_kills_that_later)
{
	box.own_group = true;
	fake_proc_show(&stopped);
	command_starts();
	command_stops(SIGSTOP);
	fake_sys_answer_child("clone", 500, "waker");
	ready("waker");
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_in_order(fake_sys_trace(),
			ARGV("clone\n", "die_of 19\n", "kill waker 9\n", "wait_pidfd waker\n"));
}

static void run_as_waker(void *arg __attribute__((unused)))
{
	(void)run();
}

/* Until it goes on, the monitor is continued again and again. */
TEST(continues_a_stopped_monitor_when_the_command_has_exited)
{
	char line[32];

	box.own_group = true;
	fake_proc_show(&stopped);
	command_starts();
	command_stops(SIGSTOP);
	fake_sys_answer("clone", 0);
	for (unsigned looks = 0; looks < 2; looks++)
		fake_sys_answer("getppid", sys_getpid());
	fake_sys_answer("getppid", 77);
	fake_sys_always_ready("poll command, -1 ms", "command");
	fake_sys_always("poll, 20 ms", 0);
	assert_int_equal(fake_sys_run(run_as_waker, NULL), 0);
	(void)snprintf(line, sizeof(line), "kill %d 18\n", (int)sys_getpid());
	assert_contains(fake_sys_trace(), "sigprocmask block all\n");
	assert_int_equal(count_in(fake_sys_trace(), line), 2);
	assert_null(strstr(fake_sys_trace(), "die_of"));
}

TEST(stops_with_the_command_in_the_caller_s_group_where_there_is_a_terminal)
{
	for (unsigned runs = 0; runs < 2; runs++) {
		(void)set_up(NULL);
		if (runs == 0)
			fake_sys_always("tcgetpgrp 0", 77);
		plan.as_bwrap = true;
		fake_proc_show(&stopped);
		command_starts();
		command_stops(SIGTSTP);
		command_ends(true);
		child_is_gone();
		assert_status(3 << 8);
		if (runs == 0)
			assert_in_order(fake_sys_trace(), ARGV("die_of 20\n", "kill command 18\n"));
		else
			assert_null(strstr(fake_sys_trace(), "die_of"));
	}
}

TEST(does_not_stop_with_a_command_that_goes_on_or_by_a_signal_that_stops_nobody)
{
	for (unsigned runs = 0; runs < 2; runs++) {
		(void)set_up(NULL);
		if (runs == 0)
			fake_proc_show(&stopped);
		command_starts();
		command_stops(runs == 0 ? SIGTERM : SIGSTOP);
		command_ends(true);
		child_is_gone();
		assert_status(3 << 8);
		assert_null(strstr(fake_sys_trace(), "die_of"));
	}
}

TEST(sees_itself_that_a_command_without_a_reaper_stops)
{
	box.has_reaper = false;
	box.own_group = true;
	command_starts();
	nobody_speaks_any_more();
	signal_comes(SIGCHLD, SI_USER);
	fake_sys_answer("wait_stop child", SIGSTOP);
	signal_comes(SIGCHLD, SI_USER); /* it tells of another */
	ready("child");
	janitor_is_gone();
	assert_int_equal(run(), 0);
	assert_in_order(fake_sys_trace(), ARGV("wait_stop child\n", "die_of 19\n",
					       "kill group of child 18\n", "wait_stop child\n"));
	assert_int_equal(count_in(fake_sys_trace(), "die_of"), 1);
}

TEST(continues_the_sandbox_when_it_is_continued)
{
	box.own_group = true;
	command_starts();
	signal_comes(SIGCONT, SI_USER);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill group of command 18\n");
}

/* The command dies of @sig after @came, sent so, has come to the monitor. */
static void dies_after(int sig, int came, int code)
{
	static struct report report;

	box.own_group = true;
	command_starts();
	if (came != 0)
		signal_comes(came, code);
	report = (struct report){.kind = REPORT_ENDED, .ended = {.status = sig, .is_last = true}};
	report_comes(&report, offsetof(struct report, ended) + sizeof(report.ended), NULL);
	child_is_gone();
	assert_status(sig);
}

TEST(tells_an_end_by_a_key_from_others)
{
	dies_after(SIGINT, SIGINT, SI_KERNEL);
	assert_true(out.typed);
	(void)set_up(NULL);
	dies_after(SIGINT, SIGINT, SI_USER);
	assert_false(out.typed);
	(void)set_up(NULL);
	dies_after(SIGTERM, SIGINT, SI_KERNEL);
	assert_false(out.typed);
	(void)set_up(NULL);
	dies_after(SIGQUIT, 0, 0);
	assert_false(out.typed);
	(void)set_up(NULL);
	box.foreground = true; /* the terminal does not send it to the monitor */
	dies_after(SIGQUIT, 0, 0);
	assert_true(out.typed);
}

TEST(passes_what_the_command_has_died_of_on_to_its_group)
{
	dies_after(SIGTERM, SIGTERM, SI_USER);
	assert_in_order(fake_sys_trace(), ARGV("kill command 15\n", "kill group of command 15\n"));
	(void)set_up(NULL);
	dies_after(SIGKILL, SIGTERM, SI_USER);
	assert_null(strstr(fake_sys_trace(), "kill group"));
}

TEST(gives_the_terminal_back_that_the_command_has_had_from_its_start)
{
	box.foreground = box.own_group = true;
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_always("tcgetpgrp 0", 77);
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "tcsetpgrp 0 300\n");
}

/* --- Failures ------------------------------------------------------------- */

TEST(lets_the_end_of_a_dead_child_tell_why)
{
	fake_sys_answer("send sock", -EPIPE);
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_int_equal(run(), -ECHILD);
	assert_contains(e.msg, "killed by signal 9");
}

TEST(says_that_the_sandbox_cannot_begin)
{
	fake_sys_answer("send sock", -EIO);
	child_is_gone();
	assert_fails(EIO, "cannot start the sandbox: Input/output error");
	assert_contains(fake_sys_trace(),
			"send sock\nkill child 9\nlook signals, 0 ms\n" END_OF_CHILD);
	assert_null(strstr(fake_sys_trace(), "socketpair"));
}

TEST(says_that_it_cannot_hear)
{
	ready("sock");
	fake_sys_answer("receive sock", -EIO);
	child_is_gone();
	assert_fails(EIO, "cannot read from the sandbox's first process: Input/output error");
}

TEST(believes_no_malformed_report)
{
	static const struct report report = {.kind = REPORT_ENDED};

	report_comes(&report, 1, "planted");
	child_is_gone();
	assert_fails(EPROTO, "cannot read from the sandbox's first process: Protocol error");
}

TEST(believes_no_report_that_brings_a_descriptor_of_its_own)
{
	static const struct report report = {.kind = REPORT_ENDED};

	command_starts();
	report_comes(&report, offsetof(struct report, ended) + sizeof(report.ended), "planted");
	child_is_gone();
	assert_fails(EPROTO, "cannot read from the sandbox's first process: Protocol error");
	assert_contains(fake_sys_trace(), "kill command 9\n");
}

TEST(leaves_nobody_behind_when_the_run_has_failed)
{
	command_starts();
	ready("sock");
	fake_sys_answer("receive sock", -EIO);
	child_is_gone();
	assert_fails(EIO, "cannot read from the sandbox's first process: Input/output error");
	assert_contains(fake_sys_trace(), "receive sock\nkill child 9\nkill command 9\n");
}

TEST(says_that_it_cannot_wait)
{
	fake_sys_answer("poll*", -ENOMEM);
	child_is_gone();
	assert_fails(ENOMEM, "cannot wait for the sandbox: Cannot allocate memory");
}

TEST(goes_on_after_an_interruption)
{
	fake_sys_answer("poll*", -EINTR);
	command_starts();
	fake_sys_answer("poll*", -EINTR);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(keeps_only_the_latest_handle_of_a_command)
{
	command_starts();
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(closes_what_it_does_not_need_itself)
{
	fake_sys_given(4, "held");
	fake_sys_given(50, "held");
	fake_sys_given(200, "held");
	child_ends(0);
	(void)run();
	assert_int_equal(fake_sys_fd("held"), -1);
	assert_int_equal(fake_sys_fd("sock"), SOCK);
	assert_int_equal(fake_sys_fd("signals"), SIGNALS);
}

/* --- What is told to the caller ------------------------------------------- */

/* Name the descriptors INFO and STATUS as those to tell. */
static void tell(void)
{
	plan.fds[FD_INFO] = (struct descriptor){"info-fd", INFO};
	plan.fds[FD_STATUS] = (struct descriptor){"json-status-fd", STATUS};
}

/* The first process inside tells which namespaces there are. */
static void namespaces_come(void)
{
	static const struct report report = {
		.kind = REPORT_NAMESPACES,
		.namespaces = {.ino = {[NS_MNT] = 3, [NS_PID] = 5}},
	};

	fake_sys_sender(CHILD_PID);
	ready("sock");
	fake_sys_answer_message("receive sock", &report,
				offsetof(struct report, namespaces) + sizeof(report.namespaces),
				NULL);
}

/* Check that what has been written to @fd is @expected, a string for each write. */
static void assert_told(int fd, const char *const *expected)
{
	unsigned i;

	for (i = 0; expected[i] != NULL; i++) {
		size_t size = 0;
		const char *written = fake_sys_written(fd, i, &size);

		assert_non_null(written);
		if (size != strlen(expected[i]) || memcmp(written, expected[i], size) != 0)
			fail_msg("\"%.*s\" instead of \"%s\"", (int)size, written, expected[i]);
	}
	assert_null(fake_sys_written(fd, i, NULL));
}

#define INFO_TEXT                                                                                  \
	"{\n    \"child-pid\": 1000,\n    \"mnt-namespace\": 3,\n    \"pid-namespace\": 5\n}\n"
#define STARTED_TEXT "{ \"child-pid\": 1000, \"mnt-namespace\": 3, \"pid-namespace\": 5 }\n"
#define RUNNING_TEXT "{ \"phase\": \"running\", \"command-pid\": 4321 }\n"

/* A run in which the command ends with status 3. */
static void whole_run(void)
{
	static const struct fake_end end = {
		.status = 3 << 8,
		.usage = {.ru_utime = {.tv_sec = 1, .tv_usec = 500000},
			  .ru_stime = {.tv_sec = 0, .tv_usec = 7},
			  .ru_maxrss = 4096},
	};

	tell();
	namespaces_come();
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_answer_data("wait_pidfd child", 1, &end, sizeof(end));
}

TEST(tells_the_caller_what_happens)
{
	whole_run();
	assert_status(3 << 8);
	assert_told(INFO, ARGV(INFO_TEXT));
	assert_told(STATUS, ARGV(STARTED_TEXT, RUNNING_TEXT,
				 "{ \"phase\": \"ended\", \"user-us\": 1500000, \"system-us\": 7, "
				 "\"max-rss-kib\": 4096 }\n",
				 "{ \"exit-code\": 3 }\n"));
}

TEST(tells_no_more_than_bubblewrap_under_its_name)
{
	plan.as_bwrap = true;
	whole_run();
	assert_status(3 << 8);
	assert_told(INFO, ARGV(INFO_TEXT));
	assert_told(STATUS, ARGV(STARTED_TEXT, "{ \"exit-code\": 3 }\n"));
}

/* What has been told to be printed. */
static char printed[256];

static void print(void *arg, bool is_warning, const char *text)
{
	size_t used = strlen(printed);

	assert_ptr_equal(arg, &plan);
	(void)snprintf(printed + used, sizeof(printed) - used, "%s: %s\n",
		       is_warning ? "warning" : "note", text);
}

/* The first process sends a warning, or only an information. */
static void note_comes(enum note_level level)
{
	static struct report reports[] = {
		{.kind = REPORT_NOTE, .note = {.level = NOTE_INFO, .text = "otherwise"}},
		{.kind = REPORT_NOTE, .note = {.level = NOTE_WARNING, .text = "beware"}},
	};

	printed[0] = '\0';
	box.teller = (struct teller){.tell = print, .arg = &plan};
	report_comes(&reports[level], offsetof(struct report, note) + sizeof(struct note), NULL);
}

/* A run in which something is noted while the sandbox is built, and again later. */
static void run_with_notes(void)
{
	tell();
	namespaces_come();
	note_comes(NOTE_INFO);
	note_comes(NOTE_WARNING);
	command_starts();
	note_comes(NOTE_WARNING);
	command_ends(true);
	child_is_gone();
}

TEST(tells_what_is_noted_while_the_sandbox_is_built_and_nothing_later)
{
	run_with_notes();
	assert_status(3 << 8);
	assert_string_equal(printed, "note: otherwise\nwarning: beware\n");
	assert_int_equal(count_in(fake_sys_trace(), "\"phase\": \"note\""), 2);
	assert_in_order(fake_sys_trace(), ARGV(STARTED_TEXT,
					       "{ \"phase\": \"note\", \"level\": \"info\", "
					       "\"message\": \"otherwise\" }\n",
					       "{ \"phase\": \"note\", \"level\": \"warning\", "
					       "\"message\": \"beware\" }\n",
					       RUNNING_TEXT));
}

TEST(prints_what_is_noted_under_bubblewrap_s_name_but_writes_no_line_of_it)
{
	plan.as_bwrap = true;
	run_with_notes();
	assert_status(3 << 8);
	assert_string_equal(printed, "note: otherwise\nwarning: beware\n");
	assert_told(STATUS, ARGV(STARTED_TEXT, "{ \"exit-code\": 3 }\n"));
}

/* --- The guard of protected paths ------------------------------------------- */

static const struct report note_of_guard = {
	.kind = REPORT_NOTE,
	.note = {.level = NOTE_WARNING, .text = "masked again"},
};
static const struct report failure_of_guard = {
	.kind = REPORT_FAILED,
	.err = {.code = ESTALE, .stage = ERR_GUARD, .msg = "unprotected"},
};

/* There is a guard; the command has been started. */
static void begin_guarded(enum guard_way way)
{
	printed[0] = '\0';
	box.teller = (struct teller){.tell = print, .arg = &plan};
	box.guard_way = way;
	box.helpers[HELPER_GUARD].monitor = GUARD;
	fake_sys_given(GUARD, "guard");
	command_starts();
}

static void guard_sends(const struct report *report, size_t size)
{
	ready("guard");
	fake_sys_answer_message("receive guard", report != NULL ? report : (const void *)"", size,
				NULL);
}

TEST(tells_what_the_guard_says_while_the_command_runs)
{
	begin_guarded(GUARD_PUT_BACK);
	guard_sends(&note_of_guard, offsetof(struct report, note) + sizeof(note_of_guard.note));
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_string_equal(printed, "warning: masked again\n");
}

TEST(takes_the_guard_s_report_before_the_end_of_the_command)
{
	begin_guarded(GUARD_PUT_BACK);
	ready("guard sock");
	fake_sys_answer_message("receive guard", &note_of_guard,
				offsetof(struct report, note) + sizeof(note_of_guard.note), NULL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_string_equal(printed, "warning: masked again\n");
}

TEST(ends_all_if_the_guard_says_so)
{
	begin_guarded(GUARD_END);
	guard_sends(&failure_of_guard, sizeof(failure_of_guard));
	fake_sys_always_ready("poll guard, 1000 ms", "guard");
	child_is_gone();
	assert_fails(ESTALE, "unprotected");
	assert_int_equal(e.stage, ERR_GUARD);
	assert_contains(fake_sys_trace(), "poll guard, 1000 ms\nkill child 9\n");
}

TEST(hears_of_it_also_if_the_command_has_ended_meanwhile)
{
	begin_guarded(GUARD_END);
	command_ends(true);
	fake_sys_answer_ready("look guard, 0 ms", "guard");
	fake_sys_answer_message("receive guard", &failure_of_guard, sizeof(failure_of_guard), NULL);
	fake_sys_always_ready("poll guard, 1000 ms", "guard");
	child_is_gone();
	assert_int_equal(run(), -ESTALE);
	assert_string_equal(e.msg, "unprotected");
}

TEST(runs_nothing_that_is_not_watched_any_more)
{
	begin_guarded(GUARD_PUT_BACK);
	guard_sends(NULL, 0);
	child_is_gone();
	assert_fails(ECHILD, "the process that watches the protected paths was killed");
	assert_int_equal(e.stage, ERR_GUARD);
}

TEST(warns_if_nothing_is_watched_any_more_where_that_is_to_be_tried_only)
{
	begin_guarded(GUARD_TRY);
	guard_sends(NULL, 0);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_starts_with(printed,
			   "warning: the process that watches the protected paths has exited");
}

TEST(does_not_miss_a_guard_that_ends_with_the_first_process)
{
	begin_guarded(GUARD_PUT_BACK);
	guard_sends(NULL, 0);
	fake_sys_answer_ready("look child, 0 ms", "child");
	child_ends(3 << 8);
	assert_status(3 << 8);
}

TEST(takes_no_note_for_the_namespaces)
{
	plan.fds[FD_INFO] = (struct descriptor){"info-fd", INFO};
	note_comes(NOTE_WARNING);
	child_is_gone();
	assert_fails(EPROTO, "cannot read the namespace IDs: Protocol error");
	assert_string_equal(printed, "");
}

TEST(tells_of_the_start_before_it_lets_the_sandbox_begin)
{
	whole_run();
	assert_status(3 << 8);
	/* what is not the monitor's is closed before: a reader must see its end */
	assert_in_order(fake_sys_trace(), ARGV("close_range 3 5\n"
					       "close_range 11 11\n"
					       "close_range 17 99\n"
					       "close_range 101 -\n",
					       "poll child signals sock, -1 ms\n"
					       "receive sock\n"
					       "await_room info child signals, -1 ms\n"
					       "write info " INFO_TEXT "\n"
					       "await_room status child signals, -1 ms\n"
					       "write status " STARTED_TEXT "\n" LET_BEGIN));
	assert_int_equal(fake_sys_fd("info"), -1);
	assert_int_equal(fake_sys_fd("status"), STATUS);
}

TEST(tells_only_those_who_want_to_know)
{
	whole_run();
	plan.fds[FD_INFO] = (struct descriptor){0};
	assert_status(3 << 8);
	assert_told(INFO, ARGV(NULL));
	assert_non_null(fake_sys_written(STATUS, 3, NULL));
	(void)set_up(NULL);
	whole_run();
	plan.fds[FD_STATUS] = (struct descriptor){0};
	assert_status(3 << 8);
	assert_told(INFO, ARGV(INFO_TEXT));
	assert_told(STATUS, ARGV(NULL));
}

TEST(tells_the_number_of_the_first_process_if_that_is_the_command)
{
	box.has_reaper = false;
	tell();
	namespaces_come();
	command_starts();
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_status(SIGKILL);
	assert_told(STATUS,
		    ARGV(STARTED_TEXT, "{ \"phase\": \"running\", \"command-pid\": 1000 }\n",
			 "{ \"phase\": \"ended\", \"signal\": 9, \"user-us\": 0, "
			 "\"system-us\": 0, \"max-rss-kib\": 0 }\n",
			 "{ \"exit-code\": 137 }\n"));
}

TEST(tells_the_number_of_whoever_becomes_the_command)
{
	static const struct report report = {.kind = REPORT_STARTED};

	tell();
	namespaces_come();
	fake_sys_sender(77);
	report_comes(&report, sizeof(report.kind), NULL); /* without a handle as well */
	command_ends(false);
	assert_status(3 << 8);
	assert_told(STATUS, ARGV(STARTED_TEXT, "{ \"phase\": \"running\", \"command-pid\": 77 }\n",
				 "{ \"phase\": \"ended\" }\n", "{ \"exit-code\": 3 }\n"));
}

TEST(tells_nothing_of_what_was_used_while_others_are_left_inside)
{
	tell();
	namespaces_come();
	command_starts();
	command_ends(false);
	assert_status(3 << 8);
	assert_told(STATUS, ARGV(STARTED_TEXT, RUNNING_TEXT, "{ \"phase\": \"ended\" }\n",
				 "{ \"exit-code\": 3 }\n"));
}

TEST(tells_no_exit_code_of_a_command_that_did_not_run)
{
	tell();
	namespaces_come();
	signal_comes(SIGTERM, SI_USER);
	child_is_gone();
	assert_status(SIGTERM);
	assert_told(STATUS, ARGV(STARTED_TEXT));
	(void)set_up(NULL);
	tell();
	namespaces_come();
	run_fails();
	child_is_gone();
	assert_fails(ENOENT, "cannot");
	assert_told(STATUS, ARGV(STARTED_TEXT));
}

TEST(hears_why_there_are_no_namespaces_to_tell_of)
{
	static const struct report failed = {
		.kind = REPORT_FAILED,
		.err = {.code = EACCES, .msg = "cannot learn"},
	};

	tell();
	ready("sock");
	fake_sys_answer_message("receive sock", &failed, sizeof(failed), NULL);
	child_is_gone();
	assert_fails(EACCES, "cannot learn");
	assert_told(INFO, ARGV(NULL));
	assert_contains(fake_sys_trace(), "receive sock\nkill child 9\n");
	assert_null(strstr(fake_sys_trace(), "send sock"));
}

TEST(believes_nothing_else_to_be_about_namespaces)
{
	static const struct report started = {.kind = REPORT_STARTED};
	static const size_t sizes[] = {sizeof(started.kind), 1};

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		(void)set_up(NULL);
		tell();
		ready("sock");
		fake_sys_answer_message("receive sock", &started, sizes[i], "planted");
		child_is_gone();
		assert_fails(EPROTO, "cannot read the namespace IDs: Protocol error");
		assert_null(strstr(fake_sys_trace(), "send sock"));
	}
}

TEST(lets_the_end_tell_why_there_are_no_namespaces_to_tell_of)
{
	tell();
	ready("sock"); /* the socket is at its end */
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_fails(ECHILD,
		     "the sandbox's first process was killed by signal 9 (Killed) before the "
		     "command ran");
	assert_told(STATUS, ARGV(NULL));
	assert_null(strstr(fake_sys_trace(), "send sock"));
}

/* Where it waits for the caller to read, or for the first process inside to speak. */
static const char *const waits[] = {
	"poll child signals sock, -1 ms",
	"await_room info*",
	"await_room status*",
};

TEST(ends_the_run_by_a_signal_while_nobody_reads)
{
	static const struct signalfd_siginfo info = {.ssi_signo = SIGTERM, .ssi_code = SI_USER};

	for (size_t i = 0; i < LENGTH(waits); i++) {
		(void)set_up(NULL);
		tell();
		fake_sys_answer(waits[i], -EINTR);
		fake_sys_answer_ready(waits[i], "signals");
		fake_sys_answer_data("read signals", 0, &info, sizeof(info));
		if (i > 0)
			namespaces_come();
		child_is_gone();
		assert_status(SIGTERM);
		assert_contains(fake_sys_trace(), "read signals\n" END_EARLY);
		assert_null(strstr(fake_sys_trace(), "send sock"));
		assert_int_equal(fake_sys_fd("info"), -1);
	}
}

TEST(does_not_wait_for_readers_when_the_first_process_has_ended)
{
	for (size_t i = 0; i < LENGTH(waits); i++) {
		(void)set_up(NULL);
		tell();
		fake_sys_answer_ready(waits[i], "child");
		if (i > 0)
			namespaces_come();
		child_ends(SIGKILL);
		assert_int_equal(run(), -ECHILD);
		assert_null(strstr(fake_sys_trace(), "send sock"));
	}
}

TEST(says_that_it_cannot_wait_for_readers)
{
	for (size_t i = 0; i < LENGTH(waits); i++) {
		(void)set_up(NULL);
		tell();
		fake_sys_answer(waits[i], -ENOMEM);
		if (i > 0)
			namespaces_come();
		child_is_gone();
		assert_fails(ENOMEM,
			     "cannot wait for the sandbox to start: Cannot allocate memory");
		assert_contains(fake_sys_trace(), "kill child 9\n");
	}
}

TEST(lets_nothing_begin_while_it_has_more_than_its_own)
{
	fake_sys_always("close_range *", -EPERM);
	child_is_gone();
	assert_fails(EPERM, "cannot close other descriptors: "
			    "Operation not permitted");
	assert_contains(fake_sys_trace(), "kill child 9\n");
	assert_null(strstr(fake_sys_trace(), "send sock"));
}

TEST(lets_nothing_begin_that_it_cannot_tell_of)
{
	static const struct {
		const char *call;
		const char *msg;
	} calls[] = {
		{"write info*", "--info-fd: cannot write to descriptor 9: Broken pipe"},
		{"write status*", "--json-status-fd: cannot write to descriptor 10: Broken pipe"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		(void)set_up(NULL);
		tell();
		namespaces_come();
		fake_sys_answer(calls[i].call, -EPIPE);
		child_is_gone();
		assert_fails(EPIPE, calls[i].msg);
		assert_contains(fake_sys_trace(), "kill child 9\n");
		assert_null(strstr(fake_sys_trace(), "send sock"));
	}
}

TEST(tells_that_the_command_is_stuck_and_not_reaped)
{
	tell();
	namespaces_come();
	fake_proc_show(&(struct fake_process){.pid = CHILD_PID, .parent = 1});
	fake_proc_show(&exiting);
	command_starts();
	time_passes();
	assert_status(7 << 8);
	assert_told(STATUS,
		    ARGV(STARTED_TEXT, RUNNING_TEXT,
			 "{ \"phase\": \"ended\", \"reaped\": false }\n",
			 "{ \"phase\": \"stuck\", \"pid\": 4321, \"name\": \"sh\", \"role\": "
			 "\"command\", \"state\": \"D\", \"seconds\": 1.030, \"wchan\": \"\", "
			 "\"thread\": 4321, \"meaning\": \"the kernel is waiting for a device or a "
			 "lock\", \"hint\": \"the kernel log may say more\" }\n"
			 "{ \"phase\": \"stuck\", \"pid\": 1000, \"name\": \"sh\", \"role\": "
			 "\"reaper\", \"state\": \"S\", \"seconds\": 1.030, \"wchan\": \"\", "
			 "\"thread\": 1000 }\n",
			 "{ \"exit-code\": 7 }\n"));
}

TEST(waits_once_for_who_does_not_read_how_it_ended)
{
	tell();
	namespaces_come();
	command_starts();
	command_ends(true);
	child_is_gone();
	fake_sys_always("await_room status, 1000 ms", 0);
	assert_status(3 << 8);
	assert_told(STATUS, ARGV(STARTED_TEXT));
	/* for the line that it runs, and for all that come later */
	assert_int_equal(count_in(fake_sys_trace(), "await_room status, 1000 ms\n"), 2);
}

TEST(tells_what_is_stuck_of_a_run_that_has_failed)
{
	tell();
	namespaces_come();
	fake_proc_show(&(struct fake_process){.pid = CHILD_PID, .parent = 1, .state = 'D'});
	run_fails();
	fake_sys_always("poll*", 0);
	assert_fails(ENOENT, "cannot");
	assert_true(out.n_stuck > 0);
	assert_told(STATUS,
		    ARGV(STARTED_TEXT,
			 "{ \"phase\": \"stuck\", \"pid\": 1000, \"name\": \"sh\", \"role\": "
			 "\"reaper\", \"state\": \"D\", \"seconds\": 1.000, \"wchan\": \"\", "
			 "\"thread\": 1000, \"meaning\": \"the kernel is waiting for a device or a "
			 "lock\", \"hint\": \"the kernel log may say more\" }\n"));
}

/* The command is stuck, and its status is unknown. */
static void nobody_may_know(void)
{
	fake_proc_show(&(struct fake_process){.pid = CHILD_PID, .parent = 1});
	fake_proc_show(&exiting);
	command_starts();
	fake_sys_always("poll*", 0);
	fake_sys_always("readlink /proc 4321/ns/user", -EACCES);
}

TEST(tells_that_the_command_is_stuck_even_if_nobody_can_say_how_it_ended)
{
	nobody_may_know();
	assert_fails(ETIMEDOUT, STATUS_IS_UNKNOWN);
	assert_int_equal(out.n_stuck, 2);
	assert_int_equal(out.stuck[0].pid, COMMAND_PID);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
	assert_int_equal(out.stuck[1].role, STUCK_REAPER);
	assert_in_range(out.stuck[0].ms, 1000, 1300);
}

TEST(tells_of_nobody_who_ends_when_a_run_that_has_failed_late_is_ended)
{
	nobody_may_know();
	fake_sys_answer_ready("poll child signals, 30 ms", "child");
	fake_sys_always_ready("poll janitor signals, 30 ms", "janitor");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
	assert_int_equal(run(), -ETIMEDOUT);
	for (size_t i = 0; i < out.n_stuck; i++)
		assert_int_not_equal(out.stuck[i].role, STUCK_REAPER);
}

TEST(tells_of_nothing_that_is_stuck_under_bubblewrap_s_name)
{
	plan.as_bwrap = true;
	tell();
	namespaces_come();
	fake_proc_show(&exiting);
	command_starts();
	time_passes();
	assert_status(7 << 8);
	assert_told(STATUS, ARGV(STARTED_TEXT, "{ \"exit-code\": 7 }\n"));
	assert_true(out.n_stuck > 0);
}

TEST(tells_the_truth_or_fails_whichever_call_fails)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		(void)set_up(NULL);
		whole_run();
		fake_sys_always("poll*", 0);
		fake_sys_fail_at(nth, EIO);
		r = run();
		assert_true(r == 0 ? out.status == 3 << 8 : out.status == -1);
		assert_int_equal(e.code, -r);
		assert_int_equal(e.msg[0] != '\0', r < 0);
		if (fake_sys_calls() < nth)
			break;
	}
	assert_true(nth > 30);
}

TEST(does_not_mind_when_nobody_listens_any_more)
{
	whole_run();
	fake_sys_answer("write status " STARTED_TEXT, sizeof(STARTED_TEXT) - 1);
	fake_sys_always("write status*", -EPIPE);
	assert_status(3 << 8);
}

TEST(hears_of_namespaces_twice_without_harm)
{
	namespaces_come();
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

/* --- Ids that the caller maps --------------------------------------------- */

#define AWAIT "poll block child signals, -1 ms\n"

/* A run that is not to begin before something comes from the descriptor BLOCK. */
static void block(void)
{
	plan.fds[FD_USERNS_BLOCK] = (struct descriptor){"userns-block-fd", BLOCK};
	tell();
	namespaces_come();
}

TEST(lets_the_sandbox_begin_when_the_ids_are_mapped)
{
	block();
	fake_sys_answer("poll*", -EINTR);
	ready("block");
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(),
			"write status " STARTED_TEXT "\n" AWAIT AWAIT "send sock\n");
}

TEST(ends_the_run_by_a_signal_before_the_ids_are_mapped)
{
	block();
	signal_comes(SIGTERM, SI_USER);
	child_is_gone();
	assert_status(SIGTERM);
	assert_contains(fake_sys_trace(),
			AWAIT "read signals\n" END_EARLY "look signals, 0 ms\n" END_OF_CHILD);
	assert_null(strstr(fake_sys_trace(), "send sock"));
}

TEST(waits_on_when_there_is_no_signal_after_all)
{
	block();
	ready("signals");
	fake_sys_answer("read signals", -EAGAIN);
	ready("block");
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), AWAIT "read signals\n" AWAIT "send sock\n");
}

TEST(does_not_wait_for_the_ids_of_the_dead)
{
	block();
	ready("child");
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_fails(ECHILD,
		     "the sandbox's first process was killed by signal 9 (Killed) before the "
		     "command ran");
}

TEST(says_that_it_cannot_wait_for_the_ids)
{
	block();
	fake_sys_answer("poll*", -ENOMEM);
	child_is_gone();
	assert_fails(ENOMEM, "cannot wait for the sandbox to start: Cannot allocate memory");
	assert_contains(fake_sys_trace(), "kill child 9\n");
}

/* --- Signals, under bubblewrap's name ------------------------------------- */

TEST(is_ended_by_a_signal_of_a_process_as_bubblewrap_is)
{
	plan.as_bwrap = true;
	command_starts();
	signal_comes(SIGTERM, SI_USER);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8); /* in a test, no signal kills */
	assert_contains(fake_sys_trace(), "read signals\ndie_of 15\n");
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(leaves_nobody_behind_when_a_signal_ends_it_before_there_is_a_command)
{
	static const int codes[] = {SI_USER, SI_KERNEL};

	for (size_t i = 0; i < LENGTH(codes); i++) {
		(void)set_up(NULL);
		plan.as_bwrap = true;
		signal_comes(SIGHUP, codes[i]);
		child_is_gone();
		assert_status(SIGHUP);
		assert_contains(fake_sys_trace(), "read signals\n" END_EARLY "die_of 1\n");
	}
}

TEST(passes_nothing_that_the_terminal_sends_on_as_bubblewrap)
{
	plan.as_bwrap = true;
	plan.processes.new_session = true;
	command_starts();
	signal_comes(SIGINT, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_null(strstr(fake_sys_trace(), "die_of"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(relays_what_the_terminal_sends_to_its_group, set_up),
	cmocka_unit_test_setup(passes_what_stands_for_a_key_to_the_group, set_up),
	cmocka_unit_test_setup(takes_the_end_of_the_command_before_a_signal, set_up),
	cmocka_unit_test_setup(takes_the_end_of_the_first_process_before_a_signal, set_up),
	cmocka_unit_test_setup(stops_with_the_command_and_continues_it, set_up),
	cmocka_unit_test_setup(stops_with_a_process_that_continues_it_and_kills_that_later, set_up),
	cmocka_unit_test_setup(continues_a_stopped_monitor_when_the_command_has_exited, set_up),
	cmocka_unit_test_setup(
		stops_with_the_command_in_the_caller_s_group_where_there_is_a_terminal, set_up),
	cmocka_unit_test_setup(
		does_not_stop_with_a_command_that_goes_on_or_by_a_signal_that_stops_nobody, set_up),
	cmocka_unit_test_setup(sees_itself_that_a_command_without_a_reaper_stops, set_up),
	cmocka_unit_test_setup(continues_the_sandbox_when_it_is_continued, set_up),
	cmocka_unit_test_setup(tells_an_end_by_a_key_from_others, set_up),
	cmocka_unit_test_setup(passes_what_the_command_has_died_of_on_to_its_group, set_up),
	cmocka_unit_test_setup(gives_the_terminal_back_that_the_command_has_had_from_its_start,
			       set_up),
	cmocka_unit_test_setup(leaves_mount_points_to_the_janitor, set_up),
	cmocka_unit_test_setup(removes_mount_points_if_the_janitor_was_killed, set_up),
	cmocka_unit_test_setup(removes_mount_points_when_nobody_is_left_to_see_them, set_up),
	cmocka_unit_test_setup(leaves_a_process_behind_for_mount_points_that_others_see, set_up),
	cmocka_unit_test_setup(fails_if_it_cannot_remember_a_mount_point, set_up),
	cmocka_unit_test_setup(does_not_believe_in_mount_points_once_there_is_a_command, set_up),
	cmocka_unit_test_setup(hears_of_mount_points_after_a_signal_has_ended_the_run, set_up),
	cmocka_unit_test_setup(returns_the_status_of_the_command, set_up),
	cmocka_unit_test_setup(waits_for_nobody_while_others_are_left_inside, set_up),
	cmocka_unit_test_setup(waits_no_longer_than_a_second_for_the_mounts_to_go, set_up),
	cmocka_unit_test_setup(hears_what_was_said_before_the_end, set_up),
	cmocka_unit_test_setup(passes_an_error_from_inside_on_as_it_is, set_up),
	cmocka_unit_test_setup(says_that_the_first_process_was_killed, set_up),
	cmocka_unit_test_setup(says_that_the_first_process_ended_without_a_word, set_up),
	cmocka_unit_test_setup(takes_the_end_of_the_first_process_for_that_of_a_command_that_ran,
			       set_up),
	cmocka_unit_test_setup(does_not_take_what_it_cannot_learn_for_success, set_up),
	cmocka_unit_test_setup(takes_the_first_process_for_the_command_without_a_reaper, set_up),
	cmocka_unit_test_setup(knows_without_a_reaper_that_nothing_ran_before_exec, set_up),
	cmocka_unit_test_setup(looks_again_at_a_child_that_has_ended_but_cannot_be_reaped, set_up),
	cmocka_unit_test_setup(hears_of_an_end_while_a_tracer_holds_the_child, set_up),
	cmocka_unit_test_setup(leaves_a_reaper_in_peace_that_says_at_once_how_the_command_ended,
			       set_up),
	cmocka_unit_test_setup(wakes_a_reaper_once_that_does_not_say_how_the_command_ended, set_up),
	cmocka_unit_test_setup(wakes_a_reaper_of_a_command_whose_end_has_taken_long, set_up),
	cmocka_unit_test_setup(cuts_the_wait_for_a_silent_reaper_short_when_a_signal_comes, set_up),
	cmocka_unit_test_setup(hears_a_reaper_that_speaks_after_a_signal_all_the_same, set_up),
	cmocka_unit_test_setup(waits_no_longer_than_a_second_to_hear_how_the_command_ended, set_up),
	cmocka_unit_test_setup(does_not_wait_for_ever_for_a_reaper_that_a_tracer_holds, set_up),
	cmocka_unit_test_setup(takes_what_happens_while_a_tracer_holds_the_child, set_up),
	cmocka_unit_test_setup(takes_the_status_of_a_command_whose_reaper_is_silent_from_the_kernel,
			       set_up),
	cmocka_unit_test_setup(takes_the_status_of_a_command_that_is_stuck_from_the_kernel, set_up),
	cmocka_unit_test_setup(has_those_ended_who_may_hold_a_command_that_is_stuck, set_up),
	cmocka_unit_test_setup(cuts_connections_for_a_command_that_is_stuck_at_half_of_its_time,
			       set_up),
	cmocka_unit_test_setup(counts_from_a_report_however_long_the_command_has_been_seen_to_end,
			       set_up),
	cmocka_unit_test_setup(lets_a_command_run_that_only_looked_as_if_it_had_ended, set_up),
	cmocka_unit_test_setup(looks_twice_before_it_gives_a_command_up, set_up),
	cmocka_unit_test_setup(counts_the_time_of_a_command_from_when_it_was_last_seen_to_run,
			       set_up),
	cmocka_unit_test_setup(does_not_take_what_it_may_not_know_of_a_stuck_command_for_success,
			       set_up),
	cmocka_unit_test_setup(looks_at_the_first_process_if_that_is_the_command, set_up),
	cmocka_unit_test_setup(waits_for_ever_without_a_procfs, set_up),
	cmocka_unit_test_setup(says_that_there_is_no_janitor, set_up),
	cmocka_unit_test_setup(closes_the_ends_that_are_the_janitor_s, set_up),
	cmocka_unit_test_setup(loses_no_time_over_a_janitor_that_there_is_not, set_up),
	cmocka_unit_test_setup(begins_nothing_without_a_janitor, set_up),
	cmocka_unit_test_setup(goes_on_without_a_janitor_unless_nothing_is_to_be_left, set_up),
	cmocka_unit_test_setup(passes_a_signal_of_a_process_on, set_up),
	cmocka_unit_test_setup(does_not_send_twice_what_the_terminal_sends, set_up),
	cmocka_unit_test_setup(passes_on_what_the_terminal_does_not_send_to_another_session,
			       set_up),
	cmocka_unit_test_setup(
		opens_a_command_by_its_number_if_that_shows_that_it_is_there_all_the_time, set_up),
	cmocka_unit_test_setup(does_not_mind_a_command_that_is_dead_before_it_can_be_opened,
			       set_up),
	cmocka_unit_test_setup(lets_a_process_inside_give_the_mount_namespace_that_it_has_not_got,
			       set_up),
	cmocka_unit_test_setup(hears_of_a_command_before_it_passes_a_signal_on, set_up),
	cmocka_unit_test_setup(ends_the_run_by_a_signal_before_there_is_a_command, set_up),
	cmocka_unit_test_setup(
		leaves_a_reaper_that_has_to_end_others_to_its_work_if_a_signal_comes_too_late,
		set_up),
	cmocka_unit_test_setup(passes_signals_to_the_first_process_once_it_is_the_command, set_up),
	cmocka_unit_test_setup(ends_the_run_by_a_signal_without_a_reaper_before_exec, set_up),
	cmocka_unit_test_setup(goes_on_when_the_command_cannot_be_signalled_any_more, set_up),
	cmocka_unit_test_setup(goes_on_when_there_is_no_signal_after_all, set_up),
	cmocka_unit_test_setup(stops_itself_when_the_terminal_stops_the_command, set_up),
	cmocka_unit_test_setup(stops_those_whom_the_terminal_does_not_reach, set_up),
	cmocka_unit_test_setup(stops_alone_where_it_cannot_find_those_inside, set_up),
	cmocka_unit_test_setup(takes_the_terminal_back_when_all_is_over, set_up),
	cmocka_unit_test_setup(takes_no_terminal_that_it_did_not_have, set_up),
	cmocka_unit_test_setup(lets_the_end_of_a_dead_child_tell_why, set_up),
	cmocka_unit_test_setup(says_that_the_sandbox_cannot_begin, set_up),
	cmocka_unit_test_setup(says_that_it_cannot_hear, set_up),
	cmocka_unit_test_setup(believes_no_malformed_report, set_up),
	cmocka_unit_test_setup(believes_no_report_that_brings_a_descriptor_of_its_own, set_up),
	cmocka_unit_test_setup(leaves_nobody_behind_when_the_run_has_failed, set_up),
	cmocka_unit_test_setup(says_that_it_cannot_wait, set_up),
	cmocka_unit_test_setup(goes_on_after_an_interruption, set_up),
	cmocka_unit_test_setup(keeps_only_the_latest_handle_of_a_command, set_up),
	cmocka_unit_test_setup(closes_what_it_does_not_need_itself, set_up),
	cmocka_unit_test_setup(tells_the_caller_what_happens, set_up),
	cmocka_unit_test_setup(tells_no_more_than_bubblewrap_under_its_name, set_up),
	cmocka_unit_test_setup(tells_what_is_noted_while_the_sandbox_is_built_and_nothing_later,
			       set_up),
	cmocka_unit_test_setup(
		prints_what_is_noted_under_bubblewrap_s_name_but_writes_no_line_of_it, set_up),
	cmocka_unit_test_setup(takes_no_note_for_the_namespaces, set_up),
	cmocka_unit_test_setup(tells_what_the_guard_says_while_the_command_runs, set_up),
	cmocka_unit_test_setup(takes_the_guard_s_report_before_the_end_of_the_command, set_up),
	cmocka_unit_test_setup(ends_all_if_the_guard_says_so, set_up),
	cmocka_unit_test_setup(hears_of_it_also_if_the_command_has_ended_meanwhile, set_up),
	cmocka_unit_test_setup(runs_nothing_that_is_not_watched_any_more, set_up),
	cmocka_unit_test_setup(warns_if_nothing_is_watched_any_more_where_that_is_to_be_tried_only,
			       set_up),
	cmocka_unit_test_setup(does_not_miss_a_guard_that_ends_with_the_first_process, set_up),
	cmocka_unit_test_setup(tells_of_the_start_before_it_lets_the_sandbox_begin, set_up),
	cmocka_unit_test_setup(tells_only_those_who_want_to_know, set_up),
	cmocka_unit_test_setup(tells_the_number_of_the_first_process_if_that_is_the_command,
			       set_up),
	cmocka_unit_test_setup(tells_the_number_of_whoever_becomes_the_command, set_up),
	cmocka_unit_test_setup(tells_nothing_of_what_was_used_while_others_are_left_inside, set_up),
	cmocka_unit_test_setup(tells_no_exit_code_of_a_command_that_did_not_run, set_up),
	cmocka_unit_test_setup(hears_why_there_are_no_namespaces_to_tell_of, set_up),
	cmocka_unit_test_setup(believes_nothing_else_to_be_about_namespaces, set_up),
	cmocka_unit_test_setup(lets_the_end_tell_why_there_are_no_namespaces_to_tell_of, set_up),
	cmocka_unit_test(ends_the_run_by_a_signal_while_nobody_reads),
	cmocka_unit_test(does_not_wait_for_readers_when_the_first_process_has_ended),
	cmocka_unit_test(says_that_it_cannot_wait_for_readers),
	cmocka_unit_test_setup(lets_nothing_begin_while_it_has_more_than_its_own, set_up),
	cmocka_unit_test_setup(lets_nothing_begin_that_it_cannot_tell_of, set_up),
	cmocka_unit_test_setup(tells_that_the_command_is_stuck_and_not_reaped, set_up),
	cmocka_unit_test_setup(waits_once_for_who_does_not_read_how_it_ended, set_up),
	cmocka_unit_test_setup(tells_what_is_stuck_of_a_run_that_has_failed, set_up),
	cmocka_unit_test_setup(tells_that_the_command_is_stuck_even_if_nobody_can_say_how_it_ended,
			       set_up),
	cmocka_unit_test_setup(tells_of_nobody_who_ends_when_a_run_that_has_failed_late_is_ended,
			       set_up),
	cmocka_unit_test_setup(tells_of_nothing_that_is_stuck_under_bubblewrap_s_name, set_up),
	cmocka_unit_test(tells_the_truth_or_fails_whichever_call_fails),
	cmocka_unit_test_setup(does_not_mind_when_nobody_listens_any_more, set_up),
	cmocka_unit_test_setup(hears_of_namespaces_twice_without_harm, set_up),
	cmocka_unit_test_setup(lets_the_sandbox_begin_when_the_ids_are_mapped, set_up),
	cmocka_unit_test_setup(ends_the_run_by_a_signal_before_the_ids_are_mapped, set_up),
	cmocka_unit_test_setup(waits_on_when_there_is_no_signal_after_all, set_up),
	cmocka_unit_test_setup(does_not_wait_for_the_ids_of_the_dead, set_up),
	cmocka_unit_test_setup(says_that_it_cannot_wait_for_the_ids, set_up),
	cmocka_unit_test_setup(is_ended_by_a_signal_of_a_process_as_bubblewrap_is, set_up),
	cmocka_unit_test_setup(leaves_nobody_behind_when_a_signal_ends_it_before_there_is_a_command,
			       set_up),
	cmocka_unit_test_setup(passes_nothing_that_the_terminal_sends_on_as_bubblewrap, set_up),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
