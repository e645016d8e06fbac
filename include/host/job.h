/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * The shell's job that this process is part of, see "Job control" in bash(1), and the sandbox's
 * process group, which is another one.  Whoever calls this has SIGTTOU and SIGCONT blocked.
 */

/* The sandbox's process group. */
struct job {
	int leader;        /* pidfd of the process that leads it, or -1 */
	pid_t group;       /* its number here; 0 if it is not known */
	bool is_eager;     /* it is to have the foreground whenever this process's group has it */
	bool has_terminal; /* it has been handed the foreground, */
	bool late;         /* because it stopped for the lack of it */
	bool hung_up;      /* it was told that there is no terminal for it */
};

/* Whether this process leads the foreground group of the terminal that 0, 1 and 2 all are. */
bool job_leads_terminal(void);

/* Whether there is a controlling terminal. */
bool job_can_have_terminal(void);

/* Whether this process is in the terminal's foreground process group. */
bool job_has_terminal(void);

/* Send @sig to the sandbox's group. */
void job_signal(const struct job *job, int sig);

/*
 * The command has been stopped by @sig: hand the terminal over if that is what it lacks; or stop
 * this process by the same signal, and when that is continued, continue the sandbox's group.
 */
void job_pause(struct job *job, int sig);

/* This process has been continued: so is the sandbox's group. */
void job_go_on(struct job *job);

/* The sandbox is over: take the terminal back if it was handed over. */
void job_end(struct job *job);

/*
 * For a job that was in the foreground: if the terminal's foreground process group has ended,
 * which a process inside has made that group, make it that of this process: nobody could read
 * from the terminal, otherwise.
 */
void job_take_terminal(void);

/*
 * For the job of another process, which was killed: if the foreground is that of the group @from,
 * which is over, or of one that has ended, give it to the group @to and continue that.
 */
void job_return_terminal(pid_t from, pid_t to);

/* Processes inside that the terminal does not reach: they are in a session of their own. */
struct distant {
	int proc;       /* a procfs */
	pid_t first;    /* the first process inside there, and its descendants; 0 for none */
	bool but_first; /* not itself */
};

/*
 * The terminal has asked the job to stop (SIGTSTP, which is blocked): stop this process, until
 * it is continued; the kernel does not do that where nobody could continue it.
 * Those @inside stop before and go on after.
 */
void job_stop(const struct distant *inside);
