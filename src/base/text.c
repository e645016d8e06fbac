/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Unprintable characters other than the noncharacters, sorted. */
static const struct {
	uint32_t first;
	uint32_t last;
} unprintable[] = {
	{0x00, 0x1f},       {0x7f, 0x9f},           {0xad, 0xad},       {0x61c, 0x61c},
	{0x115f, 0x1160},   {0x17b4, 0x17b5},       {0x180b, 0x180f},   {0x200b, 0x200f},
	{0x2028, 0x202e},   {0x2060, 0x206f},       {0x3164, 0x3164},   {0xd800, 0xdfff},
	{0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},       {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
	{0xfff0, 0xfffb},   {0x13430, 0x1345f},     {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff}, {0x110000, UINT32_MAX},
};

static bool is_printable(uint32_t c)
{
	const uint32_t plane = 0xffff;

	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (c >= unprintable[i].first && c <= unprintable[i].last)
			return false;
	return (c & plane) < plane - 1; /* the last two of each plane are noncharacters */
}

/* The first byte of a character, by the number of bytes that follow: its mark and its bits. */
static const struct {
	uint8_t mask;
	uint8_t mark;
	uint32_t least; /* a smaller character has a shorter form */
} leads[] = {
	{0x80, 0x00, 0},
	{0xe0, 0xc0, 0x80},
	{0xf0, 0xe0, 0x800},
	{0xf8, 0xf0, 0x10000},
};

#define NEXT_MASK 0xc0 /* of each following byte, which has NEXT_MARK there */
#define NEXT_MARK 0x80
#define NEXT_BITS 6

/* Read the character at @at and its length *@ret.  Returns whether it is UTF-8. */
static bool read_character(const char *at, uint32_t *character, size_t *ret)
{
	const uint8_t first = (uint8_t)at[0];
	size_t len = 0;

	while (len < sizeof(leads) / sizeof(leads[0]) &&
	       (first & leads[len].mask) != leads[len].mark)
		len++;
	if (len == sizeof(leads) / sizeof(leads[0]))
		return false;
	*character = first & (uint8_t)~leads[len].mask;
	for (size_t i = 1; i <= len; i++) {
		const uint8_t next = (uint8_t)at[i];

		if ((next & NEXT_MASK) != NEXT_MARK)
			return false;
		*character = *character << NEXT_BITS | (next & (uint8_t)~NEXT_MASK);
	}
	*ret = len + 1;
	return *character >= leads[len].least;
}

void text_make_printable(char *line)
{
	char *to = line;

	while (*line != '\0') {
		uint32_t character = 0;
		size_t len = 1;

		if (read_character(line, &character, &len) && is_printable(character)) {
			memmove(to, line, len);
			to += len;
		} else {
			*to++ = '?';
		}
		line += len;
	}
	*to = '\0';
}
