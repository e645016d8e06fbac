/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

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

/*
 * Make @line one that a terminal shows as it is: each character that is not printable becomes a
 * question mark, and so does each byte that is no UTF-8.  Not printable are the controls of both
 * sets, line separators, and what is not seen or changes the order of what is: marks of direction,
 * tags, joiners.  It does not get longer.
 */
void text_make_printable(char *line);
