/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/opt_take.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "base/times.h"

/* The largest id: one below the kernel's "no id". */
#define ID_MAX (UINT32_MAX - 1)

#define SECONDS_MAX 1000000U /* 11 days; so that milliseconds fit into poll(2)'s int */

#define TAKE(name)                                                                                 \
	int take_##name(struct parse *p, const struct opt *opt, const char *const *args,           \
			struct err *e)

TAKE(bool)
{
	(void)args, (void)e;
	*(bool *)((char *)p->plan + opt->field) = true;
	return 0;
}

/* Note for the warning that @opt, given before if @was, counts from here on. */
static int note_repeated(struct parse *p, const struct opt *opt, bool was, struct err *e)
{
	return was ? plan_add_repeated(p->plan, opt->name, e) : 0;
}

TAKE(string)
{
	const char **field = (const char **)((char *)p->plan + opt->field);
	bool was = *field != NULL;

	*field = args[0];
	return note_repeated(p, opt, was, e);
}

TAKE(choice)
{
	unsigned *field = (unsigned *)((char *)p->plan + opt->field);
	bool was = *field != 0;

	for (size_t i = 0; i < OPT_MAX_CHOICES && opt->choices->list[i].word != NULL; i++)
		if (strcmp(args[0], opt->choices->list[i].word) == 0) {
			*field = opt->choices->list[i].value;
			return note_repeated(p, opt, was, e);
		}
	return err_set(e, EINVAL, "not %s: %s", opt->choices->names, args[0]);
}

TAKE(nothing)
{
	(void)p, (void)opt, (void)args, (void)e;
	return 0;
}

TAKE(argv0)
{
	(void)opt;
	if (p->plan->environment.argv0 != NULL) {
		(void)err_set(e, EINVAL, "used multiple times");
		return err_bwrap(e, "--argv0 used multiple times");
	}
	p->plan->environment.argv0 = args[0];
	return 0;
}

TAKE(unshare)
{
	(void)args, (void)e;
	p->plan->namespaces.unshare |= opt->flags;
	p->plan->namespaces.unshare_try |= opt->try_flags;
	return 0;
}

TAKE(lock_mounts)
{
	(void)args, (void)e;
	p->plan->mounts.lock = opt->flags;
	return 0;
}

TAKE(share_net)
{
	(void)opt, (void)args, (void)e;
	p->plan->namespaces.unshare &= ~(unsigned)CLONE_NEWNET;
	return 0;
}

static int parse_id(const struct opt *opt, const char *text, uint64_t *ret, struct err *e)
{
	if (num_parse(text, 10, ID_MAX, ret) == 0)
		return 0;
	(void)err_set(e, EINVAL, "not a number from 0 to %u: %s", ID_MAX, text);
	return err_bwrap(e, "Invalid %s: %s", opt->name, text);
}

TAKE(uid)
{
	bool was = p->plan->namespaces.have_uid;
	uint64_t id = 0;
	int r = parse_id(opt, args[0], &id, e);

	if (r < 0)
		return r;
	p->plan->namespaces.uid = (uid_t)id;
	p->plan->namespaces.have_uid = true;
	return note_repeated(p, opt, was, e);
}

TAKE(gid)
{
	bool was = p->plan->namespaces.have_gid;
	uint64_t id = 0;
	int r = parse_id(opt, args[0], &id, e);

	if (r < 0)
		return r;
	p->plan->namespaces.gid = (gid_t)id;
	p->plan->namespaces.have_gid = true;
	return note_repeated(p, opt, was, e);
}

static int parse_fd(const char *text, int *ret, struct err *e)
{
	uint64_t fd;

	if (num_parse(text, 10, INT_MAX, &fd) < 0) {
		(void)err_set(e, EINVAL, "not a file descriptor: %s", text);
		return err_bwrap(e, "Invalid fd: %s", text);
	}
	*ret = (int)fd;
	return 0;
}

/* Let @opt have the descriptor @text, instead of the one that it may have in *@given. */
static int take_last_fd(struct parse *p, const struct opt *opt, const char *text,
			struct descriptor *given, struct err *e)
{
	const struct descriptor old = *given;
	struct descriptor last = {.option = opt->name};
	int r = parse_fd(text, &last.fd, e);

	if (r == 0 && old.option != NULL)
		r = plan_add_superseded(p->plan, &old, e);
	if (r < 0)
		return r;
	*given = last;
	return note_repeated(p, opt, old.option != NULL, e);
}

TAKE(fd)
{
	return take_last_fd(p, opt, args[0], &p->plan->fds[opt->fd], e);
}

TAKE(keep_fd)
{
	struct descriptor kept = {.option = opt->name};
	int r = parse_fd(args[0], &kept.fd, e);

	return r < 0 ? r : plan_add_kept(p->plan, &kept, e);
}

/* Mode of the directories made above something of @mode: closed where that is. */
static mode_t parents_mode(mode_t mode)
{
	mode_t parents = 0755;

	if ((mode & 0070) == 0)
		parents &= ~(mode_t)0070;
	if ((mode & 0007) == 0)
		parents &= ~(mode_t)0007;
	return parents;
}

/* Use up --perms, or take the default; set both modes of @op. */
static void use_mode(struct parse *p, const struct opt *opt, struct op *op)
{
	if (op->kind == OP_FILE && !(p->pending & MODIFIER_PERMS))
		op->flags |= OP_USUAL_MODE;
	op->mode = p->pending & MODIFIER_PERMS ? p->mode : opt->default_mode;
	op->parents_mode =
		opt->modifiers & MODIFIER_PERMS ? parents_mode(op->mode) : parents_mode(0777);
	p->pending &= ~(unsigned)MODIFIER_PERMS;
}

/* Use up --size. */
static uint64_t use_size(struct parse *p)
{
	uint64_t size = p->pending & MODIFIER_SIZE ? p->size : 0;

	p->pending &= ~(unsigned)MODIFIER_SIZE;
	return size;
}

/* Use up every --overlay-src.  There have to be @least of them. */
static int use_layers(struct parse *p, size_t least, struct op_overlay *ret, struct err *e)
{
	size_t n = p->pending & MODIFIER_LAYERS ? p->layers : 0;

	if (n < least)
		return err_set(e, EINVAL, "needs at least %zu --overlay-src before it", least);
	p->pending &= ~(unsigned)MODIFIER_LAYERS;
	ret->first = p->plan->files.n_layers - n;
	ret->n = n;
	return 0;
}

static int check_path(const char *path, const char *name, struct err *e)
{
	return *path == '\0' ? err_set(e, EINVAL, "%s is empty", name) : 0;
}

static int parse_mode(const char *name, const char *text, mode_t *ret, struct err *e)
{
	uint64_t mode;

	if (num_parse(text, 8, 07777, &mode) < 0) {
		(void)err_set(e, EINVAL, "not an octal mode up to 7777: %s", text);
		return err_bwrap(e, "--%s takes an octal argument <= 07777", name);
	}
	*ret = (mode_t)mode;
	return 0;
}

/* What fills in what is particular to a kind of op. */
#define FILL(name)                                                                                 \
	static int fill_##name(struct parse *p, struct op *op, const char *const *args,            \
			       struct err *e)

FILL(bind)
{
	(void)p;
	op->src = args[0];
	return check_path(args[0], "SRC", e);
}

FILL(symlink)
{
	(void)p;
	op->target = args[0];
	return check_path(args[0], "TARGET", e);
}

FILL(fd)
{
	(void)p;
	return parse_fd(args[0], &op->fd, e);
}

FILL(chmod)
{
	(void)p;
	return parse_mode(op->option, args[0], &op->mode, e);
}

FILL(tmpfs)
{
	(void)args, (void)e;
	op->size = use_size(p);
	return 0;
}

FILL(overlay)
{
	int r = check_path(args[0], "RWSRC", e);

	if (r == 0)
		r = check_path(args[1], "WORKDIR", e);
	if (r < 0)
		return r;
	op->overlay = (struct op_overlay){.upper = args[0], .work = args[1]};
	return use_layers(p, 1, &op->overlay, e);
}

FILL(tmp_overlay)
{
	(void)args;
	return use_layers(p, 1, &op->overlay, e);
}

FILL(ro_overlay)
{
	(void)args;
	return use_layers(p, 2, &op->overlay, e);
}

#undef FILL

/* Kinds that are not here have nothing but what all have. */
static int (*const fillers[OP_KINDS])(struct parse *, struct op *, const char *const *,
				      struct err *) = {
	[OP_BIND] = fill_bind,
	[OP_BIND_FD] = fill_fd,
	[OP_OVERLAY] = fill_overlay,
	[OP_TMP_OVERLAY] = fill_tmp_overlay,
	[OP_RO_OVERLAY] = fill_ro_overlay,
	[OP_TMPFS] = fill_tmpfs,
	[OP_SYMLINK] = fill_symlink,
	[OP_FILE] = fill_fd,
	[OP_BIND_DATA] = fill_fd,
	[OP_CHMOD] = fill_chmod,
};

TAKE(op)
{
	struct op op = {
		.kind = opt->op,
		.flags = opt->flags | p->op_flags,
		.option = opt->name,
		.dest = args[opt_arity(opt) - 1],
	};
	int r = 0;

	use_mode(p, opt, &op);
	if (fillers[op.kind] != NULL)
		r = fillers[op.kind](p, &op, args, e);
	return r < 0 ? r : plan_add_op(p->plan, &op, e);
}

TAKE(op_flags)
{
	(void)args, (void)e;
	p->op_flags |= opt->flags;
	return 0;
}

/* Note that a modifier waits; each only once. */
static int set_pending(struct parse *p, const struct opt *opt, enum modifier modifier,
		       struct err *e)
{
	if (p->pending & modifier) {
		(void)err_set(e, EINVAL, "given twice for the same action");
		return err_bwrap(e, "--%s given twice for the same action", opt->name);
	}
	p->pending |= modifier;
	return 0;
}

TAKE(perms)
{
	int r = parse_mode(opt->name, args[0], &p->mode, e);

	return r < 0 ? r : set_pending(p, opt, MODIFIER_PERMS, e);
}

TAKE(size)
{
	if (num_parse(args[0], 0, SIZE_MAX >> 1, &p->size) < 0 || p->size == 0) {
		(void)err_set(e, EINVAL, "not a size in bytes: %s", args[0]);
		return err_bwrap(e, "--size takes a non-zero number of bytes");
	}
	return set_pending(p, opt, MODIFIER_SIZE, e);
}

TAKE(layer)
{
	int r = check_path(args[0], "SRC", e);

	(void)opt;
	if (r < 0)
		return r;
	if (!(p->pending & MODIFIER_LAYERS))
		p->layers = 0;
	p->layers++;
	p->pending |= MODIFIER_LAYERS;
	return plan_add_layer(p->plan, args[0], e);
}

/* Parse a time in seconds into milliseconds. */
static int parse_seconds(const char *text, unsigned *ret, struct err *e)
{
	uint64_t ms = 0;

	if (num_parse_thousandths(text, SECONDS_MAX, &ms) < 0)
		return err_set(e, EINVAL, "not a number of seconds from 0 to %u: %s", SECONDS_MAX,
			       text);
	*ret = (unsigned)ms;
	return 0;
}

TAKE(teardown_timeout)
{
	(void)opt;
	return parse_seconds(args[0], &p->plan->processes.teardown_ms, e);
}

TAKE(kill_on_exit)
{
	(void)opt, (void)args, (void)e;
	p->plan->processes.kill_on_exit = true;
	p->plan->processes.grace_ms = USUAL_GRACE_MS;
	return 0;
}

TAKE(kill_on_exit_after)
{
	(void)opt;
	p->plan->processes.kill_on_exit = true;
	return parse_seconds(args[0], &p->plan->processes.grace_ms, e);
}

TAKE(keep_running)
{
	(void)opt, (void)args, (void)e;
	p->plan->processes.kill_on_exit = false;
	return 0;
}

TAKE(lock_file)
{
	(void)opt;
	return plan_add_lock_file(p->plan, args[0], e);
}

static int check_var(const struct opt *opt, const char *name, struct err *e)
{
	if (*name != '\0' && strchr(name, '=') == NULL)
		return 0;
	(void)err_set(e, EINVAL, "not a variable's name: '%s'", name);
	return err_bwrap(e, "%s failed", opt->name);
}

TAKE(setenv)
{
	struct env_change change = {.name = args[0], .value = args[1]};
	int r = check_var(opt, args[0], e);

	return r < 0 ? r : plan_add_env(p->plan, &change, e);
}

TAKE(unsetenv)
{
	struct env_change change = {.name = args[0]};
	int r = check_var(opt, args[0], e);

	return r < 0 ? r : plan_add_env(p->plan, &change, e);
}

TAKE(clearenv)
{
	struct env_change change = {0};

	(void)opt, (void)args;
	return plan_add_env(p->plan, &change, e);
}

TAKE(seccomp)
{
	struct descriptor program = {.option = opt->name};
	int r;

	for (size_t i = 0; i < p->plan->privileges.n_seccomp; i++)
		if (p->plan->privileges.seccomp[i].option == opt->name)
			return take_last_fd(p, opt, args[0], &p->plan->privileges.seccomp[i], e);
	r = parse_fd(args[0], &program.fd, e);
	return r < 0 ? r : plan_add_seccomp(p->plan, &program, e);
}

TAKE(add_seccomp)
{
	struct descriptor program = {.option = opt->name};
	int r = parse_fd(args[0], &program.fd, e);

	return r < 0 ? r : plan_add_seccomp(p->plan, &program, e);
}

static int take_cap(struct parse *p, const struct opt *opt, const char *name, bool add,
		    struct err *e)
{
	struct cap_change change = {.option = opt->name, .name = name, .add = add};

	return plan_add_cap(p->plan, &change, e);
}

TAKE(cap_add)
{
	return take_cap(p, opt, args[0], true, e);
}

TAKE(cap_drop)
{
	return take_cap(p, opt, args[0], false, e);
}

TAKE(args)
{
	char *text = NULL;
	size_t len = 0;
	int fd = -1;
	int r = parse_fd(args[0], &fd, e);

	(void)opt;
	if (r < 0)
		return r;
	if (p->in_args) {
		(void)err_set(e, EINVAL, "not supported in an arguments file");
		return err_bwrap(e, "--args not supported in arguments file");
	}
	r = p->reader->read(fd, p->text_left, &text, &len, e);
	if (r < 0)
		return r;
	p->text_left -= len;
	return opt_parse_text(p, text, len, e);
}
