/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/plan.h"

/*
 * Check that every descriptor that @plan names is open and named once, and make
 * sure that none of them reaches the command.
 *
 * Has to be called before sbx opens anything of its own, so that no number can
 * mean a descriptor of sbx.  Also fills the gaps among 0, 1 and 2, so that none
 * of those is sbx's own later; the command finds them as they were.  Returns 0
 * or -errno with @e naming option and number.
 */
int fds_claim(const struct plan *plan, struct err *e) must_check;

/*
 * Close every descriptor but those among @keep, of which negative ones are ignored.
 * Where close_range(2) is forbidden they stay open: somebody else may then miss an end
 * of file, but nobody gains anything.
 */
void fds_keep_only(const int *keep, unsigned n);

/*
 * For the command: see to it that it inherits what it is to have.  With --close-fds, that is
 * 0, 1, 2 and those of --keep-fd; as process 1, it is the one that holds --sync-fd open.
 * Returns 0 or -errno with @e set.
 */
int fds_hand_over(const struct plan *plan, struct err *e) must_check;
