/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * in_flight: send as many descriptors as the kernel lets this user have in flight, receive none of
 * them, print "ready", and hold them until the end of standard input.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 100
#define MESSAGES 8 /* that there is room for in one socket */

/* Send @AT_ONCE descriptors over @sock.  Returns 0, or -1 with errno set. */
static int send_some(int sock)
{
	union {
		char room[CMSG_SPACE(AT_ONCE * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = sizeof(byte)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&msg);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(AT_ONCE * sizeof(int));
	for (unsigned i = 0; i < AT_ONCE; i++) {
		const int fd = STDIN_FILENO;

		memcpy(CMSG_DATA(rights) + i * sizeof(fd), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, 0) < 0 ? -1 : 0;
}

int main(void)
{
	char byte;

	for (unsigned n = 0;; n++) {
		static int pair[2];

		if (n % MESSAGES == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
			break;
		if (send_some(pair[0]) < 0)
			break;
	}
	if (errno != ETOOMANYREFS) {
		perror("in_flight");
		return 1;
	}
	puts("ready");
	(void)fflush(stdout);
	(void)!read(STDIN_FILENO, &byte, sizeof(byte));
	return 0;
}
