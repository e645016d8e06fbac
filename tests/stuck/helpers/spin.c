/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spin DIR MIB: remove a folder in DIR, a tmpfs, while another process gives back the memory of a
 * deleted file of MIB mebibytes in it; then exit with status 7.  Prints "spinning" before.
 *
 * The kernel has to wait for the file's dying directory entry.  Linux 6.8 to 7.0 does so by walking
 * through the folder over and over, and SIGKILL has no effect meanwhile.  It takes long: both
 * processes share a processor, of which the other one gets next to nothing.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ended.h"

#define STATUS 7
#define CHUNK_BYTES 8192
#define CHUNKS_IN_MIB ((1L << 20) / CHUNK_BYTES)
#define MOMENT_MS 50
#define LEAD_MS 10 /* for the other process, before it has to share the CPU */
#define LOWEST_PRIORITY 19

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Make and delete the file.  Returns the descriptor that it is still open on. */
static int open_deleted(long mib)
{
	char chunk[CHUNK_BYTES];
	int fd = open("folder/big", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	memset(chunk, 1, sizeof(chunk));
	for (long i = 0; i < mib * CHUNKS_IN_MIB; i++)
		if (write(fd, chunk, sizeof(chunk)) != CHUNK_BYTES)
			return -1;
	return unlink("folder/big") < 0 ? -1 : fd;
}

static bool stay_on_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

int main(int argc, char **argv)
{
	int home = open(".", O_PATH | O_CLOEXEC);
	int fd;

	if (argc != 3 || chdir(argv[1]) < 0 || mkdir("folder", 0700) < 0)
		return 2;
	fd = open_deleted(atol(argv[2]));
	if (fd < 0 || !stay_on_processor()) {
		perror("spin");
		return 2;
	}
	if (fork() == 0) {
		(void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
		pause_ms(MOMENT_MS); /* until the other process has closed it */
		_exit(close(fd) < 0);
	}
	(void)close(fd);
	(void)puts("spinning");
	(void)fflush(stdout);
	pause_ms(MOMENT_MS + LEAD_MS);
	(void)rmdir("folder");
	if (fchdir(home) < 0)
		return 2;
	note_end();
	return STATUS;
}
