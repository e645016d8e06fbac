/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/apply.h"
#include "run/box.h"

/*
 * The guard: a process outside that watches the paths of --mask, --ro and --deny-create, and
 * protects them again when a program on the host has replaced them; see guard.c.
 */

/* What the guard of @box does; asked once the namespaces and capabilities are planned. */
enum guard_way guard_plan(const struct box *box);

/*
 * For the first process, in the command's mount namespace: have @n @paths watched; @stage is the
 * staging tmpfs there.  Waits until they are, and closes its end of the socket.  Returns 0, or
 * -errno with
 * @e set: then they are not watched.
 */
int guard_entrust(struct box *box, const struct protected_path *paths, size_t n, int stage,
		  int proc, struct err *e) must_check;

/* What the janitor has of the guard; the guard is its child. */
struct guard_handle {
	int pidfd; /* -1 for none */
	int sock;  /* for struct mount_point_note */
};

#define GUARD_HANDLE_NONE ((struct guard_handle){.pidfd = -1, .sock = -1})

/*
 * For the janitor: start the guard of @box, if it needs one; @child is a pidfd of the first
 * process. If that fails, the ends of its sockets are closed, which the other processes see.
 */
void guard_start(const struct box *box, int child, struct guard_handle *ret);

/* For the janitor: kill the guard and wait briefly for its exit. */
void guard_end(struct guard_handle *guard);
