/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "fake_sys.h"
#include "sbx/mask.h"
#include "sbx/sys.h"
#include "test.h"

enum { STAGE = 3, DIRECTORY, REGULAR, DEVICE };

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

TEST(gives_the_mask_to_who_mounts_it)
{
	autoclose int mask = mask_make(STAGE, DEVICE);

	assert_string_equal(fake_sys_name(mask), "tree:mask-file");
	assert_null(strstr(fake_sys_trace(), "move_mount"));
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
		cmocka_unit_test_setup(gives_the_mask_to_who_mounts_it, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
