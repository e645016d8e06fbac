/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * New namespaces are made by one clone3(2).  Namespaces that exist are entered by
 * helpers, because whoever enters a user namespace does not come back, and a process
 * namespace is for children only:
 *
 *	monitor ──► helper    enters --userns and --pidns
 *	               └──► helper   only for a new process namespace inside --pidns,
 *	               │      │      which has to be made from within that
 *	               └──────┴──► the first process inside
 *
 * A helper shares the monitor's memory and descriptors, and the monitor waits for it,
 * as vfork(2) does.  Whom it makes is made a child of the monitor (CLONE_PARENT).  So
 * the monitor itself never enters anything.
 *
 * Somebody hostile may be in a namespace already, with capabilities there.  Before that
 * one is entered, the process is made undumpable, and with it all that share its memory or
 * get a copy: nobody inside can trace them or read their memory or descriptors
 * (CVE-2016-9962), until they execute the command.
 */
#include "isolation/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "host/hint.h"
#include "host/proc.h"
#include "isolation/lock.h"
#include "sys/io.h"
#include "sys/sys.h"

#define MAP_BYTES 48  /* "inside outside 1" with three 32-bit numbers */
#define PATH_BYTES 48 /* of a file of a process in /proc */
#define LINK_BYTES 48 /* "cgroup:[inode number]" */

const char *const ns_names[NS_KINDS] = {
	[NS_CGROUP] = "cgroup", [NS_IPC] = "ipc", [NS_MNT] = "mnt",
	[NS_NET] = "net",       [NS_PID] = "pid", [NS_UTS] = "uts",
};

static const unsigned ns_flags[NS_KINDS] = {
	[NS_CGROUP] = CLONE_NEWCGROUP, [NS_IPC] = CLONE_NEWIPC, [NS_MNT] = CLONE_NEWNS,
	[NS_NET] = CLONE_NEWNET,       [NS_PID] = CLONE_NEWPID, [NS_UTS] = CLONE_NEWUTS,
};

/* Whether this kernel has user namespaces and the host allows any. */
static bool users_allowed(void)
{
	char max[MAP_BYTES];

	if (sys_faccessat(AT_FDCWD, "/proc/self/ns/user", F_OK, 0) < 0)
		return false;
	return io_read_line(AT_FDCWD, "/proc/sys/user/max_user_namespaces", max, sizeof(max)) < 0 ||
	       strcmp(max, "0") != 0;
}

/*
 * Whether this kernel has cgroup namespaces: all do that have cgroups.  What is asked first is
 * there for all processes already; a procfs with subset=pid does not have it.
 */
static bool cgroups_available(void)
{
	return sys_faccessat(AT_FDCWD, "/proc/cgroups", F_OK, 0) == 0 ||
	       sys_faccessat(AT_FDCWD, "/proc/self/ns/cgroup", F_OK, 0) == 0;
}

/*
 * Whether a filter of system calls around this process refuses new cgroup namespaces, as sbx's own
 * does where root runs it.  The kernel itself refuses the other flag, whatever it is with.
 */
static bool cgroups_refused(void)
{
	return sys_unshare(CLONE_NEWCGROUP | CLONE_VFORK) == -EPERM;
}

/* Those of @flags that this host has: what the -try options make. */
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
	if (!(plan->unshare & CLONE_NEWCGROUP))
		return 0;
	if (!cgroups_available()) {
		(void)err_set(e, EINVAL, "this kernel has no cgroup namespaces");
		(void)err_bwrap(e, "Cannot create new cgroup namespace because the kernel does not "
				   "support it");
		return err_option(e, "unshare-cgroup");
	}
	if (!cgroups_refused())
		return 0;
	(void)err_set(e, EPERM,
		      "a filter of system calls around this process refuses cgroup namespaces");
	(void)err_hint(e, "if that is of a sandbox that root has started, it takes "
			  "--proc-unmasked there");
	return err_option(e, "unshare-cgroup");
}

static enum ns_mapper choose_mapper(const struct plan *plan, bool privileged)
{
	if (plan_fd(plan, FD_USERNS_BLOCK) >= 0)
		return NS_MAPPER_CALLER;
	return privileged ? NS_MAPPER_MONITOR : NS_MAPPER_INSIDE;
}

/* Whether namespaces can only be made along with a user namespace; @root as ns_plan() has it. */
static bool lacks_privilege(const struct caps_own *root)
{
	return root == NULL || !(root->effective & caps_bit(CAP_SYS_ADMIN));
}

int ns_plan(const struct plan *plan, bool privileged, const struct caps_own *root, struct ns *ret,
	    struct err *e)
{
	struct ns ns = {
		.flags = plan->unshare | CLONE_NEWNS,
		.mapper = choose_mapper(plan, privileged),
		.disable_users = plan->disable_userns,
		.check_no_users = plan->disable_userns || plan->assert_userns_disabled,
		.users = plan_fd(plan, FD_USERNS),
		.users2 = plan_fd(plan, FD_USERNS2),
		.pids = plan_fd(plan, FD_PIDNS),
		.outside = {.uid = sys_getuid(), .gid = sys_getgid()},
	};
	int r;

	ns.inside.uid = plan->have_uid ? plan->uid : ns.outside.uid;
	ns.inside.gid = plan->have_gid ? plan->gid : ns.outside.gid;
	if (ns.users < 0 && lacks_privilege(root))
		ns.flags |= CLONE_NEWUSER; /* without it, nothing below is permitted */
	ns.flags |= available(plan->unshare_try & ~ns.flags);
	r = need_users(&ns, "uid", ns.inside.uid != ns.outside.uid, e);
	if (r == 0)
		r = need_users(&ns, "gid", ns.inside.gid != ns.outside.gid, e);
	if (r == 0)
		r = need_cgroups(plan, e);
	if (r < 0)
		return r;
	*ret = ns;
	return 0;
}

/*
 * Whether mounts have to be locked: without CAP_SYS_ADMIN, the kernel lets nobody change them.  But
 * to who is in the user namespace that the processes and file systems outside belong to, and may
 * look into these processes or open files by their handles, what protects paths is no
 * hindrance.  Returns that or -EINVAL with @e set.
 */
static int locks_mounts(const struct plan *plan, const struct caps *caps, const struct ns *ns,
			struct err *e)
{
	const uint64_t admin = caps_bit(CAP_SYS_ADMIN);
	bool joined = ns->users >= 0 || ns->users2 >= 0;
	bool can_look_round = plan_protects(plan) && !(ns->flags & CLONE_NEWUSER) && !joined;

	if (plan->lock_mounts == LOCK_NO || !((caps->keep & admin) || can_look_round))
		return false;
	if (plan->lock_mounts == LOCK_WHERE_NEEDED)
		return !plan->as_bwrap && !joined && ((caps->added & admin) || plan_protects(plan));
	if (!joined)
		return true;
	(void)err_set(e, EINVAL, "cannot be combined with --userns or --userns2");
	(void)err_hint(e, "a --userns2 below --userns keeps COMMAND from the mounts as well");
	return err_option(e, "lock-mounts");
}

/*
 * Whether user namespaces are forbidden for the sake of paths that are protected.  Who has
 * CAP_SYS_ADMIN needs none; and in the second user namespace, which locks mounts, CAP_SYS_RESOURCE
 * would be the right to permit them again.
 */
static bool protects(const struct plan *plan, const struct caps *caps, const struct ns *ns)
{
	uint64_t undoing = caps_bit(CAP_SYS_ADMIN);

	if (!ns_own_users(ns))
		undoing |= caps_bit(CAP_SYS_RESOURCE);
	return plan_protects(plan) && !plan->allow_userns && ns->mapper != NS_MAPPER_CALLER &&
	       (ns_own_users(ns) || ns->lock_mounts) && !(caps->keep & undoing);
}

/*
 * Keep root's command from the processes outside, unless it is in another user namespace than
 * these: by a Landlock domain, or by the user namespace that locks mounts.
 */
static void put_barrier(const struct plan *plan, struct ns *ns)
{
	if (plan->as_bwrap || ns->outside.uid != 0 || ns->lock_mounts || ns_other_users(ns) ||
	    ns->users2 >= 0)
		return;
	if (!plan->no_signal_scope && landlock_is_there())
		ns->domain = LANDLOCK_BARRIER;
	else
		ns->barrier = ns->lock_mounts = true;
}

/*
 * Whether the command can send signals to processes that are not the sandbox's, or to the reaper:
 * that is process 1 of a new process namespace, but not of one that is entered.
 */
static bool can_signal_others(const struct plan *plan, const struct ns *ns)
{
	return !plan->as_bwrap && !plan->no_signal_scope && !(ns->flags & CLONE_NEWPID);
}

int ns_plan_second(const struct plan *plan, struct caps *caps, struct ns *ns, struct err *e)
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
	caps->bound = caps->bound || ns->second;
	return 0;
}

bool ns_other_users(const struct ns *ns)
{
	return (ns->flags & CLONE_NEWUSER) || ns->users >= 0;
}

bool ns_own_users(const struct ns *ns)
{
	return (ns->flags & CLONE_NEWUSER) && ns->users2 < 0;
}

/* What the helpers are given, and what they have made. */
struct joining {
	const struct ns *ns;
	const struct ns_start *start;
	int *pidfd;
	pid_t helper; /* the second one, 0 for none */
	pid_t ret;    /* of the last step; -errno with @e set */
	struct err *e;
};

static pid_t explain_clone(const struct ns *ns, pid_t ret, struct err *e)
{
	if (ret >= 0)
		return ret;
	(void)err_sys(e, ret, "cannot make the namespaces");
	if (ret == -EINVAL && ns->pids >= 0)
		(void)err_hint(e, "the user namespace that --pidns belongs to has to be entered as "
				  "well, with --userns");
	else
		hint_namespaces(ns->flags, e);
	return ret;
}

/* A helper's last step: make the first process inside. */
static int make_child(void *arg)
{
	struct joining *j = arg;
	pid_t pid = sys_clone(j->ns->flags | CLONE_PARENT, j->pidfd);

	if (pid == 0)
		j->start->child(j->start->arg);
	j->ret = explain_clone(j->ns, pid, j->e);
	return 0;
}

/* Hide from those in a namespace that is about to be entered. */
static int hide(struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, 0);

	return r < 0 ? err_sys(e, r, "cannot hide from processes in another namespace") : 0;
}

static int enter(int fd, int type, const char *option, struct err *e)
{
	int r = fd < 0 ? 0 : sys_setns(fd, type);

	if (r == 0 && fd >= 0 && type == CLONE_NEWUSER)
		return hide(e); /* entering may have undone it (fs.suid_dumpable) */
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot enter the namespace that descriptor %d is open on", fd);
	hint_enter(type, e);
	return err_option(e, option);
}

/* The first helper: enter what is to be entered, and go on from there. */
static int join(void *arg)
{
	struct joining *j = arg;
	int r = enter(j->ns->users, CLONE_NEWUSER, "userns", j->e);

	if (r == 0)
		r = enter(j->ns->pids, CLONE_NEWPID, "pidns", j->e);
	if (r == 0 && (j->ns->pids < 0 || !(j->ns->flags & CLONE_NEWPID)))
		return make_child(j);
	if (r == 0)
		j->helper = sys_vfork(make_child, j, CLONE_PARENT | CLONE_FILES, j->start->stack);
	if (j->helper < 0)
		r = err_sys(j->e, j->helper, "cannot make a helper inside --pidns");
	if (r < 0)
		j->ret = r;
	return 0;
}

/* Wait for the helper @pid, if there is one, to be gone. */
static void reap_helper(pid_t pid)
{
	int status;

	while (pid > 0 && sys_wait(pid, &status, 0) == -EINTR)
		;
}

static pid_t clone_joined(struct joining *j)
{
	pid_t helper = hide(j->e);

	if (helper < 0)
		return helper;
	helper = sys_vfork(join, j, CLONE_FILES, j->start->stack);
	if (helper < 0)
		return err_sys(j->e, helper, "cannot make a helper to enter namespaces");
	reap_helper(helper);
	reap_helper(j->helper);
	if (j->ret == 0)
		return err_set(j->e, ECHILD, "a helper that enters namespaces was killed");
	return j->ret;
}

pid_t ns_clone(const struct ns *ns, const struct ns_start *start, int *pidfd, struct err *e)
{
	struct joining joining = {.ns = ns, .start = start, .pidfd = pidfd, .e = e};
	pid_t pid;

	if (ns->users >= 0 || ns->pids >= 0)
		return clone_joined(&joining);
	pid = sys_clone(ns->flags, pidfd);
	if (pid == 0)
		start->child(start->arg);
	return explain_clone(ns, pid, e);
}

int ns_open_mounts(int child)
{
	char path[PATH_BYTES];
	autoclose int proc = -1;
	int r = sys_ns_mounts(child);
	pid_t pid;

	if (r != -ENOTTY && r != -EINVAL)
		return r;
	proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	pid = proc < 0 ? proc : proc_pid_of(proc, child);
	if (pid < 0)
		return pid;
	(void)snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	return sys_openat(proc, path, O_RDONLY, 0);
}

static int write_map(int proc, const char *who, const char *file, unsigned inside, unsigned outside,
		     struct err *e)
{
	char path[PATH_BYTES];
	char map[MAP_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", who, file);
	(void)snprintf(map, sizeof(map), "%u %u 1", inside, outside);
	r = io_write_file(proc, path, map);
	if (r < 0) {
		(void)err_sys(e, r, "cannot map id %u to %u in /proc/%s", inside, outside, path);
		(void)err_bwrap(e, "setting up %s map: %s", file[0] == 'u' ? "uid" : "gid",
				strerror(-r));
		hint_id_map(e);
	}
	return r;
}

/* Map one user and one group; without setgroups(2), or the kernel refuses. */
static int write_maps(int proc, const char *who, struct ids inside, struct ids outside,
		      struct err *e)
{
	char path[PATH_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/setgroups", who);
	r = io_write_file(proc, path, "deny");
	if (r < 0) {
		(void)err_sys(e, r, "cannot forbid setgroups in /proc/%s", path);
		hint_id_map(e);
		return r;
	}
	r = write_map(proc, who, "uid_map", inside.uid, outside.uid, e);
	if (r == 0)
		r = write_map(proc, who, "gid_map", inside.gid, outside.gid, e);
	return r;
}

int ns_map(const struct ns *ns, enum ns_mapper mapper, int proc, const char *who, struct err *e)
{
	if (!(ns->flags & CLONE_NEWUSER) || ns->mapper != mapper)
		return 0;
	return write_maps(proc, who, ns->inside, ns->outside, e);
}

int ns_become(const struct ns *ns, struct err *e)
{
	int r;

	if (ns->users < 0)
		return 0;
	r = sys_prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP); /* keep capabilities */
	if (r == 0 && ns->inside.gid != ns->outside.gid)
		r = sys_setgid(ns->inside.gid);
	if (r < 0)
		return err_sys(e, r, "cannot become group %u", ns->inside.gid);
	if (ns->inside.uid != ns->outside.uid)
		r = sys_setuid(ns->inside.uid);
	if (r == 0)
		r = sys_prctl(PR_SET_SECUREBITS, 0);
	if (r == 0)
		r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of ids undoes it */
	return r < 0 ? err_sys(e, r, "cannot become user %u", ns->inside.uid) : 0;
}

/* The inode number of the calling process's namespace @name. */
static int read_ino(int proc, const char *name, uint64_t *ret)
{
	char path[PATH_BYTES];
	char link[LINK_BYTES];
	char *number = link + strlen(name) + strlen(":[");
	ssize_t n;

	(void)snprintf(path, sizeof(path), "self/ns/%s", name);
	n = sys_readlinkat(proc, path, link, sizeof(link) - 1);
	if (n < 0)
		return (int)n;
	link[n] = '\0';
	if (number >= link + n)
		return -EINVAL;
	number[strcspn(number, "]")] = '\0';
	return num_parse(number, 10, UINT64_MAX, ret);
}

int ns_identify(const struct ns *ns, int proc, struct ns_ids *ret, struct err *e)
{
	for (unsigned kind = 0; kind < NS_KINDS; kind++) {
		int r = 0;

		ret->ino[kind] = 0;
		if (ns->flags & ns_flags[kind])
			r = read_ino(proc, ns_names[kind], &ret->ino[kind]);
		if (r < 0)
			return err_sys(e, r, "cannot learn the number of the %s namespace",
				       ns_names[kind]);
	}
	return 0;
}

/*
 * Let this user namespace have no others below it but the command's, if that is @below it.  The
 * limit is that of who opens the file.
 */
static int limit_users(const struct ns *ns, int proc, bool below, struct err *e)
{
	int r = io_write_file(proc, "sys/user/max_user_namespaces", below ? "1" : "0");

	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot write to /proc/sys/user/max_user_namespaces");
	if (ns->for_paths)
		return err_hint(e,
				"user namespaces are forbidden where paths are protected, unless "
				"--allow-userns is given");
	return err_option(e, "disable-userns");
}

static int enter_second(int proc, struct ids inside, struct err *e)
{
	struct ids now = {.uid = sys_getuid(), .gid = sys_getgid()};
	int r = sys_unshare(CLONE_NEWUSER);

	if (r < 0) {
		(void)err_sys(e, r, "cannot make the second user namespace");
		hint_namespaces(CLONE_NEWUSER, e);
		return r;
	}
	return write_maps(proc, "self", inside, now, e);
}

/* See that no user namespace can be made.  If one can, it is of no use to anybody. */
static int check_no_users(struct err *e)
{
	static const int refusals[] = {ENOSPC, EUSERS, EPERM, EACCES, EINVAL, ENOSYS};
	int r = sys_unshare(CLONE_NEWUSER);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (r == -refusals[i])
			return 0;
	if (r < 0)
		return err_sys(e, r, "cannot learn whether user namespaces can be made inside");
	(void)err_set(e, EPERM, "new user namespaces can be made inside");
	return err_bwrap(e, "creation of new user namespaces was not disabled as requested");
}

/* Say what the namespaces in which mounts are locked are for. */
static int explain_barrier(struct err *e)
{
	(void)err_add(e, "cannot keep root's COMMAND from processes outside");
	if (e->hint[0] != '\0')
		return -e->code;
	return err_hint(e, "this takes a user namespace, or Landlock of Linux 6.12");
}

/* Enter the second user namespace, if there is to be one. */
static int enter_own(const struct ns *ns, int proc, struct err *e)
{
	if (ns->lock_mounts) {
		int r = lock_enter(proc, ns->flags & (CLONE_NEWUTS | CLONE_NEWCGROUP), e);

		return r < 0 && ns->barrier ? explain_barrier(e) : r;
	}
	return ns->second ? enter_second(proc, ns->inside, e) : 0;
}

/* The same, with all others forbidden: in the second one if the first one is the host's. */
static int enter_only(const struct ns *ns, int proc, struct err *e)
{
	bool limit_second = ns->lock_mounts && !ns_own_users(ns);
	int r = limit_second ? 0 : limit_users(ns, proc, ns->second, e);

	if (r == 0)
		r = enter_own(ns, proc, e);
	return r == 0 && limit_second ? limit_users(ns, proc, false, e) : r;
}

int ns_enter_last(const struct ns *ns, int proc, struct err *e)
{
	int r = ns->users2 >= 0 ? hide(e) : 0;

	if (r == 0)
		r = enter(ns->users2, CLONE_NEWUSER, "userns2", e);
	if (r == 0)
		r = ns->disable_users ? enter_only(ns, proc, e) : enter_own(ns, proc, e);
	if (r == 0 && ns->check_no_users)
		r = check_no_users(e);
	return r;
}
