/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "plan/opt.h"

/* No descriptor can be read. */
static int read_nothing(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	(void)max, (void)ret, (void)len;
	return err_sys(e, -EBADF, "cannot read descriptor %d", fd);
}

/* --help is the same for every command line, and starts with the name. */
static void check_help(const char *argv0)
{
	autofree char *help = opt_help(argv0);

	if (help == NULL || strstr(help, argv0) == NULL || strstr(help, "--help") == NULL)
		abort();
}

/* Parse the words in @text, of @size bytes and a NUL byte; @argv has room for them. */
static void parse(const char *text, size_t size, const char **argv)
{
	static const struct opt_reader reader = {.read = read_nothing};
	autoplan struct plan plan = {0};
	struct err e = {0};
	size_t n = 0;

	for (size_t i = 0; i < size; i += strlen(text + i) + 1)
		argv[n++] = text + i;
	check_outcome(opt_parse(&plan, argv, &reader, &e), &e, &plan);
	if (plan.general.want_help)
		check_help(text);
}

/* The input is a command line, its words ended by NUL bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char **argv = calloc(size + 1, sizeof(*argv));

	if (text != NULL && argv != NULL) {
		if (size > 0)
			memcpy(text, data, size);
		text[size] = '\0';
		parse(text, size, argv);
	}
	free(argv);
	free(text);
	return 0;
}
