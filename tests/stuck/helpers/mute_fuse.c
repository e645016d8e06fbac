/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mute_fuse [-m REQUEST]... MOUNTPOINT: mount a file system with one file, "f", and serve it, but
 * never answer such a REQUEST.  Prints "ready", and "mute REQUEST" each time it does not answer.
 *
 * mute_fuse -e STATUS MOUNTPOINT: serve it in a thread, open the file, and exit with STATUS.  The
 * exit closes the file, which waits for an answer.  The thread that would give it exits as well,
 * and the connection stays, because its descriptor is closed after that of the file.  So the
 * process waits for itself, and SIGKILL has no effect on it.  Prints "ready" and the connection's
 * number first.
 *
 * -d DEVICE: what to use in place of /dev/fuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ended.h"

#define GIVE_UP_S 200 /* then whatever waits for an answer goes on */
#define FILE_ID 2
#define FILE_BYTES 65536
#define CHUNK_BYTES 4096 /* at most in a WRITE, or in the answer to a READ */
#define HIGH_FD 100      /* above all that are open */

struct request {
	struct fuse_in_header head;
	union {
		struct fuse_init_in init;
		struct fuse_read_in read;
		struct fuse_write_in write;
		char bytes[FUSE_MIN_READ_BUFFER - sizeof(struct fuse_in_header)];
	} body;
};

union answer {
	struct fuse_init_out init;
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	struct fuse_open_out open;
	struct fuse_write_out write;
	struct fuse_statfs_out statfs;
	char bytes[CHUNK_BYTES];
};

/* Each fills in @ret, which is all zero, and returns how much of it is the answer, or -errno. */
static int answer_init(const struct request *request, union answer *ret)
{
	ret->init.major = FUSE_KERNEL_VERSION;
	ret->init.minor = FUSE_KERNEL_MINOR_VERSION;
	ret->init.max_readahead = request->body.init.max_readahead;
	ret->init.max_write = CHUNK_BYTES;
	ret->init.max_background = 16;
	ret->init.congestion_threshold = 12;
	return (int)sizeof(ret->init);
}

static void describe(uint64_t id, struct fuse_attr *ret)
{
	ret->ino = id;
	ret->nlink = 1;
	ret->uid = getuid(); /* a file of an unmapped ID cannot be written to */
	ret->gid = getgid();
	ret->blksize = CHUNK_BYTES;
	ret->mode = S_IFDIR | 0777;
	if (id == FILE_ID) {
		ret->mode = S_IFREG | 0777;
		ret->size = FILE_BYTES;
	}
}

static int answer_lookup(const struct request *request, union answer *ret)
{
	if (strcmp(request->body.bytes, "f") != 0)
		return -ENOENT;
	ret->entry.nodeid = FILE_ID;
	ret->entry.attr_valid = 1;
	describe(FILE_ID, &ret->entry.attr);
	return (int)sizeof(ret->entry);
}

static int answer_attr(const struct request *request, union answer *ret)
{
	ret->attr.attr_valid = 1;
	describe(request->head.nodeid, &ret->attr.attr);
	return (int)sizeof(ret->attr);
}

static int answer_open(const struct request *request, union answer *ret)
{
	(void)request;
	return (int)sizeof(ret->open);
}

/* Zeros.  A short read would mean the end of the file. */
static int answer_read(const struct request *request, union answer *ret)
{
	uint32_t wanted = request->body.read.size;

	return wanted <= sizeof(ret->bytes) ? (int)wanted : -EIO;
}

static int answer_write(const struct request *request, union answer *ret)
{
	ret->write.size = request->body.write.size;
	return (int)sizeof(ret->write);
}

static int answer_statfs(const struct request *request, union answer *ret)
{
	(void)request;
	ret->statfs.st.bsize = CHUNK_BYTES;
	ret->statfs.st.namelen = NAME_MAX;
	return (int)sizeof(ret->statfs);
}

static int answer_nothing(const struct request *request, union answer *ret)
{
	(void)request;
	(void)ret;
	return 0;
}

static const struct kind {
	uint32_t opcode;
	const char *name;
	int (*answer)(const struct request *request,
		      union answer *ret); /* NULL: none is expected */
} kinds[] = {
	{.opcode = FUSE_INIT, .name = "init", .answer = answer_init},
	{.opcode = FUSE_LOOKUP, .name = "lookup", .answer = answer_lookup},
	{.opcode = FUSE_GETATTR, .name = "getattr", .answer = answer_attr},
	{.opcode = FUSE_SETATTR, .name = "setattr", .answer = answer_attr},
	{.opcode = FUSE_OPEN, .name = "open", .answer = answer_open},
	{.opcode = FUSE_OPENDIR, .name = "opendir", .answer = answer_open},
	{.opcode = FUSE_READ, .name = "read", .answer = answer_read},
	{.opcode = FUSE_READDIR, .name = "readdir", .answer = answer_nothing},
	{.opcode = FUSE_WRITE, .name = "write", .answer = answer_write},
	{.opcode = FUSE_FLUSH, .name = "flush", .answer = answer_nothing},
	{.opcode = FUSE_FSYNC, .name = "fsync", .answer = answer_nothing},
	{.opcode = FUSE_RELEASE, .name = "release", .answer = answer_nothing},
	{.opcode = FUSE_RELEASEDIR, .name = "releasedir", .answer = answer_nothing},
	{.opcode = FUSE_STATFS, .name = "statfs", .answer = answer_statfs},
	{.opcode = FUSE_DESTROY, .name = "destroy", .answer = answer_nothing},
	{.opcode = FUSE_FORGET, .name = "forget"},
	{.opcode = FUSE_BATCH_FORGET, .name = "batch_forget"},
	{.opcode = FUSE_INTERRUPT, .name = "interrupt"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct server {
	int fd;
	bool mute[KINDS];
};

/* @size: bytes of @answer, or -errno. */
static void reply(int fd, uint64_t unique, int size, union answer *answer)
{
	struct fuse_out_header head = {.unique = unique, .error = size < 0 ? size : 0};
	struct iovec parts[2] = {
		{.iov_base = &head, .iov_len = sizeof(head)},
		{.iov_base = answer, .iov_len = size > 0 ? (size_t)size : 0},
	};

	head.len = (uint32_t)(parts[0].iov_len + parts[1].iov_len);
	if (writev(fd, parts, 2) < 0 && errno != ENOENT) /* no request waits any more */
		perror("mute_fuse");
}

static void serve_request(const struct server *server, const struct request *request)
{
	union answer answer = {0};

	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].opcode != request->head.opcode)
			continue;
		if (server->mute[i]) {
			printf("mute %s\n", kinds[i].name);
			(void)fflush(stdout);
		} else if (kinds[i].answer != NULL) {
			reply(server->fd, request->head.unique, kinds[i].answer(request, &answer),
			      &answer);
		}
		return;
	}
	reply(server->fd, request->head.unique, -ENOSYS, &answer);
}

/* Until the file system is unmounted. */
static void serve(const struct server *server)
{
	struct request request;

	for (;;) {
		if (read(server->fd, &request, sizeof(request)) > 0)
			serve_request(server, &request);
		else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
			return;
	}
}

static void *serve_in_thread(void *server)
{
	serve(server);
	return NULL;
}

static bool set_mute(struct server *server, const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return server->mute[i] = true;
	(void)fprintf(stderr, "mute_fuse: no such request: %s\n", name);
	return false;
}

static bool mount_fuse(struct server *server, const char *device, const char *mountpoint)
{
	char options[128];
	int fd = open(device, O_RDWR | O_CLOEXEC);

	server->fd = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (server->fd < 0) {
		perror(device);
		return false;
	}
	(void)close(fd);
	(void)snprintf(options, sizeof(options),
		       "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other,max_read=%d",
		       server->fd, getuid(), getgid(), CHUNK_BYTES);
	if (mount("mute", mountpoint, "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		perror(mountpoint);
		return false;
	}
	return true;
}

static int wait_for_itself(struct server *server, const char *mountpoint, int status)
{
	struct stat stat = {0};
	pthread_t thread;
	int dir, fd;

	(void)set_mute(server, "flush");
	if (pthread_create(&thread, NULL, serve_in_thread, server) != 0)
		return 2;
	dir = open(mountpoint, O_PATH | O_CLOEXEC);
	fd = openat(dir, "f", O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) < 0) {
		perror("f");
		return 2;
	}
	printf("ready %u\n", minor(stat.st_dev));
	(void)fflush(stdout);
	note_end();
	_exit(status);
}

int main(int argc, char **argv)
{
	const char *device = "/dev/fuse";
	struct server server = {0};
	int status = -1;
	int option;

	while ((option = getopt(argc, argv, "d:e:m:")) != -1) {
		if (option == 'd')
			device = optarg;
		else if (option == 'e')
			status = atoi(optarg);
		else if (option != 'm' || !set_mute(&server, optarg))
			return 2;
	}
	if (optind != argc - 1 || !mount_fuse(&server, device, argv[optind]))
		return 2;
	(void)alarm(GIVE_UP_S);
	if (status >= 0)
		return wait_for_itself(&server, argv[optind], status);
	(void)puts("ready");
	(void)fflush(stdout);
	serve(&server);
	return 0;
}
