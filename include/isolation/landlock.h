/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * A Landlock domain around the command, see landlock(7).  Of itself it refuses nothing but signals
 * to processes outside.  But as every domain, it also keeps those in it from what the kernel calls
 * ptrace access to processes outside, whatever their user and their capabilities are: from tracing
 * them, from their memory, their descriptors, and the directories /proc/PID/root and /proc/PID/cwd.
 */
enum landlock_use {
	LANDLOCK_NONE,
	LANDLOCK_SIGNALS, /* for the sake of signals, where the kernel has it */
	LANDLOCK_BARRIER, /* for the sake of ptrace access: the command cannot run without */
};

/* Whether the kernel can make such a domain: Linux 6.12, unless it is told not to. */
bool landlock_is_there(void);

/*
 * Put the calling process into one, for good.
 *
 * Returns 0; 1 if one that is for signals was left out, because there are as many around this
 * process as the kernel permits; or -errno with @e set.
 */
int landlock_apply(enum landlock_use use, struct err *e) must_check;
