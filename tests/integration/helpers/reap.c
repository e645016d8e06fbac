/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reap NAME COMMAND...: run COMMAND, adopt whatever it leaves behind, and print
 * two TAP lines, which start with NAME: that it succeeded, and that it left no
 * process.  What it left is named, and killed.  COMMAND has descriptors 0 to 2 only.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS 10
#define TURNS 300 /* until exiting processes have to be gone */

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Reap exited children.  Returns whether others are left. */
static bool reap_ended(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid == 0;
}

static bool wait_for_all(void)
{
	for (int i = 0; i < TURNS; i++) {
		if (!reap_ended())
			return true;
		pause_ms(TURN_MS);
	}
	return false;
}

/* Name and kill process @pid if it is our child. */
static void kill_child(pid_t pid)
{
	char path[64];
	char name[64];
	int parent = 0;
	FILE *stat;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (stat == NULL)
		return;
	if (fscanf(stat, "%*d (%63[^)]) %*c %d", name, &parent) == 2 && parent == getpid()) {
		printf("# left: process %d, %s\n", pid, name);
		(void)kill(pid, SIGKILL);
	}
	(void)fclose(stat);
}

static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	if (proc == NULL)
		return;
	while ((entry = readdir(proc)) != NULL)
		if (atoi(entry->d_name) > 0)
			kill_child(atoi(entry->d_name));
	(void)closedir(proc);
}

int main(int argc, char **argv)
{
	bool all_gone;
	int status = -1;
	pid_t pid;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 2;
	(void)signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0) {
		(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) != pid)
		;
	printf("%s - %s: the script runs to its end\n", status == 0 ? "ok" : "not ok", argv[1]);
	all_gone = wait_for_all();
	printf("%s - %s: no process is left\n", all_gone ? "ok" : "not ok", argv[1]);
	for (int i = 0; !all_gone && i < TURNS && reap_ended(); i++) {
		kill_children();
		pause_ms(TURN_MS);
	}
	return 0;
}
