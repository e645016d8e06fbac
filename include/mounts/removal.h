/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "ipc/report.h"
#include "mounts/mount_points.h"

/*
 * The other half of host mount points, in the monitor and the janitor: it keeps the list of them
 * and removes them at exit.  How that works is explained in mount_points.c.
 */

/* An entry that may have to be removed. */
struct removal_entry {
	int parent;   /* O_PATH, its directory */
	int point;    /* descriptor with the lock on it; -1: it was about to be created or locked */
	bool is_new;  /* this sandbox was about to create it */
	bool is_ours; /* to be removed; else only locked, and removed if it has the mark by then */
	struct statx_timestamp made; /* its timestamp, if this sandbox created it */
	char name[NAME_MAX + 1];
};

struct removal {
	struct removal_entry *list; /* a directory before its entries */
	size_t n;
	int unmounted; /* readable once no process sees the mounts; -1 if there is no such
			  descriptor */
	int users;     /* the user namespace whose capabilities removal may take, or -1 */
};

#define REMOVAL_NONE ((struct removal){.unmounted = -1, .users = -1})

void removal_done(struct removal *removal);

/*
 * Take the message @note, with *@fd, of which this takes ownership.  Returns 0 or -errno with @e
 * set.
 */
int removal_take(struct removal *removal, const struct mount_point_note *note, int *fd,
		 struct err *e) must_check;

/* When every process that sees the mounts has exited. */
struct removal_end {
	int fd;         /* readable then; -1: nothing reports it, and nothing is removed */
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
