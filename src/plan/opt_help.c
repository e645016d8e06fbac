/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/opt.h"

#define HELP_COLUMN 34 /* where the explanations start */

static void put_option(struct text *text, const struct opt *opt)
{
	size_t start = text->used;
	size_t width;

	text_put(text, "  --%s", opt->name);
	for (int i = 0; i < opt_arity(opt); i++)
		text_put(text, " %s", arg_classes[opt->args[i]].metavar);
	width = text->used - start;
	if (width >= HELP_COLUMN) {
		text_put(text, "\n");
		width = 0;
	}
	text_put(text, "%*s%s\n", (int)(HELP_COLUMN - width), "", opt->help);
}

static void put_group(struct text *text, enum opt_group group)
{
	text_put(text, "\n%s:\n", opt_group_titles[group]);
	for (size_t i = 0; i < opt_count; i++)
		if (opt_table[i].group == group)
			put_option(text, &opt_table[i]);
}

char *opt_help(const char *argv0)
{
	autotext struct text text = {0};

	text_put(&text, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n", argv0);
	text_put(&text,
		 "Run COMMAND in a sandbox that has nothing but what the options give it.\n");
	for (unsigned group = 0; group < OPT_GROUPS; group++)
		put_group(&text, (enum opt_group)group);
	return text.failed ? NULL : ptr_take(&text.start);
}
