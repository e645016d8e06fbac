/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thief HOW PATH [WITH]: try to read what is at PATH, or to write "stolen" to it, past what
 * protects it.  Prints what was read or "written", and exits with 1, if that works; with 0
 * if not; with 3 if the kernel does not have what it takes.  HOW is
 *
 *	root    through /proc/PID/root, cwd and fd of every process
 *	handle  by the file's handle, which WITH says as "thief name-of PATH" prints it
 *	uring   opened by io_uring(7)
 *	rename  in a mount namespace of a new user namespace, in which the mounts on the path are
 *	        no more: rename the file to WITH, a directory beside it, and look there
 *	again   the same without a new user namespace
 *
 * thief users: try to make user namespaces in every way; prints the errors.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED, STOLEN, WRONG, LACKING };

/* Read from @fd and print that. */
static int steal(int fd)
{
	char text[64];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return REFUSED;
	text[n] = '\0';
	printf("%s", text);
	return STOLEN;
}

/* Read the file at @path below @dir, and write to it. */
static int steal_at(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r = fd < 0 ? REFUSED : steal(fd);

	if (fd >= 0)
		(void)close(fd);
	fd = openat(dir, path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && write(fd, "stolen\n", 7) == 7) {
		printf("written\n");
		r = STOLEN;
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* --- Other processes ------------------------------------------------------ */

static int by_fds(const char *pid, const char *path)
{
	char name[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int r = REFUSED;

	(void)snprintf(name, sizeof(name), "/proc/%s/fd", pid);
	dir = opendir(name);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(name, sizeof(name), "/proc/%s/fd/%s/%s", pid, entry->d_name, path);
		r |= steal_at(AT_FDCWD, name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return r;
}

static int by_root(const char *path, const char *with __attribute__((unused)))
{
	static const char *const roots[] = {"root", "cwd", "task/1/root"};
	char name[PATH_MAX];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int r = REFUSED;

	if (proc == NULL)
		return WRONG;
	while ((entry = readdir(proc)) != NULL) {
		if (strspn(entry->d_name, "0123456789") == 0 && strcmp(entry->d_name, "self") != 0)
			continue;
		for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
			(void)snprintf(name, sizeof(name), "/proc/%s/%s/%s", entry->d_name,
				       roots[i], path);
			r |= steal_at(AT_FDCWD, name);
		}
		r |= by_fds(entry->d_name, path);
	}
	(void)closedir(proc);
	return r;
}

/* --- Handles -------------------------------------------------------------- */

union handle {
	struct file_handle handle;
	char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static int name_of(const char *path, const char *with __attribute__((unused)))
{
	union handle h = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;

	if (name_to_handle_at(AT_FDCWD, path, &h.handle, &mount, 0) < 0)
		return LACKING;
	printf("%d", h.handle.handle_type);
	for (unsigned i = 0; i < h.handle.handle_bytes; i++)
		printf(":%u", h.handle.f_handle[i]);
	printf("\n");
	return REFUSED;
}

static int by_handle(const char *path, const char *with)
{
	union handle h = {.handle = {.handle_bytes = 0}};
	char parent[PATH_MAX];
	char proc_name[64];
	char *rest;
	int dir, fd;

	h.handle.handle_type = (int)strtol(with, &rest, 10);
	while (*rest == ':' && h.handle.handle_bytes < MAX_HANDLE_SZ)
		h.handle.f_handle[h.handle.handle_bytes++] =
			(unsigned char)strtoul(rest + 1, &rest, 10);
	(void)snprintf(parent, sizeof(parent), "%s", path);
	do /* the lowest folder above that can be opened */
		dir = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (dir < 0 && strcmp(parent, "/") != 0);
	if (dir < 0)
		return WRONG;
	fd = open_by_handle_at(dir, &h.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return REFUSED;
	(void)snprintf(proc_name, sizeof(proc_name), "/proc/self/fd/%d", fd);
	return steal_at(AT_FDCWD, proc_name);
}

/* --- io_uring ------------------------------------------------------------- */

static unsigned *at(void *ring, unsigned offset)
{
	return (unsigned *)(void *)((char *)ring + offset);
}

/* Open @path by the ring @fd, of one entry.  Returns a descriptor or -errno. */
static int open_by_ring(int fd, const struct io_uring_params *p, const char *path)
{
	size_t sq_size = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	size_t cq_size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	void *sq = mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	void *cq = mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *entry =
		mmap(NULL, sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	const struct io_uring_cqe *end;

	if (sq == MAP_FAILED || cq == MAP_FAILED || entry == MAP_FAILED)
		return -ENOMEM;
	memset(entry, 0, sizeof(*entry));
	entry->opcode = IORING_OP_OPENAT;
	entry->fd = AT_FDCWD;
	entry->addr = (uintptr_t)path;
	entry->open_flags = O_RDONLY;
	*at(sq, p->sq_off.array) = 0;
	__atomic_store_n(at(sq, p->sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	end = (const struct io_uring_cqe *)(const void *)((const char *)cq + p->cq_off.cqes);
	return end->res;
}

static int by_uring(const char *path, const char *with __attribute__((unused)))
{
	struct io_uring_params p;
	int ring, fd;

	memset(&p, 0, sizeof(p));
	ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		return LACKING;
	fd = open_by_ring(ring, &p, path);
	return fd < 0 ? REFUSED : steal(fd);
}

/* --- Namespaces ----------------------------------------------------------- */

/* With the mount namespace to ourselves: detach all of its mounts as a whole. */
static int detach_all(void)
{
	if (mount("tmpfs", "/usr", "tmpfs", 0, NULL) < 0 || chdir("/usr") < 0)
		return -1;
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -1;
	return umount2(".", MNT_DETACH);
}

/*
 * The mounts stay as they are, but are no longer this namespace's, so that none of them keeps
 * what is at @path from being renamed.
 */
static int rename_away(const char *path, const char *with)
{
	char parent[PATH_MAX];
	char name[PATH_MAX];
	int dir, there, seen;

	(void)snprintf(parent, sizeof(parent), "%s", path);
	(void)snprintf(name, sizeof(name), "%s", path);
	dir = open(dirname(parent), O_PATH | O_DIRECTORY | O_CLOEXEC);
	there = open(with, O_PATH | O_DIRECTORY | O_CLOEXEC);
	seen = (int)syscall(SYS_open_tree, there, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (dir < 0 || there < 0 || seen < 0 || detach_all() < 0) {
		perror("thief: detach");
		return REFUSED;
	}
	if (renameat(dir, basename(name), there, "loot") < 0) {
		perror("thief: rename");
		return REFUSED;
	}
	return steal_at(seen, "loot");
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	if (file == NULL)
		return;
	(void)fputs(text, file);
	(void)fclose(file);
}

static int by_rename(const char *path, const char *with)
{
	char uid_map[32];
	char gid_map[32];

	/* where they can be mapped, they have power over their files there */
	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1", getuid());
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
		put("/proc/self/setgroups", "deny");
		put("/proc/self/uid_map", uid_map);
		put("/proc/self/gid_map", gid_map);
		return rename_away(path, with);
	}
	perror("thief: unshare");
	return REFUSED;
}

static int by_rename_again(const char *path, const char *with)
{
	if (unshare(CLONE_NEWNS) == 0)
		return rename_away(path, with);
	perror("thief: unshare");
	return REFUSED;
}

/* Say what comes of making a process in new namespaces: @pid, which does nothing, or an error. */
static int tell(const char *how, long pid)
{
	if (pid == 0)
		_exit(0);
	printf("%s: %s\n", how, pid < 0 ? strerror(errno) : "possible");
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return pid < 0 ? REFUSED : STOLEN;
}

static int make_users(void)
{
	static const uint64_t flags[] = {CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNS};
	int r = REFUSED;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct clone_args args = {.flags = flags[i], .exit_signal = SIGCHLD};

		r |= tell("clone3", syscall(SYS_clone3, &args, sizeof(args)));
		r |= tell("clone", syscall(SYS_clone, flags[i] | SIGCHLD, NULL, NULL, NULL, NULL));
		if (unshare((int)flags[i]) == 0)
			r = STOLEN;
		printf("unshare: %s\n", r == STOLEN ? "possible" : strerror(errno));
	}
	return r;
}

static const struct {
	const char *name;
	int (*steal)(const char *path, const char *with);
	int words; /* what it takes, with its name */
} ways[] = {
	{"root", by_root, 2},   {"name-of", name_of, 2},  {"handle", by_handle, 3},
	{"uring", by_uring, 2}, {"rename", by_rename, 3}, {"again", by_rename_again, 3},
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "users") == 0)
		return make_users();
	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0 && argc == ways[i].words + 1)
			return ways[i].steal(argv[2], argc > 3 ? argv[3] : "");
	return WRONG;
}
