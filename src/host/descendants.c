/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "host/proc.h"
#include "sys/io.h"
#include "sys/sys.h"

#define PATH_BYTES 32
#define LIST_BYTES 4096

/* All processes of the machine, as one scan of /proc finds them. */
struct all {
	int proc;
	struct proc_stat *list;
	unsigned *in; /* for each of @list, its generation below the root, or 0 */
	size_t n;
	size_t size;
	unsigned generations;
};

static void all_done(struct all *all)
{
	free(all->list);
	free(all->in);
}

static int add(void *arg, pid_t pid)
{
	struct all *all = arg;
	char task[PATH_BYTES];

	if (all->n == all->size) {
		size_t size = all->size == 0 ? 256 : 2 * all->size;
		struct proc_stat *list = reallocarray(all->list, size, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		all->list = list;
		all->size = size;
	}
	(void)snprintf(task, sizeof(task), "%d", pid);
	if (proc_stat(all->proc, task, &all->list[all->n]) == 0)
		all->n++;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct proc_stat *left = a;
	const struct proc_stat *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* The index of the process @pid in @all, or @all->n. */
static size_t find(const struct all *all, pid_t pid)
{
	struct proc_stat key = {.pid = pid};
	const struct proc_stat *found =
		all->n == 0 ? NULL : bsearch(&key, all->list, all->n, sizeof(key), by_pid);

	return found == NULL ? all->n : (size_t)(found - all->list);
}

/* Whether the process @pid is left out for its mount namespace. */
static bool is_elsewhere(const struct descendants *scope, pid_t pid)
{
	char path[PATH_BYTES];
	char link[PATH_BYTES];
	ssize_t n;

	if (scope->mounts == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	n = sys_readlinkat(scope->proc, path, link, sizeof(link) - 1);
	if (n < 0)
		return n == -EACCES; /* the namespace's creator may read this link */
	link[n] = '\0';
	return strcmp(link, scope->mounts) == 0;
}

/* Mark the children of the root and of marked processes.  Returns whether there are any. */
static bool mark_children(struct all *all, const struct descendants *scope, unsigned generation)
{
	bool found = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct proc_stat *stat = &all->list[i];
		size_t parent = find(all, stat->parent);

		if (all->in[i] || stat->pid == scope->except || stat->start < scope->since)
			continue;
		if (stat->parent != scope->root &&
		    (parent == all->n || all->in[parent] == 0 || all->in[parent] == generation))
			continue;
		if (is_elsewhere(scope, stat->pid))
			continue;
		all->in[i] = generation;
		found = true;
	}
	return found;
}

/* Find the processes that @scope means.  Returns 0 or -errno. */
static int survey(struct all *all, const struct descendants *scope)
{
	int r;

	if (scope->root < 0)
		return scope->root;
	all->proc = scope->proc;
	r = proc_each(all->proc, ".", add, all);
	if (r < 0)
		return r;
	all->in = calloc(all->n + 1, sizeof(*all->in));
	if (all->in == NULL)
		return -ENOMEM;
	if (all->n > 0)
		qsort(all->list, all->n, sizeof(*all->list), by_pid);
	while (mark_children(all, scope, all->generations + 1))
		all->generations++;
	return 0;
}

int descendants_each(const struct descendants *scope, int (*take)(void *arg, pid_t pid), void *arg)
{
	struct all all = {0};
	int r = survey(&all, scope);

	for (unsigned generation = 1; generation <= all.generations; generation++)
		for (size_t i = 0; r == 0 && i < all.n; i++)
			if (all.in[i] == generation)
				r = take(arg, all.list[i].pid);
	all_done(&all);
	return r < 0 ? r : 0;
}

/*
 * Signal the process of @seen, but not a later one with the same PID.  The open directory in
 * @proc serves as a pidfd: the PID may mean another process in this process's namespace.
 */
static void signal_one(int proc, const struct proc_stat *seen, int sig)
{
	char task[PATH_BYTES];
	autoclose int process = -1;
	struct proc_stat now;

	(void)snprintf(task, sizeof(task), "%d", seen->pid);
	process = sys_openat(proc, task, O_RDONLY | O_DIRECTORY, 0);
	if (process >= 0 && proc_stat(proc, task, &now) == 0 && now.start == seen->start)
		(void)sys_pidfd_send_signal(process, sig);
}

/* Whether the process of @stat has exited with all of its threads. */
static bool has_ended(const struct descendants *scope, const struct proc_stat *stat)
{
	pid_t holder;
	int status;

	return stat->state == 'Z' &&
	       proc_is_ending(scope->proc, stat->pid, &holder, &status) == 1 && holder == stat->pid;
}

/*
 * Reap the process of @stat, a zombie.  Returns false if it is not a child of this process or a
 * tracer holds it.
 */
static bool reap(const struct descendants *scope, const struct proc_stat *stat)
{
	int status;

	if (stat->parent != scope->root)
		return false;
	if (scope->root != sys_getpid()) /* wait(2) knows the process by another PID */
		return true;
	return sys_wait(stat->pid, &status, WNOHANG) == stat->pid;
}

/* What signal_all() does. */
struct way {
	int sig;     /* 0 for none */
	bool reaps;  /* reap children of this process that have exited */
	bool freeze; /* do not count stopped processes */
};

/* Whether the process of @stat counts as being there; if it has exited, it may be reaped. */
static bool counts(const struct descendants *scope, const struct proc_stat *stat,
		   const struct way *way)
{
	if (way->freeze && strchr("TtDZ", stat->state) != NULL)
		return false; /* it cannot fork now */
	return !(has_ended(scope, stat) && way->reaps && reap(scope, stat));
}

/* Signal and count all processes in @way.  Returns as descendants_signal(). */
static int signal_all(const struct descendants *scope, const struct way *way)
{
	struct all all = {0};
	int r = survey(&all, scope);
	int n = 0;

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct proc_stat *stat = &all.list[i];
		bool meant = all.in[i] != 0 || (scope->root_too && stat->pid == scope->root);

		if (!meant || !counts(scope, stat, way))
			continue;
		n++;
		if (way->sig != 0 && !has_ended(scope, stat))
			signal_one(scope->proc, stat, way->sig);
	}
	all_done(&all);
	return r < 0 ? r : n;
}

int descendants_signal(const struct descendants *scope, int sig)
{
	return signal_all(scope, &(struct way){.sig = sig});
}

void descendants_kill(const struct descendants *scope)
{
	for (unsigned i = 0; i < KILL_ROUNDS && descendants_signal(scope, SIGKILL) > 0; i++)
		;
}

bool descendants_reap(void)
{
	int status;
	pid_t pid;

	do
		pid = sys_wait(-1, &status, WNOHANG);
	while (pid > 0 || pid == -EINTR);
	return pid == 0;
}

/*
 * Kill the children of this process as quickly as possible, without a scan of all processes: a
 * process that forks and exits at once leaves its child to this process.  Returns whether no child
 * is left.
 */
static bool kill_children(const struct descendants *scope)
{
	char path[PATH_BYTES];
	char list[LIST_BYTES];
	char *rest;

	(void)snprintf(path, sizeof(path), "%d/task/%d/children", scope->root, scope->root);
	for (unsigned i = 0; i < QUICK_KILL_ROUNDS && descendants_reap(); i++) {
		char *end;

		if (io_read_line(scope->proc, path, list, sizeof(list)) < 0)
			return false;
		end = strrchr(list, ' ');
		/* a blank follows each PID: text after the last blank is a truncated PID */
		list[end == NULL ? 0 : end - list] = '\0';
		for (char *word = strtok_r(list, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			(void)sys_kill((pid_t)strtol(word, NULL, 10), SIGKILL);
	}
	return !descendants_reap();
}

/* The argument of kill_if_child(). */
struct killing {
	const struct descendants *scope;
	int n; /* children killed */
};

static int kill_if_child(void *arg, pid_t pid)
{
	struct killing *killing = arg;
	int status;

	if (pid == killing->scope->except || is_elsewhere(killing->scope, pid) ||
	    sys_wait(pid, &status, WNOHANG) != 0) /* not a child, or just reaped */
		return 0;
	killing->n++;
	(void)sys_kill(pid, SIGKILL);
	return 0;
}

/*
 * Kill the children of this process without opening a file: without a PID namespace the payload
 * can set this process's RLIMIT_NOFILE to 0, see prlimit(2).  Their orphans become children of
 * this process.  Returns the number of children killed, or -errno.
 */
static int kill_each_child(const struct descendants *scope)
{
	struct killing killing = {.scope = scope};
	int r = scope->root == sys_getpid() ? 0 : -EMFILE; /* wait(2) knows other PIDs */

	if (r == 0)
		r = proc_each_open(scope->proc, kill_if_child, &killing);
	return r < 0 ? r : killing.n;
}

/* Stop all processes: a stopped process cannot fork. */
static void freeze_all(const struct descendants *scope)
{
	for (unsigned i = 0; i < FREEZE_ROUNDS; i++)
		if (signal_all(scope, &(struct way){.sig = SIGSTOP, .freeze = true}) <= 0)
			break;
}

/*
 * Kill all processes; @round counts the calls before.  Processes may fork as quickly as they are
 * killed, so later rounds stop all of them first.  The first rounds do not: if this process were
 * killed in between, stopped processes would stay stopped for ever.  Returns as
 * descendants_signal().
 */
static int kill_all(const struct descendants *scope, unsigned round)
{
	int n;

	/* a scan takes long on a machine with many processes */
	if (scope->only && scope->root == sys_getpid() && kill_children(scope))
		return 0;
	if (round >= PLAIN_ROUNDS)
		freeze_all(scope);
	n = signal_all(scope, &(struct way){.sig = SIGKILL, .reaps = true});
	return n == -EMFILE ? kill_each_child(scope) : n;
}

/*
 * Whether all processes are gone.  A scan can miss a process that forks quickly, so require
 * several empty scans in a row (@empty).
 */
static bool is_certain(const struct descendants *scope, unsigned empty)
{
	return scope->only ? !descendants_reap() : empty >= LEAST_EMPTY;
}

/* Whether @fd becomes readable within @ms. */
static bool is_ready(int fd, int ms)
{
	struct pollfd fds = {.fd = fd, .events = POLLIN};

	return sys_poll(&fds, 1, ms) > 0;
}

/* Wait @patience->grace_ms for all processes to exit.  Returns as descendants_end(). */
static int await_all(const struct descendants *scope, const struct descendants_patience *patience)
{
	int64_t until = sys_now_ms() + patience->grace_ms;
	int pause = KILL_LOOK_MS;

	for (;;) {
		/* only children: no scan of all processes is needed */
		int n = scope->only ? descendants_reap()
				    : signal_all(scope, &(struct way){.reaps = true});

		if (n <= 0)
			return n;
		if (sys_now_ms() >= until || is_ready(patience->watch, pause))
			return -ETIMEDOUT;
		pause = 2 * pause < KILL_LOOK_MAX_MS ? 2 * pause : KILL_LOOK_MAX_MS;
	}
}

/* Kill for @patience->limit_ms until all processes are gone.  Returns as descendants_end(). */
static int kill_until(const struct descendants *scope, const struct descendants_patience *patience)
{
	int64_t until = sys_now_ms() + patience->limit_ms;
	unsigned empty = 0;

	for (unsigned round = 0;; round++) {
		int n = kill_all(scope, round);

		empty = n == 0 ? empty + 1 : 0;
		if (n < 0 || (n == 0 && is_certain(scope, empty)))
			return n;
		if (sys_now_ms() >= until)
			return -ETIMEDOUT;
		(void)is_ready(-1, KILL_LOOK_MS);
	}
}

/*
 * Whether the calling process, the root, has no child but @scope->except, and so no descendant
 * that is meant.  False without CONFIG_PROC_CHILDREN.
 */
static bool has_only_except(const struct descendants *scope)
{
	char path[PATH_BYTES];
	char list[PATH_BYTES];
	char except[PATH_BYTES];

	if (scope->except == 0)
		return false;
	(void)snprintf(path, sizeof(path), "%d/task/%d/children", scope->root, scope->root);
	(void)snprintf(except, sizeof(except), "%d ", scope->except);
	for (unsigned i = 0; i < LEAST_EMPTY; i++)
		if (io_read_line(scope->proc, path, list, sizeof(list)) < 0 ||
		    strcmp(list, except) != 0)
			return false;
	return true;
}

int descendants_end(const struct descendants *scope, const struct descendants_patience *patience)
{
	int r = -ETIMEDOUT;

	if (has_only_except(scope))
		return 0; /* without a scan, which may take long */
	if (patience->grace_ms > 0)
		r = signal_all(scope, &(struct way){.sig = SIGTERM, .reaps = true});
	if (r >= 0)
		r = await_all(scope, patience);
	if (r == -EMFILE) /* the payload has lowered RLIMIT_NOFILE: no scan, no grace */
		r = -ETIMEDOUT;
	return r == -ETIMEDOUT ? kill_until(scope, patience) : r;
}
