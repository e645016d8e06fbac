/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* The caller's descriptors that the command inherits. */
struct inherited_fds {
	int *list;
	size_t n;
};

void fds_done(struct inherited_fds *fds);

/*
 * Check that every descriptor in @plan is open and named once, and set O_CLOEXEC on it.  Record
 * those that the command inherits in *@ret: 0, 1, 2 and those of --keep-fd, or, without
 * --close-fds, all others.
 *
 * Call it before sbx opens a file, so that no number means a descriptor of sbx.  It also opens
 * /dev/null for each of 0, 1 and 2 that is closed, until exec, so that no file of sbx gets these
 * numbers.  Returns 0, or -errno with @e set; free *@ret by fds_done() in both cases.
 */
int fds_claim(const struct plan *plan, struct inherited_fds *ret, struct err *e) must_check;

/*
 * Close @fd, a descriptor of an option.  If it is 0, 1 or 2, /dev/null takes its place until exec,
 * so that no file of sbx gets that number.
 */
void fds_release(int fd);

/*
 * Close @fd after the last line to it, as fds_release().  Standard error stays open for later
 * messages, unless it is a pipe or a socket, where a reader may wait for the end of file.
 */
void fds_finish(int fd);

/*
 * Close every descriptor but those that the command inherits and the @n of @ours, of which negative
 * ones are ignored.  Returns 0 or -errno with @e set.
 */
int fds_close_others(const struct inherited_fds *inherited, const int *ours, size_t n,
		     struct err *e) must_check;

/*
 * In the command's process: leave --sync-fd open at exec if the command is process 1.  Returns 0 or
 * -errno with @e set.
 */
int fds_hand_over(const struct plan *plan, struct err *e) must_check;
