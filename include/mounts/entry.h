/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* A place that may not exist yet: a name in a directory. */
struct entry {
	int dir;                  /* O_PATH, the owner's to close */
	bool is_kept;             /* @dir was made where nothing is to be removed in the end */
	bool is_host_mount_point; /* @dir was made as a place for mount points, see litter.h */
	char name[NAME_MAX + 1];  /* one component, neither "" nor ".."; "." is the root */
};

#define autoentry __attribute__((cleanup(entry_done)))
#define ENTRY_NONE ((struct entry){.dir = -1})

void entry_done(struct entry *entry);
