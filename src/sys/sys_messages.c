/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sys/ret.h"
#include "sys/sys.h"

/* The sender of a message, Linux 6.5. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

#define SELECT_MAX 8192 /* descriptors below this can be waited for by select(2) */
#define WORD_BITS (8 * sizeof(long))

/* A set of descriptors for select(2), as the kernel has it. */
struct fd_bits {
	unsigned long words[SELECT_MAX / WORD_BITS];
};

static void add_fd(struct fd_bits *set, int fd)
{
	set->words[(unsigned)fd / WORD_BITS] |= 1UL << ((unsigned)fd % WORD_BITS);
}

static bool has_fd(const struct fd_bits *set, int fd)
{
	return (set->words[(unsigned)fd / WORD_BITS] >> ((unsigned)fd % WORD_BITS)) & 1;
}

/* Set the events that select(2) has found.  Returns how many of @fds are ready. */
static int take_ready(struct pollfd *fds, unsigned n, const struct fd_bits *in,
		      const struct fd_bits *out)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0 && has_fd(in, fds[i].fd))
			fds[i].revents |= POLLIN;
		if (fds[i].fd >= 0 && has_fd(out, fds[i].fd))
			fds[i].revents |= POLLOUT;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/*
 * poll(2) fails for more descriptors than RLIMIT_NOFILE allows, and a payload may have set that to
 * 0 for this process.  select(2) ignores the limit.
 */
static int poll_by_select(struct pollfd *fds, unsigned n, int timeout_ms)
{
	const int second_ms = 1000;
	const long ms_ns = 1000000;
	struct timespec timeout = {.tv_sec = timeout_ms / second_ms,
				   .tv_nsec = timeout_ms % second_ms * ms_ns};
	struct fd_bits in = {0};
	struct fd_bits out = {0};
	int max = -1;
	int r;

	for (unsigned i = 0; i < n; i++) {
		if (fds[i].fd >= SELECT_MAX)
			return -EINVAL;
		if (fds[i].fd < 0)
			continue;
		add_fd((fds[i].events & POLLOUT) ? &out : &in, fds[i].fd);
		max = fds[i].fd > max ? fds[i].fd : max;
	}
	r = ret(syscall(SYS_pselect6, max + 1, &in, &out, NULL, timeout_ms < 0 ? NULL : &timeout,
			NULL));
	return r < 0 ? r : take_ready(fds, n, &in, &out);
}

int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
	int r = ret(poll(fds, n, timeout_ms));

	return r == -EINVAL ? poll_by_select(fds, n, timeout_ms) : r;
}

int sys_socketpair(int pair[2])
{
	return ret(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
}

int sys_pass_credentials(int sock)
{
	const int on = 1;

	return ret(setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
}

int sys_pass_handles(int sock)
{
	const int on = 1;

	return ret(setsockopt(sock, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)));
}

void sys_shutdown(int sock)
{
	(void)shutdown(sock, SHUT_RDWR);
}

/* Aligned room for the control messages of one message. */
union sent_control {
	/* cppcheck-suppress unusedStructMember ; it gives the size */
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

union received_control {
	/* cppcheck-suppress unusedStructMember ; it gives the size */
	char room[2 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

ssize_t sys_send(int sock, const void *buf, size_t size, int passed)
{
	union {
		const void *given; /* cppcheck-suppress unusedStructMember ; by initialiser */
		void *wanted;
	} data = {.given = buf};
	struct iovec iov = {.iov_base = data.wanted, .iov_len = size};
	union sent_control control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (passed >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &passed, sizeof(passed));
	}
	return ret_size(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

/* Return the first descriptor of @rights and close any others. */
static int take_descriptor(struct cmsghdr *rights)
{
	const size_t n = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int first = -1;

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(rights) + i * sizeof(fd), sizeof(fd));
		if (i == 0)
			first = fd;
		else
			(void)close(fd);
	}
	return first;
}

/* Read the sender of the message from @c. */
static void take_sender(struct cmsghdr *c, struct sys_sender *sender)
{
	struct ucred ucred;

	if (c->cmsg_type == SCM_PIDFD) {
		memcpy(&sender->handle, CMSG_DATA(c), sizeof(sender->handle));
	} else if (c->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&ucred, CMSG_DATA(c), sizeof(ucred));
		sender->pid = ucred.pid;
	}
}

ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender)
{
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	union received_control control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = ret_size(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC));

	*passed = -1;
	*sender = (struct sys_sender){.handle = -1};
	if (n <= 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_type == SCM_RIGHTS)
			*passed = take_descriptor(c);
		else
			take_sender(c, sender);
	}
	return n;
}
