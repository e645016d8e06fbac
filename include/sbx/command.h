/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/box.h"

/*
 * Become the command: working directory, environment, umask, signals, seccomp,
 * exec.  Called inside, with the root entered and the capabilities dropped.
 *
 * Returns only when it fails: -errno with @e set.
 */
int command_exec(const struct box *box, struct err *e);
