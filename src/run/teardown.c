/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The command has ended, and its status is known.  Other processes do the rest: the reaper kills
 * what is left inside, the kernel kills all with the reaper, the janitor drops the mounts.  All of
 * this takes well under a millisecond, unless something is stuck; and then neither a signal nor
 * waiting helps.  So the monitor waits by the clock:
 *
 *	0            the command has ended
 *	FREE_MS      the first process has not exited: kill it, and have the janitor free what is
 *	             stuck
 *	the timeout  --teardown-timeout is over: report what is stuck, and return
 *
 * With --kill-on-exit-after the clock starts when the grace time is over.
 */
#include "run/teardown.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/times.h"
#include "host/descendants.h"
#include "run/janitor.h"
#include "sys/helper.h"
#include "sys/sys.h"

#define LINK_BYTES 48  /* "mnt:[inode number]" */
#define REPORTED_MAX 8 /* processes */

int teardown_look(int child, struct teardown_child *ret)
{
	int r = sys_wait_pidfd(child, &ret->status, &ret->usage);

	if (r < 0)
		return r;
	ret->gone = r > 0;
	ret->unreapable = r == 0;
	return 0;
}

static unsigned timeout_ms(const struct teardown *t)
{
	unsigned ms = t->box->plan->processes.teardown_ms;

	return ms < LEAST_MS ? LEAST_MS : ms;
}

/* When the clock starts. */
static int64_t zero(const struct teardown *t)
{
	return t->since + (t->others ? t->box->grace_ms : 0);
}

static int64_t deadline(const struct teardown *t)
{
	bool ends_all = t->command != 0 && t->box->reaper_ends; /* it starts only now */
	int64_t least = sys_now_ms() + (ends_all ? END_ALL_MS : LEAST_MS);
	int64_t usual = zero(t) + timeout_ms(t);

	return t->command != 0 || usual < least ? least : usual;
}

static int64_t time_to_free(const struct teardown *t)
{
	int64_t half = timeout_ms(t) / 2;

	if (t->command != 0)
		return t->since; /* it has had its time, and the other processes cannot exit in
				    order */
	return zero(t) + (half < FREE_MS ? half : FREE_MS);
}

/* The processes adopted from the reaper; @mounts is room for the member of that name. */
static struct descendants orphans(const struct teardown *t, char *mounts, size_t size)
{
	pid_t janitor = proc_pid_of(t->proc, t->janitor->pidfd);
	ssize_t n = sys_readlinkat(t->proc, "self/ns/mnt", mounts, size - 1);
	struct descendants inside = {.proc = t->proc, .root = proc_self(t->proc)};

	mounts[n < 0 ? 0 : n] = '\0';
	inside.except = janitor < 0 ? 0 : janitor;
	inside.mounts = mounts;  /* the caller may have had children before it executed sbx, */
	inside.since = t->start; /* and these may have had others */
	return inside;
}

/* Kill what the reaper has left inside, because it was killed or could not kill all. */
static int end_orphans(const struct teardown *t)
{
	const struct descendants_patience patience = {.limit_ms = FREE_MS, .watch = -1};
	char mounts[LINK_BYTES];
	struct descendants inside = orphans(t, mounts, sizeof(mounts));

	if (mounts[0] == '\0')
		return -EACCES; /* then it is unknown which are inside */
	return descendants_end(&inside, &patience);
}

/*
 * Nothing has helped so far.  A reaper without a PID namespace goes on, because it finds the
 * processes best; but it may have been stopped.
 */
static void force(struct teardown *t)
{
	(void)sys_pidfd_send_signal(t->child, SIGCONT);
	if (!t->box->reaper_ends)
		(void)sys_pidfd_send_signal(t->child, SIGKILL);
	janitor_ask(t->janitor, JANITOR_FREE);
}

/* What has been done while waiting. */
struct steps {
	bool forced;
	bool killed; /* the orphans have been killed, */
	bool left;   /* but some cannot exit */
};

/* How long to wait before the next step, in milliseconds. */
static int pause_ms(const struct teardown *t, bool forced, int64_t until)
{
	int64_t now = sys_now_ms();
	int64_t next = forced || t->first.gone ? until : time_to_free(t);

	if (t->first.unreapable && next > now + UNREAPABLE_MS)
		next = now + UNREAPABLE_MS;
	return next > now ? (int)(next - now) : 0;
}

/* The next step once the first process has exited, or its time is over. */
static void next_step(struct teardown *t, struct steps *steps)
{
	if (t->first.gone && !steps->killed) {
		steps->left = t->box->reaper_ends && end_orphans(t) < 0;
		steps->killed = true;
	}
	if (!t->first.gone && !steps->forced && sys_now_ms() >= time_to_free(t)) {
		force(t);
		steps->forced = true;
	}
}

/* What has happened. */
enum event {
	NOTHING, /* or nothing that matters */
	ALL_GONE,
	GIVE_UP, /* a signal asks for that, or waiting fails */
};

/* The first process has exited, and there is nothing more to wait for. */
static enum event judge(const struct steps *steps)
{
	return steps->left ? GIVE_UP : ALL_GONE;
}

/* Whether a signal asks not to wait any longer; some only report a change of the job. */
static bool is_wanted_over(const struct teardown *t)
{
	struct signalfd_siginfo info;

	return sys_read(t->signals, &info, sizeof(info)) != sizeof(info) ||
	       (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGCONT &&
		info.ssi_signo != SIGWINCH);
}

/* Wait for the exit of the first process, then of the janitor, up to @until. */
static enum event await_one(struct teardown *t, const struct steps *steps, int64_t until)
{
	enum { PROCESS, SIGNALS, N };
	int awaited = t->first.gone ? t->janitor->pidfd : t->child;
	struct pollfd fds[N] = {
		[PROCESS] = {.fd = t->first.unreapable ? -1 : awaited, .events = POLLIN},
		[SIGNALS] = {.fd = t->signals, .events = POLLIN},
	};
	int n;

	if (awaited < 0) /* there is no janitor */
		return judge(steps);
	n = sys_poll(fds, N, pause_ms(t, steps->forced, until));
	if (n < 0)
		return n == -EINTR ? NOTHING : GIVE_UP;
	if (fds[PROCESS].revents != 0 && t->first.gone)
		return judge(steps);
	if (fds[SIGNALS].revents != 0 && is_wanted_over(t))
		return GIVE_UP;
	if (fds[PROCESS].revents == 0 && !t->first.unreapable)
		return NOTHING;
	return teardown_look(t->child, &t->first) < 0 ? GIVE_UP : NOTHING;
}

/*
 * Wait for the exit of the first process and of the janitor up to @until.  Returns whether both
 * have exited.
 */
static bool await_both(struct teardown *t, int64_t until)
{
	struct steps steps = {0};
	enum event event;

	if (t->first.gone)
		next_step(t, &steps);
	do {
		event = await_one(t, &steps, until);
		if (event == NOTHING)
			next_step(t, &steps);
	} while (event == NOTHING && sys_now_ms() < until);
	return event == ALL_GONE;
}

/* The search for processes that have not exited. */
struct found {
	const struct teardown *t;
	struct outcome *out;
	int64_t until; /* no stack is read after that */
};

/* Add the process to the outcome.  Returns its entry, or NULL if there is none. */
static struct stuck *record(struct found *found, pid_t pid, enum stuck_role role)
{
	struct outcome *out = found->out;
	struct stuck *stuck;
	pid_t holder = pid;
	int status;

	if (out->n_stuck == REPORTED_MAX)
		return NULL;
	if (pid <= 0)
		return NULL;
	stuck = &out->stuck[out->n_stuck];
	if (proc_is_ending(found->t->proc, pid, &holder, &status) < 0 ||
	    stuck_look(found->t->proc, pid, holder, role, stuck) < 0)
		return NULL;
	if (sys_now_ms() < found->until)
		stuck_read_stack(found->t->proc, stuck);
	stuck->ms = sys_now_ms() - found->t->since;
	out->n_stuck++;
	return stuck;
}

static int record_inside(void *arg, pid_t pid)
{
	struct found *found = arg;

	if (pid != found->t->command)
		(void)record(found, pid, STUCK_INSIDE);
	return 0;
}

/* The first process has not exited, and perhaps others. */
static void look_inside(struct found *found)
{
	const struct teardown *t = found->t;
	const struct descendants inside = {.proc = t->proc, .root = proc_pid_of(t->proc, t->child)};

	if (inside.root <= 0)
		return;
	if (inside.root != t->command)
		(void)record(found, inside.root, t->box->has_reaper ? STUCK_REAPER : STUCK_COMMAND);
	(void)descendants_each(&inside, record_inside, found);
}

/* Report the orphans that this process has adopted from the reaper. */
static void look_at_orphans(struct found *found)
{
	char mounts[LINK_BYTES];
	const struct descendants inside = orphans(found->t, mounts, sizeof(mounts));

	if (mounts[0] != '\0')
		(void)descendants_each(&inside, record_inside, found);
}

static void look_at_janitor(struct found *found)
{
	const struct teardown *t = found->t;
	struct janitor_work doing;
	struct stuck *janitor;

	if (helper_exits(t->janitor->pidfd, 0))
		return;
	janitor = record(found, proc_pid_of(t->proc, t->janitor->pidfd), STUCK_JANITOR);
	janitor_listen(t->janitor, &doing);
	if (janitor != NULL)
		(void)memcpy(janitor->doing, doing.doing, sizeof(janitor->doing));
}

/* Record which processes have not exited. */
static void look_around(struct teardown *t, struct outcome *out)
{
	struct found found = {.t = t, .out = out, .until = sys_now_ms() + ALL_STACKS_MS};

	out->stuck = calloc(REPORTED_MAX, sizeof(*out->stuck));
	if (out->stuck == NULL)
		return;
	if (t->command != 0)
		(void)record(&found, t->command, STUCK_COMMAND);
	if (!t->first.gone) {
		look_inside(&found);
		return;
	}
	if (t->box->reaper_ends)
		look_at_orphans(&found);
	look_at_janitor(&found);
}

/* Reap the janitor, which may have some work left if it is not what is stuck. */
static void reap_janitor(const struct teardown *t)
{
	int status;

	if (t->janitor->pidfd >= 0 && helper_exits(t->janitor->pidfd, t->first.gone ? 0 : LEAST_MS))
		(void)sys_wait_pidfd(t->janitor->pidfd, &status, NULL);
}

void teardown_await(struct teardown *t, struct outcome *out)
{
	struct signalfd_siginfo info;
	struct pollfd signals = {.fd = t->signals, .events = POLLIN};

	if (t->others && !t->box->ends_all && t->command == 0) {
		if (t->box->tied)
			janitor_ask(t->janitor, JANITOR_PART);
		return;
	}
	while (sys_poll(&signals, 1, 0) > 0 &&
	       sys_read(t->signals, &info, sizeof(info)) == sizeof(info))
		; /* it was for the command */
	if (!await_both(t, deadline(t))) {
		look_around(t, out);
		janitor_ask(t->janitor, JANITOR_LET_GO);
	}
	reap_janitor(t);
}
