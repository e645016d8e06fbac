/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * The shell's job that this process is part of, see "Job control" in bash(1).
 */

/* Processes inside that the terminal does not reach: they are in a session of their own. */
struct job {
	int proc;       /* a procfs */
	pid_t first;    /* the first process inside there, and its descendants; 0 for none */
	bool but_first; /* not itself */
};

/*
 * The terminal has asked the job to stop (SIGTSTP, which is blocked): stop this process, until
 * it is continued; the kernel does not do that where nobody could continue it.
 * Those of @job stop before and go on after.
 */
void job_stop(const struct job *job);

/* Whether this process is in the terminal's foreground process group. */
bool job_has_terminal(void);

/*
 * For a job that was in the foreground: if the terminal's foreground process group has ended,
 * which a process inside has made that group, make it that of this process: nobody could read
 * from the terminal, otherwise.
 */
void job_take_terminal(void);
