/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/resource.h>

#include "run/box.h"
#include "run/janitor.h"

/* How far the end of the first process inside has come. */
struct teardown_child {
	bool gone;       /* it is reaped, with @status and @usage */
	bool unreapable; /* it has ended, as its pidfd tells, but a tracer holds it */
	int status;
	struct rusage usage;
};

/* What there is to wait for, once the command has ended. */
struct teardown {
	const struct box *box;
	int proc;    /* a procfs, -1 for none */
	int child;   /* pidfd of the first process inside */
	int signals; /* a signal from here ends the waiting */
	const struct helper *janitor;
	uint64_t start; /* of the first process inside, see struct proc_stat */
	int64_t since;  /* when the command ended: sys_now_ms() */
	pid_t command;  /* while its process is stuck in its exit; else 0 */
	bool others;    /* processes are left inside that may live on */
	struct teardown_child first;
};

/* See whether the first process inside has ended.  Returns 0 or -errno. */
int teardown_look(int child, struct teardown_child *ret) must_check;

/*
 * Wait until nothing is left of the sandbox: end who is to be ended, have the janitor free
 * what is stuck, but wait no longer than the plan says.  What is still there then is noted in
 * @out.
 */
void teardown_await(struct teardown *w, struct outcome *out);
