/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * Become the command: capabilities, environment, session keyring, descriptors, working directory,
 * umask, signals, the small filter, seccomp, exec.  Called inside, with the root entered.
 *
 * Returns only when it fails: -errno with @e set.
 */
int command_exec(const struct box *box, struct err *e);

/*
 * Bytes of stack that command_exec() may need beyond the usual: execvp(3) copies the
 * arguments there to have a shell execute a script that does not say what runs it.
 */
size_t command_stack(const struct plan *plan);
