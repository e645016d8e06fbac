/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include <errno.h>
#include <string.h>

static const char *skip_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

struct path_part path_next(const char **path)
{
	struct path_part part = {0};

	do {
		const char *end;

		part.text = skip_slashes(*path);
		end = strchrnul(part.text, '/');
		part.len = (size_t)(end - part.text);
		*path = skip_slashes(end);
	} while (part.len == 1 && part.text[0] == '.');
	return part;
}

bool path_is_parent(struct path_part part)
{
	return part.len == 2 && part.text[0] == '.' && part.text[1] == '.';
}

int path_clean(const char *path, char *ret, size_t size)
{
	size_t used = 0;

	for (;;) {
		struct path_part part = path_next(&path);

		if (part.len == 0)
			break;
		if (used + 1 + part.len >= size)
			return -ENAMETOOLONG;
		ret[used++] = '/';
		memcpy(ret + used, part.text, part.len);
		used += part.len;
	}
	ret[used] = '\0';
	return 0;
}

bool path_is_root(const char *path)
{
	return path_next(&path).len == 0;
}
