/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All descendants of the calling process.  It adopts orphans, so none is left exactly when it has
 * no child.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One of these processes, as a walk through /proc finds it. */
struct relative {
	pid_t pid;
	pid_t parent;
	char state;    /* as in /proc/PID/stat */
	char name[20]; /* as in /proc/PID/comm */
	bool is_below;
};

enum { MAX_RELATIVES = 1024 }; /* further processes of the machine are not looked at */

struct relatives {
	struct relative list[MAX_RELATIVES];
	unsigned count;
};

/* Is given a child that has ended or stopped, with its status as waitpid(2) gives it. */
typedef void family_take(void *arg, pid_t pid, int status);

/* The monotonic clock, in microseconds. */
uint64_t family_clock(void);

/* Sleep for @us microseconds. */
void family_pause(uint64_t us);

/* Adopt from now on.  Blocks SIGCHLD: family_fork() undoes that.  Ends the program if it fails. */
void family_adopt(void);

/* fork(2) for a subreaper: the child starts with SIGCHLD as it was.  Ends the program if it fails.
 */
pid_t family_fork(void);

/*
 * Reap, and give to @take (which may be NULL) whatever has ended or stopped; if nothing has,
 * wait for it until @until, a time of family_clock().  Returns false if there is no child.
 */
bool family_look(uint64_t until, family_take *take, void *arg);

/*
 * Do that until there is no child.  Returns the microseconds that it took, or -1 if there
 * still is one after @bound_us.
 */
int64_t family_await_end(uint64_t bound_us, family_take *take, void *arg);

/* Find what lives below this process: not what only waits to be reaped. */
void family_find(struct relatives *ret);

/* Print a line about each that is found, starting with "# ". */
void family_print(const struct relatives *found);

/* Kill the processes found whose name is @name, NULL for all.  Returns their number. */
unsigned family_kill(const struct relatives *found, const char *name);

/* Kill all until nothing is left, and reap it.  Ends the program if it cannot. */
void family_clear(family_take *take, void *arg);
