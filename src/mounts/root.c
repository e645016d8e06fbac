/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The mount namespace starts as a copy of the host's mounts.  A tmpfs, the staging tmpfs, is
 *mounted over "/" and becomes the root by pivot_root(2); the host's tree moves to its directory
 *"host". A mount of its directory "box" becomes the sandbox's root.
 *
 *	staging tmpfs ─┬─ host   what was "/": sources are opened here
 *	               └─ box    what becomes "/": destinations are opened here
 *
 * Then the process changes its root back to "host", so that sources mean what the caller means by
 * them: links and ".." included, with nothing of the staging tmpfs in sight.  Destinations are
 * opened with RESOLVE_IN_ROOT below "box".  That is the root of a mount, so no path leads from it
 * to "host" either.
 *
 * At the end "host" is detached as a whole and "box" is moved over the root of the staging tmpfs.
 * The process changes its root to it, as an initramfs hands over.
 *
 * Two alternatives were tried.  Building on a detached tree fails: Linux before 6.15 cannot mount
 * on one, and no kernel can change the attributes of a mount below its top, which --remount-ro
 * needs.  A tree mounted over "/" is copied by a recursive bind of "/", and ".." of "/" in a
 * source leads into it.
 */
#include "mounts/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/inode.h"
#include "host/hint.h"
#include "mounts/fs.h"
#include "sys/sys.h"

#define STAGE_HOST "host"
#define STAGE_BOX "box"
#define DIR_MODE 0755
#define MAX_OVER_ROOT 16 /* mounts on top of each other at "/" of the host */

void roots_done(struct roots *roots)
{
	sys_drop(&roots->box);
	sys_drop(&roots->stage);
	sys_drop(&roots->cwd);
	sys_drop(&roots->host);
}

/* Open the host's root and working directory, and keep mounts from propagating to the host. */
static int open_host(struct roots *roots, bool slave, struct err *e)
{
	struct mount_attr attr = {.propagation = slave ? MS_SLAVE : MS_PRIVATE};
	int r;

	roots->host = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (roots->host < 0)
		return err_sys(e, roots->host, "cannot open / on the host");
	roots->cwd = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	r = sys_mount_setattr(roots->host, AT_RECURSIVE, &attr);
	if (r < 0) {
		(void)err_sys(e, r, "cannot stop mount propagation to the host");
		hint_root(e);
	}
	return r;
}

/* Mount the staging tmpfs over "/" and move the host's tree into it. */
static int set_stage(struct roots *roots, struct err *e)
{
	int r;

	roots->stage = fs_tmpfs(DIR_MODE, 0, NULL, e);
	if (roots->stage < 0)
		return roots->stage;
	r = sys_move_mount(roots->stage, roots->host);
	if (r < 0)
		return err_sys(e, r, "cannot mount the staging tmpfs");
	r = sys_mkdirat(roots->stage, STAGE_HOST, DIR_MODE);
	if (r == 0)
		r = sys_mkdirat(roots->stage, STAGE_BOX, DIR_MODE);
	if (r == 0)
		r = sys_fchdir(roots->stage);
	if (r < 0) {
		(void)err_sys(e, r, "cannot set up the staging tmpfs");
		hint_root(e);
		return r;
	}
	r = sys_pivot_root(".", STAGE_HOST);
	if (r < 0) {
		(void)err_sys(e, r, "cannot change the root");
		hint_root(e);
		return r;
	}
	r = sys_fchdir(roots->host);
	if (r == 0)
		r = sys_chroot(".");
	if (r == 0 && roots->cwd >= 0)
		r = sys_fchdir(roots->cwd); /* for sources such as /proc/self/cwd */
	if (r < 0)
		return err_sys(e, r, "cannot go back to the host's root");
	return 0;
}

int root_begin(struct roots *roots, bool slave, struct err *e)
{
	autoclose int dir = -1;
	int r = open_host(roots, slave, e);

	if (r == 0)
		r = set_stage(roots, e);
	if (r < 0)
		return r;
	dir = sys_openat(roots->stage, STAGE_BOX, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(e, dir, "cannot open the new root");
	roots->box = sys_open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (roots->box < 0)
		return err_sys(e, roots->box, "cannot create the new root");
	r = sys_move_mount(roots->box, dir);
	if (r < 0)
		return err_sys(e, r, "cannot mount the new root");
	return 0;
}

int root_same_file(int a, int b)
{
	struct statx x = {0};
	struct statx y = {0};
	int r = sys_statx(a, STATX_INO | STATX_MNT_ID, &x);

	if (r == 0)
		r = sys_statx(b, STATX_INO | STATX_MNT_ID, &y);
	return r < 0 ? r
		     : x.stx_mnt_id == y.stx_mnt_id && inode_is_same(inode_of(&x), inode_of(&y));
}

int root_is(const struct roots *roots, int fd)
{
	return root_same_file(fd, roots->box);
}

int root_mount(struct roots *roots, int mount, int dest)
{
	int is_root = root_is(roots, dest);
	int r = is_root < 0 ? is_root : sys_move_mount(mount, dest);

	if (r < 0 || !is_root)
		return r;
	sys_drop(&roots->box);
	roots->box = sys_openat(mount, ".", O_PATH | O_DIRECTORY, 0);
	return roots->box < 0 ? roots->box : 0;
}

/*
 * Detach the host's tree, and all that the host has mounted over its "/".  EINVAL, "not mounted",
 * after that proves that it is gone.
 */
static int drop_host(const struct roots *roots, struct err *e)
{
	int gone = 0;
	int r = sys_fchdir(roots->host);

	while (r == 0 && gone < MAX_OVER_ROOT) {
		r = sys_umount(".", MNT_DETACH);
		gone += r == 0;
	}
	if (r == -EINVAL && gone > 0)
		return 0;
	return err_sys(e, r < 0 ? r : -EBUSY, "cannot detach the host's root");
}

int root_enter(struct roots *roots, struct err *e)
{
	int r = drop_host(roots, e);

	if (r < 0)
		return r;
	r = sys_move_mount(roots->box, roots->stage);
	if (r == 0)
		r = sys_fchdir(roots->box);
	if (r == 0)
		r = sys_chroot(".");
	if (r < 0)
		return err_sys(e, r, "cannot enter the new root");
	return 0;
}
