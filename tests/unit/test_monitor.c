/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/signalfd.h>

#include "fake_sys.h"
#include "sbx/monitor.h"
#include "sbx/report.h"
#include "sbx/sys.h"
#include "test.h"

enum { SOCK = 6, CHILD = 7, SIGNALS = 8 };

/* What the monitor does first, while it waits, and when all is over. */
#define BEGIN "close_range 3 5\nclose_range 9 -\nsend sock\n"
#define WAIT "poll sock signals - child, -1 ms\n"
#define WAIT_WITHOUT_SOCK "poll - signals - child, -1 ms\n"
#define WAIT_WITH_COMMAND "poll sock signals command child, -1 ms\n"
#define END "poll child, 1000 ms\nwait_pidfd child\n"

static struct plan plan;
static struct box box;
static struct err e;
static int status;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(SOCK, "sock");
	fake_sys_given(CHILD, "child");
	fake_sys_given(SIGNALS, "signals");
	plan = (struct plan){0};
	box = (struct box){.plan = &plan, .sock = SOCK};
	e = (struct err){0};
	status = -1;
	return 0;
}

/* --- Events, in the order in which they are to come ----------------------- */

/* Let the monitor see that those of its four descriptors are ready that have a "+". */
static void event(const char *ready)
{
	fake_sys_answer_data("poll*", 1, ready, strlen(ready));
}

static void report_comes(const struct report *report, size_t size, const char *passed)
{
	event("+...");
	fake_sys_answer_message("receive sock", report, size, passed);
}

static void command_starts(void)
{
	static const struct report report = {.kind = REPORT_STARTED};

	report_comes(&report, sizeof(report.kind), plan.as_pid_1 ? NULL : "command");
}

/* The command ends with status 3; other processes are left inside, or none. */
static void command_ends(bool is_last)
{
	static const struct report reports[] = {
		{.kind = REPORT_ENDED, .ended = {.status = 3 << 8, .is_last = false}},
		{.kind = REPORT_ENDED, .ended = {.status = 3 << 8, .is_last = true}},
	};

	report_comes(&reports[is_last], offsetof(struct report, ended) + sizeof(reports->ended),
		     NULL);
}

static void run_fails(void)
{
	static const struct report report = {
		.kind = REPORT_FAILED,
		.err = {.code = ENOENT, .stage = ERR_EXEC, .msg = "cannot", .hint = "can"},
	};

	report_comes(&report, sizeof(report), NULL);
}

static void nobody_speaks_any_more(void)
{
	event("+...");
}

static void signal_comes(int sig, int code)
{
	static struct signalfd_siginfo infos[4];
	static unsigned n;
	struct signalfd_siginfo *info = &infos[n++ % LENGTH(infos)];

	*info = (struct signalfd_siginfo){.ssi_signo = (uint32_t)sig, .ssi_code = code};
	event(".+..");
	fake_sys_answer_data("read signals", 0, info, sizeof(*info));
}

/* The first process inside ends, and can be reaped, with the wait status @ended. */
static void child_ends(int ended)
{
	static int statuses[4];
	static unsigned n;
	int *at = &statuses[n++ % LENGTH(statuses)];

	*at = ended;
	event("...+");
	fake_sys_answer_data("wait_pidfd child", 1, at, sizeof(*at));
}

/* The same, at the end of the run, when nothing else is waited for. */
static void child_is_gone(void)
{
	event("+");
}

static void time_is_up(void)
{
	fake_sys_answer("poll*", 0);
}

/* --- Outcomes ------------------------------------------------------------- */

static int run(void)
{
	int r = monitor_run(&box, CHILD, SIGNALS, &status, &e);

	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static void assert_status(int expected)
{
	assert_int_equal(run(), 0);
	assert_int_equal(status, expected);
	assert_int_equal(e.code, 0);
}

static void assert_fails(int code, const char *msg)
{
	assert_int_equal(run(), -code);
	assert_int_equal(e.code, code);
	assert_string_equal(e.msg, msg);
	assert_int_equal(status, -1);
}

/* --- The end -------------------------------------------------------------- */

TEST(returns_the_status_of_the_command)
{
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITH_COMMAND "receive sock\n" END);
}

TEST(waits_for_nobody_while_others_are_left_inside)
{
	command_starts();
	command_ends(false);
	assert_status(3 << 8);
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITH_COMMAND "receive sock\n");
}

TEST(waits_no_longer_than_a_second_for_the_mounts_to_go)
{
	command_starts();
	command_ends(true);
	time_is_up();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "poll child, 1000 ms\n");
}

TEST(hears_what_was_said_before_the_end)
{
	static const int killed = SIGKILL;

	command_starts();
	fake_sys_answer_data("poll*", 2, "+.++", 4);
	fake_sys_answer_message(
		"receive sock",
		&(const struct report){.kind = REPORT_ENDED,
				       .ended = {.status = 0, .is_last = true}},
		offsetof(struct report, ended) + sizeof(((struct report *)0)->ended), NULL);
	child_is_gone();
	fake_sys_answer_data("wait_pidfd child", 1, &killed, sizeof(killed));
	assert_status(0);
}

TEST(passes_an_error_from_inside_on_as_it_is)
{
	run_fails();
	child_is_gone();
	assert_fails(ENOENT, "cannot");
	assert_int_equal(e.stage, ERR_EXEC);
	assert_string_equal(e.hint, "can");
	assert_string_equal(fake_sys_trace(), BEGIN WAIT "receive sock\nkill child 9\n" END);
}

TEST(says_that_the_first_process_was_killed)
{
	nobody_speaks_any_more();
	child_ends(SIGSYS);
	assert_fails(ECHILD, "the first process inside was killed by signal 31 (Bad system call) "
			     "before the command ran");
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITHOUT_SOCK "wait_pidfd child\n");
}

TEST(says_that_the_first_process_ended_without_a_word)
{
	child_ends(0);
	assert_fails(ECHILD, "the first process inside ended before the command ran");
}

TEST(takes_the_end_of_the_first_process_for_that_of_a_command_that_ran)
{
	command_starts();
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_status(SIGKILL);
}

TEST(does_not_take_what_it_cannot_learn_for_success)
{
	command_starts();
	nobody_speaks_any_more();
	event("...+");
	fake_sys_answer("wait_pidfd child", -ECHILD);
	event("+");
	assert_fails(ECHILD, "cannot learn how the first process inside ended: No child processes");
}

TEST(takes_the_first_process_for_the_command_as_pid_1)
{
	plan.as_pid_1 = true;
	command_starts();
	nobody_speaks_any_more();
	child_ends(5 << 8);
	assert_status(5 << 8);
}

TEST(knows_as_pid_1_that_nothing_ran_before_exec)
{
	plan.as_pid_1 = true;
	child_ends(SIGKILL);
	assert_fails(ECHILD, "the first process inside was killed by signal 9 (Killed) before the "
			     "command ran");
}

TEST(looks_again_at_a_child_that_has_ended_but_cannot_be_reaped)
{
	static const int exited = 4 << 8;

	nobody_speaks_any_more();
	event("...+");
	fake_sys_answer("wait_pidfd child", 0);
	time_is_up();
	fake_sys_answer("wait_pidfd child", 0);
	time_is_up();
	fake_sys_answer_data("wait_pidfd child", 1, &exited, sizeof(exited));
	assert_int_equal(run(), -ECHILD);
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITHOUT_SOCK "wait_pidfd child\n"
				       "poll - signals - -, 20 ms\n"
				       "wait_pidfd child\n"
				       "poll - signals - -, 20 ms\n"
				       "wait_pidfd child\n");
}

TEST(hears_of_an_end_while_a_tracer_holds_the_child)
{
	command_starts();
	event("...+");
	fake_sys_answer("wait_pidfd child", 0);
	command_ends(true);
	time_is_up();
	assert_status(3 << 8);
}

TEST(wakes_a_reaper_that_does_not_say_how_the_command_ended)
{
	command_starts();
	event("..+.");
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_string_equal(fake_sys_trace(),
			    BEGIN WAIT "receive sock\n" WAIT_WITH_COMMAND "kill child 18\n"
				       "poll sock - - child, 1000 ms\n"
				       "receive sock\n" END);
}

TEST(waits_no_longer_than_a_second_to_hear_how_the_command_ended)
{
	command_starts();
	event("..+.");
	time_is_up();
	child_is_gone();
	assert_fails(ETIMEDOUT, "the command has ended, but the reaper does not say how");
	assert_contains(fake_sys_trace(), "kill child 18\n"
					  "poll sock - - child, 1000 ms\n"
					  "kill child 9\n");
}

TEST(does_not_wait_for_ever_for_a_reaper_that_a_tracer_holds)
{
	command_starts();
	event("..+.");
	event("...+");
	fake_sys_answer("wait_pidfd child", 0);
	time_is_up();
	child_is_gone();
	assert_fails(ETIMEDOUT, "the command has ended, but the reaper does not say how");
}

/* --- Signals -------------------------------------------------------------- */

TEST(passes_a_signal_of_a_process_on)
{
	command_starts();
	signal_comes(SIGTERM, SI_USER);
	signal_comes(SIGUSR1, SI_QUEUE);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill command 15\n");
	assert_contains(fake_sys_trace(), "kill command 10\n");
}

TEST(does_not_send_twice_what_the_terminal_sends)
{
	command_starts();
	signal_comes(SIGINT, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

TEST(passes_on_what_the_terminal_does_not_send_to_another_session)
{
	plan.new_session = true;
	command_starts();
	signal_comes(SIGINT, SI_KERNEL);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill command 2\n");
}

TEST(hears_of_a_command_before_it_passes_a_signal_on)
{
	static const struct report report = {.kind = REPORT_STARTED};

	fake_sys_answer_data("poll*", 2, "++..", 4);
	fake_sys_answer_message("receive sock", &report, sizeof(report.kind), "command");
	signal_comes(SIGTERM, SI_USER);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_contains(fake_sys_trace(), "kill command 15\n");
	assert_null(strstr(fake_sys_trace(), "kill child"));
}

TEST(ends_the_run_by_a_signal_before_there_is_a_command)
{
	static const int codes[] = {SI_USER, SI_KERNEL};

	for (size_t i = 0; i < LENGTH(codes); i++) {
		(void)set_up(NULL);
		signal_comes(SIGINT, codes[i]);
		child_is_gone();
		assert_status(SIGINT);
		assert_string_equal(fake_sys_trace(),
				    BEGIN WAIT "read signals\nkill child 9\n" END);
	}
}

TEST(passes_signals_to_the_first_process_as_pid_1_once_it_is_the_command)
{
	plan.as_pid_1 = true;
	command_starts();
	nobody_speaks_any_more();
	signal_comes(SIGTERM, SI_USER);
	child_ends(SIGTERM);
	assert_status(SIGTERM);
	assert_contains(fake_sys_trace(), "kill child 15\n");
	assert_null(strstr(fake_sys_trace(), "kill child 9\n"));
}

TEST(ends_the_run_by_a_signal_as_pid_1_before_exec)
{
	plan.as_pid_1 = true;
	command_starts();
	signal_comes(SIGHUP, SI_USER);
	child_is_gone();
	assert_status(SIGHUP);
	assert_contains(fake_sys_trace(), "kill child 9\n");
}

TEST(goes_on_when_the_command_cannot_be_signalled_any_more)
{
	command_starts();
	signal_comes(SIGTERM, SI_USER);
	fake_sys_answer("kill command 15", -ESRCH);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(goes_on_when_there_is_no_signal_after_all)
{
	event(".+..");
	fake_sys_answer("read signals", -EAGAIN);
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
	assert_null(strstr(fake_sys_trace(), "kill"));
}

/* --- Failures ------------------------------------------------------------- */

TEST(lets_the_end_of_a_dead_child_tell_why)
{
	fake_sys_answer("send sock", -EPIPE);
	nobody_speaks_any_more();
	child_ends(SIGKILL);
	assert_int_equal(run(), -ECHILD);
	assert_contains(e.msg, "killed by signal 9");
}

TEST(says_that_the_sandbox_cannot_begin)
{
	fake_sys_answer("send sock", -EIO);
	child_is_gone();
	assert_fails(EIO, "cannot let the sandbox begin: Input/output error");
	assert_string_equal(fake_sys_trace(), BEGIN "kill child 9\n" END);
}

TEST(says_that_it_cannot_hear)
{
	event("+...");
	fake_sys_answer("receive sock", -EIO);
	time_is_up();
	assert_fails(EIO, "cannot hear from inside the sandbox: Input/output error");
}

TEST(believes_no_malformed_report)
{
	static const struct report report = {.kind = REPORT_ENDED};

	report_comes(&report, 1, "planted");
	time_is_up();
	assert_fails(EPROTO, "cannot hear from inside the sandbox: Protocol error");
}

TEST(leaves_nobody_behind_when_the_run_has_failed)
{
	command_starts();
	event("+...");
	fake_sys_answer("receive sock", -EIO);
	time_is_up();
	assert_fails(EIO, "cannot hear from inside the sandbox: Input/output error");
	assert_contains(fake_sys_trace(), "receive sock\nkill child 9\nkill command 9\n");
}

TEST(says_that_it_cannot_wait)
{
	fake_sys_answer("poll*", -ENOMEM);
	time_is_up();
	assert_fails(ENOMEM, "cannot wait for the sandbox: Cannot allocate memory");
}

TEST(goes_on_after_an_interruption)
{
	fake_sys_answer("poll*", -EINTR);
	command_starts();
	fake_sys_answer("poll*", -EINTR);
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(keeps_only_the_latest_handle_of_a_command)
{
	command_starts();
	command_starts();
	command_ends(true);
	child_is_gone();
	assert_status(3 << 8);
}

TEST(closes_what_it_does_not_need_itself)
{
	fake_sys_given(4, "held");
	fake_sys_given(50, "held");
	child_ends(0);
	(void)run();
	assert_int_equal(fake_sys_fd("held"), -1);
	assert_int_equal(fake_sys_fd("sock"), SOCK);
	assert_int_equal(fake_sys_fd("signals"), SIGNALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(returns_the_status_of_the_command, set_up),
		cmocka_unit_test_setup(waits_for_nobody_while_others_are_left_inside, set_up),
		cmocka_unit_test_setup(waits_no_longer_than_a_second_for_the_mounts_to_go, set_up),
		cmocka_unit_test_setup(hears_what_was_said_before_the_end, set_up),
		cmocka_unit_test_setup(passes_an_error_from_inside_on_as_it_is, set_up),
		cmocka_unit_test_setup(says_that_the_first_process_was_killed, set_up),
		cmocka_unit_test_setup(says_that_the_first_process_ended_without_a_word, set_up),
		cmocka_unit_test_setup(
			takes_the_end_of_the_first_process_for_that_of_a_command_that_ran, set_up),
		cmocka_unit_test_setup(does_not_take_what_it_cannot_learn_for_success, set_up),
		cmocka_unit_test_setup(takes_the_first_process_for_the_command_as_pid_1, set_up),
		cmocka_unit_test_setup(knows_as_pid_1_that_nothing_ran_before_exec, set_up),
		cmocka_unit_test_setup(looks_again_at_a_child_that_has_ended_but_cannot_be_reaped,
				       set_up),
		cmocka_unit_test_setup(hears_of_an_end_while_a_tracer_holds_the_child, set_up),
		cmocka_unit_test_setup(wakes_a_reaper_that_does_not_say_how_the_command_ended,
				       set_up),
		cmocka_unit_test_setup(waits_no_longer_than_a_second_to_hear_how_the_command_ended,
				       set_up),
		cmocka_unit_test_setup(does_not_wait_for_ever_for_a_reaper_that_a_tracer_holds,
				       set_up),
		cmocka_unit_test_setup(passes_a_signal_of_a_process_on, set_up),
		cmocka_unit_test_setup(does_not_send_twice_what_the_terminal_sends, set_up),
		cmocka_unit_test_setup(passes_on_what_the_terminal_does_not_send_to_another_session,
				       set_up),
		cmocka_unit_test_setup(hears_of_a_command_before_it_passes_a_signal_on, set_up),
		cmocka_unit_test_setup(ends_the_run_by_a_signal_before_there_is_a_command, set_up),
		cmocka_unit_test_setup(
			passes_signals_to_the_first_process_as_pid_1_once_it_is_the_command,
			set_up),
		cmocka_unit_test_setup(ends_the_run_by_a_signal_as_pid_1_before_exec, set_up),
		cmocka_unit_test_setup(goes_on_when_the_command_cannot_be_signalled_any_more,
				       set_up),
		cmocka_unit_test_setup(goes_on_when_there_is_no_signal_after_all, set_up),
		cmocka_unit_test_setup(lets_the_end_of_a_dead_child_tell_why, set_up),
		cmocka_unit_test_setup(says_that_the_sandbox_cannot_begin, set_up),
		cmocka_unit_test_setup(says_that_it_cannot_hear, set_up),
		cmocka_unit_test_setup(believes_no_malformed_report, set_up),
		cmocka_unit_test_setup(leaves_nobody_behind_when_the_run_has_failed, set_up),
		cmocka_unit_test_setup(says_that_it_cannot_wait, set_up),
		cmocka_unit_test_setup(goes_on_after_an_interruption, set_up),
		cmocka_unit_test_setup(keeps_only_the_latest_handle_of_a_command, set_up),
		cmocka_unit_test_setup(closes_what_it_does_not_need_itself, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
