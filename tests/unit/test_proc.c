/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>

#include "fake_proc.h"
#include "fake_sys.h"
#include "host/proc.h"
#include "test.h"

enum { PROC = 5, PID = 7, THREAD = 8 };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_always_text("readlink /proc 7/ns/user", "user:[1]");
	return 0;
}

/* --- A line of stat ------------------------------------------------------- */

#define BEFORE_NAME "7 ("
#define AFTER_NAME                                                                                 \
	") R 3 7 7 34816 8 4194308 11 12 13 14 1500 250 17 18 20 0 2 0 424242 "                    \
	"2600960 384 "                                                                             \
	"18446744073709551615 1 2 3 4 5 256 65536 4 2 0 0 0 17 6 0 0 0 0 0 1 2 3 4 "               \
	"5 6 7 1792\n"

TEST(reads_what_stat_says)
{
	struct proc_stat stat = {0};

	fake_sys_file("/proc/7/stat", BEFORE_NAME "sh" AFTER_NAME);
	assert_int_equal(proc_stat(PROC, "7", &stat), 0);
	assert_int_equal(stat.pid, 7);
	assert_int_equal(stat.parent, 3);
	assert_string_equal(stat.name, "sh");
	assert_int_equal(stat.state, 'R');
	assert_true(stat.exiting);
	assert_true(stat.ending);
	assert_int_equal(stat.exit_code, 0x700);
	assert_int_equal(stat.cpu, 6);
	assert_int_equal(stat.start, 424242);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reads_about_a_thread)
{
	struct proc_stat stat = {0};

	fake_sys_file("/proc/7/task/8/stat", "8 (thread" AFTER_NAME);
	assert_int_equal(proc_stat(PROC, "7/task/8", &stat), 0);
	assert_int_equal(stat.pid, 8);
	assert_string_equal(stat.name, "thread");
	assert_string_equal(fake_sys_trace(),
			    "open /proc 7/task/8/stat\nread /proc/7/task/8/stat\n");
}

/* What a process can call itself, and what is kept of it. */
static const struct {
	const char *name;
	const char *kept;
} names[] = {
	{"", ""},
	{")", ")"},
	{"(", "("},
	{"a b", "a b"},
	{") R 1 1 1", ") R 1 1 1"},
	{"((sd-pam))", "((sd-pam))"},
	{"x) Z 1 (y", "x) Z 1 (y"},
	{"\xff\x01\t", "\xff\x01\t"},
	{"\n", "\n"},
	{"a\n) Z 1\n", "a\n) Z 1\n"},
	{"fifteen letters", "fifteen letters"},
	{"kworker/u8:1-events", "kworker/u8:1-ev"}, /* kernel threads have longer ones */
};

TEST(is_not_fooled_by_the_name_of_a_process)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct proc_stat stat = {0};
		char text[512];

		(void)snprintf(text, sizeof(text), BEFORE_NAME "%s" AFTER_NAME, names[i].name);
		fake_sys_file("/proc/7/stat", text);
		assert_int_equal(proc_stat(PROC, "7", &stat), 0);
		assert_string_equal(stat.name, names[i].kept);
		assert_int_equal(stat.state, 'R');
		assert_int_equal(stat.parent, 3);
	}
}

TEST(refuses_what_is_no_line_of_stat)
{
	static const char *const lines[] = {
		"",
		"\n",
		"7",
		"7 sh R 1",
		"7 (sh",
		"7 sh)",
		"7 (sh)",
		"7 (sh) ",
		"7 (sh) R",
		BEFORE_NAME "sh) R 3 7 7 34816 8 4194308 11 12 13 14 1500 250 17 18 20 0 2 0 1 2 3 "
			    "4 1 2 3 4 5 256 65536 4 2 0 0 0 17 6 0 0 0 0 0 1 2 3 4 5 6 7",
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct proc_stat stat = {.pid = 99};

		fake_sys_file("/proc/7/stat", lines[i]);
		assert_int_equal(proc_stat(PROC, "7", &stat), -EPROTO);
		assert_int_equal(stat.pid, 99);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(says_that_a_process_is_gone)
{
	struct proc_stat stat = {.pid = 99};

	fake_sys_file("/proc/7/stat", NULL);
	assert_int_equal(proc_stat(PROC, "7", &stat), -ENOENT);
	fake_sys_file("/proc/7/stat", "");
	fake_sys_answer("read /proc/7/stat", -ESRCH);
	assert_int_equal(proc_stat(PROC, "7", &stat), -ESRCH);
	assert_int_equal(proc_stat(-1, "7", &stat), -EBADF);
	assert_int_equal(stat.pid, 99);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(tells_who_runs_no_more_of_its_program)
{
	static const struct {
		struct fake_process process;
		bool exiting;
		bool ending;
	} processes[] = {
		{{.pid = PID, .state = 'R'}, false, false},
		{{.pid = PID, .state = 'S'}, false, false},
		{{.pid = PID, .state = 'D'}, false, false},
		{{.pid = PID, .state = 'T'}, false, false},
		{{.pid = PID, .state = 't'}, false, false},
		{{.pid = PID, .state = 'I'}, false, false},
		{{.pid = PID, .state = 'S', .exit_code = 9}, false, false},
		{{.pid = PID, .state = 'Z'}, true, true},
		{{.pid = PID, .state = 'X'}, true, true},
		{{.pid = PID, .state = 'R', .exiting = true}, true, true},
		{{.pid = PID, .state = 'S', .exiting = true}, true, true},
		{{.pid = PID, .state = 'D', .exiting = true}, true, true},
		{{.pid = PID, .state = 'D', .exiting = true, .killed = true}, true, true},
		{{.pid = PID, .state = 'D', .killed = true}, false, true},
		{{.pid = PID, .state = 't', .killed = true}, false, true},
	};

	for (size_t i = 0; i < LENGTH(processes); i++) {
		struct proc_stat stat = {0};

		fake_proc_show(&processes[i].process);
		assert_int_equal(proc_stat(PROC, "7", &stat), 0);
		assert_int_equal(stat.exiting, processes[i].exiting);
		assert_int_equal(stat.ending, processes[i].ending);
	}
}

/* --- All processes -------------------------------------------------------- */

struct taken {
	pid_t pids[512];
	unsigned n;
	unsigned stop_at; /* the take() that fails, 0 for none */
};

static int take(void *arg, pid_t pid)
{
	struct taken *taken = arg;

	assert_true(taken->n < LENGTH(taken->pids));
	taken->pids[taken->n++] = pid;
	return taken->n == taken->stop_at ? -EXFULL : 7;
}

TEST(takes_each_entry_that_is_a_number)
{
	struct taken taken = {0};

	fake_sys_file("/proc",
		      ". .. 1 self 22 thread-self 3a -4 +5 0x6 2147483647 2147483648 net 7");
	assert_int_equal(proc_each(PROC, ".", take, &taken), 0);
	assert_int_equal(taken.n, 4);
	assert_int_equal(taken.pids[0], 1);
	assert_int_equal(taken.pids[1], 22);
	assert_int_equal(taken.pids[2], 2147483647);
	assert_int_equal(taken.pids[3], 7);
	assert_string_equal(fake_sys_trace(), "open /proc . dir\ngetdents /proc\ngetdents /proc\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(takes_all_entries_of_a_directory_of_any_size)
{
	static char list[8192];
	struct taken taken = {0};
	size_t used = 0;
	enum { MANY = 500 };

	for (int pid = 1; pid <= MANY; pid++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%d ", pid);
	fake_sys_file("/proc/7/task", list);
	assert_int_equal(proc_each(PROC, "7/task", take, &taken), 0);
	assert_int_equal(taken.n, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(taken.pids[i], i + 1);
	assert_true(fake_sys_calls() > 3);
}

TEST(goes_through_an_open_directory_without_opening_anything_as_often_as_it_is_told_to)
{
	struct taken taken = {0};

	fake_sys_file("/proc", "1 self 22");
	assert_int_equal(proc_each_open(PROC, take, &taken), 0);
	assert_int_equal(proc_each_open(PROC, take, &taken), 0);
	assert_int_equal(taken.n, 4);
	assert_int_equal(taken.pids[2], 1);
	assert_null(strstr(fake_sys_trace(), "open"));
	fake_sys_answer("rewind /proc", -EBADF);
	assert_int_equal(proc_each_open(PROC, take, &taken), -EBADF);
	fake_sys_answer("getdents /proc", -EIO);
	assert_int_equal(proc_each_open(PROC, take, &taken), -EIO);
}

TEST(stops_where_it_is_told_to)
{
	struct taken taken = {.stop_at = 2};

	fake_sys_file("/proc", "1 2 3");
	assert_int_equal(proc_each(PROC, ".", take, &taken), -EXFULL);
	assert_int_equal(taken.n, 2);
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_string_equal(fake_sys_trace(), "open /proc . dir\ngetdents /proc\n");
}

TEST(reports_each_call_that_fails_on_the_way_through_a_directory)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct taken taken = {0};

		(void)set_up(NULL);
		fake_sys_file("/proc", "1 2 3");
		fake_sys_fail_at(nth, EIO);
		if (proc_each(PROC, ".", take, &taken) == 0)
			break;
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
		assert_int_equal(taken.n, nth > 2 ? 3 : 0);
	}
	assert_int_equal(nth, 4);
}

/* --- The end of a process ------------------------------------------------- */

static pid_t holder;
static int status;

/* Whether the process PID is ending; @holder and @status are then as it says.
 */
static int is_ending(void)
{
	int r;

	holder = -99;
	status = -99;
	r = proc_is_ending(PROC, PID, &holder, &status);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

TEST(lets_a_process_live_that_goes_on_with_its_program)
{
	static const char letters[] = "RSDTtI";

	for (const char *letter = letters; *letter != '\0'; letter++) {
		fake_proc_show(
			&(struct fake_process){.pid = PID, .state = *letter, .exit_code = SIGTRAP});
		assert_int_equal(is_ending(), 0);
		assert_int_equal(holder, -99);
		assert_int_equal(status, -99);
	}
}

TEST(finds_a_process_in_its_exit_whatever_its_state)
{
	static const char letters[] = "RSDTt";

	for (const char *letter = letters; *letter != '\0'; letter++) {
		fake_proc_show(&(struct fake_process){
			.pid = PID, .state = *letter, .exiting = true, .exit_code = 3 << 8});
		assert_int_equal(is_ending(), 1);
		assert_int_equal(holder, PID);
		assert_int_equal(status, 3 << 8);
	}
}

TEST(finds_a_process_that_has_ended_quite)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z', .exit_code = SIGSEGV});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, PID);
	assert_int_equal(status, SIGSEGV);
}

TEST(finds_a_process_that_has_been_killed_but_does_not_run)
{
	fake_proc_show(&(struct fake_process){
		.pid = PID, .state = 'D', .killed = true, .exit_code = SIGKILL});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, PID);
	assert_int_equal(status, SIGKILL);
}

TEST(knows_no_status_of_a_process_that_has_been_killed_before_its_exit)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'D', .killed = true});
	assert_int_equal(is_ending(), 1); /* before Linux 5.17 */
	assert_int_equal(holder, PID);
	assert_int_equal(status, -1);
}

TEST(takes_the_code_of_a_process_in_its_exit_even_if_that_is_0)
{
	static const char letters[] = "RSDZ";

	for (const char *letter = letters; *letter != '\0'; letter++) {
		fake_proc_show(
			&(struct fake_process){.pid = PID, .state = *letter, .exiting = true});
		assert_int_equal(is_ending(), 1);
		assert_int_equal(status, 0);
	}
}

/* A process whose first thread has ended, and another that is as @thread. */
static void show_two_threads(const struct fake_process *thread)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z', .exit_code = 2 << 8});
	fake_proc_show_thread(PID, thread);
}

TEST(lets_a_process_live_of_which_a_thread_does)
{
	show_two_threads(&(struct fake_process){.pid = THREAD});
	assert_int_equal(is_ending(), 0);
	assert_int_equal(holder, -99);
	assert_int_equal(status, -99);
}

TEST(names_the_thread_that_holds_a_process_up)
{
	show_two_threads(&(struct fake_process){.pid = THREAD, .state = 'D', .exiting = true});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD);
	assert_int_equal(status, 2 << 8);
	show_two_threads(&(struct fake_process){.pid = THREAD, .state = 'D', .killed = true});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD);
	show_two_threads(&(struct fake_process){.pid = THREAD, .state = 'Z'});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, PID);
}

TEST(minds_every_thread_whichever_comes_first)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .exiting = true});
	fake_proc_show_thread(PID, &(struct fake_process){.pid = THREAD});
	fake_proc_show_thread(PID, &(struct fake_process){.pid = THREAD + 1, .exiting = true});
	assert_int_equal(is_ending(), 0);
	fake_proc_end_thread(PID, THREAD);
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD + 1);
}

TEST(takes_a_thread_for_alive_that_goes_while_it_looks)
{
	show_two_threads(&(struct fake_process){.pid = THREAD});
	fake_sys_file("/proc/7/task/8/stat", NULL); /* it may have made another */
	assert_int_equal(is_ending(), 0);
}

#define EXIT_STOP (SIGTRAP | PTRACE_EVENT_EXIT << 8)

/* Where a tracer can hold a process: what the code is then; and the status, or ALIVE. */
enum { ALIVE = -2 };

static const struct {
	int code;
	int status;
} stops[] = {
	{SIGKILL, SIGKILL}, {7 << 8, 7 << 8}, {255 << 8, 255 << 8}, {EXIT_STOP, -1},
	{SIGTRAP, ALIVE},   {SIGSTOP, ALIVE}, {SIGSEGV, ALIVE},     {SIGTRAP | 0x80, ALIVE},
	{0, ALIVE}, /* perhaps a syscall-stop at exit_group(2) */
};

TEST(finds_a_process_that_a_tracer_holds_at_its_exit)
{
	for (size_t i = 0; i < LENGTH(stops); i++) {
		(void)set_up(NULL);
		fake_proc_show(&(struct fake_process){
			.pid = PID, .state = 't', .exit_code = stops[i].code});
		fake_sys_file("/proc/7/syscall", "231 0x7 0x0");
		fake_sys_file("/proc/7/task/7/syscall", "231 0x7 0x0");
		assert_int_equal(is_ending(), stops[i].status != ALIVE);
		assert_null(strstr(fake_sys_trace(), "syscall"));
		if (stops[i].status != ALIVE)
			assert_int_equal(status, stops[i].status);
	}
}

TEST(finds_a_thread_that_a_tracer_holds_at_its_exit)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z'});
	fake_proc_show_thread(
		PID, &(struct fake_process){.pid = THREAD, .state = 't', .exit_code = EXIT_STOP});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD);
	fake_proc_show_thread(PID, &(struct fake_process){.pid = THREAD, .state = 't'});
	assert_int_equal(is_ending(), 0);
}

TEST(finds_a_killed_process_that_a_tracer_holds_at_the_exit_of_a_thread)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z', .exit_code = SIGKILL});
	fake_proc_show_thread(PID, &(struct fake_process){.pid = THREAD, .state = 't'});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD);
	assert_int_equal(status, SIGKILL);
}

/* A first thread that a tracer holds or that has ended, by @code; the tracer holds another. */
static void show_held_threads(char state, int code)
{
	(void)set_up(NULL);
	fake_proc_show(&(struct fake_process){.pid = PID, .state = state, .exit_code = code});
	fake_proc_show_thread(PID, &(struct fake_process){.pid = THREAD, .state = 't'});
}

TEST(finds_a_killed_process_of_which_a_tracer_holds_two_threads)
{
	show_held_threads('t', SIGKILL);
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, THREAD);
	assert_int_equal(status, SIGKILL);
}

/* Its code is that of its own exit(2), not of the process. */
TEST(lets_a_process_live_whose_first_thread_alone_is_at_its_end)
{
	show_held_threads('Z', 2 << 8);
	assert_int_equal(is_ending(), 0);
	show_held_threads('t', EXIT_STOP);
	assert_int_equal(is_ending(), 0);
	show_held_threads('t', 0);
	assert_int_equal(is_ending(), 0);
}

TEST(tells_no_status_of_a_process_whose_code_is_that_of_the_stop)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 't', .exit_code = EXIT_STOP});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, PID);
	assert_int_equal(status, -1);
}

TEST(takes_no_stop_that_a_tracer_did_not_make_for_an_end)
{
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'T', .exit_code = 7 << 8});
	assert_int_equal(is_ending(), 0);
}

TEST(tells_no_status_that_it_may_not_know)
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_answer("readlink /proc 7/ns/user", -EACCES);
	fake_proc_show(&(struct fake_process){.pid = PID, .state = 'Z'});
	assert_int_equal(is_ending(), 1);
	assert_int_equal(holder, PID);
	assert_int_equal(status, -1);
}

TEST(says_that_there_is_no_such_process)
{
	fake_proc_end(PID);
	assert_int_equal(is_ending(), -ENOENT);
	assert_int_equal(holder, -99);
}

/* A process that is stuck with one of its threads. */
static void show_stuck(void)
{
	show_two_threads(&(struct fake_process){.pid = THREAD, .state = 'D', .exiting = true});
}

TEST(says_no_more_than_it_knows_whichever_call_fails)
{
	unsigned nth;
	int r;

	show_stuck();
	r = is_ending();
	assert_int_equal(r, 1);
	for (nth = 1;; nth++) {
		(void)set_up(NULL);
		show_stuck();
		fake_sys_fail_at(nth, EIO);
		r = is_ending();
		if (*fake_sys_trace_after_failure() == '\0' && r == 1 && status != -1)
			break;
		if (r < 0) {
			assert_int_equal(r, -EIO);
			assert_int_equal(holder, -99);
			assert_string_equal(fake_sys_trace_after_failure(), "");
		} else {
			assert_true(r == 0 || status == -1 || status == 2 << 8);
		}
	}
	assert_int_equal(nth, 11);
}

/* --- The calling process itself -------------------------------------------- */

TEST(knows_the_number_of_the_calling_process_there)
{
	fake_proc_self(4321);
	assert_int_equal(proc_self(PROC), 4321);
	assert_string_equal(fake_sys_trace(), "readlink /proc self\n");
}

TEST(knows_no_number_where_there_is_none)
{
	static const char *const texts[] = {"", "-1", "7x", "self", "2147483648", "00000x"};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		fake_sys_file("/proc/self", texts[i]);
		assert_int_equal(proc_self(PROC), -EPROTO);
	}
	fake_sys_file("/proc/self", NULL); /* a procfs of another PID namespace */
	assert_int_equal(proc_self(PROC), -ENOENT);
	fake_sys_answer("readlink /proc self", -EACCES);
	assert_int_equal(proc_self(PROC), -EACCES);
}

/* --- The process of a pidfd ----------------------------------------------- */

TEST(knows_the_process_of_a_pidfd)
{
	fake_sys_given_pidfd(20, "child", 4321);
	assert_int_equal(proc_pid_of(PROC, 20), 4321);
	assert_string_equal(fake_sys_trace(),
			    "open /proc self/fdinfo/20\nread /proc/self/fdinfo/20\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(knows_no_process_of_what_is_none)
{
	static const char *const texts[] = {
		"",
		"pos:\t0\nflags:\t02\n",
		"pos:\t0\nPid:\t-1\nNSpid:\t-1\n",
		"pos:\t0\nPid:\t0\n",
		"pos:\t0\nPid:\t\n",
		"pos:\t0\nPid:\tabc\n",
		"pos:\t0\nPid:\t2147483648\n",
		"pos:\t0\nNSpid:\t7\n",
		"pos:\t0\nPid: 7\n",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		fake_sys_file("/proc/self/fdinfo/20", texts[i]);
		assert_int_equal(proc_pid_of(PROC, 20), -ESRCH);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(reports_each_call_that_fails_for_a_pidfd)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		(void)set_up(NULL);
		fake_sys_given_pidfd(20, "child", 4321);
		fake_sys_fail_at(nth, EMFILE);
		assert_int_equal(proc_pid_of(PROC, 20), -EMFILE);
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(reads_what_stat_says, set_up),
	cmocka_unit_test_setup(reads_about_a_thread, set_up),
	cmocka_unit_test_setup(is_not_fooled_by_the_name_of_a_process, set_up),
	cmocka_unit_test_setup(refuses_what_is_no_line_of_stat, set_up),
	cmocka_unit_test_setup(says_that_a_process_is_gone, set_up),
	cmocka_unit_test_setup(tells_who_runs_no_more_of_its_program, set_up),
	cmocka_unit_test_setup(takes_each_entry_that_is_a_number, set_up),
	cmocka_unit_test_setup(takes_all_entries_of_a_directory_of_any_size, set_up),
	cmocka_unit_test_setup(
		goes_through_an_open_directory_without_opening_anything_as_often_as_it_is_told_to,
		set_up),
	cmocka_unit_test_setup(stops_where_it_is_told_to, set_up),
	cmocka_unit_test(reports_each_call_that_fails_on_the_way_through_a_directory),
	cmocka_unit_test_setup(lets_a_process_live_that_goes_on_with_its_program, set_up),
	cmocka_unit_test_setup(finds_a_process_in_its_exit_whatever_its_state, set_up),
	cmocka_unit_test_setup(finds_a_process_that_has_ended_quite, set_up),
	cmocka_unit_test_setup(finds_a_process_that_has_been_killed_but_does_not_run, set_up),
	cmocka_unit_test_setup(knows_no_status_of_a_process_that_has_been_killed_before_its_exit,
			       set_up),
	cmocka_unit_test_setup(takes_the_code_of_a_process_in_its_exit_even_if_that_is_0, set_up),
	cmocka_unit_test_setup(lets_a_process_live_of_which_a_thread_does, set_up),
	cmocka_unit_test_setup(names_the_thread_that_holds_a_process_up, set_up),
	cmocka_unit_test_setup(minds_every_thread_whichever_comes_first, set_up),
	cmocka_unit_test_setup(takes_a_thread_for_alive_that_goes_while_it_looks, set_up),
	cmocka_unit_test(finds_a_process_that_a_tracer_holds_at_its_exit),
	cmocka_unit_test_setup(finds_a_thread_that_a_tracer_holds_at_its_exit, set_up),
	cmocka_unit_test_setup(finds_a_killed_process_that_a_tracer_holds_at_the_exit_of_a_thread,
			       set_up),
	cmocka_unit_test(finds_a_killed_process_of_which_a_tracer_holds_two_threads),
	cmocka_unit_test(lets_a_process_live_whose_first_thread_alone_is_at_its_end),
	cmocka_unit_test_setup(tells_no_status_of_a_process_whose_code_is_that_of_the_stop, set_up),
	cmocka_unit_test_setup(takes_no_stop_that_a_tracer_did_not_make_for_an_end, set_up),
	cmocka_unit_test(tells_no_status_that_it_may_not_know),
	cmocka_unit_test_setup(says_that_there_is_no_such_process, set_up),
	cmocka_unit_test_setup(says_no_more_than_it_knows_whichever_call_fails, set_up),
	cmocka_unit_test_setup(knows_the_number_of_the_calling_process_there, set_up),
	cmocka_unit_test_setup(knows_no_number_where_there_is_none, set_up),
	cmocka_unit_test_setup(knows_the_process_of_a_pidfd, set_up),
	cmocka_unit_test_setup(knows_no_process_of_what_is_none, set_up),
	cmocka_unit_test(reports_each_call_that_fails_for_a_pidfd),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
