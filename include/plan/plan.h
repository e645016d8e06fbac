/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* One step of building the sandbox's file system, in the order given. */
enum op_kind {
	OP_BIND,
	OP_BIND_FD,
	OP_OVERLAY,
	OP_TMP_OVERLAY,
	OP_RO_OVERLAY,
	OP_TMPFS,
	OP_DIR,
	OP_PROC,
	OP_SYS,
	OP_DEV,
	OP_MQUEUE,
	OP_SYMLINK,
	OP_FILE,
	OP_BIND_DATA,
	OP_CHMOD,
	OP_MASK,
	OP_RO,
	OP_DENY_CREATE,
	OP_REMOUNT_RO,
	OP_KINDS,
};

enum op_flags {
	OP_READONLY = 1 << 0,
	OP_DEVICES = 1 << 1,    /* device nodes of a bind work */
	OP_IF_EXISTS = 1 << 2,  /* a missing source is not an error */
	OP_FREE = 1 << 3,       /* the command may unmount a bind although mounts are locked */
	OP_NO_LINKS = 1 << 4,   /* a link in the source or destination is an error */
	OP_USUAL_MODE = 1 << 5, /* a file's mode is not as asked for, but as is usual */
};

/* The layers of an overlay, the lowest first, and where it keeps changes. */
struct op_overlay {
	size_t first;      /* of struct plan's layers */
	size_t n;          /* how many of them */
	const char *upper; /* OP_OVERLAY: path on the host */
	const char *work;  /* OP_OVERLAY: path on the host, of the same file system */
};

struct op {
	enum op_kind kind;
	unsigned flags;      /* enum op_flags */
	const char *option;  /* the option it came from, for messages */
	const char *dest;    /* path inside the sandbox; relative means relative to "/" */
	mode_t mode;         /* permission bits of the created file */
	mode_t parents_mode; /* permission bits of missing directories above it */
	union {
		const char *src;    /* OP_BIND: path on the host, never "" */
		const char *target; /* OP_SYMLINK: the target of the link */
		uint64_t size;      /* OP_TMPFS: bytes, 0 for the kernel's default */
		int fd; /* OP_FILE, OP_BIND_DATA: the contents; OP_BIND_FD: the source */
		struct op_overlay overlay; /* the OP_..._OVERLAYs */
	};
};

/* Whether a command with CAP_SYS_ADMIN is kept from changing the sandbox's mounts. */
enum lock_mounts {
	LOCK_WHERE_NEEDED, /* under the name sbx: capability given, or paths protected */
	LOCK_YES,
	LOCK_NO,
};

/* How sbx reacts when a protected path loses its protection. */
enum protect {
	PROTECT_USUAL, /* restore it; end the run if the command could undo that */
	PROTECT_OR_DIE,
	PROTECT_TRY, /* restore it in any case */
};

/* Strings in the order given. */
struct strings {
	const char **list;
	size_t n;
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

/* A descriptor of the caller's, as the command line gives it. */
struct descriptor {
	const char *option; /* that named it; NULL if none did */
	int fd;
};

/* Descriptors in the order given. */
struct descriptors {
	struct descriptor *list;
	size_t n;
};

/* Whether later mounts and unmounts on the host propagate into the sandbox (mount_namespaces(7)).
 */
enum propagation {
	PROPAGATION_USUAL, /* as the program's name has it */
	PROPAGATION_PRIVATE,
	PROPAGATION_SLAVE,
};

/* The contents of a new procfs. */
enum proc_subset {
	PROC_SUBSET_NONE, /* no subset: all of it */
	PROC_SUBSET_PID,  /* only processes */
};

/* Which processes a new procfs hides from other users: see proc(5). */
enum hidepid {
	HIDEPID_USUAL, /* as the kernel has it */
	HIDEPID_OFF,
	HIDEPID_NOACCESS,
	HIDEPID_INVISIBLE,
	HIDEPID_PTRACEABLE,
};

/* What single descriptors are for. */
enum fd_use {
	FD_INFO,
	FD_STATUS,
	FD_BLOCK,
	FD_USERNS_BLOCK,
	FD_SYNC,
	FD_USERNS,
	FD_USERNS2,
	FD_PIDNS,
	FD_USES,
};

/*
 * Everything the command line asked for.
 *
 * Building one makes no system call.  Strings are borrowed from argv, which has
 * to outlive the plan, or from @texts, which the plan owns.  Only opt_parse()
 * and its helpers write to a plan; the rest of the program sees it const.
 */
struct plan {
	bool as_bwrap; /* started as "bwrap": messages and behaviour are bubblewrap's */
	struct {
		bool want_help;
		bool want_version;
		bool level_prefix;  /* messages start with their priority, as in sd-daemon(3) */
		bool verbose;       /* print information as well as warnings */
		bool strict_kernel; /* a kernel that is known to do harm is an error */
	} general;
	struct {
		unsigned unshare;     /* CLONE_NEW* bits that have to be there */
		unsigned unshare_try; /* CLONE_NEW* bits where the kernel has them */
		const char *hostname; /* NULL to keep */
		bool have_uid;        /* --uid was given */
		bool have_gid;        /* --gid was given */
		uid_t uid;            /* inside, if have_uid */
		gid_t gid;            /* inside, if have_gid */
		bool disable_userns;
		bool allow_userns; /* in spite of ops that this defeats: see plan_protects() */
		bool assert_userns_disabled;
	} namespaces;
	struct {
		struct op *ops; /* those of protected paths as well */
		size_t n_ops;
		struct strings layers; /* host paths that overlays are made of */
	} files;
	struct {
		bool or_die;
		bool try;
	} protection;
	struct {
		unsigned subset;  /* enum proc_subset */
		unsigned hidepid; /* enum hidepid */
		bool unmasked;    /* nothing of a procfs is masked */
	} proc;
	struct {
		unsigned propagation;   /* enum propagation */
		unsigned lock;          /* enum lock_mounts */
		const char *file_label; /* SELinux label of created files, NULL for none */
	} mounts;
	struct {
		struct env_change *changes;
		size_t n_changes;
		const char *argv0; /* NULL to use command[0] */
		const char *chdir; /* NULL to keep where possible */
		bool have_umask;   /* --umask was given */
		mode_t umask;      /* if have_umask */
		bool close_fds;
		struct descriptors kept; /* those that stay open in spite of @close_fds */
	} environment;
	struct {
		struct cap_change *caps;
		size_t n_caps;
		struct descriptors seccomp; /* programs to apply */
		bool no_tty_filter;         /* TIOCSTI and TIOCLINUX are allowed */
		bool no_signal_scope;       /* Landlock does not confine signals */
		bool keep_keyring;          /* keys, and the caller's session keyring, are usable */
		bool allow_io_uring;        /* also in a new network namespace */
		const char *exec_label;     /* SELinux label of the command, NULL for none */
	} privileges;
	struct {
		bool new_session;
		bool as_pid_1;
		bool die_with_parent;
		bool kill_on_exit;    /* kill what COMMAND leaves running, else it lives on */
		unsigned grace_ms;    /* with kill_on_exit: from SIGTERM to SIGKILL */
		unsigned teardown_ms; /* how long to wait until that has exited */
	} processes;
	struct {
		struct strings lock_files; /* paths inside that the reaper locks */
	} status;
	struct descriptor fds[FD_USES];

	const char *const *command;    /* NULL-terminated */
	struct descriptors superseded; /* of options that were given again */
	struct strings repeated;       /* options given again of which only the last counts */
	char **texts;                  /* contents of --args descriptors and the words in them */
	size_t n_texts;
};

#define autoplan __attribute__((cleanup(plan_done)))

/* Free what @plan owns and leave an empty one; also for a plan that is incomplete. */
void plan_done(struct plan *plan);

/*
 * Append to @plan, or to one of its lists.  Each copies its argument and returns
 * 0, or -ENOMEM with @e set.  plan_add_text() takes ownership of @text,
 * also when it fails.
 */
int plan_add_op(struct plan *plan, const struct op *op, struct err *e) must_check;
int plan_add_env(struct plan *plan, const struct env_change *change, struct err *e) must_check;
int plan_add_cap(struct plan *plan, const struct cap_change *change, struct err *e) must_check;
int plan_add_descriptor(struct descriptors *list, const struct descriptor *element,
			struct err *e) must_check;
int plan_add_string(struct strings *list, const char *element, struct err *e) must_check;
int plan_add_text(struct plan *plan, void *text, struct err *e) must_check;

/* The descriptor for @use, or -1 if none was given. */
int plan_fd(const struct plan *plan, enum fd_use use);

/* Whether @plan has an operation of @kind. */
bool plan_has_op(const struct plan *plan, enum op_kind kind);

/*
 * Whether @plan protects paths below writable directories.  A command that could create mount
 * namespaces could rename a protected path and reach it.
 */
bool plan_protects(const struct plan *plan);

/* The reaction to a lost protection that the options ask for. */
enum protect plan_protect(const struct plan *plan);

/*
 * Check the options that need or exclude others.
 *
 * Returns 0, or -EINVAL with @e naming the options.
 */
int plan_check(const struct plan *plan, struct err *e) must_check;
