/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input is what a file of /proc, or the table of kernels, contains.  Its first byte says who
 * reads it; the other files that these want to read contain the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "fuzz.h"
#include "host/kernel.h"
#include "host/mountinfo.h"
#include "host/proc.h"
#include "sys/sys.h"

enum { PROC = 3, FILE_FD, DIRECTORY_FD };

static struct {
	const char *data;
	size_t size;
	size_t at;
	unsigned entries; /* of the directory, that are left */
} input;

/* --- The kernel ----------------------------------------------------------- */

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	(void)dirfd, (void)path, (void)mode;
	if (flags & O_DIRECTORY) {
		input.entries = 2;
		return DIRECTORY_FD;
	}
	input.at = 0;
	return FILE_FD;
}

int sys_close(int fd)
{
	check(fd == FILE_FD || fd == DIRECTORY_FD);
	return 0;
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	size_t left = input.size - input.at;
	size_t n = left < size ? left : size;

	check(fd == FILE_FD);
	if (n > 0)
		memcpy(buf, input.data + input.at, n);
	input.at += n;
	return (ssize_t)n;
}

ssize_t sys_getdents(int fd, void *buf, size_t size)
{
	struct dirent64 entry = {.d_reclen = sizeof(entry), .d_name = "7"};

	check(fd == DIRECTORY_FD && size >= sizeof(entry));
	if (input.entries == 0)
		return 0;
	input.entries--;
	memcpy(buf, &entry, sizeof(entry));
	return sizeof(entry);
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	(void)dirfd, (void)path, (void)buf;
	return (ssize_t)size;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	(void)fd, (void)buf, (void)size;
	return -EBADF;
}

ssize_t sys_send(int sock, const void *buf, size_t size, int passed)
{
	(void)passed;
	return sys_write(sock, buf, size);
}

int sys_rewind(int fd)
{
	(void)fd;
	return 0;
}

int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
	(void)fds, (void)timeout_ms;
	return (int)n;
}

int sys_uname(struct utsname *ret)
{
	*ret = (struct utsname){.release = "6.8.0-rc4", .version = "#1 SMP"};
	return 0;
}

/* --- Who reads ------------------------------------------------------------ */

static void read_stat(void)
{
	struct proc_stat stat;

	if (proc_stat(PROC, "7", &stat) == 0)
		check(memchr(stat.name, '\0', sizeof(stat.name)) != NULL);
}

static void read_end(void)
{
	pid_t holder = 0;
	int status = 0;

	if (proc_is_ending(PROC, 7, &holder, &status) > 0)
		check(holder == 7);
}

static void read_pidfd(void)
{
	check(proc_pid_of(PROC, FILE_FD) != 0);
}

static void read_mounts(void)
{
	struct mountinfo info = {0};

	if (mountinfo_read(PROC, "7", &info) < 0)
		return;
	for (size_t i = 0; i < info.n; i++) {
		const struct mountinfo_entry *mount = &info.list[i];

		check(strlen(mount->point) <= input.size && strlen(mount->type) <= input.size);
		check(mountinfo_is_type(mount, mount->type));
		check(mountinfo_has_device(&info, mount->device));
	}
	mountinfo_done(&info);
}

static void read_kernels(void)
{
	struct kernel_flaw flaw = {""};
	struct err e = {0};

	if (kernel_check(false, &flaw, &e) > 0)
		check(strstr(flaw.text, "6.8.0-rc4") != NULL);
	check(e.code == 0);
	check((kernel_check(true, &flaw, &e) < 0) == (e.code > 0));
}

static void (*const readers[])(void) = {read_stat, read_end, read_pidfd, read_mounts, read_kernels};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t n = sizeof(readers) / sizeof(readers[0]);
	char *text = malloc(size + 1);

	if (size > 0 && text != NULL) {
		memcpy(text, data, size);
		text[size] = '\0';
		input.data = text + 1;
		input.size = size - 1;
		readers[data[0] % n]();
	}
	free(text);
	return 0;
}
