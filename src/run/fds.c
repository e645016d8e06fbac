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
#define STEP 16 /* by which a list of descriptors grows */

void fds_done(struct inherited_fds *fds)
{
	free(fds->list);
	*fds = (struct inherited_fds){0};
}

/* Record that the command inherits @fd.  Returns 0 or -ENOMEM. */
static int inherit(struct inherited_fds *fds, int fd)
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
 * Claim @descriptor: set O_CLOEXEC, which no descriptor inherited through exec has.  If it is set
 * already, the descriptor is used twice: an error, unless it is @superseded.
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

/* Check that @kept is open and not claimed. */
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

/* Record those of 0, 1 and 2 that are open; open /dev/null in place of closed ones. */
static int take_standard(struct inherited_fds *inherited, struct err *e)
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

/* Record the descriptors of --keep-fd. */
static int inherit_kept(const struct plan *plan, struct inherited_fds *inherited)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->environment.kept.n; i++)
		r = inherit(inherited, plan->environment.kept.list[i].fd);
	return r;
}

/* Record @fd unless it is O_CLOEXEC: claimed, or this process's own. */
static int inherit_unmarked(void *inherited, pid_t fd)
{
	return fd < STANDARD_FDS || sys_getfd(fd) != 0 ? 0 : inherit(inherited, fd);
}

/* Record the descriptors that the command inherits besides 0, 1 and 2. */
static int take_others(const struct plan *plan, struct inherited_fds *inherited, struct err *e)
{
	int sync = plan_fd(plan, FD_SYNC);
	int r = plan->environment.close_fds
			? inherit_kept(plan, inherited)
			: proc_each(AT_FDCWD, "/proc/self/fd", inherit_unmarked, inherited);

	if (r == 0 && plan->processes.as_pid_1 && sync >= 0)
		r = inherit(inherited, sync);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot read the open descriptors from /proc/self/fd");
	return plan->environment.close_fds ? r : err_hint(e, "--close-fds does not need them");
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

int fds_claim(const struct plan *plan, struct inherited_fds *ret, struct err *e)
{
	int r = claim_ops(plan, e);

	for (size_t i = 0; r == 0 && i < plan->privileges.seccomp.n; i++)
		r = claim(&plan->privileges.seccomp.list[i], false, e);
	for (size_t i = 0; r == 0 && i < FD_USES; i++)
		if (plan->fds[i].option != NULL)
			r = claim(&plan->fds[i], false, e);
	for (size_t i = 0; r == 0 && i < plan->superseded.n; i++)
		r = claim(&plan->superseded.list[i], true, e);
	for (size_t i = 0; r == 0 && i < plan->environment.kept.n; i++)
		r = check_kept(&plan->environment.kept.list[i], e);
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

/* Copy the @n of @fds to @end. */
static void add(int *end, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		end[i] = fds[i];
}

int fds_close_others(const struct inherited_fds *inherited, const int *ours, size_t n,
		     struct err *e)
{
	autofree int *keep = calloc(inherited->n + n, sizeof(*keep));
	int r;

	if (keep == NULL)
		return err_set(e, ENOMEM, "out of memory");
	add(keep, inherited->list, inherited->n);
	add(keep + inherited->n, ours, n);
	r = keep_fds(keep, inherited->n + n);
	return r < 0 ? err_sys(e, r, "cannot close descriptors that COMMAND does not inherit") : 0;
}

int fds_hand_over(const struct plan *plan, struct err *e)
{
	int sync = plan_fd(plan, FD_SYNC);
	int r = 0;

	if (plan->processes.as_pid_1 && sync >= 0) /* there is no reaper to keep it open */
		r = sys_set_cloexec(sync, false);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot keep descriptor %d open", sync);
	return err_option(e, "sync-fd");
}
