/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command whose end the benchmark measures from: leave [DIRECTORY]
 *
 * Its standard input is memory that it shares with the benchmark.  It fills
 * DIRECTORY with files, writes down when it leaves, and leaves.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 100000 };

static int complain(const char *what)
{
	fprintf(stderr, "leave: cannot %s: %s\n", what, strerror(errno));
	return 1;
}

/* Empty files: an inode and a name each. */
static int fill(const char *directory)
{
	int dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = dirfd;

	for (int i = 0; i < FILES && result >= 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		result = mknodat(dirfd, name, S_IFREG | 0644, 0);
	}
	if (dirfd >= 0)
		close(dirfd);
	return result;
}

int main(int argc, char **argv)
{
	struct timespec *end = mmap(NULL, sizeof(*end), PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0);

	if (end == MAP_FAILED)
		return complain("share memory with the benchmark");
	if (argc > 1 && fill(argv[1]) < 0)
		return complain("create files");
	memset(end, 0, sizeof(*end)); /* the page is here before the time is taken */
	clock_gettime(CLOCK_MONOTONIC, end);
	_exit(0);
}
