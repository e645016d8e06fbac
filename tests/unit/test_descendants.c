/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>

#include "fake_malloc.h"
#include "fake_proc.h"
#include "fake_sys.h"
#include "host/descendants.h"
#include "test.h"

enum { PROC = 5, WATCH = 6, ROOT = 100, JANITOR = 150 };

#define KIN(whose, but) (&(struct descendants){.proc = PROC, .root = (whose), .except = (but)})

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_given(WATCH, "watch");
	fake_sys_be(ROOT);
	return 0;
}

/* Show the process @pid, whose parent is @parent. */
static void show(pid_t pid, pid_t parent)
{
	fake_proc_show(&(struct fake_process){.pid = pid, .parent = parent});
}

/*
 * The processes of the machine: ROOT, its children 101 and 102, grandchildren, the janitor
 * with a child of its own, and others that are no descendants.
 */
static void show_all(void)
{
	show(1, 0);
	show(2, 0);
	show(50, 1);
	show(ROOT, 50);
	show(101, ROOT);
	show(102, ROOT);
	show(111, 101);
	show(112, 111);
	show(121, 102);
	show(JANITOR, ROOT);
	show(151, JANITOR);
	show(200, 50);
	show(201, 200);
}

/* --- Who is meant --------------------------------------------------------- */

struct taken {
	pid_t pids[32];
	unsigned n;
	unsigned stop_at; /* the take() that fails, 0 for none */
};

static int take(void *arg, pid_t pid)
{
	struct taken *taken = arg;

	assert_true(taken->n < LENGTH(taken->pids));
	taken->pids[taken->n++] = pid;
	return taken->n == taken->stop_at ? -EXFULL : 0;
}

/* Check that the descendants of @root but for @except are @pids, ended by 0, in any order. */
static void assert_kin(pid_t root, pid_t except, const pid_t *pids)
{
	struct taken taken = {0};
	unsigned n = 0;

	assert_int_equal(descendants_each(KIN(root, except), take, &taken), 0);
	for (; pids[n] != 0; n++) {
		bool found = false;

		for (unsigned k = 0; k < taken.n; k++)
			found |= taken.pids[k] == pids[n];
		if (!found)
			fail_msg("%d is missing", pids[n]);
	}
	assert_int_equal(taken.n, n);
	assert_int_equal(fake_sys_open_fds(), 0);
}

#define PIDS(...) ((const pid_t[]){__VA_ARGS__, 0})

TEST(finds_the_descendants_of_a_process)
{
	show_all();
	assert_kin(ROOT, 0, PIDS(101, 102, 111, 112, 121, JANITOR, 151));
	assert_kin(ROOT, JANITOR, PIDS(101, 102, 111, 112, 121));
	assert_kin(101, 0, PIDS(111, 112));
	assert_kin(ROOT, 101, PIDS(102, 121, JANITOR, 151));
	assert_kin(112, 0, PIDS(0));
	assert_kin(9999, 0, PIDS(0));
}

TEST(passes_over_those_in_another_mount_namespace_and_their_own)
{
	struct taken taken = {0};
	const struct descendants scope = {.proc = PROC, .root = ROOT, .mounts = "mnt:[1]"};

	show_all();
	fake_sys_always_text("readlink /proc 101/ns/mnt", "mnt:[1]");
	fake_sys_always_text("readlink /proc 102/ns/mnt", "mnt:[11]");
	fake_sys_always_text("readlink /proc 121/ns/mnt", "mnt:[2]");
	fake_sys_always("readlink /proc 150/ns/mnt", -ENOENT); /* it has just ended */
	fake_sys_always_text("readlink /proc 151/ns/mnt", "mnt:[1]");
	assert_int_equal(descendants_each(&scope, take, &taken), 0);
	assert_int_equal(taken.n, 3);
	for (unsigned i = 0; i < taken.n; i++)
		assert_true(taken.pids[i] == 102 || taken.pids[i] == 121 ||
			    taken.pids[i] == JANITOR);
	assert_null(strstr(fake_sys_trace(), "111/ns/mnt"));
	assert_null(strstr(fake_sys_trace(), "200/ns/mnt"));
	assert_int_equal(descendants_signal(&scope, SIGTERM), 3);
	assert_null(strstr(fake_sys_trace(), "open /proc 101 dir"));
}

TEST(passes_over_those_whose_mount_namespace_it_may_not_know_and_their_own)
{
	struct taken taken = {0};
	const struct descendants scope = {.proc = PROC, .root = ROOT, .mounts = "mnt:[1]"};

	show_all();
	fake_sys_always("readlink /proc 101/ns/mnt", -EACCES);
	fake_sys_always_text("readlink /proc 102/ns/mnt", "mnt:[11]");
	fake_sys_always("readlink /proc 121/ns/mnt", -EACCES);
	fake_sys_always("readlink /proc 150/ns/mnt", -EACCES);
	assert_int_equal(descendants_each(&scope, take, &taken), 0);
	assert_int_equal(taken.n, 1);
	assert_int_equal(taken.pids[0], 102);
	assert_int_equal(descendants_signal(&scope, SIGKILL), 1);
	assert_int_equal(count_in(fake_sys_trace(), "kill"), 1);
	assert_contains(fake_sys_trace(), "kill /proc/102 9\n");
}

TEST(passes_over_those_who_began_before_and_their_own)
{
	struct taken taken = {0};
	const struct descendants scope = {.proc = PROC, .root = ROOT, .since = 500};

	show(ROOT, 1);
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = ROOT, .start = 499});
	fake_proc_show(&(struct fake_process){.pid = 102, .parent = ROOT, .start = 500});
	fake_proc_show(&(struct fake_process){.pid = 111, .parent = 101, .start = 501});
	assert_int_equal(descendants_each(&scope, take, &taken), 0);
	assert_int_equal(taken.n, 1);
	assert_int_equal(taken.pids[0], 102);
}

TEST(finds_descendants_whatever_their_numbers)
{
	show(900, 1);
	show(30, 900);
	show(800, 30);
	show(20, 800);
	show(21, 20);
	assert_kin(900, 0, PIDS(30, 800, 20, 21));
	assert_kin(900, 800, PIDS(30));
	fake_sys_file("/proc", "21 900 20 self 30 800");
	assert_kin(900, 0, PIDS(30, 800, 20, 21));
}

TEST(takes_parents_first_whatever_their_numbers)
{
	struct taken taken = {0};

	show(900, 1);
	show(30, 900);
	show(800, 30);
	show(20, 800);
	show(21, 20);
	assert_int_equal(descendants_each(KIN(900, 0), take, &taken), 0);
	assert_int_equal(taken.n, 4);
	assert_int_equal(taken.pids[0], 30);
	assert_int_equal(taken.pids[1], 800);
	assert_int_equal(taken.pids[2], 20);
	assert_int_equal(taken.pids[3], 21);
}

TEST(passes_over_processes_that_go_while_it_looks)
{
	show_all();
	fake_sys_file("/proc/121/stat", NULL);
	fake_sys_file("/proc/112/stat", "");
	assert_kin(ROOT, JANITOR, PIDS(101, 102, 111));
}

TEST(finds_nobody_where_there_are_no_processes)
{
	assert_kin(ROOT, 0, PIDS(0));
	fake_sys_file("/proc", "self");
	assert_kin(ROOT, 0, PIDS(0));
}

TEST(finds_those_whose_line_of_parents_is_long)
{
	enum { LAST = ROOT + 30 };
	struct taken taken = {0};

	show(ROOT, 1);
	for (pid_t pid = ROOT + 1; pid <= LAST; pid++)
		show(pid, pid == LAST ? ROOT : pid + 1);
	assert_int_equal(descendants_each(KIN(ROOT, 0), take, &taken), 0);
	assert_int_equal(taken.n, LAST - ROOT);
}

TEST(stops_where_it_is_told_to)
{
	struct taken taken = {.stop_at = 2};

	show_all();
	assert_int_equal(descendants_each(KIN(ROOT, 0), take, &taken), -EXFULL);
	assert_int_equal(taken.n, 2);
}

TEST(says_that_it_cannot_look)
{
	struct taken taken = {0};

	show_all();
	fake_sys_answer("open /proc . dir", -EMFILE);
	assert_int_equal(descendants_each(KIN(ROOT, 0), take, &taken), -EMFILE);
	fake_sys_answer("getdents /proc", -EIO);
	assert_int_equal(descendants_signal(KIN(ROOT, 0), SIGTERM), -EIO);
	assert_int_equal(
		descendants_each(&(struct descendants){.proc = -1, .root = ROOT}, take, &taken),
		-EBADF);
	assert_int_equal(taken.n, 0);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(finds_nobody_s_kin_where_the_root_is_not_known)
{
	struct taken taken = {0};
	const struct descendants scope = {.proc = PROC, .root = -ENOENT, .root_too = true};

	show_all();
	assert_int_equal(descendants_each(&scope, take, &taken), -ENOENT);
	assert_int_equal(descendants_signal(&scope, SIGKILL), -ENOENT);
	assert_int_equal(descendants_end(&scope, &(struct descendants_patience){.limit_ms = 100,
										.watch = -1}),
			 -ENOENT);
	assert_int_equal(taken.n, 0);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(says_that_there_is_no_memory)
{
	struct taken taken = {0};

	for (unsigned nth = 1; nth <= 2; nth++) {
		int r;

		show_all();
		fake_malloc_fail_at(nth);
		r = descendants_each(KIN(ROOT, 0), take, &taken);
		fake_malloc_fail_at(0);
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(taken.n, 0);
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* --- Signals -------------------------------------------------------------- */

#define SURVEY_OF_101                                                                              \
	"open /proc . dir\n"                                                                       \
	"getdents /proc\n"                                                                         \
	"open /proc 100/stat\n"                                                                    \
	"read /proc/100/stat\n"                                                                    \
	"open /proc 101/stat\n"                                                                    \
	"read /proc/101/stat\n"                                                                    \
	"getdents /proc\n"

#define LOOK_AT_101                                                                                \
	"open /proc 101 dir\n"                                                                     \
	"open /proc 101/stat\n"                                                                    \
	"read /proc/101/stat\n"

#define SURVEY_OF_NOBODY                                                                           \
	"open /proc . dir\n"                                                                       \
	"getdents /proc\n"                                                                         \
	"open /proc 100/stat\n"                                                                    \
	"read /proc/100/stat\n"                                                                    \
	"getdents /proc\n"

/* ROOT and one child. */
static void show_one(void)
{
	show(ROOT, 1);
	show(101, ROOT);
}

TEST(signals_by_a_handle_who_is_still_the_same)
{
	show_one();
	assert_int_equal(descendants_signal(KIN(ROOT, 0), SIGTERM), 1);
	assert_string_equal(fake_sys_trace(), SURVEY_OF_101 "open /proc 101 dir\n"
							    "open /proc 101/stat\n"
							    "read /proc/101/stat\n"
							    "kill /proc/101 15\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(signals_the_root_as_well_if_told_to)
{
	const struct descendants scope = {.proc = PROC, .root = ROOT, .root_too = true};
	struct taken taken = {0};

	show_one();
	show(200, 1);
	assert_int_equal(descendants_signal(&scope, SIGSTOP), 2);
	assert_contains(fake_sys_trace(), "kill /proc/100 19\n");
	assert_contains(fake_sys_trace(), "kill /proc/101 19\n");
	assert_int_equal(count_in(fake_sys_trace(), "kill"), 2);
	assert_int_equal(descendants_each(&scope, take, &taken), 0);
	assert_int_equal(taken.n, 1);
	assert_int_equal(taken.pids[0], 101);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(signals_nobody_who_has_taken_the_number_over)
{
	struct fake_process other = {.pid = 101, .parent = ROOT, .start = 99999};
	pid_t pid = 101;

	show_one();
	fake_sys_then("open /proc 101 dir", fake_proc_show_later, &other);
	assert_int_equal(descendants_signal(KIN(ROOT, 0), SIGKILL), 1);
	assert_contains(fake_sys_trace(), "open /proc 101 dir\n");
	assert_null(strstr(fake_sys_trace(), "kill"));
	(void)set_up(NULL);
	show_one();
	fake_sys_then("open /proc 101 dir", fake_proc_end_later, &pid);
	assert_int_equal(descendants_signal(KIN(ROOT, 0), SIGKILL), 1);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(goes_on_when_one_cannot_be_signalled)
{
	show_all();
	fake_sys_answer("open /proc 101 dir", -ESRCH);
	fake_sys_answer("kill /proc/102 9", -EPERM);
	fake_sys_answer("open /proc 111/stat", 0);
	fake_sys_answer("open /proc 111/stat", -EMFILE);
	assert_int_equal(descendants_signal(KIN(ROOT, JANITOR), SIGKILL), 5);
	assert_null(strstr(fake_sys_trace(), "kill /proc/101"));
	assert_null(strstr(fake_sys_trace(), "kill /proc/111"));
	assert_contains(fake_sys_trace(), "kill /proc/112 9\n");
	assert_contains(fake_sys_trace(), "kill /proc/121 9\n");
	assert_null(strstr(fake_sys_trace(), "open /proc 150 dir"));
	assert_null(strstr(fake_sys_trace(), "open /proc 151 dir"));
	assert_null(strstr(fake_sys_trace(), "open /proc 200 dir"));
	assert_null(strstr(fake_sys_trace(), "open /proc 100 dir"));
	assert_null(strstr(fake_sys_trace(), "open /proc 50 dir"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(signals_nobody_who_has_ended_and_reaps_nobody)
{
	show(ROOT, 1);
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = ROOT, .state = 'Z'});
	(void)descendants_signal(KIN(ROOT, 0), SIGTERM);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_null(strstr(fake_sys_trace(), "wait"));
}

/* --- The end -------------------------------------------------------------- */

static const struct descendants_patience at_once = {.limit_ms = 100, .watch = -1};
static const struct descendants_patience shortly = {.limit_ms = 20, .watch = -1};
static const struct descendants_patience with_grace = {
	.grace_ms = 50, .limit_ms = 100, .watch = WATCH};

/* The process @pid ends by the signal @sig, and becomes a zombie. */
static void ends_by(const char *kill, const pid_t *pid)
{
	static struct fake_process zombies[8];
	static unsigned n;
	struct fake_process *zombie = &zombies[n++ % LENGTH(zombies)];

	*zombie = (struct fake_process){.pid = *pid, .parent = ROOT, .state = 'Z'};
	fake_sys_then(kill, fake_proc_show_later, zombie);
}

/* Once waited for, the process is gone. */
static void goes_when_reaped(const char *wait, pid_t *pid)
{
	fake_sys_then(wait, fake_proc_end_later, pid);
}

TEST(kills_in_rounds_while_processes_fork_but_not_for_ever)
{
	struct fake_process forked = {.pid = 102, .parent = ROOT};

	show_one();
	fake_sys_then("kill /proc/101 9", fake_proc_show_later, &forked);
	descendants_kill(KIN(ROOT, 0));
	assert_contains(fake_sys_trace(), "kill /proc/102 9\n");
	assert_int_equal(count_in(fake_sys_trace(), "kill /proc/101 9\n"), 100);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(kills_at_once_and_reaps_those_who_end)
{
	static pid_t pid = 101;

	show_one();
	ends_by("kill /proc/101 9", &pid);
	goes_when_reaped("wait 101 nohang", &pid);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
	assert_starts_with(fake_sys_trace(), SURVEY_OF_101 LOOK_AT_101
			   "kill /proc/101 9\npoll, 2 ms\n" SURVEY_OF_101);
	assert_contains(fake_sys_trace(), "wait 101 nohang\npoll, 2 ms\n" SURVEY_OF_NOBODY);
	assert_int_equal(count_in(fake_sys_trace(), "kill"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "wait"), 1);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(stops_only_those_whom_it_cannot_kill_at_once)
{
	show_one();
	assert_int_equal(descendants_end(KIN(ROOT, 0), &shortly), -ETIMEDOUT);
	/* what is stopped cannot fork when it is killed, but might stay so for ever */
	assert_starts_with(strstr(fake_sys_trace(), "kill"), "kill /proc/101 9\npoll, 2 ms\n");
	assert_in_order(fake_sys_trace(),
			ARGV("kill /proc/101 9\n", "kill /proc/101 9\n", "kill /proc/101 9\n",
			     "kill /proc/101 19\n", "kill /proc/101 9\n"));
}

TEST(kills_its_children_without_opening_anything_if_it_has_to)
{
	static const struct descendants scope = {.proc = PROC, .root = ROOT, .only = true};
	static const struct descendants others = {.proc = PROC, .root = ROOT, .mounts = "mnt:[7]"};

	fake_sys_always("open *", -EMFILE);
	fake_sys_file("/proc", "self 1 100 101 102 meminfo");
	fake_sys_always("wait 1 nohang", -ECHILD);
	fake_sys_always("wait 100 nohang", -ECHILD);
	fake_sys_answer("wait 101 nohang", 0);
	fake_sys_answer("wait 102 nohang", 0);
	fake_sys_always("wait 101 nohang", 101);
	fake_sys_always("wait 102 nohang", 102);
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("wait nohang", 0);
	fake_sys_always("wait nohang", -ECHILD);
	assert_int_equal(descendants_end(&scope, &with_grace), 0);
	assert_in_order(fake_sys_trace(),
			ARGV("rewind /proc\ngetdents /proc\n", "kill 101 9\n", "kill 102 9\n"));
	assert_int_equal(count_in(fake_sys_trace(), "kill"), 2);
	(void)set_up(NULL);
	fake_sys_always("open *", -EMFILE);
	fake_sys_file("/proc", "101 102");
	fake_sys_file("/proc/101/ns/mnt", "mnt:[7]");
	fake_sys_file("/proc/102/ns/mnt", "mnt:[8]");
	fake_sys_answer("wait 102 nohang", 0);
	fake_sys_always("wait 102 nohang", 102);
	assert_int_equal(descendants_end(&others, &at_once), 0);
	assert_int_equal(count_in(fake_sys_trace(), "kill 102 9\n"), 1);
	assert_null(strstr(fake_sys_trace(), "wait 101"));
}

TEST(says_so_if_it_cannot_kill_anybody_without_opening_anything)
{
	static const struct descendants scope = {.proc = PROC, .root = 777};
	static const struct descendants own = {.proc = PROC, .root = ROOT};

	fake_sys_always("open *", -EMFILE);
	assert_int_equal(descendants_end(&scope, &at_once), -EMFILE);
	fake_sys_answer("rewind /proc", -EIO);
	assert_int_equal(descendants_end(&own, &at_once), -EIO);
}

TEST(does_nothing_where_nobody_is_left)
{
	show(ROOT, 1);
	show(JANITOR, ROOT);
	assert_int_equal(descendants_end(KIN(ROOT, JANITOR), &with_grace), 0);
	assert_null(strstr(fake_sys_trace(), "kill"));
	assert_null(strstr(fake_sys_trace(), "poll"));
	assert_int_equal(fake_sys_now(), 0);
	assert_int_equal(descendants_end(KIN(ROOT, JANITOR), &at_once), 0);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(does_not_look_far_where_nobody_but_one_is_its_child)
{
	static const char *const others[] = {"150 101 ", "101 150 ", "15 ", "150", "", NULL};

	show_all();
	fake_sys_file("/proc/100/task/100/children", "150 ");
	assert_int_equal(descendants_end(KIN(ROOT, JANITOR), &with_grace), 0);
	assert_null(strstr(fake_sys_trace(), "/stat"));
	for (size_t i = 0; i < LENGTH(others); i++) {
		(void)set_up(NULL);
		show_one();
		show(JANITOR, ROOT);
		fake_sys_file("/proc/100/task/100/children", others[i]);
		fake_sys_always("poll*", 0);
		assert_int_equal(descendants_end(KIN(ROOT, JANITOR), &with_grace), -ETIMEDOUT);
		assert_contains(fake_sys_trace(), "kill /proc/101 9\n");
	}
}

TEST(lets_those_end_in_order_who_do)
{
	static pid_t pid = 101;

	show_one();
	ends_by("kill /proc/101 15", &pid);
	goes_when_reaped("wait 101 nohang", &pid);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &with_grace), 0);
	assert_contains(fake_sys_trace(), "kill /proc/101 15\n");
	assert_contains(fake_sys_trace(), "wait 101 nohang\n");
	assert_null(strstr(fake_sys_trace(), "kill /proc/101 9"));
	assert_int_equal(fake_sys_now(), 0);
}

TEST(kills_those_who_do_not_end_in_their_time)
{
	static pid_t pid = 101;

	show_one();
	ends_by("kill /proc/101 9", &pid);
	goes_when_reaped("wait 101 nohang", &pid);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &with_grace), 0);
	assert_int_equal(count_in(fake_sys_trace(), "kill /proc/101 15\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "kill /proc/101 9\n"), 1);
	assert_in_range(fake_sys_now(), 50, 50 + 40);
}

TEST(kills_at_once_when_the_watch_says_so)
{
	static pid_t pid = 101;

	show_one();
	ends_by("kill /proc/101 9", &pid);
	goes_when_reaped("wait 101 nohang", &pid);
	fake_sys_answer("poll watch, 2 ms", 0);
	fake_sys_answer_ready("poll watch, 4 ms", "watch");
	assert_int_equal(descendants_end(KIN(ROOT, 0), &with_grace), 0);
	assert_contains(fake_sys_trace(), "poll watch, 4 ms\n");
	assert_contains(fake_sys_trace(), "kill /proc/101 9\n");
	assert_int_equal(fake_sys_now(), 6);
}

TEST(gives_up_on_those_whom_no_signal_ends)
{
	show_one();
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), -ETIMEDOUT);
	assert_in_range(fake_sys_now(), 100, 100 + 40);
	assert_true(count_in(fake_sys_trace(), "kill /proc/101 9\n") >
		    3); /* one forked meanwhile */
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(looks_ever_more_seldom_at_those_who_have_time)
{
	show_one();
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &with_grace), -ETIMEDOUT);
	assert_in_order(fake_sys_trace(),
			ARGV("poll watch, 2 ms\n", "poll watch, 4 ms\n", "poll watch, 8 ms\n",
			     "poll watch, 16 ms\n", "poll watch, 20 ms\n"));
	assert_null(strstr(fake_sys_trace(), "poll watch, 32 ms\n"));
}

TEST(looks_often_at_those_whom_it_kills_as_they_may_fork)
{
	show_one();
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), -ETIMEDOUT);
	assert_int_equal(count_in(fake_sys_trace(), "poll"), 50);
	assert_int_equal(count_in(fake_sys_trace(), "poll, 2 ms\n"), 50);
}

/* A scan misses a process that forks and exits meanwhile. */
static void fork_unseen(void *arg)
{
	static struct fake_process born = {.pid = 90, .parent = ROOT};

	(void)arg;
	fake_proc_end(101);
	if (fake_sys_contents("/proc/90/stat") == NULL)
		fake_proc_show(&born);
}

TEST(looks_again_when_it_finds_nobody)
{
	static pid_t pid = 90;

	show_one();
	fake_sys_then("read /proc/100/stat", fork_unseen, NULL);
	fake_sys_then("kill /proc/90 9", fake_proc_end_later, &pid);
	fake_sys_file("/proc", "self 100 101"); /* 101 is found, but gone when it is looked at */
	fake_sys_always("poll*", 0);
	(void)descendants_end(KIN(ROOT, 0), &at_once);
	assert_contains(fake_sys_trace(), "kill /proc/90 9\n");
}

static const struct descendants all_children = {.proc = PROC, .root = ROOT, .only = true};

TEST(goes_on_until_it_has_no_child_where_all_are_meant)
{
	show(ROOT, 1);
	fake_sys_answer("wait nohang", 0); /* there is one that was not found */
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("wait nohang", 7); /* it has ended */
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &at_once), 0);
	assert_int_equal(count_in(fake_sys_trace(), "open /proc 100/task/100/children\n"), 2);
	assert_int_equal(count_in(fake_sys_trace(), "wait nohang\n"), 6);
}

TEST(kills_its_children_quickly_where_all_are_meant)
{
	show(ROOT, 1);
	fake_sys_file("/proc/100/task/100/children", "101 7000 ");
	fake_sys_answer("wait nohang", 0);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &at_once), 0);
	assert_starts_with(fake_sys_trace(), "wait nohang\n"
					     "open /proc 100/task/100/children\n"
					     "read /proc/100/task/100/children\n"
					     "kill 101 9\n"
					     "kill 7000 9\n"
					     "wait nohang\n");
	(void)set_up(NULL);
	fake_sys_be(7); /* these numbers are not those of kill(2) */
	show(ROOT, 1);
	fake_sys_file("/proc/100/task/100/children", "101 7000 ");
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &at_once), 0);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(kills_nobody_whose_number_has_been_cut)
{
	show(ROOT, 1);
	fake_sys_file("/proc/100/task/100/children", "101 70");
	fake_sys_answer("wait nohang", 0);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &at_once), 0);
	assert_contains(fake_sys_trace(), "kill 101 9\nwait nohang\n");
}

TEST(reaps_its_children_in_their_time_where_all_are_meant)
{
	show_one();
	fake_sys_answer("wait nohang", 0);
	fake_sys_answer("wait nohang", 101);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &with_grace), 0);
	assert_contains(fake_sys_trace(), "kill /proc/101 15\nwait nohang\npoll watch, 2 ms\n"
					  "wait nohang\nwait nohang\n");
	assert_int_equal(count_in(fake_sys_trace(), "open /proc . dir\n"), 1);
	assert_null(strstr(fake_sys_trace(), "kill /proc/101 9"));
}

TEST(gives_up_on_children_whom_it_does_not_find_without_being_busy_meanwhile)
{
	show(ROOT, 1);
	fake_sys_always("wait nohang", 0);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(&all_children, &at_once), -ETIMEDOUT);
	assert_in_range(fake_sys_now(), 100, 100 + 40);
}

TEST(ends_those_who_come_while_it_ends_others)
{
	static struct fake_process born = {.pid = 130, .parent = ROOT};
	static pid_t pid = 101;
	static pid_t later = 130;

	show_one();
	fake_sys_then("kill /proc/101 9", fake_proc_end_later, &pid);
	fake_sys_then("kill /proc/101 9", fake_proc_show_later, &born);
	fake_sys_then("kill /proc/130 9", fake_proc_end_later, &later);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
	assert_int_equal(count_in(fake_sys_trace(), "kill /proc/130 9\n"), 1);
}

TEST(waits_for_a_zombie_that_is_somebody_else_s)
{
	show_one();
	fake_proc_show(&(struct fake_process){.pid = 111, .parent = 101, .state = 'Z'});
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &shortly), -ETIMEDOUT);
	assert_null(strstr(fake_sys_trace(), "wait 111"));
	assert_null(strstr(fake_sys_trace(), "open /proc 111 dir"));
}

TEST(waits_for_a_zombie_that_a_tracer_keeps)
{
	show(ROOT, 1);
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = ROOT, .state = 'Z'});
	fake_sys_always("wait 101 nohang", 0);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &shortly), -ETIMEDOUT);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(takes_no_zombie_for_somebody_else_s_where_it_has_another_number)
{
	fake_sys_be(7);
	show(ROOT, 1);
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = ROOT, .state = 'Z'});
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
	assert_null(strstr(fake_sys_trace(), "wait"));
	assert_null(strstr(fake_sys_trace(), "kill"));
}

/* The first thread of 101 has ended, another goes on with the program. */
static void show_one_without_first_thread(void)
{
	show(ROOT, 1);
	fake_proc_show(&(struct fake_process){.pid = 101, .parent = ROOT, .state = 'Z'});
	fake_proc_show_thread(101, &(struct fake_process){.pid = 102});
	fake_sys_always("wait 101 nohang", 0);
}

TEST(ends_a_process_whose_first_thread_alone_has_ended)
{
	static pid_t pid = 101;

	show_one_without_first_thread();
	assert_int_equal(descendants_signal(KIN(ROOT, 0), SIGTERM), 1);
	assert_contains(fake_sys_trace(), "kill /proc/101 15\n");
	(void)set_up(NULL);
	show_one_without_first_thread();
	fake_sys_then("kill /proc/101 9", fake_proc_end_later, &pid);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
	assert_contains(fake_sys_trace(), "kill /proc/101 9\n");
	(void)set_up(NULL);
	fake_sys_be(7);
	show_one_without_first_thread();
	fake_sys_then("kill /proc/101 9", fake_proc_end_later, &pid);
	fake_sys_always("poll*", 0);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
	assert_contains(fake_sys_trace(), "kill /proc/101 9\n");
}

TEST(goes_on_after_an_interruption)
{
	static pid_t pid = 101;

	show_one();
	fake_sys_then("poll*", fake_proc_end_later, &pid);
	fake_sys_answer("poll*", -EINTR);
	assert_int_equal(descendants_end(KIN(ROOT, 0), &at_once), 0);
}

TEST(leaks_nothing_and_ends_whichever_call_fails)
{
	static pid_t pid = 101;
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		(void)set_up(NULL);
		show_one();
		ends_by("kill /proc/101 9", &pid);
		goes_when_reaped("wait 101 nohang", &pid);
		fake_sys_always("poll*", 0);
		fake_sys_fail_at(nth, EIO);
		r = descendants_end(KIN(ROOT, 0), &with_grace);
		assert_int_equal(fake_sys_open_fds(), 0);
		assert_true(r == 0 || r == -EIO);
		if (fake_sys_calls() < nth)
			break;
		assert_true(r == 0 || *fake_sys_trace_after_failure() == '\0');
	}
	assert_true(nth > 20);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(finds_the_descendants_of_a_process, set_up),
	cmocka_unit_test_setup(passes_over_those_in_another_mount_namespace_and_their_own, set_up),
	cmocka_unit_test_setup(
		passes_over_those_whose_mount_namespace_it_may_not_know_and_their_own, set_up),
	cmocka_unit_test_setup(passes_over_those_who_began_before_and_their_own, set_up),
	cmocka_unit_test_setup(finds_descendants_whatever_their_numbers, set_up),
	cmocka_unit_test_setup(takes_parents_first_whatever_their_numbers, set_up),
	cmocka_unit_test_setup(passes_over_processes_that_go_while_it_looks, set_up),
	cmocka_unit_test_setup(finds_nobody_where_there_are_no_processes, set_up),
	cmocka_unit_test_setup(finds_those_whose_line_of_parents_is_long, set_up),
	cmocka_unit_test_setup(stops_where_it_is_told_to, set_up),
	cmocka_unit_test_setup(says_that_it_cannot_look, set_up),
	cmocka_unit_test_setup(finds_nobody_s_kin_where_the_root_is_not_known, set_up),
	cmocka_unit_test_setup(says_that_there_is_no_memory, set_up),
	cmocka_unit_test_setup(signals_by_a_handle_who_is_still_the_same, set_up),
	cmocka_unit_test_setup(signals_the_root_as_well_if_told_to, set_up),
	cmocka_unit_test_setup(signals_nobody_who_has_taken_the_number_over, set_up),
	cmocka_unit_test_setup(goes_on_when_one_cannot_be_signalled, set_up),
	cmocka_unit_test_setup(signals_nobody_who_has_ended_and_reaps_nobody, set_up),
	cmocka_unit_test_setup(kills_in_rounds_while_processes_fork_but_not_for_ever, set_up),
	cmocka_unit_test_setup(kills_at_once_and_reaps_those_who_end, set_up),
	cmocka_unit_test_setup(stops_only_those_whom_it_cannot_kill_at_once, set_up),
	cmocka_unit_test_setup(kills_its_children_without_opening_anything_if_it_has_to, set_up),
	cmocka_unit_test_setup(says_so_if_it_cannot_kill_anybody_without_opening_anything, set_up),
	cmocka_unit_test_setup(does_nothing_where_nobody_is_left, set_up),
	cmocka_unit_test_setup(does_not_look_far_where_nobody_but_one_is_its_child, set_up),
	cmocka_unit_test_setup(lets_those_end_in_order_who_do, set_up),
	cmocka_unit_test_setup(kills_those_who_do_not_end_in_their_time, set_up),
	cmocka_unit_test_setup(kills_at_once_when_the_watch_says_so, set_up),
	cmocka_unit_test_setup(gives_up_on_those_whom_no_signal_ends, set_up),
	cmocka_unit_test_setup(looks_ever_more_seldom_at_those_who_have_time, set_up),
	cmocka_unit_test_setup(looks_often_at_those_whom_it_kills_as_they_may_fork, set_up),
	cmocka_unit_test_setup(looks_again_when_it_finds_nobody, set_up),
	cmocka_unit_test_setup(goes_on_until_it_has_no_child_where_all_are_meant, set_up),
	cmocka_unit_test_setup(
		gives_up_on_children_whom_it_does_not_find_without_being_busy_meanwhile, set_up),
	cmocka_unit_test_setup(kills_its_children_quickly_where_all_are_meant, set_up),
	cmocka_unit_test_setup(kills_nobody_whose_number_has_been_cut, set_up),
	cmocka_unit_test_setup(reaps_its_children_in_their_time_where_all_are_meant, set_up),
	cmocka_unit_test_setup(ends_those_who_come_while_it_ends_others, set_up),
	cmocka_unit_test_setup(waits_for_a_zombie_that_is_somebody_else_s, set_up),
	cmocka_unit_test_setup(waits_for_a_zombie_that_a_tracer_keeps, set_up),
	cmocka_unit_test_setup(takes_no_zombie_for_somebody_else_s_where_it_has_another_number,
			       set_up),
	cmocka_unit_test_setup(ends_a_process_whose_first_thread_alone_has_ended, set_up),
	cmocka_unit_test_setup(goes_on_after_an_interruption, set_up),
	cmocka_unit_test(leaks_nothing_and_ends_whichever_call_fails),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
