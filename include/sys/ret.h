/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <sys/types.h>

/* For src/sys/sys_*.c alone: libc's "-1 and errno" as "-errno". */

static inline int ret(long r)
{
	return r < 0 ? -errno : (int)r;
}

static inline ssize_t ret_size(ssize_t r)
{
	return r < 0 ? -errno : r;
}
