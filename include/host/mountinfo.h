/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One line of /proc/PID/mountinfo; see proc(5). */
struct mountinfo_entry {
	uint64_t id;
	const char *device; /* of the file system, "major:minor" */
	const char *point;  /* path from the root of the process @task */
	const char *type;   /* of the file system */
};

/* The mounts of a process's mount namespace, parents before children. */
struct mountinfo {
	struct mountinfo_entry *list;
	size_t n;
	char *text; /* holds the entries' strings */
};

/* For the teardown of a stuck sandbox alone: setting one up never reads mount tables. */

/*
 * Read the mounts of the process @task, a PID or "self", from the procfs @proc.  The caller frees
 * *@ret with mountinfo_done().  Returns 0 or -errno.
 */
int mountinfo_read(int proc, const char *task, struct mountinfo *ret) must_check;
void mountinfo_done(struct mountinfo *info);

/* Whether @mount has the file system type @type or a subtype: "fuse.sshfs" is "fuse". */
bool mountinfo_is_type(const struct mountinfo_entry *mount, const char *type);

/* Whether @info has a mount of the file system @device, "major:minor". */
bool mountinfo_has_device(const struct mountinfo *info, const char *device);
