/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Make room for one more element behind @n elements of @size bytes.  The room
 * doubles whenever @n is a power of two, so no capacity has to be kept.
 */
static int grow(void *array, size_t n, size_t size, struct err *e)
{
	void **list = array;
	void *larger;

	if ((n & (n - 1)) != 0)
		return 0;
	larger = reallocarray(*list, n == 0 ? 1 : n * 2, size);
	if (larger == NULL)
		return err_set(e, ENOMEM, "out of memory");
	*list = larger;
	return 0;
}

/* Append *@element to @list of @n elements of the same type. */
#define APPEND(list, n, element, e)                                                                \
	__extension__({                                                                            \
		int r_ = grow(&(list), n, sizeof(*(list)), e);                                     \
		if (r_ == 0)                                                                       \
			(list)[(n)++] = *(element);                                                \
		r_;                                                                                \
	})

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_texts; i++)
		free(plan->texts[i]);
	free(plan->texts);
	free(plan->repeated.list);
	free(plan->superseded.list);
	free(plan->status.lock_files.list);
	free(plan->privileges.seccomp.list);
	free(plan->privileges.caps);
	free(plan->environment.kept.list);
	free(plan->environment.changes);
	free(plan->files.layers.list);
	free(plan->files.ops);
	*plan = (struct plan){0};
}

int plan_add_op(struct plan *plan, const struct op *op, struct err *e)
{
	return APPEND(plan->files.ops, plan->files.n_ops, op, e);
}

int plan_add_env(struct plan *plan, const struct env_change *change, struct err *e)
{
	return APPEND(plan->environment.changes, plan->environment.n_changes, change, e);
}

int plan_add_cap(struct plan *plan, const struct cap_change *change, struct err *e)
{
	return APPEND(plan->privileges.caps, plan->privileges.n_caps, change, e);
}

int plan_add_descriptor(struct descriptors *list, const struct descriptor *element, struct err *e)
{
	return APPEND(list->list, list->n, element, e);
}

int plan_add_string(struct strings *list, const char *element, struct err *e)
{
	return APPEND(list->list, list->n, &element, e);
}

int plan_add_text(struct plan *plan, void *text, struct err *e)
{
	autofree char *owned = text;
	int r = APPEND(plan->texts, plan->n_texts, &owned, e);

	if (r == 0)
		owned = NULL;
	return r;
}

int plan_fd(const struct plan *plan, enum fd_use use)
{
	return plan->fds[use].option != NULL ? plan->fds[use].fd : -1;
}

bool plan_has_op(const struct plan *plan, enum op_kind kind)
{
	for (size_t i = 0; i < plan->files.n_ops; i++)
		if (plan->files.ops[i].kind == kind)
			return true;
	return false;
}

bool plan_protects(const struct plan *plan)
{
	return plan_has_op(plan, OP_MASK) || plan_has_op(plan, OP_RO) ||
	       plan_has_op(plan, OP_DENY_CREATE);
}

enum protect plan_protect(const struct plan *plan)
{
	if (plan->protection.or_die)
		return PROTECT_OR_DIE;
	return plan->protection.try ? PROTECT_TRY : PROTECT_USUAL;
}

static bool users_block_without_users(const struct plan *plan)
{
	return plan_fd(plan, FD_USERNS_BLOCK) >= 0 && !(plan->namespaces.unshare & CLONE_NEWUSER);
}

static bool users_block_without_info(const struct plan *plan)
{
	return plan_fd(plan, FD_USERNS_BLOCK) >= 0 && plan_fd(plan, FD_INFO) < 0;
}

static bool old_and_new_users(const struct plan *plan)
{
	return plan_fd(plan, FD_USERNS) >= 0 && (plan->namespaces.unshare & CLONE_NEWUSER);
}

static bool old_and_perhaps_new_users(const struct plan *plan)
{
	return plan_fd(plan, FD_USERNS) >= 0 && (plan->namespaces.unshare_try & CLONE_NEWUSER);
}

static bool disables_others_users(const struct plan *plan)
{
	return plan->namespaces.disable_userns && !(plan->namespaces.unshare & CLONE_NEWUSER);
}

static bool disables_others_map(const struct plan *plan)
{
	return plan->namespaces.disable_userns && plan_fd(plan, FD_USERNS_BLOCK) >= 0;
}

static bool keeps_without_closing(const struct plan *plan)
{
	return plan->environment.kept.n > 0 && !plan->environment.close_fds;
}

static bool dies_and_tries(const struct plan *plan)
{
	return plan->protection.or_die && plan->protection.try;
}

static bool protects_nothing(const struct plan *plan)
{
	return (plan->protection.or_die || plan->protection.try) && !plan_protects(plan);
}

static bool lock_without_reaper(const struct plan *plan)
{
	return plan->processes.as_pid_1 && plan->status.lock_files.n > 0;
}

static bool hostname_without_uts(const struct plan *plan)
{
	return plan->namespaces.hostname != NULL && !(plan->namespaces.unshare & CLONE_NEWUTS);
}

static bool pid_1_without_pid_namespace(const struct plan *plan)
{
	return plan->processes.as_pid_1 && !(plan->namespaces.unshare & CLONE_NEWPID);
}

static bool both_kinds_of_seccomp(const struct plan *plan)
{
	for (size_t i = 1; i < plan->privileges.seccomp.n; i++)
		if (strcmp(plan->privileges.seccomp.list[i].option,
			   plan->privileges.seccomp.list[0].option) != 0)
			return true;
	return false;
}

static bool unmasks_without_proc(const struct plan *plan)
{
	return plan->proc.unmasked && !plan_has_op(plan, OP_PROC);
}

static bool hides_processes(const struct plan *plan)
{
	return plan->proc.subset != PROC_SUBSET_NONE || plan->proc.hidepid != HIDEPID_USUAL;
}

static bool hides_without_proc(const struct plan *plan)
{
	return hides_processes(plan) && !plan_has_op(plan, OP_PROC);
}

static bool hides_without_pid_namespace(const struct plan *plan)
{
	return hides_processes(plan) && !(plan->namespaces.unshare & CLONE_NEWPID) &&
	       plan_fd(plan, FD_PIDNS) < 0;
}

static bool no_command(const struct plan *plan)
{
	return plan->command == NULL;
}

/* Options that need or exclude others, in the order in which they are checked. */
static const struct {
	bool (*broken)(const struct plan *plan);
	const char *msg;
	const char *bwrap; /* bubblewrap's message, NULL if no program looks for it */
	const char *hint;  /* NULL if the message says it all */
	enum err_stage stage;
} rules[] = {
	{.broken = both_kinds_of_seccomp,
	 .msg = "--seccomp cannot be combined with --add-seccomp-fd",
	 .bwrap = "--add-seccomp-fd cannot be combined with --seccomp"},
	{.broken = users_block_without_users,
	 .msg = "--userns-block-fd needs --unshare-user",
	 .bwrap = "--userns-block-fd requires --unshare-user"},
	{.broken = users_block_without_info,
	 .msg = "--userns-block-fd needs --info-fd",
	 .bwrap = "--userns-block-fd requires --info-fd"},
	{.broken = old_and_new_users,
	 .msg = "--userns cannot be combined with --unshare-user",
	 .bwrap = "--userns not compatible --unshare-user"},
	{.broken = old_and_perhaps_new_users,
	 .msg = "--userns cannot be combined with --unshare-user-try or --unshare-all",
	 .bwrap = "--userns not compatible --unshare-user-try"},
	{.broken = disables_others_users,
	 .msg = "--disable-userns needs --unshare-user",
	 .bwrap = "--disable-userns requires --unshare-user"},
	{.broken = disables_others_map,
	 .msg = "--disable-userns cannot be combined with --userns-block-fd",
	 .bwrap = "--disable-userns is not compatible with  --userns-block-fd"},
	{.broken = keeps_without_closing, .msg = "--keep-fd needs --close-fds"},
	{.broken = dies_and_tries, .msg = "--protect-or-die cannot be combined with --protect-try"},
	{.broken = protects_nothing,
	 .msg = "--protect-or-die and --protect-try need --mask, --ro or --deny-create"},
	{.broken = unmasks_without_proc, .msg = "--proc-unmasked needs --proc"},
	{.broken = hides_without_proc, .msg = "--proc-subset and --hidepid need --proc"},
	{.broken = hides_without_pid_namespace,
	 .msg = "--proc-subset and --hidepid need --unshare-pid or --pidns",
	 .hint = "without a PID namespace, --proc is the host's procfs, which stays as it is"},
	{.broken = no_command,
	 .msg = "no command given",
	 .hint = "usage: sbx [OPTIONS...] [--] COMMAND [ARGS...]; --help lists the options",
	 .stage = ERR_USAGE},
	{.broken = hostname_without_uts,
	 .msg = "--hostname needs --unshare-uts",
	 .bwrap = "Specifying --hostname requires --unshare-uts"},
	{.broken = pid_1_without_pid_namespace,
	 .msg = "--as-pid-1 needs --unshare-pid",
	 .bwrap = "Specifying --as-pid-1 requires --unshare-pid"},
	{.broken = lock_without_reaper,
	 .msg = "--lock-file cannot be combined with --as-pid-1",
	 .bwrap = "Specifying --as-pid-1 and --lock-file is not permitted"},
};

/* Set @e for the broken rule number @i. */
static int explain(size_t i, struct err *e)
{
	(void)err_set(e, EINVAL, "%s", rules[i].msg);
	e->stage = rules[i].stage;
	if (rules[i].bwrap != NULL)
		(void)err_bwrap(e, "%s", rules[i].bwrap);
	return rules[i].hint != NULL ? err_hint(e, "%s", rules[i].hint) : -EINVAL;
}

int plan_check(const struct plan *plan, struct err *e)
{
	if (plan->general.want_help || plan->general.want_version)
		return 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].broken(plan))
			return explain(i, e);
	return 0;
}
