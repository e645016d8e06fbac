/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The monitor waits for three things at once: messages from inside, signals to
 * itself, and the end of the first process inside.  The command's status comes
 * as a message, which is decisive; the first process inside may live on while
 * there are others, and then nobody waits for it.
 *
 * If nobody is left inside, its end is a matter of the kernel taking the mounts
 * down.  The monitor waits for that, so that nothing is left when it returns,
 * but no longer than END_TIMEOUT_MS.
 */
#include "sbx/monitor.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbx/fds.h"
#include "sbx/report.h"
#include "sbx/sys.h"

#define END_TIMEOUT_MS 1000
#define RETRY_MS 20 /* between looks at a process that has ended but cannot be reaped */

/* What the monitor knows. */
struct watch {
	const struct box *box;
	int child;        /* pidfd of the first process inside */
	int command;      /* pidfd of the command, -1 while there is none; ours to close */
	int sock;         /* -1 once nobody is left who speaks */
	int signals;      /* signalfd */
	bool ended;       /* the command has ended, with @status */
	bool detached;    /* others are left inside: do not wait for @child */
	bool child_ended; /* and is reaped, with @child_status */
	bool unreapable;  /* @child has ended, but a tracer holds it */
	int status;
	int child_status;
};

/* Note what a message says.  Returns 0, or -errno with @e set: the run failed. */
static int take_report(struct watch *w, struct err *e)
{
	struct report report;
	int pidfd = -1;
	int r = report_receive(w->sock, &report, &pidfd);

	if (r < 0)
		return err_sys(e, r, "cannot hear from inside the sandbox");
	if (r == 0) {
		w->sock = -1;
		return 0;
	}
	switch (report.kind) {
	case REPORT_STARTED:
		if (w->command >= 0)
			(void)sys_close(w->command);
		w->command = pidfd;
		return 0;
	case REPORT_ENDED:
		w->ended = true;
		w->status = report.ended.status;
		w->detached = !report.ended.is_last;
		return 0;
	case REPORT_FAILED:
		*e = report.err;
		return -e->code;
	}
	return 0;
}

/* Whom signals are for: the command, or nobody while there is none. */
static int receiver(const struct watch *w)
{
	if (w->box->plan->as_pid_1)
		return w->sock < 0 ? w->child : -1; /* exec closed the socket */
	return w->command;
}

/*
 * Pass a signal on.  What the terminal sends goes to the command's process group
 * as well, unless that is of another session; it must not get it twice.  Before
 * there is a command, the signal ends the run.
 */
static void take_signal(struct watch *w)
{
	struct signalfd_siginfo info;
	int command = receiver(w);

	if (sys_read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (command >= 0) {
		if (info.ssi_code != SI_KERNEL || w->box->plan->new_session)
			(void)sys_pidfd_send_signal(command, (int)info.ssi_signo);
		return;
	}
	(void)sys_pidfd_send_signal(w->child, SIGKILL);
	w->ended = true;
	w->status = (int)info.ssi_signo;
}

/*
 * See whether the first process inside has ended.  A process that is traced can
 * be ended, as its pidfd tells, and yet not be ours to reap: look again later.
 */
static void take_child(struct watch *w)
{
	int r = sys_wait_pidfd(w->child, &w->child_status);

	w->child_ended = r != 0;
	w->unreapable = r == 0;
}

/*
 * Wait for the next event, at most @timeout_ms if that is not negative, and take
 * it.  Returns 1, 0 when the time is up, or -errno with @e set.
 */
static int take_event(struct watch *w, int timeout_ms, struct err *e)
{
	enum { SOCK, SIGNALS, CHILD, N };
	struct pollfd fds[N] = {
		[SOCK] = {.fd = w->sock, .events = POLLIN},
		[SIGNALS] = {.fd = w->signals, .events = POLLIN},
		[CHILD] = {.fd = w->unreapable ? -1 : w->child, .events = POLLIN},
	};
	int n = sys_poll(fds, N, w->unreapable && timeout_ms < 0 ? RETRY_MS : timeout_ms);
	int r = 0;

	if (n < 0 && n != -EINTR)
		return err_sys(e, n, "cannot wait for the sandbox");
	/* what was said comes first: whom a signal is for, and what an end means */
	if (n > 0 && fds[SOCK].revents != 0)
		r = take_report(w, e);
	else if (n > 0 && fds[SIGNALS].revents != 0)
		take_signal(w);
	else if (w->unreapable || (n > 0 && fds[CHILD].revents != 0))
		take_child(w);
	return r < 0 ? r : n != 0;
}

/*
 * The run is over but for the kernel's taking down: wait for that, and reap, but
 * not for long.
 */
static void await_end(struct watch *w)
{
	struct pollfd child = {.fd = w->child, .events = POLLIN};

	if (!w->child_ended && !w->detached && sys_poll(&child, 1, END_TIMEOUT_MS) > 0)
		take_child(w);
}

/* What the end of the first process inside means if no report of the command came. */
static int judge_child(const struct watch *w, int *status, struct err *e)
{
	if (receiver(w) >= 0) {
		*status = w->child_status;
		return 0;
	}
	if (WIFSIGNALED(w->child_status))
		return err_set(e, ECHILD,
			       "the first process inside was killed by signal %d (%s) before the "
			       "command ran",
			       WTERMSIG(w->child_status), strsignal(WTERMSIG(w->child_status)));
	return err_set(e, ECHILD, "the first process inside ended before the command ran");
}

/* Let the sandbox begin, and follow what happens until it is over. */
static int watch(struct watch *w, struct err *e)
{
	int r = report_go(w->sock);

	if (r < 0 && r != -EPIPE) /* EPIPE: it is dead, and its end will tell why */
		return err_sys(e, r, "cannot let the sandbox begin");
	r = 0;
	while (r >= 0 && !w->ended && !w->child_ended)
		r = take_event(w, -1, e);
	await_end(w);
	return r < 0 ? r : 0;
}

int monitor_run(const struct box *box, int child, int signals, int *status, struct err *e)
{
	const int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, child, box->sock, signals};
	struct watch w = {
		.box = box, .child = child, .command = -1, .sock = box->sock, .signals = signals};
	int r;

	fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
	r = watch(&w, e);
	if (w.command >= 0)
		(void)sys_close(w.command);
	if (r < 0)
		return r;
	if (!w.ended)
		return judge_child(&w, status, e);
	*status = w.status;
	return 0;
}
