/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * Be the first process inside: build the sandbox, start the command, look after
 * the processes inside.  @box->sock is the inside's end of the socket.
 *
 * Never returns.
 */
__attribute__((noreturn)) void reaper_run(struct box *box);
