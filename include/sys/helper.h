/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Child processes for calls that may get stuck or need other namespaces.
 */

/*
 * Let a child call @work with @arg and exit with the result.  Kills the child after @ms
 * milliseconds, and waits @kill_ms for its exit then.  Returns its wait status, or -errno:
 * -ETIMEDOUT if it has not even exited then.
 */
int helper_run(int (*work)(const void *arg), const void *arg, int ms, int kill_ms);

/* Kill the child of @pidfd and reap it, if it exits within @ms.  Returns as helper_run(). */
int helper_kill(int pidfd, int ms);

/* Wait for the child @pid to exit and reap it, unless @pid is no PID but 0 or -errno. */
void helper_reap(pid_t pid);

/* Whether the process of @pidfd exits within @ms. */
bool helper_exits(int pidfd, int ms);

/*
 * Enter the mount namespace @mounts and the user namespace that owns it.  The process becomes
 * undumpable before, and again in between, when the kernel may have undone it (fs.suid_dumpable):
 * a hostile process in there must not trace it (CVE-2016-9962).  Returns 0 or -errno.
 */
int helper_enter(int mounts) must_check;
