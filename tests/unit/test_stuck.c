/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "fake_proc.h"
#include "fake_sys.h"
#include "host/stuck.h"
#include "test.h"

enum { PROC = 5, PID = 7, THREAD = 8 };

#define TASK "7/task/8"
#define TASK_FILE(name) "/proc/" TASK "/" name

/* A thread of PID that does not go away, in the state @state. */
static void show(char state)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z'});
	fake_proc_show_thread(
		PID,
		&(struct fake_process){.pid = THREAD, .name = "worker", .state = state, .cpu = 3});
	fake_sys_file(TASK_FILE("status"), "Name:\tworker\nState:\tD\nTgid:\t7\nTracerPid:\t0\n");
}

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_answer_pair("answer", "question");
	show('D');
	return 0;
}

/* The process that reads the stack answers @text, and ends. */
static void reader_says(const char *text)
{
	fake_sys_answer_text("read answer", text);
	fake_sys_answer_ready("poll pidfd:1000*", "pidfd:1000");
}

static struct stuck look_at(enum stuck_role role)
{
	struct stuck stuck = {0};

	assert_int_equal(stuck_look(PROC, PID, THREAD, role, &stuck), 0);
	assert_null(strstr(fake_sys_trace(), "clone"));
	stuck_read_stack(PROC, &stuck);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_int_equal(stuck.role, role);
	assert_string_equal(stuck.doing, "");
	return stuck;
}

static struct stuck look(void)
{
	return look_at(STUCK_COMMAND);
}

/* --- What the kernel tells ------------------------------------------------ */

#define LOOK_AT_TASK                                                                               \
	"open /proc 7/task/8/stat\n"                                                               \
	"read /proc/7/task/8/stat\n"                                                               \
	"open /proc 7/task/8/wchan\n"                                                              \
	"read /proc/7/task/8/wchan\n"                                                              \
	"open /proc 7/task/8/status\n"                                                             \
	"read /proc/7/task/8/status\n"

TEST(looks_at_stat_wchan_status_and_stack_and_nothing_else)
{
	struct stuck stuck;

	fake_sys_file(TASK_FILE("wchan"), "request_wait_answer");
	fake_sys_file(TASK_FILE("status"), "Name:\tworker\nTracerPid:\t77\nUid:\t0\n");
	reader_says("[<0>] request_wait_answer+0x12a/0x210\n[<0>] fuse_flush+0x1/0x2\n");
	stuck = look();
	assert_starts_with(fake_sys_trace(), LOOK_AT_TASK "socketpair\nclone\npoll pidfd:1000, ");
	assert_in_order(fake_sys_trace(),
			ARGV("poll pidfd:1000, 40 ms\nwait_pidfd pidfd:1000\n", "read answer\n"));
	assert_int_equal(count_in(fake_sys_trace(), "open"), 3);
	assert_int_equal(stuck.pid, PID);
	assert_int_equal(stuck.stat.pid, THREAD);
	assert_string_equal(stuck.stat.name, "worker");
	assert_int_equal(stuck.stat.state, 'D');
	assert_int_equal(stuck.tracer, 77);
	assert_string_equal(stuck.wchan, "request_wait_answer");
	assert_string_equal(stuck.stack[0], "request_wait_answer+0x12a/0x210");
	assert_string_equal(stuck.stack[1], "fuse_flush+0x1/0x2");
	assert_string_equal(stuck.stack[2], "");
	assert_contains(stuck.meaning, "FUSE");
	assert_int_equal(fake_sys_now(), 0);
}

TEST(says_that_the_process_is_gone)
{
	struct stuck stuck;

	fake_proc_end_thread(PID, THREAD);
	assert_int_equal(stuck_look(PROC, PID, THREAD, STUCK_INSIDE, &stuck), -ENOENT);
	assert_int_equal(fake_sys_calls(), 1);
}

TEST(takes_no_wait_for_one_without_a_name)
{
	static const char *const texts[] = {"0", "", "0\n"};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		(void)set_up(NULL);
		fake_sys_file(TASK_FILE("wchan"), texts[i]);
		reader_says("");
		assert_string_equal(look().wchan, "");
	}
	(void)set_up(NULL);
	fake_sys_answer("open /proc " TASK "/wchan", -EACCES);
	reader_says("");
	assert_string_equal(look().wchan, "");
}

TEST(knows_of_no_tracer_where_status_tells_none)
{
	static const char *const texts[] = {"", "Name:\tTracerPid:\t5\n", "TracerPid:\t5\n"};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		(void)set_up(NULL);
		fake_sys_file(TASK_FILE("status"), texts[i]);
		reader_says("");
		assert_int_equal(look().tracer, 0);
	}
	(void)set_up(NULL);
	fake_sys_answer("read " TASK_FILE("status"), -ESRCH);
	reader_says("");
	assert_int_equal(look().tracer, 0);
}

TEST(needs_no_time_itself_for_one_that_runs)
{
	show('R');
	reader_says("");
	(void)look();
	assert_int_equal(count_in(fake_sys_trace(), "open /proc " TASK "/stat\n"), 1);
	assert_int_equal(fake_sys_now(), 0);
}

/* --- The stack ------------------------------------------------------------ */

TEST(takes_no_more_of_a_stack_than_there_is_room_for)
{
	char text[4096] = "";
	size_t used = 0;
	struct stuck stuck;

	for (unsigned i = 0; i < 40; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "[<0>] f%u%060d+0x1/0x2\n", i, 0);
	reader_says(text);
	stuck = look();
	assert_starts_with(stuck.stack[0], "f00000");
	assert_starts_with(stuck.stack[STUCK_FRAMES - 1], "f15000");
	assert_int_equal(strlen(stuck.stack[0]), sizeof(stuck.stack[0]) - 1);
}

TEST(takes_a_line_of_another_form_as_it_is)
{
	reader_says("\n[<ffffffff8108a3b5>] do_exit+0x1/0x2\n\n[<0>] \nlast");
	assert_string_equal(look().stack[0], "[<ffffffff8108a3b5>] do_exit+0x1/0x2");
}

TEST(gives_who_reads_the_stack_little_time)
{
	const int killed = SIGKILL;

	fake_sys_answer("poll pidfd:1000*", 0);
	fake_sys_answer_ready("poll pidfd:1000*", "pidfd:1000");
	fake_sys_answer_data("wait_pidfd pidfd:1000", 1, &killed, sizeof(killed));
	assert_string_equal(look().stack[0], "");
	assert_in_order(fake_sys_trace(), ARGV("poll pidfd:1000, ", "kill pidfd:1000 9\n",
					       "wait_pidfd pidfd:1000\n"));
	assert_null(strstr(fake_sys_trace(), "read answer"));
}

TEST(takes_a_tenth_of_a_second_at_most)
{
	show('R');
	fake_sys_always("poll*", 0);
	fake_sys_answer("wait_pidfd pidfd:1000", 0);
	(void)look();
	assert_in_range(fake_sys_now(), 0, 100);
}

TEST(does_without_a_stack_when_nobody_can_read_it)
{
	static const char *const calls[] = {"socketpair", "clone"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		fake_sys_reset();
		fake_sys_given(PROC, "/proc");
		show('D');
		fake_sys_answer(calls[i], -EAGAIN);
		assert_string_equal(look().stack[0], "");
		assert_null(strstr(fake_sys_trace(), "poll"));
		assert_null(strstr(fake_sys_trace(), "kill"));
	}
}

TEST(tells_what_it_knows_whichever_call_fails)
{
	for (unsigned nth = 1;; nth++) {
		struct stuck stuck;
		int r;

		(void)set_up(NULL);
		show('R');
		reader_says("[<0>] do_exit+0x1/0x2\n");
		fake_sys_fail_at(nth, EIO);
		r = stuck_look(PROC, PID, THREAD, STUCK_INSIDE, &stuck);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (fake_sys_calls() < nth)
			break;
		assert_int_equal(r, nth <= 2 ? -EIO : 0);
		if (r == 0)
			assert_non_null(stuck.meaning);
	}
}

/* Be the process that reads the stack, until it ends. */
static void be_reader(void *arg)
{
	struct stuck stuck = {.pid = PID, .stat = {.pid = THREAD}};

	(void)arg;
	stuck_read_stack(PROC, &stuck);
	fail_msg("returned");
}

/* Begin a look in which the test is the process that reads the stack. */
static void start_reader(char state)
{
	(void)set_up(NULL);
	show(state);
	fake_sys_answer("clone", 0);
}

TEST(reads_the_stack_in_a_process_of_its_own)
{
	start_reader('D');
	fake_sys_file(TASK_FILE("stack"), "[<0>] do_exit+0x1/0x2\n");
	assert_int_equal(fake_sys_run(be_reader, NULL), 0);
	assert_contains(fake_sys_trace(),
			"clone\n"
			"open /proc " TASK "/stack\n"
			"read " TASK_FILE("stack") "\n"
						   "write question [<0>] do_exit+0x1/0x2\n\n"
						   "exit 0\n");
}

TEST(reads_an_empty_stack_again_from_where_the_process_runs)
{
	start_reader('R');
	fake_sys_answer("read " TASK_FILE("stack"), 0);
	fake_sys_answer("read " TASK_FILE("stack"), 0);
	fake_sys_answer_text("read " TASK_FILE("stack"), "[<0>] umount+0x1/0x2\n");
	assert_int_equal(fake_sys_run(be_reader, NULL), 0);
	assert_int_equal(count_in(fake_sys_trace(), "stay_on 3\npoll, 2 ms\n"), 2);
	assert_contains(fake_sys_trace(), "write question [<0>] umount+0x1/0x2\n\nexit 0\n");
}

TEST(does_not_read_an_empty_stack_for_ever)
{
	start_reader('R');
	assert_int_equal(fake_sys_run(be_reader, NULL), 0);
	assert_int_equal(count_in(fake_sys_trace(), "open /proc " TASK "/stack\n"), 15);
	assert_contains(fake_sys_trace(), "write question \nexit 0\n");
	assert_in_range(fake_sys_now(), 20, 20 + 60);
}

TEST(stops_reading_when_it_may_not_or_the_process_is_gone)
{
	static const char *const calls[] = {"open /proc " TASK "/stack", "read " TASK_FILE("stack"),
					    "stay_on 3"};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start_reader('D');
		fake_sys_answer(calls[i], -EACCES);
		assert_int_equal(fake_sys_run(be_reader, NULL), 0);
		assert_int_equal(count_in(fake_sys_trace(), "open /proc " TASK "/stack\n"), 1);
		assert_contains(fake_sys_trace(), "write question \nexit 0\n");
	}
}

/* --- What it means -------------------------------------------------------- */

/* Where a process can be, and words of what is said of it; "" for nothing. */
static const struct {
	char state;
	const char *wchan;
	const char *meaning;
	const char *hint;
} causes[] = {
	{'t', "ptrace_stop", "its tracer holds it", "end the tracer"},
	{'t', "", "its tracer holds it", "end the tracer"},
	{'D', "request_wait_answer", "FUSE", "/sys/fs/fuse/connections"},
	{'S', "fuse_dev_do_read", "FUSE", "/sys/fs/fuse/connections"},
	{'D', "__refrigerator", "its cgroup is frozen", "thaw"},
	{'S', "do_freezer_trap", "its cgroup is frozen", "thaw"},
	{'T', "do_signal_stop", "it is stopped", "SIGCONT"},
	{'Z', "", "its tracer or parent does not wait", "end its tracer"},
	{'S', "zap_pid_ns_processes", "it waits for processes inside", ""},
	{'S', "do_wait", "it waits for processes inside", ""},
	{'S', "seccomp_do_user_notification", "seccomp supervisor", "end the supervisor"},
	{'D', "kernel_clone", "it waits for its child", ""},
	{'D', "nfs_wait_bit_killable", "NFS", ""},
	{'D', "rpc_wait_bit_killable", "NFS", ""},
	{'D', "folio_wait_bit_common", "data of a file", "check the server"},
	{'D', "wb_wait_for_completion", "written to disk", "unmounting an overlay"},
	{'D', "msleep", "a device or a lock", "kernel log"},
	{'D', "", "a device or a lock", "kernel log"},
	{'S', "poll_schedule_timeout", "", ""},
	{'R', "", "the kernel is busy with it", "it exits on its own"},
};

TEST(says_what_helps_those_who_wait_where_it_knows_that)
{
	for (size_t i = 0; i < LENGTH(causes); i++) {
		struct stuck stuck;

		(void)set_up(NULL);
		show(causes[i].state);
		fake_sys_file(TASK_FILE("wchan"), causes[i].wchan);
		reader_says("");
		stuck = look();
		assert_contains(stuck.meaning, causes[i].meaning);
		assert_contains(stuck.hint, causes[i].hint);
		assert_int_equal(stuck.meaning[0] == '\0', causes[i].meaning[0] == '\0');
		assert_int_equal(stuck.hint[0] == '\0', causes[i].hint[0] == '\0');
	}
}

/* The same of the janitor: what it is there for is said where nothing else holds it. */
static const struct {
	char state;
	const char *wchan;
	const char *meaning;
} janitors[] = {
	{'R', "", "unmounting the sandbox's file systems"},
	{'D', "", "unmounting the sandbox's file systems"},
	{'D', "msleep", "unmounting the sandbox's file systems"},
	{'D', "synchronize_rcu", "unmounting the sandbox's file systems"},
	{'t', "ptrace_stop", "its tracer holds it"},
	{'t', "", "its tracer holds it"},
	{'T', "do_signal_stop", "it is stopped"},
	{'D', "__refrigerator", "its cgroup is frozen"},
	{'S', "do_freezer_trap", "its cgroup is frozen"},
	{'D', "request_wait_answer", "FUSE"},
	{'D', "wb_wait_for_completion", "written to disk"},
};

TEST(says_what_the_janitor_is_there_for_unless_something_holds_it)
{
	for (size_t i = 0; i < LENGTH(janitors); i++) {
		(void)set_up(NULL);
		show(janitors[i].state);
		fake_sys_file(TASK_FILE("wchan"), janitors[i].wchan);
		reader_says("");
		assert_contains(look_at(STUCK_JANITOR).meaning, janitors[i].meaning);
	}
}

TEST(says_of_nobody_but_the_janitor_that_it_takes_file_systems_down)
{
	static const enum stuck_role roles[] = {STUCK_COMMAND, STUCK_REAPER, STUCK_INSIDE};

	for (size_t i = 0; i < LENGTH(roles); i++) {
		struct stuck stuck;

		(void)set_up(NULL);
		show('R');
		reader_says("");
		stuck = look_at(roles[i]);
		assert_contains(stuck.meaning, "the kernel is busy with it");
		assert_contains(stuck.hint, "the kernel is at fault");
	}
}

/* --- For people ----------------------------------------------------------- */

TEST(names_roles)
{
	assert_string_equal(stuck_role_name(STUCK_COMMAND), "command");
	assert_string_equal(stuck_role_name(STUCK_REAPER), "reaper");
	assert_string_equal(stuck_role_name(STUCK_JANITOR), "janitor");
	assert_string_equal(stuck_role_name(STUCK_INSIDE), "inside");
}

static const struct {
	struct stuck stuck;
	const char *text;
} descriptions[] = {
	{{.role = STUCK_COMMAND,
	  .stat = {.name = "sh", .state = 'D'},
	  .pid = 77,
	  .ms = 1234,
	  .wchan = "msleep",
	  .stack = {"never told"},
	  .meaning = "it waits",
	  .hint = "never told"},
	 "the command, sh (process 77), is still there after 1.2 s: state D in msleep: it waits"},
	{{.role = STUCK_REAPER,
	  .stat = {.name = "sbx-reaper", .state = 't'},
	  .pid = 78,
	  .ms = 60999,
	  .tracer = 9,
	  .meaning = "its tracer holds it"},
	 "the reaper, sbx-reaper (process 78), is still there after 60.9 s: state t: its tracer "
	 "holds it (process 9)"},
	{{.role = STUCK_JANITOR,
	  .stat = {.name = "sbx-janitor", .state = 'R'},
	  .pid = 79,
	  .ms = 99,
	  .stack = {"umount_tree+0x1/0x2", "never told"},
	  .doing = "unmounting /mnt (fuse)",
	  .meaning = "it is busy"},
	 "the janitor, sbx-janitor (process 79), is still there after 0.0 s: state R in "
	 "umount_tree+0x1/0x2: it is busy; it was at unmounting /mnt (fuse)"},
	{{.role = STUCK_INSIDE, .stat = {.name = "a b)", .state = 'S'}, .pid = 80, .meaning = ""},
	 "the process inside, a b) (process 80), is still there after 0.0 s: state S"},
};

TEST(describes_in_one_line_what_is_stuck)
{
	for (size_t i = 0; i < LENGTH(descriptions); i++) {
		char text[512];

		stuck_describe(&descriptions[i].stuck, text, sizeof(text));
		assert_string_equal(text, descriptions[i].text);
	}
}

TEST(cuts_a_description_that_is_too_long)
{
	char text[20] = "xxxxxxxxxxxxxxxxxxx";

	stuck_describe(&descriptions[0].stuck, text, sizeof(text) - 1);
	assert_string_equal(text, "the command, sh (p");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(looks_at_stat_wchan_status_and_stack_and_nothing_else, set_up),
	cmocka_unit_test_setup(says_that_the_process_is_gone, set_up),
	cmocka_unit_test(takes_no_wait_for_one_without_a_name),
	cmocka_unit_test(knows_of_no_tracer_where_status_tells_none),
	cmocka_unit_test_setup(needs_no_time_itself_for_one_that_runs, set_up),
	cmocka_unit_test_setup(takes_no_more_of_a_stack_than_there_is_room_for, set_up),
	cmocka_unit_test_setup(takes_a_line_of_another_form_as_it_is, set_up),
	cmocka_unit_test_setup(gives_who_reads_the_stack_little_time, set_up),
	cmocka_unit_test_setup(takes_a_tenth_of_a_second_at_most, set_up),
	cmocka_unit_test(does_without_a_stack_when_nobody_can_read_it),
	cmocka_unit_test(tells_what_it_knows_whichever_call_fails),
	cmocka_unit_test(reads_the_stack_in_a_process_of_its_own),
	cmocka_unit_test(reads_an_empty_stack_again_from_where_the_process_runs),
	cmocka_unit_test(does_not_read_an_empty_stack_for_ever),
	cmocka_unit_test(stops_reading_when_it_may_not_or_the_process_is_gone),
	cmocka_unit_test(says_what_helps_those_who_wait_where_it_knows_that),
	cmocka_unit_test(says_what_the_janitor_is_there_for_unless_something_holds_it),
	cmocka_unit_test(says_of_nobody_but_the_janitor_that_it_takes_file_systems_down),
	cmocka_unit_test(names_roles),
	cmocka_unit_test(describes_in_one_line_what_is_stuck),
	cmocka_unit_test(cuts_a_description_that_is_too_long),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
