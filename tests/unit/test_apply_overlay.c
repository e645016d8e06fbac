/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "mounts/apply.h"
#include "plan/opt.h"
#include "sys/sys.h"
#include "test.h"

enum { HOST = 3, CWD, STAGE, BOX };

static void start(void)
{
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

/* Carry out the command line @argv, while the allocation number @failing of that fails. */
static int apply_without_memory(unsigned failing, const char *const *argv, struct err *e)
{
	struct site site = {.roots = {.host = HOST, .cwd = CWD, .stage = STAGE, .box = BOX}};
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);

	assert_int_equal(r, 0);
	site.plan = &plan;
	fake_malloc_fail_at(failing);
	r = apply_ops(&site, e);
	fake_malloc_fail_at(0);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static int apply(const char *const *argv, struct err *e)
{
	return apply_without_memory(0, argv, e);
}

/* --- What each kind does -------------------------------------------------- */

#define BEGIN "fsopen overlay\nfsconfig fs:overlay source=overlay\n"
#define END                                                                                        \
	"fsconfig fs:overlay userxattr\n"                                                          \
	"fsconfig fs:overlay create\n"                                                             \
	"fsmount fs:overlay nosuid nodev\n"                                                        \
	"open_in box /o path\n"                                                                    \
	"stat box\n"                                                                               \
	"stat box/o\n"                                                                             \
	"move_mount mount:overlay box/o\n"

static const char *const overlay[] = {
	"--overlay-src", "/a", "--overlay-src", "b", "--overlay", "/up", "work", "/o", "sh", NULL,
};
static const char *const tmp_overlay[] = {
	"--overlay-src", "/a", "--tmp-overlay", "/o", "sh", NULL,
};
static const char *const ro_overlay[] = {
	"--overlay-src", "/a", "--overlay-src", "b", "--ro-overlay", "/o", "sh", NULL,
};

/* The layers are given to the kernel the uppermost first. */
static const struct {
	const char *const *argv;
	const char *trace;
} overlays[] = {
	{overlay,
	 "open cwd /a path dir\n"
	 "open cwd b path dir\n"
	 "open cwd /up path dir\n"
	 "open cwd work path dir\n" BEGIN "fsconfig fs:overlay lowerdir+=/proc/self/fd/101\n"
	 "fsconfig fs:overlay lowerdir+=/proc/self/fd/100\n"
	 "fsconfig fs:overlay upperdir=/proc/self/fd/102\n"
	 "fsconfig fs:overlay workdir=/proc/self/fd/103\n" END},
	{tmp_overlay, "open cwd /a path dir\n"
		      "mkdir stage upper0 755\n"
		      "open stage upper0 path dir nofollow\n"
		      "mkdir stage work0 755\n"
		      "open stage work0 path dir nofollow\n" BEGIN
		      "fsconfig fs:overlay lowerdir+=/proc/self/fd/100\n"
		      "fsconfig fs:overlay upperdir=/proc/self/fd/101\n"
		      "fsconfig fs:overlay workdir=/proc/self/fd/102\n"
		      "fsconfig fs:overlay volatile\n" END},
	{ro_overlay,
	 "open cwd /a path dir\n"
	 "open cwd b path dir\n" BEGIN "fsconfig fs:overlay lowerdir+=/proc/self/fd/101\n"
	 "fsconfig fs:overlay lowerdir+=/proc/self/fd/100\n" END},
};

TEST(makes_these_calls_for_each_overlay)
{
	for (size_t i = 0; i < LENGTH(overlays); i++) {
		struct err e = {0};

		start();
		assert_int_equal(apply(overlays[i].argv, &e), 0);
		assert_string_equal(fake_sys_trace(), overlays[i].trace);
	}
}

TEST(keeps_the_changes_of_each_overlay_apart)
{
	struct err e = {0};

	assert_int_equal(apply(ARGV("--overlay-src", "/a", "--tmp-overlay", "/o", "--overlay-src",
				    "/b", "--tmp-overlay", "/p", "sh"),
			       &e),
			 0);
	assert_contains(fake_sys_trace(), "mkdir stage upper0 755\n");
	assert_contains(fake_sys_trace(), "mkdir stage work0 755\n");
	assert_contains(fake_sys_trace(), "mkdir stage upper1 755\n");
	assert_contains(fake_sys_trace(), "mkdir stage work1 755\n");
}

/* Let each call fail in turn: all are reported, and none leaks. */
TEST(reports_every_call_that_fails)
{
	for (size_t i = 0; i < LENGTH(overlays); i++) {
		unsigned nth;

		for (nth = 1;; nth++) {
			struct err e = {0};
			int r;

			start();
			fake_sys_fail_at(nth, EIO);
			r = apply(overlays[i].argv, &e);
			if (r == 0)
				break;
			assert_int_equal(r, -EIO);
			assert_int_equal(e.code, EIO);
			assert_contains(e.msg, "cannot ");
			assert_contains(e.msg, ": Input/output error");
			assert_null(strstr(fake_sys_trace_after_failure(), "move_mount"));
		}
		assert_true(nth > 12);
	}
}

TEST(reports_running_out_of_memory)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		struct err e = {0};

		start();
		assert_int_equal(apply_without_memory(nth, overlay, &e), -ENOMEM);
		assert_contains(e.msg, "out of memory");
	}
}

TEST(names_the_directory_that_is_missing)
{
	static const struct {
		const char *call;
		const char *path;
	} missing[] = {
		{"open cwd /a*", "/a"},
		{"open cwd b*", "b"},
		{"open cwd /up*", "/up"},
		{"open cwd work*", "work"},
	};

	for (size_t i = 0; i < LENGTH(missing); i++) {
		struct err e = {0};

		start();
		fake_sys_answer(missing[i].call, -ENOENT);
		assert_int_equal(apply(overlay, &e), -ENOENT);
		assert_starts_with(e.msg, "--overlay: cannot open ");
		assert_contains(e.msg, " on the host: No such file or directory");
		assert_string_equal(e.path, missing[i].path);
		assert_string_equal(e.option, "--overlay");
		assert_starts_with(e.bwrap, "Can't find source path ");
		assert_int_equal(fake_sys_fd("fs:overlay"), -1);
	}
}

TEST(says_why_there_is_no_overlay)
{
	static const struct {
		int code;
		const char *hint;
		const char *bwrap;
	} causes[] = {
		{ELOOP, "none of an overlay's directories may lie in another one",
		 "Can't make overlay mount on /o: Overlay directories may not overlap"},
		{EBUSY, "in use by another overlay", ""},
		{EXDEV, "on the same file system", ""},
		{ENODEV, "modprobe overlay", ""},
	};

	for (size_t i = 0; i < LENGTH(causes); i++) {
		struct err e = {0};

		start();
		fake_sys_answer("fsconfig fs:overlay create", -causes[i].code);
		assert_int_equal(apply(overlay, &e), -causes[i].code);
		assert_starts_with(e.msg, "--overlay: /o: cannot create an overlay: ");
		assert_contains(e.hint, causes[i].hint);
		assert_string_equal(e.bwrap, causes[i].bwrap);
	}
}

/* --- Before Linux 6.7 ----------------------------------------------------- */

/* A kernel that takes no layers one by one. */
static void start_old(void)
{
	start();
	fake_sys_always("fsconfig fs:overlay lowerdir+*", -EINVAL);
}

/* What is mounted there, and where the process is afterwards. */
static const struct {
	const char *const *argv;
	const char *options;
} old_overlays[] = {
	{overlay, "lowerdir=/proc/self/fd/101:/proc/self/fd/100,"
		  "upperdir=/proc/self/fd/102,workdir=/proc/self/fd/103,userxattr\n"},
	{tmp_overlay, "lowerdir=/proc/self/fd/100,"
		      "upperdir=/proc/self/fd/101,workdir=/proc/self/fd/102,volatile,userxattr\n"},
	{ro_overlay, "lowerdir=/proc/self/fd/101:/proc/self/fd/100,userxattr\n"},
};

TEST(mounts_on_the_stage_on_old_kernels)
{
	for (size_t i = 0; i < LENGTH(old_overlays); i++) {
		struct err e = {0};

		start_old();
		assert_int_equal(apply(old_overlays[i].argv, &e), 0);
		assert_contains(fake_sys_trace(), "mkdir stage overlay 755\n"
						  "fchdir stage\n"
						  "mount overlay overlay nosuid nodev lowerdir=");
		assert_contains(fake_sys_trace(), old_overlays[i].options);
		assert_contains(fake_sys_trace(), "open stage overlay path dir\n"
						  "fchdir cwd\n"
						  "open_in box /o path\n"
						  "stat box\n"
						  "stat box/o\n"
						  "move_mount stage/overlay box/o\n");
	}
}

TEST(mounts_on_the_stage_as_often_as_asked)
{
	struct err e = {0};

	start_old();
	fake_sys_always("mkdir stage overlay 755", -EEXIST);
	assert_int_equal(apply(ro_overlay, &e), 0);
	assert_contains(fake_sys_trace(), "move_mount stage/overlay box/o\n");
}

TEST(reports_every_call_that_fails_on_old_kernels)
{
	static const char *const calls[] = {
		"mkdir stage overlay 755",
		"fchdir stage",
		"mount overlay*",
		"open stage overlay path dir",
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		struct err e = {0};

		start_old();
		fake_sys_answer(calls[i], -EIO);
		assert_int_equal(apply(ro_overlay, &e), -EIO);
		assert_string_equal(e.msg, "--ro-overlay: /o: cannot create an overlay: "
					   "Input/output error");
		assert_null(strstr(fake_sys_trace(), "move_mount"));
	}
}

TEST(says_why_there_is_no_overlay_on_old_kernels)
{
	struct err e = {0};

	start_old();
	fake_sys_answer("mount overlay*", -ELOOP);
	assert_int_equal(apply(overlay, &e), -ELOOP);
	assert_starts_with(e.msg, "--overlay: /o: cannot create an overlay: ");
	assert_string_equal(e.hint, "none of an overlay's directories may lie in another one");
	assert_string_equal(e.bwrap,
			    "Can't make overlay mount on /o: Overlay directories may not overlap");
}

/* Then it was not that the kernel is old, and it has said more before. */
TEST(keeps_the_error_of_a_new_kernel_if_the_old_way_is_invalid_as_well)
{
	struct err e = {0};

	fake_sys_answer("fsconfig fs:overlay create", -EINVAL);
	fake_sys_answer_text("read fs:overlay", "e overlay: it is wrong\n");
	fake_sys_answer("mount overlay*", -EINVAL);
	assert_int_equal(apply(overlay, &e), -EINVAL);
	assert_string_equal(e.msg, "--overlay: /o: cannot create an overlay: overlay: it is wrong: "
				   "Invalid argument");
}

TEST(does_not_try_the_old_way_after_any_other_error)
{
	struct err e = {0};

	fake_sys_answer("fsconfig fs:overlay create", -EBUSY);
	assert_int_equal(apply(overlay, &e), -EBUSY);
	assert_null(strstr(fake_sys_trace(), "stage"));
}

TEST(makes_no_overlay_of_options_that_are_not_whole)
{
	struct err e = {0};

	start_old();
	assert_int_equal(apply_without_memory(4, overlay, &e), -ENOMEM);
	assert_string_equal(e.msg,
			    "--overlay: /o: cannot create an overlay: Cannot allocate memory");
	assert_null(strstr(fake_sys_trace(), "mount overlay"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_these_calls_for_each_overlay),
		cmocka_unit_test_setup(keeps_the_changes_of_each_overlay_apart, set_up),
		cmocka_unit_test(reports_every_call_that_fails),
		cmocka_unit_test(reports_running_out_of_memory),
		cmocka_unit_test(names_the_directory_that_is_missing),
		cmocka_unit_test(says_why_there_is_no_overlay),
		cmocka_unit_test(mounts_on_the_stage_on_old_kernels),
		cmocka_unit_test(mounts_on_the_stage_as_often_as_asked),
		cmocka_unit_test(reports_every_call_that_fails_on_old_kernels),
		cmocka_unit_test(says_why_there_is_no_overlay_on_old_kernels),
		cmocka_unit_test_setup(
			keeps_the_error_of_a_new_kernel_if_the_old_way_is_invalid_as_well, set_up),
		cmocka_unit_test_setup(does_not_try_the_old_way_after_any_other_error, set_up),
		cmocka_unit_test(makes_no_overlay_of_options_that_are_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
