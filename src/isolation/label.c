/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolation/label.h"

#include <errno.h>

#include "sys/library.h"
#include "sys/sys.h"

static const struct library selinux = {.soname = "libselinux.so.1", .package = "libselinux1"};

/* cppcheck-suppress unusedStructMember ; tools that read ELF files use them */
LIBRARY_NOTE(selinux_note,
	     "[{\"feature\":\"selinux\",\"description\":\"--exec-label and --file-label\","
	     "\"priority\":\"optional\",\"soname\":[\"libselinux.so.1\"]}]");

/* The functions needed of libselinux; see its man pages. */
struct functions {
	int (*is_selinux_enabled)(void);
	int (*setexeccon)(const char *label);
	int (*setfscreatecon)(const char *label);
};

static int open_selinux(struct functions *ret, struct err *e)
{
	const struct library_symbol symbols[] = {
		{.name = "is_selinux_enabled", .address = &ret->is_selinux_enabled},
		{.name = "setexeccon", .address = &ret->setexeccon},
		{.name = "setfscreatecon", .address = &ret->setfscreatecon},
	};
	int r = library_open(&selinux, symbols, sizeof(symbols) / sizeof(symbols[0]), e);

	if (r == 0 && ret->is_selinux_enabled() <= 0)
		r = err_set(e, ENOTSUP, "labeling not supported on this system");
	return r;
}

static int set(int (*setter)(const char *), const char *option, const char *label, struct err *e)
{
	if (label == NULL || setter(label) == 0)
		return 0;
	(void)err_sys(e, sys_last_error(), "cannot use the label %s", label);
	return err_option(e, option);
}

int label_apply(const struct plan *plan, struct err *e)
{
	struct functions functions;
	int r;

	if (plan->privileges.exec_label == NULL && plan->mounts.file_label == NULL)
		return 0;
	if (open_selinux(&functions, e) < 0) {
		(void)err_bwrap(e, "labeling not supported on this system");
		return err_option(e, plan->privileges.exec_label != NULL ? "exec-label"
									 : "file-label");
	}
	r = set(functions.setfscreatecon, "file-label", plan->mounts.file_label, e);
	return r < 0 ? r : set(functions.setexeccon, "exec-label", plan->privileges.exec_label, e);
}
