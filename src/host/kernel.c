/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "sys/io.h"
#include "sys/sys.h"

#define FILE_MAX ((size_t)64 << 10)
#define FINAL UINT_MAX /* the candidate number of a final release */

/* A version such as 6.8.0-rc4, to be compared number by number. */
enum { MAJOR, MINOR, PATCH, CANDIDATE, NUMBERS };
struct version {
	unsigned numbers[NUMBERS];
};

static unsigned read_number(const char **text)
{
	char *end;
	unsigned long n = strtoul(*text, &end, 10);

	*text = end;
	return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

/*
 * Read the version at the start of @text.  Distributions write a candidate's number in many
 * ways, all with "rc": 6.8.0-rc4, 6.8.0-0.rc4.36.fc40, 6.8.0-060800rc4-generic.
 */
static struct version parse_version(const char *text)
{
	struct version ret = {0};
	const char *candidate = text;

	for (unsigned i = MAJOR; i <= PATCH; i++) {
		ret.numbers[i] = read_number(&text);
		if (*text != '.')
			break;
		text++;
	}
	ret.numbers[CANDIDATE] = FINAL;
	while ((candidate = strstr(candidate, "rc")) != NULL) {
		candidate += strlen("rc");
		if (*candidate < '0' || *candidate > '9')
			continue;
		ret.numbers[CANDIDATE] = read_number(&candidate);
		break;
	}
	return ret;
}

/* Returns a number less than, equal to or greater than 0, as @a is earlier, equal or later. */
static int compare(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < NUMBERS; i++)
		if (a->numbers[i] != b->numbers[i])
			return a->numbers[i] < b->numbers[i] ? -1 : 1;
	return 0;
}

/* The fields of a line, separated by tabs. */
enum field { FIRST, LAST, STRINGS, FLAW, ACTION, SOURCE, FIELDS };

/* Split @line.  Returns whether it has all fields. */
static bool split(char *line, const char **fields)
{
	char *rest = NULL;
	char *word = strtok_r(line, "\t", &rest);

	for (unsigned i = 0; i < FIELDS; i++) {
		fields[i] = word;
		if (word == NULL)
			return false;
		word = strtok_r(NULL, "\t", &rest);
	}
	return true;
}

/* Whether the line of these @fields applies to the kernel @name. */
static bool is_about(const char *const *fields, const struct utsname *name)
{
	const struct version first = parse_version(fields[FIRST]);
	const struct version last = parse_version(fields[LAST]);
	const struct version running = parse_version(name->release);

	if (compare(&running, &first) < 0 || compare(&running, &last) > 0)
		return false;
	return strcmp(fields[STRINGS], "*") == 0 ||
	       strstr(name->release, fields[STRINGS]) != NULL ||
	       strstr(name->version, fields[STRINGS]) != NULL;
}

/* Look the kernel @name up in the table @text.  Returns whether it is there. */
static bool look_up(char *text, const struct utsname *name, struct kernel_flaw *ret)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *fields[FIELDS];

		if (line[0] == '#' || !split(line, fields) || !is_about(fields, name))
			continue;
		(void)snprintf(ret->text, sizeof(ret->text),
			       "Linux %s may be affected: %s; %s (%s)", name->release, fields[FLAW],
			       fields[ACTION], fields[SOURCE]);
		return true;
	}
	return false;
}

int kernel_check(bool strict, struct kernel_flaw *ret, struct err *e)
{
	autoclose int fd = sys_openat(AT_FDCWD, SBX_KERNELS, O_RDONLY, 0);
	autofree char *text = NULL;
	struct utsname name;
	size_t len;
	int r = fd < 0 ? fd : io_read_all(fd, FILE_MAX, &text, &len);

	if (r == 0)
		r = sys_uname(&name);
	if (r < 0 && !strict)
		return 0;
	if (r < 0) {
		(void)err_sys(e, r, "cannot read " SBX_KERNELS);
		return err_option(e, "strict-kernel");
	}
	if (!look_up(text, &name, ret))
		return 0;
	if (!strict)
		return 1;
	(void)err_set(e, EPERM, "%s", ret->text);
	return err_option(e, "strict-kernel");
}
