/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/num.h"
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

/* --- Thousandths ---------------------------------------------------------- */

#define MOST (UINT64_MAX / 1001) /* of what num_parse_thousandths() may be given */

static const struct {
	const char *text;
	uint64_t max;
	uint64_t value;
} good_thousandths[] = {
	{"0", 0, 0},
	{"0.0", 0, 0},
	{"0.000", 0, 0},
	{"1", 1, 1000},
	{"1.000", 1, 1000},
	{"1.5", 2, 1500},
	{"1.25", 2, 1250},
	{"1.125", 2, 1125},
	{"0.001", 1, 1},
	{"0.09", 1, 90},
	{"0.999", 1, 999},
	{"007.5", 9, 7500},
	{"1000000", 1000000, 1000000000},
	{"999999.999", 1000000, 999999999},
	{"18428315757951600", MOST, MOST * 1000},
	{"00000000000000000000000000001", 1, 1000},
};

TEST(parses_whole_texts_as_thousandths)
{
	for (size_t i = 0; i < LENGTH(good_thousandths); i++) {
		uint64_t value = 99;

		if (num_parse_thousandths(good_thousandths[i].text, good_thousandths[i].max,
					  &value) != 0)
			fail_msg("%s", good_thousandths[i].text);
		assert_int_equal(value, good_thousandths[i].value);
	}
}

static const struct {
	const char *text;
	uint64_t max;
	int error;
} bad_thousandths[] = {
	{"", 9, EINVAL},
	{".", 9, EINVAL},
	{".5", 9, EINVAL},
	{"1.", 9, EINVAL},
	{"1.1234", 9, EINVAL},
	{"1.0000", 9, EINVAL},
	{"1.2.3", 9, EINVAL},
	{"1..2", 9, EINVAL},
	{"1.-2", 9, EINVAL},
	{"1.a", 9, EINVAL},
	{"1. 5", 9, EINVAL},
	{"1.5 ", 9, EINVAL},
	{" 1", 9, EINVAL},
	{"-1", 9, EINVAL},
	{"+1", 9, EINVAL},
	{"0x1", 9, EINVAL},
	{"1e3", 9, EINVAL},
	{"1,5", 9, EINVAL},
	{"1s", 9, EINVAL},
	{"inf", 9, EINVAL},
	{"10", 9, ERANGE},
	{"9.001", 9, ERANGE},
	{"10.5", 9, ERANGE},
	{"0.001", 0, ERANGE},
	{"1000000.001", 1000000, ERANGE},
	{"18446744073709551615", MOST, ERANGE},
	{"18446744073709551616", MOST, ERANGE},
	{"999999999999999999999999999999", MOST, ERANGE},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", MOST, EINVAL},
	{"999999999999999999999999999999.x", MOST, EINVAL},
};

TEST(refuses_all_else_as_thousandths)
{
	for (size_t i = 0; i < LENGTH(bad_thousandths); i++) {
		uint64_t value = 99;

		if (num_parse_thousandths(bad_thousandths[i].text, bad_thousandths[i].max,
					  &value) != -bad_thousandths[i].error)
			fail_msg("%s", bad_thousandths[i].text);
		assert_int_equal(value, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whole_texts_as_numbers),
		cmocka_unit_test(refuses_all_else_and_leaves_the_result_alone),
		cmocka_unit_test(parses_whole_texts_as_thousandths),
		cmocka_unit_test(refuses_all_else_as_thousandths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
