/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/ret.h"
#include "sys/sys.h"

/* The mount namespace of a process, Linux 6.11. */
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
