/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/*
 * Change this process's environment as @plan asks, in order.  Returns 0, or -ENOMEM with @e set.
 */
int env_apply(const struct plan *plan, struct err *e) must_check;

/* Set PWD to @pwd.  Returns 0, or -ENOMEM with @e set. */
int env_set_pwd(const char *pwd, struct err *e) must_check;
