/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The benchmark: bench SBX BWRAP BARE LEAVE [ROUNDS]
 *
 * Prints a Markdown table: what SBX costs, scene by scene, in relation to BWRAP
 * and to the bare program, which makes only the unavoidable kernel calls.  LEAVE
 * is the command in those scenes that are about its end.
 *
 * How it measures: a round launches each program once, one after the other, so
 * that whatever disturbs the machine meets all of them.  A ratio is the median
 * of the ratios of all rounds; the other figures are plain medians.  The first
 * rounds warm the caches up and do not count.
 *
 * Exit latency: the command records the time of its exit.  bwrap returns while a
 * process of its own still unmounts the file systems.  Where that does not
 * belong to the sample, the next one waits for it.
 *
 * Processes: each scene has a child of its own, which becomes an ordinary user
 * if it is root, launches, measures and prints its row.  The first process only
 * waits for it and removes the one directory that a scene needs; the mounts of
 * that scene are the child's alone and end with it.
 */
#include "bench.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WARM_UP_ROUNDS = 2,
	DEFAULT_ROUNDS = 200,
	MAX_ROUNDS = 100000,
	NOBODY = 65534,
};

/* ---- The scenes ---- */

#define ROOT_OPTIONS                                                                               \
	"--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib "                       \
	"--symlink usr/lib64 /lib64"
#define FILES_OPTIONS ROOT_OPTIONS " --dev /dev --proc /proc"
#define MINIMAL_OPTIONS FILES_OPTIONS " --unshare-all"

static const struct scene scenes[] = {
	{
		.label = "(a) `--bind / /`",
		.options = "--bind / /",
		.bare_scene = "bind-root",
		.measure = &launch_time,
		.divisor = 1,
		.bwrap_target = "≤ 0.65",
		.bare_target = "≤ 1.25",
	},
	{
		.label = "(b) read-only /usr, `--dev`, `--proc`, `--unshare-all`",
		.options = MINIMAL_OPTIONS,
		.bare_scene = "minimal",
		.measure = &launch_time,
		.divisor = 1,
		.bwrap_target = "≤ 0.65",
		.bare_target = "≤ 1.25",
	},
	{
		.label = "(c) read-only /usr and 1000 × `--ro-bind`",
		.options = ROOT_OPTIONS " --tmpfs /x",
		.mount = "--ro-bind /usr/share",
		.measure = &launch_time,
		.divisor = 20,
		.bwrap_target = "≤ 0.03",
	},
	{
		.label = "(d) (b) without `--unshare-all`, on a host with 1000 more mounts",
		.options = FILES_OPTIONS,
		.is_host_crowded = true,
		.measure = &launch_time,
		.divisor = 4,
		.bwrap_target = "≤ 0.5",
	},
	{
		.label = "(e) throughput: 200 × (b), 4 in flight at a time",
		.options = MINIMAL_OPTIONS,
		.measure = &throughput,
		.divisor = 20,
		.bwrap_target = "≥ 1.4",
	},
	{
		.label = "(f) peak memory of (b)",
		.options = MINIMAL_OPTIONS,
		.measure = &peak_memory,
		.divisor = 10,
		.bwrap_target = "≤ 1.0",
	},
	{
		.label = "(g) exit latency of (b)",
		.options = MINIMAL_OPTIONS,
		.leave = "/leave",
		.measure = &exit_latency,
		.divisor = 1,
		.bwrap_target = "-",
	},
	{
		.label = "(g) until the last process has ended",
		.options = MINIMAL_OPTIONS,
		.leave = "/leave",
		.measure = &exit_to_last,
		.divisor = 1,
		.bwrap_target = "-",
	},
	{
		.label = "(h) exit latency of (b) with 100,000 files in a tmpfs",
		.options = MINIMAL_OPTIONS " --tmpfs /files",
		.leave = "/leave /files",
		.measure = &exit_latency,
		.divisor = 20,
		.bwrap_target = "-",
	},
	{
		.label = "(h) with sbx's `--teardown-timeout 0`",
		.options = MINIMAL_OPTIONS " --tmpfs /files",
		.sbx_options = "--teardown-timeout 0",
		.leave = "/leave /files",
		.measure = &exit_latency,
		.divisor = 20,
		.bwrap_target = "-",
	},
	{
		.label = "(h) until the last process has ended",
		.options = MINIMAL_OPTIONS " --tmpfs /files",
		.leave = "/leave /files",
		.measure = &exit_to_last,
		.divisor = 20,
		.bwrap_target = "-",
	},
	/*
	 * A bind mount is a view of a file system that stays, and ends with a few freed
	 * structures.  Each tmpfs is a file system that has to be shut down, which
	 * takes two or three times as long: that says more about the end.
	 */
	{
		.label = "(i) exit latency of (b) with 1000 × `--tmpfs`",
		.options = MINIMAL_OPTIONS " --tmpfs /x",
		.mount = "--tmpfs",
		.leave = "/leave",
		.measure = &exit_latency,
		.divisor = 20,
		.bwrap_target = "-",
	},
	{
		.label = "(i) until the last process has ended",
		.options = MINIMAL_OPTIONS " --tmpfs /x",
		.mount = "--tmpfs",
		.leave = "/leave",
		.measure = &exit_to_last,
		.divisor = 20,
		.bwrap_target = "-",
	},
};

/* ---- A row of the table ---- */

static int compare(const void *left, const void *right)
{
	const double *a = left;
	const double *b = right;

	return (*a > *b) - (*a < *b);
}

/* Sorts @values. */
static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Of one program to another; uses @scratch, which has room for @count values. */
static double median_ratio(const double *ours, const double *other, size_t count, double *scratch)
{
	for (size_t i = 0; i < count; i++)
		scratch[i] = ours[i] / other[i];
	return median(scratch, count);
}

/* @samples has @rounds values for each program, and as many to work with at the end. */
static void print_row(const struct scene *scene, double *samples, size_t rounds)
{
	double *sbx = samples;
	double *bwrap = samples + BWRAP * rounds;
	double *bare = samples + BARE * rounds;
	double *scratch = samples + PROGRAMS * rounds;
	const char *unit = scene->measure->unit;
	double ratio = median_ratio(sbx, bwrap, rounds, scratch);
	double bare_ratio = scene->bare_scene ? median_ratio(sbx, bare, rounds, scratch) : 0;
	double floor = scene->bare_scene ? median_ratio(bare, bwrap, rounds, scratch) : 0;

	/* The medians come last: they sort the samples, which then no longer pair up. */
	printf("| %s | %.0f %s | %.0f %s |", scene->label, median(sbx, rounds), unit,
	       median(bwrap, rounds), unit);
	if (scene->bare_scene)
		printf(" %.0f %s | %.2f | %s | %.2f | %s | %.2f |\n", median(bare, rounds), unit,
		       ratio, scene->bwrap_target, bare_ratio, scene->bare_target, floor);
	else
		printf(" | %.*f | %s | | | |\n", ratio < 0.1 ? 3 : 2, ratio, scene->bwrap_target);
}

static int take_samples(const struct scene *scene, struct command_line **lines, size_t rounds,
			double *samples)
{
	double value;

	for (size_t round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
		for (size_t i = 0; i < PROGRAMS && lines[i]; i++) {
			if (scene->measure->take(lines[i]->words, &value) < 0)
				return -1;
			if (round >= WARM_UP_ROUNDS)
				samples[i * rounds + round - WARM_UP_ROUNDS] = value;
		}
	}
	return 0;
}

static int new_command_lines(const struct scene *scene, char **paths, struct command_line **ret)
{
	size_t count = scene->bare_scene ? PROGRAMS : BARE;

	for (size_t i = 0; i < count; i++) {
		ret[i] = new_command_line(scene, (enum program)i, paths);
		if (!ret[i])
			return -1;
	}
	return 0;
}

static int measure_scene(const struct scene *scene, char **paths, size_t rounds)
{
	struct command_line *lines[PROGRAMS] = {NULL};
	double *samples = calloc((PROGRAMS + 1) * rounds, sizeof(*samples));
	int result;

	if (!samples)
		return complain("store the samples");
	result = new_command_lines(scene, paths, lines);
	if (result == 0)
		result = take_samples(scene, lines, rounds, samples);
	if (result == 0)
		print_row(scene, samples, rounds);
	for (size_t i = 0; i < PROGRAMS; i++)
		free_command_line(lines[i]);
	free(samples);
	return result;
}

/* ---- The process of a scene, and the one that waits for it ---- */

static int become_ordinary(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return complain("become an ordinary user");
	return 0;
}

static int play_scene(const struct scene *scene, char **paths, size_t rounds, const char *directory)
{
	size_t share = rounds / scene->divisor;

	if (scene->is_host_crowded && crowd_host(directory) < 0)
		return -1;
	if (become_ordinary() < 0)
		return -1;
	if (measure_scene(scene, paths, share ? share : 1) < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : complain("print a row");
}

/* A signal ends the scene at once, but this process stays to clean up. */
static int wait_for_scene(pid_t pid, const sigset_t *signals)
{
	int status;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
		if (sigwaitinfo(signals, NULL) != SIGCHLD)
			kill(pid, SIGKILL);
	}
	if (ended < 0)
		return complain("wait for a scene");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* From here on signals are only taken while waiting, so that none can end this process. */
static void hold_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGCHLD);
	sigaddset(ret, SIGHUP);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGQUIT);
	sigaddset(ret, SIGTERM);
	sigprocmask(SIG_BLOCK, ret, NULL);
	signal(SIGCHLD, SIG_DFL); /* a parent that ignores it cannot wait for a child */
}

static int run_scene(const struct scene *scene, char **paths, size_t rounds,
		     const sigset_t *signals)
{
	char directory[] = "/tmp/sbx-bench-XXXXXX";
	pid_t pid;
	int result;

	if (scene->is_host_crowded && !mkdtemp(directory))
		return complain("make a temporary directory");
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, signals, NULL);
		_exit(play_scene(scene, paths, rounds, directory) < 0);
	}
	result = pid < 0 ? complain("fork") : wait_for_scene(pid, signals);
	if (scene->is_host_crowded && rmdir(directory) < 0)
		result = complain("remove the temporary directory");
	if (result < 0)
		fprintf(stderr, "bench: this scene failed: %s\n", scene->label);
	return result;
}

static int print_head(size_t rounds)
{
	struct utsname system;

	if (uname(&system) < 0)
		return complain("tell the version of the kernel");
	printf("Linux %s, uid %u; medians, %zu interleaved rounds in (a), (b) and (g).\n"
	       "(g), (h) and (i) take the time from the command's end until the launcher has been "
	       "waited for.\nsbx waits until the file systems are down; bwrap returns earlier, and "
	       "a process of its own goes\non with that: the rows about the last process count "
	       "this in.\n\n"
	       "| scene | sbx | bwrap | bare | sbx/bwrap | target | sbx/bare | target | bare/bwrap "
	       "|\n"
	       "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
	       system.release, geteuid() == 0 ? NOBODY : geteuid(), rounds);
	/* What is still in the buffer at a fork would be printed twice. */
	return fflush(stdout) == 0 ? 0 : complain("print the head of the table");
}

static size_t parse_rounds(const char *text)
{
	char *end;
	unsigned long rounds = strtoul(text, &end, 10);

	return *end == '\0' && rounds <= MAX_ROUNDS ? rounds : 0;
}

int main(int argc, char **argv)
{
	size_t rounds = argc == 6 ? parse_rounds(argv[5]) : DEFAULT_ROUNDS;
	sigset_t signals;

	if (argc < 5 || argc > 6 || rounds == 0) {
		fprintf(stderr, "usage: bench SBX BWRAP BARE LEAVE [ROUNDS]\n");
		return 2;
	}
	hold_signals(&signals);
	if (print_head(rounds) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (run_scene(&scenes[i], argv + 1, rounds, &signals) < 0)
			return 1;
	}
	return 0;
}
