/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/times.h"
#include "sys/sys.h"

#define CHUNK 4096 /* bytes: the first read of a descriptor, and each copy */

/* read(2), retried after a signal. */
static ssize_t read_some(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = sys_read(fd, buf, size);
	while (n == -EINTR);
	return n;
}

static int write_all(int fd, const void *buf, size_t size)
{
	const char *left = buf;

	while (size > 0) {
		ssize_t n = sys_write(fd, left, size);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		left += n;
		size -= (size_t)n;
	}
	return 0;
}

int io_copy(int from, int to)
{
	char buf[CHUNK];

	for (;;) {
		ssize_t n = read_some(from, buf, sizeof(buf));
		int r;

		if (n <= 0)
			return (int)n;
		r = write_all(to, buf, (size_t)n);
		if (r < 0)
			return r;
	}
}

int io_read_all(int fd, size_t max, char **ret, size_t *len)
{
	autofree char *buf = NULL;
	size_t used = 0;
	size_t size = 0;

	for (;;) {
		ssize_t n;

		if (used == size) {
			char *larger;

			size = size == 0 ? CHUNK : size * 2;
			larger = realloc(buf, size + 1);
			if (larger == NULL)
				return -ENOMEM;
			buf = larger;
		}
		n = read_some(fd, buf + used, size - used);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -E2BIG;
	}
	buf[used] = '\0';
	*ret = ptr_take(&buf);
	*len = used;
	return 0;
}

int io_read_text(int dirfd, const char *path, char *buf, size_t size)
{
	autoclose int fd = sys_openat(dirfd, path, O_RDONLY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read_some(fd, buf, size - 1);
	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}

int io_read_line(int dirfd, const char *path, char *buf, size_t size)
{
	int r = io_read_text(dirfd, path, buf, size);

	if (r == 0)
		buf[strcspn(buf, "\n")] = '\0';
	return r;
}

bool io_has_room(int fd, int ms)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return sys_poll(&room, 1, ms) > 0;
}

int io_await_byte(int fd)
{
	char byte;
	ssize_t n = read_some(fd, &byte, sizeof(byte));

	return n < 0 ? (int)n : 0;
}

int io_pass(int sock, const void *buf, size_t size, int fd)
{
	ssize_t n = sys_send(sock, buf, size, fd);

	for (unsigned looks = 0; n == -ETOOMANYREFS && looks < PASS_LOOKS; looks++) {
		(void)sys_poll(NULL, 0, PAUSE_MS);
		n = sys_send(sock, buf, size, fd);
	}
	return n < 0 ? (int)n : 0;
}

int io_write_file(int dirfd, const char *path, const char *text)
{
	autoclose int fd = sys_openat(dirfd, path, O_WRONLY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_write(fd, text, strlen(text));
	return n < 0 ? (int)n : 0;
}

int io_read_args(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	int r = io_read_all(fd, max, ret, len);

	if (r == -E2BIG)
		return err_set(e, E2BIG, "more than 64 MiB of arguments");
	if (r < 0)
		return err_sys(e, r, "cannot read descriptor %d", fd);
	(void)sys_close(fd);
	return 0;
}
