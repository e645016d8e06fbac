/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

#define OPT_MAX_ARGS 3
#define OPT_MAX_CHOICES 9

/* Bytes of all --args descriptors together; more is an error. */
#define OPT_MAX_TEXT ((size_t)64 << 20)

/* What an argument means: its name in --help, and how shells complete it. */
enum arg {
	ARG_NONE,
	ARG_SRC,
	ARG_DEST,
	ARG_DIR,
	ARG_RWSRC,
	ARG_WORKDIR,
	ARG_TARGET,
	ARG_FD,
	ARG_NAME,
	ARG_VAR,
	ARG_VALUE,
	ARG_CAP,
	ARG_UID,
	ARG_GID,
	ARG_OCTAL,
	ARG_BYTES,
	ARG_LABEL,
	ARG_SECONDS,
	ARG_PROPAGATION,
	ARG_SUBSET,
	ARG_HIDEPID,
	ARG_KINDS,
};

struct arg_class {
	const char *metavar; /* as in "--bind SRC DEST" */
	const char *zsh;     /* zsh completion action */
	const char *fish;    /* fish completion command, NULL for files */
	const char *bash;    /* compgen arguments, NULL for none */
};

extern const struct arg_class arg_classes[ARG_KINDS];

enum opt_group {
	GROUP_GENERAL,
	GROUP_NAMESPACES,
	GROUP_FILES,
	GROUP_MODIFIERS,
	GROUP_PROTECTION,
	GROUP_PROC,
	GROUP_MOUNTS,
	GROUP_ENVIRONMENT,
	GROUP_PRIVILEGES,
	GROUP_PROCESSES,
	GROUP_STATUS,
	OPT_GROUPS,
};

extern const char *const opt_group_titles[OPT_GROUPS];

/* The words that an option takes, and what each stands for. */
struct choices {
	const char *names; /* for the message about another word: "one, two or three" */
	struct {
		const char *word;
		unsigned value;  /* of an enum, not 0 */
	} list[OPT_MAX_CHOICES]; /* ends early with a NULL word */
};

/* The modifiers that an option takes up, and that are given or pending. */
enum modifier {
	MODIFIER_PERMS = 1 << 0,
	MODIFIER_SIZE = 1 << 1,
	MODIFIER_LAYERS = 1 << 2,
};

/*
 * Reads the arguments of --args.  Parsing makes no system call, so the caller
 * brings one.
 */
struct opt_reader {
	/*
	 * Read all of descriptor @fd and close it.  At most @max bytes, else
	 * -E2BIG.  Returns 0 with *@ret and *@len, the caller's to free, or
	 * -errno with @e set.
	 */
	int (*read)(int fd, size_t max, char **ret, size_t *len, struct err *e);
};

/* The state of parsing one command line. */
struct parse {
	struct plan *plan;
	const struct opt_reader *reader;
	unsigned pending;  /* enum modifier, for the next option that takes them */
	mode_t mode;       /* if MODIFIER_PERMS is pending */
	uint64_t size;     /* if MODIFIER_SIZE is pending */
	unsigned op_flags; /* enum op_flags that all ops have from here on */
	size_t layers;     /* if MODIFIER_LAYERS is pending: how many of the plan's */
	size_t text_left;  /* bytes that --args may still bring */
	bool in_args;      /* inside the contents of an --args descriptor */
};

/* One command-line option: the only place that says it exists. */
struct opt {
	const char *name; /* without the leading "--" */
	enum arg args[OPT_MAX_ARGS];
	enum opt_group group;
	const char *help; /* one line, no full stop */

	/* Put the option into the plan.  @args has as many entries as the option. */
	int (*take)(struct parse *p, const struct opt *opt, const char *const *args, struct err *e);
	enum op_kind op; /* for take_op() */
	unsigned flags;  /* take_op(), take_op_flags(): enum op_flags; take_unshare(): CLONE_NEW* */
	unsigned try_flags; /* take_unshare(): CLONE_NEW* where the kernel has them */
	size_t field;       /* generic takers: offset in struct plan */
	size_t given;       /* offset of a bool that says whether the option was given; or 0 */
	unsigned value;     /* take_value(): the value; take_mode(): the largest */
	bool off;           /* the option clears what others set */
	bool once;          /* take_string(): given again, it is an error */
	enum fd_use fd;     /* take_fd() */
	const struct choices *choices; /* take_choice() */
	unsigned modifiers;            /* enum modifier: those it takes up */
	mode_t default_mode;           /* take_op(): permission bits without --perms */
	bool transparent;              /* pending modifiers stay pending */
};

extern const struct opt opt_table[];
extern const size_t opt_count;

/* How many arguments @opt takes. */
int opt_arity(const struct opt *opt);

/*
 * Turn a command line into a plan.
 *
 * @argv is argv[1] onwards, NULL-terminated.  Returns 0, -EINVAL for a command
 * line that makes no sense, -E2BIG, or -ENOMEM; @e then says which option and
 * why.  Makes no system call but through @reader.
 */
int opt_parse(struct plan *plan, const char *const *argv, const struct opt_reader *reader,
	      struct err *e) must_check;

/*
 * Parse @len bytes of NUL-terminated words, as --args brings them, into @p.
 * Takes ownership of @text, also when it fails.  Returns as opt_parse().
 */
int opt_parse_text(struct parse *p, char *text, size_t len, struct err *e) must_check;

/*
 * The usage and the list of options, for a program called @argv0: what --help
 * prints.  Returns an allocated string, or NULL when memory ran out.
 */
char *opt_help(const char *argv0) must_check;
