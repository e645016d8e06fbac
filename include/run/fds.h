/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* The descriptors of the caller's that the command is to inherit. */
struct fds {
	int *list;
	size_t n;
};

void fds_done(struct fds *fds);

/*
 * Check that every descriptor that @plan names is open and named once, mark them so that none
 * of them reaches the command, and note in *@ret which others do: with --close-fds, 0, 1, 2 and
 * those of --keep-fd, and else all.
 *
 * Has to be called before sbx opens anything of its own, so that no number can
 * mean a descriptor of sbx.  Also fills the gaps among 0, 1 and 2, so that none
 * of those is sbx's own later; the command finds them as they were.  Returns 0
 * or -errno with @e naming option and number; in both cases, *@ret is to be freed.
 */
int fds_claim(const struct plan *plan, struct fds *ret, struct err *e) must_check;

/*
 * Close @fd, which the caller named.  If it is 0, 1 or 2, /dev/null takes its place until exec, so
 * that nothing of sbx's own gets that number.
 */
void fds_release(int fd);

/*
 * The same after the last word on @fd, which the caller reads.  As standard error, it is left open
 * for messages to come, unless a reader may wait for its end: at a pipe or a socket.
 */
void fds_finish(int fd);

/*
 * Close every descriptor, at once and not only at exec, but those that the command inherits and
 * the @n of @ours, of which negative ones are ignored.  Returns 0 or -errno with @e set.
 */
int fds_close_others(const struct fds *inherited, const int *ours, size_t n,
		     struct err *e) must_check;

/*
 * For the command: as process 1, it is the one that holds --sync-fd open.  Returns 0 or -errno
 * with @e set.
 */
int fds_hand_over(const struct plan *plan, struct err *e) must_check;
