/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * many_mounts DIR NUMBER: make NUMBER mounts in DIR, every second one a file system of its own, and
 * exit with status 7.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7

static bool make_mount(long number)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%ld", number);
	if (mkdir(name, 0777) < 0)
		return false;
	if (number % 2 == 0)
		return mount("tmpfs", name, "tmpfs", 0, "") == 0;
	return mount("/usr", name, "", MS_BIND, "") == 0;
}

int main(int argc, char **argv)
{
	int home = open(".", O_PATH | O_CLOEXEC);
	long number = argc == 3 ? atol(argv[2]) : 0;

	if (number == 0 || chdir(argv[1]) < 0)
		return 2;
	for (long i = 0; i < number; i++) {
		if (!make_mount(i)) {
			perror("many_mounts");
			return 2;
		}
	}
	if (fchdir(home) < 0)
		return 2;
	note_end();
	return STATUS;
}
