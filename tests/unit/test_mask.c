/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "fake_sys.h"
#include "mounts/mask.h"
#include "sys/sys.h"
#include "test.h"

enum { STAGE = 3, DIRECTORY, REGULAR, DEVICE, PLACE };

static const struct statx directory = {.stx_mode = S_IFDIR | 0755};
static const struct statx regular = {.stx_mode = S_IFREG | 0644};
static const struct statx device = {.stx_mode = S_IFCHR | 0666};

#define RESTRICT " ro nosuid nodev noexec\n"

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(STAGE, "stage");
	fake_sys_given(DIRECTORY, "directory");
	fake_sys_given(REGULAR, "regular");
	fake_sys_given(DEVICE, "device");
	fake_sys_given(PLACE, "place");
	fake_sys_always_data("stat directory", 0, &directory, sizeof(directory));
	fake_sys_always_data("stat regular", 0, &regular, sizeof(regular));
	fake_sys_always_data("stat device", 0, &device, sizeof(device));
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

TEST(makes_the_mask_of_a_directory_once)
{
	fake_sys_answer("open_tree stage mask-dir clone", -ENOENT);
	assert_int_equal(mask_place(STAGE, DIRECTORY), 0);
	assert_int_equal(mask_place(STAGE, DIRECTORY), 0);
	assert_string_equal(fake_sys_trace(), "stat directory\n"
					      "open_tree stage mask-dir clone\n"
					      "mkdir stage mask-dir 0\n"
					      "open_tree stage mask-dir clone\n"
					      "mount_setattr tree:mask-dir" RESTRICT
					      "move_mount tree:mask-dir directory\n"
					      "stat directory\n"
					      "open_tree stage mask-dir clone\n"
					      "mount_setattr tree:mask-dir" RESTRICT
					      "move_mount tree:mask-dir directory\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(knows_what_is_a_mask)
{
	static const struct {
		struct statx place;
		int ret;
	} cases[] = {
		{{.stx_mode = S_IFREG, .stx_dev_major = 1, .stx_dev_minor = 2, .stx_ino = 3}, true},
		{{.stx_mode = S_IFREG, .stx_dev_major = 1, .stx_dev_minor = 2, .stx_ino = 4},
		 false},
		{{.stx_mode = S_IFREG, .stx_dev_major = 1, .stx_dev_minor = 3, .stx_ino = 3},
		 false},
		{{.stx_mode = S_IFREG, .stx_dev_major = 2, .stx_dev_minor = 2, .stx_ino = 3},
		 false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		start();
		fake_sys_always_data("stat stage/mask-file", 0, &cases[0].place,
				     sizeof(cases[0].place));
		fake_sys_always_data("stat place", 0, &cases[i].place, sizeof(cases[i].place));
		assert_int_equal(mask_covers(STAGE, PLACE), cases[i].ret);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(compares_a_directory_with_that_of_a_directory)
{
	fake_sys_always_data("stat stage/mask-dir", 0, &directory, sizeof(directory));
	assert_int_equal(mask_covers(STAGE, DIRECTORY), true);
	assert_contains(fake_sys_trace(), "open stage mask-dir path nofollow\n");
}

TEST(finds_no_mask_where_none_was_made)
{
	fake_sys_answer("open stage mask-file*", -ENOENT);
	assert_int_equal(mask_covers(STAGE, PLACE), false);
}

TEST(reports_that_a_mask_cannot_be_told)
{
	static const char *const calls[] = {"stat place", "open stage mask-file*",
					    "stat stage/mask-file"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start();
		fake_sys_always(calls[i], -EIO);
		fake_sys_always_data("stat place", 0, &regular, sizeof(regular));
		assert_int_equal(mask_covers(STAGE, PLACE), -EIO);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(masks_all_else_with_a_file)
{
	fake_sys_answer("open_tree stage mask-file clone", -ENOENT);
	assert_int_equal(mask_place(STAGE, REGULAR), 0);
	assert_int_equal(mask_place(STAGE, DEVICE), 0);
	assert_string_equal(fake_sys_trace(), "stat regular\n"
					      "open_tree stage mask-file clone\n"
					      "open stage mask-file nofollow excl create 0\n"
					      "open_tree stage mask-file clone\n"
					      "mount_setattr tree:mask-file" RESTRICT
					      "move_mount tree:mask-file regular\n"
					      "stat device\n"
					      "open_tree stage mask-file clone\n"
					      "mount_setattr tree:mask-file" RESTRICT
					      "move_mount tree:mask-file device\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* Let each call fail in turn: all are reported, none leaks, nothing follows. */
TEST(reports_every_call_that_fails)
{
	static const int places[] = {DIRECTORY, REGULAR};

	for (size_t i = 0; i < LENGTH(places); i++) {
		unsigned nth;

		for (nth = 1;; nth++) {
			int r;

			start();
			fake_sys_answer("open_tree stage mask-*", -ENOENT);
			fake_sys_fail_at(nth, EIO);
			r = mask_place(STAGE, places[i]);
			assert_int_equal(fake_sys_open_fds(), 0);
			if (r == 0)
				break;
			assert_int_equal(r, -EIO);
			assert_string_equal(fake_sys_trace_after_failure(), "");
		}
		assert_int_equal(nth, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(makes_the_mask_of_a_directory_once, set_up),
		cmocka_unit_test_setup(masks_all_else_with_a_file, set_up),
		cmocka_unit_test_setup(knows_what_is_a_mask, set_up),
		cmocka_unit_test_setup(compares_a_directory_with_that_of_a_directory, set_up),
		cmocka_unit_test_setup(finds_no_mask_where_none_was_made, set_up),
		cmocka_unit_test_setup(reports_that_a_mask_cannot_be_told, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
