/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/resource.h>

#include "run/box.h"

/* The exit of the first process. */
struct teardown_child {
	bool gone;       /* it is reaped: see @status and @usage */
	bool unreapable; /* it has exited, by its pidfd, but a tracer holds it */
	int status;
	struct rusage usage;
};

/* What to wait for once the command has ended. */
struct teardown {
	const struct box *box;
	int proc;    /* a procfs, -1 for none */
	int child;   /* pidfd of the first process */
	int signals; /* a signal from here ends the waiting */
	const struct helper *janitor;
	uint64_t start; /* of the first process, see struct proc_stat */
	int64_t since;  /* when the command ended: sys_now_ms() */
	pid_t command;  /* its PID if it is stuck in its exit, else 0 */
	bool others;    /* processes are left inside that may outlive the command */
	struct teardown_child first;
};

/* Reap the first process if it has exited.  Returns 0 or -errno. */
int teardown_look(int child, struct teardown_child *ret) must_check;

/*
 * Wait until nothing is left of the sandbox: kill processes, have the janitor free what is stuck,
 * but wait no longer than the plan says.  Records in @out which processes are left then.
 */
void teardown_await(struct teardown *t, struct outcome *out);
