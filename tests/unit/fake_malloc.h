/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Let the @nth allocation from now fail; none if it is 0. */
void fake_malloc_fail_at(unsigned nth);

/*
 * Whether allocations from now on may be left, as by a process that exits: no checker takes them
 * for leaks.
 */
void fake_malloc_leave(bool may_be_left);

/*
 * The functions that --wrap has the linker call instead of malloc(3) and the like, and their names
 * for the real ones.
 */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
