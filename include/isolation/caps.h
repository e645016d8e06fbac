/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "plan/plan.h"

/* The command's capabilities: see capabilities(7). */
struct caps {
	bool set;       /* false: those of root, unchanged; under the name bwrap only */
	bool lax;       /* sbx may not change the bounding set or the securebits */
	bool bound;     /* in another user namespace: limit them all to @keep */
	uint64_t keep;  /* bit n: capability n; with @set, in every set; no others */
	uint64_t added; /* the part of @keep that options added */
};

/* The calling process's sets. */
struct caps_own {
	uint64_t permitted;
	uint64_t effective;
};

/* Read them.  Returns 0 or -errno with @e set. */
int caps_own(struct caps_own *ret, struct err *e) must_check;

/*
 * Choose the capabilities that @plan asks for; see identity.h.  @root has those of root, or is NULL
 * for other callers.
 *
 * Other callers' commands start with none.  Root's starts with the capabilities in effect that do
 * not reach beyond the sandbox; under the name bwrap, with all in effect.  For root, ALL means the
 * permitted ones, unless @other_users: the command is in another user namespace than the caller,
 * whose first process gets every capability.
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
 * Clear the effective set, or, with @suspend false, put all permitted capabilities into it again.
 * Returns 0 or -errno with @e set.
 */
int caps_suspend(bool suspend, struct err *e) must_check;

/*
 * Set the calling process's permitted and effective set, clear the inheritable and with it the
 * ambient one, and check the result.  Returns 0 or -errno with @e set.
 */
int caps_hold(uint64_t permitted, uint64_t effective, struct err *e) must_check;

/*
 * Set all sets of the calling process to @caps: permitted, effective, inheritable, bounding and
 * ambient.  Also set SECBIT_NOROOT, so that exec gives user ID 0 none, unless @caps has
 * CAP_SETPCAP: a command such as systemd then does so itself.
 *
 * Returns 0 or -errno with @e set; then some sets may have shrunk already.
 */
int caps_apply(const struct caps *caps, struct err *e) must_check;
