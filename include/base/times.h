/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All waiting times, in milliseconds (_MS), and the numbers of tries that stand for a time.  What a
 * time bounds is done in far less, unless something is stuck, stopped or hostile.
 */

/* Defaults of --kill-on-exit-after and --teardown-timeout. */
#define USUAL_GRACE_MS 1000    /* for a program to save its work after SIGTERM */
#define USUAL_TEARDOWN_MS 1000 /* before a caller takes sbx for hung */

/* Readers of the output of sbx, which may have stopped reading. */
#define READER_MS 1000     /* an error or the status lines: one wait for each run */
#define NOTE_READER_MS 100 /* a note or a warning: many of these may wait in a row */

/* Short pauses between looks, where the kernel reports no event. */
#define PAUSE_MS 1
#define PASS_LOOKS 5000 /* a full queue of descriptors in flight, filled by other processes */
#define MARK_LOOKS 5    /* a mount point just created by another sandbox gets its timestamp */
#define LOCK_LOOKS 1000 /* another sandbox removes a mount point */
#define LEAVE_LOOKS 20  /* the mark of a mount point that is left to another sandbox stays */

/* The kernel's part of an exit: descriptors are closed, mounts released. */
#define EXIT_MS 20

/* The monitor, while the command runs. */
#define COMMAND_LOOK_MS 150 /* between looks whether it is stuck in its exit: costs little CPU */
#define COMMAND_EXIT_MS 50  /* the same while it seems so, for a timely end */
#define LEAST_LOOKS 2       /* that find it in its exit, before it counts as stuck */
#define UNREAPABLE_MS 20    /* between looks whether a tracer lets an exited process be reaped */
#define GUARD_KILLS_MS 1000 /* for a guard that has failed to kill the sandbox's processes */

/* Teardown. */
#define FREE_MS 200      /* until stuck processes are freed by force; half a shorter timeout */
#define LEAST_MS 30      /* the least timeout: a normal exit takes less */
#define END_ALL_MS 100   /* the same where a reaper has to find and kill the processes */
#define ALL_STACKS_MS 50 /* for reading stacks: a report is worth no longer delay */
#define ALONE_MS 2000    /* for a reaper without a monitor to kill all: no caller waits */
#define GRACE_LOOK_MS 5  /* between looks whether all have exited after SIGTERM */

/* Killing descendants. */
#define KILL_LOOK_MS 2        /* before the next look at the rest; it doubles */
#define KILL_LOOK_MAX_MS 20   /* up to this: a walk through /proc takes long on a busy machine */
#define KILL_ROUNDS 100       /* of killing without a clock: a fork bomb may outrun some */
#define QUICK_KILL_ROUNDS 100 /* the same for this process's own children */
#define PLAIN_ROUNDS 3        /* of SIGKILL alone; after these, all are stopped first */
#define LEAST_EMPTY 2         /* looks in a row that find no process: one may overlook a fork */
#define FREEZE_ROUNDS 20      /* of stopping all: a few are enough once most are stopped */

/* Reading the stack of a stuck process: the read may get stuck itself. */
#define STACK_MS 40     /* for the helper that reads one */
#define STACK_LOOKS 15  /* a running process moves between processors meanwhile */
#define STACK_LOOK_MS 2 /* between these: about the time of a scheduler's tick */

/* The janitor. */
#define HELPER_MS 500       /* for a helper that clears one mount namespace */
#define ALL_HELPERS_MS 1000 /* after that no other one is started: a payload can create many */
#define POLL_TRIES 10       /* at poll(2) in a row: the kernel may lack memory for so long */
#define ABANDONED_MS 1000   /* for a sandbox without a monitor to exit, before forcing and after */
#define REMOVERS 3          /* such helpers, one after the other */
#define REMOVER_MS 1000     /* for a helper that removes host mount points; a payload may stop it */

/* The guard. */
#define GUARD_LOOK_MS 40    /* between looks without an event: a rename sends none, */
#define GUARD_LOOK_SHARE 20 /* or so many times the duration of a look */
#define QUIET_MS 5          /* after a look, before an event counts again, */
#define QUIET_SHARE 4       /* or so many times the duration of a look, */
#define QUIET_MAX_MS 50     /* but no more than that, so that protection comes back soon */
#define FAILING_MS 100      /* for a path that cannot be protected at once: a save takes less */
#define NOTES_MS 1000       /* between notes about the same path, for the reader's sake */
#define PUT_TRIES 5         /* in a row, while the host replaces a path again and again */
#define GUARD_EXIT_MS 500   /* for a guard that was killed to exit */
