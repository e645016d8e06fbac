/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "fake_malloc.h"
#include "fake_proc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "mounts/mount_points.h"
#include "run/janitor.h"
#include "test.h"

enum {
	CHILD = 7,
	STDERR = 2,
	TO_JANITOR = 20,
	INSIDE,
	MOUNTS,
	REQUESTS,
	MONITOR,
	FIRST = 50,
	JANITOR_PID = 300
};

static struct plan plan;
static struct box box;
static struct err e;
static struct helper *const janitor = &box.helpers[HELPER_JANITOR];
static int given_mounts; /* by the monitor */

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(STDERR, "caller's");
	fake_sys_given_pidfd(CHILD, "child", FIRST);
	fake_sys_given(TO_JANITOR, "to-janitor");
	fake_sys_given(INSIDE, "inside");
	fake_sys_given(REQUESTS, "janitor");
	fake_sys_given(MONITOR, "monitor");
	plan = (struct plan){0};
	box = (struct box){.plan = &plan, .ns.flags = CLONE_NEWUSER, .has_reaper = true};
	e = (struct err){0};
	helpers_init(box.helpers);
	*janitor = (struct helper){-1, TO_JANITOR, INSIDE, REQUESTS, MONITOR};
	given_mounts = -1;
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* --- For others ----------------------------------------------------------- */

TEST(hands_the_mount_namespace_over)
{
	assert_int_equal(janitor_entrust(TO_JANITOR, &e), 0);
	assert_string_equal(fake_sys_trace(), "open /proc/self/ns/mnt\n"
					      "send to-janitor with /proc/self/ns/mnt\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(says_that_it_cannot_hand_the_mount_namespace_over)
{
	static const char *const messages[] = {
		"cannot open /proc/self/ns/mnt: Input/output error",
		"cannot send the mount namespace to the janitor: Input/output error",
	};

	for (unsigned i = 0; i < LENGTH(messages); i++) {
		start();
		fake_sys_fail_at(i + 1, EIO);
		assert_int_equal(janitor_entrust(TO_JANITOR, &e), -EIO);
		assert_string_equal(e.msg, messages[i]);
		assert_int_equal(fake_sys_open_fds(), 0);
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

TEST(waits_until_there_is_a_janitor)
{
	fake_sys_answer("read to-janitor", -EINTR);
	fake_sys_answer_data("read to-janitor", 0, "", 1);
	assert_int_equal(janitor_await(TO_JANITOR, &e), 0);
	assert_int_equal(janitor_await(TO_JANITOR, &e), 0); /* or none any more */
	fake_sys_answer("read to-janitor", -EIO);
	assert_int_equal(janitor_await(TO_JANITOR, &e), -EIO);
	assert_string_equal(e.msg, "lost the connection to the janitor: Input/output error");
}

TEST(asks_the_janitor)
{
	size_t size = 0;

	fake_sys_given(30, "sock");
	fake_sys_given(31, "janitor");
	*janitor = (struct helper){.pidfd = 31, .monitor = 30};
	janitor_ask(janitor, JANITOR_FREE);
	janitor->pidfd = -1;
	janitor_ask(janitor, JANITOR_LET_GO);
	assert_string_equal(fake_sys_trace(), "send sock\nkill janitor 18\nsend sock\n");
	assert_memory_equal(fake_sys_written(30, 0, &size), "f", 1);
	assert_int_equal(size, 1);
	assert_memory_equal(fake_sys_written(30, 1, &size), "l", 1);
	fake_sys_answer("send sock", -EPIPE);
	janitor_ask(janitor, JANITOR_FREE);
}

/* The janitor says something. */
static void says(const struct janitor_work *note, size_t size)
{
	fake_sys_answer_ready("look sock, 0 ms", "sock");
	fake_sys_answer_data("read sock", 0, note, size);
}

TEST(hears_the_last_that_the_janitor_said)
{
	static const struct janitor_work first = {"unmounting /a (fuse)"};
	static const struct janitor_work last = {"unmounting /b (tmpfs)"};
	static struct janitor_work endless;
	struct janitor_work note = {"x"};

	fake_sys_given(30, "sock");
	*janitor = (struct helper){.pidfd = -1, .monitor = 30};
	janitor_listen(janitor, &note);
	assert_string_equal(note.doing, "");
	says(&first, sizeof(first));
	says(&last, sizeof(last));
	janitor_listen(janitor, &note);
	assert_string_equal(note.doing, last.doing);
	memset(&endless, 'x', sizeof(endless));
	says(&endless, sizeof(endless));
	janitor_listen(janitor, &note);
	assert_int_equal(strlen(note.doing), sizeof(note.doing) - 1);
}

TEST(does_not_listen_to_a_janitor_that_is_gone)
{
	static const struct janitor_work note = {"unmounting /a (fuse)"};
	struct janitor_work heard = {"x"};

	fake_sys_given(30, "sock");
	*janitor = (struct helper){.pidfd = -1, .monitor = 30};
	says(&note, sizeof(note));
	fake_sys_always_ready("look sock, 0 ms", "sock"); /* the end of the file */
	janitor_listen(janitor, &heard);
	assert_string_equal(heard.doing, note.doing);
	janitor->monitor = -1;
	janitor_listen(janitor, &heard);
	assert_string_equal(heard.doing, "");
}

/* --- The start ------------------------------------------------------------ */

TEST(starts_and_keeps_a_handle_and_a_socket)
{
	fake_sys_answer_child("clone unreaped", JANITOR_PID, "handle");
	assert_int_equal(janitor_start(&box, CHILD, &given_mounts, &e), 0);
	assert_string_equal(fake_sys_trace(), "clone unreaped\n");
	assert_string_equal(fake_sys_name(janitor->pidfd), "handle");
	helpers_close(box.helpers, ENDS_ALL);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(says_that_it_cannot_start)
{
	fake_sys_given(MOUNTS, "mounts");
	given_mounts = MOUNTS;
	fake_sys_answer("clone unreaped", -EAGAIN);
	assert_int_equal(janitor_start(&box, CHILD, &given_mounts, &e), -EAGAIN);
	assert_string_equal(e.msg, "cannot start the janitor: Resource temporarily unavailable");
	assert_int_equal(janitor->pidfd, -1);
	assert_int_equal(fake_sys_fd("mounts"), -1);
}

/* --- What happens to it --------------------------------------------------- */

static void run(void *arg)
{
	(void)arg;
	fail_msg("returned %d", janitor_start(&box, CHILD, &given_mounts, &e));
}

/* Be the janitor until it ends, which leaves what it remembers in its memory.  Its status. */
static int try_janitor(void)
{
	int status;

	fake_malloc_leave(true);
	status = fake_sys_run(run, NULL);
	fake_malloc_leave(false);
	assert_int_equal(fake_sys_fd("mounts"), -1);
	return status;
}

static void be_janitor(void)
{
	assert_int_equal(try_janitor(), 0);
}

/* Be a helper of it until that ends, which leaves what the janitor has in its memory. */
static int be_helper(void)
{
	int status;

	fake_malloc_leave(true);
	status = fake_sys_run(run, NULL);
	fake_malloc_leave(false);
	return status;
}

/* Let the test be the janitor, that gets the mount namespace called "mounts". */
static void begin(void)
{
	static const struct statx mounts = {.stx_ino = 4026532000};

	start();
	fake_sys_answer("clone unreaped", 0);
	fake_sys_always_data("stat mounts", 0, &mounts, sizeof(mounts));
}

static void namespace_comes(void)
{
	fake_sys_answer_ready("look inside, 0 ms", "inside");
	fake_sys_answer_message("receive inside", "", 1, "mounts");
}

static void command_is_executed(void)
{
	fake_sys_answer_ready("look inside, 0 ms", "inside");
	fake_sys_answer_message("receive inside", "", 0, NULL);
}

#define WAIT "poll child inside monitor, -1 ms"
#define WAIT_EXECUTED "poll child monitor, -1 ms"
#define WAIT_ALONE "poll child, -1 ms" /* the command has been executed */
#define WAIT_A_SECOND "poll child inside, 1000 ms"
#define WAIT_A_SECOND_EXECUTED "poll child, 1000 ms"

static void first_process_ends(const char *wait)
{
	fake_sys_answer_ready(wait, "child");
}

static void monitor_asks(enum janitor_request request)
{
	static char bytes[8];
	static unsigned n;
	char *byte = &bytes[n++ % LENGTH(bytes)];

	*byte = (char)request;
	fake_sys_answer_ready(WAIT, "monitor");
	fake_sys_answer_data("read monitor", 0, byte, 1);
}

static void monitor_goes(void)
{
	fake_sys_always("poll inside, 20 ms", 0);
	fake_sys_answer_ready(WAIT, "monitor");
}

/* What the janitor does first: the test of the whole trace proves it, and no other. */
#define BEGIN                                                                                      \
	"clone unreaped\n"                                                                         \
	"sigprocmask block all\n"                                                                  \
	"prctl name sbx-janitor\n"                                                                 \
	"close_range 0 6\n"                                                                        \
	"close_range 8 20\n"                                                                       \
	"close_range 22 23\n"                                                                      \
	"close_range 25 -\n"                                                                       \
	"setsid\n"                                                                                 \
	"chdir /\n"                                                                                \
	"write inside (data)\n"
#define TAKE_NAMESPACE                                                                             \
	"look inside, 0 ms\n"                                                                      \
	"receive inside\n"                                                                         \
	"look inside, 0 ms\n"

TEST(lets_the_namespace_go_when_the_first_process_has_ended)
{
	begin();
	first_process_ends(WAIT);
	namespace_comes();
	be_janitor();
	assert_string_equal(fake_sys_trace(), BEGIN WAIT "\n" TAKE_NAMESPACE "exit 0\n");
	assert_int_equal(fake_sys_fd("caller's"), -1);
	assert_int_equal(fake_sys_fd("to-janitor"), -1);
	assert_int_equal(fake_sys_fd("janitor"), -1);
}

TEST(has_the_mount_namespace_from_the_monitor_which_lets_go_of_it)
{
	fake_sys_given(MOUNTS, "mounts");
	given_mounts = MOUNTS;
	assert_int_equal(janitor_start(&box, CHILD, &given_mounts, &e), 0);
	assert_int_equal(fake_sys_fd("mounts"), -1);
	assert_int_equal(given_mounts, -1);
	begin();
	fake_sys_given(MOUNTS, "mounts");
	given_mounts = MOUNTS;
	first_process_ends(WAIT);
	be_janitor();
	assert_contains(fake_sys_trace(), "close_range 8 20\nclose_range 23 23\n");
}

TEST(lets_go_at_once_when_the_monitor_gives_up)
{
	begin();
	monitor_asks(JANITOR_LET_GO);
	namespace_comes();
	be_janitor();
	assert_ends_with(fake_sys_trace(), WAIT "\nread monitor\n" TAKE_NAMESPACE "exit 0\n");
}

TEST(ends_a_sandbox_that_it_cannot_wait_for)
{
	begin();
	fake_sys_always(WAIT, -EPERM);
	namespace_comes();
	be_janitor();
	assert_contains(fake_sys_trace(),
			WAIT "\n" WAIT "\nkill child 9\n" TAKE_NAMESPACE "exit 0\n");
}

/* --- Mount points on the host --------------------------------------------- */

static void note_comes(const struct mount_point_note *note, const char *passed)
{
	fake_sys_answer_ready("look inside, 0 ms", "inside");
	fake_sys_answer_message("receive inside", note, sizeof(*note), passed);
}

/* A mount point is made on the host, which stays as it is. */
static void mount_point_is_made(bool is_watched)
{
	static const struct mount_point_note watch = {.kind = MOUNT_POINT_WATCH};
	static const struct mount_point_note place = {
		.kind = MOUNT_POINT_ENTRY, .is_new = true, .name = "x"};
	static const struct mount_point_note thing = {.kind = MOUNT_POINT_LOCKED, .is_ours = true};
	static const struct statx marked = {.stx_mode = S_IFDIR | 01755,
					    .stx_mtime = {.tv_sec = 499162500}};

	if (is_watched)
		note_comes(&watch, "unmounted");
	note_comes(&place, "place");
	note_comes(&thing, "thing");
	fake_sys_always_data("stat thing", 0, &marked, sizeof(marked));
	fake_sys_always_data("stat place/x", 0, &marked, sizeof(marked));
}

#define REMOVAL                                                                                    \
	"flock thing exclusive\nstat thing\nopen place x path nofollow\nstat place\n"              \
	"stat place/x\nrmdir place x\nflock thing unlock\n"

/* Who is called at the removal sees whether the mount namespace is still held. */
static void namespace_is_there(void *is_expected)
{
	assert_int_equal(fake_sys_fd("mounts") >= 0, *(const bool *)is_expected);
}

static void expect_namespace(bool *is_there)
{
	fake_sys_then("rmdir place x", namespace_is_there, is_there);
}

TEST(listens_while_it_waits)
{
	begin();
	fake_sys_answer_ready(WAIT, "inside");
	namespace_comes();
	fake_sys_answer("look inside, 0 ms", 0);
	fake_sys_answer_ready(WAIT, "inside");
	mount_point_is_made(true);
	command_is_executed();
	first_process_ends(WAIT_EXECUTED);
	fake_sys_answer_ready("poll unmounted, 20 ms", "unmounted");
	be_janitor();
	assert_in_order(fake_sys_trace(),
			ARGV(WAIT "\n" TAKE_NAMESPACE WAIT "\n", "raise_files\n",
			     WAIT_EXECUTED "\npoll unmounted, 20 ms\n" REMOVAL "exit 0\n"));
}

TEST(removes_mount_points_before_it_lets_go_where_all_have_ended)
{
	bool is_there = true;

	begin();
	box.ns.flags |= CLONE_NEWPID;
	expect_namespace(&is_there);
	first_process_ends(WAIT);
	namespace_comes();
	mount_point_is_made(false);
	be_janitor();
	assert_contains(fake_sys_trace(), REMOVAL "exit 0\n");
}

TEST(removes_mount_points_after_it_has_let_go_where_others_may_live)
{
	bool is_there = false;

	begin();
	expect_namespace(&is_there);
	first_process_ends(WAIT);
	namespace_comes();
	mount_point_is_made(true);
	fake_sys_answer_ready("poll unmounted, 20 ms", "unmounted");
	be_janitor();
	assert_contains(fake_sys_trace(), "poll unmounted, 20 ms\n" REMOVAL "exit 0\n");
}

/* The monitor takes the janitor for running as long as that process is. */
TEST(leaves_a_process_behind_for_mount_points_while_others_live)
{
	for (unsigned is_child = 0; is_child <= 1; is_child++) {
		begin();
		first_process_ends(WAIT);
		namespace_comes();
		mount_point_is_made(true);
		fake_sys_answer("poll unmounted, 20 ms", 0);
		if (is_child)
			fake_sys_answer("clone unreaped", 0);
		fake_sys_answer_ready("poll unmounted, -1 ms", "unmounted");
		be_janitor();
		assert_contains(fake_sys_trace(), "poll unmounted, 20 ms\nclone unreaped\n");
		assert_int_equal(strstr(fake_sys_trace(), "poll unmounted, -1 ms\n" REMOVAL) !=
					 NULL,
				 is_child);
		assert_true(fake_sys_fd("monitor") >= 0);
	}
}

TEST(removes_mount_points_of_a_sandbox_that_is_given_up)
{
	static const unsigned flags[] = {CLONE_NEWPID, 0};

	for (size_t i = 0; i < LENGTH(flags); i++) {
		begin();
		box.ns.flags |= flags[i];
		box.ends_all = true;
		monitor_asks(JANITOR_LET_GO);
		namespace_comes();
		mount_point_is_made(true);
		fake_sys_always("poll unmounted, 20 ms", 0);
		be_janitor();
		assert_contains(fake_sys_trace(), REMOVAL "exit 0\n");
	}
}

TEST(removes_no_mount_point_if_it_cannot_know_who_lives)
{
	begin();
	first_process_ends(WAIT);
	namespace_comes();
	mount_point_is_made(false);
	be_janitor();
	assert_null(strstr(fake_sys_trace(), "flock"));
}

TEST(hears_who_was_killed_with_something_left_to_read)
{
	begin();
	first_process_ends(WAIT);
	fake_sys_answer_ready("look inside, 0 ms", "inside");
	fake_sys_answer("receive inside", -ECONNRESET);
	namespace_comes();
	mount_point_is_made(true);
	fake_sys_answer_ready("poll unmounted, 20 ms", "unmounted");
	be_janitor();
	assert_contains(fake_sys_trace(), REMOVAL);
}

TEST(goes_on_without_what_it_has_no_room_for)
{
	static const struct mount_point_note place = {
		.kind = MOUNT_POINT_ENTRY, .is_new = true, .name = "x"};

	begin();
	first_process_ends(WAIT);
	namespace_comes();
	note_comes(&place, NULL);
	be_janitor();
	assert_contains(fake_sys_trace(), "exit 0\n");
}

TEST(tells_whether_anybody_of_it_is_left)
{
	static const struct janitor_work note = {"unmounting /a (fuse)"};

	fake_sys_given(30, "sock");
	*janitor = (struct helper){.pidfd = 31, .monitor = 30};
	assert_false(janitor_is_over(janitor));
	says(&note, sizeof(note));
	assert_false(janitor_is_over(janitor));
	says(&note, sizeof(note));
	fake_sys_answer_ready("look sock, 0 ms", "sock"); /* the end of the file */
	assert_true(janitor_is_over(janitor));
	janitor->pidfd = -1;
	assert_true(janitor_is_over(janitor));
}

/* --- The end of the monitor ----------------------------------------------- */

TEST(lives_on_with_the_sandbox_when_the_monitor_goes)
{
	begin();
	monitor_goes();
	namespace_comes();
	command_is_executed();
	first_process_ends(WAIT_ALONE);
	be_janitor();
	assert_ends_with(fake_sys_trace(), WAIT "\n"
						"read monitor\n"
						"look inside, 0 ms\n"
						"receive inside\n"
						"look inside, 0 ms\n"
						"receive inside\n" WAIT_ALONE "\nexit 0\n");
	assert_int_equal(fake_sys_fd("monitor"), -1);
}

TEST(kills_a_sandbox_whose_monitor_goes_before_the_command_is_executed)
{
	begin();
	monitor_goes();
	namespace_comes();
	first_process_ends(WAIT_A_SECOND);
	be_janitor();
	assert_contains(fake_sys_trace(), TAKE_NAMESPACE "poll inside, 20 ms\n"
							 "kill child 9\n" WAIT_A_SECOND "\n");
	assert_null(strstr(fake_sys_trace(), "/proc"));
}

/* What --die-with-parent and the reaper mean for a kill, and the signals that are sent. */
static const struct {
	bool die_with_parent;
	bool reaper_ends;
	bool executed;
	const char *line; /* "" for none */
} orphans[] = {
	{false, false, true, ""},
	{false, true, true, ""},
	{true, false, true, "kill child 9\n"},
	{true, true, true, "kill child 18\n"},
	{false, false, false, "kill child 9\n"},
	{false, true, false, "kill child 18\n"},
	{true, false, false, "kill child 9\n"},
	{true, true, false, "kill child 18\n"},
};

TEST(ends_a_sandbox_that_is_to_die_with_the_monitor)
{
	for (size_t i = 0; i < LENGTH(orphans); i++) {
		begin();
		plan.processes.die_with_parent = orphans[i].die_with_parent;
		box.ends_all = orphans[i].die_with_parent || orphans[i].reaper_ends;
		box.reaper_ends = orphans[i].reaper_ends;
		monitor_goes();
		namespace_comes();
		if (orphans[i].executed)
			command_is_executed();
		if (orphans[i].line[0] == '\0')
			first_process_ends(WAIT_ALONE);
		else
			first_process_ends(orphans[i].executed ? WAIT_A_SECOND_EXECUTED
							       : WAIT_A_SECOND);
		be_janitor();
		assert_contains(fake_sys_trace(), orphans[i].line);
		assert_int_equal(count_in(fake_sys_trace(), "kill child"),
				 orphans[i].line[0] != '\0');
	}
}

TEST(frees_what_a_kill_does_not_end_and_lets_go_in_the_end)
{
	begin();
	monitor_goes();
	namespace_comes();
	fake_sys_always(WAIT_A_SECOND, 0);
	fake_sys_always_ready("poll pidfd:1000, 500 ms", "pidfd:1000");
	be_janitor();
	assert_in_order(fake_sys_trace(),
			ARGV("kill child 9\n" WAIT_A_SECOND "\nlook inside, 0 ms\n"
			     "kill child 9\nopen /proc path dir\nlook inside, 0 ms\n",
			     "clone\n", WAIT_A_SECOND "\nlook inside, 0 ms\nexit 0\n"));
	assert_int_equal(count_in(fake_sys_trace(), "open /proc path dir\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), WAIT_A_SECOND), 2);
	assert_int_equal(fake_sys_now(), 2020);
}

/* A reaper that is to end all inside does not: it is killed unless it has a command. */
TEST(kills_a_reaper_in_the_end_that_has_no_command_yet)
{
	for (unsigned executed = 0; executed <= 1; executed++) {
		begin();
		plan.processes.die_with_parent = true;
		box.ends_all = box.reaper_ends = true;
		monitor_goes();
		namespace_comes();
		if (executed)
			command_is_executed();
		fake_sys_always(executed ? WAIT_A_SECOND_EXECUTED : WAIT_A_SECOND, 0);
		fake_sys_always_ready("poll pidfd:1000, 500 ms", "pidfd:1000");
		be_janitor();
		assert_contains(fake_sys_trace(), "kill child 18\npoll child");
		assert_int_equal(count_in(fake_sys_trace(), "kill child 9\n"), !executed);
		assert_int_equal(fake_sys_now(), 2000);
	}
}

TEST(frees_what_is_stuck_once_and_waits_on)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	monitor_asks(JANITOR_FREE);
	first_process_ends(WAIT);
	fake_sys_always_ready("poll pidfd:1000, 500 ms", "pidfd:1000");
	be_janitor();
	assert_int_equal(count_in(fake_sys_trace(), "open /proc path dir\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), WAIT "\n"), 3);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(frees_after_it_has_cut_but_does_not_cut_after_that)
{
	static const enum janitor_request requests[] = {JANITOR_CUT, JANITOR_CUT, JANITOR_FREE,
							JANITOR_CUT, JANITOR_FREE};

	begin();
	for (size_t i = 0; i < LENGTH(requests); i++)
		monitor_asks(requests[i]);
	namespace_comes();
	first_process_ends(WAIT);
	fake_sys_always_ready("poll pidfd:100*", "pidfd:100*");
	be_janitor();
	assert_int_equal(count_in(fake_sys_trace(), "open /proc path dir\n"), 2);
	assert_int_equal(count_in(fake_sys_trace(), "\nclone\n"), 2);
}

TEST(frees_nothing_in_a_user_namespace_of_the_host_s)
{
	begin();
	box.ns = (struct ns){.users = -1};
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	first_process_ends(WAIT);
	be_janitor();
	assert_null(strstr(fake_sys_trace(), "\nclone\n"));
}

TEST(lets_a_sandbox_of_its_own_session_go_on_that_lives_on)
{
	begin();
	plan.processes.new_session = true;
	monitor_goes();
	namespace_comes();
	command_is_executed();
	fake_proc_show(&(struct fake_process){.pid = FIRST, .parent = 1});
	fake_proc_show(&(struct fake_process){.pid = 51, .parent = FIRST});
	first_process_ends(WAIT_ALONE);
	be_janitor();
	assert_contains(fake_sys_trace(), "kill /proc/50 18\n");
	assert_contains(fake_sys_trace(), "kill /proc/51 18\n");
	assert_int_equal(count_in(fake_sys_trace(), "kill "), 2);
}

TEST(does_not_free_twice_when_the_monitor_goes_later)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	monitor_goes();
	fake_sys_always(WAIT_A_SECOND, 0);
	fake_sys_always_ready("poll pidfd:1000, 500 ms", "pidfd:1000");
	be_janitor();
	assert_int_equal(count_in(fake_sys_trace(), "open /proc path dir\n"), 1);
	assert_contains(fake_sys_trace(), "kill child 9\n" WAIT_A_SECOND "\nlook inside, 0 ms\n"
					  "exit 0\n");
}

TEST(has_nothing_to_free_without_a_namespace)
{
	begin();
	monitor_asks(JANITOR_FREE);
	first_process_ends(WAIT);
	be_janitor();
	assert_ends_with(fake_sys_trace(), WAIT "\n"
						"read monitor\n"
						"open /proc path dir\n"
						"look inside, 0 ms\n" WAIT "\n"
						"look inside, 0 ms\n"
						"exit 0\n");
}

TEST(keeps_one_namespace_and_no_more)
{
	begin();
	first_process_ends(WAIT);
	namespace_comes();
	fake_sys_answer_ready("look inside, 0 ms", "inside");
	fake_sys_answer_message("receive inside", "", 1, "another");
	be_janitor();
	assert_int_equal(fake_sys_fd("another"), -1);
}

TEST(waits_on_after_an_interruption)
{
	begin();
	fake_sys_answer(WAIT, -EINTR);
	first_process_ends(WAIT);
	be_janitor();
	assert_contains(fake_sys_trace(), WAIT "\n" WAIT "\n");
}

TEST(waits_on_after_a_failure_that_passes)
{
	begin();
	fake_sys_answer(WAIT, -ENOMEM);
	first_process_ends(WAIT);
	be_janitor();
	assert_contains(fake_sys_trace(), WAIT "\n" WAIT "\n");
	assert_null(strstr(fake_sys_trace(), "kill child 9"));
}

/* --- How it frees --------------------------------------------------------- */

#define OUTSIDE                                                                                    \
	"1 0 8:1 / / rw - ext4 /dev/vda rw\n"                                                      \
	"2 1 0:5 / /proc rw - proc proc rw\n"                                                      \
	"3 1 0:40 / /home/user/remote rw - fuse.sshfs host: rw\n"

/* Inside: what is outside too, and what is the sandbox's own. */
static char inside_mounts[] = "11 0 0:60 / / rw - tmpfs tmpfs rw\n"
			      "12 11 8:1 /usr /usr rw - ext4 /dev/vda rw\n"
			      "13 11 0:61 / /proc rw - proc proc rw\n"
			      "14 11 0:40 / /remote rw - fuse.sshfs host: rw\n"
			      "15 11 0:62 / /a\\040b rw - fuse.mine mine rw\n"
			      "16 11 0:63 / /dev/pts rw - devpts devpts rw\n"
			      "17 11 0:64 / /over rw - overlay overlay rw\n"
			      "18 11 0:65 / /moved rw - fuse mine rw\n"
			      "19 11 0:66 / /disk rw - ext4 /dev/loop0 rw\n"
			      "20 11 0:67 / /mq rw - mqueue mqueue rw\n";

static void mounts_are(void *text)
{
	fake_sys_file("/proc/self/mountinfo", text);
}

/* Say that the mount at @stat's descriptor has the number @id. */
static void number(const char *line, uint64_t id)
{
	static struct statx mounts[8];
	static unsigned n;
	struct statx *at = &mounts[n++ % LENGTH(mounts)];

	*at = (struct statx){.stx_mnt_id = id};
	fake_sys_always_data(line, 0, at, sizeof(*at));
}

/* From now on the first process inside has ended, and so have helpers. */
static void end_of_first_process(void)
{
	static const char *const waits[] = {WAIT, WAIT_EXECUTED, WAIT_ALONE, WAIT_A_SECOND,
					    WAIT_A_SECOND_EXECUTED};

	for (size_t i = 0; i < LENGTH(waits); i++)
		fake_sys_always_ready(waits[i], "child");
	fake_sys_always_ready("poll pidfd:1000*", "pidfd:1000");
	fake_sys_always_ready("poll pidfd:1001*", "pidfd:1001");
}

/* Let the test be the helper of a janitor that is asked to free what is stuck. */
static enum janitor_request asked = JANITOR_FREE;

static void begin_helper(void)
{
	begin();
	monitor_asks(asked);
	namespace_comes();
	fake_sys_file("/proc/self/mountinfo", OUTSIDE);
	fake_sys_then("setns mounts mnt", mounts_are, inside_mounts);
	fake_sys_file("/proc/50/task", "");
	fake_sys_answer("clone", 0);
	number("stat //", 11);
	number("stat //proc", 13);
	number("stat //a b", 15);
	number("stat //dev/pts", 16);
	number("stat //over", 17);
	number("stat //moved", 99);
	number("stat //mq", 20);
}

TEST(unmounts_file_systems_of_the_sandbox_s_own_with_those_of_servers_first)
{
	begin_helper();
	assert_int_equal(be_helper(), 0);
	assert_contains(fake_sys_trace(), "clone\n"
					  "prctl dumpable 0\n"
					  "ns_users mounts\n"
					  "setns users:mounts user\n"
					  "prctl dumpable 0\n"
					  "setns mounts mnt\n"
					  "open / path dir\n"
					  "open /proc self/mountinfo\n"
					  "read /proc/self/mountinfo\n"
					  "read /proc/self/mountinfo\n"
					  "fchdir /proc\n"
					  "open_in / /a b path nofollow\n"
					  "stat //a b\n"
					  "await_room monitor, 0 ms\n"
					  "write monitor (data)\n"
					  "umount self/fd/");
	assert_in_order(fake_sys_trace(),
			ARGV("stat //a b\n", " force detach\n", "stat //moved\n", "stat //\n",
			     " detach\n", "stat //over\n", " detach\n", "stat //proc\n",
			     " detach\n", "stat //mq\n", " detach\n", "stat //dev/pts\n",
			     " detach\n", "exit 0\n"));
	assert_int_equal(count_in(fake_sys_trace(), "umount"), 6);
	assert_int_equal(count_in(fake_sys_trace(), "force"), 1);
	assert_null(strstr(fake_sys_trace(), "open_in / /remote"));
	assert_null(strstr(fake_sys_trace(), "open_in / /usr"));
	assert_null(strstr(fake_sys_trace(), "open_in / /disk"));
}

TEST(is_undumpable_before_it_enters_anything)
{
	begin_helper();
	assert_int_equal(be_helper(), 0);
	/* and after it has entered what may make it dumpable */
	assert_in_order(fake_sys_trace(), ARGV("prctl dumpable 0\n", "setns users:mounts user\n",
					       "prctl dumpable 0\n", "setns mounts mnt\n"));
}

TEST(cuts_connections_to_file_servers_and_nothing_else)
{
	asked = JANITOR_CUT;
	begin_helper();
	asked = JANITOR_FREE;
	assert_int_equal(be_helper(), 0);
	assert_int_equal(count_in(fake_sys_trace(), "umount"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "force"), 1);
	assert_null(strstr(fake_sys_trace(), "stat //over"));
}

TEST(unmounts_without_a_word_where_nobody_reads)
{
	begin_helper();
	fake_sys_always("await_room monitor, 0 ms", 0);
	assert_int_equal(be_helper(), 0);
	assert_int_equal(count_in(fake_sys_trace(), "umount"), 6);
	assert_null(strstr(fake_sys_trace(), "write monitor"));
}

TEST(says_what_it_is_at)
{
	const struct janitor_work *note;
	size_t size = 0;
	int monitor;

	begin_helper();
	assert_int_equal(be_helper(), 0);
	monitor = fake_sys_fd("monitor");
	note = fake_sys_written(monitor, 0, &size);
	assert_non_null(note);
	assert_int_equal(size, sizeof(*note));
	assert_string_equal(note->doing, "unmounting /a b (fuse.mine)");
	note = fake_sys_written(monitor, 1, &size);
	assert_non_null(note);
	assert_string_equal(note->doing, "unmounting / (tmpfs)");
}

TEST(unmounts_nothing_where_it_cannot_enter)
{
	static const char *const calls[] = {"prctl dumpable 0", "ns_users mounts",
					    "setns mounts mnt", "open / path dir", "fchdir /proc"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		begin_helper();
		fake_sys_always(calls[i], -EPERM);
		assert_int_equal(be_helper(), 1);
		assert_null(strstr(fake_sys_trace(), "umount"));
		if (i == 0)
			assert_null(strstr(fake_sys_trace(), "setns"));
	}
	begin_helper(); /* its own user namespace */
	fake_sys_answer("setns users:mounts user", -EINVAL);
	assert_int_equal(be_helper(), 0);
	assert_contains(fake_sys_trace(), "umount");
}

TEST(unmounts_what_it_can_whichever_call_of_the_helper_fails)
{
	unsigned nth;

	for (nth = 2;; nth++) { /* behind clone */
		begin_helper();
		fake_sys_always("poll inside, 20 ms", 0);
		end_of_first_process();
		fake_sys_fail_at(nth, EIO);
		assert_in_range(be_helper(), 0, 1);
		if (fake_sys_calls() < nth)
			break;
	}
	assert_true(nth > 40);
}

/* Show the first process inside and a child, in whose thread THREAD is another namespace. */
static void show_inside(void)
{
	static const struct statx same = {.stx_ino = 4026532000};
	static const struct statx other = {.stx_ino = 4026532111};
	static const struct statx users = {.stx_ino = 4026531000};

	fake_sys_always_data("stat users:*", 0, &users, sizeof(users));
	fake_proc_show(&(struct fake_process){.pid = FIRST, .parent = 1});
	fake_proc_show(&(struct fake_process){.pid = 51, .parent = FIRST});
	fake_proc_show_thread(51, &(struct fake_process){.pid = 52});
	fake_proc_show(&(struct fake_process){.pid = 60, .parent = 1});
	fake_sys_always_data("stat /proc/50/task/50/ns/mnt", 0, &same, sizeof(same));
	fake_sys_always_data("stat /proc/51/task/51/ns/mnt", 0, &same, sizeof(same));
	fake_sys_always_data("stat /proc/51/task/52/ns/mnt", 0, &other, sizeof(other));
}

TEST(clears_the_namespaces_that_those_inside_have_made_as_well)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	show_inside();
	first_process_ends(WAIT);
	fake_sys_always_ready("poll pidfd:1000, 500 ms", "pidfd:1000");
	fake_sys_always_ready("poll pidfd:1001, 500 ms", "pidfd:1001");
	be_janitor();
	assert_in_order(fake_sys_trace(),
			ARGV("open /proc 50/task/50/ns/mnt\n", "open /proc 51/task/51/ns/mnt\n",
			     "open /proc 51/task/52/ns/mnt\n",
			     "clone\npoll pidfd:1000, 500 ms\nwait_pidfd pidfd:1000\n",
			     "clone\npoll pidfd:1001, 500 ms\nwait_pidfd pidfd:1001\n" WAIT "\n"));
	assert_int_equal(count_in(fake_sys_trace(), "\nclone\n"), 2);
	assert_null(strstr(fake_sys_trace(), "60/task"));
}

TEST(clears_no_namespace_that_is_not_the_sandbox_s)
{
	static const struct {
		const struct statx parent; /* of the user namespace that it belongs to */
		unsigned helpers;          /* with the one for the sandbox's own */
	} others[] = {{{.stx_ino = 4026531000}, 2}, {{.stx_ino = 5}, 1}};
	static const struct statx users = {.stx_ino = 9};

	for (size_t i = 0; i < LENGTH(others); i++) {
		begin();
		monitor_asks(JANITOR_FREE);
		namespace_comes();
		fake_sys_always_data("stat users:/proc/51/task/52/ns/mnt", 0, &users,
				     sizeof(users));
		fake_sys_always_data("stat parent:users:*", 0, &others[i].parent,
				     sizeof(others[i].parent));
		fake_sys_always("ns_parent parent:*", -EPERM);
		show_inside();
		first_process_ends(WAIT);
		fake_sys_always_ready("poll pidfd:100*", "pidfd:100*");
		be_janitor();
		assert_int_equal(count_in(fake_sys_trace(), "\nclone\n"), others[i].helpers);
	}
}

TEST(begins_no_more_helpers_after_a_second)
{
	static const struct statx third = {.stx_ino = 4026532222};

	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	show_inside();
	fake_proc_show_thread(51, &(struct fake_process){.pid = 53});
	fake_sys_always_data("stat /proc/51/task/53/ns/mnt", 0, &third, sizeof(third));
	first_process_ends(WAIT);
	fake_sys_always("poll pidfd:1000*", 0);
	fake_sys_always_ready("poll pidfd:1001, 500 ms", "pidfd:1001");
	be_janitor();
	assert_int_equal(count_in(fake_sys_trace(), "\nclone\n"), 2); /* and the sandbox's */
	assert_null(strstr(fake_sys_trace(), "51/task/53/ns"));
	assert_int_equal(fake_sys_now(), 1000);
}

TEST(clears_a_namespace_once_however_many_are_in_it)
{
	static const struct statx other = {.stx_ino = 4026532111};
	static const struct statx third = {.stx_ino = 4026532222};

	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	show_inside();
	for (pid_t tid = 53; tid <= 55; tid++)
		fake_proc_show_thread(51, &(struct fake_process){.pid = tid});
	fake_proc_show(&(struct fake_process){.pid = 56, .parent = FIRST});
	fake_sys_always_data("stat /proc/51/task/53/ns/mnt", 0, &other, sizeof(other));
	fake_sys_always_data("stat /proc/51/task/54/ns/mnt", 0, &third, sizeof(third));
	fake_sys_always_data("stat /proc/51/task/55/ns/mnt", 0, &third, sizeof(third));
	fake_sys_always_data("stat /proc/56/task/56/ns/mnt", 0, &third, sizeof(third));
	first_process_ends(WAIT);
	fake_sys_always_ready("poll pidfd:100*", "pidfd:100*");
	be_janitor();
	assert_int_equal(count_in(fake_sys_trace(), "\nclone\n"), 3);
	assert_in_order(fake_sys_trace(),
			ARGV("open /proc 51/task/52/ns/mnt\n", "clone\n",
			     "open /proc 51/task/53/ns/mnt\n", "open /proc 51/task/54/ns/mnt\n",
			     "clone\n", "open /proc 51/task/55/ns/mnt\n",
			     "open /proc 56/task/56/ns/mnt\n", "clone\n" /* the sandbox's */));
}

TEST(enters_the_namespace_of_a_thread_as_its_helper)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	show_inside();
	fake_sys_file("/proc/self/mountinfo", OUTSIDE);
	fake_sys_answer("clone", 0);
	assert_int_equal(be_helper(), 0);
	assert_contains(fake_sys_trace(), "clone\n"
					  "prctl dumpable 0\n"
					  "ns_users /proc/51/task/52/ns/mnt\n"
					  "setns users:/proc/51/task/52/ns/mnt user\n"
					  "prctl dumpable 0\n"
					  "setns /proc/51/task/52/ns/mnt mnt\n");
}

TEST(does_not_wait_long_for_a_helper)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	fake_sys_file("/proc/50/task", "");
	first_process_ends(WAIT);
	fake_sys_always("poll pidfd:1000*", 0);
	fake_sys_answer("wait_pidfd pidfd:1000", 0);
	be_janitor();
	assert_contains(fake_sys_trace(), "clone\n"
					  "poll pidfd:1000, 500 ms\n"
					  "kill pidfd:1000 9\n"
					  "poll pidfd:1000, 500 ms\n"
					  "wait_pidfd pidfd:1000\n" WAIT "\n");
	assert_int_equal(fake_sys_now(), 1000);
}

TEST(goes_on_without_a_helper)
{
	begin();
	monitor_asks(JANITOR_FREE);
	namespace_comes();
	fake_sys_answer("clone", -EAGAIN);
	first_process_ends(WAIT);
	be_janitor();
	assert_contains(fake_sys_trace(), "clone\n" WAIT "\n");
}

TEST(frees_nothing_without_knowing_what_is_outside)
{
	static const char *const calls[] = {"open /proc path dir", "open /proc self/mountinfo",
					    "read /proc/self/mountinfo"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		begin();
		monitor_asks(JANITOR_FREE);
		namespace_comes();
		fake_sys_answer(calls[i], -EIO);
		first_process_ends(WAIT);
		be_janitor();
		assert_null(strstr(fake_sys_trace(), "\nclone\n"));
		assert_int_equal(fake_sys_fd("/proc"), -1);
	}
}

TEST(ends_and_lets_go_whichever_call_fails)
{
	unsigned nth;

	for (nth = 2;; nth++) { /* behind clone */
		begin();
		monitor_asks(JANITOR_FREE);
		namespace_comes();
		show_inside();
		end_of_first_process();
		fake_sys_always("poll inside, 20 ms", 0);
		fake_sys_fail_at(nth, EIO);
		if (try_janitor() != 0) {
			assert_null(strstr(fake_sys_trace(), "write inside"));
			continue; /* with all that it could not close */
		}
		assert_int_equal(fake_sys_fd("/proc"), -1);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (fake_sys_calls() < nth)
			break;
	}
	assert_true(nth > 50);
}

/* --- A sandbox that is tied to the monitor ---------------------------------- */

static void be_tied(bool own_pids, bool has_reaper)
{
	begin();
	box.tied = box.own_group = true;
	box.has_reaper = has_reaper;
	box.first = FIRST;
	if (own_pids)
		box.ns.flags |= CLONE_NEWPID;
}

TEST(kills_a_sandbox_with_the_monitor_by_its_first_process)
{
	be_tied(true, true);
	monitor_goes();
	namespace_comes();
	command_is_executed();
	first_process_ends(WAIT_A_SECOND_EXECUTED);
	be_janitor();
	assert_contains(fake_sys_trace(), "kill child 9\n");
	assert_contains(fake_sys_trace(), "getpgrp\nsetpgid 0 0\n");
	assert_null(strstr(fake_sys_trace(), "kill group"));
}

TEST(kills_all_that_it_finds_with_the_monitor_without_a_process_namespace)
{
	for (unsigned has_reaper = 0; has_reaper < 2; has_reaper++) {
		be_tied(false, has_reaper != 0);
		fake_proc_show(&(struct fake_process){.pid = FIRST, .parent = 1});
		fake_proc_show(&(struct fake_process){.pid = 51, .parent = FIRST});
		monitor_goes();
		namespace_comes();
		command_is_executed();
		first_process_ends(WAIT_A_SECOND_EXECUTED);
		be_janitor();
		assert_in_order(
			fake_sys_trace(),
			ARGV("kill /proc/51 9\n", "kill group of child 9\n", "kill child 9\n"));
	}
}

TEST(kills_the_group_of_a_command_that_the_kernel_has_killed_with_the_monitor)
{
	be_tied(false, false);
	first_process_ends(WAIT);
	fake_sys_answer_ready("look monitor, 0 ms", "monitor");
	namespace_comes();
	be_janitor();
	assert_contains(fake_sys_trace(), "read monitor\nkill group of child 9\n");
}

TEST(kills_nobody_after_the_end_of_a_command_whose_monitor_goes_in_order)
{
	be_tied(false, false);
	first_process_ends(WAIT);
	fake_sys_always_ready("look monitor, 0 ms", "monitor");
	fake_sys_answer_data("read monitor", 0, "l", 1);
	namespace_comes();
	be_janitor();
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(lets_those_live_on_who_are_left_when_the_monitor_parts)
{
	be_tied(true, true);
	monitor_asks(JANITOR_PART);
	monitor_goes();
	namespace_comes();
	command_is_executed();
	first_process_ends(WAIT_ALONE);
	be_janitor();
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(gives_the_terminal_back_for_a_monitor_that_was_killed)
{
	be_tied(true, true);
	monitor_goes();
	namespace_comes();
	command_is_executed();
	first_process_ends(WAIT_A_SECOND_EXECUTED);
	fake_sys_always("tcgetpgrp 0", 700);
	fake_sys_answer("kill -700 0", -ESRCH);
	be_janitor();
	assert_contains(fake_sys_trace(), "tcsetpgrp 0 300\nkill -300 18\n");
}

/* The first process waits for its byte, and runs no command without it. */
TEST(is_no_janitor_if_it_cannot_close_what_is_not_its_own)
{
	begin();
	fake_sys_always("close_range *", -EPERM);
	assert_int_equal(try_janitor(), 1);
	assert_null(strstr(fake_sys_trace(), "write inside"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(kills_a_sandbox_with_the_monitor_by_its_first_process, set_up),
	cmocka_unit_test_setup(kills_all_that_it_finds_with_the_monitor_without_a_process_namespace,
			       set_up),
	cmocka_unit_test_setup(
		kills_the_group_of_a_command_that_the_kernel_has_killed_with_the_monitor, set_up),
	cmocka_unit_test_setup(kills_nobody_after_the_end_of_a_command_whose_monitor_goes_in_order,
			       set_up),
	cmocka_unit_test_setup(lets_those_live_on_who_are_left_when_the_monitor_parts, set_up),
	cmocka_unit_test_setup(gives_the_terminal_back_for_a_monitor_that_was_killed, set_up),
	cmocka_unit_test_setup(hands_the_mount_namespace_over, set_up),
	cmocka_unit_test(says_that_it_cannot_hand_the_mount_namespace_over),
	cmocka_unit_test_setup(waits_until_there_is_a_janitor, set_up),
	cmocka_unit_test_setup(asks_the_janitor, set_up),
	cmocka_unit_test_setup(hears_the_last_that_the_janitor_said, set_up),
	cmocka_unit_test_setup(does_not_listen_to_a_janitor_that_is_gone, set_up),
	cmocka_unit_test_setup(starts_and_keeps_a_handle_and_a_socket, set_up),
	cmocka_unit_test_setup(has_the_mount_namespace_from_the_monitor_which_lets_go_of_it,
			       set_up),
	cmocka_unit_test(says_that_it_cannot_start),
	cmocka_unit_test(lets_the_namespace_go_when_the_first_process_has_ended),
	cmocka_unit_test(lets_go_at_once_when_the_monitor_gives_up),
	cmocka_unit_test(ends_a_sandbox_that_it_cannot_wait_for),
	cmocka_unit_test_setup(listens_while_it_waits, set_up),
	cmocka_unit_test_setup(removes_mount_points_before_it_lets_go_where_all_have_ended, set_up),
	cmocka_unit_test_setup(removes_mount_points_after_it_has_let_go_where_others_may_live,
			       set_up),
	cmocka_unit_test_setup(leaves_a_process_behind_for_mount_points_while_others_live, set_up),
	cmocka_unit_test_setup(removes_mount_points_of_a_sandbox_that_is_given_up, set_up),
	cmocka_unit_test_setup(removes_no_mount_point_if_it_cannot_know_who_lives, set_up),
	cmocka_unit_test_setup(hears_who_was_killed_with_something_left_to_read, set_up),
	cmocka_unit_test_setup(goes_on_without_what_it_has_no_room_for, set_up),
	cmocka_unit_test_setup(tells_whether_anybody_of_it_is_left, set_up),
	cmocka_unit_test(lives_on_with_the_sandbox_when_the_monitor_goes),
	cmocka_unit_test(kills_a_sandbox_whose_monitor_goes_before_the_command_is_executed),
	cmocka_unit_test(ends_a_sandbox_that_is_to_die_with_the_monitor),
	cmocka_unit_test(frees_what_a_kill_does_not_end_and_lets_go_in_the_end),
	cmocka_unit_test(kills_a_reaper_in_the_end_that_has_no_command_yet),
	cmocka_unit_test(frees_what_is_stuck_once_and_waits_on),
	cmocka_unit_test(frees_after_it_has_cut_but_does_not_cut_after_that),
	cmocka_unit_test(frees_nothing_in_a_user_namespace_of_the_host_s),
	cmocka_unit_test(lets_a_sandbox_of_its_own_session_go_on_that_lives_on),
	cmocka_unit_test(does_not_free_twice_when_the_monitor_goes_later),
	cmocka_unit_test(has_nothing_to_free_without_a_namespace),
	cmocka_unit_test(keeps_one_namespace_and_no_more),
	cmocka_unit_test(waits_on_after_an_interruption),
	cmocka_unit_test(waits_on_after_a_failure_that_passes),
	cmocka_unit_test(unmounts_file_systems_of_the_sandbox_s_own_with_those_of_servers_first),
	cmocka_unit_test(is_undumpable_before_it_enters_anything),
	cmocka_unit_test(cuts_connections_to_file_servers_and_nothing_else),
	cmocka_unit_test(unmounts_without_a_word_where_nobody_reads),
	cmocka_unit_test(says_what_it_is_at),
	cmocka_unit_test(unmounts_nothing_where_it_cannot_enter),
	cmocka_unit_test(unmounts_what_it_can_whichever_call_of_the_helper_fails),
	cmocka_unit_test(clears_the_namespaces_that_those_inside_have_made_as_well),
	cmocka_unit_test(clears_no_namespace_that_is_not_the_sandbox_s),
	cmocka_unit_test(begins_no_more_helpers_after_a_second),
	cmocka_unit_test(clears_a_namespace_once_however_many_are_in_it),
	cmocka_unit_test(enters_the_namespace_of_a_thread_as_its_helper),
	cmocka_unit_test(does_not_wait_long_for_a_helper),
	cmocka_unit_test(goes_on_without_a_helper),
	cmocka_unit_test(frees_nothing_without_knowing_what_is_outside),
	cmocka_unit_test(ends_and_lets_go_whichever_call_fails),
	cmocka_unit_test(is_no_janitor_if_it_cannot_close_what_is_not_its_own),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
