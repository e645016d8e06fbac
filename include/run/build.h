/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * The first process inside: make the sandbox around it, up to all that the command does
 * not have to do itself.  What is asked for and what the host refuses is found out here.
 *
 * @proc is /proc of the host.  Returns 0 or -errno with @e set.
 */
int build(struct box *box, int proc, struct err *e) must_check;
