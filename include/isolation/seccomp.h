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
	SECCOMP_EARLY, /* before the first clone: those of --add-seccomp-fd */
	SECCOMP_LATE,  /* before exec: that of --seccomp, whose writer may first wait for
			  the report that the sandbox exists */
};

void seccomp_done(struct seccomp *seccomp);

/*
 * Read those programs of @plan that are due at @time.  They are compiled BPF, as
 * seccomp_export_bpf(3) writes it: an array of struct sock_filter in the machine's byte order.
 *
 * seccomp_done() has to follow in any case.  Returns 0 or -errno with @e naming the option and the
 * descriptor.
 */
int seccomp_read(const struct plan *plan, enum seccomp_time time, struct seccomp *ret,
		 struct err *e) must_check;

/* Install the programs in the calling process, for good.  Returns 0 or -errno with @e set. */
int seccomp_apply(const struct seccomp *seccomp, struct err *e) must_check;
