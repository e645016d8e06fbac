/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sbx/cleanup.h"
#include "sbx/sys.h"

#define MASK_DIR "mask-dir"
#define MASK_FILE "mask-file"

static int make(const struct site *site, bool is_dir)
{
	const char *name = is_dir ? MASK_DIR : MASK_FILE;
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	autoclose int place = -1;
	autoclose int tree = -1;
	int r;

	if (is_dir)
		r = sys_mkdirat(site->roots.stage, name, 0);
	else
		r = place = sys_openat(site->roots.stage, name, O_CREAT | O_EXCL | O_WRONLY, 0);
	if (r == -EEXIST)
		return 0;
	if (place >= 0)
		(void)sys_close(fd_take(&place));
	if (r >= 0)
		r = place = sys_openat(site->roots.stage, name, O_PATH, 0);
	if (r >= 0)
		r = tree = sys_open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (r >= 0)
		r = sys_mount_setattr(tree, 0, &attr);
	return r < 0 ? r : sys_move_mount(tree, place);
}

int mask_mount(struct site *site, int place, const char *what, struct err *e)
{
	struct statx st = {0};
	autoclose int tree = -1;
	int r = sys_statx(place, STATX_TYPE, &st);
	bool is_dir = S_ISDIR(st.stx_mode);

	if (r == 0)
		r = make(site, is_dir);
	if (r == 0)
		r = tree = sys_open_tree(site->roots.stage, is_dir ? MASK_DIR : MASK_FILE,
					 OPEN_TREE_CLONE);
	if (r >= 0)
		r = root_mount(&site->roots, tree, place);
	return r < 0 ? err_sys(e, r, "cannot mask %s", what) : 0;
}
