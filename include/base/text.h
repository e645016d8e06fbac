/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A growing text, NUL-terminated.  text_done() frees it. */
struct text {
	char *start;
	size_t used; /* bytes, without the NUL */
	size_t size;
	bool failed; /* memory ran out: it is incomplete */
};

#define autotext __attribute__((cleanup(text_done)))

void text_done(struct text *text);

/* Append to @text. */
void text_put(struct text *text, const char *fmt, ...) printf_like(2, 3);

/*
 * Make @line safe to show on a terminal: each unprintable character and each byte that is no UTF-8
 * becomes a question mark.  Unprintable are both sets of control characters, line separators, and
 * characters that are invisible or reorder others: direction marks, tags, joiners.  The line does
 * not get longer.
 */
void text_make_printable(char *line);
