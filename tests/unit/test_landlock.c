/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_sys.h"
#include "isolation/landlock.h"
#include "test.h"

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	return 0;
}

static const enum landlock_use uses[] = {LANDLOCK_SIGNALS, LANDLOCK_BARRIER};

TEST(does_nothing_unless_it_is_asked_for)
{
	struct err e = {0};

	assert_int_equal(landlock_apply(LANDLOCK_NONE, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(puts_the_process_into_a_domain_for_either_use)
{
	for (size_t i = 0; i < LENGTH(uses); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(landlock_apply(uses[i], &e), 0);
		assert_string_equal(fake_sys_trace(), "landlock signals\n"
						      "landlock_restrict rules\n");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* How kernels without it, or what stands before them, refuse to make rules. */
static const int missing[] = {-ENOSYS, -EOPNOTSUPP, -E2BIG, -EINVAL, -EPERM};

TEST(knows_whether_the_kernel_has_it)
{
	assert_true(landlock_is_there());
	assert_int_equal(fake_sys_open_fds(), 0);
	for (size_t i = 0; i < LENGTH(missing); i++) {
		fake_sys_reset();
		fake_sys_always("landlock signals", missing[i]);
		assert_false(landlock_is_there());
	}
}

TEST(leaves_signals_alone_where_the_kernel_lacks_it)
{
	for (size_t i = 0; i < LENGTH(missing); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always("landlock signals", missing[i]);
		assert_int_equal(landlock_apply(LANDLOCK_SIGNALS, &e), 0);
		assert_int_equal(fake_sys_calls(), 1);
	}
}

TEST(lets_no_command_of_roots_run_without_a_barrier)
{
	for (size_t i = 0; i < LENGTH(missing); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always("landlock signals", missing[i]);
		assert_int_equal(landlock_apply(LANDLOCK_BARRIER, &e), missing[i]);
		assert_starts_with(e.msg, "cannot keep root's COMMAND from outside processes: ");
		assert_contains(e.hint, "--unshare-user");
	}
}

TEST(leaves_out_a_domain_for_signals_if_there_are_too_many)
{
	struct err e = {0};

	fake_sys_always("landlock_restrict*", -E2BIG);
	assert_int_equal(landlock_apply(LANDLOCK_SIGNALS, &e), 1);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(landlock_apply(LANDLOCK_BARRIER, &e), -E2BIG);
	assert_contains(e.hint, "as many Landlock domains");
}

TEST(reports_every_other_failure)
{
	for (size_t i = 0; i < LENGTH(uses); i++) {
		for (unsigned nth = 1; nth <= 2; nth++) {
			struct err e = {0};

			(void)set_up(NULL);
			fake_sys_fail_at(nth, ENOMEM);
			assert_int_equal(landlock_apply(uses[i], &e), -ENOMEM);
			assert_contains(e.msg, "outside processes: Cannot allocate memory");
			assert_contains(e.hint, "--");
			assert_int_equal(fake_sys_open_fds(), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(does_nothing_unless_it_is_asked_for, set_up),
		cmocka_unit_test(puts_the_process_into_a_domain_for_either_use),
		cmocka_unit_test_setup(knows_whether_the_kernel_has_it, set_up),
		cmocka_unit_test(leaves_signals_alone_where_the_kernel_lacks_it),
		cmocka_unit_test(lets_no_command_of_roots_run_without_a_barrier),
		cmocka_unit_test_setup(leaves_out_a_domain_for_signals_if_there_are_too_many,
				       set_up),
		cmocka_unit_test(reports_every_other_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
