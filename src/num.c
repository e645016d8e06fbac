/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/num.h"

#include <errno.h>

/* The value of @c as a digit, or one that is too large for every base. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT8_MAX;
}

/* The base that @text's prefix names; moves *@text behind a 0x. */
static unsigned base_of(const char **text)
{
	if ((*text)[0] != '0')
		return 10;
	if ((*text)[1] != 'x' && (*text)[1] != 'X')
		return 8;
	*text += 2;
	return 16;
}

int num_parse(const char *text, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (base == 0)
		base = base_of(&text);
	if (*text == '\0')
		return -EINVAL;
	for (const char *c = text; *c != '\0'; c++)
		if (digit(*c) >= base)
			return -EINVAL;
	for (; *text != '\0'; text++) {
		if (digit(*text) > max || n > (max - digit(*text)) / base)
			return -ERANGE;
		n = n * base + digit(*text);
	}
	*ret = n;
	return 0;
}
