/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/link.h"
#include "mounts/root.h"

/*
 * Copy the mounts at and below @path, a path on the host, resolved as for the caller.
 *
 * Descriptors in /proc/self/fd and /dev/fd are the caller's; those of sbx are refused.  If @links
 * is LINK_NONE, no link is followed, else all are, by the kernel.  Returns the detached tree,
 * which the caller closes, or -errno with @e set.
 */
int source_clone(const struct roots *roots, const char *path, enum link_rule links,
		 struct err *e) must_check;

/*
 * Open the directory @path, resolved as by source_clone(), following the links that @links allows.
 * Returns an O_PATH descriptor or -errno with @e set.
 */
int source_open_dir(const struct roots *roots, const char *path, enum link_rule links,
		    struct err *e) must_check;

/*
 * Copy the mounts at and below the file or directory of @fd, a descriptor of the caller.  It is an
 * error if its path leads to another one by now.  Returns as source_clone().
 */
int source_clone_fd(const struct roots *roots, int fd, struct err *e) must_check;
