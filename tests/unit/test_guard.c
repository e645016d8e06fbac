/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fake_malloc.h"
#include "fake_proc.h"
#include "fake_sys.h"
#include "ipc/report.h"
#include "run/guard.h"
#include "test.h"

enum { CHILD = 7, FIRST = 50, INSIDE = 20, PLACES, MONITOR, NOTES, STAGE, PROC };

#define ADMIN (UINT64_C(1) << CAP_SYS_ADMIN)

static struct op ops[2];
static struct plan plan;
static struct box box;
static struct err e;

static const struct statx own_folder = {.stx_mode = S_IFDIR | 0755, .stx_ino = 5};
static const struct statx *folder; /* what is at /w */

static void start(void)
{
	fake_sys_reset();
	fake_sys_given_pidfd(CHILD, "child", FIRST);
	ops[0] = (struct op){.kind = OP_MASK, .option = "mask", .dest = "/w/f"};
	ops[1] = (struct op){.kind = OP_RO, .option = "ro", .dest = "d"};
	plan = (struct plan){.files.ops = ops, .files.n_ops = LENGTH(ops)};
	box = (struct box){.plan = &plan,
			   .ns = {.flags = CLONE_NEWPID, .users2 = -1},
			   .guard_way = GUARD_PUT_BACK};
	helpers_init(box.helpers);
	e = (struct err){0};
}

static int set_up(void **state __attribute__((unused)))
{
	folder = &own_folder;
	start();
	return 0;
}

/* --- Whether there is one --------------------------------------------------- */

TEST(watches_what_is_protected_unless_the_command_may_undo_it)
{
	static const struct {
		bool or_die, try, locked;
		uint64_t keep;
		int users2;
		enum guard_way way;
	} cases[] = {
		{.users2 = -1, .way = GUARD_PUT_BACK},
		{.users2 = -1, .or_die = true, .way = GUARD_END},
		{.users2 = -1, .try = true, .way = GUARD_TRY},
		{.users2 = -1, .keep = ADMIN, .locked = true, .way = GUARD_END},
		{.users2 = -1, .keep = ADMIN, .way = GUARD_OFF},
		{.users2 = -1, .keep = ADMIN, .or_die = true, .way = GUARD_END},
		{.users2 = -1, .keep = ADMIN, .try = true, .way = GUARD_TRY},
		{.users2 = 5, .keep = ADMIN, .way = GUARD_PUT_BACK},
		{.users2 = -1, .keep = ~ADMIN, .way = GUARD_PUT_BACK},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		start();
		plan.protection.or_die = cases[i].or_die;
		plan.protection.try = cases[i].try;
		box.caps.keep = cases[i].keep;
		box.ns.lock_mounts = cases[i].locked;
		box.ns.users2 = cases[i].users2;
		assert_int_equal(guard_plan(&box), cases[i].way);
		plan.files.n_ops = 0;
		assert_int_equal(guard_plan(&box), GUARD_OFF);
	}
}

/* --- The first process inside ------------------------------------------------ */

static char path_f[] = "/w/f";
static char path_d[] = "/d";
static const struct protected_path places[] = {
	{.op = 0, .parent = {.ino = 5}, .path = path_f},
	{.op = 1, .parent = {.ino = 6}, .path = path_d},
};

/* How the guard answers: 0, -errno or SEND_BOTH; and the number of an op. */
struct said {
	int r;
	size_t op;
};

#define SEND_BOTH 1

static const struct said fine = {.op = SIZE_MAX};
static const struct said wish = {.r = SEND_BOTH, .op = SIZE_MAX};

static int entrust(const struct said *answer)
{
	fake_sys_given(INSIDE, "inside");
	fake_sys_given(STAGE, "stage");
	fake_sys_given(PROC, "proc");
	box.helpers[HELPER_GUARD].inside = INSIDE;
	if (answer != NULL)
		fake_sys_answer_data("read inside", 0, answer, sizeof(*answer));
	return guard_entrust(&box, places, LENGTH(places), STAGE, PROC, &e);
}

TEST(hands_all_over_and_waits_for_the_answer)
{
	assert_int_equal(entrust(&fine), 0);
	assert_string_equal(fake_sys_trace(), "open proc self/ns/mnt\n"
					      "send inside\n"
					      "send inside\n"
					      "send inside\n"
					      "read inside\n");
	assert_int_equal(box.helpers[HELPER_GUARD].inside, -1);
	assert_int_equal(fake_sys_fd("inside"), -1);
	assert_int_equal(fake_sys_open_fds(), 0);
}

/* The guard wants both descriptors to be sent, and answers then. */
static int entrust_by_sending(const struct said *answer)
{
	fake_sys_given(INSIDE, "inside");
	fake_sys_answer_data("read inside", 0, &wish, sizeof(wish));
	return entrust(answer);
}

TEST(sends_the_descriptors_if_the_guard_cannot_copy_them)
{
	assert_int_equal(entrust_by_sending(&fine), 0);
	assert_string_equal(fake_sys_trace(), "open proc self/ns/mnt\n"
					      "send inside\n"
					      "send inside\n"
					      "send inside\n"
					      "read inside\n"
					      "send inside with proc/self/ns/mnt\n"
					      "send inside with stage\n"
					      "read inside\n");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(waits_for_room_for_descriptors_in_flight)
{
	fake_sys_answer("send inside with proc/self/ns/mnt", -ETOOMANYREFS);
	fake_sys_answer("send inside with stage", -ETOOMANYREFS);
	assert_int_equal(entrust_by_sending(&fine), 0);
	assert_int_equal(count_in(fake_sys_trace(), "send inside with"), 4);
}

TEST(says_that_too_many_descriptors_are_in_flight)
{
	fake_sys_always("send inside with*", -ETOOMANYREFS);
	assert_int_equal(entrust_by_sending(&fine), -ETOOMANYREFS);
	assert_contains(e.msg, "cannot watch the protected paths: ");
	assert_contains(e.hint, "end the process of this user");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(runs_nothing_that_is_not_watched)
{
	static const struct said refusal = {.r = -EIO, .op = 1};

	for (unsigned nth = 1; nth <= 8; nth++) {
		start();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(entrust_by_sending(NULL), -EIO);
		assert_string_equal(e.msg, "cannot watch the protected paths: "
					   "Input/output error");
		assert_int_equal(fake_sys_open_fds(), 0);
	}
	start();
	assert_int_equal(entrust(NULL), -EPIPE); /* the guard is gone */
	start();
	assert_int_equal(entrust_by_sending(NULL), -EPIPE);
	start();
	assert_int_equal(entrust_by_sending(&refusal), -EIO);
	start();
	assert_int_equal(entrust(&refusal), -EIO);
	assert_string_equal(e.option, "--ro");
	assert_string_equal(e.path, "d");
	start();
	box.guard_way = GUARD_TRY;
	assert_int_equal(entrust(&refusal), 0);
}

/* --- The guard --------------------------------------------------------------- */

/* What the first process inside sends, as guard_entrust() does it. */
static struct {
	char bytes[PATH_MAX + 64];
	size_t size;
} sent[1 + LENGTH(places)];

static void learn_messages(void)
{
	start();
	assert_int_equal(entrust(&fine), 0);
	for (unsigned i = 0; i < LENGTH(sent); i++) {
		const void *bytes = fake_sys_written(INSIDE, i, &sent[i].size);

		assert_non_null(bytes);
		assert_in_range(sent[i].size, 1, sizeof(sent[i].bytes));
		memcpy(sent[i].bytes, bytes, sent[i].size);
	}
}

static const struct statx protecting = {.stx_mode = S_IFREG,
					.stx_ino = 9,
					.stx_mnt_id = 77,
					.stx_attributes = STATX_ATTR_MOUNT_ROOT};
static const struct statx bare = {.stx_mode = S_IFREG | 0644, .stx_ino = 10, .stx_mnt_id = 3};

/* Let the test be the guard, that watches the first @n places, which have their mounts. */
static void begin(enum guard_way way, size_t n)
{
	learn_messages();
	start();
	box.guard_way = way;
	box.helpers[HELPER_GUARD].from_inside = PLACES;
	box.helpers[HELPER_GUARD].to_monitor = NOTES;
	fake_sys_given(PLACES, "places");
	fake_sys_given(NOTES, "notes");
	fake_sys_answer_pair("here", "janitor");
	fake_sys_answer("clone", 0);
	memcpy(sent[0].bytes, &n, sizeof(n));
	for (size_t i = 0; i <= n; i++)
		fake_sys_answer_message("receive places", sent[i].bytes, sent[i].size, NULL);
	fake_sys_answer_child("pidfd_getfd child *", 0, "mounts");
	fake_sys_answer_child("pidfd_getfd child *", 0, "stage");
	fake_sys_always_data("stat //w", 0, folder, sizeof(*folder));
	fake_sys_always_data("stat stage/mask-file", 0, &protecting, sizeof(protecting));
}

/* The state of the file /w/f from now on, once or always. */
static void is_once(const struct statx *st)
{
	fake_sys_answer_data("stat //w/f", 0, st, sizeof(*st));
}

static void is_always(const struct statx *st)
{
	fake_sys_always_data("stat //w/f", 0, st, sizeof(*st));
}

static void run(void *arg)
{
	struct guard_handle guard;

	(void)arg;
	guard_start(&box, CHILD, &guard);
	fail_msg("returned");
}

static void be_guard(void)
{
	int status;

	fake_malloc_leave(true);
	status = fake_sys_run(run, NULL);
	fake_malloc_leave(false);
	assert_int_equal(status, 0);
}

/* The guard looks @n times, before the first process inside ends. */
static void looks(unsigned n)
{
	for (; n > 1; n--) {
		fake_sys_answer("poll child, 5 ms", 0);
		fake_sys_answer("poll /proc/self/mountinfo child, 40 ms", 0);
	}
	fake_sys_answer_ready("poll child, 5 ms", "child");
}

/* What the guard has sent as the message number @i to the monitor. */
static const struct report *told(unsigned i)
{
	size_t size = 0;

	return fake_sys_written(NOTES, i, &size);
}

TEST(enters_hidden_and_finds_the_mounts_before_it_answers)
{
	begin(GUARD_PUT_BACK, 1);
	is_always(&protecting);
	looks(1);
	be_guard();
	assert_in_order(fake_sys_trace(),
			(const char *const[]){"prctl dumpable 0\n", "setns users:mounts user\n",
					      "prctl dumpable 0\n", "setns mounts mnt\n",
					      "open / path dir\n", "open /proc self/mountinfo\n",
					      "stat stage/mask-file\n", "send places\n",
					      "poll child, 5 ms\n", "exit 0\n", NULL});
	assert_null(told(0));
}

TEST(copies_the_descriptors_that_it_was_told_of)
{
	const int mounts = 100; /* the first that guard_entrust() has opened */
	char copies[64];

	(void)snprintf(copies, sizeof(copies), "pidfd_getfd child %d\npidfd_getfd child %d\n",
		       mounts, STAGE);
	begin(GUARD_PUT_BACK, 1);
	is_always(&protecting);
	looks(1);
	be_guard();
	assert_in_order(fake_sys_trace(),
			(const char *const[]){copies, "ns_users mounts\n", "stat stage/mask-file\n",
					      "send places\n", NULL});
	assert_int_equal(count_in(fake_sys_trace(), "send places"), 1);
}

/* The guard can copy descriptors, but for the @nth one. */
static void begin_without_copy(unsigned nth, const char *mounts, const char *stage)
{
	begin(GUARD_PUT_BACK, 1);
	fake_sys_answer_message("receive places", "", 1, mounts);
	fake_sys_answer_message("receive places", "", 1, stage);
	fake_sys_always_ready("poll child, -1 ms", "child");
	fake_sys_fail_at(nth, EPERM);
	is_always(&protecting);
	looks(1);
}

/* The number, from the start, of the first call of the guard that starts with @line. */
static unsigned number_of(const char *line)
{
	const char *trace = fake_sys_trace();
	const char *end = strstr(trace, line);
	unsigned n = 1;

	assert_non_null(end);
	for (; trace < end; trace++)
		n += *trace == '\n';
	return n;
}

TEST(has_the_descriptors_sent_if_it_cannot_copy_them)
{
	unsigned first;

	begin(GUARD_PUT_BACK, 1);
	is_always(&protecting);
	looks(1);
	be_guard();
	first = number_of("pidfd_getfd");
	for (unsigned i = 0; i < 2; i++) {
		const struct said *said;
		size_t size = 0;

		begin_without_copy(first + i, "sent mounts", "sent stage");
		be_guard();
		said = fake_sys_written(PLACES, 0, &size);
		assert_int_equal(size, sizeof(*said));
		assert_int_equal(said->r, SEND_BOTH);
		assert_in_order(fake_sys_trace(),
				(const char *const[]){"send places\nreceive places\n"
						      "receive places\n",
						      "ns_users sent mounts\n",
						      "stat sent stage/mask-file\n",
						      "send places\n", "exit 0\n", NULL});
	}
	begin_without_copy(first, NULL, NULL);
	be_guard();
	assert_int_equal(count_in(fake_sys_trace(), "ns_users"), 0);
	begin_without_copy(first, "sent mounts", NULL);
	be_guard();
	assert_int_equal(count_in(fake_sys_trace(), "ns_users"), 0);
}

TEST(answers_that_it_cannot_watch)
{
	unsigned calls;

	begin(GUARD_PUT_BACK, 1);
	is_always(&protecting);
	looks(1);
	be_guard();
	calls = fake_sys_calls();
	for (unsigned nth = 3; nth <= calls; nth++) {
		begin(GUARD_PUT_BACK, 1);
		is_always(&protecting);
		looks(1);
		fake_sys_always_ready("poll child, -1 ms", "child");
		fake_sys_always("poll /proc/self/mountinfo child*", 0);
		fake_sys_fail_at(nth, EIO);
		be_guard();
	}
}

/* Messages of the guard to the first process inside. */
static const struct said *answered(void)
{
	size_t size = 0;

	return fake_sys_written(PLACES, 0, &size);
}

TEST(takes_nothing_for_covered_that_it_cannot_look_at)
{
	static const struct {
		const char *call;
		int why;
		int answer;
	} cases[] = {
		{"open_in / /w path", -EMFILE, -EMFILE},
		{"open_in / /w path", -ENOENT, 0},
		{"open_in / /w/f path", -EMFILE, -EMFILE},
		{"open_in / /w/f path", -ENOENT, 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		begin(GUARD_TRY, 1);
		is_always(&protecting);
		fake_sys_answer(cases[i].call, cases[i].why);
		looks(1);
		be_guard();
		assert_int_equal(answered()->r, cases[i].answer);
	}
}

/* The file is replaced before the second look of the guard. */
static void begin_replaced(void)
{
	static const struct statx again = {
		.stx_mode = S_IFREG, .stx_mnt_id = 78, .stx_attributes = STATX_ATTR_MOUNT_ROOT};

	begin(GUARD_PUT_BACK, 1);
	for (unsigned i = 0; i < 3; i++) /* found twice, seen once */
		is_once(&protecting);
	is_once(&bare); /* seen once, and looked at */
	is_once(&bare);
	fake_sys_always_data("stat tree://w/f", 0, &bare, sizeof(bare));
	is_always(&again);
}

TEST(waits_for_no_monitor_that_is_stopped)
{
	for (unsigned looks_without_room = 1; looks_without_room <= 2; looks_without_room++) {
		begin_replaced();
		for (unsigned i = 0; i < looks_without_room; i++)
			fake_sys_answer("await_room notes, 0 ms", 0);
		looks(3);
		be_guard();
		assert_contains(fake_sys_trace(), "move_mount tree:mask-file tree://w/f\n");
		assert_int_equal(told(0) != NULL, looks_without_room == 1);
	}
}

TEST(protects_again_what_was_replaced_and_says_so)
{
	begin_replaced();
	looks(3);
	be_guard();
	assert_contains(fake_sys_trace(), "open_tree stage mask-file clone\n");
	assert_contains(fake_sys_trace(), "move_mount tree:mask-file tree://w/f\n");
	assert_int_equal(told(0)->kind, REPORT_NOTE);
	assert_int_equal(told(0)->note.level, NOTE_WARNING);
	assert_string_equal(told(0)->note.option, "--mask");
	assert_string_equal(told(0)->note.path, "/w/f");
	assert_string_equal(told(0)->note.text, "--mask: /w/f was replaced or uncovered: it is "
						"masked again, after at most 45 ms");
	assert_null(told(1));
}

TEST(ends_the_sandbox_where_that_is_wanted)
{
	begin(GUARD_END, 1);
	for (unsigned i = 0; i < 3; i++)
		is_once(&protecting);
	is_always(&bare);
	looks(2);
	be_guard();
	assert_int_equal(told(0)->kind, REPORT_FAILED);
	assert_int_equal(told(0)->err.stage, ERR_GUARD);
	assert_string_equal(told(0)->err.msg,
			    "--mask: /w/f was replaced or uncovered, so that it was no longer "
			    "masked: the sandbox ends");
	assert_contains(told(0)->err.hint, "--protect-try");
	assert_contains(fake_sys_trace(), "kill child 9\nexit 0\n");
	assert_int_equal(count_in(fake_sys_trace(), "move_mount"), 0);
}

/* What the host has at the path cannot be mounted on. */
static void begin_failing(enum guard_way way)
{
	begin(way, 1);
	for (unsigned i = 0; i < 3; i++)
		is_once(&protecting);
	is_always(&bare);
	fake_sys_always("move_mount *", -EIO);
	fake_sys_always("poll child, *", 0);
	fake_sys_always("poll /proc/self/mountinfo child*", 0);
}

TEST(ends_the_sandbox_where_nothing_can_be_put_back)
{
	begin_failing(GUARD_PUT_BACK);
	be_guard();
	assert_string_equal(told(0)->err.msg, "--mask: /w/f was replaced or uncovered, and cannot "
					      "be protected again: Input/output error");
	assert_in_range(count_in(fake_sys_trace(), "move_mount"), 2, 9);
	assert_contains(fake_sys_trace(), "kill child 9\nexit 0\n");
}

TEST(says_once_that_nothing_can_be_put_back_if_that_is_to_be_tried_only)
{
	begin_failing(GUARD_TRY);
	looks(9);
	be_guard();
	assert_string_equal(told(0)->note.text, "--mask: /w/f was replaced or uncovered, and "
						"cannot be protected again: Input/output error");
	assert_null(told(1));
	assert_int_equal(count_in(fake_sys_trace(), "kill child"), 0);
}

TEST(waits_for_what_is_missing)
{
	begin(GUARD_PUT_BACK, 1);
	is_always(&protecting);
	fake_sys_answer("open_in / /w/f*", 0);
	fake_sys_always("open_in / /w/f*", -ENOENT);
	looks(4);
	be_guard();
	assert_null(told(0));
	assert_int_equal(count_in(fake_sys_trace(), "move_mount"), 0);
}

TEST(looks_into_the_mount_table_where_another_mount_is_on_top)
{
	static const struct statx other = {
		.stx_mode = S_IFREG, .stx_mnt_id = 80, .stx_attributes = STATX_ATTR_MOUNT_ROOT};
	static const char *const tables[] = {"77 1 0:1 / /w/f ro - tmpfs t rw\n",
					     "79 1 0:1 / /w/f ro - tmpfs t rw\n"};

	for (size_t i = 0; i < LENGTH(tables); i++) {
		begin(GUARD_END, 1);
		is_once(&protecting);
		is_once(&protecting);
		is_always(&other);
		fake_sys_file("/proc/self/mountinfo", tables[i]);
		looks(2);
		be_guard();
		assert_int_equal(told(0) != NULL, i == 1);
	}
}

TEST(leaves_alone_what_a_later_option_covers)
{
	static const struct statx other_folder = {.stx_mode = S_IFDIR | 0755, .stx_ino = 8};

	folder = &other_folder;
	begin(GUARD_END, 1);
	is_always(&bare);
	looks(3);
	be_guard();
	assert_null(told(0));
	assert_int_equal(count_in(fake_sys_trace(), "/w/f"), 0);
}

/* --- The janitor ------------------------------------------------------------- */

TEST(starts_nothing_for_nothing)
{
	struct guard_handle guard;

	box.guard_way = GUARD_OFF;
	guard_start(&box, CHILD, &guard);
	guard_end(&guard);
	assert_string_equal(fake_sys_trace(), "");
}

TEST(ends_the_guard_and_waits_for_that)
{
	struct guard_handle guard;

	fake_sys_answer_pair("here", "there");
	fake_sys_answer_child("clone", FIRST, "guard");
	guard_start(&box, CHILD, &guard);
	assert_string_equal(fake_sys_name(guard.sock), "here");
	assert_string_equal(fake_sys_name(guard.pidfd), "guard");
	assert_int_equal(fake_sys_fd("there"), -1);
	fake_sys_answer_ready("poll guard, 500 ms", "guard");
	guard_end(&guard);
	assert_contains(fake_sys_trace(), "kill guard 9\npoll guard, 500 ms\nwait_pidfd guard\n");
	assert_int_equal(guard.pidfd, -1);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(leaves_nothing_open_if_it_cannot_start)
{
	struct guard_handle guard;

	for (unsigned nth = 1; nth <= 2; nth++) {
		start();
		fake_sys_fail_at(nth, EAGAIN);
		guard_start(&box, CHILD, &guard);
		assert_int_equal(guard.pidfd, -1);
		guard_end(&guard);
		assert_int_equal(fake_sys_open_fds(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(watches_what_is_protected_unless_the_command_may_undo_it,
				       set_up),
		cmocka_unit_test_setup(hands_all_over_and_waits_for_the_answer, set_up),
		cmocka_unit_test_setup(sends_the_descriptors_if_the_guard_cannot_copy_them, set_up),
		cmocka_unit_test_setup(waits_for_room_for_descriptors_in_flight, set_up),
		cmocka_unit_test_setup(says_that_too_many_descriptors_are_in_flight, set_up),
		cmocka_unit_test_setup(runs_nothing_that_is_not_watched, set_up),
		cmocka_unit_test_setup(enters_hidden_and_finds_the_mounts_before_it_answers,
				       set_up),
		cmocka_unit_test_setup(copies_the_descriptors_that_it_was_told_of, set_up),
		cmocka_unit_test_setup(has_the_descriptors_sent_if_it_cannot_copy_them, set_up),
		cmocka_unit_test_setup(answers_that_it_cannot_watch, set_up),
		cmocka_unit_test_setup(takes_nothing_for_covered_that_it_cannot_look_at, set_up),
		cmocka_unit_test_setup(waits_for_no_monitor_that_is_stopped, set_up),
		cmocka_unit_test_setup(protects_again_what_was_replaced_and_says_so, set_up),
		cmocka_unit_test_setup(ends_the_sandbox_where_that_is_wanted, set_up),
		cmocka_unit_test_setup(ends_the_sandbox_where_nothing_can_be_put_back, set_up),
		cmocka_unit_test_setup(
			says_once_that_nothing_can_be_put_back_if_that_is_to_be_tried_only, set_up),
		cmocka_unit_test_setup(waits_for_what_is_missing, set_up),
		cmocka_unit_test_setup(looks_into_the_mount_table_where_another_mount_is_on_top,
				       set_up),
		cmocka_unit_test_setup(leaves_alone_what_a_later_option_covers, set_up),
		cmocka_unit_test_setup(starts_nothing_for_nothing, set_up),
		cmocka_unit_test_setup(ends_the_guard_and_waits_for_that, set_up),
		cmocka_unit_test_setup(leaves_nothing_open_if_it_cannot_start, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
