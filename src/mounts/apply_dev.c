/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/fs.h"
#include "sys/sys.h"

#define DEV "/dev/"
#define DEV_MODE 0755
#define NODE_MODE 0444

/* Device nodes that programs expect; bound from the host. */
static const struct {
	const char *path;
	bool may_be_missing; /* as in some containers: few programs need it */
} nodes[] = {
	{.path = DEV "null"},
	{.path = DEV "zero"},
	{.path = DEV "full", .may_be_missing = true},
	{.path = DEV "random"},
	{.path = DEV "urandom"},
	{.path = DEV "tty", .may_be_missing = true},
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{.name = "stdin", .target = "/proc/self/fd/0"},
	{.name = "stdout", .target = "/proc/self/fd/1"},
	{.name = "stderr", .target = "/proc/self/fd/2"},
	{.name = "fd", .target = "/proc/self/fd"},
	{.name = "core", .target = "/proc/kcore"},
	{.name = "ptmx", .target = "pts/ptmx"},
};

static const struct {
	const char *name;
	mode_t mode;
} dirs[] = {
	{.name = "shm", .mode = 01777},
	{.name = "pts", .mode = 0755},
};

/* Bind the host's device node @src at @name in @dev, the new /dev. */
static int bind_node(int dev, const char *src, const char *name, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID};
	autoclose int tree = sys_open_tree(AT_FDCWD, src, OPEN_TREE_CLONE);
	autoclose int place = -1;
	int r;

	if (tree < 0)
		return err_sys(e, tree, "cannot open %s on the host", src);
	place = sys_openat(dev, name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW, NODE_MODE);
	if (place < 0)
		return err_sys(e, place, "cannot create %s in the new /dev", name);
	r = sys_mount_setattr(tree, 0, &attr);
	if (r == 0)
		r = sys_move_mount(tree, place);
	if (r < 0)
		return err_sys(e, r, "cannot mount %s in the new /dev", src);
	return 0;
}

/* Whether nodes[@i] can be left out, with @r from bind_node(). */
static bool can_do_without(const struct plan *plan, size_t i, int r)
{
	return r == -ENOENT && nodes[i].may_be_missing && !plan->as_bwrap;
}

static int bind_nodes(const struct site *site, const struct op *op, int dev, struct err *e)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		const char *src = nodes[i].path;
		int r = bind_node(dev, src, src + strlen(DEV), e);

		if (can_do_without(site->plan, i, r)) {
			*e = (struct err){0};
			r = apply_note(site, op, NOTE_WARNING, e, "there is no %s on the host",
				       src);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_entries(int dev, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(links) / sizeof(links[0]); i++)
		r = sys_symlinkat(links[i].target, dev, links[i].name);
	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		r = sys_mkdirat(dev, dirs[i].name, dirs[i].mode);
	return r < 0 ? err_sys(e, r, "cannot fill the new /dev") : 0;
}

/* Mount a new devpts instance, whose ptmx every user may open. */
static int mount_devpts(int dev, const char *label, struct err *e)
{
	const struct fs_param params[] = {
		{.key = "mode", .value = "620"},
		{.key = "ptmxmode", .value = "0666"},
		{.key = label != NULL ? "context" : NULL, .value = label},
		{.key = NULL},
	};
	autoclose int mount = fs_make("devpts", params, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
	autoclose int place = -1;
	int r;

	if (mount < 0)
		return mount;
	place = sys_openat(dev, "pts", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	r = place < 0 ? place : sys_move_mount(mount, place);
	return r < 0 ? err_sys(e, r, "cannot mount a devpts in the new /dev") : 0;
}

int apply_dev(struct site *site, const struct op *op, struct err *e)
{
	autoclose int dev = fs_tmpfs(DEV_MODE, 0, site->plan->mounts.file_label, e);
	int r = dev < 0 ? dev : apply_attach(site, op, dev, e);

	if (r == 0)
		r = bind_nodes(site, op, dev, e);
	if (r == 0)
		r = make_entries(dev, e);
	if (r == 0)
		r = mount_devpts(dev, site->plan->mounts.file_label, e);
	if (r == 0 && *site->tty != '\0')
		r = bind_node(dev, site->tty, "console", e);
	return r;
}
