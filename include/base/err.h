/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* How far the run had come when it failed; decides the exit status. */
enum err_stage {
	ERR_SETUP, /* the sandbox could not be made */
	ERR_EXEC,  /* it stood, but the command could not be executed */
	ERR_USAGE, /* there is no command */
	ERR_GUARD, /* the command ran, and something that was to be protected was not any more */
};

/*
 * What went wrong, and while doing what.
 *
 * A plain value: it needs no freeing, works after running out of memory, and
 * is sent between processes as one message, which is how a child tells the monitor.
 */
struct err {
	int code; /* positive errno value, 0 while nothing failed */
	enum err_stage stage;
	char option[32];  /* the option to blame, as in "--bind"; "" if none */
	char path[1024];  /* the path to blame, as the user wrote it, or its start; "" if none */
	char msg[2048];   /* "context: context: cause", NUL-terminated */
	char bwrap[1024]; /* the same as bubblewrap says it, where programs read it; else "" */
	char hint[1024];  /* what the reader can do about it; "" if unknown */
};

#define printf_like(fmt, first) __attribute__((format(printf, fmt, first)))
#define must_check __attribute__((warn_unused_result))

/* Record a cause of our own finding, such as a bad argument.  Returns -@code. */
int err_set(struct err *e, int code, const char *fmt, ...) printf_like(3, 4);

/* Record a failed system call as "what: strerror".  @ret is its -errno; returns @ret. */
int err_sys(struct err *e, int ret, const char *fmt, ...) printf_like(3, 4);

/* Prepend context to a recorded error.  Returns -code, ready to return. */
int err_add(struct err *e, const char *fmt, ...) printf_like(2, 3);

/*
 * Prepend the option to blame, @option without its dashes, and record it unless there is one
 * already: --args may hold it.  Returns -code, ready to return.
 */
int err_option(struct err *e, const char *option);

/* Record the path to blame, unless there is one already.  Returns -code, ready to return. */
int err_path(struct err *e, const char *path);

/*
 * Record how bubblewrap says it, without its name before it.  Only for texts that
 * programs or scripts are known to look for.  Returns -code, ready to return.
 */
int err_bwrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* Say what helps against a recorded error.  Returns -code, ready to return. */
int err_hint(struct err *e, const char *fmt, ...) printf_like(2, 3);
