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

/* Who maps the ids of the new user namespace. */
enum ns_mapper {
	NS_MAPPER_INSIDE,  /* the first process inside */
	NS_MAPPER_MONITOR, /* the monitor, if it has the privilege: see setuid.h */
	NS_MAPPER_CALLER,  /* whoever releases --userns-block-fd */
};

/*
 * The namespaces of one run.
 *
 * A user namespace maps one user and one group.  Where the command keeps capabilities
 * but must not get hold of the mounts of --dev, or of what --disable-userns forbids,
 * it runs in a second one, inside the first, to which these belong.
 *
 * The same goes for mounts that are to be locked: the second user namespace has a mount
 * namespace of its own, and in a copy that a less privileged user namespace owns the kernel
 * lets nobody undo what was there before: see mount_namespaces(7).
 *
 * In the caller's own user namespace the kernel lets root's command, whatever its capabilities,
 * look into each process outside that has no more of them, and so get out by /proc/PID/root.
 * A user namespace of its own keeps it from that, or a Landlock domain: the latter where there is
 * one that refuses nothing else but signals, so that capabilities hold for the network and root's
 * processes remain root's.
 */
struct ns {
	unsigned flags;           /* CLONE_NEW* to make at once; CLONE_NEWNS always */
	bool second;              /* a second user namespace once the mounts stand, */
	bool lock_mounts;         /* and with it a second mount namespace */
	bool barrier;             /* if only to keep root's command from processes outside */
	enum landlock_use domain; /* else the command's Landlock domain does that */
	bool disable_users;       /* forbid more user namespaces, */
	bool for_paths;           /* if only for the sake of paths that are protected */
	bool check_no_users;      /* see that there can be no more */
	enum ns_mapper mapper;
	int users;          /* descriptors of namespaces to enter, -1 for none: a user */
	int users2;         /* namespace, one to enter in the end, */
	int pids;           /* and a process namespace */
	struct ids outside; /* the caller */
	struct ids inside;  /* the command's ids */
};

/* The kinds of namespace that are told to callers, in the order in which they are. */
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

/* The inode numbers of namespaces, which tell them apart; 0 for those that are not new. */
struct ns_ids {
	uint64_t ino[NS_KINDS];
};

/* Whether the command is in another user namespace than the caller. */
bool ns_other_users(const struct ns *ns);

/* Whether nobody else can be in the user namespace that the command is in. */
bool ns_own_users(const struct ns *ns);

/* What ns_clone() makes a process of. */
struct ns_start {
	void (*child)(void *arg); /* what it calls; must not return */
	void *arg;
	size_t stack; /* bytes that it needs beyond the usual */
};

/*
 * Make the first process inside.  Returns its process id, or, if it was made in an existing
 * process namespace, its id there; with *@pidfd, the caller's to close; or -errno with @e
 * set.
 */
pid_t ns_clone(const struct ns *ns, const struct ns_start *start, int *pidfd,
	       struct err *e) must_check;

/*
 * Open the mount namespace of the first process inside, of which @child is a pidfd, while it waits
 * to begin.  The kernel lets who may trace that process do so.  Returns a descriptor or -errno.
 */
int ns_open_mounts(int child) must_check;

/*
 * Map the ids of a process in the new user namespace, if that is for @mapper to do.
 * @proc is /proc of the host, @who the process's directory there.  Returns 0 or -errno
 * with @e set.
 */
int ns_map(const struct ns *ns, enum ns_mapper mapper, int proc, const char *who,
	   struct err *e) must_check;

/*
 * The first process inside: take the ids that @ns says in a user namespace that was
 * there before; name the namespaces; and, once the mounts stand, enter the user
 * namespace in which the command is to run, and see that no more can be made, if
 * that is asked for.
 *
 * @proc is /proc of the host.  Return 0, also when there is nothing to do, or -errno
 * with @e set.
 */
int ns_become(const struct ns *ns, struct err *e) must_check;
int ns_identify(const struct ns *ns, int proc, struct ns_ids *ret, struct err *e) must_check;
int ns_enter_last(const struct ns *ns, int proc, struct err *e) must_check;
