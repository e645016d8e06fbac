/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <unistd.h>

/*
 * An empty environment for a test to change; cmocka finds its settings in the
 * real one afterwards.  Returns what to hand to leave_environment().
 */
static inline char **enter_environment(void)
{
	char **outer = environ;

	environ = NULL;
	return outer;
}

static inline void leave_environment(char **outer)
{
	environ = outer;
}
