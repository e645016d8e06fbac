/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/env.h"

#include <errno.h>
#include <stdlib.h>

static int make(const struct env_change *change)
{
	if (change->name == NULL)
		return clearenv();
	if (change->value == NULL)
		return unsetenv(change->name);
	return setenv(change->name, change->value, 1);
}

int env_apply(const struct plan *plan, struct err *e)
{
	for (size_t i = 0; i < plan->environment.n_changes; i++)
		if (make(&plan->environment.changes[i]) != 0)
			return err_sys(e, -ENOMEM, "cannot change the environment");
	return 0;
}

int env_set_pwd(const char *pwd, struct err *e)
{
	return setenv("PWD", pwd, 1) != 0 ? err_sys(e, -ENOMEM, "cannot set PWD") : 0;
}
