/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Symbolic links that another user may have put into a path: which of them are followed.
 */

/* Which links are followed; each rule but the last includes the one before. */
enum link_rule {
	/* As the kernel does it with fs.protected_symlinks, whatever that is set to. */
	LINK_STICKY,
	/*
	 * Where others can write, only links of the caller and of root.  An owner that is not
	 * mapped into this user namespace may be root.
	 */
	LINK_TRUSTED,
	/* The same; an owner that is not mapped is not root. */
	LINK_TRUSTED_MAPPED,
	LINK_NONE,
	/* Where nothing is made or mounted: all, but for those of a procfs to what is open. */
	LINK_ANY,
};

/* Why a link is not followed. */
enum link_verdict {
	LINK_FOLLOWED,
	LINK_IN_STICKY, /* another user's, in a sticky directory that others may write to */
	LINK_OF_OTHERS, /* it belongs neither to the caller nor to root */
	LINK_REFUSED,   /* so is every link */
};

/*
 * Whether @link, an O_PATH descriptor of a link in the directory @dir, is followed under @rule.
 * Returns an enum link_verdict or -errno.
 */
int link_judge(int dir, int link, enum link_rule rule) must_check;

/*
 * Word that the link at @link, which is on the way to @path, is not followed.  Returns -errno:
 * -ELOOP for LINK_REFUSED, else -EACCES.
 */
int link_explain(enum link_verdict verdict, const char *link, const char *path, struct err *e);
