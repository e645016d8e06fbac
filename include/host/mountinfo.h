/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One mount, as /proc/PID/mountinfo tells of it; see proc(5). */
struct mountinfo_entry {
	uint64_t id;
	const char *device; /* of the file system, "major:minor" */
	const char *point;  /* path from the root of who reads */
	const char *type;   /* of the file system */
};

/* The mounts of a process, those mounted first before those on them. */
struct mountinfo {
	struct mountinfo_entry *list;
	size_t n;
	char *text; /* in which the entries' strings are */
};

/* Only for taking down what is stuck: nothing that sets a sandbox up reads mount tables. */

/*
 * Read the mounts of the process @who, a number or "self", from the procfs @proc.  *@ret is
 * the caller's to end with mountinfo_done().  Returns 0 or -errno.
 */
int mountinfo_read(int proc, const char *who, struct mountinfo *ret) must_check;
void mountinfo_done(struct mountinfo *info);

/* Whether @mount is of the file system type @type, or of a subtype: "fuse.sshfs" is "fuse". */
bool mountinfo_is_type(const struct mountinfo_entry *mount, const char *type);

/* Whether a mount of @info is of the file system with the number @device. */
bool mountinfo_has_device(const struct mountinfo *info, const char *device);
