/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/inode.h"
#include "base/num.h"
#include "host/hint.h"
#include "mounts/dest.h"
#include "sys/sys.h"

#define NUMBER_BYTES 16
#define LINK_BYTES 32 /* "/proc/self/fd/" and a number */

/* Directories in which an entry is named for a descriptor of the process itself. */
static const char *const fd_dirs[] = {"/proc/self/fd/", "/dev/fd/"};

/* The number of the descriptor in @path, or -1. */
static int fd_in_path(const char *path)
{
	for (size_t i = 0; i < sizeof(fd_dirs) / sizeof(fd_dirs[0]); i++) {
		const size_t len = strlen(fd_dirs[i]);
		char number[NUMBER_BYTES];
		uint64_t fd = 0;

		if (strncmp(path, fd_dirs[i], len) != 0)
			continue;
		(void)snprintf(number, sizeof(number), "%.*s", (int)strcspn(path + len, "/"),
			       path + len);
		if (num_parse(number, 10, INT_MAX, &fd) == 0)
			return (int)fd;
	}
	return -1;
}

/* Whether @fd is the caller's: inherited through exec, it is not O_CLOEXEC; sbx's own are. */
static bool is_callers(int fd)
{
	int flags = sys_getfd(fd);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Whether two descriptors are of the same inode.  Returns 1, 0 or -errno. */
static int same_inode(int a, int b)
{
	struct statx x = {0};
	struct statx y = {0};
	int r = sys_statx(a, STATX_INO, &x);

	if (r == 0)
		r = sys_statx(b, STATX_INO, &y);
	return r < 0 ? r : inode_is_same(inode_of(&x), inode_of(&y));
}

/*
 * Copy the mounts at the file or directory of @object, a descriptor on a mount of the caller's
 * namespace.  That mount cannot be copied in this one, so copy the one at the same path.  Returns
 * the tree or -errno: -ESTALE if the path leads to another file by now.
 */
static int clone_object(const struct roots *roots, int object)
{
	autoclose int tree = -1;
	char link[LINK_BYTES];
	char target[PATH_MAX];
	ssize_t n;
	int r;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", object);
	n = sys_readlinkat(AT_FDCWD, link, target, sizeof(target) - 1);
	if (n < 0)
		return (int)n;
	target[n] = '\0';
	tree = sys_open_tree(roots->cwd, target, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0)
		return tree;
	r = same_inode(object, tree);
	if (r <= 0)
		return r < 0 ? r : -ESTALE;
	return fd_take(&tree);
}

/* As clone_object(), for @path. */
static int clone_again(const struct roots *roots, const char *path)
{
	autoclose int object = sys_openat(roots->cwd, path, O_PATH, 0);

	return object < 0 ? object : clone_object(roots, object);
}

int source_clone_fd(const struct roots *roots, int fd, struct err *e)
{
	int tree = clone_object(roots, fd);

	if (tree >= 0)
		return tree;
	if (tree == -ESTALE || tree == -ENOENT)
		return err_set(e, -tree, "the file of descriptor %d is no longer at its path", fd);
	(void)err_sys(e, tree, "cannot find the file of descriptor %d on the host", fd);
	hint_mount(e);
	return tree;
}

/* Report that the source @path cannot be opened.  Returns @ret. */
static int explain(struct err *e, int ret, const char *path)
{
	(void)err_sys(e, ret, "cannot open %s on the host", path);
	(void)err_bwrap(e, "Can't find source path %s: %s", path, strerror(-ret));
	(void)err_path(e, path);
	hint_mount(e);
	return ret;
}

/* Check that @path can be looked up and names no descriptor of sbx.  Returns 0 or -errno. */
static int check(const struct roots *roots, const char *path, struct err *e)
{
	int fd = fd_in_path(path);

	if (path[0] != '/' && roots->cwd < 0)
		return err_sys(e, roots->cwd, "cannot open the working directory to find %s", path);
	return fd >= 0 && !is_callers(fd) ? explain(e, -ENOENT, path) : 0;
}

/* Write to @ret, of PATH_MAX bytes, the absolute path of @path.  Returns 0 or -errno. */
static int make_absolute(const char *path, char *ret)
{
	size_t used = 0;
	int n;

	if (path[0] != '/') {
		int r = sys_getcwd(ret, PATH_MAX);

		if (r < 0)
			return r;
		if (ret[0] != '/')
			return -ENOENT; /* "(unreachable)": it is not below the root */
		used = strlen(ret);
	}
	n = snprintf(ret + used, PATH_MAX - used, "%s%s", used > 0 ? "/" : "", path);
	return n < 0 || (size_t)n >= PATH_MAX - used ? -ENAMETOOLONG : 0;
}

/* Open @path, following the links that @links allows.  Returns a descriptor or -errno. */
static int open_judging(const struct roots *roots, const char *path, enum link_rule links,
			struct err *e)
{
	const struct dest_root host = {.fd = roots->host, .links = links, .asked = path};
	char absolute[PATH_MAX];
	int r = make_absolute(path, absolute);

	if (r < 0)
		return explain(e, r, path);
	r = dest_open(host, absolute, e);
	return r < 0 && e->hint[0] == '\0' ? explain(e, r, path) : r; /* keep a hint about links */
}

/* Copy the mounts at @object, an O_PATH descriptor. */
static int clone_opened(const struct roots *roots, int object)
{
	int tree = sys_open_tree(object, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);

	return tree == -EINVAL ? clone_object(roots, object) : tree;
}

/* As source_clone(), following no link. */
static int clone_without_links(const struct roots *roots, const char *path, struct err *e)
{
	autoclose int object = open_judging(roots, path, LINK_NONE, e);
	int tree = object < 0 ? object : clone_opened(roots, object);

	return object >= 0 && tree < 0 ? explain(e, tree, path) : tree;
}

int source_clone(const struct roots *roots, const char *path, enum link_rule links, struct err *e)
{
	int tree = check(roots, path, e);

	if (tree < 0)
		return tree;
	if (links == LINK_NONE)
		return clone_without_links(roots, path, e);
	tree = sys_open_tree(roots->cwd, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree == -EINVAL)
		tree = clone_again(roots, path);
	return tree < 0 ? explain(e, tree, path) : tree;
}

/* Return @fd if it is a directory; else close it and return -errno with @e set. */
static int only_dir(int fd, const char *path, struct err *e)
{
	autoclose int opened = fd;
	struct statx st = {0};
	int r = sys_statx(opened, STATX_TYPE, &st);

	if (r == 0 && !S_ISDIR(st.stx_mode))
		r = -ENOTDIR;
	return r < 0 ? explain(e, r, path) : fd_take(&opened);
}

int source_open_dir(const struct roots *roots, const char *path, enum link_rule links,
		    struct err *e)
{
	int fd = check(roots, path, e);

	if (fd < 0)
		return fd;
	if (links == LINK_STICKY || (links != LINK_NONE && fd_in_path(path) >= 0)) {
		fd = sys_openat(roots->cwd, path, O_PATH | O_DIRECTORY, 0);
		return fd < 0 ? explain(e, fd, path) : fd;
	}
	fd = open_judging(roots, path, links, e);
	return fd < 0 ? fd : only_dir(fd, path, e);
}
