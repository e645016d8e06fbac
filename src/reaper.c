/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The reaper is the first process inside; in a process namespace it is its
 * process 1.  In this order, it
 *
 *	waits for "go"     so that it never runs without a monitor;
 *	builds             ids, names, network, mounts, the root;
 *	drops              the second user namespace, capabilities, the session;
 *	starts the command and keeps nothing open but the socket to the monitor;
 *	reaps              until nobody is left inside, and reports the command's
 *	                   status the moment it has it.
 *
 * Whatever fails before the command is executed is reported as a value; the
 * monitor's side prints it.  With every signal blocked, nothing but SIGKILL and
 * the end of the last process inside ends the reaper.  Once the seccomp programs
 * are applied it calls wait4(2), write(2) and exit_group(2), nothing else.
 */
#include "sbx/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sbx/apply.h"
#include "sbx/command.h"
#include "sbx/fds.h"
#include "sbx/label.h"
#include "sbx/report.h"
#include "sbx/sys.h"

#define EXIT_FAILED 125 /* what it means is in the report */
#define EXIT_SIGNAL 128 /* plus the signal that ended the command */

/*
 * Ask to be killed when the parent ends, or not to be.  Whether it has ended already
 * is another question.
 */
static int die_with_parent(bool die, struct err *e)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, die ? SIGKILL : 0);

	return r < 0 ? err_sys(e, r, "cannot ask to end with the parent") : 0;
}

/*
 * Wait for the monitor's leave to begin.  If there is no monitor any more, nobody
 * wants the sandbox, nor to hear of it; and what builds it may wait for long, such
 * as for a file server, so that it must not outlive the monitor.
 */
static int begin(const struct box *box, struct err *e)
{
	sigset_t all;
	int r;

	sigfillset(&all);
	r = sys_sigprocmask(SIG_BLOCK, &all, NULL);
	if (r < 0)
		return err_sys(e, r, "cannot block signals");
	r = die_with_parent(true, e);
	if (r < 0)
		return r;
	r = report_await_go(box->sock);
	return r < 0 ? err_sys(e, r, "cannot hear from the monitor") : 0;
}

/* The namespaces' own properties, before there are mounts. */
static int set_up_namespaces(const struct box *box, int proc_self, struct err *e)
{
	int r = ns_map_first(&box->ns, proc_self, e);

	if (r == 0 && box->plan->hostname != NULL) {
		r = sys_sethostname(box->plan->hostname);
		if (r < 0)
			return err_sys(e, r, "--hostname: cannot set the host name to %s",
				       box->plan->hostname);
	}
	if (r == 0 && (box->ns.flags & CLONE_NEWNET)) {
		r = sys_loopback_up();
		if (r < 0)
			return err_sys(e, r, "--unshare-net: cannot bring lo up");
	}
	return r;
}

static int build_root(const struct box *box, struct err *e)
{
	struct site site = {
		.roots = ROOTS_NONE,
		.new_procfs = box->ns.flags & CLONE_NEWPID,
		.cover_procfs = box->ns.outside.uid == 0,
		.file_label = box->plan->file_label,
		.tty = box->tty,
	};
	int r = label_apply(box->plan, e);

	if (r == 0)
		r = root_begin(&site.roots, e);
	if (r == 0)
		r = apply_ops(&site, box->plan, e);
	if (r == 0)
		r = root_enter(&site.roots, e);
	roots_done(&site.roots);
	return r;
}

/*
 * Do not let the payload trace this process, which speaks to the monitor, nor read
 * its environment, from which the command's may have been cleared.  An exec ends it,
 * so that it does not concern the command.
 */
static int protect(struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, 0);

	return r < 0 ? err_sys(e, r, "cannot protect the reaper") : 0;
}

/* All that has to be done before the command's process is made. */
static int build(struct box *box, struct err *e)
{
	autoclose int proc_self = -1;
	int r;

	box->umask = sys_umask(0); /* modes are made as asked for */
	if (box->ns.flags & CLONE_NEWUSER) {
		proc_self = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);
		if (proc_self < 0)
			return err_sys(e, proc_self, "cannot open /proc/self on the host");
	}
	r = set_up_namespaces(box, proc_self, e);
	if (r == 0)
		r = build_root(box, e);
	if (r == 0)
		r = ns_enter_second(&box->ns, proc_self, e);
	if (r == 0)
		r = caps_apply(&box->caps, e);
	if (r == 0 && box->plan->new_session) {
		r = sys_setsid();
		if (r < 0)
			return err_sys(e, r, "--new-session: cannot make a session");
	}
	return r < 0 ? r : protect(e);
}

/* What the command's process is given; it shares the reaper's memory until it execs. */
struct start {
	const struct box *box;
	pid_t reaper;
	struct err *e;
	int ret; /* -errno if it could not become the command, with @e set */
};

/*
 * Let the monitor know that there is a command, and give it a handle of the calling
 * process unless it has one: the last moment to see that the monitor is gone.
 */
static int introduce(const struct box *box, struct err *e)
{
	autoclose int pidfd = -1;
	int r;

	if (!box->plan->as_pid_1) {
		pidfd = sys_pidfd_open(sys_getpid());
		if (pidfd < 0)
			return err_sys(e, pidfd, "cannot make a handle of the command");
	}
	r = report_started(box->sock, pidfd);
	return r < 0 ? err_sys(e, r, "cannot tell the monitor of the command") : 0;
}

/* Become the command.  Returns only when it fails: -errno with @e set. */
static int introduce_and_exec(const struct box *box, struct err *e)
{
	int r = introduce(box, e);

	return r < 0 ? r : command_exec(box, e);
}

/* The command's half of start_command().  Returns only when it fails: an exit status. */
static int be_command(void *arg)
{
	struct start *start = arg;
	bool die = start->box->plan->die_with_parent;
	int r = die ? die_with_parent(true, start->e) : 0;

	if (r == 0 && die && sys_getppid() != start->reaper)
		r = err_set(start->e, EPIPE, "--die-with-parent: the reaper is gone");
	start->ret = r < 0 ? r : introduce_and_exec(start->box, start->e);
	return EXIT_FAILED;
}

/*
 * Make the command's process.  Returns its pid once it has executed the command, or
 * -errno with @e set.
 */
static pid_t start_command(const struct box *box, struct err *e)
{
	struct start start = {.box = box, .reaper = sys_getpid(), .e = e};
	pid_t pid = sys_vfork(be_command, &start, command_stack(box->plan));

	if (pid < 0)
		return err_sys(e, pid, "cannot make a process for the command");
	return start.ret < 0 ? start.ret : pid;
}

/* Wait for a child, as wait4(2). */
static pid_t wait_child(int *status, int flags)
{
	pid_t pid;

	do
		pid = sys_wait(-1, status, flags);
	while (pid == -EINTR);
	return pid;
}

/* Wait for @command to end, reaping whatever ends before it.  Returns 0 or -errno. */
static int await_command(pid_t command, int *status)
{
	pid_t pid;

	do
		pid = wait_child(status, 0);
	while (pid >= 0 && pid != command);
	return pid < 0 ? pid : 0;
}

/* Reap what has ended.  Returns whether other children are left. */
static bool reap_ended(void)
{
	int status;
	pid_t pid;

	do
		pid = wait_child(&status, WNOHANG);
	while (pid > 0);
	return pid == 0;
}

/*
 * Report the command's end, and stay while others are left inside.  Returns the
 * command's status for exit_group(2), the way left if the report cannot be sent,
 * or -errno with @e set.
 */
static int reap(const struct box *box, pid_t command, struct err *e)
{
	int status = 0;
	int other;
	int r = await_command(command, &status);
	bool others;

	if (r < 0)
		return err_sys(e, r, "cannot wait for the command");
	others = reap_ended();
	report_ended(box->sock, status, !others);
	while (others && wait_child(&other, 0) >= 0)
		;
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * Build, and become the command or start it.  Returns the command's pid, or
 * -errno with @e set.
 */
static pid_t begin_and_start(struct box *box, struct err *e)
{
	int r = begin(box, e);

	if (r == 0)
		r = build(box, e);
	if (r == 0 && !box->plan->die_with_parent)
		r = die_with_parent(false, e);
	if (r < 0)
		return r;
	return box->plan->as_pid_1 ? introduce_and_exec(box, e) : start_command(box, e);
}

/*
 * Look after the command: with nothing open but the socket, and under the same
 * seccomp programs, so that it is no way around them.  Returns as reap().
 */
static int look_after(const struct box *box, pid_t command, struct err *e)
{
	int r;

	fds_keep_only(&box->sock, 1);
	r = seccomp_apply(&box->seccomp, e);
	if (r == 0)
		r = reap(box, command, e);
	if (r < 0)
		(void)sys_kill(command, SIGKILL);
	return r;
}

void reaper_run(struct box *box)
{
	struct err e = {0};
	pid_t command = begin_and_start(box, &e);
	int r = command < 0 ? command : look_after(box, command, &e);

	if (r < 0)
		report_failed(box->sock, &e);
	sys_exit(r < 0 ? EXIT_FAILED : r);
}
