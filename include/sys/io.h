/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Copy what is left of @from to @to.  Returns 0 or -errno. */
int io_copy(int from, int to) must_check;

/*
 * Read what is left of @fd into *@ret, the caller's to free, with a NUL byte
 * behind its *@len bytes.  Returns 0, -ENOMEM, -E2BIG if there are more than
 * @max bytes, or read(2)'s -errno.
 */
int io_read_all(int fd, size_t max, char **ret, size_t *len) must_check;

/*
 * Read the short file @path below @dirfd, such as a sysctl, into @buf, NUL-
 * terminated; io_read_line() only its first line, without the line's end.  What there is no
 * room for is left out.  Returns 0 or -errno.
 */
int io_read_text(int dirfd, const char *path, char *buf, size_t size) must_check;
int io_read_line(int dirfd, const char *path, char *buf, size_t size) must_check;

/* Write @text to the file @path below @dirfd in one write.  Returns 0 or -errno. */
int io_write_file(int dirfd, const char *path, const char *text) must_check;

/* Wait until there is a byte to read from @fd, or its end.  Returns 0 or -errno. */
int io_await_byte(int fd) must_check;

/*
 * Whether a write to @fd would not block, within @ms milliseconds; also if nobody reads any more.
 * Who does not read what he asked for must not make a process wait for ever.
 */
bool io_has_room(int fd, int ms);

/*
 * Send @buf to @sock, with the descriptor @fd unless that is negative.  A user's descriptors that
 * are on their way are limited, together with those of all his processes: while there are too many,
 * wait, because they usually arrive in a moment.  Returns 0 or -errno: -ETOOMANYREFS if they do
 * not.
 */
int io_pass(int sock, const void *buf, size_t size, int fd) must_check;

/*
 * The reader of struct opt_reader: read all of @fd, at most @max bytes, and
 * close it.
 */
int io_read_args(int fd, size_t max, char **ret, size_t *len, struct err *e) must_check;
