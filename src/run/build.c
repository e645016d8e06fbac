/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/build.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>

#include "isolation/label.h"
#include "isolation/lock.h"
#include "mounts/apply.h"
#include "mounts/free_bind.h"
#include "run/guard.h"
#include "sys/sys.h"

static int set_hostname(const struct plan *plan, struct err *e)
{
	int r;

	if (plan->namespaces.hostname == NULL)
		return 0;
	r = sys_sethostname(plan->namespaces.hostname);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot set the host name to %s", plan->namespaces.hostname);
	return err_option(e, "hostname");
}

static int bring_up_network(const struct ns *ns, struct err *e)
{
	int r;

	if (!(ns->flags & CLONE_NEWNET))
		return 0;
	r = sys_loopback_up();
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot bring lo up");
	return err_option(e, "unshare-net");
}

/* ID maps, IDs, host name and network, before the mounts. */
static int set_up_namespaces(const struct box *box, int proc, struct err *e)
{
	int r = ns_map(&box->ns, NS_MAPPER_INSIDE, proc, "self", e);

	if (r == 0)
		r = ns_become(&box->ns, e);
	if (r == 0)
		r = set_hostname(box->plan, e);
	return r < 0 ? r : bring_up_network(&box->ns, e);
}

/* Whether later mounts and unmounts on the host propagate into the sandbox. */
static bool lets_mounts_in(const struct box *box)
{
	if (box->plan->mounts.propagation != PROPAGATION_USUAL)
		return box->plan->mounts.propagation == PROPAGATION_SLAVE;
	return box->plan->as_bwrap && !box->bad_kernel;
}

/*
 * Whether the command can take over any directory: change its owner or its own IDs, or ignore
 * permissions.  An ordinary user's command has no other IDs for that.
 */
static bool can_own(const struct site *site, const struct caps *caps)
{
	const uint64_t rights = caps_bit(CAP_CHOWN) | caps_bit(CAP_FOWNER) | caps_bit(CAP_SETUID) |
				caps_bit(CAP_SETGID) | caps_bit(CAP_DAC_OVERRIDE);

	return (site->by_root || site->others_map) && (!caps->set || (caps->keep & rights) != 0);
}

/* Which links in destinations are followed: bubblewrap leaves it to the kernel. */
static enum link_rule links_followed(const struct box *box)
{
	if (box->plan->as_bwrap)
		return LINK_STICKY;
	return box->ns.outside.uid == 0 ? LINK_TRUSTED_MAPPED : LINK_TRUSTED;
}

/* What the operations of @box need. */
static struct site site_of(const struct box *box)
{
	struct site site = {
		.roots = ROOTS_NONE,
		.mount_points = {.monitor = box->sock,
				 .janitor = box->helpers[HELPER_JANITOR].inside,
				 .is_watched = box_is_over_with_first(box)},
		.plan = box->plan,
		.new_procfs = (box->ns.flags & CLONE_NEWPID) || box->ns.pids >= 0,
		.new_sysfs = (box->ns.flags & CLONE_NEWNET) != 0,
		.own_users = ns_own_users(&box->ns),
		.by_root = box->ns.outside.uid == 0,
		.links = links_followed(box),
		.umask = box->plan->as_bwrap ? 0 : box->umask,
		.others_map = box->ns.users >= 0 || box->ns.users2 >= 0 ||
			      plan_fd(box->plan, FD_USERNS_BLOCK) >= 0,
		.sock = box->sock,
		.tty = box->tty,
		.lock_mounts = box->ns.lock_mounts,
		.is_guarded = box->guard_way != GUARD_OFF,
	};

	site.owns_all = can_own(&site, &box->caps);
	return site;
}

/* Make the staging tmpfs the working directory.  Returns 1 or -errno with @e set. */
static int enter_stage(const struct roots *roots, struct err *e)
{
	int r = sys_fchdir(roots->stage);

	return r < 0 ? err_sys(e, r, "cannot enter the staging directory") : 1;
}

/*
 * Build the root and enter it; the caller frees @site's record of protected paths.  Returns 1 if
 * the working directory is the staging tmpfs, which is still needed; else 0 or -errno with @e set.
 */
static int build_root(const struct box *box, struct site *site, struct err *e)
{
	int r = label_apply(box->plan, e);

	*site = site_of(box);
	if (r == 0)
		r = root_begin(&site->roots, lets_mounts_in(box), e);
	if (r == 0)
		r = apply_ops(site, e);
	if (r == 0)
		r = apply_warn_of_proc(site, e);
	if (r == 0)
		r = free_bind_set_aside(site, e);
	if (r == 0)
		r = root_enter(&site->roots, e);
	if (r == 0 && ((site->lock_mounts && site->n_free > 0) || site->is_guarded))
		r = enter_stage(&site->roots, e);
	free_bind_done(site);
	roots_done(&site->roots);
	mount_point_done(&site->mount_points);
	return r;
}

static int make_session(const struct plan *plan, struct err *e)
{
	int r = plan->processes.new_session ? sys_setsid() : 0;

	if (r >= 0)
		return 0;
	(void)err_sys(e, r, "cannot create a session");
	return err_option(e, "new-session");
}

/*
 * In the command's mount namespace, with the staging tmpfs as working directory: have the guard
 * watch the protected paths.  Returns 0 or -errno with @e set.
 */
static int have_watched(struct box *box, const struct site *site, int proc, struct err *e)
{
	autoclose int stage = -1;

	if (box->guard_way == GUARD_OFF)
		return 0;
	stage = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	if (stage < 0)
		return err_sys(e, stage, "cannot open the staging directory");
	return guard_entrust(box, site->protected, site->n_protected, stage, proc, e);
}

int build(struct box *box, int proc, struct err *e)
{
	struct site site = {0};
	bool on_stage;
	int r;

	r = sys_umask(0); /* modes are set exactly */
	if (r < 0)
		return err_sys(e, r, "cannot set the umask");
	box->umask = (mode_t)r;
	r = set_up_namespaces(box, proc, e);
	if (r == 0)
		r = build_root(box, &site, e);
	on_stage = r > 0;
	if (r >= 0)
		r = ns_enter_last(&box->ns, proc, e);
	if (r == 0)
		r = have_watched(box, &site, proc, e);
	if (r == 0 && on_stage)
		r = free_bind_hand_over(box->plan, e);
	apply_forget_protected(&site);
	return r < 0 ? r : make_session(box->plan, e);
}
