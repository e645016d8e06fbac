/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "mounts/entry.h"
#include "mounts/link.h"
#include "mounts/mount_points.h"

/*
 * Destinations: paths in the sandbox while it is being built.  Links and ".." in a path, also in
 * directories that other users can write to, are resolved below the sandbox's root and never leave
 * it.
 */

/* The start of paths, and which links on the way are followed. */
struct dest_root {
	int fd; /* directory, O_PATH */
	enum link_rule links;
	const char *asked; /* the path for messages if it is the host's root, else NULL */
};

/* Instead of a mode for missing directories: they are an error. */
#define DEST_NO_PARENTS ((mode_t)-1)

/*
 * Find the entry that @path leads to, whether it exists or not.  Create missing directories above
 * it with @parents_mode.
 *
 * A link as the last component is followed, to where its target would be, unless @keep_link.
 * Returns 0 or -errno with @e set.
 */
int dest_find(struct dest_root root, const char *path, mode_t parents_mode, bool keep_link,
	      struct entry *ret, struct err *e) must_check;

/* A callback of dest_resolve() for the links on the way. */
struct dest_watch {
	/* @path is that of a link, as dest_resolve() writes paths.  Returns 0 or -errno. */
	int (*met_link)(void *arg, const char *path);
	void *arg;
};

/*
 * Resolve @path, which has to exist, to @ret of PATH_MAX bytes, as path_clean() writes paths,
 * without links and "..".  @watch, unless NULL, is called for each link before that is followed.
 * Returns how many links there were, or -errno with @e set.
 */
int dest_resolve(struct dest_root root, const char *path, const struct dest_watch *watch, char *ret,
		 struct err *e) must_check;

/* Open @path, which has to exist, with O_PATH.  Returns a descriptor or -errno with @e set. */
int dest_open(struct dest_root root, const char *path, struct err *e) must_check;

/*
 * Open @path with @flags of open(2).  Returns as dest_open(); a procfs's link to an open file is
 * -ELOOP.
 */
int dest_open_as(struct dest_root root, const char *path, int flags, struct err *e) must_check;

/*
 * Open @path as a mount point for @mount.  Missing components are created: an empty directory or
 * file, as @mount's root is, and the directories above it.  Those that are created on the host are
 * removed at exit if @mount_points is not NULL.
 *
 * Returns an O_PATH descriptor or -errno with @e set.
 */
int dest_mount_point(struct dest_root root, const char *path, mode_t parents_mode, int mount,
		     struct mount_points *mount_points, struct err *e) must_check;

/*
 * Create an empty file at @path, and the directories above it.  A mount on it keeps other files
 * from being created there.  Only another sandbox's placeholder may exist at @path.  It is removed
 * as a mount point is.  A link is followed, to where its target would be.
 *
 * Returns an O_PATH descriptor or -errno with @e set: -EEXIST if there is anything else.
 */
int dest_placeholder(struct dest_root root, const char *path, mode_t parents_mode,
		     struct mount_points *mount_points, struct err *e) must_check;
