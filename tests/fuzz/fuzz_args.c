/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "plan/opt.h"

/* The command line: what else is on it may matter to what --args brings. */
static const char *const argv[] = {
	"--unshare-all", "--perms", "700", "--args", "3", "--dir", "/last", "sh", NULL,
};

static struct {
	const uint8_t *data;
	size_t size;
} input;

static int read_input(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	char *text = malloc(input.size + 1);

	if (fd != 3 || max != OPT_MAX_TEXT)
		abort();
	if (text == NULL)
		return err_sys(e, -ENOMEM, "cannot read descriptor %d", fd);
	if (input.size > 0)
		memcpy(text, input.data, input.size);
	text[input.size] = '\0';
	*ret = text;
	*len = input.size;
	return 0;
}

/* The input is what can be read from an --args descriptor. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct opt_reader reader = {.read = read_input};
	autoplan struct plan plan = {0};
	struct err e = {0};
	int r;

	input.data = data;
	input.size = size;
	r = opt_parse(&plan, argv, &reader, &e);
	check_outcome(r, &e, &plan);
	if (r == 0 && !plan.general.want_help && !plan.general.want_version &&
	    (plan.command != &argv[7] || plan.files.n_ops == 0))
		abort();
	return 0;
}
