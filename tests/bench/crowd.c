/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return written < 0 ? complain("map the ids of a user namespace") : 0;
}

static int map_own_id(const char *path, unsigned id)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %u 1", id, id);
	return write_file(path, line);
}

/* An ordinary user may mount only in a user namespace of its own. */
static int own_user_namespace(void)
{
	uid_t uid = geteuid(); /* inside, before the maps, it is the overflow uid */
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER) < 0)
		return complain("make a user namespace");
	if (write_file("/proc/self/setgroups", "deny") < 0 ||
	    map_own_id("/proc/self/uid_map", uid) < 0 || map_own_id("/proc/self/gid_map", gid) < 0)
		return -1;
	return 0;
}

int crowd_host(const char *directory)
{
	char path[64];

	if (geteuid() != 0 && own_user_namespace() < 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0)
		return complain("make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return complain("make the mounts private");
	if (mount("tmpfs", directory, "tmpfs", 0, NULL) < 0)
		return complain("mount a tmpfs");
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/%d", directory, i);
		if (mkdir(path, 0755) < 0 || mount(path, path, NULL, MS_BIND, NULL) < 0)
			return complain("crowd the host with mounts");
	}
	return 0;
}
