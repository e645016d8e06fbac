/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/text.h"
#include "fake_malloc.h"
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

/* What becomes of @line. */
static const char *printable(const char *line)
{
	static char room[256];

	(void)snprintf(room, sizeof(room), "%s", line);
	text_make_printable(room);
	return room;
}

TEST(leaves_what_can_be_printed)
{
	static const char *const lines[] = {
		"",
		"plain text ~",
		"ä ß é",
		"日本",
		"Ελληνικά",
		"العربية",
		"\U0001f600 \U0010fffd",
		"\u00a0\u00ac\u00ae\u2027\u202f\u205f\u2070\ufe10\ufffd\U000e1000",
	};

	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_string_equal(printable(lines[i]), lines[i]);
}

TEST(replaces_what_a_terminal_obeys)
{
	assert_string_equal(printable("a\x1b[2Jb\rc\td\ne\x7f"), "a?[2Jb?c?d?e?");
	assert_string_equal(printable("\xc2\x9b[31m"), "?[31m"); /* U+009B, a CSI */
	assert_string_equal(printable("\x9b[31m"), "?[31m");
	assert_string_equal(printable("\xc2\x80\xc2\x9f"), "??");
}

TEST(replaces_what_is_not_seen_or_changes_the_order)
{
	static const char *const characters[] = {
		"\u00ad", "\u061c",     "\u200b",     "\u200e", "\u200f",     "\u2028",
		"\u2029", "\u202a",     "\u202d",     "\u202e", "\u2060",     "\u2066",
		"\u2069", "\u206f",     "\ufeff",     "\ufff9", "\U000e0001", "\U000e007f",
		"\ufffe", "\U0001ffff", "\U0010ffff", "\ufdd0",
	};

	for (size_t i = 0; i < LENGTH(characters); i++)
		assert_string_equal(printable(characters[i]), "?");
	assert_string_equal(printable("a\u202eb"), "a?b");
}

TEST(replaces_each_byte_that_is_no_utf_8)
{
	assert_string_equal(printable("\xff\xfe\x80"), "???");
	assert_string_equal(printable("\xc3"), "?"); /* cut */
	assert_string_equal(printable("\xe2\x82"), "??");
	assert_string_equal(printable("\xf0\x9f\x98"), "???");
	assert_string_equal(printable("\xc3z"), "?z");
	assert_string_equal(printable("\xf8\x88\x80\x80\x80"), "?????");
}

TEST(replaces_longer_forms_and_what_is_no_character)
{
	assert_null(strstr(printable("\xc1\x9b\xe0\x80\x9b\xf0\x80\x80\x9b"), "\x9b"));
	assert_null(strchr(printable("\xc0\xaf"), '/'));
	assert_string_equal(printable("\xed\xa0\x80"), "?");     /* a surrogate */
	assert_string_equal(printable("\xf4\x90\x80\x80"), "?"); /* above all */
	assert_string_equal(printable("\xf7\xbf\xbf\xbf"), "?");
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
		cmocka_unit_test(leaves_what_can_be_printed),
		cmocka_unit_test(replaces_what_a_terminal_obeys),
		cmocka_unit_test(replaces_what_is_not_seen_or_changes_the_order),
		cmocka_unit_test(replaces_each_byte_that_is_no_utf_8),
		cmocka_unit_test(replaces_longer_forms_and_what_is_no_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
