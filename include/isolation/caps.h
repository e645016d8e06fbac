/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "plan/plan.h"

/* The capabilities that the command gets: see capabilities(7). */
struct caps {
	bool set;       /* false: root's, as they are; under the name bwrap only */
	bool lax;       /* sbx may not change the bounding set, nor what user id 0 means to exec */
	bool bound;     /* but in another user namespace no more than it had before */
	uint64_t keep;  /* bit n: capability n; with @set in every set, all others in none */
	uint64_t added; /* those of @keep that options have given */
};

/* What the calling process may have, and what it has in effect. */
struct caps_own {
	uint64_t permitted;
	uint64_t effective;
};

/* Learn that.  Returns 0 or -errno with @e set. */
int caps_own(struct caps_own *ret, struct err *e) must_check;

/*
 * Work out what @plan asks for.  @root is what root has, NULL for others.  The start is nothing,
 * or for root, of what it has in effect now, what does not reach beyond the sandbox; under the name
 * bwrap, all of it.  ALL means for root what it may have.  @other_users says that the command is in
 * another user namespace, which by itself would give its first process every capability.
 *
 * Returns 0, or -EINVAL with @e naming the option and the unknown capability.
 */
int caps_plan(const struct plan *plan, const struct caps_own *root, bool other_users,
	      struct caps *ret, struct err *e) must_check;

/* The bit of one capability, by its number in linux/capability.h. */
static inline uint64_t caps_bit(unsigned cap)
{
	return UINT64_C(1) << cap;
}

/*
 * Have no capability in effect for a while, or, with @suspend false, again all that are
 * permitted.  Returns 0 or -errno with @e set.
 */
int caps_suspend(bool suspend, struct err *e) must_check;

/*
 * Make the calling process's permitted set @permitted and its effective set @effective,
 * and empty the inheritable and with it the ambient one; see that it is so.
 *
 * Returns 0 or -errno with @e set.
 */
int caps_hold(uint64_t permitted, uint64_t effective, struct err *e) must_check;

/*
 * Make the calling process's permitted, effective, inheritable, bounding and
 * ambient sets what @caps says, and take away what user id 0 means to exec, unless CAP_SETPCAP
 * is among them: with that, a command such as systemd sees to it itself.
 *
 * Returns 0 or -errno with @e set; then some sets may have shrunk already.
 */
int caps_apply(const struct caps *caps, struct err *e) must_check;
