/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fake_sys.h"
#include "mounts/source.h"
#include "sys/sys.h"
#include "test.h"

enum { CWD = 4 };

static const struct roots roots = {.host = 3, .cwd = CWD, .stage = 5, .box = 6};
static const struct roots no_cwd = {.host = 3, .cwd = -EACCES, .stage = 5, .box = 6};

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(CWD, "cwd");
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* Clone @path, close it again, and return what it is called or what went wrong. */
static const char *clone_at(const struct roots *at, const char *path)
{
	static struct err e;
	static char name[256];
	int tree = source_clone(at, path, LINK_STICKY, &e);

	if (tree < 0) {
		assert_int_equal(e.code, -tree);
		assert_int_equal(fake_sys_open_fds(), 0);
		return e.msg;
	}
	memcpy(name, fake_sys_name(tree), strlen(fake_sys_name(tree)) + 1);
	(void)sys_close(tree);
	assert_int_equal(fake_sys_open_fds(), 0);
	return name;
}

TEST(copies_all_mounts_at_a_path)
{
	assert_string_equal(clone_at(&roots, "/usr"), "tree:/usr");
	assert_string_equal(clone_at(&roots, "src/x"), "tree:src/x");
	assert_string_equal(fake_sys_trace(), "open_tree cwd /usr clone recursive\n"
					      "open_tree cwd src/x clone recursive\n");
}

TEST(needs_the_working_directory_for_relative_paths_only)
{
	assert_string_equal(clone_at(&no_cwd, "/usr"), "tree:/usr");
	assert_string_equal(clone_at(&no_cwd, "src"),
			    "cannot open the working directory to find src: Permission denied");
}

TEST(says_what_is_missing_on_the_host)
{
	fake_sys_answer("open_tree*", -ENOENT);
	assert_string_equal(clone_at(&roots, "/nope"),
			    "cannot open /nope on the host: No such file or directory");
}

/* Ways to name the caller's descriptor 7, as it is. */
static const char *const through_fd[] = {"/proc/self/fd/7", "/dev/fd/7", "/dev/fd/7/sub"};

TEST(takes_a_descriptor_of_the_caller)
{
	for (size_t i = 0; i < LENGTH(through_fd); i++) {
		start();
		assert_starts_with(clone_at(&roots, through_fd[i]), "tree:/");
		assert_starts_with(fake_sys_trace(), "getfd 7\nopen_tree cwd /");
	}
}

TEST(gives_no_descriptor_of_its_own_away)
{
	static const int flags[] = {FD_CLOEXEC, -EBADF};

	for (size_t i = 0; i < LENGTH(flags); i++)
		for (size_t k = 0; k < LENGTH(through_fd); k++) {
			start();
			fake_sys_always("getfd 7", flags[i]);
			assert_contains(clone_at(&roots, through_fd[k]),
					": No such file or directory");
			assert_null(strstr(fake_sys_trace(), "open"));
		}
}

TEST(takes_no_other_path_for_a_descriptor)
{
	static const char *const others[] = {"/proc/self/fd",
					     "/proc/self/fd/",
					     "/dev/fd/x",
					     "/dev/fd/-7",
					     "dev/fd/7",
					     "/proc/self/fdinfo/7",
					     "/dev/fd/99999999999999999999"};

	for (size_t i = 0; i < LENGTH(others); i++) {
		start();
		assert_starts_with(clone_at(&roots, others[i]), "tree:");
		assert_null(strstr(fake_sys_trace(), "getfd"));
	}
}

/* What the descriptor 7 is open on is on a mount of another namespace. */
static void mount_is_elsewhere(const char *path)
{
	start();
	fake_sys_answer("open_tree cwd /dev/fd/7 clone recursive", -EINVAL);
	fake_sys_always_text("readlink /proc/self/fd/100", path);
}

TEST(finds_what_a_descriptor_is_open_on_by_its_path)
{
	static const struct statx same = {.stx_mode = S_IFDIR, .stx_ino = 5, .stx_mnt_id = 1};

	mount_is_elsewhere("/src");
	fake_sys_always_data("stat*", 0, &same, sizeof(same));
	assert_string_equal(clone_at(&roots, "/dev/fd/7"), "tree:/src");
	assert_string_equal(fake_sys_trace(), "getfd 7\n"
					      "open_tree cwd /dev/fd/7 clone recursive\n"
					      "open cwd /dev/fd/7 path\n"
					      "readlink /proc/self/fd/100\n"
					      "open_tree cwd /src clone recursive\n"
					      "stat cwd/dev/fd/7\n"
					      "stat tree:/src\n");
}

TEST(takes_nothing_else_that_has_the_path_by_now)
{
	static const struct statx here[] = {
		{.stx_ino = 6, .stx_dev_major = 1, .stx_dev_minor = 1},
		{.stx_ino = 5, .stx_dev_major = 2, .stx_dev_minor = 1},
		{.stx_ino = 5, .stx_dev_major = 1, .stx_dev_minor = 2},
	};
	static const struct statx there = {.stx_ino = 5, .stx_dev_major = 1, .stx_dev_minor = 1};

	for (size_t i = 0; i < LENGTH(here); i++) {
		mount_is_elsewhere("/src");
		fake_sys_always_data("stat cwd/dev/fd/7", 0, &there, sizeof(there));
		fake_sys_always_data("stat tree:/src", 0, &here[i], sizeof(here[i]));
		assert_string_equal(clone_at(&roots, "/dev/fd/7"),
				    "cannot open /dev/fd/7 on the host: Stale file handle");
	}
}

TEST(reports_every_call_that_fails_while_finding_it_again)
{
	for (unsigned nth = 3; nth <= 7; nth++) {
		mount_is_elsewhere("/src");
		fake_sys_fail_at(nth, EIO);
		assert_string_equal(clone_at(&roots, "/dev/fd/7"),
				    "cannot open /dev/fd/7 on the host: Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* --- Descriptors ---------------------------------------------------------- */

enum { OBJECT = 7 };

static const struct statx there = {.stx_mode = S_IFDIR, .stx_ino = 5, .stx_dev_major = 1};

/* The caller's descriptor 7 is open on what is at /src. */
static void start_with_object(void)
{
	start();
	fake_sys_given(OBJECT, "object");
	fake_sys_always_text("readlink /proc/self/fd/7", "/src");
	fake_sys_always_data("stat object", 0, &there, sizeof(there));
	fake_sys_always_data("stat tree:/src", 0, &there, sizeof(there));
}

/* --- Links ---------------------------------------------------------------- */

static const struct statx dir_st = {.stx_mode = S_IFDIR | 0755};
static const struct statx file_st = {.stx_mode = S_IFREG | 0644};

/* Clone @path with no link followed.  Returns as clone_at(). */
static const char *clone_plain(const struct roots *at, const char *path)
{
	static struct err e;
	static char name[256];
	int tree;

	fake_sys_given(3, "host");
	tree = source_clone(at, path, LINK_NONE, &e);
	if (tree >= 0)
		(void)snprintf(name, sizeof(name), "%s", fake_sys_name(tree));
	if (tree >= 0)
		(void)sys_close(tree);
	assert_int_equal(fake_sys_open_fds(), 0);
	return tree < 0 ? e.msg : name;
}

TEST(copies_without_following_a_link)
{
	assert_string_equal(clone_plain(&roots, "/usr/lib"), "tree:host/usr/lib");
	assert_string_equal(fake_sys_trace(), "open_in host /usr/lib path\n"
					      "open_tree host/usr/lib clone recursive itself\n");
	start();
	assert_string_equal(clone_plain(&roots, "src/x"), "tree:host/home/user/src/x");
	start();
	fake_sys_always("open_in*", -ENOSYS);
	assert_string_equal(clone_plain(&roots, "/usr"), "tree:host/usr");
	assert_contains(fake_sys_trace(), "readlink host usr\n");
}

TEST(names_the_link_that_it_does_not_follow)
{
	fake_sys_always("open_in*", -ELOOP);
	fake_sys_always_text("readlink host/home link", "/x");
	assert_string_equal(clone_plain(&roots, "/home/link/y"),
			    "cannot use /home/link/y: /home/link is a symbolic link, which "
			    "--no-symlinks forbids");
}

TEST(says_with_the_users_words_what_is_missing_without_links)
{
	fake_sys_always("open_in*", -ENOENT);
	assert_string_equal(clone_plain(&roots, "src"),
			    "cannot open src on the host: No such file or directory");
	start();
	fake_sys_answer("getcwd", -ENOENT);
	assert_contains(clone_plain(&roots, "src"), "cannot open src on the host");
	start();
	fake_sys_answer_text("getcwd", "(unreachable)/x");
	assert_contains(clone_plain(&roots, "src"), "cannot open src on the host");
	start();
	fake_sys_always("open_tree*", -EPERM);
	assert_contains(clone_plain(&roots, "src"), "cannot open src on the host");
}

TEST(copies_what_is_of_another_namespace_without_links_as_well)
{
	fake_sys_answer("open_tree host/x*", -EINVAL);
	fake_sys_always_text("readlink /proc/self/fd/100", "/x");
	fake_sys_always_data("stat host/x", 0, &dir_st, sizeof(dir_st));
	fake_sys_always_data("stat tree:/x", 0, &dir_st, sizeof(dir_st));
	assert_string_equal(clone_plain(&roots, "/x"), "tree:/x");
}

/* Open the directory @path, close it, and return what it is called or what went wrong. */
static const char *open_dir(const char *path, enum link_rule links)
{
	static struct err e;
	static char name[256];
	int fd;

	fake_sys_given(3, "host");
	fd = source_open_dir(&roots, path, links, &e);
	if (fd >= 0)
		(void)snprintf(name, sizeof(name), "%s", fake_sys_name(fd));
	if (fd >= 0)
		(void)sys_close(fd);
	assert_int_equal(fake_sys_open_fds(), 0);
	return fd < 0 ? e.msg : name;
}

TEST(opens_directories_as_the_kernel_does_or_judging_links)
{
	assert_string_equal(open_dir("a", LINK_STICKY), "cwd/a");
	assert_string_equal(fake_sys_trace(), "open cwd a path dir\n");
	start();
	assert_string_equal(open_dir("/proc/self/fd/7", LINK_TRUSTED), "cwd/proc/self/fd/7");
	assert_string_equal(fake_sys_trace(), "getfd 7\nopen cwd /proc/self/fd/7 path dir\n");
	start();
	assert_string_equal(open_dir("/a", LINK_TRUSTED), "host/a");
	assert_string_equal(fake_sys_trace(), "open_in host /a path\nstat host/a\n");
}

TEST(opens_nothing_but_directories)
{
	fake_sys_always_data("stat host/a", 0, &file_st, sizeof(file_st));
	assert_string_equal(open_dir("/a", LINK_TRUSTED),
			    "cannot open /a on the host: Not a directory");
	start();
	fake_sys_answer("open cwd a*", -ENOTDIR);
	assert_string_equal(open_dir("a", LINK_STICKY),
			    "cannot open a on the host: Not a directory");
	start();
	fake_sys_answer("getfd 7", 1);
	assert_contains(open_dir("/proc/self/fd/7", LINK_STICKY), "cannot open /proc/self/fd/7");
}

TEST(opens_through_no_link_of_others)
{
	static const struct statx link = {.stx_mode = S_IFLNK | 0777, .stx_uid = 1000};

	fake_sys_always("open_in*", -ELOOP);
	fake_sys_always_data("stat host/a", 0, &link, sizeof(link));
	fake_sys_always_text("readlink host a", "/b");
	assert_string_equal(open_dir("/a", LINK_TRUSTED),
			    "cannot use /a: the symbolic link /a belongs neither to the caller "
			    "nor to root: Permission denied");
}

/* Clone it, and close it again.  Returns as source_clone_fd(). */
static int clone_object(struct err *e)
{
	int tree = source_clone_fd(&roots, OBJECT, e);

	if (tree >= 0) {
		assert_string_equal(fake_sys_name(tree), "tree:/src");
		(void)sys_close(tree);
	}
	assert_int_equal(fake_sys_open_fds(), 0);
	return tree < 0 ? tree : 0;
}

TEST(copies_what_a_descriptor_is_open_on)
{
	struct err e = {0};

	start_with_object();
	assert_int_equal(clone_object(&e), 0);
	assert_string_equal(fake_sys_trace(), "readlink /proc/self/fd/7\n"
					      "open_tree cwd /src clone recursive\n"
					      "stat object\n"
					      "stat tree:/src\n");
}

TEST(says_that_something_else_is_at_the_path_of_a_descriptor)
{
	static const struct statx others[] = {
		{.stx_mode = S_IFDIR, .stx_ino = 6, .stx_dev_major = 1},
		{.stx_mode = S_IFDIR, .stx_ino = 5, .stx_dev_major = 2},
		{.stx_mode = S_IFDIR, .stx_ino = 5, .stx_dev_major = 1, .stx_dev_minor = 1},
	};

	for (size_t i = 0; i < LENGTH(others); i++) {
		struct err e = {0};

		start_with_object();
		fake_sys_answer_data("stat tree:/src", 0, &others[i], sizeof(others[i]));
		assert_int_equal(clone_object(&e), -ESTALE);
		assert_string_equal(e.msg, "the file of descriptor 7 is no longer at its path");
	}
}

TEST(says_that_nothing_is_at_the_path_of_a_descriptor)
{
	struct err e = {0};

	start_with_object();
	fake_sys_answer("open_tree*", -ENOENT);
	assert_int_equal(clone_object(&e), -ENOENT);
	assert_string_equal(e.msg, "the file of descriptor 7 is no longer at its path");
}

TEST(reports_every_call_that_fails_for_a_descriptor)
{
	for (unsigned nth = 1; nth <= 4; nth++) {
		struct err e = {0};

		start_with_object();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(clone_object(&e), -EIO);
		assert_string_equal(e.msg, "cannot find the file of descriptor 7 on the host: "
					   "Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(copies_all_mounts_at_a_path, set_up),
		cmocka_unit_test_setup(needs_the_working_directory_for_relative_paths_only, set_up),
		cmocka_unit_test_setup(says_what_is_missing_on_the_host, set_up),
		cmocka_unit_test(takes_a_descriptor_of_the_caller),
		cmocka_unit_test(gives_no_descriptor_of_its_own_away),
		cmocka_unit_test(takes_no_other_path_for_a_descriptor),
		cmocka_unit_test(finds_what_a_descriptor_is_open_on_by_its_path),
		cmocka_unit_test(takes_nothing_else_that_has_the_path_by_now),
		cmocka_unit_test(reports_every_call_that_fails_while_finding_it_again),
		cmocka_unit_test_setup(copies_without_following_a_link, set_up),
		cmocka_unit_test_setup(names_the_link_that_it_does_not_follow, set_up),
		cmocka_unit_test_setup(says_with_the_users_words_what_is_missing_without_links,
				       set_up),
		cmocka_unit_test_setup(copies_what_is_of_another_namespace_without_links_as_well,
				       set_up),
		cmocka_unit_test_setup(opens_directories_as_the_kernel_does_or_judging_links,
				       set_up),
		cmocka_unit_test_setup(opens_nothing_but_directories, set_up),
		cmocka_unit_test_setup(opens_through_no_link_of_others, set_up),
		cmocka_unit_test(copies_what_a_descriptor_is_open_on),
		cmocka_unit_test(says_that_something_else_is_at_the_path_of_a_descriptor),
		cmocka_unit_test(says_that_nothing_is_at_the_path_of_a_descriptor),
		cmocka_unit_test(reports_every_call_that_fails_for_a_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
