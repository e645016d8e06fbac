/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>

#include "fake_sys.h"
#include "isolation/ns.h"
#include "lock_trace.h"
#include "sys/sys.h"
#include "test.h"

enum { PROC = 3, USERS, USERS2, PIDS };

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(PROC, "/proc");
	fake_sys_given(USERS, "users");
	fake_sys_given(USERS2, "users2");
	fake_sys_given(PIDS, "pids");
	return 0;
}

#define ALL_BUT_USER (CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define NONE_GIVEN .users = -1, .users2 = -1, .pids = -1

TEST(says_what_the_barrier_takes_where_there_is_none)
{
	const struct ns ns = {.flags = CLONE_NEWNS,
			      NONE_GIVEN,
			      .lock_mounts = true,
			      .second = true,
			      .barrier = true};
	struct err e = {0};

	fake_sys_always("socketpair*", -EMFILE);
	assert_int_equal(ns_enter_last(&ns, PROC, &e), -EMFILE);
	assert_starts_with(e.msg, "cannot keep root's COMMAND from outside processes: ");
	assert_contains(e.hint, "Landlock of Linux 6.12");
}

TEST(knows_whether_others_can_be_in_the_user_namespace_of_the_command)
{
	const struct ns made = {.flags = CLONE_NEWUSER, NONE_GIVEN};
	const struct ns left = {.flags = CLONE_NEWUSER, .users = -1, .users2 = USERS2, .pids = -1};
	const struct ns joined = {.flags = CLONE_NEWNS, .users = USERS, .users2 = -1, .pids = -1};
	const struct ns none = {.flags = CLONE_NEWNS, NONE_GIVEN};

	assert_true(ns_own_users(&made));
	assert_false(ns_own_users(&left));
	assert_false(ns_own_users(&joined));
	assert_false(ns_own_users(&none));
}

/* --- Making the first process inside -------------------------------------- */

static unsigned children; /* that have been made */

static void child(void *arg)
{
	assert_ptr_equal(arg, &children);
	children++;
	sys_exit(7);
}

/* What ns_clone() returns; nothing stays open but a handle of what it makes. */
static pid_t clone_child(const struct ns *ns, struct err *e)
{
	const struct ns_start start = {.child = child, .arg = &children, .stack = 4096};
	int pidfd = -1;
	pid_t pid = ns_clone(ns, &start, &pidfd, e);

	assert_int_equal(pidfd >= 0, pid > 0);
	if (pid > 0) {
		assert_string_equal(fake_sys_name(pidfd), "child");
		(void)sys_close(pidfd);
	}
	assert_int_equal(fake_sys_open_fds(), 0);
	return pid;
}

TEST(makes_all_namespaces_at_once)
{
	const struct ns ns = {.flags = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID, NONE_GIVEN};
	struct err e = {0};

	assert_int_equal(clone_child(&ns, &e), 1000);
	assert_string_equal(fake_sys_trace(), "clone user mnt pid\n");
}

static const struct ns plain = {.flags = CLONE_NEWNS, NONE_GIVEN};

static void clone_plain(void *arg)
{
	struct err e = {0};

	(void)arg;
	(void)clone_child(&plain, &e);
}

TEST(opens_the_mount_namespace_of_the_child)
{
	int mounts;

	fake_sys_given_pidfd(50, "child", 1234);
	mounts = ns_open_mounts(50);
	assert_string_equal(fake_sys_name(mounts), "mounts:child");
	assert_string_equal(fake_sys_trace(), "ns_mounts child\n");
	assert_int_equal(sys_close(mounts), 0);
	fake_sys_answer("ns_mounts child", -EACCES);
	assert_int_equal(ns_open_mounts(50), -EACCES);
}

TEST(opens_the_mount_namespace_of_the_child_by_its_number_on_old_kernels)
{
	static const char *const calls[] = {"open /proc path dir", "open /proc self/fdinfo/50",
					    "open /proc 1234/ns/mnt"};
	int mounts;

	fake_sys_given_pidfd(50, "child", 1234);
	fake_sys_always("ns_mounts child", -ENOTTY);
	mounts = ns_open_mounts(50);
	assert_string_equal(fake_sys_name(mounts), "/proc/1234/ns/mnt");
	assert_int_equal(sys_close(mounts), 0);
	for (size_t i = 0; i < LENGTH(calls); i++) {
		fake_sys_answer(calls[i], -EMFILE);
		assert_int_equal(ns_open_mounts(50), -EMFILE);
	}
}

TEST(calls_the_child_in_the_child)
{
	children = 0;
	fake_sys_answer("clone*", 0);
	assert_int_equal(fake_sys_run(clone_plain, NULL), 7);
	assert_int_equal(children, 1);
}

TEST(says_what_helps_where_namespaces_cannot_be_made)
{
	struct err e = {0};

	fake_sys_answer("clone*", -EINVAL);
	assert_int_equal(clone_child(&plain, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot create the namespaces: Invalid argument");
	assert_string_equal(e.hint, "this kernel lacks one of the requested namespace types");
}

/* Namespaces to enter, and how. */
static const struct {
	struct ns ns;
	const char *trace;
} joined[] = {
	{{.flags = CLONE_NEWNS, .users = USERS, .users2 = -1, .pids = -1},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tclone mnt parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWPID, .users = USERS, .users2 = -1, .pids = -1},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tclone mnt pid parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWUSER, .users = -1, .users2 = -1, .pids = PIDS},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns pids pid\n"
	 "\tclone user mnt parent\n"
	 "\texit 0\n"
	 "wait 2\n"},
	{{.flags = CLONE_NEWNS | CLONE_NEWPID, .users = USERS, .users2 = USERS2, .pids = PIDS},
	 "prctl dumpable 0\n"
	 "vfork files, 4096 more bytes of stack\n"
	 "\tsetns users user\n"
	 "\tprctl dumpable 0\n"
	 "\tsetns pids pid\n"
	 "\tvfork files parent, 4096 more bytes of stack\n"
	 "\t\tclone mnt pid parent\n"
	 "\t\texit 0\n"
	 "\texit 0\n"
	 "wait 2\n"
	 "wait 3\n"},
};

/* The one with the most helpers. */
static const struct ns *const two_helpers = &joined[LENGTH(joined) - 1].ns;

TEST(enters_namespaces_in_helpers)
{
	for (size_t i = 0; i < LENGTH(joined); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		assert_int_equal(clone_child(&joined[i].ns, &e), 1000);
		assert_string_equal(fake_sys_trace(), joined[i].trace);
		assert_int_equal(e.code, 0);
	}
}

TEST(waits_for_helpers_after_an_interruption)
{
	struct err e = {0};

	(void)set_up(NULL);
	fake_sys_answer("wait 2", -EINTR);
	assert_int_equal(clone_child(two_helpers, &e), 1000);
	assert_contains(fake_sys_trace(), "wait 2\nwait 2\nwait 3\n");
}

TEST(calls_the_child_in_what_a_helper_makes)
{
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(joined); i++) {
		children = 0;
		(void)set_up(NULL);
		fake_sys_answer("clone*", 0);
		(void)clone_child(&joined[i].ns, &e);
		assert_int_equal(children, 1);
		assert_contains(fake_sys_trace(), "\texit 7\n");
	}
}

TEST(says_that_a_helper_was_killed)
{
	static const char *const helpers[] = {"vfork files,*", "vfork files parent*"};

	for (size_t i = 0; i < LENGTH(helpers); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(helpers[i], 2); /* made, but it never does anything */
		assert_int_equal(clone_child(two_helpers, &e), -ECHILD);
		assert_int_equal(e.code, ECHILD);
		assert_string_equal(e.msg, "a helper that enters namespaces was killed");
		assert_null(strstr(fake_sys_trace(), "clone"));
	}
}

/* Calls that fail on the way into namespaces. */
static const struct {
	const char *call;
	int code;
	const char *msg;
	const char *option;
	const char *hint;
} refused[] = {
	{"setns users user", EINVAL,
	 "--userns: cannot enter the namespace that descriptor 4 is open on: Invalid argument",
	 "--userns", "such as /proc/PID/ns/user"},
	{"setns users user", EPERM,
	 "--userns: cannot enter the namespace that descriptor 4 is open on: "
	 "Operation not permitted",
	 "--userns", "only a user namespace that the caller has created"},
	{"setns pids pid", EPERM,
	 "--pidns: cannot enter the namespace that descriptor 6 is open on: "
	 "Operation not permitted",
	 "--pidns", "with --userns"},
	{"prctl*", EINVAL, "cannot hide from processes in another namespace: Invalid argument", "",
	 ""},
	{"vfork files,*", ENOMEM,
	 "cannot start a helper that enters namespaces: Cannot allocate memory", "", ""},
	{"vfork files parent*", ENOMEM, "cannot start a helper in --pidns: Cannot allocate memory",
	 "", ""},
	{"clone*", EINVAL, "cannot create the namespaces: Invalid argument", "",
	 "needs the user namespace that owns it"},
};

TEST(says_which_namespace_cannot_be_entered)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(refused[i].call, -refused[i].code);
		assert_int_equal(clone_child(two_helpers, &e), -refused[i].code);
		assert_int_equal(e.code, refused[i].code);
		assert_string_equal(e.msg, refused[i].msg);
		assert_string_equal(e.option, refused[i].option);
		assert_contains(e.hint, refused[i].hint);
	}
}

TEST(reports_every_call_that_fails_while_entering)
{
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		pid_t pid;

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EIO);
		pid = clone_child(two_helpers, &e);
		if (nth > fake_sys_calls())
			break;
		assert_int_equal(pid, pid > 0 ? 1000 : -EIO);
		assert_int_equal(e.code, pid > 0 ? 0 : EIO);
		failures += pid < 0;
	}
	assert_int_equal(nth, 10);
	assert_int_equal(failures, 7); /* but for the two waits, which nothing depends on */
}

/* --- Ids ------------------------------------------------------------------ */

/* An ordinary user's namespace. */
static const struct ns users = {
	.flags = CLONE_NEWNS | CLONE_NEWUSER,
	.outside = {1000, 100},
	.inside = {4294967294, 5},
	NONE_GIVEN,
};

TEST(maps_ids_and_forbids_setgroups_before)
{
	struct err e = {0};

	assert_int_equal(ns_map(&users, NS_MAPPER_INSIDE, PROC, "self", &e), 0);
	assert_string_equal(fake_sys_trace(), "open /proc self/setgroups write\n"
					      "write /proc/self/setgroups deny\n"
					      "open /proc self/uid_map write\n"
					      "write /proc/self/uid_map 4294967294 1000 1\n"
					      "open /proc self/gid_map write\n"
					      "write /proc/self/gid_map 5 100 1\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(maps_ids_only_in_the_process_that_is_to_do_it)
{
	static const enum ns_mapper mappers[] = {NS_MAPPER_INSIDE, NS_MAPPER_MONITOR,
						 NS_MAPPER_CALLER};

	for (size_t i = 0; i < LENGTH(mappers); i++)
		for (size_t k = 0; k < LENGTH(mappers); k++) {
			struct ns ns = users;
			struct err e = {0};

			(void)set_up(NULL);
			ns.mapper = mappers[i];
			assert_int_equal(ns_map(&ns, mappers[k], PROC, "4321", &e), 0);
			assert_int_equal(fake_sys_calls(), i == k ? 6 : 0);
			if (i == k)
				assert_contains(fake_sys_trace(),
						"open /proc 4321/uid_map write\n");
		}
}

TEST(maps_nothing_without_a_new_user_namespace)
{
	struct err e = {0};

	assert_int_equal(ns_map(&plain, NS_MAPPER_INSIDE, -1, "self", &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_which_id_cannot_be_mapped_and_what_helps)
{
	static const struct {
		const char *call;
		const char *msg;
		const char *bwrap;
	} maps[] = {
		{"write /proc/self/setgroups*",
		 "cannot forbid setgroups in /proc/self/setgroups: Operation not permitted", ""},
		{"write /proc/self/uid_map*",
		 "cannot map id 4294967294 to 1000 in /proc/self/uid_map: Operation not permitted",
		 "setting up uid map: Operation not permitted"},
		{"write /proc/self/gid_map*",
		 "cannot map id 5 to 100 in /proc/self/gid_map: Operation not permitted",
		 "setting up gid map: Operation not permitted"},
	};

	for (size_t i = 0; i < LENGTH(maps); i++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer(maps[i].call, -EPERM);
		assert_int_equal(ns_map(&users, NS_MAPPER_INSIDE, PROC, "self", &e), -EPERM);
		assert_string_equal(e.msg, maps[i].msg);
		assert_string_equal(e.bwrap, maps[i].bwrap);
		assert_contains(e.hint, "CAP_SETFCAP");
	}
}

static const struct ns entered = {
	.flags = CLONE_NEWNS,
	.outside = {1000, 100},
	.inside = {7, 8},
	.users = USERS,
	.users2 = -1,
	.pids = -1,
};

TEST(takes_the_ids_of_a_namespace_that_was_there_before)
{
	struct ns same = entered;
	struct err e = {0};

	assert_int_equal(ns_become(&entered, &e), 0);
	assert_string_equal(fake_sys_trace(), "prctl securebits 4\n"
					      "setgid 8\n"
					      "setuid 7\n"
					      "prctl securebits 0\n"
					      "prctl pdeathsig 9\n");
	(void)set_up(NULL);
	same.inside = same.outside;
	assert_int_equal(ns_become(&same, &e), 0);
	assert_string_equal(fake_sys_trace(), "prctl securebits 4\n"
					      "prctl securebits 0\n"
					      "prctl pdeathsig 9\n");
	(void)set_up(NULL);
	assert_int_equal(ns_become(&users, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_whom_it_cannot_become)
{
	for (unsigned nth = 1; nth <= 5; nth++) {
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_fail_at(nth, EINVAL);
		assert_int_equal(ns_become(&entered, &e), -EINVAL);
		assert_string_equal(e.msg, nth <= 2 ? "cannot become group 8: Invalid argument"
						    : "cannot become user 7: Invalid argument");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* --- The numbers of namespaces -------------------------------------------- */

TEST(tells_the_numbers_of_new_namespaces_only)
{
	const struct ns ns = {.flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUSER, NONE_GIVEN};
	struct ns_ids ids = {.ino = {[NS_NET] = 9}};
	struct err e = {0};

	fake_sys_always_text("readlink /proc self/ns/cgroup", "cgroup:[4026531835]");
	fake_sys_always_text("readlink /proc self/ns/mnt", "mnt:[18446744073709551615]");
	assert_int_equal(ns_identify(&ns, PROC, &ids, &e), 0);
	assert_int_equal(ids.ino[NS_CGROUP], 4026531835);
	assert_true(ids.ino[NS_MNT] == UINT64_MAX);
	assert_int_equal(ids.ino[NS_NET], 0);
	assert_string_equal(fake_sys_trace(), "readlink /proc self/ns/cgroup\n"
					      "readlink /proc self/ns/mnt\n");
}

TEST(tells_the_numbers_of_all_namespaces_by_their_names)
{
	const struct ns ns = {.flags = CLONE_NEWNS | ALL_BUT_USER, NONE_GIVEN};
	struct ns_ids ids;
	struct err e = {0};

	fake_sys_always_text("readlink /proc self/ns/cgroup", "cgroup:[1]");
	fake_sys_always_text("readlink /proc self/ns/ipc", "ipc:[2]");
	fake_sys_always_text("readlink /proc self/ns/mnt", "mnt:[3]");
	fake_sys_always_text("readlink /proc self/ns/net", "net:[4]");
	fake_sys_always_text("readlink /proc self/ns/pid", "pid:[5]");
	fake_sys_always_text("readlink /proc self/ns/uts", "uts:[6]");
	assert_int_equal(ns_identify(&ns, PROC, &ids, &e), 0);
	for (unsigned kind = 0; kind < NS_KINDS; kind++)
		assert_int_equal(ids.ino[kind], kind + 1);
}

TEST(believes_no_link_that_names_no_namespace)
{
	static const char *const links[] = {
		"",       "m",       "mnt",      "mnt:[",
		"mnt:[]", "mnt:[x]", "mnt:[-1]", "mnt:[99999999999999999999]",
	};

	for (size_t i = 0; i < LENGTH(links); i++) {
		struct ns_ids ids;
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_always_text("readlink*", links[i]);
		assert_true(ns_identify(&plain, PROC, &ids, &e) < 0);
		assert_starts_with(e.msg, "cannot read the inode number of the mnt namespace: ");
	}
	fake_sys_reset();
}

/* --- The last user namespace ---------------------------------------------- */

#define ENTER_SECOND                                                                               \
	"getuid\n"                                                                                 \
	"getgid\n"                                                                                 \
	"unshare user\n"                                                                           \
	"open /proc self/setgroups write\n"                                                        \
	"write /proc/self/setgroups deny\n"                                                        \
	"open /proc self/uid_map write\n"                                                          \
	"write /proc/self/uid_map 7 70 1\n"                                                        \
	"open /proc self/gid_map write\n"                                                          \
	"write /proc/self/gid_map 8 80 1\n"

/* Where the command is to run, and how to get there. */
static const struct {
	struct ns ns;
	const char *trace;
} lasts[] = {
	{{.users2 = -1}, ""},
	{{.users2 = USERS2}, "prctl dumpable 0\nsetns users2 user\nprctl dumpable 0\n"},
	{{.users2 = -1, .second = true, .inside = {7, 8}}, ENTER_SECOND},
	{{.users2 = -1, .check_no_users = true}, "unshare user\n"},
	{{.users2 = -1, .disable_users = true, .check_no_users = true},
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 0\n"
	 "unshare user\n"},
	{{.users2 = -1, .second = true, .lock_mounts = true, .inside = {7, 8}}, ENTER_LOCKED},
	{{.flags = CLONE_NEWUSER,
	  .users2 = -1,
	  .second = true,
	  .lock_mounts = true,
	  .disable_users = true,
	  .check_no_users = true},
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 1\n" ENTER_LOCKED "unshare user\n"},
	{{.users2 = -1,
	  .second = true,
	  .lock_mounts = true,
	  .disable_users = true,
	  .check_no_users = true},
	 ENTER_LOCKED "open /proc sys/user/max_user_namespaces write\n"
		      "write /proc/sys/user/max_user_namespaces 0\n"
		      "unshare user\n"},
	{{.users2 = USERS2,
	  .second = true,
	  .inside = {7, 8},
	  .disable_users = true,
	  .check_no_users = true},
	 "prctl dumpable 0\n"
	 "setns users2 user\n"
	 "prctl dumpable 0\n"
	 "open /proc sys/user/max_user_namespaces write\n"
	 "write /proc/sys/user/max_user_namespaces 1\n" ENTER_SECOND "unshare user\n"},
};

/* Begin anew, on a host where no more user namespaces can be made than @ns says. */
static void start_entering(const struct ns *ns)
{
	static const int mapped = 0;

	(void)set_up(NULL);
	fake_sys_always_data("read outside", 0, &mapped, sizeof(mapped));
	fake_sys_always("getuid", 70);
	fake_sys_always("getgid", 80);
	if (ns->second && !ns->lock_mounts)
		fake_sys_answer("unshare user", 0);
	fake_sys_always("unshare user", -ENOSPC);
}

TEST(enters_the_user_namespace_of_the_command)
{
	for (size_t i = 0; i < LENGTH(lasts); i++) {
		struct err e = {0};

		start_entering(&lasts[i].ns);
		assert_int_equal(ns_enter_last(&lasts[i].ns, PROC, &e), 0);
		assert_string_equal(fake_sys_trace(), lasts[i].trace);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

TEST(reports_every_call_that_fails_at_last)
{
	const struct ns *ns = &lasts[LENGTH(lasts) - 1].ns;

	for (unsigned nth = 1; nth <= 12; nth++) {
		struct err e = {0};

		start_entering(ns);
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(ns_enter_last(ns, PROC, &e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_contains(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

/* But for the wait for the helper, on which nothing depends. */
TEST(reports_every_call_that_fails_where_mounts_are_locked)
{
	const struct ns ns = {.users2 = -1,
			      .second = true,
			      .lock_mounts = true,
			      .disable_users = true,
			      .check_no_users = true};
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		struct err e = {0};
		int r;

		start_entering(&ns);
		fake_sys_fail_at(nth, EIO);
		r = ns_enter_last(&ns, PROC, &e);
		if (nth > fake_sys_calls())
			break;
		assert_int_equal(r, r == 0 ? 0 : -EIO);
		assert_int_equal(e.code, r == 0 ? 0 : EIO);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (r == 0)
			continue;
		failures++;
		assert_contains(e.msg, ": Input/output error");
		assert_true(strcmp(fake_sys_trace_after_failure(), "") == 0 ||
			    strcmp(fake_sys_trace_after_failure(), "wait 1000\n") == 0);
	}
	assert_int_equal(nth, 11);
	assert_int_equal(failures, 9);
}

TEST(names_the_option_that_fails_at_last)
{
	const struct ns *ns = &lasts[LENGTH(lasts) - 1].ns;
	struct ns for_paths = *ns;
	struct err e = {0};

	start_entering(ns);
	fake_sys_answer("setns*", -EINVAL);
	assert_int_equal(ns_enter_last(ns, PROC, &e), -EINVAL);
	assert_string_equal(e.option, "--userns2");
	start_entering(ns);
	fake_sys_answer("write*", -EACCES);
	assert_int_equal(ns_enter_last(ns, PROC, &e), -EACCES);
	assert_string_equal(e.msg, "--disable-userns: cannot write to "
				   "/proc/sys/user/max_user_namespaces: Permission denied");
	assert_string_equal(e.hint, "");
	for_paths.for_paths = true;
	start_entering(ns);
	fake_sys_answer("write*", -EACCES);
	e = (struct err){0};
	assert_int_equal(ns_enter_last(&for_paths, PROC, &e), -EACCES);
	assert_string_equal(e.msg, "cannot write to /proc/sys/user/max_user_namespaces: "
				   "Permission denied");
	assert_contains(e.hint, "unless --allow-userns is given");
	start_entering(&plain);
	fake_sys_answer("unshare user", -ENOSPC);
	assert_int_equal(ns_enter_last(&lasts[2].ns, PROC, &e), -ENOSPC);
	assert_string_equal(e.msg, "cannot create the second user namespace: "
				   "No space left on device");
	assert_contains(e.hint, "nested too deep");
}

TEST(sees_that_user_namespaces_can_still_be_made)
{
	const struct ns ns = {.users2 = -1, .check_no_users = true};
	struct err e = {0};

	assert_int_equal(ns_enter_last(&ns, PROC, &e), -EPERM);
	assert_string_equal(e.msg, "new user namespaces can still be created in the sandbox");
	assert_string_equal(e.bwrap,
			    "creation of new user namespaces was not disabled as requested");
}

TEST(takes_nothing_but_a_refusal_for_one)
{
	static const int refusals[] = {ENOSPC, EUSERS, EPERM, EACCES, EINVAL, ENOSYS};
	const struct ns ns = {.users2 = -1, .check_no_users = true};
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(refusals); i++) {
		fake_sys_answer("unshare user", -refusals[i]);
		assert_int_equal(ns_enter_last(&ns, PROC, &e), 0);
	}
	fake_sys_answer("unshare user", -ENOMEM);
	assert_int_equal(ns_enter_last(&ns, PROC, &e), -ENOMEM);
	assert_string_equal(e.msg, "cannot check whether user namespaces are disabled: "
				   "Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(says_what_the_barrier_takes_where_there_is_none, set_up),
		cmocka_unit_test(knows_whether_others_can_be_in_the_user_namespace_of_the_command),
		cmocka_unit_test_setup(makes_all_namespaces_at_once, set_up),
		cmocka_unit_test_setup(opens_the_mount_namespace_of_the_child, set_up),
		cmocka_unit_test_setup(
			opens_the_mount_namespace_of_the_child_by_its_number_on_old_kernels,
			set_up),
		cmocka_unit_test_setup(calls_the_child_in_the_child, set_up),
		cmocka_unit_test_setup(says_what_helps_where_namespaces_cannot_be_made, set_up),
		cmocka_unit_test(enters_namespaces_in_helpers),
		cmocka_unit_test(waits_for_helpers_after_an_interruption),
		cmocka_unit_test(calls_the_child_in_what_a_helper_makes),
		cmocka_unit_test(says_that_a_helper_was_killed),
		cmocka_unit_test(says_which_namespace_cannot_be_entered),
		cmocka_unit_test(reports_every_call_that_fails_while_entering),
		cmocka_unit_test_setup(maps_ids_and_forbids_setgroups_before, set_up),
		cmocka_unit_test(maps_ids_only_in_the_process_that_is_to_do_it),
		cmocka_unit_test_setup(maps_nothing_without_a_new_user_namespace, set_up),
		cmocka_unit_test(says_which_id_cannot_be_mapped_and_what_helps),
		cmocka_unit_test_setup(takes_the_ids_of_a_namespace_that_was_there_before, set_up),
		cmocka_unit_test(says_whom_it_cannot_become),
		cmocka_unit_test_setup(tells_the_numbers_of_new_namespaces_only, set_up),
		cmocka_unit_test_setup(tells_the_numbers_of_all_namespaces_by_their_names, set_up),
		cmocka_unit_test(believes_no_link_that_names_no_namespace),
		cmocka_unit_test(enters_the_user_namespace_of_the_command),
		cmocka_unit_test(reports_every_call_that_fails_at_last),
		cmocka_unit_test(reports_every_call_that_fails_where_mounts_are_locked),
		cmocka_unit_test(names_the_option_that_fails_at_last),
		cmocka_unit_test_setup(sees_that_user_namespaces_can_still_be_made, set_up),
		cmocka_unit_test_setup(takes_nothing_but_a_refusal_for_one, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
