/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/site.h"

/*
 * While the sandbox is built: note down that @tree, a descriptor of a mount that is in its place,
 * is that of a --free-bind, @op, which has to stay there.  Takes ownership of @tree, also when it
 * fails.  It is for free_bind_set_aside(), and for what protects paths.  free_bind_done() forgets
 * all. Returns 0 or -errno with @e set.
 */
int free_bind_keep(struct site *site, const struct op *op, int tree, struct err *e) must_check;
void free_bind_done(struct site *site);

/*
 * Once it is built, and if mounts are to be locked: put those mounts aside, on the stage, with what
 * is mounted within them.  One that a later op has covered stays where it is.  Returns 0 or -errno
 * with @e set.
 */
int free_bind_set_aside(struct site *site, struct err *e) must_check;

/*
 * In there, with the stage as the working directory: mount what @plan's --free-binds have put
 * aside, in their order.  The working directory is "/" then.  Returns 0 or -errno with @e set.
 */
int free_bind_hand_over(const struct plan *plan, struct err *e) must_check;
