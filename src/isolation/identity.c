/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * Namespaces, ids and capabilities depend on each other, so that they are chosen in this order:
 *
 *	namespaces   from the options and the host's policy
 *	capabilities from the options; in another user namespace, every one can be had
 *	protection   locked mounts, the barrier around root's command, the ban on user namespaces
 *	             and the second one, against the harm these capabilities could do
 *	bound        in another user namespace, the command never gains more capabilities
 */
#include "isolation/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "sys/io.h"
#include "sys/sys.h"

#define MAX_BYTES 16 /* of a sysctl's number */

/* Whether this kernel has user namespaces and the host allows any. */
static bool users_allowed(void)
{
	char max[MAX_BYTES];

	if (sys_faccessat(AT_FDCWD, "/proc/self/ns/user", F_OK, 0) < 0)
		return false;
	return io_read_line(AT_FDCWD, "/proc/sys/user/max_user_namespaces", max, sizeof(max)) < 0 ||
	       strcmp(max, "0") != 0;
}

/*
 * Whether this kernel has cgroup namespaces: every kernel with cgroups has them.  /proc/cgroups is
 * the cheaper file to look up, but a procfs with subset=pid lacks it.
 */
static bool cgroups_available(void)
{
	return sys_faccessat(AT_FDCWD, "/proc/cgroups", F_OK, 0) == 0 ||
	       sys_faccessat(AT_FDCWD, "/proc/self/ns/cgroup", F_OK, 0) == 0;
}

/*
 * Whether a seccomp filter around this process refuses new cgroup namespaces, as sbx's own filter
 * for root does.  The kernel refuses CLONE_VFORK in any case, so that the call changes nothing.
 */
static bool cgroups_refused(void)
{
	return sys_unshare(CLONE_NEWCGROUP | CLONE_VFORK) == -EPERM;
}

/* Those namespaces of @flags that this host permits, for the -try options. */
static unsigned available(unsigned flags)
{
	unsigned ret = 0;

	if ((flags & CLONE_NEWUSER) && users_allowed())
		ret |= CLONE_NEWUSER;
	if ((flags & CLONE_NEWCGROUP) && cgroups_available() && !cgroups_refused())
		ret |= CLONE_NEWCGROUP;
	return ret;
}

static int need_users(const struct ns *ns, const char *option, bool differs, struct err *e)
{
	if (!differs || ns_other_users(ns))
		return 0;
	(void)err_set(e, EINVAL, "needs --unshare-user or --userns");
	(void)err_bwrap(e, "Specifying --%s requires --unshare-user or --userns", option);
	return err_option(e, option);
}

static int need_cgroups(const struct plan *plan, struct err *e)
{
	if (!(plan->namespaces.unshare & CLONE_NEWCGROUP))
		return 0;
	if (!cgroups_available()) {
		(void)err_set(e, EINVAL, "this kernel has no cgroup namespaces");
		(void)err_bwrap(e, "Cannot create new cgroup namespace because the kernel does not "
				   "support it");
		return err_option(e, "unshare-cgroup");
	}
	if (!cgroups_refused())
		return 0;
	(void)err_set(e, EPERM, "a seccomp filter around this process refuses cgroup namespaces");
	(void)err_hint(e, "if the filter is that of a sandbox started by root, start that one with "
			  "--proc-unmasked");
	return err_option(e, "unshare-cgroup");
}

static enum ns_mapper choose_mapper(const struct plan *plan, bool privileged)
{
	if (plan_fd(plan, FD_USERNS_BLOCK) >= 0)
		return NS_MAPPER_CALLER;
	return privileged ? NS_MAPPER_MONITOR : NS_MAPPER_INSIDE;
}

/* Whether the kernel permits other namespaces only along with a user namespace. */
static bool lacks_privilege(const struct caps_own *root)
{
	return root == NULL || !(root->effective & caps_bit(CAP_SYS_ADMIN));
}

/* Choose the namespaces to create or enter, and the ids; @root as caps_plan() has it. */
static int choose_namespaces(const struct plan *plan, bool privileged, const struct caps_own *root,
			     struct ns *ns, struct err *e)
{
	int r;

	*ns = (struct ns){
		.flags = plan->namespaces.unshare | CLONE_NEWNS,
		.mapper = choose_mapper(plan, privileged),
		.disable_users = plan->namespaces.disable_userns,
		.check_no_users =
			plan->namespaces.disable_userns || plan->namespaces.assert_userns_disabled,
		.users = plan_fd(plan, FD_USERNS),
		.users2 = plan_fd(plan, FD_USERNS2),
		.pids = plan_fd(plan, FD_PIDNS),
		.outside = ns->outside,
	};
	ns->inside.uid = plan->namespaces.have_uid ? plan->namespaces.uid : ns->outside.uid;
	ns->inside.gid = plan->namespaces.have_gid ? plan->namespaces.gid : ns->outside.gid;
	if (ns->users < 0 && lacks_privilege(root))
		ns->flags |= CLONE_NEWUSER;
	ns->flags |= available(plan->namespaces.unshare_try & ~ns->flags);
	r = need_users(ns, "uid", ns->inside.uid != ns->outside.uid, e);
	if (r == 0)
		r = need_users(ns, "gid", ns->inside.gid != ns->outside.gid, e);
	return r < 0 ? r : need_cgroups(plan, e);
}

/*
 * Whether mounts have to be locked.  Without CAP_SYS_ADMIN, a command cannot change them.  But in
 * the user namespace that owns the outside processes and file systems, a command can bypass path
 * protection, by ptrace(2) or open_by_handle_at(2).
 *
 * Returns 1 or 0, or -EINVAL with @e set.
 */
static int locks_mounts(const struct plan *plan, const struct caps *caps, const struct ns *ns,
			struct err *e)
{
	const uint64_t admin = caps_bit(CAP_SYS_ADMIN);
	bool joined = ns->users >= 0 || ns->users2 >= 0;
	bool can_look_round = plan_protects(plan) && !(ns->flags & CLONE_NEWUSER) && !joined;

	if (plan->mounts.lock == LOCK_NO || !((caps->keep & admin) || can_look_round))
		return false;
	if (plan->mounts.lock == LOCK_WHERE_NEEDED)
		return !plan->as_bwrap && !joined && ((caps->added & admin) || plan_protects(plan));
	if (!joined)
		return true;
	(void)err_set(e, EINVAL, "cannot be combined with --userns or --userns2");
	(void)err_hint(e, "a --userns2 below --userns keeps COMMAND from the mounts as well");
	return err_option(e, "lock-mounts");
}

/*
 * Whether protected paths forbid new user namespaces.  A command with CAP_SYS_ADMIN needs none to
 * undo the protection.  In the second user namespace, CAP_SYS_RESOURCE could lift the ban.
 */
static bool protects(const struct plan *plan, const struct caps *caps, const struct ns *ns)
{
	uint64_t undoing = caps_bit(CAP_SYS_ADMIN);

	if (!ns_own_users(ns))
		undoing |= caps_bit(CAP_SYS_RESOURCE);
	return plan_protects(plan) && !plan->namespaces.allow_userns &&
	       ns->mapper != NS_MAPPER_CALLER && (ns_own_users(ns) || ns->lock_mounts) &&
	       !(caps->keep & undoing);
}

/*
 * Choose what keeps root's command from outside processes, unless its user namespace does: a
 * Landlock domain, or the user namespace that locks mounts.
 */
static void put_barrier(const struct plan *plan, struct ns *ns)
{
	if (plan->as_bwrap || ns->outside.uid != 0 || ns->lock_mounts || ns_other_users(ns) ||
	    ns->users2 >= 0)
		return;
	if (!plan->privileges.no_signal_scope && landlock_is_there())
		ns->domain = LANDLOCK_BARRIER;
	else
		ns->barrier = ns->lock_mounts = true;
}

/*
 * Whether the command could send signals to outside processes, or to the reaper.  Only in a new PID
 * namespace is the reaper process 1, which the kernel protects.
 */
static bool can_signal_others(const struct plan *plan, const struct ns *ns)
{
	return !plan->as_bwrap && !plan->privileges.no_signal_scope && !(ns->flags & CLONE_NEWPID);
}

/* Choose the protection of the sandbox and the host from a command with @caps. */
static int choose_protection(const struct plan *plan, const struct caps *caps, struct ns *ns,
			     struct err *e)
{
	bool is_root = ns->inside.uid == 0 && ns->inside.gid == 0;
	bool has_caps = !caps->set || caps->keep != 0;
	int r = locks_mounts(plan, caps, ns, e);

	if (r < 0)
		return r;
	ns->lock_mounts = r;
	put_barrier(plan, ns);
	if (ns->domain == LANDLOCK_NONE && can_signal_others(plan, ns))
		ns->domain = LANDLOCK_SIGNALS;
	if (protects(plan, caps, ns)) {
		ns->for_paths = !ns->disable_users;
		ns->disable_users = ns->check_no_users = true;
	}
	ns->second =
		ns->lock_mounts || (has_caps && ns_own_users(ns) &&
				    (ns->disable_users || (plan_has_op(plan, OP_DEV) && !is_root)));
	return 0;
}

int identity_plan(const struct plan *plan, bool privileged, struct ns *ns, struct caps *caps,
		  struct err *e)
{
	struct caps_own own = {0};
	const struct caps_own *root = NULL;
	int r = 0;

	ns->outside = (struct ids){.uid = sys_getuid(), .gid = sys_getgid()};
	if (ns->outside.uid == 0) {
		root = &own;
		r = caps_own(&own, e);
	}
	if (r == 0)
		r = choose_namespaces(plan, privileged, root, ns, e);
	if (r == 0)
		r = caps_plan(plan, root, ns_other_users(ns), caps, e);
	if (r == 0)
		r = choose_protection(plan, caps, ns, e);
	caps->bound = ns_other_users(ns) || ns->second;
	return r;
}
