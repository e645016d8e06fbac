/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * One clone3(2) creates all new namespaces.  Helper processes enter existing namespaces: no
 * process can leave a user namespace again, and a PID namespace is for children only:
 *
 *	monitor ──► helper    enters --userns and --pidns
 *	               └──► helper   only for a new PID namespace below --pidns,
 *	               │      │      which has to be created from inside that
 *	               └──────┴──► the first process in the sandbox
 *
 * A helper shares the monitor's memory and descriptors, and the monitor waits for it, as with
 * vfork(2).  The helper's children become the monitor's (CLONE_PARENT).  The monitor itself never
 * enters a namespace.
 *
 * An entered namespace may hold a hostile process with capabilities.  So the helper first makes
 * itself undumpable, which holds for each process that shares or copies its memory.  Until they
 * execute the command, processes in the namespace can neither trace them nor read their memory or
 * descriptors (CVE-2016-9962).
 */
#include "isolation/ns.h"

#include <errno.h>
#include <fcntl.h>
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
#include "sys/helper.h"
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

bool ns_other_users(const struct ns *ns)
{
	return (ns->flags & CLONE_NEWUSER) || ns->users >= 0;
}

bool ns_own_users(const struct ns *ns)
{
	return (ns->flags & CLONE_NEWUSER) && ns->users2 < 0;
}

/* The input of the helpers, and their results. */
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
	(void)err_sys(e, ret, "cannot create the namespaces");
	if (ret == -EINVAL && ns->pids >= 0)
		(void)err_hint(e, "--pidns also needs the user namespace that owns it: enter that "
				  "with --userns");
	else
		hint_namespaces(ns->flags, e);
	return ret;
}

/* A helper's last step: create the first process in the sandbox. */
static int make_child(void *arg)
{
	struct joining *j = arg;
	pid_t pid = sys_clone(j->ns->flags | CLONE_PARENT, j->pidfd);

	if (pid == 0)
		j->start->child(j->start->arg);
	j->ret = explain_clone(j->ns, pid, j->e);
	return 0;
}

/* Hide from the processes in a namespace before entering it. */
static int hide(struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, 0);

	return r < 0 ? err_sys(e, r, "cannot hide from processes in another namespace") : 0;
}

static int enter(int fd, int type, const char *option, struct err *e)
{
	int r = fd < 0 ? 0 : sys_setns(fd, type);

	if (r == 0 && fd >= 0 && type == CLONE_NEWUSER)
		return hide(e); /* entering may have reset it (fs.suid_dumpable) */
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot enter the namespace that descriptor %d is open on", fd);
	hint_enter(type, e);
	return err_option(e, option);
}

/* The first helper: enter the namespaces, then create a helper or the first process. */
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
		r = err_sys(j->e, j->helper, "cannot start a helper in --pidns");
	if (r < 0)
		j->ret = r;
	return 0;
}

static pid_t clone_joined(struct joining *j)
{
	pid_t helper = hide(j->e);

	if (helper < 0)
		return helper;
	helper = sys_vfork(join, j, CLONE_FILES, j->start->stack);
	if (helper < 0)
		return err_sys(j->e, helper, "cannot start a helper that enters namespaces");
	helper_reap(helper);
	helper_reap(j->helper);
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

static int write_map(int proc, const char *task, const char *file, unsigned inside,
		     unsigned outside, struct err *e)
{
	char path[PATH_BYTES];
	char map[MAP_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", task, file);
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
static int write_maps(int proc, const char *task, struct ids inside, struct ids outside,
		      struct err *e)
{
	char path[PATH_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/setgroups", task);
	r = io_write_file(proc, path, "deny");
	if (r < 0) {
		(void)err_sys(e, r, "cannot forbid setgroups in /proc/%s", path);
		hint_id_map(e);
		return r;
	}
	r = write_map(proc, task, "uid_map", inside.uid, outside.uid, e);
	if (r == 0)
		r = write_map(proc, task, "gid_map", inside.gid, outside.gid, e);
	return r;
}

int ns_map(const struct ns *ns, enum ns_mapper mapper, int proc, const char *task, struct err *e)
{
	if (!(ns->flags & CLONE_NEWUSER) || ns->mapper != mapper)
		return 0;
	return write_maps(proc, task, ns->inside, ns->outside, e);
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
			return err_sys(e, r, "cannot read the inode number of the %s namespace",
				       ns_names[kind]);
	}
	return 0;
}

/*
 * Forbid user namespaces below this one, except the command's if that is to be @below.  The sysctl
 * is that of the process that opens the file.
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
		(void)err_sys(e, r, "cannot create the second user namespace");
		hint_namespaces(CLONE_NEWUSER, e);
		return r;
	}
	return write_maps(proc, "self", inside, now, e);
}

/* Check that no user namespace can be created, by trying. */
static int check_no_users(struct err *e)
{
	static const int refusals[] = {ENOSPC, EUSERS, EPERM, EACCES, EINVAL, ENOSYS};
	int r = sys_unshare(CLONE_NEWUSER);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (r == -refusals[i])
			return 0;
	if (r < 0)
		return err_sys(e, r, "cannot check whether user namespaces are disabled");
	(void)err_set(e, EPERM, "new user namespaces can still be created in the sandbox");
	return err_bwrap(e, "creation of new user namespaces was not disabled as requested");
}

/* Explain why the namespaces with locked mounts are needed. */
static int explain_barrier(struct err *e)
{
	(void)err_add(e, "cannot keep root's COMMAND from outside processes");
	if (e->hint[0] != '\0')
		return -e->code;
	return err_hint(e, "this needs a user namespace, or Landlock of Linux 6.12");
}

/* Enter the second user namespace, if one is planned. */
static int enter_own(const struct ns *ns, int proc, struct err *e)
{
	if (ns->lock_mounts) {
		int r = lock_enter(proc, ns->flags & (CLONE_NEWUTS | CLONE_NEWCGROUP), e);

		return r < 0 && ns->barrier ? explain_barrier(e) : r;
	}
	return ns->second ? enter_second(proc, ns->inside, e) : 0;
}

/* Enter it and forbid all others: in the second one if the first one is the host's. */
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
