/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Close every descriptor but the @n of @keep, which are put in order; negative ones are ignored.
 * Returns 0 or -errno: then some are open.
 */
int keep_fds(int *keep, size_t n);
