/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipc/report.h"
#include "run/box.h"

/*
 * What --info-fd and --json-status-fd say: one JSON object each, in one write.
 *
 * What tells of the start returns 0 or -errno with @e set; it waits for room, so look
 * before whether there is any.  @fd may be -1 there: nothing is written then.  What comes
 * later is told to those who still listen, and make room within a second.
 */

/* The first process inside and the new namespaces: to --info-fd, and the first line. */
int status_info(int fd, pid_t child, const struct ns_ids *ids, struct err *e) must_check;
int status_started(int fd, pid_t child, const struct ns_ids *ids, struct err *e) must_check;

/* Something was done otherwise than the user might think, while the sandbox was built. */
void status_note(int fd, const struct note *note);

/* COMMAND is running as process @command. */
void status_running(int fd, pid_t command);

/* What COMMAND used. */
struct status_usage {
	bool known;
	uint64_t user_us; /* microseconds of processor time */
	uint64_t system_us;
	uint64_t max_rss_kib; /* of the largest process */
};

/* COMMAND has ended: the details; and what a shell makes of the wait status @status. */
void status_ended(int fd, const struct outcome *outcome, const struct status_usage *usage);
void status_exit_code(int fd, int status);

/* Processes that were still there when the time was up, a line each. */
void status_stuck(int fd, const struct outcome *outcome);

/* The run has failed: COMMAND did not run. */
void status_failed(int fd, const struct err *e);
