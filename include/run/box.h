/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <signal.h>

#include "host/stuck.h"
#include "isolation/caps.h"
#include "isolation/ns.h"
#include "isolation/seccomp.h"
#include "plan/plan.h"
#include "run/fds.h"
#include "run/helpers.h"

/* Callback for messages during a run; main prints them. */
struct teller {
	void (*tell)(void *arg, bool is_warning, const char *text);
	void *arg;
};

/* The reaction to a path that has lost its protection: see guard.h. */
enum guard_way {
	GUARD_OFF,      /* no watch: there are no such paths, or the command may undo it */
	GUARD_PUT_BACK, /* protect it again; if that fails, kill the sandbox */
	GUARD_END,      /* kill the sandbox */
	GUARD_TRY,      /* protect it again if possible */
};

/* The data of one run: prepared by the monitor before it forks, read by all processes after. */
struct box {
	const struct plan *plan;
	struct teller teller;
	struct ns ns;
	struct caps caps;
	struct seccomp seccomp;
	/* the command's inherited descriptors */
	struct inherited_fds inherited;

	bool privileged;    /* see setuid.h */
	bool bad_kernel;    /* see kernel.h */
	bool has_reaper;    /* else the first process in the sandbox becomes the command */
	bool ends_all;      /* no process of the sandbox outlives the command */
	bool tied;          /* nor the monitor while the command runs */
	bool own_group;     /* the command is not in the caller's process group, */
	bool foreground;    /* and has the terminal's foreground from its start on */
	bool heeds_ttin;    /* or lets SIGTTIN stop it, which the caller ignores */
	bool reaper_ends;   /* the reaper kills processes: there is no PID namespace to do so */
	unsigned grace_ms;  /* if @ends_all: from SIGTERM to SIGKILL, 0 for no SIGTERM */
	bool dumpable;      /* as the caller started this process */
	char cwd[PATH_MAX]; /* the caller's working directory, "" if it has no path */
	char tty[PATH_MAX]; /* the terminal on standard output, "" if there is none */
	sigset_t signals;   /* the caller's signal mask, for the command */
	mode_t umask;       /* the caller's, for the command; set by the reaper */
	bool shows_itself;  /* the kernel gives no handles: see reaper.c, introduce() */
	pid_t first;        /* the PID, outside, of the first process in the sandbox */
	int sock;           /* this process's end of the socket between monitor and sandbox */
	enum guard_way guard_way;
	struct helper helpers[HELPERS];
};

/* How a run went. */
struct outcome {
	int status;          /* the command's, see wait(2) */
	bool typed;          /* SIGINT or SIGQUIT from the terminal killed it */
	bool reaped;         /* else read from /proc: the command is stuck in its exit */
	struct stuck *stuck; /* processes left at the timeout; free(3) it */
	size_t n_stuck;
};

/* Whether processes and namespaces are reported to the caller. */
bool box_is_watched(const struct box *box);

/* Whether all processes exit with the first one: the sandbox has its own PID namespace. */
bool box_is_over_with_first(const struct box *box);
