/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The namespace starts as a copy of the host's mounts.  A tmpfs, the stage, is
 * put over "/" and pivoted into, the host's tree going to its directory "host";
 * a mount of its directory "box" is the sandbox's root to be.
 *
 *	stage ─┬─ host   what was "/": sources are opened here
 *	       └─ box    what becomes "/": destinations are opened here
 *
 * Then the process changes its root back to "host", so that sources mean what
 * the caller means by them: links and ".." included, with nothing of the stage
 * in sight.  Destinations are opened with RESOLVE_IN_ROOT below "box", which is
 * the root of a mount, so that no path leads from it to "host" either.
 *
 * In the end "host" is detached as a whole, "box" is moved over the stage's
 * root, and the process changes its root to it: the way in which an initramfs
 * hands over.
 *
 * Why not build on a detached tree, or one mounted over "/" (both were tried)?
 * Linux before 6.15 cannot mount on a detached tree, and none can change the
 * attributes of a mount below its top, which --remount-ro needs.  What is
 * mounted over "/" is copied by a recursive bind of "/", and ".." of "/" in a
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
#define MAX_OVER_ROOT 16 /* mounts that the host may have on top of each other at "/" */

static void drop(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

void roots_done(struct roots *roots)
{
	drop(&roots->box);
	drop(&roots->stage);
	drop(&roots->cwd);
	drop(&roots->host);
}

/* Open the host's root and working directory, and stop mounts from spreading to the host. */
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
		(void)err_sys(e, r, "cannot keep mounts from spreading to the host");
		hint_root(e);
	}
	return r;
}

/* Put the stage over "/" and move the host's tree aside. */
static int set_stage(struct roots *roots, struct err *e)
{
	int r;

	roots->stage = fs_tmpfs(DIR_MODE, 0, NULL, e);
	if (roots->stage < 0)
		return roots->stage;
	r = sys_move_mount(roots->stage, roots->host);
	if (r < 0)
		return err_sys(e, r, "cannot mount the stage");
	r = sys_mkdirat(roots->stage, STAGE_HOST, DIR_MODE);
	if (r == 0)
		r = sys_mkdirat(roots->stage, STAGE_BOX, DIR_MODE);
	if (r == 0)
		r = sys_fchdir(roots->stage);
	if (r < 0) {
		(void)err_sys(e, r, "cannot set up the stage");
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
		return err_sys(e, roots->box, "cannot make the new root");
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

int root_is(const struct roots *roots, int place)
{
	return root_same_file(place, roots->box);
}

int root_mount(struct roots *roots, int mount, int dest)
{
	int is_root = root_is(roots, dest);
	int r = is_root < 0 ? is_root : sys_move_mount(mount, dest);

	if (r < 0 || !is_root)
		return r;
	drop(&roots->box);
	roots->box = sys_openat(mount, ".", O_PATH | O_DIRECTORY, 0);
	return roots->box < 0 ? roots->box : 0;
}

/*
 * Detach the host's tree, and whatever the host had mounted over its "/" as
 * well.  "Not mounted" in the end is the proof that it is gone.
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
	return err_sys(e, r < 0 ? r : -EBUSY, "cannot let go of the host's root");
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
