/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "fake_sys.h"
#include "mounts/link.h"
#include "test.h"

enum { DIR = 4, LINK = 5 };
enum { ROOT = 0, ME = 1000, OTHER = 1001, OVERFLOW_UID = 65534 };

static struct statx dir_st;
static struct statx link_st;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(DIR, "dir");
	fake_sys_given(LINK, "link");
	return 0;
}

/* Judge, as @me, a link of @owner in a directory of @dir_owner and @mode. */
static int judge(enum link_rule rule, uid_t me, uid_t owner, uid_t dir_owner, mode_t mode)
{
	link_st = (struct statx){.stx_mode = S_IFLNK | 0777, .stx_uid = owner};
	dir_st = (struct statx){.stx_mode = (uint16_t)(S_IFDIR | mode), .stx_uid = dir_owner};
	fake_sys_always("geteuid", me);
	fake_sys_always_data("stat link", 0, &link_st, sizeof(link_st));
	fake_sys_always_data("stat dir", 0, &dir_st, sizeof(dir_st));
	return link_judge(DIR, LINK, rule);
}

TEST(refuses_or_follows_every_link_if_told_so)
{
	assert_int_equal(judge(LINK_NONE, ME, ME, ME, 0700), LINK_REFUSED);
	assert_int_equal(judge(LINK_ANY, ME, OTHER, ROOT, 01777), LINK_FOLLOWED);
	assert_string_equal(fake_sys_trace(), "");
}

/* What each rule says; a link that is not on a read-only mount. */
static const struct {
	uid_t me, owner, dir_owner;
	mode_t mode;
	enum link_verdict sticky, trusted, trusted_mapped;
} cases[] = {
	/* one's own */
	{ME, ME, ROOT, 01777, LINK_FOLLOWED, LINK_FOLLOWED, LINK_FOLLOWED},
	{ME, ME, ME, 0777, LINK_FOLLOWED, LINK_FOLLOWED, LINK_FOLLOWED},
	{ROOT, ROOT, ROOT, 01777, LINK_FOLLOWED, LINK_FOLLOWED, LINK_FOLLOWED},
	/* another user's in a sticky directory: only if it is that user's, for the kernel */
	{ROOT, OTHER, ROOT, 01777, LINK_IN_STICKY, LINK_IN_STICKY, LINK_IN_STICKY},
	{ROOT, OTHER, OTHER, 01777, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ROOT, OTHER, ROOT, 01775, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ROOT, OTHER, ROOT, 00777, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ME, ROOT, OTHER, 01777, LINK_IN_STICKY, LINK_IN_STICKY, LINK_IN_STICKY},
	{ME, ROOT, ROOT, 01777, LINK_FOLLOWED, LINK_FOLLOWED, LINK_FOLLOWED},
	/* another user's, and root's, in other directories */
	{ROOT, OTHER, OTHER, 0700, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ME, OTHER, ME, 0700, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ME, ROOT, OTHER, 0777, LINK_FOLLOWED, LINK_FOLLOWED, LINK_FOLLOWED},
	/* owners that are not mapped are never the same; and may be root, if only the owner writes
	 */
	{ME, OVERFLOW_UID, OVERFLOW_UID, 01777, LINK_IN_STICKY, LINK_IN_STICKY, LINK_IN_STICKY},
	{ME, OVERFLOW_UID, OVERFLOW_UID, 0755, LINK_FOLLOWED, LINK_FOLLOWED, LINK_OF_OTHERS},
	{ME, OVERFLOW_UID, OVERFLOW_UID, 0775, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ME, OVERFLOW_UID, ME, 0757, LINK_FOLLOWED, LINK_OF_OTHERS, LINK_OF_OTHERS},
	{ME, OVERFLOW_UID, ME, 0755, LINK_FOLLOWED, LINK_FOLLOWED, LINK_OF_OTHERS},
};

TEST(judges_by_the_owners_and_the_mode)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)set_up(NULL);
		assert_int_equal(judge(LINK_STICKY, cases[i].me, cases[i].owner, cases[i].dir_owner,
				       cases[i].mode),
				 cases[i].sticky);
		(void)set_up(NULL);
		assert_int_equal(judge(LINK_TRUSTED, cases[i].me, cases[i].owner,
				       cases[i].dir_owner, cases[i].mode),
				 cases[i].trusted);
		(void)set_up(NULL);
		assert_int_equal(judge(LINK_TRUSTED_MAPPED, cases[i].me, cases[i].owner,
				       cases[i].dir_owner, cases[i].mode),
				 cases[i].trusted_mapped);
		assert_null(strstr(fake_sys_trace(), "set_atime"));
	}
}

TEST(takes_the_overflow_id_for_its_own_only_if_the_kernel_says_so)
{
	assert_int_equal(judge(LINK_STICKY, OVERFLOW_UID, OVERFLOW_UID, OVERFLOW_UID, 01777),
			 LINK_FOLLOWED);
	assert_string_equal(fake_sys_trace(), "stat dir\nstat link\ngeteuid\nset_atime link 0\n");
	(void)set_up(NULL);
	fake_sys_always("set_atime*", -EPERM);
	assert_int_equal(judge(LINK_STICKY, OVERFLOW_UID, OVERFLOW_UID, OVERFLOW_UID, 01777),
			 LINK_IN_STICKY);
	(void)set_up(NULL);
	assert_int_equal(judge(LINK_TRUSTED, OVERFLOW_UID, OVERFLOW_UID, OVERFLOW_UID, 0777),
			 LINK_FOLLOWED);
	(void)set_up(NULL);
	fake_sys_always("set_atime*", -EROFS);
	assert_int_equal(judge(LINK_TRUSTED, OVERFLOW_UID, OVERFLOW_UID, OVERFLOW_UID, 0777),
			 LINK_OF_OTHERS);
}

TEST(trusts_what_cannot_be_written_to)
{
	const struct statfs fs = {.f_flags = ST_RDONLY};

	fake_sys_always_data("statfs dir", 0, &fs, sizeof(fs));
	assert_int_equal(judge(LINK_TRUSTED, ROOT, OTHER, OTHER, 0700), LINK_FOLLOWED);
	(void)set_up(NULL);
	fake_sys_always_data("statfs dir", 0, &fs, sizeof(fs));
	assert_int_equal(judge(LINK_TRUSTED, ROOT, OTHER, ROOT, 01777), LINK_IN_STICKY);
}

TEST(reports_every_call_that_fails)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		r = judge(LINK_TRUSTED, ROOT, OTHER, OTHER, 0700);
		if (r >= 0)
			break;
		assert_int_equal(r, -EIO);
	}
	assert_int_equal(nth, 4);
}

TEST(says_why_a_link_is_not_followed)
{
	struct err e = {0};

	assert_int_equal(link_explain(LINK_REFUSED, "/a", "/a/b", &e), -ELOOP);
	assert_string_equal(e.msg, "cannot use /a/b: /a is a symbolic link, which --no-symlinks "
				   "forbids");
	assert_contains(e.hint, "before --no-symlinks");
	assert_int_equal(link_explain(LINK_IN_STICKY, "/a", "/a/b", &e), -EACCES);
	assert_contains(e.msg, "/a is another user's, in a sticky directory");
	assert_int_equal(link_explain(LINK_OF_OTHERS, "/a", "/a/b", &e), -EACCES);
	assert_contains(e.msg, "/a belongs neither to the caller nor to root: Permission denied");
	assert_contains(e.hint, "without links");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(refuses_or_follows_every_link_if_told_so, set_up),
		cmocka_unit_test_setup(judges_by_the_owners_and_the_mode, set_up),
		cmocka_unit_test_setup(takes_the_overflow_id_for_its_own_only_if_the_kernel_says_so,
				       set_up),
		cmocka_unit_test_setup(trusts_what_cannot_be_written_to, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
		cmocka_unit_test_setup(says_why_a_link_is_not_followed, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
