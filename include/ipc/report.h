/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "isolation/ns.h"

/* Messages about host mount points; all but the last come with a descriptor. */
enum mount_point_kind {
	MOUNT_POINT_WATCH,  /* readable once no process sees the mounts any more */
	MOUNT_POINT_USERS,  /* the user namespace whose capabilities the removal needs */
	MOUNT_POINT_ENTRY,  /* the directory of an entry that is about to be created or held */
	MOUNT_POINT_LOCKED, /* the entry itself: locked as long as this is open */
	MOUNT_POINT_VOID,   /* another process created it, or it stays: forget the last ENTRY */
};

struct mount_point_note {
	enum mount_point_kind kind;
	bool is_new;             /* ENTRY: about to be created, not held */
	bool is_ours;            /* LOCKED: to be removed when no sandbox uses it any more */
	char name[NAME_MAX + 1]; /* ENTRY: the name in the directory */
};

/*
 * Reports of the sandbox's processes to the monitor, each one message of the socket between them.
 * The monitor in turn sends "go", one byte.
 */
enum report_kind {
	REPORT_NAMESPACES,  /* the new namespaces */
	REPORT_MOUNT_POINT, /* about mount points on the host, with a descriptor: mount_points.h */
	REPORT_STARTED,     /* the command's process exists; it sends this itself */
	REPORT_STOPPED,     /* a signal has stopped the command */
	REPORT_ENDED,       /* the command has exited or was killed */
	REPORT_FAILED,      /* the command never ran */
	REPORT_NOTE,        /* a note for the user, while the sandbox is being built */
};

enum note_level {
	NOTE_INFO,    /* printed with --verbose */
	NOTE_WARNING, /* always printed */
};

/* An option that was not carried out literally. */
struct note {
	enum note_level level;
	char option[32]; /* the option, as in "--proc" */
	char path[1024]; /* its path as the user wrote it, possibly truncated */
	char text[1024]; /* one line for the user, which begins with the option */
};

struct report {
	enum report_kind kind;
	pid_t sender; /* set by the receiver: the PID of the sender, 0 if not asked for */
	union {
		struct ns_ids namespaces;
		struct mount_point_note mount_points;
		int stopped; /* by this signal */
		struct {
			int status;   /* as wait(2) gives it */
			bool is_last; /* the reaper has no other child left to wait for */
		} ended;
		struct err err;
		struct note note;
	};
};

/*
 * Send one.  The first four return 0 or -errno: -EPIPE if the monitor is gone.  The others ignore a
 * missing monitor.  They use write(2), the call that a seccomp program is least likely to forbid.
 */
int report_namespaces(int sock, const struct ns_ids *ids) must_check;
int report_note(int sock, const struct note *note) must_check;
int report_mount_point(int sock, const struct mount_point_note *note, int fd) must_check;
int report_started(int sock) must_check;
void report_stopped(int sock, int sig);
void report_ended(int sock, int status, bool is_last);
void report_failed(int sock, const struct err *e);

/*
 * Receive one.  *@fd is -1 or the caller's to close: the descriptor of REPORT_MOUNT_POINT, or a
 * pidfd of the sender of REPORT_STARTED if the socket passes handles.
 *
 * Returns 1, 0 when no sender is left, or -errno: -EPROTO for an invalid report, as a payload that
 * can trace the reaper could send anything.
 */
int report_receive(int sock, struct report *ret, int *fd) must_check;

/*
 * Send "go" with @needs_mounts, whether the sandbox has to send its mount namespace to the janitor;
 * and wait for it.  report_await_go() returns that or -errno: -EPIPE if the monitor is gone.
 */
int report_go(int sock, bool needs_mounts) must_check;
int report_await_go(int sock) must_check;
