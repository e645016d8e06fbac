/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * What is known of kernels that do harm, in the file SBX_KERNELS: see there for its form.
 * A version says nothing of what a distribution has changed, so it is a warning, and an error
 * only if the user wants that.
 */
struct kernel_flaw {
	char text[512]; /* one line for people */
};

/*
 * Whether the running kernel is one of them.  Returns 1 with *@ret set, 0, or -errno with @e
 * set: with @strict if it is, or if nobody knows, because there is no such file.
 */
int kernel_check(bool strict, struct kernel_flaw *ret, struct err *e) must_check;
