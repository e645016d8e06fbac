/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "family.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000U /* in microseconds */
#define NSEC 1000U      /* nanoseconds in one */
#define CLEAR_TURNS 500 /* until what does not die is given up */
#define CLEAR_TURN_US 10000
#define SILENT_US 2000 /* until it is looked whether a child has ended without a signal */

uint64_t family_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / NSEC;
}

static struct timespec to_timespec(uint64_t us)
{
	return (struct timespec){.tv_sec = (time_t)(us / SECOND),
				 .tv_nsec = (long)(us % SECOND * NSEC)};
}

void family_pause(uint64_t us)
{
	struct timespec time = to_timespec(us);

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static void set_child_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	(void)sigprocmask(how, &set, NULL);
}

void family_adopt(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("cannot adopt orphans");
		exit(2);
	}
	(void)signal(SIGCHLD, SIG_DFL);
	set_child_signal(SIG_BLOCK);
}

pid_t family_fork(void)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("cannot fork");
		exit(2);
	}
	if (pid == 0)
		set_child_signal(SIG_UNBLOCK);
	return pid;
}

/*
 * Wait briefly for a child's signal: a process created with CLONE_AUTOREAP (Linux 7.1) sends none.
 * Returns whether to look again before @until.
 */
static bool await_signal(uint64_t until)
{
	uint64_t now = family_clock();
	uint64_t left = until > now ? until - now : 0;
	struct timespec time = to_timespec(left < SILENT_US ? left : SILENT_US);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sigtimedwait(&set, NULL, &time) == SIGCHLD || left > SILENT_US;
}

bool family_look(uint64_t until, family_take *take, void *arg)
{
	bool seen = false;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);

		if (pid < 0)
			return false;
		if (pid > 0 && take != NULL)
			take(arg, pid, status);
		if (pid == 0 && (seen || !await_signal(until)))
			return true;
		seen = pid > 0;
	}
}

int64_t family_await_end(uint64_t bound_us, family_take *take, void *arg)
{
	uint64_t start = family_clock();

	while (family_look(start + bound_us, take, arg))
		if (family_clock() >= start + bound_us)
			return -1;
	return (int64_t)(family_clock() - start);
}

/* Learn of process @pid.  Returns whether it is there. */
static bool read_stat(pid_t pid, struct relative *ret)
{
	char path[64];
	FILE *stat;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (stat == NULL)
		return false;
	*ret = (struct relative){0};
	n = fscanf(stat, "%d (%19[^)]) %c %d", &ret->pid, ret->name, &ret->state, &ret->parent);
	(void)fclose(stat);
	return n == 4;
}

static void read_all(struct relatives *all)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	all->count = 0;
	if (proc == NULL)
		return;
	while (all->count < MAX_RELATIVES && (entry = readdir(proc)) != NULL) {
		int pid = atoi(entry->d_name);

		if (pid > 0 && read_stat(pid, &all->list[all->count]))
			all->count++;
	}
	(void)closedir(proc);
}

static bool has_parent_below(const struct relatives *all, const struct relative *one)
{
	if (one->parent == getpid())
		return true;
	for (unsigned i = 0; i < all->count; i++)
		if (all->list[i].pid == one->parent)
			return all->list[i].is_below;
	return false;
}

/* Mark the descendants of this process, one generation after the other. */
static void mark(struct relatives *all)
{
	bool changed;

	do {
		changed = false;
		for (unsigned i = 0; i < all->count; i++) {
			struct relative *one = &all->list[i];

			if (one->is_below || !has_parent_below(all, one))
				continue;
			one->is_below = true;
			changed = true;
		}
	} while (changed);
}

void family_find(struct relatives *ret)
{
	unsigned kept = 0;

	read_all(ret);
	mark(ret);
	for (unsigned i = 0; i < ret->count; i++)
		if (ret->list[i].is_below && strchr("ZX", ret->list[i].state) == NULL)
			ret->list[kept++] = ret->list[i];
	ret->count = kept;
}

void family_print(const struct relatives *found)
{
	for (unsigned i = 0; i < found->count; i++)
		printf("# left: process %d, %s, state %c, child of %d\n", found->list[i].pid,
		       found->list[i].name, found->list[i].state, found->list[i].parent);
}

unsigned family_kill(const struct relatives *found, const char *name)
{
	unsigned killed = 0;

	for (unsigned i = 0; i < found->count; i++) {
		if (name != NULL && strcmp(found->list[i].name, name) != 0)
			continue;
		(void)kill(found->list[i].pid, SIGKILL);
		killed++;
	}
	return killed;
}

void family_clear(family_take *take, void *arg)
{
	static struct relatives found; /* large */

	for (int i = 0; i < CLEAR_TURNS; i++) {
		if (!family_look(family_clock() + CLEAR_TURN_US, take, arg))
			return;
		family_find(&found);
		(void)family_kill(&found, NULL);
	}
	family_print(&found);
	(void)fflush(stdout);
	exit(2);
}
