/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clocked LIMIT COMMAND...: run COMMAND, which starts a sandbox, and adopt its orphans.  One second
 * after COMMAND's exit, or as soon as no process is left, write to the file "outcome":
 *
 *	returned SECONDS STATUS     COMMAND exited that long after the time in the file "ended"
 *	hung LIMIT -                it did not within LIMIT seconds, so it was killed
 *	there PID STATE NAME        for each process that was there at COMMAND's exit
 *	left PID STATE NAME         for each process that is left
 *
 * On SIGTERM, kill all processes that are left; status 1 means that one cannot be killed.
 */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ended.h"

#define TURN_MS 5
#define LONG_TURN_MS 20 /* where each process of the machine is looked at */
#define LEFT_S 1.0      /* for the remaining processes to exit */
#define KILL_S 15.0     /* and how long when it is killed */
#define MAX_LEFT 256
#define NAME_BYTES 16
#define STAT_BYTES 512

static volatile sig_atomic_t told_to_end;

struct process {
	pid_t pid;
	pid_t parent;
	char state;
	char name[NAME_BYTES];
};

struct list {
	size_t count;
	struct process processes[MAX_LEFT];
};

static void take_note(int number)
{
	(void)number;
	told_to_end = 1;
}

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* A name may have blanks and brackets in it. */
static bool parse_process(char *stat, struct process *ret)
{
	char *open = strchr(stat, '(');
	char *close = strrchr(stat, ')');
	int parent;

	if (open == NULL || close == NULL)
		return false;
	*close = '\0';
	if (sscanf(close + 1, " %c %d", &ret->state, &parent) != 2)
		return false;
	ret->pid = atoi(stat);
	ret->parent = parent;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", open + 1);
	return true;
}

static bool read_process(pid_t pid, struct process *ret)
{
	char path[64];
	char stat[STAT_BYTES];
	size_t length;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	length = fread(stat, 1, sizeof(stat) - 1, file);
	(void)fclose(file);
	stat[length] = '\0';
	return parse_process(stat, ret);
}

static bool is_descendant(struct process process)
{
	while (process.parent != getpid())
		if (process.parent <= 1 || !read_process(process.parent, &process))
			return false;
	return true;
}

static void list_descendants(struct list *ret)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	struct process process;

	ret->count = 0;
	if (proc == NULL)
		return;
	while ((entry = readdir(proc)) != NULL && ret->count < MAX_LEFT)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_process(atoi(entry->d_name), &process) && is_descendant(process))
			ret->processes[ret->count++] = process;
	(void)closedir(proc);
}

/* Reap exited children.  Returns whether @pid was among them, with its status in @ret. */
static bool reap(pid_t pid, int *ret)
{
	bool found = false;
	int status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
		if (ended != pid)
			continue;
		*ret = status;
		found = true;
	}
	return found;
}

/* The time in the file "ended", 0 while there is none. */
static double read_end(void)
{
	FILE *file = fopen("ended", "re");
	double end = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lf", &end) != 1)
		end = 0;
	(void)fclose(file);
	return end;
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* Wait for @pid.  Returns whether it has ended by itself, with its status in @ret. */
static bool wait_within(pid_t pid, double limit, int *ret)
{
	bool killed = false;

	while (!reap(pid, ret)) {
		double end = read_end();

		if (told_to_end || (end > 0 && seconds_now() > end + limit)) {
			(void)kill(pid, SIGKILL);
			killed = true;
		}
		pause_ms(TURN_MS);
	}
	return !killed;
}

static void write_list(FILE *file, const char *word, const struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		(void)fprintf(file, "%s %d %c %s\n", word, list->processes[i].pid,
			      list->processes[i].state, list->processes[i].name);
}

/* Wait for the remaining processes, and record them at the beginning and at the end. */
static void wait_for_rest(FILE *outcome, struct list *ret)
{
	double start = seconds_now();
	int status;

	(void)reap(0, &status);
	list_descendants(ret);
	write_list(outcome, "there", ret);
	while (ret->count > 0 && !told_to_end && seconds_now() < start + LEFT_S) {
		pause_ms(LONG_TURN_MS);
		(void)reap(0, &status);
		list_descendants(ret);
	}
	write_list(outcome, "left", ret);
}

/* Run @command and write its outcome.  Returns the remaining processes in @ret. */
static bool watch(double limit, char **command, struct list *ret)
{
	int status = 0;
	pid_t pid = start(command);
	bool returned = wait_within(pid, limit, &status);
	double seconds = seconds_now() - read_end();
	FILE *file = fopen("outcome.new", "we");

	if (file == NULL)
		return false;
	if (!returned)
		(void)fprintf(file, "hung %.2f -\n", limit);
	else
		(void)fprintf(file, "returned %.2f %d\n", seconds,
			      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	wait_for_rest(file, ret);
	(void)fclose(file);
	return rename("outcome.new", "outcome") == 0;
}

static bool kill_rest(struct list *left)
{
	double start = seconds_now();
	int status;

	do {
		for (size_t i = 0; i < left->count; i++)
			(void)kill(left->processes[i].pid, SIGKILL);
		pause_ms(LONG_TURN_MS);
		(void)reap(0, &status);
		list_descendants(left);
	} while (left->count > 0 && seconds_now() < start + KILL_S);
	return left->count == 0;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = take_note};
	struct list left = {0};
	int status;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 2;
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (!watch(atof(argv[1]), argv + 2, &left))
		perror("outcome");
	while (!told_to_end) {
		(void)reap(0, &status);
		pause_ms(TURN_MS);
	}
	return kill_rest(&left) ? 0 : 1;
}
