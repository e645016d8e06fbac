/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "sbx/box.h"
#include "sbx/cleanup.h"
#include "sbx/io.h"
#include "sbx/opt.h"

#define PROGRAM "sbx"

/* Exit statuses of our own, as docker(1), env(1) and timeout(1) have them. */
enum exit_status {
	EXIT_SETUP = 125,          /* the sandbox could not be set up */
	EXIT_NOT_EXECUTABLE = 126, /* the command could not be executed */
	EXIT_NOT_FOUND = 127,      /* the command was not found */
	EXIT_SIGNAL = 128,         /* plus the signal that ended the command */
};

/*
 * Print a line on standard error.  It may quote a link or a file that somebody else
 * wrote: control characters, which a terminal would obey, become question marks.
 */
static void print_line(const char *prefix, const char *text)
{
	char line[sizeof(((struct err *)0)->msg)];

	(void)snprintf(line, sizeof(line), "%s", text);
	for (char *c = line; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	(void)fprintf(stderr, "%s%s\n", prefix, line);
}

static int report_error(const struct err *e)
{
	print_line(PROGRAM ": ", e->msg);
	if (e->hint[0] != '\0')
		print_line("hint: ", e->hint);
	if (e->stage != ERR_EXEC)
		return EXIT_SETUP;
	return e->code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* Print what --help or --version ask for. */
static int print_about(const struct plan *plan, const char *argv0)
{
	autofree char *help = plan->want_help ? opt_help(argv0) : NULL;

	if (!plan->want_help)
		(void)printf(PROGRAM " " SBX_VERSION "\n");
	else if (help != NULL)
		(void)fputs(help, stdout);
	if (fflush(stdout) == 0 && (!plan->want_help || help != NULL))
		return EXIT_SUCCESS;
	(void)fprintf(stderr, PROGRAM ": cannot write to standard output\n");
	return EXIT_SETUP;
}

static void warn_of_repeated(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_repeated; i++)
		(void)fprintf(stderr, PROGRAM ": Only the last --%s option will take effect\n",
			      plan->repeated[i]);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	static const struct opt_reader reader = {.read = io_read_args};
	const char *const *args = (const char *const *)argv + (argc > 0);
	autoplan struct plan plan = {0};
	struct err e = {0};
	int status = 0;
	int r = opt_parse(&plan, args, &reader, &e);

	if (r == 0 && (plan.want_help || plan.want_version))
		return print_about(&plan, argc > 0 ? argv[0] : PROGRAM);
	warn_of_repeated(&plan);
	if (r == 0)
		r = box_run(&plan, &status, &e);
	return r < 0 ? report_error(&e) : exit_status(status);
}
