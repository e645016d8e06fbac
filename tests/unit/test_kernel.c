/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "fake_sys.h"
#include "host/kernel.h"
#include "test.h"

#define OPEN "open " SBX_KERNELS

static struct err e;
static struct kernel_flaw flaw;
static struct utsname name;

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	e = (struct err){0};
	flaw = (struct kernel_flaw){""};
	return 0;
}

/* Run on the kernel @release, built as @version, and say what the table @text
 * knows of it. */
static int check_table(bool strict, const char *release, const char *version, const char *text)
{
	int r;

	(void)set_up(NULL);
	name = (struct utsname){0};
	(void)snprintf(name.release, sizeof(name.release), "%s", release);
	(void)snprintf(name.version, sizeof(name.version), "%s", version);
	fake_sys_always_data("uname", 0, &name, sizeof(name));
	fake_sys_file(SBX_KERNELS, text);
	r = kernel_check(strict, &flaw, &e);
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

/* Whether a line about the versions @first to @last is about @release. */
static bool is_about(const char *first, const char *last, const char *release)
{
	char line[256];
	int r;

	(void)snprintf(line, sizeof(line), "%s\t%s\t*\tflaw\taction\tsource\n", first, last);
	r = check_table(false, release, "#1 SMP", line);
	assert_in_range(r, 0, 1);
	assert_int_equal(e.code, 0);
	return r == 1;
}

/* --- Versions ------------------------------------------------------------- */

/* What uname -r says in distributions, and whether it is in 6.8.0-rc3
 * to 6.8.0-rc5. */
static const struct {
	const char *release;
	bool is_bad;
} releases[] = {
	/* candidates, as the kernel's own makefile, Fedora, Ubuntu, Debian and Arch
	   write them */
	{"6.8.0-rc2", false},
	{"6.8.0-rc3", true},
	{"6.8.0-rc4", true},
	{"6.8.0-rc5", true},
	{"6.8.0-rc6", false},
	{"6.8.0-rc10", false},
	{"6.8.0-rc4+", true},
	{"6.8.0-rc4-00012-gabcdef012345", true},
	{"6.8.0-rc4-dirty", true},
	{"6.8.0-0.rc3.20240209git1f719a2f3fa6.31.fc41.x86_64", true},
	{"6.8.0-0.rc2.20240202git021533194476.24.fc41.x86_64", false},
	{"6.8.0-0.rc6.49.fc41.aarch64", false},
	{"6.8.0-0.rc4.36.vanilla.fc39.x86_64", true},
	{"6.8.0-060800rc4-generic", true},
	{"6.8.0-060800rc6-generic", false},
	{"6.8-rc4-amd64", true},
	{"6.8.0-arc-rc4", true},
	{"6.8-rc6-amd64", false},
	{"6.8.0-rc4-1-mainline", true},
	{"6.8.0-rc4-next-20240216", true},
	/* releases */
	{"6.8.0", false},
	{"6.8", false},
	{"6.8.0-31-generic", false},
	{"6.8.1-rc4", false},
	{"6.8.4-300.fc40.aarch64", false},
	{"6.8.9-arch1-2", false},
	{"6.8.0-arch1-1", false},
	{"6.8.0-march3", false},
	{"6.7.0", false},
	{"6.7.0-rc4", false},
	{"6.9.0-rc4", false},
	{"5.8.0-rc4", false},
	{"7.8.0-rc4", false},
	{"6.1.0-49-amd64", false},
	{"6.80.0-rc4", false},
	{"5.10", false},
	{"5.14.0-427.13.1.el9_4.x86_64", false},
	{"4.19.0-27-amd64", false},
	{"6", false},
	{"", false},
	{"strange", false},
};

TEST(reads_candidates_however_they_are_written)
{
	for (size_t i = 0; i < LENGTH(releases); i++)
		if (is_about("6.8.0-rc3", "6.8.0-rc5", releases[i].release) != releases[i].is_bad)
			fail_msg("%s", releases[i].release);
}

/* A first and a last version, and one that is between, or not. */
static const struct {
	const char *first;
	const char *last;
	const char *release;
	bool is_between;
} ranges[] = {
	{"5.10", "5.10", "5.10.0", true},
	{"5.10.0", "5.10.0", "5.10", true},
	{"5.10", "5.10", "5.10.1", false},
	{"5.10", "5.10.99", "5.10.1", true},
	{"5.10", "5.10", "5.10.0-rc7", false},
	{"5.10.0-rc1", "5.10.0", "5.10.0-rc7", true},
	{"5.9", "5.11", "5.10.234-1", true},
	{"5.9", "5.11", "5.11.0-49-generic", true},
	{"5.9", "5.11", "5.11.1", false},
	{"5.9", "5.11", "5.9", true},
	{"5.9", "5.11", "5.8.18", false},
	{"5.9", "6.1", "5.100.3", true},
	{"5.9", "6.1", "6.0", true},
	{"5.9", "6.1.0", "6.1.0-49-amd64", true},
	{"6.8.0", "6.8.0", "6.8.0-rc8", false},
	{"6.8.0-rc9", "6.8.0", "6.8.0-rc10", true},
	{"0", "99999", "6.8.0-rc2", true},
	{"6.1", "5.9", "6.0", false},
	{"6.1.99999999999999999999", "6.2", "6.1.5", false},
};

TEST(compares_versions_number_by_number)
{
	for (size_t i = 0; i < LENGTH(ranges); i++)
		if (is_about(ranges[i].first, ranges[i].last, ranges[i].release) !=
		    ranges[i].is_between)
			fail_msg("%s to %s: %s", ranges[i].first, ranges[i].last,
				 ranges[i].release);
}

/* --- Tables --------------------------------------------------------------- */

TEST(asks_for_the_string_in_the_release_or_the_version)
{
	static const struct {
		const char *string;
		bool is_there;
	} strings[] = {
		{"*", true},     {"-generic", true}, {"Ubuntu", true},   {"PREEMPT", true},
		{"fc40", false}, {"ubuntu", false},  {"6.8.0-31", true}, {"**", false},
	};

	for (size_t i = 0; i < LENGTH(strings); i++) {
		char line[256];

		(void)snprintf(line, sizeof(line), "6.8\t6.8\t%s\tf\ta\ts\n", strings[i].string);
		assert_int_equal(
			check_table(false, "6.8.0-31-generic", "#31-Ubuntu SMP PREEMPT", line),
			strings[i].is_there);
	}
}

TEST(tells_in_one_line_what_is_known)
{
	assert_int_equal(check_table(false, "6.8.0-rc4", "#1 SMP",
				     "# first\tlast\t*\tf\ta\ts\n"
				     "\n"
				     "6.7\t6.7\t*\tother\tother\tother\n"
				     "6.8.0-rc3\t6.8.0-rc5\t*\tit hangs\tnothing helps\ta.b/c\n"
				     "6.8.0-rc4\t6.8.0-rc4\t*\tlater\tlater\tlater\n"),
			 1);
	assert_string_equal(flaw.text, "Linux 6.8.0-rc4 may be affected: it hangs; nothing helps "
				       "(a.b/c)");
	assert_string_equal(fake_sys_trace(),
			    OPEN "\nread " SBX_KERNELS "\nread " SBX_KERNELS "\nuname\n");
}

TEST(passes_over_lines_that_lack_something)
{
	static const char *const lines[] = {
		"",
		"\n\n",
		"6.8",
		"6.8\t6.8\t*\tf\ta\n",
		"6.8 6.8 * f a s\n",
		"\t\t\t\t\t\n",
		"#6.8\t6.8\t*\tf\ta\ts\n",
	};

	for (size_t i = 0; i < LENGTH(lines); i++) {
		assert_int_equal(check_table(true, "6.8.0", "#1 SMP", lines[i]), 0);
		assert_string_equal(flaw.text, "");
		assert_int_equal(e.code, 0);
	}
	assert_int_equal(check_table(false, "6.8.0", "#1", "6.8\n6.8\t6.8\t*\tf\ta\ts"), 1);
}

TEST(cuts_a_line_that_is_too_long)
{
	char line[2048];

	(void)snprintf(line, sizeof(line), "6.8\t6.8\t*\t%01500d\ta\ts\n", 0);
	assert_int_equal(check_table(false, "6.8.0", "#1", line), 1);
	assert_int_equal(strlen(flaw.text), sizeof(flaw.text) - 1);
	assert_int_equal(check_table(true, "6.8.0", "#1", line), -EPERM);
	assert_starts_with(e.msg, "--strict-kernel: Linux 6.8.0 may be affected: 0000");
}

TEST(takes_it_for_an_error_if_told_to)
{
	assert_int_equal(check_table(true, "6.8.0", "#1", "6.8\t6.8\t*\tit hangs\tnone\tsource\n"),
			 -EPERM);
	assert_int_equal(e.code, EPERM);
	assert_string_equal(e.option, "--strict-kernel");
	assert_string_equal(e.msg, "--strict-kernel: Linux 6.8.0 may be affected: it hangs; none "
				   "(source)");
	assert_int_equal(check_table(true, "6.9.0", "#1", "6.8\t6.8\t*\tit hangs\tnone\tsource\n"),
			 0);
	assert_int_equal(e.code, 0);
}

TEST(does_without_a_table_unless_it_is_strict)
{
	assert_int_equal(check_table(false, "6.8.0-rc4", "#1", NULL), 0);
	assert_int_equal(e.code, 0);
	assert_string_equal(fake_sys_trace(), OPEN "\n");
	assert_int_equal(check_table(true, "6.8.0-rc4", "#1", NULL), -ENOENT);
	assert_string_equal(e.msg, "--strict-kernel: cannot read " SBX_KERNELS
				   ": No such file or directory");
	assert_string_equal(e.option, "--strict-kernel");
}

TEST(warns_of_nothing_and_refuses_all_when_a_call_fails)
{
	for (unsigned strict = 0; strict <= 1; strict++) {
		unsigned nth;

		for (nth = 1;; nth++) {
			int r;

			(void)set_up(NULL);
			fake_sys_file(SBX_KERNELS, "6.1\t6.1\t*\tf\ta\ts\n");
			fake_sys_fail_at(nth, EIO);
			r = kernel_check(strict, &flaw, &e);
			assert_int_equal(fake_sys_open_fds(), 0);
			if (fake_sys_calls() < nth)
				break;
			assert_int_equal(r, strict ? -EIO : 0);
			assert_int_equal(e.code, strict ? EIO : 0);
			assert_string_equal(fake_sys_trace_after_failure(), "");
		}
		assert_int_equal(nth, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_candidates_however_they_are_written),
		cmocka_unit_test(compares_versions_number_by_number),
		cmocka_unit_test(asks_for_the_string_in_the_release_or_the_version),
		cmocka_unit_test(tells_in_one_line_what_is_known),
		cmocka_unit_test(passes_over_lines_that_lack_something),
		cmocka_unit_test(cuts_a_line_that_is_too_long),
		cmocka_unit_test(takes_it_for_an_error_if_told_to),
		cmocka_unit_test(does_without_a_table_unless_it_is_strict),
		cmocka_unit_test(warns_of_nothing_and_refuses_all_when_a_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
