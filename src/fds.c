/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "sbx/sys.h"

#define STANDARD_FDS 3

/*
 * Claim @fd.  What a process inherits through exec is never O_CLOEXEC, so that
 * this flag marks those already claimed.
 */
static int claim(const char *option, int fd, struct err *e)
{
	int flags = sys_getfd(fd);

	if (flags == -EBADF)
		return err_set(e, EBADF, "--%s: descriptor %d is not open", option, fd);
	if (flags >= 0 && (flags & FD_CLOEXEC))
		return err_set(e, EBADF, "--%s: descriptor %d is used twice", option, fd);
	if (flags >= 0)
		flags = sys_set_cloexec(fd);
	return flags < 0 ? err_sys(e, flags, "--%s: cannot use descriptor %d", option, fd) : 0;
}

/* Put /dev/null where one of 0, 1 and 2 is closed, until exec. */
static int fill_standard(struct err *e)
{
	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		int filled = 0;

		if (sys_getfd(fd) == -EBADF) /* then it is the lowest free one */
			filled = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
		if (filled < 0)
			return err_sys(e, filled, "cannot open /dev/null");
	}
	return 0;
}

int fds_claim(const struct plan *plan, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_ops; i++)
		if (plan->ops[i].kind == OP_FILE || plan->ops[i].kind == OP_BIND_DATA)
			r = claim(plan->ops[i].option, plan->ops[i].fd, e);
	for (size_t i = 0; r == 0 && i < plan->n_seccomp; i++)
		r = claim(plan->seccomp[i].option, plan->seccomp[i].fd, e);
	return r < 0 ? r : fill_standard(e);
}

/* The lowest of @keep that is at least @from, or -1. */
static int next_kept(const int *keep, unsigned n, int from)
{
	int next = -1;

	for (unsigned i = 0; i < n; i++)
		if (keep[i] >= from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

void fds_keep_only(const int *keep, unsigned n)
{
	int from = 0;

	for (;;) {
		int kept = next_kept(keep, n, from);

		if (kept < 0)
			break;
		if (kept > from)
			(void)sys_close_range((unsigned)from, (unsigned)kept - 1);
		from = kept + 1;
	}
	(void)sys_close_range((unsigned)from, UINT_MAX);
}
