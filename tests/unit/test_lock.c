/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "isolation/lock.h"
#include "mounts/free_bind.h"
#include "sys/sys.h"
#include "test.h"

enum { PROC = 3, HOST, STAGE, BOX, TREE };

#define MAP_LINES 340 /* as many as the kernel takes */
#define MAP_LINE_BYTES 40
#define MAP_BYTES 65536 /* that are read at most */

static const struct statx regular = {.stx_mode = S_IFREG | 0600};
static const struct statx lower = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 8};
static const struct statx upper = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 9};
static const struct statx root = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 7};

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_given(HOST, "host");
	fake_sys_given(STAGE, "stage");
	fake_sys_given(BOX, "box");
	fake_sys_given(TREE, "tree");
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* --- Putting aside -------------------------------------------------------- */

/* As on an empty staging tmpfs. */
static void start_setting_aside(void)
{
	start();
	fake_sys_given(TREE + 1, "other");
	fake_sys_always("open_in stage*", -ENOENT);
	fake_sys_always("readlink stage*", -ENOENT);
	fake_sys_always_data("stat box", 0, &root, sizeof(root));
	fake_sys_always_data("stat tree", 0, &lower, sizeof(lower));
	fake_sys_always_data("stat other", 0, &upper, sizeof(upper));
	fake_sys_answer_data("stat box/x", 0, &upper, sizeof(upper));
	fake_sys_answer_data("stat box/x", 0, &lower, sizeof(lower));
}

/* Record two mounts, the second perhaps on the first, and put them aside. */
static int set_aside(struct err *e)
{
	struct site site = {
		.roots = {.host = HOST, .cwd = -1, .stage = STAGE, .box = BOX},
		.lock_mounts = true,
	};
	const struct op op = {.dest = "/x"};
	int r = free_bind_keep(&site, &op, TREE, e);

	if (r == 0)
		r = free_bind_keep(&site, &op, TREE + 1, e);
	else
		(void)sys_close(TREE + 1);
	if (r == 0)
		r = free_bind_set_aside(&site, e);
	free_bind_done(&site);
	assert_null(site.free);
	assert_int_equal(site.n_free, 0);
	assert_int_equal(fake_sys_fd("tree"), -1);
	assert_int_equal(fake_sys_fd("other"), -1);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static const char aside[] = "stat box\n"
			    "stat box\n"
			    "stat other\n"
			    "stat tree\n"
			    "open_in box /x path\n"
			    "stat box/x\n"
			    "stat other\n"
			    "open_in stage free1 path\n"
			    "open stage . path dir\n"
			    "readlink stage free1\n"
			    "stat other\n"
			    "mkdir stage free1 755\n"
			    "open stage free1 path nofollow\n"
			    "move_mount other stage/free1\n"
			    "open_in box /x path\n"
			    "stat box/x\n"
			    "stat tree\n"
			    "open_in stage free0 path\n"
			    "open stage . path dir\n"
			    "readlink stage free0\n"
			    "stat tree\n"
			    "mkdir stage free0 755\n"
			    "open stage free0 path nofollow\n"
			    "move_mount tree stage/free0\n";

TEST(moves_each_mount_to_a_place_on_the_stage_the_last_one_first)
{
	struct err e = {0};

	start_setting_aside();
	assert_int_equal(set_aside(&e), 0);
	assert_string_equal(fake_sys_trace(), aside);
}

TEST(makes_the_place_as_the_mount_is)
{
	struct err e = {0};

	start_setting_aside();
	fake_sys_answer_data("stat tree", 0, &lower, sizeof(lower));
	fake_sys_answer_data("stat tree", 0, &lower, sizeof(lower));
	fake_sys_answer_data("stat tree", 0, &regular, sizeof(regular));
	assert_int_equal(set_aside(&e), 0);
	assert_in_order(fake_sys_trace(),
			ARGV("mkdir stage free1 755\n",
			     "open stage free0 write nofollow nonblock excl create 444\n",
			     "move_mount tree stage/free0\n"));
}

TEST(refuses_to_give_the_root_away)
{
	struct err e = {0};

	start_setting_aside();
	fake_sys_answer_data("stat tree", 0, &root, sizeof(root));
	assert_int_equal(set_aside(&e), -EINVAL);
	assert_string_equal(e.msg, "the sandbox's root cannot be unmounted");
	assert_null(strstr(fake_sys_trace(), "stage"));
}

TEST(reports_every_call_that_fails_while_putting_aside)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};

		start_setting_aside();
		fake_sys_fail_at(nth, EIO);
		if (set_aside(&e) == 0)
			break;
		assert_int_equal(e.code, EIO);
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
	assert_int_equal(nth, 25);
}

/* What is there instead, which may be something that cannot be looked into. */
TEST(leaves_what_is_covered_where_it_is)
{
	static const int hidden[] = {-ENOENT, -ENOTDIR, -EACCES};
	struct err e = {0};

	start_setting_aside();
	fake_sys_answer_data("stat tree", 0, &lower, sizeof(lower));
	fake_sys_answer_data("stat tree", 0, &upper, sizeof(upper));
	assert_int_equal(set_aside(&e), 0);
	assert_non_null(strstr(fake_sys_trace(), "move_mount other stage/free1\n"));
	assert_null(strstr(fake_sys_trace(), "free0"));
	for (size_t i = 0; i < LENGTH(hidden); i++) {
		start_setting_aside();
		fake_sys_always("open_in box /x path", hidden[i]);
		assert_int_equal(set_aside(&e), 0);
		assert_null(strstr(fake_sys_trace(), "stage"));
		assert_string_equal(e.msg, "");
	}
}

TEST(keeps_nothing_without_memory)
{
	struct err e = {0};

	start_setting_aside();
	fake_malloc_fail_at(1);
	assert_int_equal(set_aside(&e), -ENOMEM);
	assert_string_equal(e.msg, "cannot record the mount on /x: Cannot allocate memory");
	fake_malloc_fail_at(0);
}

/* --- Entering ------------------------------------------------------------- */

#define MAPPED "--lock-mounts: cannot map the ids of the second user namespace: "

/* Check that the helper sees the end of @which side's socket. */
static void assert_closed(void *which)
{
	assert_int_equal(fake_sys_fd(which), -1);
}

/* Check that @which is open, so that the helper is not told anything. */
static void assert_open(void *which)
{
	assert_int_not_equal(fake_sys_fd(which), -1);
}

static char here[] = "here";
static char there[] = "there";

/* Begin anew, with a helper that has done its work. */
static void start_entering(void)
{
	static const int mapped = 0;

	start();
	fake_sys_answer_pair(here, there);
	fake_sys_then("unshare user mnt uts", assert_closed, there);
	fake_sys_then("unshare user mnt uts", assert_open, here);
	fake_sys_then("wait 1000", assert_closed, here);
	fake_sys_always_data("read here", 0, &mapped, sizeof(mapped));
}

/* Enter; nothing is left open, nor any helper there. */
static int enter(struct err *e)
{
	int r = lock_enter(PROC, CLONE_NEWUTS, e);

	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(count_in(fake_sys_trace(), "clone\n"),
			 count_in(fake_sys_trace(), "wait 1000\n"));
	return r;
}

static const char entered[] = "open /proc self path dir\n"
			      "socketpair\n"
			      "clone\n"
			      "unshare user mnt uts\n"
			      "send here\n"
			      "read here\n"
			      "wait 1000\n";

TEST(has_the_ids_mapped_by_a_helper_that_was_there_before)
{
	struct err e = {0};

	start_entering();
	assert_int_equal(enter(&e), 0);
	assert_string_equal(fake_sys_trace(), entered);
}

TEST(waits_for_the_helper_after_an_interruption)
{
	struct err e = {0};

	start_entering();
	fake_sys_answer("wait 1000", -EINTR);
	assert_int_equal(lock_enter(PROC, CLONE_NEWUTS, &e), 0);
	assert_int_equal(count_in(fake_sys_trace(), "wait 1000\n"), 2);
}

/* What is said of each call that fails, and what is done after it. */
static const struct {
	const char *msg;
	const char *after;
} failures[] = {
	{"cannot prepare a helper that maps ids: Input/output error", ""},
	{"cannot prepare a helper that maps ids: Input/output error", ""},
	{"cannot start a helper that maps ids: Input/output error", ""},
	{"--lock-mounts: cannot create the namespaces in which mounts are locked: Input/output "
	 "error",
	 "wait 1000\n"},
	{MAPPED "Input/output error", "wait 1000\n"},
	{MAPPED "Input/output error", "wait 1000\n"},
};

TEST(reports_every_call_that_fails_while_entering)
{
	struct err e = {0};

	for (unsigned i = 0; i < LENGTH(failures); i++) {
		start_entering();
		fake_sys_fail_at(i + 1, EIO);
		assert_int_equal(lock_enter(PROC, CLONE_NEWUTS, &e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_string_equal(e.msg, failures[i].msg);
		assert_string_equal(fake_sys_trace_after_failure(), failures[i].after);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
	start_entering();
	fake_sys_fail_at(LENGTH(failures) + 1, EIO); /* nothing depends on the wait */
	assert_int_equal(lock_enter(PROC, CLONE_NEWUTS, &e), 0);
	assert_int_equal(fake_sys_calls(), LENGTH(failures) + 1);
}

TEST(says_what_helps_where_the_namespaces_cannot_be_made)
{
	struct err e = {0};

	start_entering();
	fake_sys_answer("unshare*", -ENOSPC);
	assert_int_equal(enter(&e), -ENOSPC);
	assert_string_equal(
		e.msg, "--lock-mounts: cannot create the namespaces in which mounts are locked: "
		       "No space left on device");
	assert_string_equal(e.option, "--lock-mounts"); /* and so how to do without */
	assert_contains(e.hint, "nested too deep");
	assert_null(strstr(fake_sys_trace(), "send"));
}

TEST(reports_what_the_helper_failed_in)
{
	static const int answer = -EPERM;
	struct err e = {0};

	start_entering();
	fake_sys_answer_data("read here", 0, &answer, sizeof(answer));
	assert_int_equal(enter(&e), -EPERM);
	assert_int_equal(e.code, EPERM);
	assert_string_equal(e.msg, MAPPED "Operation not permitted");
	assert_string_equal(e.option, "--lock-mounts");
	assert_contains(e.hint, "CAP_SETFCAP");
}

/* Of a helper that is killed comes nothing, or not even the question reaches it. */
TEST(does_not_take_the_end_of_the_helper_for_an_answer)
{
	for (size_t n = 0; n < sizeof(int); n++) {
		struct err e = {0};

		start_entering();
		fake_sys_answer_data("read here", 0, "\0\0\0\0", n);
		assert_int_equal(enter(&e), -ECHILD);
		assert_string_equal(e.msg, "--lock-mounts: the helper that maps ids was killed");
		assert_string_equal(e.hint, "");
	}
}

TEST(says_of_a_helper_that_is_gone_before_it_is_told_anything_that_it_was_killed)
{
	struct err e = {0};

	start_entering();
	fake_sys_answer("send here", -EPIPE);
	assert_int_equal(enter(&e), -ECHILD);
	assert_string_equal(e.msg, "--lock-mounts: the helper that maps ids was killed");
}

/* --- The helper ----------------------------------------------------------- */

/* Begin anew, as the helper; @map is what both id maps contain. */
static void start_helping(const char *map)
{
	start();
	fake_sys_answer_pair(here, there);
	fake_sys_answer("clone", 0);
	fake_sys_answer_data("read there", 0, "", 1);
	fake_sys_file("/proc/self/uid_map", map);
	fake_sys_file("/proc/self/gid_map", map);
}

static void run(void *arg)
{
	struct err *e = arg;

	fail_msg("the helper came back: %d", lock_enter(PROC, CLONE_NEWUTS, e));
}

/* Be the helper until it ends.  Returns its status; *@ret is what it says, 1 if nothing. */
static int help(int *ret)
{
	struct err e = {0};
	int status = fake_sys_run(run, &e);
	const void *said = fake_sys_written(fake_sys_fd(there), 0, NULL);

	*ret = 1;
	if (said != NULL)
		memcpy(ret, said, sizeof(*ret));
	assert_int_equal(fake_sys_fd(here), -1);  /* or it would not see the other's end */
	assert_int_equal(fake_sys_open_fds(), 2); /* its socket, and /proc/self */
	return status;
}

#define HELPED(uids, gids)                                                                         \
	"open /proc self path dir\n"                                                               \
	"socketpair\n"                                                                             \
	"clone\n"                                                                                  \
	"read there\n"                                                                             \
	"open /proc self/uid_map\n"                                                                \
	"read /proc/self/uid_map\n"                                                                \
	"read /proc/self/uid_map\n"                                                                \
	"open /proc/self uid_map write\n"                                                          \
	"write /proc/self/uid_map " uids "\n"                                                      \
	"open /proc self/gid_map\n"                                                                \
	"read /proc/self/gid_map\n"                                                                \
	"read /proc/self/gid_map\n"                                                                \
	"open /proc/self gid_map write\n"                                                          \
	"write /proc/self/gid_map " gids "\n"                                                      \
	"write there (data)\n"                                                                     \
	"exit 0\n"

#define ORDINARY "         0       1000          1\n"

TEST(maps_ids_to_themselves_when_it_is_told_to)
{
	int said;

	start_helping(ORDINARY);
	fake_sys_file("/proc/self/gid_map", "         5        100          1\n"
					    "       100     100000      65536\n");
	assert_int_equal(help(&said), 0);
	assert_string_equal(fake_sys_trace(), HELPED("0 0 1\n", "5 5 1\n100 100 65536\n"));
	assert_int_equal(said, 0);
}

TEST(maps_all_ids_of_the_host)
{
	int said;

	start_helping("         0          0 4294967295\n");
	assert_int_equal(help(&said), 0);
	assert_string_equal(fake_sys_trace(), HELPED("0 0 4294967295\n", "0 0 4294967295\n"));
}

TEST(maps_as_many_ranges_as_the_kernel_takes)
{
	static char map[MAP_LINES * MAP_LINE_BYTES];
	const char *written;
	size_t used = 0;
	int said;

	for (unsigned i = 0; i < MAP_LINES; i++)
		used += (size_t)snprintf(map + used, sizeof(map) - used, "%10u %10u          1\n",
					 2 * i, 2 * i + 100000);
	start_helping(map);
	assert_int_equal(help(&said), 0);
	assert_int_equal(said, 0);
	written = strstr(fake_sys_trace(), "gid_map 0 0 1\n");
	assert_non_null(written);
	assert_in_order(written, ARGV("\n2 2 1\n4 4 1\n", "\n676 676 1\n678 678 1\n"));
	written = strstr(fake_sys_trace(), "write /proc/self/uid_map");
	assert_non_null(written);
	assert_int_equal(count_in(written, " 1\n"), 2 * MAP_LINES);
}

/* Who has no ids cannot hand any on. */
TEST(takes_nothing_for_an_id_map_that_is_none)
{
	static const char *const maps[] = {"", "\n", "0\n", "0 0\n", "0 0 1\n1 1\n", "   \n"};

	for (size_t i = 0; i < LENGTH(maps); i++) {
		int said;

		start_helping(maps[i]);
		assert_int_equal(help(&said), 0);
		assert_int_equal(said, -EINVAL);
		assert_null(strstr(fake_sys_trace(), "_map write"));
	}
}

TEST(takes_no_id_map_without_an_end)
{
	static char map[MAP_BYTES + 2];
	int said;

	memset(map, ' ', MAP_BYTES + 1);
	start_helping(map);
	assert_int_equal(help(&said), 0);
	assert_int_equal(said, -E2BIG);
	assert_null(strstr(fake_sys_trace(), "_map write"));
}

/* The other side has failed, or was killed: the ids would be those of the wrong namespace. */
TEST(maps_nothing_when_nobody_tells_it_to)
{
	static const long ends[] = {0, -ECONNRESET};

	for (size_t i = 0; i < LENGTH(ends); i++) {
		int said;

		start();
		fake_sys_answer_pair(here, there);
		fake_sys_answer("clone", 0);
		fake_sys_answer("read there", ends[i]);
		assert_int_equal(help(&said), 1);
		assert_string_equal(fake_sys_trace(), "open /proc self path dir\n"
						      "socketpair\n"
						      "clone\n"
						      "read there\n"
						      "exit 1\n");
		assert_int_equal(said, 1);
	}
}

TEST(tells_of_every_call_that_fails_in_the_helper)
{
	unsigned nth;

	for (nth = 5;; nth++) { /* behind the helper's being told to */
		int said;

		start_helping(ORDINARY);
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(help(&said), 0);
		if (fake_sys_calls() == nth)
			break; /* that it cannot tell: the other side sees its end */
		assert_int_equal(said, -EIO);
		assert_string_equal(fake_sys_trace_after_failure(), "write there (data)\nexit 0\n");
	}
	assert_int_equal(nth, 15);
}

TEST(tells_of_running_out_of_memory_in_the_helper)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		int said;

		start_helping(ORDINARY);
		fake_malloc_fail_at(nth);
		assert_int_equal(help(&said), 0);
		fake_malloc_fail_at(0);
		if (said == 0)
			break;
		assert_int_equal(said, -ENOMEM);
		assert_null(strstr(fake_sys_trace(), "gid_map write"));
	}
	assert_int_equal(nth, 5); /* each map is read, and written anew */
}

/* --- Handing over --------------------------------------------------------- */

/* Two of --free-bind among others, as which the second of them would look but for its option. */
static struct op ops[] = {
	{.kind = OP_DIR, .option = "dir", .dest = "/d"},
	{.kind = OP_BIND,
	 .option = "free-bind",
	 .dest = "/x",
	 .parents_mode = 0755,
	 .flags = OP_FREE},
	{.kind = OP_BIND, .option = "ro-bind", .dest = "/x", .flags = OP_READONLY},
	{.kind = OP_BIND,
	 .option = "free-bind",
	 .dest = "y/z",
	 .parents_mode = 0700,
	 .flags = OP_FREE},
};

static int hand_over(struct err *e)
{
	const struct plan plan = {.files.ops = ops, .files.n_ops = LENGTH(ops)};
	int r = free_bind_hand_over(&plan, e);

	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static const char handed_over[] = "open / path dir\n"
				  "open_tree free0 clone recursive\n"
				  "open_in / /x path\n"
				  "move_mount tree:free0 //x\n"
				  "open_tree free1 clone recursive\n"
				  "open_in / y/z path\n"
				  "move_mount tree:free1 //y/z\n"
				  "fchdir /\n";

TEST(mounts_what_was_put_aside_in_its_order_and_leaves_the_stage)
{
	struct err e = {0};

	assert_int_equal(hand_over(&e), 0);
	assert_string_equal(fake_sys_trace(), handed_over);
}

TEST(mounts_nothing_in_the_place_of_what_was_covered)
{
	struct err e = {0};

	fake_sys_answer("open_tree free0 clone recursive", -ENOENT);
	assert_int_equal(hand_over(&e), 0);
	assert_null(strstr(fake_sys_trace(), "/x"));
	assert_non_null(strstr(fake_sys_trace(), "move_mount tree:free1 //y/z\n"));
}

/* What is said of each call that fails. */
static const struct {
	const char *msg;
	const char *option;
	const char *path;
} lost[] = {
	{"cannot open the sandbox's root: Input/output error", "", ""},
	{"--free-bind: cannot find the mount for /x again: Input/output error", "--free-bind",
	 "/x"},
	{"--free-bind: cannot open /x in the sandbox: Input/output error", "--free-bind", "/x"},
	{"--free-bind: cannot mount on /x: Input/output error", "--free-bind", "/x"},
	{"--free-bind: cannot find the mount for y/z again: Input/output error", "--free-bind",
	 "y/z"},
	{"--free-bind: cannot open y/z in the sandbox: Input/output error", "--free-bind", "y/z"},
	{"--free-bind: cannot mount on y/z: Input/output error", "--free-bind", "y/z"},
	{"cannot enter the sandbox's root: Input/output error", "", ""},
};

TEST(reports_every_call_that_fails_while_handing_over)
{
	for (unsigned i = 0; i < LENGTH(lost); i++) {
		struct err e = {0};

		start();
		fake_sys_fail_at(i + 1, EIO);
		assert_int_equal(hand_over(&e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_string_equal(e.msg, lost[i].msg);
		assert_string_equal(e.option, lost[i].option);
		assert_string_equal(e.path, lost[i].path);
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_each_mount_to_a_place_on_the_stage_the_last_one_first),
		cmocka_unit_test(makes_the_place_as_the_mount_is),
		cmocka_unit_test(refuses_to_give_the_root_away),
		cmocka_unit_test(reports_every_call_that_fails_while_putting_aside),
		cmocka_unit_test(leaves_what_is_covered_where_it_is),
		cmocka_unit_test(keeps_nothing_without_memory),
		cmocka_unit_test(has_the_ids_mapped_by_a_helper_that_was_there_before),
		cmocka_unit_test(waits_for_the_helper_after_an_interruption),
		cmocka_unit_test(reports_every_call_that_fails_while_entering),
		cmocka_unit_test(says_what_helps_where_the_namespaces_cannot_be_made),
		cmocka_unit_test(reports_what_the_helper_failed_in),
		cmocka_unit_test(does_not_take_the_end_of_the_helper_for_an_answer),
		cmocka_unit_test(
			says_of_a_helper_that_is_gone_before_it_is_told_anything_that_it_was_killed),
		cmocka_unit_test(maps_ids_to_themselves_when_it_is_told_to),
		cmocka_unit_test(maps_all_ids_of_the_host),
		cmocka_unit_test(maps_as_many_ranges_as_the_kernel_takes),
		cmocka_unit_test(takes_nothing_for_an_id_map_that_is_none),
		cmocka_unit_test(takes_no_id_map_without_an_end),
		cmocka_unit_test(maps_nothing_when_nobody_tells_it_to),
		cmocka_unit_test(tells_of_every_call_that_fails_in_the_helper),
		cmocka_unit_test(tells_of_running_out_of_memory_in_the_helper),
		cmocka_unit_test_setup(mounts_what_was_put_aside_in_its_order_and_leaves_the_stage,
				       set_up),
		cmocka_unit_test_setup(mounts_nothing_in_the_place_of_what_was_covered, set_up),
		cmocka_unit_test(reports_every_call_that_fails_while_handing_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
