/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/apply.h"

#include "mounts/attach.h"

/* The function for each kind of operation. */
static int (*const appliers[OP_KINDS])(struct site *, const struct op *, struct err *) = {
	[OP_BIND] = apply_bind,
	[OP_BIND_FD] = apply_bind_fd,
	[OP_OVERLAY] = apply_overlay,
	[OP_TMP_OVERLAY] = apply_tmp_overlay,
	[OP_RO_OVERLAY] = apply_ro_overlay,
	[OP_TMPFS] = apply_tmpfs,
	[OP_DIR] = apply_dir,
	[OP_PROC] = apply_proc,
	[OP_SYS] = apply_sys,
	[OP_DEV] = apply_dev,
	[OP_MQUEUE] = apply_mqueue,
	[OP_SYMLINK] = apply_symlink,
	[OP_FILE] = apply_file,
	[OP_BIND_DATA] = apply_bind_data,
	[OP_CHMOD] = apply_chmod,
	[OP_REMOUNT_RO] = apply_remount_ro,
	[OP_MASK] = apply_mask,
	[OP_RO] = apply_ro,
	[OP_DENY_CREATE] = apply_deny_create,
};

/* Warn if a mount point that @op has created on the host may stay there. */
static int warn_of_mount_points(struct site *site, const struct op *op, struct err *e)
{
	static const char *const reasons[] = {
		[MOUNT_POINT_UNLOCKED] = "flock(2) does not work there",
		[MOUNT_POINT_UNMARKED] = "its file system keeps neither modes nor timestamps",
		[MOUNT_POINT_UNWATCHED] = "inotify(7) cannot report the end of the sandbox: "
					  "--unshare-pid does not need it",
	};
	enum mount_point_stays why = site->mount_points.stays;

	site->mount_points.stays = MOUNT_POINT_GOES;
	if (why == MOUNT_POINT_GOES || site->plan->as_bwrap)
		return 0;
	return apply_note(site, op, NOTE_WARNING, e, "the mount point %s stays on the host: %s",
			  op->dest, reasons[why]);
}

/*
 * Whether @op binds a file or directory of the host writable: then mount points may be created on
 * the host.
 */
static bool binds_writable(const struct op *op)
{
	return (op->kind == OP_BIND || op->kind == OP_BIND_FD) && !(op->flags & OP_READONLY);
}

/* Prepare for host mount points. */
static void begin_mount_points(struct site *site)
{
	for (size_t i = 0; i < site->plan->files.n_ops; i++)
		if (binds_writable(&site->plan->files.ops[i]))
			site->mount_points.is_possible = true;
	site->mount_points.stage = site->roots.stage;
	site->mount_points.cwd = site->roots.cwd >= 0 ? site->roots.cwd : site->roots.host;
}

int apply_ops(struct site *site, struct err *e)
{
	begin_mount_points(site);
	for (size_t i = 0; i < site->plan->files.n_ops; i++) {
		const struct op *op = &site->plan->files.ops[i];

		if (appliers[op->kind](site, op, e) >= 0 &&
		    warn_of_mount_points(site, op, e) == 0) {
			site->mount_points.is_on |= binds_writable(op);
			continue;
		}
		(void)err_path(e, op->dest);
		return err_option(e, op->option);
	}
	return 0;
}
