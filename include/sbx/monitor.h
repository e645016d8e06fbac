/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/box.h"

/*
 * Be the process outside that the caller waits for: let the first process
 * inside, of which @child is a pidfd, begin; tell the caller of it; pass signals on; wait for the
 * end.
 * @signals is a signalfd of those signals, which are blocked.
 *
 * Returns 0 with *@status as a wait status of the command, or of a signal that
 * came before there was one; or -errno with @e set.  Closes every descriptor of
 * the process but 0, 1, 2 and those given.
 */
int monitor_run(const struct box *box, int child, int signals, int *status,
		struct err *e) must_check;
