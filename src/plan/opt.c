/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The parser reads a command line word by word.  Each word that starts with "-" is an
 * option of opt_table and takes as many words as its row says.  "--" ends the options;
 * the first other word starts the command.  --args recurses into the words of a
 * descriptor, in place, so that the order is kept across both.
 *
 * The modifiers --perms, --size and --overlay-src apply to the next option only.  They are
 * pending in struct parse until then; an option that does not take them is an error, so
 * that no modifier is ignored.
 */
#include "plan/opt.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/times.h"

/* The messages about modifiers that no option takes. */
static const struct {
	enum modifier modifier;
	const char *msg;
} unused[] = {
	{.modifier = MODIFIER_PERMS,
	 .msg = "--perms must be followed by an option that creates a file"},
	{.modifier = MODIFIER_SIZE, .msg = "--size must be followed by --tmpfs"},
	{.modifier = MODIFIER_LAYERS,
	 .msg = "--overlay-src must be followed by another one or by --overlay, --tmp-overlay or "
		"--ro-overlay"},
};

/* Bubblewrap's words for the arguments of an option, by their number. */
static const char *const takes[OPT_MAX_ARGS + 1] = {NULL, "an argument", "two arguments",
						    "three arguments"};

/* The options that take "one argument" in bubblewrap's words. */
static const char *const takes_one[] = {"argv0", "chdir", "remount-ro"};

int opt_arity(const struct opt *opt)
{
	int n = 0;

	while (n < OPT_MAX_ARGS && opt->args[n] != ARG_NONE)
		n++;
	return n;
}

static const struct opt *find(const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	for (size_t i = 0; i < opt_count; i++)
		if (strcmp(opt_table[i].name, word + 2) == 0)
			return &opt_table[i];
	return NULL;
}

/* Check that no modifier is pending but those in @taken. */
static int check_modifiers(const struct parse *p, unsigned taken, struct err *e)
{
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (p->pending & ~taken & unused[i].modifier)
			return err_set(e, EINVAL, "%s", unused[i].msg);
	return 0;
}

/* Check that there is a word for each argument of @opt. */
static int check_arguments(const struct opt *opt, const char *const *words, struct err *e)
{
	int arity = opt_arity(opt);
	const char *bwrap = takes[arity];

	for (int i = 0; i < arity; i++) {
		if (words[i] != NULL)
			continue;
		for (size_t k = 0; k < sizeof(takes_one) / sizeof(takes_one[0]); k++)
			if (strcmp(opt->name, takes_one[k]) == 0)
				bwrap = "one argument";
		(void)err_set(e, EINVAL, "missing %s", arg_classes[opt->args[i]].metavar);
		(void)err_bwrap(e, "--%s takes %s", opt->name, bwrap);
		return err_option(e, opt->name);
	}
	return 0;
}

/* Take the option *@argv and its arguments, and move *@argv behind them. */
static int take_option(struct parse *p, const char *const **argv, struct err *e)
{
	const char *word = *(*argv)++;
	const struct opt *opt = find(word);
	int r;

	if (opt == NULL) {
		(void)err_set(e, EINVAL, "unknown option %s", word);
		return err_bwrap(e, "Unknown option %s", word);
	}
	r = check_arguments(opt, *argv, e);
	if (r == 0 && !opt->transparent)
		r = check_modifiers(p, opt->modifiers, e);
	if (r < 0)
		return r;
	r = opt->take(p, opt, *argv, e);
	if (r < 0)
		return err_option(e, opt->name);
	*argv += opt_arity(opt);
	return 0;
}

/*
 * Take options up to the first other word, the end, or the word after "--", and
 * leave *@argv there.
 */
static int take_options(struct parse *p, const char *const **argv, struct err *e)
{
	while (**argv != NULL && ***argv == '-') {
		int r;

		if (strcmp(**argv, "--") == 0) {
			(*argv)++;
			break;
		}
		r = take_option(p, argv, e);
		if (r < 0)
			return r;
		if (p->plan->general.want_help || p->plan->general.want_version)
			return 0;
	}
	return check_modifiers(p, 0, e);
}

int opt_parse(struct plan *plan, const char *const *argv, const struct opt_reader *reader,
	      struct err *e)
{
	struct parse p = {.plan = plan, .reader = reader, .text_left = OPT_MAX_TEXT};
	int r;

	plan->processes.teardown_ms = USUAL_TEARDOWN_MS;
	r = take_options(&p, &argv, e);
	if (r < 0)
		return r;
	if (*argv != NULL)
		plan->command = argv;
	return plan_check(plan, e);
}

/*
 * The words in @len bytes of @text, which ends with a NUL byte, as an argv.  The
 * plan owns it.  Returns NULL with @e set when memory ran out.
 */
static const char *const *split(struct plan *plan, const char *text, size_t len, struct err *e)
{
	autofree const char **words = NULL;
	const char **ret;
	size_t n = 0;

	for (size_t i = 0; i < len; i += strlen(text + i) + 1)
		n++;
	words = calloc(n + 1, sizeof(*words));
	if (words == NULL) {
		(void)err_set(e, ENOMEM, "out of memory");
		return NULL;
	}
	n = 0;
	for (size_t i = 0; i < len; i += strlen(text + i) + 1)
		words[n++] = text + i;
	ret = words;
	return plan_add_text(plan, ptr_take(&words), e) == 0 ? ret : NULL;
}

/* Check that nothing is left in an --args descriptor: it cannot give the command. */
static int check_end(const char *const *words, struct err *e)
{
	for (; *words != NULL; words++)
		if (**words != '\0')
			return err_set(e, EINVAL,
				       "%s is not an option: COMMAND has to be on the command line",
				       *words);
	return 0;
}

int opt_parse_text(struct parse *p, char *text, size_t len, struct err *e)
{
	const char *const *words;
	int r = plan_add_text(p->plan, text, e);

	if (r < 0)
		return r;
	words = split(p->plan, text, len, e);
	if (words == NULL)
		return -e->code;
	p->in_args = true;
	r = take_options(p, &words, e);
	p->in_args = false;
	if (r == 0 && !p->plan->general.want_help && !p->plan->general.want_version)
		r = check_end(words, e);
	return r;
}
