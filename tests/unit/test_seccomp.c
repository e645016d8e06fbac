/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/filter.h>

#include "fake_malloc.h"
#include "fake_sys.h"
#include "isolation/seccomp.h"
#include "test.h"

#define autoseccomp __attribute__((cleanup(seccomp_done)))

/* What bubblewrap says of a program that is none to the kernel. */
#define INVALID                                                                                    \
	"Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported "     \
	"EINVAL. (Hint: this requires a kernel configured with CONFIG_SECCOMP and "                \
	"CONFIG_SECCOMP_FILTER.)"

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_given(3, "three");
	fake_sys_given(4, "four");
	return 0;
}

static struct descriptor sources[] = {
	{.option = "add-seccomp-fd", .fd = 3},
	{.option = "add-seccomp-fd", .fd = 4},
};
static const struct plan plan = {.privileges.seccomp.list = sources,
				 .privileges.seccomp.n = LENGTH(sources)};

/* Programs, told apart by what they return. */
static const struct sock_filter first[] = {{.k = 1}, {.k = 1}};
static const struct sock_filter second[] = {{.k = 2}};

TEST(applies_the_programs_in_the_order_given)
{
	autoseccomp struct seccomp seccomp = {0};
	struct err e = {0};

	fake_sys_answer_data("read three", 0, first, sizeof(first));
	fake_sys_answer_data("read four", 0, second, sizeof(second));
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), 0);
	assert_int_equal(seccomp.n, 2);
	assert_null(strstr(fake_sys_trace(), "seccomp"));
	assert_int_equal(seccomp_apply(&seccomp, &e), 0);
	assert_contains(fake_sys_trace(), "seccomp 1\nseccomp 2\n");
}

TEST(has_nothing_to_do_without_programs)
{
	static const struct plan empty;
	autoseccomp struct seccomp seccomp = {0};
	struct err e = {0};

	assert_int_equal(seccomp_read(&empty, SECCOMP_EARLY, &seccomp, &e), 0);
	assert_int_equal(seccomp_apply(&seccomp, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
}

static struct descriptor single[] = {{.option = "seccomp", .fd = 3}};

/* The one that may be written once there is a sandbox, and those that are there before. */
TEST(reads_each_kind_in_its_time)
{
	static const struct plan late = {.privileges.seccomp.list = single,
					 .privileges.seccomp.n = 1};
	static const struct {
		const struct plan *plan;
		enum seccomp_time time;
		size_t n;
	} times[] = {
		{&late, SECCOMP_EARLY, 0},
		{&late, SECCOMP_LATE, 1},
		{&plan, SECCOMP_EARLY, 2},
		{&plan, SECCOMP_LATE, 0},
	};

	for (size_t i = 0; i < LENGTH(times); i++) {
		autoseccomp struct seccomp seccomp = {0};
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer_data("read three", 0, first, sizeof(first));
		fake_sys_answer_data("read four", 0, second, sizeof(second));
		assert_int_equal(seccomp_read(times[i].plan, times[i].time, &seccomp, &e), 0);
		assert_int_equal(seccomp.n, times[i].n);
		assert_int_equal(fake_sys_calls() > 0, times[i].n > 0);
	}
}

TEST(refuses_what_is_no_program)
{
	autoseccomp struct seccomp seccomp = {0};
	struct err e = {0};

	fake_sys_answer_data("read three", 0, first, sizeof(first) - 1);
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), -EINVAL);
	assert_string_equal(e.msg, "--add-seccomp-fd: descriptor 3 holds 15 bytes, which is no "
				   "seccomp program: instructions have 8 bytes each");
	assert_string_equal(e.bwrap, "");
	seccomp_done(&seccomp);
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), -EINVAL);
	assert_contains(e.msg, "descriptor 3 holds 0 bytes");
	assert_string_equal(e.bwrap, INVALID);
}

TEST(takes_as_many_instructions_as_the_kernel_and_no_more)
{
	static const struct sock_filter most[BPF_MAXINSNS] = {{.k = 7}};
	static const struct sock_filter more[BPF_MAXINSNS + 1];
	autoseccomp struct seccomp seccomp = {0};
	struct err e = {0};

	fake_sys_answer_data("read three", 0, most, sizeof(most) / 2);
	fake_sys_answer_data("read four", 0, second, sizeof(second));
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), 0);
	seccomp_done(&seccomp);
	fake_sys_always_data("read three", 0, more, sizeof(more));
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), -E2BIG);
	assert_string_equal(e.msg,
			    "--add-seccomp-fd: descriptor 3 holds more than 4096 instructions");
}

TEST(says_which_descriptor_cannot_be_read)
{
	autoseccomp struct seccomp seccomp = {0};
	struct err e = {0};

	fake_sys_answer_data("read three", 0, first, sizeof(first));
	fake_sys_answer("read four", -EISDIR);
	assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), -EISDIR);
	assert_string_equal(e.msg, "--add-seccomp-fd: cannot read descriptor 4: Is a directory");
}

TEST(reports_running_out_of_memory)
{
	static const char *const msgs[] = {
		"cannot read the seccomp programs: Cannot allocate memory",
		"--add-seccomp-fd: cannot read descriptor 3: Cannot allocate memory",
	};

	for (unsigned nth = 1; nth <= LENGTH(msgs); nth++) {
		autoseccomp struct seccomp seccomp = {0};
		struct err e = {0};
		int r;

		fake_malloc_fail_at(nth);
		r = seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e);
		fake_malloc_fail_at(0);
		assert_int_equal(r, -ENOMEM);
		assert_string_equal(e.msg, msgs[nth - 1]);
	}
}

TEST(stops_at_the_program_that_the_kernel_refuses)
{
	static const int errors[] = {EINVAL, EACCES};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		autoseccomp struct seccomp seccomp = {0};
		struct err e = {0};

		(void)set_up(NULL);
		fake_sys_answer_data("read three", 0, first, sizeof(first));
		fake_sys_answer_data("read four", 0, second, sizeof(second));
		fake_sys_answer("seccomp 1", -errors[i]);
		assert_int_equal(seccomp_read(&plan, SECCOMP_EARLY, &seccomp, &e), 0);
		assert_int_equal(seccomp_apply(&seccomp, &e), -errors[i]);
		assert_int_equal(e.code, errors[i]);
		assert_starts_with(e.msg, "--add-seccomp-fd: cannot apply the seccomp program: ");
		assert_int_equal(e.hint[0] != '\0', errors[i] == EINVAL);
		assert_string_equal(e.bwrap, errors[i] == EINVAL ? INVALID : "");
		assert_null(strstr(fake_sys_trace(), "seccomp 2"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(applies_the_programs_in_the_order_given, set_up),
		cmocka_unit_test_setup(has_nothing_to_do_without_programs, set_up),
		cmocka_unit_test(reads_each_kind_in_its_time),
		cmocka_unit_test_setup(refuses_what_is_no_program, set_up),
		cmocka_unit_test_setup(takes_as_many_instructions_as_the_kernel_and_no_more,
				       set_up),
		cmocka_unit_test_setup(says_which_descriptor_cannot_be_read, set_up),
		cmocka_unit_test_setup(reports_running_out_of_memory, set_up),
		cmocka_unit_test(stops_at_the_program_that_the_kernel_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
