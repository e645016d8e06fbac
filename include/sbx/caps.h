/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "sbx/plan.h"

/* The capabilities that the command gets: see capabilities(7). */
struct caps {
	bool set;      /* false: root's, as they are */
	bool bound;    /* but in a new user namespace no more than it had before */
	uint64_t keep; /* bit n: capability n; with @set in every set, all others in none */
};

/*
 * Work out what @plan asks for.  The start is nothing, or for root, what it has
 * in effect now.  @new_users says that there will be a new user namespace, which
 * by itself would give its first process every capability.
 *
 * Returns 0, or -EINVAL with @e naming the option and the unknown capability.
 */
int caps_plan(const struct plan *plan, bool is_root, bool new_users, struct caps *ret,
	      struct err *e) must_check;

/*
 * Make the calling process's permitted, effective, inheritable, bounding and
 * ambient sets what @caps says, and take away what user id 0 means to exec.
 *
 * Returns 0 or -errno with @e set; then some sets may have shrunk already.
 */
int caps_apply(const struct caps *caps, struct err *e) must_check;
