/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "fake_sys.h"
#include "run/program.h"
#include "test.h"

#define EXE "/proc/self/exe"
#define SEALED (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define TREE "tree:" EXE
#define NOEXEC "/proc/sys/vm/memfd_noexec"
#define LIMIT_CALLS 40

static const char *const args[] = {"/opt/bin/bwrap", "--help", NULL};
static const struct statfs read_only = {.f_flags = ST_RDONLY};
static struct statx file;
static struct err e;
static bool privileged;
static int result;

/* The user 1000 runs a program of @owner's, which is executed from where it is installed. */
static void start(uid_t uid, uid_t owner)
{
	fake_sys_reset();
	e = (struct err){0};
	privileged = false;
	file = (struct statx){.stx_mode = S_IFREG | 0755, .stx_uid = owner};
	fake_sys_always("getuid", (long)uid);
	fake_sys_always_data("stat_path " EXE, 0, &file, sizeof(file));
	fake_sys_always("seals " EXE, -EINVAL);
}

static int set_up(void **state __attribute__((unused)))
{
	start(1000, 1000);
	return 0;
}

static void protect(void *arg __attribute__((unused)))
{
	result = program_protect(args, privileged, &e);
}

/* How program_protect() came to its end; if it returned, *@result is what it did with. */
static int run(void)
{
	return fake_sys_run(protect, NULL);
}

static void assert_goes_on(void)
{
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, 0);
	assert_int_equal(e.code, 0);
	assert_null(strstr(fake_sys_trace(), "exec "));
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* What open_tree(2) gives is detached, and has become read-only. */
static void allow_mount(void)
{
	fake_sys_always("seals " TREE, -EBADF);
	fake_sys_always_text("readlink /proc/self/fd/*", "/");
	fake_sys_always_data("statfs " TREE, 0, &read_only, sizeof(read_only));
}

static void forbid_mount(void)
{
	fake_sys_always("open_tree *", -EPERM);
	fake_sys_always("seals memfd:sbx", SEALED);
}

/* --- Whether there is something to do ------------------------------------- */

TEST(costs_two_calls_where_the_caller_cannot_write)
{
	start(1000, 0);
	fake_sys_always("access *", -EACCES);
	assert_goes_on();
	assert_string_equal(fake_sys_trace(), "getuid\n"
					      "stat_path " EXE "\n"
					      "access " EXE " write effective\n");
}

/* Whether the program of @owner's with @mode is executed again by the user @uid. */
static bool is_cloned(uid_t uid, uid_t owner, unsigned mode, int access)
{
	start(uid, owner);
	file.stx_mode = (uint16_t)(S_IFREG | mode);
	fake_sys_always("access *", access);
	forbid_mount();
	return run() == FAKE_EXECUTED;
}

TEST(who_could_write)
{
	assert_true(is_cloned(1000, 1000, 0755, -EACCES));
	assert_true(is_cloned(1000, 1000, 0555, -EACCES)); /* may change the mode */
	assert_true(is_cloned(0, 0, 0755, -EACCES));
	assert_true(is_cloned(0, 1000, 0555, -EACCES));
	assert_true(is_cloned(1000, 0, 0775, 0));
	assert_true(is_cloned(1000, 0, 0755, 0));
	assert_true(is_cloned(1000, 1000, 0755, -EROFS));
	assert_true(is_cloned(1000, 0, 0775, -EROFS)); /* perhaps by another mount */
	assert_true(is_cloned(1000, 0, 0757, -EROFS));
	assert_false(is_cloned(1000, 0, 0755, -EROFS));
	assert_true(is_cloned(1000, 0, 0775, -EPERM));  /* from a seccomp filter */
	assert_false(is_cloned(1000, 0, 0755, -EPERM)); /* or the file is immutable */
	assert_false(is_cloned(1000, 0, 0775, -EACCES));
	assert_false(is_cloned(1000, 0, 0775, -EACCES));
	assert_false(is_cloned(1000, 0, 0755, -EPERM));
	assert_false(is_cloned(1000, 1, 0755, -ETXTBSY));
}

TEST(a_sealed_copy_goes_on_under_its_name)
{
	start(1000, 1000);
	fake_sys_reset();
	fake_sys_always("getuid", 1000);
	fake_sys_always_data("stat_path " EXE, 0, &file, sizeof(file));
	fake_sys_always("seals " EXE, SEALED);
	assert_goes_on();
	assert_contains(fake_sys_trace(), "prctl name bwrap\n");
}

TEST(a_read_only_mount_of_the_program_goes_on)
{
	fake_sys_always_text("readlink /proc/self/fd/*", "/");
	fake_sys_always_data("statfs " EXE, 0, &read_only, sizeof(read_only));
	assert_goes_on();
	assert_contains(fake_sys_trace(), "prctl name bwrap\n");
}

/* Each of these has one thing that a clone has as well. */
TEST(what_is_no_clone_is_executed_again)
{
	static const int partly[] = {F_SEAL_SEAL, SEALED & ~F_SEAL_WRITE, SEALED & ~F_SEAL_SEAL,
				     SEALED & ~F_SEAL_GROW, SEALED & ~F_SEAL_SHRINK};

	for (size_t i = 0; i < sizeof(partly) / sizeof(partly[0]); i++) {
		start(1000, 1000);
		fake_sys_answer("seals " EXE, partly[i]);
		forbid_mount();
		assert_int_equal(run(), FAKE_EXECUTED);
	}
	start(1000, 1000); /* read-only, but attached */
	fake_sys_always_text("readlink /proc/self/fd/*", "/s");
	fake_sys_always_data("statfs " EXE, 0, &read_only, sizeof(read_only));
	forbid_mount();
	assert_int_equal(run(), FAKE_EXECUTED);
	start(1000, 1000); /* detached, but not read-only */
	fake_sys_always_text("readlink /proc/self/fd/*", "/");
	forbid_mount();
	assert_int_equal(run(), FAKE_EXECUTED);
}

/* --- The clone ------------------------------------------------------------ */

TEST(executes_a_read_only_mount)
{
	allow_mount();
	assert_int_equal(run(), FAKE_EXECUTED);
	assert_contains(fake_sys_trace(), "open_tree " EXE " clone\n"
					  "mount_setattr " TREE " ro\n");
	assert_contains(fake_sys_trace(), "exec " TREE " as /opt/bin/bwrap --help\n");
	assert_null(strstr(fake_sys_trace(), "memfd"));
}

TEST(executes_a_sealed_copy)
{
	forbid_mount();
	assert_int_equal(run(), FAKE_EXECUTED);
	assert_contains(fake_sys_trace(), "memfd sbx\n"
					  "signal_ignored 25\n"
					  "signal_ignore 25\n"
					  "copy " EXE " to memfd:sbx\n"
					  "signal_default 25\n"
					  "seal memfd:sbx f\n"
					  "seals memfd:sbx\n"
					  "exec memfd:sbx as /opt/bin/bwrap --help\n");
}

TEST(leaves_an_ignored_signal_ignored)
{
	forbid_mount();
	fake_sys_always("signal_ignored 25", 1);
	assert_int_equal(run(), FAKE_EXECUTED);
	assert_contains(fake_sys_trace(), "signal_ignored 25\n"
					  "copy " EXE " to memfd:sbx\n"
					  "seal memfd:sbx f\n");
}

/* Anything else would be executed again and again. */
TEST(executes_only_what_is_a_clone)
{
	fake_sys_always("seals memfd:sbx", 0);
	fake_sys_always_text("readlink /proc/self/fd/*", "/x");
	fake_sys_always_data("statfs " TREE, 0, &read_only, sizeof(read_only));
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -ENOTSUP);
	assert_null(strstr(fake_sys_trace(), "exec "));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(any_failure_of_the_mount_leads_to_the_copy)
{
	static const char *const calls[] = {"open_tree *", "mount_setattr *", "readlink *",
					    "statfs *", "exec tree:*"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		start(0, 0);
		fake_sys_always(calls[i], -EACCES);
		allow_mount();
		fake_sys_always("seals memfd:sbx", SEALED);
		assert_int_equal(run(), FAKE_EXECUTED);
		assert_contains(fake_sys_trace(), "exec memfd:sbx as");
	}
}

/* Without a clone there is an error; a question that is not answered may lead to one needlessly. */
TEST(any_call_can_fail)
{
	bool executed = false;

	for (unsigned n = 1; n < LIMIT_CALLS; n++) {
		int end;

		start(1000, 1000);
		forbid_mount();
		fake_sys_fail_at(n, EIO);
		end = run();
		assert_true(end == FAKE_EXECUTED || result == -e.code);
		assert_true(end == FAKE_EXECUTED || e.code != 0);
		executed |= end == FAKE_EXECUTED;
		if (end == FAKE_RETURNED)
			assert_int_equal(fake_sys_open_fds(), 0);
	}
	assert_true(executed);
}

/* --- Where there is none -------------------------------------------------- */

TEST(says_that_there_is_no_proc)
{
	fake_sys_answer("stat_path *", -ENOENT);
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -ENOENT);
	assert_string_equal(e.msg, "cannot protect the program's own file: cannot find " EXE
				   ": No such file or directory");
	assert_string_equal(e.hint, "/proc has to be mounted");
}

TEST(says_that_the_program_cannot_be_read)
{
	fake_sys_answer("open " EXE, -EACCES);
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -EACCES);
	assert_string_equal(e.msg, "cannot protect the program's own file: cannot read it: "
				   "Permission denied");
}

TEST(says_that_a_sysctl_forbids_it)
{
	forbid_mount();
	fake_sys_always("memfd *", -EACCES);
	fake_sys_file(NOEXEC, "2\n");
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -EACCES);
	assert_string_equal(e.msg, "cannot protect the program's own file: cannot execute a copy "
				   "of it: Permission denied");
	assert_contains(e.hint, "vm.memfd_noexec is 2");
	assert_contains(e.hint, "install the program as root, where its caller cannot write");
}

TEST(says_that_files_may_not_be_so_large)
{
	forbid_mount();
	fake_sys_always("copy *", -EFBIG);
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -EFBIG);
	assert_contains(e.hint, "ulimit -f");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(lends_nothing_to_who_could_write)
{
	privileged = true;
	assert_int_equal(run(), FAKE_RETURNED);
	assert_int_equal(result, -EPERM);
	assert_string_equal(e.msg, "the caller could write to this set-user-ID program");
	assert_null(strstr(fake_sys_trace(), "open"));
	start(1000, 0);
	privileged = true;
	fake_sys_always("access *", -EACCES);
	assert_goes_on();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(costs_two_calls_where_the_caller_cannot_write, set_up),
		cmocka_unit_test_setup(who_could_write, set_up),
		cmocka_unit_test_setup(a_sealed_copy_goes_on_under_its_name, set_up),
		cmocka_unit_test_setup(a_read_only_mount_of_the_program_goes_on, set_up),
		cmocka_unit_test_setup(what_is_no_clone_is_executed_again, set_up),
		cmocka_unit_test_setup(executes_a_read_only_mount, set_up),
		cmocka_unit_test_setup(executes_a_sealed_copy, set_up),
		cmocka_unit_test_setup(leaves_an_ignored_signal_ignored, set_up),
		cmocka_unit_test_setup(executes_only_what_is_a_clone, set_up),
		cmocka_unit_test_setup(any_failure_of_the_mount_leads_to_the_copy, set_up),
		cmocka_unit_test_setup(any_call_can_fail, set_up),
		cmocka_unit_test_setup(says_that_there_is_no_proc, set_up),
		cmocka_unit_test_setup(says_that_the_program_cannot_be_read, set_up),
		cmocka_unit_test_setup(says_that_a_sysctl_forbids_it, set_up),
		cmocka_unit_test_setup(says_that_files_may_not_be_so_large, set_up),
		cmocka_unit_test_setup(lends_nothing_to_who_could_write, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
