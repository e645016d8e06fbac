/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfork_exec FILE: execute FILE in a child, from vfork(2) on, which suspends the caller until that
 * is done, and exit with status 7.
 *
 * vfork_exec FILE PIPE: do it in a process that is left behind; exit once there is a line in PIPE.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7

#ifdef __clang_analyzer__ /* it warns of vfork() in spite of a NOLINT comment */
#define vfork fork
#endif

static void execute(const char *path)
{
	/* NOLINTNEXTLINE: what vfork() does is the point */
	pid_t pid = vfork();

	if (pid == 0) {
		(void)execl(path, path, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static void wait_for_line(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (read(fd, &byte, 1) < 0)
		perror(path);
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3)
		return 2;
	if (argc == 2 || fork() == 0)
		execute(argv[1]);
	else
		wait_for_line(argv[2]);
	note_end();
	return STATUS;
}
