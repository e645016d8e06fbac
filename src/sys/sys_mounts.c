/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/ret.h"
#include "sys/sys.h"

int sys_chroot(const char *path)
{
	return ret(chroot(path));
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return ret(open_tree(dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr)
{
	return ret(mount_setattr(fd, "", flags | AT_EMPTY_PATH, attr, sizeof(*attr)));
}

int sys_move_mount(int from, int to)
{
	return ret(move_mount(from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int sys_mount(const char *type, const char *target, unsigned long flags, const char *data)
{
	return ret(mount(type, target, type, flags, data));
}

int sys_fsopen(const char *type)
{
	return ret(fsopen(type, FSOPEN_CLOEXEC));
}

int sys_fsconfig_string(int fsfd, const char *key, const char *value)
{
	return ret(fsconfig(fsfd, FSCONFIG_SET_STRING, key, value, 0));
}

int sys_fsconfig_flag(int fsfd, const char *key)
{
	return ret(fsconfig(fsfd, FSCONFIG_SET_FLAG, key, NULL, 0));
}

int sys_fsconfig_create(int fsfd)
{
	return ret(fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int sys_fsmount(int fsfd, unsigned attr)
{
	return ret(fsmount(fsfd, FSMOUNT_CLOEXEC, attr));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return ret(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_umount(const char *path, int flags)
{
	return ret(umount2(path, flags));
}

int sys_watch_unmount(const char *path)
{
	int fd = ret(inotify_init1(IN_CLOEXEC));
	int r;

	if (fd < 0)
		return fd;
	r = ret(inotify_add_watch(fd, path, IN_UNMOUNT | IN_ONLYDIR));
	if (r >= 0)
		return fd;
	(void)close(fd);
	return r;
}
