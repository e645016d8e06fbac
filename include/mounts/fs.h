/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* A parameter of a file system; a NULL key ends a list. */
struct fs_param {
	const char *key;
	const char *value; /* NULL if it has none */
};

/*
 * Create a file system of @type, with @attr, MOUNT_ATTR_*, for its mount.
 *
 * Returns the detached mount, which the caller closes, or -errno with @e set, with the kernel's
 * own message if there is one.
 */
int fs_make(const char *type, const struct fs_param *params, unsigned attr,
	    struct err *e) must_check;

/*
 * Create a tmpfs, nosuid and nodev, as fs_make(): of @size bytes, 0 for the kernel's default, with
 * the SELinux label @label on its files, NULL for none.
 */
int fs_tmpfs(mode_t mode, uint64_t size, const char *label, struct err *e) must_check;
