/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "plan/opt.h"
#include "plan/opt_take.h"
#include "test.h"

#define LINE_COLUMNS 100 /* of --help */

TEST(names_are_lower_case_words_and_unique)
{
	for (size_t i = 0; i < opt_count; i++) {
		const char *name = opt_table[i].name;

		if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) ||
		    !islower((unsigned char)name[0]) || strstr(name, "--") != NULL)
			fail_msg("%s", name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(opt_table[k].name, name);
	}
}

TEST(help_is_one_line_with_a_capital_and_no_full_stop)
{
	for (size_t i = 0; i < opt_count; i++) {
		const char *help = opt_table[i].help;
		size_t len = strlen(help);

		if (len == 0 || !isupper((unsigned char)help[0]) || help[len - 1] == '.' ||
		    isspace((unsigned char)help[len - 1]) || strchr(help, '\n') != NULL)
			fail_msg("--%s: \"%s\"", opt_table[i].name, help);
	}
}

TEST(arguments_have_no_gaps_and_are_counted)
{
	for (size_t i = 0; i < opt_count; i++) {
		const struct opt *opt = &opt_table[i];
		int arity = opt_arity(opt);

		for (int k = 0; k < OPT_MAX_ARGS; k++)
			assert_int_equal(opt->args[k] != ARG_NONE, k < arity);
	}
}

TEST(every_kind_of_argument_has_a_name_in_capitals)
{
	for (size_t i = ARG_NONE + 1; i < ARG_KINDS; i++) {
		const char *name = arg_classes[i].metavar;

		assert_non_null(name);
		for (; *name != '\0'; name++)
			assert_true(isupper((unsigned char)*name) || strchr("=:", *name) != NULL);
	}
}

TEST(every_option_does_something)
{
	for (size_t i = 0; i < opt_count; i++)
		assert_non_null(opt_table[i].take);
}

TEST(a_choice_stands_for_something_and_is_named)
{
	for (size_t i = 0; i < opt_count; i++) {
		const struct choices *choices = opt_table[i].choices;

		if (choices == NULL)
			continue;
		assert_non_null(choices->list[0].word);
		for (size_t k = 0; k < OPT_MAX_CHOICES && choices->list[k].word != NULL; k++) {
			assert_int_not_equal(choices->list[k].value, 0);
			if (!isdigit((unsigned char)choices->list[k].word[0]))
				assert_contains(choices->names, choices->list[k].word);
		}
	}
}

TEST(every_group_has_a_title_and_stands_together)
{
	for (size_t i = 0; i < OPT_GROUPS; i++)
		assert_true(strlen(opt_group_titles[i]) > 0);
	assert_int_equal(opt_table[0].group, 0);
	for (size_t i = 1; i < opt_count; i++)
		assert_in_range(opt_table[i].group, opt_table[i - 1].group,
				opt_table[i - 1].group + 1);
	assert_int_equal(opt_table[opt_count - 1].group, OPT_GROUPS - 1);
}

TEST(what_may_be_missing_ends_in_try)
{
	for (size_t i = 0; i < opt_count; i++) {
		const char *name = opt_table[i].name;
		size_t len = strlen(name);
		bool is_try = len > 4 && strcmp(name + len - 4, "-try") == 0;

		if (opt_table[i].take == take_op)
			assert_int_equal((opt_table[i].flags & OP_IF_EXISTS) != 0, is_try);
	}
}

TEST(every_option_is_in_the_help_with_its_arguments)
{
	autofree char *help = opt_help("sbx");

	assert_non_null(help);
	for (size_t i = 0; i < opt_count; i++) {
		const struct opt *opt = &opt_table[i];
		char line[LINE_COLUMNS];
		int n = snprintf(line, sizeof(line), "\n  --%s", opt->name);

		for (int k = 0; k < opt_arity(opt); k++)
			n += snprintf(line + n, sizeof(line) - (size_t)n, " %s",
				      arg_classes[opt->args[k]].metavar);
		(void)snprintf(line + n, sizeof(line) - (size_t)n, " ");
		assert_contains(help, line);
		assert_contains(help, opt->help);
	}
	for (size_t i = 0; i < OPT_GROUPS; i++)
		assert_contains(help, opt_group_titles[i]);
}

TEST(the_help_starts_with_the_usage_under_the_given_name)
{
	autofree char *help = opt_help("/usr/bin/box");

	assert_starts_with(help, "usage: /usr/bin/box [OPTIONS...] [--] COMMAND [ARGS...]\n");
}

TEST(the_help_is_whole_under_any_name)
{
	char name[5000];
	autofree char *help = NULL;
	autofree char *usual = opt_help("sbx");

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	help = opt_help(name);
	assert_int_equal(strlen(help) - strlen(name), strlen(usual) - strlen("sbx"));
}

TEST(every_line_of_the_help_fits_a_terminal)
{
	autofree char *help = opt_help("sbx");

	assert_non_null(help);
	for (const char *line = help; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		if (len > LINE_COLUMNS)
			fail_msg("%.*s", (int)len, line);
		assert_int_equal(line[len], '\n');
		line += len + 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_lower_case_words_and_unique),
		cmocka_unit_test(help_is_one_line_with_a_capital_and_no_full_stop),
		cmocka_unit_test(arguments_have_no_gaps_and_are_counted),
		cmocka_unit_test(every_kind_of_argument_has_a_name_in_capitals),
		cmocka_unit_test(every_option_does_something),
		cmocka_unit_test(a_choice_stands_for_something_and_is_named),
		cmocka_unit_test(every_group_has_a_title_and_stands_together),
		cmocka_unit_test(what_may_be_missing_ends_in_try),
		cmocka_unit_test(every_option_is_in_the_help_with_its_arguments),
		cmocka_unit_test(the_help_starts_with_the_usage_under_the_given_name),
		cmocka_unit_test(the_help_is_whole_under_any_name),
		cmocka_unit_test(every_line_of_the_help_fits_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
