/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The longest name of a process, with its NUL: TASK_COMM_LEN. */
#define PROC_NAME_BYTES 16

/* What /proc/PID/stat says of a process or a thread; see proc(5). */
struct proc_stat {
	pid_t pid;
	pid_t parent;
	char name[PROC_NAME_BYTES];
	char state;     /* as ps(1) has it */
	bool exiting;   /* it has ended or is in its exit */
	bool ending;    /* or it has been killed: it will run no more of its program */
	int exit_code;  /* as wait(2) has it; 0 as well if the reader may not know */
	unsigned cpu;   /* on which it ran last */
	uint64_t ticks; /* of processor time that it used */
	uint64_t start; /* with the pid, tells it from all others since boot */
};

/*
 * Read about the process or thread @who, "PID" or "PID/task/TID", from the procfs @proc.
 * Returns 0 or -errno: -ENOENT or -ESRCH if it is gone.
 */
int proc_stat(int proc, const char *who, struct proc_stat *ret) must_check;

/*
 * Call @take with each number that is the name of an entry of the directory @path below
 * @dirfd: processes or threads.  A negative return value of @take ends it and is returned,
 * else 0 or -errno.
 */
int proc_each(int dirfd, const char *path, int (*take)(void *arg, pid_t pid), void *arg);

/* The same of the directory that is open as @dir, which needs no other descriptor. */
int proc_each_open(int dir, int (*take)(void *arg, pid_t pid), void *arg);

/*
 * Whether the process @pid has ended but for what the kernel still does for one of its
 * threads: all of them have ended, are in their exit, or have been killed.  Not a matter of
 * the state: such a thread may sleep (S), wait (D) or be busy (R), and that of the process
 * itself may be gone already (Z).
 *
 * Returns 1 if so, 0 if not, or -errno.  Then *@holder is the thread that is left, or @pid;
 * and *@status the status for wait(2), or -1 if this process may not know it.
 */
int proc_is_ending(int proc, pid_t pid, pid_t *holder, int *status) must_check;

/* The process id of this process there, or -errno: -ENOENT if it has none. */
pid_t proc_self(int proc) must_check;

/* The process id of @pidfd, or -errno: -ESRCH if it is reaped. */
pid_t proc_pid_of(int proc, int pidfd) must_check;
