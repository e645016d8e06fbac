/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A mount needs a mount point: an empty file or directory, and directories above it.  Where there
 * is none below a directory of the host that is bound writable, it is made on the host; and
 * nobody inside can remove it in the end, being mounted on or dead.  So those outside do, the
 * janitor or else the monitor, whichever is left.  Both are told of all that is made:
 *
 *	place ──► the directory and the name, before anything is made or held
 *	          it is made if it is missing, locked, marked
 *	point ──► a descriptor of it that holds the lock, before anything is mounted on it
 *
 * Whoever is killed in between, somebody is left who knows.  Nothing of this is done for what
 * --dir, --file and --symlink make: that was asked for.
 *
 * What is made is known by a mark, so that a sandbox can tell what another one has made, and what
 * is left behind by a power failure is removed after the next run.  It is
 *
 *	the mode        with the sticky bit, which it has from the moment at which it is made:
 *	                01444 for a file, 01755 for a directory, or less, as an access control
 *	                list above may have it; and a set-group-ID bit is inherited;
 *	and the time    of its last change, which is the same for all and long ago.  Who makes or
 *	                removes anything in a directory changes that; sbx sets it again.
 *
 * File systems such as FAT do not keep modes; some of FUSE only do so if they are set again.
 * There the time alone is the mark.  Where neither is kept, or nothing can be locked, other
 * sandboxes cannot tell what it is, and it stays, with a warning; so it does where no inotify(7)
 * is to be had.
 *
 * Sandboxes may share a mount point, and the last one is to remove it: each holds a shared lock,
 * flock(2), on it; who wants to remove it asks for an exclusive one.  To get that, the
 * kernel gives up the shared one first.  So of two that end at the same time at least one
 * gets it, and a failure means that another one is still there and will remove it.  After
 * locking, a sandbox looks whether the name still leads to what it has locked.
 *
 * What has the mode but not the time is nobody's, or something was made in it, or it is being
 * made this very moment: wait a moment, and if nothing changes, hold it so that nobody removes it,
 * but do not remove it either, unless it has got the time by the end: who knows that it is to be
 * removed, and has to leave it to others, sets that again.
 *
 * To unlink a mount point detaches the mount in all other mount namespaces.  It must not
 * happen while somebody inside lives.  With a process namespace of the sandbox's own_fs, all of
 *them end with the first.  Without one, a file system tells that is mounted there and nowhere else:
 *the stage.  It is shut down with the last mount namespace that has it, and inotify(7) says so
 *without holding it.
 *
 * In a directory that the caller may not write to, being of mode 0555 for example, or of another of
 * the ids that --userns maps, something can be made nevertheless with the capabilities of the
 * sandbox's user namespace; and it takes them to remove it.  So those outside are given that
 * namespace then, for a helper to enter.
 *
 * What this cannot see is a sandbox that somebody inside has made of those directories alone,
 * and that outlives this one.
 *
 * The directory is handed out by a mount of it alone, which shows what is underneath mounts and is
 * writable even if --remount-ro comes later.  It must not be on a file system of the sandbox's
 *own_fs: those outside would hold that.
 */
#include "mounts/mount_points.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "ipc/report.h"
#include "sys/io.h"
#include "sys/sys.h"

#define FILE_MODE 01444
#define MARK_MTIME 499162500 /* 1985; even, as some file systems count in steps of two seconds */
#define ALL_MODES 07777
#define READABLE 0444
#define OTHERS_MAY_WRITE 0022

/* Of file systems whose magic numbers headers do not have, or not all of them. */
#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xFE534D42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xFF534D42
#endif
#define NTFS3_SUPER_MAGIC 0x7366746e

#define SEEN_STEP 64

#define WANTED (STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_MTIME | STATX_INO)

void mount_point_done(struct mount_points *mount_points)
{
	free(mount_points->own_fs);
	free(mount_points->seen);
	mount_points->own_fs = mount_points->seen = NULL;
	mount_points->n_own_fs = mount_points->n_seen = 0;
}

/* --- The mark ------------------------------------------------------------- */

bool mount_point_has_mode(const struct statx *st)
{
	if (S_ISDIR(st->stx_mode))
		return (st->stx_mode & (S_ISUID | S_ISVTX | OTHERS_MAY_WRITE)) == S_ISVTX;
	return S_ISREG(st->stx_mode) && (st->stx_mode & ALL_MODES & ~READABLE) == S_ISVTX &&
	       st->stx_size == 0;
}

/* Whether modes are not what they were set to on the file system of @fd. */
static bool keeps_no_modes(int fd)
{
	static const uint32_t types[] = {
		MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC, FUSE_SUPER_MAGIC,  V9FS_MAGIC,
		SMB2_SUPER_MAGIC,  CIFS_SUPER_MAGIC,  NTFS3_SUPER_MAGIC,
	};
	struct statfs fs = {0};

	if (sys_fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((uint32_t)fs.f_type == types[i])
			return true;
	return false;
}

bool mount_point_is_modeless(int fd, const struct statx *st)
{
	bool is_plain = S_ISDIR(st->stx_mode) || (S_ISREG(st->stx_mode) && st->stx_size == 0);

	return is_plain && keeps_no_modes(fd);
}

bool mount_point_is_marked(int fd, const struct statx *st)
{
	if (st->stx_mtime.tv_sec != MARK_MTIME || st->stx_mtime.tv_nsec != 0)
		return false;
	return mount_point_has_mode(st) || mount_point_is_modeless(fd, st);
}

void mount_point_mark(int fd)
{
	(void)sys_set_mtime(fd, MARK_MTIME);
}

/* --- What is known -------------------------------------------------------- */

static bool is_among(const struct inode *list, size_t n, struct inode id)
{
	for (size_t i = 0; i < n; i++)
		if (inode_is_same(list[i], id))
			return true;
	return false;
}

/* Add @id to the @n in *@list.  Returns 0 or -errno. */
static int add(struct inode **list, size_t *n, struct inode id)
{
	if (*n % SEEN_STEP == 0) {
		struct inode *more = reallocarray(*list, *n + SEEN_STEP, sizeof(**list));

		if (more == NULL)
			return -ENOMEM;
		*list = more;
	}
	(*list)[(*n)++] = id;
	return 0;
}

int mount_point_add_own_fs(struct mount_points *mount_points, int fd)
{
	struct statx st = {0};
	struct inode id;
	int r;

	if (!mount_points->is_possible)
		return 0;
	r = sys_statx(fd, STATX_TYPE, &st);
	if (r < 0)
		return r;
	id = inode_of(&st);
	id.ino = 0;
	return add(&mount_points->own_fs, &mount_points->n_own_fs, id);
}

/* Whether @st is of a file system of the sandbox's own_fs: 1 or 0, or -errno. */
static int is_own_fs(struct mount_points *mount_points, const struct statx *st)
{
	struct inode id = inode_of(st);
	int r = 0;

	if (!mount_points->knows_stage)
		r = mount_point_add_own_fs(mount_points, mount_points->stage);
	if (r < 0)
		return r;
	mount_points->knows_stage = true;
	id.ino = 0;
	return is_among(mount_points->own_fs, mount_points->n_own_fs, id);
}

int mount_point_is_on_host(struct mount_points *mount_points, int dir)
{
	struct statx st = {0};
	int r;

	if (mount_points == NULL || !mount_points->is_on)
		return 0;
	r = sys_statx(dir, STATX_TYPE, &st);
	if (r == 0)
		r = is_own_fs(mount_points, &st);
	return r < 0 ? r : r == 0;
}

/* --- Telling -------------------------------------------------------------- */

static void pause_briefly(void)
{
	(void)sys_poll(NULL, 0, PAUSE_MS);
}

/* Tell both of those outside, or the one that is left. */
static int send_both(const struct mount_points *mount_points, const struct mount_point_note *note,
		     int fd)
{
	int r = mount_points->monitor < 0 ? 0 : report_mount_point(mount_points->monitor, note, fd);

	return r < 0 ? r : io_pass(mount_points->janitor, note, sizeof(*note), fd);
}

/*
 * Give those outside what tells them that nobody is left who sees the mounts.  Without
 * it, which a limit may forbid, they remove nothing.
 */
static int send_watch(struct mount_points *mount_points)
{
	const struct mount_point_note note = {.kind = MOUNT_POINT_WATCH};
	autoclose int unmounted = -1;
	int r;

	if (mount_points->is_watched)
		return 0;
	mount_points->is_watched = true;
	r = sys_fchdir(mount_points->stage);
	if (r < 0)
		return r;
	unmounted = sys_watch_unmount(".");
	r = sys_fchdir(mount_points->cwd);
	if (unmounted < 0)
		mount_points->stays = MOUNT_POINT_UNWATCHED;
	if (r < 0 || unmounted < 0)
		return r;
	return send_both(mount_points, &note, unmounted);
}

/*
 * Whether those outside have room for one more: each takes two descriptors.  They would notice
 * too late, when others have been made.  Returns 0, -EMFILE or another -errno.
 */
static int check_room(struct mount_points *mount_points)
{
	const size_t others = 32; /* descriptors that they have */
	const size_t each = 2;
	int max = sys_files_max();

	if (max < 0)
		return max;
	return ++mount_points->n_sent * each + others > (size_t)max ? -EMFILE : 0;
}

/*
 * Whether the capabilities of the user namespace may be needed to remove what is in @dir: by its
 * mode, its owner, or anybody if that is somebody else, may not write to it or search it.  Whether
 * they are is for those outside to see, who need not be who this process is.
 */
static bool may_need_rights(const struct statx *dir)
{
	const unsigned needed =
		dir->stx_uid == sys_geteuid() ? S_IWUSR | S_IXUSR : S_IWOTH | S_IXOTH;

	return (dir->stx_mode & needed) != needed;
}

/* Give those outside the user namespace, once, if they may need it for what is in @parent. */
static int send_users(struct mount_points *mount_points, int parent)
{
	const struct mount_point_note note = {.kind = MOUNT_POINT_USERS};
	autoclose int users = -1;
	struct statx st = {0};
	int r = mount_points->gave_users ? 0 : sys_statx(parent, STATX_MODE | STATX_UID, &st);

	if (r < 0 || mount_points->gave_users || !may_need_rights(&st))
		return r;
	mount_points->gave_users = true;
	users = sys_openat(AT_FDCWD, "/proc/self/ns/user", O_RDONLY, 0);
	return users < 0 ? users : send_both(mount_points, &note, users);
}

/*
 * Wait until there is a janitor: up to that, nobody would be left if the monitor is killed.  It
 * says so by a byte, which stays where it is for janitor_await().
 */
static int await_janitor(const struct mount_points *mount_points)
{
	struct pollfd janitor = {.fd = mount_points->janitor, .events = POLLIN};
	int r;

	if (mount_points->n_sent > 0)
		return 0;
	do
		r = sys_poll(&janitor, 1, -1);
	while (r == -EINTR);
	return r < 0 ? r : 0;
}

static int send_entry(struct mount_points *mount_points, int parent, const char *name, bool is_new)
{
	struct mount_point_note note = {.kind = MOUNT_POINT_ENTRY, .is_new = is_new};
	int r = await_janitor(mount_points);

	if (r == 0)
		r = check_room(mount_points);
	if (r == 0)
		r = send_watch(mount_points);
	if (r == 0)
		r = send_users(mount_points, parent);
	(void)memcpy(note.name, name, strlen(name));
	return r < 0 ? r : send_both(mount_points, &note, parent);
}

static int send_point(struct mount_points *mount_points, int point, struct inode id, bool is_ours)
{
	const struct mount_point_note note = {.kind = MOUNT_POINT_LOCKED, .is_ours = is_ours};
	int r = add(&mount_points->seen, &mount_points->n_seen, id);

	return r < 0 ? r : send_both(mount_points, &note, point);
}

/* --- Holding -------------------------------------------------------------- */

/*
 * Lock @point.  Somebody who is about to remove it has it for a moment.  Returns 0, -EBUSY, or
 * -EOPNOTSUPP where nothing can be locked.
 */
static int lock(int point)
{
	int r = sys_flock(point, LOCK_SH | LOCK_NB);

	for (unsigned looks = 0; r == -EWOULDBLOCK && looks < LOCK_LOOKS; looks++) {
		pause_briefly();
		r = sys_flock(point, LOCK_SH | LOCK_NB);
	}
	if (r == 0)
		return 0;
	return r == -EWOULDBLOCK ? -EBUSY : -EOPNOTSUPP;
}

/*
 * Lock @point, and see that it is what @name in @parent is.  Returns 0 with what that is, or as
 * lock(), -ESTALE or another -errno.
 */
static int lock_entry(int parent, const char *name, int point, struct inode *ret)
{
	struct statx held = {0};
	struct statx there = {0};
	autoclose int fd = -1;
	int r = lock(point);

	if (r == 0)
		r = sys_statx(point, STATX_INO, &held);
	if (r < 0)
		return r;
	fd = sys_openat(parent, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	r = sys_statx(fd, STATX_INO, &there);
	if (r < 0)
		return r;
	*ret = inode_of(&held);
	return inode_is_same(*ret, inode_of(&there)) ? 0 : -ESTALE;
}

/*
 * The directory @dir by a mount of it alone.  Returns -1 where the kernel does not make one,
 * because of mounts below that may not be uncovered.
 */
static int open_alone(int dir)
{
	int fd = sys_open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);

	return fd < 0 ? -1 : fd;
}

/* Make @name in @parent.  Returns a descriptor of it that can be locked, or -errno. */
static int make(int parent, const char *name, mode_t mode)
{
	int r;

	if (!S_ISDIR(mode))
		return sys_openat(parent, name,
				  O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
	r = sys_mkdirat(parent, name, (mode & ~(mode_t)S_IFMT) | S_ISVTX);
	if (r < 0)
		return r;
	r = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return r == -ENOENT || r == -ENOTDIR ? -ESTALE : r;
}

/* Have those outside forget the last place.  Returns @ret or -errno. */
static int withdraw(const struct mount_points *mount_points, int ret)
{
	const struct mount_point_note none = {.kind = MOUNT_POINT_VOID};
	int r = send_both(mount_points, &none, -1);

	return r < 0 ? r : ret;
}

/* Whether the directory @dir has all of the mark, which who makes something in it takes away. */
static bool has_mark(int dir)
{
	struct statx st = {0};

	return sys_statx(dir, WANTED, &st) == 0 && mount_point_is_marked(dir, &st);
}

/*
 * Whether other sandboxes can tell what @point is, which was made and marked: without that, they
 * would lose what they mount on it when this one removes it.  Some file systems take
 * the mode only when it is set again.  Returns that or -errno.
 */
static int is_recognized(int point)
{
	struct statx st = {0};
	int r = sys_statx(point, WANTED, &st);

	if (r < 0 || mount_point_has_mode(&st))
		return r < 0 ? r : true;
	(void)sys_fchmod(point, (st.stx_mode & ALL_MODES) | S_ISVTX);
	mount_point_mark(point);
	r = sys_statx(point, WANTED, &st);
	return r < 0 ? r : mount_point_has_mode(&st) || mount_point_is_marked(point, &st);
}

/* What was made stays, for the reason @why. */
static int leave(struct mount_points *mount_points, enum mount_point_stays why)
{
	mount_points->stays = why;
	return withdraw(mount_points, 0);
}

/* Have @point, which was made at @name in @parent, removed in the end if that can be. */
static int claim(struct mount_points *mount_points, int parent, const char *name, int point,
		 bool is_marked_dir)
{
	struct inode id;
	int r = lock_entry(parent, name, point, &id);

	if (r == -EOPNOTSUPP)
		return leave(mount_points, MOUNT_POINT_UNLOCKED);
	if (r < 0)
		return r;
	mount_point_mark(point);
	if (is_marked_dir)
		mount_point_mark(parent);
	r = is_recognized(point);
	if (r == 0)
		return leave(mount_points, MOUNT_POINT_UNMARKED);
	return r < 0 ? r : send_point(mount_points, point, id, true);
}

int mount_point_make(struct mount_points *mount_points, const struct entry *dest, mode_t mode)
{
	autoclose int alone = open_alone(dest->dir);
	int parent = alone >= 0 ? alone : dest->dir;
	autoclose int point = -1;
	bool is_marked_dir;
	int r = send_entry(mount_points, parent, dest->name, true);

	if (r < 0)
		return r;
	is_marked_dir = dest->is_host_mount_point || has_mark(parent);
	point = make(parent, dest->name, mode);
	if (point == -EEXIST)
		return withdraw(mount_points, -EEXIST);
	return point < 0 ? point : claim(mount_points, parent, dest->name, point, is_marked_dir);
}

/* Whether @point, which has the mode, has all of the mark, in a moment.  Or -errno. */
static int is_marked(int point)
{
	struct statx st = {0};
	int r = sys_statx(point, WANTED, &st);

	for (unsigned looks = 0; r == 0 && !mount_point_is_marked(point, &st) && looks < MARK_LOOKS;
	     looks++) {
		pause_briefly();
		r = sys_statx(point, WANTED, &st);
	}
	return r < 0 ? r : mount_point_is_marked(point, &st);
}

/* Hold what is at @dest, which has the mode.  Returns as mount_point_adopt(). */
static int lock_existing(struct mount_points *mount_points, const struct entry *dest,
			 struct inode wanted)
{
	autoclose int alone = open_alone(dest->dir);
	int parent = alone >= 0 ? alone : dest->dir;
	autoclose int point = sys_openat(parent, dest->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	struct inode id;
	int is_ours;
	int r;

	if (point == -ENOENT || point == -ELOOP)
		return -ESTALE;
	if (point < 0)
		return 0; /* somebody else's, which cannot be locked */
	r = send_entry(mount_points, parent, dest->name, false);
	if (r < 0)
		return r;
	r = lock_entry(parent, dest->name, point, &id);
	if (r == 0 && !inode_is_same(id, wanted))
		r = -ESTALE;
	is_ours = r < 0 ? r : is_marked(point);
	if (is_ours < 0)
		return withdraw(mount_points, is_ours == -EOPNOTSUPP ? 0 : is_ours);
	r = send_point(mount_points, point, id, is_ours);
	return r < 0 ? r : is_ours;
}

/* Whether @point can be what mount_point_adopt() looks for: 1 with what it is in *@st, 0 or -errno.
 */
static int look_at(struct mount_points *mount_points, int point, struct statx *st)
{
	int r = sys_statx(point, WANTED, st);

	if (r < 0)
		return r;
	if (st->stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return 0;
	if (!mount_point_has_mode(st) && !mount_point_is_marked(point, st))
		return 0;
	r = is_own_fs(mount_points, st);
	return r < 0 ? r : r == 0;
}

int mount_point_may_be(struct mount_points *mount_points, int point)
{
	struct statx st = {0};

	if (mount_points == NULL || !mount_points->is_on)
		return 0;
	return look_at(mount_points, point, &st);
}

int mount_point_adopt(struct mount_points *mount_points, const struct entry *dest, int point)
{
	struct statx st = {0};
	int r = look_at(mount_points, point, &st);

	if (r <= 0)
		return r;
	if (is_among(mount_points->seen, mount_points->n_seen, inode_of(&st)))
		return mount_point_is_marked(point, &st);
	return lock_existing(mount_points, dest, inode_of(&st));
}
