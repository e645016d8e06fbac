/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "host/hint.h"
#include "sys/helper.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define WANTED (STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_MTIME | STATX_INO | STATX_UID)

/* Forget the last entry. */
static void forget(struct removal *removal)
{
	struct removal_entry *entry = &removal->list[--removal->n];

	sys_drop(&entry->point);
	sys_drop(&entry->parent);
}

void removal_done(struct removal *removal)
{
	while (removal->n > 0)
		forget(removal);
	free(removal->list);
	removal->list = NULL;
	sys_drop(&removal->unmounted);
	sys_drop(&removal->users);
}

static int add(struct removal *removal, const struct mount_point_note *note, int *fd)
{
	struct removal_entry *more = reallocarray(removal->list, removal->n + 1, sizeof(*more));
	struct removal_entry entry = {.point = -1, .is_new = note->is_new};

	if (more == NULL)
		return -ENOMEM;
	removal->list = more;
	if (removal->n == 0)
		(void)sys_raise_files(); /* if that fails, there is room for fewer entries */
	entry.parent = fd_take(fd);
	(void)memcpy(entry.name, note->name, sizeof(entry.name) - 1);
	removal->list[removal->n++] = entry;
	return 0;
}

/* Take what a message says about the last entry.  Returns 0 or -EPROTO. */
static int complete(struct removal *removal, const struct mount_point_note *note, int *fd)
{
	struct removal_entry *last;
	struct statx st = {0};

	if (removal->n == 0)
		return -EPROTO;
	last = &removal->list[removal->n - 1];
	if (last->point >= 0)
		return -EPROTO;
	if (note->kind == MOUNT_POINT_VOID) {
		forget(removal);
		return 0;
	}
	last->point = fd_take(fd);
	last->is_ours = note->is_ours;
	if (last->is_new && last->is_ours && sys_statx(last->point, WANTED, &st) == 0)
		last->made = st.stx_mtime;
	return 0;
}

static int take(struct removal *removal, const struct mount_point_note *note, int *fd)
{
	if (*fd < 0 && note->kind != MOUNT_POINT_VOID)
		return -EMFILE; /* the kernel drops a descriptor for which there is no room */
	switch (note->kind) {
	case MOUNT_POINT_WATCH:
		sys_drop(&removal->unmounted);
		removal->unmounted = fd_take(fd);
		return 0;
	case MOUNT_POINT_USERS:
		sys_drop(&removal->users);
		removal->users = fd_take(fd);
		return 0;
	case MOUNT_POINT_ENTRY:
		return add(removal, note, fd);
	case MOUNT_POINT_LOCKED:
	case MOUNT_POINT_VOID:
		return complete(removal, note, fd);
	}
	return -EPROTO;
}

int removal_take(struct removal *removal, const struct mount_point_note *note, int *fd,
		 struct err *e)
{
	int r = take(removal, note, fd);

	sys_drop(fd);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot record the mount points created on the host");
	hint_mount_point(e);
	return r;
}

/* Stat what the entry's name leads to.  Returns 0 with *@st, or -errno. */
static int look(const struct removal_entry *entry, struct statx *st)
{
	autoclose int there = sys_openat(entry->parent, entry->name, O_PATH | O_NOFOLLOW, 0);

	return there < 0 ? there : sys_statx(there, WANTED, st);
}

/* Whether a file that this sandbox has created, and could not mark, is as it was then. */
static bool is_unchanged(const struct removal_entry *entry, const struct statx *st)
{
	return entry->is_new && entry->is_ours && mount_point_has_mode(st) &&
	       st->stx_mtime.tv_sec == entry->made.tv_sec &&
	       st->stx_mtime.tv_nsec == entry->made.tv_nsec;
}

/*
 * Whether @point, with @st, is as it was created.  A directory that this sandbox removes does not
 * need the timestamp: entries created and removed in it have changed that.
 */
static bool has_marks(const struct removal_entry *entry, int point, const struct statx *st)
{
	if (entry->point < 0 && entry->is_new)
		return mount_point_has_mode(st);
	if (S_ISDIR(st->stx_mode) && entry->is_ours)
		return mount_point_has_mode(st) || mount_point_is_modeless(point, st);
	return is_unchanged(entry, st) || mount_point_is_marked(point, st);
}

/* Whether the name leads to @point, and that is as it was created.  Sets *@is_dir. */
static bool is_as_made(const struct removal_entry *entry, int point, bool *is_dir)
{
	struct statx locked = {0};
	struct statx there = {0};

	if (sys_statx(point, WANTED, &locked) < 0 || look(entry, &there) < 0 ||
	    !inode_is_same(inode_of(&locked), inode_of(&there)))
		return false;
	*is_dir = S_ISDIR(locked.stx_mode);
	return has_marks(entry, point, &locked);
}

/* Remove the entry; if its directory was marked, mark that again. */
static void unlink_entry(const struct removal_entry *entry, bool is_dir)
{
	struct statx parent = {0};
	bool is_marked = sys_statx(entry->parent, WANTED, &parent) == 0 &&
			 mount_point_is_marked(entry->parent, &parent);
	int r = is_dir ? sys_rmdirat(entry->parent, entry->name)
		       : sys_unlinkat(entry->parent, entry->name);

	if (r == 0 && is_marked)
		mount_point_mark(entry->parent);
}

/*
 * Try to get an exclusive lock on @point for @ms ms.  Returns whether this process has it; if not,
 * another sandbox uses the mount point, and will remove it.
 */
static bool lock(int point, unsigned ms)
{
	int r = sys_flock(point, LOCK_EX | LOCK_NB);

	for (; r == -EWOULDBLOCK && ms > 0; ms--) {
		(void)sys_poll(NULL, 0, PAUSE_MS);
		r = sys_flock(point, LOCK_EX | LOCK_NB);
	}
	return r == 0;
}

/*
 * Remove the entry unless another sandbox still holds it after @ms ms.  Returns whether it was
 * tried.
 */
static bool try_to_remove(const struct removal_entry *entry, int point, unsigned ms)
{
	bool is_ready = false;
	bool is_dir;

	if (!lock(point, ms))
		return false;
	if (is_as_made(entry, point, &is_dir)) {
		unlink_entry(entry, is_dir);
		is_ready = true;
	}
	(void)sys_flock(point, LOCK_UN);
	return is_ready;
}

/* Whether the entry is still as it was created, but without the timestamp. */
static bool has_lost_mark(const struct removal_entry *entry, int point)
{
	struct statx st = {0};
	bool is_dir;

	return is_as_made(entry, point, &is_dir) && sys_statx(point, WANTED, &st) == 0 &&
	       !mount_point_is_marked(point, &st);
}

/*
 * Remove the entry unless another sandbox still holds it after @ms ms; that sandbox then removes
 * it.  It recognises the entry by its mark.  The mark can be missing, because something was created
 * inside the directory or because the creator was killed, so set it again and retry.  Retry once
 * more after a pause: removing a child clears the mark too.
 */
static void remove_entry(const struct removal_entry *entry, int point, unsigned ms)
{
	bool is_over = try_to_remove(entry, point, ms);

	for (unsigned looks = 0; !is_over && looks < LEAVE_LOOKS; looks++) {
		if (!has_lost_mark(entry, point))
			break;
		mount_point_mark(point);
		is_over = try_to_remove(entry, point, 0);
		if (!is_over)
			(void)sys_poll(NULL, 0, PAUSE_MS);
	}
	if (!is_over && !entry->is_ours)
		(void)try_to_remove(entry, point, 0); /* it may have got the mark meanwhile */
}

/*
 * Remove an entry that was about to be created or locked when the first process was killed.  If
 * this sandbox created it, it has the mode and belongs to this user; if another one did, it has the
 * mark.  The lock of a killed process is released only shortly after its exit.
 */
static void remove_begun(const struct removal_entry *entry)
{
	struct statx st = {0};
	autoclose int point = -1;

	if (look(entry, &st) < 0)
		return;
	if (entry->is_new ? !mount_point_has_mode(&st) || st.stx_uid != sys_geteuid()
			  : !mount_point_is_marked(entry->parent, &st))
		return;
	point = sys_openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (point >= 0)
		remove_entry(entry, point, EXIT_MS);
}

static void remove_all(const struct removal *removal)
{
	for (size_t i = removal->n; i-- > 0;) {
		const struct removal_entry *entry = &removal->list[i];

		if (entry->point >= 0)
			remove_entry(entry, entry->point, 0);
		else
			remove_begun(entry);
	}
}

/*
 * As the helper: remove them with the capabilities of the user namespace.  A hostile process may be
 * in there, so the helper makes itself undumpable before it enters.
 */
static int remove_inside(const void *arg)
{
	const struct removal *removal = arg;

	if (sys_prctl(PR_SET_DUMPABLE, 0) == 0)
		(void)sys_setns(removal->users, CLONE_NEWUSER); /* without it, some may stay */
	(void)sys_prctl(PR_SET_DUMPABLE, 0); /* to enter may have undone it (fs.suid_dumpable) */
	remove_all(removal);
	return 0;
}

/* Whether this process may remove entries of all their directories. */
static bool may_remove(const struct removal *removal)
{
	for (size_t i = 0; i < removal->n; i++)
		if (sys_faccessat(removal->list[i].parent, ".", W_OK | X_OK, AT_EACCESS) < 0)
			return false;
	return true;
}

static void remove_now(const struct removal *removal)
{
	bool needs_helper = removal->users >= 0 && !may_remove(removal);

	for (unsigned tries = 0; needs_helper && tries < REMOVERS; tries++)
		if (helper_run(remove_inside, removal, REMOVER_MS, EXIT_MS) == 0)
			return;
	remove_all(removal);
}

/* Close all descriptors but those for the removal, @end and @kept. */
static void keep_only(const struct removal *removal, int end, int kept)
{
	const unsigned each = 2;
	const unsigned others = 3;
	int *keep = calloc(each * removal->n + others, sizeof(*keep));
	unsigned n = 0;

	if (keep == NULL)
		return; /* a reader outside may then miss an end of file */
	keep[n++] = end;
	keep[n++] = kept;
	keep[n++] = removal->users;
	for (size_t i = 0; i < removal->n; i++) {
		keep[n++] = removal->list[i].parent;
		keep[n++] = removal->list[i].point;
	}
	(void)keep_fds(keep, n);
	free(keep);
}

/*
 * Be the process that is left behind: wait for the end, remove the mount points.  Does not return.
 */
static void be_left_behind(const struct removal *removal, int end, int kept)
{
	struct pollfd over = {.fd = end, .events = POLLIN};
	sigset_t all;

	sigfillset(&all);
	(void)sys_sigprocmask(SIG_BLOCK, &all, NULL);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"sbx-janitor");
	keep_only(removal, end, kept);
	(void)sys_setsid();
	(void)sys_chdir("/");
	while (sys_poll(&over, 1, -1) == -EINTR)
		;
	remove_now(removal);
	sys_exit(0);
}

void removal_finish(const struct removal *removal, const struct removal_end *end)
{
	struct pollfd over = {.fd = end->fd, .events = POLLIN};
	autoclose int pidfd = -1;

	if (removal->n == 0 || (!end->has_come && end->fd < 0))
		return;
	if (end->has_come || sys_poll(&over, 1, EXIT_MS) > 0 || end->is_forced)
		remove_now(removal);
	else if (sys_clone_unreaped(&pidfd) == 0)
		be_left_behind(removal, end->fd, end->kept);
}
