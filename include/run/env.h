/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/*
 * Make the changes that @plan asks for to this process's environment, in order.
 * Returns 0, or -ENOMEM with @e set.
 */
int env_apply(const struct plan *plan, struct err *e) must_check;

/* Say in PWD that the working directory is @pwd.  Returns 0, or -ENOMEM with @e set. */
int env_set_pwd(const char *pwd, struct err *e) must_check;
