/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Let the @nth allocation from now fail; none if it is 0. */
void fake_malloc_fail_at(unsigned nth);

/*
 * Whether what is allocated from now on may be left, as by a process that ends: then
 * nobody takes it for lost.
 */
void fake_malloc_leave(bool may_be_left);

/*
 * What the linker calls instead of malloc(3) and its kin, told so with --wrap, and
 * what it calls these then.
 */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
