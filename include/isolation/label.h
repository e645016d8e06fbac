/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/*
 * Give the calling process the SELinux labels of --exec-label and --file-label: for the program
 * that it or a child executes, and for the files that it creates.
 *
 * Has to be called while the host's /proc is visible.  Opens libselinux only if @plan has a label.
 * Returns 0 or -errno with @e naming the option.
 */
int label_apply(const struct plan *plan, struct err *e) must_check;
