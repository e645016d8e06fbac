/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/link.h"
#include "mounts/mount_points.h"
#include "mounts/root.h"
#include "plan/plan.h"

/* A mount that the command may unmount although mounts are locked: see lock.h. */
struct free_mount {
	const struct op *op;
	int tree; /* descriptor of the mount */
};

/* A protected path, for the guard: see guard.h. */
struct protected_path {
	size_t op;           /* index of the plan's operation that protects it */
	bool on_host;        /* its placeholder is on the host, and removed at exit */
	struct inode parent; /* its directory */
	char *path; /* in the sandbox, as dest_resolve() writes paths; the owner's to free */
};

/*
 * The site on which the operations build: the root of the sandbox under construction, and all that
 * they share while they build it.
 */
struct site {
	struct roots roots;
	struct mount_points mount_points; /* the caller sets its sockets, apply_ops() the rest */
	const struct plan *plan;
	bool new_procfs; /* the PID namespace is new: it has a procfs of its own */
	bool new_sysfs;  /* the network namespace is new: it has a sysfs of its own */
	bool own_users;  /* no process outside is in the sandbox's user namespace */
	bool by_root;    /* the caller is root in the initial user namespace, so COMMAND may be */
	bool owns_all; /* the command can come to own any directory, or write to it all the same */
	bool others_map;         /* another process writes the ID maps, and may map root */
	int sock;                /* socket to the monitor */
	const char *tty;         /* path of the terminal on standard output, "" if none */
	bool lock_mounts;        /* see lock.h */
	unsigned overlays;       /* count of those whose changes go to the staging tmpfs */
	unsigned contents;       /* count of --bind-data files on the staging tmpfs */
	struct free_mount *free; /* in the order of their operations */
	unsigned n_free;
	mode_t umask;         /* bits that files on the host do not get unless asked for */
	enum link_rule links; /* which links are followed, unless an operation says otherwise */
	bool is_guarded;      /* record the protected paths */
	struct protected_path *protected; /* in the order of their operations */
	size_t n_protected;
};
