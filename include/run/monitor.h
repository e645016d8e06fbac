/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"
#include "run/janitor.h"

/* Descriptors of what the monitor looks after. */
struct monitored {
	int child;   /* pidfd of the first process inside */
	int signals; /* signalfd of those that are passed on, which are blocked */
	int mounts;  /* the mount namespace of that process, for the janitor; or -1 */
};

/*
 * Be the process outside that the caller waits for: let the first process inside begin; tell
 * the caller of it; pass signals on; wait for the end, within bounds.
 *
 * Returns 0 with *@ret set; its status is that of a signal if one came before there was a
 * command.  Or -errno with @e set.  Closes every descriptor of the process but 0, 1, 2 and
 * those given, and of these, @monitored->mounts.
 */
int monitor_run(struct box *box, const struct monitored *monitored, struct outcome *ret,
		struct err *e) must_check;
