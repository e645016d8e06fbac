/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * supervise REPORT COMMAND...: run COMMAND, for at most 5 seconds, and adopt what it
 * leaves behind.  Written to REPORT: COMMAND's process and session, as soon as it runs; how
 * it ended; each process that is left a little later, which is killed.  COMMAND gets all
 * descriptors that are open.
 */
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS 5
#define SHORT_TURNS 100 /* of 1 ms, because most sandboxes end soon */
#define TIMEOUT_TURNS 1000
#define LEAVE_TURNS 40 /* exiting processes have to be gone by then */

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Close what COMMAND was given: ends of pipes have to be its own. */
static void close_all_but(int kept)
{
	(void)close_range(STDERR_FILENO + 1, (unsigned)kept - 1, 0);
	(void)close_range((unsigned)kept + 1, UINT_MAX, 0);
}

/* Do @what to each child, or name each in @report if it is 0. */
static void for_each_child(int what, FILE *report)
{
	char path[64];
	char name[64];
	FILE *list;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	list = fopen(path, "re");
	while (list != NULL && fscanf(list, "%d", &pid) == 1) {
		FILE *comm;

		if (what != 0) {
			(void)kill(pid, what);
			continue;
		}
		(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "re");
		if (comm != NULL && fscanf(comm, "%63[^\n]", name) == 1)
			(void)fprintf(report, "left %s\n", name);
		if (comm != NULL)
			(void)fclose(comm);
	}
	if (list != NULL)
		(void)fclose(list);
}

/* Reap exited children.  Returns whether others are left. */
static bool reap_ended(pid_t command, int *status)
{
	int one;
	pid_t pid;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0)
		if (pid == command)
			*status = one;
	return pid == 0;
}

/* Run until COMMAND has ended, or for too long. */
static void wait_for_command(pid_t command, FILE *report)
{
	int status = -1;
	bool left = true;

	for (int i = 0; i < TIMEOUT_TURNS && left && status == -1; i++) {
		left = reap_ended(command, &status);
		if (status == -1)
			pause_ms(i < SHORT_TURNS ? 1 : TURN_MS);
	}
	if (status == -1)
		(void)fprintf(report, "status: timed out\n");
	else if (WIFEXITED(status))
		(void)fprintf(report, "status: exited %d\n", WEXITSTATUS(status));
	else
		(void)fprintf(report, "status: killed by %d\n", WTERMSIG(status));
}

static void look_what_is_left(FILE *report)
{
	int unused;
	bool left = reap_ended(0, &unused);

	for (int i = 0; i < LEAVE_TURNS && left; i++) {
		pause_ms(TURN_MS);
		left = reap_ended(0, &unused);
	}
	if (left)
		for_each_child(0, report);
	for (int i = 0; i < TIMEOUT_TURNS && reap_ended(0, &unused); i++) {
		for_each_child(SIGKILL, NULL);
		pause_ms(TURN_MS);
	}
}

int main(int argc, char **argv)
{
	FILE *report;
	pid_t pid;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 2;
	report = fopen(argv[1], "we");
	if (report == NULL) {
		perror(argv[1]);
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	close_all_but(fileno(report));
	(void)fprintf(report, "define SESSION %d\ndefine GROUP %d\ndefine MONITOR %d\n", getsid(0),
		      getpgrp(), pid);
	(void)fflush(report);
	wait_for_command(pid, report);
	look_what_is_left(report);
	return fclose(report) != 0;
}
