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
#define KEY_BYTES 16 /* "\nTracerPid:\t" */
#define ENTRIES_BYTES 4096

#define PF_EXITING 4 /* from the kernel's include/linux/sched.h */
#define KILLED (1U << (SIGKILL - 1))
#define EXIT_STOP (SIGTRAP | PTRACE_EVENT_EXIT << 8)
#define SIGNAL_BITS 0x7f /* of a wait status */

/* Fields of /proc/PID/stat, numbered as in proc(5). */
enum field {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_FLAGS = 9,
	FIELD_START = 22,
	FIELD_PENDING = 31,
	FIELD_CPU = 39,
	FIELD_EXIT_CODE = 52,
	FIELDS,
};

/* Split @text, which begins after the name, into @fields.  Returns 0 or -EPROTO. */
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

int proc_stat(int proc, const char *task, struct proc_stat *ret)
{
	char path[PATH_BYTES];
	char text[STAT_BYTES];
	const char *fields[FIELDS] = {0};
	char *name;
	char *end;
	int r;

	(void)snprintf(path, sizeof(path), "%s/stat", task);
	r = io_read_text(proc, path, text, sizeof(text));
	if (r < 0)
		return r;
	name = strchr(text, '(');
	end = strrchr(text, ')'); /* the name may contain ")" and newlines */
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
		.start = number(fields[FIELD_START]),
	};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	ret->exiting = ret->state == 'Z' || ret->state == 'X' ||
		       (number(fields[FIELD_FLAGS]) & PF_EXITING);
	ret->ending = ret->exiting || (number(fields[FIELD_PENDING]) & KILLED);
	return 0;
}

/* Call @take for each number among the @size bytes of entries at @buf. */
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

/* Go through the rest of @dir.  Returns as proc_each(). */
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

/* Whether @code is that of an exit, not of a signal-delivery-stop, see ptrace(2). */
static bool is_of_exit(int code)
{
	return code == SIGKILL || code == EXIT_STOP || (code != 0 && !(code & SIGNAL_BITS));
}

/*
 * Whether a tracer holds the thread of @stat at PTRACE_EVENT_EXIT, before PF_EXITING is set.  The
 * thread's code shows it until the tracer has waited for the stop; after that @code, its process's,
 * does.  A syscall-stop at exit_group(2) does not count.
 */
static bool is_at_exit_stop(const struct proc_stat *stat, int code)
{
	return stat->state == 't' && (is_of_exit(stat->exit_code) || is_of_exit(code));
}

/* The threads of a process, for proc_is_ending(). */
struct threads {
	int proc;
	pid_t pid;
	int code;   /* the process's exit code, or 0 */
	pid_t left; /* a thread that is still exiting, 0 for none */
	bool alive; /* a thread still runs its program */
};

static int look_at_thread(void *arg, pid_t tid)
{
	struct threads *threads = arg;
	char task[PATH_BYTES];
	struct proc_stat stat;

	(void)snprintf(task, sizeof(task), "%d/task/%d", threads->pid, tid);
	if (proc_stat(threads->proc, task, &stat) < 0 || /* it may have created another one */
	    (!stat.ending && !is_at_exit_stop(&stat, threads->code)))
		threads->alive = true;
	else if (stat.state != 'Z' && stat.state != 'X')
		threads->left = tid;
	return 0;
}

/* Whether this process may read of @pid what takes ptrace access, see proc(5). */
static bool may_know(int proc, pid_t pid)
{
	char path[PATH_BYTES];
	char link[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%d/ns/user", pid);
	return sys_readlinkat(proc, path, link, sizeof(link)) >= 0;
}

/*
 * The wait status of a process that is exiting or has been killed, or -1.  A killed process that
 * has not reached its exit has no status before Linux 5.17; later, it has that of the group exit.
 */
static int status_of(const struct proc_stat *stat)
{
	if (stat->exit_code == EXIT_STOP)
		return -1;
	return stat->exit_code != 0 || stat->exiting || stat->state == 't' ? stat->exit_code : -1;
}

/*
 * Whether the code of the first thread, which is exiting, is that of the process.  A thread that
 * exits alone has the code of its exit(2) or, if a tracer holds it, of its own stop.
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

pid_t proc_pid_field(int proc, const char *path, const char *name)
{
	char text[STAT_BYTES];
	char key[KEY_BYTES];
	char *found;
	uint64_t pid;
	int r = io_read_text(proc, path, text, sizeof(text));

	if (r < 0)
		return r;
	(void)snprintf(key, sizeof(key), "\n%s:\t", name);
	found = strstr(text, key);
	if (found == NULL)
		return -ESRCH;
	found += strlen(key);
	found[strcspn(found, "\n")] = '\0';
	return num_parse(found, 10, INT32_MAX, &pid) == 0 && pid > 0 ? (pid_t)pid : -ESRCH;
}

pid_t proc_pid_of(int proc, int pidfd)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
	return proc_pid_field(proc, path, "Pid");
}
