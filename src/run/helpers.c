/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/helpers.h"

#include <assert.h>
#include <string.h>

#include "sys/sys.h"

static_assert(sizeof(struct helper) == HELPER_FDS * sizeof(int), "a descriptor is missing");

void helpers_init(struct helper helpers[HELPERS])
{
	for (size_t i = 0; i < HELPERS; i++)
		helpers[i] = (struct helper){-1, -1, -1, -1, -1};
}

int helpers_connect(struct helper *helper, struct err *e)
{
	enum { HERE, THERE, ENDS };
	int inside[ENDS] = {-1, -1};
	int monitor[ENDS] = {-1, -1};
	int r = sys_socketpair(inside);

	if (r == 0)
		r = sys_socketpair(monitor);
	*helper = (struct helper){-1, inside[HERE], inside[THERE], monitor[HERE], monitor[THERE]};
	return r < 0 ? err_sys(e, r, "cannot create a socket") : 0;
}

void helpers_close(struct helper helpers[HELPERS], unsigned which)
{
	for (size_t i = 0; i < HELPERS; i++) {
		struct helper *h = &helpers[i];
		int *const fds[HELPER_FDS] = {&h->pidfd, &h->inside, &h->from_inside, &h->monitor,
					      &h->to_monitor};

		for (unsigned n = 0; n < HELPER_FDS; n++)
			if (which & 1U << n)
				sys_drop(fds[n]);
	}
}

void helpers_list(const struct helper helpers[HELPERS], int ret[HELPERS * HELPER_FDS])
{
	(void)memcpy(ret, helpers, HELPERS * sizeof(*helpers));
}
