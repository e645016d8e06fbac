/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Locked mounts: what sbx mounted, the command cannot undo, not even with CAP_SYS_ADMIN; but
 * what --free-bind mounts, it can.
 */

/*
 * Then: enter a user namespace that has the same ids as the one before, and a mount
 * namespace of its own, in which all mounts are locked; and copies of the namespaces @flags
 * (CLONE_NEW*), for the command to have power over.  @proc is the host's procfs.  Returns 0 or
 * -errno with @e set.
 */
int lock_enter(int proc, unsigned flags, struct err *e) must_check;
