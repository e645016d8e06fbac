/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/site.h"

/*
 * Carry out every op of @site's plan, in order, and stop at the first that fails.
 *
 * Has to run between root_begin() and root_enter().  Returns 0 or -errno; @e
 * then names the option, the path and the step.  What was built so far stays:
 * the namespace goes away with the process.
 */
int apply_ops(struct site *site, struct err *e) must_check;

/* Free the record of protected paths. */
void apply_forget_protected(struct site *site);

/*
 * Protect @path, which is that of a struct protected_path, again as @op says: what is there now
 * has no mount of ours any more.  The directories above are pinned again where they are not, and
 * the placeholder of --deny-create is made again if its directory exists.
 *
 * @site needs no more than the stage, the root, and the litter.  Returns 0 or -errno: -ENOENT or
 * -ENOTDIR if there is nothing, -ELOOP if there is a link that cannot be made read-only.
 */
int apply_again(struct site *site, const struct op *op, const char *path) must_check;

/*
 * Once all are carried out: warn of a procfs at /proc that came along with a bind, where the
 * sandbox has a process namespace, which that does not show.  Returns 0 or -errno with @e set.
 */
int apply_warn_of_proc(const struct site *site, struct err *e) must_check;

/*
 * The kinds of op, by family: apply_bind.c, apply_overlay.c, apply_fs.c, apply_proc.c, apply_dev.c,
 * apply_file.c and apply_protect.c.  Each returns 0 or -errno with @e set; apply_ops() adds the
 * option's name.
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
