/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* A parameter of a file system; a list of them ends with a NULL key. */
struct fs_param {
	const char *key;
	const char *value; /* NULL if it has none */
};

/*
 * Make a file system of @type, detached.
 *
 * @attr are MOUNT_ATTR_* of the mount.  Returns a descriptor of its root, the
 * caller's to close, or -errno with @e saying what the kernel said.
 */
int fs_make(const char *type, const struct fs_param *params, unsigned attr,
	    struct err *e) must_check;

/*
 * A tmpfs, nosuid and nodev, of @size bytes or, if 0, of the kernel's default, with
 * the SELinux label @label on all of its files, if that is not NULL.
 */
int fs_tmpfs(mode_t mode, uint64_t size, const char *label, struct err *e) must_check;
