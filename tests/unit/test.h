/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A test; its name is the sentence that it proves. */
#define TEST(name) static void name(void **state __attribute__((unused)))

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Words as opt_parse() takes them. */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (strstr(text, part) == NULL)                                                    \
			fail_msg("no \"%s\" in \"%s\"", part, text);                               \
	} while (0)

#define assert_starts_with(text, start)                                                            \
	do {                                                                                       \
		if (strncmp(text, start, strlen(start)) != 0)                                      \
			fail_msg("\"%s\" does not start with \"%s\"", text, start);                \
	} while (0)

#define assert_ends_with(text, end)                                                                \
	do {                                                                                       \
		if (strlen(text) < strlen(end) ||                                                  \
		    strcmp((text) + strlen(text) - strlen(end), end) != 0)                         \
			fail_msg("\"%s\" does not end with \"%s\"", text, end);                    \
	} while (0)

/* Check that the @lines, ended by NULL, stand in @text in this order. */
static inline void assert_in_order(const char *text, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		const char *line = strstr(text, *lines);

		if (line == NULL)
			fail_msg("no \"%s\" in \"%s\"", *lines, text);
		else
			text = line + strlen(*lines);
	}
}

/* How often @part stands in @text. */
static inline unsigned count_in(const char *text, const char *part)
{
	unsigned n = 0;

	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		n++;
	return n;
}
