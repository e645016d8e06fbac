/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peek PID [WAY]...: try each WAY, or all, of looking into process PID or of taking control of it.
 * Prints the names of those that work, in one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 64
#define MAX_FDS 64
#define NOWHERE 16 /* an address at which nothing is */

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

struct way {
	const char *name;
	bool (*works)(const struct way *way, pid_t pid);
	const char *file; /* in /proc/PID */
	int flags;        /* of open(2) */
};

static bool attach(const struct way *way, pid_t pid)
{
	(void)way;
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) < 0)
		return false;
	(void)waitpid(pid, NULL, __WALL);
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	return true;
}

/* The kernel detaches it at our exit. */
static bool seize(const struct way *way, pid_t pid)
{
	(void)way;
	return ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
}

/* A permitted reader finds nothing there; any other gets an error. */
static bool read_memory(const struct way *way, pid_t pid)
{
	char byte;
	struct iovec here = {.iov_base = &byte, .iov_len = 1};
	struct iovec there = {.iov_base = NULL, .iov_len = 1};

	(void)way;
	there.iov_base = (char *)there.iov_base + NOWHERE;
	return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool take_descriptor(const struct way *way, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	(void)way;
	for (int fd = 0; fd < 3; fd++)
		if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0 || errno == EBADF)
			return true;
	return false;
}

static bool open_file(const struct way *way, pid_t pid)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, way->file);
	return open(path, way->flags | O_CLOEXEC) >= 0;
}

/* Open what one of its descriptors is open on.  Their numbers are no secret. */
static bool open_descriptor(const struct way *way, pid_t pid)
{
	(void)way;
	for (int fd = 0; fd < MAX_FDS; fd++) {
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		if (open(path, O_PATH | O_CLOEXEC) >= 0)
			return true;
	}
	return false;
}

static bool follow_link(const struct way *way, pid_t pid)
{
	char path[PATH_BYTES];
	char target[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, way->file);
	return readlink(path, target, sizeof(target)) >= 0;
}

static const struct way ways[] = {
	{.name = "attach", .works = attach},
	{.name = "seize", .works = seize},
	{.name = "read", .works = read_memory},
	{.name = "getfd", .works = take_descriptor},
	{.name = "mem", .works = open_file, .file = "mem", .flags = O_RDONLY},
	{.name = "mem-write", .works = open_file, .file = "mem", .flags = O_RDWR},
	{.name = "environ", .works = open_file, .file = "environ", .flags = O_RDONLY},
	{.name = "maps", .works = open_file, .file = "maps", .flags = O_RDONLY},
	{.name = "fd", .works = open_descriptor},
	{.name = "cwd", .works = follow_link, .file = "cwd"},
	{.name = "root", .works = follow_link, .file = "root"},
	{.name = "exe", .works = follow_link, .file = "exe"},
	{.name = "ns", .works = follow_link, .file = "ns/mnt"},
};

static bool is_wanted(const struct way *way, char **names)
{
	if (*names == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, way->name) == 0)
			return true;
	return false;
}

/*
 * Whether @pid has memory.  An exiting process has none any more: then every process with the same
 * IDs may open its files, which are empty.
 */
static bool has_memory(pid_t pid)
{
	char path[PATH_BYTES];
	unsigned long pages = 0;
	FILE *statm;

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	statm = fopen(path, "re");
	if (statm == NULL)
		return false;
	if (fscanf(statm, "%lu", &pages) != 1)
		pages = 0;
	(void)fclose(statm);
	return pages > 0;
}

/* Try @way in a process of its own, so that no way is helped by another. */
static bool works(const struct way *way, pid_t pid)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(way->works(way, pid) && has_memory(pid));
	(void)waitpid(child, &status, 0);
	return child < 0 || status != 0; /* what could not be tried, too */
}

int main(int argc, char **argv)
{
	const char *separator = "";
	pid_t pid = argc > 1 ? atoi(argv[1]) : 0;

	if (pid <= 0 || (kill(pid, 0) < 0 && errno != EPERM)) {
		perror("peek");
		return 2;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!is_wanted(&ways[i], argv + 2) || !works(&ways[i], pid))
			continue;
		printf("%s%s", separator, ways[i].name);
		separator = " ";
	}
	(void)puts("");
	return 0;
}
