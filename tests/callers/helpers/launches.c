/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launches PROGRAM: print a line with the process id each time that a process executes
 * the file PROGRAM, by whatever name, until killed.  The first line is "watching".  Needs
 * CAP_SYS_ADMIN.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

static void print_events(struct fanotify_event_metadata *event, ssize_t left)
{
	for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left)) {
		if (event->fd >= 0)
			(void)close(event->fd);
		printf("%d\n", event->pid);
	}
}

int main(int argc, char **argv)
{
	struct fanotify_event_metadata events[64];
	ssize_t size;
	int watch;

	if (argc != 2)
		return 2;
	watch = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	if (watch < 0 || fanotify_mark(watch, FAN_MARK_ADD, FAN_OPEN_EXEC, AT_FDCWD, argv[1]) < 0) {
		perror("launches");
		return 1;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	puts("watching");
	do {
		size = read(watch, events, sizeof(events));
		print_events(events, size);
	} while (size > 0);
	return 1;
}
