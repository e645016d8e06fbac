/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* A place that may not exist yet: a name in a directory. */
struct place {
	int dir;                  /* O_PATH, the owner's to close */
	bool is_own;              /* @dir was made where nothing is to be removed in the end */
	bool is_host_mount_point; /* @dir was made as a place for mount points, see litter.h */
	char name[NAME_MAX + 1];  /* one component, neither "" nor ".."; "." is the root */
};

#define autoplace __attribute__((cleanup(place_done)))
#define PLACE_NONE ((struct place){.dir = -1})

void place_done(struct place *place);
