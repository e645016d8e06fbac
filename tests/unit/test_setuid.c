/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>

#include "fake_cap.h"
#include "fake_sys.h"
#include "isolation/setuid.h"
#include "plan/opt.h"
#include "test.h"

/* CAP_SYS_ADMIN, and CAP_DAC_OVERRIDE with CAP_SYS_PTRACE, as they appear in the trace. */
#define LENT "280002"
#define ADMIN "200000"
#define FOR_CHILD "80002"

#define HOLD(permitted, effective)                                                                 \
	"cap_init\n"                                                                               \
	"cap_set_proc permitted " permitted " effective " effective " inheritable 0\n"             \
	"cap_get_proc\n"

static void start(void)
{
	fake_sys_reset();
	fake_cap_reset(0);
	fake_cap_know_all();
}

/* A user with user id 1000 and group id 100 has started a set-user-ID program of root's. */
static void start_privileged(void)
{
	start();
	fake_sys_always("getuid", 1000);
	fake_sys_always("getgid", 100);
	fake_sys_always("is_secure", 1);
	fake_sys_always("geteuid", 0);
}

static int set_up(void **state __attribute__((unused)))
{
	start_privileged();
	return 0;
}

/* --- The beginning -------------------------------------------------------- */

TEST(does_nothing_without_privileges)
{
	struct err e = {0};
	bool privileged = true;

	start();
	fake_sys_always("getuid", 1000);
	assert_int_equal(setuid_begin(&privileged, &e), 0);
	assert_false(privileged);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(lends_root_nothing)
{
	struct err e = {0};
	bool privileged = true;

	start();
	fake_sys_always("is_secure", 1);
	assert_int_equal(setuid_begin(&privileged, &e), 0);
	assert_false(privileged);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(becomes_the_caller_and_keeps_two_capabilities_of_no_effect)
{
	struct err e = {0};
	bool privileged = false;

	assert_int_equal(setuid_begin(&privileged, &e), 0);
	assert_true(privileged);
	assert_string_equal(fake_sys_trace(), "getuid\n"
					      "getgid\n"
					      "is_secure\n"
					      "geteuid\n"
					      "prctl keepcaps 1\n"
					      "setgid 100\n"
					      "setuid 1000\n"
					      "prctl keepcaps 0\n"
					      "has_only_ids 1000 100\n"
					      "prctl dumpable 0\n" HOLD(LENT, "0"));
	assert_int_equal(fake_cap_allocated(), 0);
}

/* Such as a set-group-ID program, or one with capabilities of its file's. */
TEST(gives_up_whatever_else_makes_it_more_than_the_caller)
{
	struct err e = {0};
	bool privileged = true;

	start();
	fake_sys_always("getuid", 1000);
	fake_sys_always("getgid", 100);
	fake_sys_always("is_secure", 1);
	fake_sys_always("geteuid", 1000);
	assert_int_equal(setuid_begin(&privileged, &e), 0);
	assert_false(privileged);
	assert_contains(fake_sys_trace(), "setgid 100\nsetuid 1000\n");
	assert_contains(fake_sys_trace(), "has_only_ids 1000 100\n"
					  "prctl dumpable 0\n" HOLD("0", "0") "prctl dumpable 1\n");
}

TEST(sees_that_root_s_identity_is_still_there)
{
	struct err e = {0};
	bool privileged = true;

	fake_sys_answer("has_only_ids*", 0);
	assert_int_equal(setuid_begin(&privileged, &e), -EPERM);
	assert_string_equal(e.msg, "root's identity is still there after giving it up");
	assert_false(privileged);
}

TEST(sees_that_other_capabilities_are_still_there)
{
	struct err e = {0};
	bool privileged = true;

	fake_sys_answer("cap_set_proc*", 1);
	assert_int_equal(setuid_begin(&privileged, &e), -EPERM);
	assert_string_equal(e.msg, "cannot drop capabilities: Operation not permitted");
	assert_false(privileged);
}

TEST(reports_every_call_that_fails_at_the_beginning)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		bool privileged = true;

		start_privileged();
		fake_sys_fail_at(nth, EIO);
		if (setuid_begin(&privileged, &e) == 0)
			break;
		assert_false(privileged);
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_cap_allocated(), 0);
	}
	assert_int_equal(nth, 9);
}

/* --- What is refused ------------------------------------------------------ */

/* Command lines, and what is said about them; NULL if nothing. */
static const struct {
	const char *argv[6];
	const char *msg;
	const char *bwrap;
} lines[] = {
	{{"sh"}, NULL, NULL},
	{{"--unshare-user", "--uid", "0", "sh"}, NULL, NULL},
	{{"--cap-drop", "ALL", "sh"}, NULL, NULL},
	{{"--userns", "3", "sh"},
	 "--userns: cannot be used where sbx is installed set-user-ID",
	 "--userns doesn't work in setuid mode"},
	{{"--userns2", "3", "sh"},
	 "--userns2: cannot be used where sbx is installed set-user-ID",
	 "--userns2 doesn't work in setuid mode"},
	{{"--pidns", "3", "sh"},
	 "--pidns: cannot be used where sbx is installed set-user-ID",
	 "--pidns doesn't work in setuid mode"},
	{{"--cap-drop", "ALL", "--cap-add", "CAP_CHOWN", "sh"},
	 "--cap-add: only root can use it where sbx is installed set-user-ID",
	 "--cap-add in setuid mode can be used only by root"},
};

TEST(refuses_what_an_ordinary_user_may_not_ask_of_it)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};

		assert_int_equal(opt_parse(&plan, lines[i].argv, NULL, &e), 0);
		assert_int_equal(setuid_check(false, &plan, &e), 0);
		assert_int_equal(setuid_check(true, &plan, &e), lines[i].msg == NULL ? 0 : -EPERM);
		assert_string_equal(e.msg, lines[i].msg == NULL ? "" : lines[i].msg);
		assert_string_equal(e.bwrap, lines[i].bwrap == NULL ? "" : lines[i].bwrap);
	}
}

/* --- The loan ------------------------------------------------------------- */

static const struct ns ns = {
	.flags = CLONE_NEWNS | CLONE_NEWUSER,
	.mapper = NS_MAPPER_MONITOR,
	.outside = {1000, 100},
	.inside = {7, 8},
	.users = -1,
	.users2 = -1,
	.pids = -1,
};

TEST(does_nothing_later_without_privileges)
{
	struct err e = {0};

	assert_int_equal(setuid_raise(false, &e), 0);
	assert_int_equal(setuid_map(false, &ns, 4321, &e), 0);
	assert_int_equal(setuid_drop(false, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(puts_one_capability_into_effect_to_make_namespaces)
{
	struct err e = {0};

	assert_int_equal(setuid_raise(true, &e), 0);
	assert_string_equal(fake_sys_trace(), HOLD(LENT, ADMIN));
}

static const char map_trace[] = HOLD(LENT, FOR_CHILD) "open /proc path dir\n"
						      "open /proc 4321/setgroups write\n"
						      "write /proc/4321/setgroups deny\n"
						      "open /proc 4321/uid_map write\n"
						      "write /proc/4321/uid_map 7 1000 1\n"
						      "open /proc 4321/gid_map write\n"
						      "write /proc/4321/gid_map 8 100 1\n";

TEST(puts_the_other_one_into_effect_to_map_ids)
{
	struct err e = {0};

	assert_int_equal(setuid_map(true, &ns, 4321, &e), 0);
	assert_string_equal(fake_sys_trace(), map_trace);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(maps_no_ids_that_the_caller_is_to_map)
{
	struct ns others = ns;
	struct err e = {0};

	others.mapper = NS_MAPPER_CALLER;
	assert_int_equal(setuid_map(true, &others, 4321, &e), 0);
	assert_null(strstr(fake_sys_trace(), "write"));
}

TEST(gives_up_everything_for_good)
{
	struct err e = {0};

	assert_int_equal(setuid_drop(true, &e), 0);
	assert_string_equal(fake_sys_trace(), HOLD("0", "0"));
}

TEST(sees_that_something_is_left)
{
	struct err e = {0};

	fake_sys_always("cap_set_proc*", 1);
	assert_int_equal(setuid_raise(true, &e), -EPERM);
	assert_int_equal(setuid_map(true, &ns, 4321, &e), -EPERM);
	assert_null(strstr(fake_sys_trace(), "open"));
	fake_sys_reset();
	fake_cap_reset(1);
	fake_sys_always("cap_set_proc*", 1);
	assert_int_equal(setuid_drop(true, &e), -EPERM);
	assert_string_equal(e.msg, "cannot drop capabilities: Operation not permitted");
}

TEST(reports_every_call_that_fails_while_mapping)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};

		start_privileged();
		fake_sys_fail_at(nth, EIO);
		if (setuid_map(true, &ns, 4321, &e) == 0)
			break;
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
		assert_int_equal(fake_cap_allocated(), 0);
	}
	assert_int_equal(nth, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(does_nothing_without_privileges, set_up),
		cmocka_unit_test_setup(lends_root_nothing, set_up),
		cmocka_unit_test_setup(becomes_the_caller_and_keeps_two_capabilities_of_no_effect,
				       set_up),
		cmocka_unit_test_setup(gives_up_whatever_else_makes_it_more_than_the_caller,
				       set_up),
		cmocka_unit_test_setup(sees_that_root_s_identity_is_still_there, set_up),
		cmocka_unit_test_setup(sees_that_other_capabilities_are_still_there, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_at_the_beginning, set_up),
		cmocka_unit_test_setup(refuses_what_an_ordinary_user_may_not_ask_of_it, set_up),
		cmocka_unit_test_setup(does_nothing_later_without_privileges, set_up),
		cmocka_unit_test_setup(puts_one_capability_into_effect_to_make_namespaces, set_up),
		cmocka_unit_test_setup(puts_the_other_one_into_effect_to_map_ids, set_up),
		cmocka_unit_test_setup(maps_no_ids_that_the_caller_is_to_map, set_up),
		cmocka_unit_test_setup(gives_up_everything_for_good, set_up),
		cmocka_unit_test_setup(sees_that_something_is_left, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_mapping, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
