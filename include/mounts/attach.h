/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipc/report.h"
#include "mounts/dest.h"
#include "mounts/site.h"

/* The start of @op's destination: the sandbox's root as it is now. */
struct dest_root apply_root(const struct site *site, const struct op *op);

/* Mount @mount at @op's destination.  Returns 0 or -errno with @e set. */
int apply_attach(struct site *site, const struct op *op, int mount, struct err *e) must_check;

/*
 * Report that @op was not carried out literally.  @fmt is the message; the option is prepended.
 * Returns 0 or -errno with @e set.
 */
int apply_note(const struct site *site, const struct op *op, enum note_level level, struct err *e,
	       const char *fmt, ...) printf_like(5, 6) must_check;
