/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The monitor waits for these at once: messages from inside, signals to itself, the end of
 * the command's process, of the first process inside, and of the janitor.  The command's
 * status comes as a message, which is decisive.  What follows then is ending.c.
 *
 * A command can be stuck in its exit: it waits there for a file server that does not answer, a
 * tracer or a freezer holds it.  Nothing tells of that, no signal ends it, and nobody can
 * reap it.  So the monitor looks every COMMAND_LOOK_MS at what /proc says of the command.
 * If it has been in its exit for as long as --teardown-timeout allows, its status is the
 * one that the kernel has noted.  The same goes for a command that has ended while
 * its reaper, stopped or traced, does not say so.
 *
 * Under bubblewrap's name the monitor passes no signal on: what a process sends ends it,
 * as it ends bubblewrap, and with --die-with-parent the sandbox as well.
 */
#include "run/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "host/job.h"
#include "ipc/report.h"
#include "mounts/removal.h"
#include "run/fds.h"
#include "run/guard.h"
#include "run/status.h"
#include "run/teardown.h"
#include "sys/io.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define PID_BYTES 16
#define KEPT 11       /* descriptors, besides those of the helpers */
#define USEC 1000000  /* microseconds in a second */
#define LEAST_LOOKS 2 /* that find it there: to tell what is stuck from what is about to end */

/* What the monitor knows. */
struct watch {
	struct box *box;
	int sock;          /* -1 once nobody is left who speaks */
	int command;       /* pidfd of the command, -1 while there is none; ours to close */
	pid_t command_pid; /* 0 until it was needed */
	pid_t shown;       /* who shows itself as the command, 0 for nobody yet */
	struct helper *janitor;
	struct helper *guard; /* its @monitor is -1 once it is gone */
	int mounts;           /* for the janitor, see struct monitored */
	bool has_terminal;    /* the job is in the foreground at the beginning */
	struct job job;       /* if the sandbox has a process group of its own */
	int typed;            /* SIGINT or SIGQUIT that the terminal has sent, 0 for none */
	int passed;           /* what a process has sent last, and was passed on */
	bool started;         /* the command is about to be executed, or has been */
	bool command_gone;    /* the command's process has ended, but no status has come */
	bool cut;             /* the janitor has been asked for that, see janitor.h */
	bool hurry;           /* and somebody does not want to wait for it any longer */
	bool janitor_gone;
	bool ended;               /* the command has ended, as @out says */
	int64_t looked;           /* when the command was last seen not to be in its exit */
	unsigned seen;            /* how often it has been seen there since */
	struct teardown teardown; /* what is known of the end, and who else is there */
	struct removal removal;   /* what is to be removed in the end, if the janitor cannot */
	struct outcome *out;
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

/*
 * The command's process is about to be there, and waits until there is a handle of it.  If it is
 * dead, its end tells why.  Returns 0, or -errno with @e set.
 */
static int open_command(struct watch *w, pid_t command, struct err *e)
{
	int r = w->command = sys_pidfd_open(command);

	w->shown = command;
	if (r == -ESRCH)
		return 0;
	r = r < 0 ? r : report_go(w->sock, false);
	return r < 0 && r != -EPIPE ? err_sys(e, r, "cannot make a handle of the command") : 0;
}

/*
 * The command's process is there; *@handle is of it, or -1 if it is the first inside.  Returns 0,
 * or -errno with @e set.
 */
static int take_started(struct watch *w, const struct report *report, int *handle, struct err *e)
{
	if (w->box->shows_itself && w->shown == 0)
		return open_command(w, report->sender, e);
	if (w->started || (w->box->shows_itself && w->shown != report->sender))
		return 0; /* who traces the reaper may say anything */
	if (!w->box->shows_itself)
		w->command = fd_take(handle);
	w->job.leader = w->box->has_reaper ? w->command : w->teardown.child;
	w->started = true;
	if (details_fd(w) >= 0)
		status_running(details_fd(w), report->sender);
	return 0;
}

/* Tell the user, and the caller who watches. */
static void tell_note(const struct watch *w, const struct note *note)
{
	const struct teller *teller = &w->box->teller;

	teller->tell(teller->arg, note->level == NOTE_WARNING, note->text);
	if (details_fd(w) >= 0)
		status_note(details_fd(w), note);
}

/*
 * Tell of what happens while the sandbox is being built.  Whatever says so later is no reaper
 * of ours.
 */
static void take_note(const struct watch *w, const struct note *note)
{
	if (!w->started)
		tell_note(w, note);
}

/* Whether the terminal has sent @sig, of which the command has died. */
static bool is_typed(const struct watch *w, int sig)
{
	if (sig != SIGINT && sig != SIGQUIT)
		return false;
	if (w->typed == sig || w->job.has_terminal)
		return true;
	return !w->box->own_group && sys_take_signal(sig) == SYS_SIGNAL_TYPED;
}

/*
 * The command has died of @sig.  If that was passed on to it, those that it has left in its
 * process group get it as well: who sends a signal to a job, as timeout(1) does, means them all.
 */
static void note_death(struct watch *w, int sig)
{
	w->out->typed = is_typed(w, sig);
	if (w->box->own_group && w->passed == sig)
		job_signal(&w->job, sig);
}

/* The command has ended. */
static void note_end(struct watch *w, int status)
{
	w->ended = true;
	w->out->status = status;
	w->out->reaped = true;
	if (w->started && WIFSIGNALED(status))
		note_death(w, WTERMSIG(status));
	if (w->teardown.since == 0)
		w->teardown.since = sys_now_ms();
}

/*
 * Something is made on the host; *@fd came with it.  Once there is a command, nothing is any more,
 * whatever who traces the reaper says.  Returns 0, or -errno with @e set.
 */
static int take_litter(struct watch *w, const struct mount_point_note *note, int *fd, struct err *e)
{
	return w->started ? 0 : removal_take(&w->removal, note, fd, e);
}

/* The process id of the command, or of the first process inside, which is to become it. */
static pid_t command_pid(struct watch *w)
{
	if (w->command_pid == 0)
		w->command_pid = proc_pid_of(w->teardown.proc,
					     w->box->has_reaper ? w->command : w->teardown.child);
	return w->command_pid;
}

/* Send @sig to the sandbox's process group. */
static void signal_group(struct watch *w, int sig)
{
	w->job.group = command_pid(w);
	job_signal(&w->job, sig);
}

/*
 * The command has been stopped by @sig.  In the caller's process group and without a terminal, no
 * shell waits for a job, and the process that has stopped the command continues that alone.
 */
static void take_stop(struct watch *w, int sig)
{
	if (!w->box->own_group && !job_can_have_terminal())
		return;
	if (w->box->own_group)
		w->job.group = command_pid(w);
	job_pause(&w->job, sig);
	if (!w->box->own_group)
		(void)sys_pidfd_send_signal(w->job.leader, SIGCONT);
	w->looked = sys_now_ms();
}

/*
 * The reaper says that @sig has stopped the command.  It may have been continued since: with
 * this process, if that was stopped as well.
 */
static void hear_stop(struct watch *w, int sig)
{
	char who[PID_BYTES];
	struct proc_stat stat;

	if (!w->started || (sig != SIGSTOP && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
		return;
	(void)snprintf(who, sizeof(who), "%d", command_pid(w));
	if (w->command_pid > 0 && proc_stat(w->teardown.proc, who, &stat) == 0 && stat.state == 'T')
		take_stop(w, sig);
}

/* Note what a message says.  Returns 0, or -errno with @e set: the run failed. */
static int take_report(struct watch *w, struct err *e)
{
	struct report report;
	autoclose int fd = -1;
	int r = report_receive(w->sock, &report, &fd);

	if (r < 0)
		return err_sys(e, r, "cannot hear from inside the sandbox");
	if (r == 0) {
		w->sock = -1;
		return 0;
	}
	switch (report.kind) {
	case REPORT_NAMESPACES: /* who traces the reaper might say it again */
		return 0;
	case REPORT_MOUNT_POINT:
		return take_litter(w, &report.mount_points, &fd, e);
	case REPORT_STARTED:
		return take_started(w, &report, &fd, e);
	case REPORT_STOPPED:
		hear_stop(w, report.stopped);
		return 0;
	case REPORT_ENDED:
		w->teardown.since = 0; /* it may have taken long up to now */
		note_end(w, report.ended.status);
		w->teardown.others = !report.ended.is_last;
		return 0;
	case REPORT_FAILED:
		*e = report.err;
		return -e->code;
	case REPORT_NOTE:
		take_note(w, &report.note);
		return 0;
	}
	return 0;
}

/* Whom signals are for: the command, or nobody while there is none. */
static int receiver(const struct watch *w)
{
	if (!w->box->has_reaper)
		return w->started && w->sock < 0 ? w->teardown.child
						 : -1; /* exec closed the socket */
	return w->command;
}

/* The run ends before the command: hear what has been said up to now. */
static void hear_the_rest(struct watch *w)
{
	struct pollfd sock = {.fd = w->sock, .events = POLLIN};
	struct err e = {0};

	while (w->sock >= 0 && !w->started && sys_poll(&sock, 1, 0) > 0)
		if (take_report(w, &e) < 0)
			return;
}

/*
 * The signal @sig has come before there is a command: it ends the run.  The inside may be about
 * to execute it, and what has told of that cannot be stopped any more.  Then a reaper that has
 * to end others must live: they would outlive this process if somebody killed that as well.
 * It takes the end of the socket for the monitor's.
 */
static void end_early(struct watch *w, int sig)
{
	if (w->sock >= 0)
		sys_shutdown(w->sock);
	hear_the_rest(w);
	if (!w->started || !w->box->reaper_ends)
		(void)sys_pidfd_send_signal(w->teardown.child, SIGKILL);
	if (w->box->plan->as_bwrap)
		sys_die_of(sig);
	note_end(w, sig);
}

/* Stop as the terminal asks for, with those inside that it does not reach. */
static void stop(const struct watch *w)
{
	struct distant inside = {.proc = w->teardown.proc, .but_first = w->box->has_reaper};

	if (w->box->plan->processes.new_session && w->teardown.proc >= 0) {
		pid_t first = proc_pid_of(w->teardown.proc, w->teardown.child);

		inside.first = first > 0 ? first : 0;
	}
	job_stop(&inside);
}

/* Take a signal that tells of what has happened to the job.  Returns whether @sig is one. */
static bool take_job_signal(struct watch *w, int sig)
{
	bool has_group = w->box->own_group && receiver(w) >= 0;

	if (sig != SIGCHLD && sig != SIGCONT && sig != SIGWINCH)
		return false;
	if (sig == SIGCHLD && !w->box->has_reaper && receiver(w) >= 0) {
		sig = sys_wait_stop(w->teardown.child);
		if (sig > 0)
			take_stop(w, sig);
	} else if (sig == SIGCONT && has_group) {
		w->job.group = command_pid(w);
		job_go_on(&w->job);
	} else if (sig == SIGWINCH && has_group) {
		signal_group(w, sig);
	}
	return true;
}

/*
 * Pass a signal on to @command.  What the terminal sends goes to its process group: that is not
 * in the foreground, or is of another session.  If the group is the caller's, it has got that.
 * So does what stands for a key: who sends SIGINT to a job, as killpg() does, would have a shell
 * wait for a child that has got none.
 */
static void pass_on(struct watch *w, int command, int sig, bool by_terminal)
{
	bool is_key = by_terminal || sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP;

	if (by_terminal)
		w->typed = sig;
	if (w->box->own_group && is_key) {
		signal_group(w, sig);
	} else if (w->box->plan->as_bwrap && !by_terminal) {
		sys_die_of(sig);
	} else if (!by_terminal) {
		w->passed = sig;
		if (w->box->own_group)
			w->job.group = command_pid(w);
		(void)sys_pidfd_send_signal(command, sig);
	}
}

/* Take a signal. */
static void take_signal(struct watch *w)
{
	struct signalfd_siginfo info;
	int command = receiver(w);
	bool is_far = !w->box->own_group || w->box->plan->processes.new_session || command < 0;
	int sig;

	if (sys_read(w->teardown.signals, &info, sizeof(info)) != sizeof(info))
		return;
	sig = (int)info.ssi_signo;
	if (take_job_signal(w, sig))
		return;
	if (w->command_gone)
		w->hurry = true;
	else if (sig == SIGTSTP && is_far)
		stop(w);
	else if (command < 0)
		end_early(w, sig);
	else
		pass_on(w, command, sig, info.ssi_code == SI_KERNEL);
}

/* See whether the first process inside has ended.  Returns 0, or -errno with @e set. */
static int take_child(struct watch *w, struct err *e)
{
	int r = teardown_look(w->teardown.child, &w->teardown.first);

	return r < 0 ? err_sys(e, r, "cannot learn how the first process inside ended") : 0;
}

/*
 * The command's process has ended.  The reaper says so as well, in a moment, unless
 * somebody keeps it from running.
 */
static void take_command_end(struct watch *w)
{
	w->command_gone = true;
	w->seen = 0;
	w->teardown.since = sys_now_ms();
}

/*
 * The janitor has ended.  If its work is not done, it has been killed: then what it is to see
 * to is not seen to any more; and if that is that nothing is left, nothing must be begun, or
 * go on.  The command itself looks for the janitor before it is executed.  Returns 0, or
 * -errno with @e set.
 */
static int take_janitor_end(struct watch *w, struct err *e)
{
	w->janitor_gone = true;
	if (w->teardown.first.unreapable ||
	    (w->started && !w->box->plan->processes.die_with_parent))
		return 0;
	return err_set(e, ECHILD, "the janitor was killed");
}

/*
 * The guard is gone.  It exits with the first process inside; else it was killed, or could not
 * watch.  Returns 0, or -errno with @e set.
 */
static int take_guard_end(struct watch *w, struct err *e)
{
	struct pollfd first = {.fd = w->teardown.child, .events = POLLIN};
	struct note note = {.level = NOTE_WARNING,
			    .text = "nothing watches the protected paths any more: what is "
				    "replaced on the host is not protected"};

	(void)sys_close(fd_take(&w->guard->monitor));
	if (w->teardown.first.gone || w->teardown.first.unreapable || sys_poll(&first, 1, 0) != 0)
		return 0;
	if (w->box->guard_way == GUARD_TRY) {
		tell_note(w, &note);
		return 0;
	}
	(void)err_set(e, ECHILD, "the process that watches the protected paths was killed");
	e->stage = w->started ? ERR_GUARD : ERR_SETUP;
	return -e->code;
}

/*
 * The guard ends the sandbox, which takes it a moment if it has to find the processes.  Returns
 * -errno with @e set.
 */
static int take_guard_failure(struct watch *w, const struct err *said, struct err *e)
{
	struct pollfd over = {.fd = w->guard->monitor, .events = POLLIN};

	(void)sys_poll(&over, 1, GUARD_KILLS_MS);
	*e = *said;
	return -e->code;
}

/* Take a message of the guard.  Returns 0, or -errno with @e set: the sandbox is to end. */
static int take_guard(struct watch *w, struct err *e)
{
	struct report report;
	autoclose int fd = -1;
	int r = report_receive(w->guard->monitor, &report, &fd);

	if (r <= 0)
		return take_guard_end(w, e);
	if (report.kind == REPORT_NOTE)
		tell_note(w, &report.note);
	else if (report.kind == REPORT_MOUNT_POINT)
		return removal_take(&w->removal, &report.mount_points, &fd, e);
	else if (report.kind == REPORT_FAILED)
		return take_guard_failure(w, &report.err, e);
	return 0;
}

/* Take what the guard has sent up to now.  Returns as take_guard(). */
static int hear_guard(struct watch *w, struct err *e)
{
	struct pollfd guard = {.events = POLLIN};
	int r = 0;

	while (r == 0 && w->guard->monitor >= 0) {
		guard.fd = w->guard->monitor;
		if (sys_poll(&guard, 1, 0) <= 0)
			break;
		r = take_guard(w, e);
	}
	return r;
}

/*
 * The command has been in its exit for too long; @status is what the kernel has noted.  A reaper
 * that has to end others waits for the command before, but whoever holds that may be one of
 * them: it takes the end of the socket for the monitor's, and ends all.  Returns 0, or -errno
 * with @e set if the status is not known.
 */
static int take_overdue(struct watch *w, int status, struct err *e)
{
	w->teardown.command = command_pid(w);
	if (w->box->reaper_ends && w->sock >= 0)
		sys_shutdown(w->sock);
	if (status < 0)
		return err_set(e, ETIMEDOUT, "the command has ended, but nobody can say how");
	note_end(w, status);
	w->out->reaped = false;
	return 0;
}

/* Look whether the command is stuck in its exit.  Returns 0, or -errno with @e set. */
static int look(struct watch *w, struct err *e)
{
	int64_t now = sys_now_ms();
	pid_t holder;
	int status = -1;
	int r = command_pid(w) < 0
			? 0
			: proc_is_ending(w->teardown.proc, w->command_pid, &holder, &status);

	if (r <= 0 && !w->command_gone) {
		w->looked = now;
		w->seen = 0;
		w->teardown.since = 0;
		return 0;
	}
	w->seen++;
	if (w->command_gone && w->seen == 1)
		(void)sys_pidfd_send_signal(w->teardown.child, SIGCONT); /* it may be stopped */
	if (w->teardown.since == 0)
		w->teardown.since = w->looked; /* it may have ended right after that */
	if (w->seen >= LEAST_LOOKS &&
	    (w->hurry || now - w->teardown.since >= w->box->plan->processes.teardown_ms))
		return take_overdue(w, status, e);
	if (!w->cut && now - w->teardown.since >= w->box->plan->processes.teardown_ms / 2) {
		janitor_ask(w->janitor, JANITOR_CUT);
		w->cut = true;
	}
	return 0;
}

/* Nothing has happened for a while.  Returns as look(). */
static int take_time(struct watch *w, struct err *e)
{
	int r = w->teardown.first.unreapable ? take_child(w, e) : 0;

	return r < 0 || w->teardown.first.gone ? r : look(w, e);
}

/* Whether there is a command that can be looked at. */
static bool can_look(const struct watch *w)
{
	return w->started && w->teardown.proc >= 0;
}

/* How long to wait for the next event, in milliseconds; -1: for ever. */
static int patience(const struct watch *w)
{
	if (w->teardown.first.unreapable)
		return UNREAPABLE_MS;
	if (w->teardown.since != 0)
		return COMMAND_EXIT_MS;
	return can_look(w) ? COMMAND_LOOK_MS : -1;
}

/* Wait for the next event and take it.  Returns 0, or -errno with @e set. */
static int take_event(struct watch *w, struct err *e)
{
	enum { SOCK, SIGNALS, COMMAND, CHILD, JANITOR, GUARD, N };
	bool unreapable = w->teardown.first.unreapable;
	struct pollfd fds[N] = {
		[SOCK] = {.fd = w->sock, .events = POLLIN},
		[SIGNALS] = {.fd = w->teardown.signals, .events = POLLIN},
		[COMMAND] = {.fd = w->command_gone ? -1 : w->command, .events = POLLIN},
		[CHILD] = {.fd = unreapable ? -1 : w->teardown.child, .events = POLLIN},
		[JANITOR] = {.fd = w->janitor_gone ? -1 : w->janitor->pidfd, .events = POLLIN},
		[GUARD] = {.fd = w->guard->monitor, .events = POLLIN},
	};
	int n = sys_poll(fds, w->guard->monitor < 0 ? GUARD : N, patience(w));

	if (n < 0)
		return n == -EINTR ? 0 : err_sys(e, n, "cannot wait for the sandbox");
	/* what was said comes first: whom a signal is for, and what an end means */
	if (fds[GUARD].revents != 0)
		return take_guard(w, e);
	if (fds[SOCK].revents != 0)
		return take_report(w, e);
	if (fds[CHILD].revents != 0)
		return take_child(w, e);
	if (n == 0)
		return take_time(w, e);
	if (fds[SIGNALS].revents != 0)
		take_signal(w);
	else if (fds[COMMAND].revents != 0)
		take_command_end(w);
	else if (fds[JANITOR].revents != 0)
		return take_janitor_end(w, e);
	return 0;
}

/* The run has failed: leave nobody behind. */
static void end_all(struct watch *w)
{
	(void)sys_pidfd_send_signal(w->teardown.child, SIGKILL);
	if (w->command >= 0)
		(void)sys_pidfd_send_signal(w->command, SIGKILL);
	if (w->started && w->box->own_group)
		signal_group(w, SIGKILL);
	w->teardown.others = false;
	if (w->teardown.since == 0)
		w->teardown.since = sys_now_ms();
}

/*
 * What the end of the first process inside means if no report of the command came:
 * once there is a command, its status is the command's.
 */
static int judge_child(struct watch *w, struct err *e)
{
	int status = w->teardown.first.status;

	if (w->started) {
		note_end(w, status);
		return 0;
	}
	if (WIFSIGNALED(status))
		return err_set(e, ECHILD,
			       "the first process inside was killed by signal %d (%s) before the "
			       "command ran",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
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
		[SIGNALS] = {.fd = w->teardown.signals, .events = POLLIN},
		[CHILD] = {.fd = w->teardown.child, .events = POLLIN},
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
		fds_finish(info);
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

/* Let the first process inside begin, and start the janitor meanwhile. */
static int release(struct watch *w, struct err *e)
{
	int r = report_go(w->sock, w->mounts < 0);

	if (r == -EPIPE) /* it is dead, and its end will tell why */
		r = 0;
	if (r < 0)
		return err_sys(e, r, "cannot let the sandbox begin");
	r = janitor_start(w->box, w->teardown.child, &w->mounts, e);
	helpers_close(w->box->helpers, END_FROM_INSIDE | END_TO_MONITOR);
	return r;
}

/* Have the host mount points removed, if the janitor was killed or has not been started. */
static void remove_mount_points(struct watch *w)
{
	bool is_over = box_is_over_with_first(w->box);
	struct removal_end end = {.has_come = is_over && w->teardown.first.gone, .kept = -1};

	hear_the_rest(w);
	end.fd = is_over ? w->teardown.child : w->removal.unmounted;
	if (w->removal.n > 0 && janitor_is_over(w->janitor))
		removal_finish(&w->removal, &end);
}

/* Close what is not the monitor's, so that a reader sees its end. */
static int close_others(const struct watch *w, struct err *e)
{
	const struct plan *plan = w->box->plan;
	int keep[KEPT + HELPERS * HELPER_FDS] = {STDIN_FILENO,
						 STDOUT_FILENO,
						 STDERR_FILENO,
						 w->teardown.child,
						 w->teardown.signals,
						 w->mounts,
						 w->sock,
						 w->teardown.proc,
						 plan_fd(plan, FD_INFO),
						 plan_fd(plan, FD_STATUS),
						 plan_fd(plan, FD_USERNS_BLOCK)};
	int r;

	helpers_list(w->box->helpers, keep + KEPT);
	r = keep_fds(keep, sizeof(keep) / sizeof(keep[0]));

	return r < 0 ? err_sys(e, r, "cannot close the descriptors that are not the monitor's") : 0;
}

/* Let the sandbox begin, and follow what happens until it is over. */
static int watch(struct watch *w, struct err *e)
{
	int r = close_others(w, e);

	if (r == 0)
		r = settle_with_caller(w, e);
	if (r > 0)
		r = release(w, e);
	if (r >= 0)
		w->looked = sys_now_ms();
	while (r >= 0 && !w->ended && !w->teardown.first.gone)
		r = take_event(w, e);
	if (r >= 0)
		r = hear_guard(w, e);
	if (r >= 0 && !w->ended)
		r = judge_child(w, e);
	if (r < 0)
		end_all(w);
	teardown_await(&w->teardown, w->out);
	remove_mount_points(w);
	job_end(&w->job);
	if (w->has_terminal)
		job_take_terminal();
	return r;
}

/* The run is over, or has @failed: tell those who want to know. */
static void tell_end(const struct watch *w, bool failed)
{
	const struct rusage *rusage = &w->teardown.first.usage;
	const struct status_usage usage = {
		.known = w->teardown.first.gone,
		.user_us = (uint64_t)rusage->ru_utime.tv_sec * USEC +
			   (uint64_t)rusage->ru_utime.tv_usec,
		.system_us = (uint64_t)rusage->ru_stime.tv_sec * USEC +
			     (uint64_t)rusage->ru_stime.tv_usec,
		.max_rss_kib = (uint64_t)rusage->ru_maxrss,
	};

	if (status_fd(w) < 0 || !io_has_room(status_fd(w), READER_MS))
		return; /* one wait for all lines, each of which would wait in vain */
	if (details_fd(w) >= 0 && w->started && !failed)
		status_ended(details_fd(w), w->out, &usage);
	if (details_fd(w) >= 0)
		status_stuck(details_fd(w), w->out);
	if (status_fd(w) >= 0 && w->started && !failed)
		status_exit_code(status_fd(w), w->out->status);
}

/* When the process of @pidfd began; if that is not known, too late for any other. */
static uint64_t start_of(int proc, int pidfd)
{
	pid_t pid = proc_pid_of(proc, pidfd);
	char who[PID_BYTES];
	struct proc_stat stat;

	(void)snprintf(who, sizeof(who), "%d", pid);
	return pid > 0 && proc_stat(proc, who, &stat) == 0 ? stat.start : UINT64_MAX;
}

int monitor_run(struct box *box, const struct monitored *monitored, struct outcome *ret,
		struct err *e)
{
	/* for reading where what is left inside may have to be found: see kin.h */
	autoclose int proc = sys_openat(AT_FDCWD, "/proc",
					(box->reaper_ends ? O_RDONLY : O_PATH) | O_DIRECTORY, 0);
	struct watch w = {
		.box = box,
		.command = -1,
		.sock = box->sock,
		.has_terminal = box->foreground || job_has_terminal(),
		.job = {.leader = -1, .is_eager = box->foreground, .has_terminal = box->foreground},
		.mounts = monitored->mounts,
		.janitor = &box->helpers[HELPER_JANITOR],
		.guard = &box->helpers[HELPER_GUARD],
		.teardown = {.box = box,
			     .proc = proc,
			     .child = monitored->child,
			     .janitor = &box->helpers[HELPER_JANITOR],
			     .signals = monitored->signals},
		.removal = REMOVAL_NONE,
		.out = ret,
	};
	int r;

	if (box->reaper_ends)
		w.teardown.start = start_of(proc, monitored->child);
	r = watch(&w, e);
	if (w.command >= 0)
		(void)sys_close(w.command);
	if (w.mounts >= 0)
		(void)sys_close(w.mounts);
	removal_done(&w.removal);
	tell_end(&w, r < 0);
	return r;
}
