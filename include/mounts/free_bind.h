/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mounts/site.h"

/*
 * While the sandbox is built: record @tree, a descriptor of the mount of the --free-bind @op, for
 * free_bind_set_aside() and for what protects paths.  Takes ownership of @tree, also on failure.
 * free_bind_done() forgets all.  Returns 0 or -errno with @e set.
 */
int free_bind_keep(struct site *site, const struct op *op, int tree, struct err *e) must_check;
void free_bind_done(struct site *site);

/*
 * Once it is built, and if mounts are to be locked: move those mounts, with all mounted on them, to
 * the staging tmpfs.  A mount that a later operation has hidden stays where it is.  Returns 0 or
 * -errno with @e set.
 */
int free_bind_set_aside(struct site *site, struct err *e) must_check;

/*
 * In the sandbox, with the staging tmpfs as the working directory: mount what @plan's --free-binds
 * have put aside, in their order.  The working directory is "/" then.  Returns 0 or -errno with @e
 * set.
 */
int free_bind_hand_over(const struct plan *plan, struct err *e) must_check;
