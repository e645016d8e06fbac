/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_sys.h"
#include "run/helpers.h"
#include "test.h"

static struct helper helpers[HELPERS];
static struct err e;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	helpers_init(helpers);
	return 0;
}

TEST(creates_two_sockets_and_closes_the_ends_that_it_is_told)
{
	struct helper *guard = &helpers[HELPER_GUARD];

	fake_sys_answer_pair("inside", "from-inside");
	fake_sys_answer_pair("monitor", "to-monitor");
	assert_int_equal(helpers_connect(guard, &e), 0);
	assert_int_equal(guard->pidfd, -1);
	assert_int_equal(guard->inside, fake_sys_fd("inside"));
	assert_int_equal(guard->from_inside, fake_sys_fd("from-inside"));
	assert_int_equal(guard->monitor, fake_sys_fd("monitor"));
	assert_int_equal(guard->to_monitor, fake_sys_fd("to-monitor"));
	helpers_close(helpers, ENDS_ALL & ~END_MONITOR);
	assert_int_equal(fake_sys_open_fds(), 1);
	assert_int_equal(guard->monitor, fake_sys_fd("monitor"));
	helpers_close(helpers, ENDS_ALL);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(guard->monitor, -1);
}

TEST(says_that_it_can_create_no_sockets)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		(void)set_up(NULL);
		fake_sys_fail_at(nth, EMFILE);
		assert_int_equal(helpers_connect(&helpers[HELPER_JANITOR], &e), -EMFILE);
		assert_string_equal(e.msg, "cannot create a socket: Too many open files");
		helpers_close(helpers, ENDS_ALL);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(lists_all_descriptors)
{
	int list[HELPERS * HELPER_FDS];
	int found = 0;

	assert_int_equal(helpers_connect(&helpers[HELPER_GUARD], &e), 0);
	helpers[HELPER_GUARD].pidfd = 0;
	helpers_list(helpers, list);
	for (size_t i = 0; i < LENGTH(list); i++)
		found += list[i] >= 0;
	assert_int_equal(found, HELPER_FDS);
	helpers[HELPER_GUARD].pidfd = -1;
	helpers_close(helpers, ENDS_ALL);
	assert_int_equal(fake_sys_open_fds(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(creates_two_sockets_and_closes_the_ends_that_it_is_told, set_up),
	cmocka_unit_test_setup(says_that_it_can_create_no_sockets, set_up),
	cmocka_unit_test_setup(lists_all_descriptors, set_up),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
