/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/num.h"

#include <errno.h>
#include <string.h>

#define THOUSAND 1000

/* The value of the digit @c, or one that is too large for every base. */
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

/* The base that @text's prefix names; skips a 0x. */
static unsigned base_of(const char **text)
{
	if ((*text)[0] != '0')
		return 10;
	if ((*text)[1] != 'x' && (*text)[1] != 'X')
		return 8;
	*text += 2;
	return 16;
}

/* Parse the @len digits at @text.  Returns as num_parse(). */
static int parse_digits(const char *text, size_t len, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (digit(text[i]) >= base)
			return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (digit(text[i]) > max || n > (max - digit(text[i])) / base)
			return -ERANGE;
		n = n * base + digit(text[i]);
	}
	*ret = n;
	return 0;
}

int num_parse(const char *text, unsigned base, uint64_t max, uint64_t *ret)
{
	if (base == 0)
		base = base_of(&text);
	return parse_digits(text, strlen(text), base, max, ret);
}

/* The thousandths that the digits of @text, at most three, mean after a decimal point. */
static int parse_fraction(const char *text, uint64_t *ret)
{
	unsigned place = THOUSAND;

	*ret = 0;
	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		place /= 10;
		if (digit(*text) >= 10 || place == 0)
			return -EINVAL;
		*ret += digit(*text) * (uint64_t)place;
	}
	return 0;
}

int num_parse_thousandths(const char *text, uint64_t max, uint64_t *ret)
{
	size_t n = strcspn(text, ".");
	uint64_t fraction = 0;
	uint64_t number;
	int r = 0;

	if (text[n] == '.')
		r = parse_fraction(text + n + 1, &fraction);
	if (r == 0)
		r = parse_digits(text, n, 10, max, &number);
	if (r == 0 && number == max && fraction > 0)
		r = -ERANGE;
	if (r == 0)
		*ret = number * THOUSAND + fraction;
	return r;
}
