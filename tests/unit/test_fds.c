/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "run/fds.h"
#include "sys/keep.h"
#include "test.h"

static struct inherited_fds inherited;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_malloc_fail_at(0);
	fds_done(&inherited);
	return 0;
}

/* Check that the command inherits the @n descriptors of @expected, and no other. */
static void assert_inherits(const int *expected, size_t n)
{
	assert_int_equal(inherited.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(inherited.list[i], expected[i]);
}

static struct op ops[] = {
	{.kind = OP_BIND, .option = "bind", .src = "/usr"},
	{.kind = OP_FILE, .option = "file", .fd = 5},
	{.kind = OP_BIND_DATA, .option = "ro-bind-data", .fd = 6},
};
static struct descriptor programs[] = {{.option = "seccomp", .fd = 7}};
static const struct plan plan = {
	.files.ops = ops,
	.files.n_ops = LENGTH(ops),
	.privileges.seccomp.list = programs,
	.privileges.seccomp.n = LENGTH(programs),
};

/* A plan with a descriptor for each use, and others that the command is to have. */
static struct op bind_fd[] = {{.kind = OP_BIND_FD, .option = "bind-fd", .fd = 20}};
static struct descriptor superseded[] = {{"block-fd", 29}};
static struct descriptor kept_fds[] = {{"keep-fd", 30}, {"keep-fd", 31}};
static const struct plan full = {
	.files.ops = bind_fd,
	.files.n_ops = LENGTH(bind_fd),
	.fds = {[FD_INFO] = {"info-fd", 21},
		[FD_STATUS] = {"json-status-fd", 22},
		[FD_BLOCK] = {"block-fd", 23},
		[FD_USERNS_BLOCK] = {"userns-block-fd", 24},
		[FD_SYNC] = {"sync-fd", 25},
		[FD_USERNS] = {"userns", 26},
		[FD_USERNS2] = {"userns2", 27},
		[FD_PIDNS] = {"pidns", 28}},
	.superseded.list = superseded,
	.superseded.n = LENGTH(superseded),
	.environment.kept.list = kept_fds,
	.environment.kept.n = LENGTH(kept_fds),
	.environment.close_fds = true,
};

TEST(claims_the_descriptor_of_each_use)
{
	struct err e = {0};

	assert_int_equal(fds_claim(&full, &inherited, &e), 0);
	for (int fd = 20; fd <= 29; fd++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "getfd %d\nset_cloexec %d\n", fd, fd);
		assert_contains(fake_sys_trace(), line);
	}
	assert_contains(fake_sys_trace(), "getfd 30\ngetfd 31\ngetfd 0\n");
	assert_null(strstr(fake_sys_trace(), "cloexec 3"));
}

TEST(does_not_mind_that_a_superseded_descriptor_is_used)
{
	struct err e = {0};

	fake_sys_answer("getfd 29", FD_CLOEXEC);
	assert_int_equal(fds_claim(&full, &inherited, &e), 0);
	assert_null(strstr(fake_sys_trace(), "cloexec 29"));
}

/* Descriptors that are not as they have to be. */
static const struct {
	const char *call;
	int flags;
	const char *msg;
	const char *option;
} claims[] = {
	{"getfd 20", -EBADF, "--bind-fd: descriptor 20 is not open", "--bind-fd"},
	{"getfd 21", -EBADF, "--info-fd: descriptor 21 is not open", "--info-fd"},
	{"getfd 28", FD_CLOEXEC, "--pidns: descriptor 28 is used twice", "--pidns"},
	{"getfd 29", -EBADF, "--block-fd: descriptor 29 is not open", "--block-fd"},
	{"getfd 30", -EBADF, "--keep-fd: descriptor 30 is not open", "--keep-fd"},
	{"getfd 31", FD_CLOEXEC, "--keep-fd: descriptor 31 is used by another option", "--keep-fd"},
};

TEST(names_the_option_and_the_descriptor_that_cannot_be_used)
{
	for (size_t i = 0; i < LENGTH(claims); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(claims[i].call, claims[i].flags);
		assert_int_equal(fds_claim(&full, &inherited, &e), -EBADF);
		assert_string_equal(e.msg, claims[i].msg);
		assert_string_equal(e.option, claims[i].option);
	}
}

TEST(claims_every_descriptor_of_the_command_line_and_no_other)
{
	struct err e = {0};

	assert_int_equal(fds_claim(&plan, &inherited, &e), 0);
	assert_string_equal(fake_sys_trace(), "getfd 5\n"
					      "set_cloexec 5\n"
					      "getfd 6\n"
					      "set_cloexec 6\n"
					      "getfd 7\n"
					      "set_cloexec 7\n"
					      "getfd 0\n"
					      "getfd 1\n"
					      "getfd 2\n"
					      "open /proc/self/fd dir\n"
					      "getdents /proc/self/fd\n");
}

TEST(names_the_option_whose_descriptor_is_closed)
{
	struct err e = {0};

	fake_sys_answer("getfd 6", -EBADF);
	assert_int_equal(fds_claim(&plan, &inherited, &e), -EBADF);
	assert_string_equal(e.msg, "--ro-bind-data: descriptor 6 is not open");
}

TEST(does_not_let_two_options_share_a_descriptor)
{
	struct err e = {0};

	fake_sys_answer("getfd 7", FD_CLOEXEC);
	assert_int_equal(fds_claim(&plan, &inherited, &e), -EBADF);
	assert_string_equal(e.msg, "--seccomp: descriptor 7 is used twice");
}

TEST(puts_dev_null_where_a_standard_descriptor_is_closed)
{
	static const struct plan empty;
	struct err e = {0};

	fake_sys_answer("getfd 0", -EBADF);
	assert_int_equal(fds_claim(&empty, &inherited, &e), 0);
	assert_string_equal(fake_sys_trace(), "getfd 0\n"
					      "open /dev/null read-write\n"
					      "getfd 1\n"
					      "getfd 2\n"
					      "open /proc/self/fd dir\n"
					      "getdents /proc/self/fd\n");
	assert_inherits((const int[]){1, 2}, 2);
}

TEST(says_that_there_is_no_dev_null)
{
	static const struct plan empty;
	struct err e = {0};

	fake_sys_answer("getfd 1", -EBADF);
	fake_sys_answer("open*", -ENOENT);
	assert_int_equal(fds_claim(&empty, &inherited, &e), -ENOENT);
	assert_string_equal(e.msg, "cannot open /dev/null: No such file or directory");
}

TEST(reports_every_call_that_fails_for_an_option)
{
	for (unsigned nth = 1; nth <= 6; nth++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(fds_claim(&plan, &inherited, &e), -EIO);
		assert_starts_with(e.msg, "--");
		assert_contains(e.msg, ": cannot use descriptor ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* --- What the command inherits -------------------------------------------- */

TEST(lets_the_command_have_all_that_nothing_else_is_done_with)
{
	struct err e = {0};

	fake_sys_file("/proc/self/fd", ". .. 0 1 2 5 6 7 8 9 40");
	fake_sys_answer("getfd 5", 0);
	fake_sys_answer("getfd 6", 0);
	fake_sys_answer("getfd 7", 0);
	fake_sys_always("getfd 5", FD_CLOEXEC);
	fake_sys_always("getfd 6", FD_CLOEXEC);
	fake_sys_always("getfd 7", FD_CLOEXEC);
	fake_sys_always("getfd 8", FD_CLOEXEC); /* the directory's own */
	assert_int_equal(fds_claim(&plan, &inherited, &e), 0);
	assert_inherits((const int[]){0, 1, 2, 9, 40}, 5);
}

TEST(does_not_let_the_command_have_a_standard_descriptor_that_an_option_names)
{
	static struct op op = {.kind = OP_FILE, .option = "file", .fd = 0};
	const struct plan standard = {.files.ops = &op, .files.n_ops = 1};
	struct err e = {0};

	fake_sys_answer("getfd 0", 0);
	fake_sys_answer("getfd 0", FD_CLOEXEC);
	assert_int_equal(fds_claim(&standard, &inherited, &e), 0);
	assert_inherits((const int[]){1, 2}, 2);
}

TEST(lets_the_command_have_no_others_than_those_to_keep)
{
	struct err e = {0};

	fake_sys_file("/proc/self/fd", "0 1 2 9");
	assert_int_equal(fds_claim(&full, &inherited, &e), 0);
	assert_inherits((const int[]){0, 1, 2, 30, 31}, 5);
	assert_null(strstr(fake_sys_trace(), "/proc/self/fd"));
}

TEST(lets_the_command_as_process_1_have_what_is_to_be_held)
{
	struct plan first = {.fds = {[FD_SYNC] = {"sync-fd", 25}}, .processes.as_pid_1 = true};
	struct err e = {0};

	assert_int_equal(fds_claim(&first, &inherited, &e), 0);
	assert_inherits((const int[]){0, 1, 2, 25}, 4);
	(void)set_up(NULL);
	first.environment.close_fds = true;
	assert_int_equal(fds_claim(&first, &inherited, &e), 0);
	assert_inherits((const int[]){0, 1, 2, 25}, 4);
	(void)set_up(NULL);
	first.processes.as_pid_1 = false;
	assert_int_equal(fds_claim(&first, &inherited, &e), 0);
	assert_inherits((const int[]){0, 1, 2}, 3);
}

TEST(lets_the_command_have_as_many_as_there_are)
{
	char list[1024] = "0 1 2";
	size_t used = strlen(list);
	struct err e = {0};

	for (int fd = 10; fd < 110; fd++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %d", fd);
	fake_sys_file("/proc/self/fd", list);
	assert_int_equal(fds_claim(&(const struct plan){0}, &inherited, &e), 0);
	assert_int_equal(inherited.n, 103);
	assert_int_equal(inherited.list[102], 109);
}

TEST(has_to_know_what_is_open)
{
	static const char *const calls[] = {"open /proc/self/fd dir", "getdents*"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(calls[i], -ENOENT);
		assert_int_equal(fds_claim(&plan, &inherited, &e), -ENOENT);
		assert_string_equal(e.msg, "cannot read the open descriptors from /proc/self/fd: "
					   "No such file or directory");
		assert_string_equal(e.hint, "--close-fds does not need them");
	}
}

TEST(needs_memory_for_what_the_command_inherits)
{
	struct err e = {0};

	fake_malloc_fail_at(1);
	assert_int_equal(fds_claim(&plan, &inherited, &e), -ENOMEM);
	assert_contains(e.msg, ": Cannot allocate memory");
}

/* --- Closing -------------------------------------------------------------- */

/* Sets of descriptors to keep, and what is closed. */
static struct {
	int keep[4];
	unsigned n;
	const char *closed;
} kept[] = {
	{{0}, 0, "close_range 0 -\n"},
	{{0}, 1, "close_range 1 -\n"},
	{{2, 0, 1}, 3, "close_range 3 -\n"},
	{{5, 0, 9}, 3, "close_range 1 4\nclose_range 6 8\nclose_range 10 -\n"},
	{{-1, 4, -9, 4}, 4, "close_range 0 3\nclose_range 5 -\n"},
	{{3, 4, 5}, 3, "close_range 0 2\nclose_range 6 -\n"},
};

TEST(closes_all_descriptors_but_those_to_keep)
{
	for (size_t i = 0; i < LENGTH(kept); i++) {
		fake_sys_reset();
		assert_int_equal(keep_fds(kept[i].keep, kept[i].n), 0);
		assert_string_equal(fake_sys_trace(), kept[i].closed);
	}
}

TEST(closes_what_is_neither_the_commands_nor_ours)
{
	const int ours[] = {7, -1, 4};
	struct err e = {0};

	fake_sys_file("/proc/self/fd", "0 1 2 12");
	assert_int_equal(fds_claim(&(const struct plan){0}, &inherited, &e), 0);
	fake_sys_reset();
	assert_int_equal(fds_close_others(&inherited, ours, LENGTH(ours), &e), 0);
	assert_string_equal(fake_sys_trace(), "close_range 3 3\n"
					      "close_range 5 6\n"
					      "close_range 8 11\n"
					      "close_range 13 -\n");
}

TEST(reports_what_cannot_be_closed)
{
	int both[] = {0, 9};

	for (unsigned nth = 1; nth <= 2; nth++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EPERM);
		assert_int_equal(keep_fds(both, LENGTH(both)), -EPERM);
		assert_string_equal(fake_sys_trace_after_failure(), "");
		fake_sys_fail_at(nth, EPERM);
		assert_int_equal(fds_close_others(&inherited, both, LENGTH(both), &e), -EPERM);
		assert_string_equal(e.msg,
				    "cannot close descriptors that COMMAND does not inherit: "
				    "Operation not permitted");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

TEST(needs_memory_for_what_is_not_closed)
{
	const int ours[] = {7};
	struct err e = {0};

	fake_malloc_fail_at(1);
	assert_int_equal(fds_close_others(&inherited, ours, LENGTH(ours), &e), -ENOMEM);
	assert_int_equal(fake_sys_calls(), 0);
}

/* --- At exec -------------------------------------------------------------- */

TEST(lets_the_command_as_process_1_hold_what_is_to_be_held)
{
	struct plan first = {.fds = {[FD_SYNC] = {"sync-fd", 25}}};
	struct err e = {0};

	assert_int_equal(fds_hand_over(&first, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
	first.processes.as_pid_1 = true;
	assert_int_equal(fds_hand_over(&first, &e), 0);
	assert_string_equal(fake_sys_trace(), "clear_cloexec 25\n");
}

TEST(blames_the_descriptor_that_cannot_be_held)
{
	const struct plan first = {.fds = {[FD_SYNC] = {"sync-fd", 25}},
				   .processes.as_pid_1 = true};
	struct err e = {0};

	fake_sys_fail_at(1, EPERM);
	assert_int_equal(fds_hand_over(&first, &e), -EPERM);
	assert_string_equal(e.msg, "--sync-fd: cannot keep descriptor 25 open: "
				   "Operation not permitted");
}

TEST(puts_dev_null_where_a_standard_descriptor_was)
{
	fake_sys_given(2, "error");
	fake_sys_given(9, "more");
	fds_release(2);
	assert_string_equal(fake_sys_trace(), "open /dev/null read-write\n");
	fds_release(9);
	assert_string_equal(fake_sys_trace(), "open /dev/null read-write\n");
	assert_int_equal(fake_sys_fd("error"), -1);
	assert_int_equal(fake_sys_fd("more"), -1);
}

/* Whether the descriptor @fd, of a file of @type, is still open when all is written. */
static bool stays_open(int fd, mode_t type)
{
	const struct statx st = {.stx_mode = (uint16_t)type};

	fake_sys_reset();
	fake_sys_given(fd, "told");
	fake_sys_always_data("stat told", 0, &st, sizeof(st));
	fds_finish(fd);
	return fake_sys_fd("told") >= 0;
}

TEST(leaves_standard_error_open_unless_a_reader_waits_for_its_end)
{
	assert_true(stays_open(2, S_IFREG));
	assert_true(stays_open(2, S_IFCHR));
	assert_false(stays_open(2, S_IFIFO));
	assert_false(stays_open(2, S_IFSOCK));
	assert_false(stays_open(1, S_IFREG));
	assert_false(stays_open(9, S_IFREG));
	fake_sys_reset();
	fake_sys_given(2, "told");
	fake_sys_answer("stat told", -EIO);
	fds_finish(2);
	assert_int_equal(fake_sys_fd("told"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(claims_the_descriptor_of_each_use, set_up),
		cmocka_unit_test_setup(does_not_mind_that_a_superseded_descriptor_is_used, set_up),
		cmocka_unit_test_setup(names_the_option_and_the_descriptor_that_cannot_be_used,
				       set_up),
		cmocka_unit_test_setup(claims_every_descriptor_of_the_command_line_and_no_other,
				       set_up),
		cmocka_unit_test_setup(names_the_option_whose_descriptor_is_closed, set_up),
		cmocka_unit_test_setup(does_not_let_two_options_share_a_descriptor, set_up),
		cmocka_unit_test_setup(puts_dev_null_where_a_standard_descriptor_is_closed, set_up),
		cmocka_unit_test_setup(says_that_there_is_no_dev_null, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_for_an_option, set_up),
		cmocka_unit_test_setup(lets_the_command_have_all_that_nothing_else_is_done_with,
				       set_up),
		cmocka_unit_test_setup(
			does_not_let_the_command_have_a_standard_descriptor_that_an_option_names,
			set_up),
		cmocka_unit_test_setup(lets_the_command_have_no_others_than_those_to_keep, set_up),
		cmocka_unit_test_setup(lets_the_command_as_process_1_have_what_is_to_be_held,
				       set_up),
		cmocka_unit_test_setup(lets_the_command_have_as_many_as_there_are, set_up),
		cmocka_unit_test_setup(has_to_know_what_is_open, set_up),
		cmocka_unit_test_setup(needs_memory_for_what_the_command_inherits, set_up),
		cmocka_unit_test_setup(closes_all_descriptors_but_those_to_keep, set_up),
		cmocka_unit_test_setup(closes_what_is_neither_the_commands_nor_ours, set_up),
		cmocka_unit_test_setup(reports_what_cannot_be_closed, set_up),
		cmocka_unit_test_setup(needs_memory_for_what_is_not_closed, set_up),
		cmocka_unit_test_setup(lets_the_command_as_process_1_hold_what_is_to_be_held,
				       set_up),
		cmocka_unit_test_setup(blames_the_descriptor_that_cannot_be_held, set_up),
		cmocka_unit_test_setup(puts_dev_null_where_a_standard_descriptor_was, set_up),
		cmocka_unit_test_setup(leaves_standard_error_open_unless_a_reader_waits_for_its_end,
				       set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
