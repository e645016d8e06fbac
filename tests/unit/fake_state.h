/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the fake kernel share; a test includes fake_sys.h only. */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define MAX_FDS 8192
#define MAX_ANSWERS 64
#define TEXT_BYTES (256 << 10)
#define MAX_HOOKS 16
#define MAX_WRITTEN 64
#define WRITTEN_BYTES 8192
#define TRACE_BYTES (4 << 20)
#define LINE_BYTES 8192
#define NAME_BYTES 256
#define MAX_DEPTH 4  /* of processes that run in each other's memory */
#define REAPER_PID 1 /* of the calling process, unless it is told another */

struct fd {
	bool is_open;
	bool is_given;
	mode_t type; /* S_IFDIR or S_IFREG */
	size_t at;   /* offset in the text of its file */
	char name[NAME_BYTES];
};

struct file {
	char name[NAME_BYTES];
	bool exists;
	char text[TEXT_BYTES];
};

struct hook {
	const char *line;
	void (*run)(void *arg);
	void *arg;
};

struct answer {
	const char *line;
	bool is_once;
	bool is_used;
	long r;
	const void *data;
	size_t size;
	const char *passed;
	const char *handle; /* of the process that sends a message */
	pid_t sender;
};

struct written {
	int fd;
	size_t size;
	_Alignas(max_align_t) char data[WRITTEN_BYTES];
};

/* What comes of a call. */
struct outcome {
	bool is_told; /* false: what is usual */
	long r;
	const void *data;
	size_t size;
	const char *passed;
	pid_t sender;
	const char *handle;
};

struct word {
	uint64_t flag;
	const char *text;
};

struct words {
	char text[2 * NAME_BYTES];
};

struct fake_state {
	struct fd fds[MAX_FDS];
	struct fd parent_fds[MAX_FDS]; /* while a child of sys_vfork() has its own */
	int next_fd;
	struct answer answers[MAX_ANSWERS];
	unsigned n_answers;
	unsigned n_files;
	struct hook hooks[MAX_HOOKS];
	unsigned n_hooks;
	int64_t now_ms;
	unsigned clones; /* that sys_clone() has made */
	pid_t sender;    /* of the messages to come */
	pid_t pid;       /* of the calling process */
	struct written written[MAX_WRITTEN];
	unsigned n_written;
	unsigned calls;
	unsigned fail_at;
	int error;
	char trace[TRACE_BYTES];
	size_t used;
	size_t failed;     /* offset in the trace behind the call that failed, 0 if none did */
	unsigned children; /* of sys_vfork(), each in the one before */
	bool unmounted;
	jmp_buf ends[MAX_DEPTH];
	unsigned depth; /* how many of @ends there are */
	int status;     /* how a process came to its end */
};

extern struct fake_state fake;

/* --- fake_answers.c: the answers that a test gives, and the trace of what was called */

/* Whether @line is @pattern, or starts with what stands before its final "*". */
bool matches(const char *pattern, const char *line);

/* A call that cannot fail. */
printf_like(1, 2) struct outcome note(const char *fmt, ...);

/* A call that can. */
printf_like(1, 2) struct outcome call(const char *fmt, ...);

/* 0 or what was told. */
int done(struct outcome outcome);

/* Write what was told to @buf; returns how much, or what else was told. */
ssize_t give(struct outcome outcome, void *buf, size_t size, ssize_t usual);

/* Whether an error was told. */
bool failed(struct outcome outcome);

/* The string that a call writes, or its -errno. */
int give_string(struct outcome outcome, char *buf, size_t size);

/* --- fake_descriptors.c: descriptors, their names, and what goes through them */

/* The open descriptor @fd, or the test fails; what it is called; and a new number. */
struct fd *find_fd(int fd);
const char *name_of(int fd);
int next_fd(void);

/* Open @fd, whose name is given as by printf(3). */
printf_like(3, 4) void set_fd(int fd, mode_t type, const char *fmt, ...);

/* A new descriptor of that name, or of the name that was told; or -errno if that was told. */
printf_like(3, 4) int open_as(struct outcome outcome, mode_t type, const char *fmt, ...);

/* A new descriptor of the process @pid, called @name, or after it if that is NULL. */
int new_pidfd(pid_t pid, const char *name);

/* --- fake_files.c: paths, what files contain, and libraries */

/* What was told of the contents of @name, or NULL. */
struct file *find_file(const char *name);

/* --- fake_words.c: words for flags, as they stand in the trace */

/* " word word" for those of @table, which ends with no text, that are in @flags. */
struct words words(const struct word *table, uint64_t flags);

/* The signals in @set, by number, or "all". */
struct words signal_words(const sigset_t *set);

/* The name of a directory before a path, and a blank, or "" for AT_FDCWD. */
struct words dir_words(int dirfd);
