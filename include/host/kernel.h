/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Known kernel flaws, listed in the file SBX_KERNELS, which describes its format.  A version
 * number does not show a distribution's fixes, so a match is a warning, and an error only with
 * --strict-kernel.
 */
struct kernel_flaw {
	char text[512]; /* a line for the user */
};

/*
 * Whether the running kernel has a known flaw.  Returns 1 with *@ret set, or 0.  With @strict,
 * a flaw or a missing file is an error: returns -errno with @e set.
 */
int kernel_check(bool strict, struct kernel_flaw *ret, struct err *e) must_check;
