/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Masks: what is mounted in the place of something that the payload must neither see nor
 * change.  A mask is empty and of mode 000, and its mount is read-only, nosuid, nodev and
 * noexec.
 */

/*
 * Make a mask that can be mounted on @place, an O_PATH descriptor: of a directory it is a
 * directory, of all else a file.  @stage is the stage of struct roots, where masks have their
 * names; the umask has to be 0.
 *
 * Returns the mask detached, the caller's to close, or -errno; the caller knows how to word it.
 */
int mask_make(int stage, int place) must_check;

/*
 * Whether what is at @place, an O_PATH descriptor, is a mask, with @stage as above.  Returns that
 * or -errno.
 */
int mask_covers(int stage, int place) must_check;

/* Make one and mount it on @place.  Returns 0 or -errno, as mask_make(). */
int mask_place(int stage, int place) must_check;
