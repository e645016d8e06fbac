/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Where the operations read from and where they build.  All are O_PATH descriptors; roots_done()
 * closes them.
 */
struct roots {
	int host;  /* the host's root, which is also the process's root until root_enter() */
	int cwd;   /* where relative sources start, or -errno if it cannot be opened */
	int stage; /* the staging tmpfs, which only sbx sees; for files that are bound from it */
	int box;   /* the sandbox's root as it is now: see root_mount() */
};

#define ROOTS_NONE ((struct roots){.host = -1, .cwd = -1, .stage = -1, .box = -1})

void roots_done(struct roots *roots);

/*
 * Detach this mount namespace's propagation from the host's, and create an empty root for the
 * sandbox in it, where no path of the host leads.  The process's root stays the host's.
 *
 * With @slave, later mounts and unmounts on the host propagate to what is bound in the sandbox: see
 * mount_namespaces(7).
 *
 * Returns 0 or -errno with @e set.
 */
int root_begin(struct roots *roots, bool slave, struct err *e) must_check;

/* Whether two descriptors are of the same inode on the same mount.  Returns 1, 0 or -errno. */
int root_same_file(int a, int b) must_check;

/* Whether @fd is the sandbox's root.  Returns 1, 0 or -errno. */
int root_is(const struct roots *roots, int fd) must_check;

/*
 * Mount @mount on @dest, an O_PATH descriptor in the sandbox.  If that is the sandbox's root,
 * @mount becomes the root for all that follows.
 *
 * Returns 0 or -errno; the caller words the message.
 */
int root_mount(struct roots *roots, int mount, int dest) must_check;

/*
 * Make the sandbox's root the process's root and detach the host's: from here on no path leads to
 * it.
 *
 * Returns 0 or -errno with @e set.
 */
int root_enter(struct roots *roots, struct err *e) must_check;
