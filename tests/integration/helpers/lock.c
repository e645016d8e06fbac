/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock FILE: succeed if no other process holds a lock on FILE, see F_SETLK in fcntl(2).
 * lock FILE COMMAND...: the same, and hold the lock alone while COMMAND runs; its status is ours.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int status = 0;
	int fd;

	if (argc < 2)
		return 2;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0) {
		perror(argv[1]);
		return 1;
	}
	if (argc == 2)
		return 0;
	if (fork() == 0) {
		(void)execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(2);
	}
	(void)wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
