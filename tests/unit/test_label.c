/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_sys.h"
#include "isolation/label.h"
#include "test.h"

/* --- A libselinux --------------------------------------------------------- */

static int enabled;

static int is_enabled(void)
{
	return enabled;
}

static int set(const char *what, const char *label)
{
	int r = fake_sys_call("%s %s", what, label);

	errno = r < 0 ? -r : errno;
	return r < 0 ? -1 : 0;
}

static int set_exec(const char *label)
{
	return set("setexeccon", label);
}

static int set_file(const char *label)
{
	return set("setfscreatecon", label);
}

static int (*const is_enabled_address)(void) = is_enabled;
static int (*const setters[])(const char *label) = {set_exec, set_file};

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_always_data("dlsym is_selinux_enabled", 0, &is_enabled_address,
			     sizeof(is_enabled_address));
	fake_sys_always_data("dlsym setexeccon", 0, &setters[0], sizeof(setters[0]));
	fake_sys_always_data("dlsym setfscreatecon", 0, &setters[1], sizeof(setters[1]));
	enabled = 1;
	return 0;
}

/* --- Tests ---------------------------------------------------------------- */

static const struct plan both = {.privileges.exec_label = "exec:label",
				 .mounts.file_label = "file:label"};
static const struct plan only_exec = {.privileges.exec_label = "exec:label"};
static const struct plan only_file = {.mounts.file_label = "file:label"};

TEST(sets_the_labels_of_files_and_of_what_is_executed)
{
	struct err e = {0};

	assert_int_equal(label_apply(&both, &e), 0);
	assert_contains(fake_sys_trace(), "setfscreatecon file:label\n"
					  "setexeccon exec:label\n");
}

TEST(sets_no_label_that_was_not_asked_for)
{
	struct err e = {0};

	assert_int_equal(label_apply(&only_exec, &e), 0);
	assert_null(strstr(fake_sys_trace(), "\nsetfscreatecon"));
	assert_int_equal(label_apply(&only_file, &e), 0);
	assert_contains(fake_sys_trace(), "\nsetfscreatecon file:label\n");
}

TEST(needs_no_library_without_a_label)
{
	static const struct plan plan;
	struct err e = {0};

	assert_int_equal(label_apply(&plan, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(names_the_option_that_needs_the_library)
{
	struct err e = {0};

	fake_sys_always("dlopen*", -ENOENT);
	assert_int_equal(label_apply(&both, &e), -ENOENT);
	assert_string_equal(e.msg, "--exec-label: cannot load libselinux.so.1");
	assert_contains(e.hint, "libselinux1");
	assert_string_equal(e.bwrap, "labeling not supported on this system");
	assert_int_equal(label_apply(&only_file, &e), -ENOENT);
	assert_string_equal(e.msg, "--file-label: cannot load libselinux.so.1");
}

TEST(does_not_pretend_to_label_where_nothing_is_labelled)
{
	for (enabled = -1; enabled <= 0; enabled++) {
		struct err e = {0};

		assert_int_equal(label_apply(&both, &e), -ENOTSUP);
		assert_string_equal(e.msg, "--exec-label: labeling not supported on this system");
		assert_string_equal(e.bwrap, "labeling not supported on this system");
		assert_string_equal(e.option, "--exec-label");
		assert_null(strstr(fake_sys_trace(), "label\n"));
	}
}

TEST(says_which_label_cannot_be_used)
{
	struct err e = {0};

	fake_sys_answer("setfscreatecon*", -EINVAL);
	assert_int_equal(label_apply(&both, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "--file-label: cannot use the label file:label: Invalid argument");
	fake_sys_answer("setexeccon*", -EACCES);
	assert_int_equal(label_apply(&both, &e), -EACCES);
	assert_string_equal(e.msg,
			    "--exec-label: cannot use the label exec:label: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sets_the_labels_of_files_and_of_what_is_executed, set_up),
		cmocka_unit_test_setup(sets_no_label_that_was_not_asked_for, set_up),
		cmocka_unit_test_setup(needs_no_library_without_a_label, set_up),
		cmocka_unit_test_setup(names_the_option_that_needs_the_library, set_up),
		cmocka_unit_test_setup(does_not_pretend_to_label_where_nothing_is_labelled, set_up),
		cmocka_unit_test_setup(says_which_label_cannot_be_used, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
