/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "base/num.h"
#include "sys/io.h"
#include "sys/sys.h"

#define PATH_BYTES 64
#define STAT_BYTES 1024
#define ENTRIES_BYTES 4096

#define PF_EXITING 4 /* of the kernel's linux/sched.h */
#define KILLED (1U << (SIGKILL - 1))
#define EXIT_STOP (SIGTRAP | PTRACE_EVENT_EXIT << 8)
#define SIGNAL_BITS 0x7f /* of a wait status */

/* Fields of /proc/PID/stat, numbered as in proc(5). */
enum field {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_FLAGS = 9,
	FIELD_UTIME = 14,
	FIELD_STIME = 15,
	FIELD_START = 22,
	FIELD_PENDING = 31,
	FIELD_CPU = 39,
	FIELD_EXIT_CODE = 52,
	FIELDS,
};

/* Split what follows the name into @fields, from FIELD_STATE on.  Returns 0 or -EPROTO. */
static int split(char *text, const char **fields)
{
	char *rest = NULL;
	char *word = strtok_r(text, " ", &rest);

	for (unsigned i = FIELD_STATE; i < FIELDS; i++) {
		if (word == NULL)
			return -EPROTO;
		fields[i] = word;
		word = strtok_r(NULL, " ", &rest);
	}
	return 0;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int proc_stat(int proc, const char *who, struct proc_stat *ret)
{
	char path[PATH_BYTES];
	char text[STAT_BYTES];
	const char *fields[FIELDS] = {0};
	char *name;
	char *end;
	int r;

	(void)snprintf(path, sizeof(path), "%s/stat", who);
	r = io_read_text(proc, path, text, sizeof(text));
	if (r < 0)
		return r;
	name = strchr(text, '(');
	end = strrchr(text, ')'); /* the name may hold one, and ends of lines */
	if (name == NULL || end == NULL || end[1] == '\0')
		return -EPROTO;
	*end = '\0';
	r = split(end + 1, fields);
	if (r < 0)
		return r;
	*ret = (struct proc_stat){
		.pid = (pid_t)number(text),
		.parent = (pid_t)number(fields[FIELD_PARENT]),
		.state = fields[FIELD_STATE][0],
		.exit_code = (int)number(fields[FIELD_EXIT_CODE]),
		.cpu = (unsigned)number(fields[FIELD_CPU]),
		.ticks = number(fields[FIELD_UTIME]) + number(fields[FIELD_STIME]),
		.start = number(fields[FIELD_START]),
	};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	ret->exiting = ret->state == 'Z' || ret->state == 'X' ||
		       (number(fields[FIELD_FLAGS]) & PF_EXITING);
	ret->ending = ret->exiting || (number(fields[FIELD_PENDING]) & KILLED);
	return 0;
}

/* Take the numbers among the @size bytes of entries at @buf. */
static int take_entries(const char *buf, size_t size, int (*take)(void *arg, pid_t pid), void *arg)
{
	for (size_t at = 0; at < size;) {
		const struct dirent64 *entry = (const void *)(buf + at);
		uint64_t pid;
		int r = 0;

		if (num_parse(entry->d_name, 10, INT32_MAX, &pid) == 0)
			r = take(arg, (pid_t)pid);
		if (r < 0)
			return r;
		at += entry->d_reclen;
	}
	return 0;
}

/* Go through what is left of @dir, as proc_each(). */
static int go_through(int dir, int (*take)(void *arg, pid_t pid), void *arg)
{
	_Alignas(struct dirent64) char buf[ENTRIES_BYTES];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = sys_getdents(dir, buf, sizeof(buf))) != 0)
		r = n < 0 ? (int)n : take_entries(buf, (size_t)n, take, arg);
	return r;
}

int proc_each(int dirfd, const char *path, int (*take)(void *arg, pid_t pid), void *arg)
{
	autoclose int dir = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY, 0);

	return dir < 0 ? dir : go_through(dir, take, arg);
}

int proc_each_open(int dir, int (*take)(void *arg, pid_t pid), void *arg)
{
	int r = sys_rewind(dir);

	return r < 0 ? r : go_through(dir, take, arg);
}

/* Whether @code is that of an exit and not of a signal at which a tracee has stopped. */
static bool is_of_exit(int code)
{
	return code == SIGKILL || code == EXIT_STOP || (code != 0 && !(code & SIGNAL_BITS));
}

/*
 * Whether a tracer holds the thread of @stat at its exit (PTRACE_EVENT_EXIT), which the kernel
 * has not marked as exiting yet: by the code of its stop, until the tracer has taken that; or
 * by @code, its process's.  Stopped on its way into exit_group(2), it is not.
 */
static bool is_at_exit_stop(const struct proc_stat *stat, int code)
{
	return stat->state == 't' && (is_of_exit(stat->exit_code) || is_of_exit(code));
}

/* The threads of a process, as proc_is_ending() goes through them. */
struct threads {
	int proc;
	pid_t pid;
	int code;   /* of its exit, if there is one */
	pid_t left; /* one that has not ended quite, 0 for none */
	bool alive; /* there is one that goes on with its program */
};

static int look_at_thread(void *arg, pid_t tid)
{
	struct threads *threads = arg;
	char who[PATH_BYTES];
	struct proc_stat stat;

	(void)snprintf(who, sizeof(who), "%d/task/%d", threads->pid, tid);
	if (proc_stat(threads->proc, who, &stat) < 0 || /* gone, perhaps having made another */
	    (!stat.ending && !is_at_exit_stop(&stat, threads->code)))
		threads->alive = true;
	else if (stat.state != 'Z' && stat.state != 'X')
		threads->left = tid;
	return 0;
}

/* Whether this process may know of @pid what the kernel tells only who may trace it. */
static bool may_know(int proc, pid_t pid)
{
	char path[PATH_BYTES];
	char link[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%d/ns/user", pid);
	return sys_readlinkat(proc, path, link, sizeof(link)) >= 0;
}

/*
 * The status for wait(2) of a process that is about to end, or -1.  One that has not
 * come to its exit yet has none before Linux 5.17; later, that of whoever ended it.
 */
static int status_of(const struct proc_stat *stat)
{
	if (stat->exit_code == EXIT_STOP)
		return -1;
	return stat->exit_code != 0 || stat->exiting || stat->state == 't' ? stat->exit_code : -1;
}

/*
 * Whether the code of the first thread, which is ending, is that of all: a thread that ends
 * alone has that of its exit(2), or, held by a tracer, of its own stop.
 */
static bool is_of_all(const struct proc_stat *stat)
{
	if (stat->state == 't')
		return stat->exit_code != EXIT_STOP;
	return (stat->exit_code & SIGNAL_BITS) != 0;
}

int proc_is_ending(int proc, pid_t pid, pid_t *holder, int *status)
{
	struct threads threads = {.proc = proc, .pid = pid};
	char path[PATH_BYTES];
	struct proc_stat stat;
	int r;

	(void)snprintf(path, sizeof(path), "%d", pid);
	r = proc_stat(proc, path, &stat);
	if (r < 0)
		return r;
	if (!stat.ending && !is_at_exit_stop(&stat, 0))
		return 0;
	if (is_of_all(&stat))
		threads.code = stat.exit_code;
	(void)snprintf(path, sizeof(path), "%d/task", pid);
	r = proc_each(proc, path, look_at_thread, &threads);
	if (r < 0 || threads.alive)
		return r;
	*holder = threads.left != 0 ? threads.left : pid;
	*status = may_know(proc, pid) ? status_of(&stat) : -1;
	return 1;
}

pid_t proc_self(int proc)
{
	char link[PATH_BYTES];
	ssize_t n = sys_readlinkat(proc, "self", link, sizeof(link) - 1);
	uint64_t pid;

	if (n < 0)
		return (pid_t)n;
	link[n] = '\0';
	return num_parse(link, 10, INT32_MAX, &pid) == 0 ? (pid_t)pid : -EPROTO;
}

pid_t proc_pid_of(int proc, int pidfd)
{
	static const char key[] = "\nPid:\t";
	char path[PATH_BYTES];
	char text[STAT_BYTES];
	autoclose int fd = -1;
	const char *found;
	ssize_t n;
	uint64_t pid;

	(void)snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
	fd = sys_openat(proc, path, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	n = sys_read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (pid_t)n;
	text[n] = '\0';
	found = strstr(text, key);
	if (found == NULL)
		return -ESRCH;
	found += strlen(key);
	text[(size_t)(found - text) + strcspn(found, "\n")] = '\0';
	return num_parse(found, 10, INT32_MAX, &pid) == 0 && pid > 0 ? (pid_t)pid : -ESRCH;
}
