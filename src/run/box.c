/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/box.h"

#include <sched.h>

bool box_is_watched(const struct box *box)
{
	return plan_fd(box->plan, FD_INFO) >= 0 || plan_fd(box->plan, FD_STATUS) >= 0;
}

bool box_is_over_with_first(const struct box *box)
{
	return (box->ns.flags & CLONE_NEWPID) != 0;
}
