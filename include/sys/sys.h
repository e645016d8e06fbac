/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mount_attr;
struct pollfd;
struct rusage;
struct sock_fprog;
struct statfs;
struct statx;
struct statx_timestamp;
struct utsname;

/*
 * The kernel, as the rest of the program sees it: one function per system call,
 * each returning what the call returns or -errno, with O_CLOEXEC set on every
 * descriptor that it makes.  No other file makes a system call, and none looks
 * at errno; tests/unit/fake_sys.c takes this file's place to record calls and
 * make them fail.
 */

/*
 * The -errno of a library call, of libcap or libselinux, that has just failed; these tell by
 * errno alone.
 */
int sys_last_error(void);

/* Files and descriptors */
int sys_close(int fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
/* These say -ENOSYS also where a filter of system calls refuses openat2(2). */
int sys_openat_in(int rootfd, const char *path, int flags);         /* never leaves @rootfd */
int sys_openat_in_nolinks(int rootfd, const char *path, int flags); /* likewise; -ELOOP at links */
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_symlinkat(const char *target, int dirfd, const char *path);
ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t size);
int sys_unlinkat(int dirfd, const char *path);
int sys_rmdirat(int dirfd, const char *path);
int sys_rewind(int fd);
ssize_t sys_getdents(int fd, void *buf, size_t size); /* struct dirent64s */
int sys_faccessat(int dirfd, const char *path, int mode, int flags);
int sys_fstatfs(int fd, struct statfs *fs);
/* Of @fd itself, as the kernel knows it: without waiting for a file server. */
int sys_statx(int fd, unsigned mask, struct statx *st);
int sys_statx_path(const char *path, unsigned mask, struct statx *st); /* where links lead */
int sys_fchmod(int fd, mode_t mode);
int sys_fchmod_path(int fd, mode_t mode); /* of an O_PATH descriptor; -ENOSYS before Linux 6.6 */
int sys_getfd(int fd);                    /* fcntl(F_GETFD) */
int sys_set_cloexec(int fd, bool cloexec);
int sys_getcwd(char *buf, size_t size); /* "(unreachable)..." if it is not below the root */
int sys_chdir(const char *path);
int sys_fchdir(int fd);
int sys_chroot(const char *path);
int sys_umask(mode_t mask);
int sys_lock_shared(int fd);                /* fcntl(F_SETLK), the whole file */
int sys_flock(int fd, int operation);       /* of what is open, not of this process */
int sys_set_mtime(int fd, int64_t seconds); /* also of an O_PATH descriptor; read: now */
/* Also of an O_PATH descriptor; no other time. */
int sys_set_atime(int fd, const struct statx_timestamp *time);
int sys_ttyname(int fd, char *buf, size_t size); /* -ENOTTY if it is no terminal */

int sys_memfd(const char *name); /* a file in memory that can be sealed and executed */
int sys_seals(int fd);           /* F_GET_SEALS: F_SEAL_* */
int sys_add_seals(int fd, int seals);
int sys_copy(int to, int from); /* all that is left to read in @from */

/* Mounts */
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr); /* of @fd itself */
int sys_move_mount(int from, int to);                                   /* @from itself onto @to */
int sys_mount(const char *type, const char *target, unsigned long flags, const char *data);
int sys_fsopen(const char *type);
int sys_fsconfig_string(int fsfd, const char *key, const char *value);
int sys_fsconfig_flag(int fsfd, const char *key);
int sys_fsconfig_create(int fsfd);
int sys_fsmount(int fsfd, unsigned attr);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_umount(const char *path, int flags);
/*
 * inotify_init1(2), inotify_add_watch(2): a descriptor that can be read from once the file
 * system that the directory @path is on has been shut down.
 */
int sys_watch_unmount(const char *path);

/* Libraries: dlopen(3) and dlsym(3), which tell no errno.  NULL if it is not there. */
void *sys_dlopen(const char *soname);
void *sys_dlsym(void *handle, const char *name);

/* Processes, identity and namespaces */

/*
 * Fork into new namespaces; @flags may add CLONE_PARENT.  Returns the child's pid
 * with *@pidfd to it, 0 in the child, or -errno.  clone3(2), or clone(2) where that is ENOSYS:
 * service managers and containers forbid it because seccomp cannot see its flags.
 */
int sys_clone(unsigned flags, int *pidfd);

/*
 * Fork, like sys_clone() without flags, a process that leaves no zombie if its parent has
 * ended, where the kernel can do that (Linux 7.1): its status is nobody's then.
 */
int sys_clone_unreaped(int *pidfd);

/*
 * Make a process that calls @child with @arg in this one's memory, while this one
 * waits for it to exec or end, as vfork(2) does: no page table has to be copied.
 * @flags may add CLONE_FILES and CLONE_PARENT.  If @child returns, the process ends
 * with that status.  It has a stack of its own,
 * with room for @extra bytes more than is usual.  Returns the new process's pid or
 * -errno.
 */
pid_t sys_vfork(int (*child)(void *arg), void *arg, unsigned flags, size_t extra);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_getfd(int pidfd, int fd); /* a copy of the process's descriptor @fd */
int sys_ns_mounts(int pidfd); /* ioctl(PIDFD_GET_MNT_NAMESPACE): opens that of the process */
int sys_ns_parent(int fd);    /* ioctl(NS_GET_PARENT): that of a user namespace */
int sys_ns_users(int fd);     /* ioctl(NS_GET_USERNS): opens the user namespace that owns it */
int sys_uname(struct utsname *buf);
int sys_raise_files(void);     /* RLIMIT_NOFILE: what is allowed to what is possible, */
int sys_files_max(void);       /* which this tells, or INT_MAX */
int sys_stay_on(unsigned cpu); /* sched_setaffinity(2), of the calling thread */
int64_t sys_now_ms(void);      /* CLOCK_MONOTONIC */
int sys_unshare(int flags);
int sys_setns(int fd, int type);
int sys_sethostname(const char *name);
int sys_loopback_up(void); /* socket(2), ioctl(SIOCSIFFLAGS) on lo, close(2) */
uid_t sys_getuid(void);
gid_t sys_getgid(void);
uid_t sys_geteuid(void);
bool sys_is_secure(void);                    /* AT_SECURE of getauxval(3) */
int sys_setuid(uid_t uid);                   /* real, effective, saved and file-system id */
int sys_setgid(gid_t gid);                   /* likewise */
bool sys_has_only_ids(uid_t uid, gid_t gid); /* whether all of these are so */
pid_t sys_getpid(void);
pid_t sys_getppid(void);
pid_t sys_getpgrp(void);
pid_t sys_getsid(void);
pid_t sys_tcgetpgrp(int fd);
int sys_tcsetpgrp(int fd, pid_t group);
int sys_setsid(void);
int sys_setpgid(pid_t pid, pid_t group);
int sys_prctl(int option, unsigned long arg);
/*
 * Let /proc/PID/cmdline show @text, of @size bytes with its NUL, and /proc/PID/environ nothing.
 * @text stays in use.  -EINVAL if the kernel is built without it.
 */
int sys_set_command_line(const char *text, size_t size);
int sys_seccomp_filter(const struct sock_fprog *program);
/* The same without mitigations of Spectre, which older kernels turn on with any other filter. */
int sys_seccomp_fast_filter(const struct sock_fprog *program);
int sys_new_session_keyring(void);    /* an empty one without a name; its number, never 0 */
int sys_landlock_scope_signals(void); /* a descriptor of rules that keep signals in */
int sys_landlock_restrict_self(int rules);
int sys_exec(const char *file, const char *const *argv); /* execvp(3) */
int sys_exec_fd(int fd, const char *const *argv);        /* what @fd is open on */
__attribute__((noreturn)) void sys_exit(int status);

/* Waiting, signals and messages */
pid_t sys_wait(pid_t pid, int *status, int flags); /* wait4(2) */
/* 1 if it ended, 0 if not yet */
int sys_wait_pidfd(int pidfd, int *status, struct rusage *usage);
/* The signal that has stopped a child, told once; 0 for none, or if a tracer stopped it. */
int sys_wait_stop(int pidfd);
int sys_kill(pid_t pid, int sig);
int sys_pidfd_send_signal(int pidfd, int sig);
/* To the group that the process leads, or led before it ended; -EINVAL before Linux 6.9. */
int sys_pidfd_signal_group(int pidfd, int sig);
int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sys_signal_ignored(int sig); /* 1 if its disposition is SIG_IGN, 0 if not */
int sys_signal_default(int sig);
int sys_signal_ignore(int sig);
/* End, or stop, as if the signal had not been blocked; returns if it is ignored. */
void sys_die_of(int sig);
/* Take a blocked signal that is pending: sigtimedwait(2). */
enum { SYS_SIGNAL_NONE, SYS_SIGNAL_SENT, SYS_SIGNAL_TYPED /* by the terminal */ };
int sys_take_signal(int sig);
int sys_signalfd(const sigset_t *set);
/* Whatever RLIMIT_NOFILE is by now; then each of @fds is for POLLIN or POLLOUT, not both. */
int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms);
int sys_socketpair(int pair[2]);    /* of SOCK_SEQPACKET: every message arrives whole */
int sys_pass_credentials(int sock); /* of who sends to it: SO_PASSCRED */
int sys_pass_handles(int sock);     /* pidfds, likewise: SO_PASSPIDFD, since Linux 6.5 */
/* Nobody can send to or hear from @sock any more; what has been sent to it can be received. */
void sys_shutdown(int sock);

/* Who has sent a message, even if gone by now. */
struct sys_sender {
	pid_t pid;  /* as this process sees it; 0 if not asked for */
	int handle; /* a pidfd; -1 if not asked for, or not to be had */
};

/*
 * Send or receive one message with at most one descriptor: @passed is -1 for
 * none.  A vanished receiver is -EPIPE, never SIGPIPE; a vanished sender is 0
 * bytes.  *@sender tells what was asked for by sys_pass_credentials(), sys_pass_handles().
 */
ssize_t sys_send(int sock, const void *buf, size_t size, int passed);
ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender);

#define autoclose __attribute__((cleanup(cleanup_fd)))

static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
}
