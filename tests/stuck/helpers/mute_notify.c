/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mute_notify SECONDS: exit with status 7, but by a system call that the process supervises itself,
 * see seccomp_unotify(2): after SECONDS it is let through; never, if that is 0.  Prints "held".
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7
#define GIVE_UP_S 200

struct supervisor {
	int start[2]; /* a pipe, by which it learns the descriptor that it listens on */
	int seconds;
};

/* The filter is only for the thread that calls this, so the supervisor has to be another one. */
static int install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void *supervise(void *argument)
{
	const struct supervisor *supervisor = argument;
	struct seccomp_notif notice = {0};
	struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int listener;

	if (read(supervisor->start[0], &listener, sizeof(listener)) != sizeof(listener))
		return NULL;
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
		if (errno != EINTR)
			return NULL;
	(void)puts("held");
	(void)fflush(stdout);
	(void)sleep((unsigned)(supervisor->seconds > 0 ? supervisor->seconds : GIVE_UP_S));
	note_end();
	answer.id = notice.id;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return NULL;
}

int main(int argc, char **argv)
{
	struct supervisor supervisor = {.seconds = argc == 2 ? atoi(argv[1]) : -1};
	pthread_t thread;
	int listener;

	if (supervisor.seconds < 0 || pipe(supervisor.start) < 0 ||
	    pthread_create(&thread, NULL, supervise, &supervisor) != 0)
		return 2;
	listener = install_filter();
	if (listener < 0) {
		perror("seccomp");
		return 2;
	}
	if (write(supervisor.start[1], &listener, sizeof(listener)) == sizeof(listener))
		(void)syscall(SYS_exit_group, STATUS);
	return 2;
}
