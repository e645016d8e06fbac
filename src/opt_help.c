/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sbx/cleanup.h"
#include "sbx/opt.h"

#define HELP_COLUMN 34 /* where the explanations start */
#define LINE_BYTES 160 /* more than any line needs */
#define EXTRA_LINES 8  /* the usage and what surrounds it */

/* Text that is being put together. */
struct text {
	char *start;
	size_t used;
	size_t size;
};

printf_like(2, 3) static void put(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->start + text->used, text->size - text->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		text->used += (size_t)n;
	if (text->used >= text->size)
		text->used = text->size - 1;
}

static void put_option(struct text *text, const struct opt *opt)
{
	size_t start = text->used;
	size_t width;

	put(text, "  --%s", opt->name);
	for (int i = 0; i < opt_arity(opt); i++)
		put(text, " %s", arg_classes[opt->args[i]].metavar);
	width = text->used - start;
	if (width >= HELP_COLUMN) {
		put(text, "\n");
		width = 0;
	}
	put(text, "%*s%s\n", (int)(HELP_COLUMN - width), "", opt->help);
}

static void put_group(struct text *text, enum opt_group group)
{
	put(text, "\n%s:\n", opt_group_titles[group]);
	for (size_t i = 0; i < opt_count; i++)
		if (opt_table[i].group == group)
			put_option(text, &opt_table[i]);
}

char *opt_help(const char *argv0)
{
	size_t lines = opt_count + (size_t)2 * OPT_GROUPS + EXTRA_LINES;
	struct text text = {.size = strlen(argv0) + lines * LINE_BYTES};

	text.start = malloc(text.size);
	if (text.start == NULL)
		return NULL;
	put(&text, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n", argv0);
	put(&text, "Run COMMAND in a sandbox that has nothing but what the options give it.\n");
	for (unsigned group = 0; group < OPT_GROUPS; group++)
		put_group(&text, (enum opt_group)group);
	return text.start;
}
