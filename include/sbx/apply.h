/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/dest.h"
#include "sbx/litter.h"
#include "sbx/plan.h"
#include "sbx/report.h"
#include "sbx/root.h"

/* A mount that the command may undo although mounts are locked: see lock.h. */
struct free_mount {
	const struct op *op;
	int tree; /* descriptor of it */
};

/* A path that is protected, for the guard: see guard.h. */
struct protected_place {
	size_t op;               /* the number of the plan's operation that protects it */
	bool on_host;            /* its placeholder is on the host, and removed at exit */
	struct litter_id parent; /* the directory that it is in */
	char *path;              /* inside, as dest_resolve() writes paths; the owner's to free */
};

/* What the ops work with. */
struct site {
	struct roots roots;
	struct litter litter; /* with its sockets; apply_ops() sets the rest */
	const struct plan *plan;
	bool new_procfs; /* the process namespace is new: it has a procfs of its own */
	bool new_sysfs;  /* the network namespace is new: it has a sysfs of its own */
	bool own_users;  /* nobody outside is in the sandbox's user namespace */
	bool by_root;    /* the caller is the machine's root, so that the payload may be it, too */
	bool owns_all; /* the command can come to own any directory, or write to it all the same */
	bool others_map;         /* somebody else says whom the sandbox's ids stand for: likewise */
	int sock;                /* to the monitor */
	const char *tty;         /* path of the terminal on standard output, "" if none */
	bool lock_mounts;        /* see lock.h */
	unsigned overlays;       /* that have a place for their changes on the stage */
	unsigned contents;       /* files of --bind-data on the stage */
	struct free_mount *free; /* in the order of their ops */
	unsigned n_free;
	mode_t umask;         /* bits that files on the host do not get unless asked for */
	enum link_rule links; /* which are followed, unless an op says otherwise */
	bool is_guarded;      /* protected paths are to be recorded, */
	struct protected_place *places; /* in the order of their ops */
	size_t n_places;
};

/*
 * Carry out every op of @site's plan, in order, and stop at the first that fails.
 *
 * Has to run between root_begin() and root_enter().  Returns 0 or -errno; @e
 * then names the option, the path and the step.  What was built so far stays:
 * the namespace goes away with the process.
 */
int apply_ops(struct site *site, struct err *e) must_check;

/* Where @op's destination starts: the sandbox's root as it is now. */
struct dest_root apply_root(const struct site *site, const struct op *op);

/* Mount @mount at @op's destination.  Returns 0 or -errno with @e set. */
int apply_attach(struct site *site, const struct op *op, int mount, struct err *e) must_check;

/*
 * Have it said that @op was done otherwise than one might think: a line without the option, which
 * is put before it.  Returns 0 or -errno with @e set.
 */
int apply_note(const struct site *site, const struct op *op, enum note_level level, struct err *e,
	       const char *fmt, ...) printf_like(5, 6) must_check;

/* Free the record of protected paths. */
void apply_forget_places(struct site *site);

/*
 * Protect @path, which is that of a struct protected_place, again as @op says: what is there now
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
