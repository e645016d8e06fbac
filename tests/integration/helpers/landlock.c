/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * landlock abi: print the version of Landlock that the kernel has, 0 for none.
 * landlock layers N COMMAND...: execute COMMAND in N domains that keep signals in.
 * landlock without COMMAND...: execute COMMAND as if the kernel had no Landlock.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

/* The kernel's, as of Linux 6.12. */
struct rules {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

static int print_version(void)
{
	const long version_flag = 1;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0L, version_flag);

	(void)printf("%ld\n", version < 0 ? 0 : version);
	return 0;
}

static int enter_domain(void)
{
	const struct rules rules = {.scoped = 2};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0L);
	long r = fd < 0 ? -1 : syscall(SYS_landlock_restrict_self, fd, 0L);

	(void)close(fd);
	return r < 0 ? -1 : 0;
}

static int forbid(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]),
					  .filter = program};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0L, 0L);
}

int main(int argc, char **argv)
{
	int r = -1;
	int command = 2;

	if (argc == 2 && strcmp(argv[1], "abi") == 0)
		return print_version();
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
	if (argc > 2 && strcmp(argv[1], "without") == 0)
		r = forbid();
	else if (argc > 3 && strcmp(argv[1], "layers") == 0)
		for (int n = atoi(argv[command++]); n > 0; n--)
			r = enter_domain();
	if (r == 0)
		(void)execvp(argv[command], argv + command);
	perror("landlock");
	return 2;
}
