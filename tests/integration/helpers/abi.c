/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * abi has ABI: whether the kernel offers it to this machine's programs.
 * abi call ABI NUMBER [ARGUMENT]...: make a system call by its number and print the name of its
 * error, or "done".  An ARGUMENT is a number, "self" or "parent" for a process id, "group" for
 * the parent's process group or "session" for the session.
 *
 * ABI is "native", "i386" or "x32".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 5

static long call_native(long number, const unsigned long *a)
{
	long r = syscall(number, a[0], a[1], a[2], a[3], a[4]);

	return r < 0 ? -errno : r;
}

#if defined(__x86_64__)
static long call_i386(long number, const unsigned long *a)
{
	int r;

	/* int 0x80 takes the numbers and the layout of i386 from any program */
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"((int)number), "b"((int)a[0]), "c"((int)a[1]), "d"((int)a[2]),
			   "S"((int)a[3]), "D"((int)a[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

static long call_x32(long number, const unsigned long *a)
{
	const long mark = 0x40000000;

	return call_native(number | mark, a);
}

#define I386_GETPID 20
#else
static long call_i386(long number, const unsigned long *a)
{
	(void)number, (void)a;
	return -ENOSYS;
}

#define call_x32 call_i386
#define I386_GETPID 0
#endif

static const struct {
	const char *name;
	long (*call)(long number, const unsigned long *arguments);
	long getpid;
} abis[] = {
	{"native", call_native, SYS_getpid},
	{"i386", call_i386, I386_GETPID},
	{"x32", call_x32, SYS_getpid},
};

static size_t find_abi(const char *name)
{
	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++)
		if (strcmp(abis[i].name, name) == 0)
			return i;
	(void)fprintf(stderr, "abi: unknown ABI %s\n", name);
	exit(2);
}

/* In a child: where there is no ABI, there may be a signal instead of an error. */
static int has(size_t abi)
{
	static const unsigned long none[MAX_ARGUMENTS];
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(abis[abi].call(abis[abi].getpid, none) == getpid() ? 0 : 1);
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0;
}

static unsigned long argument(const char *text)
{
	if (strcmp(text, "self") == 0)
		return (unsigned long)getpid();
	if (strcmp(text, "parent") == 0)
		return (unsigned long)getppid();
	if (strcmp(text, "group") == 0)
		return (unsigned long)getpgid(getppid());
	if (strcmp(text, "session") == 0)
		return (unsigned long)getsid(0);
	return strtoul(text, NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned long arguments[MAX_ARGUMENTS] = {0};
	long r;

	if (argc == 3 && strcmp(argv[1], "has") == 0)
		return has(find_abi(argv[2]));
	if (argc < 4 || argc > 4 + MAX_ARGUMENTS || strcmp(argv[1], "call") != 0)
		return 2;
	for (int i = 4; i < argc; i++)
		arguments[i - 4] = argument(argv[i]);
	r = abis[find_abi(argv[2])].call(strtol(argv[3], NULL, 0), arguments);
	return puts(r < 0 ? strerrorname_np((int)-r) : "done") < 0;
}
