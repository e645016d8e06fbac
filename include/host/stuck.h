/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "host/proc.h"

#define STUCK_FRAMES 16

/* The role of a process in the sandbox. */
enum stuck_role {
	STUCK_COMMAND,
	STUCK_REAPER,
	STUCK_JANITOR,
	STUCK_INSIDE, /* another process inside */
};

/*
 * A process that does not exit: its state in /proc, the meaning of that, and what helps.
 * @meaning and @hint are static strings, "" for none.
 */
struct stuck {
	enum stuck_role role;
	struct proc_stat stat;        /* of the thread that is left */
	pid_t pid;                    /* of the process */
	pid_t tracer;                 /* 0 for none */
	int64_t ms;                   /* for how long it has been stuck */
	char wchan[64];               /* the kernel function in which it waits; "" for none */
	char stack[STUCK_FRAMES][64]; /* "" after the last frame; only root may read it */
	char doing[256];              /* STUCK_JANITOR: its own report, else "" */
	const char *meaning;
	const char *hint;
};

/*
 * Read the thread @tid that is left of the process @pid, in @role, from the procfs @proc.  Returns
 * 0 with all of *@ret but @ms, @stack and @doing set, or -errno: -ENOENT if it is gone.
 */
int stuck_look(int proc, pid_t pid, pid_t tid, enum stuck_role role, struct stuck *ret) must_check;

/* Read its stack as well, if this process may.  Takes 100 ms at most. */
void stuck_read_stack(int proc, struct stuck *stuck);

/* "command", "reaper", "janitor" or "inside". */
const char *stuck_role_name(enum stuck_role role);

/* The line that reports @stuck to the user, without its hint. */
void stuck_describe(const struct stuck *stuck, char *ret, size_t size);
