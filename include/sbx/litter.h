/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sbx/err.h"

struct dest;
struct statx;

/*
 * Mount points that are made in directories of the host: this is the half inside, which makes
 * them and tells those outside, who remove them; see sweep.h for these.
 */

/* What those outside are told, each with a descriptor but the last. */
enum litter_kind {
	LITTER_WATCH, /* can be read from once no process is left that sees the mounts */
	LITTER_USERS, /* the user namespace, of which who removes needs the capabilities */
	LITTER_PLACE, /* the directory that something is in, or is about to be made or held in */
	LITTER_THING, /* that something itself: locked, as long as this is open */
	LITTER_VOID,  /* somebody else has made it, or it is to stay: forget the last place */
};

struct litter_note {
	enum litter_kind kind;
	bool is_new;             /* of a place: it is about to be made, not held */
	bool is_ours;            /* of a thing: to be removed when nobody uses it any more */
	char name[NAME_MAX + 1]; /* of a place: the name there */
};

/* What tells a file or directory from all others. */
struct litter_id {
	uint64_t dev;
	uint64_t ino;
};

/* Why what was made may not be removed in the end. */
enum litter_stays {
	LITTER_GOES,
	LITTER_UNLOCKED,  /* it cannot be locked */
	LITTER_UNMARKED,  /* its file system keeps neither mode nor time */
	LITTER_UNWATCHED, /* nobody can see that no process is left inside */
};

/* What the process that makes mount points knows; litter_done() frees it. */
struct litter {
	bool is_possible;      /* a directory of the host is to be bound writable, */
	bool is_on;            /* or has been; else nothing here does anything */
	int monitor;           /* socket, see report.h; -1 once the monitor has gone */
	int janitor;           /* socket, see janitor.h */
	int stage;             /* directory of a file system that lives as long as the mounts, */
	int cwd;               /* and where to go back to from there */
	bool knows_stage;      /* the stage is among @own */
	bool is_watched;       /* those outside have been told how to see its end, or need not */
	bool gave_users;       /* and have got the user namespace */
	struct litter_id *own; /* file systems of the sandbox's own; inode numbers are 0 */
	size_t n_own;
	size_t n_places;        /* that those outside have been told of */
	struct litter_id *seen; /* what those outside have been told of */
	size_t n_seen;
	enum litter_stays stays; /* why the last that may stay does */
};

void litter_done(struct litter *litter);

/* The file system of @fd is the sandbox's own.  Returns 0 or -errno. */
int litter_own(struct litter *litter, int fd) must_check;

/*
 * Whether what is made in @dir is made on the host: 1 or 0, or -errno.  @litter may be NULL: then
 * it is not.
 */
int litter_counts(struct litter *litter, int dir) must_check;

/*
 * Make what is to be at @dest, an empty file or directory as the type in @mode says, with the
 * mode of a mount point, or that of @mode; and have those outside remove it in the end.
 *
 * Returns 0, -EEXIST if it is there, -ESTALE if somebody has removed it meanwhile: look again; or
 * another -errno.
 */
int litter_make(struct litter *litter, const struct dest *dest, mode_t mode) must_check;

/* Whether @thing, an O_PATH descriptor, looks like that; likewise. */
int litter_may_be(struct litter *litter, int thing) must_check;

/*
 * See whether @thing, an O_PATH descriptor of what is at @dest, is such a file or directory that
 * another sandbox, or this one, has made.  If it is, nobody removes it while this sandbox
 * lives, and those outside remove it after that.
 *
 * Returns 1 or 0; or as litter_make().
 */
int litter_adopt(struct litter *litter, const struct dest *dest, int thing) must_check;

/* The mode of what sandboxes make, by which it is known: an empty file, or a directory. */
bool litter_has_mode(const struct statx *st);

/*
 * Whether what is open as @fd, and @st tells of, would have that mode if its file system kept
 * modes: an empty file, or a directory.
 */
bool litter_is_modeless(int fd, const struct statx *st);

/* Whether what is open as @fd, and @st tells of, has all by which it is known. */
bool litter_is_marked(int fd, const struct statx *st);

/*
 * Mark what is open as @fd; again, after something was made or removed in it.  Without it, nothing
 * is worse than that it may stay.
 */
void litter_mark(int fd);

/* What @st tells. */
struct litter_id litter_id(const struct statx *st);
bool litter_is_same(const struct litter_id *a, const struct litter_id *b);
