/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * When a file is renamed onto another or is unlinked, the kernel detaches all mounts on it in every
 * mount namespace but the caller's own.  So a program on the host that saves a protected file, as
 * editors do, removes the protection in the sandbox.  A rename of the file, or of a directory above
 * it, takes the mount along and leaves the path without one.
 *
 * The guard notices that and protects the path again.  It is a child of the janitor, outside of the
 * sandbox's PID namespace.  It has entered the mount namespace of the command and the user
 * namespace that owns it, with all capabilities there.  The payload must not trace it: see
 * helper_enter().
 *
 *	first process   builds, and enters its last namespaces
 *	   │ paths, and numbers of ──────────► guard   copies the mount namespace and the stage,
 *	   │   descriptors                     │       enters, finds each path, opens its mount
 *	   │ ◄── an answer ────────────────────┤
 *	command                                │ looks at each path
 *	                                       ├── a note, or an error ──► monitor
 *	                                       └── placeholders ─────────► monitor, janitor
 *
 * The copies are made by pidfd_getfd(2), while the first process waits for the answer.  Where the
 * guard may not do that, the first process sends both.  That needs room for descriptors in flight,
 * and another payload of the same user can leave none.
 *
 * The mount table of a namespace can be polled, and reports a detached mount at once.  No event
 * comes for a rename that takes a mount along, nor for a file that appears at a path where there
 * was none. So the guard looks every GUARD_LOOK_MS as well, less often if a look takes long:
 * neither many paths nor a payload that mounts keep it busy.
 *
 * A path has no link in it, and the directories on it are pinned, so the payload cannot lead the
 * guard elsewhere.  A directory that the host has put there is pinned first, see apply_protect.c.
 * The descriptor of each protecting mount keeps the mount ID from being used again.  Where the
 * payload has mounted over one, the mount table shows whether the protecting mount is still there.
 *
 * A command with CAP_SYS_ADMIN can unmount what the guard mounts: the kernel locks only the mounts
 * that were there when the namespace was copied.  There the sandbox ends instead.
 *
 * The guard's descriptors hold the mounts.  It exits with the first process, and the janitor kills
 * it before dropping the mount namespace.
 */
#include "run/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "host/descendants.h"
#include "host/hint.h"
#include "host/mountinfo.h"
#include "host/proc.h"
#include "ipc/report.h"
#include "mounts/dest.h"
#include "mounts/mask.h"
#include "run/fds.h"
#include "sys/helper.h"
#include "sys/io.h"
#include "sys/keep.h"
#include "sys/sys.h"

enum guard_way guard_plan(const struct box *box)
{
	const struct plan *plan = box->plan;
	bool is_admin = (box->caps.keep & caps_bit(CAP_SYS_ADMIN)) != 0 && box->ns.users2 < 0;

	if (!plan_protects(plan))
		return GUARD_OFF;
	switch (plan_protect(plan)) {
	case PROTECT_OR_DIE:
		return GUARD_END;
	case PROTECT_TRY:
		return GUARD_TRY;
	case PROTECT_USUAL:
		break;
	}
	if (!is_admin)
		return GUARD_PUT_BACK;
	return box->ns.lock_mounts ? GUARD_END : GUARD_OFF;
}

/* --- Between the first process and the guard -------------------------------- */

/* The first message to the guard.  The descriptors are those of the first process. */
struct opening {
	size_t n;   /* how many paths follow */
	int mounts; /* the command's mount namespace */
	int stage;  /* the staging tmpfs there */
};

/* A struct protected_path. */
struct path_message {
	size_t op;
	bool on_host;
	struct inode parent;
	char path[PATH_MAX];
};

#define SEND_BOTH 1 /* an answer: mount namespace and staging tmpfs have to be sent */

/* The guard's answer. */
struct answer {
	int r;     /* 0, -errno or SEND_BOTH */
	size_t op; /* the op that failed; SIZE_MAX for none */
};

/* Send the opening and the paths to the guard.  Returns 0 or -errno. */
static int send_paths(int sock, const struct opening *opening, const struct protected_path *paths)
{
	int r = io_pass(sock, opening, sizeof(*opening), -1);

	for (size_t i = 0; r == 0 && i < opening->n; i++) {
		struct path_message m = {
			.op = paths[i].op, .on_host = paths[i].on_host, .parent = paths[i].parent};

		(void)snprintf(m.path, sizeof(m.path), "%s", paths[i].path);
		r = io_pass(sock, &m, sizeof(m), -1);
	}
	return r;
}

/* Wait for the guard's answer.  Returns its @r with *@op set, or -errno. */
static int await_answer(int sock, size_t *op)
{
	struct answer answer;
	ssize_t got = sys_read(sock, &answer, sizeof(answer));

	if (got != sizeof(answer))
		return got < 0 ? (int)got : -EPIPE;
	*op = answer.op;
	return answer.r;
}

/* Have @n @paths watched.  Returns 0 or -errno, with *@op set if one failed. */
static int entrust(int sock, const struct protected_path *paths, size_t n, int stage, int proc,
		   size_t *op)
{
	autoclose int mounts = sys_openat(proc, "self/ns/mnt", O_RDONLY, 0);
	const struct opening opening = {.n = n, .mounts = mounts, .stage = stage};
	int r = mounts < 0 ? mounts : send_paths(sock, &opening, paths);

	if (r == 0)
		r = await_answer(sock, op);
	if (r != SEND_BOTH)
		return r;
	r = io_pass(sock, "", 1, mounts);
	if (r == 0)
		r = io_pass(sock, "", 1, stage);
	return r < 0 ? r : await_answer(sock, op);
}

int guard_entrust(struct box *box, const struct protected_path *paths, size_t n, int stage,
		  int proc, struct err *e)
{
	const struct plan *plan = box->plan;
	size_t op = SIZE_MAX;
	int r = entrust(box->helpers[HELPER_GUARD].inside, paths, n, stage, proc, &op);

	(void)sys_close(fd_take(&box->helpers[HELPER_GUARD].inside));
	if (r == 0 ||
	    box->guard_way == GUARD_TRY) /* then the monitor sees the guard exit, and warns */
		return 0;
	(void)err_sys(e, r, "cannot watch the protected paths");
	hint_in_flight(e);
	if (op >= plan->files.n_ops)
		return r;
	(void)err_path(e, plan->files.ops[op].dest);
	return err_option(e, plan->files.ops[op].option);
}

/* --- The guard -------------------------------------------------------------- */

/* A path that is watched. */
struct watched_path {
	const struct op *op;
	bool on_host;
	struct inode parent;
	char *path;
	int mount;         /* the root of the protecting mount, -1 while there is none */
	uint64_t mount_id; /* of that mount */
	int64_t intact;    /* when it was last seen to be protected */
	int64_t failing;   /* since when it cannot be protected again; 0: it can */
	int64_t noted;     /* when a note about it was sent */
	unsigned times;    /* how often it was protected again since */
	int64_t exposed;   /* the longest time without protection since, in ms */
	bool was_missing;  /* at the last look */
	bool has_failed;   /* a note about a failure was sent */
};

struct guard {
	const struct box *box;
	struct site site;
	int child;   /* pidfd of the first process */
	int janitor; /* socket */
	int proc;    /* the host's procfs */
	int table;   /* the mount table, to be polled */
	struct watched_path *paths;
	size_t n;
};

/* Receive a message of @size bytes.  Returns 0 or -errno; *@fd is the descriptor in it. */
static int receive(int sock, void *message, size_t size, int *fd)
{
	struct sys_sender sender;
	ssize_t n = sys_receive(sock, message, size, fd, &sender);

	if (n < 0)
		return (int)n;
	return (size_t)n == size ? 0 : -EPIPE;
}

static int receive_path(struct guard *g, struct watched_path *ret)
{
	const struct plan *plan = g->box->plan;
	struct path_message m;
	autoclose int fd = -1;
	int r = receive(g->box->helpers[HELPER_GUARD].from_inside, &m, sizeof(m), &fd);

	if (r < 0)
		return r;
	m.path[sizeof(m.path) - 1] = '\0';
	if (m.op >= plan->files.n_ops)
		return -EPROTO;
	*ret = (struct watched_path){.op = &plan->files.ops[m.op],
				     .on_host = m.on_host,
				     .parent = m.parent,
				     .path = strdup(m.path),
				     .mount = -1,
				     .intact = sys_now_ms()};
	return ret->path == NULL ? -ENOMEM : 0;
}

/* Receive a descriptor.  Returns it, or -errno. */
static int receive_fd(int sock)
{
	char byte;
	int fd = -1;
	int r = receive(sock, &byte, sizeof(byte), &fd);

	if (r < 0)
		return r;
	return fd < 0 ? -EMFILE : fd;
}

/* Ask for the mount namespace and the staging tmpfs.  Returns 0 or -errno. */
static int have_both_sent(struct guard *g, int *mounts)
{
	const struct answer request = {.r = SEND_BOTH, .op = SIZE_MAX};
	int sock = g->box->helpers[HELPER_GUARD].from_inside;
	ssize_t n = sys_send(sock, &request, sizeof(request), -1);

	if (n < 0)
		return (int)n;
	*mounts = receive_fd(sock);
	g->site.roots.stage = *mounts < 0 ? *mounts : receive_fd(sock);
	return g->site.roots.stage < 0 ? g->site.roots.stage : 0;
}

/*
 * Copy the mount namespace and the staging tmpfs.  Only the first process has the socket's other
 * end, so the numbers are of its descriptors.  Returns 0 or -errno.
 */
static int take_both(struct guard *g, const struct opening *opening, int *mounts)
{
	autoclose int fd = sys_pidfd_getfd(g->child, opening->mounts);
	int stage = fd < 0 ? fd : sys_pidfd_getfd(g->child, opening->stage);

	if (stage < 0)
		return have_both_sent(g, mounts);
	*mounts = fd_take(&fd);
	g->site.roots.stage = stage;
	return 0;
}

/* Receive all paths, the mount namespace and the staging tmpfs.  Returns 0 or -errno. */
static int receive_all(struct guard *g, int *mounts)
{
	struct opening opening;
	autoclose int unused = -1;
	int r = receive(g->box->helpers[HELPER_GUARD].from_inside, &opening, sizeof(opening),
			&unused);

	if (r == 0)
		g->paths = calloc(opening.n + 1, sizeof(*g->paths));
	if (r == 0 && g->paths == NULL)
		r = -ENOMEM;
	while (r == 0 && g->n < opening.n) {
		r = receive_path(g, &g->paths[g->n]);
		g->n += r == 0;
	}
	return r < 0 ? r : take_both(g, &opening, mounts);
}

/* No link on a path is followed. */
static struct dest_root root_of(const struct guard *g)
{
	return (struct dest_root){.fd = g->site.roots.box, .links = LINK_NONE};
}

/* Open the path: an O_PATH descriptor with *@st, or -errno. */
static int open_path(const struct guard *g, const struct watched_path *path, struct statx *st)
{
	struct err unused = {0};
	autoclose int fd = dest_open(root_of(g), path->path, &unused);
	int r = fd < 0 ? fd : sys_statx(fd, STATX_TYPE | STATX_INO | STATX_MNT_ID, st);

	return r < 0 ? r : fd_take(&fd);
}

static bool is_mounted_on(const struct statx *st)
{
	return (st->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Record the mount with the root @fd as the protecting one. */
static void adopt_mount(struct watched_path *path, int *fd, const struct statx *st)
{
	path->mount = fd_take(fd);
	path->mount_id = st->stx_mnt_id;
	path->intact = sys_now_ms();
	path->failing = 0;
	path->was_missing = path->has_failed = false;
}

/* Whether the mount with the root @fd does what the op says.  Returns 1 or 0, or -errno. */
static int does_protect(const struct guard *g, const struct watched_path *path, int fd)
{
	struct statfs fs = {0};
	int r;

	if (path->op->kind != OP_RO)
		return mask_covers(g->site.roots.stage, fd);
	r = sys_fstatfs(fd, &fs);
	return r < 0 ? r : (fs.f_flags & ST_RDONLY) != 0;
}

/* Whether @r, of opening a path, means that there is nothing to protect for the guard. */
static bool leads_nowhere(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES;
}

/*
 * Whether the path leads elsewhere than while the sandbox was being built: a later option may have
 * mounted over it, or over a directory above it.  Returns 1 or 0, or -errno.
 */
static int is_covered(const struct guard *g, const struct watched_path *path)
{
	char above[PATH_MAX];
	struct err unused = {0};
	autoclose int dir = -1;
	struct statx st = {0};
	int r;

	(void)snprintf(above, sizeof(above), "%.*s", (int)(strrchr(path->path, '/') - path->path),
		       path->path);
	dir = dest_open(root_of(g), above, &unused);
	r = dir < 0 ? dir : sys_statx(dir, STATX_INO, &st);
	if (r < 0)
		return leads_nowhere(r) ? true : r;
	return !inode_is_same(inode_of(&st), path->parent);
}

/*
 * Find the protecting mount of the path.  Returns 1, also if there is none any more; 0 if a later
 * option has mounted over it; or -errno.
 */
static int find(const struct guard *g, struct watched_path *path)
{
	struct statx st = {0};
	autoclose int fd = -1;
	int r = is_covered(g, path);

	if (r != 0)
		return r < 0 ? r : 0;
	fd = open_path(g, path, &st);
	if (fd < 0 && !leads_nowhere(fd))
		return fd;
	if (fd < 0 || !is_mounted_on(&st))
		return 1;
	r = does_protect(g, path, fd);
	if (r > 0)
		adopt_mount(path, &fd, &st);
	return r;
}

/* Find all, and forget paths with a later mount over them.  Returns 0 or -errno with *@op set. */
static int find_all(struct guard *g, size_t *op)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		int r = find(g, &g->paths[i]);

		if (r < 0) {
			*op = (size_t)(g->paths[i].op - g->box->plan->files.ops);
			return r;
		}
		if (r > 0)
			g->paths[n++] = g->paths[i];
		else
			free(g->paths[i].path);
	}
	g->n = n;
	return 0;
}

/* Receive all, enter and find.  Returns 0 or -errno, with *@op set if one failed. */
static int set_up(struct guard *g, size_t *op)
{
	autoclose int mounts = -1;
	int r = receive_all(g, &mounts);

	(void)sys_raise_files(); /* each path takes a descriptor */
	if (r == 0)
		r = g->proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		r = helper_enter(mounts);
	if (r == 0)
		r = g->site.roots.box = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		r = g->table = sys_openat(g->proc, "self/mountinfo", O_RDONLY, 0);
	if (r < 0)
		return r;
	g->site.mount_points.stage = g->site.roots.stage;
	g->site.mount_points.cwd = g->site.roots.box;
	return find_all(g, op);
}

/* Whether the protecting mount is in the mount table: 1 or 0, or -errno. */
static int is_in_table(const struct guard *g, const struct watched_path *path)
{
	struct mountinfo info = {0};
	int r = path->mount < 0 ? 0 : mountinfo_read(g->proc, "self", &info);
	int found = 0;

	for (size_t i = 0; r == 0 && i < info.n && !found; i++)
		found = info.list[i].id == path->mount_id;
	mountinfo_done(&info);
	return r < 0 ? r : found;
}

/* Whether the path is protected: 1 or 0, or -errno. */
static int is_intact(const struct guard *g, const struct watched_path *path)
{
	struct statx st = {0};
	autoclose int fd = open_path(g, path, &st);

	if (fd < 0)
		return leads_nowhere(fd) ? 0 : fd;
	if (path->mount >= 0 && st.stx_mnt_id == path->mount_id)
		return 1;
	return is_mounted_on(&st) ? is_in_table(g, path) : 0;
}

/* Parts of the messages, by the kind of op. */
static const struct {
	const char *again;
	const char *lost;
} words[] = {
	[OP_MASK] = {"it is masked again", "it was no longer masked"},
	[OP_RO] = {"it is read-only again", "it was no longer read-only"},
	[OP_DENY_CREATE] = {"it is kept from being created again",
			    "it was no longer kept from being created"},
};

/*
 * Whether there is room for a report to the monitor.  If that is stopped there may be none, and
 * waiting for it would leave the paths unprotected.
 */
static bool can_report(const struct guard *g)
{
	return io_has_room(g->box->helpers[HELPER_GUARD].to_monitor, 0);
}

/* Whether the monitor has exited: processes that the command has left can outlive it. */
static bool is_alone(const struct guard *g)
{
	struct pollfd monitor = {.fd = g->box->helpers[HELPER_GUARD].to_monitor};

	return sys_poll(&monitor, 1, 0) > 0 && (monitor.revents & POLLHUP) != 0;
}

static void send_note(const struct guard *g, const struct watched_path *path, const char *text)
{
	struct note note = {.level = NOTE_WARNING};

	(void)snprintf(note.option, sizeof(note.option), "--%s", path->op->option);
	(void)snprintf(note.path, sizeof(note.path), "%s", path->op->dest);
	(void)snprintf(note.text, sizeof(note.text), "%s: %s %s", note.option, path->op->dest,
		       text);
	if (report_note(g->box->helpers[HELPER_GUARD].to_monitor, &note) < 0)
		return; /* the monitor is gone */
}

/* Send a note if the path was protected again, but not all the time. */
static void report_restored(const struct guard *g, struct watched_path *path)
{
	char text[sizeof(((struct note *)0)->text)];
	int64_t now = sys_now_ms();

	if (path->times == 0 || (path->noted != 0 && now - path->noted < NOTES_MS))
		return;
	if (!can_report(g))
		return; /* later */
	(void)snprintf(text, sizeof(text), "was replaced or uncovered%s: %s, after at most %d ms",
		       path->times > 1 ? " several times" : "", words[path->op->kind].again,
		       (int)path->exposed);
	send_note(g, path, text);
	path->noted = now;
	path->times = 0;
	path->exposed = 0;
}

/* Report that the sandbox ends, because of @r or, if that is 0, of GUARD_END.  Returns -errno. */
static int fail(const struct guard *g, const struct watched_path *path, int r)
{
	struct err e = {0};

	if (r < 0)
		(void)err_sys(&e, r, "%s was replaced or uncovered, and cannot be protected again",
			      path->op->dest);
	else
		(void)err_set(&e, ESTALE,
			      "%s was replaced or uncovered, so that %s: the sandbox ends",
			      path->op->dest, words[path->op->kind].lost);
	(void)err_path(&e, path->op->dest);
	(void)err_option(&e, path->op->option);
	if (g->box->guard_way == GUARD_END && !g->box->plan->protection.or_die)
		(void)err_hint(&e, "COMMAND has CAP_SYS_ADMIN and could undo a new mount; "
				   "--protect-try mounts it again in spite of that");
	e.stage = ERR_GUARD;
	report_failed(g->box->helpers[HELPER_GUARD].to_monitor, &e);
	return -e.code;
}

/* Protect the path again.  Returns 0 or -errno, -ESTALE if it was replaced again. */
static int protect_again(struct guard *g, struct watched_path *path)
{
	struct statx st = {0};
	autoclose int fd = -1;
	int r;

	if (path->on_host && !can_report(g))
		return -ENOBUFS; /* a placeholder that is not reported would stay */
	if (path->on_host && is_alone(g))
		g->site.mount_points.monitor = -1; /* the janitor removes it */
	g->site.mount_points.is_on = g->site.mount_points.is_possible = path->on_host;
	r = apply_again(&g->site, path->op, path->path);
	if (r < 0)
		return r;
	fd = open_path(g, path, &st);
	if (fd < 0 || !is_mounted_on(&st))
		return -ESTALE;
	path->exposed = sys_now_ms() - path->intact > path->exposed ? sys_now_ms() - path->intact
								    : path->exposed;
	adopt_mount(path, &fd, &st);
	path->times++;
	return 0;
}

/* The path cannot be protected now, because of @r.  Returns 0, or -errno if the sandbox ends. */
static int take_failure(const struct guard *g, struct watched_path *path, int r)
{
	char text[sizeof(((struct note *)0)->text)];
	int64_t now = sys_now_ms();

	if (path->failing == 0)
		path->failing = now;
	if (now - path->failing < FAILING_MS)
		return 0;
	if (g->box->guard_way != GUARD_TRY)
		return fail(g, path, r);
	(void)snprintf(text, sizeof(text),
		       "was replaced or uncovered, and cannot be protected again: %s",
		       strerror(-r));
	if (path->has_failed || !can_report(g))
		return 0;
	send_note(g, path, text);
	path->has_failed = true;
	return 0;
}

/*
 * Protect the path again, a few times if it is replaced meanwhile.  Returns 0, also if there is
 * nothing any more; -ELOOP if a link is above it, which leads the command elsewhere; or another
 * -errno.
 */
static int try_to_protect(struct guard *g, struct watched_path *path, bool meets_link)
{
	int r = -ESTALE;

	for (unsigned i = 0; i < PUT_TRIES && (r == -ESTALE || r == -ENOENT); i++)
		r = protect_again(g, path);
	if (r == -ENOTDIR)
		return meets_link ? -ELOOP : 0;
	return r == -ENOENT ? 0 : r;
}

/*
 * The path is not protected.  A missing file needs no protection until it appears.  --deny-create
 * does, at the second look, because a program may be removing its directory.  Returns 0, or -errno
 * if the sandbox ends.
 */
static int restore(struct guard *g, struct watched_path *path)
{
	struct statx st = {0};
	autoclose int there = open_path(g, path, &st);
	int r;

	sys_drop(&path->mount);
	if (g->box->guard_way == GUARD_END)
		return fail(g, path, 0);
	if (there == -ENOENT && !(path->op->kind == OP_DENY_CREATE && path->was_missing)) {
		path->was_missing = true;
		if (path->op->kind != OP_DENY_CREATE)
			path->intact = sys_now_ms(); /* there is nothing to read */
		return 0;
	}
	r = try_to_protect(g, path, there == -ELOOP);
	if (r < 0)
		return take_failure(g, path, r);
	path->failing = 0;
	return 0;
}

static void record_intact(struct watched_path *path)
{
	path->intact = sys_now_ms();
	path->failing = 0;
}

/* Look at each path.  Returns 0, or -errno if the sandbox ends. */
static int look_at_all(struct guard *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct watched_path *path = &g->paths[i];
		int r = is_intact(g, path);

		if (r > 0)
			record_intact(path);
		else
			r = r < 0 ? take_failure(g, path, r) : restore(g, path);
		if (r < 0)
			return r;
		report_restored(g, path);
	}
	return 0;
}

/* Wait for @ms, or for a change of @table.  Returns whether the first process has exited. */
static bool await(const struct guard *g, int table, int ms)
{
	enum { CHILD, TABLE, N };
	struct pollfd fds[N] = {
		[CHILD] = {.fd = g->child, .events = POLLIN},
		[TABLE] = {.fd = table, .events = POLLPRI},
	};

	return sys_poll(fds, N, ms) > 0 && fds[CHILD].revents != 0;
}

static int at_least(int least, int64_t ms)
{
	return ms > least ? (int)ms : least;
}

/* Watch until the first process exits.  Returns 0, or -errno if the sandbox has to end. */
static int watch(struct guard *g)
{
	for (;;) {
		int64_t began = sys_now_ms();
		int r = look_at_all(g);
		int64_t took = sys_now_ms() - began;
		int quiet = at_least(QUIET_MS, took * QUIET_SHARE);

		if (r < 0)
			return r;
		if (await(g, -1, quiet < QUIET_MAX_MS ? quiet : QUIET_MAX_MS) ||
		    await(g, g->table, at_least(GUARD_LOOK_MS, took * GUARD_LOOK_SHARE)))
			return 0;
	}
}

/* Kill the first process and its descendants. */
static void end_sandbox(const struct box *box, int proc, int child)
{
	const struct descendants scope = {.proc = proc, .root = proc_pid_of(proc, child)};

	if (!box_is_over_with_first(box))
		descendants_kill(&scope);
	(void)sys_pidfd_send_signal(child, SIGKILL);
}

/* Be the guard.  Does not return. */
static void be_guard(struct guard *g)
{
	int keep[] = {g->child, g->janitor, g->box->helpers[HELPER_GUARD].from_inside,
		      g->box->helpers[HELPER_GUARD].to_monitor};
	struct answer answer = {.op = SIZE_MAX};

	(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-guard");
	(void)sys_setsid();
	(void)sys_chdir("/");
	(void)sys_umask(0); /* entries get exactly the modes they are created with */
	answer.r = keep_fds(keep, sizeof(keep) / sizeof(keep[0]));
	if (answer.r == 0) /* before it receives descriptors of the sandbox */
		answer.r = sys_prctl(PR_SET_DUMPABLE, 0);
	if (answer.r == 0)
		answer.r = set_up(g, &answer.op);
	(void)sys_send(g->box->helpers[HELPER_GUARD].from_inside, &answer, sizeof(answer), -1);
	(void)sys_close(g->box->helpers[HELPER_GUARD].from_inside);
	if (answer.r < 0)
		(void)await(g, -1, g->box->guard_way == GUARD_TRY ? 0 : -1);
	else if (watch(g) < 0)
		end_sandbox(g->box, g->proc, g->child);
	sys_exit(0);
}

void guard_start(const struct box *box, int child, struct guard_handle *ret)
{
	enum { HERE, THERE, ENDS };
	struct guard g = {.box = box, .child = child, .proc = -1, .table = -1};
	int pair[ENDS];

	*ret = GUARD_HANDLE_NONE;
	if (box->guard_way == GUARD_OFF || sys_socketpair(pair) < 0)
		return;
	g.janitor = pair[THERE];
	g.site = (struct site){
		.roots = ROOTS_NONE,
		.mount_points = {.monitor = box->helpers[HELPER_GUARD].to_monitor,
				 .janitor = g.janitor,
				 .is_watched = true,
				 .gave_users = true, /* where that is needed, the first one did */
				 .n_sent = 1},
		.plan = box->plan,
		.owns_all = true, /* one pin too many does no harm */
	};
	ret->sock = pair[HERE];
	if (sys_clone(0, &ret->pidfd) == 0)
		be_guard(&g);
	(void)sys_close(pair[THERE]);
}

void guard_end(struct guard_handle *guard)
{
	sys_drop(&guard->sock);
	if (guard->pidfd < 0)
		return;
	(void)helper_kill(guard->pidfd, GUARD_EXIT_MS);
	sys_drop(&guard->pidfd);
}
