/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/box.h"

/*
 * In the first process inside: build the sandbox around it, except the steps that only the
 * command's process can take.  @proc is the host's /proc.  Returns 0 or -errno with @e set.
 */
int build(struct box *box, int proc, struct err *e) must_check;
