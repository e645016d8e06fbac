/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths, what files contain, and libraries. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "sys/sys.h"
#include "test.h"

#define MAX_FILES 256

/* Those beyond fake.n_files are of no meaning: a reset need not touch them. */
static struct file files[MAX_FILES];

struct file *find_file(const char *name)
{
	for (unsigned i = 0; i < fake.n_files; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

void fake_sys_file(const char *name, const char *text)
{
	struct file *file = find_file(name);

	if (file == NULL) {
		assert_true(fake.n_files < MAX_FILES);
		file = &files[fake.n_files++];
		(void)snprintf(file->name, sizeof(file->name), "%s", name);
	}
	file->exists = text != NULL;
	if (file->exists)
		assert_in_range(snprintf(file->text, sizeof(file->text), "%s", text), 0,
				sizeof(file->text) - 1);
}

const char *fake_sys_contents(const char *name)
{
	const struct file *file = find_file(name);

	return file == NULL || !file->exists ? NULL : file->text;
}

static const struct word open_words[] = {
	{O_WRONLY, "write"},      {O_RDWR, "read-write"},
	{O_PATH, "path"},         {O_DIRECTORY, "dir"},
	{O_NOFOLLOW, "nofollow"}, {O_NONBLOCK, "nonblock"},
	{O_TRUNC, "trunc"},       {O_EXCL, "excl"},
	{O_CREAT, "create"},      {0, NULL},
};

/* A new descriptor of @path in @dirfd. */
static int opened(int dirfd, const char *path, mode_t type)
{
	const char *dir = dirfd == AT_FDCWD ? "" : name_of(dirfd);
	int fd = next_fd();

	if (dirfd == AT_FDCWD)
		set_fd(fd, type, "%s", path);
	else if (strcmp(path, ".") == 0)
		set_fd(fd, type, "%s", dir);
	else
		set_fd(fd, type, "%s%s%s", dir, *path == '/' ? "" : "/", path);
	return fd;
}

static struct words mode_words(int flags, mode_t mode)
{
	struct words ret = {.text = ""};

	if (flags & O_CREAT)
		(void)snprintf(ret.text, sizeof(ret.text), " %o", mode);
	return ret;
}

/* Close @fd, which is of something that does not exist.  Returns @fd otherwise. */
static int if_exists(int fd)
{
	const struct file *file = find_file(fake.fds[fd].name);

	if (file == NULL || file->exists)
		return fd;
	fake.fds[fd].is_open = false;
	return -ENOENT;
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	mode_t type = flags & (O_WRONLY | O_RDWR | O_CREAT) ? S_IFREG : S_IFDIR;
	struct outcome outcome;

	if (dirfd < 0 && dirfd != AT_FDCWD)
		return -EBADF; /* as of a file system that could not be opened */
	outcome = call("open %s%s%s%s", dir_words(dirfd).text, path,
		       words(open_words, (unsigned)flags).text, mode_words(flags, mode).text);
	return failed(outcome) ? (int)outcome.r : if_exists(opened(dirfd, path, type));
}

int sys_openat_in(int rootfd, const char *path, int flags)
{
	struct outcome outcome = call("open_in %s%s%s", dir_words(rootfd).text, path,
				      words(open_words, (unsigned)flags).text);

	return failed(outcome) ? (int)outcome.r : opened(rootfd, path, S_IFDIR);
}

int sys_openat_in_nolinks(int rootfd, const char *path, int flags)
{
	return sys_openat_in(rootfd, path, flags);
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	const struct file *file;
	struct outcome outcome;
	size_t n;

	if (fd < 0)
		return -EBADF; /* as of a file system that could not be opened */
	outcome = call("read %s", name_of(fd));
	file = find_file(name_of(fd));
	if (outcome.is_told || file == NULL || !file->exists)
		return give(outcome, buf, size, 0);
	n = strnlen(file->text + fake.fds[fd].at, size);
	memcpy(buf, file->text + fake.fds[fd].at, n);
	fake.fds[fd].at += n;
	return (ssize_t)n;
}

/* Put the word of @len bytes at @name where the kernel puts an entry.  Returns its size. */
static size_t put_entry(char *at, const char *name, size_t len)
{
	const size_t align = _Alignof(struct dirent64);
	size_t size = (offsetof(struct dirent64, d_name) + len + align) / align * align;
	struct dirent64 entry = {.d_ino = 1, .d_reclen = (unsigned short)size};

	memcpy(entry.d_name, name, len);
	memcpy(at, &entry, size);
	return size;
}

int sys_rewind(int fd)
{
	struct outcome outcome = call("rewind %s", name_of(fd));

	if (!failed(outcome))
		fake.fds[fd].at = 0;
	return done(outcome);
}

ssize_t sys_getdents(int fd, void *buf, size_t size)
{
	const size_t most = sizeof(struct dirent64);
	struct outcome outcome = call("getdents %s", name_of(fd));
	const struct file *file = find_file(name_of(fd));
	const char *word;
	size_t used = 0;

	if (outcome.is_told)
		return (ssize_t)outcome.r;
	if (file == NULL || !file->exists)
		return 0;
	word = file->text + fake.fds[fd].at;
	while (*(word += strspn(word, " ")) != '\0' && used + most <= size) {
		size_t len = strcspn(word, " ");

		used += put_entry((char *)buf + used, word, len);
		word += len;
	}
	fake.fds[fd].at = (size_t)(word - file->text);
	return (ssize_t)used;
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return done(call("mkdir %s%s %o", dir_words(dirfd).text, path, mode));
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return done(call("symlink %s%s -> %s", dir_words(dirfd).text, path, target));
}

/* The link that @fd is open as itself is in the trace as its name in its directory. */
static struct outcome call_readlink(int fd, const char *path)
{
	const char *name = *path == '\0' ? name_of(fd) : NULL;
	const char *base = name == NULL ? NULL : strrchr(name, '/');

	if (base == NULL)
		return call("readlink %s%s", dir_words(fd).text, path);
	return call("readlink %.*s %s", (int)(base - name), name, base + 1);
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	struct outcome outcome = call_readlink(dirfd, path);
	char name[2 * NAME_BYTES];
	const struct file *file;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s%s%s", dirfd == AT_FDCWD ? "" : name_of(dirfd),
		       dirfd == AT_FDCWD ? "" : "/", path);
	file = find_file(name);
	if (outcome.is_told || file == NULL)
		return give(outcome, buf, size, -EINVAL);
	if (!file->exists)
		return -ENOENT;
	n = strnlen(file->text, size);
	memcpy(buf, file->text, n);
	return (ssize_t)n;
}

int sys_unlinkat(int dirfd, const char *path)
{
	return done(call("unlink %s%s", dir_words(dirfd).text, path));
}

int sys_rmdirat(int dirfd, const char *path)
{
	return done(call("rmdir %s%s", dir_words(dirfd).text, path));
}

int sys_statx(int fd, unsigned mask, struct statx *st)
{
	struct outcome outcome = call("stat %s", name_of(fd));

	assert_int_not_equal(mask, 0);
	if (failed(outcome))
		return (int)outcome.r;
	*st = (struct statx){
		.stx_mode = (uint16_t)(find_fd(fd)->type | 0755),
		.stx_ino = (unsigned)fd,
		.stx_mnt_id = 1,
	};
	(void)give(outcome, st, sizeof(*st), 0);
	return 0;
}

int sys_statx_path(const char *path, unsigned mask, struct statx *st)
{
	struct outcome outcome = call("stat_path %s", path);

	assert_int_not_equal(mask, 0);
	if (failed(outcome))
		return (int)outcome.r;
	*st = (struct statx){.stx_mode = S_IFREG | 0755};
	(void)give(outcome, st, sizeof(*st), 0);
	return 0;
}

int sys_memfd(const char *name)
{
	struct outcome outcome = call("memfd %s", name);

	return open_as(outcome, S_IFREG, "memfd:%s", name);
}

int sys_seals(int fd)
{
	return done(call("seals %s", name_of(fd)));
}

int sys_add_seals(int fd, int seals)
{
	return done(call("seal %s %x", name_of(fd), (unsigned)seals));
}

int sys_copy(int to, int from)
{
	return done(call("copy %s to %s", name_of(from), name_of(to)));
}

int sys_fchmod(int fd, mode_t mode)
{
	return done(call("chmod %s %o", name_of(fd), mode));
}

int sys_fchmod_path(int fd, mode_t mode)
{
	return done(call("chmod_path %s %o", name_of(fd), mode));
}

int sys_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return done(call("access %s%s%s%s%s", dir_words(dirfd).text, path,
			 mode & W_OK ? " write" : "",
			 (mode & W_OK) && (mode & X_OK) ? " search" : "",
			 flags & AT_EACCESS ? " effective" : ""));
}

int sys_fstatfs(int fd, struct statfs *fs)
{
	struct outcome outcome = call("statfs %s", name_of(fd));

	if (failed(outcome))
		return (int)outcome.r;
	*fs = (struct statfs){0};
	(void)give(outcome, fs, sizeof(*fs), 0);
	return 0;
}

int sys_getcwd(char *buf, size_t size)
{
	struct outcome outcome = call("getcwd");

	(void)snprintf(buf, size, "/home/user");
	return outcome.is_told ? give_string(outcome, buf, size) : 0;
}

int sys_chdir(const char *path)
{
	return done(call("chdir %s", path));
}

int sys_fchdir(int fd)
{
	return done(call("fchdir %s", name_of(fd)));
}

int sys_chroot(const char *path)
{
	return done(call("chroot %s", path));
}

int sys_umask(mode_t mask)
{
	struct outcome outcome = call("umask %o", mask);

	return outcome.is_told ? (int)outcome.r : 022;
}

int sys_lock_shared(int fd)
{
	return done(call("lock_shared %s", name_of(fd)));
}

int sys_flock(int fd, int operation)
{
	static const struct word locks[] = {
		{LOCK_SH, "shared"},
		{LOCK_EX, "exclusive"},
		{LOCK_UN, "unlock"},
		{0, NULL},
	};

	return done(call("flock %s%s", name_of(fd), words(locks, (unsigned)operation).text));
}

int sys_set_mtime(int fd, int64_t seconds)
{
	return done(call("set_mtime %s %" PRId64, name_of(fd), seconds));
}

int sys_set_atime(int fd, const struct statx_timestamp *time)
{
	return done(call("set_atime %s %" PRId64, name_of(fd), (int64_t)time->tv_sec));
}

int sys_ttyname(int fd, char *buf, size_t size)
{
	struct outcome outcome = call("ttyname %d", fd);

	return outcome.is_told ? give_string(outcome, buf, size) : -ENOTTY;
}

/* A library that is there has every function that it was told to have. */
void *sys_dlopen(const char *soname)
{
	struct outcome outcome = call("dlopen %s", soname);

	return failed(outcome) ? NULL : &fake;
}

void *sys_dlsym(void *handle, const char *name)
{
	struct outcome outcome = call("dlsym %s", name);
	void *address = NULL;

	assert_ptr_equal(handle, &fake);
	if (!failed(outcome) && outcome.data != NULL)
		memcpy(&address, outcome.data, sizeof(address));
	return address;
}
