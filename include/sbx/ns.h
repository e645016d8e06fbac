/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sbx/plan.h"

struct ids {
	uid_t uid;
	gid_t gid;
};

/*
 * The namespaces of one run.
 *
 * A user namespace maps one user and one group.  Where a devpts is wanted, whose
 * owner has to be the namespace's root, the mounts are made in one that maps 0,
 * and the command runs in a second, inside it, that maps the ids asked for.
 */
struct ns {
	unsigned flags;      /* CLONE_NEW* to make at once; CLONE_NEWNS always */
	bool second;         /* a second user namespace once the mounts stand */
	struct ids outside;  /* the caller */
	struct ids building; /* the caller's ids while the mounts are made */
	struct ids inside;   /* the command's ids */
};

/*
 * Decide which namespaces @plan needs on this host.
 *
 * Returns 0 or -errno with @e naming the option that cannot be had.
 */
int ns_plan(const struct plan *plan, struct ns *ret, struct err *e) must_check;

/*
 * Map the calling process's ids, in the user namespace that it has just been
 * put into: first what the mounts are made with, then, in the second user
 * namespace (which ns_enter_second() makes), what the command runs with.
 *
 * @proc_self is /proc/self of the host.  Return 0, also when there is nothing to
 * do, or -errno with @e set.
 */
int ns_map_first(const struct ns *ns, int proc_self, struct err *e) must_check;
int ns_enter_second(const struct ns *ns, int proc_self, struct err *e) must_check;
