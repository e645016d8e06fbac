/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolation/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "sys/io.h"
#include "sys/sys.h"

/* bubblewrap's message for a program that the kernel refuses. */
#define INVALID                                                                                    \
	"Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported "     \
	"EINVAL. (Hint: this requires a kernel configured with CONFIG_SECCOMP and "                \
	"CONFIG_SECCOMP_FILTER.)"

struct seccomp_program {
	const char *option;
	struct sock_fprog code;
};

void seccomp_done(struct seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->n; i++)
		free(seccomp->programs[i].code.filter);
	free(seccomp->programs);
	*seccomp = (struct seccomp){0};
}

/* When @source is read.  A plan has programs of one kind only. */
static enum seccomp_time time_of(const struct descriptor *source)
{
	return strcmp(source->option, "seccomp") == 0 ? SECCOMP_LATE : SECCOMP_EARLY;
}

static int read_program(const struct descriptor *source, struct seccomp_program *ret, struct err *e)
{
	const size_t size = sizeof(struct sock_filter);
	char *text = NULL;
	size_t len = 0;
	int r = io_read_all(source->fd, BPF_MAXINSNS * size, &text, &len);

	if (r == -E2BIG)
		return err_set(e, E2BIG, "descriptor %d holds more than %d instructions",
			       source->fd, BPF_MAXINSNS);
	if (r < 0)
		return err_sys(e, r, "cannot read descriptor %d", source->fd);
	ret->option = source->option;
	ret->code.filter = (struct sock_filter *)(void *)text;
	ret->code.len = (unsigned short)(len / size);
	if (len == 0 || len % size != 0) {
		(void)err_set(e, EINVAL,
			      "descriptor %d holds %zu bytes, which is no seccomp program: "
			      "instructions have %zu bytes each",
			      source->fd, len, size);
		return len == 0 ? err_bwrap(e, INVALID) : -EINVAL;
	}
	return 0;
}

int seccomp_read(const struct plan *plan, enum seccomp_time time, struct seccomp *ret,
		 struct err *e)
{
	if (plan->privileges.seccomp.n == 0 || time_of(&plan->privileges.seccomp.list[0]) != time)
		return 0;
	ret->programs = calloc(plan->privileges.seccomp.n, sizeof(*ret->programs));
	if (ret->programs == NULL)
		return err_sys(e, -ENOMEM, "cannot read the seccomp programs");
	while (ret->n < plan->privileges.seccomp.n) {
		const struct descriptor *source = &plan->privileges.seccomp.list[ret->n++];

		if (read_program(source, &ret->programs[ret->n - 1], e) < 0)
			return err_option(e, source->option);
	}
	return 0;
}

int seccomp_apply(const struct seccomp *seccomp, struct err *e)
{
	for (size_t i = 0; i < seccomp->n; i++) {
		int r = sys_seccomp_filter(&seccomp->programs[i].code);

		if (r == 0)
			continue;
		(void)err_sys(e, r, "cannot apply the seccomp program");
		if (r == -EINVAL) {
			(void)err_bwrap(e, INVALID);
			(void)err_hint(e, "the kernel finds the program invalid, or was built "
					  "without CONFIG_SECCOMP_FILTER");
		}
		return err_option(e, seccomp->programs[i].option);
	}
	return 0;
}
