/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/opt_take.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/times.h"

/* The largest id: one below the kernel's "no id". */
#define ID_MAX (UINT32_MAX - 1)

#define SECONDS_MAX 1000000U /* 11 days; so that milliseconds fit into poll(2)'s int */

#define TAKE(name)                                                                                 \
	int take_##name(struct parse *p, const struct opt *opt, const char *const *args,           \
			struct err *e)

/* The field of the plan at the offset @field. */
static void *at(const struct parse *p, size_t field)
{
	return (char *)p->plan + field;
}

TAKE(flag)
{
	(void)args, (void)e;
	*(bool *)at(p, opt->field) = !opt->off;
	return 0;
}

/* Record for the warning that @opt, given before if @was, counts from here on. */
static int note_repeated(struct parse *p, const struct opt *opt, bool was, struct err *e)
{
	return was ? plan_add_string(&p->plan->repeated, opt->name, e) : 0;
}

/* Record that @opt was given, if the plan has a field for that.  Returns whether it was before. */
static bool set_given(struct parse *p, const struct opt *opt)
{
	bool *given = at(p, opt->given);
	bool was;

	if (opt->given == 0)
		return false;
	was = *given;
	*given = true;
	return was;
}

TAKE(string)
{
	const char **field = at(p, opt->field);
	bool was = *field != NULL;

	if (was && opt->once) {
		(void)err_set(e, EINVAL, "used multiple times");
		return err_bwrap(e, "--%s used multiple times", opt->name);
	}
	*field = args[0];
	return note_repeated(p, opt, was, e);
}

TAKE(list)
{
	return plan_add_string(at(p, opt->field), args[0], e);
}

TAKE(choice)
{
	unsigned *field = at(p, opt->field);
	bool was = *field != 0;

	for (size_t i = 0; i < OPT_MAX_CHOICES && opt->choices->list[i].word != NULL; i++)
		if (strcmp(args[0], opt->choices->list[i].word) == 0) {
			*field = opt->choices->list[i].value;
			return note_repeated(p, opt, was, e);
		}
	return err_set(e, EINVAL, "not %s: %s", opt->choices->names, args[0]);
}

TAKE(value)
{
	(void)args, (void)e;
	*(unsigned *)at(p, opt->field) = opt->value;
	(void)set_given(p, opt);
	return 0;
}

TAKE(nothing)
{
	(void)p, (void)opt, (void)args, (void)e;
	return 0;
}

TAKE(unshare)
{
	unsigned *unshare = &p->plan->namespaces.unshare;

	(void)args, (void)e;
	*unshare = opt->off ? *unshare & ~opt->flags : *unshare | opt->flags;
	p->plan->namespaces.unshare_try |= opt->try_flags;
	return 0;
}

TAKE(id)
{
	uint64_t id = 0;

	if (num_parse(args[0], 10, ID_MAX, &id) < 0) {
		(void)err_set(e, EINVAL, "not a number from 0 to %u: %s", ID_MAX, args[0]);
		return err_bwrap(e, "Invalid %s: %s", opt->name, args[0]);
	}
	*(uid_t *)at(p, opt->field) = (uid_t)id;
	return note_repeated(p, opt, set_given(p, opt), e);
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
		r = plan_add_descriptor(&p->plan->superseded, &old, e);
	if (r < 0)
		return r;
	*given = last;
	return note_repeated(p, opt, old.option != NULL, e);
}

TAKE(fd)
{
	return take_last_fd(p, opt, args[0], &p->plan->fds[opt->fd], e);
}

TAKE(fd_list)
{
	struct descriptor element = {.option = opt->name};
	int r = parse_fd(args[0], &element.fd, e);

	return r < 0 ? r : plan_add_descriptor(at(p, opt->field), &element, e);
}

/* Mode of the directories created above a file of @mode: closed where that is closed. */
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
	ret->first = p->plan->files.layers.n - n;
	ret->n = n;
	return 0;
}

static int check_path(const char *path, const char *name, struct err *e)
{
	return *path == '\0' ? err_set(e, EINVAL, "%s is empty", name) : 0;
}

/* Parse an octal mode up to @max.  @option is for bubblewrap's message. */
static int parse_mode(const char *option, const char *text, mode_t max, mode_t *ret, struct err *e)
{
	uint64_t mode;

	if (num_parse(text, 8, max, &mode) < 0) {
		(void)err_set(e, EINVAL, "not an octal mode up to %o: %s", max, text);
		return err_bwrap(e, "--%s takes an octal argument <= 0%o", option, max);
	}
	*ret = (mode_t)mode;
	return 0;
}

TAKE(mode)
{
	int r = parse_mode(opt->name, args[0], (mode_t)opt->value, at(p, opt->field), e);

	return r < 0 ? r : note_repeated(p, opt, set_given(p, opt), e);
}

/* Functions that set the members of struct op that one kind has. */
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
	return parse_mode(op->option, args[0], ALLPERMS, &op->mode, e);
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

/* The other kinds have no members of their own. */
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

/* Record a pending modifier.  Each may be given once for an option. */
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
	int r = parse_mode(opt->name, args[0], ALLPERMS, &p->mode, e);

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
	return plan_add_string(&p->plan->files.layers, args[0], e);
}

TAKE(duration)
{
	uint64_t ms = 0;

	if (num_parse_thousandths(args[0], SECONDS_MAX, &ms) < 0)
		return err_set(e, EINVAL, "not a number of seconds from 0 to %u: %s", SECONDS_MAX,
			       args[0]);
	*(unsigned *)at(p, opt->field) = (unsigned)ms;
	(void)set_given(p, opt);
	return 0;
}

TAKE(env)
{
	struct env_change change = {0};

	if (opt_arity(opt) > 0)
		change.name = args[0];
	if (opt_arity(opt) > 1)
		change.value = args[1];
	if (change.name != NULL && (*change.name == '\0' || strchr(change.name, '=') != NULL)) {
		(void)err_set(e, EINVAL, "not a variable's name: '%s'", change.name);
		return err_bwrap(e, "%s failed", opt->name);
	}
	return plan_add_env(p->plan, &change, e);
}

TAKE(seccomp)
{
	struct descriptors *programs = &p->plan->privileges.seccomp;

	for (size_t i = 0; i < programs->n; i++)
		if (programs->list[i].option == opt->name)
			return take_last_fd(p, opt, args[0], &programs->list[i], e);
	return take_fd_list(p, opt, args, e);
}

TAKE(cap)
{
	struct cap_change change = {.option = opt->name, .name = args[0], .add = !opt->off};

	return plan_add_cap(p->plan, &change, e);
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
