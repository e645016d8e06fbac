/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "fake_sys.h"
#include "sbx/fds.h"
#include "test.h"

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	return 0;
}

static struct op ops[] = {
	{.kind = OP_BIND, .option = "bind", .src = "/usr"},
	{.kind = OP_FILE, .option = "file", .fd = 5},
	{.kind = OP_BIND_DATA, .option = "ro-bind-data", .fd = 6},
};
static struct seccomp_source programs[] = {{.option = "seccomp", .fd = 7}};
static const struct plan plan = {
	.ops = ops,
	.n_ops = LENGTH(ops),
	.seccomp = programs,
	.n_seccomp = LENGTH(programs),
};

TEST(claims_every_descriptor_of_the_command_line_and_no_other)
{
	struct err e = {0};

	assert_int_equal(fds_claim(&plan, &e), 0);
	assert_string_equal(fake_sys_trace(), "getfd 5\n"
					      "set_cloexec 5\n"
					      "getfd 6\n"
					      "set_cloexec 6\n"
					      "getfd 7\n"
					      "set_cloexec 7\n"
					      "getfd 0\n"
					      "getfd 1\n"
					      "getfd 2\n");
}

TEST(names_the_option_whose_descriptor_is_closed)
{
	struct err e = {0};

	fake_sys_answer("getfd 6", -EBADF);
	assert_int_equal(fds_claim(&plan, &e), -EBADF);
	assert_string_equal(e.msg, "--ro-bind-data: descriptor 6 is not open");
}

TEST(does_not_let_two_options_share_a_descriptor)
{
	struct err e = {0};

	fake_sys_answer("getfd 7", FD_CLOEXEC);
	assert_int_equal(fds_claim(&plan, &e), -EBADF);
	assert_string_equal(e.msg, "--seccomp: descriptor 7 is used twice");
}

TEST(puts_dev_null_where_a_standard_descriptor_is_closed)
{
	static const struct plan empty;
	struct err e = {0};

	fake_sys_answer("getfd 0", -EBADF);
	assert_int_equal(fds_claim(&empty, &e), 0);
	assert_string_equal(fake_sys_trace(), "getfd 0\n"
					      "open /dev/null read-write\n"
					      "getfd 1\n"
					      "getfd 2\n");
}

TEST(says_that_there_is_no_dev_null)
{
	static const struct plan empty;
	struct err e = {0};

	fake_sys_answer("getfd 1", -EBADF);
	fake_sys_answer("open*", -ENOENT);
	assert_int_equal(fds_claim(&empty, &e), -ENOENT);
	assert_string_equal(e.msg, "cannot open /dev/null: No such file or directory");
}

TEST(reports_every_call_that_fails_for_an_option)
{
	for (unsigned nth = 1; nth <= 6; nth++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(fds_claim(&plan, &e), -EIO);
		assert_starts_with(e.msg, "--");
		assert_contains(e.msg, ": cannot use descriptor ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* Sets of descriptors to keep, and what is closed. */
static const struct {
	int keep[4];
	unsigned n;
	const char *closed;
} kept[] = {
	{{0}, 0, "close_range 0 -\n"},
	{{0}, 1, "close_range 1 -\n"},
	{{2, 0, 1}, 3, "close_range 3 -\n"},
	{{5, 0, 9}, 3, "close_range 1 4\nclose_range 6 8\nclose_range 10 -\n"},
	{{-1, 4, -9, 4}, 4, "close_range 0 3\nclose_range 5 -\n"},
	{{3, 4, 5}, 3, "close_range 0 2\nclose_range 6 -\n"},
};

TEST(closes_all_descriptors_but_those_to_keep)
{
	for (size_t i = 0; i < LENGTH(kept); i++) {
		fake_sys_reset();
		fds_keep_only(kept[i].keep, kept[i].n);
		assert_string_equal(fake_sys_trace(), kept[i].closed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(claims_every_descriptor_of_the_command_line_and_no_other,
				       set_up),
		cmocka_unit_test_setup(names_the_option_whose_descriptor_is_closed, set_up),
		cmocka_unit_test_setup(does_not_let_two_options_share_a_descriptor, set_up),
		cmocka_unit_test_setup(puts_dev_null_where_a_standard_descriptor_is_closed, set_up),
		cmocka_unit_test_setup(says_that_there_is_no_dev_null, set_up),
		cmocka_unit_test(reports_every_call_that_fails_for_an_option),
		cmocka_unit_test(closes_all_descriptors_but_those_to_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
