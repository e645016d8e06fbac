/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sbx/err.h"

/* One step of building the sandbox's file system, in the order given. */
enum op_kind {
	OP_BIND,
	OP_TMPFS,
	OP_DIR,
	OP_PROC,
	OP_DEV,
	OP_MQUEUE,
	OP_SYMLINK,
	OP_FILE,
	OP_BIND_DATA,
	OP_CHMOD,
	OP_REMOUNT_RO,
	OP_KINDS,
};

enum op_flags {
	OP_READONLY = 1 << 0,
	OP_DEVICES = 1 << 1,   /* device nodes of a bind work */
	OP_IF_EXISTS = 1 << 2, /* a missing source is not an error */
};

struct op {
	enum op_kind kind;
	unsigned flags;      /* enum op_flags */
	const char *option;  /* the option it came from, for messages */
	const char *dest;    /* path inside the sandbox; relative means relative to "/" */
	mode_t mode;         /* permission bits of what is made */
	mode_t parents_mode; /* permission bits of missing directories above it */
	union {
		const char *src;    /* OP_BIND: path on the host, never "" */
		const char *target; /* OP_SYMLINK: what the link says */
		uint64_t size;      /* OP_TMPFS: bytes, 0 for the kernel's default */
		int fd;             /* OP_FILE, OP_BIND_DATA: where the contents come from */
	};
};

/* One change of the environment, in the order given. */
struct env_change {
	const char *name;  /* NULL: remove every variable */
	const char *value; /* NULL: remove @name */
};

/* One --cap-add or --cap-drop, in the order given. */
struct cap_change {
	const char *option;
	const char *name; /* as given: CAP_X, a number, or ALL */
	bool add;
};

/* A seccomp program to read from a descriptor. */
struct seccomp_source {
	const char *option;
	int fd;
};

/*
 * Everything the command line asked for.
 *
 * Building one makes no system call.  Strings are borrowed from argv, which has
 * to outlive the plan, or from @texts, which the plan owns.  Only opt_parse()
 * and its helpers write to a plan; the rest of the program sees it const.
 */
struct plan {
	struct op *ops;
	size_t n_ops;
	struct env_change *env;
	size_t n_env;
	struct cap_change *caps;
	size_t n_caps;
	struct seccomp_source *seccomp;
	size_t n_seccomp;
	const char **repeated; /* options given again of which only the last counts */
	size_t n_repeated;
	char **texts; /* contents of --args descriptors and the words in them */
	size_t n_texts;

	unsigned unshare;       /* CLONE_NEW* bits that have to be there */
	unsigned unshare_try;   /* CLONE_NEW* bits where the kernel has them */
	bool have_uid;          /* --uid was given */
	bool have_gid;          /* --gid was given */
	uid_t uid;              /* inside, if have_uid */
	gid_t gid;              /* inside, if have_gid */
	const char *hostname;   /* NULL to keep */
	const char *chdir;      /* NULL to keep where possible */
	const char *exec_label; /* SELinux label of the command, NULL for none */
	const char *file_label; /* SELinux label of files that are made, NULL for none */
	const char *argv0;      /* NULL to use command[0] */
	bool new_session;
	bool die_with_parent;
	bool as_pid_1;
	bool want_help;
	bool want_version;
	const char *const *command; /* NULL-terminated */
};

#define autoplan __attribute__((cleanup(plan_done)))

/* Free what @plan owns and leave an empty one; takes a half-made one too. */
void plan_done(struct plan *plan);

/*
 * Append to one of the lists of @plan.  Each copies what it is given and
 * returns 0, or -ENOMEM with @e set.  plan_add_text() takes ownership of @text,
 * also when it fails.
 */
int plan_add_op(struct plan *plan, const struct op *op, struct err *e) must_check;
int plan_add_env(struct plan *plan, const struct env_change *change, struct err *e) must_check;
int plan_add_cap(struct plan *plan, const struct cap_change *change, struct err *e) must_check;
int plan_add_seccomp(struct plan *plan, const struct seccomp_source *source,
		     struct err *e) must_check;
int plan_add_repeated(struct plan *plan, const char *option, struct err *e) must_check;
int plan_add_text(struct plan *plan, void *text, struct err *e) must_check;

/* Whether @plan has an operation of @kind. */
bool plan_has_op(const struct plan *plan, enum op_kind kind);

/*
 * Check what no single option can see: options that need or exclude others.
 *
 * Returns 0, or -EINVAL with @e naming the options.
 */
int plan_check(const struct plan *plan, struct err *e) must_check;
