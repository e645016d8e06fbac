/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What the janitor is doing, for the monitor's report. */
struct janitor_work {
	char doing[256]; /* such as "unmounting /mnt (fuse)", NUL-terminated */
};

/*
 * Start the janitor of @box; @child is a pidfd of the first process.  *@mounts, which is closed, is
 * the mount namespace of that process, or -1: then the process has to send it.  Returns 0 or -errno
 * with @e set.
 */
int janitor_start(struct box *box, int child, int *mounts, struct err *e) must_check;

/*
 * For the first process, if the monitor cannot open its mount namespace: send that to the janitor
 * at the other end of @sock.  Returns 0 or -errno with @e set.
 */
int janitor_entrust(int sock, struct err *e) must_check;

/*
 * For the first process: wait until the janitor runs.  Returns 0 also if it has exited, which the
 * monitor sees; or -errno with @e set.
 */
int janitor_await(int sock, struct err *e) must_check;

/* What the monitor can ask of the janitor. */
enum janitor_request {
	JANITOR_CUT = 'c',    /* abort FUSE connections that were created inside */
	JANITOR_FREE = 'f',   /* and unmount all of the sandbox's own file systems */
	JANITOR_PART = 'p',   /* the command has exited: other processes outlive the monitor */
	JANITOR_LET_GO = 'l', /* the monitor gives up: drop the mount namespace and exit */
};
void janitor_ask(const struct helper *janitor, enum janitor_request request);

/*
 * For the monitor: whether the janitor and the process that it may leave behind have exited, or
 * were never started.  Its reports are lost.
 */
bool janitor_is_over(const struct helper *janitor);

/* For the monitor: the last report of the janitor, "" if there is none. */
void janitor_listen(const struct helper *janitor, struct janitor_work *ret);
