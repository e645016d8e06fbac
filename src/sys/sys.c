/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/sys.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* fchmodat2(2), Linux 6.6; newer than Debian 12's headers. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* memfd_create(2), Linux 6.3. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

/* clone3(2), Linux 7.1. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif
#ifndef CLONE_AUTOREAP
#define CLONE_AUTOREAP (1ULL << 34)
#endif

/* The sender of a message, Linux 6.5; the mount namespace of a process, Linux 6.11. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
#ifndef PIDFD_GET_MNT_NAMESPACE
#define PIDFD_GET_MNT_NAMESPACE _IO(0xff, 3)
#endif
/* landlock(7) of Linux 6.12; newer than Debian 12's headers. */
struct landlock_rules {
	uint64_t handled_access_fs;  /* cppcheck-suppress unusedStructMember ; the kernel's */
	uint64_t handled_access_net; /* cppcheck-suppress unusedStructMember ; the kernel's */
	uint64_t scoped;             /* cppcheck-suppress unusedStructMember ; by initialiser */
};
#define LANDLOCK_SCOPED_SIGNALS (1ULL << 1)

#define STACK_BYTES ((size_t)128 << 10) /* of a child that shares our memory */

extern const char etext, edata; /* the ends of code and data: see end(3) */

/* Turn libc's "-1 and errno" into "-errno". */
static int ret(long r)
{
	return r < 0 ? -errno : (int)r;
}

static ssize_t ret_size(ssize_t r)
{
	return r < 0 ? -errno : r;
}

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

int sys_chroot(const char *path)
{
	return ret(chroot(path));
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

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return ret(open_tree(dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr)
{
	return ret(mount_setattr(fd, "", flags | AT_EMPTY_PATH, attr, sizeof(*attr)));
}

int sys_move_mount(int from, int to)
{
	return ret(move_mount(from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int sys_mount(const char *type, const char *target, unsigned long flags, const char *data)
{
	return ret(mount(type, target, type, flags, data));
}

int sys_fsopen(const char *type)
{
	return ret(fsopen(type, FSOPEN_CLOEXEC));
}

int sys_fsconfig_string(int fsfd, const char *key, const char *value)
{
	return ret(fsconfig(fsfd, FSCONFIG_SET_STRING, key, value, 0));
}

int sys_fsconfig_flag(int fsfd, const char *key)
{
	return ret(fsconfig(fsfd, FSCONFIG_SET_FLAG, key, NULL, 0));
}

int sys_fsconfig_create(int fsfd)
{
	return ret(fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int sys_fsmount(int fsfd, unsigned attr)
{
	return ret(fsmount(fsfd, FSMOUNT_CLOEXEC, attr));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return ret(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_umount(const char *path, int flags)
{
	return ret(umount2(path, flags));
}

int sys_watch_unmount(const char *path)
{
	int fd = ret(inotify_init1(IN_CLOEXEC));
	int r;

	if (fd < 0)
		return fd;
	r = ret(inotify_add_watch(fd, path, IN_UNMOUNT | IN_ONLYDIR));
	if (r >= 0)
		return fd;
	(void)close(fd);
	return r;
}

void *sys_dlopen(const char *soname)
{
	return dlopen(soname, RTLD_NOW | RTLD_LOCAL);
}

void *sys_dlsym(void *handle, const char *name)
{
	return dlsym(handle, name);
}

int sys_clone(unsigned flags, int *pidfd)
{
	const unsigned exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD; /* as its parent's */
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = exit_signal,
	};
	int pid = ret(syscall(SYS_clone3, &args, sizeof(args)));

	/* seccomp filters that inspect clone(2) refuse clone3(2) with either */
	if (pid != -ENOSYS && pid != -EPERM)
		return pid;
	return ret(syscall(SYS_clone, flags | CLONE_PIDFD | exit_signal, NULL, pidfd, NULL, NULL));
}

int sys_clone_unreaped(int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_AUTOREAP,
		.pidfd = (uintptr_t)pidfd,
	};
	int pid = ret(syscall(SYS_clone3, &args, sizeof(args)));

	return pid == -EINVAL || pid == -ENOSYS || pid == -EPERM ? sys_clone(0, pidfd) : pid;
}

pid_t sys_vfork(int (*child)(void *arg), void *arg, unsigned flags, size_t extra)
{
	const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	const size_t size = (guard + STACK_BYTES + extra + guard - 1) / guard * guard;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	pid = ret(mprotect(stack, guard, PROT_NONE));
	if (pid == 0)
		pid = ret(clone(child, stack + size, (int)flags | CLONE_VM | CLONE_VFORK | SIGCHLD,
				arg));
	(void)munmap(stack, size);
	return pid;
}

int sys_pidfd_open(pid_t pid)
{
	return ret(syscall(SYS_pidfd_open, pid, 0));
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return ret(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

int sys_ns_mounts(int pidfd)
{
	return ret(ioctl(pidfd, PIDFD_GET_MNT_NAMESPACE, 0));
}

int sys_ns_parent(int fd)
{
	return ret(ioctl(fd, NS_GET_PARENT));
}

int sys_ns_users(int fd)
{
	return ret(ioctl(fd, NS_GET_USERNS));
}

int sys_uname(struct utsname *buf)
{
	return ret(uname(buf));
}

int sys_raise_files(void)
{
	struct rlimit files;
	int r = ret(getrlimit(RLIMIT_NOFILE, &files));

	if (r < 0)
		return r;
	files.rlim_cur = files.rlim_max;
	return ret(setrlimit(RLIMIT_NOFILE, &files));
}

int sys_files_max(void)
{
	struct rlimit files;
	int r = ret(getrlimit(RLIMIT_NOFILE, &files));

	if (r < 0)
		return r;
	return files.rlim_max < INT_MAX ? (int)files.rlim_max : INT_MAX;
}

int sys_stay_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return ret(sched_setaffinity(0, sizeof(set), &set));
}

int64_t sys_now_ms(void)
{
	const int64_t per_second = 1000;
	const int64_t nanoseconds = 1000000; /* in a millisecond */
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * per_second + now.tv_nsec / nanoseconds;
}

int sys_unshare(int flags)
{
	return ret(unshare(flags));
}

int sys_setns(int fd, int type)
{
	return ret(setns(fd, type));
}

int sys_sethostname(const char *name)
{
	return ret(sethostname(name, strlen(name)));
}

int sys_loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int sock = ret(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int r;

	if (sock < 0)
		return sock;
	r = ret(ioctl(sock, SIOCSIFFLAGS, &lo));
	(void)close(sock);
	return r;
}

uid_t sys_getuid(void)
{
	return getuid();
}

gid_t sys_getgid(void)
{
	return getgid();
}

uid_t sys_geteuid(void)
{
	return geteuid();
}

bool sys_is_secure(void)
{
	return getauxval(AT_SECURE) != 0;
}

int sys_setuid(uid_t uid)
{
	return ret(setresuid(uid, uid, uid));
}

int sys_setgid(gid_t gid)
{
	return ret(setresgid(gid, gid, gid));
}

bool sys_has_only_ids(uid_t uid, gid_t gid)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (getresuid(&real, &effective, &saved) < 0 ||
	    getresgid(&real_group, &effective_group, &saved_group) < 0)
		return false;
	/* setfsuid(2) and setfsgid(2) return the old id and fail to set -1 */
	return real == uid && effective == uid && saved == uid &&
	       (uid_t)setfsuid((uid_t)-1) == uid && real_group == gid && effective_group == gid &&
	       saved_group == gid && (gid_t)setfsgid((gid_t)-1) == gid;
}

pid_t sys_getpid(void)
{
	return getpid();
}

pid_t sys_getppid(void)
{
	return getppid();
}

pid_t sys_getpgrp(void)
{
	return getpgrp();
}

pid_t sys_getsid(void)
{
	return getsid(0);
}

pid_t sys_tcgetpgrp(int fd)
{
	return ret(tcgetpgrp(fd));
}

int sys_tcsetpgrp(int fd, pid_t group)
{
	return ret(tcsetpgrp(fd, group));
}

int sys_setsid(void)
{
	return ret(setsid());
}

int sys_setpgid(pid_t pid, pid_t group)
{
	return ret(setpgid(pid, group));
}

int sys_prctl(int option, unsigned long arg)
{
	return ret(prctl(option, arg, 0L, 0L, 0L));
}

int sys_set_command_line(const char *text, size_t size)
{
	const uintptr_t heap = (uintptr_t)sbrk(0);
	struct prctl_mm_map map = {
		.start_code = (uintptr_t)&etext - 1,
		.end_code = (uintptr_t)&etext,
		.start_data = (uintptr_t)&etext,
		.end_data = (uintptr_t)&edata,
		.start_brk = heap,
		.brk = heap,
		.start_stack = (uintptr_t)text,
		.arg_start = (uintptr_t)text,
		.arg_end = (uintptr_t)text + size,
		.env_start = (uintptr_t)text + size,
		.env_end = (uintptr_t)text + size,
		.exe_fd = (uint32_t)-1, /* as it is */
	};

	return ret(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0L));
}

int sys_seccomp_filter(const struct sock_fprog *program)
{
	return ret(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0L, 0L));
}

int sys_seccomp_fast_filter(const struct sock_fprog *program)
{
	return ret(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			   program));
}

int sys_new_session_keyring(void)
{
	return ret(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
}

int sys_landlock_scope_signals(void)
{
	static const struct landlock_rules rules = {.scoped = LANDLOCK_SCOPED_SIGNALS};

	return ret(syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0L));
}

int sys_landlock_restrict_self(int rules)
{
	return ret(syscall(SYS_landlock_restrict_self, rules, 0L));
}

int sys_exec(const char *file, const char *const *argv)
{
	/* execvp() takes what it does not write as writable, for history's sake. */
	union {
		const char *const
			*given; /* cppcheck-suppress unusedStructMember ; by initialiser */
		char *const *wanted;
	} args = {.given = argv};

	return ret(execvp(file, args.wanted));
}

int sys_exec_fd(int fd, const char *const *argv)
{
	/* The kernel does not write what execve(2) takes as writable, for history's sake. */
	return ret(syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH));
}

void sys_exit(int status)
{
	_exit(status);
}

pid_t sys_wait(pid_t pid, int *status, int flags)
{
	return ret(wait4(pid, status, flags, NULL));
}

int sys_wait_pidfd(int pidfd, int *status, struct rusage *usage)
{
	siginfo_t info = {0};
	/* libc's waitid(3) does not return the usage */
	int r = ret(syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, usage));

	if (r < 0 || info.si_pid == 0)
		return r;
	*status = info.si_code == CLD_EXITED ? info.si_status << CHAR_BIT : info.si_status;
	return 1;
}

int sys_wait_stop(int pidfd)
{
	siginfo_t info = {0};
	int r = ret(waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WSTOPPED | WNOHANG));

	if (r < 0 || info.si_pid == 0 || info.si_code != CLD_STOPPED)
		return r;
	return info.si_status;
}

int sys_kill(pid_t pid, int sig)
{
	return ret(kill(pid, sig));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return ret(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_pidfd_signal_group(int pidfd, int sig)
{
	return ret(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, PIDFD_SIGNAL_PROCESS_GROUP));
}

int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return ret(sigprocmask(how, set, old));
}

int sys_signal_ignored(int sig)
{
	struct sigaction action;
	int r = ret(sigaction(sig, NULL, &action));

	return r < 0 ? r : action.sa_handler == SIG_IGN;
}

int sys_signal_default(int sig)
{
	return signal(sig, SIG_DFL) == SIG_ERR ? -errno : 0;
}

int sys_signal_ignore(int sig)
{
	return signal(sig, SIG_IGN) == SIG_ERR ? -errno : 0;
}

void sys_die_of(int sig)
{
	sigset_t set;

	(void)signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)kill(getpid(), sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int sys_take_signal(int sig)
{
	const struct timespec now = {0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sigtimedwait(&set, &info, &now) < 0)
		return SYS_SIGNAL_NONE;
	return info.si_code == SI_KERNEL ? SYS_SIGNAL_TYPED : SYS_SIGNAL_SENT;
}

int sys_signalfd(const sigset_t *set)
{
	return ret(signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK));
}

#define SELECT_MAX 8192 /* descriptors below this can be waited for by select(2) */
#define WORD_BITS (8 * sizeof(long))

/* A set of descriptors for select(2), as the kernel has it. */
struct fd_bits {
	unsigned long words[SELECT_MAX / WORD_BITS];
};

static void add_fd(struct fd_bits *set, int fd)
{
	set->words[(unsigned)fd / WORD_BITS] |= 1UL << ((unsigned)fd % WORD_BITS);
}

static bool has_fd(const struct fd_bits *set, int fd)
{
	return (set->words[(unsigned)fd / WORD_BITS] >> ((unsigned)fd % WORD_BITS)) & 1;
}

/* Set the events that select(2) has found.  Returns how many of @fds are ready. */
static int take_ready(struct pollfd *fds, unsigned n, const struct fd_bits *in,
		      const struct fd_bits *out)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0 && has_fd(in, fds[i].fd))
			fds[i].revents |= POLLIN;
		if (fds[i].fd >= 0 && has_fd(out, fds[i].fd))
			fds[i].revents |= POLLOUT;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/*
 * poll(2) fails for more descriptors than RLIMIT_NOFILE allows, and a payload may have set that to
 * 0 for this process.  select(2) ignores the limit.
 */
static int poll_by_select(struct pollfd *fds, unsigned n, int timeout_ms)
{
	const int second_ms = 1000;
	const long ms_ns = 1000000;
	struct timespec timeout = {.tv_sec = timeout_ms / second_ms,
				   .tv_nsec = timeout_ms % second_ms * ms_ns};
	struct fd_bits in = {0};
	struct fd_bits out = {0};
	int max = -1;
	int r;

	for (unsigned i = 0; i < n; i++) {
		if (fds[i].fd >= SELECT_MAX)
			return -EINVAL;
		if (fds[i].fd < 0)
			continue;
		add_fd((fds[i].events & POLLOUT) ? &out : &in, fds[i].fd);
		max = fds[i].fd > max ? fds[i].fd : max;
	}
	r = ret(syscall(SYS_pselect6, max + 1, &in, &out, NULL, timeout_ms < 0 ? NULL : &timeout,
			NULL));
	return r < 0 ? r : take_ready(fds, n, &in, &out);
}

int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
	int r = ret(poll(fds, n, timeout_ms));

	return r == -EINVAL ? poll_by_select(fds, n, timeout_ms) : r;
}

int sys_socketpair(int pair[2])
{
	return ret(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
}

int sys_pass_credentials(int sock)
{
	const int on = 1;

	return ret(setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
}

int sys_pass_handles(int sock)
{
	const int on = 1;

	return ret(setsockopt(sock, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)));
}

void sys_shutdown(int sock)
{
	(void)shutdown(sock, SHUT_RDWR);
}

/* Aligned room for the control messages of one message. */
union sent_control {
	/* cppcheck-suppress unusedStructMember ; it makes the size */
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

union received_control {
	/* cppcheck-suppress unusedStructMember ; it makes the size */
	char room[2 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

ssize_t sys_send(int sock, const void *buf, size_t size, int passed)
{
	union {
		const void *given; /* cppcheck-suppress unusedStructMember ; by initialiser */
		void *wanted;
	} data = {.given = buf};
	struct iovec iov = {.iov_base = data.wanted, .iov_len = size};
	union sent_control control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (passed >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &passed, sizeof(passed));
	}
	return ret_size(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

/* Return the first descriptor of @rights and close any others. */
static int take_descriptor(struct cmsghdr *rights)
{
	const size_t n = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int first = -1;

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(rights) + i * sizeof(fd), sizeof(fd));
		if (i == 0)
			first = fd;
		else
			(void)close(fd);
	}
	return first;
}

/* Read the sender of the message from @c. */
static void take_sender(struct cmsghdr *c, struct sys_sender *sender)
{
	struct ucred ucred;

	if (c->cmsg_type == SCM_PIDFD) {
		memcpy(&sender->handle, CMSG_DATA(c), sizeof(sender->handle));
	} else if (c->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&ucred, CMSG_DATA(c), sizeof(ucred));
		sender->pid = ucred.pid;
	}
}

ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender)
{
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	union received_control control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = ret_size(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC));

	*passed = -1;
	*sender = (struct sys_sender){.handle = -1};
	if (n <= 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_type == SCM_RIGHTS)
			*passed = take_descriptor(c);
		else
			take_sender(c, sender);
	}
	return n;
}
