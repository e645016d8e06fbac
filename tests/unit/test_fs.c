/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/mount.h>

#include "fake_sys.h"
#include "mounts/fs.h"
#include "sys/sys.h"
#include "test.h"

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	return 0;
}

static const struct fs_param params[] = {{"mode", "620"}, {"ptmxmode", "0666"}, {NULL, NULL}};

TEST(makes_a_file_system_with_its_parameters)
{
	struct err e = {0};
	autoclose int fd = fs_make("devpts", params, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &e);

	assert_true(fd >= 0);
	assert_string_equal(fake_sys_trace(), "fsopen devpts\n"
					      "fsconfig fs:devpts source=devpts\n"
					      "fsconfig fs:devpts mode=620\n"
					      "fsconfig fs:devpts ptmxmode=0666\n"
					      "fsconfig fs:devpts create\n"
					      "fsmount fs:devpts nosuid noexec\n");
	assert_int_equal(fake_sys_open_fds(), 1);
}

TEST(gives_the_kernel_parameters_that_have_no_value)
{
	static const struct fs_param flags[] = {
		{"lowerdir+", "/a"}, {"volatile", NULL}, {"userxattr", NULL}, {NULL, NULL}};
	struct err e = {0};
	autoclose int fd = fs_make("overlay", flags, MOUNT_ATTR_NOSUID, &e);

	assert_true(fd >= 0);
	assert_string_equal(fake_sys_trace(), "fsopen overlay\n"
					      "fsconfig fs:overlay source=overlay\n"
					      "fsconfig fs:overlay lowerdir+=/a\n"
					      "fsconfig fs:overlay volatile\n"
					      "fsconfig fs:overlay userxattr\n"
					      "fsconfig fs:overlay create\n"
					      "fsmount fs:overlay nosuid\n");
}

TEST(has_an_article_before_a_vowel)
{
	static const struct fs_param none[] = {{NULL, NULL}};
	struct err e = {0};

	fake_sys_always("fsopen*", -ENODEV);
	assert_int_equal(fs_make("overlay", none, 0, &e), -ENODEV);
	assert_string_equal(e.msg, "cannot create an overlay: No such device");
	assert_int_equal(fs_make("mqueue", none, 0, &e), -ENODEV);
	assert_string_equal(e.msg, "cannot create a mqueue: No such device");
}

TEST(makes_a_tmpfs_of_any_mode_size_and_label)
{
	struct err e = {0};
	autoclose int fd = fs_tmpfs(01777, UINT64_MAX >> 1, "some:label", &e);

	assert_true(fd >= 0);
	assert_string_equal(fake_sys_trace(), "fsopen tmpfs\n"
					      "fsconfig fs:tmpfs source=tmpfs\n"
					      "fsconfig fs:tmpfs mode=1777\n"
					      "fsconfig fs:tmpfs size=9223372036854775807\n"
					      "fsconfig fs:tmpfs context=some:label\n"
					      "fsconfig fs:tmpfs create\n"
					      "fsmount fs:tmpfs nosuid nodev\n");
}

TEST(leaves_what_is_not_said_to_the_kernel)
{
	struct err e = {0};
	autoclose int fd = fs_tmpfs(0, 0, NULL, &e);

	assert_true(fd >= 0);
	assert_string_equal(fake_sys_trace(), "fsopen tmpfs\n"
					      "fsconfig fs:tmpfs source=tmpfs\n"
					      "fsconfig fs:tmpfs mode=0\n"
					      "fsconfig fs:tmpfs create\n"
					      "fsmount fs:tmpfs nosuid nodev\n");
}

TEST(labels_a_tmpfs_of_the_usual_size)
{
	struct err e = {0};
	autoclose int fd = fs_tmpfs(0755, 0, "some:label", &e);

	assert_true(fd >= 0);
	assert_contains(fake_sys_trace(), "mode=755\nfsconfig fs:tmpfs context=some:label\n");
}

TEST(says_what_the_kernel_says)
{
	struct err e = {0};

	fake_sys_answer("fsconfig fs:devpts ptmxmode=0666", -EINVAL);
	fake_sys_answer_text("read fs:devpts", "e devpts: Bad value for 'ptmxmode'\ne more\n");
	assert_int_equal(fs_make("devpts", params, 0, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot create a devpts: devpts: Bad value for 'ptmxmode': "
				   "Invalid argument");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(does_without_an_explanation)
{
	static const char *const explanations[] = {"", "e", "e "};

	for (size_t i = 0; i < LENGTH(explanations); i++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_answer("fsmount*", -EBUSY);
		fake_sys_answer_text("read fs:devpts", explanations[i]);
		assert_int_equal(fs_make("devpts", params, 0, &e), -EBUSY);
		assert_string_equal(e.msg, "cannot create a devpts: Device or resource busy");
	}
}

TEST(cuts_an_explanation_without_end)
{
	char long_one[1000];
	struct err e = {0};

	memset(long_one, 'x', sizeof(long_one));
	fake_sys_answer("fsconfig fs:devpts create", -EINVAL);
	fake_sys_answer_data("read fs:devpts", 0, long_one, sizeof(long_one));
	assert_int_equal(fs_make("devpts", params, 0, &e), -EINVAL);
	assert_starts_with(e.msg, "cannot create a devpts: xxx");
	assert_contains(e.msg, "xxx: Invalid argument");
}

TEST(adds_the_hint_for_the_type)
{
	struct err e = {0};

	fake_sys_answer("fsmount fs:mqueue", -EPERM);
	assert_int_equal(fs_make("mqueue", params + 2, 0, &e), -EPERM);
	assert_string_equal(e.hint, "--mqueue needs --unshare-ipc");
}

TEST(reports_every_call_that_fails)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		int fd;

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		fd = fs_make("devpts", params, 0, &e);
		if (fd >= 0) {
			(void)sys_close(fd);
			break;
		}
		assert_int_equal(fd, -EIO);
		assert_int_equal(e.code, EIO);
		assert_string_equal(e.msg, "cannot create a devpts: Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(),
				    nth == 1 ? "" : "read fs:devpts\n");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
	assert_int_equal(nth, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(makes_a_file_system_with_its_parameters, set_up),
		cmocka_unit_test_setup(gives_the_kernel_parameters_that_have_no_value, set_up),
		cmocka_unit_test_setup(has_an_article_before_a_vowel, set_up),
		cmocka_unit_test_setup(makes_a_tmpfs_of_any_mode_size_and_label, set_up),
		cmocka_unit_test_setup(leaves_what_is_not_said_to_the_kernel, set_up),
		cmocka_unit_test_setup(labels_a_tmpfs_of_the_usual_size, set_up),
		cmocka_unit_test_setup(says_what_the_kernel_says, set_up),
		cmocka_unit_test(does_without_an_explanation),
		cmocka_unit_test_setup(cuts_an_explanation_without_end, set_up),
		cmocka_unit_test_setup(adds_the_hint_for_the_type, set_up),
		cmocka_unit_test(reports_every_call_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
