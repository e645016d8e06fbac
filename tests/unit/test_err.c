/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/err.h"
#include "test.h"

/* What is there of another failure. */
static const struct err old = {
	.code = EIO,
	.stage = ERR_EXEC,
	.option = "--old",
	.path = "/old",
	.msg = "old",
	.bwrap = "old",
	.hint = "old",
};

static void assert_nothing_else(const struct err *e)
{
	assert_string_equal(e->option, "");
	assert_string_equal(e->path, "");
	assert_string_equal(e->bwrap, "");
	assert_string_equal(e->hint, "");
}

TEST(records_a_cause_of_our_own_finding)
{
	struct err e = old;

	assert_int_equal(err_set(&e, EINVAL, "not a number: %s", "x"), -EINVAL);
	assert_int_equal(e.code, EINVAL);
	assert_int_equal(e.stage, ERR_SETUP);
	assert_string_equal(e.msg, "not a number: x");
	assert_nothing_else(&e);
}

TEST(says_why_a_system_call_failed)
{
	struct err e = old;

	assert_int_equal(err_sys(&e, -ENOENT, "cannot open %s", "/nope"), -ENOENT);
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(e.stage, ERR_SETUP);
	assert_string_equal(e.msg, "cannot open /nope: No such file or directory");
	assert_nothing_else(&e);
	(void)err_sys(&e, -ETOOMANYREFS, "cannot send");
	assert_string_equal(e.msg,
			    "cannot send: this user has too many descriptors in flight in sockets");
}

TEST(puts_context_before_the_cause_and_keeps_the_rest)
{
	struct err e = {0};

	(void)err_sys(&e, -EPERM, "cannot mount");
	(void)err_hint(&e, "ask %s", "root");
	e.stage = ERR_EXEC;
	assert_int_equal(err_add(&e, "--%s", "bind"), -EPERM);
	assert_int_equal(err_add(&e, "line %d", 7), -EPERM);
	assert_string_equal(e.msg, "line 7: --bind: cannot mount: Operation not permitted");
	assert_string_equal(e.hint, "ask root");
	assert_int_equal(e.stage, ERR_EXEC);
}

TEST(blames_the_innermost_option_and_path)
{
	struct err e = {0};

	(void)err_set(&e, ENOENT, "cannot");
	assert_int_equal(err_path(&e, "/inner"), -ENOENT);
	assert_int_equal(err_option(&e, "bind"), -ENOENT);
	assert_int_equal(err_path(&e, "/outer"), -ENOENT);
	assert_int_equal(err_option(&e, "args"), -ENOENT);
	assert_string_equal(e.option, "--bind");
	assert_string_equal(e.path, "/inner");
	assert_string_equal(e.msg, "--args: --bind: cannot");
}

TEST(keeps_what_bubblewrap_says_apart)
{
	struct err e = {0};

	(void)err_sys(&e, -ENOENT, "cannot open %s", "/nope");
	assert_string_equal(e.bwrap, "");
	assert_int_equal(err_bwrap(&e, "Can't find source path %s", "/nope"), -ENOENT);
	(void)err_option(&e, "bind");
	(void)err_hint(&e, "make it");
	assert_string_equal(e.bwrap, "Can't find source path /nope");
	assert_string_equal(e.msg, "--bind: cannot open /nope: No such file or directory");
	assert_string_equal(e.hint, "make it");
}

TEST(replaces_a_hint_by_a_later_one)
{
	struct err e = {0};

	(void)err_set(&e, EBUSY, "cannot");
	assert_int_equal(err_hint(&e, "wait"), -EBUSY);
	assert_int_equal(err_hint(&e, "wait %d s", 5), -EBUSY);
	assert_string_equal(e.hint, "wait 5 s");
}

/* A name of as many bytes as there is room for. */
static const char *long_name(void)
{
	static char name[sizeof(((struct err *)0)->msg)];

	memset(name, 'x', sizeof(name) - 1);
	return name;
}

TEST(keeps_room_for_the_cause_and_the_context_of_a_long_path)
{
	struct err e = {0};

	(void)err_sys(&e, -EIO, "cannot open %s", long_name());
	assert_contains(e.msg, "xxx: Input/output error");
	assert_int_equal(err_add(&e, "--bind"), -EIO);
	assert_int_equal(err_add(&e, "--args"), -EIO);
	assert_starts_with(e.msg, "--args: --bind: cannot open xxx");
	assert_contains(e.msg, "xxx: Input/output error");
	(void)err_set(&e, EINVAL, "unknown option %s", long_name());
	assert_int_equal(err_add(&e, "--args"), -EINVAL);
	assert_starts_with(e.msg, "--args: unknown option xxx");
}

TEST(cuts_what_does_not_fit)
{
	struct err e = {0};

	(void)err_set(&e, EINVAL, "a%s", long_name());
	for (int i = 0; i < 3; i++)
		(void)err_add(&e, "%s", long_name());
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	(void)err_hint(&e, "%s", long_name());
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	(void)err_bwrap(&e, "%s", long_name());
	assert_int_equal(strlen(e.bwrap), sizeof(e.bwrap) - 1);
	(void)err_path(&e, long_name());
	assert_int_equal(strlen(e.path), sizeof(e.path) - 1);
	(void)err_option(&e, long_name());
	assert_int_equal(strlen(e.option), sizeof(e.option) - 1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_a_cause_of_our_own_finding),
		cmocka_unit_test(says_why_a_system_call_failed),
		cmocka_unit_test(puts_context_before_the_cause_and_keeps_the_rest),
		cmocka_unit_test(blames_the_innermost_option_and_path),
		cmocka_unit_test(keeps_what_bubblewrap_says_apart),
		cmocka_unit_test(replaces_a_hint_by_a_later_one),
		cmocka_unit_test(keeps_room_for_the_cause_and_the_context_of_a_long_path),
		cmocka_unit_test(cuts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
