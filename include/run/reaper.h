/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * Run the first process inside: build the sandbox, start the command, reap.  @box->sock is its
 * socket to the monitor.
 */
__attribute__((noreturn)) void reaper_run(struct box *box);
