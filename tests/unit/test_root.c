/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "fake_sys.h"
#include "mounts/root.h"
#include "sys/sys.h"
#include "test.h"

#define autoroots __attribute__((cleanup(roots_done)))

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	return 0;
}

TEST(puts_a_stage_over_the_host_and_an_empty_root_beside_it)
{
	struct roots roots = ROOTS_NONE;
	struct err e = {0};

	assert_int_equal(root_begin(&roots, false, &e), 0);
	assert_string_equal(fake_sys_trace(), "open / path dir\n"
					      "open . path dir\n"
					      "mount_setattr / recursive private\n"
					      "fsopen tmpfs\n"
					      "fsconfig fs:tmpfs source=tmpfs\n"
					      "fsconfig fs:tmpfs mode=755\n"
					      "fsconfig fs:tmpfs create\n"
					      "fsmount fs:tmpfs nosuid nodev\n"
					      "move_mount mount:tmpfs /\n"
					      "mkdir mount:tmpfs host 755\n"
					      "mkdir mount:tmpfs box 755\n"
					      "fchdir mount:tmpfs\n"
					      "pivot_root . host\n"
					      "fchdir /\n"
					      "chroot .\n"
					      "fchdir .\n"
					      "open mount:tmpfs box path dir\n"
					      "open_tree mount:tmpfs/box clone itself\n"
					      "move_mount tree:mount:tmpfs/box mount:tmpfs/box\n");
	assert_string_equal(fake_sys_name(roots.host), "/");
	assert_string_equal(fake_sys_name(roots.cwd), ".");
	assert_string_equal(fake_sys_name(roots.stage), "mount:tmpfs");
	assert_string_equal(fake_sys_name(roots.box), "tree:mount:tmpfs/box");
	assert_int_equal(fake_sys_open_fds(), 4);
	roots_done(&roots);
	assert_int_equal(fake_sys_open_fds(), 0);
	roots_done(&roots);
}

TEST(lets_what_the_host_mounts_later_appear_if_asked_to)
{
	autoroots struct roots roots = ROOTS_NONE;
	struct err e = {0};

	assert_int_equal(root_begin(&roots, true, &e), 0);
	assert_contains(fake_sys_trace(), "mount_setattr / recursive slave\n");
}

TEST(does_without_a_working_directory_until_it_is_needed)
{
	autoroots struct roots roots = ROOTS_NONE;
	struct err e = {0};

	fake_sys_answer("open . path dir", -EACCES);
	assert_int_equal(root_begin(&roots, false, &e), 0);
	assert_int_equal(roots.cwd, -EACCES);
}

TEST(reports_every_call_that_fails_at_the_beginning)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct roots roots = ROOTS_NONE;
		struct err e = {0};
		int r;

		fake_sys_reset();
		fake_sys_fail_at(nth, EIO);
		r = root_begin(&roots, false, &e);
		roots_done(&roots);
		assert_int_equal(fake_sys_open_fds(), 0);
		if (r == 0 && nth == 2)
			continue; /* the working directory */
		if (r == 0)
			break;
		assert_int_equal(r, -EIO);
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "cannot ");
		assert_contains(e.msg, ": Input/output error");
		if (*fake_sys_trace_after_failure() != '\0')
			assert_starts_with(fake_sys_trace_after_failure(), "read fs:tmpfs\n");
	}
	assert_int_equal(nth, 20);
}

TEST(tells_where_the_root_cannot_be_changed)
{
	static const struct {
		const char *call;
		const char *msg;
	} calls[] = {
		{"pivot_root*", "cannot change the root: Invalid argument"},
		{"mount_setattr*", "cannot stop mount propagation to the host: Invalid argument"},
	};

	for (size_t i = 0; i < LENGTH(calls); i++) {
		autoroots struct roots roots = ROOTS_NONE;
		struct err e = {0};

		fake_sys_reset();
		fake_sys_answer(calls[i].call, -EINVAL);
		assert_int_equal(root_begin(&roots, false, &e), -EINVAL);
		assert_string_equal(e.msg, calls[i].msg);
		assert_contains(e.hint, "chroot");
	}
}

/* Roots as they are between beginning and end. */
static struct roots given_roots(void)
{
	fake_sys_given(3, "host");
	fake_sys_given(4, "cwd");
	fake_sys_given(5, "stage");
	fake_sys_given(6, "box");
	return (struct roots){.host = 3, .cwd = 4, .stage = 5, .box = 6};
}

TEST(mounts_on_a_place_inside)
{
	struct roots roots = given_roots();

	fake_sys_given(7, "mount");
	fake_sys_given(8, "dest");
	assert_int_equal(root_mount(&roots, 7, 8), 0);
	assert_string_equal(fake_sys_trace(), "stat box\n"
					      "stat dest\n"
					      "move_mount mount dest\n");
	assert_int_equal(roots.box, 6);
}

TEST(takes_a_mount_on_the_root_for_the_root_from_then_on)
{
	static const struct statx root = {.stx_ino = 1, .stx_mnt_id = 9};
	struct roots roots = given_roots();

	fake_sys_given(7, "mount");
	fake_sys_given(8, "dest");
	fake_sys_always_data("stat*", 0, &root, sizeof(root));
	assert_int_equal(root_mount(&roots, 7, 8), 0);
	assert_string_equal(fake_sys_name(roots.box), "mount");
	assert_int_equal(fake_sys_fd("box"), -1);
}

TEST(tells_the_root_from_its_likes_on_other_mounts)
{
	static const struct statx box = {.stx_ino = 1, .stx_mnt_id = 9};
	static const struct statx dest = {.stx_ino = 1, .stx_mnt_id = 10};
	struct roots roots = given_roots();

	fake_sys_given(7, "mount");
	fake_sys_given(8, "dest");
	fake_sys_always_data("stat box", 0, &box, sizeof(box));
	fake_sys_always_data("stat dest", 0, &dest, sizeof(dest));
	assert_int_equal(root_mount(&roots, 7, 8), 0);
	assert_int_equal(roots.box, 6);
}

TEST(keeps_everything_as_it_is_when_mounting_fails)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		static const struct statx root = {.stx_ino = 1, .stx_mnt_id = 9};
		struct roots roots;
		fake_sys_reset();
		roots = given_roots();
		fake_sys_given(7, "mount");
		fake_sys_given(8, "dest");
		fake_sys_always_data("stat*", 0, &root, sizeof(root));
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(root_mount(&roots, 7, 8), -EIO);
		assert_string_equal(fake_sys_trace_after_failure(), "");
		assert_int_equal(roots.box, 6);
	}
}

TEST(lets_the_host_go_before_it_enters_the_root)
{
	struct roots roots = given_roots();
	struct err e = {0};

	assert_int_equal(root_enter(&roots, &e), 0);
	assert_string_equal(fake_sys_trace(), "fchdir host\n"
					      "umount . detach\n"
					      "umount . detach\n"
					      "move_mount box stage\n"
					      "fchdir box\n"
					      "chroot .\n");
	roots_done(&roots);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(does_not_take_a_host_that_was_never_detached_for_gone)
{
	struct roots roots = given_roots();
	struct err e = {0};

	fake_sys_always("umount . detach", -EINVAL);
	assert_int_equal(root_enter(&roots, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot detach the host's root: Invalid argument");
	assert_null(strstr(fake_sys_trace(), "chroot"));
}

TEST(does_not_enter_while_the_host_is_still_mounted)
{
	struct roots roots = given_roots();
	struct err e = {0};

	fake_sys_always("umount . detach", 0);
	assert_int_equal(root_enter(&roots, &e), -EBUSY);
	assert_string_equal(e.msg, "cannot detach the host's root: Device or resource busy");
	assert_null(strstr(fake_sys_trace(), "chroot"));
	assert_true(fake_sys_calls() < 100);
}

TEST(reports_every_call_that_fails_at_the_end)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		struct roots roots;
		struct err e = {0};

		fake_sys_reset();
		roots = given_roots();
		fake_sys_fail_at(nth, EIO);
		if (root_enter(&roots, &e) == 0) {
			roots_done(&roots);
			break;
		}
		assert_int_equal(e.code, EIO);
		assert_contains(e.msg, "root: Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
		roots_done(&roots);
		assert_int_equal(fake_sys_fd("host"), -1);
	}
	assert_int_equal(nth, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(puts_a_stage_over_the_host_and_an_empty_root_beside_it,
				       set_up),
		cmocka_unit_test_setup(lets_what_the_host_mounts_later_appear_if_asked_to, set_up),
		cmocka_unit_test_setup(does_without_a_working_directory_until_it_is_needed, set_up),
		cmocka_unit_test(reports_every_call_that_fails_at_the_beginning),
		cmocka_unit_test(tells_where_the_root_cannot_be_changed),
		cmocka_unit_test_setup(mounts_on_a_place_inside, set_up),
		cmocka_unit_test_setup(takes_a_mount_on_the_root_for_the_root_from_then_on, set_up),
		cmocka_unit_test_setup(tells_the_root_from_its_likes_on_other_mounts, set_up),
		cmocka_unit_test(keeps_everything_as_it_is_when_mounting_fails),
		cmocka_unit_test_setup(lets_the_host_go_before_it_enters_the_root, set_up),
		cmocka_unit_test_setup(does_not_take_a_host_that_was_never_detached_for_gone,
				       set_up),
		cmocka_unit_test_setup(does_not_enter_while_the_host_is_still_mounted, set_up),
		cmocka_unit_test(reports_every_call_that_fails_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
