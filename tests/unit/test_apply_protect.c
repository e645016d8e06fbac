/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What apply_protect.c does itself.  Other tests check how a mask and a placeholder are created:
 * here it only counts that they are created at the right path.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "fake_sys.h"
#include "isolation/lock.h"
#include "mounts/apply.h"
#include "mounts/free_bind.h"
#include "plan/opt.h"
#include "sys/sys.h"
#include "test.h"

enum { HOST = 3, CWD, STAGE, BOX };

#define OTHER_UID 1000
#define LINE_BYTES 64

static const struct statfs read_only = {.f_flags = ST_RDONLY};
static const struct statx others_dir = {.stx_mode = S_IFDIR | 0755, .stx_uid = OTHER_UID};
static const struct statx mount_root = {.stx_mode = S_IFDIR | 0755,
					.stx_attributes = STATX_ATTR_MOUNT_ROOT,
					.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT};
static const struct statx root = {.stx_mode = S_IFDIR | 0755, .stx_ino = 7};
static const struct statx a_link = {.stx_mode = S_IFLNK | 0777};

/* Whether protected paths are to be recorded, and what was. */
static bool is_guarded;
static size_t n_recorded;
static struct protected_path recorded;
static char recorded_path[LINE_BYTES];

static void start(void)
{
	is_guarded = false;
	fake_sys_reset();
	fake_sys_given(HOST, "host");
	fake_sys_given(CWD, "cwd");
	fake_sys_given(STAGE, "stage");
	fake_sys_given(BOX, "box");
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* Carry out @option with @dest; @e is as apply_ops() leaves it. */
static int apply_as(bool owns_all, const char *option, const char *dest, struct err *e)
{
	const char *const argv[] = {option, dest, "sh", NULL};
	struct site site = {.roots = {.host = HOST, .cwd = CWD, .stage = STAGE, .box = BOX},
			    .owns_all = owns_all};
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);

	assert_int_equal(r, 0);
	site.plan = &plan;
	site.is_guarded = is_guarded;
	r = apply_ops(&site, e);
	n_recorded = site.n_protected;
	if (n_recorded > 0)
		recorded = site.protected[0];
	(void)snprintf(recorded_path, sizeof(recorded_path), "%s",
		       n_recorded > 0 ? recorded.path : "");
	apply_forget_protected(&site);
	if (site.roots.box != BOX)
		(void)sys_close(site.roots.box);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static int apply(const char *option, const char *dest, struct err *e)
{
	return apply_as(false, option, dest, e);
}

/* What carrying out @option with @dest, which works, calls. */
static const char *trace_of(const char *option, const char *dest)
{
	struct err e = {0};

	assert_int_equal(apply(option, dest, &e), 0);
	assert_int_equal(e.code, 0);
	return fake_sys_trace();
}

/* What it says if it fails with @error. */
static const char *error_of(const char *option, const char *dest, int error)
{
	static struct err e;

	e = (struct err){0};
	assert_int_equal(apply(option, dest, &e), -error);
	assert_int_equal(e.code, error);
	return e.msg;
}

/* The same below a --free-bind at "/f". */
static int apply_in_free(const char *option, const char *dest, struct err *e)
{
	const char *const argv[] = {"--free-bind", "/own", "/f", option, dest, "sh", NULL};
	static const struct statx free = {
		.stx_mode = S_IFDIR | 0755,
		.stx_attributes = STATX_ATTR_MOUNT_ROOT,
		.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT,
		.stx_ino = 9,
		.stx_mnt_id = 5,
	};
	struct site site = {.roots = {.host = HOST, .cwd = CWD, .stage = STAGE, .box = BOX},
			    .lock_mounts = true};
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);

	assert_int_equal(r, 0);
	site.plan = &plan;
	fake_sys_always_data("stat tree:/own", 0, &free, sizeof(free));
	fake_sys_always_data("stat box/f", 0, &free, sizeof(free));
	r = apply_ops(&site, e);
	free_bind_done(&site);
	mount_point_done(&site.mount_points);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

/* --- The way -------------------------------------------------------------- */

/* Where "/a/b" leads. */
#define FOUND                                                                                      \
	"open box . path dir\n"                                                                    \
	"readlink box a\n"                                                                         \
	"open box a path dir nofollow\n"                                                           \
	"readlink box/a b\n"                                                                       \
	"open box/a b path nofollow\n"

/* The way to it, with "/a" pinned. */
#define PINNED                                                                                     \
	"open box . path dir\n"                                                                    \
	"statfs box\n"                                                                             \
	"stat box\n"                                                                               \
	"getuid\n"                                                                                 \
	"open box a path nofollow\n"                                                               \
	"stat box/a\n"                                                                             \
	"open_tree box/a clone recursive itself\n"                                                 \
	"stat box\n"                                                                               \
	"stat box/a\n"                                                                             \
	"move_mount tree:box/a box/a\n"                                                            \
	"open tree:box/a b path nofollow\n"

TEST(protects_nothing_below_what_the_command_may_unmount)
{
	static const char *const options[] = {"--mask", "--mask-try", "--ro"};

	for (size_t i = 0; i < LENGTH(options); i++) {
		struct err e = {0};

		start();
		assert_int_equal(apply_in_free(options[i], "/f/x/y", &e), -EINVAL);
		assert_contains(e.msg, options[i]);
		assert_contains(e.msg, ": /f/x/y is below /f, which --free-bind lets COMMAND "
				       "unmount");
		assert_contains(e.hint, "give --bind");
	}
}

TEST(protects_nothing_by_a_link_there)
{
	struct err e = {0};

	fake_sys_always_text("readlink box/f link", "/x");
	assert_int_equal(apply_in_free("--mask", "/f/link", &e), -EINVAL);
	assert_contains(e.msg, "/f/link is below /f");
}

TEST(protects_what_the_command_may_unmount_as_a_whole)
{
	struct err e = {0};

	assert_int_equal(apply_in_free("--mask", "/f", &e), 0);
}

TEST(makes_a_path_read_only_and_pins_what_is_above_it)
{
	assert_string_equal(trace_of("--ro", "/a/b"),
			    FOUND PINNED "stat tree:box/a/b\n"
					 "open_tree tree:box/a/b clone recursive itself\n"
					 "mount_setattr tree:tree:box/a/b recursive ro\n"
					 "stat box\n"
					 "stat tree:box/a/b\n"
					 "move_mount tree:tree:box/a/b tree:box/a/b\n");
}

TEST(records_what_it_protects_for_the_guard)
{
	static const char *const options[] = {"--ro", "--mask", "--deny-create"};

	for (size_t i = 0; i < LENGTH(options); i++) {
		start();
		is_guarded = true;
		if (i == 2)
			fake_sys_answer("readlink box/a b", -ENOENT);
		(void)trace_of(options[i], "/a/b");
		assert_int_equal(n_recorded, 1);
		assert_int_equal(recorded.op, 0);
		assert_string_equal(recorded_path, "/a/b");
		assert_int_not_equal(recorded.parent.ino, 0);
		assert_false(recorded.on_host);
	}
	start();
	is_guarded = true;
	(void)trace_of("--ro", "/");
	assert_int_equal(n_recorded, 0); /* nothing outside replaces that */
}

/* --- Again ---------------------------------------------------------------- */

/* Protect /a/b again, as @kind says. */
static int again(enum op_kind kind)
{
	const struct op op = {.kind = kind, .dest = "/a/b"};
	struct site site = {.roots = {.host = HOST, .cwd = CWD, .stage = STAGE, .box = BOX}};
	int r = apply_again(&site, &op, "/a/b");

	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

TEST(protects_again_and_pins_again_what_is_above)
{
	assert_int_equal(again(OP_RO), 0);
	assert_string_equal(fake_sys_trace(),
			    PINNED "stat tree:box/a/b\n"
				   "open_tree tree:box/a/b clone recursive itself\n"
				   "mount_setattr tree:tree:box/a/b recursive ro\n"
				   "stat box\n"
				   "stat tree:box/a/b\n"
				   "move_mount tree:tree:box/a/b tree:box/a/b\n");
	start();
	assert_int_equal(again(OP_MASK), 0);
	assert_starts_with(fake_sys_trace(), PINNED);
	assert_contains(fake_sys_trace(), "move_mount tree:mask-dir tree:box/a/b\n");
}

TEST(makes_a_missing_placeholder_again)
{
	fake_sys_answer("open tree:box/a b path nofollow", -ENOENT);
	fake_sys_answer("readlink box/a b", -ENOENT);
	assert_int_equal(again(OP_DENY_CREATE), 0);
	assert_contains(fake_sys_trace(), "open box/a b nofollow excl create");
}

TEST(makes_no_other_file_again)
{
	static const enum op_kind kinds[] = {OP_MASK, OP_RO};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		start();
		fake_sys_always("open tree:box/a b path nofollow", -ENOENT);
		assert_int_equal(again(kinds[i]), -ENOENT);
		assert_int_equal(count_in(fake_sys_trace(), "create"), 0);
	}
}

TEST(masks_a_link_but_does_not_make_it_read_only)
{
	fake_sys_always_data("stat tree:box/a/b", 0, &a_link, sizeof(a_link));
	assert_int_equal(again(OP_RO), -ELOOP);
	start();
	fake_sys_always_data("stat tree:box/a/b", 0, &a_link, sizeof(a_link));
	assert_int_equal(again(OP_MASK), 0);
	assert_contains(fake_sys_trace(), "move_mount tree:mask-file tree:box/a/b\n");
}

TEST(reports_each_call_that_fails_when_it_protects_again)
{
	static const enum op_kind kinds[] = {OP_MASK, OP_RO, OP_DENY_CREATE};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		unsigned calls;

		start();
		assert_int_equal(again(kinds[i]), 0);
		calls = fake_sys_calls();
		for (unsigned nth = 1; nth <= calls; nth++) {
			start();
			fake_sys_fail_at(nth, EIO);
			assert_int_equal(again(kinds[i]), -EIO);
		}
	}
}

/* Check that the last mount of the trace is made on @place. */
static void assert_mounted_last_on(const char *place)
{
	const char *line = fake_sys_trace();
	const char *last = "";
	size_t len = strlen(place);

	while ((line = strstr(line, "move_mount ")) != NULL) {
		line += strlen("move_mount ");
		last = line;
	}
	last += strcspn(last, " ");
	assert_int_equal(*last, ' ');
	assert_int_equal(strncmp(last + 1, place, len), 0);
	assert_int_equal(last[1 + len], '\n');
}

TEST(masks_a_path_and_pins_what_is_above_it)
{
	static const char *const options[] = {"--mask", "--mask-try"};

	for (size_t i = 0; i < LENGTH(options); i++) {
		start();
		assert_starts_with(trace_of(options[i], "/a/b"), FOUND PINNED);
		assert_mounted_last_on("tree:box/a/b");
	}
}

TEST(masks_what_it_has_made_to_keep_a_path_from_being_created)
{
	const char *masked;

	fake_sys_answer("readlink box/a b", -ENOENT);
	masked = trace_of("--deny-create", "/a/b");
	assert_contains(masked, "excl create");
	assert_contains(masked, FOUND PINNED);
	assert_mounted_last_on("tree:box/a/b");
}

TEST(protects_the_root_without_pinning_anything)
{
	static const char *const roots[] = {"/", "", "//./"};

	for (size_t i = 0; i < LENGTH(roots); i++) {
		start();
		fake_sys_always_data("stat box", 0, &root, sizeof(root));
		assert_string_equal(trace_of("--ro", roots[i]),
				    "open box . path dir\n"
				    "open box . path nofollow\n"
				    "open box . path dir\n"
				    "stat box\n"
				    "open_tree box clone recursive itself\n"
				    "mount_setattr tree:box recursive ro\n"
				    "stat box\n"
				    "stat box\n"
				    "move_mount tree:box box\n"
				    "open tree:box . path dir\n");
	}
}

TEST(pins_nothing_for_what_is_in_the_root)
{
	assert_string_equal(trace_of("--ro", "/a"), "open box . path dir\n"
						    "readlink box a\n"
						    "open box a path nofollow\n"
						    "open box . path dir\n"
						    "open box a path nofollow\n"
						    "stat box/a\n"
						    "open_tree box/a clone recursive itself\n"
						    "mount_setattr tree:box/a recursive ro\n"
						    "stat box\n"
						    "stat box/a\n"
						    "move_mount tree:box/a box/a\n");
}

TEST(pins_each_directory_in_the_pinned_one_above_it)
{
	(void)trace_of("--ro", "/a/b/c/d");
	assert_contains(fake_sys_trace(), "move_mount tree:box/a box/a\n");
	assert_contains(fake_sys_trace(), "move_mount tree:tree:box/a/b tree:box/a/b\n");
	assert_contains(fake_sys_trace(), "move_mount tree:tree:tree:box/a/b/c "
					  "tree:tree:box/a/b/c\n");
	assert_mounted_last_on("tree:tree:tree:box/a/b/c/d");
}

TEST(pins_no_root_of_a_mount_again)
{
	fake_sys_always_data("stat box/a", 0, &mount_root, sizeof(mount_root));
	assert_string_equal(trace_of("--ro", "/a/b"),
			    FOUND "open box . path dir\n"
				  "statfs box\n"
				  "stat box\n"
				  "getuid\n"
				  "open box a path nofollow\n"
				  "stat box/a\n"
				  "open box/a b path nofollow\n"
				  "stat box/a/b\n"
				  "open_tree box/a/b clone recursive itself\n"
				  "mount_setattr tree:box/a/b recursive ro\n"
				  "stat box\n"
				  "stat box/a/b\n"
				  "move_mount tree:box/a/b box/a/b\n");
}

TEST(mounts_over_the_root_of_a_mount)
{
	fake_sys_always_data("stat tree:box/a/b", 0, &mount_root, sizeof(mount_root));
	(void)trace_of("--ro", "/a/b");
	assert_mounted_last_on("tree:box/a/b");
}

/* Whether the directory "/a", in the root, is pinned. */
static bool is_pinned(void)
{
	return strstr(fake_sys_trace(), "move_mount tree:box/a box/a\n") != NULL;
}

TEST(pins_nothing_in_a_read_only_file_system)
{
	fake_sys_always_data("statfs box", 0, &read_only, sizeof(read_only));
	(void)trace_of("--ro", "/a/b");
	assert_false(is_pinned());
	assert_null(strstr(fake_sys_trace(), "getuid"));
	assert_mounted_last_on("box/a/b");
}

/* The facts about another user's directory. */
static const struct {
	long access;
	bool pinned;
} accesses[] = {
	{0, true},
	{-EPERM, true}, /* the question is forbidden */
	{-EACCES, false},
	{-EROFS, false},
};

TEST(pins_nothing_in_a_directory_of_others_that_cannot_be_written)
{
	for (size_t i = 0; i < LENGTH(accesses); i++) {
		start();
		fake_sys_always_data("stat box", 0, &others_dir, sizeof(others_dir));
		fake_sys_always("access box . write effective", accesses[i].access);
		(void)trace_of("--ro", "/a/b");
		assert_int_equal(is_pinned(), accesses[i].pinned);
	}
}

TEST(pins_in_a_directory_of_ones_own_whatever_its_mode)
{
	fake_sys_always("getuid", OTHER_UID);
	fake_sys_always_data("stat box", 0, &others_dir, sizeof(others_dir));
	fake_sys_always("access*", -EACCES);
	(void)trace_of("--ro", "/a/b");
	assert_true(is_pinned());
}

TEST(pins_in_any_directory_that_the_command_can_come_to_own)
{
	struct err e = {0};

	fake_sys_always_data("stat box", 0, &others_dir, sizeof(others_dir));
	fake_sys_always("access*", -EACCES);
	assert_int_equal(apply_as(true, "--ro", "/a/b", &e), 0);
	assert_true(is_pinned());

	start();
	fake_sys_always_data("statfs box", 0, &read_only, sizeof(read_only));
	assert_int_equal(apply_as(true, "--ro", "/a/b", &e), 0);
	assert_false(is_pinned());
}

TEST(protects_nothing_if_it_cannot_learn_who_may_write)
{
	fake_sys_always_data("stat box", 0, &others_dir, sizeof(others_dir));
	fake_sys_always("access*", -EIO);
	assert_string_equal(error_of("--ro", "/a/b", EIO),
			    "--ro: cannot pin the directories above /a/b: Input/output error");
	assert_false(is_pinned());
}

/* Who may not even ask whose a directory is has not learned that it cannot be written. */
TEST(protects_nothing_if_it_cannot_learn_whose_a_directory_is)
{
	static const int errors[] = {EACCES, EROFS, EPERM};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		start();
		fake_sys_answer("stat box", -errors[i]);
		assert_starts_with(error_of("--ro", "/a/b", errors[i]),
				   "--ro: cannot pin the directories above /a/b: ");
		assert_null(strstr(fake_sys_trace(), "mount"));
	}
}

/* --- Links ---------------------------------------------------------------- */

TEST(pins_the_links_on_the_way_in_their_directories)
{
	fake_sys_always_text("readlink box/a link", "../real/b");
	fake_sys_always_text("readlink tree:box/a link", "../real/b");
	(void)trace_of("--ro", "/a/link");
	assert_contains(fake_sys_trace(), "open tree:box/a link path nofollow\n"
					  "stat tree:box/a/link\n"
					  "open_tree tree:box/a/link clone recursive itself\n"
					  "stat box\n"
					  "stat tree:box/a/link\n"
					  "move_mount tree:tree:box/a/link tree:box/a/link\n");
	assert_contains(fake_sys_trace(), "move_mount tree:box/real box/real\n");
	assert_mounted_last_on("tree:box/real/b");
}

TEST(pins_no_link_that_nobody_can_replace)
{
	fake_sys_always_data("statfs box", 0, &read_only, sizeof(read_only));
	fake_sys_always_text("readlink box link", "a");
	(void)trace_of("--ro", "/link");
	assert_null(strstr(fake_sys_trace(), "move_mount tree:box/link"));
	assert_mounted_last_on("box/a");
}

/* What would be protected is the calling process's, and not the command's. */
TEST(refuses_what_is_another_place_for_each_process)
{
	static const struct statfs procfs = {.f_type = PROC_SUPER_MAGIC};
	static const char *const links[] = {"self", "thread-self"};

	for (size_t i = 0; i < LENGTH(links); i++) {
		char line[LINE_BYTES];

		start();
		(void)snprintf(line, sizeof(line), "readlink box/proc %s", links[i]);
		fake_sys_always_text("readlink box/proc net",
				     i == 0 ? "self/net" : "thread-self/net");
		fake_sys_always_text("readlink tree:box/proc net",
				     i == 0 ? "self/net" : "thread-self/net");
		fake_sys_always_text(line, "7");
		fake_sys_always_data("statfs*", 0, &procfs, sizeof(procfs));
		assert_string_equal(error_of("--mask", "/proc/net", EINVAL),
				    "--mask: /proc/net is a per-process symbolic link");
	}
}

TEST(follows_other_links_of_a_procfs)
{
	static const struct statfs procfs = {.f_type = PROC_SUPER_MAGIC, .f_flags = ST_RDONLY};

	fake_sys_always_text("readlink box/proc device-tree", "../tree");
	fake_sys_always_data("statfs*", 0, &procfs, sizeof(procfs));
	(void)trace_of("--mask", "/proc/device-tree");
	assert_mounted_last_on("box/tree");
}

TEST(follows_a_link_of_that_name_elsewhere)
{
	fake_sys_always_text("readlink box self", "a");
	(void)trace_of("--mask", "/self");
	assert_mounted_last_on("box/a");
}

TEST(changes_nothing_for_a_link_that_leads_nowhere)
{
	struct err e = {0};

	fake_sys_always_text("readlink box/a link", "../nowhere");
	fake_sys_answer("open box nowhere path nofollow", -ENOENT);
	assert_int_equal(apply("--mask-try", "/a/link", &e), 0);
	assert_null(strstr(fake_sys_trace(), "mount"));
}

TEST(refuses_a_link_that_came_to_be_there_meanwhile)
{
	static const char *const options[] = {"--ro", "--mask"};

	for (size_t i = 0; i < LENGTH(options); i++) {
		start();
		fake_sys_always_data("stat tree:box/a/b", 0, &a_link, sizeof(a_link));
		assert_contains(error_of(options[i], "/a/b", ELOOP),
				": cannot pin the directories above /a/b: Too many levels");
		assert_mounted_last_on("box/a");
	}
}

TEST(refuses_a_link_that_came_to_be_above_meanwhile)
{
	fake_sys_always("open tree:box/a b path nofollow", -ENOTDIR);
	assert_string_equal(error_of("--ro", "/a/b", ENOTDIR),
			    "--ro: cannot pin the directories above /a/b: Not a directory");
}

/* --- What is missing ------------------------------------------------------ */

TEST(says_what_to_do_about_a_missing_path)
{
	struct err e = {0};

	fake_sys_always("readlink box a", -ENOENT);
	assert_int_equal(apply("--mask", "/a/b", &e), -ENOENT);
	assert_string_equal(e.msg, "--mask: cannot resolve or create /a/b in the sandbox: "
				   "No such file or directory");
	assert_string_equal(e.hint, "--mask-try masks it if it is there, --deny-create keeps it "
				    "from being created");
	assert_null(strstr(fake_sys_trace(), "mkdir"));
}

TEST(leaves_out_what_is_missing_only_if_it_may)
{
	static const char *const missing[] = {"readlink box/a b", "open box/a b path nofollow"};
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(missing); i++) {
		start();
		fake_sys_always(missing[i], -ENOENT);
		fake_sys_always("open box/a b path nofollow", -ENOENT);
		assert_int_equal(apply("--mask-try", "/a/b", &e), 0);
		assert_null(strstr(fake_sys_trace(), "mount"));
		start();
		fake_sys_always("readlink box/a b", -ENOTDIR);
		assert_int_equal(apply("--mask-try", "/a/b", &e), 0);
		assert_null(strstr(fake_sys_trace(), "mount"));
		start();
		fake_sys_always("readlink box/a b", -ENOTDIR);
		assert_starts_with(error_of("--mask", "/a/b", ENOTDIR), "--mask: ");
		start();
		fake_sys_always("open box/a b path nofollow", -ENOENT);
		assert_starts_with(error_of("--ro", "/a/b", ENOENT), "--ro: ");
		start();
		fake_sys_always("readlink box/a b", -EACCES);
		assert_starts_with(error_of("--mask-try", "/a/b", EACCES), "--mask-try: ");
	}
}

TEST(denies_only_what_is_not_there)
{
	fake_sys_always("open box/a b nofollow excl create*", -EEXIST);
	assert_starts_with(error_of("--deny-create", "/a/b", EEXIST), "--deny-create: ");
	assert_null(strstr(fake_sys_trace(), "mount"));
}

TEST(denies_what_is_masked_without_another_mask)
{
	static const struct statx mask = {.stx_mode = S_IFREG, .stx_ino = 9};

	fake_sys_always("open box/a b nofollow excl create*", -EEXIST);
	fake_sys_always_data("stat box/a/b", 0, &mask, sizeof(mask));
	fake_sys_always_data("stat stage/mask-file", 0, &mask, sizeof(mask));
	(void)trace_of("--deny-create", "/a/b");
	assert_contains(fake_sys_trace(), FOUND PINNED);
	assert_null(strstr(fake_sys_trace(), "mask-file clone"));
}

TEST(says_what_helps_where_nothing_can_be_created)
{
	static const struct {
		int error;
		const char *hint;
	} cases[] = {
		{EEXIST, "--ro keeps what exists from being changed, --mask hides it"},
		{ENOTDIR, "there is a file above it: --ro of that keeps it from being replaced by "
			  "a directory"},
		{EROFS, "nothing can be created there as it is: to have that stay so, give --ro "
			"for the directory above that exists"},
		{EACCES, "nothing can be created there as it is: to have that stay so, give --ro "
			 "for the directory above that exists"},
		{EPERM, "nothing can be created there as it is: to have that stay so, give --ro "
			"for the directory above that exists"},
		{EIO, ""},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct err e = {0};

		start();
		fake_sys_always("open stage mask-file*", -ENOENT);
		fake_sys_always("open box/a b nofollow excl create*", -cases[i].error);
		assert_int_equal(apply("--deny-create", "/a/b", &e), -cases[i].error);
		assert_string_equal(e.hint, cases[i].hint);
	}
}

/* --- Failures ------------------------------------------------------------- */

/* Options, and how many calls of each can fail before it is done; 0 if that is for others to say.
 */
static const struct {
	const char *option;
	unsigned calls;
} failing[] = {
	{"--ro", 49},
	{"--mask", 0},
	{"--mask-try", 0},
	{"--deny-create", 0},
};

/* A way with a link, a directory of others that can be written, and one's own. */
static void start_failing(void)
{
	start();
	fake_sys_always_text("readlink box link", "a");
	fake_sys_always_data("stat box", 0, &others_dir, sizeof(others_dir));
}

TEST(reports_every_call_that_fails)
{
	for (size_t i = 0; i < LENGTH(failing); i++) {
		unsigned nth = 0;
		int r = -EIO;

		while (r < 0) {
			struct err e = {0};

			start_failing();
			fake_sys_fail_at(++nth, EIO);
			r = apply(failing[i].option, "/link/b", &e);
			if (r == 0)
				break;
			assert_int_equal(r, -EIO);
			assert_int_equal(e.code, EIO);
			assert_starts_with(e.msg, failing[i].option);
			assert_contains(e.msg, "/link/b");
			assert_contains(e.msg, ": Input/output error");
			assert_string_equal(fake_sys_trace_after_failure(), "");
		}
		assert_true(nth > 1);
		if (failing[i].calls > 0)
			assert_int_equal(nth - 1, failing[i].calls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(protects_nothing_below_what_the_command_may_unmount, set_up),
		cmocka_unit_test_setup(protects_nothing_by_a_link_there, set_up),
		cmocka_unit_test_setup(protects_what_the_command_may_unmount_as_a_whole, set_up),
		cmocka_unit_test_setup(makes_a_path_read_only_and_pins_what_is_above_it, set_up),
		cmocka_unit_test_setup(records_what_it_protects_for_the_guard, set_up),
		cmocka_unit_test_setup(protects_again_and_pins_again_what_is_above, set_up),
		cmocka_unit_test_setup(makes_a_missing_placeholder_again, set_up),
		cmocka_unit_test_setup(makes_no_other_file_again, set_up),
		cmocka_unit_test_setup(masks_a_link_but_does_not_make_it_read_only, set_up),
		cmocka_unit_test_setup(reports_each_call_that_fails_when_it_protects_again, set_up),
		cmocka_unit_test_setup(masks_a_path_and_pins_what_is_above_it, set_up),
		cmocka_unit_test_setup(masks_what_it_has_made_to_keep_a_path_from_being_created,
				       set_up),
		cmocka_unit_test_setup(protects_the_root_without_pinning_anything, set_up),
		cmocka_unit_test_setup(pins_nothing_for_what_is_in_the_root, set_up),
		cmocka_unit_test_setup(pins_each_directory_in_the_pinned_one_above_it, set_up),
		cmocka_unit_test_setup(pins_no_root_of_a_mount_again, set_up),
		cmocka_unit_test_setup(mounts_over_the_root_of_a_mount, set_up),
		cmocka_unit_test_setup(pins_nothing_in_a_read_only_file_system, set_up),
		cmocka_unit_test_setup(pins_nothing_in_a_directory_of_others_that_cannot_be_written,
				       set_up),
		cmocka_unit_test_setup(pins_in_a_directory_of_ones_own_whatever_its_mode, set_up),
		cmocka_unit_test_setup(pins_in_any_directory_that_the_command_can_come_to_own,
				       set_up),
		cmocka_unit_test_setup(protects_nothing_if_it_cannot_learn_who_may_write, set_up),
		cmocka_unit_test(protects_nothing_if_it_cannot_learn_whose_a_directory_is),
		cmocka_unit_test_setup(pins_the_links_on_the_way_in_their_directories, set_up),
		cmocka_unit_test_setup(pins_no_link_that_nobody_can_replace, set_up),
		cmocka_unit_test(refuses_what_is_another_place_for_each_process),
		cmocka_unit_test_setup(follows_other_links_of_a_procfs, set_up),
		cmocka_unit_test_setup(follows_a_link_of_that_name_elsewhere, set_up),
		cmocka_unit_test_setup(changes_nothing_for_a_link_that_leads_nowhere, set_up),
		cmocka_unit_test_setup(refuses_a_link_that_came_to_be_there_meanwhile, set_up),
		cmocka_unit_test_setup(refuses_a_link_that_came_to_be_above_meanwhile, set_up),
		cmocka_unit_test_setup(says_what_to_do_about_a_missing_path, set_up),
		cmocka_unit_test_setup(leaves_out_what_is_missing_only_if_it_may, set_up),
		cmocka_unit_test_setup(denies_only_what_is_not_there, set_up),
		cmocka_unit_test_setup(denies_what_is_masked_without_another_mask, set_up),
		cmocka_unit_test_setup(says_what_helps_where_nothing_can_be_created, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
