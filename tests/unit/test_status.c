/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/exit_code.h"
#include "fake_malloc.h"
#include "fake_sys.h"
#include "run/status.h"
#include "test.h"

enum { FD = 5 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(FD, "status");
	return 0;
}

/* Check that @expected was written to FD, in one go, and begin anew. */
static void assert_written(const char *expected)
{
	size_t size = 0;
	const char *written = fake_sys_written(FD, 0, &size);

	assert_non_null(written);
	assert_int_equal(size, strlen(expected));
	if (memcmp(written, expected, size) != 0)
		fail_msg("\"%.*s\" instead of \"%s\"", (int)size, written, expected);
	assert_null(fake_sys_written(FD, 1, NULL));
	(void)set_up(NULL);
}

/* --- The start ------------------------------------------------------------ */

enum { CHILD_PID = 4321 };

static const struct ns_ids all = {
	.ino = {[NS_CGROUP] = 4026531835,
		[NS_IPC] = 2,
		[NS_MNT] = 3,
		[NS_NET] = 4,
		[NS_PID] = 5,
		[NS_UTS] = UINT64_MAX},
};
static const struct ns_ids few = {.ino = {[NS_MNT] = 3, [NS_PID] = 5}};

TEST(tells_of_the_start_over_several_lines)
{
	struct err e = {0};

	assert_int_equal(status_info(FD, CHILD_PID, &all, &e), 0);
	assert_written("{\n"
		       "    \"child-pid\": 4321,\n"
		       "    \"cgroup-namespace\": 4026531835,\n"
		       "    \"ipc-namespace\": 2,\n"
		       "    \"mnt-namespace\": 3,\n"
		       "    \"net-namespace\": 4,\n"
		       "    \"pid-namespace\": 5,\n"
		       "    \"uts-namespace\": 18446744073709551615\n"
		       "}\n");
	assert_int_equal(status_info(FD, CHILD_PID, &few, &e), 0);
	assert_written("{\n"
		       "    \"child-pid\": 4321,\n"
		       "    \"mnt-namespace\": 3,\n"
		       "    \"pid-namespace\": 5\n"
		       "}\n");
}

TEST(tells_of_the_start_in_one_line)
{
	struct err e = {0};

	assert_int_equal(status_started(FD, CHILD_PID, &all, &e), 0);
	assert_written("{ \"child-pid\": 4321, \"cgroup-namespace\": 4026531835, "
		       "\"ipc-namespace\": 2, \"mnt-namespace\": 3, \"net-namespace\": 4, "
		       "\"pid-namespace\": 5, \"uts-namespace\": 18446744073709551615 }\n");
	assert_int_equal(status_started(FD, CHILD_PID, &few, &e), 0);
	assert_written("{ \"child-pid\": 4321, \"mnt-namespace\": 3, \"pid-namespace\": 5 }\n");
}

TEST(tells_nobody_without_a_descriptor)
{
	struct err e = {0};

	assert_int_equal(status_info(-1, CHILD_PID, &all, &e), 0);
	assert_int_equal(status_started(-1, CHILD_PID, &all, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_that_the_start_cannot_be_told)
{
	struct err e = {0};

	fake_sys_answer("write*", -EPIPE);
	assert_int_equal(status_info(FD, CHILD_PID, &few, &e), -EPIPE);
	assert_string_equal(e.msg, "--info-fd: cannot write to descriptor 5: Broken pipe");
	assert_string_equal(e.option, "--info-fd");
	assert_string_equal(e.bwrap, "Write to info_fd: Broken pipe");
	e = (struct err){0};
	fake_sys_answer("write*", -EBADF);
	assert_int_equal(status_started(FD, CHILD_PID, &few, &e), -EBADF);
	assert_string_equal(e.msg, "--json-status-fd: cannot write to descriptor 5: "
				   "Bad file descriptor");
	assert_string_equal(e.bwrap, "Write to info_fd: Bad file descriptor");
}

TEST(takes_half_a_message_for_none)
{
	struct err e = {0};

	fake_sys_answer("write*", 1);
	assert_int_equal(status_info(FD, CHILD_PID, &few, &e), -EIO);
	assert_int_equal(fake_sys_calls(), 1);
}

TEST(tells_nothing_that_is_not_whole)
{
	struct err e = {0};
	int r;

	fake_malloc_fail_at(1);
	r = status_info(FD, CHILD_PID, &few, &e);
	fake_malloc_fail_at(1);
	status_running(FD, 7);
	fake_malloc_fail_at(0);
	assert_int_equal(r, -ENOMEM);
	assert_string_equal(e.msg, "--info-fd: cannot write to descriptor 5: "
				   "Cannot allocate memory");
	assert_null(strstr(fake_sys_trace(), "write"));
}

TEST(writes_on_after_an_interruption)
{
	struct err e = {0};

	fake_sys_answer("write*", -EINTR);
	assert_int_equal(status_started(FD, CHILD_PID, &few, &e), 0);
	assert_int_equal(fake_sys_calls(), 2);
}

/* --- The run -------------------------------------------------------------- */

TEST(tells_what_is_done_otherwise)
{
	status_note(FD, &(const struct note){.level = NOTE_INFO,
					     .option = "--proc",
					     .path = "/a\"b",
					     .text = "--proc: something else"});
	assert_written("{ \"phase\": \"note\", \"level\": \"info\", \"option\": \"--proc\", "
		       "\"path\": \"/a\\\"b\", \"message\": \"--proc: something else\" }\n");
	status_note(FD, &(const struct note){.level = NOTE_WARNING, .text = "beware"});
	assert_written("{ \"phase\": \"note\", \"level\": \"warning\", "
		       "\"message\": \"beware\" }\n");
}

TEST(tells_of_a_command_that_runs)
{
	status_running(FD, 4322);
	assert_written("{ \"phase\": \"running\", \"command-pid\": 4322 }\n");
}

/* Wait statuses, what is known of what was used, and what is said. */
static const struct {
	int status;
	struct status_usage usage;
	const char *ended;
	const char *exit_code;
	int code;
} ends[] = {
	{0, {0}, "{ \"phase\": \"ended\" }\n", "{ \"exit-code\": 0 }\n", 0},
	{3 << 8, {0}, "{ \"phase\": \"ended\" }\n", "{ \"exit-code\": 3 }\n", 3},
	{SIGKILL,
	 {0},
	 "{ \"phase\": \"ended\", \"signal\": 9 }\n",
	 "{ \"exit-code\": 137 }\n",
	 137},
	{SIGSEGV | 0x80,
	 {0},
	 "{ \"phase\": \"ended\", \"signal\": 11 }\n",
	 "{ \"exit-code\": 139 }\n",
	 139},
	{255 << 8,
	 {.known = true, .user_us = 1500000, .system_us = 0, .max_rss_kib = 4096},
	 "{ \"phase\": \"ended\", \"user-us\": 1500000, \"system-us\": 0, "
	 "\"max-rss-kib\": 4096 }\n",
	 "{ \"exit-code\": 255 }\n",
	 255},
	{SIGTERM,
	 {.known = true, .user_us = UINT64_MAX, .system_us = 1, .max_rss_kib = 2},
	 "{ \"phase\": \"ended\", \"signal\": 15, \"user-us\": 18446744073709551615, "
	 "\"system-us\": 1, \"max-rss-kib\": 2 }\n",
	 "{ \"exit-code\": 143 }\n",
	 143},
};

TEST(tells_how_the_command_ended)
{
	for (size_t i = 0; i < LENGTH(ends); i++) {
		const struct outcome outcome = {.status = ends[i].status, .reaped = true};

		status_ended(FD, &outcome, &ends[i].usage);
		assert_written(ends[i].ended);
		status_exit_code(FD, ends[i].status);
		assert_written(ends[i].exit_code);
		assert_int_equal(exit_code_of(ends[i].status), ends[i].code);
	}
}

/* What is known of a command that is stuck in its exit. */
static const struct status_usage no_usage = {0};

TEST(says_that_the_command_has_not_been_reaped)
{
	const struct outcome outcome = {.status = SIGKILL};

	status_ended(FD, &outcome, &no_usage);
	assert_written("{ \"phase\": \"ended\", \"reaped\": false, \"signal\": 9 }\n");
}

/* Processes that do not go away: with all that is known of one, and next to nothing. */
static struct stuck stuck[] = {
	{.role = STUCK_COMMAND,
	 .stat = {.pid = 78, .name = "c\"t", .state = 'D'},
	 .pid = 77,
	 .tracer = 9,
	 .ms = 1234,
	 .wchan = "fuse_get_req",
	 .stack = {"fuse_get_req+0x1/0x2", "do_exit+0x3/0x4"},
	 .meaning = "it waits",
	 .hint = "help it"},
	{.role = STUCK_JANITOR,
	 .stat = {.pid = 80, .name = "sbx-janitor", .state = 'R'},
	 .pid = 80,
	 .ms = 60005,
	 .doing = "unmounting /a b (tmpfs)",
	 .meaning = "",
	 .hint = ""},
	{.role = STUCK_INSIDE,
	 .stat = {.pid = 81, .name = "sh", .state = 'T'},
	 .pid = 81,
	 .ms = 7,
	 .meaning = "",
	 .hint = ""},
};

#define COMMAND_TEXT                                                                               \
	"{ \"phase\": \"stuck\", \"pid\": 77, \"name\": \"c\\\"t\", \"role\": \"command\", "       \
	"\"state\": \"D\", \"seconds\": 1.234, \"wchan\": \"fuse_get_req\", \"thread\": 78, "      \
	"\"tracer\": 9, \"stack\": [\"fuse_get_req+0x1/0x2\", \"do_exit+0x3/0x4\"], "              \
	"\"meaning\": \"it waits\", \"hint\": \"help it\" }\n"
#define JANITOR_TEXT                                                                               \
	"{ \"phase\": \"stuck\", \"pid\": 80, \"name\": \"sbx-janitor\", \"role\": \"janitor\", "  \
	"\"state\": \"R\", \"seconds\": 60.005, \"wchan\": \"\", \"thread\": 80, "                 \
	"\"doing\": \"unmounting /a b (tmpfs)\" }\n"
#define INSIDE_TEXT                                                                                \
	"{ \"phase\": \"stuck\", \"pid\": 81, \"name\": \"sh\", \"role\": \"inside\", "            \
	"\"state\": \"T\", \"seconds\": 0.007, \"wchan\": \"\", \"thread\": 81 }\n"

static const struct outcome one_stuck = {.stuck = stuck, .n_stuck = 1};

TEST(tells_of_each_process_that_is_stuck_in_a_line)
{
	const struct outcome all_stuck = {.stuck = stuck, .n_stuck = LENGTH(stuck)};
	const struct outcome none_stuck = {0};

	status_stuck(FD, &one_stuck);
	assert_written(COMMAND_TEXT);
	status_stuck(FD, &all_stuck);
	assert_written(COMMAND_TEXT JANITOR_TEXT INSIDE_TEXT);
	status_stuck(FD, &none_stuck);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(tells_of_a_whole_stack_and_not_of_what_lies_behind)
{
	struct stuck deep = stuck[2];
	const struct outcome outcome = {.stuck = &deep, .n_stuck = 1};
	const char *written;
	size_t size = 0;

	for (size_t i = 0; i < STUCK_FRAMES; i++)
		(void)snprintf(deep.stack[i], sizeof(deep.stack[i]), "f%zu", i);
	status_stuck(FD, &outcome);
	written = fake_sys_written(FD, 0, &size);
	assert_non_null(written);
	assert_non_null(memmem(written, size, "\"f0\", \"f1\"", strlen("\"f0\", \"f1\"")));
	assert_non_null(memmem(written, size, "\"f15\"] }\n", strlen("\"f15\"] }\n")));
}

TEST(does_not_mind_when_nobody_listens_any_more)
{
	fake_sys_always("write*", -EPIPE);
	status_running(FD, 7);
	status_ended(FD, &one_stuck, &no_usage);
	status_stuck(FD, &one_stuck);
	status_exit_code(FD, 0);
	assert_int_equal(fake_sys_calls(), 8);
}

TEST(waits_no_longer_than_a_second_for_somebody_who_does_not_read)
{
	const struct err failure = {.code = EIO};

	fake_sys_always("await_room*", 0);
	status_running(FD, 7);
	status_ended(FD, &one_stuck, &no_usage);
	status_stuck(FD, &one_stuck);
	status_exit_code(FD, 0);
	status_failed(FD, &failure);
	assert_string_equal(fake_sys_trace(), "await_room status, 1000 ms\n"
					      "await_room status, 1000 ms\n"
					      "await_room status, 1000 ms\n"
					      "await_room status, 1000 ms\n"
					      "await_room status, 1000 ms\n");
}

/* --- Failures ------------------------------------------------------------- */

TEST(tells_why_a_run_failed)
{
	struct err e = {0};

	(void)err_sys(&e, -ENOENT, "cannot open /nope on the host");
	status_failed(FD, &e);
	assert_written("{ \"phase\": \"failed\", \"error\": { \"code\": \"ENOENT\", \"message\": "
		       "\"cannot open /nope on the host: No such file or directory\" } }\n");
	(void)err_path(&e, "/nope");
	(void)err_option(&e, "bind");
	(void)err_hint(&e, "make it");
	status_failed(FD, &e);
	assert_written("{ \"phase\": \"failed\", \"error\": { \"code\": \"ENOENT\", \"option\": "
		       "\"--bind\", \"path\": \"/nope\", \"message\": \"--bind: cannot open /nope "
		       "on the host: No such file or directory\", \"hint\": \"make it\" } }\n");
}

TEST(tells_of_an_error_that_has_no_name)
{
	const struct err e = {.code = 100000, .msg = "m"};

	status_failed(FD, &e);
	assert_written("{ \"phase\": \"failed\", \"error\": { \"code\": \"\", "
		       "\"message\": \"m\" } }\n");
}

/* What may stand in a path, and how JSON has it. */
static const struct {
	const char *path;
	const char *json;
} strings[] = {
	{"plain", "plain"},
	{"\"quoted\"", "\\\"quoted\\\""},
	{"back\\slash", "back\\\\slash"},
	{"line\nend\ttab", "line\\u000aend\\u0009tab"},
	{"\x01\x1b\x1f\x7f", "\\u0001\\u001b\\u001f\\u007f"},
	{"/slash 'n' %s", "/slash 'n' %s"},
	/* UTF-8 of two, three and four bytes, the first and last of each */
	{"\xc3\xa4", "\xc3\xa4"},
	{"\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf"},
	{"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
	 "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
	{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	/* what is none: alone, cut short, too long for what it means, no character */
	{"\x80", "\\ufffd"},
	{"a\xff\xfe", "a\\ufffd\\ufffd"},
	{"\xc3", "\\ufffd"},
	{"\xc3(", "\\ufffd("},
	{"\xe2\x82", "\\ufffd\\ufffd"},
	{"\xf0\x9f\x98x", "\\ufffd\\ufffd\\ufffdx"},
	{"\xc0\xaf", "\\ufffd\\ufffd"},
	{"\xc1\xbf", "\\ufffd\\ufffd"},
	{"\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"},
	{"\xf0\x8f\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
	{"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
	{"\xed\xbf\xbf", "\\ufffd\\ufffd\\ufffd"},
	{"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
	{"\xf8\x88\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
};

TEST(writes_any_path_as_a_json_string)
{
	for (size_t i = 0; i < LENGTH(strings); i++) {
		struct err e = {.code = EIO};
		char expected[256];

		(void)err_path(&e, strings[i].path);
		status_failed(FD, &e);
		(void)snprintf(expected, sizeof(expected),
			       "{ \"phase\": \"failed\", \"error\": { \"code\": \"EIO\", "
			       "\"path\": \"%s\" } }\n",
			       strings[i].json);
		assert_written(expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_of_the_start_over_several_lines, set_up),
		cmocka_unit_test_setup(tells_of_the_start_in_one_line, set_up),
		cmocka_unit_test_setup(tells_nobody_without_a_descriptor, set_up),
		cmocka_unit_test_setup(says_that_the_start_cannot_be_told, set_up),
		cmocka_unit_test_setup(takes_half_a_message_for_none, set_up),
		cmocka_unit_test_setup(tells_nothing_that_is_not_whole, set_up),
		cmocka_unit_test_setup(writes_on_after_an_interruption, set_up),
		cmocka_unit_test_setup(tells_what_is_done_otherwise, set_up),
		cmocka_unit_test_setup(tells_of_a_command_that_runs, set_up),
		cmocka_unit_test_setup(tells_how_the_command_ended, set_up),
		cmocka_unit_test_setup(says_that_the_command_has_not_been_reaped, set_up),
		cmocka_unit_test_setup(tells_of_each_process_that_is_stuck_in_a_line, set_up),
		cmocka_unit_test_setup(tells_of_a_whole_stack_and_not_of_what_lies_behind, set_up),
		cmocka_unit_test_setup(does_not_mind_when_nobody_listens_any_more, set_up),
		cmocka_unit_test_setup(waits_no_longer_than_a_second_for_somebody_who_does_not_read,
				       set_up),
		cmocka_unit_test_setup(tells_why_a_run_failed, set_up),
		cmocka_unit_test_setup(tells_of_an_error_that_has_no_name, set_up),
		cmocka_unit_test_setup(writes_any_path_as_a_json_string, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
