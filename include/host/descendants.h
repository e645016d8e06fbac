/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The descendants of a process.
 *
 * Without a PID namespace, a sandbox's processes are found this way.  The process that terminates
 * them adopts orphans (PR_SET_CHILD_SUBREAPER), so that none escapes by the exit of its parent.
 */

/* Which processes are meant.  PIDs are those of @proc, not of this process. */
struct descendants {
	int proc;       /* a procfs; for descendants_end() open for reading */
	pid_t root;     /* their ancestor, or -errno: every function returns it then */
	bool root_too;  /* descendants_signal() signals the root as well */
	bool only;      /* all children of the root are meant: once it has none, all are gone */
	pid_t except;   /* left out, with its descendants; 0 for none */
	uint64_t since; /* left out: processes started earlier, see struct proc_stat */
	/*
	 * Left out: processes in this mount namespace, "mnt:[...]", or in one that this process
	 * may not read.  NULL for none.
	 */
	const char *mounts;
};

/*
 * Call @take for each process, parents before children, until it returns a negative number.
 * Returns that number, or else 0 or -errno.
 */
int descendants_each(const struct descendants *scope, int (*take)(void *arg, pid_t pid), void *arg);

/* Send @sig to each process, zombies apart.  Returns their number with zombies, or -errno. */
int descendants_signal(const struct descendants *scope, int sig);

/* Send SIGKILL until none is left, at most KILL_ROUNDS times: they may fork meanwhile. */
void descendants_kill(const struct descendants *scope);

/* Reap the children of this process that have exited.  Returns whether others are left. */
bool descendants_reap(void);

/* How long descendants_end() waits. */
struct descendants_patience {
	unsigned grace_ms; /* from SIGTERM to SIGKILL; 0: SIGKILL at once */
	unsigned limit_ms; /* from SIGKILL to giving up */
	int watch;         /* SIGKILL as soon as this is readable; -1 for none */
};

/*
 * Terminate all descendants of the calling process, the root of @scope, and reap them.  Returns 0
 * once all are gone, -ETIMEDOUT, or another -errno.
 */
int descendants_end(const struct descendants *scope, const struct descendants_patience *patience);
