/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolation/ns.h"
#include "plan/plan.h"

/*
 * For a set-user-ID root installation: see the theory of operation in setuid.c.
 *
 * setuid_begin() has to come before anything else.  Where sbx is not installed so, or
 * is run by root, *@ret becomes false, and with @lent false the others do nothing.  All
 * return 0 or -errno with @e set; then the process must not go on.
 */

/* Take on the caller's identity.  *@ret: privileges are lent, of which none is in effect. */
int setuid_begin(bool *ret, struct err *e) must_check;

/* Check that @plan has nothing that a set-user-ID sbx refuses to ordinary users. */
int setuid_check(bool privileged, const struct plan *plan, struct err *e) must_check;

/* Put into effect what making a user namespace needs. */
int setuid_raise(bool privileged, struct err *e) must_check;

/* Map the ids of @child, made since. */
int setuid_map(bool privileged, const struct ns *ns, pid_t child, struct err *e) must_check;

/* Give up all that was lent, for good. */
int setuid_drop(bool privileged, struct err *e) must_check;
