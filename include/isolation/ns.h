/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "isolation/landlock.h"

struct ids {
	uid_t uid;
	gid_t gid;
};

/* The process that maps the ids of the new user namespace. */
enum ns_mapper {
	NS_MAPPER_INSIDE,  /* the first process in the sandbox */
	NS_MAPPER_MONITOR, /* the monitor, if it is privileged: see setuid.h */
	NS_MAPPER_CALLER,  /* the process that releases --userns-block-fd */
};

/*
 * The namespaces of one run.
 *
 * A user namespace maps one user and one group.  Some commands keep capabilities, but must not
 * change the mounts of --dev or lift the ban of --disable-userns.  These belong to the first user
 * namespace then, and the command runs in a second one below it.
 *
 * Locked mounts take the second user namespace as well, and a second mount namespace in it.  That
 * is a copy owned by a less privileged user namespace, in which no process can undo the mounts of
 * the original: see mount_namespaces(7).
 *
 * In the caller's user namespace, root's command could trace each outside process that has no more
 * capabilities, and escape by /proc/PID/root.  A user namespace prevents that, and so does a
 * Landlock domain.  The domain is preferred where the kernel has one that otherwise refuses only
 * signals: capabilities hold for the network, and root's processes remain root's.
 */
struct ns {
	unsigned flags;           /* CLONE_NEW* to create at once; always CLONE_NEWNS */
	bool second;              /* create a second user namespace after mounting, */
	bool lock_mounts;         /* and with it a second mount namespace */
	bool barrier;             /* if only to keep root's command from outside processes */
	enum landlock_use domain; /* else the command's Landlock domain does that */
	bool disable_users;       /* forbid further user namespaces, */
	bool for_paths;           /* if only because paths are protected */
	bool check_no_users;      /* check that none can be created */
	enum ns_mapper mapper;
	int users;          /* descriptors of namespaces to enter, or -1: a user */
	int users2;         /* namespace, one for the command alone, */
	int pids;           /* and a PID namespace */
	struct ids outside; /* the caller */
	struct ids inside;  /* the command's ids */
};

/* Namespace types reported to callers, in this order. */
enum ns_kind {
	NS_CGROUP,
	NS_IPC,
	NS_MNT,
	NS_NET,
	NS_PID,
	NS_UTS,
	NS_KINDS,
};

extern const char *const ns_names[NS_KINDS]; /* as in /proc/self/ns */

/* The inode numbers of new namespaces, which identify them; 0 for other types. */
struct ns_ids {
	uint64_t ino[NS_KINDS];
};

/* Whether the command is in another user namespace than the caller. */
bool ns_other_users(const struct ns *ns);

/* Whether the command's user namespace is the sandbox's own, so that it holds no other process. */
bool ns_own_users(const struct ns *ns);

/* What the first process in the sandbox runs. */
struct ns_start {
	void (*child)(void *arg); /* the function to call; must not return */
	void *arg;
	size_t stack; /* bytes needed beyond the usual */
};

/*
 * Create the namespaces with the first process in the sandbox.  Returns its PID, as seen in the
 * PID namespace of --pidns if there is one, and *@pidfd for the caller to close; or -errno with @e
 * set.
 */
pid_t ns_clone(const struct ns *ns, const struct ns_start *start, int *pidfd,
	       struct err *e) must_check;

/*
 * Open the mount namespace of the first process in the sandbox, with the pidfd @child, while it
 * waits for "go".  This takes the right to trace that process.  Returns a descriptor or -errno.
 */
int ns_open_mounts(int child) must_check;

/*
 * Map the ids of a process in the new user namespace if @mapper is chosen for that.  @proc is the
 * host's /proc, and @task the process's directory there.  Returns 0 or -errno with @e set.
 */
int ns_map(const struct ns *ns, enum ns_mapper mapper, int proc, const char *task,
	   struct err *e) must_check;

/* Take the planned ids in an entered user namespace.  Returns 0 or -errno with @e set. */
int ns_become(const struct ns *ns, struct err *e) must_check;

/* Read the inode numbers of the new namespaces; @proc is the host's /proc.  Returns 0 or -errno
 * with @e set. */
int ns_identify(const struct ns *ns, int proc, struct ns_ids *ret, struct err *e) must_check;

/*
 * After mounting: enter the command's user namespace and check that no further one can be created,
 * each if planned.  @proc is the host's /proc.  Returns 0 or -errno with @e set.
 */
int ns_enter_last(const struct ns *ns, int proc, struct err *e) must_check;
