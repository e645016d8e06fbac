/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/ret.h"
#include "sys/sys.h"

/* clone3(2), Linux 7.1. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif
#ifndef CLONE_AUTOREAP
#define CLONE_AUTOREAP (1ULL << 34)
#endif

#define STACK_BYTES ((size_t)128 << 10) /* of a child that shares our memory */

extern const char etext, edata; /* the ends of code and data: see end(3) */

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

int sys_exec(const char *file, const char *const *argv)
{
	/* For historical reasons, execvp(3) takes writable strings, but does not write to them. */
	union {
		const char *const
			*given; /* cppcheck-suppress unusedStructMember ; by initialiser */
		char *const *wanted;
	} args = {.given = argv};

	return ret(execvp(file, args.wanted));
}

int sys_exec_fd(int fd, const char *const *argv)
{
	/* For historical reasons, execve(2) takes writable strings, but does not write to them. */
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

static void die_with(pid_t target, int sig)
{
	sigset_t set;

	(void)signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)kill(target, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void sys_die_of(int sig)
{
	die_with(getpid(), sig);
}

void sys_die_with_group(int sig)
{
	die_with(0, sig);
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
