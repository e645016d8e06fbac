/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A run has two or three processes: the monitor, which the caller waits for; the
 * command; and between them, where there is a process namespace to be reaped or
 * something to be held until the last process inside ends, the reaper.
 *
 *	monitor   no new privileges; claims the descriptors on the command line;
 *	          reads seccomp programs; decides on namespaces, ids and
 *	          capabilities; makes the socket; blocks what it will pass on
 *	   │ clone3: all namespaces at once
 *	   ├────────► first process inside
 *	   │ ◄── its namespaces ───┤   waits for "go"
 *	tells of them; waits for whoever maps the ids
 *	   │ "go" ────────────────►│   maps the ids; builds the root
 *	   │ ◄── an error ─────────┤   if it cannot
 *	   │                       │ as vfork                 (or it goes on as the command)
 *	   │                       ├────────► command   last restrictions, exec
 *	   │ ◄── a handle ─────────┼──────────────┤
 *	   │ ◄── an error ─────────┼──────────────┤ if it cannot
 *	   │ ◄── the status ───────┤              │
 *	   │                       └─── reaps ────┘
 *	returns, within a bound
 *
 * Everything that needs no namespace happens before the first clone, so that
 * most of what can be wrong is found while nothing has been made yet.
 */
#include "sbx/box.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sbx/cleanup.h"
#include "sbx/command.h"
#include "sbx/fds.h"
#include "sbx/hint.h"
#include "sbx/monitor.h"
#include "sbx/reaper.h"
#include "sbx/setuid.h"
#include "sbx/sys.h"

/* Signals that the monitor passes on to the command when a process sends them. */
static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

/*
 * Ask to be killed when the parent ends.  Its end may have come before; then the
 * parent is another one by now.
 */
static int die_with_parent(const struct plan *plan, struct err *e)
{
	pid_t parent = sys_getppid();
	int r;

	if (!plan->die_with_parent)
		return 0;
	r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (r < 0)
		(void)err_sys(e, r, "cannot ask the kernel for it");
	else if (sys_getppid() != parent)
		r = err_set(e, ESRCH, "the parent is gone");
	return r < 0 ? err_option(e, "die-with-parent") : 0;
}

/* Whether something has to be done between the command's end and that of the sandbox. */
static bool needs_reaper(const struct box *box)
{
	const struct plan *plan = box->plan;

	return !plan->as_pid_1 && ((box->ns.flags & CLONE_NEWPID) || plan->n_lock_files > 0 ||
				   plan_fd(plan, FD_SYNC) >= 0);
}

/* Decide on and read all that the processes need to know. */
static int prepare(struct box *box, struct err *e)
{
	int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1);

	if (r < 0)
		return err_sys(e, r, "cannot give up new privileges");
	r = die_with_parent(box->plan, e);
	if (r == 0)
		r = fds_claim(box->plan, e);
	if (r == 0)
		r = seccomp_read(box->plan, SECCOMP_EARLY, &box->seccomp, e);
	if (r == 0)
		r = ns_plan(box->plan, box->lent, &box->ns, e);
	if (r == 0)
		r = caps_plan(box->plan, box->ns.outside.uid == 0, ns_other_users(&box->ns),
			      &box->caps, e);
	if (r < 0)
		return r;
	ns_plan_second(box->plan, !box->caps.set || box->caps.keep != 0, &box->ns);
	box->has_reaper = needs_reaper(box);
	box->dumpable = sys_prctl(PR_GET_DUMPABLE, 0) == 1;
	if (sys_getcwd(box->cwd, sizeof(box->cwd)) < 0)
		box->cwd[0] = '\0'; /* it may have been removed */
	if (!plan_has_op(box->plan, OP_DEV) ||
	    sys_ttyname(STDOUT_FILENO, box->tty, sizeof(box->tty)) < 0)
		box->tty[0] = '\0';
	return 0;
}

/*
 * Block the signals that are to be passed on, but those that the caller ignores,
 * which stay so, and those that failing to write brings.  Returns a signalfd of the
 * former, or -errno.
 */
static int take_signals(struct box *box)
{
	sigset_t taken;
	sigset_t blocked;
	int r;

	sigemptyset(&taken);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		r = sys_signal_ignored(passed_on[i]);
		if (r < 0)
			return r;
		if (r == 0)
			sigaddset(&taken, passed_on[i]);
	}
	blocked = taken;
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&blocked, SIGXFSZ);
	r = sys_sigprocmask(SIG_BLOCK, &blocked, &box->signals);
	sigdelset(&box->signals, SIGCHLD); /* blocked, it is of no use to any command */
	if (r == 0)
		r = sys_signal_default(SIGCHLD); /* ignored, it would reap in our place */
	return r < 0 ? r : sys_signalfd(&taken);
}

/* The ends of the socket, one for the first process inside. */
struct ends {
	struct box *box;
	int outside;
	int inside;
};

/* The child's half of start().  Does not return. */
static void be_inside(void *arg)
{
	struct ends *ends = arg;

	(void)sys_close(ends->outside); /* or its own copy would hide that the monitor is gone */
	ends->box->sock = ends->inside;
	reaper_run(ends->box);
}

/*
 * Make the first process inside, with what privilege that takes.  Returns a pidfd of it or
 * -errno with @e set.
 */
static int make_child(struct ends *ends, struct err *e)
{
	struct box *box = ends->box;
	const struct ns_start inside = {
		.child = be_inside, .arg = ends, .stack = command_stack(box->plan)};
	autoclose int pidfd = -1;
	struct err dropping = {0};
	pid_t pid = setuid_raise(box->lent, e);

	if (pid == 0)
		pid = ns_clone(&box->ns, &inside, &pidfd, e);
	if (pid > 0 && setuid_map(box->lent, &box->ns, pid, e) < 0)
		pid = -e->code;
	if (setuid_drop(box->lent, &dropping) < 0) {
		*e = dropping;
		return -e->code;
	}
	return pid < 0 ? pid : fd_take(&pidfd);
}

bool box_is_watched(const struct box *box)
{
	return plan_fd(box->plan, FD_INFO) >= 0 || plan_fd(box->plan, FD_STATUS) >= 0;
}

/* Make the socket and the first process inside.  Returns as make_child(). */
static int start(struct box *box, struct err *e)
{
	enum { OUTSIDE, INSIDE, ENDS };
	int pair[ENDS];
	struct ends ends = {.box = box};
	int child;
	int r = sys_socketpair(pair);

	if (r < 0)
		return err_sys(e, r, "cannot make a socket");
	box->sock = ends.outside = pair[OUTSIDE];
	ends.inside = pair[INSIDE];
	if (box_is_watched(box)) /* who tells who the processes are */
		r = sys_pass_credentials(ends.outside);
	child = r < 0 ? err_sys(e, r, "cannot set up the socket") : make_child(&ends, e);
	(void)sys_close(ends.inside);
	return child;
}

/* Take over signals, start, and monitor. */
static int run(struct box *box, int *status, struct err *e)
{
	autoclose int signals = take_signals(box);
	autoclose int child = -1;

	if (signals < 0)
		return err_sys(e, signals, "cannot take over signals");
	child = start(box, e);
	return child < 0 ? child : monitor_run(box, child, signals, status, e);
}

int box_run(const struct plan *plan, bool lent, int *status, struct err *e)
{
	struct box box = {.plan = plan, .lent = lent, .sock = -1};
	int r = prepare(&box, e);

	if (r == 0)
		r = run(&box, status, e);
	if (box.sock >= 0)
		(void)sys_close(box.sock);
	seccomp_done(&box.seccomp);
	return r;
}
