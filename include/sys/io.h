/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Copy the rest of @from to @to.  Returns 0 or -errno. */
int io_copy(int from, int to) must_check;

/*
 * Read the rest of @fd into *@ret, for the caller to free, with a NUL after its *@len bytes.
 * Returns 0 or -errno: -E2BIG for more than @max bytes.
 */
int io_read_all(int fd, size_t max, char **ret, size_t *len) must_check;

/*
 * Read the short file @path below @dirfd, such as a sysctl, into @buf, NUL-terminated and truncated
 * to @size.  io_read_line() reads only its first line, without the newline.  Returns 0 or -errno.
 */
int io_read_text(int dirfd, const char *path, char *buf, size_t size) must_check;
int io_read_line(int dirfd, const char *path, char *buf, size_t size) must_check;

/* Write @text to the file @path below @dirfd in one write.  Returns 0 or -errno. */
int io_write_file(int dirfd, const char *path, const char *text) must_check;

/* Read a byte from @fd, or its end of file.  Returns 0 or -errno. */
int io_await_byte(int fd) must_check;

/*
 * Whether a write to @fd stops blocking within @ms milliseconds, also because the reader has closed
 * it.  A reader that stops reading must not make a process wait for ever.
 */
bool io_has_room(int fd, int ms);

/*
 * Send @buf to @sock, with the descriptor @fd unless that is negative.  The kernel limits the
 * descriptors in flight of a user.  At the limit, wait up to PASS_LOOKS times PAUSE_MS.  Returns 0
 * or -errno: -ETOOMANYREFS if there are still too many.
 */
int io_pass(int sock, const void *buf, size_t size, int fd) must_check;

/* The reader of struct opt_reader: read all of @fd, at most @max bytes, and close it. */
int io_read_args(int fd, size_t max, char **ret, size_t *len, struct err *e) must_check;
