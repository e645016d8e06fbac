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
 * The kernel's calls, one function each.  They return the call's result or -errno, and set
 * O_CLOEXEC on every new descriptor.  Only src/sys/sys_*.c make system calls and read errno.  Unit
 * tests replace them by tests/unit/fake_*.c, which record calls and make them fail.
 */

/* The -errno of a library call, of libcap or libselinux, that has just failed. */
int sys_last_error(void);

/* Files and descriptors: sys_files.c */
int sys_close(int fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
/* These return -ENOSYS also where a seccomp filter refuses openat2(2). */
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
/* Of @fd itself, from the kernel's cache: without waiting for a FUSE or network server. */
int sys_statx(int fd, unsigned mask, struct statx *st);
int sys_statx_path(const char *path, unsigned mask, struct statx *st); /* follows links */
int sys_fchmod(int fd, mode_t mode);
int sys_fchmod_path(int fd, mode_t mode); /* of an O_PATH descriptor; -ENOSYS before Linux 6.6 */
int sys_getfd(int fd);                    /* fcntl(F_GETFD) */
int sys_set_cloexec(int fd, bool cloexec);
int sys_getcwd(char *buf, size_t size); /* "(unreachable)..." if it is not below the root */
int sys_chdir(const char *path);
int sys_fchdir(int fd);
int sys_umask(mode_t mask);
int sys_lock_shared(int fd);                /* fcntl(F_SETLK), the whole file */
int sys_flock(int fd, int operation);       /* of the open file description, not of the process */
int sys_set_mtime(int fd, int64_t seconds); /* also of O_PATH; sets the access time to now */
/* Also of an O_PATH descriptor; leaves the other times. */
int sys_set_atime(int fd, const struct statx_timestamp *time);
int sys_ttyname(int fd, char *buf, size_t size); /* -ENOTTY if it is no terminal */

int sys_memfd(const char *name); /* a file in memory that can be sealed and executed */
int sys_seals(int fd);           /* F_GET_SEALS: F_SEAL_* */
int sys_add_seals(int fd, int seals);
int sys_copy(int to, int from); /* the rest of @from */

/* Libraries: dlopen(3) and dlsym(3), which set no errno.  NULL if it is missing. */
void *sys_dlopen(const char *soname);
void *sys_dlsym(void *handle, const char *name);

/* Mounts: sys_mounts.c */
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
int sys_chroot(const char *path);
int sys_umount(const char *path, int flags);
/*
 * inotify_init1(2), inotify_add_watch(2): a descriptor that becomes readable once the file system
 * of the directory @path has been shut down.
 */
int sys_watch_unmount(const char *path);

/* Processes and signals: sys_processes.c */

/*
 * Fork into new namespaces; @flags may add CLONE_PARENT.  Returns the child's PID with its *@pidfd,
 * 0 in the child, or -errno.  Uses clone3(2), or clone(2) where that is refused: service managers
 * and containers forbid clone3(2), because seccomp cannot see its flags.
 */
int sys_clone(unsigned flags, int *pidfd);

/*
 * Fork like sys_clone() without flags.  Where the kernel can do that (Linux 7.1), the kernel reaps
 * the process itself, so that it leaves no zombie and no status.
 */
int sys_clone_unreaped(int *pidfd);

/*
 * Create a process that calls @child with @arg in this one's memory, without copying page tables.
 * As with vfork(2), this process waits until the other executes a program or exits.  @flags may add
 * CLONE_FILES and CLONE_PARENT.  The process exits with the status that @child returns.  Its own
 * stack has @extra bytes more than is usual.  Returns the new process's PID or -errno.
 */
pid_t sys_vfork(int (*child)(void *arg), void *arg, unsigned flags, size_t extra);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_getfd(int pidfd, int fd); /* a copy of that process's descriptor @fd */
int sys_uname(struct utsname *buf);
int sys_raise_files(void);     /* RLIMIT_NOFILE: the soft limit to the hard one, */
int sys_files_max(void);       /* which this returns, or INT_MAX */
int sys_stay_on(unsigned cpu); /* sched_setaffinity(2), of the calling thread */
int64_t sys_now_ms(void);      /* CLOCK_MONOTONIC */
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
 * Let /proc/PID/cmdline show @text, of @size bytes with its NUL, and make /proc/PID/environ empty.
 * @text stays in use.  -EINVAL if the kernel is built without it.
 */
int sys_set_command_line(const char *text, size_t size);
int sys_exec(const char *file, const char *const *argv); /* execvp(3) */
int sys_exec_fd(int fd, const char *const *argv);        /* the file that @fd is open on */
__attribute__((noreturn)) void sys_exit(int status);

pid_t sys_wait(pid_t pid, int *status, int flags); /* wait4(2) */
/* 1 if it has exited, 0 if not yet */
int sys_wait_pidfd(int pidfd, int *status, struct rusage *usage);
/* The signal that has stopped a child, once; 0 for none, or if a tracer stopped it. */
int sys_wait_stop(int pidfd);
int sys_kill(pid_t pid, int sig);
int sys_pidfd_send_signal(int pidfd, int sig);
/* To the group that the process leads, or led before it exited; -EINVAL before Linux 6.9. */
int sys_pidfd_signal_group(int pidfd, int sig);
int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sys_signal_ignored(int sig); /* 1 if its disposition is SIG_IGN, 0 if not */
int sys_signal_default(int sig);
int sys_signal_ignore(int sig);
/* Let a blocked signal kill or stop this process; returns if it is ignored. */
void sys_die_of(int sig);
/* The same for all processes of its group. */
void sys_die_with_group(int sig);
/* Consume a blocked, pending signal: sigtimedwait(2). */
enum { SYS_SIGNAL_NONE, SYS_SIGNAL_SENT, SYS_SIGNAL_TYPED /* from the terminal */ };
int sys_take_signal(int sig);
int sys_signalfd(const sigset_t *set);

/* Namespaces, ids and restrictions: sys_identity.c */
int sys_ns_mounts(int pidfd); /* ioctl(PIDFD_GET_MNT_NAMESPACE): opens that of the process */
int sys_ns_parent(int fd);    /* ioctl(NS_GET_PARENT): that of a user namespace */
int sys_ns_users(int fd);     /* ioctl(NS_GET_USERNS): opens the user namespace that owns it */
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
bool sys_has_only_ids(uid_t uid, gid_t gid); /* whether all of these have these values */
int sys_seccomp_filter(const struct sock_fprog *program);
/* The same without mitigations of Spectre, which older kernels enable with any other filter. */
int sys_seccomp_fast_filter(const struct sock_fprog *program);
int sys_new_session_keyring(void);    /* empty, without a name; its ID, never 0 */
int sys_landlock_scope_signals(void); /* a descriptor of rules that deny outgoing signals */
int sys_landlock_restrict_self(int rules);

/* Messages: sys_messages.c */

/* Works with any RLIMIT_NOFILE; each of @fds waits for POLLIN or POLLOUT, not both. */
int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms);
int sys_socketpair(int pair[2]);    /* of SOCK_SEQPACKET: messages arrive whole */
int sys_pass_credentials(int sock); /* of the senders: SO_PASSCRED */
int sys_pass_handles(int sock);     /* pidfds of the senders: SO_PASSPIDFD, since Linux 6.5 */
/* Ends sending and receiving on @sock, except of the messages that it has already. */
void sys_shutdown(int sock);

/* The sender of a message, which may have exited since. */
struct sys_sender {
	pid_t pid;  /* in this PID namespace; 0 if not asked for */
	int handle; /* a pidfd; -1 if not asked for or not available */
};

/*
 * Send or receive one message with at most one descriptor: @passed is -1 for none.  A closed peer
 * is -EPIPE, never SIGPIPE, for the sender, and 0 bytes for the receiver.  *@sender has what
 * sys_pass_credentials() and sys_pass_handles() have asked for.
 */
ssize_t sys_send(int sock, const void *buf, size_t size, int passed);
ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender);

#define autoclose __attribute__((cleanup(cleanup_fd)))

static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
}

/* Close *@fd unless it is negative, and leave -1 behind. */
static inline void sys_drop(int *fd)
{
	cleanup_fd(fd);
	*fd = -1;
}
