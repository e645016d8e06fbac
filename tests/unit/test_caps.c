/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/capability.h>

#include "fake_cap.h"
#include "fake_sys.h"
#include "isolation/caps.h"
#include "test.h"

#define CHOWN (UINT64_C(1) << 0)
#define OVERRIDE (UINT64_C(1) << 1)
#define SEARCH (UINT64_C(1) << 2)

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_cap_reset(CHOWN | SEARCH);
	return 0;
}

/* What is asked for, and what comes of it. */
static const struct {
	struct cap_change changes[3];
	size_t n;
	bool is_root;
	bool as_bwrap;
	bool set;
	uint64_t keep;
	uint64_t added;
} asked[] = {
	{.set = true},
	{.is_root = true, .set = true, .keep = CHOWN},
	{.is_root = true, .as_bwrap = true, .keep = CHOWN | SEARCH},
	{{{.name = "CAP_CHOWN", .add = true}}, 1, .set = true, .keep = CHOWN, .added = CHOWN},
	{{{.name = "cap_dac_override", .add = true}},
	 1,
	 .set = true,
	 .keep = OVERRIDE,
	 .added = OVERRIDE},
	{{{.name = "2", .add = true}}, 1, .set = true, .keep = SEARCH, .added = SEARCH},
	{{{.name = "all", .add = true}},
	 1,
	 .set = true,
	 .keep = CHOWN | OVERRIDE | SEARCH,
	 .added = CHOWN | OVERRIDE | SEARCH},
	{{{.name = "ALL", .add = true}, {.name = "0"}},
	 2,
	 .set = true,
	 .keep = OVERRIDE | SEARCH,
	 .added = OVERRIDE | SEARCH},
	{{{.name = "0"}, {.name = "ALL", .add = true}},
	 2,
	 .set = true,
	 .keep = CHOWN | OVERRIDE | SEARCH,
	 .added = CHOWN | OVERRIDE | SEARCH},
	{{{.name = "CAP_CHOWN"}}, 1, .is_root = true, .set = true},
	{{{.name = "CAP_CHOWN"}},
	 1,
	 .is_root = true,
	 .as_bwrap = true,
	 .set = true,
	 .keep = SEARCH},
	{{{.name = "ALL"}, {.name = "1", .add = true}},
	 2,
	 .is_root = true,
	 .set = true,
	 .keep = OVERRIDE,
	 .added = OVERRIDE},

	/* what the last option says of a capability is what counts */
	{{{.name = "0", .add = true}, {.name = "ALL"}}, 2, .set = true},
	{{{.name = "0", .add = true}, {.name = "CAP_CHOWN"}}, 2, .set = true},
	{{{.name = "CAP_CHOWN", .add = true}, {.name = "0"}, {.name = "cap_chown", .add = true}},
	 3,
	 .set = true,
	 .keep = CHOWN,
	 .added = CHOWN},
	{{{.name = "ALL"}, {.name = "ALL", .add = true}, {.name = "1"}},
	 3,
	 .is_root = true,
	 .set = true,
	 .keep = CHOWN | SEARCH,
	 .added = CHOWN | SEARCH},

	{{{.name = "0", .add = true}, {.name = "2", .add = true}},
	 2,
	 .set = true,
	 .keep = CHOWN | SEARCH,
	 .added = CHOWN | SEARCH},

	/* what root has anyway is added if an option says so, and not by another's being added */
	{{{.name = "2", .add = true}},
	 1,
	 .is_root = true,
	 .set = true,
	 .keep = CHOWN | SEARCH,
	 .added = SEARCH},
	{{{.name = "1", .add = true}, {.name = "0"}},
	 2,
	 .is_root = true,
	 .set = true,
	 .keep = OVERRIDE,
	 .added = OVERRIDE},
};

TEST(starts_with_nothing_or_what_root_has_and_changes_it_in_order)
{
	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct cap_change changes[LENGTH(asked[0].changes)];
		const struct plan plan = {.privileges.caps = changes,
					  .privileges.n_caps = asked[i].n,
					  .as_bwrap = asked[i].as_bwrap};
		const struct caps_own root = {.permitted = CHOWN | SEARCH,
					      .effective = CHOWN | SEARCH};
		struct caps caps = {0};
		struct err e = {0};

		memcpy(changes, asked[i].changes, sizeof(changes));
		assert_int_equal(
			caps_plan(&plan, asked[i].is_root ? &root : NULL, false, &caps, &e), 0);
		assert_int_equal(caps.set, asked[i].set);
		assert_int_equal(caps.keep, asked[i].keep);
		assert_int_equal(caps.added, asked[i].added);
		assert_int_equal(fake_cap_allocated(), 0);
	}
}

/* Root has one capability in effect, and may have another one. */
TEST(means_by_all_what_root_may_have_unless_it_has_a_namespace_of_its_own)
{
	for (int other_users = 0; other_users <= 1; other_users++) {
		struct cap_change change = {.name = "ALL", .add = true};
		const struct plan plan = {.privileges.caps = &change, .privileges.n_caps = 1};
		struct caps_own root = {0};
		struct caps caps = {0};
		struct err e = {0};

		fake_cap_reset(CHOWN);
		fake_cap_permit(CHOWN | SEARCH);
		assert_int_equal(caps_own(&root, &e), 0);
		assert_int_equal(root.effective, CHOWN);
		assert_int_equal(root.permitted, CHOWN | SEARCH);
		assert_int_equal(caps_plan(&plan, &root, other_users != 0, &caps, &e), 0);
		assert_int_equal(caps.keep,
				 other_users ? CHOWN | OVERRIDE | SEARCH : CHOWN | SEARCH);
		assert_int_equal(caps.added, caps.keep);
	}
}

/* Those beyond the fake's three. */
TEST(leaves_root_what_does_not_reach_beyond_the_sandbox)
{
	static const cap_value_t kept[] = {
		CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,    CAP_FSETID,
		CAP_KILL,    CAP_SETGID,           CAP_SETUID,    CAP_SETPCAP,
		CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT};
	const uint64_t all = UINT64_MAX >> 1;
	const struct caps_own root = {.permitted = all, .effective = all & ~CHOWN};
	static const struct plan plan;
	struct caps caps = {0};
	struct err e = {0};
	uint64_t bits = 0;

	fake_cap_reset(0);
	for (size_t i = 0; i < LENGTH(kept); i++)
		bits |= caps_bit((unsigned)kept[i]);
	assert_int_equal(caps_plan(&plan, &root, false, &caps, &e), 0);
	assert_int_equal(caps.keep, bits & ~CHOWN);
	assert_int_equal(caps.added, 0);
	assert_true(caps.set);
}

/* Names of capabilities that there are not. */
static const struct {
	const char *name;
	bool hint;
} unknown[] = {
	{"CAP_NOPE", false}, {"NOPE", true}, {"chown", true}, {"41", true},
	{"-1", true},        {"", true},     {"0x1", true},
};

TEST(names_the_option_and_the_unknown_capability)
{
	for (size_t i = 0; i < LENGTH(unknown); i++) {
		struct cap_change change = {.option = "cap-drop", .name = unknown[i].name};
		const struct plan plan = {.privileges.caps = &change, .privileges.n_caps = 1};
		struct caps caps = {0};
		struct err e = {0};

		assert_int_equal(caps_plan(&plan, NULL, false, &caps, &e), -EINVAL);
		assert_starts_with(e.msg, "--cap-drop: unknown capability ");
		assert_string_equal(e.msg + strlen("--cap-drop: unknown capability "),
				    unknown[i].name);
		assert_starts_with(e.bwrap, "unknown cap: ");
		assert_string_equal(e.bwrap + strlen("unknown cap: "), unknown[i].name);
		assert_int_equal(e.hint[0] != '\0', unknown[i].hint);
	}
}

TEST(says_that_the_capabilities_cannot_be_read)
{
	struct caps_own root = {0};
	struct err e = {0};

	fake_sys_fail_at(1, ENOMEM);
	assert_int_equal(caps_own(&root, &e), -ENOMEM);
	assert_string_equal(e.msg, "cannot read the capabilities of this process: "
				   "Cannot allocate memory");
}

TEST(leaves_the_capabilities_of_root_as_they_are)
{
	const struct caps caps = {.keep = CHOWN};
	struct err e = {0};

	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(makes_every_set_the_same_and_user_0_ordinary)
{
	const struct caps caps = {.set = true, .keep = CHOWN | SEARCH};
	struct err e = {0};

	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_string_equal(fake_sys_trace(), "cap_set_secbits 3\n"
					      "cap_drop_bound 1\n"
					      "cap_drop_bound 3\n"
					      "cap_init\n"
					      "cap_set_proc permitted 5 effective 5 inheritable 5\n"
					      "cap_get_proc\n"
					      "cap_set_ambient 0\n"
					      "cap_set_ambient 2\n");
	assert_int_equal(fake_cap_allocated(), 0);
}

TEST(lets_no_user_namespace_give_root_more_than_it_had)
{
	static const struct plan plan = {.as_bwrap = true};
	const struct caps_own root = {.permitted = CHOWN | SEARCH, .effective = CHOWN | SEARCH};
	struct caps caps = {0};
	struct err e = {0};

	assert_int_equal(caps_plan(&plan, &root, true, &caps, &e), 0);
	caps.bound = true;
	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_string_equal(fake_sys_trace(), "cap_drop_bound 1\n"
					      "cap_drop_bound 3\n");
}

/* Without CAP_SETPCAP, root cannot change what only programs with more privileges would make use
 * of. */
TEST(leaves_root_without_setpcap_the_bounding_set)
{
	static const struct plan plan;
	struct cap_change change = {.name = "0"};
	const struct plan less = {.privileges.caps = &change, .privileges.n_caps = 1};
	const struct caps_own root = {.permitted = CHOWN | SEARCH, .effective = CHOWN | SEARCH};
	struct caps caps = {0};
	struct err e = {0};

	assert_int_equal(caps_plan(&less, &root, false, &caps, &e), 0);
	assert_false(caps.lax);
	assert_int_equal(caps_plan(&plan, &root, false, &caps, &e), 0);
	assert_true(caps.lax);
	fake_sys_reset();
	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_null(strstr(fake_sys_trace(), "secbits"));
	assert_null(strstr(fake_sys_trace(), "drop_bound"));
	assert_contains(fake_sys_trace(), "cap_set_proc permitted 1 effective 1 inheritable 1\n");

	caps.bound = true; /* in a user namespace of its own it can */
	fake_sys_reset();
	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_contains(fake_sys_trace(), "secbits");
	assert_contains(fake_sys_trace(), "drop_bound");
}

TEST(leaves_the_securebits_to_a_command_that_may_set_them)
{
	const struct caps caps = {.set = true, .keep = caps_bit(CAP_SETPCAP)};
	struct err e = {0};

	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_null(strstr(fake_sys_trace(), "secbits"));
}

TEST(says_what_helps_where_capabilities_cannot_be_changed)
{
	static const char *const calls[] = {"cap_set_secbits*", "cap_drop_bound 1", "cap_set_proc*",
					    "cap_set_ambient 0"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		const struct caps caps = {.set = true, .keep = CHOWN};
		struct err e = {0};

		fake_sys_reset();
		fake_sys_answer(calls[i], -EPERM);
		assert_int_equal(caps_apply(&caps, &e), -EPERM);
		assert_contains(e.msg, ": Operation not permitted");
		assert_contains(e.hint, "CAP_SETPCAP");
	}
}

TEST(drops_everything)
{
	const struct caps caps = {.set = true};
	struct err e = {0};

	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_string_equal(fake_sys_trace(), "cap_set_secbits 3\n"
					      "cap_drop_bound 0\n"
					      "cap_drop_bound 1\n"
					      "cap_drop_bound 2\n"
					      "cap_drop_bound 3\n"
					      "cap_init\n"
					      "cap_set_proc permitted 0 effective 0 inheritable 0\n"
					      "cap_get_proc\n");
}

TEST(drops_capabilities_that_libcap_does_not_know_yet)
{
	const struct caps caps = {.set = true, .keep = CHOWN | OVERRIDE | SEARCH};
	struct err e = {0};

	assert_int_equal(caps_apply(&caps, &e), 0);
	assert_contains(fake_sys_trace(), "cap_drop_bound 3\n");
}

TEST(does_not_take_einval_for_the_end_of_known_capabilities)
{
	const struct caps caps = {.set = true};
	struct err e = {0};

	fake_sys_answer("cap_drop_bound 1", -EINVAL);
	assert_int_equal(caps_apply(&caps, &e), -EINVAL);
	assert_contains(e.msg, "bounding set: Invalid argument");
}

TEST(reports_every_call_that_fails)
{
	const struct caps caps = {.set = true, .keep = CHOWN | SEARCH};
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		if (caps_apply(&caps, &e) == 0)
			break;
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_cap_allocated(), 0);
	}
	assert_int_equal(nth, 9);
}

TEST(holds_what_is_of_use_and_nothing_that_exec_leaves)
{
	struct err e = {0};

	assert_int_equal(caps_hold(CHOWN | SEARCH, SEARCH, &e), 0);
	assert_string_equal(fake_sys_trace(), "cap_init\n"
					      "cap_set_proc permitted 5 effective 4 inheritable 0\n"
					      "cap_get_proc\n");
	assert_int_equal(fake_cap_allocated(), 0);
}

TEST(knows_every_capability_by_its_number)
{
	struct err e = {0};

	fake_cap_know_all();
	assert_int_equal(caps_hold(caps_bit(40), caps_bit(35), &e), 0);
	assert_contains(fake_sys_trace(),
			"cap_set_proc permitted 10000000000 effective 800000000 inheritable 0\n");
}

/* The kernel says that it has made the sets, but they are others. */
TEST(sees_that_capabilities_are_still_there)
{
	const struct caps caps = {.set = true, .keep = CHOWN};
	struct err e = {0};

	fake_sys_always("cap_set_proc*", 1);
	assert_int_equal(caps_hold(0, 0, &e), -EPERM);
	assert_string_equal(e.msg, "cannot drop capabilities: Operation not permitted");
	assert_int_equal(caps_apply(&caps, &e), -EPERM);
	assert_string_equal(e.msg, "cannot set the capabilities: Operation not permitted");
	assert_int_equal(fake_cap_allocated(), 0);
}

TEST(says_that_capabilities_cannot_be_dropped)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(caps_hold(CHOWN, 0, &e), -EIO);
		assert_string_equal(e.msg, "cannot drop capabilities: Input/output error");
		assert_int_equal(fake_cap_allocated(), 0);
	}
}

TEST(puts_capabilities_out_of_effect_and_back)
{
	struct err e = {0};

	fake_cap_permit(CHOWN | OVERRIDE | SEARCH);
	assert_int_equal(caps_suspend(true, &e), 0);
	assert_int_equal(caps_suspend(false, &e), 0);
	assert_string_equal(fake_sys_trace(), "cap_get_proc\n"
					      "cap_set_proc permitted 7 effective 0 inheritable 0\n"
					      "cap_get_proc\n"
					      "cap_get_proc\n"
					      "cap_set_proc permitted 7 effective 7 inheritable 0\n"
					      "cap_get_proc\n");
	assert_int_equal(fake_cap_allocated(), 0);
}

TEST(says_that_capabilities_cannot_be_suspended)
{
	for (unsigned nth = 1; nth <= 6; nth++) {
		bool suspend = nth <= 3;
		struct err e = {0};

		fake_sys_reset();
		fake_sys_fail_at(suspend ? nth : nth - 3, EIO);
		assert_int_equal(caps_suspend(suspend, &e), -EIO);
		assert_string_equal(e.msg, "cannot change the effective capabilities: "
					   "Input/output error");
		assert_int_equal(fake_cap_allocated(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_with_nothing_or_what_root_has_and_changes_it_in_order,
				       set_up),
		cmocka_unit_test(
			means_by_all_what_root_may_have_unless_it_has_a_namespace_of_its_own),
		cmocka_unit_test(leaves_root_what_does_not_reach_beyond_the_sandbox),
		cmocka_unit_test_setup(names_the_option_and_the_unknown_capability, set_up),
		cmocka_unit_test_setup(says_that_the_capabilities_cannot_be_read, set_up),
		cmocka_unit_test_setup(leaves_the_capabilities_of_root_as_they_are, set_up),
		cmocka_unit_test_setup(makes_every_set_the_same_and_user_0_ordinary, set_up),
		cmocka_unit_test_setup(lets_no_user_namespace_give_root_more_than_it_had, set_up),
		cmocka_unit_test_setup(leaves_root_without_setpcap_the_bounding_set, set_up),
		cmocka_unit_test_setup(leaves_the_securebits_to_a_command_that_may_set_them,
				       set_up),
		cmocka_unit_test(says_what_helps_where_capabilities_cannot_be_changed),
		cmocka_unit_test_setup(drops_everything, set_up),
		cmocka_unit_test_setup(drops_capabilities_that_libcap_does_not_know_yet, set_up),
		cmocka_unit_test_setup(does_not_take_einval_for_the_end_of_known_capabilities,
				       set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
		cmocka_unit_test_setup(holds_what_is_of_use_and_nothing_that_exec_leaves, set_up),
		cmocka_unit_test_setup(knows_every_capability_by_its_number, set_up),
		cmocka_unit_test_setup(sees_that_capabilities_are_still_there, set_up),
		cmocka_unit_test_setup(says_that_capabilities_cannot_be_dropped, set_up),
		cmocka_unit_test_setup(puts_capabilities_out_of_effect_and_back, set_up),
		cmocka_unit_test_setup(says_that_capabilities_cannot_be_suspended, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
