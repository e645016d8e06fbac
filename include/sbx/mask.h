/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/apply.h"

/*
 * Mount on @place, an O_PATH descriptor of a place inside, what nobody can read or write: an
 * empty directory if it is one, else an empty file.  Returns 0 or -errno with @e set; @what
 * is the place's name for that.
 */
int mask_mount(struct site *site, int place, const char *what, struct err *e) must_check;
