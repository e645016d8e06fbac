/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Protect the file of this program from the payload: see the theory of operation in program.c.
 *
 * If the caller could write to the file, execute the program again with the arguments @argv, from
 * a clone that no process can write to, and do not return.  Returns 0 if that is not needed, as in
 * the clone, or -errno with @e set: then no sandbox may be started.  @privileged comes from
 * setuid_begin().
 */
int program_protect(const char *const *argv, bool privileged, struct err *e) must_check;
