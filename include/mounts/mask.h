/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Masks: empty files and directories, mounted over paths that the payload must neither read nor
 * change.  A mask has mode 000, and its mount is read-only, nosuid, nodev and noexec.
 */

/* Whether @place, an O_PATH descriptor, is a mask from @stage.  Returns 1, 0 or -errno. */
int mask_covers(int stage, int place) must_check;

/*
 * Create a mask and mount it on @place, an O_PATH descriptor: a directory on a directory, else a
 * file.  @stage is the staging tmpfs, which holds the masks' names; the umask has to be 0.
 *
 * Returns 0 or -errno.
 */
int mask_place(int stage, int place) must_check;
