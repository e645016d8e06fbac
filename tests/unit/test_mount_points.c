/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "mounts/dest.h"
#include "mounts/mount_points.h"
#include "sys/sys.h"
#include "test.h"

enum { MONITOR = 3, JANITOR, STAGE, CWD, DIR, THING };
enum { SECONDS = 499162500 }; /* the time of the mark */

/* What is on the host, of a device that is not the sandbox's own; and the mark in part. */
#define ON_HOST .stx_dev_major = 8, .stx_dev_minor = 1
#define AT_TIME .stx_mtime = {.tv_sec = SECONDS}

static const struct statx own = {.stx_mode = S_IFDIR | 0755, .stx_dev_minor = 40};
static const struct statx host = {.stx_mode = S_IFDIR | 0755, ON_HOST};
static const struct statx marked = {.stx_mode = S_IFDIR | 01755, .stx_ino = 9, ON_HOST, AT_TIME};
static const struct statx moded = {.stx_mode = S_IFDIR | 01755, .stx_ino = 9, ON_HOST};
static const struct statx another = {.stx_mode = S_IFDIR | 01755, .stx_ino = 10, ON_HOST, AT_TIME};

static struct mount_points mount_points;
static struct entry dest;

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(MONITOR, "monitor");
	fake_sys_given(JANITOR, "janitor");
	fake_sys_given(STAGE, "stage");
	fake_sys_given(CWD, "cwd");
	fake_sys_given(DIR, "dir");
	fake_sys_given(THING, "point");
	fake_sys_always_data("stat stage", 0, &own, sizeof(own));
	fake_sys_always_ready("poll janitor, -1 ms", "janitor");
	mount_point_done(&mount_points);
	mount_points = (struct mount_points){.is_possible = true,
					     .is_on = true,
					     .is_watched = true,
					     .gave_users = true,
					     .monitor = MONITOR,
					     .janitor = JANITOR,
					     .stage = STAGE,
					     .cwd = CWD};
	dest = (struct entry){.dir = DIR, .name = "x"};
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

static int tear_down(void **state __attribute__((unused)))
{
	mount_point_done(&mount_points);
	return 0;
}

/* Let what is made be there, and be itself. */
static void thing_is(const struct statx *st)
{
	fake_sys_always_data("stat tree:dir/x", 0, st, sizeof(*st));
}

/* What the janitor was told in the message number @i. */
static const struct mount_point_note *told(unsigned i)
{
	size_t size = 0;
	const struct mount_point_note *note = fake_sys_written(JANITOR, i, &size);

	assert_non_null(note);
	assert_int_equal(size, sizeof(*note));
	return note;
}

#define TELL(what) "send monitor with " what "\nsend janitor with " what "\n"
#define AWAIT "poll janitor, -1 ms\n"
#define LOOK "open tree:dir x path nofollow\nstat tree:dir/x\n"
#define HOLD "flock tree:dir/x shared\nstat tree:dir/x\n" LOOK

/* --- The mark ------------------------------------------------------------- */

static const struct {
	struct statx st;
	bool has_mode;
	bool is_marked;
} marks[] = {
	{{.stx_mode = S_IFDIR | 01755, AT_TIME}, true, true},
	{{.stx_mode = S_IFDIR | 01700, AT_TIME}, true, true},
	{{.stx_mode = S_IFDIR | 01755}, true, false},
	{{.stx_mode = S_IFDIR | 01755, .stx_mtime = {.tv_sec = SECONDS + 1}}, true, false},
	{{.stx_mode = S_IFDIR | 01755, .stx_mtime = {SECONDS, 1, 0}}, true, false},
	{{.stx_mode = S_IFDIR | 0755, AT_TIME}, false, false},
	{{.stx_mode = S_IFDIR | 01777, AT_TIME}, false, false},
	{{.stx_mode = S_IFDIR | 01775, AT_TIME}, false, false},
	{{.stx_mode = S_IFDIR | 03755, AT_TIME}, true, true}, /* inherited */
	{{.stx_mode = S_IFDIR | 05755, AT_TIME}, false, false},
	{{.stx_mode = S_IFREG | 01444, AT_TIME}, true, true},
	{{.stx_mode = S_IFREG | 01444}, true, false},
	{{.stx_mode = S_IFREG | 01400, AT_TIME}, true, true}, /* of a default ACL */
	{{.stx_mode = S_IFREG | 03444, AT_TIME}, false, false},
	{{.stx_mode = S_IFREG | 01444, .stx_size = 1, AT_TIME}, false, false},
	{{.stx_mode = S_IFREG | 0444, AT_TIME}, false, false},
	{{.stx_mode = S_IFREG | 01644, AT_TIME}, false, false},
	{{.stx_mode = S_IFIFO | 01444, AT_TIME}, false, false},
	{{.stx_mode = S_IFLNK | 01444, AT_TIME}, false, false},
};

TEST(tells_what_sandboxes_make_by_mode_size_and_time)
{
	for (size_t i = 0; i < LENGTH(marks); i++) {
		assert_int_equal(mount_point_has_mode(&marks[i].st), marks[i].has_mode);
		assert_int_equal(mount_point_is_marked(THING, &marks[i].st), marks[i].is_marked);
	}
}

/* --- What counts ---------------------------------------------------------- */

TEST(does_nothing_where_nothing_of_the_host_is_writable)
{
	mount_points.is_on = mount_points.is_possible = false;
	assert_int_equal(mount_point_is_on_host(&mount_points, DIR), 0);
	assert_int_equal(mount_point_is_on_host(NULL, DIR), 0);
	assert_int_equal(mount_point_may_be(&mount_points, THING), 0);
	assert_int_equal(mount_point_may_be(NULL, THING), 0);
	assert_int_equal(mount_point_add_own_fs(&mount_points, THING), 0);
	assert_string_equal(fake_sys_trace(), "");
}

TEST(counts_what_is_not_on_a_file_system_of_the_sandbox)
{
	static const struct statx tmpfs = {.stx_mode = S_IFDIR, .stx_dev_minor = 41, .stx_ino = 1};
	static const struct statx inside = {.stx_mode = S_IFDIR, .stx_dev_minor = 41, .stx_ino = 7};

	fake_sys_given(20, "tmpfs");
	fake_sys_always_data("stat tmpfs", 0, &tmpfs, sizeof(tmpfs));
	assert_int_equal(mount_point_add_own_fs(&mount_points, 20), 0);
	fake_sys_answer_data("stat dir", 0, &inside, sizeof(inside));
	assert_int_equal(mount_point_is_on_host(&mount_points, DIR), 0);
	fake_sys_answer_data("stat dir", 0, &own, sizeof(own));
	assert_int_equal(mount_point_is_on_host(&mount_points, DIR), 0);
	fake_sys_answer_data("stat dir", 0, &host, sizeof(host));
	assert_int_equal(mount_point_is_on_host(&mount_points, DIR), 1);
	assert_int_equal(count_in(fake_sys_trace(), "stat stage\n"), 1);
}

TEST(says_that_it_cannot_look)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		start();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(mount_point_is_on_host(&mount_points, DIR), -EIO);
		start();
		fake_sys_always_data("stat point", 0, &marked, sizeof(marked));
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(mount_point_may_be(&mount_points, THING), -EIO);
	}
	fake_sys_fail_at(1, EIO);
	assert_int_equal(mount_point_add_own_fs(&mount_points, DIR), -EIO);
}

TEST(takes_any_number_of_file_systems)
{
	static const struct statx last = {.stx_mode = S_IFDIR, .stx_dev_minor = 300};

	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(mount_point_add_own_fs(&mount_points, STAGE), 0);
	fake_sys_always_data("stat point", 0, &last, sizeof(last));
	assert_int_equal(mount_point_is_on_host(&mount_points, THING), 1);
	assert_int_equal(mount_point_add_own_fs(&mount_points, THING), 0);
	assert_int_equal(mount_point_is_on_host(&mount_points, THING), 0);
}

/* --- Making --------------------------------------------------------------- */

#define MADE(look)                                                                                 \
	"open_tree dir clone itself\n" AWAIT "files_max\n" TELL("tree:dir") look                   \
		"mkdir tree:dir x 1755\n"                                                          \
		"open tree:dir x dir nofollow\n" HOLD "set_mtime tree:dir/x 499162500\n"

TEST(tells_of_a_directory_before_and_after_it_is_made)
{
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_string_equal(fake_sys_trace(),
			    MADE("stat tree:dir\n") "stat tree:dir/x\n" TELL("tree:dir/x"));
	assert_int_equal(told(0)->kind, MOUNT_POINT_ENTRY);
	assert_true(told(0)->is_new);
	assert_string_equal(told(0)->name, "x");
	assert_int_equal(told(1)->kind, MOUNT_POINT_LOCKED);
	assert_true(told(1)->is_ours);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(tells_the_monitor_the_same)
{
	const struct report *report;

	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	report = fake_sys_written(MONITOR, 0, NULL);
	assert_int_equal(report->kind, REPORT_MOUNT_POINT);
	assert_memory_equal(&report->mount_points, told(0), sizeof(report->mount_points));
	report = fake_sys_written(MONITOR, 1, NULL);
	assert_memory_equal(&report->mount_points, told(1), sizeof(report->mount_points));
	assert_null(fake_sys_written(MONITOR, 2, NULL));
	assert_null(fake_sys_written(JANITOR, 2, NULL));
}

TEST(waits_for_a_janitor_once)
{
	thing_is(&moded);
	fake_sys_answer("poll janitor, -1 ms", -EINTR);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(count_in(fake_sys_trace(), AWAIT), 2);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(count_in(fake_sys_trace(), AWAIT), 2);
}

TEST(marks_the_directory_above_again)
{
	thing_is(&moded);
	dest.is_host_mount_point = true;
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_string_equal(
		fake_sys_trace(),
		MADE("") "set_mtime tree:dir 499162500\nstat tree:dir/x\n" TELL("tree:dir/x"));
}

TEST(marks_again_what_has_got_the_mark_meanwhile)
{
	thing_is(&moded);
	fake_sys_always_data("stat tree:dir", 0, &marked, sizeof(marked));
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_contains(fake_sys_trace(),
			"set_mtime tree:dir 499162500\nstat tree:dir/x\n" TELL("tree:dir/x"));
}

/* A file system of @type, on which what is made is of @made, and of @after once its mode is set. */
static void file_system_is(long type, const struct statx *made, const struct statx *after)
{
	static struct statfs fs;

	fs = (struct statfs){.f_type = type};
	fake_sys_always_data("statfs tree:dir/x", 0, &fs, sizeof(fs));
	fake_sys_answer_data("stat tree:dir/x", 0, made, sizeof(*made)); /* held, */
	fake_sys_answer_data("stat tree:dir/x", 0, made, sizeof(*made)); /* the same by its name, */
	fake_sys_answer_data("stat tree:dir/x", 0, made, sizeof(*made)); /* and marked */
	fake_sys_always_data("stat tree:dir/x", 0, after, sizeof(*after));
}

static const struct statx no_mode = {.stx_mode = S_IFREG | 0644, .stx_ino = 9, ON_HOST};
static const struct statx time_alone = {.stx_mode = S_IFREG | 0644, .stx_ino = 9, ON_HOST, AT_TIME};
static const struct statx mode_alone = {.stx_mode = S_IFREG | 01644, .stx_ino = 9, ON_HOST};
static const struct statx full_mode = {.stx_mode = S_IFREG | 01444, .stx_ino = 9, ON_HOST};

TEST(sets_the_mode_again_where_it_was_not_kept)
{
	file_system_is(FUSE_SUPER_MAGIC, &no_mode, &full_mode);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFREG | 0444), 0);
	assert_contains(fake_sys_trace(),
			"chmod tree:dir/x 1644\nset_mtime tree:dir/x 499162500\n");
	assert_true(told(1)->is_ours);
	assert_int_equal(mount_points.stays, MOUNT_POINT_GOES);
}

TEST(is_content_with_the_time_where_modes_are_not_kept)
{
	file_system_is(MSDOS_SUPER_MAGIC, &no_mode, &time_alone);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFREG | 0444), 0);
	assert_true(told(1)->is_ours);
	assert_int_equal(mount_points.stays, MOUNT_POINT_GOES);
}

TEST(leaves_what_nobody_can_tell_and_says_so)
{
	static const struct {
		long type;
		const struct statx *st;
	} cases[] = {
		{EXT4_SUPER_MAGIC, &time_alone},
		{MSDOS_SUPER_MAGIC, &no_mode},
		{MSDOS_SUPER_MAGIC, &mode_alone},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		start();
		file_system_is(cases[i].type, &no_mode, cases[i].st);
		assert_int_equal(mount_point_make(&mount_points, &dest, S_IFREG | 0444), 0);
		assert_int_equal(told(1)->kind, MOUNT_POINT_VOID);
		assert_int_equal(mount_points.stays, MOUNT_POINT_UNMARKED);
	}
}

TEST(says_that_it_cannot_lock_or_watch)
{
	thing_is(&moded);
	fake_sys_always("flock*", -ENOSYS);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(mount_points.stays, MOUNT_POINT_UNLOCKED);
	start();
	thing_is(&moded);
	mount_points.is_watched = false;
	fake_sys_always("watch_unmount*", -EMFILE);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(mount_points.stays, MOUNT_POINT_UNWATCHED);
}

TEST(takes_the_time_for_a_mark_where_modes_are_not_kept)
{
	static const struct statfs fat = {.f_type = MSDOS_SUPER_MAGIC};
	static const struct statx full = {.stx_mode = S_IFREG | 0755, .stx_size = 1, AT_TIME};
	static const struct statx fifo = {.stx_mode = S_IFIFO | 0755, AT_TIME};

	assert_false(mount_point_is_marked(THING, &time_alone));
	fake_sys_always_data("statfs point", 0, &fat, sizeof(fat));
	assert_true(mount_point_is_marked(THING, &time_alone));
	assert_false(mount_point_is_marked(THING, &no_mode));
	assert_false(mount_point_is_marked(THING, &full));
	assert_false(mount_point_is_marked(THING, &fifo));
	fake_sys_fail_at(1, EIO);
	assert_false(mount_point_is_marked(THING, &time_alone));
}

TEST(makes_a_file_with_one_call)
{
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFREG | 0444), 0);
	assert_contains(fake_sys_trace(),
			TELL("tree:dir") "stat tree:dir\nopen tree:dir x nofollow nonblock excl "
					 "create 1444\n" HOLD);
}

TEST(keeps_directories_above_closed)
{
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0700), 0);
	assert_contains(fake_sys_trace(), "mkdir tree:dir x 1700\n");
}

TEST(gives_the_directory_itself_where_no_mount_of_it_can_be_made)
{
	fake_sys_answer("open_tree*", -EINVAL);
	fake_sys_always_data("stat dir/x", 0, &moded, sizeof(moded));
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_contains(fake_sys_trace(), TELL("dir") "stat dir\nmkdir dir x 1755\n");
}

TEST(gives_the_user_namespace_once_where_its_rights_are_needed)
{
	static const struct statx closed[] = {
		{.stx_mode = S_IFDIR | 0555, .stx_uid = 5, ON_HOST},
		{.stx_mode = S_IFDIR | 0677, .stx_uid = 5, ON_HOST},
		{.stx_mode = S_IFDIR | 0775, .stx_uid = 6, ON_HOST},
		{.stx_mode = S_IFDIR | 0776, .stx_uid = 6, ON_HOST},
	};

	for (size_t i = 0; i < LENGTH(closed); i++) {
		start();
		thing_is(&moded);
		mount_points.gave_users = false;
		fake_sys_always_data("stat tree:dir", 0, &closed[i], sizeof(closed[i]));
		fake_sys_always("geteuid", 5);
		assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
		assert_contains(fake_sys_trace(), "open /proc/self/ns/user\n" TELL(
							  "/proc/self/ns/user") TELL("tree:dir"));
		assert_int_equal(told(0)->kind, MOUNT_POINT_USERS);
		assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
		assert_int_equal(count_in(fake_sys_trace(), "ns/user\n"), 3);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(keeps_the_user_namespace_where_its_rights_are_not_needed)
{
	static const struct statx dirs[] = {
		{.stx_mode = S_IFDIR | 0700, .stx_uid = 5, ON_HOST},
		{.stx_mode = S_IFDIR | 01777, .stx_uid = 6, ON_HOST},
	};

	for (size_t i = 0; i < LENGTH(dirs); i++) {
		start();
		thing_is(&moded);
		mount_points.gave_users = false;
		fake_sys_always_data("stat tree:dir", 0, &dirs[i], sizeof(dirs[i]));
		fake_sys_always("geteuid", 5);
		assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
		assert_null(strstr(fake_sys_trace(), "ns/user"));
	}
}

TEST(makes_nothing_where_it_cannot_give_the_user_namespace)
{
	static const struct statx closed = {.stx_mode = S_IFDIR | 0300, .stx_uid = 5, ON_HOST};
	static const struct statx closed_too = {.stx_mode = S_IFDIR | 0500, .stx_uid = 5, ON_HOST};

	fake_sys_always("geteuid", 5);
	fake_sys_always_data("stat tree:dir", 0, &closed, sizeof(closed));
	mount_points.gave_users = false;
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	start();
	fake_sys_always("geteuid", 5);
	fake_sys_always_data("stat tree:dir", 0, &closed_too, sizeof(closed_too));
	fake_sys_always("open /proc/self/ns/user", -EACCES);
	mount_points.gave_users = false;
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -EACCES);
	assert_null(strstr(fake_sys_trace(), "mkdir"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(says_once_how_to_see_the_end_of_the_mounts)
{
	thing_is(&moded);
	mount_points.is_watched = false;
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_contains(fake_sys_trace(),
			"open_tree dir clone itself\n" AWAIT "files_max\n"
			"fchdir stage\nwatch_unmount .\nfchdir cwd\n" TELL("unmounted")
				TELL("tree:dir"));
	assert_int_equal(told(0)->kind, MOUNT_POINT_WATCH);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(count_in(fake_sys_trace(), "watch_unmount"), 1);
}

TEST(goes_on_where_a_limit_forbids_to_watch)
{
	thing_is(&moded);
	mount_points.is_watched = false;
	fake_sys_answer("watch_unmount .", -EMFILE);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_contains(fake_sys_trace(), "watch_unmount .\nfchdir cwd\n" TELL("tree:dir"));
}

TEST(takes_back_what_it_said_of_what_somebody_else_has_made)
{
	static const mode_t modes[] = {S_IFDIR | 0755, S_IFREG | 0444};

	for (size_t i = 0; i < LENGTH(modes); i++) {
		start();
		fake_sys_answer("mkdir*", -EEXIST);
		fake_sys_answer("open tree:dir x *", -EEXIST);
		assert_int_equal(mount_point_make(&mount_points, &dest, modes[i]), -EEXIST);
		assert_int_equal(told(1)->kind, MOUNT_POINT_VOID);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(lets_stay_what_cannot_be_locked)
{
	thing_is(&moded);
	fake_sys_answer("flock*", -ENOLCK);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(told(1)->kind, MOUNT_POINT_VOID);
	assert_null(strstr(fake_sys_trace(), "set_mtime"));
	start();
	thing_is(&marked);
	fake_sys_answer("flock*", -ENOLCK);
	fake_sys_always_data("stat point", 0, &marked, sizeof(marked));
	assert_int_equal(mount_point_adopt(&mount_points, &dest, THING), 0);
	assert_int_equal(told(1)->kind, MOUNT_POINT_VOID);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(waits_for_who_is_about_to_remove_it)
{
	thing_is(&moded);
	fake_sys_answer("flock*", -EWOULDBLOCK);
	fake_sys_answer("flock*", -EWOULDBLOCK);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_contains(fake_sys_trace(), "flock tree:dir/x shared\npoll, 1 ms\n"
					  "flock tree:dir/x shared\npoll, 1 ms\n"
					  "flock tree:dir/x shared\nstat tree:dir/x\n");
}

TEST(does_not_wait_for_ever)
{
	fake_sys_always("flock*", -EWOULDBLOCK);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -EBUSY);
	assert_int_equal(fake_sys_now(), 1000);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(has_one_look_again_when_the_name_leads_elsewhere)
{
	fake_sys_answer_data("stat tree:dir/x", 0, &moded, sizeof(moded));
	fake_sys_answer_data("stat tree:dir/x", 0, &another, sizeof(another));
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -ESTALE);
	start();
	thing_is(&moded);
	fake_sys_answer("open tree:dir x path*", -ENOENT);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -ESTALE);
	start();
	fake_sys_answer("open tree:dir x dir*", -ENOENT);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -ESTALE);
	assert_null(fake_sys_written(JANITOR, 1, NULL));
}

TEST(waits_while_too_many_descriptors_are_on_their_way)
{
	thing_is(&moded);
	fake_sys_answer("send monitor*", -ETOOMANYREFS);
	fake_sys_answer("send janitor*", -ETOOMANYREFS);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(fake_sys_now(), 2);
	start();
	fake_sys_always("send janitor*", -ETOOMANYREFS);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -ETOOMANYREFS);
	assert_int_equal(fake_sys_now(), 5000);
	assert_null(strstr(fake_sys_trace(), "mkdir"));
}

TEST(tells_the_janitor_alone_once_the_monitor_has_gone)
{
	thing_is(&moded);
	mount_points.monitor = -1;
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_null(strstr(fake_sys_trace(), "send monitor"));
	assert_contains(fake_sys_trace(), "send janitor with ");
}

TEST(reports_every_call_that_fails_while_making)
{
	unsigned nth;
	unsigned tolerated = 0;

	for (nth = 1;; nth++) {
		int r;

		start();
		thing_is(&moded);
		fake_sys_always_data("stat dir/x", 0, &moded, sizeof(moded));
		mount_points.is_watched = false;
		dest.is_host_mount_point = true;
		fake_sys_fail_at(nth, EIO);
		r = mount_point_make(&mount_points, &dest, S_IFDIR | 0755);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (r == 0 && fake_sys_calls() < nth)
			break;
		tolerated += r == 0;
		if (r < 0) {
			assert_int_equal(r, -EIO);
			assert_string_equal(fake_sys_trace_after_failure(), "");
		}
	}
	assert_int_equal(tolerated, 5); /* open_tree, watch_unmount, flock, set_mtime twice */
	assert_int_equal(nth, 22);
}

TEST(makes_no_more_than_those_outside_can_remember)
{
	fake_sys_always("files_max", 34);
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -EMFILE);
	assert_int_equal(count_in(fake_sys_trace(), "mkdir"), 1);
	assert_null(fake_sys_written(JANITOR, 2, NULL));
}

TEST(makes_nothing_it_cannot_note_down)
{
	thing_is(&moded);
	fake_malloc_fail_at(1);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), -ENOMEM);
	fake_malloc_fail_at(1);
	assert_int_equal(mount_point_add_own_fs(&mount_points, DIR), -ENOMEM);
	assert_null(fake_sys_written(JANITOR, 1, NULL));
}

/* --- Finding -------------------------------------------------------------- */

static int adopt(const struct statx *st)
{
	fake_sys_always_data("stat point", 0, st, sizeof(*st));
	return mount_point_adopt(&mount_points, &dest, THING);
}

TEST(holds_what_another_sandbox_has_made)
{
	thing_is(&marked);
	assert_int_equal(adopt(&marked), 1);
	assert_string_equal(fake_sys_trace(), "stat point\nstat stage\nopen_tree dir clone itself\n"
					      "open tree:dir x nofollow nonblock\n" AWAIT
					      "files_max\n" TELL("tree:dir") HOLD
			    "stat tree:dir/x\n" TELL("tree:dir/x"));
	assert_false(told(0)->is_new);
	assert_string_equal(told(0)->name, "x");
	assert_true(told(1)->is_ours);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(tells_of_it_once)
{
	thing_is(&marked);
	assert_int_equal(adopt(&marked), 1);
	assert_int_equal(adopt(&marked), 1);
	assert_int_equal(count_in(fake_sys_trace(), "flock"), 1);
	assert_null(fake_sys_written(JANITOR, 2, NULL));
}

TEST(knows_what_it_has_made_itself)
{
	thing_is(&moded);
	assert_int_equal(mount_point_make(&mount_points, &dest, S_IFDIR | 0755), 0);
	assert_int_equal(adopt(&marked), 1);
	assert_int_equal(count_in(fake_sys_trace(), "flock"), 1);
}

TEST(leaves_alone_what_is_not_marked)
{
	static const struct statx others[] = {
		{.stx_mode = S_IFDIR | 0755, ON_HOST, AT_TIME},
		{.stx_mode = S_IFREG | 01444, .stx_size = 3, ON_HOST, AT_TIME},
		{.stx_mode = S_IFDIR | 01755, .stx_dev_minor = 40, AT_TIME},
		{.stx_mode = S_IFDIR | 01755,
		 .stx_attributes = STATX_ATTR_MOUNT_ROOT,
		 ON_HOST,
		 AT_TIME},
	};

	for (size_t i = 0; i < LENGTH(others); i++) {
		start();
		assert_int_equal(adopt(&others[i]), 0);
		assert_int_equal(mount_point_may_be(&mount_points, THING), 0);
		assert_null(strstr(fake_sys_trace(), "flock"));
	}
	start();
	fake_sys_always_data("stat point", 0, &moded, sizeof(moded));
	assert_int_equal(mount_point_may_be(&mount_points, THING), 1);
}

TEST(holds_but_does_not_take_what_has_another_time)
{
	thing_is(&moded);
	assert_int_equal(adopt(&moded), 0);
	assert_int_equal(count_in(fake_sys_trace(), "poll, 1 ms\n"), 5);
	assert_false(told(1)->is_ours);
}

TEST(waits_for_who_is_about_to_mark_it)
{
	fake_sys_answer_data("stat tree:dir/x", 0, &moded, sizeof(moded)); /* while it holds it */
	fake_sys_answer_data("stat tree:dir/x", 0, &moded, sizeof(moded));
	fake_sys_answer_data("stat tree:dir/x", 0, &moded, sizeof(moded));
	thing_is(&marked);
	assert_int_equal(adopt(&moded), 1);
	assert_int_equal(count_in(fake_sys_trace(), "poll, 1 ms\n"), 1);
	assert_true(told(1)->is_ours);
}

TEST(leaves_alone_what_it_may_not_open)
{
	fake_sys_answer("open tree:dir x nofollow*", -EACCES);
	assert_int_equal(adopt(&marked), 0);
	assert_null(fake_sys_written(JANITOR, 0, NULL));
}

TEST(has_one_look_again_when_it_has_been_removed)
{
	static const int errors[] = {-ENOENT, -ELOOP};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		start();
		fake_sys_answer("open tree:dir x nofollow*", errors[i]);
		assert_int_equal(adopt(&marked), -ESTALE);
	}
	start();
	thing_is(&another);
	assert_int_equal(adopt(&marked), -ESTALE);
	assert_int_equal(told(1)->kind, MOUNT_POINT_VOID);
	assert_null(fake_sys_written(JANITOR, 2, NULL));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_every_call_that_fails_while_finding)
{
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		start();
		thing_is(&marked);
		fake_sys_always_data("stat dir/x", 0, &marked, sizeof(marked));
		fake_sys_fail_at(nth, EIO);
		r = adopt(&marked);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (fake_sys_calls() < nth)
			break;
		failures += r == -EIO;
		assert_true(r == -EIO || r == 0 || r == 1);
	}
	assert_int_equal(nth, 16);
	assert_int_equal(failures, 12); /* but open_tree, open and flock */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_what_sandboxes_make_by_mode_size_and_time, set_up),
		cmocka_unit_test_setup(does_nothing_where_nothing_of_the_host_is_writable, set_up),
		cmocka_unit_test_setup(counts_what_is_not_on_a_file_system_of_the_sandbox, set_up),
		cmocka_unit_test_setup(says_that_it_cannot_look, set_up),
		cmocka_unit_test_setup(takes_any_number_of_file_systems, set_up),
		cmocka_unit_test_setup(tells_of_a_directory_before_and_after_it_is_made, set_up),
		cmocka_unit_test_setup(tells_the_monitor_the_same, set_up),
		cmocka_unit_test_setup(waits_for_a_janitor_once, set_up),
		cmocka_unit_test_setup(marks_the_directory_above_again, set_up),
		cmocka_unit_test_setup(marks_again_what_has_got_the_mark_meanwhile, set_up),
		cmocka_unit_test_setup(sets_the_mode_again_where_it_was_not_kept, set_up),
		cmocka_unit_test_setup(is_content_with_the_time_where_modes_are_not_kept, set_up),
		cmocka_unit_test_setup(leaves_what_nobody_can_tell_and_says_so, set_up),
		cmocka_unit_test_setup(says_that_it_cannot_lock_or_watch, set_up),
		cmocka_unit_test_setup(takes_the_time_for_a_mark_where_modes_are_not_kept, set_up),
		cmocka_unit_test_setup(makes_a_file_with_one_call, set_up),
		cmocka_unit_test_setup(keeps_directories_above_closed, set_up),
		cmocka_unit_test_setup(gives_the_directory_itself_where_no_mount_of_it_can_be_made,
				       set_up),
		cmocka_unit_test_setup(gives_the_user_namespace_once_where_its_rights_are_needed,
				       set_up),
		cmocka_unit_test_setup(keeps_the_user_namespace_where_its_rights_are_not_needed,
				       set_up),
		cmocka_unit_test_setup(makes_nothing_where_it_cannot_give_the_user_namespace,
				       set_up),
		cmocka_unit_test_setup(says_once_how_to_see_the_end_of_the_mounts, set_up),
		cmocka_unit_test_setup(goes_on_where_a_limit_forbids_to_watch, set_up),
		cmocka_unit_test_setup(takes_back_what_it_said_of_what_somebody_else_has_made,
				       set_up),
		cmocka_unit_test_setup(lets_stay_what_cannot_be_locked, set_up),
		cmocka_unit_test_setup(waits_for_who_is_about_to_remove_it, set_up),
		cmocka_unit_test_setup(does_not_wait_for_ever, set_up),
		cmocka_unit_test_setup(has_one_look_again_when_the_name_leads_elsewhere, set_up),
		cmocka_unit_test_setup(waits_while_too_many_descriptors_are_on_their_way, set_up),
		cmocka_unit_test_setup(tells_the_janitor_alone_once_the_monitor_has_gone, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_making, set_up),
		cmocka_unit_test_setup(makes_no_more_than_those_outside_can_remember, set_up),
		cmocka_unit_test_setup(makes_nothing_it_cannot_note_down, set_up),
		cmocka_unit_test_setup(holds_what_another_sandbox_has_made, set_up),
		cmocka_unit_test_setup(tells_of_it_once, set_up),
		cmocka_unit_test_setup(knows_what_it_has_made_itself, set_up),
		cmocka_unit_test_setup(leaves_alone_what_is_not_marked, set_up),
		cmocka_unit_test_setup(holds_but_does_not_take_what_has_another_time, set_up),
		cmocka_unit_test_setup(waits_for_who_is_about_to_mark_it, set_up),
		cmocka_unit_test_setup(leaves_alone_what_it_may_not_open, set_up),
		cmocka_unit_test_setup(has_one_look_again_when_it_has_been_removed, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_finding, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
