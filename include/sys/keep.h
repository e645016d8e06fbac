/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Close every descriptor except the @n of @keep, which this sorts; negative ones are ignored.
 * Returns 0 or -errno: then some are still open.
 */
int keep_fds(int *keep, size_t n);
