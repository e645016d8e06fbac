/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * Become the command: set capabilities, environment, session keyring, descriptors, working
 * directory, umask, signals, sbx's own filter and the seccomp programs; execute it.  Called inside,
 * with the root entered.  Returns only when it fails: -errno with @e set.
 */
int command_exec(const struct box *box, struct err *e);

/*
 * Bytes of stack that command_exec() needs for the command's arguments: execvp(3) copies them to
 * have a shell execute a script without "#!".
 */
size_t command_stack(const struct plan *plan);
