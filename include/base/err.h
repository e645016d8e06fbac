/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The stage at which the run failed; decides the exit status. */
enum err_stage {
	ERR_SETUP, /* the sandbox could not be built */
	ERR_EXEC,  /* it was built, but the command could not be executed */
	ERR_USAGE, /* there is no command */
	ERR_GUARD, /* the command ran, and a protected path lost its protection */
};

/*
 * A failure and its context.  A plain value: it needs no freeing, works without free memory, and
 * children send it to the monitor as one message.
 */
struct err {
	int code; /* positive errno value, 0 while nothing failed */
	enum err_stage stage;
	char option[32];  /* the option to blame, as in "--bind"; "" if none */
	char path[1024];  /* the path to blame as the user wrote it, possibly truncated; "" if none
			   */
	char msg[2048];   /* "context: context: cause", NUL-terminated */
	char bwrap[1024]; /* bubblewrap's message, where programs read it; else "" */
	char hint[1024];  /* what the user can do about it; "" if unknown */
};

#define printf_like(fmt, first) __attribute__((format(printf, fmt, first)))
#define must_check __attribute__((warn_unused_result))

/* Record a cause that is no failed call, such as a bad argument.  Returns -@code. */
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
 * Record bubblewrap's message, without its name.  Only for texts that programs or scripts are known
 * to look for.  Returns -code, ready to return.
 */
int err_bwrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* Record what helps against the error.  Returns -code, ready to return. */
int err_hint(struct err *e, const char *fmt, ...) printf_like(2, 3);
