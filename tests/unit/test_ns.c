/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>

#include "fake_sys.h"
#include "isolation/ns.h"
#include "lock_trace.h"
#include "sys/sys.h"
#include "test.h"

enum { PROC = 3, USERS, USERS2, PIDS };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_given(USERS, "users");
	fake_sys_given(USERS2, "users2");
	fake_sys_given(PIDS, "pids");
	return 0;
}

#define ALL_BUT_USER (CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define NONE_GIVEN .users = -1, .users2 = -1, .pids = -1
#define ADMIN (UINT64_C(1) << CAP_SYS_ADMIN)

static const struct caps_own root = {.permitted = ADMIN, .effective = ADMIN};

/* --- The plan ------------------------------------------------------------- */

/* Plans, for a caller with @id as its user and group, and what comes of them. */
static const struct {
	struct plan plan;
	bool privileged;
	unsigned id;
	struct ns ns;
} plans[] = {
	{.id = 0, .ns = {.flags = CLONE_NEWNS, NONE_GIVEN}},
	{.id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.outside = {1000, 1000},
		.inside = {1000, 1000},
		NONE_GIVEN}},
	{.plan = {.unshare = ALL_BUT_USER},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | ALL_BUT_USER, NONE_GIVEN}},
	{.plan = {.unshare = CLONE_NEWUSER, .have_uid = true, .uid = 7},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .inside = {7, 0}, NONE_GIVEN}},
	{.plan = {.have_uid = true, .uid = 7, .have_gid = true, .gid = 8},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.outside = {1000, 1000},
		.inside = {7, 8},
		NONE_GIVEN}},
	{.plan = {.have_uid = true, .have_gid = true},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS, NONE_GIVEN}},
	{.plan = {.unshare_try = CLONE_NEWUSER | CLONE_NEWCGROUP},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWCGROUP, NONE_GIVEN}},

	/* namespaces that there are */
	{.plan = {.fds = {[FD_USERNS] = {"userns", USERS}}, .have_uid = true, .uid = 7},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS,
		.outside = {1000, 1000},
		.inside = {7, 1000},
		.users = USERS,
		.users2 = -1,
		.pids = -1}},
	{.plan = {.fds = {[FD_USERNS2] = {"userns2", USERS2}, [FD_PIDNS] = {"pidns", PIDS}}},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS, .users = -1, .users2 = USERS2, .pids = PIDS}},

	/* who maps the ids */
	{.privileged = true,
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.mapper = NS_MAPPER_MONITOR,
		.outside = {1000, 1000},
		.inside = {1000, 1000},
		NONE_GIVEN}},
	{.plan = {.unshare = CLONE_NEWUSER, .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 9}}},
	 .privileged = true,
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .mapper = NS_MAPPER_CALLER, NONE_GIVEN}},

	/* no more user namespaces */
	{.plan = {.unshare = CLONE_NEWUSER, .disable_userns = true},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.disable_users = true,
		.check_no_users = true,
		NONE_GIVEN}},
	{.plan = {.assert_userns_disabled = true},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS, .check_no_users = true, NONE_GIVEN}},
};

static void assert_ids_equal(struct ids a, struct ids b)
{
	assert_int_equal(a.uid, b.uid);
	assert_int_equal(a.gid, b.gid);
}

static void assert_ns_equal(const struct ns *a, const struct ns *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->second, b->second);
	assert_int_equal(a->lock_mounts, b->lock_mounts);
	assert_int_equal(a->disable_users, b->disable_users);
	assert_int_equal(a->check_no_users, b->check_no_users);
	assert_int_equal(a->mapper, b->mapper);
	assert_int_equal(a->users, b->users);
	assert_int_equal(a->users2, b->users2);
	assert_int_equal(a->pids, b->pids);
	assert_ids_equal(a->outside, b->outside);
	assert_ids_equal(a->inside, b->inside);
}

TEST(decides_on_namespaces_and_ids)
{
	for (size_t i = 0; i < LENGTH(plans); i++) {
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always("getuid", plans[i].id);
		fake_sys_always("getgid", plans[i].id);
		assert_int_equal(ns_plan(&plans[i].plan, plans[i].privileged,
					 plans[i].id == 0 ? &root : NULL, &ns, &e),
				 0);
		assert_ns_equal(&ns, &plans[i].ns);
		assert_int_equal(ns_other_users(&ns), (ns.flags & CLONE_NEWUSER) || ns.users >= 0);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* What it may have is of no use to root unless it is in effect. */
TEST(makes_a_user_namespace_for_root_without_the_right_to_make_others)
{
	const struct caps_own lacking[] = {{0}, {.permitted = ADMIN}, {.effective = ~ADMIN}};
	const struct plan plain = {0};
	const struct plan joining = {.fds = {[FD_USERNS] = {"userns", USERS}}};

	fake_sys_always("getuid", 0);
	fake_sys_always("getgid", 5);
	for (size_t i = 0; i < LENGTH(lacking); i++) {
		struct ns ns = {0};
		struct err e = {0};

		assert_int_equal(ns_plan(&plain, false, &lacking[i], &ns, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS | CLONE_NEWUSER);
		assert_int_equal(ns.inside.uid, 0);
		assert_int_equal(ns.inside.gid, 5);
		assert_int_equal(ns_plan(&joining, false, &lacking[i], &ns, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS);
	}
}

static struct op dev[] = {{.kind = OP_DEV, .option = "dev"}};
static struct op mask[] = {{.kind = OP_MASK, .option = "mask"}};

/* When there is to be a second user namespace. */
static const struct {
	struct plan plan;
	bool has_caps;
	struct ns ns;
	bool second;
} seconds[] = {
	{.has_caps = true, .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .inside = {7, 7}}},
	{.plan = {.ops = dev, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .inside = {7, 7}}},
	{.plan = {.ops = dev, .n_ops = 1},
	 .has_caps = true,
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .inside = {7, 7}},
	 .second = true},
	{.plan = {.ops = dev, .n_ops = 1},
	 .has_caps = true,
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .inside = {0, 7}},
	 .second = true},
	{.plan = {.ops = dev, .n_ops = 1},
	 .has_caps = true,
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},
	{.plan = {.ops = dev, .n_ops = 1},
	 .has_caps = true,
	 .ns = {.users2 = -1, .inside = {7, 7}}},
	{.plan = {.disable_userns = true},
	 .has_caps = true,
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER},
	 .second = true},
	{.plan = {.disable_userns = true}, .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},
	{.plan = {.disable_userns = true},
	 .has_caps = true,
	 .ns = {.flags = CLONE_NEWUSER, .users2 = USERS2}},
};

TEST(makes_a_second_user_namespace_only_where_capabilities_could_undo_the_first)
{
	for (size_t i = 0; i < LENGTH(seconds); i++) {
		struct caps caps = {.set = true, .keep = seconds[i].has_caps};
		struct ns ns = seconds[i].ns;
		struct err e = {0};

		ns.disable_users = seconds[i].plan.disable_userns;
		assert_int_equal(ns_plan_second(&seconds[i].plan, &caps, &ns, &e), 0);
		assert_int_equal(ns.second, seconds[i].second);
		assert_false(ns.lock_mounts);
		assert_int_equal(caps.bound, seconds[i].second);
	}
}

#define OTHER (UINT64_C(1) << CAP_NET_ADMIN)
#define MADE .flags = CLONE_NEWNS | CLONE_NEWUSER, .inside = {7, 7}, NONE_GIVEN
#define ROOTS .flags = CLONE_NEWNS, NONE_GIVEN

/* Whether mounts are locked: what is asked for, what the command has, and where it is. */
static const struct {
	struct plan plan;
	struct caps caps;
	struct ns ns;
	bool locked;
	bool second;
} locks[] = {
	/* implied by the capability, if that is an option's doing */
	{.caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE},
	 .locked = true,
	 .second = true},
	{.caps = {.set = true, .keep = ADMIN | OTHER, .added = ADMIN | OTHER},
	 .ns = {MADE},
	 .locked = true,
	 .second = true},
	{.caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {ROOTS},
	 .locked = true,
	 .second = true},
	{.caps = {.set = true, .keep = OTHER, .added = OTHER}, .ns = {MADE}},
	{.caps = {.set = true, .keep = ADMIN | OTHER, .added = OTHER}, .ns = {ROOTS}},
	{.caps = {.keep = ADMIN | OTHER}, .ns = {ROOTS}},
	{.caps = {.keep = ADMIN, .bound = true}, .ns = {MADE}},

	/* not implied under the other name, nor where others have made the namespace */
	{.plan = {.as_bwrap = true},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE}},
	{.plan = {.as_bwrap = true},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {ROOTS}},
	{.caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {.users = USERS, .users2 = -1, .pids = -1}},
	{.caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {.flags = CLONE_NEWUSER, .users = -1, .users2 = USERS2, .pids = -1}},

	/* asked for */
	{.plan = {.lock_mounts = LOCK_YES},
	 .caps = {.keep = ADMIN | OTHER},
	 .ns = {ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.lock_mounts = LOCK_YES},
	 .caps = {.keep = ADMIN, .bound = true},
	 .ns = {MADE},
	 .locked = true,
	 .second = true},
	{.plan = {.lock_mounts = LOCK_YES, .as_bwrap = true},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE},
	 .locked = true,
	 .second = true},
	{.plan = {.lock_mounts = LOCK_YES, .disable_userns = true},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE},
	 .locked = true,
	 .second = true},

	/* paths are protected from root's command */
	{.plan = {.ops = mask, .n_ops = 1},
	 .caps = {.keep = ADMIN | OTHER},
	 .ns = {ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1, .as_bwrap = true},
	 .caps = {.keep = ADMIN | OTHER},
	 .ns = {ROOTS}},
	{.plan = {.ops = mask, .n_ops = 1, .lock_mounts = LOCK_NO},
	 .caps = {.keep = ADMIN | OTHER},
	 .ns = {ROOTS}},

	/* who may not change mounts can look round outside */
	{.plan = {.ops = mask, .n_ops = 1},
	 .caps = {.set = true, .keep = OTHER},
	 .ns = {ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1},
	 .caps = {.set = true},
	 .ns = {ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1, .as_bwrap = true}, .caps = {.set = true}, .ns = {ROOTS}},
	{.plan = {.ops = mask, .n_ops = 1, .lock_mounts = LOCK_NO},
	 .caps = {.set = true},
	 .ns = {ROOTS}},
	{.plan = {.ops = mask, .n_ops = 1}, .caps = {.set = true}, .ns = {MADE}},
	{.plan = {.ops = mask, .n_ops = 1},
	 .caps = {.set = true},
	 .ns = {.users = USERS, .users2 = -1, .pids = -1}},
	{.plan = {.ops = dev, .n_ops = 1}, .caps = {.set = true}, .ns = {ROOTS}},

	/* asked for, where the kernel lets the command change no mounts anyway */
	{.plan = {.lock_mounts = LOCK_YES}, .caps = {.set = true}, .ns = {MADE}},
	{.plan = {.lock_mounts = LOCK_YES},
	 .caps = {.set = true, .keep = OTHER, .added = OTHER},
	 .ns = {ROOTS}},
	{.plan = {.lock_mounts = LOCK_YES},
	 .caps = {.set = true, .keep = OTHER},
	 .ns = {.users = USERS, .users2 = USERS2, .pids = -1}},

	/* refused, but a second user namespace may be needed for something else */
	{.plan = {.lock_mounts = LOCK_NO},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE}},
	{.plan = {.lock_mounts = LOCK_NO},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {ROOTS}},
	{.plan = {.lock_mounts = LOCK_NO},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {.users = USERS, .users2 = USERS2, .pids = -1}},
	{.plan = {.lock_mounts = LOCK_NO, .ops = dev, .n_ops = 1},
	 .caps = {.set = true, .keep = ADMIN, .added = ADMIN},
	 .ns = {MADE},
	 .second = true},
};

TEST(locks_mounts_where_the_command_is_given_what_could_undo_them)
{
	for (size_t i = 0; i < LENGTH(locks); i++) {
		struct caps caps = locks[i].caps;
		struct ns ns = locks[i].ns;
		struct err e = {0};

		assert_int_equal(ns_plan_second(&locks[i].plan, &caps, &ns, &e), 0);
		assert_int_equal(ns.lock_mounts, locks[i].locked);
		assert_int_equal(ns.second, locks[i].second);
		assert_int_equal(caps.bound, locks[i].caps.bound || locks[i].second);
		assert_int_equal(caps.set, locks[i].caps.set);
		assert_int_equal(caps.keep, locks[i].caps.keep);
		assert_int_equal(e.code, 0);
	}
}

#define USERS_OWN .flags = CLONE_NEWNS | CLONE_NEWUSER, NONE_GIVEN
#define ORDINARY .outside = {1000, 1000}, USERS_OWN

/* What keeps the command from processes outside, where the kernel has Landlock's scopes or not. */
static const struct {
	struct plan plan;
	struct ns ns;
	bool lacks_landlock;
	enum landlock_use domain;
	bool barrier;
	unsigned asked; /* how often the kernel is asked */
} barriers[] = {
	/* root in the caller's own user namespace */
	{.ns = {ROOTS}, .domain = LANDLOCK_BARRIER, .asked = 1},
	{.ns = {.flags = CLONE_NEWPID, NONE_GIVEN}, .domain = LANDLOCK_BARRIER, .asked = 1},
	{.plan = {.lock_mounts = LOCK_NO}, .ns = {ROOTS}, .domain = LANDLOCK_BARRIER, .asked = 1},
	{.ns = {ROOTS},
	 .lacks_landlock = true,
	 .barrier = true,
	 .domain = LANDLOCK_SIGNALS,
	 .asked = 1},
	{.ns = {.flags = CLONE_NEWPID, NONE_GIVEN},
	 .lacks_landlock = true,
	 .barrier = true,
	 .asked = 1},
	{.plan = {.lock_mounts = LOCK_NO},
	 .ns = {.flags = CLONE_NEWPID, NONE_GIVEN},
	 .lacks_landlock = true,
	 .barrier = true,
	 .asked = 1},
	{.plan = {.no_signal_scope = true}, .ns = {ROOTS}, .barrier = true},

	/* in another one */
	{.ns = {USERS_OWN}, .domain = LANDLOCK_SIGNALS},
	{.ns = {.flags = CLONE_NEWPID | CLONE_NEWUSER, NONE_GIVEN}},
	{.ns = {.users = USERS, .users2 = -1, .pids = -1}, .domain = LANDLOCK_SIGNALS},
	{.ns = {.users = -1, .users2 = USERS2, .pids = -1}, .domain = LANDLOCK_SIGNALS},
	{.plan = {.ops = mask, .n_ops = 1}, .ns = {ROOTS}, .domain = LANDLOCK_SIGNALS},

	/* others */
	{.ns = {ORDINARY}, .domain = LANDLOCK_SIGNALS},
	{.ns = {.outside = {1000, 1000},
		.flags = CLONE_NEWUSER,
		.users = -1,
		.users2 = -1,
		.pids = PIDS},
	 .domain = LANDLOCK_SIGNALS},
	{.ns = {.outside = {1000, 1000},
		.flags = CLONE_NEWUSER | CLONE_NEWPID,
		.users = -1,
		.users2 = -1,
		.pids = PIDS}},
	{.plan = {.no_signal_scope = true}, .ns = {ORDINARY}},

	/* under the other name */
	{.plan = {.as_bwrap = true}, .ns = {ROOTS}},
	{.plan = {.as_bwrap = true}, .ns = {ORDINARY}},
};

TEST(keeps_root_from_processes_outside_and_signals_inside)
{
	for (size_t i = 0; i < LENGTH(barriers); i++) {
		struct caps caps = {.set = true};
		struct ns ns = barriers[i].ns;
		bool is_locked = plan_protects(&barriers[i].plan);
		struct err e = {0};

		(void)set_up(NULL);
		if (barriers[i].lacks_landlock)
			fake_sys_always("landlock signals", -EOPNOTSUPP);
		assert_int_equal(ns_plan_second(&barriers[i].plan, &caps, &ns, &e), 0);
		assert_int_equal(ns.domain, barriers[i].domain);
		assert_int_equal(ns.barrier, barriers[i].barrier);
		assert_int_equal(ns.lock_mounts, barriers[i].barrier || is_locked);
		assert_int_equal(ns.second, barriers[i].barrier || is_locked);
		assert_int_equal(caps.bound, ns.second);
		assert_int_equal(fake_sys_calls(), barriers[i].asked);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(says_what_the_barrier_takes_where_there_is_none)
{
	const struct ns ns = {ROOTS, .lock_mounts = true, .second = true, .barrier = true};
	struct err e = {0};

	fake_sys_always("socketpair*", -EMFILE);
	assert_int_equal(ns_enter_last(&ns, PROC, &e), -EMFILE);
	assert_starts_with(e.msg, "cannot keep root's COMMAND from processes outside: ");
	assert_contains(e.hint, "Landlock of Linux 6.12");
}

TEST(cannot_lock_mounts_in_a_user_namespace_of_others)
{
	static const struct ns joined[] = {
		{.users = USERS, .users2 = -1, .pids = -1},
		{.flags = CLONE_NEWUSER, .users = -1, .users2 = USERS2, .pids = -1},
		{.users = USERS, .users2 = USERS2, .pids = -1},
	};
	const struct plan plan = {.lock_mounts = LOCK_YES};

	for (size_t i = 0; i < LENGTH(joined); i++) {
		struct caps caps = {.set = true, .keep = ADMIN, .added = ADMIN};
		struct ns ns = joined[i];
		struct err e = {0};

		assert_int_equal(ns_plan_second(&plan, &caps, &ns, &e), -EINVAL);
		assert_int_equal(e.code, EINVAL);
		assert_string_equal(e.msg, "--lock-mounts: cannot be combined with --userns or "
					   "--userns2");
		assert_string_equal(e.option, "--lock-mounts");
		assert_contains(e.hint, "--userns2 below --userns");
		assert_false(ns.lock_mounts);
		assert_false(ns.second);
		assert_false(caps.bound);
	}
}

static struct op ro[] = {{.kind = OP_RO, .option = "ro"}};
static struct op deny[] = {{.kind = OP_DENY_CREATE, .option = "deny-create"}};

#define CAP(cap) (UINT64_C(1) << (cap))

/* What protects paths, and whether user namespaces are forbidden for it. */
static const struct {
	struct plan plan;
	uint64_t keep;
	struct ns ns;
	bool forbidden;
	bool second;
} protecting[] = {
	{.plan = {.ops = mask, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.ops = ro, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.ops = deny, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.ops = mask, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .mapper = NS_MAPPER_MONITOR},
	 .forbidden = true},
	{.plan = {.ops = dev, .n_ops = 1}, .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},
	{.ns = {.users2 = -1, .flags = CLONE_NEWUSER}},

	/* other capabilities hold in a user namespace of their own */
	{.plan = {.ops = mask, .n_ops = 1},
	 .keep = CAP(CAP_NET_RAW),
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER},
	 .forbidden = true,
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1},
	 .keep = CAP(CAP_SYS_ADMIN),
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},
	{.plan = {.ops = mask, .n_ops = 1, .lock_mounts = LOCK_YES},
	 .keep = CAP(CAP_SYS_ADMIN),
	 .ns = {.users = -1, .users2 = -1, .flags = CLONE_NEWUSER},
	 .second = true},

	/* root's, in one that locks mounts, unless it could permit them again */
	{.plan = {.ops = mask, .n_ops = 1},
	 .keep = CAP(CAP_NET_RAW),
	 .ns = {.users = -1, .users2 = -1},
	 .forbidden = true,
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1},
	 .keep = CAP(CAP_SYS_RESOURCE),
	 .ns = {.users = -1, .users2 = -1},
	 .second = true},
	{.plan = {.ops = mask, .n_ops = 1},
	 .keep = CAP(CAP_SYS_ADMIN),
	 .ns = {.users = -1, .users2 = -1},
	 .second = true},

	/* they are allowed */
	{.plan = {.ops = mask, .n_ops = 1, .allow_userns = true},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},
	{.plan = {.ops = mask, .n_ops = 1, .allow_userns = true},
	 .keep = CAP(CAP_NET_RAW),
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER}},

	/* the user namespace is not the sandbox's own, or there is no new one */
	{.plan = {.ops = mask, .n_ops = 1, .lock_mounts = LOCK_NO},
	 .ns = {.users = -1, .users2 = -1}},
	{.plan = {.ops = mask, .n_ops = 1}, .ns = {.users = USERS, .users2 = -1}},
	{.plan = {.ops = mask, .n_ops = 1}, .ns = {.users2 = USERS2, .flags = CLONE_NEWUSER}},
	{.plan = {.ops = mask, .n_ops = 1},
	 .ns = {.users2 = -1, .flags = CLONE_NEWUSER, .mapper = NS_MAPPER_CALLER}},
};

TEST(forbids_user_namespaces_where_paths_are_protected)
{
	for (size_t i = 0; i < LENGTH(protecting); i++) {
		struct caps caps = {.set = true, .keep = protecting[i].keep};
		struct ns ns = protecting[i].ns;
		struct err e = {0};

		assert_int_equal(ns_plan_second(&protecting[i].plan, &caps, &ns, &e), 0);
		assert_int_equal(ns.disable_users, protecting[i].forbidden);
		assert_int_equal(ns.for_paths, protecting[i].forbidden);
		assert_int_equal(ns.check_no_users, protecting[i].forbidden);
		assert_int_equal(ns.second, protecting[i].second);
	}
}

TEST(forbids_user_namespaces_that_are_allowed_if_another_option_says_so)
{
	struct plan plan = {.ops = mask, .n_ops = 1, .allow_userns = true, .disable_userns = true};
	struct ns ns = {.users2 = -1,
			.flags = CLONE_NEWUSER,
			.disable_users = true,
			.check_no_users = true};
	struct caps caps = {.set = true};
	struct err e = {0};

	assert_int_equal(ns_plan_second(&plan, &caps, &ns, &e), 0);
	assert_true(ns.disable_users && ns.check_no_users);
	assert_false(ns.for_paths);
	plan.allow_userns = false;
	assert_int_equal(ns_plan_second(&plan, &caps, &ns, &e), 0);
	assert_true(ns.disable_users && ns.check_no_users);
	assert_false(ns.for_paths);
}

TEST(knows_whether_others_can_be_in_the_user_namespace_of_the_command)
{
	const struct ns made = {.flags = CLONE_NEWUSER, NONE_GIVEN};
	const struct ns left = {.flags = CLONE_NEWUSER, .users = -1, .users2 = USERS2, .pids = -1};
	const struct ns joined = {.flags = CLONE_NEWNS, .users = USERS, .users2 = -1, .pids = -1};
	const struct ns none = {.flags = CLONE_NEWNS, NONE_GIVEN};

	assert_true(ns_own_users(&made));
	assert_false(ns_own_users(&left));
	assert_false(ns_own_users(&joined));
	assert_false(ns_own_users(&none));
}

/* What of a host says that it lacks a namespace. */
static const struct {
	const char *line;
	long r;
	const char *text;
	unsigned lacks;
} lacks[] = {
	{"access /proc/self/ns/user", -ENOENT, NULL, CLONE_NEWUSER},
	{"access /proc/cgroups", -ENOENT, NULL, 0},
	{"access /proc/self/ns/cgroup", -ENOENT, NULL, 0},
	{"access /proc/*", -ENOENT, NULL, CLONE_NEWUSER | CLONE_NEWCGROUP},
	{"read /proc/sys/user/max_user_namespaces", 0, "0\n", CLONE_NEWUSER},
	{"read /proc/sys/user/max_user_namespaces", 0, "10\n", 0},
	{"open /proc/sys/user/max_user_namespaces", -ENOENT, NULL, 0},
	{"unshare*", -EPERM, NULL, CLONE_NEWCGROUP},
	{"unshare*", -EINVAL, NULL, 0},
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
		assert_int_equal(ns_plan(&plan, false, &root, &ns, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS | (plan.unshare_try & ~lacks[i].lacks));
	}
}

TEST(says_what_helps_where_a_filter_refuses_cgroup_namespaces)
{
	const struct plan plan = {.unshare = CLONE_NEWCGROUP};
	struct ns ns = {0};
	struct err e = {0};

	fake_sys_always("unshare*", -EPERM);
	assert_int_equal(ns_plan(&plan, false, &root, &ns, &e), -EPERM);
	assert_string_equal(e.msg, "--unshare-cgroup: a filter of system calls around this process "
				   "refuses cgroup namespaces");
	assert_contains(e.hint, "--proc-unmasked");
}

TEST(does_not_ask_the_host_about_what_has_to_be_there)
{
	const struct plan plan = {.unshare = CLONE_NEWUSER, .unshare_try = CLONE_NEWUSER};
	struct ns ns = {0};
	struct err e = {0};

	fake_sys_always("access*", -ENOENT);
	assert_int_equal(ns_plan(&plan, false, &root, &ns, &e), 0);
	assert_int_equal(ns.flags, CLONE_NEWNS | CLONE_NEWUSER);
	assert_int_equal(fake_sys_calls(), 0);
}

/* Plans that cannot be, how we say it, and how bubblewrap does. */
static const struct {
	struct plan plan;
	const char *msg;
	const char *bwrap;
} impossible[] = {
	{{.have_uid = true, .uid = 1},
	 "--uid: needs --unshare-user or --userns",
	 "Specifying --uid requires --unshare-user or --userns"},
	{{.have_gid = true, .gid = 1},
	 "--gid: needs --unshare-user or --userns",
	 "Specifying --gid requires --unshare-user or --userns"},
	{{.unshare = CLONE_NEWCGROUP},
	 "--unshare-cgroup: this kernel has no cgroup namespaces",
	 "Cannot create new cgroup namespace because the kernel does not support it"},
};

TEST(names_the_option_that_cannot_be_had)
{
	fake_sys_always("access /proc/*", -ENOENT);
	for (size_t i = 0; i < LENGTH(impossible); i++) {
		struct ns ns = {0};
		struct err e = {0};

		assert_int_equal(ns_plan(&impossible[i].plan, false, &root, &ns, &e), -EINVAL);
		assert_string_equal(e.msg, impossible[i].msg);
		assert_string_equal(e.bwrap, impossible[i].bwrap);
		assert_int_equal(ns.flags, 0);
	}
}

/* --- Making the first process inside -------------------------------------- */

static unsigned children; /* that have been made */

static void child(void *arg)
{
	assert_ptr_equal(arg, &children);
	children++;
	sys_exit(7);
}

/* What ns_clone() returns; nothing stays open but a handle of what it makes. */
static pid_t clone_child(const struct ns *ns, struct err *e)
{
	const struct ns_start start = {.child = child, .arg = &children, .stack = 4096};
	int pidfd = -1;
	pid_t pid = ns_clone(ns, &start, &pidfd, e);

	assert_int_equal(pidfd >= 0, pid > 0);
	if (pid > 0) {
		assert_string_equal(fake_sys_name(pidfd), "child");
		(void)sys_close(pidfd);
	}
	assert_int_equal(fake_sys_open_fds(), 0);
	return pid;
}

TEST(makes_all_namespaces_at_once)
{
	const struct ns ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID, NONE_GIVEN};
	struct err e = {0};

	assert_int_equal(clone_child(&ns, &e), 1000);
	assert_string_equal(fake_sys_trace(), "clone user mnt pid\n");
}

static const struct ns plain = {.flags = CLONE_NEWNS, NONE_GIVEN};

static void clone_plain(void *arg)
{
	struct err e = {0};

	(void)arg;
	(void)clone_child(&plain, &e);
}

TEST(opens_the_mount_namespace_of_the_child)
{
	int mounts;

	fake_sys_given_pidfd(50, "child", 1234);
	mounts = ns_open_mounts(50);
	assert_string_equal(fake_sys_name(mounts), "mounts:child");
	assert_string_equal(fake_sys_trace(), "ns_mounts child\n");
	assert_int_equal(sys_close(mounts), 0);
	fake_sys_answer("ns_mounts child", -EACCES);
	assert_int_equal(ns_open_mounts(50), -EACCES);
}

TEST(opens_the_mount_namespace_of_the_child_by_its_number_on_old_kernels)
{
	static const char *const calls[] = {"open /proc path dir", "open /proc self/fdinfo/50",
					    "open /proc 1234/ns/mnt"};
	int mounts;

	fake_sys_given_pidfd(50, "child", 1234);
	fake_sys_always("ns_mounts child", -ENOTTY);
	mounts = ns_open_mounts(50);
	assert_string_equal(fake_sys_name(mounts), "/proc/1234/ns/mnt");
	assert_int_equal(sys_close(mounts), 0);
	for (size_t i = 0; i < LENGTH(calls); i++) {
		fake_sys_answer(calls[i], -EMFILE);
		assert_int_equal(ns_open_mounts(50), -EMFILE);
	}
}

TEST(calls_the_child_in_the_child)
{
	children = 0;
	fake_sys_answer("clone*", 0);
	assert_int_equal(fake_sys_run(clone_plain, NULL), 7);
	assert_int_equal(children, 1);
}

TEST(says_what_helps_where_namespaces_cannot_be_made)
{
	struct err e = {0};

	fake_sys_answer("clone*", -EINVAL);
	assert_int_equal(clone_child(&plain, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot make the namespaces: Invalid argument");
	assert_string_equal(e.hint, "this kernel lacks one of the requested namespace types");
}

/* Namespaces to enter, and how. */
static const struct {
	struct ns ns;
	const char *trace;
} joined[] = {
	{{.flags = CLONE_NEWNS, .users = USERS, .users2 = -1, .pids = -1},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tclone mnt parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWPID, .users = USERS, .users2 = -1, .pids = -1},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tclone mnt pid parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWUSER, .users = -1, .users2 = -1, .pids = PIDS},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns pids pid\n"
	 "\tclone user mnt parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWPID, .users = USERS, .users2 = USERS2, .pids = PIDS},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tsetns pids pid\n"
	 "\tvfork files parent, 4096 more bytes of stack\n"
	 "\t\tclone mnt pid parent\n"
	 "\t\texit 0\n"
	 "\texit 0\n"
	 "wait 2\n"
	 "wait 3\n"},
};

/* The one with the most helpers. */
static const struct ns *const two_helpers = &joined[LENGTH(joined) - 1].ns;

TEST(enters_namespaces_in_helpers)
{
	for (size_t i = 0; i < LENGTH(joined); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(clone_child(&joined[i].ns, &e), 1000);
		assert_string_equal(fake_sys_trace(), joined[i].trace);
		assert_int_equal(e.code, 0);
	}
}

TEST(waits_for_helpers_after_an_interruption)
{
	struct err e = {0};

	(void)set_up(NULL);
	fake_sys_answer("wait 2", -EINTR);
	assert_int_equal(clone_child(two_helpers, &e), 1000);
	assert_contains(fake_sys_trace(), "wait 2\nwait 2\nwait 3\n");
}

TEST(calls_the_child_in_what_a_helper_makes)
{
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(joined); i++) {
		children = 0;
		(void)set_up(NULL);
		fake_sys_answer("clone*", 0);
		(void)clone_child(&joined[i].ns, &e);
		assert_int_equal(children, 1);
		assert_contains(fake_sys_trace(), "\texit 7\n");
	}
}

TEST(says_that_a_helper_was_killed)
{
	static const char *const helpers[] = {"vfork files,*", "vfork files parent*"};

	for (size_t i = 0; i < LENGTH(helpers); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(helpers[i], 2); /* made, but it never does anything */
		assert_int_equal(clone_child(two_helpers, &e), -ECHILD);
		assert_int_equal(e.code, ECHILD);
		assert_string_equal(e.msg, "a helper that enters namespaces was killed");
		assert_null(strstr(fake_sys_trace(), "clone"));
	}
}

/* Calls that fail on the way into namespaces. */
static const struct {
	const char *call;
	int code;
	const char *msg;
	const char *option;
	const char *hint;
} refused[] = {
	{"setns users user", EINVAL,
	 "--userns: cannot enter the namespace that descriptor 4 is open on: Invalid argument",
	 "--userns", "such as /proc/PID/ns/user"},
	{"setns users user", EPERM,
	 "--userns: cannot enter the namespace that descriptor 4 is open on: "
	 "Operation not permitted",
	 "--userns", "only a user namespace that the caller has created"},
	{"setns pids pid", EPERM,
	 "--pidns: cannot enter the namespace that descriptor 6 is open on: "
	 "Operation not permitted",
	 "--pidns", "with --userns"},
	{"prctl*", EINVAL, "cannot hide from processes in another namespace: Invalid argument", "",
	 ""},
	{"vfork files,*", ENOMEM,
	 "cannot make a helper to enter namespaces: Cannot allocate memory", "", ""},
	{"vfork files parent*", ENOMEM,
	 "cannot make a helper inside --pidns: Cannot allocate memory", "", ""},
	{"clone*", EINVAL, "cannot make the namespaces: Invalid argument", "",
	 "has to be entered as well, with --userns"},
};

TEST(says_which_namespace_cannot_be_entered)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(refused[i].call, -refused[i].code);
		assert_int_equal(clone_child(two_helpers, &e), -refused[i].code);
		assert_int_equal(e.code, refused[i].code);
		assert_string_equal(e.msg, refused[i].msg);
		assert_string_equal(e.option, refused[i].option);
		assert_contains(e.hint, refused[i].hint);
	}
}

TEST(reports_every_call_that_fails_while_entering)
{
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		pid_t pid;

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		pid = clone_child(two_helpers, &e);
		if (nth > fake_sys_calls())
			break;
		assert_int_equal(pid, pid > 0 ? 1000 : -EIO);
		assert_int_equal(e.code, pid > 0 ? 0 : EIO);
		failures += pid < 0;
	}
	assert_int_equal(nth, 10);
	assert_int_equal(failures, 7); /* but for the two waits, which nothing depends on */
}

/* --- Ids ------------------------------------------------------------------ */

/* An ordinary user's namespace. */
static const struct ns users = {
	.flags = CLONE_NEWNS | CLONE_NEWUSER,
	.outside = {1000, 100},
	.inside = {4294967294, 5},
	NONE_GIVEN,
};

TEST(maps_ids_and_forbids_setgroups_before)
{
	struct err e = {0};

	assert_int_equal(ns_map(&users, NS_MAPPER_INSIDE, PROC, "self", &e), 0);
	assert_string_equal(fake_sys_trace(), "open /proc self/setgroups write\n"
					      "write /proc/self/setgroups deny\n"
					      "open /proc self/uid_map write\n"
					      "write /proc/self/uid_map 4294967294 1000 1\n"
					      "open /proc self/gid_map write\n"
					      "write /proc/self/gid_map 5 100 1\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(maps_ids_only_in_the_process_that_is_to_do_it)
{
	static const enum ns_mapper mappers[] = {NS_MAPPER_INSIDE, NS_MAPPER_MONITOR,
						 NS_MAPPER_CALLER};

	for (size_t i = 0; i < LENGTH(mappers); i++)
		for (size_t k = 0; k < LENGTH(mappers); k++) {
			struct ns ns = users;
			struct err e = {0};

			(void)set_up(NULL);
			ns.mapper = mappers[i];
			assert_int_equal(ns_map(&ns, mappers[k], PROC, "4321", &e), 0);
			assert_int_equal(fake_sys_calls(), i == k ? 6 : 0);
			if (i == k)
				assert_contains(fake_sys_trace(),
						"open /proc 4321/uid_map write\n");
		}
}

TEST(maps_nothing_without_a_new_user_namespace)
{
	struct err e = {0};

	assert_int_equal(ns_map(&plain, NS_MAPPER_INSIDE, -1, "self", &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_which_id_cannot_be_mapped_and_what_helps)
{
	static const struct {
		const char *call;
		const char *msg;
		const char *bwrap;
	} maps[] = {
		{"write /proc/self/setgroups*",
		 "cannot forbid setgroups in /proc/self/setgroups: Operation not permitted", ""},
		{"write /proc/self/uid_map*",
		 "cannot map id 4294967294 to 1000 in /proc/self/uid_map: Operation not permitted",
		 "setting up uid map: Operation not permitted"},
		{"write /proc/self/gid_map*",
		 "cannot map id 5 to 100 in /proc/self/gid_map: Operation not permitted",
		 "setting up gid map: Operation not permitted"},
	};

	for (size_t i = 0; i < LENGTH(maps); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(maps[i].call, -EPERM);
		assert_int_equal(ns_map(&users, NS_MAPPER_INSIDE, PROC, "self", &e), -EPERM);
		assert_string_equal(e.msg, maps[i].msg);
		assert_string_equal(e.bwrap, maps[i].bwrap);
		assert_contains(e.hint, "CAP_SETFCAP");
	}
}

static const struct ns entered = {
	.flags = CLONE_NEWNS,
	.outside = {1000, 100},
	.inside = {7, 8},
	.users = USERS,
	.users2 = -1,
	.pids = -1,
};

TEST(takes_the_ids_of_a_namespace_that_was_there_before)
{
	struct ns same = entered;
	struct err e = {0};

	assert_int_equal(ns_become(&entered, &e), 0);
	assert_string_equal(fake_sys_trace(), "prctl securebits 4\n"
					      "setgid 8\n"
					      "setuid 7\n"
					      "prctl securebits 0\n"
					      "prctl pdeathsig 9\n");
	(void)set_up(NULL);
	same.inside = same.outside;
	assert_int_equal(ns_become(&same, &e), 0);
	assert_string_equal(fake_sys_trace(), "prctl securebits 4\n"
					      "prctl securebits 0\n"
					      "prctl pdeathsig 9\n");
	(void)set_up(NULL);
	assert_int_equal(ns_become(&users, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_whom_it_cannot_become)
{
	for (unsigned nth = 1; nth <= 5; nth++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EINVAL);
		assert_int_equal(ns_become(&entered, &e), -EINVAL);
		assert_string_equal(e.msg, nth <= 2 ? "cannot become group 8: Invalid argument"
						    : "cannot become user 7: Invalid argument");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* --- The numbers of namespaces -------------------------------------------- */

TEST(tells_the_numbers_of_new_namespaces_only)
{
	const struct ns ns = {.flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUSER, NONE_GIVEN};
	struct ns_ids ids = {.ino = {[NS_NET] = 9}};
	struct err e = {0};

	fake_sys_always_text("readlink /proc self/ns/cgroup", "cgroup:[4026531835]");
	fake_sys_always_text("readlink /proc self/ns/mnt", "mnt:[18446744073709551615]");
	assert_int_equal(ns_identify(&ns, PROC, &ids, &e), 0);
	assert_int_equal(ids.ino[NS_CGROUP], 4026531835);
	assert_true(ids.ino[NS_MNT] == UINT64_MAX);
	assert_int_equal(ids.ino[NS_NET], 0);
	assert_string_equal(fake_sys_trace(), "readlink /proc self/ns/cgroup\n"
					      "readlink /proc self/ns/mnt\n");
}

TEST(tells_the_numbers_of_all_namespaces_by_their_names)
{
	const struct ns ns = {.flags = CLONE_NEWNS | ALL_BUT_USER, NONE_GIVEN};
	struct ns_ids ids;
	struct err e = {0};

	fake_sys_always_text("readlink /proc self/ns/cgroup", "cgroup:[1]");
	fake_sys_always_text("readlink /proc self/ns/ipc", "ipc:[2]");
	fake_sys_always_text("readlink /proc self/ns/mnt", "mnt:[3]");
	fake_sys_always_text("readlink /proc self/ns/net", "net:[4]");
	fake_sys_always_text("readlink /proc self/ns/pid", "pid:[5]");
	fake_sys_always_text("readlink /proc self/ns/uts", "uts:[6]");
	assert_int_equal(ns_identify(&ns, PROC, &ids, &e), 0);
	for (unsigned kind = 0; kind < NS_KINDS; kind++)
		assert_int_equal(ids.ino[kind], kind + 1);
}

TEST(believes_no_link_that_names_no_namespace)
{
	static const char *const links[] = {
		"",       "m",       "mnt",      "mnt:[",
		"mnt:[]", "mnt:[x]", "mnt:[-1]", "mnt:[99999999999999999999]",
	};

	for (size_t i = 0; i < LENGTH(links); i++) {
		struct ns_ids ids;
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always_text("readlink*", links[i]);
		assert_true(ns_identify(&plain, PROC, &ids, &e) < 0);
		assert_starts_with(e.msg, "cannot learn the number of the mnt namespace: ");
	}
	fake_sys_reset();
}

/* --- The last user namespace ---------------------------------------------- */

#define ENTER_SECOND                                                                               \
	"getuid\n"                                                                                 \
	"getgid\n"                                                                                 \
	"unshare user\n"                                                                           \
	"open /proc self/setgroups write\n"                                                        \
	"write /proc/self/setgroups deny\n"                                                        \
	"open /proc self/uid_map write\n"                                                          \
	"write /proc/self/uid_map 7 70 1\n"                                                        \
	"open /proc self/gid_map write\n"                                                          \
	"write /proc/self/gid_map 8 80 1\n"

/* Where the command is to run, and how to get there. */
static const struct {
	struct ns ns;
	const char *trace;
} lasts[] = {
	{{.users2 = -1}, ""},
	{{.users2 = USERS2}, "prctl dumpable 0\nsetns users2 user\nprctl dumpable 0\n"},
	{{.users2 = -1, .second = true, .inside = {7, 8}}, ENTER_SECOND},
	{{.users2 = -1, .check_no_users = true}, "unshare user\n"},
	{{.users2 = -1, .disable_users = true, .check_no_users = true},
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 0\n"
	 "unshare user\n"},
	{{.users2 = -1, .second = true, .lock_mounts = true, .inside = {7, 8}}, ENTER_LOCKED},
	{{.flags = CLONE_NEWUSER,
	  .users2 = -1,
	  .second = true,
	  .lock_mounts = true,
	  .disable_users = true,
	  .check_no_users = true},
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 1\n" ENTER_LOCKED "unshare user\n"},
	{{.users2 = -1,
	  .second = true,
	  .lock_mounts = true,
	  .disable_users = true,
	  .check_no_users = true},
	 ENTER_LOCKED "open /proc sys/user/max_user_namespaces write\n"
		      "write /proc/sys/user/max_user_namespaces 0\n"
		      "unshare user\n"},
	{{.users2 = USERS2,
	  .second = true,
	  .inside = {7, 8},
	  .disable_users = true,
	  .check_no_users = true},
	 "prctl dumpable 0\n"
	 "setns users2 user\n"
	 "prctl dumpable 0\n"
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 1\n" ENTER_SECOND "unshare user\n"},
};

/* Begin anew, on a host where no more user namespaces can be made than @ns says. */
static void start_entering(const struct ns *ns)
{
	static const int mapped = 0;

	(void)set_up(NULL);
	fake_sys_always_data("read outside", 0, &mapped, sizeof(mapped));
	fake_sys_always("getuid", 70);
	fake_sys_always("getgid", 80);
	if (ns->second && !ns->lock_mounts)
		fake_sys_answer("unshare user", 0);
	fake_sys_always("unshare user", -ENOSPC);
}

TEST(enters_the_user_namespace_of_the_command)
{
	for (size_t i = 0; i < LENGTH(lasts); i++) {
		struct err e = {0};

		start_entering(&lasts[i].ns);
		assert_int_equal(ns_enter_last(&lasts[i].ns, PROC, &e), 0);
		assert_string_equal(fake_sys_trace(), lasts[i].trace);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(reports_every_call_that_fails_at_last)
{
	const struct ns *ns = &lasts[LENGTH(lasts) - 1].ns;

	for (unsigned nth = 1; nth <= 12; nth++) {
		struct err e = {0};

		start_entering(ns);
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(ns_enter_last(ns, PROC, &e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_contains(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* But for the wait for the helper, on which nothing depends. */
TEST(reports_every_call_that_fails_where_mounts_are_locked)
{
	const struct ns ns = {.users2 = -1,
			      .second = true,
			      .lock_mounts = true,
			      .disable_users = true,
			      .check_no_users = true};
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		int r;

		start_entering(&ns);
		fake_sys_fail_at(nth, EIO);
		r = ns_enter_last(&ns, PROC, &e);
		if (nth > fake_sys_calls())
			break;
		assert_int_equal(r, r == 0 ? 0 : -EIO);
		assert_int_equal(e.code, r == 0 ? 0 : EIO);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (r == 0)
			continue;
		failures++;
		assert_contains(e.msg, ": Input/output error");
		assert_true(strcmp(fake_sys_trace_after_failure(), "") == 0 ||
			    strcmp(fake_sys_trace_after_failure(), "wait 1000\n") == 0);
	}
	assert_int_equal(nth, 11);
	assert_int_equal(failures, 9);
}

TEST(names_the_option_that_fails_at_last)
{
	const struct ns *ns = &lasts[LENGTH(lasts) - 1].ns;
	struct ns for_paths = *ns;
	struct err e = {0};

	start_entering(ns);
	fake_sys_answer("setns*", -EINVAL);
	assert_int_equal(ns_enter_last(ns, PROC, &e), -EINVAL);
	assert_string_equal(e.option, "--userns2");
	start_entering(ns);
	fake_sys_answer("write*", -EACCES);
	assert_int_equal(ns_enter_last(ns, PROC, &e), -EACCES);
	assert_string_equal(e.msg, "--disable-userns: cannot write to "
				   "/proc/sys/user/max_user_namespaces: Permission denied");
	assert_string_equal(e.hint, "");
	for_paths.for_paths = true;
	start_entering(ns);
	fake_sys_answer("write*", -EACCES);
	e = (struct err){0};
	assert_int_equal(ns_enter_last(&for_paths, PROC, &e), -EACCES);
	assert_string_equal(e.msg, "cannot write to /proc/sys/user/max_user_namespaces: "
				   "Permission denied");
	assert_contains(e.hint, "unless --allow-userns is given");
	start_entering(&plain);
	fake_sys_answer("unshare user", -ENOSPC);
	assert_int_equal(ns_enter_last(&lasts[2].ns, PROC, &e), -ENOSPC);
	assert_string_equal(e.msg, "cannot make the second user namespace: "
				   "No space left on device");
	assert_contains(e.hint, "nested too deep");
}

TEST(sees_that_user_namespaces_can_still_be_made)
{
	const struct ns ns = {.users2 = -1, .check_no_users = true};
	struct err e = {0};

	assert_int_equal(ns_enter_last(&ns, PROC, &e), -EPERM);
	assert_string_equal(e.msg, "new user namespaces can be made inside");
	assert_string_equal(e.bwrap,
			    "creation of new user namespaces was not disabled as requested");
}

TEST(takes_nothing_but_a_refusal_for_one)
{
	static const int refusals[] = {ENOSPC, EUSERS, EPERM, EACCES, EINVAL, ENOSYS};
	const struct ns ns = {.users2 = -1, .check_no_users = true};
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(refusals); i++) {
		fake_sys_answer("unshare user", -refusals[i]);
		assert_int_equal(ns_enter_last(&ns, PROC, &e), 0);
	}
	fake_sys_answer("unshare user", -ENOMEM);
	assert_int_equal(ns_enter_last(&ns, PROC, &e), -ENOMEM);
	assert_string_equal(e.msg, "cannot learn whether user namespaces can be made inside: "
				   "Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_on_namespaces_and_ids),
		cmocka_unit_test_setup(
			makes_a_user_namespace_for_root_without_the_right_to_make_others, set_up),
		cmocka_unit_test(
			makes_a_second_user_namespace_only_where_capabilities_could_undo_the_first),
		cmocka_unit_test(locks_mounts_where_the_command_is_given_what_could_undo_them),
		cmocka_unit_test(keeps_root_from_processes_outside_and_signals_inside),
		cmocka_unit_test_setup(says_what_the_barrier_takes_where_there_is_none, set_up),
		cmocka_unit_test(cannot_lock_mounts_in_a_user_namespace_of_others),
		cmocka_unit_test(forbids_user_namespaces_where_paths_are_protected),
		cmocka_unit_test(
			forbids_user_namespaces_that_are_allowed_if_another_option_says_so),
		cmocka_unit_test(knows_whether_others_can_be_in_the_user_namespace_of_the_command),
		cmocka_unit_test(tries_only_what_the_host_has),
		cmocka_unit_test_setup(says_what_helps_where_a_filter_refuses_cgroup_namespaces,
				       set_up),
		cmocka_unit_test_setup(does_not_ask_the_host_about_what_has_to_be_there, set_up),
		cmocka_unit_test_setup(names_the_option_that_cannot_be_had, set_up),
		cmocka_unit_test_setup(makes_all_namespaces_at_once, set_up),
		cmocka_unit_test_setup(opens_the_mount_namespace_of_the_child, set_up),
		cmocka_unit_test_setup(
			opens_the_mount_namespace_of_the_child_by_its_number_on_old_kernels,
			set_up),
		cmocka_unit_test_setup(calls_the_child_in_the_child, set_up),
		cmocka_unit_test_setup(says_what_helps_where_namespaces_cannot_be_made, set_up),
		cmocka_unit_test(enters_namespaces_in_helpers),
		cmocka_unit_test(waits_for_helpers_after_an_interruption),
		cmocka_unit_test(calls_the_child_in_what_a_helper_makes),
		cmocka_unit_test(says_that_a_helper_was_killed),
		cmocka_unit_test(says_which_namespace_cannot_be_entered),
		cmocka_unit_test(reports_every_call_that_fails_while_entering),
		cmocka_unit_test_setup(maps_ids_and_forbids_setgroups_before, set_up),
		cmocka_unit_test(maps_ids_only_in_the_process_that_is_to_do_it),
		cmocka_unit_test_setup(maps_nothing_without_a_new_user_namespace, set_up),
		cmocka_unit_test(says_which_id_cannot_be_mapped_and_what_helps),
		cmocka_unit_test_setup(takes_the_ids_of_a_namespace_that_was_there_before, set_up),
		cmocka_unit_test(says_whom_it_cannot_become),
		cmocka_unit_test_setup(tells_the_numbers_of_new_namespaces_only, set_up),
		cmocka_unit_test_setup(tells_the_numbers_of_all_namespaces_by_their_names, set_up),
		cmocka_unit_test(believes_no_link_that_names_no_namespace),
		cmocka_unit_test(enters_the_user_namespace_of_the_command),
		cmocka_unit_test(reports_every_call_that_fails_at_last),
		cmocka_unit_test(reports_every_call_that_fails_where_mounts_are_locked),
		cmocka_unit_test(names_the_option_that_fails_at_last),
		cmocka_unit_test_setup(sees_that_user_namespaces_can_still_be_made, set_up),
		cmocka_unit_test_setup(takes_nothing_but_a_refusal_for_one, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
