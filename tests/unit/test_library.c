/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake_sys.h"
#include "sys/library.h"
#include "test.h"

static const struct library library = {.soname = "libx.so.1", .package = "libx1"};

static int one(void)
{
	return 1;
}

static int two(void)
{
	return 2;
}

static int (*const addresses[])(void) = {one, two};

/* The functions that are looked for. */
struct functions {
	int (*one)(void);
	int (*two)(void);
};

static int open_library(struct functions *functions, struct err *e)
{
	const struct library_symbol symbols[] = {
		{.name = "one", .address = &functions->one},
		{.name = "two", .address = &functions->two},
	};

	return library_open(&library, symbols, LENGTH(symbols), e);
}

static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_always_data("dlsym one", 0, &addresses[0], sizeof(addresses[0]));
	return 0;
}

TEST(finds_functions_in_a_library)
{
	struct functions functions = {0};
	struct err e = {0};

	fake_sys_answer_data("dlsym two", 0, &addresses[1], sizeof(addresses[1]));
	assert_int_equal(open_library(&functions, &e), 0);
	assert_string_equal(fake_sys_trace(), "dlopen libx.so.1\n"
					      "dlsym one\n"
					      "dlsym two\n");
	assert_int_equal(functions.one(), 1);
	assert_int_equal(functions.two(), 2);
}

TEST(names_the_package_of_a_missing_library)
{
	struct functions functions = {0};
	struct err e = {0};

	fake_sys_answer("dlopen*", -ENOENT);
	assert_int_equal(open_library(&functions, &e), -ENOENT);
	assert_string_equal(e.msg, "cannot load libx.so.1");
	assert_string_equal(e.hint, "install the library: Debian's package is libx1");
	assert_null(strstr(fake_sys_trace(), "dlsym"));
}

TEST(names_the_function_that_a_library_lacks)
{
	struct functions functions = {0};
	struct err e = {0};

	assert_int_equal(open_library(&functions, &e), -ENOENT);
	assert_string_equal(e.msg, "libx.so.1 has no function two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_functions_in_a_library, set_up),
		cmocka_unit_test_setup(names_the_package_of_a_missing_library, set_up),
		cmocka_unit_test_setup(names_the_function_that_a_library_lacks, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
