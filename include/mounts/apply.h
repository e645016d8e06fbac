/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/site.h"

/*
 * Carry out every operation of @site's plan, in order, and stop at the first that fails.
 *
 * Has to run between root_begin() and root_enter().  Returns 0 or -errno; @e then names the option,
 * the path and the step.  What was built so far is left to the end of the namespace.
 */
int apply_ops(struct site *site, struct err *e) must_check;

/* Free the list of protected paths. */
void apply_forget_protected(struct site *site);

/*
 * Protect @path, of a struct protected_path, again as @op says, after our mount on it was lost.
 * Directories above are pinned again where needed.  The placeholder of --deny-create is created
 * again if its directory exists.
 *
 * @site needs only the roots for the staging tmpfs and the sandbox, and the mount points.  Returns
 * 0 or -errno: -ENOENT or -ENOTDIR if the path is missing, -ELOOP for a link that cannot be made
 * read-only.
 */
int apply_again(struct site *site, const struct op *op, const char *path) must_check;

/*
 * Once all are carried out: warn of a procfs at /proc that came with a bind.  If the sandbox has a
 * PID namespace of its own, that procfs does not show it.  Returns 0 or -errno with @e set.
 */
int apply_warn_of_proc(const struct site *site, struct err *e) must_check;

/*
 * The kinds of operation, by family: apply_bind.c, apply_overlay.c, apply_fs.c, apply_proc.c,
 * apply_dev.c, apply_file.c and apply_protect.c.  Each returns 0 or -errno with @e set; apply_ops()
 * adds the option's name.
 */
#define APPLY(kind) int apply_##kind(struct site *site, const struct op *op, struct err *e)

APPLY(bind);
APPLY(bind_fd);
APPLY(overlay);
APPLY(tmp_overlay);
APPLY(ro_overlay);
APPLY(remount_ro);
APPLY(tmpfs);
APPLY(mqueue);
APPLY(proc);
APPLY(sys);
APPLY(dev);
APPLY(dir);
APPLY(symlink);
APPLY(file);
APPLY(bind_data);
APPLY(chmod);
APPLY(mask);
APPLY(ro);
APPLY(deny_create);

#undef APPLY
