/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>

#include "base/path.h"
#include "test.h"

TEST(takes_paths_apart_component_by_component)
{
	const char *path = "//usr/./lib///./../x/.";
	const char *const parts[] = {"usr", "lib", "..", "x"};

	for (size_t i = 0; i < LENGTH(parts); i++) {
		struct path_part part = path_next(&path);

		assert_int_equal(part.len, strlen(parts[i]));
		assert_memory_equal(part.text, parts[i], part.len);
	}
	assert_int_equal(path_next(&path).len, 0);
	assert_string_equal(path, "");
	assert_int_equal(path_next(&path).len, 0);
}

TEST(leaves_the_rest_without_slashes_before_it)
{
	const char *path = "/a///b/c";

	(void)path_next(&path);
	assert_string_equal(path, "b/c");
}

TEST(knows_the_parent_from_names_with_dots)
{
	static const struct {
		const char *name;
		bool is_parent;
	} names[] = {{"..", true}, {"...", false}, {"..x", false}, {".x", false}, {"x.", false}};

	for (size_t i = 0; i < LENGTH(names); i++) {
		const char *path = names[i].name;

		assert_int_equal(path_is_parent(path_next(&path)), names[i].is_parent);
	}
}

TEST(cleans_paths_up)
{
	static const struct {
		const char *path;
		const char *clean;
	} paths[] = {
		{"", ""},
		{"/", ""},
		{"///", ""},
		{".", ""},
		{"/./", ""},
		{"a", "/a"},
		{"/a", "/a"},
		{"a//b/./c/", "/a/b/c"},
		{"/a/../b", "/a/../b"},
		{"./.x/x./...", "/.x/x./..."},
	};

	for (size_t i = 0; i < LENGTH(paths); i++) {
		char clean[PATH_MAX] = "old";

		assert_int_equal(path_clean(paths[i].path, clean, sizeof(clean)), 0);
		assert_string_equal(clean, paths[i].clean);
	}
}

TEST(never_writes_more_than_there_is_room_for)
{
	char room[] = "........";

	assert_int_equal(path_clean("/ab/cd", room, 7), 0);
	assert_string_equal(room, "/ab/cd");
	assert_int_equal(path_clean("/ab/cd", room, 6), -ENAMETOOLONG);
	assert_int_equal(path_clean("ab/cd", room, 6), -ENAMETOOLONG);
	assert_int_equal(path_clean("////ab//", room, 4), 0);
	assert_string_equal(room, "/ab");
	assert_int_equal(path_clean("/", room, 1), 0);
	assert_int_equal(room[7], '.');
}

TEST(knows_the_root_from_other_paths)
{
	static const struct {
		const char *path;
		bool is_root;
	} paths[] = {{"", true},   {"/", true},   {"//./", true}, {".", true},
		     {"a", false}, {"..", false}, {"/..", false}, {"/./a", false}};

	for (size_t i = 0; i < LENGTH(paths); i++)
		assert_int_equal(path_is_root(paths[i].path), paths[i].is_root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_paths_apart_component_by_component),
		cmocka_unit_test(leaves_the_rest_without_slashes_before_it),
		cmocka_unit_test(knows_the_parent_from_names_with_dots),
		cmocka_unit_test(cleans_paths_up),
		cmocka_unit_test(never_writes_more_than_there_is_room_for),
		cmocka_unit_test(knows_the_root_from_other_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
