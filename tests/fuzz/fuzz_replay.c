/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay DIRECTORY: give each file of DIRECTORY to a fuzz target, as a test that
 * needs no fuzzer.  Aborts as the target does, or if there is no file.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define INPUT_BYTES (1 << 20) /* more than any file of a corpus */

__attribute__((noreturn)) static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void replay(const char *dir, const char *name)
{
	static uint8_t data[INPUT_BYTES];
	char path[PATH_MAX];
	FILE *file;
	size_t size;

	(void)printf("%s\n", name);
	(void)fflush(stdout);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (file == NULL)
		fail(path);
	size = fread(data, 1, sizeof(data), file);
	if (ferror(file) || !feof(file))
		fail(path);
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned files = 0;

	if (dir == NULL)
		fail("usage: replay DIRECTORY");
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		replay(argv[1], entry->d_name);
		files++;
	}
	(void)closedir(dir);
	(void)printf("%u files\n", files);
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
