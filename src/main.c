/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_code.h"
#include "base/text.h"
#include "base/times.h"
#include "host/kernel.h"
#include "isolation/setuid.h"
#include "plan/opt.h"
#include "run/launch.h"
#include "run/program.h"
#include "run/status.h"
#include "sys/io.h"
#include "sys/sys.h"

#define BWRAP_VERSION "0.11.1" /* whose command line is understood */
#define WARNING_BYTES 80       /* more than any warning has */

/* Exit statuses of our own, as docker(1), env(1) and timeout(1) have them. */
enum exit_status {
	EXIT_UNPROTECTED = 123,    /* a protected path was not protected any more */
	EXIT_SETUP = 125,          /* the sandbox could not be set up */
	EXIT_NOT_EXECUTABLE = 126, /* the command could not be executed */
	EXIT_NOT_FOUND = 127,      /* the command was not found */
};

/* Priorities of messages: see syslog(3) and sd-daemon(3). */
enum level {
	LEVEL_ERROR = 3,
	LEVEL_WARNING = 4,
	LEVEL_NOTICE = 5,
	LEVEL_INFO = 6,
};

/* Whether a program started as @argv0 is to be bubblewrap. */
static bool is_bwrap(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return strcmp(slash != NULL ? slash + 1 : argv0, "bwrap") == 0;
}

static const char *program(const struct plan *plan)
{
	return plan->as_bwrap ? "bwrap" : "sbx";
}

/*
 * Print a line on standard error.  It may quote a link or a file of another user.
 * Control characters and the like become question marks.
 */
static void print_line(const struct plan *plan, enum level level, const char *prefix,
		       const char *text)
{
	char line[sizeof(((struct err *)0)->msg)];

	(void)snprintf(line, sizeof(line), "%s", text);
	text_make_printable(line);
	if (plan->general.level_prefix)
		(void)fprintf(stderr, "<%d>", (int)level);
	(void)fprintf(stderr, "%s: %s\n", prefix, line);
}

/* Whether a line can be printed within @ms. */
static bool has_room(int ms)
{
	return io_has_room(STDERR_FILENO, ms);
}

/* Report the failure to the reader of --json-status-fd. */
static void tell_failure(const struct plan *plan, const struct err *e)
{
	if (plan_fd(plan, FD_STATUS) < 0)
		return;
	(void)sys_signal_ignore(SIGPIPE);
	(void)sys_signal_ignore(SIGXFSZ);
	status_failed(plan_fd(plan, FD_STATUS), e);
}

/* Print the error and its hint.  Returns the exit status. */
static int report_error(const struct plan *plan, const struct err *e)
{
	bool has_bwrap = plan->as_bwrap && e->bwrap[0] != '\0';

	if (has_room(READER_MS))
		print_line(plan, LEVEL_ERROR, program(plan), has_bwrap ? e->bwrap : e->msg);
	if (e->hint[0] != '\0' && has_room(0))
		print_line(plan, LEVEL_NOTICE, "hint", e->hint);
	if (!plan->as_bwrap)
		tell_failure(plan, e);
	if (plan->as_bwrap)
		return EXIT_FAILURE;
	if (e->stage == ERR_GUARD)
		return EXIT_UNPROTECTED;
	if (e->stage != ERR_EXEC)
		return EXIT_SETUP;
	return e->code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* Print the help.  Returns 0, or -1 if that is not possible. */
static int print_help(FILE *to, const char *argv0)
{
	autofree char *help = opt_help(argv0);

	return help != NULL && fputs(help, to) >= 0 ? 0 : -1;
}

/* Print what --help or --version ask for.  Returns the exit status. */
static int print_about(const struct plan *plan, const char *argv0)
{
	int r = 0;

	if (plan->general.want_help)
		r = print_help(stdout, argv0);
	else if (plan->as_bwrap)
		(void)printf("bubblewrap " BWRAP_VERSION "\n");
	else
		(void)printf("sbx " SBX_VERSION "\n");
	if (fflush(stdout) == 0 && r == 0)
		return EXIT_SUCCESS;
	print_line(plan, LEVEL_ERROR, program(plan), "cannot write to standard output");
	return plan->as_bwrap ? EXIT_FAILURE : EXIT_SETUP;
}

static void warn_of_repeated(const struct plan *plan)
{
	for (size_t i = 0; i < plan->repeated.n && has_room(NOTE_READER_MS); i++) {
		char text[WARNING_BYTES];

		(void)snprintf(text, sizeof(text), "Only the last --%s option will take effect",
			       plan->repeated.list[i]);
		print_line(plan, LEVEL_WARNING, program(plan), text);
	}
}

/* Warn of a kernel that is known to do harm, or fail with --strict-kernel. */
static int check_kernel(const struct plan *plan, bool *bad, struct err *e)
{
	struct kernel_flaw flaw;
	int r = kernel_check(plan->general.strict_kernel, &flaw, e);

	*bad = r > 0;
	if (r > 0 && has_room(NOTE_READER_MS))
		print_line(plan, LEVEL_WARNING, program(plan), flaw.text);
	return r < 0 ? r : 0;
}

/* Warn of the processes that were left at the timeout. */
static void warn_of_stuck(const struct plan *plan, const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_stuck && has_room(NOTE_READER_MS); i++) {
		const struct stuck *stuck = &outcome->stuck[i];
		char text[sizeof(((struct err *)0)->msg)];

		stuck_describe(stuck, text, sizeof(text));
		print_line(plan, LEVEL_WARNING, program(plan), text);
		if (stuck->hint[0] != '\0' && has_room(0))
			print_line(plan, LEVEL_NOTICE, "hint", stuck->hint);
	}
	free(outcome->stuck);
}

/* Print a message of the set-up; @arg is the plan. */
static void tell(void *arg, bool is_warning, const char *text)
{
	const struct plan *plan = arg;

	if (!is_warning && !plan->general.verbose)
		return;
	if (has_room(NOTE_READER_MS))
		print_line(plan, is_warning ? LEVEL_WARNING : LEVEL_INFO, program(plan), text);
}

/*
 * Die of the terminal's signal that killed the command, so that the loop of a script ends as well.
 * Dump no core: the command may have left one.
 */
static void die_of_key(int status)
{
	(void)sys_prctl(PR_SET_DUMPABLE, 0);
	sys_die_of(WTERMSIG(status));
}

/*
 * Run the sandbox that @args ask for, unless there is an error @exposed.  Returns the exit
 * status.
 */
static int run(struct plan *plan, bool privileged, const char *argv0, const char *const *args,
	       const struct err *exposed)
{
	static const struct opt_reader reader = {.read = io_read_args};
	struct host host = {.privileged = privileged, .teller = {.tell = tell, .arg = plan}};
	struct outcome outcome = {0};
	struct err e = {0};
	int r = opt_parse(plan, args, &reader, &e);

	if (r == 0 && (plan->general.want_help || plan->general.want_version))
		return print_about(plan, argv0);
	warn_of_repeated(plan);
	if (r == 0 && exposed != NULL) {
		e = *exposed;
		r = -e.code;
	}
	if (r == 0)
		r = setuid_check(privileged, plan, &e);
	if (r == 0)
		r = check_kernel(plan, &host.bad_kernel, &e);
	if (r == 0)
		r = launch(plan, &host, &outcome, &e);
	warn_of_stuck(plan, &outcome);
	if (r == 0 && outcome.typed)
		die_of_key(outcome.status);
	if (r == 0)
		return exit_code_of(outcome.status);
	if (e.stage != ERR_USAGE || !plan->as_bwrap)
		return report_error(plan, &e);
	(void)print_help(stderr, argv0);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *const *args = (const char *const *)argv + (argc > 0);
	const char *argv0 = argc > 0 ? argv[0] : "sbx";
	autoplan struct plan plan = {.as_bwrap = is_bwrap(argv0)};
	struct err e = {0};
	bool privileged = false;

	if (setuid_begin(&privileged, &e) < 0)
		return report_error(&plan, &e);
	if (program_protect((const char *const *)argv, privileged, &e) < 0)
		return run(&plan, privileged, argv0, args, &e);
	return run(&plan, privileged, argv0, args, NULL);
}
