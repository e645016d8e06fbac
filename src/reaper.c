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
 * are applied it calls wait4(2), write(2) and exit_group(2), nothing else.
 *
 * Callers may look at the reaper: they are told its process id.  The payload must
 * not: who traces it can speak to the monitor, and its environment may be what was
 * cleared from the payload's own.  In a user namespace of the sandbox's own, the kernel
 * sees to that if the reaper has a capability, be it of no use, that the payload lacks.
 * Where the payload might have it too, or CAP_SYS_PTRACE, and where others can be in the
 * user namespace, nobody may look (PR_SET_DUMPABLE).
 */
#include "sbx/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sbx/build.h"
#include "sbx/cleanup.h"
#include "sbx/command.h"
#include "sbx/fds.h"
#include "sbx/io.h"
#include "sbx/report.h"
#include "sbx/status.h"
#include "sbx/sys.h"

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
			(void)sys_close(plan_fd(plan, monitors[i]));
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
	if (r == 0 && box_is_watched(box))
		r = identify(box, proc, e);
	if (r < 0)
		return r;
	r = report_await_go(box->sock);
	return r < 0 ? err_sys(e, r, "cannot hear from the monitor") : 0;
}

/*
 * Lock the file @path inside.  Returns the descriptor that has to stay open for the lock to
 * last, or -errno with @e set.
 */
static int lock_file(const char *path, struct err *e)
{
	autoclose int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
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

/* The descriptors that stay open until the last process inside ends. */
struct held {
	int *fds;
	unsigned n;
};

static void held_done(struct held *held)
{
	free(held->fds);
	*held = (struct held){0};
}

/* Take hold of them.  Returns 0 or -errno with @e set. */
static int take_hold(const struct box *box, struct held *ret, struct err *e)
{
	const struct plan *plan = box->plan;
	const size_t others = 2;
	int r;

	ret->fds = calloc(plan->n_lock_files + others, sizeof(*ret->fds));
	if (ret->fds == NULL)
		return err_sys(e, -ENOMEM, "cannot note the descriptors down");
	r = sys_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		return err_sys(e, r, "cannot adopt what the command leaves behind");
	ret->fds[ret->n++] = box->sock;
	ret->fds[ret->n++] = plan_fd(plan, FD_SYNC);
	if (plan->n_lock_files == 0)
		return 0;
	r = caps_suspend(true, e); /* files are opened as who they belong to may */
	for (size_t i = 0; r >= 0 && i < plan->n_lock_files; i++) {
		r = lock_file(plan->lock_files[i], e);
		if (r >= 0)
			ret->fds[ret->n++] = r;
	}
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
 * Let the monitor know that there is a command, and give it a handle of the calling
 * process unless it has one: the last moment to see that the monitor is gone.
 */
static int introduce(const struct box *box, struct err *e)
{
	autoclose int pidfd = -1;
	int r;

	if (box->has_reaper) {
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
	return status_code(status);
}

/*
 * Build the sandbox up to the point where the command may run.  Returns 0, with what is
 * to be held in *@held, or -errno with @e set.
 */
static int begin_and_build(struct box *box, struct held *held, struct err *e)
{
	autoclose int proc = -1;
	int r = 0;

	if (ns_other_users(&box->ns) || box->ns.check_no_users || box_is_watched(box)) {
		proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
		if (proc < 0)
			return err_sys(e, proc, "cannot open /proc on the host");
	}
	r = begin(box, proc, e);
	if (r == 0)
		r = build(box, proc, e);
	if (r == 0)
		r = die_with_parent(true, e); /* another user namespace may have undone it */
	if (r == 0 && box->has_reaper)
		r = take_hold(box, held, e);
	if (r == 0 && box->has_reaper)
		r = protect(box, e);
	if (r == 0)
		r = await_caller(box, e);
	return r < 0 ? r : seccomp_read(box->plan, SECCOMP_LATE, &box->seccomp, e);
}

/*
 * Become the command, or start it.  Returns the command's pid, or -errno with @e set.  From
 * here on it is the socket that tells whether the monitor is gone.
 */
static pid_t run_command(const struct box *box, struct err *e)
{
	int r = box->plan->die_with_parent ? 0 : die_with_parent(false, e);

	if (r < 0)
		return r;
	return box->has_reaper ? start_command(box, e) : introduce_and_exec(box, e);
}

/* Give up what was of use until the command ran, capabilities but the guard included. */
static int let_go(const struct box *box, struct held *held, struct err *e)
{
	fds_keep_only(held->fds, held->n);
	held_done(held);
	return caps_hold(is_guarded(box) ? GUARD : 0, 0, e);
}

/*
 * Look after the command, under the same seccomp programs, so that the reaper is no way
 * around them.  Returns as reap().
 */
static int look_after(const struct box *box, struct held *held, pid_t command, struct err *e)
{
	int r = let_go(box, held, e);

	if (r == 0)
		r = seccomp_apply(&box->seccomp, e);
	if (r == 0)
		r = reap(box, command, e);
	if (r < 0)
		(void)sys_kill(command, SIGKILL);
	return r;
}

void reaper_run(struct box *box)
{
	struct held held = {0};
	struct err e = {0};
	int r = begin_and_build(box, &held, &e);

	if (r == 0)
		r = run_command(box, &e);
	if (r > 0)
		r = look_after(box, &held, r, &e);
	held_done(&held);
	if (r < 0)
		report_failed(box->sock, &e);
	sys_exit(r < 0 ? EXIT_FAILED : r);
}
