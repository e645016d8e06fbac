/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "sbx/apply.h"
#include "sbx/cleanup.h"
#include "sbx/fs.h"
#include "sbx/hint.h"
#include "sbx/sys.h"

static const struct fs_param no_params[] = {{.key = NULL}};

int apply_tmpfs(struct site *site, const struct op *op, struct err *e)
{
	autoclose int mount = fs_tmpfs(op->mode, op->size, site->plan->file_label, e);

	return mount < 0 ? mount : apply_attach(site, op, mount, e);
}

int apply_mqueue(struct site *site, const struct op *op, struct err *e)
{
	autoclose int mount = fs_make("mqueue", no_params,
				      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);

	return mount < 0 ? mount : apply_attach(site, op, mount, e);
}

/* A procfs of the new process namespace, or the host's.  Returns it detached. */
static int make_proc(const struct site *site, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	autoclose int tree = -1;
	int r;

	if (site->new_procfs)
		return fs_make("proc", no_params,
			       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	tree = sys_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0)
		return err_sys(e, tree, "cannot open /proc on the host");
	r = sys_mount_setattr(tree, AT_RECURSIVE, &attr);
	if (r < 0)
		return err_sys(e, r, "cannot restrict the mount of /proc");
	return fd_take(&tree);
}

/* Make @name of the procfs whose root is @proc read-only, by a mount of it on itself. */
static int cover(int proc, const char *name, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	autoclose int place = sys_openat(proc, name, O_PATH | O_NOFOLLOW, 0);
	autoclose int mount = -1;
	int r;

	if (place == -ENOENT)
		return 0;
	if (place < 0)
		return err_sys(e, place, "cannot open %s in the new /proc", name);
	mount = sys_open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);
	r = mount < 0 ? mount : sys_mount_setattr(mount, AT_RECURSIVE, &attr);
	if (r == 0)
		r = sys_move_mount(mount, place);
	if (r < 0)
		return err_sys(e, r, "cannot make %s in the new /proc read-only", name);
	return 0;
}

/* What root could change of the whole machine through a procfs. */
static const char *const machine_wide[] = {"sys", "sysrq-trigger", "irq", "bus"};

int apply_proc(struct site *site, const struct op *op, struct err *e)
{
	autoclose int proc = make_proc(site, e);
	int r = proc < 0 ? proc : apply_attach(site, op, proc, e);

	if (!site->cover_procfs)
		return r;
	for (size_t i = 0; r == 0 && i < sizeof(machine_wide) / sizeof(machine_wide[0]); i++)
		r = cover(proc, machine_wide[i], e);
	return r;
}
