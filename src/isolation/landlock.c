/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolation/landlock.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sys/sys.h"

bool landlock_is_there(void)
{
	autoclose int rules = sys_landlock_scope_signals();

	return rules >= 0;
}

/*
 * Whether the failure @r to create rules means that they are not available.  E2BIG comes from
 * kernels without signal scopes, EOPNOTSUPP if Landlock is disabled, EPERM from seccomp filters.
 */
static bool is_missing(int r)
{
	return r == -ENOSYS || r == -EOPNOTSUPP || r == -E2BIG || r == -EINVAL || r == -EPERM;
}

static int explain(enum landlock_use use, int r, struct err *e)
{
	if (use == LANDLOCK_SIGNALS) {
		(void)err_sys(e, r,
			      "cannot keep COMMAND from sending signals to outside processes");
		return err_hint(e, "--no-signal-scope does without it");
	}
	(void)err_sys(e, r, "cannot keep root's COMMAND from outside processes");
	if (r == -E2BIG)
		return err_hint(e, "this process is in as many Landlock domains as the kernel "
				   "permits; give --unshare-user, which does the same");
	return err_hint(e, "--unshare-user does the same");
}

int landlock_apply(enum landlock_use use, struct err *e)
{
	autoclose int rules = -1;
	int r;

	if (use == LANDLOCK_NONE)
		return 0;
	rules = sys_landlock_scope_signals();
	if (use == LANDLOCK_SIGNALS && is_missing(rules))
		return 0;
	r = rules < 0 ? rules : sys_landlock_restrict_self(rules);
	if (r == -E2BIG && use == LANDLOCK_SIGNALS)
		return 1;
	return r < 0 ? explain(use, r, e) : 0;
}
