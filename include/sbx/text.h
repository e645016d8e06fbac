/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sbx/err.h"

/* Text that is being put together, NUL-terminated.  text_done() frees it. */
struct text {
	char *start;
	size_t used; /* bytes, without the NUL */
	size_t size;
	bool failed; /* memory ran out: it is not whole */
};

#define autotext __attribute__((cleanup(text_done)))

void text_done(struct text *text);

/* Append to @text. */
void text_put(struct text *text, const char *fmt, ...) printf_like(2, 3);
