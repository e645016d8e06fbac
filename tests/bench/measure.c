/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
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

static int spawn(char **argv, pid_t *ret)
{
	int r = posix_spawn(ret, argv[0], NULL, NULL, argv, environ);

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

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int take_time(char **argv, double *ret)
{
	double start = now_us();
	pid_t pid;
	int status;

	if (spawn(argv, &pid) < 0)
		return -1;
	if (waitpid(pid, &status, 0) < 0)
		return complain("wait");
	*ret = now_us() - start;
	return check_status(argv[0], status);
}

/* After a failure what is in flight is still waited for. */
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
			result = spawn(argv, &pid);
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

const struct measure launch_time = {take_time, "µs"};
const struct measure throughput = {take_throughput, "/s"};
const struct measure peak_memory = {take_memory, "KiB"};
