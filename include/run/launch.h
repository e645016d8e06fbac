/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What a run finds: what is known about the host, and who prints. */
struct host {
	bool privileged; /* privileges are, see setuid.h */
	bool bad_kernel; /* see kernel.h */
	struct teller teller;
};

/*
 * Run @plan.  Returns 0 with *@ret set, or -errno with @e set: then the command did not run,
 * or could not be executed, or nobody knows how it ended.
 */
int launch(const struct plan *plan, const struct host *host, struct outcome *ret,
	   struct err *e) must_check;
