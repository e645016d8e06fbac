/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traced SIGNAL: have the parent trace this process, get SIGNAL, which stops it for good then, and
 * have a child kill it soon after.  Where the kernel refuses that, as it does if the parent has
 * fewer capabilities by then, it kills itself at once.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct timespec moment = {.tv_nsec = 300000000};
	pid_t self = getpid();

	if (argc != 2)
		return 2;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		return raise(SIGKILL) != 0;
	if (fork() == 0) {
		(void)nanosleep(&moment, NULL);
		return kill(self, SIGKILL) < 0;
	}
	return raise(atoi(argv[1])) != 0;
}
