/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipc/report.h"
#include "run/box.h"

/*
 * Lines of --info-fd and --json-status-fd: a JSON object each, in one write(2).
 *
 * The functions that report the start return 0 or -errno with @e set.  They write nothing if @fd is
 * -1, and wait for room.  The later ones drop the line if the descriptor has no room within a
 * second, or on an error.
 */

/* The first process inside and the new namespaces: to --info-fd, and the first line. */
int status_info(int fd, pid_t child, const struct ns_ids *ids, struct err *e) must_check;
int status_started(int fd, pid_t child, const struct ns_ids *ids, struct err *e) must_check;

/* An option was not carried out literally while the sandbox was built. */
void status_note(int fd, const struct note *note);

/* COMMAND is running as process @command. */
void status_running(int fd, pid_t command);

/* What COMMAND used. */
struct status_usage {
	bool known;
	uint64_t user_us; /* microseconds of CPU time */
	uint64_t system_us;
	uint64_t max_rss_kib; /* of the largest process */
};

/* COMMAND has exited: the details; and the exit code of the wait status @status, as in a shell. */
void status_ended(int fd, const struct outcome *outcome, const struct status_usage *usage);
void status_exit_code(int fd, int status);

/* Processes that had not exited at the teardown timeout, a line each. */
void status_stuck(int fd, const struct outcome *outcome);

/* The run has failed: COMMAND did not run. */
void status_failed(int fd, const struct err *e);
