/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/link.h"
#include "mounts/mount_points.h"
#include "mounts/root.h"
#include "plan/plan.h"

/* A mount that the command may undo although mounts are locked: see lock.h. */
struct free_mount {
	const struct op *op;
	int tree; /* descriptor of it */
};

/* A path that is protected, for the guard: see guard.h. */
struct protected_path {
	size_t op;           /* the number of the plan's operation that protects it */
	bool on_host;        /* its placeholder is on the host, and removed at exit */
	struct inode parent; /* the directory that it is in */
	char *path;          /* inside, as dest_resolve() writes paths; the owner's to free */
};

/* What the ops work with. */
struct site {
	struct roots roots;
	struct mount_points mount_points; /* with its sockets; apply_ops() sets the rest */
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
	struct protected_path *protected; /* in the order of their ops */
	size_t n_protected;
};
