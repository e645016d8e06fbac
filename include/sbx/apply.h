/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/litter.h"
#include "sbx/plan.h"
#include "sbx/root.h"

/* What the ops work with. */
struct site {
	struct roots roots;
	struct litter
		litter; /* its sockets, and whether it is watched; apply_ops() sets the rest */
	const struct plan *plan;
	bool new_procfs;   /* the process namespace is new: it has a procfs of its own */
	bool cover_procfs; /* the payload might write to the host's parts of /proc */
	const char *tty;   /* path of the terminal on standard output, "" if none */
	unsigned overlays; /* that have a place for their changes on the stage */
};

/*
 * Carry out every op of @site's plan, in order, and stop at the first that fails.
 *
 * Has to run between root_begin() and root_enter().  Returns 0 or -errno; @e
 * then names the option, the path and the step.  What was built so far stays:
 * the namespace goes away with the process.
 */
int apply_ops(struct site *site, struct err *e) must_check;

/* Mount @mount at @op's destination.  Returns 0 or -errno with @e set. */
int apply_attach(struct site *site, const struct op *op, int mount, struct err *e) must_check;

/*
 * The kinds of op, by family: apply_bind.c, apply_overlay.c, apply_fs.c, apply_dev.c
 * and apply_file.c.  Each returns 0 or -errno with @e set; apply_ops() adds the
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
APPLY(dev);
APPLY(dir);
APPLY(symlink);
APPLY(file);
APPLY(bind_data);
APPLY(chmod);

#undef APPLY
