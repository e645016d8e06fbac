/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/*
 * Check that this system can do what --exec-label and --file-label ask for, and
 * give the calling process these SELinux labels: for the files that it makes, and
 * for the program that it, or a child of its, executes.
 *
 * Has to be called while the host's /proc is in sight.  Does nothing if @plan has
 * no label; libselinux is opened only if it has one.  Returns 0 or -errno with @e
 * naming the option.
 */
int label_apply(const struct plan *plan, struct err *e) must_check;
