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
 * Destinations: paths inside the sandbox while it is being built.  Whatever
 * links and ".." a path meets, in directories that somebody else can write to as
 * well, it is resolved below the sandbox's root and never leaves it.
 */

/* Where paths start, and which links on the way are followed. */
struct dest_root {
	int fd; /* directory, O_PATH */
	enum link_rule links;
	const char *asked; /* it is the host's root, and this the path for messages; else NULL */
};

/* Instead of a mode for missing directories: they are an error. */
#define DEST_NO_PARENTS ((mode_t)-1)

/*
 * Find where @path is or would be, making the directories above it that are
 * missing, with @parents_mode.
 *
 * A link as the last component is followed, to where it would have its target,
 * unless @keep_link.  Returns 0 or -errno with @e set.
 */
int dest_find(struct dest_root root, const char *path, mode_t parents_mode, bool keep_link,
	      struct entry *ret, struct err *e) must_check;

/* Whom dest_resolve() tells of the links that it meets. */
struct dest_watch {
	/* @path is a link's, as dest_resolve() writes paths.  Returns 0 or -errno. */
	int (*met_link)(void *arg, const char *path);
	void *arg;
};

/*
 * Write to @ret, of PATH_MAX bytes, where @path leads: as path_clean() does it, without any link
 * or ".." in it, as things are now.  What is there has to exist.  Unless @watch is NULL, it is
 * told of each link before that is followed.  Returns how many links there were, or -errno with
 * @e set.
 */
int dest_resolve(struct dest_root root, const char *path, const struct dest_watch *watch, char *ret,
		 struct err *e) must_check;

/* Open what is at @path, which has to exist, as O_PATH.  Returns it or -errno with @e set. */
int dest_open(struct dest_root root, const char *path, struct err *e) must_check;

/* The same, with @flags of open(2).  A link of /proc to what a process has open is -ELOOP. */
int dest_open_as(struct dest_root root, const char *path, int flags, struct err *e) must_check;

/*
 * Open @path as a place to mount @mount on.  What is missing is made: an empty
 * directory or file, as @mount's root is, and the directories above it; those outside remove
 * it in the end where @litter, if it is not NULL, has them do that.  Returns
 * an O_PATH descriptor or -errno with @e set.
 */
int dest_mount_point(struct dest_root root, const char *path, mode_t parents_mode, int mount,
		     struct mount_points *mount_points, struct err *e) must_check;

/*
 * Make an empty file at @path, where nothing may be but what another sandbox has made so, and the
 * directories above it; to mount on it what keeps others from making anything there.  It is
 * removed as a mount point is.  A link is followed, to where its target would be.
 *
 * Returns an O_PATH descriptor or -errno with @e set: -EEXIST if there is anything.
 */
int dest_placeholder(struct dest_root root, const char *path, mode_t parents_mode,
		     struct mount_points *mount_points, struct err *e) must_check;
