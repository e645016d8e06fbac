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

/* How what is to be told while a run goes on reaches who prints it. */
struct teller {
	void (*tell)(void *arg, bool is_warning, const char *text);
	void *arg;
};

/* What becomes of a protected path that has lost its protection: see guard.h. */
enum guard_way {
	GUARD_OFF,      /* nothing watches: there are no such paths, or the command may undo it */
	GUARD_PUT_BACK, /* it is protected again; if that cannot be, the sandbox ends */
	GUARD_END,      /* the sandbox ends */
	GUARD_TRY,      /* it is protected again if that can be */
};

/*
 * One run, as its processes share it: prepared by the monitor before they part,
 * and only read after.
 */
struct box {
	const struct plan *plan;
	struct teller teller;
	struct ns ns;
	struct caps caps;
	struct seccomp seccomp;
	/* what the command has of the caller's */
	struct inherited_fds inherited;

	bool privileged;    /* privileges are, see setuid.h */
	bool bad_kernel;    /* see kernel.h: be careful */
	bool has_reaper;    /* else the first process inside becomes the command */
	bool ends_all;      /* nothing inside outlives the command */
	bool tied;          /* nothing inside outlives the monitor while the command runs */
	bool own_group;     /* the command is not in the caller's process group, */
	bool foreground;    /* and has the terminal's foreground from its start on */
	bool heeds_ttin;    /* or stops by SIGTTIN, which the caller ignores */
	bool reaper_ends;   /* there is no process namespace that would end with the reaper */
	unsigned grace_ms;  /* if @ends_all: from SIGTERM to SIGKILL, 0 for no SIGTERM */
	bool dumpable;      /* as the caller started this process */
	char cwd[PATH_MAX]; /* the caller's working directory, "" if it has no path */
	char tty[PATH_MAX]; /* the terminal on standard output, "" if there is none */
	sigset_t signals;   /* the caller's signal mask, for the command */
	mode_t umask;       /* the caller's, for the command; set by the reaper */
	bool shows_itself;  /* the kernel gives no handles: see reaper.c, introduce() */
	pid_t first;        /* outside: the number of the first process inside */
	int sock;           /* a process's end of the socket between outside and inside */
	enum guard_way guard_way;
	struct helper helpers[HELPERS];
};

/* How a run went. */
struct outcome {
	int status;  /* the command's, see wait(2) */
	bool typed;  /* it died of SIGINT or SIGQUIT, which the terminal has sent */
	bool reaped; /* else it was taken from the kernel's record: the command is stuck in its exit
		      */
	struct stuck *stuck; /* what was still there when the time was up; free(3) it */
	size_t n_stuck;
};

/* Whether the caller is to be told of processes and namespaces. */
bool box_is_watched(const struct box *box);

/*
 * Whether nobody inside is left once the first process has ended: there is a process namespace
 * of the sandbox's own.
 */
bool box_is_over_with_first(const struct box *box);
