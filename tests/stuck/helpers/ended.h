/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STUCK_ENDED_H
#define STUCK_ENDED_H

#include <stdio.h>
#include <time.h>

/* Seconds since the machine was started, as in /proc/uptime. */
static inline double seconds_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Write to the file "ended" that the caller's work ends now: from here on the launcher's counts. */
static inline void note_end(void)
{
	FILE *file = fopen("ended", "we");

	if (file == NULL) {
		perror("ended");
		return;
	}
	(void)fprintf(file, "%.3f\n", seconds_now());
	(void)fclose(file);
}

#endif
