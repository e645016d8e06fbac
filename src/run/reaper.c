/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The reaper is the first process inside; in a process namespace it is its
 * process 1.  In this order, it
 *
 *	waits for "go"     so that it never runs without a monitor;
 *	builds             ids, names, network, mounts, the root;
 *	holds              what is to be held until the last process inside ends, and
 *	                   adopts what the command leaves behind, to know when that is;
 *	starts the command and keeps nothing open but the socket to the monitor and
 *	                   what it holds;
 *	reaps              until nobody is left inside, and reports the command's
 *	                   status the moment it has it.
 *
 * Where there is nothing to reap or to hold, it becomes the command instead of
 * starting it.
 *
 * Whatever fails before the command is executed is reported as a value; the
 * monitor's side prints it.  With every signal blocked, nothing but SIGKILL and
 * the end of the last process inside ends the reaper.  Once the seccomp programs
 * are applied it needs no more than wait4(2), write(2) and exit_group(2); and to give
 * those inside time to end, kill(2) and poll(2).
 *
 * Without a process namespace nothing ends with the reaper.  Where the sandbox is to end with
 * the command or the monitor, the reaper is the one that can find all that is left, because
 * it adopts them; it ends them when the command ends, or when the socket tells
 * that the monitor is gone.  There the payload, a process of the same user, can take away its
 * right to open anything, by prlimit(2).  So what it needs is open before the command starts.
 *
 * Callers may look at the reaper: they are told its process id.  The payload must
 * not: who traces it can speak to the monitor, and its environment may be what was
 * cleared from the payload's own.  In a user namespace of the sandbox's own, the kernel
 * sees to that if the reaper has a capability, be it of no use, that the payload lacks.
 * Where the payload might have it too, or CAP_SYS_PTRACE, and where others can be in the
 * user namespace, nobody may look (PR_SET_DUMPABLE).
 */
#include "run/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/exit_code.h"
#include "base/times.h"
#include "host/descendants.h"
#include "ipc/report.h"
#include "isolation/landlock.h"
#include "mounts/dest.h"
#include "run/build.h"
#include "run/command.h"
#include "run/fds.h"
#include "run/janitor.h"
#include "run/status.h"
#include "sys/io.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define EXIT_FAILED 125 /* what it means is in the report */

#define GUARD caps_bit(CAP_WAKE_ALARM) /* what the payload lacks */

/*
 * Ask to be killed when the parent ends, or not to be.  Whether it has ended already
 * is another question.
 */
static int die_with_parent(bool die, struct err *e)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, die ? SIGKILL : 0);

	return r < 0 ? err_sys(e, r, "cannot ask to end with the parent") : 0;
}

/* Close what is for the monitor alone, so that who reads it sees its end. */
static void close_monitors(const struct plan *plan)
{
	static const enum fd_use monitors[] = {FD_INFO, FD_STATUS, FD_USERNS_BLOCK};

	for (size_t i = 0; i < sizeof(monitors) / sizeof(monitors[0]); i++)
		if (plan_fd(plan, monitors[i]) >= 0)
			fds_release(plan_fd(plan, monitors[i]));
}

/* Tell the monitor which namespaces there are. */
static int identify(const struct box *box, int proc, struct err *e)
{
	struct ns_ids ids;
	int r = ns_identify(&box->ns, proc, &ids, e);

	if (r < 0)
		return r;
	r = report_namespaces(box->sock, &ids);
	return r < 0 ? err_sys(e, r, "cannot tell the monitor of the namespaces") : 0;
}

/*
 * Wait for the monitor's leave to begin.  If there is no monitor any more, nobody
 * wants the sandbox, nor to hear of it; and what builds it may wait for long, such
 * as for a file server, so that it must not outlive the monitor.
 */
static int begin(const struct box *box, int proc, struct err *e)
{
	sigset_t all;
	int r;

	sigfillset(&all);
	r = sys_sigprocmask(SIG_BLOCK, &all, NULL);
	if (r < 0)
		return err_sys(e, r, "cannot block signals");
	r = die_with_parent(true, e);
	close_monitors(box->plan);
	if (!box->plan->as_bwrap)
		(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-reaper");
	if (r == 0 && box_is_watched(box))
		r = identify(box, proc, e);
	if (r < 0)
		return r;
	r = report_await_go(box->sock);
	if (r < 0)
		return err_sys(e, r, "cannot hear from the monitor");
	return r > 0 ? janitor_entrust(box->helpers[HELPER_JANITOR].inside, e) : 0;
}

/* The descriptors that stay open until the last process inside ends. */
struct held {
	int *fds;
	unsigned n;
	int proc;     /* the host's, to find whom to end; else -1 */
	int children; /* signalfd of SIGCHLD, to end somebody then; else -1 */
};

static void held_done(struct held *held)
{
	free(held->fds);
	held->fds = NULL;
	held->n = 0;
}

/*
 * Lock the file @path below @root, the sandbox's.  Returns the descriptor that has to stay open for
 * the lock to last, or -errno with @e set.
 */
static int lock_file(int root, const char *path, struct err *e)
{
	autoclose int fd = dest_open_as((struct dest_root){.fd = root, .links = LINK_ANY}, path,
					O_RDONLY | O_NONBLOCK, e);
	int r = fd < 0 ? fd : sys_lock_shared(fd);

	if (r < 0) {
		(void)err_sys(e, r, "cannot lock %s in the sandbox", path);
		(void)err_bwrap(e, "Unable to %s lock file %s: %s", fd < 0 ? "open" : "lock", path,
				strerror(-r));
		(void)err_path(e, path);
		return err_option(e, "lock-file");
	}
	return fd_take(&fd);
}

/* Lock all files that are to be locked, and hold them. */
static int lock_files(const struct plan *plan, struct held *held, struct err *e)
{
	autoclose int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	if (root < 0)
		return err_sys(e, root, "cannot open the sandbox's root");
	for (size_t i = 0; i < plan->status.n_lock_files; i++) {
		int fd = lock_file(root, plan->status.lock_files[i], e);

		if (fd < 0)
			return fd;
		held->fds[held->n++] = fd;
	}
	return 0;
}

/* A signalfd of SIGCHLD, or -errno. */
static int open_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sys_signalfd(&set);
}

/* Take hold of them.  Returns 0 or -errno with @e set. */
static int take_hold(const struct box *box, struct held *ret, struct err *e)
{
	const struct plan *plan = box->plan;
	const size_t others = 5;
	int r;

	ret->fds = calloc(plan->status.n_lock_files + others, sizeof(*ret->fds));
	if (ret->fds == NULL)
		return err_sys(e, -ENOMEM, "cannot note the descriptors down");
	r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		return err_sys(e, r, "cannot adopt what the command leaves behind");
	ret->fds[ret->n++] =
		box->helpers[HELPER_JANITOR].inside; /* the command looks for it: see let_go() */
	ret->fds[ret->n++] = box->sock;
	ret->fds[ret->n++] = plan_fd(plan, FD_SYNC);
	ret->fds[ret->n++] = ret->proc;
	if (box->reaper_ends)
		ret->children = open_children();
	if (box->reaper_ends && ret->children < 0)
		return err_sys(e, ret->children, "cannot watch for the end of the command");
	ret->fds[ret->n++] = ret->children;
	if (plan->status.n_lock_files == 0)
		return 0;
	r = caps_suspend(true, e); /* files are opened as who they belong to may */
	if (r == 0)
		r = lock_files(plan, ret, e);
	return r < 0 ? r : caps_suspend(false, e);
}

/* Whether the guard keeps the payload from tracing this process. */
static bool is_guarded(const struct box *box)
{
	return ns_own_users(&box->ns) && box->caps.set &&
	       !(box->caps.keep & (GUARD | caps_bit(CAP_SYS_PTRACE)));
}

/* Keep the payload from tracing this process: see the theory of operation. */
static int protect(const struct box *box, struct err *e)
{
	int r = sys_prctl(PR_SET_DUMPABLE, is_guarded(box) && box->dumpable);

	return r < 0 ? err_sys(e, r, "cannot protect the reaper") : 0;
}

/* Wait until the caller lets the command run. */
static int await_caller(const struct box *box, struct err *e)
{
	enum { BLOCK, SOCK, N };
	struct pollfd fds[N] = {
		[BLOCK] = {.fd = plan_fd(box->plan, FD_BLOCK), .events = POLLIN},
		[SOCK] = {.fd = box->sock, .events = POLLIN},
	};
	int r;

	if (fds[BLOCK].fd < 0)
		return 0;
	do
		r = sys_poll(fds, N, -1);
	while (r == -EINTR);
	if (r > 0 && fds[SOCK].revents != 0)
		return err_set(e, EPIPE, "the monitor is gone");
	if (r > 0)
		r = io_await_byte(fds[BLOCK].fd);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot read descriptor %d", fds[BLOCK].fd);
	return err_option(e, "block-fd");
}

/* What the command's process is given; it shares the reaper's memory until it execs. */
struct start {
	const struct box *box;
	pid_t reaper;
	struct err *e;
	int ret; /* -errno if it could not become the command, with @e set */
};

/*
 * Let the monitor know that there is a command: the last moment to see that the monitor is gone.
 * The kernel tells it who has said so.  Before Linux 6.5 that is a number, and the monitor opens
 * a handle by that: it answers then, and what this process says after that shows that it has been
 * there all the time, so that the number was its own.
 */
static int introduce(const struct box *box, struct err *e)
{
	int r = report_started(box->sock);

	if (r == 0 && box->shows_itself) {
		r = report_await_go(box->sock);
		if (r >= 0)
			r = report_started(box->sock);
	}
	return r < 0 ? err_sys(e, r, "cannot tell the monitor of the command") : 0;
}

/* Enter the Landlock domain, if there is to be one.  Returns 0 or -errno with @e set. */
static int enter_domain(const struct box *box, struct err *e)
{
	static const struct note left_out = {
		.level = NOTE_WARNING,
		.text = "there are as many Landlock domains around this process as the kernel "
			"permits: without --unshare-pid, COMMAND can send signals to processes "
			"outside",
	};
	int r = landlock_apply(box->ns.domain, e);

	if (r <= 0)
		return r;
	r = report_note(box->sock, &left_out);
	return r < 0 ? err_sys(e, r, "cannot report to the monitor that signals are not kept in")
		     : 0;
}

/*
 * Become the command.  Returns only when it fails: -errno with @e set.
 *
 * The Landlock domain comes first: what it has to say is not heard once there is a command.
 */
static int introduce_and_exec(const struct box *box, struct err *e)
{
	int r = enter_domain(box, e);

	if (r == 0)
		r = introduce(box, e);
	return r < 0 ? r : command_exec(box, e);
}

/* The command's half of start_command().  Returns only when it fails: an exit status. */
static int be_command(void *arg)
{
	struct start *start = arg;
	const struct box *box = start->box;
	bool dies = box->plan->processes.die_with_parent || !(box->ns.flags & CLONE_NEWPID);
	int r = dies ? die_with_parent(true, start->e) : 0; /* else the kernel sees to it */

	if (r == 0 && dies && sys_getppid() != start->reaper)
		r = err_set(start->e, EPIPE, "the reaper is gone");
	start->ret = r < 0 ? r : introduce_and_exec(box, start->e);
	return EXIT_FAILED;
}

/*
 * Make the command's process.  Returns its pid once it has executed the command, or
 * -errno with @e set.
 */
static pid_t start_command(const struct box *box, struct err *e)
{
	struct start start = {.box = box, .reaper = sys_getpid(), .e = e};
	pid_t pid = sys_vfork(be_command, &start, 0, command_stack(box->plan));

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

/* Tell the monitor if @command has been stopped.  Returns whether it has: it has not ended. */
static bool tell_stop(const struct box *box, int status)
{
	if (!WIFSTOPPED(status))
		return false;
	report_stopped(box->sock, WSTOPSIG(status));
	return true;
}

/* Wait for @command to end, reaping whatever ends before it.  Returns 0 or -errno. */
static int await_command(const struct box *box, pid_t command, int *status)
{
	pid_t pid;

	do
		pid = wait_child(status, WUNTRACED);
	while (pid >= 0 && (pid != command || tell_stop(box, *status)));
	return pid < 0 ? pid : 0;
}

/* Give those inside until @grace_ms from now to end, unless the monitor goes meanwhile. */
static void end_in_order(const struct box *box)
{
	struct pollfd monitor = {.fd = box->sock, .events = POLLIN};
	int64_t until = sys_now_ms() + box->grace_ms;

	if (box->grace_ms == 0 || sys_kill(-1, SIGTERM) < 0)
		return;
	while (descendants_reap() && sys_now_ms() < until)
		if (sys_poll(&monitor, 1, GRACE_LOOK_MS) != 0)
			return;
}

/*
 * Whether the kernel kills this process, and so the sandbox, with the monitor.  Not where this
 * process has to end others: that one must live, and learns of the monitor's end by the socket.
 * Nor where a seccomp program might forbid to undo it: there the janitor sees to it alone.
 */
static bool is_tied(const struct box *box)
{
	if (box->reaper_ends)
		return false;
	return box->plan->processes.die_with_parent ||
	       (box->tied && (box->ns.flags & CLONE_NEWPID) && box->seccomp.n == 0);
}

/*
 * In a process namespace, which ends with this process: report the command's end, and stay
 * while others are left inside, unless they are to end.  Returns the command's status for
 * exit_group(2), the way left if the report cannot be sent, or -errno with @e set.
 */
static int reap(const struct box *box, pid_t command, struct err *e)
{
	int status = 0;
	int other;
	int r = await_command(box, command, &status);
	bool others;

	if (r < 0)
		return err_sys(e, r, "cannot wait for the command");
	others = descendants_reap();
	if (others && !box->ends_all && is_tied(box)) /* they live on without a monitor */
		(void)sys_prctl(PR_SET_PDEATHSIG, 0);
	report_ended(box->sock, status, !others);
	if (others && box->ends_all)
		end_in_order(box);
	while (others && !box->ends_all && wait_child(&other, 0) >= 0)
		;
	return exit_code_of(status);
}

/* Reap until @command or nobody else has ended.  Returns 1 with *@status, 0 or -errno. */
static int reap_up_to(const struct box *box, pid_t command, int *status)
{
	pid_t pid;

	do
		pid = wait_child(status, WNOHANG | WUNTRACED);
	while (pid > 0 && (pid != command || tell_stop(box, *status)));
	return pid > 0 ? 1 : pid;
}

/*
 * Wait until @command has ended, which @children tells, or the monitor is gone.  Returns 1 with
 * *@status, 0, or -errno.
 */
static int await_either(const struct box *box, int children, pid_t command, int *status)
{
	enum { MONITOR, CHILDREN, N };
	struct pollfd fds[N] = {
		[MONITOR] = {.fd = box->sock, .events = POLLIN},
		[CHILDREN] = {.fd = children, .events = POLLIN},
	};
	struct signalfd_siginfo info;
	int r;

	for (r = reap_up_to(box, command, status); r == 0; r = reap_up_to(box, command, status)) {
		r = sys_poll(fds, N, -1);
		if (r > 0 && fds[MONITOR].revents != 0)
			return 0;
		if (r > 0)
			r = (int)sys_read(children, &info, sizeof(info));
		if (r < 0 && r != -EINTR)
			return r;
	}
	return r;
}

/*
 * Without a process namespace: report the command's end, and end whoever else is inside; the
 * same, without grace, if the monitor is gone.  Returns as reap().
 */
static int reap_and_end(const struct box *box, const struct held *held, pid_t command,
			struct err *e)
{
	const struct descendants scope = {
		.proc = held->proc, .root = proc_self(held->proc), .only = true};
	struct descendants_patience patience = {.limit_ms = ALONE_MS, .watch = box->sock};
	int status = 0;
	int r = await_either(box, held->children, command, &status);

	if (r < 0)
		return err_sys(e, r, "cannot wait for the command");
	if (r > 0) {
		bool others = descendants_reap();

		report_ended(box->sock, status, !others);
		if (!others)
			return exit_code_of(status);
		patience.grace_ms = box->grace_ms;
		patience.limit_ms = box->plan->processes.teardown_ms / 2;
	}
	r = descendants_end(&scope, &patience);
	return r < 0 ? EXIT_FAILED : exit_code_of(status);
}

/*
 * Open the host's procfs, where it is needed: to map ids, to tell of namespaces, to find whom
 * to end, for the guard.  Returns 0 with *@ret the descriptor, or -1 where it is not needed; or
 * -errno with @e set.
 */
static int open_proc(const struct box *box, int *ret, struct err *e)
{
	*ret = -1;
	if (!ns_other_users(&box->ns) && !box->ns.second && !box->ns.check_no_users &&
	    !box_is_watched(box) && !box->reaper_ends && box->guard_way == GUARD_OFF)
		return 0;
	*ret = sys_openat(AT_FDCWD, "/proc", (box->reaper_ends ? O_RDONLY : O_PATH) | O_DIRECTORY,
			  0);
	return *ret < 0 ? err_sys(e, *ret, "cannot open /proc on the host") : 0;
}

/* Become what looks after the command.  Returns as take_hold(); takes *@proc if needed. */
static int become_reaper(const struct box *box, int *proc, struct held *held, struct err *e)
{
	int r;

	if (box->reaper_ends)
		held->proc = fd_take(proc);
	r = take_hold(box, held, e);
	return r < 0 ? r : protect(box, e);
}

/*
 * Build the sandbox up to the point where the command may run.  Returns 0, with what is
 * to be held in *@held, or -errno with @e set.
 */
static int begin_and_build(struct box *box, struct held *held, struct err *e)
{
	autoclose int proc = -1;
	int r = open_proc(box, &proc, e);

	if (r == 0)
		r = begin(box, proc, e);
	if (r == 0)
		r = build(box, proc, e);
	if (r == 0)
		r = die_with_parent(true, e); /* another user namespace may have undone it */
	if (r == 0 && box->has_reaper)
		r = become_reaper(box, &proc, held, e);
	if (r == 0)
		r = await_caller(box, e);
	if (r == 0)
		r = janitor_await(box->helpers[HELPER_JANITOR].inside, e);
	return r < 0 ? r : seccomp_read(box->plan, SECCOMP_LATE, &box->seccomp, e);
}

/*
 * Close what the sandbox was built from, before there is a command: it may be able to look into
 * this process.
 */
static int close_others(const struct box *box, const struct held *held, struct err *e)
{
	return fds_close_others(&box->inherited, held->fds, held->n, e);
}

/* Whether somebody has to be ended by this process, and nothing else does it. */
static bool has_to_end_others(const struct box *box)
{
	return box->reaper_ends || (box->tied && !(box->ns.flags & CLONE_NEWPID));
}

/*
 * Leave the caller's process group: a signal to that group, as timeout(1) sends it, kills the
 * monitor, and this process has to end those who are in other groups.  The session stays where the
 * command has a group of its own: the terminal stops no group whose members have all their
 * parents in other sessions.  Then this comes before there is a command, so that a signal to the
 * group never kills this process and leaves those behind that it has to end.  A session would be
 * the command's as well; it is made afterwards.
 */
static int leave_group(const struct box *box, struct err *e)
{
	int r = box->own_group ? sys_setpgid(0, 0) : sys_setsid();

	return r < 0 && r != -EPERM ? err_sys(e, r, "cannot leave the process group") : 0;
}

/*
 * Become the command, or start it.  Returns the command's pid, or -errno with @e set.
 *
 * Up to the moment at which the command is executed, the janitor and a last look see to it that
 * nothing goes on without a monitor.
 */
static pid_t run_command(const struct box *box, const struct held *held, struct err *e)
{
	int r;

	if (!box->has_reaper)
		return introduce_and_exec(box, e);
	r = close_others(box, held, e);
	if (r == 0 && !is_tied(box))
		r = die_with_parent(false, e);
	if (r == 0 && box->own_group && has_to_end_others(box))
		r = leave_group(box, e);
	return r < 0 ? r : start_command(box, e);
}

/* Give up what was of use until the command ran; of capabilities, keep what is needed. */
static int let_go(const struct box *box, struct held *held, struct err *e)
{
	uint64_t kill = box->ends_all ? caps_bit(CAP_KILL) : 0;
	int r = keep_fds(held->fds + 1, held->n - 1); /* without the janitor's socket */

	held_done(held);
	if (r < 0)
		return err_sys(e, r, "cannot close what is not held any more");
	return caps_hold(kill | (is_guarded(box) ? GUARD : 0), kill, e);
}

/*
 * Look after the command, under the same seccomp programs, so that the reaper is no way
 * around them: but not where it has to find and end others, which they may forbid.  Returns
 * as reap().
 */
static int look_after(const struct box *box, struct held *held, pid_t command, struct err *e)
{
	int r = let_go(box, held, e);

	if (r == 0 && !box->own_group && has_to_end_others(box))
		r = leave_group(box, e);
	if (r == 0 && !box->reaper_ends)
		r = seccomp_apply(&box->seccomp, e);
	if (r == 0)
		r = box->reaper_ends ? reap_and_end(box, held, command, e) : reap(box, command, e);
	if (r < 0)
		(void)sys_kill(command, SIGKILL);
	return r;
}

/*
 * The options of sbx are not for the sandbox's processes to read in /proc, which shows the @size
 * bytes of @name instead: the kernel reads them from the stack, and from no file.
 */
static void hide_command_line(const struct box *box, const char *name, size_t size)
{
	if (box->has_reaper && !box->plan->as_bwrap)
		(void)sys_set_command_line(name, size);
}

void reaper_run(struct box *box)
{
	char name[] = "sbx-reaper";
	struct held held = {.proc = -1, .children = -1};
	struct err e = {0};
	int r;

	hide_command_line(box, name, sizeof(name));
	r = begin_and_build(box, &held, &e);
	if (r == 0)
		r = run_command(box, &held, &e);
	if (r > 0)
		r = look_after(box, &held, r, &e);
	held_done(&held);
	if (r < 0)
		report_failed(box->sock, &e);
	sys_exit(r < 0 ? EXIT_FAILED : r);
}
