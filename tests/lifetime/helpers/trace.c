/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SYSCALL_STOP (SIGTRAP | 0x80) /* see PTRACE_O_TRACESYSGOOD */

static const int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

/* ptrace(2) takes numbers where pointers are declared. */
static long trace_call(unsigned request, pid_t pid, int data)
{
	return ptrace(request, pid, NULL, (void *)(intptr_t)data);
}

static struct tracee *find(struct trace *trace, pid_t pid)
{
	for (unsigned i = 0; i < trace->count; i++)
		if (trace->tracees[i].pid == pid && !trace->tracees[i].is_gone)
			return &trace->tracees[i];
	return NULL;
}

static struct tracee *find_or_add(struct trace *trace, pid_t pid)
{
	struct tracee *tracee = find(trace, pid);

	if (tracee == NULL && trace->count < MAX_TRACEES) {
		tracee = &trace->tracees[trace->count++];
		*tracee = (struct tracee){.pid = pid};
	}
	return tracee;
}

/* Record that @pid has stopped before its parent's event. */
static void note_early(struct trace *trace, pid_t pid)
{
	if (trace->n_early < MAX_TRACEES)
		trace->early[trace->n_early++] = pid;
}

/* Whether @pid has stopped already; it is not remembered any more. */
static bool was_early(struct trace *trace, pid_t pid)
{
	for (unsigned i = 0; i < trace->n_early; i++) {
		if (trace->early[i] != pid)
			continue;
		trace->early[i] = trace->early[--trace->n_early];
		return true;
	}
	return false;
}

bool trace_start(struct trace *trace, pid_t pid)
{
	return find_or_add(trace, pid) != NULL && trace_call(PTRACE_SEIZE, pid, options) == 0;
}

static void let_go(struct tracee *tracee)
{
	(void)trace_call(PTRACE_DETACH, tracee->pid, tracee->signal);
	tracee->is_held = false;
	tracee->is_gone = true;
}

static void resume(struct tracee *tracee)
{
	if (tracee->is_in_group_stop)
		(void)trace_call(PTRACE_LISTEN, tracee->pid, 0);
	else
		(void)trace_call(PTRACE_SYSCALL, tracee->pid, tracee->signal);
	tracee->is_held = false;
	tracee->signal = 0;
}

/* Learn which system call begins, if one does. */
static void read_call(struct tracee *tracee)
{
	struct __ptrace_syscall_info info = {0};

	tracee->is_in_call = false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, (void *)sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	tracee->is_in_call = true;
	tracee->call = (unsigned)info.entry.nr;
}

/* Whether @tracee is about to execute a program. */
static bool begins_exec(const struct tracee *tracee)
{
	return tracee->is_in_call && (tracee->call == SYS_execve || tracee->call == SYS_execveat);
}

/* The first program is the one that is started; the next one is its command. */
static void note_exec(struct trace *trace, const struct tracee *tracee)
{
	if (tracee->stops == 0)
		return;
	trace->exec = EXEC_DONE;
	if (trace->command == 0)
		trace->command = tracee->pid;
}

/* A system call begins or ends. */
static void note_call(struct trace *trace, struct tracee *tracee)
{
	size_t which = (size_t)(tracee - trace->tracees);

	tracee->stops++;
	read_call(tracee);
	if (which == trace->process && tracee->stops == trace->stop) {
		trace->is_reached = true;
		trace->mode = TRACE_HOLD;
	}
	if (trace->exec != EXEC_NOT_YET)
		return;
	trace->stops_before_exec[which] = tracee->stops;
	if (begins_exec(tracee))
		trace->exec = EXEC_BEGUN;
}

/* @parent has created a process: its index follows those created before. */
static void note_birth(struct trace *trace, const struct tracee *parent)
{
	unsigned long message = 0;
	struct tracee *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &message) < 0)
		return;
	child = find_or_add(trace, (pid_t)message);
	if (child == NULL || !was_early(trace, child->pid))
		return;
	child->is_held = true;
	if (trace->mode == TRACE_FOLLOW)
		resume(child);
}

static bool is_birth(int event)
{
	return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	       event == PTRACE_EVENT_CLONE;
}

/* Understand why @tracee has stopped. */
static void note_stop(struct trace *trace, struct tracee *tracee, int status)
{
	int signal = WSTOPSIG(status);
	int event = status >> 16;

	tracee->is_held = true;
	tracee->signal = 0;
	tracee->is_in_group_stop = event == PTRACE_EVENT_STOP && signal != SIGTRAP;
	if (signal == SYSCALL_STOP)
		note_call(trace, tracee);
	else if (is_birth(event))
		note_birth(trace, tracee);
	else if (event == PTRACE_EVENT_EXEC)
		note_exec(trace, tracee);
	else if (event == 0)
		tracee->signal = signal;
}

void trace_take(void *arg, pid_t pid, int status)
{
	struct trace *trace = arg;
	struct tracee *tracee = find(trace, pid);

	if (tracee == NULL && WIFSTOPPED(status) && trace->mode == TRACE_FOLLOW) {
		note_early(trace, pid);
		return;
	}
	if (tracee == NULL && WIFSTOPPED(status))
		tracee = find_or_add(trace, pid);
	if (tracee == NULL)
		return;
	if (!WIFSTOPPED(status)) {
		tracee->is_gone = true;
		return;
	}
	note_stop(trace, tracee, status);
	switch (trace->mode) {
	case TRACE_FOLLOW:
		resume(tracee);
		break;
	case TRACE_HOLD:
		if (pid == trace->spared)
			let_go(tracee);
		break;
	case TRACE_RELEASE:
		let_go(tracee);
		break;
	}
}

void trace_release_one(struct trace *trace, pid_t pid)
{
	struct tracee *tracee = find(trace, pid);

	trace->spared = pid;
	if (tracee != NULL && tracee->is_held)
		let_go(tracee);
	else if (tracee != NULL)
		(void)trace_call(PTRACE_INTERRUPT, pid, 0);
}

void trace_release(struct trace *trace)
{
	while (trace->n_early > 0) {
		struct tracee *tracee = find_or_add(trace, trace->early[--trace->n_early]);

		if (tracee != NULL)
			tracee->is_held = true;
	}
	trace->mode = TRACE_RELEASE;
	for (unsigned i = 0; i < trace->count; i++) {
		struct tracee *tracee = &trace->tracees[i];

		if (tracee->is_held)
			let_go(tracee);
		else if (!tracee->is_gone)
			(void)trace_call(PTRACE_INTERRUPT, tracee->pid, 0);
	}
}
