/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>

#include "sbx/sys.h"

#define STANDARD_FDS 3

/*
 * Claim @descriptor.  What a process inherits through exec is never O_CLOEXEC, so that
 * this flag marks those already claimed; which is an error, unless it is @superseded.
 */
static int claim(const struct descriptor *descriptor, bool superseded, struct err *e)
{
	int fd = descriptor->fd;
	int flags = sys_getfd(fd);
	int r = flags < 0 ? flags : 0;

	if (flags == 0)
		r = sys_set_cloexec(fd, true);
	if (flags > 0 && !superseded)
		r = err_set(e, EBADF, "descriptor %d is used twice", fd);
	else if (r == -EBADF)
		(void)err_set(e, EBADF, "descriptor %d is not open", fd);
	else if (r < 0)
		(void)err_sys(e, r, "cannot use descriptor %d", fd);
	return r < 0 ? err_option(e, descriptor->option) : 0;
}

/* See that @kept is open and not claimed; it stays as it is. */
static int check_kept(const struct descriptor *kept, struct err *e)
{
	int flags = sys_getfd(kept->fd);

	if (flags == 0)
		return 0;
	if (flags < 0)
		(void)err_set(e, EBADF, "descriptor %d is not open", kept->fd);
	else
		(void)err_set(e, EBADF, "descriptor %d is used by another option", kept->fd);
	return err_option(e, kept->option);
}

/* Whether @op has a descriptor. */
static bool has_fd(const struct op *op)
{
	return op->kind == OP_FILE || op->kind == OP_BIND_DATA || op->kind == OP_BIND_FD;
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

/* Claim the descriptors of operations. */
static int claim_ops(const struct plan *plan, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_ops; i++) {
		const struct op *op = &plan->ops[i];
		const struct descriptor descriptor = {.option = op->option, .fd = op->fd};

		if (has_fd(op))
			r = claim(&descriptor, false, e);
	}
	return r;
}

int fds_claim(const struct plan *plan, struct err *e)
{
	int r = claim_ops(plan, e);

	for (size_t i = 0; r == 0 && i < plan->n_seccomp; i++)
		r = claim(&plan->seccomp[i], false, e);
	for (size_t i = 0; r == 0 && i < FD_USES; i++)
		if (plan->fds[i].option != NULL)
			r = claim(&plan->fds[i], false, e);
	for (size_t i = 0; r == 0 && i < plan->n_superseded; i++)
		r = claim(&plan->superseded[i], true, e);
	for (size_t i = 0; r == 0 && i < plan->n_kept; i++)
		r = check_kept(&plan->kept[i], e);
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
			(void)sys_close_range((unsigned)from, (unsigned)kept - 1, 0);
		from = kept + 1;
	}
	(void)sys_close_range((unsigned)from, UINT_MAX, 0);
}

/* With --close-fds, have all closed at exec but 0, 1, 2 and those of --keep-fd. */
static int close_at_exec(const struct plan *plan)
{
	int r = sys_close_range(STANDARD_FDS, UINT_MAX, CLOSE_RANGE_CLOEXEC);

	for (size_t i = 0; r == 0 && i < plan->n_kept; i++)
		r = sys_set_cloexec(plan->kept[i].fd, false);
	return r;
}

int fds_hand_over(const struct plan *plan, struct err *e)
{
	int sync = plan_fd(plan, FD_SYNC);
	int r = plan->close_fds ? close_at_exec(plan) : 0;

	if (r < 0) {
		(void)err_sys(e, r, "cannot close descriptors");
		return err_option(e, "close-fds");
	}
	if (plan->as_pid_1 && sync >= 0) /* nobody else is there to hold it */
		r = sys_set_cloexec(sync, false);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot keep descriptor %d open", sync);
	return err_option(e, "sync-fd");
}
