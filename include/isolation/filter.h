/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "plan/plan.h"

/* The calls that the filter refuses, in every ABI of the kernel. */
enum filter_bits {
	FILTER_TERMINAL = 1 << 0,   /* ioctls that type into a terminal: TIOCSTI, TIOCLINUX */
	FILTER_KEYS = 1 << 1,       /* the calls for keys: keyctl, add_key, request_key */
	FILTER_VSOCK = 1 << 2,      /* sockets of AF_VSOCK, which no network namespace contains */
	FILTER_IO_URING = 1 << 3,   /* io_uring_setup, as io_uring opens such sockets as well */
	FILTER_LIMITS = 1 << 4,     /* prlimit64 with a new limit for another process */
	FILTER_NAMESPACES = 1 << 5, /* ioctls that go on to other mount namespaces */
	FILTER_HANDLES = 1 << 6,    /* open_by_handle_at, which opens namespaces */
	FILTER_CGROUPS = 1 << 7,    /* new cgroup namespaces; and clone3, which hides its flags */
	FILTER_GROUPS = 1 << 8,     /* setpgid into process groups of the caller's */
};

#define FILTER_MAX 200 /* instructions */

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

/* What the filter depends on, besides the options. */
struct filter_caller {
	unsigned flags;       /* CLONE_NEW* of the namespaces that are the sandbox's own */
	bool is_root;         /* user id 0 started sbx */
	bool behind_landlock; /* a Landlock domain, not a user namespace, isolates root's command */
	bool may_open_handles; /* the command has CAP_DAC_READ_SEARCH */
	bool may_administer;   /* it has CAP_SYS_ADMIN */
};

/* Choose the calls to refuse for @plan.  Returns enum filter_bits. */
unsigned filter_choose(const struct plan *plan, const struct filter_caller *caller);

/* The IDs that the filter compares; 0 for those without a number in this PID namespace. */
struct filter_ids {
	pid_t own;     /* the process that installs it */
	pid_t group;   /* the caller's process group, */
	pid_t session; /* and the leader of its session */
};

/* The IDs for a filter that refuses @bits, taken while this process is in the caller's group. */
struct filter_ids filter_ids(unsigned bits);

/* Compile the program that refuses @bits to the process @ids->own and its descendants. */
void filter_compile(unsigned bits, const struct filter_ids *ids, struct filter *ret);

/*
 * Install that program in the calling process, unless @bits is 0.  A kernel without seccomp filters
 * is an error only if @bits has FILTER_TERMINAL or FILTER_KEYS, which options can leave out.
 * Returns 0 or -errno with @e set.
 */
int filter_apply(unsigned bits, const struct filter_ids *ids, struct err *e) must_check;
