/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "fuzz.h"

#define MODE_BITS 07777u

/* An error has a code, which is the one returned, and a message with a NUL. */
static void check_error(int r, const struct err *e)
{
	check(r <= 0 && r == -e->code);
	check(memchr(e->option, '\0', sizeof(e->option)) != NULL);
	check(memchr(e->path, '\0', sizeof(e->path)) != NULL);
	check(memchr(e->msg, '\0', sizeof(e->msg)) != NULL);
	check(memchr(e->bwrap, '\0', sizeof(e->bwrap)) != NULL);
	check(memchr(e->hint, '\0', sizeof(e->hint)) != NULL);
	check((r < 0) == (e->msg[0] != '\0'));
}

/* Its layers are those of the plan, and each directory has a name. */
static void check_overlay(const struct plan *plan, const struct op *op)
{
	const struct op_overlay *overlay = &op->overlay;

	check(overlay->n >= (op->kind == OP_RO_OVERLAY ? 2 : 1));
	check(overlay->first < plan->files.layers.n &&
	      overlay->n <= plan->files.layers.n - overlay->first);
	if (op->kind == OP_OVERLAY)
		check(overlay->upper != NULL && *overlay->upper != '\0' && overlay->work != NULL &&
		      *overlay->work != '\0');
}

static bool has_fd(const struct op *op)
{
	return op->kind == OP_FILE || op->kind == OP_BIND_DATA || op->kind == OP_BIND_FD;
}

static void check_op(const struct plan *plan, const struct op *op)
{
	check(op->kind < OP_KINDS);
	check(op->option != NULL && op->dest != NULL);
	check((op->mode & ~MODE_BITS) == 0 && (op->parents_mode & ~0755u) == 0);
	check(op->kind != OP_BIND || (op->src != NULL && *op->src != '\0'));
	check(op->kind != OP_SYMLINK || (op->target != NULL && *op->target != '\0'));
	check(!has_fd(op) || op->fd >= 0);
	if (op->kind >= OP_OVERLAY && op->kind <= OP_RO_OVERLAY)
		check_overlay(plan, op);
}

static void check_descriptors(const struct plan *plan)
{
	for (size_t i = 0; i < plan->privileges.seccomp.n; i++)
		check(plan->privileges.seccomp.list[i].option != NULL &&
		      plan->privileges.seccomp.list[i].fd >= 0);
	for (size_t i = 0; i < plan->superseded.n; i++)
		check(plan->superseded.list[i].option != NULL && plan->superseded.list[i].fd >= 0);
	for (size_t i = 0; i < plan->environment.kept.n; i++)
		check(plan->environment.kept.list[i].option != NULL &&
		      plan->environment.kept.list[i].fd >= 0);
	for (unsigned use = 0; use < FD_USES; use++)
		check((plan_fd(plan, use) >= 0) == (plan->fds[use].option != NULL));
}

static void check_lists(const struct plan *plan)
{
	for (size_t i = 0; i < plan->files.n_ops; i++)
		check_op(plan, &plan->files.ops[i]);
	for (size_t i = 0; i < plan->environment.n_changes; i++)
		check(plan->environment.changes[i].name == NULL ||
		      (plan->environment.changes[i].name[0] != '\0' &&
		       strchr(plan->environment.changes[i].name, '=') == NULL));
	for (size_t i = 0; i < plan->privileges.n_caps; i++)
		check(plan->privileges.caps[i].option != NULL &&
		      plan->privileges.caps[i].name != NULL);
	for (size_t i = 0; i < plan->files.layers.n; i++)
		check(plan->files.layers.list[i] != NULL && *plan->files.layers.list[i] != '\0');
	for (size_t i = 0; i < plan->status.lock_files.n; i++)
		check(plan->status.lock_files.list[i] != NULL);
	for (size_t i = 0; i < plan->repeated.n; i++)
		check(plan->repeated.list[i] != NULL);
}

void check_outcome(int r, const struct err *e, const struct plan *plan)
{
	check_error(r, e);
	check_lists(plan); /* options taken before an error are whole as well */
	check_descriptors(plan);
	check(plan->mounts.propagation <= PROPAGATION_SLAVE &&
	      plan->proc.subset <= PROC_SUBSET_PID && plan->proc.hidepid <= HIDEPID_PTRACEABLE);
	check(r < 0 || plan->general.want_help || plan->general.want_version ||
	      (plan->command != NULL && plan->command[0] != NULL));
}
