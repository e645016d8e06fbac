/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * Whoever drops the last reference to a mount namespace, by ending or by closing a
 * descriptor, carries out what follows from it: every file system that is mounted nowhere
 * else is shut down, in that process, before its parent can see it end.  With millions of
 * files that takes seconds; on a kernel that is at fault, for ever; and no signal ends it.
 *
 * The janitor is the process to which this happens.  It stands outside of all namespaces of
 * the sandbox and holds a reference of the mount namespace, from before there is a file system.
 * The monitor has it of the first process inside; where the kernel does not let it, that process
 * sends it.  The janitor lets go when that process has ended, in one step: to unmount one by one
 * would take twenty times as long.  Nobody waits for it without a bound, and it has no descriptor
 * of the caller's that somebody could wait for.
 *
 *	first process inside ends ──────► let the namespace go, end
 *	the monitor says so       ──────► cut connections to file servers, once; free all that is
 *	                                  stuck, once; or let go
 *	the monitor is gone:
 *	    the command not yet executed,
 *	    or tied to it         ──────► kill; after a while, free what is stuck; let go
 *	    else                  ──────► go on: the sandbox lives on
 *
 * The socket to the inside is closed there when the command is executed: its end of file
 * tells.
 *
 * The janitor removes the mount points that were made on the host, see litter.c: with a process
 * namespace, before it lets the mounts go, which may take long.  Without one, somebody may live on
 * who sees them, when the first process has ended; then it leaves a process behind that waits.
 *
 * To free what is stuck, a helper enters the mount namespace and goes through the file systems
 * that were mounted inside, once: it cuts connections to file servers (FUSE), which frees who
 * waits for these; and where nothing inside may live on, it takes down the others of the
 * sandbox's own, so that their memory is not held by a process that cannot end.  Somebody hostile
 * can be in there with all capabilities, and must not get at the helper, whose descriptors lead to
 * the host (CVE-2016-9962): it makes itself undumpable before it enters.  It works on descriptors,
 * because a path may lead through a file system that hangs.  What is mounted outside as well is
 * left alone: forcing it would end a connection of somebody else's.
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
#define USERS_MAX 33 /* levels of user namespaces that the kernel nests, with the first */

int janitor_await(int sock, struct err *e)
{
	int r = io_await_byte(sock);

	return r < 0 ? err_sys(e, r, "cannot hear from the janitor") : 0;
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
	(void)err_sys(e, r, "cannot give the mount namespace to the janitor");
	hint_in_flight(e);
	return r;
}

/* What the janitor knows. */
struct watch {
	const struct box *box;
	int child;              /* pidfd of the first process inside */
	int monitor;            /* socket; -1 once the monitor is gone */
	int inside;             /* socket; its partners are closed when the command is executed */
	int mounts;             /* the mount namespace, -1 if it has not come yet */
	bool executed;          /* the command has been */
	bool parted;            /* the command has exited: others may live on */
	pid_t caller;           /* the process group that the monitor is in */
	bool killed;            /* the sandbox is to end, the monitor being gone */
	bool cut;               /* connections to file servers have been, */
	bool freed;             /* and the rest has been taken down */
	bool let_go;            /* whatever is still there */
	unsigned failed;        /* calls of poll(2) in a row */
	int64_t until;          /* when @killed: the end of patience */
	struct removal removal; /* what is to be removed in the end */
	struct guard guard;     /* of the protected paths, if there are any */
};

/* Take a message from inside, of @n bytes, which came with *@fd. */
static void take_message(struct watch *w, const struct mount_point_note *said, size_t n, int *fd)
{
	struct err unheard = {0}; /* the monitor fails for the same reason */
	int r = 0;

	if (n == sizeof(*said))
		r = removal_take(&w->removal, said, fd, &unheard);
	else if (w->mounts < 0)
		w->mounts = fd_take(fd);
	(void)r;
}

/*
 * Receive what is said of mount points, and the mount namespace if it is sent: it has been in the
 * socket up to now, which holds it as well.  Who is killed before he has read what was sent to him
 * leaves ECONNRESET behind, once; what he said comes after that.  Returns whether the command has
 * been executed.
 */
static bool take_inside(struct watch *w)
{
	struct pollfd inside = {.fd = w->inside, .events = POLLIN};

	while (!w->executed && sys_poll(&inside, 1, 0) > 0) {
		struct mount_point_note said;
		autoclose int fd = -1;
		struct sys_sender sender;
		ssize_t n = sys_receive(w->inside, &said, sizeof(said), &fd, &sender);

		if (n > 0)
			take_message(w, &said, (size_t)n, &fd);
		else if (n != -ECONNRESET)
			w->executed = true;
	}
	return w->executed;
}

/* Say what is being done, for as long as somebody listens. */
static void note(int sock, const char *doing, const char *what, const char *type)
{
	struct janitor_note note = {0};

	if (!io_has_room(sock, 0))
		return; /* nobody has read the last ones */
	(void)snprintf(note.doing, sizeof(note.doing), "%s %s (%s)", doing, what, type);
	(void)sys_write(sock, &note, sizeof(note));
}

/* What a helper that clears a mount namespace is given. */
struct clearing {
	int proc;    /* the host's procfs */
	int monitor; /* to tell of what it does */
	int mounts;  /* the mount namespace to clear */
	size_t n;    /* how many of own[] are to go */
	struct mountinfo outside;
};

/* How file systems that may be the sandbox's own are unmounted; others stay. */
static const struct {
	const char *type;
	int flags;
} own[] = {
	{"fuse", MNT_FORCE | MNT_DETACH}, /* forced: once detached, nobody could any more */
	{"tmpfs", MNT_DETACH},
	{"overlay", MNT_DETACH},
	{"proc", MNT_DETACH},
	{"mqueue", MNT_DETACH},
	{"devpts", MNT_DETACH},
};

/*
 * Unmount @mount if it is still where it was, by a descriptor.  The working directory is the
 * host's procfs: to enter the mount itself would ask its file server for leave.
 */
static void unmount(const struct clearing *h, const struct mountinfo_entry *mount, int root,
		    int flags)
{
	autoclose int fd = sys_openat_in(root, mount->point, O_PATH | O_NOFOLLOW);
	char path[PATH_BYTES];
	struct statx st = {0};

	if (fd < 0 || sys_statx(fd, STATX_MNT_ID, &st) < 0 || st.stx_mnt_id != mount->id)
		return;
	note(h->monitor, "unmounting", mount->point, mount->type);
	(void)snprintf(path, sizeof(path), "self/fd/%d", fd);
	(void)sys_umount(path, flags);
}

/* Unmount what is of @type among @inside, and nowhere outside. */
static void clear_type(const struct clearing *h, const struct mountinfo *inside, int root,
		       const char *type, int flags)
{
	for (size_t i = 0; i < inside->n; i++)
		if (mountinfo_is_type(&inside->list[i], type) &&
		    !mountinfo_has_device(&h->outside, inside->list[i].device))
			unmount(h, &inside->list[i], root, flags);
}

/*
 * As a helper: go through the file systems of one namespace, once; those of file servers come
 * first.  Returns the exit status.
 */
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
		clear_type(h, &inside, root, own[i].type, own[i].flags);
	mountinfo_done(&inside);
	return r < 0;
}

/* Have a helper clear @mounts. */
static void clear_by_helper(struct clearing *h, int mounts)
{
	h->mounts = mounts;
	(void)helper_run(clear, h, HELPER_MS);
}

/*
 * Whether the mount namespace @mounts belongs to the user namespace with the number @users, or to
 * one below it.
 */
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

/* The number of the user namespace that @mounts belongs to, or 0. */
static uint64_t users_of(int mounts)
{
	autoclose int users = sys_ns_users(mounts);
	struct statx st = {0};

	return users >= 0 && sys_statx(users, STATX_INO, &st) == 0 ? st.stx_ino : 0;
}

/*
 * A thread of a process inside: if it is in a mount namespace of its own, clear that.  Its number
 * may be that of another process by now: then the namespace is not the sandbox's.
 */
struct visit {
	struct clearing *h;
	const struct watch *w;
	pid_t pid;
	uint64_t users;   /* the inode number of the sandbox's user namespace */
	uint64_t cleared; /* the inode number of the namespace that was the last */
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
	    sys_statx(visit->w->mounts, STATX_INO, &here) < 0)
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

/* Clear every mount namespace inside; @h->n says of what. */
static void clear_all(const struct watch *w, struct clearing *h)
{
	struct visit visit = {.h = h,
			      .w = w,
			      .users = users_of(w->mounts),
			      .until = sys_now_ms() + ALL_HELPERS_MS};
	const struct descendants kin = {.proc = h->proc, .root = proc_pid_of(h->proc, w->child)};

	if (kin.root > 0) {
		(void)visit_process(&visit, kin.root);
		(void)descendants_each(&kin, visit_process, &visit);
	}
	clear_by_helper(h, w->mounts);
}

/*
 * Free what is stuck inside: cut connections; with @all, take down the rest.  In a user
 * namespace of the host's, the kernel does not tell whose a connection is.
 */
static void free_stuck(struct watch *w, bool all)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	struct clearing h = {
		.proc = proc,
		.monitor = w->monitor,
		.n = all ? sizeof(own) / sizeof(own[0]) : 1,
	};

	w->cut = true;
	w->freed = w->freed || all;
	(void)take_inside(w);
	if (w->mounts < 0 || !ns_other_users(&w->box->ns) || proc < 0 ||
	    mountinfo_read(proc, "self", &h.outside) < 0)
		return;
	clear_all(w, &h);
	mountinfo_done(&h.outside);
}

/* The monitor may have stopped those inside, see job.h, and cannot continue them any more. */
static void go_on(const struct watch *w)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	const struct descendants kin = {
		.proc = proc, .root = proc_pid_of(proc, w->child), .root_too = true};

	(void)descendants_signal(&kin, SIGCONT);
}

/* Whether nothing inside may go on without the monitor, once the command is executed. */
static bool is_tied(const struct watch *w)
{
	return w->box->plan->processes.die_with_parent || (w->box->tied && !w->parted);
}

/* Without a process namespace, kill those that descend from the first process inside. */
static void kill_kin(const struct watch *w)
{
	autoclose int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	const struct descendants kin = {.proc = proc, .root = proc_pid_of(proc, w->child)};

	descendants_kill(&kin);
}

/*
 * Kill who is inside.  Without a process namespace, the reaper sees the monitor's end as well,
 * and is the one that can find all processes; it may have been stopped.  Where there is none
 * that ends others, those are killed that descend from the first process, and its group.
 */
static void kill_inside(const struct watch *w)
{
	const struct job job = {.leader = w->child, .group = w->box->first};

	if (w->box->reaper_ends) {
		(void)sys_pidfd_send_signal(w->child, SIGCONT);
		return;
	}
	if (w->executed && !box_is_over_with_first(w->box))
		kill_kin(w);
	if (w->executed && w->box->own_group && !box_is_over_with_first(w->box))
		job_signal(&job, SIGKILL);
	(void)sys_pidfd_send_signal(w->child, SIGKILL);
}

/* The monitor is gone. */
static void take_monitor_end(struct watch *w)
{
	struct pollfd inside = {.fd = w->inside}; /* for its end only */
	bool executed = take_inside(w);

	/* a reaper closes its end a moment after the command has been executed */
	if (!executed && !w->box->plan->processes.die_with_parent &&
	    sys_poll(&inside, 1, EXIT_MS) > 0)
		executed = take_inside(w);
	(void)sys_close(w->monitor);
	w->monitor = -1;
	if (executed && !is_tied(w)) {
		if (w->box->plan->processes.new_session)
			go_on(w);
		return;
	}
	kill_inside(w);
	w->killed = true;
	w->until = sys_now_ms() + ABANDONED_MS;
}

/* The sandbox of a monitor that is gone does not end. */
static void take_time(struct watch *w)
{
	if (!take_inside(w)) /* nobody has children yet whom only the reaper could find */
		(void)sys_pidfd_send_signal(w->child, SIGKILL);
	free_stuck(w, true);
	w->until = sys_now_ms() + ABANDONED_MS;
}

static void take_monitor(struct watch *w)
{
	char byte;
	ssize_t n = sys_read(w->monitor, &byte, sizeof(byte));

	if (n <= 0)
		take_monitor_end(w);
	else if (byte == JANITOR_LET_GO)
		w->let_go = true;
	else if (byte == JANITOR_PART)
		w->parted = true;
	else if (byte == JANITOR_FREE ? !w->freed : !w->cut)
		free_stuck(w, byte == JANITOR_FREE);
}

/* The guard has made a placeholder again, or has exited. */
static void take_guard(struct watch *w)
{
	struct mount_point_note said;
	struct err unheard = {0}; /* at exit something may stay on the host */
	autoclose int fd = -1;
	struct sys_sender sender;
	ssize_t n = sys_receive(w->guard.sock, &said, sizeof(said), &fd, &sender);

	if (n == sizeof(said)) {
		int r = removal_take(&w->removal, &said, &fd, &unheard);

		(void)r;
	} else {
		(void)sys_close(fd_take(&w->guard.sock));
	}
}

/* How long to wait for the next event, in milliseconds; -1: for ever. */
static int patience(const struct watch *w)
{
	int64_t left;

	if (!w->killed)
		return -1;
	left = w->until - sys_now_ms();
	return left < 0 ? 0 : (int)left;
}

enum { MONITOR, CHILD, INSIDE, GUARD, N }; /* what await_end() polls */

/*
 * Take what poll(2) has returned, @n, and found in @fds.  Returns whether the waiting is over.  If
 * poll(2) fails again and again, the sandbox ends.
 */
static bool take_events(struct watch *w, const struct pollfd *fds, int n)
{
	w->failed = n < 0 && n != -EINTR ? w->failed + 1 : 0;
	if (w->failed == POLL_TRIES) {
		(void)sys_pidfd_send_signal(w->child, SIGKILL);
		return true;
	}
	if (n < 0)
		return false;
	if (fds[CHILD].revents != 0 || (n == 0 && w->freed))
		return true;
	if (fds[INSIDE].revents != 0)
		(void)take_inside(w); /* who sends waits for room */
	if (fds[GUARD].revents != 0)
		take_guard(w);
	if (fds[MONITOR].revents != 0)
		take_monitor(w);
	else if (n == 0)
		take_time(w);
	return false;
}

/* Wait for the end of the first process inside, or of patience. */
static void await_end(struct watch *w)
{
	bool over = false;

	while (!over && !w->let_go) {
		struct pollfd fds[N] = {
			[MONITOR] = {.fd = w->monitor, .events = POLLIN},
			[CHILD] = {.fd = w->child, .events = POLLIN},
			[INSIDE] = {.fd = w->executed ? -1 : w->inside, .events = POLLIN},
			[GUARD] = {.fd = w->guard.sock, .events = POLLIN},
		};
		int n = sys_poll(fds, w->guard.sock < 0 ? GUARD : N, patience(w));

		over = take_events(w, fds, n);
	}
}

/*
 * The first process inside has ended.  If the kernel has killed it with the monitor, those are
 * still to be killed that it has left in its process group.  A monitor that goes in order says
 * something before.
 */
static void kill_rest(struct watch *w)
{
	const struct job job = {.leader = w->child, .group = w->box->first};
	struct pollfd monitor = {.fd = w->monitor, .events = POLLIN};
	char said = 0;

	if (w->killed || !w->box->own_group || w->box->has_reaper || box_is_over_with_first(w->box))
		return;
	while (said != JANITOR_LET_GO && sys_poll(&monitor, 1, 0) > 0)
		if (sys_read(w->monitor, &said, sizeof(said)) <= 0) {
			job_signal(&job, SIGKILL);
			w->killed = true;
			return;
		}
}

static void let_mounts_go(struct watch *w)
{
	if (w->mounts >= 0)
		(void)sys_close(w->mounts);
	w->mounts = -1;
}

/*
 * The sandbox is over, as far as this process waits for it: remove what was made on the host, and
 * let the mounts go.
 */
static void clean_up(struct watch *w)
{
	const struct removal_end end = {
		.fd = w->removal.unmounted,
		.has_come = box_is_over_with_first(w->box),
		.is_forced = w->let_go && w->box->ends_all,
		.kept = w->monitor,
	};

	guard_end(&w->guard); /* it holds the mounts */
	if (end.has_come)
		removal_finish(&w->removal, &end);
	let_mounts_go(w);
	if (!end.has_come)
		removal_finish(&w->removal, &end);
}

/*
 * Leave the caller's process group, which may be killed; and its session, unless this process
 * may have to give the terminal back to that group.
 */
static void leave_group(struct watch *w)
{
	if (!w->box->own_group || w->box->plan->processes.new_session) {
		(void)sys_setsid();
		return;
	}
	w->caller = sys_getpgrp();
	(void)sys_setpgid(0, 0);
}

/* Be the janitor.  Does not return. */
static void be_janitor(struct watch *w)
{
	int keep[] = {w->child, w->monitor, w->inside, w->mounts, -1, -1};
	sigset_t all;

	sigfillset(&all);
	(void)sys_sigprocmask(SIG_BLOCK, &all, NULL);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-janitor");
	guard_start(w->box, w->child, &w->guard);
	keep[4] = w->guard.pidfd;
	keep[5] = w->guard.sock;
	if (keep_fds(keep, sizeof(keep) / sizeof(keep[0])) < 0)
		sys_exit(EXIT_FAILURE); /* no command is executed then */
	leave_group(w);
	(void)sys_chdir("/");
	(void)sys_write(w->inside, "", 1);
	await_end(w);
	kill_rest(w);
	if (w->killed && w->caller > 0)
		job_return_terminal(w->box->first, w->caller);
	(void)take_inside(w);
	clean_up(w);
	sys_exit(0);
}

int janitor_start(struct box *box, int child, int *mounts, struct err *e)
{
	struct helper *self = &box->helpers[HELPER_JANITOR];
	struct watch w = {.box = box,
			  .child = child,
			  .mounts = *mounts,
			  .inside = self->from_inside,
			  .monitor = self->to_monitor,
			  .removal = REMOVAL_NONE,
			  .guard = GUARD_NONE_STARTED};
	pid_t pid = sys_clone_unreaped(&self->pidfd);

	if (pid == 0)
		be_janitor(&w);
	if (*mounts >= 0)
		(void)sys_close(fd_take(mounts));
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
	struct pollfd said = {.fd = janitor->monitor, .events = POLLIN};
	struct janitor_note last;

	if (janitor->pidfd < 0)
		return true; /* it has not been started */
	while (sys_poll(&said, 1, 0) > 0)
		if (sys_read(janitor->monitor, &last, sizeof(last)) <= 0)
			return true;
	return false;
}

void janitor_listen(const struct helper *janitor, struct janitor_note *ret)
{
	struct pollfd said = {.fd = janitor->monitor, .events = POLLIN};

	ret->doing[0] = '\0';
	while (sys_poll(&said, 1, 0) > 0) {
		struct janitor_note next;

		if (sys_read(janitor->monitor, &next, sizeof(next)) != sizeof(next))
			return;
		*ret = next;
		ret->doing[sizeof(ret->doing) - 1] = '\0';
	}
}
