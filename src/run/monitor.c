/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The monitor waits for messages of the first process, of the reaper and of the guard, and for
 * signals to itself.  It also waits for the exit of the command, of the first process and of the
 * janitor.  The command's status comes as a message, which decides.  What follows is teardown.c.
 *
 * A command can be stuck in its exit: on a FUSE server that does not answer, under a tracer or in a
 * frozen cgroup.  No event reports that, no signal ends it, and it cannot be reaped.  So the
 * monitor reads the command's state in /proc every COMMAND_LOOK_MS.  Once the command has been in
 * its exit for --teardown-timeout, its status is the one that the kernel has recorded.  The same
 * holds for a command that has exited while its reaper is stopped or traced.
 *
 * Under bubblewrap's name the monitor passes no signal on.  A signal from a process kills it, as it
 * kills bubblewrap, and with --die-with-parent the sandbox as well.
 */
#include "run/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
#include "run/janitor.h"
#include "run/status.h"
#include "run/teardown.h"
#include "sys/helper.h"
#include "sys/io.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define PID_BYTES 16
#define KEPT 11      /* descriptors, besides those of the helpers */
#define USEC 1000000 /* microseconds in a second */

struct monitor {
	struct box *box;
	int sock;          /* for reports; -1 after the end of file */
	int command;       /* pidfd of the command, -1 while there is none; closed here */
	pid_t command_pid; /* 0 until it is needed */
	pid_t shown;       /* the process that shows itself as the command, 0 for none yet */
	struct helper *janitor;
	struct helper *guard; /* its @monitor is -1 once it has exited */
	int mounts;           /* for the janitor, see struct monitored */
	bool has_terminal;    /* the job is in the foreground at the start */
	struct job job;       /* if the sandbox has a process group of its own */
	int typed;            /* SIGINT or SIGQUIT that the terminal has sent, 0 for none */
	int passed;           /* the last signal that was passed on from a process */
	bool started;         /* the command is about to be executed, or has been */
	bool command_gone;    /* the command has exited, but its status has not come */
	bool cut;             /* the janitor has been asked for JANITOR_CUT */
	bool hurry;           /* a signal asks not to wait for the status any longer */
	bool janitor_gone;
	bool ended;               /* the command has ended, as @out says */
	int64_t looked;           /* when the command was last seen not to be in its exit */
	unsigned seen;            /* how often it has been seen there since */
	struct teardown teardown; /* its exit, and the processes and descriptors for that */
	struct removal removal;   /* host mount points to remove if the janitor cannot */
	struct outcome *out;
};

/* The descriptor for status lines that bubblewrap does not have, or -1. */
static int details_fd(const struct monitor *m)
{
	return m->box->plan->as_bwrap ? -1 : plan_fd(m->box->plan, FD_STATUS);
}

static int status_fd(const struct monitor *m)
{
	return plan_fd(m->box->plan, FD_STATUS);
}

/*
 * The process that becomes the command waits until the monitor has a pidfd of it.  If it is dead,
 * its status says why.  Returns 0, or -errno with @e set.
 */
static int open_command(struct monitor *m, pid_t command, struct err *e)
{
	int r = m->command = sys_pidfd_open(command);

	m->shown = command;
	if (r == -ESRCH)
		return 0;
	r = r < 0 ? r : report_go(m->sock, false);
	return r < 0 && r != -EPIPE ? err_sys(e, r, "cannot open a pidfd of the command") : 0;
}

/*
 * The command's process exists; *@pidfd is of it, or -1 if it is the first process.  Returns 0, or
 * -errno with @e set.
 */
static int take_started(struct monitor *m, const struct report *report, int *pidfd, struct err *e)
{
	if (m->box->shows_itself && m->shown == 0)
		return open_command(m, report->sender, e);
	if (m->started || (m->box->shows_itself && m->shown != report->sender))
		return 0; /* only a tracer of the reaper sends that */
	if (!m->box->shows_itself)
		m->command = fd_take(pidfd);
	m->job.leader = m->box->has_reaper ? m->command : m->teardown.child;
	m->started = true;
	if (details_fd(m) >= 0)
		status_running(details_fd(m), report->sender);
	return 0;
}

/* Print a note, and add it to the status lines. */
static void print_note(const struct monitor *m, const struct note *note)
{
	const struct teller *teller = &m->box->teller;

	teller->tell(teller->arg, note->level == NOTE_WARNING, note->text);
	if (details_fd(m) >= 0)
		status_note(details_fd(m), note);
}

/* Notes come while the sandbox is built; later ones only from a tracer of the reaper. */
static void take_note(const struct monitor *m, const struct note *note)
{
	if (!m->started)
		print_note(m, note);
}

/* Whether @sig, which has killed the command, came from the terminal. */
static bool is_typed(const struct monitor *m, int sig)
{
	if (sig != SIGINT && sig != SIGQUIT)
		return false;
	if (m->typed == sig || m->job.has_terminal)
		return true;
	return !m->box->own_group && sys_take_signal(sig) == SYS_SIGNAL_TYPED;
}

/*
 * @sig has killed the command.  If it was passed on, the rest of the process group gets it as well:
 * a signal to a job, such as timeout(1) sends, is meant for all of it.
 */
static void record_death(struct monitor *m, int sig)
{
	m->out->typed = is_typed(m, sig);
	if (m->box->own_group && m->passed == sig)
		job_signal(&m->job, sig);
}

/* The command has ended. */
static void record_end(struct monitor *m, int status)
{
	m->ended = true;
	m->out->status = status;
	m->out->reaped = true;
	if (m->started && WIFSIGNALED(status))
		record_death(m, WTERMSIG(status));
	if (m->teardown.since == 0)
		m->teardown.since = sys_now_ms();
}

/*
 * A mount point is created on the host; *@fd came with the message.  After the command's start only
 * a tracer of the reaper sends that.  Returns 0, or -errno with @e set.
 */
static int take_mount_point(struct monitor *m, const struct mount_point_note *note, int *fd,
			    struct err *e)
{
	return m->started ? 0 : removal_take(&m->removal, note, fd, e);
}

/* The PID of the command, or of the first process, which becomes it. */
static pid_t command_pid(struct monitor *m)
{
	if (m->command_pid == 0)
		m->command_pid = proc_pid_of(m->teardown.proc,
					     m->box->has_reaper ? m->command : m->teardown.child);
	return m->command_pid;
}

/* Send @sig to the sandbox's process group. */
static void signal_group(struct monitor *m, int sig)
{
	m->job.group = command_pid(m);
	job_signal(&m->job, sig);
}

/*
 * Continue the process @monitor, the parent, once the process of @command has exited: a command
 * that is killed while it is stopped ends the run.  The signal is repeated, because the monitor may
 * be about to stop.  It kills this process when it goes on.  Does not return.
 */
static void be_waker(pid_t monitor, int command)
{
	int keep[] = {command};
	sigset_t all;

	sigfillset(&all);
	(void)sys_sigprocmask(SIG_BLOCK, &all, NULL); /* what stops the job must not stop this */
	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sys_setpgid(0, 0);
	if (keep_fds(keep, 1) < 0)
		sys_exit(EXIT_FAILURE);
	while (sys_getppid() == monitor) {
		if (helper_exits(command, -1))
			(void)sys_kill(monitor, SIGCONT);
		(void)sys_poll(NULL, 0, EXIT_MS);
	}
	sys_exit(EXIT_SUCCESS);
}

/* Start it, before the monitor stops.  Returns its pidfd, or -1. */
static int start_waker(const struct monitor *m)
{
	pid_t monitor = sys_getpid();
	int waker = -1;

	if (sys_clone(0, &waker) == 0)
		be_waker(monitor, m->command >= 0 ? m->command : m->teardown.child);
	return waker;
}

static void end_waker(int waker)
{
	if (waker >= 0)
		(void)helper_kill(waker, EXIT_MS);
	sys_drop(&waker);
}

/* Stop as @sig has stopped the command, until a process continues this one or the command exits. */
static void stop_job(struct monitor *m, int sig)
{
	int waker = start_waker(m);

	job_pause(&m->job, sig);
	end_waker(waker);
}

/*
 * @sig has stopped the command.  In the caller's process group and without a terminal, no shell
 * waits for a job: the sender of the signal expects to continue the command alone.
 */
static void take_stop(struct monitor *m, int sig)
{
	if (!m->box->own_group && !job_can_have_terminal())
		return;
	if (m->box->own_group)
		m->job.group = command_pid(m);
	stop_job(m, sig);
	if (!m->box->own_group)
		(void)sys_pidfd_send_signal(m->job.leader, SIGCONT);
	m->looked = sys_now_ms();
}

/* The reaper reports that @sig has stopped the command, which may have been continued since. */
static void take_stop_report(struct monitor *m, int sig)
{
	char pid[PID_BYTES];
	struct proc_stat stat;

	if (!m->started || (sig != SIGSTOP && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
		return;
	(void)snprintf(pid, sizeof(pid), "%d", command_pid(m));
	if (m->command_pid > 0 && proc_stat(m->teardown.proc, pid, &stat) == 0 && stat.state == 'T')
		take_stop(m, sig);
}

/* Take a report.  Returns 0, or -errno with @e set: the run has failed. */
static int take_report(struct monitor *m, struct err *e)
{
	struct report report;
	autoclose int fd = -1;
	int r = report_receive(m->sock, &report, &fd);

	if (r < 0)
		return err_sys(e, r, "cannot read from the sandbox's first process");
	if (r == 0) {
		m->sock = -1;
		return 0;
	}
	switch (report.kind) {
	case REPORT_NAMESPACES: /* it comes before; a tracer of the reaper can repeat it */
		return 0;
	case REPORT_MOUNT_POINT:
		return take_mount_point(m, &report.mount_points, &fd, e);
	case REPORT_STARTED:
		return take_started(m, &report, &fd, e);
	case REPORT_STOPPED:
		take_stop_report(m, report.stopped);
		return 0;
	case REPORT_ENDED:
		m->teardown.since = 0; /* its exit may have taken long up to now */
		record_end(m, report.ended.status);
		m->teardown.others = !report.ended.is_last;
		return 0;
	case REPORT_FAILED:
		*e = report.err;
		return -e->code;
	case REPORT_NOTE:
		take_note(m, &report.note);
		return 0;
	}
	return 0;
}

/* The pidfd for signals: of the command, -1 while there is none. */
static int receiver(const struct monitor *m)
{
	if (!m->box->has_reaper)
		return m->started && m->sock < 0 ? m->teardown.child
						 : -1; /* exec closed the socket */
	return m->command;
}

/* The run ends before the command: take the reports that have come up to now. */
static void take_pending(struct monitor *m)
{
	struct pollfd sock = {.fd = m->sock, .events = POLLIN};
	struct err e = {0};

	while (m->sock >= 0 && !m->started && sys_poll(&sock, 1, 0) > 0)
		if (take_report(m, &e) < 0)
			return;
}

/*
 * The signal @sig has come before there is a command: it ends the run.  If the command's start is
 * reported by now, that cannot be stopped any more.  Then a reaper that kills the other processes
 * has to live: it does so when it reads the end of file that the shutdown causes.
 */
static void end_early(struct monitor *m, int sig)
{
	if (m->sock >= 0)
		sys_shutdown(m->sock);
	take_pending(m);
	if (!m->started || !m->box->reaper_ends)
		(void)sys_pidfd_send_signal(m->teardown.child, SIGKILL);
	if (m->box->plan->as_bwrap)
		sys_die_of(sig);
	record_end(m, sig);
}

/* Stop by the terminal's SIGTSTP, with the processes of the sandbox that it does not reach. */
static void stop(const struct monitor *m)
{
	struct distant inside = {.proc = m->teardown.proc, .but_first = m->box->has_reaper};
	int waker;

	if (m->box->plan->processes.new_session && m->teardown.proc >= 0) {
		pid_t first = proc_pid_of(m->teardown.proc, m->teardown.child);

		inside.first = first > 0 ? first : 0;
	}
	waker = m->started ? start_waker(m) : -1;
	job_stop(&inside);
	end_waker(waker);
}

/* Take a signal that reports a change of the job.  Returns whether @sig is one. */
static bool take_job_signal(struct monitor *m, int sig)
{
	bool has_group = m->box->own_group && receiver(m) >= 0;

	if (sig != SIGCHLD && sig != SIGCONT && sig != SIGWINCH)
		return false;
	if (sig == SIGCHLD && !m->box->has_reaper && receiver(m) >= 0) {
		sig = sys_wait_stop(m->teardown.child);
		if (sig > 0)
			take_stop(m, sig);
	} else if (sig == SIGCONT && has_group) {
		m->job.group = command_pid(m);
		job_go_on(&m->job);
	} else if (sig == SIGWINCH && has_group) {
		signal_group(m, sig);
	}
	return true;
}

/*
 * Pass a signal on to @command.  A signal of the terminal, or one that stands for a key, goes to
 * the sandbox's own process group, which the terminal does not reach.  A group that is the caller's
 * has got it already.  If SIGINT reached the command alone, a shell in the sandbox would wait for a
 * child that has got none.
 */
static void pass_on(struct monitor *m, int command, int sig, bool by_terminal)
{
	bool is_key = by_terminal || sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP;

	if (by_terminal)
		m->typed = sig;
	if (m->box->own_group && is_key) {
		signal_group(m, sig);
	} else if (m->box->plan->as_bwrap && !by_terminal) {
		sys_die_of(sig);
	} else if (!by_terminal) {
		m->passed = sig;
		if (m->box->own_group)
			m->job.group = command_pid(m);
		(void)sys_pidfd_send_signal(command, sig);
	}
}

/* Take a signal.  Returns 0. */
static int take_signal(struct monitor *m, struct err *e)
{
	struct signalfd_siginfo info;
	int command = receiver(m);
	bool is_far = !m->box->own_group || m->box->plan->processes.new_session || command < 0;
	int sig;

	(void)e;
	if (sys_read(m->teardown.signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	sig = (int)info.ssi_signo;
	if (take_job_signal(m, sig))
		return 0;
	if (m->command_gone)
		m->hurry = true;
	else if (sig == SIGTSTP && is_far)
		stop(m);
	else if (command < 0)
		end_early(m, sig);
	else
		pass_on(m, command, sig, info.ssi_code == SI_KERNEL);
	return 0;
}

/* Reap the first process if it has exited.  Returns 0, or -errno with @e set. */
static int take_child(struct monitor *m, struct err *e)
{
	int r = teardown_look(m->teardown.child, &m->teardown.first);

	return r < 0 ? err_sys(e, r, "cannot get the status of the sandbox's first process") : 0;
}

/*
 * The command has exited.  The reaper reports its status soon, unless the reaper is stopped or
 * traced. Returns 0.
 */
static int take_command_end(struct monitor *m, struct err *e)
{
	(void)e;
	m->command_gone = true;
	m->seen = 0;
	m->teardown.since = sys_now_ms();
	return 0;
}

/*
 * The janitor has exited.  If that is before its work is done, it was killed, and nothing
 * guarantees the clean-up any more.  With --die-with-parent, the caller has asked for that
 * guarantee: the command must not start or go on.  Returns 0, or -errno with @e set.
 */
static int take_janitor_end(struct monitor *m, struct err *e)
{
	m->janitor_gone = true;
	if (m->teardown.first.unreapable ||
	    (m->started && !m->box->plan->processes.die_with_parent))
		return 0;
	return err_set(e, ECHILD, "the janitor was killed");
}

/*
 * The guard has exited.  If the first process has not, the guard was killed or could not watch.
 * Returns 0, or -errno with @e set.
 */
static int take_guard_end(struct monitor *m, struct err *e)
{
	struct pollfd first = {.fd = m->teardown.child, .events = POLLIN};
	struct note note = {
		.level = NOTE_WARNING,
		.text = "the process that watches the protected paths has exited: a path "
			"that is replaced on the host is no longer protected"};

	sys_drop(&m->guard->monitor);
	if (m->teardown.first.gone || m->teardown.first.unreapable || sys_poll(&first, 1, 0) != 0)
		return 0;
	if (m->box->guard_way == GUARD_TRY) {
		print_note(m, &note);
		return 0;
	}
	(void)err_set(e, ECHILD, "the process that watches the protected paths was killed");
	e->stage = m->started ? ERR_GUARD : ERR_SETUP;
	return -e->code;
}

/* The guard kills the sandbox; wait until it has.  Returns -errno with @e set. */
static int take_guard_failure(struct monitor *m, const struct err *reported, struct err *e)
{
	struct pollfd over = {.fd = m->guard->monitor, .events = POLLIN};

	(void)sys_poll(&over, 1, GUARD_KILLS_MS);
	*e = *reported;
	return -e->code;
}

/* Take a report of the guard.  Returns 0, or -errno with @e set: the sandbox has to end. */
static int take_guard(struct monitor *m, struct err *e)
{
	struct report report;
	autoclose int fd = -1;
	int r = report_receive(m->guard->monitor, &report, &fd);

	if (r <= 0)
		return take_guard_end(m, e);
	if (report.kind == REPORT_NOTE)
		print_note(m, &report.note);
	else if (report.kind == REPORT_MOUNT_POINT)
		return removal_take(&m->removal, &report.mount_points, &fd, e);
	else if (report.kind == REPORT_FAILED)
		return take_guard_failure(m, &report.err, e);
	return 0;
}

/* Take the reports that the guard has sent up to now.  Returns as take_guard(). */
static int take_pending_of_guard(struct monitor *m, struct err *e)
{
	struct pollfd guard = {.events = POLLIN};
	int r = 0;

	while (r == 0 && m->guard->monitor >= 0) {
		guard.fd = m->guard->monitor;
		if (sys_poll(&guard, 1, 0) <= 0)
			break;
		r = take_guard(m, e);
	}
	return r;
}

/*
 * The command has been in its exit for too long; @status is the one that the kernel has recorded. A
 * reaper that kills the other processes waits for the command first, but one of them may hold it.
 * So the reaper gets an end of file, upon which it kills all.  Returns 0, or -errno with @e set if
 * the status is unknown.
 */
static int take_overdue(struct monitor *m, int status, struct err *e)
{
	m->teardown.command = command_pid(m);
	if (m->box->reaper_ends && m->sock >= 0)
		sys_shutdown(m->sock);
	if (status < 0)
		return err_set(e, ETIMEDOUT, "the command has exited, but its status is unknown");
	record_end(m, status);
	m->out->reaped = false;
	return 0;
}

/* Look whether the command is stuck in its exit.  Returns 0, or -errno with @e set. */
static int look(struct monitor *m, struct err *e)
{
	int64_t now = sys_now_ms();
	pid_t holder;
	int status = -1;
	int r = command_pid(m) < 0
			? 0
			: proc_is_ending(m->teardown.proc, m->command_pid, &holder, &status);

	if (r <= 0 && !m->command_gone) {
		m->looked = now;
		m->seen = 0;
		m->teardown.since = 0;
		return 0;
	}
	m->seen++;
	if (m->command_gone && m->seen == 1)
		(void)sys_pidfd_send_signal(m->teardown.child, SIGCONT); /* if it is stopped */
	if (m->teardown.since == 0)
		m->teardown.since = m->looked; /* it may have exited right after that */
	if (m->seen >= LEAST_LOOKS &&
	    (m->hurry || now - m->teardown.since >= m->box->plan->processes.teardown_ms))
		return take_overdue(m, status, e);
	if (!m->cut && now - m->teardown.since >= m->box->plan->processes.teardown_ms / 2) {
		janitor_ask(m->janitor, JANITOR_CUT);
		m->cut = true;
	}
	return 0;
}

/* No event has come in patience().  Returns as look(). */
static int take_time(struct monitor *m, struct err *e)
{
	int r = m->teardown.first.unreapable ? take_child(m, e) : 0;

	return r < 0 || m->teardown.first.gone ? r : look(m, e);
}

/* Whether there is a command whose state can be read. */
static bool can_look(const struct monitor *m)
{
	return m->started && m->teardown.proc >= 0;
}

/* How long to wait for the next event, in milliseconds; -1 for ever. */
static int patience(const struct monitor *m)
{
	if (m->teardown.first.unreapable)
		return UNREAPABLE_MS;
	if (m->teardown.since != 0)
		return COMMAND_EXIT_MS;
	return can_look(m) ? COMMAND_LOOK_MS : -1;
}

/* A source of events: a descriptor, -1 if it is not waited for now, and what takes an event. */
struct source {
	int fd;
	int (*take)(struct monitor *m, struct err *e); /* returns 0, or -errno with @e set */
};

/*
 * Wait for the next event and take it.  The order is the priority: reports come first, because they
 * say which process a signal is for, and what an exit means.  Returns 0, or -errno with @e set.
 */
static int take_event(struct monitor *m, struct err *e)
{
	const struct source sources[] = {
		{m->guard->monitor, take_guard},
		{m->sock, take_report},
		{m->teardown.first.unreapable ? -1 : m->teardown.child, take_child},
		{m->teardown.signals, take_signal},
		{m->command_gone ? -1 : m->command, take_command_end},
		{m->janitor_gone ? -1 : m->janitor->pidfd, take_janitor_end},
	};
	enum { N = sizeof(sources) / sizeof(sources[0]) };
	struct pollfd fds[N];
	int n;

	for (size_t i = 0; i < N; i++)
		fds[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
	n = sys_poll(fds, N, patience(m));
	if (n < 0)
		return n == -EINTR ? 0 : err_sys(e, n, "cannot wait for the sandbox");
	for (size_t i = 0; i < N; i++)
		if (fds[i].revents != 0)
			return sources[i].take(m, e);
	return take_time(m, e);
}

/* The run has failed: leave no process behind. */
static void end_all(struct monitor *m)
{
	(void)sys_pidfd_send_signal(m->teardown.child, SIGKILL);
	if (m->command >= 0)
		(void)sys_pidfd_send_signal(m->command, SIGKILL);
	if (m->started && m->box->own_group)
		signal_group(m, SIGKILL);
	m->teardown.others = false;
	if (m->teardown.since == 0)
		m->teardown.since = sys_now_ms();
}

/*
 * The first process has exited, but no report of the command has come.  Once there is a command,
 * the status is the command's.  Returns 0, or -errno with @e set.
 */
static int judge_child(struct monitor *m, struct err *e)
{
	int status = m->teardown.first.status;

	if (m->started) {
		record_end(m, status);
		return 0;
	}
	if (WIFSIGNALED(status))
		return err_set(
			e, ECHILD,
			"the sandbox's first process was killed by signal %d (%s) before the "
			"command ran",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_set(e, ECHILD, "the sandbox's first process exited before the command ran");
}

/*
 * Wait for @events of @fd before the first process may go on.  A signal, or that process's exit,
 * can end the run meanwhile.  Returns 1 if @fd is ready, 0 if the run is over, or -errno with @e
 * set.
 */
static int await(struct monitor *m, int fd, short events, struct err *e)
{
	enum { FD, SIGNALS, CHILD, N };
	struct pollfd fds[N] = {
		[FD] = {.fd = fd, .events = events},
		[SIGNALS] = {.fd = m->teardown.signals, .events = POLLIN},
		[CHILD] = {.fd = m->teardown.child, .events = POLLIN},
	};

	while (!m->ended) {
		int n = sys_poll(fds, N, -1);

		if (n < 0 && n != -EINTR)
			return err_sys(e, n, "cannot wait for the sandbox to start");
		if (n > 0 && fds[FD].revents != 0)
			return 1;
		if (n > 0 && fds[SIGNALS].revents != 0)
			(void)take_signal(m, e);
		else if (n > 0)
			break;
	}
	return 0;
}

/* Receive the namespace IDs.  Returns 1, 0 if the run is over, or -errno with @e set. */
static int receive_namespaces(struct monitor *m, struct report *report, struct err *e)
{
	autoclose int pidfd = -1;
	int r = await(m, m->sock, POLLIN, e);

	if (r <= 0)
		return r;
	r = report_receive(m->sock, report, &pidfd);
	if (r == 1 && report->kind == REPORT_FAILED) {
		*e = report->err;
		return -e->code;
	}
	if (r == 1 && report->kind == REPORT_NAMESPACES)
		return 1;
	return r == 0 ? 0 : err_sys(e, r < 0 ? r : -EPROTO, "cannot read the namespace IDs");
}

/* Report the namespaces to the caller, if it wants that.  Returns as await(). */
static int announce(struct monitor *m, struct err *e)
{
	int info = plan_fd(m->box->plan, FD_INFO);
	int status = status_fd(m);
	struct report report;
	int r = receive_namespaces(m, &report, e);

	if (r > 0 && info >= 0)
		r = await(m, info, POLLOUT, e);
	if (r > 0 && status_info(info, report.sender, &report.namespaces, e) < 0)
		r = -e->code;
	if (info >= 0)
		fds_finish(info);
	if (r > 0 && status >= 0)
		r = await(m, status, POLLOUT, e);
	if (r > 0 && status_started(status, report.sender, &report.namespaces, e) < 0)
		r = -e->code;
	return r;
}

/* What the caller reads and does before the first process may go on.  Returns as await(). */
static int settle_with_caller(struct monitor *m, struct err *e)
{
	int block = plan_fd(m->box->plan, FD_USERNS_BLOCK);
	int r = box_is_watched(m->box) ? announce(m, e) : 1;

	return r > 0 && block >= 0 ? await(m, block, POLLIN, e) : r;
}

/* Let the first process go on, and start the janitor meanwhile.  Returns 0, or -errno with @e set.
 */
static int release(struct monitor *m, struct err *e)
{
	int r = report_go(m->sock, m->mounts < 0);

	if (r == -EPIPE) /* it is dead: its status will say why */
		r = 0;
	if (r < 0)
		return err_sys(e, r, "cannot start the sandbox");
	r = janitor_start(m->box, m->teardown.child, &m->mounts, e);
	helpers_close(m->box->helpers, END_FROM_INSIDE | END_TO_MONITOR);
	return r;
}

/* Have the host mount points removed, if the janitor was killed or has not been started. */
static void remove_mount_points(struct monitor *m)
{
	bool is_over = box_is_over_with_first(m->box);
	struct removal_end end = {.has_come = is_over && m->teardown.first.gone, .kept = -1};

	take_pending(m);
	end.fd = is_over ? m->teardown.child : m->removal.unmounted;
	if (m->removal.n > 0 && janitor_is_over(m->janitor))
		removal_finish(&m->removal, &end);
}

/* Close other descriptors, so that a reader at the other end gets an end of file. */
static int close_others(const struct monitor *m, struct err *e)
{
	const struct plan *plan = m->box->plan;
	int keep[KEPT + HELPERS * HELPER_FDS] = {STDIN_FILENO,
						 STDOUT_FILENO,
						 STDERR_FILENO,
						 m->teardown.child,
						 m->teardown.signals,
						 m->mounts,
						 m->sock,
						 m->teardown.proc,
						 plan_fd(plan, FD_INFO),
						 plan_fd(plan, FD_STATUS),
						 plan_fd(plan, FD_USERNS_BLOCK)};
	int r;

	helpers_list(m->box->helpers, keep + KEPT);
	r = keep_fds(keep, sizeof(keep) / sizeof(keep[0]));

	return r < 0 ? err_sys(e, r, "cannot close other descriptors") : 0;
}

/* Start the sandbox, and follow it until it is over.  Returns 0, or -errno with @e set. */
static int follow(struct monitor *m, struct err *e)
{
	int r = close_others(m, e);

	if (r == 0)
		r = settle_with_caller(m, e);
	if (r > 0)
		r = release(m, e);
	if (r >= 0)
		m->looked = sys_now_ms();
	while (r >= 0 && !m->ended && !m->teardown.first.gone)
		r = take_event(m, e);
	if (r >= 0)
		r = take_pending_of_guard(m, e);
	if (r >= 0 && !m->ended)
		r = judge_child(m, e);
	if (r < 0)
		end_all(m);
	teardown_await(&m->teardown, m->out);
	remove_mount_points(m);
	job_end(&m->job);
	if (m->has_terminal)
		job_take_terminal();
	return r;
}

/* The run is over, or has @failed: write the last status lines. */
static void write_end(const struct monitor *m, bool failed)
{
	const struct rusage *rusage = &m->teardown.first.usage;
	const struct status_usage usage = {
		.known = m->teardown.first.gone,
		.user_us = (uint64_t)rusage->ru_utime.tv_sec * USEC +
			   (uint64_t)rusage->ru_utime.tv_usec,
		.system_us = (uint64_t)rusage->ru_stime.tv_sec * USEC +
			     (uint64_t)rusage->ru_stime.tv_usec,
		.max_rss_kib = (uint64_t)rusage->ru_maxrss,
	};

	if (status_fd(m) < 0 || !io_has_room(status_fd(m), READER_MS))
		return; /* one wait for all lines, each of which would wait in vain */
	if (details_fd(m) >= 0 && m->started && !failed)
		status_ended(details_fd(m), m->out, &usage);
	if (details_fd(m) >= 0)
		status_stuck(details_fd(m), m->out);
	if (status_fd(m) >= 0 && m->started && !failed)
		status_exit_code(status_fd(m), m->out->status);
}

/* When the process of @pidfd was started; UINT64_MAX if that is unknown. */
static uint64_t start_of(int proc, int pidfd)
{
	pid_t pid = proc_pid_of(proc, pidfd);
	char name[PID_BYTES];
	struct proc_stat stat;

	(void)snprintf(name, sizeof(name), "%d", pid);
	return pid > 0 && proc_stat(proc, name, &stat) == 0 ? stat.start : UINT64_MAX;
}

int monitor_run(struct box *box, const struct monitored *monitored, struct outcome *ret,
		struct err *e)
{
	/* open for reading where processes may have to be found, see descendants.h */
	autoclose int proc = sys_openat(AT_FDCWD, "/proc",
					(box->reaper_ends ? O_RDONLY : O_PATH) | O_DIRECTORY, 0);
	struct monitor m = {
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
		m.teardown.start = start_of(proc, monitored->child);
	r = follow(&m, e);
	sys_drop(&m.command);
	sys_drop(&m.mounts);
	helpers_close(box->helpers, ENDS_ALL); /* before it waits for a reader of the status */
	removal_done(&m.removal);
	write_end(&m, r < 0);
	return r;
}
