/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* opath PATH COMMAND...: run COMMAND with descriptor 9 open on PATH by O_PATH. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FD 9

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;

	if (fd < 0 || dup2(fd, FD) < 0) {
		perror("opath");
		return 2;
	}
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
