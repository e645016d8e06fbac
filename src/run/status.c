/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/status.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "base/exit_code.h"
#include "base/text.h"
#include "base/times.h"
#include "sys/io.h"
#include "sys/sys.h"

/* The text around the members of an object. */
struct layout {
	const char *open;
	const char *separator;
	const char *close;
};

static const struct layout one_line = {.open = "{ ", .separator = ", ", .close = " }\n"};
static const struct layout indented = {.open = "{\n    ", .separator = ",\n    ", .close = "\n}\n"};

/* The number of bytes of the UTF-8 character at @s, 0 if it is none: see utf-8(7). */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned mask;  /* of the bits that show the length */
		unsigned lead;  /* their value */
		size_t length;  /* bytes */
		unsigned least; /* the lowest character of this length */
	} forms[] = {
		{.mask = 0x80, .lead = 0x00, .length = 1},
		{.mask = 0xe0, .lead = 0xc0, .length = 2, .least = 0x80},
		{.mask = 0xf0, .lead = 0xe0, .length = 3, .least = 0x800},
		{.mask = 0xf8, .lead = 0xf0, .length = 4, .least = 0x10000},
	};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		unsigned code = s[0] & ~forms[f].mask;

		if ((s[0] & forms[f].mask) != forms[f].lead)
			continue;
		for (size_t i = 1; i < forms[f].length; i++) {
			if ((s[i] & 0xc0) != 0x80) /* also the end of the string */
				return 0;
			code = code << 6 | (s[i] & 0x3fU);
		}
		if (code < forms[f].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		return forms[f].length;
	}
	return 0;
}

/* Put @s as a JSON string.  Each byte that is not UTF-8 becomes U+FFFD. */
static void put_string(struct text *text, const char *s)
{
	text_put(text, "\"");
	while (*s != '\0') {
		size_t n = utf8_length((const unsigned char *)s);

		if (n == 0)
			text_put(text, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			text_put(text, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			text_put(text, "\\u%04x", (unsigned)*s);
		else
			text_put(text, "%.*s", (int)n, s);
		s += n > 0 ? n : 1;
	}
	text_put(text, "\"");
}

/* Put a member with the string @value, unless that is empty. */
static void put_member(struct text *text, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	text_put(text, ", \"%s\": ", name);
	put_string(text, value);
}

/* Write @text by one write(2), which waits for room.  Returns 0 or -errno. */
static int write_text(int fd, const struct text *text)
{
	ssize_t n;

	if (text->failed)
		return -ENOMEM;
	do
		n = sys_write(fd, text->start, text->used);
	while (n == -EINTR);
	if (n < 0)
		return (int)n;
	return (size_t)n == text->used ? 0 : -EIO;
}

/* Write @text, or drop it. */
static void report(int fd, const struct text *text)
{
	if (io_has_room(fd, READER_MS))
		(void)write_text(fd, text);
}

static int report_start(int fd, const struct layout *layout, pid_t child, const struct ns_ids *ids,
			const char *option, struct err *e)
{
	autotext struct text text = {0};
	int r;

	if (fd < 0)
		return 0;
	text_put(&text, "%s\"child-pid\": %d", layout->open, child);
	for (unsigned kind = 0; kind < NS_KINDS; kind++)
		if (ids->ino[kind] != 0)
			text_put(&text, "%s\"%s-namespace\": %" PRIu64, layout->separator,
				 ns_names[kind], ids->ino[kind]);
	text_put(&text, "%s", layout->close);
	r = write_text(fd, &text);
	if (r == 0)
		return 0;
	(void)err_sys(e, r, "cannot write to descriptor %d", fd);
	(void)err_bwrap(e, "Write to info_fd: %s", strerror(-r));
	return err_option(e, option);
}

int status_info(int fd, pid_t child, const struct ns_ids *ids, struct err *e)
{
	return report_start(fd, &indented, child, ids, "info-fd", e);
}

int status_started(int fd, pid_t child, const struct ns_ids *ids, struct err *e)
{
	return report_start(fd, &one_line, child, ids, "json-status-fd", e);
}

void status_note(int fd, const struct note *note)
{
	autotext struct text text = {0};

	text_put(&text, "{ \"phase\": \"note\", \"level\": \"%s\"",
		 note->level == NOTE_WARNING ? "warning" : "info");
	put_member(&text, "option", note->option);
	put_member(&text, "path", note->path);
	put_member(&text, "message", note->text);
	text_put(&text, " }\n");
	report(fd, &text);
}

void status_running(int fd, pid_t command)
{
	autotext struct text text = {0};

	text_put(&text, "{ \"phase\": \"running\", \"command-pid\": %d }\n", command);
	report(fd, &text);
}

void status_ended(int fd, const struct outcome *outcome, const struct status_usage *usage)
{
	autotext struct text text = {0};
	int status = outcome->status;

	text_put(&text, "{ \"phase\": \"ended\"");
	if (!outcome->reaped)
		text_put(&text, ", \"reaped\": false");
	if (WIFSIGNALED(status))
		text_put(&text, ", \"signal\": %d", WTERMSIG(status));
	if (usage->known)
		text_put(&text,
			 ", \"user-us\": %" PRIu64 ", \"system-us\": %" PRIu64
			 ", \"max-rss-kib\": %" PRIu64,
			 usage->user_us, usage->system_us, usage->max_rss_kib);
	text_put(&text, " }\n");
	report(fd, &text);
}

/* Put the stack of a process, the innermost frame first. */
static void put_stack(struct text *text, const struct stuck *stuck)
{
	for (unsigned i = 0; i < STUCK_FRAMES && stuck->stack[i][0] != '\0'; i++) {
		text_put(text, i == 0 ? ", \"stack\": [" : ", ");
		put_string(text, stuck->stack[i]);
	}
	if (stuck->stack[0][0] != '\0')
		text_put(text, "]");
}

static void put_stuck(struct text *text, const struct stuck *stuck)
{
	const int second = 1000;
	const char state[] = {stuck->stat.state, '\0'};

	text_put(text, "{ \"phase\": \"stuck\", \"pid\": %d, \"name\": ", stuck->pid);
	put_string(text, stuck->stat.name);
	put_member(text, "role", stuck_role_name(stuck->role));
	put_member(text, "state", state);
	text_put(text, ", \"seconds\": %d.%03d", (int)(stuck->ms / second),
		 (int)(stuck->ms % second));
	text_put(text, ", \"wchan\": ");
	put_string(text, stuck->wchan);
	text_put(text, ", \"thread\": %d", stuck->stat.pid);
	if (stuck->tracer != 0)
		text_put(text, ", \"tracer\": %d", stuck->tracer);
	put_stack(text, stuck);
	put_member(text, "doing", stuck->doing);
	put_member(text, "meaning", stuck->meaning);
	put_member(text, "hint", stuck->hint);
	text_put(text, " }\n");
}

void status_stuck(int fd, const struct outcome *outcome)
{
	autotext struct text text = {0};

	for (size_t i = 0; i < outcome->n_stuck; i++)
		put_stuck(&text, &outcome->stuck[i]);
	if (outcome->n_stuck > 0)
		report(fd, &text);
}

void status_exit_code(int fd, int status)
{
	autotext struct text text = {0};

	text_put(&text, "{ \"exit-code\": %d }\n", exit_code_of(status));
	report(fd, &text);
}

void status_failed(int fd, const struct err *e)
{
	autotext struct text text = {0};
	const char *code = strerrorname_np(e->code);

	text_put(&text, "{ \"phase\": \"failed\", \"error\": { \"code\": ");
	put_string(&text, code != NULL ? code : "");
	put_member(&text, "option", e->option);
	put_member(&text, "path", e->path);
	put_member(&text, "message", e->msg);
	put_member(&text, "hint", e->hint);
	text_put(&text, " } }\n");
	report(fd, &text);
}
