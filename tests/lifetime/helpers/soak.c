/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soak SBX [LAUNCHES [IN-FLIGHT]]: launch a sandbox again and again, as the calling user, with
 * some always running at the same time.  Reports how many failed, the processes and mounts that
 * they left, and the growth of the caller.  Fails if there is any of these.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"

enum {
	LAUNCHES = 10000, /* unless something else is asked for */
	IN_FLIGHT = 8,
	MAX_IN_FLIGHT = 256,
	SECOND_US = 1000000,
	END_US = SECOND_US,  /* for processes that still exit after the last launch */
	GROWTH_KIB = 512,    /* growth of the caller's memory that means nothing */
	MAX_COMPLAINTS = 10, /* failures that are reported one by one */
};

/* The command lines, launched in turn. */
static const char *const kinds[][12] = {
	{"--ro-bind", "/", "/"},
	{"--ro-bind", "/", "/", "--unshare-pid", "--die-with-parent"},
	{"--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "--proc", "/proc", "--tmpfs",
	 "/tmp"},
	{"--ro-bind", "/", "/", "--die-with-parent"},
	{"--ro-bind", "/", "/", "--unshare-all", "--kill-on-exit"},
	{"--ro-bind", "/", "/", "--kill-on-exit", "--new-session"},
};

/* All that is counted. */
struct soak {
	const char *sbx;
	pid_t flying[MAX_IN_FLIGHT];
	unsigned in_flight;
	unsigned failed;
	unsigned unreaped; /* processes that were left to be reaped by us */
};

/* The caller's resources. */
struct belongings {
	long memory_kib;
	unsigned descriptors;
	char *mounts;
};

static _Noreturn void give_up(const char *what)
{
	(void)fprintf(stderr, "soak: cannot %s: %s\n", what, strerror(errno));
	family_clear(NULL, NULL);
	exit(2);
}

static void launch(struct soak *soak, const char *const *options)
{
	const char *words[16] = {soak->sbx};
	unsigned n = 1;
	pid_t pid;

	while (options[n - 1] != NULL) {
		words[n] = options[n - 1];
		n++;
	}
	words[n++] = "--";
	words[n] = "/bin/true";
	pid = family_fork();
	if (pid == 0) {
		(void)execv(soak->sbx, (char *const *)(uintptr_t)words);
		perror(soak->sbx);
		_exit(127);
	}
	soak->flying[soak->in_flight++] = pid;
}

/* A child has ended: see family_take. */
static void take(void *arg, pid_t pid, int status)
{
	struct soak *soak = arg;

	for (unsigned i = 0; i < soak->in_flight; i++) {
		if (soak->flying[i] != pid)
			continue;
		soak->flying[i] = soak->flying[--soak->in_flight];
		if (status == 0)
			return;
		if (soak->failed++ < MAX_COMPLAINTS)
			(void)fprintf(stderr, "soak: a launch ended with 0x%x\n", (unsigned)status);
		return;
	}
	soak->unreaped++;
}

static void launch_all(struct soak *soak, unsigned launches, unsigned at_once)
{
	for (unsigned i = 0; i < launches; i++) {
		while (soak->in_flight >= at_once)
			(void)family_look(family_clock() + SECOND_US, take, soak);
		launch(soak, kinds[i % (sizeof(kinds) / sizeof(kinds[0]))]);
	}
	while (soak->in_flight > 0)
		(void)family_look(family_clock() + SECOND_US, take, soak);
}

static long read_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages;

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		give_up("read how much memory there is");
	(void)fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static unsigned count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (dir == NULL)
		give_up("count the descriptors");
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 3; /* . and .. and this one */
}

static char *read_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
		give_up("read the mounts");
	(void)fclose(file);
	return text;
}

static struct belongings look_around(void)
{
	return (struct belongings){.memory_kib = read_memory(),
				   .descriptors = count_descriptors(),
				   .mounts = read_mounts()};
}

/* Print the result.  Returns whether all is as it should be. */
static bool tell(const struct soak *soak, unsigned left, const struct belongings *before,
		 const struct belongings *after)
{
	bool same_mounts = strcmp(before->mounts, after->mounts) == 0;

	printf("%u failed; left: %u processes, %u to be reaped, %s mounts\n", soak->failed, left,
	       soak->unreaped, same_mounts ? "no" : "other");
	printf("the caller: %ld KiB before, %ld KiB after; %u descriptors, %u\n",
	       before->memory_kib, after->memory_kib, before->descriptors, after->descriptors);
	return soak->failed == 0 && left == 0 && soak->unreaped == 0 && same_mounts &&
	       after->memory_kib <= before->memory_kib + GROWTH_KIB &&
	       after->descriptors == before->descriptors;
}

static int soak_and_tell(struct soak *soak, unsigned launches, unsigned at_once)
{
	static struct relatives left = {0}; /* large */
	struct belongings before;
	struct belongings after;
	uint64_t start;
	bool is_good;

	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* its memory is there from the start */
	family_find(&left);
	before = look_around();
	start = family_clock();
	launch_all(soak, launches, at_once);
	printf("%u launches, %u in flight, as uid %u: %.0f a second\n", launches, at_once,
	       geteuid(), launches * (double)SECOND_US / (double)(family_clock() - start));
	left.count = 0;
	if (family_await_end(END_US, take, soak) < 0)
		family_find(&left);
	after = look_around();
	is_good = tell(soak, left.count, &before, &after);
	family_print(&left);
	family_clear(NULL, NULL);
	free(before.mounts);
	free(after.mounts);
	return !is_good;
}

int main(int argc, char **argv)
{
	struct soak soak = {.sbx = argc > 1 ? argv[1] : ""};
	unsigned launches = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : LAUNCHES;
	unsigned at_once = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : IN_FLIGHT;

	if (argc < 2 || argc > 4 || launches == 0 || at_once == 0 || at_once > MAX_IN_FLIGHT) {
		(void)fprintf(stderr, "usage: soak SBX [LAUNCHES [IN-FLIGHT]]\n");
		return 2;
	}
	family_adopt();
	return soak_and_tell(&soak, launches, at_once);
}
