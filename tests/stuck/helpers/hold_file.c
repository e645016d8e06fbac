/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hold_file HOW FILE: open FILE, use it in the way HOW, and exit with status 7 without closing it.
 *
 * HOW: "open" alone; "read" some bytes; "write" some bytes; "map" it and change the mapping, which
 * is written back when the process exits.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7
#define BYTES 8192

static bool use_open(int fd)
{
	return fd >= 0;
}

static bool use_read(int fd)
{
	char bytes[BYTES];

	return read(fd, bytes, sizeof(bytes)) >= 0;
}

static bool use_write(int fd)
{
	const char bytes[BYTES] = {0};

	return write(fd, bytes, sizeof(bytes)) >= 0;
}

static bool use_map(int fd)
{
	char *bytes = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		return false;
	memset(bytes, 1, BYTES);
	return true;
}

static const struct {
	const char *name;
	int flags; /* of open(2) */
	bool (*use)(int fd);
} hows[] = {
	{.name = "open", .flags = O_RDWR, .use = use_open},
	{.name = "read", .flags = O_RDONLY, .use = use_read},
	{.name = "write", .flags = O_WRONLY, .use = use_write},
	{.name = "map", .flags = O_RDWR, .use = use_map},
};

static int hold(const char *how, const char *path)
{
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		if (strcmp(hows[i].name, how) != 0)
			continue;
		if (!hows[i].use(open(path, hows[i].flags | O_CLOEXEC))) {
			perror(path);
			return 2;
		}
		note_end();
		return STATUS;
	}
	return 2;
}

int main(int argc, char **argv)
{
	return argc == 3 ? hold(argv[1], argv[2]) : 2;
}
