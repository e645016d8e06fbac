/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * With CAP_SYS_ADMIN a command could unmount, move and remount all that was mounted for it.
 * No filter of system calls can tell such a mount from a copy that the command made of it.
 * The kernel can: when a mount namespace is copied into a less privileged user namespace, it
 * locks each mount, and each restriction of it, for good: see mount_namespaces(7).
 *
 *	outer    user and mount namespace in which everything is mounted
 *	└─ inner    the command's: a copy, in which all of that is locked
 *
 * What the command mounts in there, copies of locked mounts included, is its own.
 *
 * The inner user namespace maps every id of the outer one to itself.  Only a process in the
 * outer one has the right to do that, and whoever enters the inner one cannot come back: so a
 * helper is forked before.
 *
 * Namespaces of host names and cgroups are copied as well, so that its capabilities hold for
 * them.  What the others hold cannot be copied: the network, the processes, and what System V
 * calls IPC.
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
#include "sys/io.h"
#include "sys/sys.h"

#define PATH_BYTES 16
#define MAP_BYTES 65536 /* more than the 340 lines that an id map can have */

/* What the helper is given. */
struct mapper {
	int proc;    /* the host's procfs */
	int process; /* directory there of the process whose user namespace gets the maps */
};

/* Let the id map in @file be one that maps all ids of this process's to themselves. */
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
 * The helper: when told to, map the ids, and tell how that went.  Without a word there is no
 * user namespace to do it in.  Does not return.
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

/* Have the helper at the other end of @sock map the ids.  Returns 0 or -errno with @e set. */
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
 * With a helper at the other end of @sock: enter the namespaces, see lock_enter().  The option is
 * named although it may be implied: its part of the manual says how to do without.
 */
static int enter(int sock, unsigned flags, struct err *e)
{
	int r = sys_unshare((int)(CLONE_NEWUSER | CLONE_NEWNS | flags));

	if (r < 0) {
		(void)err_sys(e, r, "cannot make the namespaces in which mounts are locked");
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
	int status;
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
	r = pid < 0 ? err_sys(e, pid, "cannot make a helper that maps ids")
		    : enter(pair[HERE], flags, e);
	(void)sys_close(pair[HERE]);
	while (pid > 0 && sys_wait(pid, &status, 0) == -EINTR)
		;
	return r;
}
