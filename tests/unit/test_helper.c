/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>

#include "fake_sys.h"
#include "sys/helper.h"
#include "test.h"

#define STATUS 0x300 /* of a process that exits with 3 */

enum { MOUNTS = 5 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(MOUNTS, "mounts");
	return 0;
}

static int exit_with(const void *status)
{
	return *(const int *)status;
}

static int run(void)
{
	const int three = 3;

	return helper_run(exit_with, &three, 50, 20);
}

static void child_exits_with(int status)
{
	static int kept;

	kept = status;
	fake_sys_answer_data("wait_pidfd pidfd:1000", 1, &kept, sizeof(kept));
}

TEST(returns_the_status_of_a_helper)
{
	fake_sys_answer_ready("poll pidfd:1000*", "pidfd:1000");
	child_exits_with(STATUS);
	assert_int_equal(run(), STATUS);
	assert_string_equal(fake_sys_trace(),
			    "clone\npoll pidfd:1000, 50 ms\nwait_pidfd pidfd:1000\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(waits_no_longer_after_a_signal)
{
	fake_sys_answer("poll pidfd:1000, 50 ms", -EINTR);
	fake_sys_answer_ready("poll pidfd:1000, 50 ms", "pidfd:1000");
	child_exits_with(0);
	assert_int_equal(run(), 0);
}

TEST(kills_a_helper_whose_time_is_up)
{
	fake_sys_answer("poll pidfd:1000, 50 ms", 0);
	fake_sys_answer_ready("poll pidfd:1000, 20 ms", "pidfd:1000");
	child_exits_with(SIGKILL);
	assert_int_equal(run(), SIGKILL);
	assert_contains(fake_sys_trace(), "kill pidfd:1000 9\npoll pidfd:1000, 20 ms\n");
}

TEST(leaves_a_helper_that_cannot_be_killed)
{
	fake_sys_always("poll pidfd:1000*", 0);
	fake_sys_answer("wait_pidfd pidfd:1000", 0);
	assert_int_equal(run(), -ETIMEDOUT);
	assert_int_equal(fake_sys_now(), 70);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(says_that_there_is_no_helper)
{
	fake_sys_answer("clone", -EAGAIN);
	assert_int_equal(run(), -EAGAIN);
	assert_string_equal(fake_sys_trace(), "clone\n");
}

static void be_helper(void *arg)
{
	(void)arg;
	(void)run();
}

TEST(exits_with_what_the_work_returns)
{
	fake_sys_answer("clone", 0);
	assert_int_equal(fake_sys_run(be_helper, NULL), 3);
}

/* A security property: there is no moment in which a process inside may trace the helper. */
TEST(is_undumpable_whenever_it_is_in_another_namespace)
{
	assert_int_equal(helper_enter(MOUNTS), 0);
	assert_string_equal(fake_sys_trace(), "prctl dumpable 0\nns_users mounts\n"
					      "setns users:mounts user\nprctl dumpable 0\n"
					      "setns mounts mnt\n");
}

TEST(enters_nothing_where_it_cannot_hide)
{
	fake_sys_answer("prctl dumpable 0", -EPERM);
	assert_int_equal(helper_enter(MOUNTS), -EPERM);
	assert_string_equal(fake_sys_trace(), "prctl dumpable 0\n");

	/* nor if the kernel has made it dumpable meanwhile: the order protects from a tracer */
	fake_sys_reset();
	fake_sys_given(MOUNTS, "mounts");
	fake_sys_answer("prctl dumpable 0", 0);
	fake_sys_answer("prctl dumpable 0", -EPERM);
	assert_int_equal(helper_enter(MOUNTS), -EPERM);
	assert_null(strstr(fake_sys_trace(), "setns mounts"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(returns_the_status_of_a_helper, set_up),
	cmocka_unit_test_setup(waits_no_longer_after_a_signal, set_up),
	cmocka_unit_test_setup(kills_a_helper_whose_time_is_up, set_up),
	cmocka_unit_test_setup(leaves_a_helper_that_cannot_be_killed, set_up),
	cmocka_unit_test_setup(says_that_there_is_no_helper, set_up),
	cmocka_unit_test_setup(exits_with_what_the_work_returns, set_up),
	cmocka_unit_test_setup(is_undumpable_whenever_it_is_in_another_namespace, set_up),
	cmocka_unit_test_setup(enters_nothing_where_it_cannot_hide, set_up),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
