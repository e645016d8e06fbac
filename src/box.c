/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A run has three processes: the monitor, which the caller waits for; the reaper,
 * the first process inside; and the command, the reaper's child.  (With
 * --as-pid-1 the reaper becomes the command.)
 *
 *	monitor   no new privileges; claims the descriptors on the command line;
 *	          reads the seccomp programs; decides on namespaces, ids and
 *	          capabilities; makes the socket; blocks what it will pass on
 *	   │ clone3: all namespaces at once
 *	   ├────────► reaper   waits for "go"; maps the ids; builds the root;
 *	   │ "go"                drops what is not needed
 *	   │                       │ clone3
 *	   │                       ├────────► command   last restrictions, exec
 *	   │ ◄── a handle ─────────┤              │
 *	   │ ◄── an error ─────────┴──────────────┤ if it cannot
 *	   │ ◄── the status ───────┐              │
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

#include "sbx/fds.h"
#include "sbx/hint.h"
#include "sbx/monitor.h"
#include "sbx/reaper.h"
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
		return err_sys(e, r, "--die-with-parent: cannot ask the kernel for it");
	if (sys_getppid() != parent)
		return err_set(e, ESRCH, "--die-with-parent: the parent is gone");
	return 0;
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
		r = seccomp_read(box->plan, &box->seccomp, e);
	if (r == 0)
		r = ns_plan(box->plan, &box->ns, e);
	if (r == 0)
		r = caps_plan(box->plan, box->ns.outside.uid == 0, box->ns.flags & CLONE_NEWUSER,
			      &box->caps, e);
	if (r < 0)
		return r;
	if (sys_getcwd(box->cwd, sizeof(box->cwd)) < 0)
		box->cwd[0] = '\0'; /* it may have been removed */
	if (!plan_has_op(box->plan, OP_DEV) ||
	    sys_ttyname(STDOUT_FILENO, box->tty, sizeof(box->tty)) < 0)
		box->tty[0] = '\0';
	return 0;
}

/*
 * Block the signals that are to be passed on, but those that the caller ignores,
 * which stay so, and SIGPIPE.  Returns a signalfd of the former, or -errno.
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
	r = sys_sigprocmask(SIG_BLOCK, &blocked, &box->signals);
	if (r == 0)
		r = sys_signal_default(SIGCHLD); /* ignored, it would reap in our place */
	return r < 0 ? r : sys_signalfd(&taken);
}

/* The child's half of start().  Does not return. */
__attribute__((noreturn)) static void be_reaper(struct box *box, int outside, int inside)
{
	(void)sys_close(outside); /* or its own copy would hide that the monitor is gone */
	box->sock = inside;
	reaper_run(box);
}

/* Make the first process inside.  Returns a pidfd of it, or -errno with @e set. */
static int start(struct box *box, struct err *e)
{
	enum { OUTSIDE, INSIDE, ENDS };
	int pair[ENDS];
	int pidfd = -1;
	int r = sys_socketpair(pair);

	if (r < 0)
		return err_sys(e, r, "cannot make a socket");
	r = sys_clone(box->ns.flags, &pidfd);
	if (r == 0)
		be_reaper(box, pair[OUTSIDE], pair[INSIDE]);
	(void)sys_close(pair[INSIDE]);
	box->sock = pair[OUTSIDE];
	if (r < 0) {
		(void)err_sys(e, r, "cannot make the namespaces");
		hint_namespaces(box->ns.flags, e);
		return r;
	}
	return pidfd;
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

int box_run(const struct plan *plan, int *status, struct err *e)
{
	struct box box = {.plan = plan, .sock = -1};
	int r = prepare(&box, e);

	if (r == 0)
		r = run(&box, status, e);
	if (box.sock >= 0)
		(void)sys_close(box.sock);
	seccomp_done(&box.seccomp);
	return r;
}
