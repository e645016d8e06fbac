/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The process that drops the last reference to a mount namespace, by exiting or by closing a
 * descriptor, shuts down every file system that is mounted nowhere else.  That happens in this
 * process, before its parent can see its exit.  With millions of files it takes seconds; on a
 * kernel with a fault, for ever; and no signal ends it.
 *
 * The janitor is the process to which this happens.  It is outside of all namespaces of the sandbox
 * and holds a reference to the mount namespace, from before the first file system is mounted.  The
 * monitor opens the namespace through /proc; where the kernel forbids that, the first process sends
 * it.  The janitor drops the namespace when the first process has exited, in one step: unmounting
 * one by one would take twenty times as long.  Every wait for the janitor is bounded, and the
 * janitor has no descriptor of the caller's that a reader could wait for.
 *
 *	first process exits       ──────► drop the namespace, exit
 *	the monitor asks          ──────► abort FUSE connections, once; free all that is stuck,
 *	                                  once; or drop the namespace
 *	the monitor is gone:
 *	    the command not yet executed,
 *	    or tied to it         ──────► kill; later free what is stuck; drop the namespace
 *	    else                  ──────► go on: the sandbox outlives the monitor
 *
 * The socket to the first process is closed there when the command is executed, which the janitor
 * reads as an end of file.
 *
 * The janitor removes the host mount points, see mount_points.c: with a PID namespace, before it
 * drops the mounts, which may take long.  Without one, processes that see the mounts can outlive
 * the first process.  Then the janitor leaves a process behind that waits for their exit.
 *
 * To free what is stuck, a helper enters the mount namespace and goes once through the file systems
 * that were mounted inside.  It aborts FUSE connections, which frees the processes that wait for
 * the server.  Where nothing may outlive the command, it also unmounts the sandbox's other file
 * systems, so that a process that cannot exit does not hold their memory.  A hostile process with
 * all capabilities can be in there.  It must not trace the helper, whose descriptors lead to the
 * host (CVE-2016-9962): see helper_enter().  The helper works on descriptors, because a path may
 * lead through a file system that hangs.  It leaves alone what is mounted outside as well, because
 * forcing that would end a connection of another user.
 */
#include "run/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "host/descendants.h"
#include "host/hint.h"
#include "host/job.h"
#include "host/mountinfo.h"
#include "mounts/removal.h"
#include "run/fds.h"
#include "run/guard.h"
#include "sys/helper.h"
#include "sys/io.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define PATH_BYTES 32
#define USERS_MAX 33 /* levels of user namespaces that the kernel allows, with the first */

int janitor_await(int sock, struct err *e)
{
	int r = io_await_byte(sock);

	return r < 0 ? err_sys(e, r, "lost the connection to the janitor") : 0;
}

int janitor_entrust(int sock, struct err *e)
{
	autoclose int mounts = sys_openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY, 0);
	int r;

	if (mounts < 0)
		return err_sys(e, mounts, "cannot open /proc/self/ns/mnt");
	r = io_pass(sock, "", 1, mounts);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot send the mount namespace to the janitor");
	hint_in_flight(e);
	return r;
}

struct janitor {
	const struct box *box;
	int child;       /* pidfd of the first process */
	int monitor;     /* socket; -1 once the monitor is gone */
	int inside;      /* socket; the other end is closed when the command is executed */
	int mounts;      /* the mount namespace, -1 if it has not come yet */
	bool executed;   /* the command has been executed */
	bool parted;     /* the command has exited: other processes may outlive the monitor */
	pid_t caller;    /* the process group of the monitor */
	bool killed;     /* the monitor is gone, so the sandbox has been killed */
	bool cut;        /* FUSE connections have been aborted, */
	bool freed;      /* and the rest has been unmounted */
	bool let_go;     /* the monitor gives up: exit, whatever is left */
	unsigned failed; /* calls of poll(2) in a row */
	int64_t until;   /* if @killed: when to stop waiting */
	struct removal removal;    /* host mount points to remove at exit */
	struct guard_handle guard; /* of the protected paths, if there are any */
};

/* Take a message of @n bytes of the first process, which came with *@fd. */
static void take_message(struct janitor *j, const struct mount_point_note *note, size_t n, int *fd)
{
	struct err unused = {0}; /* the monitor fails for the same reason */
	int r = 0;

	if (n == sizeof(*note))
		r = removal_take(&j->removal, note, fd, &unused);
	else if (j->mounts < 0)
		j->mounts = fd_take(fd);
	(void)r;
}

/*
 * Receive the messages about mount points, and the mount namespace if it is sent: the queued
 * message has kept the namespace alive until now.  If the sender was killed with unread data, the
 * first receive fails with ECONNRESET; the sender's messages still follow.  Returns whether the
 * command has been executed.
 */
static bool take_inside(struct janitor *j)
{
	struct pollfd inside = {.fd = j->inside, .events = POLLIN};

	while (!j->executed && sys_poll(&inside, 1, 0) > 0) {
		struct mount_point_note note;
		autoclose int fd = -1;
		struct sys_sender sender;
		ssize_t n = sys_receive(j->inside, &note, sizeof(note), &fd, &sender);

		if (n > 0)
			take_message(j, &note, (size_t)n, &fd);
		else if (n != -ECONNRESET)
			j->executed = true;
	}
	return j->executed;
}

/* Report to the monitor, if it reads, that @mount is being unmounted. */
static void report_work(int monitor, const struct mountinfo_entry *mount)
{
	struct janitor_work work = {0};

	if (!io_has_room(monitor, 0))
		return;
	(void)snprintf(work.doing, sizeof(work.doing), "unmounting %s (%s)", mount->point,
		       mount->type);
	(void)sys_write(monitor, &work, sizeof(work));
}

/* What a helper that clears a mount namespace is given. */
struct clearing {
	int proc;    /* the host's procfs */
	int monitor; /* socket, for reports */
	int mounts;  /* the mount namespace to clear */
	size_t n;    /* how many of unmountable[] are to be unmounted */
	struct mountinfo outside;
};

/* File systems that may be the sandbox's own, and how they are unmounted; others stay. */
static const struct {
	const char *type;
	int flags;
} unmountable[] = {
	{"fuse", MNT_FORCE | MNT_DETACH}, /* once detached, it cannot be forced */
	{"tmpfs", MNT_DETACH},
	{"overlay", MNT_DETACH},
	{"proc", MNT_DETACH},
	{"mqueue", MNT_DETACH},
	{"devpts", MNT_DETACH},
};

/*
 * Unmount @mount by a descriptor, if it is still where it was.  The working directory is the host's
 * procfs: entering the mount itself would need an answer of its FUSE server.
 */
static void unmount(const struct clearing *h, const struct mountinfo_entry *mount, int root,
		    int flags)
{
	autoclose int fd = sys_openat_in(root, mount->point, O_PATH | O_NOFOLLOW);
	char path[PATH_BYTES];
	struct statx st = {0};

	if (fd < 0 || sys_statx(fd, STATX_MNT_ID, &st) < 0 || st.stx_mnt_id != mount->id)
		return;
	report_work(h->monitor, mount);
	(void)snprintf(path, sizeof(path), "self/fd/%d", fd);
	(void)sys_umount(path, flags);
}

/* Unmount the mounts @inside of @type whose file system is not mounted outside. */
static void clear_type(const struct clearing *h, const struct mountinfo *inside, int root,
		       const char *type, int flags)
{
	for (size_t i = 0; i < inside->n; i++)
		if (mountinfo_is_type(&inside->list[i], type) &&
		    !mountinfo_has_device(&h->outside, inside->list[i].device))
			unmount(h, &inside->list[i], root, flags);
}

/* As a helper: go once through the file systems of a namespace, FUSE first.  Returns the status. */
static int clear(const void *arg)
{
	const struct clearing *h = arg;
	struct mountinfo inside = {0};
	autoclose int root = -1;
	int r = helper_enter(h->mounts);

	if (r < 0)
		return 1;
	root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	r = root < 0 ? root : mountinfo_read(h->proc, "self", &inside);
	if (r == 0)
		r = sys_fchdir(h->proc);
	for (size_t i = 0; r == 0 && i < h->n; i++)
		clear_type(h, &inside, root, unmountable[i].type, unmountable[i].flags);
	mountinfo_done(&inside);
	return r < 0;
}

/* Have a helper clear @mounts. */
static void clear_by_helper(struct clearing *h, int mounts)
{
	h->mounts = mounts;
	(void)helper_run(clear, h, HELPER_MS, HELPER_MS);
}

/* Whether the user namespace with the inode @users, or one below it, owns the mount namespace. */
static bool belongs_to(int mounts, uint64_t users)
{
	struct statx st = {0};
	int fd = sys_ns_users(mounts);

	for (unsigned level = 0; fd >= 0 && level < USERS_MAX; level++) {
		int parent;

		if (sys_statx(fd, STATX_INO, &st) == 0 && st.stx_ino == users)
			break;
		parent = sys_ns_parent(fd);
		(void)sys_close(fd);
		fd = parent;
	}
	if (fd < 0)
		return false;
	(void)sys_close(fd);
	return st.stx_ino == users;
}

/* The inode of the user namespace that owns @mounts, or 0. */
static uint64_t users_of(int mounts)
{
	autoclose int users = sys_ns_users(mounts);
	struct statx st = {0};

	return users >= 0 && sys_statx(users, STATX_INO, &st) == 0 ? st.stx_ino : 0;
}

/*
 * Clear the mount namespaces that the sandbox's threads have created.  A TID may be that of a
 * thread on the host by now: then the sandbox's user namespace does not own the mount namespace.
 */
struct visit {
	struct clearing *h;
	const struct janitor *j;
	pid_t pid;
	uint64_t users;   /* the inode of the sandbox's user namespace */
	uint64_t cleared; /* the inode of the mount namespace that was cleared last */
	int64_t until;
};

static int visit_thread(void *arg, pid_t tid)
{
	struct visit *visit = arg;
	char path[2 * PATH_BYTES];
	struct statx here = {0};
	struct statx there = {0};
	autoclose int mounts = -1;

	(void)snprintf(path, sizeof(path), "%d/task/%d/ns/mnt", visit->pid, tid);
	mounts = sys_openat(visit->h->proc, path, O_RDONLY, 0);
	if (mounts < 0 || sys_statx(mounts, STATX_INO, &there) < 0 ||
	    sys_statx(visit->j->mounts, STATX_INO, &here) < 0)
		return 0;
	if (there.stx_ino != here.stx_ino && there.stx_ino != visit->cleared && visit->users != 0 &&
	    belongs_to(mounts, visit->users))
		clear_by_helper(visit->h, mounts);
	visit->cleared = there.stx_ino;
	return sys_now_ms() < visit->until ? 0 : -ETIMEDOUT;
}

static int visit_process(void *arg, pid_t pid)
{
	struct visit *visit = arg;
	char path[PATH_BYTES];

	visit->pid = pid;
	(void)snprintf(path, sizeof(path), "%d/task", pid);
	return proc_each(visit->h->proc, path, visit_thread, visit) == -ETIMEDOUT ? -ETIMEDOUT : 0;
}

/* Clear every mount namespace inside of the first @h->n of unmountable[]. */
static void clear_all(const struct janitor *j, struct clearing *h)
{
	struct visit visit = {.h = h,
			      .j = j,
			      .users = users_of(j->mounts),
			      .until = sys_now_ms() + ALL_HELPERS_MS};
	const struct descendants inside = {.proc = h->proc, .root = proc_pid_of(h->proc, j->child)};

	if (inside.root > 0) {
		(void)visit_process(&visit, inside.root);
		(void)descendants_each(&inside, visit_process, &visit);
	}
	clear_by_helper(h, j->mounts);
}

/*
 * Free what is stuck inside: abort FUSE connections; with @all, unmount the rest.  Not in a user
 * namespace of the host: there the owner of a connection is unknown.
 */
static void free_stuck(struct janitor *j, bool all)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	struct clearing h = {
		.proc = proc,
		.monitor = j->monitor,
		.n = all ? sizeof(unmountable) / sizeof(unmountable[0]) : 1,
	};

	j->cut = true;
	j->freed = j->freed || all;
	(void)take_inside(j);
	if (j->mounts < 0 || !ns_other_users(&j->box->ns) || proc < 0 ||
	    mountinfo_read(proc, "self", &h.outside) < 0)
		return;
	clear_all(j, &h);
	mountinfo_done(&h.outside);
}

/* Continue the sandbox's processes, which the monitor may have stopped: see job.h. */
static void go_on(const struct janitor *j)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	const struct descendants inside = {
		.proc = proc, .root = proc_pid_of(proc, j->child), .root_too = true};

	(void)descendants_signal(&inside, SIGCONT);
}

/* Whether a sandbox whose command was executed must end with the monitor. */
static bool is_tied(const struct janitor *j)
{
	return j->box->plan->processes.die_with_parent || (j->box->tied && !j->parted);
}

/* Without a PID namespace, kill the descendants of the first process. */
static void kill_descendants(const struct janitor *j)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	const struct descendants inside = {.proc = proc, .root = proc_pid_of(proc, j->child)};

	descendants_kill(&inside);
}

/*
 * Kill the sandbox's processes.  A reaper without a PID namespace does so itself when the monitor
 * exits: it finds all of them, but it may have been stopped.  Without such a reaper, kill the
 * descendants of the first process, and its group.
 */
static void kill_inside(const struct janitor *j)
{
	const struct job job = {.leader = j->child, .group = j->box->first};

	if (j->box->reaper_ends) {
		(void)sys_pidfd_send_signal(j->child, SIGCONT);
		return;
	}
	if (j->executed && !box_is_over_with_first(j->box))
		kill_descendants(j);
	if (j->executed && j->box->own_group && !box_is_over_with_first(j->box))
		job_signal(&job, SIGKILL);
	(void)sys_pidfd_send_signal(j->child, SIGKILL);
}

/* The monitor is gone. */
static void take_monitor_end(struct janitor *j)
{
	struct pollfd inside = {.fd = j->inside}; /* for POLLHUP only */
	bool executed = take_inside(j);

	/* a reaper closes its end shortly after the command has been executed */
	if (!executed && !j->box->plan->processes.die_with_parent &&
	    sys_poll(&inside, 1, EXIT_MS) > 0)
		executed = take_inside(j);
	(void)sys_close(j->monitor);
	j->monitor = -1;
	if (executed && !is_tied(j)) {
		if (j->box->plan->processes.new_session)
			go_on(j);
		return;
	}
	kill_inside(j);
	j->killed = true;
	j->until = sys_now_ms() + ABANDONED_MS;
}

/* The monitor is gone, but the sandbox that was killed has not ended. */
static void take_time(struct janitor *j)
{
	if (!take_inside(j)) /* there are no processes yet that only the reaper can find */
		(void)sys_pidfd_send_signal(j->child, SIGKILL);
	free_stuck(j, true);
	j->until = sys_now_ms() + ABANDONED_MS;
}

static void take_monitor(struct janitor *j)
{
	char byte;
	ssize_t n = sys_read(j->monitor, &byte, sizeof(byte));

	if (n <= 0)
		take_monitor_end(j);
	else if (byte == JANITOR_LET_GO)
		j->let_go = true;
	else if (byte == JANITOR_PART)
		j->parted = true;
	else if (byte == JANITOR_FREE ? !j->freed : !j->cut)
		free_stuck(j, byte == JANITOR_FREE);
}

/* The guard has created a placeholder again, or has exited. */
static void take_guard(struct janitor *j)
{
	struct mount_point_note note;
	struct err unused = {0}; /* the placeholder may stay on the host */
	autoclose int fd = -1;
	struct sys_sender sender;
	ssize_t n = sys_receive(j->guard.sock, &note, sizeof(note), &fd, &sender);

	if (n == sizeof(note)) {
		int r = removal_take(&j->removal, &note, &fd, &unused);

		(void)r;
	} else {
		sys_drop(&j->guard.sock);
	}
}

/* How long to wait for the next event, in milliseconds; -1 for ever. */
static int patience(const struct janitor *j)
{
	int64_t left;

	if (!j->killed)
		return -1;
	left = j->until - sys_now_ms();
	return left < 0 ? 0 : (int)left;
}

enum { MONITOR, CHILD, INSIDE, GUARD, N }; /* what await_end() polls */

/*
 * Take the events in @fds; @n is the return value of poll(2).  Returns whether the waiting is over.
 * If poll(2) keeps failing, kill the sandbox.
 */
static bool take_events(struct janitor *j, const struct pollfd *fds, int n)
{
	j->failed = n < 0 && n != -EINTR ? j->failed + 1 : 0;
	if (j->failed == POLL_TRIES) {
		(void)sys_pidfd_send_signal(j->child, SIGKILL);
		return true;
	}
	if (n < 0)
		return false;
	if (fds[CHILD].revents != 0 || (n == 0 && j->freed))
		return true;
	if (fds[INSIDE].revents != 0)
		(void)take_inside(j); /* the sender waits for room */
	if (fds[GUARD].revents != 0)
		take_guard(j);
	if (fds[MONITOR].revents != 0)
		take_monitor(j);
	else if (n == 0)
		take_time(j);
	return false;
}

/* Wait until the first process has exited, or until there is nothing more to try. */
static void await_end(struct janitor *j)
{
	bool over = false;

	while (!over && !j->let_go) {
		struct pollfd fds[N] = {
			[MONITOR] = {.fd = j->monitor, .events = POLLIN},
			[CHILD] = {.fd = j->child, .events = POLLIN},
			[INSIDE] = {.fd = j->executed ? -1 : j->inside, .events = POLLIN},
			[GUARD] = {.fd = j->guard.sock, .events = POLLIN},
		};
		int n = sys_poll(fds, N, patience(j));

		over = take_events(j, fds, n);
	}
}

/*
 * The first process has exited.  If the kernel has killed it with the monitor, kill the rest of its
 * process group.  A monitor that exits in order waits for this process, or
 * sends JANITOR_LET_GO before.
 */
static void kill_rest(struct janitor *j)
{
	const struct job job = {.leader = j->child, .group = j->box->first};
	struct pollfd monitor = {.fd = j->monitor, .events = POLLIN};
	char request = 0;

	if (j->killed || !j->box->own_group || j->box->has_reaper || box_is_over_with_first(j->box))
		return;
	while (request != JANITOR_LET_GO && sys_poll(&monitor, 1, 0) > 0)
		if (sys_read(j->monitor, &request, sizeof(request)) <= 0) {
			job_signal(&job, SIGKILL);
			j->killed = true;
			return;
		}
}

/* The sandbox is over: remove the host mount points and drop the mount namespace. */
static void clean_up(struct janitor *j)
{
	const struct removal_end end = {
		.fd = j->removal.unmounted,
		.has_come = box_is_over_with_first(j->box),
		.is_forced = j->let_go && j->box->ends_all,
		.kept = j->monitor,
	};

	guard_end(&j->guard); /* it holds the mounts */
	if (end.has_come)
		removal_finish(&j->removal, &end);
	sys_drop(&j->mounts);
	if (!end.has_come)
		removal_finish(&j->removal, &end);
}

/*
 * Leave the caller's process group, which may be killed.  Leave its session as well, unless this
 * process may have to give the terminal back to that group.
 */
static void leave_group(struct janitor *j)
{
	if (!j->box->own_group || j->box->plan->processes.new_session) {
		(void)sys_setsid();
		return;
	}
	j->caller = sys_getpgrp();
	(void)sys_setpgid(0, 0);
}

/* Be the janitor.  Does not return. */
static void be_janitor(struct janitor *j)
{
	int keep[] = {j->child, j->monitor, j->inside, j->mounts, -1, -1};
	sigset_t all;

	sigfillset(&all);
	(void)sys_sigprocmask(SIG_BLOCK, &all, NULL);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-janitor");
	guard_start(j->box, j->child, &j->guard);
	keep[4] = j->guard.pidfd;
	keep[5] = j->guard.sock;
	if (keep_fds(keep, sizeof(keep) / sizeof(keep[0])) < 0)
		sys_exit(EXIT_FAILURE); /* then no command is executed */
	leave_group(j);
	(void)sys_chdir("/");
	(void)sys_write(j->inside, "", 1);
	await_end(j);
	kill_rest(j);
	if (j->killed && j->caller > 0)
		job_return_terminal(j->box->first, j->caller);
	(void)take_inside(j);
	clean_up(j);
	sys_exit(0);
}

int janitor_start(struct box *box, int child, int *mounts, struct err *e)
{
	struct helper *self = &box->helpers[HELPER_JANITOR];
	struct janitor j = {.box = box,
			    .child = child,
			    .mounts = *mounts,
			    .inside = self->from_inside,
			    .monitor = self->to_monitor,
			    .removal = REMOVAL_NONE,
			    .guard = GUARD_HANDLE_NONE};
	pid_t pid = sys_clone_unreaped(&self->pidfd);

	if (pid == 0)
		be_janitor(&j);
	sys_drop(mounts);
	return pid < 0 ? err_sys(e, pid, "cannot start the janitor") : 0;
}

void janitor_ask(const struct helper *janitor, enum janitor_request request)
{
	const char byte = (char)request;

	(void)sys_send(janitor->monitor, &byte, sizeof(byte), -1);
	if (janitor->pidfd >= 0) /* the command may have stopped it */
		(void)sys_pidfd_send_signal(janitor->pidfd, SIGCONT);
}

bool janitor_is_over(const struct helper *janitor)
{
	struct pollfd report = {.fd = janitor->monitor, .events = POLLIN};
	struct janitor_work last;

	if (janitor->pidfd < 0)
		return true; /* it has not been started */
	while (sys_poll(&report, 1, 0) > 0)
		if (sys_read(janitor->monitor, &last, sizeof(last)) <= 0)
			return true;
	return false;
}

void janitor_listen(const struct helper *janitor, struct janitor_work *ret)
{
	struct pollfd report = {.fd = janitor->monitor, .events = POLLIN};

	ret->doing[0] = '\0';
	while (sys_poll(&report, 1, 0) > 0) {
		struct janitor_work next;

		if (sys_read(janitor->monitor, &next, sizeof(next)) != sizeof(next))
			return;
		*ret = next;
		ret->doing[sizeof(ret->doing) - 1] = '\0';
	}
}
