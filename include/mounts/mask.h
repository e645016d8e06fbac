/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Masks: empty files and directories, mounted over paths that the payload must neither read nor
 * change.  A mask has mode 000, and its mount is read-only, nosuid, nodev and noexec.
 */

/*
 * Create a mask for @place, an O_PATH descriptor: a directory for a directory, else a file.  @stage
 * is the staging tmpfs, which holds the masks' names; the umask has to be 0.
 *
 * Returns a detached mount, which the caller closes, or -errno.
 */
int mask_make(int stage, int place) must_check;

/* Whether @place, an O_PATH descriptor, is a mask from @stage.  Returns 1, 0 or -errno. */
int mask_covers(int stage, int place) must_check;

/* Create a mask and mount it on @place, as mask_make().  Returns 0 or -errno. */
int mask_place(int stage, int place) must_check;
