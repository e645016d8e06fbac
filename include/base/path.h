/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One component of a path, borrowed from it. */
struct path_part {
	const char *text;
	size_t len; /* bytes; 0 at the end of the path */
};

/*
 * Remove the first component from *@path and return it, skipping slashes and "." components before
 * it and slashes after it.
 */
struct path_part path_next(const char **path);

/* Whether @part is "..". */
bool path_is_parent(struct path_part part);

/*
 * Write @path to @ret, of @size bytes, with one slash before each component and
 * without the empty ones and ".": "a//b/./c/" gives "/a/b/c", "" and "/" give "".
 * Returns 0, or -ENAMETOOLONG.
 */
int path_clean(const char *path, char *ret, size_t size);

/* Whether @path consists of slashes and "." components only, or is empty. */
bool path_is_root(const char *path);
