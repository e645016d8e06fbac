/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/* What main has found out about the host, and its printing callback. */
struct host {
	bool privileged; /* see setuid.h */
	bool bad_kernel; /* see kernel.h */
	struct teller teller;
};

/*
 * Run @plan.  Returns 0 with *@ret set, or -errno with @e set: then the command did not run, or its
 * status is unknown.
 */
int launch(const struct plan *plan, const struct host *host, struct outcome *ret,
	   struct err *e) must_check;
