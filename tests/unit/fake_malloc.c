/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_malloc.h"

#include <stdbool.h>

static unsigned left; /* allocations up to the one that fails, 0 for none */

void fake_malloc_fail_at(unsigned nth)
{
	left = nth;
}

static bool fails(void)
{
	return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, n, size);
}
