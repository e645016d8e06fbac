/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/fs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "host/hint.h"
#include "sys/sys.h"

#define LOG_BYTES 256  /* of the kernel's explanation; the rest is cut */
#define LOG_PREFIX 2   /* "e " before it */
#define VALUE_BYTES 32 /* a 64-bit number in base 8 or 10 */

/* Describe a failure, with the kernel's message from @fs, if any.  Returns @ret. */
static int explain(int fs, const char *type, int ret, struct err *e)
{
	char log[LOG_BYTES];
	ssize_t n = fs < 0 ? fs : sys_read(fs, log, sizeof(log) - 1);
	const char *article = strchr("aeiou", type[0]) != NULL ? "an" : "a";

	if (n <= LOG_PREFIX)
		return err_sys(e, ret, "cannot create %s %s", article, type);
	log[n] = '\0';
	log[strcspn(log, "\n")] = '\0';
	return err_sys(e, ret, "cannot create %s %s: %s", article, type, log + LOG_PREFIX);
}

int fs_make(const char *type, const struct fs_param *params, unsigned attr, struct err *e)
{
	autoclose int fs = sys_fsopen(type);
	int r = fs < 0 ? fs : sys_fsconfig_string(fs, "source", type); /* shown by df(1) */

	for (; r == 0 && params->key != NULL; params++)
		r = params->value != NULL ? sys_fsconfig_string(fs, params->key, params->value)
					  : sys_fsconfig_flag(fs, params->key);
	if (r == 0)
		r = sys_fsconfig_create(fs);
	if (r == 0)
		r = sys_fsmount(fs, attr);
	if (r < 0) {
		(void)explain(fs, type, r, e);
		hint_filesystem(type, e);
	}
	return r;
}

int fs_tmpfs(mode_t mode, uint64_t size, const char *label, struct err *e)
{
	char mode_text[VALUE_BYTES];
	char size_text[VALUE_BYTES];
	struct fs_param params[4] = {{"mode", mode_text}};
	size_t n = 1;

	(void)snprintf(mode_text, sizeof(mode_text), "%o", mode);
	(void)snprintf(size_text, sizeof(size_text), "%" PRIu64, size);
	if (size != 0)
		params[n++] = (struct fs_param){.key = "size", .value = size_text};
	if (label != NULL)
		params[n] = (struct fs_param){.key = "context", .value = label};
	return fs_make("tmpfs", params, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
}
