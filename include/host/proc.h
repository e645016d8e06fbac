/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The longest name of a process, with its NUL: TASK_COMM_LEN. */
#define PROC_NAME_BYTES 16

/* A process or a thread, from /proc/PID/stat; see proc(5). */
struct proc_stat {
	pid_t pid;
	pid_t parent;
	char name[PROC_NAME_BYTES];
	char state;     /* a letter, see ps(1) */
	bool exiting;   /* it has exited or is exiting */
	bool ending;    /* or SIGKILL is pending: it runs no more of its program */
	int exit_code;  /* a wait status; also 0 if this process may not read it */
	unsigned cpu;   /* the last CPU that it ran on */
	uint64_t start; /* start time in ticks; with the PID, unique since boot */
};

/*
 * Read the process or thread @task, "PID" or "PID/task/TID", from the procfs @proc.  Returns 0 or
 * -errno: -ENOENT or -ESRCH if it is gone.
 */
int proc_stat(int proc, const char *task, struct proc_stat *ret) must_check;

/*
 * Call @take for each entry of the directory @path below @dirfd whose name is a number, such as a
 * PID, until @take returns a negative number.  Returns that number, or else 0 or -errno.
 */
int proc_each(int dirfd, const char *path, int (*take)(void *arg, pid_t pid), void *arg);

/* As proc_each(), on the open directory @dir: it opens no other descriptor. */
int proc_each_open(int dir, int (*take)(void *arg, pid_t pid), void *arg);

/*
 * Whether every thread of the process @pid has exited, is exiting, or has been killed.  Thread
 * states do not show it: an exiting thread may sleep (S or D) or run (R) in the kernel, while the
 * first thread is a zombie (Z) already.
 *
 * Returns 1, 0 or -errno.  If 1, *@holder is the thread that is left, or @pid; *@status is the
 * wait status, or -1 if this process may not read it.
 */
int proc_is_ending(int proc, pid_t pid, pid_t *holder, int *status) must_check;

/* The PID of this process in @proc, or -errno: -ENOENT if it has none there. */
pid_t proc_self(int proc) must_check;

/*
 * The PID in the line "@name:<tab>PID", not the first one, of the file @path in @proc, or -errno:
 * -ESRCH if there is no such line or no PID in it.
 */
pid_t proc_pid_field(int proc, const char *path, const char *name) must_check;

/* The PID of @pidfd in @proc, or -errno: -ESRCH if the process is reaped. */
pid_t proc_pid_of(int proc, int pidfd) must_check;
