/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Parse all of @text as an unsigned number: digits of @base (8, 10 or 16)
 * only, no sign, no space.  @base 0 takes the base from the text as C does
 * (0x…, 0…, else decimal).
 *
 * Returns 0, -EINVAL for any other text, or -ERANGE above @max; *@ret is written
 * only on success.
 */
int num_parse(const char *text, unsigned base, uint64_t max, uint64_t *ret) must_check;

/*
 * Parse all of @text as an unsigned decimal number with up to three digits after a point, into
 * thousandths: "1.5" is 1500.
 *
 * Returns 0, -EINVAL for any other text, or -ERANGE above @max, a whole number up to
 * UINT64_MAX / 1001; *@ret is written only on success.
 */
int num_parse_thousandths(const char *text, uint64_t max, uint64_t *ret) must_check;
