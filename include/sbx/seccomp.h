/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/plan.h"

struct seccomp_program;

/* Seccomp programs, in the order in which they are applied. */
struct seccomp {
	struct seccomp_program *programs;
	size_t n;
};

void seccomp_done(struct seccomp *seccomp);

/*
 * Read the programs that @plan names: compiled BPF, an array of struct
 * sock_filter in the machine's byte order, as seccomp_export_bpf(3) writes it.
 *
 * @ret has to be empty, and seccomp_done() to follow in any case.  Returns 0 or
 * -errno with @e naming option and descriptor.
 */
int seccomp_read(const struct plan *plan, struct seccomp *ret, struct err *e) must_check;

/*
 * Apply the programs to the calling process, for good.  From then on the calls
 * that the programs forbid fail or kill.  Returns 0 or -errno with @e set.
 */
int seccomp_apply(const struct seccomp *seccomp, struct err *e) must_check;
