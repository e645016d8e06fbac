/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/proc.h"
#include "sys/keep.h"
#include "sys/sys.h"

#define STANDARD_FDS 3
#define STEP 16 /* descriptors that are added to the room for them */

void fds_done(struct fds *fds)
{
	free(fds->list);
	*fds = (struct fds){0};
}

/* Note that the command inherits @fd.  Returns 0 or -ENOMEM. */
static int inherit(struct fds *fds, int fd)
{
	if (fds->n % STEP == 0) {
		int *more = reallocarray(fds->list, fds->n + STEP, sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		fds->list = more;
	}
	fds->list[fds->n++] = fd;
	return 0;
}

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

/* Note those of 0, 1 and 2 down, and put /dev/null where one of them is closed, for a while. */
static int take_standard(struct fds *inherited, struct err *e)
{
	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		int flags = sys_getfd(fd);
		int r = flags == 0 ? inherit(inherited, fd) : 0;

		if (flags == -EBADF) /* then it is the lowest free one */
			r = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
		if (r < 0)
			return err_sys(e, r, "cannot open /dev/null");
	}
	return 0;
}

/* Note down what --keep-fd names. */
static int inherit_kept(const struct plan *plan, struct fds *inherited)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->environment.n_kept; i++)
		r = inherit(inherited, plan->environment.kept[i].fd);
	return r;
}

/* Note @fd down unless it is marked: it has been claimed then, or it is this process's own. */
static int inherit_unmarked(void *inherited, pid_t fd)
{
	return fd < STANDARD_FDS || sys_getfd(fd) != 0 ? 0 : inherit(inherited, fd);
}

/* Note down what the command inherits besides 0, 1 and 2. */
static int take_others(const struct plan *plan, struct fds *inherited, struct err *e)
{
	int sync = plan_fd(plan, FD_SYNC);
	int r = plan->environment.close_fds
			? inherit_kept(plan, inherited)
			: proc_each(AT_FDCWD, "/proc/self/fd", inherit_unmarked, inherited);

	if (r == 0 && plan->processes.as_pid_1 && sync >= 0)
		r = inherit(inherited, sync);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot learn from /proc/self/fd which descriptors are open");
	return plan->environment.close_fds ? r
					   : err_hint(e, "with --close-fds, nobody has to know");
}

/* Claim the descriptors of operations. */
static int claim_ops(const struct plan *plan, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->files.n_ops; i++) {
		const struct op *op = &plan->files.ops[i];
		const struct descriptor descriptor = {.option = op->option, .fd = op->fd};

		if (has_fd(op))
			r = claim(&descriptor, false, e);
	}
	return r;
}

int fds_claim(const struct plan *plan, struct fds *ret, struct err *e)
{
	int r = claim_ops(plan, e);

	for (size_t i = 0; r == 0 && i < plan->privileges.n_seccomp; i++)
		r = claim(&plan->privileges.seccomp[i], false, e);
	for (size_t i = 0; r == 0 && i < FD_USES; i++)
		if (plan->fds[i].option != NULL)
			r = claim(&plan->fds[i], false, e);
	for (size_t i = 0; r == 0 && i < plan->n_superseded; i++)
		r = claim(&plan->superseded[i], true, e);
	for (size_t i = 0; r == 0 && i < plan->environment.n_kept; i++)
		r = check_kept(&plan->environment.kept[i], e);
	if (r == 0)
		r = take_standard(ret, e);
	return r < 0 ? r : take_others(plan, ret, e);
}

void fds_release(int fd)
{
	(void)sys_close(fd);
	if (fd < STANDARD_FDS) /* the others are open: it is the lowest free number */
		(void)sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
}

void fds_finish(int fd)
{
	struct statx st;

	if (fd != STDERR_FILENO || sys_statx(fd, STATX_TYPE, &st) < 0 || S_ISFIFO(st.stx_mode) ||
	    S_ISSOCK(st.stx_mode))
		fds_release(fd);
}

/* Add the @n of @fds to the descriptors at @end, for which there is room. */
static void add(int *end, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		end[i] = fds[i];
}

int fds_close_others(const struct fds *inherited, const int *ours, size_t n, struct err *e)
{
	autofree int *keep = calloc(inherited->n + n, sizeof(*keep));
	int r;

	if (keep == NULL)
		return err_sys(e, -ENOMEM, "cannot note the descriptors down");
	add(keep, inherited->list, inherited->n);
	add(keep + inherited->n, ours, n);
	r = keep_fds(keep, inherited->n + n);
	return r < 0 ? err_sys(e, r, "cannot close the descriptors that are not COMMAND's") : 0;
}

int fds_hand_over(const struct plan *plan, struct err *e)
{
	int sync = plan_fd(plan, FD_SYNC);
	int r = 0;

	if (plan->processes.as_pid_1 && sync >= 0) /* nobody else is there to hold it */
		r = sys_set_cloexec(sync, false);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot keep descriptor %d open", sync);
	return err_option(e, "sync-fd");
}
