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
 * Host mount points: those that sbx creates in directories of the host.  This half runs in the
 * sandbox's first process, creates them, and reports them to the monitor and the janitor.  The
 * other half is removal.h.
 */

/* Why a mount point may not be removed at exit. */
enum mount_point_stays {
	MOUNT_POINT_GOES,
	MOUNT_POINT_UNLOCKED,  /* flock(2) does not work on it */
	MOUNT_POINT_UNMARKED,  /* its file system keeps neither mode nor timestamp */
	MOUNT_POINT_UNWATCHED, /* inotify(7) cannot report when the last process has exited */
};

/* What the process that creates mount points keeps; mount_point_done() frees it. */
struct mount_points {
	bool is_possible;     /* an option is to bind a directory of the host writable, */
	bool is_on;           /* or has done so; without it, nothing is created on the host */
	int monitor;          /* socket, see report.h; -1 once the monitor has gone */
	int janitor;          /* socket, see janitor.h */
	int stage;            /* the staging tmpfs, which lives as long as the mounts, */
	int cwd;              /* and the directory to go back to from there */
	bool knows_stage;     /* the staging tmpfs is in @own_fs */
	bool is_watched;      /* the descriptor that reports their end was sent, or need not be */
	bool gave_users;      /* the user namespace was sent */
	struct inode *own_fs; /* file systems of the sandbox's own; the inode numbers are 0 */
	size_t n_own_fs;
	size_t n_sent;      /* entries sent */
	struct inode *seen; /* mount points sent */
	size_t n_seen;
	enum mount_point_stays stays; /* why the last mount point that may stay does */
};

void mount_point_done(struct mount_points *mount_points);

/* Record that the file system of @fd is the sandbox's own.  Returns 0 or -errno. */
int mount_point_add_own_fs(struct mount_points *mount_points, int fd) must_check;

/*
 * Whether @dir is a directory of the host, in which sbx removes what it creates.  Returns 1, 0 or
 * -errno; 0 if @mount_points is NULL.
 */
int mount_point_is_on_host(struct mount_points *mount_points, int dir) must_check;

/*
 * Create @dest, an empty file or directory by the type in @mode, with the mode of a mount point, or
 * that of @mode.  Have it removed at exit.
 *
 * Returns 0, -EEXIST if it exists, -ESTALE if it was removed meanwhile and the caller has to start
 * again, or another -errno.
 */
int mount_point_make(struct mount_points *mount_points, const struct entry *dest,
		     mode_t mode) must_check;

/*
 * Whether @point, an O_PATH descriptor, may be a mount point made by sbx.  Returns 1, 0 or -errno.
 */
int mount_point_may_be(struct mount_points *mount_points, int point) must_check;

/*
 * Check whether @point, an O_PATH descriptor of the entry @dest, is a mount point made by this or
 * another sandbox.  If it is, lock it, so that others do not remove it, and have it removed at
 * exit.
 *
 * Returns 1 or 0; or as mount_point_make().
 */
int mount_point_adopt(struct mount_points *mount_points, const struct entry *dest,
		      int point) must_check;

/* Whether @st has the mode of a mount point made by sbx: an empty file, or a directory. */
bool mount_point_has_mode(const struct statx *st);

/*
 * Whether @fd, with @st, is an empty file or a directory on a file system that does not keep modes.
 */
bool mount_point_is_modeless(int fd, const struct statx *st);

/*
 * Whether @fd, with @st, has the whole mark: the mode, where the file system keeps modes, and the
 * timestamp.
 */
bool mount_point_is_marked(int fd, const struct statx *st);

/*
 * Set the timestamp of the mark on @fd; again, after an entry was created or removed in it.  If
 * that fails, it may stay at exit.
 */
void mount_point_mark(int fd);
