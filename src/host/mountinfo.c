/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/io.h"
#include "sys/sys.h"

#define PATH_BYTES 32
#define MAX_BYTES ((size_t)64 << 20) /* some 500000 mounts: the kernel allows fewer */
#define OCTAL_DIGITS 3

/* Decode octal escapes such as "\040" in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		char digits[OCTAL_DIGITS + 1] = "";
		uint64_t c;

		if (from[0] == '\\')
			(void)snprintf(digits, sizeof(digits), "%s", from + 1);
		if (strlen(digits) == OCTAL_DIGITS && num_parse(digits, 8, UINT8_MAX, &c) == 0) {
			*to = (char)c;
			from += sizeof(digits);
		} else {
			*to = *from;
			from++;
		}
	}
	*to = '\0';
}

/* Parse @line, "id parent device root point options [tags] - type ...".  Returns 0 or -errno. */
static int parse_line(char *line, struct mountinfo_entry *ret)
{
	enum { ID, PARENT, DEVICE, ROOT, POINT, FIELDS };
	const char *fields[FIELDS];
	char *type = strstr(line, " - ");
	char *rest = NULL;
	char *word;

	if (type == NULL)
		return -EPROTO;
	*type = '\0';
	type += strlen(" - ");
	type[strcspn(type, " ")] = '\0';
	word = strtok_r(line, " ", &rest);
	for (unsigned i = 0; i < FIELDS; i++) {
		if (word == NULL)
			return -EPROTO;
		fields[i] = word;
		if (i == POINT)
			unescape(word);
		word = strtok_r(NULL, " ", &rest);
	}
	ret->device = fields[DEVICE];
	ret->point = fields[POINT];
	ret->type = type;
	return num_parse(fields[ID], 10, UINT64_MAX, &ret->id);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

int mountinfo_read(int proc, const char *task, struct mountinfo *ret)
{
	char path[PATH_BYTES];
	autoclose int fd = -1;
	struct mountinfo info = {0};
	char *rest = NULL;
	size_t len;
	int r;

	(void)snprintf(path, sizeof(path), "%s/mountinfo", task);
	fd = sys_openat(proc, path, O_RDONLY, 0);
	r = fd < 0 ? fd : io_read_all(fd, MAX_BYTES, &info.text, &len);
	if (r < 0)
		return r;
	info.list = calloc(count_lines(info.text) + 1, sizeof(*info.list));
	if (info.list == NULL)
		r = -ENOMEM;
	for (char *line = r < 0 ? NULL : strtok_r(info.text, "\n", &rest); r == 0 && line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		r = parse_line(line, &info.list[info.n++]);
	if (r < 0)
		mountinfo_done(&info);
	else
		*ret = info;
	return r;
}

void mountinfo_done(struct mountinfo *info)
{
	free(info->list);
	free(info->text);
	*info = (struct mountinfo){0};
}

bool mountinfo_is_type(const struct mountinfo_entry *mount, const char *type)
{
	size_t n = strlen(type);

	return strncmp(mount->type, type, n) == 0 &&
	       (mount->type[n] == '\0' || mount->type[n] == '.');
}

bool mountinfo_has_device(const struct mountinfo *info, const char *device)
{
	for (size_t i = 0; i < info->n; i++)
		if (strcmp(info->list[i].device, device) == 0)
			return true;
	return false;
}
