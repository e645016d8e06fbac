/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MODE_BITS 07777u

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* An error has a code, which is what was returned, and a message that ends. */
static void check_error(int r, const struct err *e)
{
	check(r <= 0 && r == -e->code);
	check(memchr(e->msg, '\0', sizeof(e->msg)) != NULL);
	check(memchr(e->hint, '\0', sizeof(e->hint)) != NULL);
	check((r < 0) == (e->msg[0] != '\0'));
}

static void check_op(const struct op *op)
{
	check(op->kind < OP_KINDS);
	check(op->option != NULL && op->dest != NULL);
	check((op->mode & ~MODE_BITS) == 0 && (op->parents_mode & ~0755u) == 0);
	check(op->kind != OP_BIND || (op->src != NULL && *op->src != '\0'));
	check(op->kind != OP_SYMLINK || (op->target != NULL && *op->target != '\0'));
	check((op->kind != OP_FILE && op->kind != OP_BIND_DATA) || op->fd >= 0);
}

static void check_lists(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_ops; i++)
		check_op(&plan->ops[i]);
	for (size_t i = 0; i < plan->n_env; i++)
		check(plan->env[i].name == NULL ||
		      (plan->env[i].name[0] != '\0' && strchr(plan->env[i].name, '=') == NULL));
	for (size_t i = 0; i < plan->n_caps; i++)
		check(plan->caps[i].option != NULL && plan->caps[i].name != NULL);
	for (size_t i = 0; i < plan->n_seccomp; i++)
		check(plan->seccomp[i].option != NULL && plan->seccomp[i].fd >= 0);
	for (size_t i = 0; i < plan->n_repeated; i++)
		check(plan->repeated[i] != NULL);
}

void check_outcome(int r, const struct err *e, const struct plan *plan)
{
	check_error(r, e);
	check_lists(plan); /* what was taken before an error is whole as well */
	check(r < 0 || plan->want_help || plan->want_version ||
	      (plan->command != NULL && plan->command[0] != NULL));
}
