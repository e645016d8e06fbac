/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/apply.h"

/*
 * Locked mounts: what sbx mounted, the command cannot undo, not even with CAP_SYS_ADMIN; but
 * what --free-bind mounts, it can.
 */

/*
 * While the sandbox is built: note down that @tree, a descriptor of a mount that is in its place,
 * is that of a --free-bind, @op, which has to stay there.  Takes ownership of @tree, also when it
 * fails.  It is for lock_set_aside(), and for what protects paths.  lock_done() forgets all.
 * Returns 0 or -errno with @e set.
 */
int lock_keep(struct site *site, const struct op *op, int tree, struct err *e) must_check;
void lock_done(struct site *site);

/*
 * Once it is built, and if mounts are to be locked: put those mounts aside, on the stage, with what
 * is mounted within them.  One that a later op has covered stays where it is.  Returns 0 or -errno
 * with @e set.
 */
int lock_set_aside(struct site *site, struct err *e) must_check;

/*
 * Then: enter a user namespace that has the same ids as the one before, and a mount
 * namespace of its own, in which all mounts are locked; and copies of the namespaces @flags
 * (CLONE_NEW*), for the command to have power over.  @proc is the host's procfs.  Returns 0 or
 * -errno with @e set.
 */
int lock_enter(int proc, unsigned flags, struct err *e) must_check;

/*
 * In there, with the stage as the working directory: mount what @plan's --free-binds have put
 * aside, in their order.  The working directory is "/" then.  Returns 0 or -errno with @e set.
 */
int lock_hand_over(const struct plan *plan, struct err *e) must_check;
