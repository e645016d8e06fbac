/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/inode.h"
#include "mounts/entry.h"

struct statx;

/*
 * Mount points that are made in directories of the host: this is the half inside, which makes
 * them and tells those outside, who remove them; see sweep.h for these.
 */

/* Why what was made may not be removed in the end. */
enum mount_point_stays {
	MOUNT_POINT_GOES,
	MOUNT_POINT_UNLOCKED,  /* it cannot be locked */
	MOUNT_POINT_UNMARKED,  /* its file system keeps neither mode nor time */
	MOUNT_POINT_UNWATCHED, /* nobody can see that no process is left inside */
};

/* What the process that makes mount points knows; mount_point_done() frees it. */
struct mount_points {
	bool is_possible;     /* a directory of the host is to be bound writable, */
	bool is_on;           /* or has been; else nothing here does anything */
	int monitor;          /* socket, see report.h; -1 once the monitor has gone */
	int janitor;          /* socket, see janitor.h */
	int stage;            /* directory of a file system that lives as long as the mounts, */
	int cwd;              /* and where to go back to from there */
	bool knows_stage;     /* the stage is among @own */
	bool is_watched;      /* those outside have been told how to see its end, or need not */
	bool gave_users;      /* and have got the user namespace */
	struct inode *own_fs; /* file systems of the sandbox's own; inode numbers are 0 */
	size_t n_own_fs;
	size_t n_sent;      /* that those outside have been told of */
	struct inode *seen; /* what those outside have been told of */
	size_t n_seen;
	enum mount_point_stays stays; /* why the last that may stay does */
};

void mount_point_done(struct mount_points *mount_points);

/* The file system of @fd is the sandbox's own.  Returns 0 or -errno. */
int mount_point_add_own_fs(struct mount_points *mount_points, int fd) must_check;

/*
 * Whether what is made in @dir is made on the host: 1 or 0, or -errno.  @litter may be NULL: then
 * it is not.
 */
int mount_point_is_on_host(struct mount_points *mount_points, int dir) must_check;

/*
 * Make what is to be at @dest, an empty file or directory as the type in @mode says, with the
 * mode of a mount point, or that of @mode; and have those outside remove it in the end.
 *
 * Returns 0, -EEXIST if it is there, -ESTALE if somebody has removed it meanwhile: look again; or
 * another -errno.
 */
int mount_point_make(struct mount_points *mount_points, const struct entry *dest,
		     mode_t mode) must_check;

/* Whether @point, an O_PATH descriptor, looks like that; likewise. */
int mount_point_may_be(struct mount_points *mount_points, int point) must_check;

/*
 * See whether @point, an O_PATH descriptor of what is at @dest, is such a file or directory that
 * another sandbox, or this one, has made.  If it is, nobody removes it while this sandbox
 * lives, and those outside remove it after that.
 *
 * Returns 1 or 0; or as mount_point_make().
 */
int mount_point_adopt(struct mount_points *mount_points, const struct entry *dest,
		      int point) must_check;

/* The mode of what sandboxes make, by which it is known: an empty file, or a directory. */
bool mount_point_has_mode(const struct statx *st);

/*
 * Whether what is open as @fd, and @st tells of, would have that mode if its file system kept
 * modes: an empty file, or a directory.
 */
bool mount_point_is_modeless(int fd, const struct statx *st);

/* Whether what is open as @fd, and @st tells of, has all by which it is known. */
bool mount_point_is_marked(int fd, const struct statx *st);

/*
 * Mark what is open as @fd; again, after something was made or removed in it.  Without it, nothing
 * is worse than that it may stay.
 */
void mount_point_mark(int fd);
