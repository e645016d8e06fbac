/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/job.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "sbx/kin.h"
#include "sbx/sys.h"

static void signal_inside(const struct job *job, int sig)
{
	const struct kin inside = {
		.proc = job->proc, .root = job->first, .root_too = !job->but_first};

	if (job->first > 0)
		(void)kin_signal(&inside, sig);
}

void job_stop(const struct job *job)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	signal_inside(job, SIGSTOP); /* SIGTSTP stops nobody in a session without a terminal */
	sys_die_of(SIGTSTP);         /* that is, stop */
	(void)sys_sigprocmask(SIG_BLOCK, &set, NULL);
	signal_inside(job, SIGCONT);
}

/*
 * The terminal among the standard descriptors: the first one that tells its foreground group.
 * Returns -1 if there is none.
 */
static int find_terminal(pid_t *foreground)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		*foreground = sys_tcgetpgrp(fd);
		if (*foreground >= 0)
			return fd;
	}
	return -1;
}

bool job_has_terminal(void)
{
	pid_t foreground;

	return find_terminal(&foreground) >= 0 && foreground == sys_getpgrp();
}

void job_take_terminal(void)
{
	pid_t foreground;
	int fd = find_terminal(&foreground);

	if (fd >= 0 && foreground != sys_getpgrp() && sys_kill(-foreground, 0) == -ESRCH)
		(void)sys_tcsetpgrp(fd, sys_getpgrp());
}
