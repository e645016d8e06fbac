/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Descriptions are truncated, to leave room for the cause and for the context that callers add. */
#define ROOM 256
#define DESCRIPTION_BYTES (sizeof(((struct err *)0)->msg) - ROOM)

/* Append as much of @text as fits. */
static void append(struct err *e, const char *text)
{
	size_t used = strlen(e->msg);

	(void)snprintf(e->msg + used, sizeof(e->msg) - used, "%s", text);
}

/* Begin a new record: an old one is about another failure. */
static void printf_like(3, 0) begin(struct err *e, int code, const char *fmt, va_list ap)
{
	(void)vsnprintf(e->msg, DESCRIPTION_BYTES, fmt, ap);
	e->code = code;
	e->stage = ERR_SETUP;
	e->option[0] = '\0';
	e->path[0] = '\0';
	e->bwrap[0] = '\0';
	e->hint[0] = '\0';
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(e, code, fmt, ap);
	va_end(ap);
	return -code;
}

/* The message for @code, a positive errno value; plainer than libc's where that misleads. */
static const char *meaning(int code)
{
	return code == ETOOMANYREFS ? "this user has too many descriptors in flight in sockets"
				    : strerror(code);
}

int err_sys(struct err *e, int ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(e, -ret, fmt, ap);
	va_end(ap);
	append(e, ": ");
	append(e, meaning(-ret));
	return ret;
}

int err_add(struct err *e, const char *fmt, ...)
{
	char cause[sizeof(e->msg)];
	va_list ap;

	memcpy(cause, e->msg, sizeof(cause));
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	append(e, ": ");
	append(e, cause);
	return -e->code;
}

int err_option(struct err *e, const char *option)
{
	if (e->option[0] == '\0')
		(void)snprintf(e->option, sizeof(e->option), "--%s", option);
	return err_add(e, "--%s", option);
}

int err_path(struct err *e, const char *path)
{
	if (e->path[0] == '\0')
		(void)snprintf(e->path, sizeof(e->path), "%s", path);
	return -e->code;
}

int err_bwrap(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->bwrap, sizeof(e->bwrap), fmt, ap);
	va_end(ap);
	return -e->code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -e->code;
}
