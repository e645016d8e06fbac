/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sbx/num.h"
#include "test.h"

static const struct {
	const char *text;
	unsigned base;
	uint64_t max;
	uint64_t value;
} good[] = {
	{"0", 10, 0, 0},
	{"42", 10, 42, 42},
	{"007", 10, 7, 7},
	{"755", 8, 07777, 0755},
	{"7777", 8, 07777, 07777},
	{"ff", 16, UINT64_MAX, 255},
	{"Fe", 16, UINT64_MAX, 254},
	{"0", 0, 9, 0},
	{"10", 0, 99, 10},
	{"010", 0, 99, 8},
	{"0x10", 0, 99, 16},
	{"0Xa", 0, 99, 10},
	{"18446744073709551615", 10, UINT64_MAX, UINT64_MAX},
	{"0xffffffffffffffff", 0, UINT64_MAX, UINT64_MAX},
};

TEST(parses_whole_texts_as_numbers)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		uint64_t value = 99;

		if (num_parse(good[i].text, good[i].base, good[i].max, &value) != 0)
			fail_msg("%s", good[i].text);
		assert_int_equal(value, good[i].value);
	}
}

static const struct {
	const char *text;
	unsigned base;
	uint64_t max;
	int error;
} bad[] = {
	{"", 10, 9, EINVAL},
	{"", 0, 9, EINVAL},
	{"0x", 0, 9, EINVAL},
	{"-1", 10, 9, EINVAL},
	{"+1", 10, 9, EINVAL},
	{" 1", 10, 9, EINVAL},
	{"1 ", 10, 9, EINVAL},
	{"1\n", 10, 9, EINVAL},
	{"1k", 10, 9, EINVAL},
	{"1.0", 10, 9, EINVAL},
	{"a", 10, 99, EINVAL},
	{"9", 8, 99, EINVAL},
	{"08", 0, 99, EINVAL},
	{"g", 16, 99, EINVAL},
	{"0x1", 16, 99, EINVAL},
	{"10", 10, 9, ERANGE},
	{"1", 10, 0, ERANGE},
	{"9", 10, 2, ERANGE},
	{"10000", 8, 07777, ERANGE},
	{"18446744073709551616", 10, UINT64_MAX, ERANGE},
	{"99999999999999999999999999999", 10, UINT64_MAX, ERANGE},
	{"0x10000000000000000", 0, UINT64_MAX, ERANGE},
	{"99999999999999999999999x", 10, UINT64_MAX, EINVAL},
};

TEST(refuses_all_else_and_leaves_the_result_alone)
{
	for (size_t i = 0; i < LENGTH(bad); i++) {
		uint64_t value = 99;

		if (num_parse(bad[i].text, bad[i].base, bad[i].max, &value) != -bad[i].error)
			fail_msg("%s", bad[i].text);
		assert_int_equal(value, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whole_texts_as_numbers),
		cmocka_unit_test(refuses_all_else_and_leaves_the_result_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
