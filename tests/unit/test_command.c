/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "environment.h"
#include "fake_cap.h"
#include "fake_malloc.h"
#include "fake_sys.h"
#include "sbx/command.h"
#include "test.h"

enum { SOCK = 6, JANITOR, PROGRAM = 9 };

static const char *const command[] = {"sh", "-c", "true", NULL};
static struct plan plan;
static struct box box;
static struct err e;

static void start(void)
{
	fake_sys_reset();
	fake_cap_reset(0);
	fake_sys_given(PROGRAM, "program");
	fake_sys_given(SOCK, "sock");
	fake_sys_given(JANITOR, "janitor");
	plan = (struct plan){.command = command, .no_tty_filter = true, .keep_keyring = true};
	box = (struct box){.plan = &plan,
			   .ns.flags = CLONE_NEWPID, /* so that there is no filter */
			   .sock = SOCK,
			   .janitor = JANITOR,
			   .has_reaper = true,
			   .cwd = "/home/user",
			   .umask = 027};
	sigemptyset(&box.signals);
	sigaddset(&box.signals, SIGTERM);
	e = (struct err){0};
}

static int set_up(void **state)
{
	*state = enter_environment();
	start();
	return 0;
}

static int tear_down(void **state)
{
	leave_environment(*state);
	return 0;
}

static void run(void *result)
{
	*(int *)result = command_exec(&box, &e);
}

static void assert_executes(void)
{
	int r = 0;

	assert_int_equal(fake_sys_run(run, &r), FAKE_EXECUTED);
	assert_int_equal(e.code, 0);
}

static void assert_fails(int code, const char *msg)
{
	int r = 0;

	assert_int_equal(fake_sys_run(run, &r), FAKE_RETURNED);
	assert_int_equal(r, -code);
	assert_int_equal(e.code, code);
	assert_string_equal(e.msg, msg);
}

TEST(puts_back_what_the_caller_had_and_executes)
{
	assert_executes();
	assert_string_equal(fake_sys_trace(), "chdir /home/user\n"
					      "umask 27\n"
					      "sigprocmask set 15\n"
					      "look sock janitor, 0 ms\n"
					      "exec sh as sh -c true\n");
}

TEST(has_stack_for_the_shell_that_executes_a_script)
{
	static const char *const longer[] = {"sh", "-c", "true", "x", NULL};
	const size_t bytes = command_stack(&plan);

	assert_true(bytes >= (1 + LENGTH(command)) * sizeof(char *));
	plan.command = longer;
	assert_int_equal(command_stack(&plan), bytes + sizeof(char *));
}

TEST(gives_the_command_another_name)
{
	plan.argv0 = "-sh";
	assert_executes();
	assert_contains(fake_sys_trace(), "exec sh as -sh -c true\n");
}

/* Directories, and what PWD says of them. */
static const struct {
	const char *chdir;
	const char *cwd;
	const char *home;
	const char *missing; /* a call that fails */
	const char *calls;
	const char *pwd;
} directories[] = {
	{"/etc", "/home/user", "/root", "", "chdir /etc\n", "/etc"},
	{"etc", "/home/user", "/root", "", "chdir etc\n", "/etc"},
	{NULL, "/home/user", "/root", "", "chdir /home/user\n", "/home/user"},
	{NULL, "/gone", "/root", "chdir /gone", "chdir /gone\nchdir /root\n", "/root"},
	{NULL, "", "/root", "", "chdir /root\n", "/root"},
	{NULL, "(unreachable)/x", "/root", "", "chdir /root\n", "/root"},
	{NULL, "", "relative", "", "chdir /\n", "/"},
	{NULL, "", NULL, "", "chdir /\n", "/"},
};

TEST(starts_in_the_directory_that_is_there)
{
	for (size_t i = 0; i < LENGTH(directories); i++) {
		start();
		assert_int_equal(clearenv(), 0);
		if (directories[i].home != NULL)
			assert_int_equal(setenv("HOME", directories[i].home, 1), 0);
		(void)snprintf(box.cwd, sizeof(box.cwd), "%s", directories[i].cwd);
		plan.chdir = directories[i].chdir;
		fake_sys_always(directories[i].missing, -ENOENT);
		assert_executes();
		assert_starts_with(fake_sys_trace(), directories[i].calls);
		assert_string_equal(getenv("PWD"), directories[i].pwd);
	}
}

TEST(does_not_go_elsewhere_than_chdir_says)
{
	plan.chdir = "/gone";
	fake_sys_always("chdir /gone", -ENOENT);
	assert_fails(ENOENT, "--chdir: cannot change to /gone in the sandbox: "
			     "No such file or directory");
	assert_string_equal(e.bwrap, "Can't chdir to /gone: No such file or directory");
	assert_string_equal(e.option, "--chdir");
	assert_string_equal(e.path, "/gone");
	assert_int_equal(e.stage, ERR_SETUP);
	assert_int_equal(fake_sys_calls(), 1);
}

TEST(needs_some_directory)
{
	fake_sys_always("chdir*", -EACCES);
	assert_fails(ENOENT, "cannot change to any directory in the sandbox");
}

TEST(looks_for_home_where_the_new_environment_says)
{
	struct env_change changes[] = {{.name = NULL}, {.name = "HOME", .value = "/new"}};

	assert_int_equal(setenv("HOME", "/old", 1), 0);
	box.cwd[0] = '\0';
	plan.env = changes;
	plan.n_env = LENGTH(changes);
	assert_executes();
	assert_starts_with(fake_sys_trace(), "chdir /new\n");
}

/* Read one seccomp program that returns 1. */
static void add_program(void)
{
	static const struct sock_filter program[] = {{.k = 1}};
	static struct descriptor source = {.option = "seccomp", .fd = PROGRAM};

	plan.seccomp = &source;
	plan.n_seccomp = 1;
	fake_sys_answer_data("read program", 0, program, sizeof(program));
	assert_int_equal(seccomp_read(&plan, SECCOMP_LATE, &box.seccomp, &e), 0);
}

TEST(applies_seccomp_last)
{
	add_program();
	assert_executes();
	assert_contains(fake_sys_trace(), "sigprocmask set 15\n"
					  "look sock janitor, 0 ms\n"
					  "seccomp 1\n"
					  "exec sh as sh -c true\n");
	seccomp_done(&box.seccomp);
}

TEST(leaves_the_session_keyring_early_and_installs_the_small_filter_late)
{
	add_program();
	plan.no_tty_filter = plan.keep_keyring = false;
	assert_executes();
	assert_contains(fake_sys_trace(), "new session keyring\nchdir");
	assert_contains(fake_sys_trace(), "look sock janitor, 0 ms\n"
					  "small filter\n"
					  "seccomp 1\n"
					  "exec sh as sh -c true\n");
	seccomp_done(&box.seccomp);
}

TEST(needs_no_new_session_keyring_as_the_filter_refuses_the_calls)
{
	static const int errors[] = {-EDQUOT, -ENOSYS, -EPERM};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		start();
		plan.keep_keyring = false;
		fake_sys_answer("new session keyring", errors[i]);
		assert_executes();
		assert_contains(fake_sys_trace(), "small filter\n");
	}
}

TEST(executes_nothing_without_the_small_filter)
{
	plan.keep_keyring = false;
	fake_sys_always("small filter", -EPERM);
	assert_fails(EPERM, "cannot install the filter of system calls: Operation not permitted");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(has_neither_filter_nor_keyring_under_the_name_bwrap)
{
	plan = (struct plan){.command = command, .as_bwrap = true};
	box.ns.flags = CLONE_NEWNET;
	assert_executes();
	assert_null(strstr(fake_sys_trace(), "filter"));
	assert_null(strstr(fake_sys_trace(), "keyring"));
}

TEST(drops_capabilities_first_and_closes_descriptors_before_seccomp)
{
	static struct descriptor kept = {.option = "keep-fd", .fd = 7};

	add_program();
	box.caps = (struct caps){.set = true};
	plan.close_fds = true;
	plan.kept = &kept;
	plan.n_kept = 1;
	assert_executes();
	assert_contains(fake_sys_trace(), "cap_set_secbits 3\n"
					  "cap_drop_bound 0\n"
					  "cap_drop_bound 1\n"
					  "cap_drop_bound 2\n"
					  "cap_drop_bound 3\n"
					  "cap_init\n"
					  "cap_set_proc permitted 0 effective 0 inheritable 0\n"
					  "cap_get_proc\n"
					  "chdir /home/user\n"
					  "umask 27\n"
					  "sigprocmask set 15\n"
					  "close_range 3 - at exec\n"
					  "clear_cloexec 7\n"
					  "look sock janitor, 0 ms\n"
					  "seccomp 1\n"
					  "exec sh as sh -c true\n");
	assert_int_equal(fake_cap_allocated(), 0);
	seccomp_done(&box.seccomp);
}

TEST(executes_nothing_that_nobody_wants_any_more_or_sees_to)
{
	static const struct {
		const char *gone;
		const char *msg;
	} others[] = {
		{"+.", "the monitor is gone"},
		{".+", "the janitor is gone"},
		{"++", "the monitor is gone"},
	};

	for (size_t i = 0; i < LENGTH(others); i++) {
		start();
		add_program();
		fake_sys_always_data("look sock janitor, 0 ms", 1, others[i].gone, 2);
		assert_fails(EPIPE, others[i].msg);
		assert_null(strstr(fake_sys_trace(), "exec"));
		assert_null(strstr(fake_sys_trace(), "seccomp"));
		seccomp_done(&box.seccomp);
	}
}

/* Who ends with the monitor from here on; who asks not to, does so before the last look. */
static const struct {
	bool has_reaper;
	bool die_with_parent;
	const char *calls;
} partings[] = {
	{true, false, "sigprocmask set 15\nlook sock janitor, 0 ms\nexec"},
	{true, true, "sigprocmask set 15\nlook sock janitor, 0 ms\nexec"},
	{false, true, "sigprocmask set 15\nlook sock janitor, 0 ms\nexec"},
	{false, false, "sigprocmask set 15\nprctl pdeathsig 0\nlook sock janitor, 0 ms\nexec"},
};

TEST(outlives_the_monitor_without_a_reaper_unless_told_to_die_with_it)
{
	for (size_t i = 0; i < LENGTH(partings); i++) {
		start();
		box.has_reaper = partings[i].has_reaper;
		plan.die_with_parent = partings[i].die_with_parent;
		assert_executes();
		assert_contains(fake_sys_trace(), partings[i].calls);
	}
	start();
	box.has_reaper = false;
	fake_sys_answer("prctl pdeathsig 0", -EIO);
	assert_fails(EIO, "cannot ask not to end with the parent: Input/output error");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(executes_nothing_that_has_more_than_it_may)
{
	static const struct {
		const char *call;
		int r;
		const char *msg;
	} calls[] = {
		{"cap_set_proc*", 1, "cannot set the capabilities: Operation not permitted"},
		{"cap_drop_bound 2", -EPERM,
		 "cannot drop capabilities from the bounding set: Operation not permitted"},
		{"close_range*", -EPERM,
		 "--close-fds: cannot close descriptors: Operation not permitted"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start();
		fake_cap_reset(7);
		box.caps = (struct caps){.set = true};
		plan.close_fds = true;
		fake_sys_answer(calls[i].call, calls[i].r);
		assert_fails(EPERM, calls[i].msg);
		assert_null(strstr(fake_sys_trace(), "exec sh"));
	}
}

TEST(executes_nothing_without_its_seccomp_program)
{
	add_program();
	fake_sys_always("seccomp 1", -EACCES);
	assert_fails(EACCES, "--seccomp: cannot apply the seccomp program: Permission denied");
	assert_null(strstr(fake_sys_trace(), "exec"));
	seccomp_done(&box.seccomp);
}

TEST(executes_nothing_with_a_wrong_umask)
{
	fake_sys_always("umask*", -ENOSYS);
	assert_fails(ENOSYS, "cannot restore the umask: Function not implemented");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(executes_nothing_with_a_wrong_signal_mask)
{
	fake_sys_always("sigprocmask*", -EIO);
	assert_fails(EIO, "cannot restore the signal mask: Input/output error");
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(executes_nothing_without_memory_for_its_arguments)
{
	fake_malloc_fail_at(1);
	assert_fails(ENOMEM, "cannot execute sh: Cannot allocate memory");
	fake_malloc_fail_at(0);
	assert_null(strstr(fake_sys_trace(), "exec"));
}

TEST(tells_a_command_that_cannot_be_executed_from_other_failures)
{
	fake_sys_always("exec*", -EACCES);
	assert_fails(EACCES, "cannot execute sh: Permission denied");
	assert_string_equal(e.bwrap, "execvp sh: Permission denied");
	assert_string_equal(e.path, "sh");
	assert_int_equal(e.stage, ERR_EXEC);
}

TEST(says_what_the_command_lacks)
{
	static const char *const script[] = {"/bin/x", NULL};

	plan.command = script;
	fake_sys_always("exec*", -ENOENT);
	fake_sys_always("access*", -ENOENT);
	fake_sys_answer_text("read /bin/x", "#!/gone\n");
	assert_fails(ENOENT, "cannot execute /bin/x: No such file or directory");
	assert_int_equal(e.stage, ERR_EXEC);
	assert_contains(e.hint, "/gone");
}

TEST(looks_at_no_file_that_seccomp_might_forbid_to_look_at)
{
	add_program();
	fake_sys_always("exec*", -ENOENT);
	assert_fails(ENOENT, "cannot execute sh: No such file or directory");
	assert_null(strstr(fake_sys_trace(), "open"));
	seccomp_done(&box.seccomp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(puts_back_what_the_caller_had_and_executes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(has_stack_for_the_shell_that_executes_a_script,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_the_command_another_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(starts_in_the_directory_that_is_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(does_not_go_elsewhere_than_chdir_says, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(needs_some_directory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_for_home_where_the_new_environment_says,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(applies_seccomp_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_the_session_keyring_early_and_installs_the_small_filter_late, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			needs_no_new_session_keyring_as_the_filter_refuses_the_calls, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_without_the_small_filter, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(has_neither_filter_nor_keyring_under_the_name_bwrap,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			drops_capabilities_first_and_closes_descriptors_before_seccomp, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			executes_nothing_that_nobody_wants_any_more_or_sees_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			outlives_the_monitor_without_a_reaper_unless_told_to_die_with_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_that_has_more_than_it_may, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_without_its_seccomp_program,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_with_a_wrong_umask, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_with_a_wrong_signal_mask, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_without_memory_for_its_arguments,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			tells_a_command_that_cannot_be_executed_from_other_failures, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(says_what_the_command_lacks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			looks_at_no_file_that_seccomp_might_forbid_to_look_at, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
