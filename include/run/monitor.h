/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What the monitor is given to watch. */
struct monitored {
	int child;   /* pidfd of the first process */
	int signals; /* signalfd of the signals that are passed on, which are blocked */
	int mounts;  /* the mount namespace of that process, for the janitor; or -1 */
};

/*
 * Be the process that the caller waits for: let the first process go on, report it to the caller,
 * pass signals on, and wait for the end within bounds.
 *
 * Returns 0 with *@ret set, or -errno with @e set.  A signal before the command's start counts as
 * the command's status.  Closes every descriptor but 0, 1, 2 and those given, and of these @mounts
 * and the helpers' ones.
 */
int monitor_run(struct box *box, const struct monitored *monitored, struct outcome *ret,
		struct err *e) must_check;
