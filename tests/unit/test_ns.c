/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>

#include "fake_sys.h"
#include "sbx/ns.h"
#include "test.h"

enum { PROC_SELF = 3 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC_SELF, "/proc/self");
	return 0;
}

static struct op dev[] = {{.kind = OP_DEV, .option = "dev"}};

#define ALL_BUT_USER (CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Plans, for a caller with @id as its user and group, and what comes of them. */
static const struct {
	struct plan plan;
	unsigned id;
	struct ns ns;
} plans[] = {
	{.id = 0, .ns = {.flags = CLONE_NEWNS}},
	{.id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.outside = {1000, 1000},
		.building = {1000, 1000},
		.inside = {1000, 1000}}},
	{.plan = {.unshare = ALL_BUT_USER}, .id = 0, .ns = {.flags = CLONE_NEWNS | ALL_BUT_USER}},
	{.plan = {.unshare = CLONE_NEWUSER, .have_uid = true, .uid = 7},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .building = {7, 0}, .inside = {7, 0}}},
	{.plan = {.have_uid = true, .uid = 7, .have_gid = true, .gid = 8},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.outside = {1000, 1000},
		.building = {7, 8},
		.inside = {7, 8}}},
	{.plan = {.have_uid = true, .have_gid = true}, .id = 0, .ns = {.flags = CLONE_NEWNS}},
	{.plan = {.unshare_try = CLONE_NEWUSER | CLONE_NEWCGROUP},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWCGROUP}},

	/* devpts wants an owner that is root */
	{.plan = {.ops = dev, .n_ops = 1}, .id = 0, .ns = {.flags = CLONE_NEWNS}},
	{.plan = {.ops = dev, .n_ops = 1, .unshare = CLONE_NEWUSER},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER}},
	{.plan = {.ops = dev, .n_ops = 1},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.second = true,
		.outside = {1000, 1000},
		.inside = {1000, 1000}}},
	{.plan = {.ops = dev, .n_ops = 1, .have_uid = true, .have_gid = true},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .outside = {1000, 1000}}},
	{.plan = {.ops = dev, .n_ops = 1, .have_uid = true},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.second = true,
		.outside = {1000, 1000},
		.inside = {0, 1000}}},
};

static void assert_ids_equal(struct ids a, struct ids b)
{
	assert_int_equal(a.uid, b.uid);
	assert_int_equal(a.gid, b.gid);
}

TEST(decides_on_namespaces_and_ids)
{
	for (size_t i = 0; i < LENGTH(plans); i++) {
		struct ns ns = {0};
		struct err e = {0};

		fake_sys_reset();
		fake_sys_always("getuid", plans[i].id);
		fake_sys_always("getgid", plans[i].id);
		assert_int_equal(ns_plan(&plans[i].plan, &ns, &e), 0);
		assert_int_equal(ns.flags, plans[i].ns.flags);
		assert_int_equal(ns.second, plans[i].ns.second);
		assert_ids_equal(ns.outside, plans[i].ns.outside);
		assert_ids_equal(ns.building, plans[i].ns.building);
		assert_ids_equal(ns.inside, plans[i].ns.inside);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* What of a host says that it lacks a namespace. */
static const struct {
	const char *line;
	long r;
	const char *text;
	unsigned lacks;
} lacks[] = {
	{"access /proc/self/ns/user", -ENOENT, NULL, CLONE_NEWUSER},
	{"access /proc/self/ns/cgroup", -ENOENT, NULL, CLONE_NEWCGROUP},
	{"read /proc/sys/user/max_user_namespaces", 0, "0\n", CLONE_NEWUSER},
	{"read /proc/sys/user/max_user_namespaces", 0, "10\n", 0},
	{"open /proc/sys/user/max_user_namespaces", -ENOENT, NULL, 0},
};

TEST(tries_only_what_the_host_has)
{
	const struct plan plan = {.unshare_try = CLONE_NEWUSER | CLONE_NEWCGROUP};

	for (size_t i = 0; i < LENGTH(lacks); i++) {
		struct ns ns = {0};
		struct err e = {0};

		fake_sys_reset();
		if (lacks[i].text != NULL)
			fake_sys_always_text(lacks[i].line, lacks[i].text);
		else
			fake_sys_always(lacks[i].line, lacks[i].r);
		assert_int_equal(ns_plan(&plan, &ns, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS | (plan.unshare_try & ~lacks[i].lacks));
	}
}

TEST(does_not_ask_the_host_about_what_has_to_be_there)
{
	const struct plan plan = {.unshare = CLONE_NEWUSER, .unshare_try = CLONE_NEWUSER};
	struct ns ns = {0};
	struct err e = {0};

	fake_sys_always("access*", -ENOENT);
	assert_int_equal(ns_plan(&plan, &ns, &e), 0);
	assert_int_equal(ns.flags, CLONE_NEWNS | CLONE_NEWUSER);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(needs_a_user_namespace_for_ids_that_differ)
{
	const struct plan uid = {.have_uid = true, .uid = 1};
	const struct plan gid = {.have_gid = true, .gid = 1};
	struct ns ns = {0};
	struct err e = {0};

	assert_int_equal(ns_plan(&uid, &ns, &e), -EINVAL);
	assert_string_equal(e.msg, "--uid needs --unshare-user");
	assert_int_equal(ns_plan(&gid, &ns, &e), -EINVAL);
	assert_string_equal(e.msg, "--gid needs --unshare-user");
}

static const struct ns both = {
	.flags = CLONE_NEWNS | CLONE_NEWUSER,
	.second = true,
	.outside = {1000, 100},
	.inside = {4294967294, 5},
};

TEST(maps_ids_and_forbids_setgroups_before)
{
	struct err e = {0};

	assert_int_equal(ns_map_first(&both, PROC_SELF, &e), 0);
	assert_string_equal(fake_sys_trace(), "open /proc/self setgroups write\n"
					      "write /proc/self/setgroups deny\n"
					      "open /proc/self uid_map write\n"
					      "write /proc/self/uid_map 0 1000 1\n"
					      "open /proc/self gid_map write\n"
					      "write /proc/self/gid_map 0 100 1\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(maps_the_ids_of_the_second_namespace_to_those_of_the_first)
{
	struct err e = {0};

	assert_int_equal(ns_enter_second(&both, PROC_SELF, &e), 0);
	assert_string_equal(fake_sys_trace(), "unshare user\n"
					      "open /proc/self setgroups write\n"
					      "write /proc/self/setgroups deny\n"
					      "open /proc/self uid_map write\n"
					      "write /proc/self/uid_map 4294967294 0 1\n"
					      "open /proc/self gid_map write\n"
					      "write /proc/self/gid_map 5 0 1\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(maps_nothing_without_a_user_namespace)
{
	const struct ns ns = {.flags = CLONE_NEWNS};
	struct err e = {0};

	assert_int_equal(ns_map_first(&ns, -1, &e), 0);
	assert_int_equal(ns_enter_second(&ns, -1, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_which_id_cannot_be_mapped_and_what_helps)
{
	struct err e = {0};

	fake_sys_answer("write /proc/self/gid_map*", -EPERM);
	assert_int_equal(ns_map_first(&both, PROC_SELF, &e), -EPERM);
	assert_string_equal(e.msg, "cannot map id 0 to 100 in /proc/self/gid_map: "
				   "Operation not permitted");
	assert_contains(e.hint, "CAP_SETFCAP");
}

TEST(reports_every_call_that_fails)
{
	for (unsigned nth = 1; nth <= 7; nth++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(ns_enter_second(&both, PROC_SELF, &e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_on_namespaces_and_ids),
		cmocka_unit_test(tries_only_what_the_host_has),
		cmocka_unit_test_setup(does_not_ask_the_host_about_what_has_to_be_there, set_up),
		cmocka_unit_test_setup(needs_a_user_namespace_for_ids_that_differ, set_up),
		cmocka_unit_test_setup(maps_ids_and_forbids_setgroups_before, set_up),
		cmocka_unit_test_setup(maps_the_ids_of_the_second_namespace_to_those_of_the_first,
				       set_up),
		cmocka_unit_test_setup(maps_nothing_without_a_user_namespace, set_up),
		cmocka_unit_test_setup(says_which_id_cannot_be_mapped_and_what_helps, set_up),
		cmocka_unit_test(reports_every_call_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
