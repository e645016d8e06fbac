/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "sys/ret.h"
#include "sys/sys.h"

/* fchmodat2(2), Linux 6.6; newer than Debian 12's headers. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* memfd_create(2), Linux 6.3. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

int sys_last_error(void)
{
	return errno != 0 ? -errno : -EINVAL;
}

int sys_close(int fd)
{
	return ret(close(fd));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return ret(close_range(first, last, (int)flags));
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return ret(openat(dirfd, path, flags | O_CLOEXEC | O_NOCTTY, mode));
}

/* openat2(2).  EPERM comes only from seccomp filters, and means ENOSYS. */
static int open_how(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = resolve};
	int fd = ret(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));

	return fd == -EPERM ? -ENOSYS : fd;
}

int sys_openat_in(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int sys_openat_in_nolinks(int rootfd, const char *path, int flags)
{
	return open_how(rootfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	return ret_size(read(fd, buf, size));
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	return ret_size(write(fd, buf, size));
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return ret(mkdirat(dirfd, path, mode));
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return ret(symlinkat(target, dirfd, path));
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	return ret_size(readlinkat(dirfd, path, buf, size));
}

int sys_unlinkat(int dirfd, const char *path)
{
	return ret(unlinkat(dirfd, path, 0));
}

int sys_rmdirat(int dirfd, const char *path)
{
	return ret(unlinkat(dirfd, path, AT_REMOVEDIR));
}

int sys_rewind(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

ssize_t sys_getdents(int fd, void *buf, size_t size)
{
	return ret_size(getdents64(fd, buf, size));
}

int sys_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return ret(faccessat(dirfd, path, mode, flags));
}

int sys_fstatfs(int fd, struct statfs *fs)
{
	return ret(fstatfs(fd, fs));
}

int sys_statx(int fd, unsigned mask, struct statx *st)
{
	return ret(statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, st));
}

int sys_statx_path(const char *path, unsigned mask, struct statx *st)
{
	return ret(statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, mask, st));
}

int sys_fchmod(int fd, mode_t mode)
{
	return ret(fchmod(fd, mode));
}

int sys_fchmod_path(int fd, mode_t mode)
{
	return ret(syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH));
}

int sys_getfd(int fd)
{
	return ret(fcntl(fd, F_GETFD));
}

int sys_set_cloexec(int fd, bool cloexec)
{
	return ret(fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0));
}

int sys_getcwd(char *buf, size_t size)
{
	long n = syscall(SYS_getcwd, buf, size); /* libc walks up from an unreachable directory */

	return n < 0 ? -errno : 0;
}

int sys_chdir(const char *path)
{
	return ret(chdir(path));
}

int sys_fchdir(int fd)
{
	return ret(fchdir(fd));
}

int sys_umask(mode_t mask)
{
	/* it fails only where a seccomp filter is around, which glibc's umask(3) leaves out of
	 * errno */
	return ret((int)syscall(SYS_umask, mask));
}

int sys_lock_shared(int fd)
{
	const struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return ret(fcntl(fd, F_SETLK, &lock));
}

int sys_flock(int fd, int operation)
{
	return ret(flock(fd, operation));
}

int sys_set_mtime(int fd, int64_t seconds)
{
	/* bindfs(1) ignores a single time */
	const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = seconds}};

	/* futimens(3) takes no O_PATH descriptor, and libc's utimensat(3) no empty path */
	return ret(syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH));
}

int sys_memfd(const char *name)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = ret(memfd_create(name, flags | MFD_EXEC));

	return fd == -EINVAL ? ret(memfd_create(name, flags)) : fd;
}

int sys_seals(int fd)
{
	return ret(fcntl(fd, F_GET_SEALS));
}

int sys_add_seals(int fd, int seals)
{
	return ret(fcntl(fd, F_ADD_SEALS, seals));
}

int sys_copy(int to, int from)
{
	const size_t most = (size_t)1 << 30; /* at a time */
	ssize_t n;

	do
		n = sendfile(to, from, NULL, most);
	while (n > 0 || (n < 0 && errno == EINTR));
	return ret(n);
}

int sys_set_atime(int fd, const struct statx_timestamp *time)
{
	const struct timespec times[] = {{.tv_sec = time->tv_sec, .tv_nsec = time->tv_nsec},
					 {.tv_nsec = UTIME_OMIT}};

	return ret(syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH));
}

int sys_ttyname(int fd, char *buf, size_t size)
{
	return -ttyname_r(fd, buf, size);
}

void *sys_dlopen(const char *soname)
{
	return dlopen(soname, RTLD_NOW | RTLD_LOCAL);
}

void *sys_dlsym(void *handle, const char *name)
{
	return dlsym(handle, name);
}
