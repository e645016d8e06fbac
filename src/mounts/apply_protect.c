/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * A mount on a path keeps that path from being renamed or removed, but not the directories above
 * it.  A process that may write there could move one of them away, with the mount, and create
 * another, in which the path is not protected.  The host would then use that one.  So each
 * directory on the way that the command might move is pinned: it is mounted on itself, unless it is
 * the root of a mount already.  So is each link on the way: a process that replaces one decides
 * where the path leads.
 *
 * The command can unmount what --free-bind mounts, and then nothing below it is protected any more:
 * a protected path must not go through such a mount.
 *
 * All this holds in the mount namespaces of the sandbox.  A process that can create others can
 * leave the mounts behind there and rename what they are on.  So identity.c forbids new user
 * namespaces where it can.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/dest.h"
#include "mounts/mask.h"
#include "sys/sys.h"

/*
 * Mount a copy of the tree at @dest, with the attributes @attr added, over it.  Returns a
 * descriptor of that mount's root or -errno.
 */
static int mount_on_itself(struct site *site, int dest, uint64_t attr)
{
	struct mount_attr add = {.attr_set = attr};
	autoclose int tree =
		sys_open_tree(dest, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE);
	int r = tree;

	if (r >= 0 && attr != 0)
		r = sys_mount_setattr(tree, AT_RECURSIVE, &add);
	if (r >= 0)
		r = root_mount(&site->roots, tree, dest);
	return r < 0 ? r : fd_take(&tree);
}

/*
 * Whether the command might rename entries of the directory @dir: it can write there or, as the
 * owner, permit itself to; or it can become the owner.  Checked with the current capabilities; the
 * command has no others.  Returns 1 or 0, also 1 if a seccomp filter forbids the check, or -errno.
 */
static int can_rename_in(const struct site *site, int dir)
{
	struct statfs fs = {0};
	struct statx st = {0};
	int r = sys_fstatfs(dir, &fs);

	if (r < 0)
		return r;
	if (fs.f_flags & ST_RDONLY)
		return false;
	if (site->owns_all)
		return true;
	r = sys_statx(dir, STATX_UID, &st);
	if (r < 0)
		return r;
	if (st.stx_uid == sys_getuid())
		return true;
	r = sys_faccessat(dir, ".", W_OK, AT_EACCESS);
	if (r == -EACCES || r == -EROFS)
		return false;
	return r < 0 && r != -EPERM ? r : true;
}

/*
 * Pin *@dest, unless it is the root of a mount already; then it becomes a descriptor of the new
 * mount's root.  Returns 0 or -errno.
 */
static int pin(struct site *site, int *dest)
{
	struct statx st = {0};
	int r = sys_statx(*dest, STATX_TYPE, &st);

	if (r < 0 || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return r;
	r = mount_on_itself(site, *dest, 0);
	if (r < 0)
		return r;
	(void)sys_close(*dest);
	*dest = r;
	return 0;
}

/* The way to a protected path. */
struct way {
	struct site *site;
	const struct op *free; /* the --free-bind that it goes through, or NULL */
};

/*
 * Check whether @dir is the root of a --free-bind's mount.  Returns 0, -EBUSY if it is, or -errno.
 */
static int check_free(struct way *way, int dir)
{
	for (unsigned i = 0; i < way->site->n_free; i++) {
		int r = root_same_file(dir, way->site->free[i].tree);

		if (r < 0)
			return r;
		if (r > 0) {
			way->free = way->site->free[i].op;
			return -EBUSY;
		}
	}
	return 0;
}

/*
 * Go from *@dir down to @part of it, and pin that if it can be renamed and is not to stay @loose.
 * Returns 0 or -errno.
 */
static int go_down(struct site *site, int *dir, struct path_part part, bool loose)
{
	char name[NAME_MAX + 1];
	int movable = loose ? 0 : can_rename_in(site, *dir);
	int next;

	if (movable < 0)
		return movable;
	(void)snprintf(name, sizeof(name), "%.*s", (int)part.len, part.text);
	next = sys_openat(*dir, name, O_PATH | O_NOFOLLOW, 0);
	if (next < 0)
		return next;
	(void)sys_close(*dir);
	*dir = next;
	return movable ? pin(site, dir) : 0;
}

/*
 * Open @path, which dest_resolve() has written, with all directories above it pinned, and itself as
 * well unless it is to stay @loose.  Returns an O_PATH descriptor or -errno.
 */
static int pin_way(struct way *way, const char *path, bool loose)
{
	autoclose int dir = sys_openat(way->site->roots.box, ".", O_PATH | O_DIRECTORY, 0);
	const char *rest = path;
	int r = dir;

	while (r >= 0 && !path_is_root(rest)) {
		struct path_part part = path_next(&rest);
		bool is_last = path_is_root(rest);

		r = go_down(way->site, &dir, part, loose && is_last);
		if (r >= 0 && !is_last)
			r = check_free(way, dir);
	}
	return r < 0 ? r : fd_take(&dir);
}

/*
 * Whether @link at @path is a procfs's link to the directory of the process that follows it: "self"
 * or "thread-self".  The links "net" and "mounts" go through the former.  Returns 1, 0 or -errno.
 */
static int is_each_ones_own(int link, const char *path)
{
	const char *name = strrchr(path, '/');
	struct statfs fs = {0};
	int r;

	if (name == NULL || (strcmp(name, "/self") != 0 && strcmp(name, "/thread-self") != 0))
		return false;
	r = sys_fstatfs(link, &fs);
	return r < 0 ? r : fs.f_type == PROC_SUPER_MAGIC;
}

/*
 * Pin the link at @path, and the way to it; see struct dest_watch.  Returns 0, -errno, or -EXDEV
 * for a link that leads elsewhere for the command.
 */
static int pin_link(void *way, const char *path)
{
	autoclose int link = pin_way(way, path, false);
	int r = link < 0 ? link : is_each_ones_own(link, path);

	return r > 0 ? -EXDEV : r;
}

/*
 * Open @path, with the way to it pinned, unless it has become a link meanwhile.  Returns an O_PATH
 * descriptor or -errno.
 */
static int open_pinned(struct way *way, const char *path)
{
	autoclose int dest = pin_way(way, path, true);
	struct statx st = {0};
	int r = dest < 0 ? dest : sys_statx(dest, STATX_TYPE, &st);

	if (r == 0 && S_ISLNK(st.stx_mode))
		r = -ELOOP;
	return r < 0 ? r : fd_take(&dest);
}

/* Set @e: @op's destination is below the mount of @free.  Returns -errno. */
static int explain_free(const struct op *op, const struct op *free, struct err *e)
{
	(void)err_set(e, EINVAL, "%s is below %s, which --%s lets COMMAND unmount", op->dest,
		      free->dest, free->option);
	return err_hint(e, "that would take --%s away as well: give --bind instead of --%s",
			op->option, free->option);
}

/*
 * Open @op's destination, and pin the way to it, with the links on it.  If it is missing, nothing
 * is changed.  Returns an O_PATH descriptor, with @path, of PATH_MAX bytes, as dest_resolve()
 * writes it; or -errno with @e set.
 */
static int find_pinned(struct site *site, const struct op *op, char *path, struct err *e)
{
	struct way way = {.site = site};
	const struct dest_watch watch = {.met_link = pin_link, .arg = &way};
	int r = dest_resolve(apply_root(site, op), op->dest, NULL, path, e);

	if (r > 0)
		r = dest_resolve(apply_root(site, op), op->dest, &watch, path, e);
	if (r == -EXDEV)
		return err_set(e, EINVAL, "%s is a per-process symbolic link", op->dest);
	if (r < 0 && way.free == NULL)
		return r;
	if (r >= 0)
		r = open_pinned(&way, path);
	if (way.free != NULL)
		return explain_free(op, way.free, e);
	return r < 0 ? err_sys(e, r, "cannot pin the directories above %s", op->dest) : r;
}

/* Identify the directory of @path, as dest_resolve() writes paths.  Returns 0 or -errno. */
static int identify_parent(struct site *site, const char *path, struct inode *ret)
{
	struct way way = {.site = site};
	char above[PATH_MAX];
	autoclose int dir = -1;
	struct statx st = {0};
	int r;

	(void)snprintf(above, sizeof(above), "%.*s", (int)(strrchr(path, '/') - path), path);
	dir = pin_way(&way, above, true);
	r = dir < 0 ? dir : sys_statx(dir, STATX_INO, &st);
	if (r == 0)
		*ret = inode_of(&st);
	return r;
}

/*
 * Record for the guard, if there is one, that @op protects @path.  Returns 0 or -errno with @e set.
 */
static int record(struct site *site, const struct op *op, const char *path, struct err *e)
{
	struct protected_path *more;
	struct protected_path new = {.op = (size_t)(op - site->plan->files.ops)};
	int r;

	if (!site->is_guarded || path_is_root(path))
		return 0; /* nothing outside replaces the root */
	new.on_host = op->kind == OP_DENY_CREATE && site->mount_points.is_on;
	r = identify_parent(site, path, &new.parent);
	if (r < 0)
		return err_sys(e, r, "cannot identify the directory of %s", op->dest);
	new.path = strdup(path);
	more = reallocarray(site->protected, site->n_protected + 1, sizeof(*more));
	if (more != NULL)
		site->protected = more;
	if (more == NULL || new.path == NULL) {
		free(new.path);
		return err_sys(e, -ENOMEM, "cannot record that %s is protected", op->dest);
	}
	site->protected[site->n_protected++] = new;
	return 0;
}

void apply_forget_protected(struct site *site)
{
	while (site->n_protected > 0)
		free(site->protected[--site->n_protected].path);
	free(site->protected);
	site->protected = NULL;
}

/* Mount a mask on @dest, @op's destination.  Returns 0 or -errno with @e set. */
static int mask(struct site *site, int dest, const struct op *op, struct err *e)
{
	int r = root_is(&site->roots, dest);

	if (r > 0)
		return err_set(e, EINVAL, "the sandbox's root cannot be masked");
	if (r == 0)
		r = mask_place(site->roots.stage, dest);
	return r < 0 ? err_sys(e, r, "cannot mask %s", op->dest) : 0;
}

int apply_mask(struct site *site, const struct op *op, struct err *e)
{
	char path[PATH_MAX];
	autoclose int dest = find_pinned(site, op, path, e);
	int r;

	if ((dest == -ENOENT || dest == -ENOTDIR) && (op->flags & OP_IF_EXISTS))
		return 0; /* ENOTDIR: a file is above it */
	if (dest == -ENOENT)
		return err_hint(e, "--mask-try masks it if it is there, --deny-create keeps it "
				   "from being created");
	r = dest < 0 ? dest : mask(site, dest, op, e);
	return r < 0 ? r : record(site, op, path, e);
}

int apply_ro(struct site *site, const struct op *op, struct err *e)
{
	char path[PATH_MAX];
	autoclose int dest = find_pinned(site, op, path, e);
	autoclose int mount = -1;

	if (dest == -ENOENT)
		return err_hint(e, "--deny-create keeps what is missing from being created");
	if (dest < 0)
		return dest;
	mount = mount_on_itself(site, dest, MOUNT_ATTR_RDONLY);
	if (mount < 0)
		return err_sys(e, mount, "cannot make %s read-only", op->dest);
	return record(site, op, path, e);
}

/*
 * Whether a mask is at @op's destination, so that nothing can be created there.  Returns 1, 0 or
 * -errno.
 */
static int is_masked(const struct site *site, const struct op *op)
{
	struct err unused = {0};
	autoclose int dest = dest_open(apply_root(site, op), op->dest, &unused);

	return dest < 0 ? dest : mask_covers(site->roots.stage, dest);
}

/*
 * Set @e: why @r keeps the placeholder from @op's destination, and what helps instead.  Returns @r.
 */
static int explain_denial(const struct op *op, int r, struct err *e)
{
	const char *hint = NULL;

	if (e->hint[0] != '\0')
		return r; /* that hint is more exact */
	if (r == -EEXIST)
		hint = "--ro keeps what exists from being changed, --mask hides it";
	else if (r == -ENOTDIR)
		hint = "there is a file above it: --ro of that keeps it from being replaced by a "
		       "directory";
	else if (r == -EROFS || r == -EACCES || r == -EPERM)
		hint = "nothing can be created there as it is: to have that stay so, give --ro for "
		       "the directory above that exists";
	if (hint == NULL)
		return r;
	(void)err_sys(e, r, "cannot keep %s from being created", op->dest);
	return err_hint(e, "%s", hint);
}

int apply_deny_create(struct site *site, const struct op *op, struct err *e)
{
	autoclose int dest = -1;
	char path[PATH_MAX];
	int made = dest_placeholder(apply_root(site, op), op->dest, op->parents_mode,
				    &site->mount_points, e);
	bool is_denied = made == -EEXIST && is_masked(site, op) > 0;
	int r;

	if (made < 0 && !is_denied)
		return explain_denial(op, made, e);
	if (is_denied)
		*e = (struct err){0};
	else
		(void)sys_close(made);
	dest = find_pinned(site, op, path, e);
	if (dest < 0)
		return dest;
	r = is_denied ? 0 : mask(site, dest, op, e);
	return r < 0 ? r : record(site, op, path, e);
}

/* Create the placeholder of --deny-create at @path again.  Returns 0 or -errno. */
static int make_placeholder_again(struct site *site, const char *path)
{
	struct err unused = {0};
	const struct dest_root root = {.fd = site->roots.box, .links = LINK_NONE};
	autoclose int made =
		dest_placeholder(root, path, DEST_NO_PARENTS, &site->mount_points, &unused);

	return made < 0 && made != -EEXIST ? made : 0;
}

int apply_again(struct site *site, const struct op *op, const char *path)
{
	struct way way = {.site = site};
	autoclose int dest = pin_way(&way, path, true);
	autoclose int mount = -1;
	struct statx st = {0};
	int r;

	if (dest == -ENOENT && op->kind == OP_DENY_CREATE) {
		r = make_placeholder_again(site, path);
		dest = r < 0 ? r : pin_way(&way, path, true);
	}
	r = dest < 0 ? dest : sys_statx(dest, STATX_TYPE, &st);
	if (r < 0)
		return r;
	if (op->kind != OP_RO)
		return mask_place(site->roots.stage, dest); /* a link, too: it leads nowhere then */
	if (S_ISLNK(st.stx_mode))
		return -ELOOP; /* its target could be written */
	mount = mount_on_itself(site, dest, MOUNT_ATTR_RDONLY);
	return mount < 0 ? mount : 0;
}
