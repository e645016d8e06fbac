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
 *
 * Under bubblewrap's name the monitor passes no signal on: what a process sends ends it,
 * as it ends bubblewrap, and with --die-with-parent the sandbox as well.
 */
#include "sbx/monitor.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbx/fds.h"
#include "sbx/report.h"
#include "sbx/status.h"
#include "sbx/sys.h"

#define END_TIMEOUT_MS 1000
#define USEC 1000000 /* microseconds in a second */
#define RETRY_MS 20  /* between looks at a process that has ended but cannot be reaped */

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
	struct rusage usage; /* of @child, once it is reaped */
};

/* Where what happens is told, beyond what bubblewrap tells, or -1. */
static int details_fd(const struct watch *w)
{
	return w->box->plan->as_bwrap ? -1 : plan_fd(w->box->plan, FD_STATUS);
}

static int status_fd(const struct watch *w)
{
	return plan_fd(w->box->plan, FD_STATUS);
}

/* The command's process is there; @pidfd is of it, or -1 if it is the first inside. */
static void take_started(struct watch *w, const struct report *report, int pidfd)
{
	if (w->command >= 0)
		(void)sys_close(w->command);
	w->command = pidfd;
	w->started = true;
	if (details_fd(w) >= 0)
		status_running(details_fd(w), report->sender);
}

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
	case REPORT_NAMESPACES: /* who traces the reaper might say it again */
		return 0;
	case REPORT_STARTED:
		take_started(w, &report, pidfd);
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
	if (!w->box->has_reaper)
		return w->started && w->sock < 0 ? w->child : -1; /* exec closed the socket */
	return w->command;
}

/* The signal @sig has come before there is a command: it ends the run. */
static void end_early(struct watch *w, int sig)
{
	(void)sys_pidfd_send_signal(w->child, SIGKILL);
	if (w->box->plan->as_bwrap)
		sys_die_of(sig);
	w->ended = true;
	w->status = sig;
}

/*
 * Take a signal.  What the terminal sends goes to the command's process group as well,
 * unless that is of another session; it must not get it twice.
 */
static void take_signal(struct watch *w)
{
	const struct plan *plan = w->box->plan;
	struct signalfd_siginfo info;
	int command = receiver(w);
	bool is_typed;

	if (sys_read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	is_typed = info.ssi_code == SI_KERNEL;
	if (command < 0)
		end_early(w, (int)info.ssi_signo);
	else if (plan->as_bwrap && !is_typed)
		sys_die_of((int)info.ssi_signo);
	else if (!plan->as_bwrap && (!is_typed || plan->new_session))
		(void)sys_pidfd_send_signal(command, (int)info.ssi_signo);
}

/*
 * See whether the first process inside has ended.  A process that is traced can
 * be ended, as its pidfd tells, and yet not be ours to reap: look again later.
 * Returns 0, or -errno with @e set.
 */
static int take_child(struct watch *w, struct err *e)
{
	int r = sys_wait_pidfd(w->child, &w->child_status, &w->usage);

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
		w->child_ended = sys_wait_pidfd(w->child, &w->child_status, &w->usage) > 0;
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

/*
 * Wait, before the first process inside is let go, for @events of @fd.  A signal may end the
 * run meanwhile, and so may the end of that process.  Returns 1 if @fd is ready, 0 if the
 * run is over, or -errno with @e set.
 */
static int await(struct watch *w, int fd, short events, struct err *e)
{
	enum { FD, SIGNALS, CHILD, N };
	struct pollfd fds[N] = {
		[FD] = {.fd = fd, .events = events},
		[SIGNALS] = {.fd = w->signals, .events = POLLIN},
		[CHILD] = {.fd = w->child, .events = POLLIN},
	};

	while (!w->ended) {
		int n = sys_poll(fds, N, -1);

		if (n < 0 && n != -EINTR)
			return err_sys(e, n, "cannot wait for the sandbox to begin");
		if (n > 0 && fds[FD].revents != 0)
			return 1;
		if (n > 0 && fds[SIGNALS].revents != 0)
			take_signal(w);
		else if (n > 0)
			break;
	}
	return 0;
}

/* Hear which namespaces there are.  Returns 1, 0 if the run is over, or -errno with @e set. */
static int hear_namespaces(struct watch *w, struct report *report, struct err *e)
{
	int pidfd = -1;
	int r = await(w, w->sock, POLLIN, e);

	if (r <= 0)
		return r;
	r = report_receive(w->sock, report, &pidfd);
	if (r == 1 && report->kind == REPORT_FAILED) {
		*e = report->err;
		return -e->code;
	}
	if (r == 1 && report->kind == REPORT_NAMESPACES)
		return 1;
	if (pidfd >= 0)
		(void)sys_close(pidfd);
	return r == 0 ? 0
		      : err_sys(e, r < 0 ? r : -EPROTO, "cannot hear which namespaces there are");
}

/* Tell the caller of the namespaces, if he wants to know.  Returns as await(). */
static int announce(struct watch *w, struct err *e)
{
	int info = plan_fd(w->box->plan, FD_INFO);
	int status = status_fd(w);
	struct report report;
	int r = hear_namespaces(w, &report, e);

	if (r > 0 && info >= 0)
		r = await(w, info, POLLOUT, e);
	if (r > 0 && status_info(info, report.sender, &report.namespaces, e) < 0)
		r = -e->code;
	if (info >= 0)
		(void)sys_close(info);
	if (r > 0 && status >= 0)
		r = await(w, status, POLLOUT, e);
	if (r > 0 && status_started(status, report.sender, &report.namespaces, e) < 0)
		r = -e->code;
	return r;
}

/*
 * What the caller hears and does before the first process inside is let go.  Returns as
 * await().
 */
static int settle_with_caller(struct watch *w, struct err *e)
{
	int block = plan_fd(w->box->plan, FD_USERNS_BLOCK);
	int r = box_is_watched(w->box) ? announce(w, e) : 1;

	return r > 0 && block >= 0 ? await(w, block, POLLIN, e) : r;
}

/* Let the first process inside begin. */
static int release(const struct watch *w, struct err *e)
{
	int r = report_go(w->sock);

	if (r == -EPIPE) /* it is dead, and its end will tell why */
		r = 0;
	return r < 0 ? err_sys(e, r, "cannot let the sandbox begin") : 0;
}

/* Let the sandbox begin, and follow what happens until it is over. */
static int watch(struct watch *w, struct err *e)
{
	int r = settle_with_caller(w, e);

	if (r > 0)
		r = release(w, e);
	while (r >= 0 && !w->ended && !w->child_ended)
		r = take_event(w, e);
	if (r < 0)
		end_all(w);
	await_end(w);
	return r;
}

/* The command has ended with @status: tell those who want to know. */
static void tell_end(const struct watch *w, int status)
{
	const struct status_usage usage = {
		.known = w->child_ended,
		.user_us = (uint64_t)w->usage.ru_utime.tv_sec * USEC +
			   (uint64_t)w->usage.ru_utime.tv_usec,
		.system_us = (uint64_t)w->usage.ru_stime.tv_sec * USEC +
			     (uint64_t)w->usage.ru_stime.tv_usec,
		.max_rss_kib = (uint64_t)w->usage.ru_maxrss,
	};

	if (!w->started)
		return;
	if (details_fd(w) >= 0)
		status_ended(details_fd(w), status, &usage);
	if (status_fd(w) >= 0)
		status_exit_code(status_fd(w), status);
}

int monitor_run(const struct box *box, int child, int signals, int *status, struct err *e)
{
	const struct plan *plan = box->plan;
	const int keep[] = {STDIN_FILENO,
			    STDOUT_FILENO,
			    STDERR_FILENO,
			    child,
			    box->sock,
			    signals,
			    plan_fd(plan, FD_INFO),
			    plan_fd(plan, FD_STATUS),
			    plan_fd(plan, FD_USERNS_BLOCK)};
	struct watch w = {
		.box = box,
		.child = child,
		.command = -1,
		.sock = box->sock,
		.signals = signals,
	};
	int r;

	fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
	r = watch(&w, e);
	if (w.command >= 0)
		(void)sys_close(w.command);
	if (r == 0 && !w.ended)
		r = judge_child(&w, &w.status, e);
	if (r < 0)
		return r;
	tell_end(&w, w.status);
	*status = w.status;
	return 0;
}
