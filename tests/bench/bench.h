/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	MANY = 1000, /* binds in scene (c), additional mounts in scene (d) */
	MAX_WORDS = 3 * MANY + 64,
};

enum program { SBX, BWRAP, BARE, PROGRAMS };

/* What a scene measures of each program. */
struct measure {
	/* Runs @argv and writes what it took; tells why and returns -1 if the program fails. */
	int (*take)(char **argv, double *ret);
	const char *unit;
};

struct scene {
	const char *label;
	const char *options;    /* of sbx and bwrap, separated by single blanks */
	unsigned binds;         /* `--ro-bind /usr/share /x/N`, in addition */
	bool is_host_crowded;   /* MANY more mounts are there already */
	const char *bare_scene; /* what the bare program is to do; NULL: not compared */
	const struct measure *measure;
	unsigned divisor;         /* slow scenes have only this part of the rounds */
	const char *bwrap_target; /* the ratios to reach, for the table */
	const char *bare_target;
};

struct command_line {
	char *words[MAX_WORDS]; /* NULL-terminated; owned */
	size_t count;
};

/* Microseconds from before the launch until the launcher has been waited for. */
extern const struct measure launch_time;

/* Launches per second, of a few hundred with some always in flight. */
extern const struct measure throughput;

/*
 * KiB of the largest resident set among the launcher, the processes that it
 * waited for and the command.
 */
extern const struct measure peak_memory;

/* Print "cannot @what" with the meaning of errno.  Returns -1. */
int complain(const char *what);

/*
 * What @program, found at @path, is to be started with in @scene.  The caller
 * frees it.  Returns NULL, having told why, when memory runs out.
 */
struct command_line *new_command_line(const struct scene *scene, enum program program,
				      const char *path);

/* Takes NULL, too. */
void free_command_line(struct command_line *line);

/*
 * Give this process a mount namespace of its own, with MANY additional mounts
 * below @directory, and for an ordinary user a user namespace that allows it.
 * Returns 0, or -1 having told why.
 */
int crowd_host(const char *directory);
