/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows a program and all that it starts from system call to system call, by ptrace(2),
 * and holds everything where one of the processes begins or ends a certain one.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { MAX_TRACEES = 64 };

struct tracee {
	pid_t pid;
	unsigned call;   /* the number of its last system call, */
	bool is_in_call; /* which has begun, but not ended */
	unsigned stops;  /* system calls begun and ended so far, each counts */
	bool is_held;    /* stopped, and not yet let go */
	bool is_gone;    /* has ended, or is no longer traced */
	bool is_in_group_stop;
	int signal; /* to be delivered to it when it is let go */
};

/* How far the program that is started has got with starting another one. */
enum trace_exec { EXEC_NOT_YET, EXEC_BEGUN, EXEC_DONE };

enum trace_mode {
	TRACE_FOLLOW,  /* from stop to stop, until the wanted one */
	TRACE_HOLD,    /* what stops stays so, but for @spared */
	TRACE_RELEASE, /* what stops is let go for good */
};

struct trace {
	struct tracee tracees[MAX_TRACEES]; /* in the order in which they were made */
	unsigned count;
	enum trace_mode mode;
	unsigned process; /* where the wanted stop is: which process, */
	unsigned stop;    /* and which of its stops, counting from 1; 0: nowhere */
	bool is_reached;
	pid_t spared;
	enum trace_exec exec;
	pid_t command;            /* the process that has executed another program, or 0 */
	pid_t early[MAX_TRACEES]; /* stopped before the event of their parents */
	unsigned n_early;
	unsigned stops_before_exec[MAX_TRACEES]; /* of each, until EXEC_BEGUN */
};

/*
 * Follow @pid, a child that has yet to execute the program.  Returns whether that is allowed.
 */
bool trace_start(struct trace *trace, pid_t pid);

/* Take a stop or the end of a tracee: see family_take.  @arg is a struct trace. */
void trace_take(void *arg, pid_t pid, int status);

/* Let all go for good that are held, or @pid alone.  The others follow when they stop. */
void trace_release(struct trace *trace);
void trace_release_one(struct trace *trace, pid_t pid);
