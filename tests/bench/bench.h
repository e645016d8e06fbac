/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	MANY = 1000, /* mounts in scenes (c) and (i), additional ones in scene (d) */
	MAX_WORDS = 3 * MANY + 64,
};

enum program { SBX, BWRAP, BARE, PROGRAMS };

/* The paths that the benchmark is given: those of the programs and, last, of `leave`. */
enum { LEAVE = PROGRAMS };

/* What a scene measures of each program. */
struct measure {
	/* Runs @argv and writes what it took; tells why and returns -1 if the program fails. */
	int (*take)(char **argv, double *ret);
	const char *unit;
};

struct scene {
	const char *label;
	const char *options;     /* of sbx and bwrap, separated by single blanks */
	const char *sbx_options; /* of sbx alone, in addition */
	const char *mount;       /* MANY times, each with /x/N as the last word, in addition */
	bool is_host_crowded;    /* MANY more mounts are there already */
	const char *leave;       /* what it is started as inside; NULL: `true` runs there instead */
	const char *bare_scene;  /* what the bare program is to do; NULL: not compared */
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
 * Microseconds from the end of the command, which is `leave`, until the launcher
 * has been waited for.  Whatever process it leaves behind is gone by the time
 * that the next sample is taken.
 */
extern const struct measure exit_latency;

/* The same, but until the last process that it left behind has been waited for. */
extern const struct measure exit_to_last;

/*
 * KiB of the largest resident set among the launcher, the processes that it
 * waited for and the command.
 */
extern const struct measure peak_memory;

/* Print "cannot @what" with the meaning of errno.  Returns -1. */
int complain(const char *what);

/*
 * What @program is to be started with in @scene; it and `leave` are found at
 * @paths.  The caller frees it.  Returns NULL, having told why, when memory runs
 * out.
 */
struct command_line *new_command_line(const struct scene *scene, enum program program,
				      char **paths);

/* Takes NULL, too. */
void free_command_line(struct command_line *line);

/*
 * Give this process a mount namespace of its own, with MANY additional mounts
 * below @directory, and for an ordinary user a user namespace that allows it.
 * Returns 0, or -1 having told why.
 */
int crowd_host(const char *directory);
