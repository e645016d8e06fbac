/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "host/proc.h"

#define STUCK_FRAMES 16

/* What a process is to the sandbox. */
enum stuck_role {
	STUCK_COMMAND,
	STUCK_REAPER,
	STUCK_JANITOR,
	STUCK_INSIDE, /* another one */
};

/*
 * A process that does not go away: what the kernel tells of it, what that means, what helps.
 * @meaning and @hint are static, or "".
 */
struct stuck {
	enum stuck_role role;
	struct proc_stat stat;        /* of the thread that is left */
	pid_t pid;                    /* of the process */
	pid_t tracer;                 /* 0 for none */
	int64_t ms;                   /* for how long it has been so */
	char wchan[64];               /* the kernel's function in which it waits; "" if none */
	char stack[STUCK_FRAMES][64]; /* "" behind the last; only root may know */
	char doing[256];              /* STUCK_JANITOR: as it says, else "" */
	const char *meaning;
	const char *hint;
};

/*
 * Look at the process @pid in its @role, of which the thread @tid is left, through the procfs
 * @proc.  Returns 0, or -errno: -ENOENT if it is gone.
 */
int stuck_look(int proc, pid_t pid, pid_t tid, enum stuck_role role, struct stuck *ret) must_check;

/* Read its stack as well, if this process may.  Takes a tenth of a second at most. */
void stuck_read_stack(int proc, struct stuck *stuck);

/* "command", "reaper", "janitor" or "inside". */
const char *stuck_role_name(enum stuck_role role);

/* The one line that tells people about @stuck, but for its hint. */
void stuck_describe(const struct stuck *stuck, char *ret, size_t size);
