/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * If fs.protected_symlinks is set, the kernel keeps a process from following another user's link in
 * a sticky directory such as /tmp.  Links that sbx reads itself do not get that far, so the same
 * rule is applied here.
 *
 * In a user namespace every ID that is not mapped is shown as the overflow ID.  Two files that show
 * it may belong to different users, and the caller may have that ID, too.  So it is never taken as
 * equal to another ID, with one exception.  Setting the access time of a link to its present value
 * takes its owner, or CAP_FOWNER, which only applies to an owner that is mapped.
 *
 * Where root is not mapped, links of root cannot be recognised.  If only the owner of the directory
 * can write to it, no other user can have created the link.
 */
#include "mounts/link.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "sys/sys.h"

#define OVERFLOW_UID 65534U
#define OTHERS_MAY_WRITE (S_IWGRP | S_IWOTH)
#define WANTED (STATX_TYPE | STATX_MODE | STATX_UID | STATX_ATIME)

/* A link and its directory. */
struct found_link {
	int dir;
	int link;
	struct statx dir_st;
	struct statx link_st;
};

/* Whether the link certainly belongs to this process's user. */
static bool is_own(const struct found_link *found)
{
	if (found->link_st.stx_uid != sys_geteuid())
		return false;
	return found->link_st.stx_uid != OVERFLOW_UID ||
	       sys_set_atime(found->link, &found->link_st.stx_atime) == 0;
}

/* Whether the kernel's rule for sticky directories forbids following the link. */
static bool is_forbidden(const struct found_link *found)
{
	const unsigned shared = S_ISVTX | S_IWOTH;

	if ((found->dir_st.stx_mode & shared) != shared)
		return false;
	if (found->link_st.stx_uid != OVERFLOW_UID &&
	    found->link_st.stx_uid == found->dir_st.stx_uid)
		return false;
	return !is_own(found);
}

/* Whether the link may be root's, and can only belong to the owner of the directory. */
static bool is_perhaps_roots(const struct found_link *found, enum link_rule rule)
{
	return rule == LINK_TRUSTED && found->link_st.stx_uid == OVERFLOW_UID &&
	       (found->dir_st.stx_mode & OTHERS_MAY_WRITE) == 0;
}

/* Whether the link is on a read-only mount.  Returns 1, 0 or -errno. */
static int is_read_only(const struct found_link *found)
{
	struct statfs fs = {0};
	int r = sys_fstatfs(found->dir, &fs);

	return r < 0 ? r : (fs.f_flags & ST_RDONLY) != 0;
}

/* Whether the link may be followed wherever it is writable.  Returns that or -errno. */
static int is_trusted(const struct found_link *found, enum link_rule rule)
{
	if (found->link_st.stx_uid == 0 || is_perhaps_roots(found, rule) || is_own(found))
		return true;
	return is_read_only(found);
}

int link_judge(int dir, int link, enum link_rule rule)
{
	struct found_link found = {.dir = dir, .link = link};
	int r;

	if (rule == LINK_NONE || rule == LINK_ANY)
		return rule == LINK_NONE ? LINK_REFUSED : LINK_FOLLOWED;
	r = sys_statx(link, WANTED, &found.link_st);
	if (r == 0)
		r = sys_statx(dir, WANTED, &found.dir_st);
	if (r < 0)
		return r;
	if (is_forbidden(&found))
		return LINK_IN_STICKY;
	r = rule == LINK_STICKY ? true : is_trusted(&found, rule);
	if (r < 0)
		return r;
	return r > 0 ? LINK_FOLLOWED : LINK_OF_OTHERS;
}

int link_explain(enum link_verdict verdict, const char *link, const char *path, struct err *e)
{
	if (verdict == LINK_REFUSED) {
		(void)err_set(e, ELOOP,
			      "cannot use %s: %s is a symbolic link, which --no-symlinks "
			      "forbids",
			      path, link);
		return err_hint(e, "give the path that the link leads to, or the option before "
				   "--no-symlinks");
	}
	if (verdict == LINK_IN_STICKY)
		(void)err_sys(e, -EACCES,
			      "cannot use %s: the symbolic link %s is another user's, in a sticky "
			      "directory that all may write to",
			      path, link);
	else
		(void)err_sys(e, -EACCES,
			      "cannot use %s: the symbolic link %s belongs neither to the caller "
			      "nor to root",
			      path, link);
	return err_hint(e, "another user decides where it leads: give the path without links");
}
