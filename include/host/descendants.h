/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The processes that descend from one, as the procfs @proc shows them.
 *
 * Where there is no process namespace, this is what tells the processes of a sandbox:
 * whoever is to end them makes itself the one that adopts them (PR_SET_CHILD_SUBREAPER), so
 * that they cannot get away by ending their parents.
 */

/* Whose descendants are meant.  Process ids are those of the procfs, not of this process. */
struct descendants {
	int proc;       /* a procfs; for descendants_end() open for reading */
	pid_t root;     /* whose they are; nobody's if it is negative */
	bool root_too;  /* it is meant itself by descendants_signal() */
	bool only;      /* it has no other children: it has ended all when it has none */
	pid_t except;   /* not meant, nor its own; 0 for nobody */
	uint64_t since; /* nor who began before, see struct proc_stat; 0 for none */
	/*
	 * Nor those in this mount namespace, "mnt:[...]", or that this process may not look at;
	 * NULL for all.
	 */
	const char *mounts;
};

/*
 * Call @take with each of them, parents before children.  A negative return value of @take
 * ends it and is returned, else 0 or -errno.
 */
int descendants_each(const struct descendants *kin, int (*take)(void *arg, pid_t pid), void *arg);

/* Send @sig to each that has not ended.  Returns how many there were, or -errno. */
int descendants_signal(const struct descendants *kin, int sig);

/* Kill them, again and again while they fork, but not for ever. */
void descendants_kill(const struct descendants *kin);

/* Reap the children of this process that have exited.  Returns whether others are left. */
bool descendants_reap(void);

/* How descendants_end() goes about it. */
struct descendants_patience {
	unsigned grace_ms; /* from SIGTERM to SIGKILL; 0: SIGKILL at once */
	unsigned limit_ms; /* from SIGKILL to giving up */
	int watch;         /* SIGKILL at once if there is something to read here; -1 for none */
};

/*
 * End all descendants of the calling process, which is @kin's root, and reap them.  Returns 0
 * if nobody is left, -ETIMEDOUT, or another -errno.
 */
int descendants_end(const struct descendants *kin, const struct descendants_patience *patience);
