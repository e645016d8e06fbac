/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts and file systems. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "sys/sys.h"
#include "test.h"

static const struct word tree_words[] = {
	{OPEN_TREE_CLONE, "clone"},
	{AT_RECURSIVE, "recursive"},
	{AT_EMPTY_PATH, "itself"},
	{0, NULL},
};

static const struct word attr_words[] = {
	{MOUNT_ATTR_RDONLY, "ro"},
	{MOUNT_ATTR_NOSUID, "nosuid"},
	{MOUNT_ATTR_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, "noexec"},
	{0, NULL},
};

static const struct word propagation_words[] = {
	{MS_PRIVATE, "private"},
	{MS_SLAVE, "slave"},
	{0, NULL},
};

static const struct word mount_words[] = {
	{MS_NOSUID, "nosuid"},
	{MS_NODEV, "nodev"},
	{0, NULL},
};

static const struct word umount_words[] = {
	{MNT_FORCE, "force"},
	{MNT_DETACH, "detach"},
	{0, NULL},
};

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	struct words dir = dir_words(*path == '/' && dirfd < 0 ? AT_FDCWD : dirfd);
	struct outcome outcome = call("open_tree %s%s%s", *path == '\0' ? name_of(dirfd) : dir.text,
				      path, words(tree_words, flags).text);

	return open_as(outcome, S_IFDIR, "tree:%s", *path == '\0' ? name_of(dirfd) : path);
}

int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr)
{
	assert_int_equal(attr->attr_clr, 0); /* restrictions are only ever added */
	return done(call("mount_setattr %s%s%s%s", name_of(fd), words(tree_words, flags).text,
			 words(attr_words, attr->attr_set).text,
			 words(propagation_words, attr->propagation).text));
}

int sys_move_mount(int from, int to)
{
	return done(call("move_mount %s %s", name_of(from), name_of(to)));
}

int sys_mount(const char *type, const char *target, unsigned long flags, const char *data)
{
	return done(call("mount %s %s%s %s", type, target, words(mount_words, flags).text, data));
}

int sys_fsopen(const char *type)
{
	struct outcome outcome = call("fsopen %s", type);

	return open_as(outcome, S_IFREG, "fs:%s", type);
}

int sys_fsconfig_string(int fsfd, const char *key, const char *value)
{
	return done(call("fsconfig %s %s=%s", name_of(fsfd), key, value));
}

int sys_fsconfig_flag(int fsfd, const char *key)
{
	return done(call("fsconfig %s %s", name_of(fsfd), key));
}

int sys_fsconfig_create(int fsfd)
{
	return done(call("fsconfig %s create", name_of(fsfd)));
}

int sys_fsmount(int fsfd, unsigned attr)
{
	struct outcome outcome = call("fsmount %s%s", name_of(fsfd), words(attr_words, attr).text);

	return open_as(outcome, S_IFDIR, "mount:%s", name_of(fsfd) + strlen("fs:"));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return done(call("pivot_root %s %s", new_root, put_old));
}

/* There is one mount to detach, and then no more. */
int sys_umount(const char *path, int flags)
{
	struct outcome outcome =
		call("umount %s%s", path, words(umount_words, (unsigned)flags).text);
	bool was_unmounted = fake.unmounted;

	if (outcome.is_told)
		return (int)outcome.r;
	fake.unmounted = true;
	return was_unmounted ? -EINVAL : 0;
}

int sys_watch_unmount(const char *path)
{
	struct outcome outcome = call("watch_unmount %s", path);

	return open_as(outcome, 0, "unmounted");
}
