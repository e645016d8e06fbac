/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

struct seccomp_program;

/* Seccomp programs, in the order in which they are applied. */
struct seccomp {
	struct seccomp_program *programs;
	size_t n;
};

/* When programs are read. */
enum seccomp_time {
	SECCOMP_EARLY, /* before anything is made: those of --add-seccomp-fd */
	SECCOMP_LATE,  /* before the command is executed: that of --seccomp, whose writer may
			  first want to hear that there is a sandbox */
};

void seccomp_done(struct seccomp *seccomp);

/*
 * Read the programs that @plan names and that are read at @time: compiled BPF, an array
 * of struct sock_filter in the machine's byte order, as seccomp_export_bpf(3) writes it.
 *
 * seccomp_done() has to follow in any case.  Returns 0 or -errno with @e naming option
 * and descriptor.
 */
int seccomp_read(const struct plan *plan, enum seccomp_time time, struct seccomp *ret,
		 struct err *e) must_check;

/*
 * Apply the programs to the calling process, for good.  From then on the calls
 * that the programs forbid fail or kill.  Returns 0 or -errno with @e set.
 */
int seccomp_apply(const struct seccomp *seccomp, struct err *e) must_check;
