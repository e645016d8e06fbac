/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "isolation/ns.h"

/* What those outside are told, each with a descriptor but the last. */
enum mount_point_kind {
	MOUNT_POINT_WATCH,  /* can be read from once no process is left that sees the mounts */
	MOUNT_POINT_USERS,  /* the user namespace, of which who removes needs the capabilities */
	MOUNT_POINT_ENTRY,  /* the directory that something is in, or is about to be made or held in
			     */
	MOUNT_POINT_LOCKED, /* that something itself: locked, as long as this is open */
	MOUNT_POINT_VOID,   /* somebody else has made it, or it is to stay: forget the last place */
};

struct mount_point_note {
	enum mount_point_kind kind;
	bool is_new;             /* of a place: it is about to be made, not held */
	bool is_ours;            /* of a thing: to be removed when nobody uses it any more */
	char name[NAME_MAX + 1]; /* of a place: the name there */
};

/*
 * What the processes inside tell the monitor, each as one message of the socket
 * between them.  The monitor in turn says "go", one byte.
 */
enum report_kind {
	REPORT_NAMESPACES,  /* the namespaces that were made */
	REPORT_MOUNT_POINT, /* of what is made on the host; comes with a descriptor, see litter.h */
	REPORT_STARTED,     /* the command's process exists, and says so itself */
	REPORT_STOPPED,     /* the command has been stopped */
	REPORT_ENDED,       /* the command ended */
	REPORT_FAILED,      /* it never ran */
	REPORT_NOTE,        /* something to tell the user, while the sandbox is being built */
};

enum note_level {
	NOTE_INFO,    /* for who wants to know */
	NOTE_WARNING, /* for everybody */
};

/* What was done otherwise than the user might think. */
struct note {
	enum note_level level;
	char option[32]; /* the option that it is about, as in "--proc" */
	char path[1024]; /* its path, as the user wrote it, or the start of that */
	char text[1024]; /* one line for people, which begins with the option */
};

struct report {
	enum report_kind kind;
	pid_t sender; /* for the receiver: its number for who sent it, 0 if not asked for */
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
 * Send one.  The first four return 0 or -errno: -EPIPE if the monitor is gone.
 * The others are the last words, and nobody being there to hear is no error; they
 * need write(2) alone, which a seccomp program is least likely to forbid.
 */
int report_namespaces(int sock, const struct ns_ids *ids) must_check;
int report_note(int sock, const struct note *note) must_check;
int report_mount_point(int sock, const struct mount_point_note *note, int fd) must_check;
int report_started(int sock) must_check;
void report_stopped(int sock, int sig);
void report_ended(int sock, int status, bool is_last);
void report_failed(int sock, const struct err *e);

/*
 * Receive one; *@fd is the caller's to close, or -1: what came with REPORT_MOUNT_POINT, and a pidfd
 * of who sent REPORT_STARTED, where the socket passes handles.  Returns 1, 0 when nobody is left to
 * send any, or -errno: -EPROTO for what is no report, because a payload that can trace the reaper
 * could send anything.
 */
int report_receive(int sock, struct report *ret, int *fd) must_check;

/*
 * Say "go", and whether the janitor has to be given the mount namespace; and wait for it.
 * report_await_go() returns whether, or -errno: -EPIPE if the monitor is gone.
 */
int report_go(int sock, bool needs_mounts) must_check;
int report_await_go(int sock) must_check;
