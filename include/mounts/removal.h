/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "ipc/report.h"
#include "mounts/mount_points.h"

/*
 * Mount points that were made in directories of the host: this is the half outside, which
 * remembers them and removes them; see litter.c for how that works.
 */

/* Something to be removed. */
struct removal_entry {
	int parent;   /* O_PATH, the directory that it is in */
	int point;    /* holds a lock on it; -1 if it was about to be made or held */
	bool is_new;  /* it was about to be made, by this sandbox */
	bool is_ours; /* to be removed; what is not is held, and removed if it has the mark then */
	struct statx_timestamp made; /* when it was last changed, if this sandbox made it */
	char name[NAME_MAX + 1];
};

struct removal {
	struct removal_entry *list; /* a directory before what is in it */
	size_t n;
	int unmounted; /* can be read from once no process sees the mounts; -1 if none told */
	int users;     /* the user namespace that has the rights to remove, -1 if they are here */
};

#define REMOVAL_NONE ((struct removal){.unmounted = -1, .users = -1})

void removal_done(struct removal *removal);

/*
 * Remember what the inside says, with *@fd, which it takes.  Returns 0 or -errno with @e set.
 */
int removal_take(struct removal *removal, const struct mount_point_note *note, int *fd,
		 struct err *e) must_check;

/* When every process that sees the mounts has exited. */
struct removal_end {
	int fd;         /* can be read from then; -1: nothing tells, and nothing is removed */
	bool has_come;  /* that is known already */
	bool is_forced; /* it is not waited for: what is left has been given up */
	int kept;       /* a process that is left behind keeps this descriptor open, or -1 */
};

/*
 * The one place where host mount points are removed: those that no other sandbox uses, and that
 * are still as they were created.  It waits briefly for @end; if that does not come, a process is
 * left behind that waits and removes them.
 */
void removal_finish(const struct removal *removal, const struct removal_end *end);
