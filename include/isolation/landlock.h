/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * A Landlock domain around the command, see landlock(7).  Its rules refuse only signals to outside
 * processes.  As every domain, it also denies ptrace access to them, whatever the user and the
 * capabilities are: tracing, memory, descriptors, /proc/PID/root and /proc/PID/cwd.
 */
enum landlock_use {
	LANDLOCK_NONE,
	LANDLOCK_SIGNALS, /* against signals, where the kernel has it */
	LANDLOCK_BARRIER, /* against ptrace access; the command cannot run without it */
};

/* Whether the kernel supports such a domain: Linux 6.12, unless Landlock is disabled. */
bool landlock_is_there(void);

/*
 * Put the calling process into a domain, for good.
 *
 * Returns 0; 1 if a domain against signals was left out, because the process is in as many as the
 * kernel permits; or -errno with @e set.
 */
int landlock_apply(enum landlock_use use, struct err *e) must_check;
