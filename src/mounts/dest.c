/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * An existing path is opened with openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_SYMLINKS: one call,
 * in which the kernel keeps every ".." below the root.
 *
 * A missing path has to be created on the way, links have to be judged (link.c), and openat2() may
 * be forbidden (ENOSYS in gVisor and under systemd's RestrictSUIDSGID=).  For these there is a
 * walk.  It takes one component at a time, each opened with O_NOFOLLOW below the directory held
 * open from the step before.  It does not follow a link or a "..", but writes it into the path and
 * starts again at the root.  A process that moves directories or swaps links meanwhile can make the
 * walk fail, or end somewhere else inside.  No step of it goes anywhere but down from the root.
 *
 * What is created on the host for a mount point is removed at exit, see mount_points.c.  Mount
 * points of other sandboxes on the way are locked until then.  To find these, the walk starts again
 * once it is known that something has to be created on the host.
 */
#include "mounts/dest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "host/hint.h"
#include "mounts/entry.h"
#include "sys/sys.h"

#define MAX_LINKS 40   /* as many as the kernel follows */
#define MAX_STARTS 100 /* while other sandboxes remove mount points: see mount_points.h */
#define FILE_MODE 0444
#define DIR_MODE 0755

/* A walk through a path that changes with each link met. */
struct walk {
	struct dest_root root;
	mode_t parents_mode;
	bool keep_link;
	const struct dest_watch *watch; /* called for each link, or NULL */
	int links;
	struct mount_points *mount_points; /* NULL if no mount point here is removed at exit */
	bool is_adopting; /* it locks the mount points of other sandboxes on the way */
	unsigned starts;
	enum link_verdict verdict; /* why @link is not followed */
	char link[PATH_MAX];       /* path of the last link on the way, or of the locked entry */
	char path[PATH_MAX];       /* as path_clean() writes it */
};

/* Set the path to "@head_len bytes of the old one / @middle / @rest". */
static int rewrite(struct walk *w, size_t head_len, const char *middle, const char *rest)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s/%s/%s", (int)head_len, w->path, middle, rest);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return path_clean(path, w->path, sizeof(w->path));
}

/* Take the ".." at @part, and the component before it, out of the path. */
static int go_up(struct walk *w, struct path_part part, const char *rest)
{
	size_t len = (size_t)(part.text - w->path) - 1;

	while (len > 0 && w->path[len - 1] != '/')
		len--;
	return rewrite(w, len, "", rest);
}

/* Set @w->link to the path that ends with the component @part. */
static void set_link(struct walk *w, struct path_part part)
{
	(void)snprintf(w->link, PATH_MAX, "%.*s", (int)(part.text + part.len - w->path), w->path);
}

/* Set @w->link to the path of the link at @part, and call @w->watch.  Returns 0 or -errno. */
static int meet_link(struct walk *w, struct path_part part)
{
	set_link(w, part);
	return w->watch == NULL ? 0 : w->watch->met_link(w->watch->arg, w->link);
}

/*
 * Read the link at @dest to @target of PATH_MAX bytes, if it is one to be followed.  Returns 0;
 * -ESTALE if it is no link any more; -EACCES with @w->verdict set if it is not followed; or another
 * -errno.
 */
static int read_link(struct walk *w, const struct entry *dest, char *target)
{
	autoclose int link = sys_openat(dest->dir, dest->name, O_PATH | O_NOFOLLOW, 0);
	int verdict = link < 0 ? link : link_judge(dest->dir, link, w->root.links);
	ssize_t n;

	if (verdict > LINK_FOLLOWED) {
		w->verdict = (enum link_verdict)verdict;
		return -EACCES;
	}
	n = verdict < 0 ? verdict : sys_readlinkat(link, "", target, PATH_MAX - 1);
	if (n == -ENOENT || n == -EINVAL)
		return -ESTALE;
	if (n >= 0)
		target[n] = '\0';
	return n < 0 ? (int)n : 0;
}

/* Replace the component at @part by the link's @target. */
static int follow(struct walk *w, struct path_part part, const char *target, const char *rest)
{
	size_t head_len = target[0] == '/' ? 0 : (size_t)(part.text - w->path);

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	return rewrite(w, head_len, target, rest);
}

/*
 * Whether what is created at @dest is removed at exit.  Returns 1 or 0; -ESTALE for the walk to
 * start again, which may end elsewhere; or another -errno.
 */
static int judge(struct walk *w, const struct entry *dest)
{
	int r = dest->is_kept ? 0 : mount_point_is_on_host(w->mount_points, dest->dir);

	if (r <= 0 || w->is_adopting)
		return r;
	w->is_adopting = true;
	return -ESTALE;
}

/* Create the directory @dest.  Returns 1 if it is removed at exit, 0 if not, or -errno. */
static int make_parent(struct walk *w, const struct entry *dest)
{
	int r;

	if (w->parents_mode == DEST_NO_PARENTS)
		return -ENOENT;
	r = judge(w, dest);
	if (r < 0)
		return r;
	if (r > 0) {
		r = mount_point_make(w->mount_points, dest, S_IFDIR | w->parents_mode);
		return r < 0 ? r : 1;
	}
	r = sys_mkdirat(dest->dir, dest->name, w->parents_mode);
	return r == -EEXIST ? 0 : r;
}

/* Go down to the directory @dest; create it if it is missing.  Returns 0 or -errno. */
static int enter(struct walk *w, struct entry *dest, bool missing)
{
	autoclose int dir = -1;
	int r = missing ? make_parent(w, dest) : 0;

	if (r == -EEXIST)
		return -ESTALE;
	if (r < 0)
		return r;
	dir = sys_openat(dest->dir, dest->name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return dir;
	if (!missing && w->is_adopting)
		r = mount_point_adopt(w->mount_points, dest, dir);
	if (r < 0)
		return r;
	entry_done(dest);
	dest->dir = fd_take(&dir);
	dest->is_host_mount_point = r > 0;
	dest->is_kept = missing && r == 0;
	return 0;
}

enum step {
	STEP_FOUND,   /* the last component: the walk is over */
	STEP_ENTERED, /* one directory down */
	STEP_RESTART, /* the path was rewritten */
};

/* Have the walk start again, unless it has done so too often.  Returns STEP_RESTART or -ESTALE. */
static int start_again(struct walk *w)
{
	return ++w->starts < MAX_STARTS ? STEP_RESTART : -ESTALE;
}

/*
 * Write the target of the link at the component @part, at @dest, into the path.  Returns an enum
 * step or -errno.
 */
static int take_link(struct walk *w, struct path_part part, const char *rest,
		     const struct entry *dest)
{
	char target[PATH_MAX];
	int r = meet_link(w, part);

	if (r == 0)
		r = read_link(w, dest, target);
	if (r == -ESTALE)
		return start_again(w);
	if (r == 0)
		r = follow(w, part, target, rest);
	return r < 0 ? r : STEP_RESTART;
}

/*
 * Go down by the component @part, or write the link's target that it is into the path.  Returns an
 * enum step or -errno.
 */
static int descend(struct walk *w, struct path_part part, const char *rest, struct entry *dest)
{
	char start; /* of its target */
	ssize_t n = sys_readlinkat(dest->dir, dest->name, &start, sizeof(start));
	int r;

	if (n >= 0)
		return take_link(w, part, rest, dest);
	if (n != -EINVAL && n != -ENOENT) /* EINVAL: it is no link */
		return (int)n;
	if (path_is_root(rest))
		return STEP_FOUND;
	r = enter(w, dest, n == -ENOENT);
	if (r == -ESTALE)
		return start_again(w);
	if (r == -EBUSY)
		set_link(w, part);
	return r < 0 ? r : STEP_ENTERED;
}

/*
 * Take one step: the component @part, in @dest->dir, with @rest behind it.  Returns an enum step or
 * -errno.
 */
static int step(struct walk *w, struct path_part part, const char *rest, struct entry *dest)
{
	if (path_is_parent(part)) {
		int r = go_up(w, part, rest);

		return r < 0 ? r : STEP_RESTART;
	}
	if (part.len >= sizeof(dest->name))
		return -ENAMETOOLONG;
	memcpy(dest->name, part.text, part.len);
	dest->name[part.len] = '\0';
	if (w->keep_link && path_is_root(rest))
		return STEP_FOUND;
	return descend(w, part, rest, dest);
}

/* Walk @w->path from the root until it ends or is rewritten.  Returns an enum step or -errno. */
static int walk_once(struct walk *w, struct entry *ret)
{
	autoentry struct entry dest = ENTRY_NONE;
	const char *rest = w->path;
	int r = STEP_ENTERED;

	dest.dir = sys_openat(w->root.fd, ".", O_PATH | O_DIRECTORY, 0);
	if (dest.dir < 0)
		return dest.dir;
	while (r == STEP_ENTERED) {
		struct path_part part = path_next(&rest);

		if (part.len == 0) {
			memcpy(dest.name, ".", sizeof("."));
			r = STEP_FOUND;
		} else {
			r = step(w, part, rest, &dest);
		}
	}
	if (r == STEP_FOUND) {
		*ret = dest;
		dest.dir = -1;
	}
	return r;
}

static const char *whereabouts(const struct dest_root *root)
{
	return root->asked != NULL ? "on the host" : "in the sandbox";
}

/* @path as the user wrote it. */
static const char *as_asked(const struct dest_root *root, const char *path)
{
	return root->asked != NULL ? root->asked : path;
}

/* Set @e: another process has a lock on @locked, which is on the way to @path.  Returns -errno. */
static int explain_lock(const char *locked, const char *path, struct err *e)
{
	(void)err_set(
		e, EBUSY,
		"cannot use %s: another process has a lock on %s, which sandboxes have created",
		path, locked);
	return err_hint(e, "lslocks(8) shows which process that is");
}

/* Walk @path with the settings of @w.  Returns 0 with *@ret, or -errno with @e set. */
static int walk(struct walk *w, const char *path, struct entry *ret, struct err *e)
{
	int r = path_clean(path, w->path, sizeof(w->path));

	w->links = 0;
	if (r == 0)
		r = STEP_RESTART;
	while (r == STEP_RESTART)
		r = walk_once(w, ret);
	if (r == -EACCES && w->verdict != LINK_FOLLOWED)
		return link_explain(w->verdict, w->link, as_asked(&w->root, path), e);
	if (r == -EBUSY && w->mount_points != NULL)
		return explain_lock(w->link, path, e);
	if (r < 0)
		return err_sys(e, r, "cannot resolve or create %s %s", as_asked(&w->root, path),
			       whereabouts(&w->root));
	return 0;
}

int dest_find(struct dest_root root, const char *path, mode_t parents_mode, bool keep_link,
	      struct entry *ret, struct err *e)
{
	struct walk w = {.root = root, .parents_mode = parents_mode, .keep_link = keep_link};

	return walk(&w, path, ret, e);
}

/* Open @dest; do not follow a link that was created there meanwhile. */
static int open_found(const struct entry *dest, int flags)
{
	return sys_openat(dest->dir, dest->name, flags | O_NOFOLLOW, 0);
}

int dest_resolve(struct dest_root root, const char *path, const struct dest_watch *watch, char *ret,
		 struct err *e)
{
	struct walk w = {.root = root, .parents_mode = DEST_NO_PARENTS, .watch = watch};
	autoentry struct entry dest = ENTRY_NONE;
	autoclose int fd = -1;
	int r = walk(&w, path, &dest, e);

	if (r < 0)
		return r;
	fd = open_found(&dest, O_PATH);
	if (fd < 0)
		return err_sys(e, fd, "cannot open %s in the sandbox", path);
	(void)memcpy(ret, w.path, sizeof(w.path));
	return w.links;
}

/*
 * Open the existing @path.  Returns a descriptor or -errno: -ENOENT if it is missing, -ENOSYS if it
 * takes a walk.  It takes one for a link, and for EAGAIN: the kernel reports that for every ".."
 * while any process renames or mounts anything, which can go on for ever.
 */
static int open_existing(struct dest_root root, const char *path, int flags)
{
	const char *from = *path != '\0' ? path : "/";
	int fd = root.links == LINK_ANY ? sys_openat_in(root.fd, from, flags)
					: sys_openat_in_nolinks(root.fd, from, flags);
	bool is_link = fd == -ELOOP && root.links != LINK_ANY;

	return fd == -EAGAIN || is_link ? -ENOSYS : fd;
}

int dest_open_as(struct dest_root root, const char *path, int flags, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	int fd = open_existing(root, path, flags);

	if (fd == -ENOSYS) {
		fd = dest_find(root, path, DEST_NO_PARENTS, false, &dest, e);
		if (fd < 0)
			return fd;
		fd = open_found(&dest, flags);
	}
	if (fd < 0)
		return err_sys(e, fd, "cannot open %s %s", as_asked(&root, path),
			       whereabouts(&root));
	return fd;
}

int dest_open(struct dest_root root, const char *path, struct err *e)
{
	return dest_open_as(root, path, O_PATH, e);
}

/* The type and mode of a mount point for @mount.  Returns it or -errno. */
static int mount_point_mode(int mount)
{
	struct statx st = {0};
	int r = sys_statx(mount, STATX_TYPE, &st);

	if (r < 0)
		return r;
	return S_ISDIR(st.stx_mode) ? S_IFDIR | DIR_MODE : S_IFREG | FILE_MODE;
}

/* Create @dest, which stays, of the type and mode @mode, unless it exists.  Returns 0 or -errno. */
static int make_for_good(const struct entry *dest, mode_t mode)
{
	autoclose int file = -1;

	if (S_ISDIR(mode)) {
		int r = sys_mkdirat(dest->dir, dest->name, DIR_MODE);

		return r == -EEXIST ? 0 : r;
	}
	file = sys_openat(dest->dir, dest->name,
			  O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
	return file < 0 && file != -EEXIST ? file : 0;
}

/*
 * Create @dest, which is removed at exit, unless it exists; then call @adopt, which locks it.
 * Returns 0 or -errno.
 */
static int make_or_adopt(struct mount_points *mount_points, const struct entry *dest, mode_t mode,
			 int (*adopt)(struct mount_points *, const struct entry *, int point))
{
	autoclose int point = open_found(dest, O_PATH);
	int r;

	if (point == -ENOENT) {
		r = mount_point_make(mount_points, dest, mode);
		return r == -EEXIST ? -ESTALE : r;
	}
	r = point < 0 ? point : adopt(mount_points, dest, point);
	return r < 0 ? r : 0;
}

/*
 * Create an empty file or directory, as @mount's root is, at @dest, to which @w led.  Returns 0,
 * -ESTALE for the walk to start again, or another -errno.
 */
static int make_mount_point(struct walk *w, const struct entry *dest, int mount)
{
	int r = judge(w, dest);
	int mode;

	if (r < 0)
		return r;
	mode = mount_point_mode(mount);
	if (mode < 0)
		return mode;
	return r > 0 ? make_or_adopt(w->mount_points, dest, (mode_t)mode, mount_point_adopt)
		     : make_for_good(dest, (mode_t)mode);
}

/*
 * Lock @point at @dest if it is another sandbox's placeholder.  Returns 1, -EEXIST if it is
 * something else, or another -errno.
 */
static int adopt_placeholder(struct mount_points *mount_points, const struct entry *dest, int point)
{
	struct statx st = {0};
	int r = sys_statx(point, STATX_TYPE, &st);

	if (r < 0)
		return r;
	if (!S_ISREG(st.stx_mode))
		return -EEXIST;
	r = mount_point_adopt(mount_points, dest, point);
	return r == 0 ? -EEXIST : r;
}

/*
 * Create an empty file at @dest that stays, with the mark: in an overlay, it is there when that is
 * mounted again.  Returns 0, also if it exists, or -errno.
 */
static int make_placeholder_for_good(const struct entry *dest)
{
	autoclose int point =
		sys_openat(dest->dir, dest->name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW,
			   S_ISVTX | FILE_MODE);
	struct statx st = {0};
	int r;

	if (point >= 0)
		mount_point_mark(point);
	if (point != -EEXIST)
		return point < 0 ? point : 0;
	point = open_found(dest, O_PATH);
	r = point < 0 ? point : sys_statx(point, STATX_TYPE | STATX_MODE | STATX_SIZE, &st);
	if (r < 0)
		return r;
	return S_ISREG(st.stx_mode) && mount_point_has_mode(&st) ? 0 : -EEXIST;
}

/* Create an empty file at @dest, to which @w led.  Returns as make_mount_point(). */
static int make_placeholder(struct walk *w, const struct entry *dest, int mount)
{
	int r = judge(w, dest);

	(void)mount;
	if (r < 0)
		return r;
	return r > 0 ? make_or_adopt(w->mount_points, dest, S_IFREG | FILE_MODE, adopt_placeholder)
		     : make_placeholder_for_good(dest);
}

/*
 * Walk to @path and call @make for what is missing there.  Returns an O_PATH descriptor or -errno
 * with @e set.
 */
static int walk_and_make(struct walk *w, const char *path,
			 int (*make)(struct walk *w, const struct entry *dest, int mount),
			 int mount, struct err *e)
{
	autoentry struct entry dest = ENTRY_NONE;
	int fd;
	int r;

	do {
		entry_done(&dest);
		r = walk(w, path, &dest, e);
		if (r < 0)
			return r;
		r = make(w, &dest, mount);
	} while (r == -ESTALE && ++w->starts < MAX_STARTS);
	if (r == -EBUSY && w->mount_points != NULL)
		return explain_lock(path, path, e);
	if (r < 0)
		return err_sys(e, r, "cannot create the mount point %s in the sandbox", path);
	fd = open_found(&dest, O_PATH);
	if (fd < 0)
		return err_sys(e, fd, "cannot open %s in the sandbox", path);
	return fd;
}

int dest_mount_point(struct dest_root root, const char *path, mode_t parents_mode, int mount,
		     struct mount_points *mount_points, struct err *e)
{
	struct walk w = {.root = root, .parents_mode = parents_mode, .mount_points = mount_points};
	autoclose int fd = open_existing(root, path, O_PATH);
	int r = fd >= 0 ? mount_point_may_be(mount_points, fd) : fd;

	if (fd >= 0 && r == 0)
		return fd_take(&fd);
	if (r < 0 && r != -ENOENT && r != -ENOSYS)
		return err_sys(e, r, "cannot open %s in the sandbox", path);
	w.is_adopting = fd >= 0;
	r = walk_and_make(&w, path, make_mount_point, mount, e);
	if (r < 0 && w.verdict == LINK_FOLLOWED && r != -EBUSY)
		hint_mount_point(e);
	return r;
}

int dest_placeholder(struct dest_root root, const char *path, mode_t parents_mode,
		     struct mount_points *mount_points, struct err *e)
{
	struct walk w = {.root = root, .parents_mode = parents_mode, .mount_points = mount_points};
	int fd = walk_and_make(&w, path, make_placeholder, -1, e);

	if (fd == -EMFILE)
		hint_mount_point(e);
	return fd;
}
