/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "fake_malloc.h"
#include "fake_sys.h"
#include "plan/opt.h"
#include "sys/io.h"
#include "test.h"

enum { FROM = 3, TO = 4 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(FROM, "from");
	fake_sys_given(TO, "to");
	return 0;
}

TEST(writes_on_where_a_write_stopped)
{
	fake_sys_answer_text("read from", "sandbox");
	fake_sys_answer("write to sandbox", 4);
	fake_sys_answer("write to box", -EINTR);
	fake_sys_answer("write to box", 1);
	assert_int_equal(io_copy(FROM, TO), 0);
	assert_string_equal(fake_sys_trace(), "read from\n"
					      "write to sandbox\n"
					      "write to box\n"
					      "write to box\n"
					      "write to ox\n"
					      "read from\n");
}

TEST(stops_writing_at_an_error)
{
	fake_sys_answer_text("read from", "sandbox");
	fake_sys_answer("write to sandbox", 4);
	fake_sys_answer("write to box", -ENOSPC);
	assert_int_equal(io_copy(FROM, TO), -ENOSPC);
	assert_int_equal(fake_sys_calls(), 3);
}

TEST(copies_what_is_left_to_read)
{
	fake_sys_answer_text("read from", "one");
	fake_sys_answer("read from", -EINTR);
	fake_sys_answer_text("read from", "two");
	fake_sys_answer("write to two", 2);
	assert_int_equal(io_copy(FROM, TO), 0);
	assert_string_equal(fake_sys_trace(), "read from\n"
					      "write to one\n"
					      "read from\n"
					      "read from\n"
					      "write to two\n"
					      "write to o\n"
					      "read from\n");
}

TEST(stops_copying_at_an_error_of_either_side)
{
	fake_sys_answer("read from", -EISDIR);
	assert_int_equal(io_copy(FROM, TO), -EISDIR);
	fake_sys_answer_text("read from", "one");
	fake_sys_answer("write to one", -EFBIG);
	assert_int_equal(io_copy(FROM, TO), -EFBIG);
}

TEST(reads_all_and_ends_it_with_a_nul)
{
	autofree char *text = NULL;
	size_t len = 99;

	fake_sys_answer_data("read from", 0, "a\0b", 3);
	fake_sys_answer("read from", -EINTR);
	fake_sys_answer_text("read from", "c");
	assert_int_equal(io_read_all(FROM, 4, &text, &len), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "a\0bc", 5);
}

TEST(reads_nothing_as_an_empty_text)
{
	autofree char *text = NULL;
	size_t len = 99;

	assert_int_equal(io_read_all(FROM, 0, &text, &len), 0);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
}

TEST(reads_more_than_fits_at_first)
{
	static const char block[3000] = "x";
	autofree char *text = NULL;
	size_t len = 0;

	for (int i = 0; i < 10; i++)
		fake_sys_answer_data("read from", 0, block, sizeof(block));
	assert_int_equal(io_read_all(FROM, 1 << 20, &text, &len), 0);
	assert_true(len > 4 * sizeof(block));
	assert_int_equal(text[0], 'x');
	assert_int_equal(text[len], '\0');
}

TEST(gives_nothing_back_when_reading_fails)
{
	char *text = NULL;
	size_t len = 99;

	fake_sys_answer_text("read from", "abc");
	fake_sys_answer("read from", -EIO);
	assert_int_equal(io_read_all(FROM, 9, &text, &len), -EIO);
	fake_sys_answer_text("read from", "abc");
	assert_int_equal(io_read_all(FROM, 2, &text, &len), -E2BIG);
	assert_null(text);
	assert_int_equal(len, 99);
}

TEST(gives_nothing_back_when_memory_runs_out)
{
	char *text = NULL;
	size_t len = 99;
	int r;

	fake_malloc_fail_at(1);
	r = io_read_all(FROM, 9, &text, &len);
	fake_malloc_fail_at(0);
	assert_int_equal(r, -ENOMEM);
	assert_null(text);
	assert_int_equal(len, 99);
}

TEST(reads_one_line_of_a_file)
{
	char line[8] = "old";

	fake_sys_answer_text("read from/max", "123\n456\n");
	assert_int_equal(io_read_line(FROM, "max", line, sizeof(line)), 0);
	assert_string_equal(line, "123");
	fake_sys_answer("read from/max", -EINTR);
	fake_sys_answer_text("read from/max", "no line end at all");
	assert_int_equal(io_read_line(FROM, "max", line, sizeof(line)), 0);
	assert_string_equal(line, "no line");
	assert_int_equal(io_read_line(FROM, "max", line, sizeof(line)), 0);
	assert_string_equal(line, "");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_that_a_line_cannot_be_read)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		char line[8];

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(io_read_line(AT_FDCWD, "/max", line, sizeof(line)), -EIO);
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(waits_until_a_descriptor_can_be_sent)
{
	fake_sys_answer("send to with from", -ETOOMANYREFS);
	fake_sys_answer("send to with from", -ETOOMANYREFS);
	assert_int_equal(io_pass(TO, "x", 1, FROM), 0);
	assert_int_equal(fake_sys_now(), 2);
	fake_sys_answer("send to with from", -EPIPE);
	assert_int_equal(io_pass(TO, "x", 1, FROM), -EPIPE);
	fake_sys_always("send to with from", -ETOOMANYREFS);
	assert_int_equal(io_pass(TO, "x", 1, FROM), -ETOOMANYREFS);
	assert_int_equal(fake_sys_now(), 5002);
}

TEST(waits_for_a_byte_or_the_end)
{
	fake_sys_answer("read from", -EINTR);
	fake_sys_answer_data("read from", 0, "x", 1);
	assert_int_equal(io_await_byte(FROM), 0);
	assert_int_equal(io_await_byte(FROM), 0);
	fake_sys_answer("read from", -EIO);
	assert_int_equal(io_await_byte(FROM), -EIO);
	assert_int_equal(fake_sys_calls(), 4);
}

TEST(writes_a_file_in_one_write)
{
	assert_int_equal(io_write_file(FROM, "uid_map", "0 1000 1"), 0);
	assert_string_equal(fake_sys_trace(), "open from uid_map write\n"
					      "write from/uid_map 0 1000 1\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_that_a_file_cannot_be_written)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		fake_sys_reset();
		fake_sys_fail_at(nth, EPERM);
		assert_int_equal(io_write_file(AT_FDCWD, "/f", "x"), -EPERM);
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(reads_arguments_and_closes_their_descriptor)
{
	autofree char *text = NULL;
	struct err e = {0};
	size_t len = 0;

	fake_sys_answer_data("read from", 0, "--dir\0/x", 9);
	assert_int_equal(io_read_args(FROM, 100, &text, &len, &e), 0);
	assert_int_equal(len, 9);
	assert_memory_equal(text, "--dir\0/x", 9);
	assert_int_equal(fake_sys_fd("from"), -1);
}

TEST(refuses_more_than_64_mib_of_arguments)
{
	static char mib[1 << 20];
	struct err e = {0};
	char *text = NULL;
	size_t len = 0;

	fake_sys_always_data("read from", 0, mib, sizeof(mib));
	assert_int_equal(io_read_args(FROM, OPT_MAX_TEXT, &text, &len, &e), -E2BIG);
	assert_string_equal(e.msg, "more than 64 MiB of arguments");
	assert_null(text);
}

TEST(says_which_descriptor_of_arguments_cannot_be_read)
{
	struct err e = {0};
	char *text = NULL;
	size_t len = 0;

	fake_sys_answer("read from", -EISDIR);
	assert_int_equal(io_read_args(FROM, 100, &text, &len, &e), -EISDIR);
	assert_string_equal(e.msg, "cannot read descriptor 3: Is a directory");
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_on_where_a_write_stopped, set_up),
		cmocka_unit_test_setup(stops_writing_at_an_error, set_up),
		cmocka_unit_test_setup(copies_what_is_left_to_read, set_up),
		cmocka_unit_test_setup(stops_copying_at_an_error_of_either_side, set_up),
		cmocka_unit_test_setup(reads_all_and_ends_it_with_a_nul, set_up),
		cmocka_unit_test_setup(reads_nothing_as_an_empty_text, set_up),
		cmocka_unit_test_setup(reads_more_than_fits_at_first, set_up),
		cmocka_unit_test_setup(gives_nothing_back_when_reading_fails, set_up),
		cmocka_unit_test_setup(gives_nothing_back_when_memory_runs_out, set_up),
		cmocka_unit_test_setup(reads_one_line_of_a_file, set_up),
		cmocka_unit_test(reports_that_a_line_cannot_be_read),
		cmocka_unit_test_setup(waits_until_a_descriptor_can_be_sent, set_up),
		cmocka_unit_test_setup(waits_for_a_byte_or_the_end, set_up),
		cmocka_unit_test_setup(writes_a_file_in_one_write, set_up),
		cmocka_unit_test(reports_that_a_file_cannot_be_written),
		cmocka_unit_test_setup(reads_arguments_and_closes_their_descriptor, set_up),
		cmocka_unit_test_setup(refuses_more_than_64_mib_of_arguments, set_up),
		cmocka_unit_test_setup(says_which_descriptor_of_arguments_cannot_be_read, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
