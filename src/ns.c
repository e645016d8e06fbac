/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sbx/hint.h"
#include "sbx/io.h"
#include "sbx/sys.h"

#define MAP_BYTES 48 /* "inside outside 1" with three 32-bit numbers */

/* Whether this kernel has user namespaces and the host allows any. */
static bool users_allowed(void)
{
	char max[MAP_BYTES];

	if (sys_access("/proc/self/ns/user", F_OK) < 0)
		return false;
	return io_read_line(AT_FDCWD, "/proc/sys/user/max_user_namespaces", max, sizeof(max)) < 0 ||
	       strcmp(max, "0") != 0;
}

/* Those of @flags that this host has: what the -try options make. */
static unsigned available(unsigned flags)
{
	unsigned ret = 0;

	if ((flags & CLONE_NEWUSER) && users_allowed())
		ret |= CLONE_NEWUSER;
	if ((flags & CLONE_NEWCGROUP) && sys_access("/proc/self/ns/cgroup", F_OK) == 0)
		ret |= CLONE_NEWCGROUP;
	return ret;
}

static int need_users(const struct ns *ns, const char *option, bool differs, struct err *e)
{
	if (differs && !(ns->flags & CLONE_NEWUSER))
		return err_set(e, EINVAL, "--%s needs --unshare-user", option);
	return 0;
}

int ns_plan(const struct plan *plan, struct ns *ret, struct err *e)
{
	struct ns ns = {.flags = plan->unshare | CLONE_NEWNS};
	int r;

	ns.outside = (struct ids){.uid = sys_getuid(), .gid = sys_getgid()};
	ns.inside.uid = plan->have_uid ? plan->uid : ns.outside.uid;
	ns.inside.gid = plan->have_gid ? plan->gid : ns.outside.gid;
	if (ns.outside.uid != 0)
		ns.flags |= CLONE_NEWUSER; /* without it, nothing below is permitted */
	ns.flags |= available(plan->unshare_try & ~ns.flags);
	r = need_users(&ns, "uid", ns.inside.uid != ns.outside.uid, e);
	if (r == 0)
		r = need_users(&ns, "gid", ns.inside.gid != ns.outside.gid, e);
	if (r < 0)
		return r;
	ns.building = ns.inside;
	if ((ns.flags & CLONE_NEWUSER) && (ns.inside.uid != 0 || ns.inside.gid != 0) &&
	    plan_has_op(plan, OP_DEV)) {
		ns.second = true;
		ns.building = (struct ids){0};
	}
	*ret = ns;
	return 0;
}

static int write_map(int proc_self, const char *file, unsigned inside, unsigned outside,
		     struct err *e)
{
	char map[MAP_BYTES];
	int r;

	(void)snprintf(map, sizeof(map), "%u %u 1", inside, outside);
	r = io_write_file(proc_self, file, map);
	if (r < 0) {
		(void)err_sys(e, r, "cannot map id %u to %u in /proc/self/%s", inside, outside,
			      file);
		hint_id_map(e);
	}
	return r;
}

/* Map one user and one group; without setgroups(2), or the kernel refuses. */
static int write_maps(int proc_self, struct ids inside, struct ids outside, struct err *e)
{
	int r = io_write_file(proc_self, "setgroups", "deny");

	if (r < 0)
		return err_sys(e, r, "cannot forbid setgroups in /proc/self/setgroups");
	r = write_map(proc_self, "uid_map", inside.uid, outside.uid, e);
	if (r == 0)
		r = write_map(proc_self, "gid_map", inside.gid, outside.gid, e);
	return r;
}

int ns_map_first(const struct ns *ns, int proc_self, struct err *e)
{
	if (!(ns->flags & CLONE_NEWUSER))
		return 0;
	return write_maps(proc_self, ns->building, ns->outside, e);
}

int ns_enter_second(const struct ns *ns, int proc_self, struct err *e)
{
	int r;

	if (!ns->second)
		return 0;
	r = sys_unshare(CLONE_NEWUSER);
	if (r < 0) {
		(void)err_sys(e, r, "cannot make the second user namespace, which --dev needs");
		hint_namespaces(CLONE_NEWUSER, e);
		return r;
	}
	return write_maps(proc_self, ns->inside, ns->building, e);
}
