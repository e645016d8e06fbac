/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill DIR FILES MIB: make FILES empty files below DIR, and one of MIB mebibytes if that is not 0,
 * and exit with status 7.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7
#define FILES_IN_FOLDER 5000
#define MIB (1L << 20)
#define CHUNK_BYTES 8192

static bool fill_folder(const char *folder, long files)
{
	char name[32];
	int dir, fd;

	(void)mkdir(folder, 0777);
	dir = open(folder, O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	for (long i = 0; i < files; i++) {
		(void)snprintf(name, sizeof(name), "%ld", i);
		fd = openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
		if (fd < 0)
			return false;
		(void)close(fd);
	}
	(void)close(dir);
	return true;
}

static bool make_files(long files)
{
	char folder[32];

	for (long i = 0; files > 0; i++) {
		(void)snprintf(folder, sizeof(folder), "folder-%ld", i);
		if (!fill_folder(folder, files < FILES_IN_FOLDER ? files : FILES_IN_FOLDER))
			return false;
		files -= FILES_IN_FOLDER;
	}
	return true;
}

static bool make_big_file(long bytes)
{
	char chunk[CHUNK_BYTES];
	int fd;

	if (bytes == 0)
		return true;
	memset(chunk, 1, sizeof(chunk));
	fd = open("big", O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	for (long done = 0; done < bytes; done += CHUNK_BYTES)
		if (write(fd, chunk, sizeof(chunk)) != CHUNK_BYTES)
			return false;
	(void)close(fd);
	return true;
}

int main(int argc, char **argv)
{
	int home = open(".", O_PATH | O_CLOEXEC);

	if (argc != 4)
		return 2;
	if (chdir(argv[1]) < 0 || !make_files(atol(argv[2])) ||
	    !make_big_file(atol(argv[3]) * MIB)) {
		perror(argv[1]);
		return 2;
	}
	if (fchdir(home) < 0)
		return 2;
	note_end();
	return STATUS;
}
