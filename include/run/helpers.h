/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* The helper processes that a run owns, beside the monitor and outside of the sandbox. */
enum helper_id {
	HELPER_JANITOR,
	HELPER_GUARD,
	HELPERS,
};

/* What a process has of one; -1 for what it has not. */
struct helper {
	int pidfd; /* for the monitor, if it has started the helper */
	/* the ends of two sockets; each process closes those that are not its own */
	int inside;      /* for the first process inside */
	int from_inside; /* the helper's */
	int monitor;     /* for the monitor */
	int to_monitor;  /* the helper's */
};

/* Descriptors of every helper, for helpers_close(). */
enum {
	END_PIDFD = 1,
	END_INSIDE = 2,
	END_FROM_INSIDE = 4,
	END_MONITOR = 8,
	END_TO_MONITOR = 16,
	ENDS_ALL = 31,
	HELPER_FDS = 5, /* how many there are of one helper */
};

/* There are none yet. */
void helpers_init(struct helper helpers[HELPERS]);

/* Create the sockets of one.  Returns 0 or -errno with @e set. */
int helpers_connect(struct helper *helper, struct err *e) must_check;

/* Close the descriptors @which, END_*, of every helper. */
void helpers_close(struct helper helpers[HELPERS], unsigned which);

/* Put all descriptors of the helpers into @ret. */
void helpers_list(const struct helper helpers[HELPERS], int ret[HELPERS * HELPER_FDS]);
