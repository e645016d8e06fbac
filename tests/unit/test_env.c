/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "environment.h"
#include "run/env.h"
#include "test.h"

static int set_up(void **state)
{
	*state = enter_environment();
	return setenv("OLD", "1", 1);
}

static int tear_down(void **state)
{
	leave_environment(*state);
	return 0;
}

static void apply(const struct env_change *changes, size_t n)
{
	struct err e = {0};
	union {
		const struct env_change *given;
		struct env_change *wanted;
	} env = {.given = changes};
	const struct plan plan = {.environment.changes = env.wanted, .environment.n_changes = n};

	assert_int_equal(env_apply(&plan, &e), 0);
}

TEST(sets_and_replaces_variables)
{
	static const struct env_change changes[] = {
		{.name = "NEW", .value = "a=b c"},
		{.name = "OLD", .value = ""},
		{.name = "NEW", .value = "2"},
	};

	apply(changes, LENGTH(changes));
	assert_string_equal(getenv("NEW"), "2");
	assert_string_equal(getenv("OLD"), "");
}

TEST(removes_variables)
{
	static const struct env_change changes[] = {{.name = "OLD"}, {.name = "NEVER_THERE"}};

	apply(changes, LENGTH(changes));
	assert_null(getenv("OLD"));
}

TEST(removes_only_what_was_there_before_when_clearing)
{
	static const struct env_change changes[] = {
		{.name = "EARLY", .value = "1"},
		{.name = NULL},
		{.name = "LATE", .value = "1"},
	};

	apply(changes, LENGTH(changes));
	assert_null(getenv("OLD"));
	assert_null(getenv("EARLY"));
	assert_string_equal(getenv("LATE"), "1");
	assert_string_equal(environ[0], "LATE=1");
	assert_null(environ[1]);
}

TEST(changes_nothing_unless_asked)
{
	apply(NULL, 0);
	assert_string_equal(environ[0], "OLD=1");
	assert_null(environ[1]);
}

TEST(says_where_it_is)
{
	struct err e = {0};

	assert_int_equal(setenv("PWD", "/old", 1), 0);
	assert_int_equal(env_set_pwd("/new", &e), 0);
	assert_string_equal(getenv("PWD"), "/new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sets_and_replaces_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removes_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removes_only_what_was_there_before_when_clearing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_nothing_unless_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_where_it_is, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
