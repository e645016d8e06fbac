/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * Some hosts forbid user namespaces to ordinary users.  There, sbx can be installed set-user-ID
 * root.  It uses the privilege for one thing: to create the one user namespace that maps the
 * caller's ids.  It does everything else as the caller, so that such an installation gives a user
 * no more than the right to a user namespace would.
 *
 * That much it gives, though.  The namespace belongs to the caller.  Once the command runs, the
 * caller can enter it from outside and has all capabilities there.  And while CAP_SYS_ADMIN is in
 * effect, the kernel does not count the one new process against RLIMIT_NPROC.
 *
 *	setuid_begin   all ids become the caller's; three capabilities stay permitted, none
 *	               effective; not dumpable, so that no user can trace this process or
 *	               its children
 *	setuid_raise   CAP_SYS_ADMIN in effect, around clone3(2)
 *	setuid_map     CAP_DAC_OVERRIDE in effect, to write the child's maps: root owns the
 *	               files of an undumpable process; and CAP_SYS_PTRACE, to open its mount
 *	               namespace for the janitor
 *	setuid_drop    no capability, for good
 *
 * clone3(2) gives the child capabilities in its new user namespace only.  The child stays
 * undumpable until it executes the command, which has no capabilities.
 *
 * A privileged process never acts for another process, opens a path of the caller's or enters a
 * namespace.  So the protocols behind CVE-2016-8659, CVE-2020-5291 and CVE-2026-41163 do not exist.
 * libc and the dynamic loader ignore the environment variables that steer them: see AT_SECURE in
 * getauxval(3).
 */
#include "isolation/setuid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "isolation/caps.h"
#include "sys/sys.h"

#define FOR_CHILD (caps_bit(CAP_DAC_OVERRIDE) | caps_bit(CAP_SYS_PTRACE))
#define PRIVILEGES (caps_bit(CAP_SYS_ADMIN) | FOR_CHILD)
#define PID_BYTES 16

/* Make every user and group id of this process the caller's, and check that they are. */
static int become_caller(struct ids caller, struct err *e)
{
	int r = sys_prctl(PR_SET_KEEPCAPS, 1);

	if (r == 0)
		r = sys_setgid(caller.gid);
	if (r == 0)
		r = sys_setuid(caller.uid);
	if (r == 0)
		r = sys_prctl(PR_SET_KEEPCAPS, 0);
	if (r < 0)
		return err_sys(e, r, "cannot give up root's identity");
	if (!sys_has_only_ids(caller.uid, caller.gid))
		return err_set(e, EPERM, "root's identity is still there after giving it up");
	return 0;
}

/* Allow or forbid the caller's other processes to trace this one. */
static int set_dumpable(bool dumpable, struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, dumpable);

	return r < 0 ? err_sys(e, r, "cannot protect this process") : 0;
}

int setuid_begin(bool *ret, struct err *e)
{
	struct ids caller = {.uid = sys_getuid(), .gid = sys_getgid()};
	bool privileged;
	int r;

	*ret = false;
	if (!sys_is_secure() || caller.uid == 0)
		return 0;
	privileged = sys_geteuid() == 0;
	r = become_caller(caller, e);
	if (r == 0)
		r = set_dumpable(false, e); /* changing ids reset it to fs.suid_dumpable */
	if (r == 0)
		r = caps_hold(privileged ? PRIVILEGES : 0, 0, e);
	if (r == 0 && !privileged)
		r = set_dumpable(true, e); /* an ordinary process again, which owns its id maps */
	if (r == 0)
		*ret = privileged;
	return r;
}

int setuid_check(bool privileged, const struct plan *plan, struct err *e)
{
	static const enum fd_use refused[] = {FD_USERNS, FD_USERNS2, FD_PIDNS};

	for (size_t i = 0; privileged && i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *option = plan->fds[refused[i]].option;

		if (option == NULL)
			continue;
		(void)err_set(e, EPERM, "cannot be used where sbx is installed set-user-ID");
		(void)err_bwrap(e, "--%s doesn't work in setuid mode", option);
		return err_option(e, option);
	}
	for (size_t i = 0; privileged && i < plan->privileges.n_caps; i++) {
		if (!plan->privileges.caps[i].add)
			continue;
		(void)err_set(e, EPERM, "only root can use it where sbx is installed set-user-ID");
		(void)err_bwrap(e, "--cap-add in setuid mode can be used only by root");
		return err_option(e, plan->privileges.caps[i].option);
	}
	return 0;
}

int setuid_raise(bool privileged, struct err *e)
{
	return privileged ? caps_hold(PRIVILEGES, caps_bit(CAP_SYS_ADMIN), e) : 0;
}

int setuid_map(bool privileged, const struct ns *ns, pid_t child, struct err *e)
{
	autoclose int proc = -1;
	char task[PID_BYTES];
	int r;

	if (!privileged)
		return 0;
	r = caps_hold(PRIVILEGES, FOR_CHILD, e);
	if (r < 0)
		return r;
	proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	if (proc < 0)
		return err_sys(e, proc, "cannot open /proc");
	(void)snprintf(task, sizeof(task), "%d", child);
	return ns_map(ns, NS_MAPPER_MONITOR, proc, task, e);
}

int setuid_drop(bool privileged, struct err *e)
{
	return privileged ? caps_hold(0, 0, e) : 0;
}
