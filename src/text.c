/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_BYTES 1024

void text_done(struct text *text)
{
	free(text->start);
	*text = (struct text){0};
}

/* Make room for @n more bytes and a NUL. */
static bool reserve(struct text *text, size_t n)
{
	size_t size = text->size == 0 ? FIRST_BYTES : text->size;
	char *larger;

	while (size - text->used <= n)
		size *= 2;
	if (size == text->size)
		return true;
	larger = realloc(text->start, size);
	if (larger == NULL)
		return false;
	text->start = larger;
	text->size = size;
	return true;
}

void text_put(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || text->failed || !reserve(text, (size_t)n)) {
		text->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text->start + text->used, text->size - text->used, fmt, ap);
	va_end(ap);
	text->used += (size_t)n;
}
