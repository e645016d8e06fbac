/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * When a file is renamed onto another, or a file is unlinked, the kernel detaches all mounts on it
 * in every mount namespace but the caller's own.  So a program on the host that saves a protected
 * file, as editors do, takes the protection away in the sandbox.  A rename of the file, or of a
 * directory above it, takes the mount along and leaves the path without one.
 *
 * The guard notices that, and protects the path again.  It stands outside of the sandbox's PID
 * namespace, as a child of the janitor, and is in the mount namespace of the command and in the
 * user namespace that owns it, with all capabilities there.  The payload must not get at it: it is
 * undumpable before it enters (CVE-2016-9962), and again after that, because the kernel then
 * sets what fs.suid_dumpable says.
 *
 *	first process inside   builds, and enters its last namespaces
 *	   │ paths, and numbers of ──────────► guard   copies the mount namespace and the stage,
 *	   │   descriptors                     │       enters, finds each path, opens its mount
 *	   │ ◄── an answer ────────────────────┤
 *	command                                │ looks at each path
 *	                                       ├── a note, or an error ──► monitor
 *	                                       └── placeholders ─────────► monitor, janitor
 *
 * The copies are made by pidfd_getfd(2), while the first process inside waits for the answer.
 * Where the guard may not do that, it has both sent.  That needs room for descriptors in flight,
 * of which another payload of the same user can leave none.
 *
 * The mount table of a namespace can be polled, and tells at once of a mount that was detached.  No
 * event comes for a rename that takes a mount along, nor for a file that appears at a path where
 * there was none.  So the guard looks every GUARD_LOOK_MS as well, less often if a
 * look takes long: neither many paths nor a payload that mounts keep it busy.
 *
 * A path has no link in it, and the directories on it are pinned, so the payload cannot lead the
 * guard elsewhere.  A directory that the host has put there is pinned first, see
 * apply_protect.c.  The descriptor of each mount that protects keeps its number from being
 * used again.  Where the payload has put a mount of its own on top of one, the mount table tells
 * whether that one is still there.
 *
 * A command with CAP_SYS_ADMIN can unmount what the guard mounts: the kernel locks only the mounts
 * that were there when the namespace was copied.  There the sandbox ends instead.
 *
 * The guard's descriptors hold the mounts.  It exits with the first process inside, and the
 * janitor kills it before it lets the mount namespace go.
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

/* --- Between the first process inside and the guard ------------------------- */

/* What the guard is told first.  The descriptors are those of the first process inside. */
struct opening {
	size_t n;   /* how many places follow */
	int mounts; /* the command's mount namespace */
	int stage;  /* the stage there */
};

/* A struct protected_path. */
struct place_message {
	size_t op;
	bool on_host;
	struct inode parent;
	char path[PATH_MAX];
};

#define SEND_BOTH 1 /* an answer: the mount namespace and the stage have to be sent */

/* How it went. */
struct answer {
	int r;     /* 0, -errno or SEND_BOTH */
	size_t op; /* whose path it is about; SIZE_MAX: about none */
};

/* Send the opening and the @places to the guard.  Returns 0 or -errno. */
static int send_places(int sock, const struct opening *opening, const struct protected_path *places)
{
	int r = io_pass(sock, opening, sizeof(*opening), -1);

	for (size_t i = 0; r == 0 && i < opening->n; i++) {
		struct place_message m = {.op = places[i].op,
					  .on_host = places[i].on_host,
					  .parent = places[i].parent};

		(void)snprintf(m.path, sizeof(m.path), "%s", places[i].path);
		r = io_pass(sock, &m, sizeof(m), -1);
	}
	return r;
}

/* Wait for what the guard says.  Returns that, or -errno; *@op is whose path it is about. */
static int await_answer(int sock, size_t *op)
{
	struct answer answer;
	ssize_t got = sys_read(sock, &answer, sizeof(answer));

	if (got != sizeof(answer))
		return got < 0 ? (int)got : -EPIPE;
	*op = answer.op;
	return answer.r;
}

/* Have @n @places watched.  Returns 0 or -errno, with *@op set if it is about that. */
static int entrust(int sock, const struct protected_path *places, size_t n, int stage, int proc,
		   size_t *op)
{
	autoclose int mounts = sys_openat(proc, "self/ns/mnt", O_RDONLY, 0);
	const struct opening opening = {.n = n, .mounts = mounts, .stage = stage};
	int r = mounts < 0 ? mounts : send_places(sock, &opening, places);

	if (r == 0)
		r = await_answer(sock, op);
	if (r != SEND_BOTH)
		return r;
	r = io_pass(sock, "", 1, mounts);
	if (r == 0)
		r = io_pass(sock, "", 1, stage);
	return r < 0 ? r : await_answer(sock, op);
}

int guard_entrust(struct box *box, const struct protected_path *places, size_t n, int stage,
		  int proc, struct err *e)
{
	const struct plan *plan = box->plan;
	size_t op = SIZE_MAX;
	int r = entrust(box->helpers[HELPER_GUARD].inside, places, n, stage, proc, &op);

	(void)sys_close(fd_take(&box->helpers[HELPER_GUARD].inside));
	if (r == 0 || box->guard_way == GUARD_TRY) /* then the monitor sees its end, and warns */
		return 0;
	(void)err_sys(e, r, "cannot have the protected paths watched");
	hint_in_flight(e);
	if (op >= plan->files.n_ops)
		return r;
	(void)err_path(e, plan->files.ops[op].dest);
	return err_option(e, plan->files.ops[op].option);
}

/* --- The guard -------------------------------------------------------------- */

/* A path that is watched. */
struct watched_place {
	const struct op *op;
	bool on_host;
	struct inode parent;
	char *path;
	int mount;         /* the root of the mount that protects it, -1 while there is none */
	uint64_t mount_id; /* its number */
	int64_t intact;    /* when it was last seen to be protected */
	int64_t failing;   /* since when it cannot be put back; 0: it can */
	int64_t noted;     /* when a note about it was sent */
	unsigned times;    /* how often it was put back since */
	int64_t exposed;   /* for how long at most, in ms, the longest of these */
	bool was_missing;  /* at the last look */
	bool has_failed;   /* a note was sent of that */
};

struct keeper {
	const struct box *box;
	struct site site;
	int child;   /* pidfd of the first process inside */
	int janitor; /* socket */
	int proc;    /* the host's procfs */
	int table;   /* the mount table, to be polled */
	struct watched_place *places;
	size_t n;
};

/* Receive the next message of @size bytes.  Returns 0 or -errno; *@fd is what came with it. */
static int receive(int sock, void *message, size_t size, int *fd)
{
	struct sys_sender sender;
	ssize_t n = sys_receive(sock, message, size, fd, &sender);

	if (n < 0)
		return (int)n;
	return (size_t)n == size ? 0 : -EPIPE;
}

static int receive_place(struct keeper *k, struct watched_place *ret)
{
	const struct plan *plan = k->box->plan;
	struct place_message m;
	autoclose int fd = -1;
	int r = receive(k->box->helpers[HELPER_GUARD].from_inside, &m, sizeof(m), &fd);

	if (r < 0)
		return r;
	m.path[sizeof(m.path) - 1] = '\0';
	if (m.op >= plan->files.n_ops)
		return -EPROTO;
	*ret = (struct watched_place){.op = &plan->files.ops[m.op],
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

/* Have the mount namespace and the stage sent.  Returns 0 or -errno. */
static int have_both_sent(struct keeper *k, int *mounts)
{
	const struct answer wish = {.r = SEND_BOTH, .op = SIZE_MAX};
	int sock = k->box->helpers[HELPER_GUARD].from_inside;
	ssize_t n = sys_send(sock, &wish, sizeof(wish), -1);

	if (n < 0)
		return (int)n;
	*mounts = receive_fd(sock);
	k->site.roots.stage = *mounts < 0 ? *mounts : receive_fd(sock);
	return k->site.roots.stage < 0 ? k->site.roots.stage : 0;
}

/*
 * Take the mount namespace and the stage.  Only the first process inside has the other end of the
 * socket, so the numbers are of its descriptors.  Returns 0 or -errno.
 */
static int take_both(struct keeper *k, const struct opening *opening, int *mounts)
{
	autoclose int fd = sys_pidfd_getfd(k->child, opening->mounts);
	int stage = fd < 0 ? fd : sys_pidfd_getfd(k->child, opening->stage);

	if (stage < 0)
		return have_both_sent(k, mounts);
	*mounts = fd_take(&fd);
	k->site.roots.stage = stage;
	return 0;
}

/* Receive all places, and take the mount namespace and the stage.  Returns 0 or -errno. */
static int receive_all(struct keeper *k, int *mounts)
{
	struct opening opening;
	autoclose int unused = -1;
	int r = receive(k->box->helpers[HELPER_GUARD].from_inside, &opening, sizeof(opening),
			&unused);

	if (r == 0)
		k->places = calloc(opening.n + 1, sizeof(*k->places));
	if (r == 0 && k->places == NULL)
		r = -ENOMEM;
	while (r == 0 && k->n < opening.n) {
		r = receive_place(k, &k->places[k->n]);
		k->n += r == 0;
	}
	return r < 0 ? r : take_both(k, &opening, mounts);
}

/* No link is followed on the way to a place. */
static struct dest_root root_of(const struct keeper *k)
{
	return (struct dest_root){.fd = k->site.roots.box, .links = LINK_NONE};
}

/* What is at the place now: an O_PATH descriptor with *@st, or -errno. */
static int open_place(const struct keeper *k, const struct watched_place *place, struct statx *st)
{
	struct err unused = {0};
	autoclose int fd = dest_open(root_of(k), place->path, &unused);
	int r = fd < 0 ? fd : sys_statx(fd, STATX_TYPE | STATX_INO | STATX_MNT_ID, st);

	return r < 0 ? r : fd_take(&fd);
}

static bool is_mounted_on(const struct statx *st)
{
	return (st->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Take the mount that @fd is the root of for the one that protects the place. */
static void adopt_mount(struct watched_place *place, int *fd, const struct statx *st)
{
	place->mount = fd_take(fd);
	place->mount_id = st->stx_mnt_id;
	place->intact = sys_now_ms();
	place->failing = 0;
	place->was_missing = place->has_failed = false;
}

/* Whether the mount at the place, with its root @fd, is one that does what @op says. */
static int does_protect(const struct keeper *k, const struct watched_place *place, int fd)
{
	struct statfs fs = {0};
	int r;

	if (place->op->kind != OP_RO)
		return mask_covers(k->site.roots.stage, fd);
	r = sys_fstatfs(fd, &fs);
	return r < 0 ? r : (fs.f_flags & ST_RDONLY) != 0;
}

/* Whether a path that could not be opened, because of @r, leads nowhere that the guard can see. */
static bool leads_nowhere(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES;
}

/*
 * Whether the place is another than was protected while the sandbox was being built: a later
 * option may have mounted something over it, or over a directory above it.  Returns that or
 * -errno.
 */
static int is_covered(const struct keeper *k, const struct watched_place *place)
{
	char above[PATH_MAX];
	struct err unused = {0};
	autoclose int dir = -1;
	struct statx st = {0};
	int r;

	(void)snprintf(above, sizeof(above), "%.*s", (int)(strrchr(place->path, '/') - place->path),
		       place->path);
	dir = dest_open(root_of(k), above, &unused);
	r = dir < 0 ? dir : sys_statx(dir, STATX_INO, &st);
	if (r < 0)
		return leads_nowhere(r) ? true : r;
	return !inode_is_same(inode_of(&st), place->parent);
}

/*
 * Find the mount that protects the place.  Returns 1, also if it has none any more; 0 if
 * something was mounted over it; or -errno.
 */
static int find(const struct keeper *k, struct watched_place *place)
{
	struct statx st = {0};
	autoclose int fd = -1;
	int r = is_covered(k, place);

	if (r != 0)
		return r < 0 ? r : 0;
	fd = open_place(k, place, &st);
	if (fd < 0 && !leads_nowhere(fd))
		return fd;
	if (fd < 0 || !is_mounted_on(&st))
		return 1;
	r = does_protect(k, place, fd);
	if (r > 0)
		adopt_mount(place, &fd, &st);
	return r;
}

/* Find all, and forget those that are covered.  Returns 0 or -errno with *@op set. */
static int find_all(struct keeper *k, size_t *op)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		int r = find(k, &k->places[i]);

		if (r < 0) {
			*op = (size_t)(k->places[i].op - k->box->plan->files.ops);
			return r;
		}
		if (r > 0)
			k->places[n++] = k->places[i];
		else
			free(k->places[i].path);
	}
	k->n = n;
	return 0;
}

/* Receive all, enter and find.  Returns 0 or -errno, with *@op set if it is about that. */
static int set_up(struct keeper *k, size_t *op)
{
	autoclose int mounts = -1;
	int r = receive_all(k, &mounts);

	(void)sys_raise_files(); /* each place takes a descriptor */
	if (r == 0)
		r = k->proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		r = helper_enter(mounts);
	if (r == 0)
		r = k->site.roots.box = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (r >= 0)
		r = k->table = sys_openat(k->proc, "self/mountinfo", O_RDONLY, 0);
	if (r < 0)
		return r;
	k->site.mount_points.stage = k->site.roots.stage;
	k->site.mount_points.cwd = k->site.roots.box;
	return find_all(k, op);
}

/* Whether the mount that protects the place is in the mount table: 1 or 0, or -errno. */
static int is_in_table(const struct keeper *k, const struct watched_place *place)
{
	struct mountinfo info = {0};
	int r = place->mount < 0 ? 0 : mountinfo_read(k->proc, "self", &info);
	int found = 0;

	for (size_t i = 0; r == 0 && i < info.n && !found; i++)
		found = info.list[i].id == place->mount_id;
	mountinfo_done(&info);
	return r < 0 ? r : found;
}

/* Whether the place is protected: 1 or 0, or -errno. */
static int is_intact(const struct keeper *k, const struct watched_place *place)
{
	struct statx st = {0};
	autoclose int fd = open_place(k, place, &st);

	if (fd < 0)
		return leads_nowhere(fd) ? 0 : fd;
	if (place->mount >= 0 && st.stx_mnt_id == place->mount_id)
		return 1;
	return is_mounted_on(&st) ? is_in_table(k, place) : 0;
}

/* The ways to say it, by the kind of op. */
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
 * Whether there is room for what the monitor is to be told.  If it is stopped there may be none,
 * and to wait for it would leave the paths unprotected.
 */
static bool is_heard(const struct keeper *k)
{
	return io_has_room(k->box->helpers[HELPER_GUARD].to_monitor, 0);
}

/* Whether the monitor has gone, and left those behind whom the command has left. */
static bool is_alone(const struct keeper *k)
{
	struct pollfd monitor = {.fd = k->box->helpers[HELPER_GUARD].to_monitor};

	return sys_poll(&monitor, 1, 0) > 0 && (monitor.revents & POLLHUP) != 0;
}

static void send_note(const struct keeper *k, const struct watched_place *place, const char *text)
{
	struct note note = {.level = NOTE_WARNING};

	(void)snprintf(note.option, sizeof(note.option), "--%s", place->op->option);
	(void)snprintf(note.path, sizeof(note.path), "%s", place->op->dest);
	(void)snprintf(note.text, sizeof(note.text), "%s: %s %s", note.option, place->op->dest,
		       text);
	if (report_note(k->box->helpers[HELPER_GUARD].to_monitor, &note) < 0)
		return; /* the monitor is gone */
}

/* Send what there is to say of the place, but not all the time. */
static void tell(const struct keeper *k, struct watched_place *place)
{
	char text[sizeof(((struct note *)0)->text)];
	int64_t now = sys_now_ms();

	if (place->times == 0 || (place->noted != 0 && now - place->noted < NOTES_MS))
		return;
	if (!is_heard(k))
		return; /* later */
	(void)snprintf(text, sizeof(text), "was replaced or uncovered%s: %s, after at most %d ms",
		       place->times > 1 ? " several times" : "", words[place->op->kind].again,
		       (int)place->exposed);
	send_note(k, place, text);
	place->noted = now;
	place->times = 0;
	place->exposed = 0;
}

/* The sandbox is to end, because of @place and, if it cannot be put back, of @r. */
static int fail(const struct keeper *k, const struct watched_place *place, int r)
{
	struct err e = {0};

	if (r < 0)
		(void)err_sys(&e, r, "%s was replaced or uncovered, and cannot be protected again",
			      place->op->dest);
	else
		(void)err_set(&e, ESTALE,
			      "%s was replaced or uncovered, so that %s: the sandbox ends",
			      place->op->dest, words[place->op->kind].lost);
	(void)err_path(&e, place->op->dest);
	(void)err_option(&e, place->op->option);
	if (k->box->guard_way == GUARD_END && !k->box->plan->protection.or_die)
		(void)err_hint(&e, "COMMAND has CAP_SYS_ADMIN and could undo a new mount; "
				   "--protect-try mounts it again in spite of that");
	e.stage = ERR_GUARD;
	report_failed(k->box->helpers[HELPER_GUARD].to_monitor, &e);
	return -e.code;
}

/* Mount again what protects the place.  Returns 0 or -errno, -ESTALE if it was replaced again. */
static int put_back(struct keeper *k, struct watched_place *place)
{
	struct statx st = {0};
	autoclose int fd = -1;
	int r;

	if (place->on_host && !is_heard(k))
		return -ENOBUFS; /* who removes the placeholder has to be told of it */
	if (place->on_host && is_alone(k))
		k->site.mount_points.monitor = -1; /* the janitor removes it */
	k->site.mount_points.is_on = k->site.mount_points.is_possible = place->on_host;
	r = apply_again(&k->site, place->op, place->path);
	if (r < 0)
		return r;
	fd = open_place(k, place, &st);
	if (fd < 0 || !is_mounted_on(&st))
		return -ESTALE;
	place->exposed = sys_now_ms() - place->intact > place->exposed
				 ? sys_now_ms() - place->intact
				 : place->exposed;
	adopt_mount(place, &fd, &st);
	place->times++;
	return 0;
}

/* The place cannot be put back now, because of @r.  Returns 0, or -errno if the sandbox ends. */
static int take_failure(const struct keeper *k, struct watched_place *place, int r)
{
	char text[sizeof(((struct note *)0)->text)];
	int64_t now = sys_now_ms();

	if (place->failing == 0)
		place->failing = now;
	if (now - place->failing < FAILING_MS)
		return 0;
	if (k->box->guard_way != GUARD_TRY)
		return fail(k, place, r);
	(void)snprintf(text, sizeof(text),
		       "was replaced or uncovered, and cannot be protected again: %s",
		       strerror(-r));
	if (place->has_failed || !is_heard(k))
		return 0;
	send_note(k, place, text);
	place->has_failed = true;
	return 0;
}

/*
 * Put the place back, a few times if it is replaced meanwhile.  Returns 0, also if there is nothing
 * any more; -ELOOP if a link is above it, which leads the command elsewhere; or another -errno.
 */
static int try_to_put_back(struct keeper *k, struct watched_place *place, bool meets_link)
{
	int r = -ESTALE;

	for (unsigned i = 0; i < PUT_TRIES && (r == -ESTALE || r == -ENOENT); i++)
		r = put_back(k, place);
	if (r == -ENOTDIR)
		return meets_link ? -ELOOP : 0;
	return r == -ENOENT ? 0 : r;
}

/*
 * The place is not protected.  What is missing needs no protection until it appears; but
 * --deny-create does, at the second look, because something may be removing its directory.  Returns
 * 0, or -errno if the sandbox ends.
 */
static int restore(struct keeper *k, struct watched_place *place)
{
	struct statx st = {0};
	autoclose int there = open_place(k, place, &st);
	int r;

	if (place->mount >= 0)
		(void)sys_close(fd_take(&place->mount));
	if (k->box->guard_way == GUARD_END)
		return fail(k, place, 0);
	if (there == -ENOENT && !(place->op->kind == OP_DENY_CREATE && place->was_missing)) {
		place->was_missing = true;
		if (place->op->kind != OP_DENY_CREATE)
			place->intact = sys_now_ms(); /* there is nothing to be seen */
		return 0;
	}
	r = try_to_put_back(k, place, there == -ELOOP);
	if (r < 0)
		return take_failure(k, place, r);
	place->failing = 0;
	return 0;
}

static void note_intact(struct watched_place *place)
{
	place->intact = sys_now_ms();
	place->failing = 0;
}

/* Look at each place.  Returns 0, or -errno if the sandbox ends. */
static int look_at_all(struct keeper *k)
{
	for (size_t i = 0; i < k->n; i++) {
		struct watched_place *place = &k->places[i];
		int r = is_intact(k, place);

		if (r > 0)
			note_intact(place);
		else
			r = r < 0 ? take_failure(k, place, r) : restore(k, place);
		if (r < 0)
			return r;
		tell(k, place);
	}
	return 0;
}

/* Wait for @ms, or with @table, for a change of the mount table.  Returns whether all is over. */
static bool await(const struct keeper *k, int table, int ms)
{
	enum { CHILD, TABLE, N };
	struct pollfd fds[N] = {
		[CHILD] = {.fd = k->child, .events = POLLIN},
		[TABLE] = {.fd = table, .events = POLLPRI},
	};

	return sys_poll(fds, N, ms) > 0 && fds[CHILD].revents != 0;
}

static int at_least(int least, int64_t ms)
{
	return ms > least ? (int)ms : least;
}

/* Watch until the first process inside ends.  Returns 0, or -errno if the sandbox is to end. */
static int watch(struct keeper *k)
{
	for (;;) {
		int64_t began = sys_now_ms();
		int r = look_at_all(k);
		int64_t took = sys_now_ms() - began;
		int quiet = at_least(QUIET_MS, took * QUIET_SHARE);

		if (r < 0)
			return r;
		if (await(k, -1, quiet < QUIET_MAX_MS ? quiet : QUIET_MAX_MS) ||
		    await(k, k->table, at_least(GUARD_LOOK_MS, took * GUARD_LOOK_SHARE)))
			return 0;
	}
}

/* Kill all that descends from the first process inside, and that. */
static void end_sandbox(const struct box *box, int proc, int child)
{
	const struct descendants kin = {.proc = proc, .root = proc_pid_of(proc, child)};

	if (!box_is_over_with_first(box))
		descendants_kill(&kin);
	(void)sys_pidfd_send_signal(child, SIGKILL);
}

/* Be the guard.  Does not return. */
static void be_guard(struct keeper *k)
{
	int keep[] = {k->child, k->janitor, k->box->helpers[HELPER_GUARD].from_inside,
		      k->box->helpers[HELPER_GUARD].to_monitor};
	struct answer answer = {.op = SIZE_MAX};

	(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-guard");
	(void)sys_setsid();
	(void)sys_chdir("/");
	(void)sys_umask(0); /* modes are made as asked for */
	answer.r = keep_fds(keep, sizeof(keep) / sizeof(keep[0]));
	if (answer.r == 0)
		answer.r = sys_prctl(PR_SET_DUMPABLE, 0);
	if (answer.r == 0)
		answer.r = set_up(k, &answer.op);
	(void)sys_send(k->box->helpers[HELPER_GUARD].from_inside, &answer, sizeof(answer), -1);
	(void)sys_close(k->box->helpers[HELPER_GUARD].from_inside);
	if (answer.r < 0)
		(void)await(k, -1, k->box->guard_way == GUARD_TRY ? 0 : -1);
	else if (watch(k) < 0)
		end_sandbox(k->box, k->proc, k->child);
	sys_exit(0);
}

void guard_start(const struct box *box, int child, struct guard *ret)
{
	enum { HERE, THERE, ENDS };
	struct keeper k = {.box = box, .child = child, .proc = -1, .table = -1};
	int pair[ENDS];

	*ret = GUARD_NONE_STARTED;
	if (box->guard_way == GUARD_OFF || sys_socketpair(pair) < 0)
		return;
	k.janitor = pair[THERE];
	k.site = (struct site){
		.roots = ROOTS_NONE,
		.mount_points = {.monitor = box->helpers[HELPER_GUARD].to_monitor,
				 .janitor = k.janitor,
				 .is_watched = true,
				 .gave_users = true, /* where that is needed, the first one did */
				 .n_sent = 1},
		.plan = box->plan,
		.owns_all = true, /* one pin too many does no harm */
	};
	ret->sock = pair[HERE];
	if (sys_clone(0, &ret->pidfd) == 0)
		be_guard(&k);
	(void)sys_close(pair[THERE]);
}

void guard_end(struct guard *guard)
{
	if (guard->sock >= 0)
		(void)sys_close(fd_take(&guard->sock));
	if (guard->pidfd < 0)
		return;
	(void)helper_kill(guard->pidfd, GUARD_EXIT_MS);
	(void)sys_close(fd_take(&guard->pidfd));
}
