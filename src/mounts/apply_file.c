/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/dest.h"
#include "sys/io.h"
#include "sys/sys.h"

#define DATA_NAME_BYTES 16 /* of a file on the staging tmpfs: "data" and a number */

/* Accept an existing directory, with its mode.  Returns 0 or -errno. */
static int check_dir(const struct entry *dest)
{
	autoclose int dir = sys_openat(dest->dir, dest->name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	return dir < 0 ? dir : 0;
}

int apply_dir(struct site *site, const struct op *op, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	int r = dest_find(apply_root(site, op), op->dest, op->parents_mode, false, &dest, e);

	if (r < 0)
		return r;
	r = sys_mkdirat(dest.dir, dest.name, op->mode);
	if (r == -EEXIST)
		r = check_dir(&dest);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot create the directory %s", op->dest);
	(void)err_bwrap(e, "Can't mkdir %s: %s", op->dest, strerror(-r));
	return r;
}

/* Accept an existing link at @dest if it has the same target.  Returns 0 or -errno with @e set. */
static int check_link(const struct op *op, const struct entry *dest, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = sys_readlinkat(dest->dir, dest->name, target, sizeof(target) - 1);

	if (n < 0) {
		(void)err_set(e, EEXIST,
			      "cannot create the link %s: it exists and is not a symbolic link",
			      op->dest);
		return err_bwrap(
			e, "Can't make symlink at %s: destination exists and is not a symlink",
			op->dest);
	}
	target[n] = '\0';
	if (strcmp(target, op->target) == 0)
		return 0;
	(void)err_set(e, EEXIST, "cannot create the link %s: it already points to %s", op->dest,
		      target);
	return err_bwrap(e, "Can't make symlink at %s: existing destination is %s", op->dest,
			 target);
}

int apply_symlink(struct site *site, const struct op *op, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	int r = dest_find(apply_root(site, op), op->dest, op->parents_mode, true, &dest, e);

	if (r < 0)
		return r;
	r = sys_symlinkat(op->target, dest.dir, dest.name);
	if (r == -EEXIST)
		return check_link(op, &dest, e);
	return r < 0 ? err_sys(e, r, "cannot create the link %s", op->dest) : 0;
}

/*
 * Copy @op's descriptor to the new file @out.  Writing clears set-user-ID and set-group-ID bits:
 * set them again.  Returns 0 or -errno.
 */
static int fill(const struct op *op, int out)
{
	int r = io_copy(op->fd, out);

	return r == 0 && (op->mode & (S_ISUID | S_ISGID)) ? sys_fchmod(out, op->mode) : r;
}

/*
 * The mode of @op's file in the directory @dir.  The caller's umask applies on the host, unless the
 * option sets a mode; an overlay's changes may be on the host, too.  Returns the mode or -errno.
 */
static int file_mode(struct site *site, const struct op *op, int dir)
{
	struct statfs fs = {0};
	int r;

	if (!(op->flags & OP_USUAL_MODE) || site->umask == 0)
		return (int)op->mode;
	r = mount_point_is_on_host(&site->mount_points, dir);
	if (r == 0)
		r = sys_fstatfs(dir, &fs);
	if (r < 0)
		return r;
	return (int)(r > 0 || fs.f_type == OVERLAYFS_SUPER_MAGIC ? op->mode & ~site->umask
								 : op->mode);
}

/*
 * Open the regular file @dest for writing; create it if it is missing.  O_NONBLOCK: another
 * process may have put a FIFO there.  Returns a descriptor or -errno with @e set.
 */
static int open_output(struct site *site, const struct entry *dest, const struct op *op,
		       struct err *e)
{
	int mode = file_mode(site, op, dest->dir);
	autoclose int fd =
		mode < 0 ? mode
			 : sys_openat(dest->dir, dest->name,
				      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK,
				      (mode_t)mode);
	struct statx st = {0};
	int r = fd < 0 ? fd : sys_statx(fd, STATX_TYPE, &st);

	if (r < 0) {
		(void)err_sys(e, r, "cannot create the file %s", op->dest);
		(void)err_bwrap(e, "Can't create file %s: %s", op->dest, strerror(-r));
		return r;
	}
	if (!S_ISREG(st.stx_mode))
		return err_set(e, EEXIST,
			       "cannot create the file %s: it exists and is not a regular file",
			       op->dest);
	return fd_take(&fd);
}

int apply_file(struct site *site, const struct op *op, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	autoclose int out = -1;
	int r = dest_find(apply_root(site, op), op->dest, op->parents_mode, false, &dest, e);

	if (r < 0)
		return r;
	out = open_output(site, &dest, op, e);
	if (out < 0)
		return out;
	r = fill(op, out);
	return r < 0 ? err_sys(e, r, "cannot copy descriptor %d to %s", op->fd, op->dest) : 0;
}

/*
 * Copy @op's descriptor to a file on the staging tmpfs.  Returns a detached mount of the file, or
 * -errno with @e set.  The file keeps its name there, which no process inside sees: an unlinked
 * file cannot be a mount point, for a mask for example.
 */
static int make_data(struct site *site, const struct op *op, struct err *e)
{
	int stage = site->roots.stage;
	char name[DATA_NAME_BYTES];
	autoclose int out = -1;
	int r;

	(void)snprintf(name, sizeof(name), "data%u", site->contents++);
	out = sys_openat(stage, name, O_WRONLY | O_CREAT | O_EXCL, op->mode);
	r = out < 0 ? out : fill(op, out);
	if (r == 0)
		r = sys_open_tree(stage, name, OPEN_TREE_CLONE);
	return r < 0 ? err_sys(e, r, "cannot copy descriptor %d for %s", op->fd, op->dest) : r;
}

int apply_bind_data(struct site *site, const struct op *op, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	autoclose int mount = make_data(site, op, e);
	int r;

	if (mount < 0)
		return mount;
	if (op->flags & OP_READONLY)
		attr.attr_set |= MOUNT_ATTR_RDONLY;
	r = sys_mount_setattr(mount, 0, &attr);
	if (r < 0)
		return err_sys(e, r, "cannot restrict the mount of %s", op->dest);
	return apply_attach(site, op, mount, e);
}

/*
 * Change the mode of @op's destination without fchmodat2(2) (Linux 6.6): by fchmod(2), never
 * through a symbolic link that has appeared there.
 */
static int chmod_opened(const struct site *site, const struct op *op, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	autoclose int fd = -1;
	int r = dest_find(apply_root(site, op), op->dest, DEST_NO_PARENTS, false, &dest, e);

	if (r < 0)
		return r;
	fd = sys_openat(dest.dir, dest.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	r = fd < 0 ? fd : sys_fchmod(fd, op->mode);
	return r < 0 ? err_sys(e, r, "cannot change the mode of %s", op->dest) : 0;
}

int apply_chmod(struct site *site, const struct op *op, struct err *e)
{
	autoclose int fd = dest_open(apply_root(site, op), op->dest, e);
	int r;

	if (fd < 0)
		return fd;
	r = sys_fchmod_path(fd, op->mode);
	if (r == -ENOSYS || r == -EPERM) /* EPERM: some seccomp filters refuse new calls so */
		return chmod_opened(site, op, e);
	return r < 0 ? err_sys(e, r, "cannot change the mode of %s", op->dest) : 0;
}
