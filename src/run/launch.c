/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A run has three to five processes:
 *
 *	monitor   the process that the caller waits for
 *	janitor   cleans up after the sandbox: see janitor.c
 *	command
 *	reaper    its parent, if a PID namespace has to be reaped, a resource held until the
 *	          last process exits, or processes killed: see reaper.c
 *	guard     only where paths are protected: see guard.c
 *
 *	monitor   sets no_new_privs; claims the descriptors on the command line;
 *	          reads seccomp programs; chooses namespaces, ids and capabilities;
 *	          creates the sockets; blocks the signals that it will pass on
 *	   │ clone3: all namespaces at once
 *	   ├────────► first process in the sandbox
 *	   │ ◄── its namespaces ───┤   waits for "go"
 *	reports them; waits for --userns-block-fd
 *	   │ "go" ────────────────►│   maps the ids; builds the root
 *	   ├────────► janitor      │
 *	   │ ◄── an error ─────────┤   if that fails
 *	   │                       │ as vfork                 (or it becomes the command)
 *	   │                       ├────────► command   last restrictions, exec
 *	   │ ◄── "started" ────────┼──────────────┤
 *	   │ ◄── an error ─────────┼──────────────┤ if that fails
 *	   │ ◄── the status ───────┤              │
 *	   │                       └─── reaps ────┘
 *	returns, within a bound
 *
 * None of these messages carries a descriptor.  Descriptors in flight are limited for all processes
 * of a user together, so that one sandbox could prevent all others from starting.  The monitor
 * opens the mount namespace of the first process itself, for the janitor, and the kernel identifies
 * the sender of a message.
 *
 * All steps that need no namespace come before the first clone, so that most errors are found while
 * there is nothing to clean up.
 */
#include "run/launch.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/hint.h"
#include "host/job.h"
#include "isolation/identity.h"
#include "isolation/setuid.h"
#include "run/command.h"
#include "run/fds.h"
#include "run/guard.h"
#include "run/monitor.h"
#include "run/reaper.h"
#include "sys/sys.h"

/* Signals that the monitor passes on when a process sends them; SIGTSTP to all in the sandbox. */
static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP};

/* Signals that must not disturb the monitor: after writing to a closed pipe or the terminal. */
static const int unwanted[] = {SIGPIPE, SIGXFSZ, SIGTTOU};

/*
 * Let the kernel kill this process when its parent exits.  If the parent exits meanwhile, the
 * parent PID changes.  An exit before that goes unnoticed: the process that has adopted this one
 * looks like the one that started it.
 */
static int die_with_parent(const struct plan *plan, struct err *e)
{
	pid_t parent = sys_getppid();
	int r;

	if (!plan->processes.die_with_parent)
		return 0;
	r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (r < 0)
		(void)err_sys(e, r, "cannot set the parent-death signal");
	else if (sys_getppid() != parent)
		r = err_set(e, ESRCH, "the parent has exited");
	return r < 0 ? err_option(e, "die-with-parent") : 0;
}

/* Choose the processes that kill the sandbox's others, and when. */
static void plan_end(struct box *box)
{
	const struct plan *plan = box->plan;
	bool own_pids = (box->ns.flags & CLONE_NEWPID) != 0;

	box->ends_all = plan->processes.kill_on_exit || plan->processes.die_with_parent;
	box->grace_ms = plan->processes.kill_on_exit ? plan->processes.grace_ms : 0;
	box->reaper_ends = box->ends_all && !own_pids;
	box->guard_way = guard_plan(box);
	box->has_reaper = !plan->processes.as_pid_1 &&
			  (own_pids || box->reaper_ends || plan->status.lock_files.n > 0 ||
			   plan_fd(plan, FD_SYNC) >= 0 ||
			   box->guard_way != GUARD_OFF); /* it watches the sandbox's processes */
}

/*
 * Choose the process group of the sandbox.  The terminal never stops process 1 of a PID namespace:
 * reading in the background, it would retry for ever.  So it stays in the caller's group where it
 * cannot have the foreground.
 *
 * A shell ignores SIGTTIN in a command substitution, which may read from the terminal in the
 * shell's process group.  In another group, the command gets the terminal only after it stops.
 */
static void plan_group(struct box *box)
{
	const struct plan *plan = box->plan;
	bool is_process_1 = plan->processes.as_pid_1 && (box->ns.flags & CLONE_NEWPID) != 0;

	if (plan->as_bwrap)
		return;
	box->tied = true;
	box->foreground = !plan->processes.new_session && job_leads_terminal();
	box->own_group = plan->processes.new_session || box->foreground || !is_process_1 ||
			 !job_can_have_terminal();
	box->heeds_ttin = box->own_group && !box->foreground && !plan->processes.new_session &&
			  sys_signal_ignored(SIGTTIN) == 1 && job_has_terminal();
}

/* Choose and read all that the processes need. */
static int prepare(struct box *box, struct err *e)
{
	int r = die_with_parent(box->plan,
				e); /* first: until then the parent's exit goes unnoticed */

	if (r < 0)
		return r;
	r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1);
	if (r < 0)
		return err_sys(e, r, "cannot set no_new_privs");
	if (!box->plan->as_bwrap) /* scripts look for a process named bwrap */
		(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-monitor");
	r = fds_claim(box->plan, &box->inherited, e);
	if (r == 0)
		r = seccomp_read(box->plan, SECCOMP_EARLY, &box->seccomp, e);
	if (r == 0)
		r = identity_plan(box->plan, box->privileged, &box->ns, &box->caps, e);
	if (r < 0)
		return r;
	plan_end(box);
	plan_group(box);
	box->dumpable = sys_prctl(PR_GET_DUMPABLE, 0) == 1;
	if (box->reaper_ends)
		r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		return err_sys(e, r, "cannot adopt the orphans of the reaper");
	if (sys_getcwd(box->cwd, sizeof(box->cwd)) < 0)
		box->cwd[0] = '\0'; /* it may have been removed */
	if (!plan_has_op(box->plan, OP_DEV) ||
	    sys_ttyname(STDOUT_FILENO, box->tty, sizeof(box->tty)) < 0)
		box->tty[0] = '\0';
	return 0;
}

/* Signals about the state of the job; blocked, no disposition discards them. */
static const int job_signals[] = {SIGCHLD, SIGCONT, SIGWINCH};

/*
 * Block the unwanted signals, and those to pass on unless the caller ignores them.  Returns a
 * signalfd for the latter, or -errno.
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
	for (size_t i = 0; i < sizeof(job_signals) / sizeof(job_signals[0]); i++)
		sigaddset(&taken, job_signals[i]);
	blocked = taken;
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		sigaddset(&blocked, unwanted[i]);
	r = sys_sigprocmask(SIG_BLOCK, &blocked, &box->signals);
	sigdelset(&box->signals, SIGCHLD); /* no command can use it blocked */
	if (r == 0)
		r = sys_signal_default(SIGCHLD); /* ignored, the kernel would reap the children */
	return r < 0 ? r : sys_signalfd(&taken);
}

/* The ends of the sockets, some for the first process in the sandbox. */
struct ends {
	struct box *box;
	int outside;
	int inside;
	int mounts; /* the first process's mount namespace, -1 if it cannot be opened */
};

/* The child's half of start().  Does not return. */
static void be_inside(void *arg)
{
	struct ends *ends = arg;

	/* its own copies would hide that the peers have exited */
	(void)sys_close(ends->outside);
	helpers_close(ends->box->helpers, ENDS_ALL & ~END_INSIDE);
	ends->box->sock = ends->inside;
	reaper_run(ends->box);
}

/*
 * Create the first process in the sandbox, with the privilege that takes.  Returns its pidfd, or
 * -errno with @e set.
 */
static int make_child(struct ends *ends, struct err *e)
{
	struct box *box = ends->box;
	const struct ns_start inside = {
		.child = be_inside, .arg = ends, .stack = command_stack(box->plan)};
	autoclose int pidfd = -1;
	struct err dropping = {0};
	pid_t pid = setuid_raise(box->privileged, e);

	if (pid == 0)
		pid = ns_clone(&box->ns, &inside, &pidfd, e);
	if (pid > 0 && setuid_map(box->privileged, &box->ns, pid, e) < 0)
		pid = -e->code;
	if (pid > 0)
		ends->mounts = ns_open_mounts(pidfd); /* if this fails, the process sends it */
	if (setuid_drop(box->privileged, &dropping) < 0) {
		*e = dropping;
		return -e->code;
	}
	if (pid < 0)
		return pid;
	box->first = pid;
	return fd_take(&pidfd);
}

/* Create the socket between the monitor and the sandbox's processes. */
static int connect(struct box *box, struct ends *ends, struct err *e)
{
	enum { OUTSIDE, INSIDE, ENDS };
	int pair[ENDS];
	int r = sys_socketpair(pair);

	if (r < 0)
		return err_sys(e, r, "cannot create a socket");
	box->sock = ends->outside = pair[OUTSIDE];
	ends->inside = pair[INSIDE];
	if (box->has_reaper)
		box->shows_itself = sys_pass_handles(ends->outside) < 0;
	if (box_is_watched(box) || box->shows_itself) /* the monitor has to identify senders */
		r = sys_pass_credentials(ends->outside);
	return r < 0 ? err_sys(e, r, "cannot set up the socket") : 0;
}

/*
 * Create the sockets and the first process in the sandbox.  Returns 0 or -errno with @e set; *@ret
 * has all that was opened, even after a failure.
 */
static int start(struct box *box, struct monitored *ret, struct err *e)
{
	struct ends ends = {.box = box, .inside = -1, .mounts = -1};
	int r = connect(box, &ends, e);

	if (r == 0)
		r = helpers_connect(&box->helpers[HELPER_JANITOR], e);
	if (r == 0 && box->guard_way != GUARD_OFF)
		r = helpers_connect(&box->helpers[HELPER_GUARD], e);
	if (r == 0)
		r = ret->child = make_child(&ends, e);
	sys_drop(&ends.inside);
	helpers_close(box->helpers, END_INSIDE);
	ret->mounts = ends.mounts;
	return r < 0 ? r : 0;
}

/* Take over signals, start, and monitor. */
static int run(struct box *box, struct outcome *ret, struct err *e)
{
	struct monitored m = {.child = -1};
	int r = m.signals = take_signals(box);

	if (r < 0)
		return err_sys(e, r, "cannot take over signals");
	r = start(box, &m, e);
	if (r == 0)
		r = monitor_run(box, &m, ret, e);
	else
		sys_drop(&m.mounts);
	sys_drop(&m.signals);
	sys_drop(&m.child);
	return r;
}

int launch(const struct plan *plan, const struct host *host, struct outcome *ret, struct err *e)
{
	struct box box = {.plan = plan,
			  .teller = host->teller,
			  .privileged = host->privileged,
			  .bad_kernel = host->bad_kernel,
			  .sock = -1};
	int r = prepare(&box, e);

	helpers_init(box.helpers);
	if (r == 0)
		r = run(&box, ret, e);
	sys_drop(&box.sock);
	helpers_close(box.helpers, ENDS_ALL);
	seccomp_done(&box.seccomp);
	fds_done(&box.inherited);
	return r;
}
