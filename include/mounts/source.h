/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/link.h"
#include "mounts/root.h"

/*
 * Copy the mounts at and below @path, a path on the host as the caller would look
 * it up.
 *
 * A path that says /proc/self/fd or /dev/fd means what the caller has open there, not
 * a descriptor of sbx's own.  If @links is LINK_NONE, no link is followed; else all are, as the
 * kernel does it.  Returns the detached tree, the caller's to close, or -errno with @e set.
 */
int source_clone(const struct roots *roots, const char *path, enum link_rule links,
		 struct err *e) must_check;

/*
 * Open the directory @path, likewise, for what follows no links but those of @links.  Returns an
 * O_PATH descriptor or -errno with @e set.
 */
int source_open_dir(const struct roots *roots, const char *path, enum link_rule links,
		    struct err *e) must_check;

/*
 * Copy the mounts at and below what @fd, a descriptor of the caller's, is open on: that very
 * object, wherever its path may lead by now.  Returns as source_clone().
 */
int source_clone_fd(const struct roots *roots, int fd, struct err *e) must_check;
