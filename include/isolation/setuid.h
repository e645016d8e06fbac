/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolation/ns.h"
#include "plan/plan.h"

/*
 * For a set-user-ID root installation: see the theory of operation in setuid.c.
 *
 * setuid_begin() has to come first.  Where sbx is not installed so, or root runs it, *@ret becomes
 * false, and the other functions do nothing.  All return 0 or -errno with @e set; after a failure
 * the process must not go on.
 */

/* Assume the caller's identity.  *@ret: the process is privileged, with none in effect. */
int setuid_begin(bool *ret, struct err *e) must_check;

/* Check that @plan has no option that a set-user-ID sbx refuses to ordinary users. */
int setuid_check(bool privileged, const struct plan *plan, struct err *e) must_check;

/* Put into effect the capability that creating a user namespace takes. */
int setuid_raise(bool privileged, struct err *e) must_check;

/* Map the ids of @child, created since. */
int setuid_map(bool privileged, const struct ns *ns, pid_t child, struct err *e) must_check;

/* Give up all privileges, for good. */
int setuid_drop(bool privileged, struct err *e) must_check;
