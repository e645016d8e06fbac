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
#include "run/command.h"
#include "test.h"

enum { SOCK = 6, JANITOR, PROGRAM = 9 };

/* To change to the directory @path. */
#define ENTER(path) GONE(path) "getcwd\n"

#define NOT(path) "open_in / " path " path dir\n"
#define GONE(path) NOT(path) "fchdir /" path "\n"

/* What comes first. */
#define CLOSE                                                                                      \
	"close_range 0 5\n"                                                                        \
	"close_range 8 -\n"                                                                        \
	"open / path dir\n"

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
	plan = (struct plan){.command = command,
			     .privileges.no_tty_filter = true,
			     .privileges.keep_keyring = true};
	box = (struct box){.plan = &plan,
			   /* so that there is no filter */
			   .ns = {.flags = CLONE_NEWPID, .outside = {.uid = 1000, .gid = 1000}},
			   .sock = SOCK,
			   .helpers[HELPER_JANITOR].inside = JANITOR,
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
	assert_string_equal(fake_sys_trace(), CLOSE ENTER("/home/user") "umask 27\n"
									"sigprocmask set 15\n"
									"look janitor sock, 0 ms\n"
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
	plan.environment.argv0 = "-sh";
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
	{"/etc", "/home/user", "/root", "", ENTER("/etc"), "/etc"},
	{"etc", "/home/user", "/root", "", NOT("etc") "fchdir //etc\n", "/etc"},
	{NULL, "/home/user", "/root", "", ENTER("/home/user"), "/home/user"},
	{NULL, "/gone", "/root", "open_in / /gone*", NOT("/gone") ENTER("/root"), "/root"},
	{NULL, "/gone", "/root", "fchdir //gone", GONE("/gone") ENTER("/root"), "/root"},
	{NULL, "", "/root", "", ENTER("/root"), "/root"},
	{NULL, "(unreachable)/x", "/root", "", ENTER("/root"), "/root"},
	{NULL, "", "relative", "", ENTER("/"), "/"},
	{NULL, "", NULL, "", ENTER("/"), "/"},
};

TEST(starts_in_the_directory_that_is_there)
{
	for (size_t i = 0; i < LENGTH(directories); i++) {
		start();
		assert_int_equal(clearenv(), 0);
		if (directories[i].home != NULL)
			assert_int_equal(setenv("HOME", directories[i].home, 1), 0);
		(void)snprintf(box.cwd, sizeof(box.cwd), "%s", directories[i].cwd);
		plan.environment.chdir = directories[i].chdir;
		fake_sys_always(directories[i].missing, -ENOENT);
		assert_executes();
		assert_contains(fake_sys_trace(), directories[i].calls);
		assert_string_equal(getenv("PWD"), directories[i].pwd);
	}
}

TEST(does_not_go_elsewhere_than_chdir_says)
{
	plan.environment.chdir = "/gone";
	fake_sys_always("open_in / /gone*", -ENOENT);
	assert_fails(ENOENT, "--chdir: cannot change to /gone in the sandbox: "
			     "No such file or directory");
	assert_string_equal(e.bwrap, "Can't chdir to /gone: No such file or directory");
	assert_string_equal(e.option, "--chdir");
	assert_string_equal(e.path, "/gone");
	assert_int_equal(e.stage, ERR_SETUP);
	assert_ends_with(fake_sys_trace(), NOT("/gone"));
}

TEST(needs_some_directory)
{
	fake_sys_always("fchdir*", -EACCES);
	assert_fails(ENOENT, "cannot change to any directory in the sandbox");
}

/* What the kernel says of a directory that no path leads to. */
static void answer_elsewhere(void)
{
	fake_sys_answer_text("getcwd", "(unreachable)/etc");
}

TEST(executes_nothing_in_a_directory_that_is_not_in_the_sandbox)
{
	answer_elsewhere();
	assert_fails(EXDEV, "/home/user is not in the sandbox: Invalid cross-device link");
	assert_ends_with(fake_sys_trace(), ENTER("/home/user"));
	start();
	plan.environment.chdir = "/etc";
	answer_elsewhere();
	assert_fails(EXDEV, "--chdir: cannot change to /etc in the sandbox: "
			    "Invalid cross-device link");
	assert_ends_with(fake_sys_trace(), ENTER("/etc"));
}

TEST(does_not_follow_links_to_what_a_process_has_open)
{
	plan.environment.chdir = "/proc/self/cwd";
	fake_sys_always("open_in / /proc/self/cwd*", -ELOOP);
	assert_fails(ELOOP, "--chdir: cannot change to /proc/self/cwd in the sandbox: "
			    "Too many levels of symbolic links");
	assert_contains(e.hint, "links such as /proc/self/fd/3");
}

TEST(walks_to_the_directory_where_the_kernel_cannot_look_below_the_root)
{
	fake_sys_always("open_in*", -ENOSYS);
	assert_executes();
	assert_contains(fake_sys_trace(), "open //home user path dir nofollow\n"
					  "fchdir //home/user\n"
					  "getcwd\n");
}

TEST(does_not_change_to_a_directory_without_a_name)
{
	plan.environment.chdir = "";
	assert_fails(ENOENT,
		     "--chdir: cannot change to  in the sandbox: No such file or directory");
}

TEST(looks_for_home_where_the_new_environment_says)
{
	struct env_change changes[] = {{.name = NULL}, {.name = "HOME", .value = "/new"}};

	assert_int_equal(setenv("HOME", "/old", 1), 0);
	box.cwd[0] = '\0';
	plan.environment.changes = changes;
	plan.environment.n_changes = LENGTH(changes);
	assert_executes();
	assert_contains(fake_sys_trace(), ENTER("/new"));
}

/* Read one seccomp program that returns 1. */
static void add_program(void)
{
	static const struct sock_filter program[] = {{.k = 1}};
	static struct descriptor source = {.option = "seccomp", .fd = PROGRAM};

	plan.privileges.seccomp.list = &source;
	plan.privileges.seccomp.n = 1;
	fake_sys_answer_data("read program", 0, program, sizeof(program));
	assert_int_equal(seccomp_read(&plan, SECCOMP_LATE, &box.seccomp, &e), 0);
}

TEST(applies_seccomp_last)
{
	add_program();
	assert_executes();
	assert_contains(fake_sys_trace(), "sigprocmask set 15\n"
					  "look janitor sock, 0 ms\n"
					  "seccomp 1\n"
					  "exec sh as sh -c true\n");
	seccomp_done(&box.seccomp);
}

TEST(leaves_the_session_keyring_early_and_installs_the_small_filter_late)
{
	add_program();
	plan.privileges.no_tty_filter = plan.privileges.keep_keyring = false;
	assert_executes();
	assert_contains(fake_sys_trace(), "new session keyring\nclose_range");
	assert_contains(fake_sys_trace(), "look janitor sock, 0 ms\n"
					  "small filter\n"
					  "seccomp 1\n"
					  "exec sh as sh -c true\n");
	seccomp_done(&box.seccomp);
}

TEST(installs_the_small_filter_for_root_and_behind_a_landlock_domain)
{
	box.ns.domain = LANDLOCK_BARRIER;
	assert_executes();
	assert_contains(fake_sys_trace(), "small filter\n");
	start();
	box.ns.outside.uid = 0;
	assert_executes();
	assert_contains(fake_sys_trace(), "small filter\n");
}

TEST(needs_no_new_session_keyring_as_the_filter_refuses_the_calls)
{
	static const int errors[] = {-EDQUOT, -ENOSYS, -EPERM};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		start();
		plan.privileges.keep_keyring = false;
		fake_sys_answer("new session keyring", errors[i]);
		assert_executes();
		assert_contains(fake_sys_trace(), "small filter\n");
	}
}

TEST(executes_nothing_without_the_small_filter)
{
	plan.privileges.keep_keyring = false;
	fake_sys_always("small filter", -EPERM);
	assert_fails(EPERM, "cannot install the seccomp filter: Operation not permitted");
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

TEST(drops_capabilities_and_closes_descriptors_before_it_looks_a_path_up)
{
	static int inherited = 12;

	add_program();
	box.caps = (struct caps){.set = true};
	box.inherited = (struct inherited_fds){.list = &inherited, .n = 1};
	assert_executes();
	/* a path is looked up with nothing open and no capability; the programs come last */
	assert_in_order(fake_sys_trace(),
			ARGV("cap_set_secbits 3\n"
			     "cap_drop_bound 0\n"
			     "cap_drop_bound 1\n"
			     "cap_drop_bound 2\n"
			     "cap_drop_bound 3\n"
			     "cap_init\n"
			     "cap_set_proc permitted 0 effective 0 inheritable 0\n"
			     "cap_get_proc\n"
			     "close_range 0 5\n"
			     "close_range 8 11\n"
			     "close_range 13 -\n",
			     "open / path dir\n", ENTER("/home/user"),
			     "look janitor sock, 0 ms\n"
			     "seccomp 1\n"
			     "exec sh as sh -c true\n"));
	assert_int_equal(fake_cap_allocated(), 0);
	seccomp_done(&box.seccomp);
}

TEST(executes_nothing_that_nobody_wants_any_more_or_sees_to)
{
	static const struct {
		const char *gone;
		const char *msg;
	} others[] = {
		{"sock", "the monitor is gone"},
		{"janitor", "the janitor is gone"},
		{"janitor sock", "the monitor is gone"},
	};

	for (size_t i = 0; i < LENGTH(others); i++) {
		start();
		add_program();
		fake_sys_always_data("look janitor sock, 0 ms", 1, others[i].gone, 2);
		assert_fails(EPIPE, others[i].msg);
		assert_null(strstr(fake_sys_trace(), "exec"));
		assert_null(strstr(fake_sys_trace(), "seccomp"));
		seccomp_done(&box.seccomp);
	}
}

/* Whether the command ends with the monitor; it clears the signal before the last check. */
static const struct {
	bool has_reaper;
	bool die_with_parent;
	const char *calls;
} partings[] = {
	{true, false, "sigprocmask set 15\nlook janitor sock, 0 ms\nexec"},
	{true, true, "sigprocmask set 15\nlook janitor sock, 0 ms\nexec"},
	{false, true, "sigprocmask set 15\nlook janitor sock, 0 ms\nexec"},
	{false, false, "sigprocmask set 15\nprctl pdeathsig 0\nlook janitor sock, 0 ms\nexec"},
};

TEST(outlives_the_monitor_without_a_reaper_unless_told_to_die_with_it)
{
	for (size_t i = 0; i < LENGTH(partings); i++) {
		start();
		box.has_reaper = partings[i].has_reaper;
		plan.processes.die_with_parent = partings[i].die_with_parent;
		assert_executes();
		assert_contains(fake_sys_trace(), partings[i].calls);
	}
	start();
	box.has_reaper = false;
	fake_sys_answer("prctl pdeathsig 0", -EIO);
	assert_fails(EIO, "cannot clear the parent-death signal: Input/output error");
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
		 "cannot close descriptors that COMMAND does not inherit: Operation not permitted"},
		{"open / path dir", -EPERM,
		 "cannot open the sandbox's root: Operation not permitted"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		start();
		fake_cap_reset(7);
		box.caps = (struct caps){.set = true};
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

TEST(sets_the_umask_that_was_asked_for_instead_of_the_caller_s)
{
	plan.environment.umask = 0;
	plan.environment.have_umask = true;
	assert_executes();
	assert_contains(fake_sys_trace(), "umask 0\n");
	assert_null(strstr(fake_sys_trace(), "umask 27\n"));
}

TEST(executes_nothing_with_a_wrong_umask)
{
	fake_sys_always("umask*", -ENOSYS);
	assert_fails(ENOSYS, "cannot set the umask: Function not implemented");
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
	assert_fails(ENOMEM, "out of memory");
	start();
	fake_malloc_fail_at(2);
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
	assert_null(strstr(strstr(fake_sys_trace(), "exec"), "open"));
	seccomp_done(&box.seccomp);
}

TEST(leaves_the_caller_s_process_group)
{
	box.own_group = true;
	assert_executes();
	assert_starts_with(fake_sys_trace(), "setpgid 0 0\nclose_range");
	assert_null(strstr(fake_sys_trace(), "tcsetpgrp"));
	start();
	box.own_group = box.heeds_ttin = true;
	assert_executes();
	assert_starts_with(fake_sys_trace(), "setpgid 0 0\nsignal_default 21\nclose_range");
	start();
	box.own_group = box.foreground = true;
	assert_executes();
	assert_starts_with(fake_sys_trace(), "setpgid 0 0\ngetpgrp\ntcsetpgrp 0 300\n");
	start();
	box.own_group = plan.processes.new_session = true;
	box.has_reaper = false; /* it leads its session, and so its group */
	assert_executes();
	assert_null(strstr(fake_sys_trace(), "setpgid"));
}

TEST(runs_nothing_in_the_caller_s_process_group)
{
	box.own_group = true;
	fake_sys_answer("setpgid 0 0", -EPERM);
	assert_fails(EPERM, "cannot create a process group: Operation not permitted");
}

TEST(stays_tied_to_the_monitor)
{
	box.has_reaper = false;
	assert_executes();
	assert_contains(fake_sys_trace(), "prctl pdeathsig 0\n");
	start();
	box.has_reaper = false;
	box.tied = true;
	assert_executes();
	assert_null(strstr(fake_sys_trace(), "pdeathsig"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leaves_the_caller_s_process_group, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(runs_nothing_in_the_caller_s_process_group, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(stays_tied_to_the_monitor, set_up, tear_down),
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
		cmocka_unit_test_setup_teardown(
			executes_nothing_in_a_directory_that_is_not_in_the_sandbox, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(does_not_follow_links_to_what_a_process_has_open,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			walks_to_the_directory_where_the_kernel_cannot_look_below_the_root, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(does_not_change_to_a_directory_without_a_name,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_for_home_where_the_new_environment_says,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(applies_seccomp_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_the_session_keyring_early_and_installs_the_small_filter_late, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			installs_the_small_filter_for_root_and_behind_a_landlock_domain, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			needs_no_new_session_keyring_as_the_filter_refuses_the_calls, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(executes_nothing_without_the_small_filter, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(has_neither_filter_nor_keyring_under_the_name_bwrap,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			drops_capabilities_and_closes_descriptors_before_it_looks_a_path_up, set_up,
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
		cmocka_unit_test_setup_teardown(
			sets_the_umask_that_was_asked_for_instead_of_the_caller_s, set_up,
			tear_down),
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
