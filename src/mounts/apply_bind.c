/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "isolation/lock.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/dest.h"
#include "mounts/free_bind.h"
#include "mounts/source.h"
#include "sys/sys.h"

/*
 * Restrictions of a bind.  They are only ever added, to all mounts of the tree at once: a
 * recursive mount_setattr(2) changes all or none, and refuses to clear locked attributes.
 */
static uint64_t restrictions(unsigned flags)
{
	uint64_t attr = MOUNT_ATTR_NOSUID;

	if (!(flags & OP_DEVICES))
		attr |= MOUNT_ATTR_NODEV;
	if (flags & OP_READONLY)
		attr |= MOUNT_ATTR_RDONLY;
	return attr;
}

/* Restrict the detached @tree and mount it. */
static int attach(struct site *site, const struct op *op, int tree, struct err *e)
{
	struct mount_attr attr = {.attr_set = restrictions(op->flags)};
	int r = sys_mount_setattr(tree, AT_RECURSIVE, &attr);

	if (r < 0)
		return err_sys(e, r, "cannot restrict the mount for %s", op->dest);
	return apply_attach(site, op, tree, e);
}

/* Whether mounts of --free-bind are recorded: to be set aside, or for protected paths. */
static bool keeps_free(const struct site *site)
{
	return site->lock_mounts ||
	       (plan_protects(site->plan) && site->plan->mounts.lock != LOCK_NO);
}

int apply_bind(struct site *site, const struct op *op, struct err *e)
{
	autoclose int tree = source_clone(&site->roots, op->src, apply_root(site, op).links, e);
	int r;

	if (tree == -ENOENT && (op->flags & OP_IF_EXISTS))
		return 0;
	r = tree < 0 ? tree : attach(site, op, tree, e);
	if (r == 0 && (op->flags & OP_FREE) && keeps_free(site))
		r = free_bind_keep(site, op, fd_take(&tree), e);
	return r;
}

int apply_bind_fd(struct site *site, const struct op *op, struct err *e)
{
	autoclose int tree = source_clone_fd(&site->roots, op->fd, e);

	return tree < 0 ? tree : attach(site, op, tree, e);
}

int apply_remount_ro(struct site *site, const struct op *op, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	autoclose int mount = dest_open(apply_root(site, op), op->dest, e);
	int r;

	if (mount < 0)
		return mount;
	r = sys_mount_setattr(mount, 0, &attr);
	if (r == -EINVAL)
		return err_set(e, EINVAL, "%s is not a mount point in the sandbox", op->dest);
	if (r < 0)
		return err_sys(e, r, "cannot make %s read-only", op->dest);
	return 0;
}
