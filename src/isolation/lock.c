/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * With CAP_SYS_ADMIN a command could unmount, move and remount the sandbox's mounts.  No seccomp
 * filter can distinguish such a mount from the command's own copy of it.  The kernel can: when it
 * copies a mount namespace into a less privileged user namespace, it locks each mount and its
 * restrictions, for good.  See mount_namespaces(7).
 *
 *	outer    user and mount namespace in which sbx mounts everything
 *	└─ inner    the command's: a copy, in which these mounts are locked
 *
 * Mounts that the command creates there, including copies of locked mounts, are its own.
 *
 * The inner user namespace maps every id of the outer one to itself.  Only a process in the outer
 * one may write such a map, and no process can return from the inner one.  So a helper is forked
 * before.
 *
 * The UTS and the cgroup namespace are copied as well, so that the command's capabilities hold for
 * them.  The contents of network, PID and IPC namespaces cannot be copied.
 */
#include "isolation/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/hint.h"
#include "sys/helper.h"
#include "sys/io.h"
#include "sys/sys.h"

#define PATH_BYTES 16
#define MAP_BYTES 65536 /* more than the 340 lines that an id map can have */

/* The helper's input. */
struct mapper {
	int proc;    /* the host's procfs */
	int process; /* the directory there of the process in the new user namespace */
};

/* Write an id map to @file that maps all ids of this process's user namespace to themselves. */
static int copy_map(const struct mapper *m, const char *file)
{
	autoclose int fd = -1;
	autofree char *map = NULL;
	autotext struct text copy = {0};
	char path[PATH_BYTES];
	char *lines = NULL;
	size_t len;
	int r;

	(void)snprintf(path, sizeof(path), "self/%s", file);
	fd = sys_openat(m->proc, path, O_RDONLY, 0);
	r = fd < 0 ? fd : io_read_all(fd, MAP_BYTES, &map, &len);
	if (r < 0)
		return r;
	for (char *line = strtok_r(map, "\n", &lines); line != NULL;
	     line = strtok_r(NULL, "\n", &lines)) {
		char *words = NULL;
		const char *inside = strtok_r(line, " ", &words);
		const char *outside = strtok_r(NULL, " ", &words);
		const char *count = strtok_r(NULL, " ", &words);

		if (inside == NULL || outside == NULL || count == NULL)
			return -EINVAL;
		text_put(&copy, "%s %s %s\n", inside, inside, count);
	}
	if (copy.failed)
		return -ENOMEM;
	return copy.used == 0 ? -EINVAL : io_write_file(m->process, file, copy.start);
}

/*
 * The helper: wait for a byte, map the ids and send the result.  Without that byte there is no user
 * namespace to map them in.  Does not return.
 */
static void be_mapper(const struct mapper *m, int sock)
{
	char go;
	int r;

	if (sys_read(sock, &go, sizeof(go)) != sizeof(go))
		sys_exit(1);
	r = copy_map(m, "uid_map");
	if (r == 0)
		r = copy_map(m, "gid_map");
	(void)sys_write(sock, &r, sizeof(r));
	sys_exit(0);
}

/* Let the helper at the other end of @sock map the ids.  Returns 0 or -errno with @e set. */
static int have_mapped(int sock, struct err *e)
{
	ssize_t n = sys_send(sock, "", 1, -1);
	int r = 0;

	if (n >= 0)
		n = sys_read(sock, &r, sizeof(r));
	if (n == -EPIPE || (n >= 0 && (size_t)n != sizeof(r)))
		return err_set(e, ECHILD, "the helper that maps ids was killed");
	if (n < 0)
		r = (int)n;
	if (r < 0) {
		(void)err_sys(e, r, "cannot map the ids of the second user namespace");
		hint_id_map(e);
	}
	return r;
}

/*
 * With a helper at the other end of @sock, enter the namespaces of lock_enter().  The error names
 * --lock-mounts even if that is implied: its part of the manual says how to do without.
 */
static int enter(int sock, unsigned flags, struct err *e)
{
	int r = sys_unshare((int)(CLONE_NEWUSER | CLONE_NEWNS | flags));

	if (r < 0) {
		(void)err_sys(e, r, "cannot create the namespaces in which mounts are locked");
		hint_namespaces(CLONE_NEWUSER, e);
	} else {
		r = have_mapped(sock, e);
	}
	return r < 0 ? err_option(e, "lock-mounts") : 0;
}

int lock_enter(int proc, unsigned flags, struct err *e)
{
	enum { HERE, THERE, ENDS };
	struct mapper m = {.proc = proc};
	autoclose int process = sys_openat(proc, "self", O_PATH | O_DIRECTORY, 0);
	autoclose int pidfd = -1;
	int pair[ENDS];
	pid_t pid = process < 0 ? process : sys_socketpair(pair);
	int r;

	if (pid < 0)
		return err_sys(e, pid, "cannot prepare a helper that maps ids");
	m.process = process;
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		(void)sys_close(pair[HERE]);
		be_mapper(&m, pair[THERE]);
	}
	(void)sys_close(pair[THERE]);
	r = pid < 0 ? err_sys(e, pid, "cannot start a helper that maps ids")
		    : enter(pair[HERE], flags, e);
	(void)sys_close(pair[HERE]);
	helper_reap(pid);
	return r;
}
