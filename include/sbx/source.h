/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/root.h"

/*
 * Copy the mounts at and below @path, a path on the host as the caller would look
 * it up.
 *
 * A path that says /proc/self/fd or /dev/fd means what the caller has open there, not
 * a descriptor of sbx's own.  Returns the detached tree, the caller's to close, or
 * -errno with @e set.
 */
int source_clone(const struct roots *roots, const char *path, struct err *e) must_check;
