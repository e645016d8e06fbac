/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum {
	BATCH = 200, /* launches that make up one measurement of throughput */
	IN_FLIGHT = 4,
};

int complain(const char *what)
{
	fprintf(stderr, "bench: cannot %s: %s\n", what, strerror(errno));
	return -1;
}

/* @actions: on the launcher's descriptors; may be NULL. */
static int spawn(char **argv, const posix_spawn_file_actions_t *actions, pid_t *ret)
{
	int r = posix_spawn(ret, argv[0], actions, NULL, argv, environ);

	if (r == 0)
		return 0;
	fprintf(stderr, "bench: cannot run %s as uid %u: %s\n", argv[0], geteuid(), strerror(r));
	return -1;
}

static int check_status(const char *path, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		fprintf(stderr, "bench: %s exited with status %d\n", path, WEXITSTATUS(status));
	else
		fprintf(stderr, "bench: %s was killed by signal %d\n", path, WTERMSIG(status));
	return -1;
}

static double to_us(const struct timespec *time)
{
	return (double)time->tv_sec * 1e6 + (double)time->tv_nsec / 1e3;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return to_us(&now);
}

static int take_time(char **argv, double *ret)
{
	double start = now_us();
	pid_t pid;
	int status;

	if (spawn(argv, NULL, &pid) < 0)
		return -1;
	if (waitpid(pid, &status, 0) < 0)
		return complain("wait");
	*ret = now_us() - start;
	return check_status(argv[0], status);
}

/* After a failure, wait for the launches in flight. */
static int take_throughput(char **argv, double *ret)
{
	double start = now_us();
	int result = 0;
	int status;
	pid_t pid;

	for (int started = 0; started < BATCH && result == 0; started++) {
		if (started >= IN_FLIGHT && wait(&status) >= 0)
			result = check_status(argv[0], status);
		if (result == 0)
			result = spawn(argv, NULL, &pid);
	}
	while (wait(&status) >= 0) {
		if (check_status(argv[0], status) < 0)
			result = -1;
	}
	*ret = BATCH * 1e6 / (now_us() - start);
	return result;
}

/*
 * At exec the kernel carries the peak of the old image over to the new one, so
 * the weight of this process counts as well.  That rules out posix_spawn(): its
 * child shares all pages of the benchmark, which are more than those of `true`.
 * A forked child starts with only the few that have been written to, 0.4 MiB;
 * so the floor of this measure is `true` itself, at about 1 MiB.
 */
static int take_memory(char **argv, double *ret)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return complain("fork");
	if (pid == 0) {
		execv(argv[0], argv);
		complain("run the launcher");
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0)
		return complain("wait");
	*ret = (double)usage.ru_maxrss;
	return check_status(argv[0], status);
}

/* What the process of a scene keeps from one measurement of an exit to the next. */
static struct {
	struct timespec *end; /* of the command: in memory that is its standard input */
	int said;             /* a file for the launcher's standard error */
	posix_spawn_file_actions_t actions;
} leaving;

/* From here on, orphans of a launcher become children of this process. */
static int prepare_leaving(void)
{
	int memory = memfd_create("bench: end of the command", MFD_CLOEXEC);
	struct timespec *end;

	leaving.said = memfd_create("bench: standard error", MFD_CLOEXEC);
	if (memory < 0 || leaving.said < 0 || ftruncate(memory, sizeof(*end)) < 0)
		return complain("make memory to share");
	end = mmap(NULL, sizeof(*end), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (end == MAP_FAILED)
		return complain("map memory to share");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return complain("adopt what the launchers leave behind");
	errno = posix_spawn_file_actions_init(&leaving.actions);
	if (errno == 0)
		errno = posix_spawn_file_actions_adddup2(&leaving.actions, memory, STDIN_FILENO);
	if (errno == 0)
		errno = posix_spawn_file_actions_adddup2(&leaving.actions, leaving.said,
							 STDERR_FILENO);
	if (errno != 0)
		return complain("pass descriptors on");
	leaving.end = end;
	return 0;
}

/*
 * With a short timeout sbx tells of what it leaves behind.  What a launcher says
 * is of interest only if it fails; what is too long for the buffer is cut.
 */
static int check_leaving(const char *path, int status)
{
	char text[4096];
	ssize_t size;

	if (check_status(path, status) == 0)
		return 0;
	size = pread(leaving.said, text, sizeof(text), 0);
	if (size > 0)
		fwrite(text, 1, (size_t)size, stderr);
	return -1;
}

static int take_exit(char **argv, double *to_launcher, double *to_last)
{
	pid_t pid;
	int status;

	if (!leaving.end && prepare_leaving() < 0)
		return -1;
	if (ftruncate(leaving.said, 0) < 0 || lseek(leaving.said, 0, SEEK_SET) < 0)
		return complain("empty a file");
	if (spawn(argv, &leaving.actions, &pid) < 0)
		return -1;
	if (waitpid(pid, &status, 0) < 0)
		return complain("wait");
	*to_launcher = now_us();
	while (wait(NULL) >= 0)
		;
	*to_last = now_us();
	if (check_leaving(argv[0], status) < 0)
		return -1;
	*to_launcher -= to_us(leaving.end);
	*to_last -= to_us(leaving.end);
	return 0;
}

static int take_exit_latency(char **argv, double *ret)
{
	double to_last;

	return take_exit(argv, ret, &to_last);
}

static int take_exit_to_last(char **argv, double *ret)
{
	double to_launcher;

	return take_exit(argv, &to_launcher, ret);
}

const struct measure launch_time = {take_time, "µs"};
const struct measure throughput = {take_throughput, "/s"};
const struct measure exit_latency = {take_exit_latency, "µs"};
const struct measure exit_to_last = {take_exit_to_last, "µs"};
const struct measure peak_memory = {take_memory, "KiB"};
