/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape HOW PATH...: try to leave the sandbox, and fail if one of the host's PATHs
 * can then be seen.  HOW is
 *
 *	chroot  climb out of a chroot from a directory outside of it
 *	umount  take away the mount that is the root, and look at what it covered
 *	setns   enter the mount namespace of process 1
 *	pivot   make a new root and look at the old one's parent
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STEPS 64 /* up: more than any path is deep */

/* Climb from the working directory as far as ".." leads, and make that the root. */
static void climb(void)
{
	for (int i = 0; i < STEPS; i++)
		if (chdir("..") < 0)
			break;
	if (chroot(".") < 0 || chdir("/") < 0)
		perror("climb");
}

static int by_chroot(void)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)mkdir("/jail", 0755);
	if (root < 0 || chroot("/jail") < 0 || fchdir(root) < 0)
		return -1;
	climb();
	return 0;
}

static int by_umount(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < STEPS; i++)
		if (umount2("/", MNT_DETACH) < 0)
			break;
	if (fd < 0 || fchdir(fd) < 0)
		return -1;
	climb();
	return 0;
}

static int by_setns(void)
{
	int ns = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (ns >= 0 && setns(ns, CLONE_NEWNS) == 0)
		climb();
	return 0;
}

static int by_pivot(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	(void)mkdir("/new", 0755);
	if (mount("tmpfs", "/new", "tmpfs", 0, NULL) < 0 || mkdir("/new/old", 0755) < 0)
		return -1;
	if (syscall(SYS_pivot_root, "/new", "/new/old") == 0) {
		if (chdir("/old") < 0)
			return -1;
	} else if (chdir("/new") < 0) {
		return -1;
	}
	climb();
	return 0;
}

static const struct {
	const char *name;
	int (*escape)(void);
} ways[] = {
	{"chroot", by_chroot},
	{"umount", by_umount},
	{"setns", by_setns},
	{"pivot", by_pivot},
};

int main(int argc, char **argv)
{
	int r = -1;

	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			r = ways[i].escape();
	if (r < 0) {
		perror("escape");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		if (faccessat(AT_FDCWD, argv[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			printf("visible: %s\n", argv[i]);
			return 1;
		}
	}
	return 0;
}
