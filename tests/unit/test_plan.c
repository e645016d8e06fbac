/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "plan/plan.h"
#include "test.h"

static const char *const sh[] = {"sh", NULL};

static struct descriptor one_of_each[] = {
	{.option = "add-seccomp-fd", .fd = 3},
	{.option = "seccomp", .fd = 4},
};
static struct descriptor same_twice[] = {
	{.option = "add-seccomp-fd", .fd = 3},
	{.option = "add-seccomp-fd", .fd = 4},
};

static struct descriptor kept[] = {{.option = "keep-fd", .fd = 5}};
static struct op mask = {.kind = OP_MASK};
static const char *locks[] = {"/lock"};

/* Plans, and what plan_check() says to each, in our words and bubblewrap's: NULL if nothing. */
static const struct {
	struct plan plan;
	const char *msg;
	const char *bwrap;
} rules[] = {
	{.plan = {.command = sh}},
	{.plan = {.command = NULL}, .msg = "no command given"},
	{.plan = {.command = sh, .namespaces.hostname = "box"},
	 .msg = "--hostname needs --unshare-uts",
	 .bwrap = "Specifying --hostname requires --unshare-uts"},
	{.plan = {.command = sh, .namespaces.hostname = "box", .namespaces.unshare = CLONE_NEWUTS}},
	{.plan = {.command = sh,
		  .namespaces.hostname = "box",
		  .namespaces.unshare_try = CLONE_NEWUTS},
	 .msg = "--hostname needs --unshare-uts",
	 .bwrap = "Specifying --hostname requires --unshare-uts"},
	{.plan = {.command = sh, .processes.as_pid_1 = true},
	 .msg = "--as-pid-1 needs --unshare-pid",
	 .bwrap = "Specifying --as-pid-1 requires --unshare-pid"},
	{.plan = {.command = sh, .processes.as_pid_1 = true, .namespaces.unshare = CLONE_NEWPID}},
	{.plan = {.command = sh, .privileges.seccomp.list = one_of_each, .privileges.seccomp.n = 2},
	 .msg = "--seccomp cannot be combined with --add-seccomp-fd",
	 .bwrap = "--add-seccomp-fd cannot be combined with --seccomp"},
	{.plan = {.command = sh, .privileges.seccomp.list = same_twice, .privileges.seccomp.n = 2}},
	{.plan = {.command = sh,
		  .privileges.seccomp.list = one_of_each,
		  .privileges.seccomp.n = 1}},
	{.plan = {.privileges.seccomp.list = one_of_each,
		  .privileges.seccomp.n = 2,
		  .namespaces.hostname = "box"},
	 .msg = "--seccomp cannot be combined with --add-seccomp-fd",
	 .bwrap = "--add-seccomp-fd cannot be combined with --seccomp"},
	{.plan = {.namespaces.hostname = "box", .processes.as_pid_1 = true},
	 .msg = "no command given"},

	/* single descriptors */
	{.plan = {.command = sh, .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 0}}},
	 .msg = "--userns-block-fd needs --unshare-user",
	 .bwrap = "--userns-block-fd requires --unshare-user"},
	{.plan = {.command = sh,
		  .namespaces.unshare_try = CLONE_NEWUSER,
		  .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 0}}},
	 .msg = "--userns-block-fd needs --unshare-user",
	 .bwrap = "--userns-block-fd requires --unshare-user"},
	{.plan = {.command = sh,
		  .namespaces.unshare = CLONE_NEWUSER,
		  .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 0}}},
	 .msg = "--userns-block-fd needs --info-fd",
	 .bwrap = "--userns-block-fd requires --info-fd"},
	{.plan = {.command = sh,
		  .namespaces.unshare = CLONE_NEWUSER,
		  .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 0}, [FD_INFO] = {"info-fd", 1}}}},
	{.plan = {.command = sh, .fds = {[FD_USERNS] = {"userns", 0}}}},
	{.plan = {.command = sh,
		  .namespaces.unshare = CLONE_NEWUSER,
		  .namespaces.unshare_try = CLONE_NEWUSER,
		  .fds = {[FD_USERNS] = {"userns", 0}}},
	 .msg = "--userns cannot be combined with --unshare-user",
	 .bwrap = "--userns not compatible --unshare-user"},
	{.plan = {.command = sh,
		  .namespaces.unshare_try = CLONE_NEWUSER,
		  .fds = {[FD_USERNS] = {"userns", 0}}},
	 .msg = "--userns cannot be combined with --unshare-user-try or --unshare-all",
	 .bwrap = "--userns not compatible --unshare-user-try"},
	{.plan = {.command = sh,
		  .namespaces.unshare = CLONE_NEWUSER,
		  .fds = {[FD_USERNS2] = {"userns2", 0}, [FD_PIDNS] = {"pidns", 1}}}},

	/* no more user namespaces */
	{.plan = {.command = sh, .namespaces.disable_userns = true},
	 .msg = "--disable-userns needs --unshare-user",
	 .bwrap = "--disable-userns requires --unshare-user"},
	{.plan = {.command = sh,
		  .namespaces.disable_userns = true,
		  .namespaces.unshare = CLONE_NEWUSER}},
	{.plan = {.command = sh,
		  .namespaces.disable_userns = true,
		  .namespaces.unshare = CLONE_NEWUSER,
		  .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 0}, [FD_INFO] = {"info-fd", 1}}},
	 .msg = "--disable-userns cannot be combined with --userns-block-fd",
	 .bwrap = "--disable-userns is not compatible with  --userns-block-fd"},
	{.plan = {.command = sh, .namespaces.assert_userns_disabled = true}},

	/* what stays open */
	{.plan = {.command = sh, .environment.kept.list = kept, .environment.kept.n = 1},
	 .msg = "--keep-fd needs --close-fds"},
	{.plan = {.command = sh,
		  .environment.kept.list = kept,
		  .environment.kept.n = 1,
		  .environment.close_fds = true}},
	{.plan = {.command = sh, .environment.close_fds = true}},
	{.plan = {.command = sh, .status.lock_files.list = locks, .status.lock_files.n = 1}},
	{.plan = {.command = sh,
		  .status.lock_files.list = locks,
		  .status.lock_files.n = 1,
		  .processes.as_pid_1 = true,
		  .namespaces.unshare = CLONE_NEWPID},
	 .msg = "--lock-file cannot be combined with --as-pid-1",
	 .bwrap = "Specifying --as-pid-1 and --lock-file is not permitted"},
	{.plan = {.command = sh, .fds = {[FD_SYNC] = {"sync-fd", 0}}}},
	{.plan = {.command = sh,
		  .fds = {[FD_SYNC] = {"sync-fd", 0}},
		  .processes.as_pid_1 = true,
		  .namespaces.unshare = CLONE_NEWPID}},

	{.plan = {.command = sh, .files.ops = &mask, .files.n_ops = 1, .protection.or_die = true}},
	{.plan = {.command = sh, .files.ops = &mask, .files.n_ops = 1, .protection.try = true}},
	{.plan = {.command = sh,
		  .files.ops = &mask,
		  .files.n_ops = 1,
		  .protection.or_die = true,
		  .protection.try = true},
	 .msg = "--protect-or-die cannot be combined with --protect-try"},
	{.plan = {.command = sh, .protection.try = true},
	 .msg = "--protect-or-die and --protect-try need --mask, --ro or --deny-create"},
	{.plan = {.command = sh, .protection.or_die = true},
	 .msg = "--protect-or-die and --protect-try need --mask, --ro or --deny-create"},

	{.plan = {.namespaces.disable_userns = true, .namespaces.hostname = "box"},
	 .msg = "--disable-userns needs --unshare-user",
	 .bwrap = "--disable-userns requires --unshare-user"},
	{.plan = {.general.want_help = true,
		  .namespaces.hostname = "box",
		  .namespaces.disable_userns = true}},
	{.plan = {.general.want_version = true, .processes.as_pid_1 = true}},
};

TEST(checks_what_no_single_option_can_see)
{
	for (size_t i = 0; i < LENGTH(rules); i++) {
		struct err e = {0};
		int r = plan_check(&rules[i].plan, &e);

		assert_int_equal(r, rules[i].msg == NULL ? 0 : -EINVAL);
		assert_string_equal(e.msg, rules[i].msg == NULL ? "" : rules[i].msg);
		assert_string_equal(e.bwrap, rules[i].bwrap == NULL ? "" : rules[i].bwrap);
	}
}

TEST(keeps_lists_of_any_length_in_order)
{
	autoplan struct plan plan = {0};
	struct err e = {0};

	for (int i = 0; i < 100; i++) {
		const struct op op = {.kind = OP_FILE, .fd = i};
		const struct descriptor source = {.fd = i};

		assert_int_equal(plan_add_op(&plan, &op, &e), 0);
		assert_int_equal(plan_add_descriptor(&plan.privileges.seccomp, &source, &e), 0);
	}
	assert_int_equal(plan.files.n_ops, 100);
	assert_int_equal(plan.privileges.seccomp.n, 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(plan.files.ops[i].fd, i);
		assert_int_equal(plan.privileges.seccomp.list[i].fd, i);
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
	assert_int_equal(plan_add_string(&plan.repeated, "uid", &e), 0);
	assert_int_equal(plan_add_descriptor(&plan.superseded, &one_of_each[1], &e), 0);
	assert_int_equal(plan_add_descriptor(&plan.environment.kept, &kept[0], &e), 0);
	assert_int_equal(plan_add_string(&plan.files.layers, "/layer", &e), 0);
	assert_int_equal(plan_add_string(&plan.status.lock_files, "/lock", &e), 0);
	assert_int_equal(plan_add_text(&plan, strdup("text"), &e), 0);
	assert_int_equal(plan.superseded.list[0].fd, 4);
	assert_string_equal(plan.superseded.list[0].option, "seccomp");
	assert_int_equal(plan.environment.kept.list[0].fd, 5);
	assert_string_equal(plan.files.layers.list[0], "/layer");
	assert_string_equal(plan.status.lock_files.list[0], "/lock");
	assert_string_equal(plan.environment.changes[0].name, "A");
	assert_string_equal(plan.environment.changes[0].value, "b");
	assert_string_equal(plan.privileges.caps[0].name, "ALL");
	assert_true(plan.privileges.caps[0].add);
	assert_string_equal(plan.repeated.list[0], "uid");
	assert_string_equal(plan.texts[0], "text");
}

TEST(finds_descriptors_by_their_use)
{
	const struct plan plan = {.fds = {[FD_INFO] = {"info-fd", 0}, [FD_SYNC] = {"sync-fd", 7}}};

	assert_int_equal(plan_fd(&plan, FD_INFO), 0);
	assert_int_equal(plan_fd(&plan, FD_SYNC), 7);
	assert_int_equal(plan_fd(&plan, FD_STATUS), -1);
}

TEST(finds_operations_by_their_kind)
{
	struct op ops[] = {{.kind = OP_BIND}, {.kind = OP_DEV}};
	const struct plan plan = {.files.ops = ops, .files.n_ops = LENGTH(ops)};

	assert_true(plan_has_op(&plan, OP_BIND));
	assert_true(plan_has_op(&plan, OP_DEV));
	assert_false(plan_has_op(&plan, OP_TMPFS));
}

TEST(is_empty_when_done_and_can_be_done_again)
{
	static const struct plan empty;
	const struct op op = {.kind = OP_DIR};
	struct plan plan = {.general.want_help = true};
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
	assert_int_equal(e.stage, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_what_no_single_option_can_see),
		cmocka_unit_test(shows_the_usage_where_no_command_is_given),
		cmocka_unit_test(keeps_lists_of_any_length_in_order),
		cmocka_unit_test(notes_down_every_kind_of_thing),
		cmocka_unit_test(finds_descriptors_by_their_use),
		cmocka_unit_test(finds_operations_by_their_kind),
		cmocka_unit_test(is_empty_when_done_and_can_be_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
