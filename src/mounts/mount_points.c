/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A mount needs a mount point: an empty file or directory, and the directories above it.  Where
 * that is missing in a directory of the host that is bound writable, sbx creates it on the host.
 * No process in the sandbox can remove it at exit: it is mounted on, or that process is dead.  So
 * the janitor removes it, or the monitor if the janitor was killed.  Both receive messages:
 *
 *	entry  ──► the directory and the name, before anything is created or locked
 *	           the mount point is created if it is missing, locked, marked
 *	locked ──► a descriptor of the mount point that holds the lock, before anything is
 *	           mounted on it
 *
 * So whichever process is killed in between, another one knows of the mount point.  What --dir,
 * --file and --symlink create is not removed: that was asked for.
 *
 * A mark tells mount points that sbx has created from other files.  By it, a sandbox recognises
 * the mount points of others, and the next run removes what a power failure has left behind:
 *
 *	mode   with the sticky bit, which it has from its creation on: 01444 for a file, 01755
 *	       for a directory, or less, if an access control list above says so; a
 *	       set-group-ID bit is inherited
 *	mtime  a constant, long ago.  Creating or removing an entry in a directory changes
 *	       that; sbx sets it again
 *
 * File systems such as FAT do not keep modes; some FUSE file systems only keep a mode that is set
 * again.  There the timestamp alone is the mark.  Where neither is kept, or flock(2) or inotify(7)
 * does not work, the mount point stays, with a warning.
 *
 * Sandboxes may share a mount point, and the last one has to remove it.  Each holds a shared lock,
 * flock(2), on it; removing it takes an exclusive one.  The kernel gives up the shared lock before
 * it grants that.  So of two sandboxes that end at the same time at least one gets it.  A failure
 * means that another sandbox still uses the mount point, and will remove it.  After locking, a
 * sandbox checks that the name still leads to the file that it has locked.
 *
 * An entry with the mode but without the timestamp is foreign, has been written to, or is just
 * being created.  Wait briefly.  If the timestamp does not appear, lock the entry so that no
 * sandbox removes it.  Remove it at exit only if the timestamp is there by then: a sandbox that
 * leaves removal to others restores it.
 *
 * Unlinking a mount point detaches the mount in every other mount namespace, so it has to wait
 * until the last process in the sandbox has exited.  In a PID namespace of the sandbox's own, that
 * is when its first process has exited.  Elsewhere the end of a file system tells, which is mounted
 * in the sandbox alone: the staging tmpfs.  It is shut down with the last mount namespace that has
 * it, and inotify(7) reports that without holding it.
 *
 * The caller may lack write permission on a directory: its mode is 0555, or it belongs to another
 * ID of --userns.  The sandbox can still create entries there, with the capabilities in its user
 * namespace.  Removing them takes these as well.  So the monitor and the janitor receive that
 * namespace, for a helper to enter.
 *
 * One case goes unnoticed: a nested sandbox that binds only those directories and outlives this
 * sandbox.
 *
 * The descriptor of the directory that is sent is of a mount of it alone.  That shows what other
 * mounts hide, and stays writable after --remount-ro.  It must not be on a file system of the
 * sandbox's own: the monitor and the janitor would hold that.
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

/* Magic numbers that the headers lack, or not all have. */
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

/* Whether the file system of @fd does not keep modes as they are set. */
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

/* --- Known inodes --------------------------------------------------------- */

static bool is_among(const struct inode *list, size_t n, struct inode id)
{
	for (size_t i = 0; i < n; i++)
		if (inode_is_same(list[i], id))
			return true;
	return false;
}

/* Append @id to the @n in *@list.  Returns 0 or -errno. */
static int add(struct inode **list, size_t *n, struct inode id)
{
	struct inode *more = reallocarray(*list, *n + 1, sizeof(**list));

	if (more == NULL)
		return -ENOMEM;
	*list = more;
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

/* Whether @st is on a file system of the sandbox's own.  Returns 1, 0 or -errno. */
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

/* --- Messages ------------------------------------------------------------- */

static void pause_briefly(void)
{
	(void)sys_poll(NULL, 0, PAUSE_MS);
}

/* Send @note with @fd to the monitor and the janitor.  Returns 0 or -errno. */
static int send_both(const struct mount_points *mount_points, const struct mount_point_note *note,
		     int fd)
{
	int r = mount_points->monitor < 0 ? 0 : report_mount_point(mount_points->monitor, note, fd);

	return r < 0 ? r : io_pass(mount_points->janitor, note, sizeof(*note), fd);
}

/*
 * Send the descriptor that reports when no process sees the mounts any more.  Without it, which a
 * limit may forbid, nothing is removed.
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
 * Whether the monitor and the janitor have room for one more entry: two descriptors each.  They
 * would notice only after others have been created.  Returns 0, -EMFILE or another -errno.
 */
static int check_room(struct mount_points *mount_points)
{
	const size_t others = 32; /* descriptors that they have open */
	const size_t each = 2;
	int max = sys_files_max();

	if (max < 0)
		return max;
	return ++mount_points->n_sent * each + others > (size_t)max ? -EMFILE : 0;
}

/*
 * Whether removing an entry of @dir may take the user namespace's capabilities.  It may if the mode
 * denies write or search permission to the owner or, if this process is not the owner, to others.
 * The monitor and the janitor, which may run under other IDs, check again.
 */
static bool may_need_rights(const struct statx *dir)
{
	const unsigned needed =
		dir->stx_uid == sys_geteuid() ? S_IWUSR | S_IXUSR : S_IWOTH | S_IXOTH;

	return (dir->stx_mode & needed) != needed;
}

/* Send the user namespace, once, if removing an entry of @parent may take its capabilities. */
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
 * Wait until there is a janitor.  Before that, no process would know of the mount point if the
 * monitor were killed.  The janitor sends a byte, which stays in the socket for janitor_await().
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

/* --- Locking -------------------------------------------------------------- */

/*
 * Lock @point.  A sandbox that is about to remove it has the lock briefly.  Returns 0, -EBUSY, or
 * -EOPNOTSUPP where flock(2) does not work.
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
 * Lock @point, and check that @name in @parent leads to it.  Returns 0 with its inode; or as
 * lock(), -ESTALE or another -errno.
 */
static int lock_entry(int parent, const char *name, int point, struct inode *ret)
{
	struct statx locked = {0};
	struct statx there = {0};
	autoclose int fd = -1;
	int r = lock(point);

	if (r == 0)
		r = sys_statx(point, STATX_INO, &locked);
	if (r < 0)
		return r;
	fd = sys_openat(parent, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	r = sys_statx(fd, STATX_INO, &there);
	if (r < 0)
		return r;
	*ret = inode_of(&locked);
	return inode_is_same(*ret, inode_of(&there)) ? 0 : -ESTALE;
}

/* The directory @dir, by a mount of it alone, or -errno: not if there are locked mounts below. */
static int open_alone(int dir)
{
	return sys_open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
}

/* Create @name in @parent.  Returns a descriptor of it that can be locked, or -errno. */
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

/* Have the monitor and the janitor forget the last entry.  Returns @ret or -errno. */
static int withdraw(const struct mount_points *mount_points, int ret)
{
	const struct mount_point_note none = {.kind = MOUNT_POINT_VOID};
	int r = send_both(mount_points, &none, -1);

	return r < 0 ? r : ret;
}

/* Whether the directory @dir has the whole mark.  Creating an entry in it changes its timestamp. */
static bool has_mark(int dir)
{
	struct statx st = {0};

	return sys_statx(dir, WANTED, &st) == 0 && mount_point_is_marked(dir, &st);
}

/*
 * Whether other sandboxes recognise @point, which was created and marked.  Otherwise they would
 * lose what they mount on it when this one removes it.  Some file systems keep the mode only when
 * it is set again.  Returns 1, 0 or -errno.
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

/* Leave the mount point that was created there, for the reason @why. */
static int leave(struct mount_points *mount_points, enum mount_point_stays why)
{
	mount_points->stays = why;
	return withdraw(mount_points, 0);
}

/* Have @point, which was created at @name in @parent, removed at exit if possible. */
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

/*
 * Whether @point, which has the mode, has the whole mark, after waiting briefly.  Returns 1, 0 or
 * -errno.
 */
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

/* Lock the entry at @dest, which has the mode.  Returns as mount_point_adopt(). */
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
		return 0; /* a foreign entry that cannot be locked */
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

/*
 * Whether @point may be a mount point made by sbx, as mount_point_adopt() looks for.  Returns 1
 * with *@st, 0 or -errno.
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
