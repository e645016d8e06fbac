/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What the janitor is at, for who waits for it. */
struct janitor_note {
	char doing[256]; /* such as "unmounting /mnt (fuse)", NUL-terminated */
};

/*
 * Start the janitor of @box, of whose first process inside @child is a pidfd, with its sockets.
 * *@mounts is the mount namespace of that process, or -1: then that has to send it.  Closes it.
 * Returns 0 or -errno with @e set.
 */
int janitor_start(struct box *box, int child, int *mounts, struct err *e) must_check;

/*
 * For the first process inside, where nobody else could: hand its mount namespace to the janitor
 * at the other end of @sock.  Returns 0 or -errno with @e set.
 */
int janitor_entrust(int sock, struct err *e) must_check;

/*
 * For the first process inside: wait until there is a janitor, or none any more, whose end the
 * monitor sees.  Returns as janitor_entrust().
 */
int janitor_await(int sock, struct err *e) must_check;

/* What the monitor asks the janitor for. */
enum janitor_request {
	JANITOR_CUT = 'c',    /* cut connections to file servers that were made inside */
	JANITOR_FREE = 'f',   /* and take down all of the sandbox's own file systems */
	JANITOR_PART = 'p',   /* the command has exited: others live on without the monitor */
	JANITOR_LET_GO = 'l', /* the monitor gives up: let the mount namespace go and end */
};
void janitor_ask(const struct helper *janitor, enum janitor_request request);

/*
 * For the monitor: whether neither the janitor is there, nor a process that it has left behind.
 * What it said is lost.
 */
bool janitor_is_over(const struct helper *janitor);

/* For the monitor: the last that the janitor said, "" if nothing. */
void janitor_listen(const struct helper *janitor, struct janitor_note *ret);
