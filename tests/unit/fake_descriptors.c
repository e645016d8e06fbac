/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors, their names, and what goes through them. */
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "sys/sys.h"
#include "test.h"

struct fd *find_fd(int fd)
{
	if (fd < 0 || fd >= MAX_FDS || !fake.fds[fd].is_open) {
		fail_msg("descriptor %d is not open, after\n%s", fd, fake.trace);
		abort();
	}
	return &fake.fds[fd];
}

const char *name_of(int fd)
{
	return find_fd(fd)->name;
}

void set_fd(int fd, mode_t type, const char *fmt, ...)
{
	va_list ap;

	fake.fds[fd] = (struct fd){.is_open = true, .type = type};
	va_start(ap, fmt);
	(void)vsnprintf(fake.fds[fd].name, NAME_BYTES, fmt, ap);
	va_end(ap);
}

int next_fd(void)
{
	assert_true(fake.next_fd < MAX_FDS);
	return fake.next_fd++;
}

int open_as(struct outcome outcome, mode_t type, const char *fmt, ...)
{
	char name[NAME_BYTES];
	va_list ap;
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	fd = next_fd();
	set_fd(fd, type, "%s", outcome.passed != NULL ? outcome.passed : name);
	return fd;
}

void fake_sys_given(int fd, const char *name)
{
	set_fd(fd, S_IFDIR, "%s", name);
	fake.fds[fd].is_given = true;
}

/* Let /proc say that the descriptor @fd is of the process @pid. */
static void show_pidfd(int fd, pid_t pid)
{
	char name[NAME_BYTES];
	char text[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	(void)snprintf(text, sizeof(text), "pos:\t0\nPid:\t%d\nNSpid:\t%d\n", pid, pid);
	fake_sys_file(name, text);
}

void fake_sys_given_pidfd(int fd, const char *name, pid_t pid)
{
	fake_sys_given(fd, name);
	show_pidfd(fd, pid);
}

int new_pidfd(pid_t pid, const char *name)
{
	int fd = next_fd();

	if (name != NULL)
		set_fd(fd, 0, "%s", name);
	else
		set_fd(fd, 0, "pidfd:%d", pid);
	show_pidfd(fd, pid);
	return fd;
}

unsigned fake_sys_open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < MAX_FDS; fd++)
		n += fake.fds[fd].is_open && !fake.fds[fd].is_given;
	return n;
}

int fake_sys_fd(const char *name)
{
	for (int fd = 0; fd < MAX_FDS; fd++)
		if (fake.fds[fd].is_open && strcmp(fake.fds[fd].name, name) == 0)
			return fd;
	return -1;
}

const char *fake_sys_name(int fd)
{
	return name_of(fd);
}

int sys_last_error(void)
{
	return errno != 0 ? -errno : -EINVAL;
}

int sys_close(int fd)
{
	find_fd(fd)->is_open = false;
	return 0;
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	char end[16] = "-";
	struct outcome outcome;

	if (last != UINT_MAX)
		(void)snprintf(end, sizeof(end), "%u", last);
	outcome = call("close_range %u %s%s", first, end,
		       flags & CLOSE_RANGE_CLOEXEC ? " at exec" : "");
	if (!failed(outcome) && !(flags & CLOSE_RANGE_CLOEXEC))
		for (unsigned fd = first; fd <= last && fd < MAX_FDS; fd++)
			fake.fds[fd].is_open = false;
	return done(outcome);
}

static bool is_text(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] < ' ' && data[i] != '\n')
			return false;
	return true;
}

static void keep_written(int fd, const void *data, size_t size)
{
	struct written *w = &fake.written[fake.n_written];

	assert_true(fake.n_written < MAX_WRITTEN && size <= WRITTEN_BYTES);
	w->fd = fd;
	w->size = size;
	memcpy(w->data, data, size);
	fake.n_written++;
}

const void *fake_sys_written(int fd, unsigned i, size_t *size)
{
	for (unsigned at = 0; at < fake.n_written; at++) {
		if (fake.written[at].fd != fd || i-- > 0)
			continue;
		if (size != NULL)
			*size = fake.written[at].size;
		return fake.written[at].data;
	}
	return NULL;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	const char *shown = is_text(buf, size) ? buf : "(data)";
	int len = (int)(is_text(buf, size) ? size : strlen(shown));
	struct outcome outcome;

	if (fd < 0)
		return -EBADF; /* the reader is gone */
	outcome = call("write %s %.*s", name_of(fd), len, shown);
	if (outcome.is_told)
		return (ssize_t)outcome.r;
	keep_written(fd, buf, size);
	return (ssize_t)size;
}

int sys_getfd(int fd)
{
	return done(call("getfd %d", fd));
}

int sys_set_cloexec(int fd, bool cloexec)
{
	return done(call("%s_cloexec %d", cloexec ? "set" : "clear", fd));
}

int sys_socketpair(int pair[2])
{
	struct outcome outcome = call("socketpair");

	if (failed(outcome))
		return (int)outcome.r;
	pair[0] = next_fd();
	pair[1] = next_fd();
	if (outcome.passed != NULL) {
		set_fd(pair[0], 0, "%s", outcome.passed);
		set_fd(pair[1], 0, "%s", (const char *)outcome.data);
		return 0;
	}
	set_fd(pair[0], 0, "outside");
	set_fd(pair[1], 0, "inside");
	return 0;
}

int sys_pass_credentials(int sock)
{
	return done(call("pass_credentials %s", name_of(sock)));
}

int sys_pass_handles(int sock)
{
	return done(call("pass_handles %s", name_of(sock)));
}

void sys_shutdown(int sock)
{
	(void)call("shutdown %s", name_of(sock));
}

ssize_t sys_send(int sock, const void *buf, size_t size, int passed)
{
	struct outcome outcome;

	if (sock < 0)
		return -EBADF; /* there is no socket */
	outcome = call("send %s%s%s", name_of(sock), passed < 0 ? "" : " with ",
		       passed < 0 ? "" : name_of(passed));
	if (outcome.is_told)
		return (ssize_t)outcome.r;
	keep_written(sock, buf, size);
	return (ssize_t)size;
}

ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender)
{
	struct outcome outcome = call("receive %s", name_of(sock));

	*passed = -1;
	*sender = (struct sys_sender){.pid = outcome.sender, .handle = -1};
	if (outcome.passed != NULL)
		*passed = new_pidfd(outcome.sender, outcome.passed);
	if (outcome.handle != NULL)
		sender->handle = new_pidfd(outcome.sender, outcome.handle);
	return give(outcome, buf, size, 0);
}
