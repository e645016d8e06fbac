/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/helper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "sys/sys.h"

bool helper_exits(int pidfd, int ms)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int64_t until = sys_now_ms() + ms;
	int r = sys_poll(&end, 1, ms);

	while (r == -EINTR && sys_now_ms() < until)
		r = sys_poll(&end, 1, (int)(until - sys_now_ms()));
	return r > 0;
}

static int reap(int pidfd)
{
	int status = 0;
	int r = sys_wait_pidfd(pidfd, &status, NULL);

	if (r < 0)
		return r;
	return r == 0 ? -ETIMEDOUT : status;
}

int helper_kill(int pidfd, int ms)
{
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	(void)helper_exits(pidfd, ms);
	return reap(pidfd);
}

int helper_run(int (*work)(const void *arg), const void *arg, int ms, int kill_ms)
{
	autoclose int pidfd = -1;
	pid_t pid = sys_clone(0, &pidfd);

	if (pid == 0)
		sys_exit(work(arg));
	if (pid < 0)
		return pid;
	return helper_exits(pidfd, ms) ? reap(pidfd) : helper_kill(pidfd, kill_ms);
}

void helper_reap(pid_t pid)
{
	int status;

	while (pid > 0 && sys_wait(pid, &status, 0) == -EINTR)
		;
}

int helper_enter(int mounts)
{
	int r = sys_prctl(PR_SET_DUMPABLE, 0);
	autoclose int users = r < 0 ? r : sys_ns_users(mounts);

	if (users < 0)
		return users;
	(void)sys_setns(users, CLONE_NEWUSER); /* already entered, or the next call fails */
	r = sys_prctl(PR_SET_DUMPABLE, 0);
	return r < 0 ? r : sys_setns(mounts, CLONE_NEWNS);
}
