/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>

#include "sbx/io.h"
#include "sbx/sys.h"

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

static int read_program(const struct seccomp_source *source, struct seccomp_program *ret,
			struct err *e)
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
	if (len == 0 || len % size != 0)
		return err_set(e, EINVAL,
			       "descriptor %d holds %zu bytes, which is no seccomp program: "
			       "instructions have %zu bytes each",
			       source->fd, len, size);
	return 0;
}

int seccomp_read(const struct plan *plan, struct seccomp *ret, struct err *e)
{
	if (plan->n_seccomp == 0)
		return 0;
	ret->programs = calloc(plan->n_seccomp, sizeof(*ret->programs));
	if (ret->programs == NULL)
		return err_sys(e, -ENOMEM, "cannot read the seccomp programs");
	while (ret->n < plan->n_seccomp) {
		const struct seccomp_source *source = &plan->seccomp[ret->n++];

		if (read_program(source, &ret->programs[ret->n - 1], e) < 0)
			return err_add(e, "--%s", source->option);
	}
	return 0;
}

int seccomp_apply(const struct seccomp *seccomp, struct err *e)
{
	for (size_t i = 0; i < seccomp->n; i++) {
		int r = sys_seccomp_filter(&seccomp->programs[i].code);

		if (r == 0)
			continue;
		(void)err_sys(e, r, "--%s: cannot apply the seccomp program",
			      seccomp->programs[i].option);
		if (r == -EINVAL)
			return err_hint(e, "the kernel finds the program invalid, or was built "
					   "without CONFIG_SECCOMP_FILTER");
		return r;
	}
	return 0;
}
