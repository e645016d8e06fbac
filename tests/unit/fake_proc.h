/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Processes that the files below /proc of fake_sys.h tell of.  As a test states one,
 * it sleeps, is called "sh", and has one thread, itself.
 */
struct fake_process {
	pid_t pid;
	pid_t parent;
	const char *name; /* NULL: "sh" */
	char state;       /* 0: 'S' */
	bool exiting;     /* it is in its exit */
	bool killed;      /* SIGKILL is pending */
	int exit_code;    /* as wait(2) has it */
	unsigned cpu;
	uint64_t ticks;
	uint64_t start; /* when it began: 0 for a number made of its pid */
};

/* Show @process from now on, in place of what was shown of its number before. */
void fake_proc_show(const struct fake_process *process);

/*
 * The calling process has the number @pid there, which is 1 unless it is told: not that of
 * sys_getpid() in another numbering.
 */
void fake_proc_self(pid_t pid);

/* Show one more thread of the process @pid. */
void fake_proc_show_thread(pid_t pid, const struct fake_process *thread);

/* Show no process, or no such thread, of that number any more. */
void fake_proc_end(pid_t pid);
void fake_proc_end_thread(pid_t pid, pid_t tid);

/* The same, for fake_sys_then(): @arg points to the pid_t, or to the struct fake_process. */
void fake_proc_end_later(void *arg);
void fake_proc_show_later(void *arg);
