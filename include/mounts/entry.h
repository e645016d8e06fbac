/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "sys/sys.h"

/* A name in a directory, whether it exists or not. */
struct entry {
	int dir;                  /* O_PATH; entry_done() closes it */
	bool is_kept;             /* @dir was created, and is not removed at exit */
	bool is_host_mount_point; /* @dir is a host mount point, see mount_points.h */
	char name[NAME_MAX + 1];  /* one component, neither "" nor ".."; "." is the root */
};

#define autoentry __attribute__((cleanup(entry_done)))
#define ENTRY_NONE ((struct entry){.dir = -1})

static inline void entry_done(struct entry *entry)
{
	sys_drop(&entry->dir);
}
