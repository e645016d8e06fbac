/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>

#include "fake_cap.h"
#include "fake_sys.h"
#include "isolation/identity.h"
#include "test.h"

enum { USERS = 4, USERS2, PIDS };

#define ALL_BUT_USER (CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define NONE_GIVEN .users = -1, .users2 = -1, .pids = -1
#define CAP(cap) (UINT64_C(1) << (cap))
#define ADMIN CAP(CAP_SYS_ADMIN)
#define OTHER CAP(CAP_NET_ADMIN)

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_cap_reset(ADMIN);
	fake_cap_know_all();
	fake_sys_given(USERS, "users");
	fake_sys_given(USERS2, "users2");
	fake_sys_given(PIDS, "pids");
	return 0;
}

/* A caller, root unless it is another, and what the other options ask for. */
struct given {
	struct ids outside;
	struct ids inside;       /* if not 0 */
	unsigned flags;          /* namespaces */
	int users, users2, pids; /* namespaces that there are; 0 for none */
	bool mapped_by_caller;   /* --userns-block-fd */
	bool privileged;
	uint64_t own;   /* capabilities that root has, if not CAP_SYS_ADMIN alone */
	uint64_t added; /* by --cap-add */
};

static void give_fd(struct plan *plan, enum fd_use use, const char *option, int fd)
{
	if (fd > 0)
		plan->fds[use] = (struct descriptor){option, fd};
}

/* Plan with @options and with what @given takes. */
static int plan_given(const struct plan *options, const struct given *given, struct ns *ns,
		      struct caps *caps, struct err *e)
{
	struct plan plan = *options;
	struct cap_change changes[2];
	char names[LENGTH(changes)][4];

	for (unsigned cap = 0; cap < 64; cap++) {
		if (!(given->added & CAP(cap)))
			continue;
		(void)snprintf(names[plan.privileges.n_caps], sizeof(names[0]), "%u", cap);
		changes[plan.privileges.n_caps] =
			(struct cap_change){.name = names[plan.privileges.n_caps], .add = true};
		plan.privileges.n_caps++;
	}
	plan.privileges.caps = changes;
	plan.namespaces.unshare |= given->flags;
	give_fd(&plan, FD_USERNS, "userns", given->users);
	give_fd(&plan, FD_USERNS2, "userns2", given->users2);
	give_fd(&plan, FD_PIDNS, "pidns", given->pids);
	give_fd(&plan, FD_USERNS_BLOCK, "userns-block-fd", given->mapped_by_caller ? 9 : 0);
	plan.namespaces.have_uid = given->inside.uid != 0;
	plan.namespaces.uid = given->inside.uid;
	plan.namespaces.have_gid = given->inside.gid != 0;
	plan.namespaces.gid = given->inside.gid;
	if (given->own != 0)
		fake_cap_reset(given->own);
	fake_cap_know_all();
	fake_sys_always("getuid", given->outside.uid);
	fake_sys_always("getgid", given->outside.gid);
	return identity_plan(&plan, given->privileged, ns, caps, e);
}

/* Whether the command is in another user namespace than the caller: capabilities are bounded. */
static bool has_other_users(const struct given *given)
{
	return (given->flags & CLONE_NEWUSER) || given->users > 0;
}

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
	{.plan = {.namespaces.unshare = ALL_BUT_USER},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | ALL_BUT_USER, NONE_GIVEN}},
	{.plan = {.namespaces.unshare = CLONE_NEWUSER,
		  .namespaces.have_uid = true,
		  .namespaces.uid = 7},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .inside = {7, 0}, NONE_GIVEN}},
	{.plan = {.namespaces.have_uid = true,
		  .namespaces.uid = 7,
		  .namespaces.have_gid = true,
		  .namespaces.gid = 8},
	 .id = 1000,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.outside = {1000, 1000},
		.inside = {7, 8},
		NONE_GIVEN}},
	{.plan = {.namespaces.have_uid = true, .namespaces.have_gid = true},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS, NONE_GIVEN}},
	{.plan = {.namespaces.unshare_try = CLONE_NEWUSER | CLONE_NEWCGROUP},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWCGROUP, NONE_GIVEN}},

	/* namespaces that there are */
	{.plan = {.fds = {[FD_USERNS] = {"userns", USERS}},
		  .namespaces.have_uid = true,
		  .namespaces.uid = 7},
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
	{.plan = {.namespaces.unshare = CLONE_NEWUSER,
		  .fds = {[FD_USERNS_BLOCK] = {"userns-block-fd", 9}}},
	 .privileged = true,
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER, .mapper = NS_MAPPER_CALLER, NONE_GIVEN}},

	/* no more user namespaces */
	{.plan = {.namespaces.unshare = CLONE_NEWUSER, .namespaces.disable_userns = true},
	 .id = 0,
	 .ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER,
		.disable_users = true,
		.check_no_users = true,
		NONE_GIVEN}},
	{.plan = {.namespaces.assert_userns_disabled = true},
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
		struct caps caps = {0};
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always("getuid", plans[i].id);
		fake_sys_always("getgid", plans[i].id);
		assert_int_equal(identity_plan(&plans[i].plan, plans[i].privileged, &ns, &caps, &e),
				 0);
		assert_ns_equal(&ns, &plans[i].ns);
		assert_int_equal(ns_other_users(&ns), (ns.flags & CLONE_NEWUSER) || ns.users >= 0);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* What it may have is of no use to root unless it is in effect. */
TEST(makes_a_user_namespace_for_root_without_the_right_to_make_others)
{
	static const struct {
		uint64_t permitted;
		uint64_t effective;
	} lacking[] = {{0, 0}, {ADMIN, 0}, {~ADMIN, ~ADMIN}};
	const struct plan plain = {0};
	const struct plan joining = {.fds = {[FD_USERNS] = {"userns", USERS}}};

	fake_sys_always("getuid", 0);
	fake_sys_always("getgid", 5);
	for (size_t i = 0; i < LENGTH(lacking); i++) {
		struct ns ns = {0};
		struct caps caps = {0};
		struct err e = {0};

		fake_cap_reset(lacking[i].effective);
		fake_cap_permit(lacking[i].permitted);
		fake_cap_know_all();
		assert_int_equal(identity_plan(&plain, false, &ns, &caps, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS | CLONE_NEWUSER);
		assert_int_equal(ns.inside.uid, 0);
		assert_int_equal(ns.inside.gid, 5);
		assert_int_equal(identity_plan(&joining, false, &ns, &caps, &e), 0);
		assert_int_equal(ns.flags, CLONE_NEWNS);
	}
}

static struct op dev[] = {{.kind = OP_DEV, .option = "dev"}};
static struct op mask[] = {{.kind = OP_MASK, .option = "mask"}};

/* When there is to be a second user namespace. */
static const struct {
	struct plan plan;
	struct given given;
	bool second;
} seconds[] = {
	{.given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER, .inside = {7, 7}}},
	{.plan = {.files.ops = dev, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER, .inside = {7, 7}}},
	{.plan = {.files.ops = dev, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER, .inside = {7, 7}},
	 .second = true},
	{.plan = {.files.ops = dev, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER, .inside = {0, 7}},
	 .second = true},
	{.plan = {.files.ops = dev, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER}},
	{.plan = {.files.ops = dev, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_CHOWN), .outside = {0, 5}}},
	{.plan = {.namespaces.disable_userns = true},
	 .given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER},
	 .second = true},
	{.plan = {.namespaces.disable_userns = true}, .given = {.flags = CLONE_NEWUSER}},
	{.plan = {.namespaces.disable_userns = true},
	 .given = {.added = CAP(CAP_CHOWN), .flags = CLONE_NEWUSER, .users2 = USERS2}},
};

TEST(makes_a_second_user_namespace_only_where_capabilities_could_undo_the_first)
{
	for (size_t i = 0; i < LENGTH(seconds); i++) {
		struct caps caps = {0};
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(plan_given(&seconds[i].plan, &seconds[i].given, &ns, &caps, &e),
				 0);
		assert_int_equal(ns.second, seconds[i].second);
		assert_false(ns.lock_mounts);
		assert_int_equal(caps.bound,
				 seconds[i].second || has_other_users(&seconds[i].given));
	}
}

#define MADE .flags = CLONE_NEWUSER, .inside = {7, 7}
#define ROOTS .flags = 0

/* Whether mounts are locked: what is asked for, what the command has, and where it is. */
static const struct {
	struct plan plan;
	struct given given;
	bool locked;
	bool second;
} locks[] = {
	/* implied by the capability, if that is an option's doing */
	{.given = {.added = ADMIN, MADE}, .locked = true, .second = true},
	{.given = {.added = ADMIN | OTHER, MADE}, .locked = true, .second = true},
	{.given = {.added = ADMIN, ROOTS}, .locked = true, .second = true},
	{.given = {.added = OTHER, MADE}},
	{.given = {.added = OTHER, .own = ADMIN | OTHER, ROOTS}},
	{.plan = {.as_bwrap = true}, .given = {.own = ADMIN | OTHER, ROOTS}},
	{.plan = {.as_bwrap = true}, .given = {.own = ADMIN, MADE}},

	/* not implied under the other name, nor where others have made the namespace */
	{.plan = {.as_bwrap = true}, .given = {.added = ADMIN, MADE}},
	{.plan = {.as_bwrap = true}, .given = {.added = ADMIN, ROOTS}},
	{.given = {.added = ADMIN, .users = USERS}},
	{.given = {.added = ADMIN, .flags = CLONE_NEWUSER, .users2 = USERS2}},

	/* asked for */
	{.plan = {.mounts.lock = LOCK_YES, .as_bwrap = true},
	 .given = {.own = ADMIN | OTHER, ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.mounts.lock = LOCK_YES, .as_bwrap = true},
	 .given = {.own = ADMIN, MADE},
	 .locked = true,
	 .second = true},
	{.plan = {.mounts.lock = LOCK_YES, .as_bwrap = true},
	 .given = {.added = ADMIN, MADE},
	 .locked = true,
	 .second = true},
	{.plan = {.mounts.lock = LOCK_YES, .namespaces.disable_userns = true},
	 .given = {.added = ADMIN, MADE},
	 .locked = true,
	 .second = true},

	/* paths are protected from root's command */
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.own = ADMIN | OTHER, ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .as_bwrap = true},
	 .given = {.own = ADMIN | OTHER, ROOTS}},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .mounts.lock = LOCK_NO},
	 .given = {.own = ADMIN | OTHER, ROOTS}},

	/* who may not change mounts can look round outside */
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = OTHER, ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {ROOTS},
	 .locked = true,
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .as_bwrap = true}, .given = {ROOTS}},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .mounts.lock = LOCK_NO}, .given = {ROOTS}},
	{.plan = {.files.ops = mask, .files.n_ops = 1}, .given = {MADE}},
	{.plan = {.files.ops = mask, .files.n_ops = 1}, .given = {.users = USERS}},
	{.plan = {.files.ops = dev, .files.n_ops = 1}, .given = {ROOTS}},

	/* asked for, where the kernel lets the command change no mounts anyway */
	{.plan = {.mounts.lock = LOCK_YES}, .given = {MADE}},
	{.plan = {.mounts.lock = LOCK_YES}, .given = {.added = OTHER, ROOTS}},
	{.plan = {.mounts.lock = LOCK_YES},
	 .given = {.added = OTHER, .users = USERS, .users2 = USERS2}},

	/* refused, but a second user namespace may be needed for something else */
	{.plan = {.mounts.lock = LOCK_NO}, .given = {.added = ADMIN, MADE}},
	{.plan = {.mounts.lock = LOCK_NO}, .given = {.added = ADMIN, ROOTS}},
	{.plan = {.mounts.lock = LOCK_NO},
	 .given = {.added = ADMIN, .users = USERS, .users2 = USERS2}},
	{.plan = {.mounts.lock = LOCK_NO, .files.ops = dev, .files.n_ops = 1},
	 .given = {.added = ADMIN, MADE},
	 .second = true},
};

TEST(locks_mounts_where_the_command_is_given_what_could_undo_them)
{
	for (size_t i = 0; i < LENGTH(locks); i++) {
		const struct given *given = &locks[i].given;
		bool has_own = locks[i].plan.as_bwrap;
		struct caps caps = {0};
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(plan_given(&locks[i].plan, given, &ns, &caps, &e), 0);
		assert_int_equal(ns.lock_mounts, locks[i].locked);
		assert_int_equal(ns.second, locks[i].second);
		assert_int_equal(caps.bound, locks[i].second || has_other_users(given));
		assert_int_equal(caps.set, given->added != 0 || !has_own);
		assert_int_equal(caps.keep,
				 given->added |
					 (has_own ? (given->own != 0 ? given->own : ADMIN) : 0));
		assert_int_equal(e.code, 0);
	}
}

#define USERS_OWN .flags = CLONE_NEWUSER
#define ORDINARY .outside = {1000, 1000}, USERS_OWN

/* What keeps the command from processes outside, where the kernel has Landlock's scopes or not. */
static const struct {
	struct plan plan;
	struct given given;
	bool lacks_landlock;
	enum landlock_use domain;
	bool barrier;
	unsigned asked; /* how often the kernel is asked */
} barriers[] = {
	/* root in the caller's own user namespace */
	{.given = {ROOTS}, .domain = LANDLOCK_BARRIER, .asked = 1},
	{.given = {.flags = CLONE_NEWPID}, .domain = LANDLOCK_BARRIER, .asked = 1},
	{.plan = {.mounts.lock = LOCK_NO},
	 .given = {ROOTS},
	 .domain = LANDLOCK_BARRIER,
	 .asked = 1},
	{.given = {ROOTS},
	 .lacks_landlock = true,
	 .barrier = true,
	 .domain = LANDLOCK_SIGNALS,
	 .asked = 1},
	{.given = {.flags = CLONE_NEWPID}, .lacks_landlock = true, .barrier = true, .asked = 1},
	{.plan = {.mounts.lock = LOCK_NO},
	 .given = {.flags = CLONE_NEWPID},
	 .lacks_landlock = true,
	 .barrier = true,
	 .asked = 1},
	{.plan = {.privileges.no_signal_scope = true}, .given = {ROOTS}, .barrier = true},

	/* in another one */
	{.given = {USERS_OWN}, .domain = LANDLOCK_SIGNALS},
	{.given = {.flags = CLONE_NEWPID | CLONE_NEWUSER}},
	{.given = {.users = USERS}, .domain = LANDLOCK_SIGNALS},
	{.given = {.users2 = USERS2}, .domain = LANDLOCK_SIGNALS},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {ROOTS},
	 .domain = LANDLOCK_SIGNALS},

	/* others */
	{.given = {ORDINARY}, .domain = LANDLOCK_SIGNALS},
	{.given = {.outside = {1000, 1000}, .flags = CLONE_NEWUSER, .pids = PIDS},
	 .domain = LANDLOCK_SIGNALS},
	{.given = {.outside = {1000, 1000}, .flags = CLONE_NEWUSER | CLONE_NEWPID, .pids = PIDS}},
	{.plan = {.privileges.no_signal_scope = true}, .given = {ORDINARY}},

	/* under the other name */
	{.plan = {.as_bwrap = true}, .given = {ROOTS}},
	{.plan = {.as_bwrap = true}, .given = {ORDINARY}},
};

TEST(keeps_root_from_processes_outside_and_signals_inside)
{
	for (size_t i = 0; i < LENGTH(barriers); i++) {
		bool is_locked = plan_protects(&barriers[i].plan);
		struct caps caps = {0};
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		if (barriers[i].lacks_landlock)
			fake_sys_always("landlock signals", -EOPNOTSUPP);
		assert_int_equal(plan_given(&barriers[i].plan, &barriers[i].given, &ns, &caps, &e),
				 0);
		assert_int_equal(ns.domain, barriers[i].domain);
		assert_int_equal(ns.barrier, barriers[i].barrier);
		assert_int_equal(ns.lock_mounts, barriers[i].barrier || is_locked);
		assert_int_equal(ns.second, barriers[i].barrier || is_locked);
		assert_int_equal(caps.bound, ns.second || ns_other_users(&ns));
		assert_int_equal(count_in(fake_sys_trace(), "landlock signals"), barriers[i].asked);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(cannot_lock_mounts_in_a_user_namespace_of_others)
{
	static const struct given joined[] = {
		{.added = ADMIN, .users = USERS},
		{.added = ADMIN, .flags = CLONE_NEWUSER, .users2 = USERS2},
		{.added = ADMIN, .users = USERS, .users2 = USERS2},
	};
	const struct plan plan = {.mounts.lock = LOCK_YES};

	for (size_t i = 0; i < LENGTH(joined); i++) {
		struct caps caps = {0};
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(plan_given(&plan, &joined[i], &ns, &caps, &e), -EINVAL);
		assert_int_equal(e.code, EINVAL);
		assert_string_equal(e.msg, "--lock-mounts: cannot be combined with --userns or "
					   "--userns2");
		assert_string_equal(e.option, "--lock-mounts");
		assert_contains(e.hint, "--userns2 below --userns");
	}
}

static struct op ro[] = {{.kind = OP_RO, .option = "ro"}};
static struct op deny[] = {{.kind = OP_DENY_CREATE, .option = "deny-create"}};

/* What protects paths, and whether user namespaces are forbidden for it. */
static const struct {
	struct plan plan;
	struct given given;
	bool forbidden;
	bool second;
} protecting[] = {
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.files.ops = ro, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.files.ops = deny, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER},
	 .forbidden = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER, .privileged = true},
	 .forbidden = true},
	{.plan = {.files.ops = dev, .files.n_ops = 1}, .given = {.flags = CLONE_NEWUSER}},
	{.given = {.flags = CLONE_NEWUSER}},

	/* other capabilities hold in a user namespace of their own */
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_NET_RAW), .flags = CLONE_NEWUSER},
	 .forbidden = true,
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = ADMIN, .flags = CLONE_NEWUSER},
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .mounts.lock = LOCK_NO},
	 .given = {.added = ADMIN, .flags = CLONE_NEWUSER}},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .mounts.lock = LOCK_YES},
	 .given = {.added = CAP(CAP_SYS_ADMIN), .flags = CLONE_NEWUSER},
	 .second = true},

	/* root's, in one that locks mounts, unless it could permit them again */
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_NET_RAW)},
	 .forbidden = true,
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_SYS_RESOURCE)},
	 .second = true},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.added = CAP(CAP_SYS_ADMIN)},
	 .second = true},

	/* they are allowed */
	{.plan = {.files.ops = mask, .files.n_ops = 1, .namespaces.allow_userns = true},
	 .given = {.flags = CLONE_NEWUSER}},
	{.plan = {.files.ops = mask, .files.n_ops = 1, .namespaces.allow_userns = true},
	 .given = {.added = CAP(CAP_NET_RAW), .flags = CLONE_NEWUSER}},

	/* the user namespace is not the sandbox's own, or there is no new one */
	{.plan = {.files.ops = mask, .files.n_ops = 1, .mounts.lock = LOCK_NO},
	 .given = {.flags = 0}},
	{.plan = {.files.ops = mask, .files.n_ops = 1}, .given = {.users = USERS}},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.users2 = USERS2, .flags = CLONE_NEWUSER}},
	{.plan = {.files.ops = mask, .files.n_ops = 1},
	 .given = {.flags = CLONE_NEWUSER, .mapped_by_caller = true}},
};

TEST(forbids_user_namespaces_where_paths_are_protected)
{
	for (size_t i = 0; i < LENGTH(protecting); i++) {
		struct caps caps = {0};
		struct ns ns = {0};
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(
			plan_given(&protecting[i].plan, &protecting[i].given, &ns, &caps, &e), 0);
		assert_int_equal(ns.disable_users, protecting[i].forbidden);
		assert_int_equal(ns.for_paths, protecting[i].forbidden);
		assert_int_equal(ns.check_no_users, protecting[i].forbidden);
		assert_int_equal(ns.second, protecting[i].second);
	}
}

TEST(forbids_user_namespaces_that_are_allowed_if_another_option_says_so)
{
	struct plan plan = {.files.ops = mask,
			    .files.n_ops = 1,
			    .namespaces.allow_userns = true,
			    .namespaces.disable_userns = true};
	const struct given given = {.flags = CLONE_NEWUSER};
	struct caps caps = {0};
	struct ns ns = {0};
	struct err e = {0};

	assert_int_equal(plan_given(&plan, &given, &ns, &caps, &e), 0);
	assert_true(ns.disable_users && ns.check_no_users);
	assert_false(ns.for_paths);
	plan.namespaces.allow_userns = false;
	assert_int_equal(plan_given(&plan, &given, &ns, &caps, &e), 0);
	assert_true(ns.disable_users && ns.check_no_users);
	assert_false(ns.for_paths);
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
	const struct plan plan = {.namespaces.unshare_try = CLONE_NEWUSER | CLONE_NEWCGROUP};

	for (size_t i = 0; i < LENGTH(lacks); i++) {
		struct ns ns = {0};
		struct caps caps = {0};
		struct err e = {0};

		(void)set_up(NULL);
		if (lacks[i].text != NULL)
			fake_sys_always_text(lacks[i].line, lacks[i].text);
		else
			fake_sys_always(lacks[i].line, lacks[i].r);
		assert_int_equal(identity_plan(&plan, false, &ns, &caps, &e), 0);
		assert_int_equal(ns.flags,
				 CLONE_NEWNS | (plan.namespaces.unshare_try & ~lacks[i].lacks));
	}
}

TEST(says_what_helps_where_a_filter_refuses_cgroup_namespaces)
{
	const struct plan plan = {.namespaces.unshare = CLONE_NEWCGROUP};
	struct ns ns = {0};
	struct caps caps = {0};
	struct err e = {0};

	fake_sys_always("unshare*", -EPERM);
	assert_int_equal(identity_plan(&plan, false, &ns, &caps, &e), -EPERM);
	assert_string_equal(e.msg, "--unshare-cgroup: a seccomp filter around this process refuses "
				   "cgroup namespaces");
	assert_contains(e.hint, "--proc-unmasked");
}

TEST(does_not_ask_the_host_about_what_has_to_be_there)
{
	const struct plan plan = {.namespaces.unshare = CLONE_NEWUSER,
				  .namespaces.unshare_try = CLONE_NEWUSER};
	struct ns ns = {0};
	struct caps caps = {0};
	struct err e = {0};

	fake_sys_always("access*", -ENOENT);
	assert_int_equal(identity_plan(&plan, false, &ns, &caps, &e), 0);
	assert_int_equal(ns.flags, CLONE_NEWNS | CLONE_NEWUSER);
	assert_null(strstr(fake_sys_trace(), "access"));
}

/* Plans that cannot be, how we say it, and how bubblewrap does. */
static const struct {
	struct plan plan;
	const char *msg;
	const char *bwrap;
} impossible[] = {
	{{.namespaces.have_uid = true, .namespaces.uid = 1},
	 "--uid: needs --unshare-user or --userns",
	 "Specifying --uid requires --unshare-user or --userns"},
	{{.namespaces.have_gid = true, .namespaces.gid = 1},
	 "--gid: needs --unshare-user or --userns",
	 "Specifying --gid requires --unshare-user or --userns"},
	{{.namespaces.unshare = CLONE_NEWCGROUP},
	 "--unshare-cgroup: this kernel has no cgroup namespaces",
	 "Cannot create new cgroup namespace because the kernel does not support it"},
};

TEST(names_the_option_that_cannot_be_had)
{
	fake_sys_always("access /proc/*", -ENOENT);
	for (size_t i = 0; i < LENGTH(impossible); i++) {
		struct ns ns = {0};
		struct caps caps = {0};
		struct err e = {0};

		assert_int_equal(identity_plan(&impossible[i].plan, false, &ns, &caps, &e),
				 -EINVAL);
		assert_string_equal(e.msg, impossible[i].msg);
		assert_string_equal(e.bwrap, impossible[i].bwrap);
	}
}

TEST(says_that_the_capabilities_of_root_cannot_be_read)
{
	static const struct plan plan;
	struct ns ns = {0};
	struct caps caps = {0};
	struct err e = {0};

	fake_sys_answer("cap_get_proc", -ENOMEM);
	assert_int_equal(identity_plan(&plan, false, &ns, &caps, &e), -ENOMEM);
	assert_contains(e.msg, "capabilities");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(decides_on_namespaces_and_ids, set_up),
		cmocka_unit_test_setup(
			makes_a_user_namespace_for_root_without_the_right_to_make_others, set_up),
		cmocka_unit_test_setup(
			makes_a_second_user_namespace_only_where_capabilities_could_undo_the_first,
			set_up),
		cmocka_unit_test_setup(locks_mounts_where_the_command_is_given_what_could_undo_them,
				       set_up),
		cmocka_unit_test_setup(keeps_root_from_processes_outside_and_signals_inside,
				       set_up),
		cmocka_unit_test_setup(cannot_lock_mounts_in_a_user_namespace_of_others, set_up),
		cmocka_unit_test_setup(forbids_user_namespaces_where_paths_are_protected, set_up),
		cmocka_unit_test_setup(
			forbids_user_namespaces_that_are_allowed_if_another_option_says_so, set_up),
		cmocka_unit_test_setup(tries_only_what_the_host_has, set_up),
		cmocka_unit_test_setup(says_what_helps_where_a_filter_refuses_cgroup_namespaces,
				       set_up),
		cmocka_unit_test_setup(does_not_ask_the_host_about_what_has_to_be_there, set_up),
		cmocka_unit_test_setup(names_the_option_that_cannot_be_had, set_up),
		cmocka_unit_test_setup(says_that_the_capabilities_of_root_cannot_be_read, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
