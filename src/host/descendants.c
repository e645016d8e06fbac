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
#define LEAST_EMPTY 2
#define PLAIN_ROUNDS 3 /* of killing without that */
#define LIST_BYTES 4096

/* All processes of the machine, as one walk through /proc finds them. */
struct all {
	int proc;
	struct proc_stat *list;
	unsigned *in; /* for each of @list, its generation if it is one of those looked for, or 0 */
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
	char who[PATH_BYTES];

	if (all->n == all->size) {
		size_t size = all->size == 0 ? 256 : 2 * all->size;
		struct proc_stat *list = reallocarray(all->list, size, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		all->list = list;
		all->size = size;
	}
	(void)snprintf(who, sizeof(who), "%d", pid);
	if (proc_stat(all->proc, who, &all->list[all->n]) == 0)
		all->n++;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct proc_stat *left = a;
	const struct proc_stat *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Where the process @pid stands in @all, or @all->n. */
static size_t find(const struct all *all, pid_t pid)
{
	struct proc_stat key = {.pid = pid};
	const struct proc_stat *found =
		all->n == 0 ? NULL : bsearch(&key, all->list, all->n, sizeof(key), by_pid);

	return found == NULL ? all->n : (size_t)(found - all->list);
}

/* Whether the process @pid is in the mount namespace that is not meant. */
static bool is_elsewhere(const struct descendants *kin, pid_t pid)
{
	char path[PATH_BYTES];
	char link[PATH_BYTES];
	ssize_t n;

	if (kin->mounts == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	n = sys_readlinkat(kin->proc, path, link, sizeof(link) - 1);
	if (n < 0)
		return n == -EACCES; /* those inside belong to whoever made their namespaces */
	link[n] = '\0';
	return strcmp(link, kin->mounts) == 0;
}

/*
 * Mark the next generation: those whose parent is the root or marked.  Returns whether there
 * were any.
 */
static bool mark_children(struct all *all, const struct descendants *kin, unsigned generation)
{
	bool found = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct proc_stat *stat = &all->list[i];
		size_t parent = find(all, stat->parent);

		if (all->in[i] || stat->pid == kin->except || stat->start < kin->since)
			continue;
		if (stat->parent != kin->root &&
		    (parent == all->n || all->in[parent] == 0 || all->in[parent] == generation))
			continue;
		if (is_elsewhere(kin, stat->pid))
			continue;
		all->in[i] = generation;
		found = true;
	}
	return found;
}

/* Find those of @kin.  Returns 0 or -errno. */
static int survey(struct all *all, const struct descendants *kin)
{
	int r;

	if (kin->root < 0)
		return kin->root;
	all->proc = kin->proc;
	r = proc_each(all->proc, ".", add, all);
	if (r < 0)
		return r;
	all->in = calloc(all->n + 1, sizeof(*all->in));
	if (all->in == NULL)
		return -ENOMEM;
	if (all->n > 0)
		qsort(all->list, all->n, sizeof(*all->list), by_pid);
	while (mark_children(all, kin, all->generations + 1))
		all->generations++;
	return 0;
}

int descendants_each(const struct descendants *kin, int (*take)(void *arg, pid_t pid), void *arg)
{
	struct all all = {0};
	int r = survey(&all, kin);

	for (unsigned generation = 1; generation <= all.generations; generation++)
		for (size_t i = 0; r == 0 && i < all.n; i++)
			if (all.in[i] == generation)
				r = take(arg, all.list[i].pid);
	all_done(&all);
	return r < 0 ? r : 0;
}

/*
 * Signal the process that @seen is of, and no other that has its number by now, or has that
 * number for this process: a directory of a procfs is as good as a pidfd.
 */
static void signal_one(int proc, const struct proc_stat *seen, int sig)
{
	char who[PATH_BYTES];
	autoclose int process = -1;
	struct proc_stat now;

	(void)snprintf(who, sizeof(who), "%d", seen->pid);
	process = sys_openat(proc, who, O_RDONLY | O_DIRECTORY, 0);
	if (process >= 0 && proc_stat(proc, who, &now) == 0 && now.start == seen->start)
		(void)sys_pidfd_send_signal(process, sig);
}

/* Whether the process that @stat is of has ended: not its first thread alone. */
static bool has_ended(const struct descendants *kin, const struct proc_stat *stat)
{
	pid_t holder;
	int status;

	return stat->state == 'Z' && proc_is_ending(kin->proc, stat->pid, &holder, &status) == 1 &&
	       holder == stat->pid;
}

/*
 * Reap the process that @stat is of, which has ended, if it is a child and no tracer keeps it.
 * Returns whether.
 */
static bool reap(const struct descendants *kin, const struct proc_stat *stat)
{
	int status;

	if (stat->parent != kin->root)
		return false;
	if (kin->root != sys_getpid()) /* it has another number for wait(2) */
		return true;
	return sys_wait(stat->pid, &status, WNOHANG) == stat->pid;
}

/* How signal_all() goes about it. */
struct way {
	int sig;     /* 0 for none */
	bool reaps;  /* they are those of this process */
	bool freeze; /* those that are stopped do not count */
};

/* Whether the process of @stat is to be signalled, and counts as being there. */
static bool counts(const struct descendants *kin, const struct proc_stat *stat,
		   const struct way *way)
{
	if (way->freeze && strchr("TtDZ", stat->state) != NULL)
		return false; /* it makes no others now */
	return !(has_ended(kin, stat) && way->reaps && reap(kin, stat));
}

/* Signal all, as descendants_signal(). */
static int signal_all(const struct descendants *kin, const struct way *way)
{
	struct all all = {0};
	int r = survey(&all, kin);
	int n = 0;

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct proc_stat *stat = &all.list[i];
		bool meant = all.in[i] != 0 || (kin->root_too && stat->pid == kin->root);

		if (!meant || !counts(kin, stat, way))
			continue;
		n++;
		if (way->sig != 0 && !has_ended(kin, stat))
			signal_one(kin->proc, stat, way->sig);
	}
	all_done(&all);
	return r < 0 ? r : n;
}

int descendants_signal(const struct descendants *kin, int sig)
{
	return signal_all(kin, &(struct way){.sig = sig});
}

void descendants_kill(const struct descendants *kin)
{
	for (unsigned i = 0; i < KILL_ROUNDS && descendants_signal(kin, SIGKILL) > 0; i++)
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
 * Kill the children of this process, which are all that @kin means of the first generation, as
 * quickly as possible: among them are those whose parents fork and end at once.  Returns whether
 * nobody is left.
 */
static bool kill_children(const struct descendants *kin)
{
	char path[PATH_BYTES];
	char list[LIST_BYTES];
	char *rest;

	(void)snprintf(path, sizeof(path), "%d/task/%d/children", kin->root, kin->root);
	for (unsigned i = 0; i < QUICK_KILL_ROUNDS && descendants_reap(); i++) {
		char *end;

		if (io_read_line(kin->proc, path, list, sizeof(list)) < 0)
			return false;
		end = strrchr(list, ' ');
		/* a blank follows each number: what comes after the last one has been cut */
		list[end == NULL ? 0 : end - list] = '\0';
		for (char *word = strtok_r(list, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			(void)sys_kill((pid_t)strtol(word, NULL, 10), SIGKILL);
	}
	return !descendants_reap();
}

/* How kill_each_child() goes about it. */
struct killing {
	const struct descendants *kin;
	int n; /* how many there were */
};

static int kill_if_child(void *arg, pid_t pid)
{
	struct killing *killing = arg;
	int status;

	if (pid == killing->kin->except || is_elsewhere(killing->kin, pid) ||
	    sys_wait(pid, &status, WNOHANG) != 0) /* nor if it was one, and has been reaped now */
		return 0;
	killing->n++;
	(void)sys_kill(pid, SIGKILL);
	return 0;
}

/*
 * Kill the children of this process without opening anything.  Without a process namespace the
 * payload may have taken that from it, see RLIMIT_NOFILE in prlimit(2).  Whom they leave behind
 * become children.  Returns how many there were, or -errno.
 */
static int kill_each_child(const struct descendants *kin)
{
	struct killing killing = {.kin = kin};
	int r = kin->root == sys_getpid() ? 0 : -EMFILE; /* it has another number for wait(2) */

	if (r == 0)
		r = proc_each_open(kin->proc, kill_if_child, &killing);
	return r < 0 ? r : killing.n;
}

/* Stop all, as descendants_signal(): whoever is stopped makes no others. */
static void freeze_all(const struct descendants *kin)
{
	for (unsigned i = 0; i < FREEZE_ROUNDS; i++)
		if (signal_all(kin, &(struct way){.sig = SIGSTOP, .freeze = true}) <= 0)
			break;
}

/*
 * Kill all, as descendants_signal(); @round is how often that has been done before.  Of those that
 * fork as quickly as they are killed, each that dies makes room for another: they are stopped
 * first, but nobody else is, who would stay stopped for ever if this process were killed in
 * between.
 */
static int kill_all(const struct descendants *kin, unsigned round)
{
	int n;

	/* to look at all processes of the machine takes long where there are many */
	if (kin->only && kin->root == sys_getpid() && kill_children(kin))
		return 0;
	if (round >= PLAIN_ROUNDS)
		freeze_all(kin);
	n = signal_all(kin, &(struct way){.sig = SIGKILL, .reaps = true});
	return n == -EMFILE ? kill_each_child(kin) : n;
}

/*
 * Whether nobody is left indeed: whoever forks quickly enough can be overlooked, once.
 * @empty is how often nobody was found in a row.
 */
static bool is_certain(const struct descendants *kin, unsigned empty)
{
	return kin->only ? !descendants_reap() : empty >= LEAST_EMPTY;
}

/* Whether there is something to read from @fd within @ms. */
static bool is_ready(int fd, int ms)
{
	struct pollfd fds = {.fd = fd, .events = POLLIN};

	return sys_poll(&fds, 1, ms) > 0;
}

/* Wait until nobody is left, but for @patience->grace_ms.  As descendants_end(). */
static int await_all(const struct descendants *kin, const struct descendants_patience *patience)
{
	int64_t until = sys_now_ms() + patience->grace_ms;
	int pause = KILL_LOOK_MS;

	for (;;) {
		/* children are soon asked; what others there are takes looking at all processes */
		int n = kin->only ? descendants_reap()
				  : signal_all(kin, &(struct way){.reaps = true});

		if (n <= 0)
			return n;
		if (sys_now_ms() >= until || is_ready(patience->watch, pause))
			return -ETIMEDOUT;
		pause = 2 * pause < KILL_LOOK_MAX_MS ? 2 * pause : KILL_LOOK_MAX_MS;
	}
}

/* Kill until nobody is left, but for @patience->limit_ms.  As descendants_end(). */
static int kill_until(const struct descendants *kin, const struct descendants_patience *patience)
{
	int64_t until = sys_now_ms() + patience->limit_ms;
	unsigned empty = 0;

	for (unsigned round = 0;; round++) {
		int n = kill_all(kin, round);

		empty = n == 0 ? empty + 1 : 0;
		if (n < 0 || (n == 0 && is_certain(kin, empty)))
			return n;
		if (sys_now_ms() >= until)
			return -ETIMEDOUT;
		(void)is_ready(-1, KILL_LOOK_MS);
	}
}

/*
 * Whether the calling process, @kin's root, has no child but @kin->except: then it has no other
 * descendants.  Not every kernel tells.
 */
static bool has_only_except(const struct descendants *kin)
{
	char path[PATH_BYTES];
	char list[PATH_BYTES];
	char except[PATH_BYTES];

	if (kin->except == 0)
		return false;
	(void)snprintf(path, sizeof(path), "%d/task/%d/children", kin->root, kin->root);
	(void)snprintf(except, sizeof(except), "%d ", kin->except);
	for (unsigned i = 0; i < LEAST_EMPTY; i++)
		if (io_read_line(kin->proc, path, list, sizeof(list)) < 0 ||
		    strcmp(list, except) != 0)
			return false;
	return true;
}

int descendants_end(const struct descendants *kin, const struct descendants_patience *patience)
{
	int r = -ETIMEDOUT;

	if (has_only_except(kin))
		return 0; /* to look at all processes of the machine may take long */
	if (patience->grace_ms > 0)
		r = signal_all(kin, &(struct way){.sig = SIGTERM, .reaps = true});
	if (r >= 0)
		r = await_all(kin, patience);
	if (r == -EMFILE) /* nobody can be found to be asked: whoever did that gets no grace */
		r = -ETIMEDOUT;
	return r == -ETIMEDOUT ? kill_until(kin, patience) : r;
}
