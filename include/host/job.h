/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * The shell's job that this process is part of, see "Job control" in bash(1), and the sandbox's
 * process group, which is another one.  The caller has SIGTTOU and SIGCONT blocked.
 */

/* The sandbox's process group. */
struct job {
	int leader;        /* pidfd of the process group leader, or -1 */
	pid_t group;       /* its ID in this PID namespace; 0 if unknown */
	bool is_eager;     /* hand it the foreground whenever this process's group has it */
	bool has_terminal; /* it has been handed the foreground, */
	bool late;         /* after it had stopped by SIGTTIN or SIGTTOU */
	bool hung_up;      /* it has been sent SIGHUP, as it cannot have the terminal */
};

/* Whether 0, 1 and 2 are one terminal whose foreground process group this process leads. */
bool job_leads_terminal(void);

/* Whether there is a controlling terminal. */
bool job_can_have_terminal(void);

/* Whether this process is in the terminal's foreground process group. */
bool job_has_terminal(void);

/* Send @sig to the sandbox's group. */
void job_signal(const struct job *job, int sig);

/*
 * The command has been stopped by @sig: hand the terminal over if it stopped for the lack of it.
 * Else stop this process by @sig too, and once it is continued, continue the sandbox's group.
 */
void job_pause(struct job *job, int sig);

/* This process has been continued: continue the sandbox's group. */
void job_go_on(struct job *job);

/* The sandbox has ended: take the terminal back if it was handed over. */
void job_end(struct job *job);

/*
 * For a job that was in the foreground: if the foreground process group, set by a process of the
 * sandbox, has no member any more, put this process's group there.  Else no process could read
 * from the terminal.
 */
void job_take_terminal(void);

/*
 * For the job of a process that was killed.  If the foreground process group is @from or has no
 * member any more, give the foreground to the group @to and continue that.
 */
void job_return_terminal(pid_t from, pid_t to);

/* The sandbox's processes in a session of their own, which the terminal's signals do not reach. */
struct distant {
	int proc;       /* a procfs */
	pid_t first;    /* its PID for the first process inside; 0 for none */
	bool but_first; /* its descendants alone */
};

/*
 * The terminal has sent SIGTSTP, which is blocked: stop the processes @inside and this process
 * until it is continued, then continue them.  The kernel does not stop this process if its process
 * group is orphaned.
 */
void job_stop(const struct distant *inside);
