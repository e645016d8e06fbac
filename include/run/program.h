/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Keep the file of this program out of the payload's reach: see the theory of operation in
 * program.c.
 *
 * Where the caller could write to the file, the program is executed again with the arguments
 * @argv, from a clone that no process can write to; then this does not return.  It returns 0
 * where there is nothing to do, which a clone finds as well, or -errno with @e set: then no
 * sandbox may be started.  @lent is what setuid_begin() says; it has to come before this.
 */
int program_protect(const char *const *argv, bool privileged, struct err *e) must_check;
