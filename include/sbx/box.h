/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <signal.h>

#include "sbx/caps.h"
#include "sbx/ns.h"
#include "sbx/plan.h"
#include "sbx/seccomp.h"

/*
 * One run, as its processes share it: prepared by the monitor before they part,
 * and only read after.
 */
struct box {
	const struct plan *plan;
	struct ns ns;
	struct caps caps;
	struct seccomp seccomp;
	bool lent;          /* privileges are, see setuid.h */
	bool has_reaper;    /* else the first process inside becomes the command */
	bool dumpable;      /* as the caller started this process */
	char cwd[PATH_MAX]; /* the caller's working directory, "" if it has no path */
	char tty[PATH_MAX]; /* the terminal on standard output, "" if there is none */
	sigset_t signals;   /* the caller's signal mask, for the command */
	mode_t umask;       /* the caller's, for the command; set by the reaper */
	int sock;           /* a process's end of the socket between outside and inside */
};

/* Whether the caller is to be told of processes and namespaces. */
bool box_is_watched(const struct box *box);

/*
 * Run @plan; @lent as setuid.h has it.
 *
 * Returns 0 with *@status as a wait status, see wait(2), of the command, or
 * -errno with @e set: then the command did not run, or could not be executed.
 */
int box_run(const struct plan *plan, bool lent, int *status, struct err *e) must_check;
