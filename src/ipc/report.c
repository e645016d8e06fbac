/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/report.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "sys/io.h"
#include "sys/sys.h"

/* Bytes of a report up to the end of @member. */
#define SIZE_TO(member)                                                                            \
	(offsetof(struct report, member) + sizeof(((const struct report *)0)->member))

/* Messages are sent whole or not at all. */
static int failure(ssize_t sent)
{
	return sent < 0 ? (int)sent : 0;
}

int report_started(int sock)
{
	struct report report = {.kind = REPORT_STARTED};

	return failure(sys_send(sock, &report, SIZE_TO(kind), -1));
}

int report_namespaces(int sock, const struct ns_ids *ids)
{
	struct report report = {.kind = REPORT_NAMESPACES, .namespaces = *ids};

	return failure(sys_write(sock, &report, SIZE_TO(namespaces)));
}

int report_note(int sock, const struct note *note)
{
	struct report report = {.kind = REPORT_NOTE, .note = *note};

	return failure(sys_write(sock, &report, SIZE_TO(note)));
}

int report_mount_point(int sock, const struct mount_point_note *note, int fd)
{
	struct report report = {.kind = REPORT_MOUNT_POINT, .mount_points = *note};

	return io_pass(sock, &report, SIZE_TO(mount_points), fd);
}

void report_stopped(int sock, int sig)
{
	struct report report = {.kind = REPORT_STOPPED, .stopped = sig};

	(void)sys_write(sock, &report, SIZE_TO(stopped));
}

void report_ended(int sock, int status, bool is_last)
{
	struct report report = {
		.kind = REPORT_ENDED,
		.ended = {.status = status, .is_last = is_last},
	};

	(void)sys_write(sock, &report, SIZE_TO(ended));
}

void report_failed(int sock, const struct err *e)
{
	struct report report = {.kind = REPORT_FAILED, .err = *e};

	(void)sys_write(sock, &report, SIZE_TO(err));
}

static void end_error(struct err *e)
{
	e->option[sizeof(e->option) - 1] = '\0';
	e->path[sizeof(e->path) - 1] = '\0';
	e->msg[sizeof(e->msg) - 1] = '\0';
	e->bwrap[sizeof(e->bwrap) - 1] = '\0';
	e->hint[sizeof(e->hint) - 1] = '\0';
}

static void end_note(struct note *note)
{
	note->option[sizeof(note->option) - 1] = '\0';
	note->path[sizeof(note->path) - 1] = '\0';
	note->text[sizeof(note->text) - 1] = '\0';
}

/* Whether the @n bytes are a valid report of their kind; terminates its texts. */
static bool is_sound(struct report *report, size_t n)
{
	if (n < SIZE_TO(kind))
		return false;
	switch (report->kind) {
	case REPORT_NAMESPACES:
		return n == SIZE_TO(namespaces);
	case REPORT_MOUNT_POINT:
		report->mount_points.name[sizeof(report->mount_points.name) - 1] = '\0';
		return n == SIZE_TO(mount_points);
	case REPORT_STARTED:
		return n == SIZE_TO(kind);
	case REPORT_STOPPED:
		return n == SIZE_TO(stopped);
	case REPORT_ENDED:
		return n == SIZE_TO(ended);
	case REPORT_FAILED:
		end_error(&report->err);
		return n == SIZE_TO(err) && report->err.code > 0;
	case REPORT_NOTE:
		end_note(&report->note);
		return n == SIZE_TO(note) && report->note.level <= NOTE_WARNING;
	}
	return false;
}

int report_receive(int sock, struct report *ret, int *fd)
{
	struct sys_sender sender;
	autoclose int passed = -1;
	autoclose int handle = -1;
	ssize_t n = sys_receive(sock, ret, sizeof(*ret), &passed, &sender);

	*fd = -1;
	handle = sender.handle;
	if (n == -ECONNRESET)
		return 0;
	if (n <= 0)
		return (int)n;
	if (!is_sound(ret, (size_t)n) || (passed >= 0 && ret->kind != REPORT_MOUNT_POINT))
		return -EPROTO;
	ret->sender = sender.pid;
	if (ret->kind == REPORT_MOUNT_POINT)
		*fd = fd_take(&passed);
	else if (ret->kind == REPORT_STARTED)
		*fd = fd_take(&handle);
	return 1;
}

/* The monitor's messages. */
enum { GO = 'g', GO_AND_GIVE_MOUNTS = 'm' };

int report_go(int sock, bool needs_mounts)
{
	const char go = needs_mounts ? GO_AND_GIVE_MOUNTS : GO;

	return failure(sys_send(sock, &go, sizeof(go), -1));
}

int report_await_go(int sock)
{
	char go;
	ssize_t n;

	do
		n = sys_read(sock, &go, sizeof(go));
	while (n == -EINTR);
	if (n < 0)
		return (int)n;
	return n == 0 ? -EPIPE : go == GO_AND_GIVE_MOUNTS;
}
