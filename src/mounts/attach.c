/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/attach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/hint.h"
#include "sys/sys.h"

/*
 * The kernel reports EINVAL for a file and a directory that do not go together.  Returns the errno
 * for that, or -EINVAL.
 */
static int name_mismatch(int mount, int dest)
{
	struct statx what = {0};
	struct statx where = {0};

	if (sys_statx(mount, STATX_TYPE, &what) < 0 || sys_statx(dest, STATX_TYPE, &where) < 0 ||
	    S_ISDIR(what.stx_mode) == S_ISDIR(where.stx_mode))
		return -EINVAL;
	return S_ISDIR(where.stx_mode) ? -EISDIR : -ENOTDIR;
}

/*
 * Record a file system of the sandbox's own, where mount points stay.  Returns 0 or -errno with @e
 * set.
 */
static int add_own_fs(struct site *site, const struct op *op, int mount, struct err *e)
{
	const unsigned hosts = 1U << OP_BIND | 1U << OP_BIND_FD | 1U << OP_BIND_DATA |
			       1U << OP_PROC | 1U << OP_SYS;
	int r = (hosts & 1U << op->kind) != 0 ? 0
					      : mount_point_add_own_fs(&site->mount_points, mount);

	return r < 0 ? err_sys(e, r, "cannot record the file system for %s", op->dest) : 0;
}

struct dest_root apply_root(const struct site *site, const struct op *op)
{
	return (struct dest_root){
		.fd = site->roots.box,
		.links = op->flags & OP_NO_LINKS ? LINK_NONE : site->links,
	};
}

/* Set @e: @op's mount failed because of @r.  Returns that. */
static int explain(const struct op *op, int r, struct err *e)
{
	if (r == -ENOENT)
		return err_set(e, ENOENT, "cannot mount on %s what has been removed", op->dest);
	(void)err_sys(e, r, "cannot mount on %s", op->dest);
	hint_attach(e);
	if (r == -EISDIR)
		(void)err_bwrap(e, "Can't create file at %s: %s", op->dest, strerror(-r));
	else if (r == -ENOTDIR)
		(void)err_bwrap(e, "Can't mkdir %s: %s", op->dest, strerror(-r));
	return r;
}

int apply_attach(struct site *site, const struct op *op, int mount, struct err *e)
{
	autoclose int dest = -1;
	int r = add_own_fs(site, op, mount, e);

	if (r < 0)
		return r;
	dest = dest_mount_point(apply_root(site, op), op->dest, op->parents_mode, mount,
				&site->mount_points, e);
	if (dest < 0)
		return dest;
	r = root_mount(&site->roots, mount, dest);
	if (r == -EINVAL)
		r = name_mismatch(mount, dest);
	return r < 0 ? explain(op, r, e) : r;
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
	return r < 0 ? err_sys(e, r, "cannot send the note about %s", op->dest) : 0;
}
