/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "fake_malloc.h"
#include "fake_proc.h"
#include "fake_sys.h"
#include "run/janitor.h"
#include "run/teardown.h"
#include "sys/sys.h"
#include "test.h"

enum {
	PROC = 5,
	CHILD = 7,
	SIGNALS,
	JANITOR,
	SOCK,
	SELF = 1,
	JANITOR_PID = 300,
	FIRST = 1000,
	COMMAND,
	OTHER
};

static struct plan plan;
static struct box box;
static struct helper janitor;
static struct teardown teardown;
static struct outcome out;

/* The command has just ended; the first process inside and the janitor are there. */
static void start(void)
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_given_pidfd(CHILD, "child", FIRST);
	fake_sys_given(SIGNALS, "signals");
	fake_sys_given_pidfd(JANITOR, "janitor", JANITOR_PID);
	fake_sys_given(SOCK, "sock");
	fake_sys_always("clone", -EAGAIN); /* no helper reads stacks */
	fake_proc_show(&(struct fake_process){.pid = SELF});
	fake_proc_show(&(struct fake_process){.pid = JANITOR_PID, .parent = SELF});
	fake_proc_show(&(struct fake_process){.pid = FIRST, .parent = SELF});
	plan = (struct plan){.processes.teardown_ms = 1000};
	box = (struct box){.plan = &plan, .has_reaper = true};
	janitor = (struct helper){.pidfd = JANITOR, .monitor = SOCK};
	free(out.stuck);
	out = (struct outcome){0};
	teardown = (struct teardown){
		.box = &box,
		.proc = PROC,
		.child = CHILD,
		.signals = SIGNALS,
		.janitor = &janitor,
		.since = sys_now_ms(),
	};
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

static int tear_down(void **state __attribute__((unused)))
{
	free(out.stuck);
	out = (struct outcome){0};
	return 0;
}

static void await(void)
{
	teardown_await(&teardown, &out);
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* --- Events --------------------------------------------------------------- */

#define LEAST "30 ms"
#define HALF_LEAST "15 ms"
#define POLL_CHILD "poll child signals, "
#define POLL_JANITOR "poll janitor signals, "
#define REAP_JANITOR "look janitor, 0 ms\nwait_pidfd janitor\n"
#define FORCE "kill child 18\nkill child 9\nsend sock\nkill janitor 18\n"

static void child_ends(const char *wait)
{
	fake_sys_answer_ready(wait, "child");
}

static void janitor_ends(const char *wait)
{
	fake_sys_answer_ready(wait, "janitor");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
}

static void signal_comes(const char *wait)
{
	static const struct signalfd_siginfo info = {.ssi_signo = SIGTERM};

	fake_sys_answer_data("read signals", 0, &info, sizeof(info));
	fake_sys_answer_ready(wait, "signals");
}

/* No process exits, whatever is done. */
static void nobody_ends(void)
{
	fake_sys_always("poll*", 0);
}

/* Check what the janitor was asked for, in this order. */
static void assert_asked(const char *requests)
{
	unsigned i;

	for (i = 0; requests[i] != '\0'; i++) {
		const char *asked = fake_sys_written(SOCK, i, NULL);

		assert_non_null(asked);
		assert_int_equal(*asked, requests[i]);
	}
	assert_null(fake_sys_written(SOCK, i, NULL));
}

/* --- The first process inside --------------------------------------------- */

TEST(sees_whether_the_first_process_has_ended)
{
	static const struct fake_end end = {.status = 7 << 8, .usage = {.ru_maxrss = 4096}};
	struct teardown_child first = {0};

	fake_sys_answer("wait_pidfd child", 0);
	assert_int_equal(teardown_look(CHILD, &first), 0);
	assert_false(first.gone);
	assert_true(first.unreapable);
	fake_sys_answer_data("wait_pidfd child", 1, &end, sizeof(end));
	assert_int_equal(teardown_look(CHILD, &first), 0);
	assert_true(first.gone);
	assert_false(first.unreapable);
	assert_int_equal(first.status, 7 << 8);
	assert_int_equal(first.usage.ru_maxrss, 4096);
	fake_sys_answer("wait_pidfd child", -ECHILD);
	assert_int_equal(teardown_look(CHILD, &first), -ECHILD);
}

/* --- The clock ------------------------------------------------------------ */

TEST(waits_for_the_first_process_and_the_janitor)
{
	child_ends(POLL_CHILD "200 ms");
	janitor_ends(POLL_JANITOR "1000 ms");
	await();
	assert_string_equal(fake_sys_trace(),
			    "look signals, 0 ms\n" POLL_CHILD "200 ms\n"
			    "wait_pidfd child\n" POLL_JANITOR "1000 ms\n" REAP_JANITOR);
	assert_int_equal(out.n_stuck, 0);
	assert_true(teardown.first.gone);
	assert_asked("");
}

TEST(kills_and_frees_what_does_not_end_in_time)
{
	fake_sys_answer(POLL_CHILD "200 ms", 0);
	child_ends(POLL_CHILD "800 ms");
	janitor_ends(POLL_JANITOR "800 ms");
	await();
	assert_contains(fake_sys_trace(),
			POLL_CHILD "200 ms\n" FORCE POLL_CHILD "800 ms\n"
				   "wait_pidfd child\n" POLL_JANITOR "800 ms\n" REAP_JANITOR);
	assert_asked("f");
	assert_int_equal(out.n_stuck, 0);
}

TEST(says_what_is_stuck_and_goes_when_time_is_up)
{
	fake_proc_show(
		&(struct fake_process){.pid = FIRST, .parent = SELF, .state = 'D', .killed = true});
	nobody_ends();
	await();
	assert_starts_with(fake_sys_trace(),
			   "look signals, 0 ms\n" POLL_CHILD "200 ms\n" FORCE POLL_CHILD
			   "800 ms\nopen /proc self/fdinfo/7\n");
	assert_asked("fl");
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].pid, FIRST);
	assert_int_equal(out.stuck[0].role, STUCK_REAPER);
	assert_int_equal(out.stuck[0].ms, 1000);
	assert_string_equal(out.stuck[0].doing, "");
	assert_in_range(fake_sys_now(), 1000, 1100);
}

/* The timeout, what is waited up to the kill, and from then on. */
static const struct {
	unsigned timeout;
	const char *before;
	const char *after;
} clocks[] = {
	{0, POLL_CHILD HALF_LEAST "\n" FORCE, POLL_CHILD HALF_LEAST "\n"},
	{1, POLL_CHILD HALF_LEAST "\n" FORCE, POLL_CHILD HALF_LEAST "\n"},
	{30, POLL_CHILD HALF_LEAST "\n" FORCE, POLL_CHILD HALF_LEAST "\n"},
	{100, POLL_CHILD "50 ms\n" FORCE, POLL_CHILD "50 ms\n"},
	{400, POLL_CHILD "200 ms\n" FORCE, POLL_CHILD "200 ms\n"},
	{5000, POLL_CHILD "200 ms\n" FORCE, POLL_CHILD "4800 ms\n"},
	{1000000000, POLL_CHILD "200 ms\n" FORCE, POLL_CHILD "999999800 ms\n"},
};

TEST(goes_by_the_timeout_that_the_caller_wants)
{
	for (size_t i = 0; i < LENGTH(clocks); i++) {
		start();
		plan.processes.teardown_ms = clocks[i].timeout;
		nobody_ends();
		await();
		assert_in_order(fake_sys_trace(), ARGV(clocks[i].before, clocks[i].after));
		assert_asked("fl");
	}
}

TEST(counts_from_the_end_of_the_command)
{
	fake_sys_advance(150);
	child_ends(POLL_CHILD "50 ms");
	janitor_ends(POLL_JANITOR "850 ms");
	await();
	assert_contains(fake_sys_trace(), POLL_JANITOR "850 ms\n");
	start();
	fake_sys_advance(700);
	fake_sys_answer("look child signals, 0 ms", 0);
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "look child signals, 0 ms\n" FORCE POLL_CHILD "300 ms\n");
}

TEST(gives_those_inside_their_time_first)
{
	box.ends_all = true;
	box.grace_ms = 3000;
	teardown.others = true;
	nobody_ends();
	await();
	assert_in_order(fake_sys_trace(),
			ARGV(POLL_CHILD "3200 ms\n" FORCE, POLL_CHILD "800 ms\n"));
	start();
	box.ends_all = true;
	box.grace_ms = 3000;
	nobody_ends();
	await();
	assert_in_order(fake_sys_trace(), ARGV(POLL_CHILD "200 ms\n" FORCE, POLL_CHILD "800 ms\n"));
}

TEST(waits_for_nobody_where_others_live_on)
{
	teardown.others = true;
	await();
	assert_string_equal(fake_sys_trace(), "");
}

TEST(lets_a_signal_end_the_waiting)
{
	signal_comes(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(),
			POLL_CHILD "200 ms\nread signals\nopen /proc self/fdinfo/7\n");
	assert_null(strstr(fake_sys_trace(), "kill child"));
	assert_asked("l");
	start();
	child_ends(POLL_CHILD "200 ms");
	signal_comes(POLL_JANITOR "1000 ms");
	nobody_ends();
	await();
	assert_asked("l");
}

TEST(minds_no_signal_that_came_before)
{
	static const struct signalfd_siginfo info = {.ssi_signo = SIGTERM};

	for (unsigned i = 0; i < 2; i++) {
		fake_sys_answer_ready("look signals, 0 ms", "signals");
		fake_sys_answer_data("read signals", 0, &info, sizeof(info));
	}
	child_ends(POLL_CHILD "200 ms");
	janitor_ends(POLL_JANITOR "1000 ms");
	await();
	assert_starts_with(fake_sys_trace(), "look signals, 0 ms\n"
					     "read signals\n"
					     "look signals, 0 ms\n"
					     "read signals\n"
					     "look signals, 0 ms\n" POLL_CHILD);
}

TEST(waits_on_after_an_interruption)
{
	fake_sys_answer(POLL_CHILD "200 ms", -EINTR);
	child_ends(POLL_CHILD "200 ms");
	fake_sys_answer(POLL_JANITOR "1000 ms", -EINTR);
	janitor_ends(POLL_JANITOR "1000 ms");
	await();
	assert_contains(fake_sys_trace(), REAP_JANITOR);
	assert_asked("");
}

TEST(looks_again_at_a_process_that_it_cannot_reap)
{
	child_ends(POLL_CHILD "200 ms");
	fake_sys_always("wait_pidfd child", 0);
	fake_sys_answer("poll signals, 20 ms", 0);
	fake_sys_answer("poll signals, 20 ms", 0);
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), POLL_CHILD "200 ms\n"
						     "wait_pidfd child\n"
						     "poll signals, 20 ms\n"
						     "wait_pidfd child\n");
	assert_asked("fl");
	assert_in_range(fake_sys_now(), 1000, 1100);
	start();
	teardown.first.unreapable = true;
	fake_sys_answer("poll signals, 20 ms", 0);
	janitor_ends(POLL_JANITOR "980 ms");
	await();
	assert_asked("");
}

TEST(gives_up_where_it_cannot_learn_of_an_end)
{
	child_ends(POLL_CHILD "200 ms");
	fake_sys_answer("wait_pidfd child", -ECHILD);
	nobody_ends();
	await();
	assert_asked("l");
	start();
	fake_sys_answer(POLL_CHILD "200 ms", -ENOMEM);
	nobody_ends();
	await();
	assert_asked("l");
}

TEST(waits_for_the_janitor_of_a_process_that_is_gone)
{
	teardown.first.gone = true;
	janitor_ends(POLL_JANITOR "1000 ms");
	await();
	assert_string_equal(fake_sys_trace(),
			    "look signals, 0 ms\n" POLL_JANITOR "1000 ms\n" REAP_JANITOR);
}

TEST(does_not_wait_for_a_janitor_that_there_is_not)
{
	janitor = (struct helper){.pidfd = -1, .monitor = -1};
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_in_range(fake_sys_now(), 0, 50);
	assert_int_equal(out.n_stuck, 0);
}

TEST(reaps_a_janitor_that_lets_go_when_it_is_told_to)
{
	fake_sys_always_ready("poll janitor, " LEAST, "janitor");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "send sock\nkill janitor 18\npoll janitor, " LEAST
					  "\nwait_pidfd janitor\n");
	assert_asked("fl");
}

TEST(waits_no_longer_for_a_janitor_that_has_had_its_time)
{
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_int_equal(fake_sys_now(), 1000);
	assert_null(strstr(fake_sys_trace(), "wait_pidfd janitor"));
	assert_int_equal(out.stuck[0].role, STUCK_JANITOR);
}

TEST(tells_what_is_stuck_from_what_is_about_to_end_if_it_is_called_late)
{
	fake_sys_advance(1500);
	fake_sys_answer("look child signals, 0 ms", 0);
	child_ends(POLL_CHILD LEAST);
	janitor_ends(POLL_JANITOR LEAST);
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), FORCE POLL_CHILD LEAST "\n");
	assert_int_equal(out.n_stuck, 0);
	assert_asked("f");
}

TEST(goes_without_a_janitor_when_time_is_up)
{
	janitor = (struct helper){.pidfd = -1, .monitor = -1};
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill child 9\n");
	assert_int_equal(out.n_stuck, 1);
}

/* --- A command that is stuck ---------------------------------------------- */

/* The command is stuck in its exit: it has had its time. */
static void command_is_stuck(void)
{
	fake_proc_show(&(struct fake_process){
		.pid = COMMAND, .parent = FIRST, .name = "cp", .state = 'D', .exiting = true});
	teardown.command = COMMAND;
	fake_sys_advance(1500);
}

TEST(ends_what_is_around_a_command_that_is_stuck_at_once)
{
	command_is_stuck();
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "look child signals, 0 ms\n" FORCE POLL_CHILD LEAST "\n");
	assert_asked("fl");
	assert_int_equal(out.n_stuck, 2);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
	assert_int_equal(out.stuck[0].pid, COMMAND);
	assert_int_equal(out.stuck[0].ms, 1530);
	assert_int_equal(out.stuck[1].role, STUCK_REAPER);
	assert_int_equal(out.stuck[1].pid, FIRST);
}

TEST(tells_of_a_command_once_that_is_the_first_process)
{
	box.has_reaper = false;
	teardown.command = FIRST;
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
	start();
	box.has_reaper = false;
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_COMMAND);
}

TEST(does_not_leave_a_stuck_command_for_the_sake_of_others)
{
	command_is_stuck();
	teardown.others = true;
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill child 9\n");
}

/* --- What is still there -------------------------------------------------- */

TEST(tells_of_those_inside_by_what_holds_them)
{
	fake_proc_show(&(struct fake_process){.pid = OTHER, .parent = FIRST, .state = 'Z'});
	fake_proc_show_thread(
		OTHER, &(struct fake_process){
			       .pid = OTHER + 1, .name = "worker", .state = 'D', .exiting = true});
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 2);
	assert_int_equal(out.stuck[1].role, STUCK_INSIDE);
	assert_int_equal(out.stuck[1].pid, OTHER);
	assert_int_equal(out.stuck[1].stat.pid, OTHER + 1);
	assert_string_equal(out.stuck[1].stat.name, "worker");
}

TEST(tells_of_eight_processes_and_no_more)
{
	for (pid_t pid = OTHER; pid < OTHER + 20; pid++)
		fake_proc_show(&(struct fake_process){.pid = pid, .parent = FIRST});
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 8);
}

TEST(tells_of_nobody_who_goes_at_the_last_moment)
{
	static pid_t first = FIRST;

	fake_sys_then("open /proc self/fdinfo/7", fake_proc_end_later, &first);
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 0);
}

TEST(tells_of_nobody_without_memory)
{
	nobody_ends();
	fake_malloc_fail_at(1);
	await();
	fake_malloc_fail_at(0);
	assert_int_equal(out.n_stuck, 0);
	assert_asked("fl");
}

TEST(tells_of_the_janitor_and_what_it_was_at)
{
	static const struct janitor_work note = {"unmounting /mnt (fuse)"};

	child_ends(POLL_CHILD "200 ms");
	fake_sys_answer_ready("look sock, 0 ms", "sock");
	fake_sys_answer_data("read sock", 0, &note, sizeof(note));
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_JANITOR);
	assert_int_equal(out.stuck[0].pid, JANITOR_PID);
	assert_string_equal(out.stuck[0].doing, "unmounting /mnt (fuse)");
	assert_asked("l");
	assert_null(strstr(fake_sys_trace(), "kill child"));
}

/* --- Without a PID namespace ---------------------------------------------- */

/* The reaper was to end all inside; the monitor adopts what it leaves. */
static void reaper_ends(void)
{
	box.ends_all = true;
	box.reaper_ends = true;
	fake_sys_always_text("readlink /proc self/ns/mnt", "mnt:[1]");
	fake_sys_always_text("readlink /proc 1002/ns/mnt", "mnt:[2]");
}

static void show_orphan(void)
{
	fake_proc_end(FIRST);
	fake_proc_show(&(struct fake_process){.pid = OTHER, .parent = SELF});
}

TEST(ends_those_whom_the_reaper_has_left)
{
	static pid_t other = OTHER;

	reaper_ends();
	show_orphan();
	fake_sys_then("kill /proc/1002 9", fake_proc_end_later, &other);
	child_ends(POLL_CHILD "200 ms");
	janitor_ends(POLL_JANITOR "996 ms");
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
	assert_null(strstr(fake_sys_trace(), "open /proc 300 dir"));
	assert_int_equal(out.n_stuck, 0);
}

TEST(ends_those_whom_a_reaper_has_left_that_was_killed_before)
{
	static pid_t other = OTHER;

	reaper_ends();
	show_orphan();
	teardown.first.gone = true;
	fake_sys_then("kill /proc/1002 9", fake_proc_end_later, &other);
	fake_sys_always_ready(POLL_JANITOR "1000 ms", "janitor");
	fake_sys_always_ready(POLL_JANITOR "996 ms", "janitor");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
}

TEST(leaves_the_caller_s_own_children_alone)
{
	reaper_ends();
	show_orphan();
	fake_proc_show(&(struct fake_process){.pid = 40, .parent = SELF});
	fake_sys_always_text("readlink /proc 40/ns/mnt", "mnt:[1]");
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
	assert_null(strstr(fake_sys_trace(), "open /proc 40 dir\n"));
}

TEST(leaves_those_alone_who_began_before_the_first_process)
{
	reaper_ends();
	show_orphan();
	teardown.start = 500;
	fake_proc_show(&(struct fake_process){.pid = 40, .parent = SELF, .start = 499});
	fake_sys_always_text("readlink /proc 40/ns/mnt", "mnt:[2]");
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
	assert_null(strstr(fake_sys_trace(), "open /proc 40 dir\n"));
}

TEST(leaves_those_alone_whose_mount_namespace_it_may_not_know)
{
	reaper_ends();
	show_orphan();
	fake_proc_show(&(struct fake_process){.pid = 40, .parent = SELF});
	fake_sys_always("readlink /proc 40/ns/mnt", -EACCES);
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
	assert_null(strstr(fake_sys_trace(), "kill /proc/40 "));
	assert_int_equal(out.n_stuck, 2);
	assert_int_equal(out.stuck[0].pid, OTHER);
	assert_int_equal(out.stuck[1].role, STUCK_JANITOR);
}

TEST(finds_its_own_by_its_number_in_the_procfs)
{
	reaper_ends();
	fake_proc_end(FIRST);
	fake_proc_self(4000);
	fake_proc_show(&(struct fake_process){.pid = OTHER, .parent = 4000});
	fake_proc_show(&(struct fake_process){.pid = OTHER + 1, .parent = SELF});
	fake_sys_always_text("readlink /proc 1003/ns/mnt", "mnt:[2]");
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(), "kill /proc/1002 9\n");
	assert_null(strstr(fake_sys_trace(), "kill /proc/1003"));
}

TEST(kills_nobody_if_it_does_not_find_itself)
{
	reaper_ends();
	show_orphan();
	fake_sys_file("/proc/self", NULL);
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_null(strstr(fake_sys_trace(), "kill /proc"));
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_JANITOR);
}

TEST(kills_nobody_if_it_does_not_know_who_is_inside)
{
	box.ends_all = true;
	box.reaper_ends = true;
	show_orphan();
	fake_sys_always("readlink /proc self/ns/mnt", -EACCES);
	child_ends(POLL_CHILD "200 ms");
	nobody_ends();
	await();
	assert_null(strstr(fake_sys_trace(), "kill /proc"));
	assert_int_equal(out.n_stuck, 1); /* and no other process */
	assert_int_equal(out.stuck[0].role, STUCK_JANITOR);
}

TEST(lets_a_reaper_go_on_that_is_the_only_one_to_find_those_inside)
{
	reaper_ends();
	nobody_ends();
	await();
	assert_contains(fake_sys_trace(),
			POLL_CHILD "200 ms\nkill child 18\nsend sock\nkill janitor 18\n");
	assert_null(strstr(fake_sys_trace(), "kill child 9"));
}

TEST(tells_of_those_whom_it_could_not_end)
{
	reaper_ends();
	show_orphan();
	child_ends(POLL_CHILD "200 ms");
	fake_sys_always_ready("look janitor, 0 ms", "janitor");
	nobody_ends();
	await();
	assert_int_equal(out.n_stuck, 1);
	assert_int_equal(out.stuck[0].role, STUCK_INSIDE);
	assert_int_equal(out.stuck[0].pid, OTHER);
}

/* A run of which the @nth call fails, unless that is 0.  Returns how many calls there were. */
static unsigned run_failing(unsigned nth)
{
	start();
	plan.processes.teardown_ms = 60;
	reaper_ends();
	show_orphan();
	fake_sys_answer(POLL_CHILD LEAST, 0);
	fake_sys_always_ready(POLL_CHILD LEAST, "child");
	nobody_ends();
	if (nth > 0)
		fake_sys_fail_at(nth, EIO);
	await();
	assert_in_range(fake_sys_now(), 0, 500);
	return fake_sys_calls();
}

/* The orphan is killed again and again until time is up: those rounds are all alike. */
TEST(leaks_nothing_whichever_call_fails)
{
	const unsigned rounds = 120; /* more than three */
	unsigned calls = run_failing(0);

	assert_true(calls > 2 * rounds);
	for (unsigned nth = 1; nth <= rounds; nth++) {
		(void)run_failing(nth);
		(void)run_failing(calls - rounds + nth);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	CASE(sees_whether_the_first_process_has_ended),
	CASE(waits_for_the_first_process_and_the_janitor),
	CASE(kills_and_frees_what_does_not_end_in_time),
	CASE(says_what_is_stuck_and_goes_when_time_is_up),
	CASE(goes_by_the_timeout_that_the_caller_wants),
	CASE(counts_from_the_end_of_the_command),
	CASE(gives_those_inside_their_time_first),
	CASE(waits_for_nobody_where_others_live_on),
	CASE(lets_a_signal_end_the_waiting),
	CASE(minds_no_signal_that_came_before),
	CASE(waits_on_after_an_interruption),
	CASE(looks_again_at_a_process_that_it_cannot_reap),
	CASE(gives_up_where_it_cannot_learn_of_an_end),
	CASE(waits_for_the_janitor_of_a_process_that_is_gone),
	CASE(does_not_wait_for_a_janitor_that_there_is_not),
	CASE(reaps_a_janitor_that_lets_go_when_it_is_told_to),
	CASE(waits_no_longer_for_a_janitor_that_has_had_its_time),
	CASE(tells_what_is_stuck_from_what_is_about_to_end_if_it_is_called_late),
	CASE(goes_without_a_janitor_when_time_is_up),
	CASE(ends_what_is_around_a_command_that_is_stuck_at_once),
	CASE(tells_of_a_command_once_that_is_the_first_process),
	CASE(does_not_leave_a_stuck_command_for_the_sake_of_others),
	CASE(tells_of_those_inside_by_what_holds_them),
	CASE(tells_of_eight_processes_and_no_more),
	CASE(tells_of_nobody_who_goes_at_the_last_moment),
	CASE(tells_of_nobody_without_memory),
	CASE(tells_of_the_janitor_and_what_it_was_at),
	CASE(ends_those_whom_the_reaper_has_left),
	CASE(ends_those_whom_a_reaper_has_left_that_was_killed_before),
	CASE(leaves_the_caller_s_own_children_alone),
	CASE(leaves_those_alone_who_began_before_the_first_process),
	CASE(leaves_those_alone_whose_mount_namespace_it_may_not_know),
	CASE(finds_its_own_by_its_number_in_the_procfs),
	CASE(kills_nobody_if_it_does_not_find_itself),
	CASE(kills_nobody_if_it_does_not_know_who_is_inside),
	CASE(lets_a_reaper_go_on_that_is_the_only_one_to_find_those_inside),
	CASE(tells_of_those_whom_it_could_not_end),
	CASE(leaks_nothing_whichever_call_fails),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
