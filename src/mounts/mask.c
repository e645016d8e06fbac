/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/inode.h"
#include "sys/sys.h"

#define MASK_DIR "mask-dir"
#define MASK_FILE "mask-file"
#define MASK_MODE 0

static int make_file(int stage)
{
	autoclose int file =
		sys_openat(stage, MASK_FILE, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MASK_MODE);

	return file < 0 ? file : 0;
}

/*
 * Clone the empty directory or file that masks show; the first call creates it.  It is on the
 * staging tmpfs, as only attached mounts can be cloned before Linux 6.15.
 */
static int clone_mask(int stage, bool is_dir)
{
	const char *name = is_dir ? MASK_DIR : MASK_FILE;
	int r = sys_open_tree(stage, name, OPEN_TREE_CLONE);

	if (r != -ENOENT)
		return r;
	r = is_dir ? sys_mkdirat(stage, name, MASK_MODE) : make_file(stage);
	return r < 0 ? r : sys_open_tree(stage, name, OPEN_TREE_CLONE);
}

int mask_covers(int stage, int place)
{
	struct statx what = {0};
	struct statx mask = {0};
	autoclose int fd = -1;
	int r = sys_statx(place, STATX_TYPE | STATX_INO, &what);

	if (r < 0)
		return r;
	fd = sys_openat(stage, S_ISDIR(what.stx_mode) ? MASK_DIR : MASK_FILE, O_PATH | O_NOFOLLOW,
			0);
	if (fd == -ENOENT)
		return false; /* there is no such mask yet */
	r = fd < 0 ? fd : sys_statx(fd, STATX_TYPE | STATX_INO, &mask);
	return r < 0 ? r : inode_is_same(inode_of(&what), inode_of(&mask));
}

/* A detached mount of a mask for @place, or -errno. */
static int make(int stage, int place)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	autoclose int mask = -1;
	struct statx what = {0};
	int r = sys_statx(place, STATX_TYPE, &what);

	if (r < 0)
		return r;
	mask = clone_mask(stage, S_ISDIR(what.stx_mode));
	r = mask < 0 ? mask : sys_mount_setattr(mask, 0, &attr);
	return r < 0 ? r : fd_take(&mask);
}

int mask_place(int stage, int place)
{
	autoclose int mask = make(stage, place);

	return mask < 0 ? mask : sys_move_mount(mask, place);
}
