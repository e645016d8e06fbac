/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* Symbolic links in a path that another user may have created: which of them are followed. */

/* Which links are followed; each rule but the last includes the one before. */
enum link_rule {
	/* As the kernel does with fs.protected_symlinks, whatever that is set to. */
	LINK_STICKY,
	/*
	 * Where others can write, only links of the caller and of root.  An owner that is not
	 * mapped into this user namespace may be root.
	 */
	LINK_TRUSTED,
	/* As LINK_TRUSTED, but an owner that is not mapped is not root. */
	LINK_TRUSTED_MAPPED,
	LINK_NONE,
	/*
	 * All but a procfs's links to open files; for paths at which nothing is created or mounted.
	 */
	LINK_ANY,
};

/* Why a link is not followed. */
enum link_verdict {
	LINK_FOLLOWED,
	LINK_IN_STICKY, /* another user's, in a sticky directory that others may write to */
	LINK_OF_OTHERS, /* neither the caller's nor root's */
	LINK_REFUSED,   /* the rule is LINK_NONE */
};

/*
 * Judge @link, an O_PATH descriptor of a link in the directory @dir, by @rule.  Returns an enum
 * link_verdict or -errno.
 */
int link_judge(int dir, int link, enum link_rule rule) must_check;

/*
 * Set @e: the link @link on the way to @path is not followed.  Returns -errno: -ELOOP for
 * LINK_REFUSED, else -EACCES.
 */
int link_explain(enum link_verdict verdict, const char *link, const char *path, struct err *e);
