/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A kernel that does nothing, remembers everything and answers as it is told.
 *
 * Each call is one line of the trace, such as "mkdir box/usr lib 755".  A descriptor has the name
 * that it was opened by.  For sys_openat() and sys_openat_in() that is the directory's name, a
 * slash and the path.  Mounts are such as "tree:/usr", "fs:tmpfs" and "mount:tmpfs".  AT_FDCWD is
 * left out.  What the child of sys_vfork() does is indented.  Closing is not in the trace, but
 * using or closing a descriptor that is not open fails the test.  Consecutive calls of sys_statx()
 * are sorted by the alphabet: nothing depends on their order.
 *
 * Without an answer calls succeed.  A path exists and is a directory, or a file if it was opened
 * for writing; none is a link.  Nothing is left to read or wait for.  Processes are in one session,
 * and on no terminal.
 *
 * The line of sys_poll() is such as "poll child signals, 200 ms".  The names are sorted, and
 * negative descriptors left out: poll(2) gives their order no meaning.  It has to be told what
 * happens, except in three cases.  If it is for room to write, that descriptor comes first, as in
 * "await_room status child, 1000 ms", and there is room.  If it does not wait, as in
 * "look signals, 0 ms", nothing is ready.  If it waits for time to pass, "poll, 20 ms", that does.
 * Time passes only there, and in fake_sys_advance().  Asking for the time, or for the number of the
 * calling process, leaves no line.
 *
 * A process of fake_proc.h that sleeps stops at a SIGSTOP by its directory, until a SIGCONT.
 */
void fake_sys_reset(void);

/* The calling process has the number @pid from now on, and not 1. */
void fake_sys_be(pid_t pid);

/* Tell of a descriptor that is open already and belongs to the test. */
void fake_sys_given(int fd, const char *name);

/* The same, of the process @pid: /proc/self/fdinfo says so. */
void fake_sys_given_pidfd(int fd, const char *name, pid_t pid);

/* Let the @nth call from now fail with @error. */
void fake_sys_fail_at(unsigned nth, int error);

/*
 * Answer a call whose line is @line, or starts with the part of @line before a final "*".  An
 * answer is given once, in the order given, or always, if none of the first kind is left.  @data
 * goes to where the call writes; it has to stay there.  Calls that return how much they have
 * written do so, whatever @r.
 *
 * For sys_dlsym(), @data is a function pointer.  For sys_wait_pidfd() it is an int, the status, or
 * a struct fake_end.
 */
void fake_sys_answer(const char *line, long r);
void fake_sys_always(const char *line, long r);
void fake_sys_answer_data(const char *line, long r, const void *data, size_t size);
void fake_sys_always_data(const char *line, long r, const void *data, size_t size);

/*
 * Let a poll whose line is @line find ready what is called @names, with blanks between; once or
 * always; a "*" may stand at the end of each.  It fails the test if one of them is not polled,
 * unless a call has failed by fake_sys_fail_at() before.
 */
void fake_sys_answer_ready(const char *line, const char *names);
void fake_sys_always_ready(const char *line, const char *names);

/* Let the mount that sys_open_tree() opens be called @name. */
void fake_sys_answer_tree(const char *line, const char *name);

/*
 * For sys_clone() and sys_clone_unreaped(): make the process @pid, and let its pidfd be called
 * @name.  If told that it returns 0, it is in the child that the test goes on.  Without an answer
 * the processes are 1000 and up; the pidfd is "child" if there are new namespaces, or else such as
 * "pidfd:1000".
 */
void fake_sys_answer_child(const char *line, pid_t pid, const char *name);

/* Names for the next pair of sockets, in the order given; else "outside" and "inside". */
void fake_sys_answer_pair(const char *here, const char *there);

/* Call @hook with @arg at each call whose line is @line, or starts so, before it is answered. */
void fake_sys_then(const char *line, void (*hook)(void *arg), void *arg);

/*
 * From now on the file @name, such as "/proc/7/stat", contains @text, which is copied.  The text of
 * a directory is the names in it, with blanks between; that of a link is where it leads.  Each
 * descriptor of it reads on from where it is.  If @text is NULL, @name does not exist.
 */
void fake_sys_file(const char *name, const char *text);

/* What @name contains, or NULL if that was not told, or it does not exist. */
const char *fake_sys_contents(const char *name);

/* Milliseconds since fake_sys_reset(). */
int64_t fake_sys_now(void);
void fake_sys_advance(unsigned ms);

struct fake_end {
	int status; /* as wait(2) gives it */
	struct rusage usage;
};

/* Let the file descriptor @line reads, or the link, contain @text; once or always. */
void fake_sys_answer_text(const char *line, const char *text);
void fake_sys_always_text(const char *line, const char *text);

/*
 * Let a message come, with a descriptor called @passed unless that is NULL; or with a pidfd of its
 * sender called @handle, likewise.
 */
void fake_sys_answer_message(const char *line, const void *data, size_t size, const char *passed);
void fake_sys_answer_message_by(const char *line, const void *data, size_t size,
				const char *handle);

/* Let the messages that are told of from now on come from the process @sender. */
void fake_sys_sender(pid_t sender);

/* Calls that can fail so far, and descriptors made and not closed. */
unsigned fake_sys_calls(void);
unsigned fake_sys_open_fds(void);
const char *fake_sys_trace(void);

/* The part of the trace after the call that fake_sys_fail_at() let fail. */
const char *fake_sys_trace_after_failure(void);

/* The @i-th block of bytes written or sent to @fd, or NULL if there were fewer. */
const void *fake_sys_written(int fd, unsigned i, size_t *size);

/* The descriptor called @name, or -1 if none of that name is open; and what @fd is called. */
int fake_sys_fd(const char *name);
const char *fake_sys_name(int fd);

/*
 * Call @run with @arg until it comes to an end.  Returns the status that it exits
 * with, or one of these.
 */
enum { FAKE_RETURNED = -1, FAKE_EXECUTED = -2 };

int fake_sys_run(void (*run)(void *arg), void *arg);

/* A call of another library's, as a line of the trace.  Returns 0 or -errno. */
int fake_sys_call(const char *fmt, ...) printf_like(1, 2);
