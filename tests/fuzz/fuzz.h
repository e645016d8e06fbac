/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "plan/plan.h"

/*
 * What libFuzzer, or fuzz_replay.c in its place, calls with each input.  Aborts if
 * the program does not behave; returns 0.
 */
/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort unless @r, @e and @plan are what opt_parse() promises. */
void check_outcome(int r, const struct err *e, const struct plan *plan);

static inline void check(bool is_true)
{
	if (!is_true)
		abort();
}
