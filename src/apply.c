/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/apply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sbx/dest.h"
#include "sbx/hint.h"
#include "sbx/sys.h"

/* The kernel says EINVAL where it means that a file and a directory do not go together. */
static int name_mismatch(int mount, int dest)
{
	struct statx what = {0};
	struct statx where = {0};

	if (sys_statx(mount, STATX_TYPE, &what) < 0 || sys_statx(dest, STATX_TYPE, &where) < 0 ||
	    S_ISDIR(what.stx_mode) == S_ISDIR(where.stx_mode))
		return -EINVAL;
	return S_ISDIR(where.stx_mode) ? -EISDIR : -ENOTDIR;
}

/* Note a file system of the sandbox's own, where mount points need not be removed in the end. */
static int note_own(struct site *site, const struct op *op, int mount, struct err *e)
{
	const unsigned hosts = 1U << OP_BIND | 1U << OP_BIND_FD | 1U << OP_BIND_DATA |
			       1U << OP_PROC | 1U << OP_SYS;
	int r = (hosts & 1U << op->kind) != 0 ? 0 : litter_own(&site->litter, mount);

	return r < 0 ? err_sys(e, r, "cannot note the file system for %s down", op->dest) : 0;
}

struct dest_root apply_root(const struct site *site, const struct op *op)
{
	return (struct dest_root){
		.fd = site->roots.box,
		.links = op->flags & OP_NO_LINKS ? LINK_NONE : site->links,
	};
}

int apply_attach(struct site *site, const struct op *op, int mount, struct err *e)
{
	autoclose int dest = -1;
	int r = note_own(site, op, mount, e);

	if (r < 0)
		return r;
	dest = dest_mount_point(apply_root(site, op), op->dest, op->parents_mode, mount,
				&site->litter, e);
	if (dest < 0)
		return dest;
	r = root_mount(&site->roots, mount, dest);
	if (r == -EINVAL)
		r = name_mismatch(mount, dest);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "cannot mount on %s what has been removed", op->dest);
	if (r < 0) {
		(void)err_sys(e, r, "cannot mount on %s", op->dest);
		hint_attach(e);
	}
	if (r == -EISDIR)
		(void)err_bwrap(e, "Can't create file at %s: %s", op->dest, strerror(-r));
	else if (r == -ENOTDIR)
		(void)err_bwrap(e, "Can't mkdir %s: %s", op->dest, strerror(-r));
	return r;
}

int apply_note(const struct site *site, const struct op *op, enum note_level level, struct err *e,
	       const char *fmt, ...)
{
	struct note note = {.level = level};
	size_t used;
	va_list ap;
	int r;

	(void)snprintf(note.option, sizeof(note.option), "--%s", op->option);
	(void)snprintf(note.path, sizeof(note.path), "%s", op->dest);
	(void)snprintf(note.text, sizeof(note.text), "%s: ", note.option);
	used = strlen(note.text);
	va_start(ap, fmt);
	(void)vsnprintf(note.text + used, sizeof(note.text) - used, fmt, ap);
	va_end(ap);
	r = report_note(site->sock, &note);
	return r < 0 ? err_sys(e, r, "cannot tell the monitor of %s", op->dest) : 0;
}

/* How each kind of op is carried out. */
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

/* Warn if what @op has made on the host may stay there. */
static int warn_of_litter(struct site *site, const struct op *op, struct err *e)
{
	static const char *const reasons[] = {
		[LITTER_UNLOCKED] = "nothing can be locked there with flock(2)",
		[LITTER_UNMARKED] = "its file system keeps neither modes nor times",
		[LITTER_UNWATCHED] = "no inotify(7) is to be had to see the end of the sandbox: "
				     "--unshare-pid does without",
	};
	enum litter_stays why = site->litter.stays;

	site->litter.stays = LITTER_GOES;
	if (why == LITTER_GOES || site->plan->as_bwrap)
		return 0;
	return apply_note(site, op, NOTE_WARNING, e, "the mount point %s stays on the host: %s",
			  op->dest, reasons[why]);
}

/* Whether @op binds something of the host writable: then mount points may be made on the host. */
static bool binds_writable(const struct op *op)
{
	return (op->kind == OP_BIND || op->kind == OP_BIND_FD) && !(op->flags & OP_READONLY);
}

/* Prepare for mount points that are made on the host. */
static void begin_litter(struct site *site)
{
	for (size_t i = 0; i < site->plan->n_ops; i++)
		if (binds_writable(&site->plan->ops[i]))
			site->litter.is_possible = true;
	site->litter.stage = site->roots.stage;
	site->litter.cwd = site->roots.cwd >= 0 ? site->roots.cwd : site->roots.host;
}

int apply_ops(struct site *site, struct err *e)
{
	begin_litter(site);
	for (size_t i = 0; i < site->plan->n_ops; i++) {
		const struct op *op = &site->plan->ops[i];

		if (appliers[op->kind](site, op, e) >= 0 && warn_of_litter(site, op, e) == 0) {
			site->litter.is_on |= binds_writable(op);
			continue;
		}
		(void)err_path(e, op->dest);
		return err_option(e, op->option);
	}
	return 0;
}
