/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The command has ended, and its status is known.  What is left to do is done by others: the
 * reaper ends those inside, the kernel ends the reaper with them, the janitor lets the mounts
 * go.  All of this takes well under a millisecond, unless something is stuck; and then no
 * signal helps, nor does waiting.  So the monitor waits by the clock:
 *
 *	0            the command has ended
 *	FREE_MS      the first process inside is still there: kill it, and have the janitor
 *	             free what is stuck
 *	the timeout  --teardown-timeout is over: say what is stuck, and go
 *
 * With --kill-on-exit-after the clock starts when those inside have had their time.
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
#include "sys/helper.h"
#include "sys/sys.h"

#define LINK_BYTES 48  /* "mnt:[inode number]" */
#define REPORTED_MAX 8 /* processes that are told of */

int teardown_look(int child, struct teardown_child *ret)
{
	int r = sys_wait_pidfd(child, &ret->status, &ret->usage);

	if (r < 0)
		return r;
	ret->gone = r > 0;
	ret->unreapable = r == 0;
	return 0;
}

static unsigned timeout_ms(const struct teardown *w)
{
	unsigned ms = w->box->plan->processes.teardown_ms;

	return ms < LEAST_MS ? LEAST_MS : ms;
}

/* When the clock starts. */
static int64_t zero(const struct teardown *w)
{
	return w->since + (w->others ? w->box->grace_ms : 0);
}

static int64_t deadline(const struct teardown *w)
{
	bool ends_all = w->command != 0 && w->box->reaper_ends; /* it begins only now */
	int64_t least = sys_now_ms() + (ends_all ? END_ALL_MS : LEAST_MS);
	int64_t usual = zero(w) + timeout_ms(w);

	return w->command != 0 || usual < least ? least : usual;
}

static int64_t time_to_free(const struct teardown *w)
{
	int64_t half = timeout_ms(w) / 2;

	if (w->command != 0)
		return w->since; /* that has had its time, and what is inside cannot end in order */
	return zero(w) + (half < FREE_MS ? half : FREE_MS);
}

/* The processes that this one has adopted from the reaper; @mounts is room for kin.mounts. */
static struct descendants orphans(const struct teardown *w, char *mounts, size_t size)
{
	pid_t janitor = proc_pid_of(w->proc, w->janitor->pidfd);
	ssize_t n = sys_readlinkat(w->proc, "self/ns/mnt", mounts, size - 1);
	struct descendants kin = {.proc = w->proc, .root = proc_self(w->proc)};

	mounts[n < 0 ? 0 : n] = '\0';
	kin.except = janitor < 0 ? 0 : janitor;
	kin.mounts = mounts;  /* the caller may have had children before he executed sbx, */
	kin.since = w->start; /* and these may have had others */
	return kin;
}

/* End those inside that the reaper has left, because it was killed or could not. */
static int end_orphans(const struct teardown *w)
{
	const struct descendants_patience patience = {.limit_ms = FREE_MS, .watch = -1};
	char mounts[LINK_BYTES];
	struct descendants kin = orphans(w, mounts, sizeof(mounts));

	if (mounts[0] == '\0')
		return -EACCES; /* then nobody knows who is inside */
	return descendants_end(&kin, &patience);
}

/*
 * Nothing has helped so far.  A reaper without a process namespace goes on: nobody else can
 * find those inside as well as it can; it may have been stopped.
 */
static void force(struct teardown *w)
{
	(void)sys_pidfd_send_signal(w->child, SIGCONT);
	if (!w->box->reaper_ends)
		(void)sys_pidfd_send_signal(w->child, SIGKILL);
	janitor_ask(w->janitor, JANITOR_FREE);
}

/* What has been done while waiting. */
struct steps {
	bool forced;
	bool swept; /* nobody is left whom this process has adopted, */
	bool left;  /* or somebody cannot end */
};

/* How long to wait before the next step, in milliseconds. */
static int pause_ms(const struct teardown *w, bool forced, int64_t until)
{
	int64_t now = sys_now_ms();
	int64_t next = forced || w->first.gone ? until : time_to_free(w);

	if (w->first.unreapable && next > now + UNREAPABLE_MS)
		next = now + UNREAPABLE_MS;
	return next > now ? (int)(next - now) : 0;
}

/* What there is to do once the first process inside, or its time, is over. */
static void next_step(struct teardown *w, struct steps *steps)
{
	if (w->first.gone && !steps->swept) {
		steps->left = w->box->reaper_ends && end_orphans(w) < 0;
		steps->swept = true;
	}
	if (!w->first.gone && !steps->forced && sys_now_ms() >= time_to_free(w)) {
		force(w);
		steps->forced = true;
	}
}

/* What has happened. */
enum event {
	NOTHING, /* or nothing that matters */
	ALL_GONE,
	GIVE_UP, /* a signal wants that, or waiting fails */
};

/* Whether there is nothing more to wait for once the first process inside has gone. */
static enum event judge(const struct steps *steps)
{
	return steps->left ? GIVE_UP : ALL_GONE;
}

/* Whether a signal that has come asks not to wait any longer; some only tell of the job. */
static bool is_wanted_over(const struct teardown *w)
{
	struct signalfd_siginfo info;

	return sys_read(w->signals, &info, sizeof(info)) != sizeof(info) ||
	       (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGCONT &&
		info.ssi_signo != SIGWINCH);
}

/* Wait for the end of the first process inside, then of the janitor, up to @until. */
static enum event await_one(struct teardown *w, const struct steps *steps, int64_t until)
{
	enum { PROCESS, SIGNALS, N };
	int awaited = w->first.gone ? w->janitor->pidfd : w->child;
	struct pollfd fds[N] = {
		[PROCESS] = {.fd = w->first.unreapable ? -1 : awaited, .events = POLLIN},
		[SIGNALS] = {.fd = w->signals, .events = POLLIN},
	};
	int n;

	if (awaited < 0) /* there is no janitor */
		return judge(steps);
	n = sys_poll(fds, N, pause_ms(w, steps->forced, until));
	if (n < 0)
		return n == -EINTR ? NOTHING : GIVE_UP;
	if (fds[PROCESS].revents != 0 && w->first.gone)
		return judge(steps);
	if (fds[SIGNALS].revents != 0 && is_wanted_over(w))
		return GIVE_UP;
	if (fds[PROCESS].revents == 0 && !w->first.unreapable)
		return NOTHING;
	return teardown_look(w->child, &w->first) < 0 ? GIVE_UP : NOTHING;
}

/*
 * Wait for the end of the first process inside and of the janitor up to @until.  Returns
 * whether both are gone.
 */
static bool await_both(struct teardown *w, int64_t until)
{
	struct steps steps = {0};
	enum event event;

	if (w->first.gone)
		next_step(w, &steps);
	do {
		event = await_one(w, &steps, until);
		if (event == NOTHING)
			next_step(w, &steps);
	} while (event == NOTHING && sys_now_ms() < until);
	return event == ALL_GONE;
}

/* Processes that are still there, as they are found. */
struct found {
	const struct teardown *w;
	struct outcome *out;
	int64_t until; /* no stack is read after that */
};

static struct stuck *note(struct found *found, pid_t pid, enum stuck_role role)
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
	if (proc_is_ending(found->w->proc, pid, &holder, &status) < 0 ||
	    stuck_look(found->w->proc, pid, holder, role, stuck) < 0)
		return NULL;
	if (sys_now_ms() < found->until)
		stuck_read_stack(found->w->proc, stuck);
	stuck->ms = sys_now_ms() - found->w->since;
	out->n_stuck++;
	return stuck;
}

static int note_inside(void *arg, pid_t pid)
{
	struct found *found = arg;

	if (pid != found->w->command)
		(void)note(found, pid, STUCK_INSIDE);
	return 0;
}

/* The first process inside is there, perhaps with others. */
static void look_inside(struct found *found)
{
	const struct teardown *w = found->w;
	const struct descendants kin = {.proc = w->proc, .root = proc_pid_of(w->proc, w->child)};

	if (kin.root <= 0)
		return;
	if (kin.root != w->command)
		(void)note(found, kin.root, w->box->has_reaper ? STUCK_REAPER : STUCK_COMMAND);
	(void)descendants_each(&kin, note_inside, found);
}

/* Those are there whom this process has adopted from the reaper. */
static void look_at_orphans(struct found *found)
{
	char mounts[LINK_BYTES];
	const struct descendants kin = orphans(found->w, mounts, sizeof(mounts));

	if (mounts[0] != '\0')
		(void)descendants_each(&kin, note_inside, found);
}

static void look_at_janitor(struct found *found)
{
	const struct teardown *w = found->w;
	struct janitor_work doing;
	struct stuck *janitor;

	if (helper_exits(w->janitor->pidfd, 0))
		return;
	janitor = note(found, proc_pid_of(w->proc, w->janitor->pidfd), STUCK_JANITOR);
	janitor_listen(w->janitor, &doing);
	if (janitor != NULL)
		(void)memcpy(janitor->doing, doing.doing, sizeof(janitor->doing));
}

/* Find out what is still there. */
static void look_around(struct teardown *w, struct outcome *out)
{
	struct found found = {.w = w, .out = out, .until = sys_now_ms() + ALL_STACKS_MS};

	out->stuck = calloc(REPORTED_MAX, sizeof(*out->stuck));
	if (out->stuck == NULL)
		return;
	if (w->command != 0)
		(void)note(&found, w->command, STUCK_COMMAND);
	if (!w->first.gone) {
		look_inside(&found);
		return;
	}
	if (w->box->reaper_ends)
		look_at_orphans(&found);
	look_at_janitor(&found);
}

/* Reap the janitor.  If it is not what is stuck, it may have a moment's work left. */
static void reap_janitor(const struct teardown *w)
{
	int status;

	if (w->janitor->pidfd >= 0 && helper_exits(w->janitor->pidfd, w->first.gone ? 0 : LEAST_MS))
		(void)sys_wait_pidfd(w->janitor->pidfd, &status, NULL);
}

void teardown_await(struct teardown *w, struct outcome *out)
{
	struct signalfd_siginfo info;
	struct pollfd signals = {.fd = w->signals, .events = POLLIN};

	if (w->others && !w->box->ends_all && w->command == 0) {
		if (w->box->tied)
			janitor_ask(w->janitor, JANITOR_PART);
		return;
	}
	while (sys_poll(&signals, 1, 0) > 0 &&
	       sys_read(w->signals, &info, sizeof(info)) == sizeof(info))
		; /* it came while there was a command: now it is of no use */
	if (!await_both(w, deadline(w))) {
		look_around(w, out);
		janitor_ask(w->janitor, JANITOR_LET_GO);
	}
	reap_janitor(w);
}
