/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter print ANSWER CALL...: write a seccomp program as sbx --seccomp reads it.
 * filter run ANSWER CALL... -- COMMAND...: run COMMAND under it.
 *
 * The program answers the CALLs with ANSWER, which is "kill", "trap" or the number
 * of an errno, and allows all others.  "seccomp" stands for prctl(PR_SET_SECCOMP), too.
 */
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

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define MAX_CALLS 8

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{"clone3", SYS_clone3},
	{"close_range", SYS_close_range},
	{"fchmodat2", SYS_fchmodat2},
	{"getppid", SYS_getppid},
	{"openat2", SYS_openat2},
	{"seccomp", SYS_seccomp},
	{"sethostname", SYS_sethostname},
	{"socket", SYS_socket},
	{"sync", SYS_sync},
	{"uname", SYS_uname},
};

static unsigned number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	(void)fprintf(stderr, "filter: unknown call %s\n", name);
	exit(2);
}

static unsigned answer_of(const char *text)
{
	if (strcmp(text, "kill") == 0)
		return SECCOMP_RET_KILL_PROCESS;
	if (strcmp(text, "trap") == 0)
		return SECCOMP_RET_TRAP;
	return SECCOMP_RET_ERRNO | ((unsigned)atoi(text) & SECCOMP_RET_DATA);
}

/* Add the test for prctl(PR_SET_SECCOMP), after which the number is loaded again. */
static unsigned short add_prctl(unsigned answer, unsigned short len, struct sock_filter *ret)
{
	const unsigned low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0;

	ret[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 4);
	ret[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, args) + low);
	ret[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1);
	ret[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	ret[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr));
	return len;
}

/* Write the program for the @n calls in @names to @ret.  Returns its length. */
static unsigned short compile(unsigned answer, char **names, int n, struct sock_filter *ret)
{
	unsigned short len = 0;

	ret[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr));
	for (int i = 0; i < n; i++) {
		ret[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							  number_of(names[i]), 0, 1);
		ret[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
		if (number_of(names[i]) == SYS_seccomp)
			len = add_prctl(answer, len, ret);
	}
	ret[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return len;
}

static int print(const struct sock_fprog *program)
{
	return fwrite(program->filter, sizeof(*program->filter), program->len, stdout) ==
			       program->len
		       ? 0
		       : 1;
}

static int run(const struct sock_fprog *program, char **command)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) < 0) {
		perror("filter");
		return 2;
	}
	(void)execvp(command[0], command);
	perror(command[0]);
	return 2;
}

int main(int argc, char **argv)
{
	struct sock_filter code[2 + 7 * MAX_CALLS];
	struct sock_fprog program = {.filter = code};
	int n = 0;

	if (argc < 4)
		return 2;
	while (n < MAX_CALLS && argv[3 + n] != NULL && strcmp(argv[3 + n], "--") != 0)
		n++;
	program.len = compile(answer_of(argv[2]), argv + 3, n, code);
	if (strcmp(argv[1], "print") == 0)
		return print(&program);
	return argv[3 + n] == NULL ? 2 : run(&program, argv + 3 + n + 1);
}
