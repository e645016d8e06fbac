/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gen-docs - print what is derived from the option table.
 *
 * Not installed.  "gen-docs bash|zsh|fish|man" writes to standard output; the
 * tests compare it with the files in completions/ and the headings in man/.
 */
#include <stdio.h>
#include <string.h>

#include "plan/opt.h"

#define GENERATED                                                                                  \
	"# SPDX-License-Identifier: LGPL-2.1-or-later\n"                                           \
	"# Generated from the option table: meson compile -C build update-docs\n"

/* The "case" branch of options whose argument number @n is of the kind @arg. */
static void print_bash_case(unsigned n, enum arg arg)
{
	const char *separator = "\t\t";

	for (size_t i = 0; i < opt_count; i++) {
		if (opt_table[i].args[n] != arg)
			continue;
		(void)printf("%s--%s", separator, opt_table[i].name);
		separator = " | ";
	}
	if (strcmp(separator, "\t\t") != 0)
		(void)printf(")\n\t\t\twords=$(compgen %s -- \"$cur\")\n\t\t\t;;\n",
			     arg_classes[arg].bash);
}

/* The function _sbx_argN: complete the argument number @n of the option $1. */
static void print_bash_argument(unsigned n)
{
	(void)printf("_sbx_arg%u()\n{\n\tlocal words=\n\tcase $1 in\n", n);
	for (unsigned arg = ARG_NONE + 1; arg < ARG_KINDS; arg++)
		if (arg_classes[arg].bash != NULL)
			print_bash_case(n, (enum arg)arg);
	(void)printf("\tesac\n\t[ -z \"$words\" ] || mapfile -t COMPREPLY <<<\"$words\"\n}\n\n");
}

static void print_bash(void)
{
	(void)printf("# shellcheck shell=bash\n" GENERATED "\n");
	for (unsigned n = 0; n < OPT_MAX_ARGS; n++)
		print_bash_argument(n);
	(void)printf("# How many arguments the option $1 takes; fails if it is none.\n"
		     "_sbx_arity()\n{\n\tcase $1 in\n");
	for (size_t i = 0; i < opt_count; i++)
		(void)printf("\t\t--%s) echo %d ;;\n", opt_table[i].name, opt_arity(&opt_table[i]));
	(void)printf("\t\t*) return 1 ;;\n\tesac\n}\n\n"
		     "_sbx()\n{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} i=1 arity word\n"
		     "\tCOMPREPLY=()\n"
		     "\twhile [ \"$i\" -lt \"$COMP_CWORD\" ]; do\n"
		     "\t\tword=${COMP_WORDS[i]}\n"
		     "\t\tif [ \"$word\" = -- ]; then\n"
		     "\t\t\ti=$((i + 1))\n\t\t\tbreak\n\t\tfi\n"
		     "\t\tarity=$(_sbx_arity \"$word\") || break\n"
		     "\t\tif [ $((i + arity)) -ge \"$COMP_CWORD\" ]; then\n"
		     "\t\t\t\"_sbx_arg$((COMP_CWORD - i - 1))\" \"$word\"\n"
		     "\t\t\treturn\n\t\tfi\n"
		     "\t\ti=$((i + arity + 1))\n\tdone\n"
		     "\tif [ \"$i\" -lt \"$COMP_CWORD\" ]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		     "\telif [[ $cur == -* && ${COMP_WORDS[COMP_CWORD - 1]} != -- ]]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (size_t i = 0; i < opt_count; i++)
		(void)printf("%s--%s", i ? " " : "", opt_table[i].name);
	(void)printf("' -- \"$cur\")\n\telse\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n\tfi\n}\n\n"
		     "complete -o filenames -F _sbx sbx\n");
}

/* Print @text in a zsh option, with a "\" before each character of @special. */
static void print_zsh_text(const char *text, const char *special)
{
	for (; *text != '\0'; text++)
		(void)printf("%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
}

static void print_zsh(void)
{
	(void)printf("#compdef sbx\n" GENERATED "\n_arguments -S \\\n");
	for (size_t i = 0; i < opt_count; i++) {
		const struct opt *opt = &opt_table[i];

		(void)printf("\t\"*--%s[", opt->name);
		print_zsh_text(opt->help, "[]'");
		(void)printf("]");
		for (int a = 0; a < opt_arity(opt); a++) {
			(void)printf(":");
			print_zsh_text(arg_classes[opt->args[a]].metavar, ":");
			(void)printf(":%s", arg_classes[opt->args[a]].zsh);
		}
		(void)printf("\" \\\n");
	}
	(void)printf("\t\"(-)1:command: _command_names -e\" \\\n\t\"*::arguments: _normal\"\n");
}

static void print_fish(void)
{
	(void)printf(GENERATED "\n");
	for (size_t i = 0; i < opt_count; i++) {
		const struct opt *opt = &opt_table[i];
		const char *complete = arg_classes[opt->args[0]].fish;

		(void)printf("complete -c sbx -l %s", opt->name);
		if (opt_arity(opt) > 0)
			(void)printf(complete == NULL ? " -r -F" : " -x");
		if (opt_arity(opt) > 0 && complete != NULL && *complete != '\0')
			(void)printf(" -a '(%s)'", complete);
		(void)printf(" -d '%s'\n", opt->help);
	}
}

/* The headings of the manual's section OPTIONS, one a line, in this order. */
static void print_man(void)
{
	for (size_t i = 0; i < opt_count; i++) {
		if (i == 0 || opt_table[i].group != opt_table[i - 1].group)
			(void)printf("## %s\n", opt_group_titles[opt_table[i].group]);
		(void)printf("*--%s*", opt_table[i].name);
		for (int a = 0; a < opt_arity(&opt_table[i]); a++)
			(void)printf(" _%s_", arg_classes[opt_table[i].args[a]].metavar);
		(void)printf("\n");
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} formats[] = {
	{"bash", print_bash},
	{"zsh", print_zsh},
	{"fish", print_fish},
	{"man", print_man},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(argv[1], formats[i].name) == 0) {
			formats[i].print();
			return 0;
		}
	}
	(void)fprintf(stderr, "usage: gen-docs bash|zsh|fish|man\n");
	return 2;
}
