/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * Of a stuck process only stat, status, wchan and stack are read: reading other files takes locks
 * that it may hold.  Even the stack takes one, so a helper process reads it, for a limited time.
 *
 * /proc/PID/stack of a running task is almost always empty unless it is read from the CPU on which
 * the task runs.
 */
#include "host/stuck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/times.h"
#include "sys/helper.h"
#include "sys/io.h"
#include "sys/sys.h"

#define TASK_BYTES 48 /* "PID/task/TID" */
#define PATH_BYTES 64 /* a file there */
#define FILE_BYTES 4096

#define FUSE_MEANING "it waits for a FUSE server that does not answer"
#define FUSE_HINT                                                                                  \
	"end the FUSE server, or as root write 1 to its abort file below /sys/fs/fuse/connections"

static const char *const role_names[] = {
	[STUCK_COMMAND] = "command",
	[STUCK_REAPER] = "reaper",
	[STUCK_JANITOR] = "janitor",
	[STUCK_INSIDE] = "inside",
};

const char *stuck_role_name(enum stuck_role role)
{
	return role_names[role];
}

#define ANY_ROLE -1

/* Where a process can be stuck: the first match is reported. */
static const struct {
	int role;
	const char *wchan; /* a part of the function's name, NULL for any */
	char state;        /* 0 for any */
	const char *meaning;
	const char *hint;
} causes[] = {
	{ANY_ROLE, "ptrace", 0, "its tracer holds it", "end the tracer"},
	{ANY_ROLE, NULL, 't', "its tracer holds it", "end the tracer"},
	{ANY_ROLE, "fuse", 0, FUSE_MEANING, FUSE_HINT},
	{ANY_ROLE, "request_wait_answer", 0, FUSE_MEANING, FUSE_HINT},
	{ANY_ROLE, "refrigerator", 0, "its cgroup is frozen", "thaw the cgroup"},
	{ANY_ROLE, "do_freezer_trap", 0, "its cgroup is frozen", "thaw the cgroup"},
	{ANY_ROLE, NULL, 'T', "it is stopped", "send it SIGCONT, or SIGKILL"},
	{ANY_ROLE, NULL, 'Z', "it has exited, but its tracer or parent does not wait for it",
	 "end its tracer"},
	{ANY_ROLE, "zap_pid_ns", 0, "it waits for processes inside that do not exit", ""},
	{ANY_ROLE, "do_wait", 0, "it waits for processes inside that do not exit", ""},
	{ANY_ROLE, "seccomp", 0, "it waits for a seccomp supervisor that does not answer",
	 "end the supervisor"},
	{ANY_ROLE, "kernel_clone", 0, "it waits for its child to execute a program or exit", ""},
	{ANY_ROLE, "nfs", 0, "it waits for an NFS server", ""},
	{ANY_ROLE, "rpc_", 0, "it waits for an NFS server", ""},
	{ANY_ROLE, "folio", 0, "it waits for data of a file",
	 "if the file is on FUSE or a network file system, check the server"},
	{ANY_ROLE, "wb_", 0, "it waits for data to be written to disk",
	 "unmounting an overlay waits for the writes of other processes, too"},
	{STUCK_JANITOR, NULL, 0, "it is unmounting the sandbox's file systems",
	 "it exits on its own; if it never does, the kernel is at fault"},
	{ANY_ROLE, NULL, 'R', "the kernel is busy with it",
	 "it exits on its own; if it never does, the kernel is at fault"},
	{ANY_ROLE, NULL, 'D', "the kernel is waiting for a device or a lock",
	 "the kernel log may say more"},
};

static void explain(struct stuck *stuck)
{
	stuck->meaning = "";
	stuck->hint = "";
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].role != ANY_ROLE && causes[i].role != (int)stuck->role)
			continue;
		if (causes[i].wchan != NULL && strstr(stuck->wchan, causes[i].wchan) == NULL)
			continue;
		if (causes[i].state != 0 && causes[i].state != stuck->stat.state)
			continue;
		stuck->meaning = causes[i].meaning;
		stuck->hint = causes[i].hint;
		return;
	}
}

/* The PID of the tracer of @task, or 0. */
static pid_t read_tracer(int proc, const char *task)
{
	char path[PATH_BYTES];
	pid_t tracer;

	(void)snprintf(path, sizeof(path), "%s/status", task);
	tracer = proc_pid_field(proc, path, "TracerPid");
	return tracer < 0 ? 0 : tracer;
}

static void read_wchan(int proc, const char *task, struct stuck *ret)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/wchan", task);
	if (io_read_line(proc, path, ret->wchan, sizeof(ret->wchan)) < 0 ||
	    strcmp(ret->wchan, "0") == 0)
		ret->wchan[0] = '\0';
}

/* The argument of answer_stack(). */
struct reading {
	int proc;
	char task[TASK_BYTES];
	int answer; /* a socket */
};

/* Read the stack of @task, on its CPU while it runs.  Returns the number of bytes. */
static size_t sample_stack(int proc, const char *task, char *buf, size_t size)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/stack", task);
	for (unsigned i = 0; i < STACK_LOOKS; i++) {
		autoclose int fd = sys_openat(proc, path, O_RDONLY, 0);
		ssize_t n = fd < 0 ? -1 : sys_read(fd, buf, size);
		struct proc_stat now;

		if (n != 0)
			return n < 0 ? 0 : (size_t)n;
		if (proc_stat(proc, task, &now) < 0 || sys_stay_on(now.cpu) < 0)
			break;
		(void)sys_poll(NULL, 0, STACK_LOOK_MS);
	}
	return 0;
}

/* In the helper process: read the stack and send it. */
static int answer_stack(const void *arg)
{
	const struct reading *reading = arg;
	char text[FILE_BYTES];
	size_t size = sample_stack(reading->proc, reading->task, text, sizeof(text));

	(void)sys_write(reading->answer, text, size);
	return 0;
}

/* Put the frames of the stack @text, a line "[<0>] name+0x1/0x2" each, into @ret. */
static void take_frames(char *text, struct stuck *ret)
{
	static const char mark[] = "[<0>] ";
	char *rest = NULL;
	unsigned n = 0;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL && n < STUCK_FRAMES;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, mark, strlen(mark)) == 0)
			line += strlen(mark);
		(void)snprintf(ret->stack[n], sizeof(ret->stack[n]), "%s", line);
		n++;
	}
}

void stuck_read_stack(int proc, struct stuck *stuck)
{
	enum { HERE, THERE, ENDS };
	char text[FILE_BYTES];
	int pair[ENDS];
	struct reading reading = {.proc = proc};
	ssize_t n = 0;

	(void)snprintf(reading.task, sizeof(reading.task), "%d/task/%d", stuck->pid,
		       stuck->stat.pid);
	if (sys_socketpair(pair) < 0)
		return;
	reading.answer = pair[THERE];
	if (helper_run(answer_stack, &reading, STACK_MS, STACK_MS) == 0)
		n = sys_read(pair[HERE], text, sizeof(text) - 1);
	(void)sys_close(pair[HERE]);
	(void)sys_close(pair[THERE]);
	if (n <= 0)
		return;
	text[n] = '\0';
	take_frames(text, stuck);
}

int stuck_look(int proc, pid_t pid, pid_t tid, enum stuck_role role, struct stuck *ret)
{
	char task[TASK_BYTES];
	int r;

	*ret = (struct stuck){.role = role, .pid = pid};
	(void)snprintf(task, sizeof(task), "%d/task/%d", pid, tid);
	r = proc_stat(proc, task, &ret->stat);
	if (r < 0)
		return r;
	read_wchan(proc, task, ret);
	ret->tracer = read_tracer(proc, task);
	explain(ret);
	return 0;
}

void stuck_describe(const struct stuck *stuck, char *ret, size_t size)
{
	const int seconds = 1000;
	const int tenths = 100;
	char where[sizeof(stuck->wchan) + sizeof(" in ")] = "";
	char tracer[32] = "";

	if (stuck->wchan[0] != '\0')
		(void)snprintf(where, sizeof(where), " in %s", stuck->wchan);
	else if (stuck->stack[0][0] != '\0')
		(void)snprintf(where, sizeof(where), " in %s", stuck->stack[0]);
	if (stuck->tracer != 0)
		(void)snprintf(tracer, sizeof(tracer), " (process %d)", stuck->tracer);
	(void)snprintf(
		ret, size,
		"the %s, %s (process %d), is still there after %d.%d s: state %c%s%s%s%s%s%s",
		stuck->role == STUCK_INSIDE ? "process inside" : role_names[stuck->role],
		stuck->stat.name, stuck->pid, (int)(stuck->ms / seconds),
		(int)(stuck->ms % seconds / tenths), stuck->stat.state, where,
		stuck->meaning[0] != '\0' ? ": " : "", stuck->meaning, tracer,
		stuck->doing[0] != '\0' ? "; it was at " : "", stuck->doing);
}
