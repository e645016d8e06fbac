/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mount_attack TREE SCRATCH [ATTACK]...: attack the mounts inside TREE, by all ATTACKs or those
 * named, one after the other, each from a process of its own.
 *
 * Of TREE, a bind mount that can be written, three mounts protect a part: TREE/key, a file, and
 * TREE/hidden, a folder, are covered, and TREE/ro is read-only.  Beneath, as TREE/ro/file says
 * where to look, the host has "secret" in key and in hidden/key.  TREE/open is an ordinary folder.
 * SCRATCH is a tmpfs that is writable.
 *
 * For each attack there is a line "NAME ANSWER VERDICT".  ANSWER is what the kernel said to the
 * call that counts: the name of an error, or "ok"; joined by "/" if it was not the same for all
 * three mounts.  VERDICT is "held", "read" if the secret could be read, "written" if a file below
 * ro could be opened for writing, by this process or the one that started it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BENEATH 0x200                       /* MOVE_MOUNT_BENEATH, Linux 6.5 */
#define AS_NAMESPACE 2                      /* OPEN_TREE_NAMESPACE, Linux 7.0 */
#define GET_USERNS _IO(0xb7, 0x1)           /* NS_GET_USERNS */
#define GET_PARENT _IO(0xb7, 0x2)           /* NS_GET_PARENT */
#define NEXT_MNTNS _IOR(0xb7, 11, char[16]) /* NS_MNT_GET_NEXT, Linux 6.12 */
#define PREV_MNTNS _IOR(0xb7, 12, char[16]) /* NS_MNT_GET_PREV */
#define STEPS 64                            /* up: more than any path is deep */

/* What an attack came to, in memory that it shares with the process that started it. */
struct outcome {
	char answer[64];
	bool read, written;
};

static const char *tree, *scratch;
static struct outcome *outcome;

/* --- What came of it --------------------------------------------------------------- */

/* Note one more answer, which is @r's: -errno or not negative. */
static int note(int r)
{
	const char *name = r < 0 ? strerrorname_np(-r) : "ok";
	size_t used = strlen(outcome->answer);

	if (name == NULL || strstr(outcome->answer, name) != NULL)
		return r;
	(void)snprintf(outcome->answer + used, sizeof(outcome->answer) - used, "%s%s",
		       used > 0 ? "/" : "", name);
	return r;
}

/* -errno of a call that returned @r. */
static int ret(long r)
{
	return r < 0 ? -errno : (int)r;
}

static bool is_secret(int dir, const char *name)
{
	char text[16] = "";
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	bool found = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
		     strncmp(text, "secret", strlen("secret")) == 0;

	if (fd >= 0)
		(void)close(fd);
	return found;
}

/* Look whether what is to be seen from @dir, a folder, is as the tree is without its mounts. */
static void look(int dir)
{
	static const char *const files[] = {"ro/file", "ro/new"};

	outcome->read |= is_secret(dir, "key") || is_secret(dir, "hidden/key");
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(dir, files[i], O_WRONLY | O_CLOEXEC | (i > 0 ? O_CREAT : 0), 0600);

		if (fd < 0)
			continue;
		outcome->written = true;
		(void)close(fd);
	}
}

static void look_at(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	look(dir);
	(void)close(dir);
}

/* --- Names ------------------------------------------------------------------------- */

#define PATH_BYTES 256 /* enough for a short TREE and SCRATCH */

struct path {
	char text[PATH_BYTES];
};

__attribute__((format(printf, 1, 2))) static struct path path(const char *format, ...)
{
	struct path p = {""};
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(p.text, sizeof(p.text), format, ap);
	va_end(ap);
	return p;
}

static struct path in_tree(const char *name)
{
	return path("%s/%s", tree, name);
}

/* A new folder in the scratch space. */
static struct path new_folder(void)
{
	struct path p = path("%s/XXXXXX", scratch);

	if (mkdtemp(p.text) == NULL)
		note(-errno);
	return p;
}

/* What an attack is tried on. */
static const char *const protected[] = {"key", "hidden", "ro"};

static int each(int (*attack)(const char *target))
{
	for (size_t i = 0; i < 3; i++)
		note(attack(in_tree(protected[i]).text));
	return 0;
}

/* The same with a recursive copy of the tree. */
static int each_of_copy(int (*attack)(const char *target))
{
	struct path copy = new_folder();

	if (mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL) < 0)
		return note(-errno);
	for (size_t i = 0; i < 3; i++)
		note(attack(path("%s/%s", copy.text, protected[i]).text));
	look_at(copy.text);
	return ret(umount2(copy.text, MNT_DETACH));
}

static int tree_clone(const char *target, unsigned flags)
{
	return ret(syscall(SYS_open_tree, AT_FDCWD, target, flags | OPEN_TREE_CLOEXEC));
}

/* --- Unmounting -------------------------------------------------------------------- */

static int umount_plainly(const char *target)
{
	return ret(umount2(target, 0));
}

static int umount_lazily(const char *target)
{
	return ret(umount2(target, MNT_DETACH));
}

static int umount_by_force(const char *target)
{
	return ret(umount2(target, MNT_FORCE));
}

static int umount_expired(const char *target)
{
	if (umount2(target, MNT_EXPIRE) < 0 && errno != EAGAIN)
		return -errno;
	return ret(umount2(target, MNT_EXPIRE));
}

static int umount_descriptor(const char *target)
{
	int fd = open(target, O_PATH | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = ret(umount2(path("/proc/self/fd/%d", fd).text, MNT_DETACH));
	(void)close(fd);
	return r;
}

static int by_umount(void)
{
	return each(umount_plainly);
}

static int by_umount_detach(void)
{
	return each(umount_lazily);
}

static int by_umount_force(void)
{
	return each(umount_by_force);
}

static int by_umount_expire(void)
{
	return each(umount_expired);
}

static int by_umount_fd(void)
{
	return each(umount_descriptor);
}

static int by_umount_tree(void)
{
	return note(umount_lazily(tree));
}

static int by_umount_root(void)
{
	return note(umount_lazily("/"));
}

/* A mount of one's own on top can be taken away again, and then no more. */
static int by_umount_twice(void)
{
	struct path target = in_tree("hidden");

	if (mount("tmpfs", target.text, "tmpfs", 0, NULL) < 0)
		return note(-errno);
	if (umount2(target.text, 0) < 0)
		return note(-errno);
	return note(umount_plainly(target.text));
}

/* --- Moving ------------------------------------------------------------------------ */

static int move_away(const char *target)
{
	return ret(mount(target, new_folder().text, NULL, MS_MOVE, NULL));
}

static int move_by_descriptor(const char *target)
{
	int fd = tree_clone(target, 0), r;

	if (fd < 0)
		return fd;
	r = ret(syscall(SYS_move_mount, fd, "", AT_FDCWD, new_folder().text,
			MOVE_MOUNT_F_EMPTY_PATH));
	(void)close(fd);
	return r;
}

/* A mount of an empty file or an empty folder, as @target is one, attached nowhere; read-only. */
static int make_empty(const char *target)
{
	struct path dir = new_folder(), file = path("%s/file", new_folder().text);
	int fd = open(file.text, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	struct stat st;

	if (fd < 0 || stat(target, &st) < 0)
		return -errno;
	(void)close(fd);
	fd = tree_clone(S_ISDIR(st.st_mode) ? dir.text : file.text, OPEN_TREE_CLONE);
	if (fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return fd;
}

/*
 * Put a mount beneath the one that protects, and take that away, and what is beneath then.  Where
 * the kernel lets one do the former, since Linux 7.1, the new mount is locked in its place.
 */
static int move_beneath(const char *target)
{
	int fd = make_empty(target), r;

	if (fd < 0)
		return fd;
	r = ret(syscall(SYS_move_mount, fd, "", AT_FDCWD, target,
			MOVE_MOUNT_F_EMPTY_PATH | BENEATH));
	(void)close(fd);
	for (int i = 0; r == 0 && i < 3; i++) {
		(void)umount2(target, MNT_DETACH);
		look_at(tree);
	}
	return r;
}

static int by_move(void)
{
	return each(move_away);
}

static int by_move_tree(void)
{
	return note(move_away(tree));
}

static int by_move_mount(void)
{
	return each(move_by_descriptor);
}

/* In a mount namespace of its own, lest the other attacks have other mounts before them. */
static int by_move_beneath(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return note(-errno);
	return each(move_beneath);
}

/* --- Restrictions ------------------------------------------------------------------ */

/* remount OPTIONS: of the mount that is read-only, nosuid and nodev */
static int remount(unsigned long flags)
{
	return note(ret(mount(NULL, in_tree("ro").text, NULL, MS_REMOUNT | flags, NULL)));
}

static int by_remount_rw(void)
{
	return remount(MS_BIND | MS_NOSUID | MS_NODEV);
}

static int by_remount_suid(void)
{
	return remount(MS_BIND | MS_RDONLY | MS_NODEV);
}

static int by_remount_dev(void)
{
	return remount(MS_BIND | MS_RDONLY | MS_NOSUID);
}

static int by_remount_super(void)
{
	return remount(MS_NOSUID | MS_NODEV);
}

static int set_attributes(const char *target, unsigned flags, uint64_t clear)
{
	struct mount_attr attr = {.attr_clr = clear};

	return ret(syscall(SYS_mount_setattr, AT_FDCWD, target, flags, &attr, sizeof(attr)));
}

static int make_writable(const char *target)
{
	return set_attributes(target, 0, MOUNT_ATTR_RDONLY);
}

static int by_setattr_rw(void)
{
	return note(make_writable(in_tree("ro").text));
}

static int by_setattr_rw_recursive(void)
{
	return note(set_attributes(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY));
}

static int by_setattr_suid(void)
{
	return note(set_attributes(tree, 0, MOUNT_ATTR_NOSUID));
}

static int by_setattr_dev(void)
{
	return note(set_attributes(tree, AT_RECURSIVE, MOUNT_ATTR_NODEV));
}

/* A devpts is noexec. */
static int by_setattr_exec(void)
{
	return note(set_attributes("/dev/pts", 0, MOUNT_ATTR_NOEXEC));
}

/* A copy of a read-only mount is the payload's, but as read-only. */
static int by_setattr_copy(void)
{
	struct path copy = new_folder();
	int r;

	if (mount(in_tree("ro").text, copy.text, NULL, MS_BIND, NULL) < 0)
		return note(-errno);
	r = note(make_writable(copy.text));
	return umount2(copy.text, 0) < 0 ? note(-errno) : r;
}

/* The same before the copy is attached anywhere. */
static int by_setattr_clone(void)
{
	int fd = tree_clone(in_tree("ro").text, OPEN_TREE_CLONE);
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	if (fd < 0)
		return note(fd);
	return note(ret(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr))));
}

static int by_reconfigure(void)
{
	int fd = ret(syscall(SYS_fspick, AT_FDCWD, in_tree("hidden").text, FSPICK_CLOEXEC));

	if (fd < 0)
		return note(fd);
	return note(ret(syscall(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)));
}

/* --- Copies of the tree ------------------------------------------------------------ */

static int by_bind_tree(void)
{
	struct path copy = new_folder();
	int r = note(ret(mount(tree, copy.text, NULL, MS_BIND, NULL)));

	look_at(copy.text);
	return r;
}

static int by_bind_fd(void)
{
	struct path copy = new_folder();
	int fd = open(tree, O_PATH | O_CLOEXEC);
	int r = note(ret(mount(path("/proc/self/fd/%d", fd).text, copy.text, NULL, MS_BIND, NULL)));

	look_at(copy.text);
	return r;
}

static int by_rbind_umount(void)
{
	return each_of_copy(umount_lazily);
}

static int by_rbind_move(void)
{
	return each_of_copy(move_away);
}

static int by_rbind_rw(void)
{
	struct path copy = new_folder();

	if (mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL) < 0)
		return note(-errno);
	note(make_writable(path("%s/ro", copy.text).text));
	look_at(copy.text);
	return umount_lazily(copy.text);
}

/* Look at the copy by a descriptor after its unmount, with the mounts in it. */
static int by_rbind_detached(void)
{
	struct path copy = new_folder();
	int dir, r;

	if (mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL) < 0)
		return note(-errno);
	dir = open(copy.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = note(umount_lazily(copy.text));
	look(dir);
	return r;
}

static int by_open_tree(void)
{
	int fd = note(tree_clone(tree, 0));

	if (fd >= 0)
		look(fd);
	return fd;
}

static int by_open_tree_clone(void)
{
	int fd = note(tree_clone(tree, OPEN_TREE_CLONE));

	if (fd >= 0)
		look(fd);
	return fd;
}

static int by_open_tree_recursive(void)
{
	int fd = note(tree_clone(tree, OPEN_TREE_CLONE | AT_RECURSIVE));

	if (fd >= 0)
		look(fd);
	return fd;
}

/* Take a mount away in a copy that is attached nowhere. */
static int by_clone_umount(void)
{
	int fd = tree_clone(tree, OPEN_TREE_CLONE | AT_RECURSIVE);

	if (fd < 0)
		return note(fd);
	for (size_t i = 0; i < 3; i++)
		note(umount_lazily(path("/proc/self/fd/%d/%s", fd, protected[i]).text));
	look(fd);
	return 0;
}

/* Or move it out of such a copy. */
static int by_clone_move(void)
{
	int fd = tree_clone(tree, OPEN_TREE_CLONE | AT_RECURSIVE);

	if (fd < 0)
		return note(fd);
	for (size_t i = 0; i < 3; i++)
		note(ret(
			syscall(SYS_move_mount, fd, protected[i], AT_FDCWD, new_folder().text, 0)));
	look(fd);
	return 0;
}

static int by_clone_of_clone(void)
{
	int fd = tree_clone(tree, OPEN_TREE_CLONE | AT_RECURSIVE), copy;

	if (fd < 0)
		return note(fd);
	copy = note(ret(syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)));
	if (copy >= 0)
		look(copy);
	return copy;
}

/* A copy that is a mount namespace of its own, of which the tree is the root. */
static int tree_namespace(unsigned flags)
{
	int fd = note(tree_clone(tree, AS_NAMESPACE | flags));

	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNS) < 0)
		return note(-errno);
	for (size_t i = 0; i < 3; i++)
		(void)umount_lazily(path("/%s", protected[i]).text);
	look_at("/");
	return 0;
}

static int by_namespace(void)
{
	return tree_namespace(0);
}

static int by_namespace_recursive(void)
{
	return tree_namespace(AT_RECURSIVE);
}

/* A recursive copy leaves out what must not be bound: here it must not. */
static int by_unbindable(void)
{
	struct path copy = new_folder();
	int r;

	for (size_t i = 0; i < 3; i++)
		if (mount(NULL, in_tree(protected[i]).text, NULL, MS_UNBINDABLE, NULL) < 0)
			return note(-errno);
	r = note(ret(mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL)));
	look_at(copy.text);
	if (r == 0)
		r = umount_lazily(copy.text);
	for (size_t i = 0; i < 3; i++)
		(void)mount(NULL, in_tree(protected[i]).text, NULL, MS_PRIVATE, NULL);
	return r;
}

/* Of two mounts that are peers, in one a copy of the tree; take a part away in the other. */
static int by_peer(void)
{
	struct path one = new_folder(), other = new_folder();
	struct path copy = path("%s/copy", one.text);

	if (mount("tmpfs", one.text, "tmpfs", 0, NULL) < 0 ||
	    mount(NULL, one.text, NULL, MS_SHARED, NULL) < 0 ||
	    mount(one.text, other.text, NULL, MS_BIND, NULL) < 0 || mkdir(copy.text, 0755) < 0 ||
	    mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL) < 0)
		return note(-errno);
	for (size_t i = 0; i < 3; i++)
		note(umount_lazily(path("%s/copy/%s", other.text, protected[i]).text));
	look_at(path("%s/copy", other.text).text);
	(void)umount2(other.text, MNT_DETACH);
	look_at(copy.text);
	return umount_lazily(one.text);
}

/* Share the tree itself, and take a part away in a copy that is its peer, or follows it. */
static int share_and_umount(unsigned long kind)
{
	struct path copy = new_folder();

	if (mount(NULL, tree, NULL, MS_SHARED | MS_REC, NULL) < 0 ||
	    mount(tree, copy.text, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, copy.text, NULL, kind | MS_REC, NULL) < 0)
		return note(-errno);
	for (size_t i = 0; i < 3; i++)
		note(umount_lazily(path("%s/%s", copy.text, protected[i]).text));
	look_at(copy.text);
	(void)umount_lazily(copy.text);
	return ret(mount(NULL, tree, NULL, MS_PRIVATE | MS_REC, NULL));
}

static int by_shared(void)
{
	return share_and_umount(MS_SHARED);
}

static int by_slave(void)
{
	return share_and_umount(MS_SLAVE);
}

/* --- Overlays ---------------------------------------------------------------------- */

static int overlay_of(const char *lower)
{
	struct path options = path("lowerdir=%s:%s,userxattr", lower, new_folder().text);
	struct path merged = new_folder();
	int r = note(ret(mount("overlay", merged.text, "overlay", 0, options.text)));

	if (r < 0)
		return r;
	look_at(merged.text);
	look_at(path("%s%s", merged.text, tree).text);
	return umount_lazily(merged.text);
}

static int by_overlay(void)
{
	return overlay_of(tree);
}

static int by_overlay_root(void)
{
	return overlay_of("/");
}

static int by_overlay_fsopen(void)
{
	struct path merged = new_folder();
	struct path layers = path("%s:%s", tree, new_folder().text);
	int fs = ret(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)), r, fd;

	if (fs < 0)
		return note(fs);
	r = ret(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir", layers.text, 0));
	if (r == 0)
		r = ret(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0));
	if (r == 0)
		r = ret(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	if (note(r) < 0)
		return r;
	fd = ret(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0));
	if (fd >= 0)
		look(fd);
	return ret(rmdir(merged.text));
}

/* --- Namespaces -------------------------------------------------------------------- */

static int write_map(const char *file, unsigned id)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || dprintf(fd, "%u %u 1", id, id) < 0)
		r = -errno;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Make a user namespace with a mount namespace, with the same ids. */
static int nest(void)
{
	unsigned uid = geteuid(), gid = getegid();
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "deny", 4) < 0)
		return -errno;
	(void)close(fd);
	if (write_map("/proc/self/uid_map", uid) < 0)
		return -errno;
	return write_map("/proc/self/gid_map", gid);
}

static int nest_deeply(void)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = nest();
	return r;
}

static int by_userns(void)
{
	int r = nest_deeply();

	if (r < 0)
		return note(r);
	(void)each(umount_lazily);
	return each(move_away);
}

static int by_userns_rw(void)
{
	int r = nest_deeply();

	return note(r < 0 ? r : make_writable(in_tree("ro").text));
}

static int by_unshare(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return note(-errno);
	return each(umount_lazily);
}

static bool is_own_namespace(int fd)
{
	struct stat own, st;

	return stat("/proc/self/ns/mnt", &own) == 0 && fstat(fd, &st) == 0 &&
	       own.st_ino == st.st_ino;
}

/* Enter the mount namespace @fd is open on, unless it is the process's own. */
static int enter(int fd)
{
	int r;

	if (fd < 0)
		return fd;
	if (is_own_namespace(fd))
		return 0;
	r = ret(setns(fd, CLONE_NEWNS));
	if (r == 0)
		look_at(tree);
	return r;
}

static int enter_path(const char *file)
{
	int fd = ret(open(file, O_RDONLY | O_CLOEXEC));
	int r = enter(fd);

	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Process 1 by /proc: the reaper, the host's, or with --as-pid-1 the payload. */
static int by_setns_1(void)
{
	return note(enter_path("/proc/1/ns/mnt"));
}

/* By a descriptor of the process; all namespaces together. */
static int by_setns_pidfd(void)
{
	int fd = ret(syscall(SYS_pidfd_open, 1, 0)), r;

	if (fd < 0)
		return note(fd);
	r = note(ret(setns(fd, CLONE_NEWUSER | CLONE_NEWNS)));
	if (r == 0)
		look_at(tree);
	return r;
}

static int by_setns_user_1(void)
{
	int fd = ret(open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC));

	return note(fd < 0 ? fd : ret(setns(fd, CLONE_NEWUSER)));
}

/* The parent user namespace, and the owners of the payload's namespaces. */
static int by_owner(void)
{
	static const char *const namespaces[] = {"ipc", "net", "pid", "uts"};
	int fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	note(ret(ioctl(fd, GET_PARENT)));
	for (size_t i = 0; i < 4; i++) {
		struct path p = path("/proc/self/ns/%s", namespaces[i]);
		int ns = open(p.text, O_RDONLY | O_CLOEXEC);
		int owner = ret(ioctl(ns, GET_USERNS));

		note(owner < 0 ? owner : ret(setns(owner, CLONE_NEWUSER)));
	}
	return 0;
}

/* Go from one mount namespace to the next, both ways, as far as the kernel lets. */
static int by_neighbours(void)
{
	const unsigned long ways[] = {NEXT_MNTNS, PREV_MNTNS};
	char info[16];

	for (size_t i = 0; i < 2; i++) {
		int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

		for (int step = 0; step < STEPS; step++) {
			int next = ret(ioctl(fd, ways[i], info));

			(void)close(fd);
			fd = next;
			if (note(next) < 0)
				break;
			if (enter(fd) == 0)
				return note(-EXFULL); /* a name that is expected nowhere */
		}
		(void)close(fd);
	}
	return 0;
}

/* --- Other processes --------------------------------------------------------------- */

/* Call @attack for all processes that are in another mount namespace, or in one that cannot be
 * told. */
static int each_process(int (*attack)(const char *pid))
{
	struct stat own, st;
	DIR *proc;

	if (stat("/proc/self/ns/mnt", &own) < 0)
		return note(-errno);
	proc = opendir("/proc");
	if (proc == NULL)
		return note(-errno);
	for (const struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    (stat(path("/proc/%s/ns/mnt", entry->d_name).text, &st) == 0 &&
		     st.st_ino == own.st_ino))
			continue;
		note(attack(entry->d_name));
	}
	(void)closedir(proc);
	if (outcome->answer[0] == '\0')
		note(-ESRCH);
	return 0;
}

/* A process that exits meanwhile prints nothing. */
static int unless_gone(int r)
{
	return r == -ESRCH || r == -ENOENT ? -EACCES : r;
}

static int enter_process(const char *pid)
{
	return unless_gone(enter_path(path("/proc/%s/ns/mnt", pid).text));
}

static int see_root(const char *pid)
{
	static const char *const links[] = {"root", "cwd"};
	int r = 0;

	for (size_t i = 0; i < 2; i++) {
		struct path link = path("/proc/%s/%s", pid, links[i]);
		int dir = ret(open(link.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

		r = unless_gone(dir);
		if (dir < 0)
			continue;
		look(dir);
		look_at(path("%s/%s", link.text, tree).text);
		(void)close(dir);
	}
	return r;
}

static int trace(const char *pid)
{
	pid_t target = (pid_t)strtol(pid, NULL, 10);
	int r = ret(ptrace(PTRACE_SEIZE, target, NULL, NULL));

	if (r == 0)
		(void)ptrace(PTRACE_DETACH, target, NULL, NULL);
	return r == -ESRCH ? -EPERM : r;
}

static int by_setns_all(void)
{
	return each_process(enter_process);
}

static int by_proc_root(void)
{
	return each_process(see_root);
}

static int by_trace(void)
{
	return each_process(trace);
}

/* A procfs of its own may show more than the one that sbx mounted. */
static int by_proc_mount(void)
{
	struct path dir = new_folder();
	int r = note(ret(mount("proc", dir.text, "proc", 0, NULL)));

	if (r < 0)
		return r;
	look_at(path("%s/1/root%s", dir.text, tree).text);
	return umount_lazily(dir.text);
}

/* --- Roots ------------------------------------------------------------------------- */

/* Climb from @dir as far as ".." leads, and look for the tree. */
static void climb(int dir)
{
	if (fchdir(dir) < 0)
		return;
	for (int i = 0; i < STEPS; i++) {
		look_at(".");
		look_at(tree + 1);
		if (chdir("..") < 0)
			break;
	}
}

static int by_chroot(void)
{
	int dir = open(in_tree("ro").text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = note(ret(chroot(new_folder().text)));

	climb(dir);
	return r;
}

static int by_fchdir(void)
{
	for (size_t i = 1; i < 3; i++) {
		int dir = open(in_tree(protected[i]).text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		note(dir < 0 ? -errno : 0);
		climb(dir);
		(void)close(dir);
	}
	return 0;
}

/* Make a tmpfs the root, with the old one at /old. */
static int pivot(void)
{
	struct path dir = new_folder(), old = path("%s/old", dir.text);

	if (mount("tmpfs", dir.text, "tmpfs", 0, NULL) < 0 || mkdir(old.text, 0755) < 0)
		return -errno;
	if (syscall(SYS_pivot_root, dir.text, old.text) < 0)
		return -errno;
	return ret(chdir("/"));
}

/* Take the old root away in pieces, then as a whole, and look at it by a descriptor. */
static int take_old_root_away(void)
{
	int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = pivot();

	if (r < 0)
		return note(r);
	for (size_t i = 0; i < 3; i++)
		note(umount_lazily(path("/old%s/%s", tree, protected[i]).text));
	look_at(path("/old%s", tree).text);
	r = umount_lazily("/old");
	look(dir);
	return r < 0 ? note(r) : r;
}

static int by_pivot(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return note(-errno);
	return take_old_root_away();
}

/* --- Files ------------------------------------------------------------------------- */

/* A mount point is busy: it can neither be removed nor get another name. */
static int rename_away(const char *target)
{
	return ret(rename(target, in_tree("open/away").text));
}

static int by_rename(void)
{
	return each(rename_away);
}

static int by_unlink(void)
{
	note(ret(unlink(in_tree("key").text)));
	note(ret(rmdir(in_tree("hidden").text)));
	return note(ret(rmdir(in_tree("ro").text)));
}

/* Files by handles, as an NFS server finds them: that leads around mounts. */
static int by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int id, dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (name_to_handle_at(dir, "open", &handle.head, &id, 0) < 0)
		return note(-errno);
	return note(ret(open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC)));
}

/* --- The moves that need more than the kernel's refusal ---------------------------- */

/*
 * From a mount namespace without the mounts of the tree, rename their mount points by a descriptor,
 * into a folder that was bound elsewhere before.  Only made if it is named: it fails because the
 * folder is read-only, or because there are no such namespaces.
 */
static int by_rename_elsewhere(void)
{
	int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0, copy;

	copy = tree_clone(in_tree("open").text, OPEN_TREE_CLONE);
	if (copy < 0)
		return note(copy);
	r = pivot();
	if (r == 0)
		r = umount_lazily("/old");
	if (r < 0)
		return note(r);
	for (size_t i = 0; i < 3; i++)
		note(ret(renameat(dir, protected[i], dir, path("open/%s", protected[i]).text)));
	look(copy);
	return 0;
}

/* --- What belongs to the payload --------------------------------------------------- */

static int by_own_tmpfs(void)
{
	struct path dir = new_folder();

	if (mount("tmpfs", dir.text, "tmpfs", 0, NULL) < 0)
		return note(-errno);
	return note(umount_plainly(dir.text));
}

static int by_own_bind(void)
{
	struct path dir = new_folder();

	if (mount(in_tree("open").text, dir.text, NULL, MS_BIND, NULL) < 0)
		return note(-errno);
	return note(umount_plainly(dir.text));
}

/* What is mounted inside a recursive copy stays there, so that it is busy but for MNT_DETACH. */
static int by_own_rbind(void)
{
	struct path dir = new_folder();

	if (mount("/", dir.text, NULL, MS_BIND | MS_REC, NULL) < 0)
		return note(-errno);
	note(umount_plainly(dir.text));
	return note(umount_lazily(dir.text));
}

static int by_own_overlay(void)
{
	return overlay_of(in_tree("open").text);
}

static int by_own_cover(void)
{
	struct path target = in_tree("hidden");

	if (mount(in_tree("open").text, target.text, NULL, MS_BIND, NULL) < 0)
		return note(-errno);
	return note(umount_plainly(target.text));
}

/* --- All of them ------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*attack)(void);
	bool only_if_named;
} attacks[] = {
	{.name = "umount", .attack = by_umount},
	{.name = "umount-detach", .attack = by_umount_detach},
	{.name = "umount-force", .attack = by_umount_force},
	{.name = "umount-expire", .attack = by_umount_expire},
	{.name = "umount-fd", .attack = by_umount_fd},
	{.name = "umount-tree", .attack = by_umount_tree},
	{.name = "umount-root", .attack = by_umount_root},
	{.name = "umount-twice", .attack = by_umount_twice},
	{.name = "move", .attack = by_move},
	{.name = "move-tree", .attack = by_move_tree},
	{.name = "move-mount", .attack = by_move_mount},
	{.name = "move-beneath", .attack = by_move_beneath},
	{.name = "remount-rw", .attack = by_remount_rw},
	{.name = "remount-suid", .attack = by_remount_suid},
	{.name = "remount-dev", .attack = by_remount_dev},
	{.name = "remount-super", .attack = by_remount_super},
	{.name = "setattr-rw", .attack = by_setattr_rw},
	{.name = "setattr-rw-recursive", .attack = by_setattr_rw_recursive},
	{.name = "setattr-suid", .attack = by_setattr_suid},
	{.name = "setattr-dev", .attack = by_setattr_dev},
	{.name = "setattr-exec", .attack = by_setattr_exec},
	{.name = "setattr-copy", .attack = by_setattr_copy},
	{.name = "setattr-clone", .attack = by_setattr_clone},
	{.name = "reconfigure", .attack = by_reconfigure},
	{.name = "bind-tree", .attack = by_bind_tree},
	{.name = "bind-fd", .attack = by_bind_fd},
	{.name = "rbind-umount", .attack = by_rbind_umount},
	{.name = "rbind-move", .attack = by_rbind_move},
	{.name = "rbind-rw", .attack = by_rbind_rw},
	{.name = "rbind-detached", .attack = by_rbind_detached},
	{.name = "open-tree", .attack = by_open_tree},
	{.name = "open-tree-clone", .attack = by_open_tree_clone},
	{.name = "open-tree-recursive", .attack = by_open_tree_recursive},
	{.name = "clone-umount", .attack = by_clone_umount},
	{.name = "clone-move", .attack = by_clone_move},
	{.name = "clone-of-clone", .attack = by_clone_of_clone},
	{.name = "namespace", .attack = by_namespace},
	{.name = "namespace-recursive", .attack = by_namespace_recursive},
	{.name = "unbindable", .attack = by_unbindable},
	{.name = "peer", .attack = by_peer},
	{.name = "shared", .attack = by_shared},
	{.name = "slave", .attack = by_slave},
	{.name = "overlay", .attack = by_overlay},
	{.name = "overlay-root", .attack = by_overlay_root},
	{.name = "overlay-fsopen", .attack = by_overlay_fsopen},
	{.name = "userns", .attack = by_userns},
	{.name = "userns-rw", .attack = by_userns_rw},
	{.name = "unshare", .attack = by_unshare},
	{.name = "setns-1", .attack = by_setns_1},
	{.name = "setns-user-1", .attack = by_setns_user_1},
	{.name = "setns-pidfd", .attack = by_setns_pidfd},
	{.name = "setns-all", .attack = by_setns_all},
	{.name = "owner", .attack = by_owner},
	{.name = "neighbours", .attack = by_neighbours},
	{.name = "proc-root", .attack = by_proc_root},
	{.name = "proc-mount", .attack = by_proc_mount},
	{.name = "trace", .attack = by_trace},
	{.name = "chroot", .attack = by_chroot},
	{.name = "fchdir", .attack = by_fchdir},
	{.name = "pivot", .attack = by_pivot},
	{.name = "rename", .attack = by_rename},
	{.name = "unlink", .attack = by_unlink},
	{.name = "handle", .attack = by_handle},
	{.name = "own-tmpfs", .attack = by_own_tmpfs},
	{.name = "own-bind", .attack = by_own_bind},
	{.name = "own-rbind", .attack = by_own_rbind},
	{.name = "own-overlay", .attack = by_own_overlay},
	{.name = "own-cover", .attack = by_own_cover},
	{.name = "pivot-here",
	 .attack = take_old_root_away}, /* the last: it moves all others' root */
	{.name = "rename-elsewhere", .attack = by_rename_elsewhere, .only_if_named = true},
};

static bool is_wanted(size_t i, int argc, char **argv)
{
	if (argc == 0)
		return !attacks[i].only_if_named;
	for (int j = 0; j < argc; j++)
		if (strcmp(argv[j], attacks[i].name) == 0)
			return true;
	return false;
}

/* Make attack @i in a process of its own; @dir is the tree. */
static int run(size_t i, int dir)
{
	pid_t pid;
	int status;

	*outcome = (struct outcome){0};
	pid = fork();
	if (pid == 0) {
		(void)attacks[i].attack();
		look_at(tree);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	look_at(tree);
	look(dir);
	printf("%s %s %s%s%s\n", attacks[i].name, status == 0 ? outcome->answer : "died",
	       outcome->read ? "read" : "", outcome->written ? "written" : "",
	       outcome->read || outcome->written ? "" : "held");
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	int dir;

	if (argc < 3)
		return 2;
	tree = argv[1];
	scratch = argv[2];
	dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (dir < 0 || outcome == MAP_FAILED) {
		perror("mount_attack");
		return 2;
	}
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (is_wanted(i, argc - 3, argv + 3) && run(i, dir) != 0) {
			perror("mount_attack");
			return 2;
		}
	}
	return 0;
}
