/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_malloc.h"

#define MAX_LEFT 8192

static unsigned left; /* allocations up to the one that fails, 0 for none */

/* What ended processes have left. */
static struct {
	bool is_on;
	unsigned n;
	const void *volatile list[MAX_LEFT];
} behind;

void fake_malloc_fail_at(unsigned nth)
{
	left = nth;
}

void fake_malloc_leave(bool may_be_left)
{
	behind.is_on = may_be_left;
}

static void *note(void *p)
{
	if (behind.is_on)
		behind.list[behind.n++ % MAX_LEFT] = p;
	return p;
}

static bool fails(void)
{
	return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : note(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : note(__real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : note(__real_reallocarray(old, n, size));
}
