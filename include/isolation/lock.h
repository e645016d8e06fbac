/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Locked mounts: the command cannot undo the mounts of sbx, not even with CAP_SYS_ADMIN, except
 * those of --free-bind.
 */

/*
 * Enter a user namespace with the same ids, and a mount namespace in which all mounts are locked.
 * Also enter copies of the namespaces @flags (CLONE_NEW*), so that the command's capabilities hold
 * for them.  @proc is the host's procfs.  Returns 0 or -errno with @e set.
 */
int lock_enter(int proc, unsigned flags, struct err *e) must_check;
