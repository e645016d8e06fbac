/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolation/caps.h"
#include "isolation/ns.h"

/*
 * Choose the namespaces, ids and capabilities of the command, from @plan and the state of this
 * host; see setuid.h for @privileged.
 *
 * Returns 0, or -errno with @e naming the option that cannot be had; then *@ns and *@caps mean
 * nothing.
 */
int identity_plan(const struct plan *plan, bool privileged, struct ns *ns, struct caps *caps,
		  struct err *e) must_check;
