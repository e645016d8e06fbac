/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>

/*
 * Scope-bound ownership.  A variable marked with one of these owns its value until fd_take() or
 * ptr_take() hands that on; sys.h adds autoclose for descriptors.
 */
#define autofree __attribute__((cleanup(cleanup_free)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Hand the descriptor @fd on to a new owner and leave -1 behind. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Hand the allocation *@p on to a new owner and leave NULL behind. */
static inline void *ptr_take(void *p)
{
	void *taken = *(void **)p;

	*(void **)p = NULL;
	return taken;
}
