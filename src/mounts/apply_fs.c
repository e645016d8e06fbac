/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "base/cleanup.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/fs.h"
#include "sys/sys.h"

static const struct fs_param no_params[] = {{.key = NULL}};

int apply_tmpfs(struct site *site, const struct op *op, struct err *e)
{
	autoclose int mount = fs_tmpfs(op->mode, op->size, site->plan->mounts.file_label, e);

	return mount < 0 ? mount : apply_attach(site, op, mount, e);
}

int apply_mqueue(struct site *site, const struct op *op, struct err *e)
{
	autoclose int mount = fs_make("mqueue", no_params,
				      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);

	return mount < 0 ? mount : apply_attach(site, op, mount, e);
}
