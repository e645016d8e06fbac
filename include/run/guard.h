/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/apply.h"
#include "run/box.h"

/*
 * The guard: a process outside that watches the paths that --mask, --ro and --deny-create
 * protect, and protects them again when something on the host has replaced them; see guard.c.
 */

/* Whether @box needs a guard, and what it does; once the namespaces and capabilities are planned.
 */
enum guard_way guard_plan(const struct box *box);

/*
 * For the first process inside, in the command's mount namespace: have @n @places watched, with
 * @stage the stage there.  Returns when they are, and closes its end of the socket.  Returns 0, or
 * -errno with @e set: then nothing watches them.
 */
int guard_entrust(struct box *box, const struct protected_path *places, size_t n, int stage,
		  int proc, struct err *e) must_check;

/* What the janitor has of the guard. */
struct guard {
	int pidfd; /* -1 for none */
	int sock;  /* struct mount_point_notes come */
};

#define GUARD_NONE_STARTED ((struct guard){.pidfd = -1, .sock = -1})

/*
 * For the janitor: start the guard of @box, if it needs one, with @child a pidfd of the first
 * process inside.  If it cannot be started, its sockets tell.
 */
void guard_start(const struct box *box, int child, struct guard *ret);

/* For the janitor: end it, and wait for that, but not for long. */
void guard_end(struct guard *guard);
