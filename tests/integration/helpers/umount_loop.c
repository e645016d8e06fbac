/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umount_loop PREFIX: unmount all that is mounted at or below PREFIX, as systemd does it.  Try one
 * mount after the other as /proc/self/mountinfo lists them.  Whenever one is gone, begin again; end
 * when a whole pass has unmounted nothing.
 *
 * With a kernel, or a supervisor, that answers "done" and has done nothing, this never ends.
 * Prints how many calls there were, how many of them succeeded, and the errors of the last pass.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

struct tally {
	unsigned calls, successes;
	char errors[256]; /* of the last pass, each name once */
};

/* Undo the octal escapes of mountinfo, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		unsigned c;

		if (sscanf(from, "\\%3o", &c) == 1) {
			*to = (char)c;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool is_below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void add_error(struct tally *tally, const char *name)
{
	size_t used = strlen(tally->errors);

	if (strstr(tally->errors, name) == NULL)
		(void)snprintf(tally->errors + used, sizeof(tally->errors) - used, " %s", name);
}

/* Go through the list until a call succeeds: 1, or 0 if none did; -1 if there is no list. */
static int pass(const char *prefix, struct tally *tally)
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, place[4096];
	size_t size = 0;
	int r = 0;

	if (list == NULL)
		return -1;
	tally->errors[0] = '\0';
	while (r == 0 && getline(&line, &size, list) > 0) {
		if (sscanf(line, "%*d %*d %*s %*s %4095s", place) != 1)
			continue;
		unescape(place);
		if (!is_below(place, prefix))
			continue;
		tally->calls++;
		if (umount2(place, UMOUNT_NOFOLLOW) == 0)
			r = 1;
		else
			add_error(tally, strerrorname_np(errno));
	}
	tally->successes += (unsigned)r;
	free(line);
	(void)fclose(list);
	return r;
}

int main(int argc, char **argv)
{
	struct tally tally = {0};
	int r = 1;

	if (argc != 2)
		return 2;
	while (r > 0)
		r = pass(argv[1], &tally);
	if (r < 0) {
		perror("umount_loop");
		return 2;
	}
	printf("%u calls, %u successes, errors:%s\n", tally.calls, tally.successes, tally.errors);
	return 0;
}
