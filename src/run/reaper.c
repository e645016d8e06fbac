/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The reaper is the first process inside; in a PID namespace it is process 1.  In this order, it
 *
 *	waits for "go"     so that it never runs without a monitor;
 *	builds             IDs, names, network, mounts, the root;
 *	keeps open         the descriptors that have to last until the last process inside
 *	                   has exited, and adopts orphans, to know when that is;
 *	starts the command and closes all other descriptors;
 *	reaps              until no process is left inside, and reports the command's status
 *	                   as soon as it has exited.
 *
 * Where there is nothing to reap or to keep open, it becomes the command instead.
 *
 * It reports a failure before the command is executed to the monitor, for main to print.  All
 * signals are blocked: only SIGKILL and the exit of the last process inside end it.  Once the
 * seccomp programs are applied, it needs no calls but wait4(2), write(2) and exit_group(2), and
 * kill(2) and poll(2) for the grace period.
 *
 * Without a PID namespace no process ends with the reaper.  If the sandbox is to end with the
 * command or the monitor, the reaper terminates the others.  It does so when the command exits or
 * the socket shows that the monitor is gone, and adopts orphans, so that it finds all of them.  The
 * payload, a process of the same user, can keep it from opening files by prlimit(2); so it opens
 * what it needs before the command starts.
 *
 * Callers may inspect the reaper: they receive its PID.  The payload must not: a tracer could send
 * messages to the monitor, and read the environment that --clearenv has kept from the payload.  In
 * a user namespace of the sandbox's own, a capability that the payload lacks keeps it from tracing
 * the reaper, even a useless one.  Where the payload may have that too, or CAP_SYS_PTRACE, or where
 * other processes may be in the user namespace, the reaper is not dumpable (PR_SET_DUMPABLE).
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

#define EXIT_FAILED 125 /* the reason is in the report */

#define GUARD caps_bit(CAP_WAKE_ALARM) /* a capability that the payload lacks */

/* Set or clear the parent-death signal; the parent may have exited already. */
static int die_with_parent(bool die, struct err *e)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, die ? SIGKILL : 0);

	return r < 0 ? err_sys(e, r, "cannot set the parent-death signal") : 0;
}

/* Close the descriptors for the monitor alone, so that their readers see the end of file. */
static void close_monitors(const struct plan *plan)
{
	static const enum fd_use monitors[] = {FD_INFO, FD_STATUS, FD_USERNS_BLOCK};

	for (size_t i = 0; i < sizeof(monitors) / sizeof(monitors[0]); i++)
		if (plan_fd(plan, monitors[i]) >= 0)
			fds_release(plan_fd(plan, monitors[i]));
}

/* Report the namespaces to the monitor. */
static int identify(const struct box *box, int proc, struct err *e)
{
	struct ns_ids ids;
	int r = ns_identify(&box->ns, proc, &ids, e);

	if (r < 0)
		return r;
	r = report_namespaces(box->sock, &ids);
	return r < 0 ? err_sys(e, r, "cannot report the namespaces to the monitor") : 0;
}

/*
 * Wait for "go" from the monitor.  This process must not outlive it before the command runs:
 * building may wait for long, for a FUSE server for example.
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
		return err_sys(e, r, "lost the connection to the monitor");
	return r > 0 ? janitor_entrust(box->helpers[HELPER_JANITOR].inside, e) : 0;
}

/* The descriptors that stay open until the last process inside has exited. */
struct lasting_fds {
	int *fds;
	unsigned n;
	int proc;     /* if box->reaper_ends, the host's procfs, to find the processes; else -1 */
	int children; /* likewise, a signalfd of SIGCHLD; else -1 */
};

static void lasting_done(struct lasting_fds *lasting)
{
	free(lasting->fds);
	lasting->fds = NULL;
	lasting->n = 0;
}

/*
 * Lock the file @path below @root, the sandbox's.  Returns a descriptor, which holds the lock, or
 * -errno with @e set.
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

/* Lock the files of --lock-file.  Returns 0 or -errno with @e set. */
static int lock_files(const struct plan *plan, struct lasting_fds *lasting, struct err *e)
{
	autoclose int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	if (root < 0)
		return err_sys(e, root, "cannot open the sandbox's root");
	for (size_t i = 0; i < plan->status.lock_files.n; i++) {
		int fd = lock_file(root, plan->status.lock_files.list[i], e);

		if (fd < 0)
			return fd;
		lasting->fds[lasting->n++] = fd;
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

/* Adopt orphans, and open the lasting descriptors.  Returns 0 or -errno with @e set. */
static int open_lasting(const struct box *box, struct lasting_fds *ret, struct err *e)
{
	const struct plan *plan = box->plan;
	const size_t others = 5;
	int r;

	ret->fds = calloc(plan->status.lock_files.n + others, sizeof(*ret->fds));
	if (ret->fds == NULL)
		return err_set(e, ENOMEM, "out of memory");
	r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		return err_sys(e, r, "cannot adopt orphans of the command");
	/* first, for drop_unneeded(): the command's process still uses it */
	ret->fds[ret->n++] = box->helpers[HELPER_JANITOR].inside;
	ret->fds[ret->n++] = box->sock;
	ret->fds[ret->n++] = plan_fd(plan, FD_SYNC);
	ret->fds[ret->n++] = ret->proc;
	if (box->reaper_ends)
		ret->children = open_children();
	if (box->reaper_ends && ret->children < 0)
		return err_sys(e, ret->children, "cannot watch for the exit of the command");
	ret->fds[ret->n++] = ret->children;
	if (plan->status.lock_files.n == 0)
		return 0;
	r = caps_suspend(true, e); /* open files with the user's permissions alone */
	if (r == 0)
		r = lock_files(plan, ret, e);
	return r < 0 ? r : caps_suspend(false, e);
}

/* Whether the capability GUARD keeps the payload from tracing this process. */
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

/* Wait for --block-fd. */
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

/* The argument of be_command(), which shares the reaper's memory until it executes the command. */
struct start {
	const struct box *box;
	pid_t reaper;
	struct err *e;
	int ret; /* -errno if it could not execute the command, with @e set */
};

/*
 * Report the command's process to the monitor; this fails if the monitor is gone.  The message
 * carries this process's identity: before Linux 6.5 a PID, of which the monitor opens a pidfd.
 * Then the monitor answers, and a second message shows that this process was there all the time,
 * so that the PID was its own.
 */
static int introduce(const struct box *box, struct err *e)
{
	int r = report_started(box->sock);

	if (r == 0 && box->shows_itself) {
		r = report_await_go(box->sock);
		if (r >= 0)
			r = report_started(box->sock);
	}
	return r < 0 ? err_sys(e, r, "cannot report the command to the monitor") : 0;
}

/* Enter the Landlock domain, if there is one.  Returns 0 or -errno with @e set. */
static int enter_domain(const struct box *box, struct err *e)
{
	static const struct note left_out = {
		.level = NOTE_WARNING,
		.text = "the kernel's limit of nested Landlock domains is reached: without "
			"--unshare-pid, COMMAND can send signals to processes outside",
	};
	int r = landlock_apply(box->ns.domain, e);

	if (r <= 0)
		return r;
	r = report_note(box->sock, &left_out);
	return r < 0 ? err_sys(e, r, "cannot report to the monitor") : 0;
}

/*
 * Become the command.  Returns only when it fails: -errno with @e set.
 *
 * The Landlock domain comes first: the monitor ignores notes once the command has started.
 */
static int introduce_and_exec(const struct box *box, struct err *e)
{
	int r = enter_domain(box, e);

	if (r == 0)
		r = introduce(box, e);
	return r < 0 ? r : command_exec(box, e);
}

/* In the command's process.  Returns only when it fails: an exit status. */
static int be_command(void *arg)
{
	struct start *start = arg;
	const struct box *box = start->box;
	bool dies = box->plan->processes.die_with_parent || !(box->ns.flags & CLONE_NEWPID);
	int r = dies ? die_with_parent(true, start->e) : 0; /* else it ends with process 1 */

	if (r == 0 && dies && sys_getppid() != start->reaper)
		r = err_set(start->e, EPIPE, "the reaper is gone");
	start->ret = r < 0 ? r : introduce_and_exec(box, start->e);
	return EXIT_FAILED;
}

/* Start the command.  Returns its PID once it is executed, or -errno with @e set. */
static pid_t start_command(const struct box *box, struct err *e)
{
	struct start start = {.box = box, .reaper = sys_getpid(), .e = e};
	pid_t pid = sys_vfork(be_command, &start, 0, command_stack(box->plan));

	if (pid < 0)
		return err_sys(e, pid, "cannot create a process for the command");
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

/* Report to the monitor if @status is a stop of the command.  Returns whether it is. */
static bool report_stop(const struct box *box, int status)
{
	if (!WIFSTOPPED(status))
		return false;
	report_stopped(box->sock, WSTOPSIG(status));
	return true;
}

/* Wait for @command to exit; reap other children meanwhile.  Returns 0 or -errno. */
static int await_command(const struct box *box, pid_t command, int *status)
{
	pid_t pid;

	do
		pid = wait_child(status, WUNTRACED);
	while (pid >= 0 && (pid != command || report_stop(box, *status)));
	return pid < 0 ? pid : 0;
}

/* Send SIGTERM to all, and wait @grace_ms for them to exit, or until the monitor is gone. */
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
 * Whether the kernel kills this process, and so the sandbox, with the monitor.  Not if this process
 * has to terminate others: it must survive, and the socket shows that the monitor is gone.  Nor if
 * a seccomp program may refuse to clear the parent-death signal: the janitor alone acts then.
 */
static bool is_tied(const struct box *box)
{
	if (box->reaper_ends)
		return false;
	return box->plan->processes.die_with_parent ||
	       (box->tied && (box->ns.flags & CLONE_NEWPID) && box->seccomp.n == 0);
}

/*
 * With a PID namespace, which ends with this process: report the command's exit, and wait for
 * other processes inside unless they are to be killed.  Returns an exit status or -errno with @e
 * set.  The status is the command's: if the report is lost, it reaches the monitor that way.
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
	if (others && !box->ends_all && is_tied(box)) /* they may outlive the monitor now */
		(void)sys_prctl(PR_SET_PDEATHSIG, 0);
	report_ended(box->sock, status, !others);
	if (others && box->ends_all)
		end_in_order(box);
	while (others && !box->ends_all && wait_child(&other, 0) >= 0)
		;
	return exit_code_of(status);
}

/* Reap children that have exited, up to @command: 1 with *@status.  Else returns 0 or -errno. */
static int reap_up_to(const struct box *box, pid_t command, int *status)
{
	pid_t pid;

	do
		pid = wait_child(status, WNOHANG | WUNTRACED);
	while (pid > 0 && (pid != command || report_stop(box, *status)));
	return pid > 0 ? 1 : pid;
}

/*
 * Wait until @command has exited or the monitor is gone; @children is a signalfd of SIGCHLD.
 * Returns 1 with *@status, 0, or -errno.
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
 * Without a PID namespace: report the command's exit, and terminate all other processes inside;
 * without a grace period if the monitor is gone.  Returns as reap().
 */
static int reap_and_end(const struct box *box, const struct lasting_fds *lasting, pid_t command,
			struct err *e)
{
	const struct descendants scope = {
		.proc = lasting->proc, .root = proc_self(lasting->proc), .only = true};
	struct descendants_patience patience = {.limit_ms = ALONE_MS, .watch = box->sock};
	int status = 0;
	int r = await_either(box, lasting->children, command, &status);

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
 * Open the host's procfs if it is needed: to map IDs, to report namespaces, to find processes, for
 * the guard.  Returns 0 with *@ret a descriptor, or -1 if it is not needed; or -errno with @e set.
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

/* Become the reaper: takes *@proc if needed.  Returns 0 or -errno with @e set. */
static int become_reaper(const struct box *box, int *proc, struct lasting_fds *lasting,
			 struct err *e)
{
	int r;

	if (box->reaper_ends)
		lasting->proc = fd_take(proc);
	r = open_lasting(box, lasting, e);
	return r < 0 ? r : protect(box, e);
}

/* Build the sandbox, until the command may start.  Returns 0 or -errno with @e set. */
static int begin_and_build(struct box *box, struct lasting_fds *lasting, struct err *e)
{
	autoclose int proc = -1;
	int r = open_proc(box, &proc, e);

	if (r == 0)
		r = begin(box, proc, e);
	if (r == 0)
		r = build(box, proc, e);
	if (r == 0)
		r = die_with_parent(true, e); /* entering a user namespace may have cleared it */
	if (r == 0 && box->has_reaper)
		r = become_reaper(box, &proc, lasting, e);
	if (r == 0)
		r = await_caller(box, e);
	if (r == 0)
		r = janitor_await(box->helpers[HELPER_JANITOR].inside, e);
	return r < 0 ? r : seccomp_read(box->plan, SECCOMP_LATE, &box->seccomp, e);
}

/* Close the other descriptors before the command runs: it may be able to trace this process. */
static int close_others(const struct box *box, const struct lasting_fds *lasting, struct err *e)
{
	return fds_close_others(&box->inherited, lasting->fds, lasting->n, e);
}

/* Whether this process alone terminates the others. */
static bool has_to_end_others(const struct box *box)
{
	return box->reaper_ends || (box->tied && !(box->ns.flags & CLONE_NEWPID));
}

/*
 * Leave the caller's process group.  A signal to that group, such as timeout(1) sends, kills the
 * monitor; this process has to survive it, to terminate processes in other groups.
 *
 * If the command has its own group, the session stays the same: the terminal does not stop a group
 * whose members all have their parents in other sessions.  Then this is called before the command
 * starts, so that such a signal never finds this process in the caller's group.  A new session
 * would include the command, and is created afterwards.
 */
static int leave_group(const struct box *box, struct err *e)
{
	int r = box->own_group ? sys_setpgid(0, 0) : sys_setsid();

	return r < 0 && r != -EPERM ? err_sys(e, r, "cannot leave the process group") : 0;
}

/*
 * Become the command, or start it.  Returns the command's PID, or -errno with @e set.
 *
 * Until the command is executed, the janitor and a last check make sure that the sandbox does not
 * go on without a monitor.
 */
static pid_t run_command(const struct box *box, const struct lasting_fds *lasting, struct err *e)
{
	int r;

	if (!box->has_reaper)
		return introduce_and_exec(box, e);
	r = close_others(box, lasting, e);
	if (r == 0 && !is_tied(box))
		r = die_with_parent(false, e);
	if (r == 0 && box->own_group && has_to_end_others(box))
		r = leave_group(box, e);
	return r < 0 ? r : start_command(box, e);
}

/* Close the janitor's socket, and drop all capabilities but those still needed. */
static int drop_unneeded(const struct box *box, struct lasting_fds *lasting, struct err *e)
{
	uint64_t kill = box->ends_all ? caps_bit(CAP_KILL) : 0;
	int r = keep_fds(lasting->fds + 1, lasting->n - 1); /* without the janitor's socket */

	lasting_done(lasting);
	if (r < 0)
		return err_sys(e, r, "cannot close the reaper's descriptors");
	return caps_hold(kill | (is_guarded(box) ? GUARD : 0), kill, e);
}

/*
 * Reap, under the command's seccomp programs, so that the reaper is no way around them.  They are
 * not applied if the reaper has to find and terminate others, which they may forbid.  Returns as
 * reap().
 */
static int look_after(const struct box *box, struct lasting_fds *lasting, pid_t command,
		      struct err *e)
{
	int r = drop_unneeded(box, lasting, e);

	if (r == 0 && !box->own_group && has_to_end_others(box))
		r = leave_group(box, e);
	if (r == 0 && !box->reaper_ends)
		r = seccomp_apply(&box->seccomp, e);
	if (r == 0)
		r = box->reaper_ends ? reap_and_end(box, lasting, command, e)
				     : reap(box, command, e);
	if (r < 0)
		(void)sys_kill(command, SIGKILL);
	return r;
}

/*
 * Hide the options of sbx from the sandbox's processes: /proc/PID/cmdline shows the @size bytes of
 * @name instead, which are on the stack.
 */
static void hide_command_line(const struct box *box, const char *name, size_t size)
{
	if (box->has_reaper && !box->plan->as_bwrap)
		(void)sys_set_command_line(name, size);
}

void reaper_run(struct box *box)
{
	char name[] = "sbx-reaper";
	struct lasting_fds lasting = {.proc = -1, .children = -1};
	struct err e = {0};
	int r;

	hide_command_line(box, name, sizeof(name));
	r = begin_and_build(box, &lasting, &e);
	if (r == 0)
		r = run_command(box, &lasting, &e);
	if (r > 0)
		r = look_after(box, &lasting, r, &e);
	lasting_done(&lasting);
	if (r < 0)
		report_failed(box->sock, &e);
	sys_exit(r < 0 ? EXIT_FAILED : r);
}
