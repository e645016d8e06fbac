/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What the janitor is at, for who waits for it. */
struct janitor_note {
	char doing[256]; /* such as "unmounting /mnt (fuse)", NUL-terminated */
};

/*
 * What the janitor is given: the ends of a socket, by closing which the inside tells that the
 * command has been executed, and the mount namespace.
 */
struct janitor_ends {
	int inside;  /* for the first process inside, O_CLOEXEC */
	int janitor; /* what the janitor receives from there */
	int mounts;  /* that of the first process inside, or -1: then that has to send it */
};

/* Make the socket between inside and janitor.  Returns 0 or -errno with @e set. */
int janitor_prepare(struct janitor_ends *ret, struct err *e) must_check;

/* Close all, if there is to be no janitor. */
void janitor_cancel(struct janitor_ends *ends);

/* What the monitor has of the janitor. */
struct janitor {
	int pidfd;
	int sock; /* requests go, struct janitor_notes come */
};

/*
 * Start the janitor of @box, of whose first process inside @child is a pidfd.  Closes
 * @ends. Returns 0 or -errno with @e set.
 */
int janitor_start(const struct box *box, int child, struct janitor_ends *ends, struct janitor *ret,
		  struct err *e) must_check;

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
void janitor_ask(const struct janitor *janitor, enum janitor_request request);

/*
 * For the monitor: whether neither the janitor is there, nor a process that it has left behind.
 * What it said is lost.
 */
bool janitor_is_over(const struct janitor *janitor);

/* For the monitor: the last that the janitor said, "" if nothing. */
void janitor_listen(const struct janitor *janitor, struct janitor_note *ret);
