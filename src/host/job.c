/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A terminal has one foreground process group, which may read from it and receives the signals of
 * its keys.  A shell creates a process group for each job and hands the foreground to one of them.
 * The sandbox's group is another one, so that its processes cannot signal the job by
 * kill(0, ...); this process makes it part of the job.
 *
 *	sbx leads the foreground's group, and      the foreground is the sandbox's from the start
 *	0, 1 and 2 are the terminal                on: the command takes it, see command.c
 *	else                                       other processes of the job may need the
 *	                                           terminal: it is handed over when the sandbox
 *	                                           stops for the lack of it (SIGTTIN, SIGTTOU),
 *	                                           if sbx's group has it
 *	the foreground is not the sandbox's        sbx relays the terminal's signals to its group
 *	the command stops                          sbx takes the terminal back and stops by the
 *	                                           same signal, which the shell sees; its whole
 *	                                           group stops if the key did not reach that;
 *	                                           once continued, it continues the sandbox's
 *	                                           group
 *	the sandbox has ended                      sbx takes the terminal back; the janitor does,
 *	                                           if sbx was killed
 *
 * A key does not stop a process whose process group is orphaned: no member has its parent in
 * another group of the session.  Then the sandbox is continued at once, or sent SIGHUP if it had
 * stopped because it may not use the terminal.
 */
#include "host/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "host/descendants.h"
#include "sys/sys.h"

/* The first of 0, 1 and 2 that is the controlling terminal, or -1.  Sets *@foreground. */
static int find_terminal(pid_t *foreground)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		*foreground = sys_tcgetpgrp(fd);
		if (*foreground >= 0)
			return fd;
	}
	return -1;
}

/* The controlling terminal, for close_terminal(), or -1.  Sets *@foreground. */
static int open_terminal(pid_t *foreground)
{
	int fd = find_terminal(foreground);

	if (fd >= 0)
		return fd;
	fd = sys_openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	*foreground = sys_tcgetpgrp(fd);
	if (*foreground >= 0)
		return fd;
	(void)sys_close(fd);
	return -1;
}

static void close_terminal(int fd)
{
	if (fd > STDERR_FILENO)
		(void)sys_close(fd);
}

bool job_leads_terminal(void)
{
	pid_t foreground = sys_tcgetpgrp(STDIN_FILENO);

	return foreground > 0 && foreground == sys_getpid() && foreground == sys_getpgrp() &&
	       sys_tcgetpgrp(STDOUT_FILENO) == foreground &&
	       sys_tcgetpgrp(STDERR_FILENO) == foreground;
}

bool job_can_have_terminal(void)
{
	pid_t foreground;
	int fd = open_terminal(&foreground);

	close_terminal(fd);
	return fd >= 0;
}

bool job_has_terminal(void)
{
	pid_t foreground;

	return find_terminal(&foreground) >= 0 && foreground == sys_getpgrp();
}

void job_signal(const struct job *job, int sig)
{
	int r = job->leader < 0 ? -EINVAL : sys_pidfd_signal_group(job->leader, sig);

	if (r == -EINVAL && job->group > 0)
		(void)sys_kill(-job->group, sig);
}

/* Hand the foreground over if this process's group has it.  Returns whether the job has it. */
static bool hand_over(struct job *job)
{
	pid_t foreground;
	int fd = open_terminal(&foreground);

	if (fd >= 0 && job->group > 0 && foreground == sys_getpgrp())
		job->has_terminal = sys_tcsetpgrp(fd, job->group) == 0;
	close_terminal(fd);
	return job->has_terminal;
}

static void take_back(struct job *job)
{
	pid_t own = sys_getpgrp();
	pid_t foreground;
	int fd = open_terminal(&foreground);

	if (fd >= 0 && foreground != own)
		(void)sys_tcsetpgrp(fd, own);
	close_terminal(fd);
	job->has_terminal = false;
}

/* Consume a signal that has continued this process.  Returns whether there is one. */
static bool was_continued(void)
{
	return sys_take_signal(SIGCONT) > SYS_SIGNAL_NONE;
}

/* Block @sig again, by which this process has stopped.  Returns whether it has been continued. */
static bool go_on_after(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sig != SIGSTOP)
		(void)sys_sigprocmask(SIG_BLOCK, &set, NULL);
	return was_continued();
}

/*
 * Stop this process by @sig, which may be blocked, unless a SIGCONT has come since the reason for
 * the stop: the stop would discard it.  Returns whether it has been continued.
 */
static bool stop_self(int sig)
{
	if (was_continued())
		return true;
	sys_die_of(sig); /* that is, stop */
	return go_on_after(sig);
}

/*
 * Stop this process and all others of its group by the same signal, @sig.  A shell that sees one of
 * them stop may continue them at once: that cancels the stop of those that have not stopped yet.
 */
static bool stop_group(int sig)
{
	sys_die_with_group(sig);
	return go_on_after(sig);
}

static bool is_about_terminal(int sig)
{
	return sig == SIGTTIN || sig == SIGTTOU;
}

/* The sandbox cannot have the terminal, and no process could continue it later. */
static void hang_up(struct job *job)
{
	if (job->hung_up)
		return; /* it has survived SIGHUP: leave it stopped, or it would retry for ever */
	job->hung_up = true;
	job_signal(job, SIGHUP);
	job_signal(job, SIGCONT);
}

void job_pause(struct job *job, int sig)
{
	bool had_terminal = job->has_terminal;
	bool continued;

	if (!had_terminal && is_about_terminal(sig) && hand_over(job)) {
		job->late = true;
		job_signal(job, SIGCONT);
		return;
	}
	if (had_terminal)
		take_back(job);
	/* as the key does, the whole job stops */
	continued = had_terminal && sig != SIGSTOP ? stop_group(sig) : stop_self(sig);
	if (!continued && is_about_terminal(sig) && !had_terminal) {
		hang_up(job);
		return;
	}
	if (had_terminal || is_about_terminal(sig))
		(void)hand_over(job);
	job_signal(job, SIGCONT);
}

void job_go_on(struct job *job)
{
	if (job->is_eager && !job->has_terminal)
		(void)hand_over(job);
	job_signal(job, SIGCONT);
}

void job_end(struct job *job)
{
	if (!job->has_terminal)
		return;
	take_back(job);
	if (job->late) /* other processes of the job may have stopped for the lack of it */
		(void)sys_kill(0, SIGCONT);
}

void job_take_terminal(void)
{
	pid_t foreground;
	int fd = find_terminal(&foreground);

	if (fd >= 0 && foreground != sys_getpgrp() && sys_kill(-foreground, 0) == -ESRCH)
		(void)sys_tcsetpgrp(fd, sys_getpgrp());
}

void job_return_terminal(pid_t from, pid_t to)
{
	pid_t foreground;
	int fd = open_terminal(&foreground);
	bool is_over = fd >= 0 && foreground > 0 && foreground != to &&
		       (foreground == from || sys_kill(-foreground, 0) == -ESRCH);

	if (is_over && sys_tcsetpgrp(fd, to) == 0)
		(void)sys_kill(-to, SIGCONT);
	close_terminal(fd);
}

/* --- A session of its own ------------------------------------------------- */

static void signal_inside(const struct distant *inside, int sig)
{
	const struct descendants scope = {
		.proc = inside->proc, .root = inside->first, .root_too = !inside->but_first};

	if (inside->first > 0)
		(void)descendants_signal(&scope, sig);
}

void job_stop(const struct distant *inside)
{
	signal_inside(inside, SIGSTOP); /* SIGTSTP does not stop an orphaned process group */
	(void)stop_self(SIGTSTP);
	signal_inside(inside, SIGCONT);
}
