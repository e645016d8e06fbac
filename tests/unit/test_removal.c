/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "mounts/removal.h"
#include "sys/sys.h"
#include "test.h"

enum { SECONDS = 499162500, UNMOUNTED = 5, KEPT }; /* the time of the mark */

#define AT_TIME .stx_mtime = {.tv_sec = SECONDS}

static const struct statx dir = {.stx_mode = S_IFDIR | 01755, .stx_ino = 3, AT_TIME};
static const struct statx used_dir = {.stx_mode = S_IFDIR | 01755, .stx_ino = 3};
static const struct statx file = {.stx_mode = S_IFREG | 01444, .stx_ino = 3, AT_TIME};

static struct removal removal = {.unmounted = -1, .users = -1};
static struct err e;

static void start(void)
{
	removal_done(&removal);
	fake_sys_reset();
	fake_sys_given(UNMOUNTED, "unmounted");
	fake_sys_given(KEPT, "kept");
	removal = REMOVAL_NONE;
	e = (struct err){0};
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* Be told @note, with a new descriptor called @name unless that is NULL. */
static int hear(struct mount_point_note note, const char *name)
{
	int fd = name == NULL ? -1 : sys_openat(UNMOUNTED, name, O_RDONLY, 0);

	return removal_take(&removal, &note, &fd, &e);
}

static int hear_entry(const char *parent, const char *name, bool is_new)
{
	struct mount_point_note note = {.kind = MOUNT_POINT_ENTRY, .is_new = is_new};

	(void)snprintf(note.name, sizeof(note.name), "%s", name);
	return hear(note, parent);
}

static int hear_point(const char *point, bool is_ours)
{
	return hear((struct mount_point_note){.kind = MOUNT_POINT_LOCKED, .is_ours = is_ours},
		    point);
}

/* Something called x was made in p. */
static void made(void)
{
	assert_int_equal(hear_entry("/p", "x", true), 0);
	assert_int_equal(hear_point("/x", true), 0);
}

/* What is held, and what the name leads to. */
static void points_are(const struct statx *held, const struct statx *there)
{
	fake_sys_always_data("stat unmounted/x", 0, held, sizeof(*held));
	fake_sys_always_data("stat unmounted/p/x", 0, there, sizeof(*there));
}

/* Every process inside has exited: remove the mount points. */
static void finish(void)
{
	removal_finish(&removal, &(struct removal_end){.fd = -1, .has_come = true, .kept = -1});
}

/* The trace of finish(). */
static const char *finish_traced(void)
{
	size_t before = strlen(fake_sys_trace());

	finish();
	return fake_sys_trace() + before;
}

#define LOOK "open unmounted/p x path nofollow\nstat unmounted/p/x\n"
#define HELD "flock unmounted/x exclusive\nstat unmounted/x\n" LOOK
#define FOUND                                                                                      \
	"flock unmounted/x exclusive\nstat unmounted/x\nopen unmounted/p x path nofollow\n"        \
	"stat unmounted/p\nstat unmounted/p/x\n"
#define UNLOCK "flock unmounted/x unlock\n"

/* --- Remembering ---------------------------------------------------------- */

TEST(remembers_what_is_made_and_may_open_more_files_from_then_on)
{
	made();
	assert_int_equal(removal.n, 1);
	assert_string_equal(removal.list[0].name, "x");
	assert_string_equal(fake_sys_name(removal.list[0].parent), "unmounted/p");
	assert_string_equal(fake_sys_name(removal.list[0].point), "unmounted/x");
	assert_int_equal(count_in(fake_sys_trace(), "raise_files\n"), 1);
	made();
	assert_int_equal(removal.n, 2);
	assert_int_equal(count_in(fake_sys_trace(), "raise_files\n"), 1);
	removal_done(&removal);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(remembers_many)
{
	for (unsigned i = 0; i < 1000; i++)
		made();
	assert_int_equal(removal.n, 1000);
	removal_done(&removal);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(forgets_what_somebody_else_has_made)
{
	made();
	assert_int_equal(hear_entry("/p", "y", true), 0);
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_VOID}, NULL), 0);
	assert_int_equal(removal.n, 1);
	assert_int_equal(fake_sys_open_fds(), 2);
}

TEST(keeps_what_tells_of_the_end_of_the_mounts)
{
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_WATCH}, "/one"), 0);
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_WATCH}, "/two"), 0);
	assert_string_equal(fake_sys_name(removal.unmounted), "unmounted/two");
	assert_int_equal(fake_sys_open_fds(), 1);
}

TEST(does_not_believe_what_makes_no_sense)
{
	assert_int_equal(hear_point("/x", true), -EPROTO);
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_VOID}, NULL), -EPROTO);
	made();
	assert_int_equal(hear_point("/y", true), -EPROTO);
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_VOID}, NULL), -EPROTO);
	assert_int_equal(hear((struct mount_point_note){.kind = (enum mount_point_kind)9}, "/y"),
			 -EPROTO);
	assert_int_equal(fake_sys_open_fds(), 2);
}

TEST(says_what_helps_when_there_is_no_room_for_a_descriptor)
{
	assert_int_equal(hear_entry(NULL, "x", true), -EMFILE);
	assert_string_equal(e.msg, "cannot record the mount points created on the host: "
				   "Too many open files");
	assert_contains(e.hint, "ulimit -Hn");
	assert_int_equal(removal.n, 0);
}

TEST(says_that_it_cannot_note_down)
{
	fake_malloc_fail_at(1);
	assert_int_equal(hear_entry("/p", "x", true), -ENOMEM);
	assert_string_equal(e.hint, "");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(takes_a_name_without_an_end_for_a_long_one)
{
	struct mount_point_note note = {.kind = MOUNT_POINT_ENTRY};

	memset(note.name, 'x', sizeof(note.name));
	assert_int_equal(hear(note, "/p"), 0);
	assert_int_equal(strlen(removal.list[0].name), sizeof(note.name) - 1);
}

/* --- Removing ------------------------------------------------------------- */

TEST(removes_what_is_as_it_was_made)
{
	made();
	points_are(&dir, &dir);
	assert_string_equal(finish_traced(), FOUND "rmdir unmounted/p x\n" UNLOCK);
	start();
	made();
	points_are(&file, &file);
	assert_string_equal(finish_traced(), FOUND "unlink unmounted/p x\n" UNLOCK);
}

TEST(removes_a_directory_in_which_something_was_made_and_removed)
{
	made();
	points_are(&used_dir, &used_dir);
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
}

TEST(goes_from_the_deepest_to_the_first)
{
	assert_int_equal(hear_entry("/p", "x", true), 0);
	assert_int_equal(hear_point("/x", true), 0);
	assert_int_equal(hear_entry("/x", "y", true), 0);
	assert_int_equal(hear_point("/y", true), 0);
	points_are(&dir, &dir);
	fake_sys_always_data("stat unmounted/y", 0, &file, sizeof(file));
	fake_sys_always_data("stat unmounted/x/y", 0, &file, sizeof(file));
	assert_in_order(finish_traced(), ARGV("unlink unmounted/x y\n", "rmdir unmounted/p x\n"));
}

TEST(marks_a_directory_again_that_was_marked_before)
{
	made();
	points_are(&dir, &dir);
	fake_sys_always_data("stat unmounted/p", 0, &dir, sizeof(dir));
	assert_contains(finish_traced(), "rmdir unmounted/p x\nset_mtime unmounted/p 499162500\n");
	start();
	made();
	points_are(&dir, &dir);
	fake_sys_always_data("stat unmounted/p", 0, &dir, sizeof(dir));
	fake_sys_always("rmdir*", -ENOTEMPTY);
	assert_null(strstr(finish_traced(), "set_mtime"));
}

TEST(leaves_what_another_sandbox_uses)
{
	made();
	points_are(&dir, &dir);
	fake_sys_always("flock unmounted/x exclusive", -EWOULDBLOCK);
	assert_string_equal(finish_traced(), "flock unmounted/x exclusive\nstat unmounted/x\n" LOOK
					     "stat unmounted/x\n");
}

TEST(marks_what_it_leaves_to_another_so_that_that_one_knows_whose_it_is)
{
	const char *trace;

	made();
	fake_sys_always("flock unmounted/x exclusive", -EWOULDBLOCK);
	points_are(&used_dir, &used_dir);
	trace = finish_traced();
	assert_starts_with(trace, "flock unmounted/x exclusive\nstat unmounted/x\n" LOOK
				  "stat unmounted/x\nset_mtime unmounted/x 499162500\n"
				  "flock unmounted/x exclusive\npoll, 1 ms\n");
	assert_null(strstr(trace, "rmdir"));
	assert_int_equal(fake_sys_now(), 20); /* that one takes the mark away again and again */
}

TEST(removes_what_another_has_let_go_before_it_was_marked)
{
	made();
	fake_sys_answer("flock unmounted/x exclusive", -EWOULDBLOCK);
	points_are(&used_dir, &used_dir);
	assert_contains(finish_traced(),
			"set_mtime unmounted/x 499162500\n" FOUND "rmdir unmounted/p x\n");
}

TEST(removes_what_got_the_mark_while_it_was_held)
{
	assert_int_equal(hear_entry("/p", "x", false), 0);
	assert_int_equal(hear_point("/x", false), 0);
	points_are(&dir, &dir);
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
	start(); /* or is getting it this very moment */
	assert_int_equal(hear_entry("/p", "x", false), 0);
	assert_int_equal(hear_point("/x", false), 0);
	fake_sys_answer_data("stat unmounted/x", 0, &used_dir, sizeof(used_dir));
	points_are(&dir, &dir);
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
}

TEST(removes_what_was_about_to_be_held_only_if_it_has_the_mark)
{
	assert_int_equal(hear_entry("/p", "x", false), 0);
	fake_sys_always_data("stat unmounted/p/x", 0, &dir, sizeof(dir));
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
	start();
	assert_int_equal(hear_entry("/p", "x", false), 0);
	fake_sys_always_data("stat unmounted/p/x", 0, &used_dir, sizeof(used_dir));
	assert_string_equal(finish_traced(), LOOK);
}

/* What was made, and what is there now. */
static const struct {
	struct statx held;
	struct statx there;
} changed[] = {
	/* another of the same kind, */
	{{.stx_mode = S_IFREG | 01444, .stx_ino = 3, AT_TIME},
	 {.stx_mode = S_IFREG | 01444, .stx_ino = 4, AT_TIME}},
	{{.stx_mode = S_IFDIR | 01755, .stx_ino = 3, AT_TIME},
	 {.stx_mode = S_IFDIR | 01755, .stx_ino = 3, .stx_dev_major = 8, AT_TIME}},
	/* or it was written to, touched, or given another mode */
	{{.stx_mode = S_IFREG | 01444, .stx_ino = 3, .stx_size = 1, AT_TIME},
	 {.stx_mode = S_IFREG | 01444, .stx_ino = 3, .stx_size = 1, AT_TIME}},
	{{.stx_mode = S_IFREG | 01444, .stx_ino = 3, .stx_mtime = {.tv_sec = 1}},
	 {.stx_mode = S_IFREG | 01444, .stx_ino = 3, .stx_mtime = {.tv_sec = 1}}},
	{{.stx_mode = S_IFREG | 0644, .stx_ino = 3, AT_TIME},
	 {.stx_mode = S_IFREG | 0644, .stx_ino = 3, AT_TIME}},
	{{.stx_mode = S_IFDIR | 0755, .stx_ino = 3, AT_TIME},
	 {.stx_mode = S_IFDIR | 0755, .stx_ino = 3, AT_TIME}},
};

/* Its time could not be set. */
TEST(removes_what_it_made_and_nobody_has_changed)
{
	static const struct statx unmarked = {
		.stx_mode = S_IFREG | 01444, .stx_ino = 3, .stx_mtime = {.tv_sec = 7}};
	static const struct statx written = {.stx_mode = S_IFREG | 01444,
					     .stx_ino = 3,
					     .stx_size = 1,
					     .stx_mtime = {.tv_sec = 7}};

	fake_sys_answer_data("stat unmounted/x", 0, &unmarked, sizeof(unmarked));
	made();
	points_are(&unmarked, &unmarked);
	assert_contains(finish_traced(), "unlink unmounted/p x\n");
	start();
	fake_sys_answer_data("stat unmounted/x", 0, &unmarked, sizeof(unmarked));
	made();
	points_are(&written, &written);
	assert_null(strstr(finish_traced(), "unlink"));
}

TEST(leaves_what_somebody_has_changed)
{
	for (size_t i = 0; i < LENGTH(changed); i++) {
		const char *trace;

		start();
		made();
		points_are(&changed[i].held, &changed[i].there);
		trace = finish_traced();
		assert_starts_with(trace, HELD);
		assert_null(strstr(trace, "unlink "));
		assert_null(strstr(trace, "rmdir "));
		assert_null(strstr(trace, "set_mtime"));
	}
}

TEST(leaves_what_is_not_there_any_more)
{
	made();
	points_are(&dir, &dir);
	fake_sys_always("open unmounted/p x*", -ENOENT);
	assert_string_equal(finish_traced(),
			    "flock unmounted/x exclusive\nstat unmounted/x\n"
			    "open unmounted/p x path nofollow\n" UNLOCK
			    "stat unmounted/x\nopen unmounted/p x path nofollow\n");
}

TEST(only_holds_what_is_not_the_sandboxes)
{
	assert_int_equal(hear_entry("/p", "x", false), 0);
	assert_int_equal(hear_point("/x", false), 0);
	points_are(&used_dir, &used_dir);
	assert_null(strstr(finish_traced(), "dir unmounted/p x"));
	assert_null(strstr(fake_sys_trace(), "set_mtime"));
	assert_int_equal(fake_sys_now(), 0);
}

/* What was about to be made, and whether it is removed. */
static const struct {
	struct statx there;
	bool is_removed;
} begun[] = {
	{{.stx_mode = S_IFREG | 01444}, true},
	{{.stx_mode = S_IFDIR | 01755}, true},
	{{.stx_mode = S_IFDIR | 01700}, true},
	{{.stx_mode = S_IFREG | 0444}, false},
	{{.stx_mode = S_IFREG | 01444, .stx_size = 1}, false},
	{{.stx_mode = S_IFDIR | 0755}, false},
	{{.stx_mode = S_IFREG | 01444, .stx_uid = 1000}, false},
	{{.stx_mode = S_IFIFO | 01444}, false},
};

TEST(removes_what_was_about_to_be_made_if_it_can_be_nobody_else_s)
{
	for (size_t i = 0; i < LENGTH(begun); i++) {
		const char *trace;

		start();
		assert_int_equal(hear_entry("/p", "x", true), 0);
		fake_sys_always_data("stat unmounted/p/x", 0, &begun[i].there,
				     sizeof(begun[i].there));
		trace = finish_traced();
		assert_starts_with(trace, LOOK);
		assert_int_equal(strstr(trace, "dir unmounted/p x\n") != NULL ||
					 strstr(trace, "unlink unmounted/p x\n") != NULL,
				 begun[i].is_removed);
		assert_int_equal(strstr(trace, "nonblock") != NULL, begun[i].is_removed);
		assert_int_equal(fake_sys_open_fds(), 1);
	}
}

TEST(waits_for_the_end_of_who_was_killed_while_he_made_it)
{
	static const struct statx here = {.stx_mode = S_IFREG | 01444};
	const char *trace;

	assert_int_equal(hear_entry("/p", "x", true), 0);
	fake_sys_always_data("stat unmounted/p/x", 0, &here, sizeof(here));
	fake_sys_answer("flock unmounted/p/x exclusive", -EWOULDBLOCK);
	trace = finish_traced();
	assert_contains(trace, "flock unmounted/p/x exclusive\npoll, 1 ms\n"
			       "flock unmounted/p/x exclusive\nstat");
	assert_contains(trace, "unlink unmounted/p x\n");
	fake_sys_always("flock unmounted/p/x exclusive", -EWOULDBLOCK);
	assert_null(strstr(finish_traced(), "unlink"));
	assert_int_equal(fake_sys_now(), 41);
}

TEST(goes_on_with_the_next_whichever_call_fails)
{
	unsigned nth;
	unsigned removed = 0;

	for (nth = 1;; nth++) {
		start();
		assert_int_equal(hear_entry("/q", "y", true), 0);
		assert_int_equal(hear_point("/y", true), 0);
		made();
		points_are(&dir, &dir);
		fake_sys_always_data("stat unmounted/y", 0, &dir, sizeof(dir));
		fake_sys_always_data("stat unmounted/q/y", 0, &dir, sizeof(dir));
		fake_sys_fail_at(nth, EIO);
		finish();
		if (*fake_sys_trace_after_failure() == '\0' && nth > 14)
			break;
		removed += strstr(fake_sys_trace(), "rmdir unmounted/p x\n") != NULL;
		removed += strstr(fake_sys_trace(), "rmdir unmounted/q y\n") != NULL;
		assert_int_equal(fake_sys_open_fds(), 4);
	}
	assert_in_range(removed, 14 + 4, 2 * 14);
}

/* --- With the capabilities of the user namespace ----------------------------- */

static void remove_now(void *arg)
{
	(void)arg;
	finish();
	sys_exit(9);
}

#define MAY_REMOVE "access unmounted/p . write search effective\n"

static void hear_users(void)
{
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_USERS}, "/users"), 0);
	fake_sys_always("access unmounted/p .*", -EACCES);
}

TEST(has_a_helper_remove_what_takes_the_rights_of_the_user_namespace)
{
	hear_users();
	made();
	points_are(&dir, &dir);
	fake_sys_answer("clone", 0);
	assert_int_equal(fake_sys_run(remove_now, NULL), 0);
	assert_in_order(fake_sys_trace(),
			ARGV(MAY_REMOVE "clone\nprctl dumpable 0\nsetns unmounted/users user\n"
					"prctl dumpable 0\n" FOUND,
			     "rmdir unmounted/p x\n", "exit 0\n"));
}

#define HELPER_ENDS(n) "clone\npoll pidfd:" n ", 1000 ms\nwait_pidfd pidfd:" n "\n"

static void helpers_end(void)
{
	hear_users();
	made();
	fake_sys_always_ready("poll pidfd:100*", "pidfd:100*");
}

TEST(waits_for_that_helper_and_removes_nothing_itself)
{
	helpers_end();
	fake_sys_answer("poll pidfd:1000*", -EINTR);
	assert_in_order(finish_traced(),
			ARGV("clone\npoll pidfd:1000, 1000 ms\npoll pidfd:1000, 1000 ms\n"
			     "wait_pidfd pidfd:1000\n"));
	assert_null(strstr(fake_sys_trace(), "flock"));
}

TEST(has_another_helper_if_one_is_killed)
{
	const struct fake_end killed = {.status = SIGKILL};

	helpers_end();
	fake_sys_answer_data("wait_pidfd*", 1, &killed, sizeof(killed));
	assert_in_order(finish_traced(), ARGV(HELPER_ENDS("1000") HELPER_ENDS("1001")));
	assert_null(strstr(fake_sys_trace(), "flock"));
}

TEST(has_another_helper_if_one_is_stopped)
{
	helpers_end();
	fake_sys_answer("poll pidfd:1000*", 0);
	fake_sys_answer("wait_pidfd*", 0); /* nor is it dead at once */
	assert_in_order(finish_traced(), ARGV("poll pidfd:1000, 1000 ms\nkill pidfd:1000 9\n"
					      "poll pidfd:1000, 20 ms\nwait_pidfd pidfd:1000\n",
					      HELPER_ENDS("1001")));
	assert_null(strstr(fake_sys_trace(), "flock"));
}

TEST(removes_what_it_can_itself_without_a_helper)
{
	hear_users();
	made();
	points_are(&dir, &dir);
	fake_sys_always("clone", -EAGAIN);
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
	assert_int_equal(count_in(fake_sys_trace(), "clone\n"), 3);
}

TEST(needs_no_helper_where_nobody_is_kept_out)
{
	hear_users();
	assert_string_equal(finish_traced(), ""); /* there is nothing to be removed */
	start();
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_USERS}, "/one"), 0);
	assert_int_equal(hear((struct mount_point_note){.kind = MOUNT_POINT_USERS}, "/users"), 0);
	made();
	points_are(&dir, &dir);
	assert_contains(finish_traced(), "rmdir unmounted/p x\n");
	assert_contains(fake_sys_trace(), MAY_REMOVE);
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(needs_a_helper_if_it_is_kept_out_of_one_of_many)
{
	assert_int_equal(hear_entry("/q", "y", true), 0);
	helpers_end();
	assert_in_order(finish_traced(),
			ARGV("access unmounted/q . write search effective\n" MAY_REMOVE "clone\n"));
}

/* --- Later ---------------------------------------------------------------- */

static void finish_later(void)
{
	removal_finish(&removal, &(struct removal_end){.fd = UNMOUNTED, .kept = KEPT});
}

static void run(void *arg)
{
	(void)arg;
	finish_later();
	fail_msg("returned");
}

TEST(leaves_a_process_behind_that_removes_them_in_the_end)
{
	made();
	points_are(&dir, &dir);
	fake_sys_answer("poll unmounted, 20 ms", 0);
	fake_sys_answer("clone unreaped", 0);
	fake_sys_answer("poll unmounted, -1 ms", -EINTR);
	fake_sys_answer_ready("poll unmounted, -1 ms", "unmounted");
	assert_int_equal(fake_sys_run(run, NULL), 0);
	assert_in_order(
		fake_sys_trace(),
		ARGV("clone unreaped\nsigprocmask block all\nprctl name sbx-janitor\n"
		     "close_range 0 4\nclose_range 7 ",
		     "setsid\nchdir /\npoll unmounted, -1 ms\npoll unmounted, -1 ms\n" FOUND,
		     "rmdir unmounted/p x\n", "exit 0\n"));
}

TEST(does_not_wait_for_that_process)
{
	made();
	fake_sys_always("poll unmounted, 20 ms", 0);
	finish_later();
	assert_int_equal(fake_sys_open_fds(), 2);
	fake_sys_answer("clone unreaped", -EAGAIN);
	finish_later();
	assert_int_equal(fake_sys_open_fds(), 2);
}

TEST(removes_at_once_if_the_last_process_exits_meanwhile)
{
	made();
	points_are(&dir, &dir);
	fake_sys_answer_ready("poll unmounted, 20 ms", "unmounted");
	finish_later();
	assert_contains(fake_sys_trace(), "poll unmounted, 20 ms\n" FOUND);
	assert_contains(fake_sys_trace(), "rmdir unmounted/p x\n");
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(does_not_wait_longer_for_an_end_that_is_forced)
{
	made();
	points_are(&dir, &dir);
	fake_sys_answer("poll unmounted, 20 ms", 0);
	removal_finish(&removal, &(struct removal_end){.fd = UNMOUNTED, .is_forced = true});
	assert_contains(fake_sys_trace(), "poll unmounted, 20 ms\n" FOUND);
	assert_contains(fake_sys_trace(), "rmdir unmounted/p x\n");
}

TEST(removes_nothing_if_nothing_tells_of_the_end)
{
	made();
	removal_finish(&removal, &(struct removal_end){.fd = -1, .is_forced = true});
	assert_null(strstr(fake_sys_trace(), "flock"));
	assert_null(strstr(fake_sys_trace(), "clone"));
}

TEST(goes_on_with_all_open_without_memory)
{
	made();
	points_are(&dir, &dir);
	fake_malloc_fail_at(1);
	fake_sys_answer("poll unmounted, 20 ms", 0);
	fake_sys_answer("clone unreaped", 0);
	fake_sys_answer_ready("poll unmounted, -1 ms", "unmounted");
	assert_int_equal(fake_sys_run(run, NULL), 0);
	assert_null(strstr(fake_sys_trace(), "close_range"));
	assert_contains(fake_sys_trace(), "rmdir unmounted/p x\n");
}

static int tear_down(void **state __attribute__((unused)))
{
	removal_done(&removal);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(remembers_what_is_made_and_may_open_more_files_from_then_on,
				       set_up),
		cmocka_unit_test_setup(remembers_many, set_up),
		cmocka_unit_test_setup(forgets_what_somebody_else_has_made, set_up),
		cmocka_unit_test_setup(keeps_what_tells_of_the_end_of_the_mounts, set_up),
		cmocka_unit_test_setup(does_not_believe_what_makes_no_sense, set_up),
		cmocka_unit_test_setup(says_what_helps_when_there_is_no_room_for_a_descriptor,
				       set_up),
		cmocka_unit_test_setup(says_that_it_cannot_note_down, set_up),
		cmocka_unit_test_setup(takes_a_name_without_an_end_for_a_long_one, set_up),
		cmocka_unit_test_setup(removes_what_is_as_it_was_made, set_up),
		cmocka_unit_test_setup(removes_a_directory_in_which_something_was_made_and_removed,
				       set_up),
		cmocka_unit_test_setup(goes_from_the_deepest_to_the_first, set_up),
		cmocka_unit_test_setup(marks_a_directory_again_that_was_marked_before, set_up),
		cmocka_unit_test_setup(leaves_what_another_sandbox_uses, set_up),
		cmocka_unit_test_setup(
			marks_what_it_leaves_to_another_so_that_that_one_knows_whose_it_is, set_up),
		cmocka_unit_test_setup(removes_what_another_has_let_go_before_it_was_marked,
				       set_up),
		cmocka_unit_test_setup(removes_what_got_the_mark_while_it_was_held, set_up),
		cmocka_unit_test_setup(removes_what_was_about_to_be_held_only_if_it_has_the_mark,
				       set_up),
		cmocka_unit_test_setup(removes_what_it_made_and_nobody_has_changed, set_up),
		cmocka_unit_test_setup(leaves_what_somebody_has_changed, set_up),
		cmocka_unit_test_setup(leaves_what_is_not_there_any_more, set_up),
		cmocka_unit_test_setup(only_holds_what_is_not_the_sandboxes, set_up),
		cmocka_unit_test_setup(removes_what_was_about_to_be_made_if_it_can_be_nobody_else_s,
				       set_up),
		cmocka_unit_test_setup(waits_for_the_end_of_who_was_killed_while_he_made_it,
				       set_up),
		cmocka_unit_test_setup(goes_on_with_the_next_whichever_call_fails, set_up),
		cmocka_unit_test_setup(
			has_a_helper_remove_what_takes_the_rights_of_the_user_namespace, set_up),
		cmocka_unit_test_setup(waits_for_that_helper_and_removes_nothing_itself, set_up),
		cmocka_unit_test_setup(has_another_helper_if_one_is_killed, set_up),
		cmocka_unit_test_setup(has_another_helper_if_one_is_stopped, set_up),
		cmocka_unit_test_setup(removes_what_it_can_itself_without_a_helper, set_up),
		cmocka_unit_test_setup(needs_no_helper_where_nobody_is_kept_out, set_up),
		cmocka_unit_test_setup(needs_a_helper_if_it_is_kept_out_of_one_of_many, set_up),
		cmocka_unit_test_setup(leaves_a_process_behind_that_removes_them_in_the_end,
				       set_up),
		cmocka_unit_test_setup(does_not_wait_for_that_process, set_up),
		cmocka_unit_test_setup(removes_at_once_if_the_last_process_exits_meanwhile, set_up),
		cmocka_unit_test_setup(does_not_wait_longer_for_an_end_that_is_forced, set_up),
		cmocka_unit_test_setup(removes_nothing_if_nothing_tells_of_the_end, set_up),
		cmocka_unit_test_setup(goes_on_with_all_open_without_memory, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
