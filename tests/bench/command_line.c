/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int add_word(struct command_line *line, const char *word, size_t length)
{
	if (line->count + 1 == MAX_WORDS) {
		errno = E2BIG;
		return -1;
	}
	line->words[line->count] = strndup(word, length);
	return line->words[line->count] ? (int)line->count++ : -1;
}

/* Add the words in @words, separated by blanks. */
static int add_words(struct command_line *line, const char *words)
{
	for (;;) {
		size_t length = strcspn(words, " ");

		if (add_word(line, words, length) < 0)
			return -1;
		if (words[length] == '\0')
			return 0;
		words += length + 1;
	}
}

static int add_mounts(struct command_line *line, const char *mount)
{
	for (unsigned i = 0; i < MANY; i++) {
		char words[64];

		snprintf(words, sizeof(words), "%s /x/%u", mount, i);
		if (add_words(line, words) < 0)
			return -1;
	}
	return 0;
}

/* @leave: its path, which may have blanks in it. */
static int add_command(struct command_line *line, const struct scene *scene, const char *leave)
{
	if (!scene->leave)
		return add_words(line, "-- true");
	if (add_words(line, "--ro-bind") < 0 || add_word(line, leave, strlen(leave)) < 0 ||
	    add_words(line, "/leave --") < 0)
		return -1;
	return add_words(line, scene->leave);
}

static int fill_command_line(struct command_line *line, const struct scene *scene,
			     enum program program, char **paths)
{
	if (add_word(line, paths[program], strlen(paths[program])) < 0)
		return -1;
	if (program == BARE)
		return add_words(line, scene->bare_scene);
	if (program == SBX && scene->sbx_options && add_words(line, scene->sbx_options) < 0)
		return -1;
	if (add_words(line, scene->options) < 0 ||
	    (scene->mount && add_mounts(line, scene->mount) < 0))
		return -1;
	return add_command(line, scene, paths[LEAVE]);
}

void free_command_line(struct command_line *line)
{
	if (!line)
		return;
	for (size_t i = 0; i < line->count; i++)
		free(line->words[i]);
	free(line);
}

struct command_line *new_command_line(const struct scene *scene, enum program program, char **paths)
{
	struct command_line *line = calloc(1, sizeof(*line));

	if (line && fill_command_line(line, scene, program, paths) == 0)
		return line;
	complain("make a command line");
	free_command_line(line);
	return NULL;
}
