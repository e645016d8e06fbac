/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The monitor waits for four things at once: messages from inside, signals to
 * itself, the end of the command's process, and that of the first process inside.
 * The command's status comes as a message, which is decisive; the first process
 * inside may live on while there are others, and then nobody waits for it.  Once
 * the command's process has ended, the message has END_TIMEOUT_MS to come.
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
	int child;         /* pidfd of the first process inside */
	int command;       /* pidfd of the command, -1 while there is none; ours to close */
	int sock;          /* -1 once nobody is left who speaks */
	int signals;       /* signalfd */
	bool started;      /* the command is about to be executed, or has been */
	bool command_gone; /* the command's process has ended, but no status has come */
	bool ended;        /* the command has ended, with @status */
	bool detached;     /* others are left inside: do not wait for @child */
	bool child_ended;  /* and is reaped, with @child_status */
	bool unreapable;   /* @child has ended, but a tracer holds it */
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
		w->started = true;
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
		return w->started && w->sock < 0 ? w->child : -1; /* exec closed the socket */
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
 * Returns 0, or -errno with @e set.
 */
static int take_child(struct watch *w, struct err *e)
{
	int r = sys_wait_pidfd(w->child, &w->child_status);

	if (r < 0)
		return err_sys(e, r, "cannot learn how the first process inside ended");
	w->child_ended = r > 0;
	w->unreapable = r == 0;
	return 0;
}

/*
 * The command's process has ended.  The reaper says so as well, in a moment, unless
 * somebody keeps it from running.  The payload may have stopped it.
 */
static void take_command_end(struct watch *w)
{
	w->command_gone = true;
	(void)sys_pidfd_send_signal(w->child, SIGCONT);
}

/* How long to wait for the next event, in milliseconds; -1: for ever. */
static int patience(const struct watch *w)
{
	if (w->command_gone)
		return END_TIMEOUT_MS;
	return w->unreapable ? RETRY_MS : -1;
}

/* Wait for the next event and take it.  Returns 0, or -errno with @e set. */
static int take_event(struct watch *w, struct err *e)
{
	enum { SOCK, SIGNALS, COMMAND, CHILD, N };
	struct pollfd fds[N] = {
		[SOCK] = {.fd = w->sock, .events = POLLIN},
		[SIGNALS] = {.fd = w->command_gone ? -1 : w->signals, .events = POLLIN},
		[COMMAND] = {.fd = w->command_gone ? -1 : w->command, .events = POLLIN},
		[CHILD] = {.fd = w->unreapable ? -1 : w->child, .events = POLLIN},
	};
	int n = sys_poll(fds, N, patience(w));

	if (n < 0)
		return n == -EINTR ? 0 : err_sys(e, n, "cannot wait for the sandbox");
	/* what was said comes first: whom a signal is for, and what an end means */
	if (fds[SOCK].revents != 0)
		return take_report(w, e);
	if (n == 0 && w->command_gone)
		return err_set(e, ETIMEDOUT,
			       "the command has ended, but the reaper does not say how");
	if (fds[SIGNALS].revents != 0)
		take_signal(w);
	else if (fds[CHILD].revents != 0 || w->unreapable)
		return take_child(w, e);
	else if (fds[COMMAND].revents != 0)
		take_command_end(w);
	return 0;
}

/* The run has failed: leave nobody behind. */
static void end_all(const struct watch *w)
{
	(void)sys_pidfd_send_signal(w->child, SIGKILL);
	if (w->command >= 0)
		(void)sys_pidfd_send_signal(w->command, SIGKILL);
}

/*
 * The run is over but for the kernel's taking down: wait for that, and reap, but
 * not for long.
 */
static void await_end(struct watch *w)
{
	struct pollfd child = {.fd = w->child, .events = POLLIN};

	if (!w->child_ended && !w->detached && sys_poll(&child, 1, END_TIMEOUT_MS) > 0)
		(void)sys_wait_pidfd(w->child, &w->child_status);
}

/*
 * What the end of the first process inside means if no report of the command came:
 * once there is a command, its status is the command's.
 */
static int judge_child(const struct watch *w, int *status, struct err *e)
{
	if (w->started) {
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

	if (r == -EPIPE) /* it is dead, and its end will tell why */
		r = 0;
	if (r < 0)
		(void)err_sys(e, r, "cannot let the sandbox begin");
	while (r >= 0 && !w->ended && !w->child_ended)
		r = take_event(w, e);
	if (r < 0)
		end_all(w);
	await_end(w);
	return r;
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
