/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "sbx/plan.h"
#include "test.h"

static const char *const sh[] = {"sh", NULL};

static struct seccomp_source one_of_each[] = {
	{.option = "add-seccomp-fd", .fd = 3},
	{.option = "seccomp", .fd = 4},
};
static struct seccomp_source same_twice[] = {
	{.option = "add-seccomp-fd", .fd = 3},
	{.option = "add-seccomp-fd", .fd = 4},
};

/* Plans, and what plan_check() says to each: NULL if nothing. */
static const struct {
	struct plan plan;
	const char *msg;
} rules[] = {
	{.plan = {.command = sh}},
	{.plan = {.command = NULL}, .msg = "no command given"},
	{.plan = {.command = sh, .hostname = "box"}, .msg = "--hostname needs --unshare-uts"},
	{.plan = {.command = sh, .hostname = "box", .unshare = CLONE_NEWUTS}},
	{.plan = {.command = sh, .hostname = "box", .unshare_try = CLONE_NEWUTS},
	 .msg = "--hostname needs --unshare-uts"},
	{.plan = {.command = sh, .as_pid_1 = true}, .msg = "--as-pid-1 needs --unshare-pid"},
	{.plan = {.command = sh, .as_pid_1 = true, .unshare = CLONE_NEWPID}},
	{.plan = {.command = sh, .seccomp = one_of_each, .n_seccomp = 2},
	 .msg = "--seccomp cannot be combined with --add-seccomp-fd"},
	{.plan = {.command = sh, .seccomp = same_twice, .n_seccomp = 2}},
	{.plan = {.command = sh, .seccomp = one_of_each, .n_seccomp = 1}},
	{.plan = {.seccomp = one_of_each, .n_seccomp = 2, .hostname = "box"},
	 .msg = "--seccomp cannot be combined with --add-seccomp-fd"},
	{.plan = {.hostname = "box", .as_pid_1 = true}, .msg = "no command given"},
	{.plan = {.want_help = true, .hostname = "box"}},
	{.plan = {.want_version = true, .as_pid_1 = true}},
};

TEST(checks_what_no_single_option_can_see)
{
	for (size_t i = 0; i < LENGTH(rules); i++) {
		struct err e = {0};
		int r = plan_check(&rules[i].plan, &e);

		assert_int_equal(r, rules[i].msg == NULL ? 0 : -EINVAL);
		assert_string_equal(e.msg, rules[i].msg == NULL ? "" : rules[i].msg);
	}
}

TEST(keeps_lists_of_any_length_in_order)
{
	autoplan struct plan plan = {0};
	struct err e = {0};

	for (int i = 0; i < 100; i++) {
		const struct op op = {.kind = OP_FILE, .fd = i};
		const struct seccomp_source source = {.fd = i};

		assert_int_equal(plan_add_op(&plan, &op, &e), 0);
		assert_int_equal(plan_add_seccomp(&plan, &source, &e), 0);
	}
	assert_int_equal(plan.n_ops, 100);
	assert_int_equal(plan.n_seccomp, 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(plan.ops[i].fd, i);
		assert_int_equal(plan.seccomp[i].fd, i);
	}
}

TEST(notes_down_every_kind_of_thing)
{
	autoplan struct plan plan = {0};
	struct err e = {0};
	const struct env_change env = {.name = "A", .value = "b"};
	const struct cap_change cap = {.option = "cap-add", .name = "ALL", .add = true};

	assert_int_equal(plan_add_env(&plan, &env, &e), 0);
	assert_int_equal(plan_add_cap(&plan, &cap, &e), 0);
	assert_int_equal(plan_add_repeated(&plan, "uid", &e), 0);
	assert_int_equal(plan_add_text(&plan, strdup("text"), &e), 0);
	assert_string_equal(plan.env[0].name, "A");
	assert_string_equal(plan.env[0].value, "b");
	assert_string_equal(plan.caps[0].name, "ALL");
	assert_true(plan.caps[0].add);
	assert_string_equal(plan.repeated[0], "uid");
	assert_string_equal(plan.texts[0], "text");
}

TEST(finds_operations_by_their_kind)
{
	struct op ops[] = {{.kind = OP_BIND}, {.kind = OP_DEV}};
	const struct plan plan = {.ops = ops, .n_ops = LENGTH(ops)};

	assert_true(plan_has_op(&plan, OP_BIND));
	assert_true(plan_has_op(&plan, OP_DEV));
	assert_false(plan_has_op(&plan, OP_TMPFS));
}

TEST(is_empty_when_done_and_can_be_done_again)
{
	static const struct plan empty;
	const struct op op = {.kind = OP_DIR};
	struct plan plan = {.want_help = true};
	struct err e = {0};

	assert_int_equal(plan_add_op(&plan, &op, &e), 0);
	assert_int_equal(plan_add_text(&plan, strdup("text"), &e), 0);
	plan_done(&plan);
	assert_memory_equal(&plan, &empty, sizeof(plan));
	plan_done(&plan);
	assert_memory_equal(&plan, &empty, sizeof(plan));
}

TEST(shows_the_usage_where_no_command_is_given)
{
	static const struct plan empty;
	struct err e = {0};

	assert_int_equal(plan_check(&empty, &e), -EINVAL);
	assert_starts_with(e.hint, "usage: sbx ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_what_no_single_option_can_see),
		cmocka_unit_test(shows_the_usage_where_no_command_is_given),
		cmocka_unit_test(keeps_lists_of_any_length_in_order),
		cmocka_unit_test(notes_down_every_kind_of_thing),
		cmocka_unit_test(finds_operations_by_their_kind),
		cmocka_unit_test(is_empty_when_done_and_can_be_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
