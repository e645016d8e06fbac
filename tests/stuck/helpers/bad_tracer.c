/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bad_tracer HOW PID: trace process PID and care no more for it.  Prints "ready" when it does.
 *
 * HOW: "stop", it stays in the stop that it makes as it exits; "zombie", it can exit, but stays a
 * zombie, which its parent cannot reap.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#define GIVE_UP_S 200

int main(int argc, char **argv)
{
	bool stop = argc > 1 && strcmp(argv[1], "stop") == 0;

	if (argc != 3 || !(stop || strcmp(argv[1], "zombie") == 0))
		return 2;
	if (ptrace(PTRACE_SEIZE, atoi(argv[2]), 0L, stop ? (long)PTRACE_O_TRACEEXIT : 0L) < 0) {
		perror("bad_tracer");
		return 1;
	}
	(void)alarm(GIVE_UP_S);
	(void)puts("ready");
	(void)fflush(stdout);
	(void)pause();
	return 0;
}
