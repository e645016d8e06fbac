/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "host/mountinfo.h"
#include "test.h"

enum { PROC = 5 };

static struct mountinfo info;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	info = (struct mountinfo){0};
	return 0;
}

static int tear_down(void **state __attribute__((unused)))
{
	mountinfo_done(&info);
	return 0;
}

/* Read @text as the mounts of the process 7. */
static int read_mounts(const char *text)
{
	int r;

	mountinfo_done(&info);
	fake_sys_file("/proc/7/mountinfo", text);
	r = mountinfo_read(PROC, "7", &info);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static void assert_mount(size_t i, uint64_t id, const char *device, const char *point,
			 const char *type)
{
	assert_true(i < info.n);
	assert_int_equal(info.list[i].id, id);
	assert_string_equal(info.list[i].device, device);
	assert_string_equal(info.list[i].point, point);
	assert_string_equal(info.list[i].type, type);
}

TEST(reads_mounts_in_their_order)
{
	assert_int_equal(read_mounts("36 35 98:0 /mnt1 / rw,noatime master:1 - ext3 /dev/root rw\n"
				     "37 36 0:5 / /proc rw,nosuid - proc proc rw\n"
				     "1099511627776 36 0:61 /a/b /mnt ro shared:7 master:3 "
				     "propagate_from:2 "
				     "unbindable - fuse.sshfs me@host:/ rw,user_id=0\n"),
			 0);
	assert_int_equal(info.n, 3);
	assert_mount(0, 36, "98:0", "/", "ext3");
	assert_mount(1, 37, "0:5", "/proc", "proc");
	assert_mount(2, UINT64_C(1) << 40, "0:61", "/mnt", "fuse.sshfs");
	assert_string_equal(fake_sys_trace(), "open /proc 7/mountinfo\nread /proc/7/mountinfo\n"
					      "read /proc/7/mountinfo\n");
}

TEST(reads_no_mounts_where_there_are_none)
{
	assert_int_equal(read_mounts(""), 0);
	assert_int_equal(info.n, 0);
	assert_int_equal(read_mounts("\n\n"), 0);
	assert_int_equal(info.n, 0);
}

TEST(needs_neither_a_last_line_end_nor_more_than_the_type)
{
	assert_int_equal(read_mounts("1 0 0:1 / / rw - rootfs"), 0);
	assert_mount(0, 1, "0:1", "/", "rootfs");
	assert_int_equal(read_mounts("1 0 0:1 / /"
				     " - rootfs none rw"),
			 0);
	assert_mount(0, 1, "0:1", "/", "rootfs");
}

/* Paths as the kernel writes them, and what they are. */
static const struct {
	const char *written;
	const char *path;
} paths[] = {
	{"/plain", "/plain"},
	{"/a\\040b", "/a b"},
	{"/\\040\\011\\012\\134\\043", "/ \t\n\\#"},
	{"/a\\040-\\040b", "/a - b"},
	{"/-", "/-"},
	{"/\\303\\244", "/\xc3\xa4"},
	{"/\\377", "/\xff"},
	{"/\\134040", "/\\040"}, /* what stands for a backslash starts no other escape */
	{"/\\04", "/\\04"},
	{"/\\", "/\\"},
	{"/\\\\", "/\\\\"},
	{"/\\089", "/\\089"},
	{"/\\400", "/\\400"},
	{"/\\x20", "/\\x20"},
	{"/gone//deleted", "/gone//deleted"},
};

TEST(undoes_the_escapes_of_a_path)
{
	for (size_t i = 0; i < LENGTH(paths); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "1 0 0:1 / %s rw shared:1 - tmpfs a\\040b rw\n",
			       paths[i].written);
		assert_int_equal(read_mounts(text), 0);
		assert_int_equal(info.n, 1);
		assert_mount(0, 1, "0:1", paths[i].path, "tmpfs");
	}
}

TEST(refuses_a_table_with_a_line_that_is_none)
{
	static const char *const lines[] = {
		"x",
		" - ",
		"1 0 0:1 / /mnt rw",
		"1 0 0:1 / /mnt rw -tmpfs",
		"1 0 0:1 / - tmpfs none rw",
		"x 0 0:1 / /mnt rw - tmpfs none rw",
		"-1 0 0:1 / /mnt rw - tmpfs none rw",
		"18446744073709551616 0 0:1 / /mnt rw - tmpfs none rw",
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "1 0 0:1 / / rw - tmpfs none rw\n%s\n",
			       lines[i]);
		info.n = 99;
		fake_sys_file("/proc/7/mountinfo", text);
		assert_true(mountinfo_read(PROC, "7", &info) < 0);
		assert_int_equal(info.n, 99);
		assert_null(info.list);
		assert_null(info.text);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(reads_a_table_of_any_size)
{
	static char text[256 << 10];
	size_t used = 0;
	enum { MANY = 5000 };

	for (unsigned i = 1; i <= MANY; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%u 1 0:%u / /mnt/%u rw - tmpfs x rw\n", i, i, i);
	assert_int_equal(read_mounts(text), 0);
	assert_int_equal(info.n, MANY);
	assert_mount(MANY - 1, MANY, "0:5000", "/mnt/5000", "tmpfs");
}

TEST(reports_each_call_that_fails)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		if (read_mounts("1 0 0:1 / / rw - tmpfs none rw\n") == 0)
			break;
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(info.n, 0);
	}
	assert_int_equal(nth, 4);
}

TEST(reports_that_there_is_no_memory)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		fake_malloc_fail_at(nth);
		r = read_mounts("1 0 0:1 / / rw - tmpfs none rw\n");
		fake_malloc_fail_at(0);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(info.n, 0);
	}
	assert_int_equal(nth, 3);
}

TEST(forgets_all_when_it_is_done)
{
	assert_int_equal(read_mounts("1 0 0:1 / / rw - tmpfs none rw\n"), 0);
	mountinfo_done(&info);
	assert_int_equal(info.n, 0);
	assert_null(info.list);
	mountinfo_done(&info);
}

TEST(knows_a_type_and_its_subtypes)
{
	static const struct {
		const char *type;
		bool is_fuse;
	} types[] = {
		{"fuse", true},     {"fuse.sshfs", true}, {"fuse.", true},
		{"fuseblk", false}, {"fusectl", false},   {"fus", false},
		{"tmpfs", false},   {"", false},          {"xfuse", false},
	};

	for (size_t i = 0; i < LENGTH(types); i++) {
		const struct mountinfo_entry mount = {.type = types[i].type};

		assert_int_equal(mountinfo_is_type(&mount, "fuse"), types[i].is_fuse);
	}
}

TEST(knows_which_file_systems_are_there)
{
	assert_false(mountinfo_has_device(&info, "0:1"));
	assert_int_equal(read_mounts("1 0 0:1 / / rw - tmpfs none rw\n"
				     "2 0 0:22 / /a rw - tmpfs none rw\n"),
			 0);
	assert_true(mountinfo_has_device(&info, "0:1"));
	assert_true(mountinfo_has_device(&info, "0:22"));
	assert_false(mountinfo_has_device(&info, "0:2"));
	assert_false(mountinfo_has_device(&info, "0:222"));
	assert_false(mountinfo_has_device(&info, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_mounts_in_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_no_mounts_where_there_are_none, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			needs_neither_a_last_line_end_nor_more_than_the_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undoes_the_escapes_of_a_path, set_up, tear_down),
		cmocka_unit_test_setup(refuses_a_table_with_a_line_that_is_none, set_up),
		cmocka_unit_test_setup_teardown(reads_a_table_of_any_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reports_each_call_that_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reports_that_there_is_no_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgets_all_when_it_is_done, set_up, tear_down),
		cmocka_unit_test(knows_a_type_and_its_subtypes),
		cmocka_unit_test_setup_teardown(knows_which_file_systems_are_there, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
