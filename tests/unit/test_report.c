/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_sys.h"
#include "ipc/report.h"
#include "sys/sys.h"
#include "test.h"

enum { SOCK = 3, PIDFD = 4 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(SOCK, "sock");
	fake_sys_given(PIDFD, "pidfd");
	return 0;
}

/* Receive what was written as the first message, with a descriptor called @passed if not NULL. */
static struct report receive_written(const char *passed, int *fd)
{
	struct report report = {0};
	size_t size = 0;
	const void *data = fake_sys_written(SOCK, 0, &size);

	assert_non_null(data);
	fake_sys_answer_message("receive sock", data, size, passed);
	assert_int_equal(report_receive(SOCK, &report, fd), 1);
	return report;
}

TEST(sends_no_handle_of_the_command)
{
	autoclose int handle = -1;

	assert_int_equal(report_started(SOCK), 0);
	assert_string_equal(fake_sys_trace(), "send sock\n");
	assert_int_equal(receive_written(NULL, &handle).kind, REPORT_STARTED);
	assert_int_equal(handle, -1);
}

TEST(takes_the_handle_of_the_command_from_the_kernel_alone)
{
	static const struct report started = {.kind = REPORT_STARTED};
	static const struct report ended = {.kind = REPORT_ENDED};
	struct report report;
	int handle = -1;

	fake_sys_answer_message_by("receive sock", &started, sizeof(started.kind), "sender");
	assert_int_equal(report_receive(SOCK, &report, &handle), 1);
	assert_string_equal(fake_sys_name(handle), "sender");
	assert_int_equal(sys_close(handle), 0);
	fake_sys_answer_message("receive sock", &started, sizeof(started.kind), "planted");
	assert_int_equal(report_receive(SOCK, &report, &handle), -EPROTO);
	assert_int_equal(handle, -1);
	fake_sys_answer_message_by("receive sock", &ended,
				   offsetof(struct report, ended) + sizeof(ended.ended), "sender");
	assert_int_equal(report_receive(SOCK, &report, &handle), 1);
	assert_int_equal(handle, -1);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(sends_what_is_made_on_the_host_with_a_descriptor)
{
	static const struct mount_point_note note = {
		.kind = MOUNT_POINT_ENTRY, .is_new = true, .name = "name"};
	autoclose int fd = -1;
	struct report report;

	assert_int_equal(report_mount_point(SOCK, &note, PIDFD), 0);
	assert_string_equal(fake_sys_trace(), "send sock with pidfd\n");
	report = receive_written("received", &fd);
	assert_int_equal(report.kind, REPORT_MOUNT_POINT);
	assert_memory_equal(&report.mount_points, &note, sizeof(note));
	assert_string_equal(fake_sys_name(fd), "received");
	fake_sys_answer("send*", -EPIPE);
	assert_int_equal(report_mount_point(SOCK, &note, -1), -EPIPE);
}

TEST(ends_the_name_of_what_is_made_whatever_was_sent)
{
	struct report sent = {.kind = REPORT_MOUNT_POINT};
	struct report report;
	int fd = 0;

	memset(sent.mount_points.name, 'x', sizeof(sent.mount_points.name));
	fake_sys_answer_message("receive sock", &sent,
				offsetof(struct report, mount_points) + sizeof(sent.mount_points),
				NULL);
	assert_int_equal(report_receive(SOCK, &report, &fd), 1);
	assert_int_equal(strlen(report.mount_points.name), sizeof(report.mount_points.name) - 1);
}

TEST(sends_a_status_with_one_write)
{
	autoclose int pidfd = -1;
	struct report report;

	report_ended(SOCK, 0x1234, true);
	assert_string_equal(fake_sys_trace(), "write sock (data)\n");
	report = receive_written(NULL, &pidfd);
	assert_int_equal(report.kind, REPORT_ENDED);
	assert_int_equal(report.ended.status, 0x1234);
	assert_true(report.ended.is_last);
}

TEST(sends_an_error_whole)
{
	autoclose int pidfd = -1;
	struct err e = {0};
	struct report report;

	(void)err_sys(&e, -ENOENT, "cannot execute sh");
	(void)err_hint(&e, "bind it");
	e.stage = ERR_EXEC;
	memset(e.msg + strlen(e.msg) + 1, 'x', sizeof(e.msg) - strlen(e.msg) - 2);
	report_failed(SOCK, &e);
	assert_string_equal(fake_sys_trace(), "write sock (data)\n");
	report = receive_written(NULL, &pidfd);
	assert_int_equal(report.kind, REPORT_FAILED);
	assert_memory_equal(&report.err, &e, sizeof(e));
}

TEST(sends_the_numbers_of_namespaces_with_one_write)
{
	static const struct ns_ids ids = {
		.ino = {[NS_CGROUP] = 1, [NS_MNT] = UINT64_MAX, [NS_UTS] = 4026531838},
	};
	autoclose int pidfd = -1;
	struct report report;

	assert_int_equal(report_namespaces(SOCK, &ids), 0);
	assert_string_equal(fake_sys_trace(), "write sock (data)\n");
	report = receive_written(NULL, &pidfd);
	assert_int_equal(report.kind, REPORT_NAMESPACES);
	assert_memory_equal(&report.namespaces, &ids, sizeof(ids));
}

static const struct note note = {
	.level = NOTE_WARNING, .option = "--dev", .path = "/dev", .text = "--dev: no such point"};

TEST(sends_a_note_with_one_write)
{
	autoclose int pidfd = -1;
	struct report report;

	assert_int_equal(report_note(SOCK, &note), 0);
	assert_string_equal(fake_sys_trace(), "write sock (data)\n");
	report = receive_written(NULL, &pidfd);
	assert_int_equal(report.kind, REPORT_NOTE);
	assert_memory_equal(&report.note, &note, sizeof(note));
}

TEST(says_that_nobody_heard_of_a_note)
{
	fake_sys_answer("write sock*", -EPIPE);
	assert_int_equal(report_note(SOCK, &note), -EPIPE);
}

TEST(says_that_nobody_heard_of_the_namespaces)
{
	static const struct ns_ids ids;

	fake_sys_answer("write sock*", -EPIPE);
	assert_int_equal(report_namespaces(SOCK, &ids), -EPIPE);
}

TEST(does_not_mind_when_nobody_hears)
{
	struct err e = {0};

	fake_sys_always("write*", -EPIPE);
	report_ended(SOCK, 0, false);
	report_failed(SOCK, &e);
	assert_int_equal(fake_sys_calls(), 2);
}

TEST(says_that_nobody_heard_of_the_command)
{
	fake_sys_answer("send*", -EPIPE);
	assert_int_equal(report_started(SOCK), -EPIPE);
}

/* Reports that the reaper would never send, and how much of them. */
static const struct {
	struct report report;
	size_t size;
} unsound[] = {
	{.report = {.kind = REPORT_NAMESPACES}, .size = sizeof(enum report_kind)},
	{.report = {.kind = REPORT_NAMESPACES},
	 .size = offsetof(struct report, namespaces) + sizeof(struct ns_ids) - 1},
	{.report = {.kind = REPORT_NAMESPACES},
	 .size = offsetof(struct report, namespaces) + sizeof(struct ns_ids) + 1},
	{.report = {.kind = REPORT_NAMESPACES}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_MOUNT_POINT}, .size = sizeof(enum report_kind)},
	{.report = {.kind = REPORT_MOUNT_POINT}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_STARTED}, .size = 1},
	{.report = {.kind = REPORT_STARTED}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_ENDED}, .size = sizeof(enum report_kind)},
	{.report = {.kind = REPORT_ENDED}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_FAILED, .err = {.code = EIO}},
	 .size = sizeof(struct report) - 1},
	{.report = {.kind = REPORT_FAILED, .err = {.code = 0}}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_FAILED, .err = {.code = -1}}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_NOTE}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_NOTE},
	 .size = offsetof(struct report, note) + sizeof(struct note) - 1},
	{.report = {.kind = REPORT_NOTE, .note = {.level = NOTE_WARNING + 1}},
	 .size = offsetof(struct report, note) + sizeof(struct note)},
	{.report = {.kind = REPORT_NOTE + 1}, .size = sizeof(struct report)},
};

TEST(believes_no_report_that_is_none)
{
	for (size_t i = 0; i < LENGTH(unsound); i++) {
		struct report report;
		int pidfd = 0;

		fake_sys_answer_message("receive sock", &unsound[i].report, unsound[i].size,
					"received");
		assert_int_equal(report_receive(SOCK, &report, &pidfd), -EPROTO);
		assert_int_equal(pidfd, -1);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* Reports that are none if a descriptor comes with them. */
static const struct {
	struct report report;
	size_t size;
} alone[] = {
	{.report = {.kind = REPORT_NAMESPACES},
	 .size = offsetof(struct report, namespaces) + sizeof(struct ns_ids)},
	{.report = {.kind = REPORT_ENDED},
	 .size = offsetof(struct report, ended) + sizeof(((struct report *)0)->ended)},
	{.report = {.kind = REPORT_FAILED, .err = {.code = EIO}}, .size = sizeof(struct report)},
	{.report = {.kind = REPORT_NOTE},
	 .size = offsetof(struct report, note) + sizeof(struct note)},
};

TEST(takes_no_descriptor_but_with_what_brings_one)
{
	for (size_t i = 0; i < LENGTH(alone); i++) {
		struct report report;
		int pidfd = 0;

		fake_sys_answer_message("receive sock", &alone[i].report, alone[i].size, NULL);
		assert_int_equal(report_receive(SOCK, &report, &pidfd), 1);
		assert_int_equal(pidfd, -1);
		fake_sys_answer_message("receive sock", &alone[i].report, alone[i].size, "planted");
		assert_int_equal(report_receive(SOCK, &report, &pidfd), -EPROTO);
		assert_int_equal(pidfd, -1);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(knows_the_sender_from_the_kernel_alone)
{
	static const struct report lie = {.kind = REPORT_FAILED, .sender = 7, .err = {.code = EIO}};
	struct report report;
	int pidfd = 0;

	fake_sys_answer_message("receive sock", &lie, sizeof(lie), NULL);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), 1);
	assert_int_equal(report.sender, 0);
	fake_sys_sender(4321);
	fake_sys_answer_message("receive sock", &lie, sizeof(lie), NULL);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), 1);
	assert_int_equal(report.sender, 4321);
}

TEST(ends_the_texts_of_an_error_whatever_was_sent)
{
	struct report sent = {.kind = REPORT_FAILED, .err = {.code = EIO}};
	struct report report;
	int pidfd = 0;

	memset(sent.err.option, 'x', sizeof(sent.err.option));
	memset(sent.err.path, 'x', sizeof(sent.err.path));
	memset(sent.err.msg, 'x', sizeof(sent.err.msg));
	memset(sent.err.bwrap, 'x', sizeof(sent.err.bwrap));
	memset(sent.err.hint, 'x', sizeof(sent.err.hint));
	fake_sys_answer_message("receive sock", &sent, sizeof(sent), NULL);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), 1);
	assert_int_equal(report.err.option[sizeof(report.err.option) - 1], '\0');
	assert_int_equal(report.err.path[sizeof(report.err.path) - 1], '\0');
	assert_int_equal(report.err.msg[sizeof(report.err.msg) - 1], '\0');
	assert_int_equal(report.err.bwrap[sizeof(report.err.bwrap) - 1], '\0');
	assert_int_equal(report.err.hint[sizeof(report.err.hint) - 1], '\0');
}

TEST(ends_the_texts_of_a_note_whatever_was_sent)
{
	struct report sent = {.kind = REPORT_NOTE};
	struct report report;
	int pidfd = 0;

	memset(sent.note.option, 'x', sizeof(sent.note.option));
	memset(sent.note.path, 'x', sizeof(sent.note.path));
	memset(sent.note.text, 'x', sizeof(sent.note.text));
	fake_sys_answer_message("receive sock", &sent,
				offsetof(struct report, note) + sizeof(sent.note), NULL);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), 1);
	assert_int_equal(strlen(report.note.option), sizeof(report.note.option) - 1);
	assert_int_equal(strlen(report.note.path), sizeof(report.note.path) - 1);
	assert_int_equal(strlen(report.note.text), sizeof(report.note.text) - 1);
}

TEST(tells_the_end_of_the_conversation_from_an_error)
{
	struct report report;
	int pidfd = 0;

	assert_int_equal(report_receive(SOCK, &report, &pidfd), 0);
	assert_int_equal(pidfd, -1);
	fake_sys_answer("receive sock", -ECONNRESET);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), 0);
	fake_sys_answer("receive sock", -EIO);
	assert_int_equal(report_receive(SOCK, &report, &pidfd), -EIO);
}

TEST(says_go)
{
	size_t size = 0;

	for (int needs_mounts = 0; needs_mounts <= 1; needs_mounts++) {
		fake_sys_reset();
		fake_sys_given(SOCK, "sock");
		assert_int_equal(report_go(SOCK, needs_mounts), 0);
		fake_sys_answer_data("read sock", 0, fake_sys_written(SOCK, 0, &size), 1);
		assert_int_equal(size, 1);
		assert_int_equal(report_await_go(SOCK), needs_mounts);
	}
	fake_sys_answer("send sock", -EPIPE);
	assert_int_equal(report_go(SOCK, false), -EPIPE);
}

TEST(waits_for_go)
{
	fake_sys_answer("read sock", -EINTR);
	fake_sys_answer_data("read sock", 0, "", 1);
	assert_int_equal(report_await_go(SOCK), 0);
	assert_int_equal(fake_sys_calls(), 2);
}

TEST(does_not_go_without_a_monitor)
{
	assert_int_equal(report_await_go(SOCK), -EPIPE);
	fake_sys_answer("read sock", -EIO);
	assert_int_equal(report_await_go(SOCK), -EIO);
}

TEST(sends_a_stop_with_one_write)
{
	autoclose int fd = -1;
	struct report report;

	report_stopped(SOCK, 21);
	assert_string_equal(fake_sys_trace(), "write sock (data)\n");
	report = receive_written(NULL, &fd);
	assert_int_equal(report.kind, REPORT_STOPPED);
	assert_int_equal(report.stopped, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sends_a_stop_with_one_write, set_up),
		cmocka_unit_test_setup(sends_no_handle_of_the_command, set_up),
		cmocka_unit_test_setup(takes_the_handle_of_the_command_from_the_kernel_alone,
				       set_up),
		cmocka_unit_test_setup(sends_what_is_made_on_the_host_with_a_descriptor, set_up),
		cmocka_unit_test_setup(ends_the_name_of_what_is_made_whatever_was_sent, set_up),
		cmocka_unit_test_setup(sends_a_status_with_one_write, set_up),
		cmocka_unit_test_setup(sends_an_error_whole, set_up),
		cmocka_unit_test_setup(sends_the_numbers_of_namespaces_with_one_write, set_up),
		cmocka_unit_test_setup(sends_a_note_with_one_write, set_up),
		cmocka_unit_test_setup(says_that_nobody_heard_of_a_note, set_up),
		cmocka_unit_test_setup(says_that_nobody_heard_of_the_namespaces, set_up),
		cmocka_unit_test_setup(does_not_mind_when_nobody_hears, set_up),
		cmocka_unit_test_setup(says_that_nobody_heard_of_the_command, set_up),
		cmocka_unit_test_setup(believes_no_report_that_is_none, set_up),
		cmocka_unit_test_setup(takes_no_descriptor_but_with_what_brings_one, set_up),
		cmocka_unit_test_setup(knows_the_sender_from_the_kernel_alone, set_up),
		cmocka_unit_test_setup(ends_the_texts_of_an_error_whatever_was_sent, set_up),
		cmocka_unit_test_setup(ends_the_texts_of_a_note_whatever_was_sent, set_up),
		cmocka_unit_test_setup(tells_the_end_of_the_conversation_from_an_error, set_up),
		cmocka_unit_test_setup(says_go, set_up),
		cmocka_unit_test_setup(waits_for_go, set_up),
		cmocka_unit_test_setup(does_not_go_without_a_monitor, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
