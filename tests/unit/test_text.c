/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_malloc.h"
#include "sbx/text.h"
#include "test.h"

TEST(is_empty_at_first)
{
	autotext struct text text = {0};

	text_put(&text, "%s", "");
	assert_string_equal(text.start, "");
	assert_int_equal(text.used, 0);
	assert_false(text.failed);
}

TEST(puts_together_what_it_is_given)
{
	autotext struct text text = {0};

	text_put(&text, "a %s", "word");
	text_put(&text, " and %d number", 1);
	text_put(&text, "%s", "");
	assert_string_equal(text.start, "a word and 1 number");
	assert_int_equal(text.used, strlen(text.start));
}

TEST(takes_a_text_of_any_length_at_once)
{
	for (int len = 1000; len < 1100; len++) {
		autotext struct text text = {0};

		text_put(&text, "%*s|", len, "x");
		text_put(&text, "%*s", 5 * len, "y");
		assert_int_equal(text.used, (size_t)6 * (size_t)len + 1);
		assert_int_equal(strlen(text.start), text.used);
		assert_int_equal(text.start[len], '|');
		assert_int_equal(text.start[text.used - 1], 'y');
		assert_true(text.used < text.size);
	}
}

TEST(takes_any_number_of_texts)
{
	autotext struct text text = {0};

	for (int i = 0; i < 10000; i++)
		text_put(&text, "%d", i % 10);
	assert_int_equal(text.used, 10000);
	for (size_t i = 0; i < text.used; i++)
		assert_int_equal(text.start[i], '0' + (char)(i % 10));
	assert_int_equal(text.start[text.used], '\0');
}

TEST(is_not_whole_once_memory_has_run_out)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		autotext struct text text = {0};

		fake_malloc_fail_at(nth);
		text_put(&text, "%s", "first");
		text_put(&text, "%*s", 2000, "second");
		fake_malloc_fail_at(0);
		text_put(&text, "%s", "third");
		assert_true(text.failed);
		assert_int_equal(text.used, nth == 1 ? 0 : strlen("first"));
	}
}

TEST(can_be_done_twice_and_used_again)
{
	struct text text = {0};

	text_put(&text, "%s", "old");
	text.failed = true;
	text_done(&text);
	text_done(&text);
	text_put(&text, "%s", "new");
	assert_string_equal(text.start, "new");
	assert_false(text.failed);
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_empty_at_first),
		cmocka_unit_test(puts_together_what_it_is_given),
		cmocka_unit_test(takes_a_text_of_any_length_at_once),
		cmocka_unit_test(takes_any_number_of_texts),
		cmocka_unit_test(is_not_whole_once_memory_has_run_out),
		cmocka_unit_test(can_be_done_twice_and_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
