/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers that a test gives, and the trace of what was called. */
#include <stdio.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "test.h"

#define FIRST_FD 100
#define MAX_CALLS 65536 /* more is a loop without end */

struct fake_state fake;

void fake_sys_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.next_fd = FIRST_FD;
	fake.pid = REAPER_PID;
}

void fake_sys_be(pid_t pid)
{
	fake.pid = pid;
}

void fake_sys_fail_at(unsigned nth, int error)
{
	fake.fail_at = fake.calls + nth;
	fake.error = error;
}

static void add_answer(const struct answer *answer)
{
	assert_true(fake.n_answers < MAX_ANSWERS);
	fake.answers[fake.n_answers++] = *answer;
}

void fake_sys_answer(const char *line, long r)
{
	add_answer(&(struct answer){.line = line, .is_once = true, .r = r});
}

void fake_sys_always(const char *line, long r)
{
	add_answer(&(struct answer){.line = line, .r = r});
}

void fake_sys_answer_data(const char *line, long r, const void *data, size_t size)
{
	add_answer(&(struct answer){
		.line = line, .is_once = true, .r = r, .data = data, .size = size});
}

void fake_sys_always_data(const char *line, long r, const void *data, size_t size)
{
	add_answer(&(struct answer){.line = line, .r = r, .data = data, .size = size});
}

void fake_sys_answer_text(const char *line, const char *text)
{
	fake_sys_answer_data(line, 0, text, strlen(text));
}

void fake_sys_always_text(const char *line, const char *text)
{
	fake_sys_always_data(line, 0, text, strlen(text));
}

void fake_sys_answer_ready(const char *line, const char *names)
{
	add_answer(&(struct answer){.line = line, .is_once = true, .r = 1, .data = names});
}

void fake_sys_always_ready(const char *line, const char *names)
{
	add_answer(&(struct answer){.line = line, .r = 1, .data = names});
}

void fake_sys_answer_tree(const char *line, const char *name)
{
	add_answer(&(struct answer){.line = line, .is_once = true, .passed = name});
}

void fake_sys_answer_message(const char *line, const void *data, size_t size, const char *passed)
{
	add_answer(&(struct answer){.line = line,
				    .is_once = true,
				    .data = data,
				    .size = size,
				    .passed = passed,
				    .sender = fake.sender});
}

void fake_sys_answer_message_by(const char *line, const void *data, size_t size, const char *handle)
{
	add_answer(&(struct answer){.line = line,
				    .is_once = true,
				    .data = data,
				    .size = size,
				    .handle = handle,
				    .sender = fake.sender});
}

void fake_sys_sender(pid_t sender)
{
	fake.sender = sender;
}

void fake_sys_answer_child(const char *line, pid_t pid, const char *name)
{
	add_answer(&(struct answer){.line = line, .is_once = true, .r = pid, .passed = name});
}

void fake_sys_answer_pair(const char *here, const char *there)
{
	add_answer(&(struct answer){
		.line = "socketpair", .is_once = true, .passed = here, .data = there});
}

void fake_sys_then(const char *line, void (*hook)(void *arg), void *arg)
{
	assert_true(fake.n_hooks < MAX_HOOKS);
	fake.hooks[fake.n_hooks++] = (struct hook){.line = line, .run = hook, .arg = arg};
}

unsigned fake_sys_calls(void)
{
	return fake.calls;
}

const char *fake_sys_trace(void)
{
	return fake.trace;
}

const char *fake_sys_trace_after_failure(void)
{
	return fake.failed == 0 ? "" : fake.trace + fake.failed;
}

/* Whether @line of the trace is a look at an inode, which changes nothing. */
static bool is_look(const char *line)
{
	return strncmp(line + strspn(line, "\t"), "stat ", strlen("stat ")) == 0;
}

/* The line of the trace before the one at @at, or NULL if there is none that may be moved. */
static char *line_before(char *at)
{
	char *start = at;

	if (at <= fake.trace + fake.failed)
		return NULL;
	for (start--; start > fake.trace + fake.failed && start[-1] != '\n'; start--)
		;
	return start;
}

/*
 * Let the last line of the trace, at @last, stand where it belongs in the alphabet, if it and those
 * before it are looks.
 */
static void sort_looks(char *last)
{
	char line[LINE_BYTES];
	size_t size = fake.used - (size_t)(last - fake.trace);
	char *at = last;
	char *before;

	if (!is_look(last))
		return;
	memcpy(line, last, size);
	line[size] = '\0';
	while ((before = line_before(at)) != NULL && is_look(before) &&
	       strncmp(before, line, (size_t)(at - before)) > 0)
		at = before;
	memmove(at + size, at, (size_t)(last - at));
	memcpy(at, line, size);
}

/* Add a line to the trace.  Returns the part that says what was called. */
static const char *add_line(const char *fmt, va_list ap) printf_like(1, 0);

static const char *add_line(const char *fmt, va_list ap)
{
	static char line[LINE_BYTES];
	char *last = fake.trace + fake.used;
	int n;

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	n = snprintf(last, TRACE_BYTES - fake.used, "%.*s%s\n", (int)fake.children, "\t\t\t\t",
		     line);
	fake.used += (size_t)n;
	assert_true(fake.used < TRACE_BYTES);
	sort_looks(last);
	return line;
}

bool matches(const char *pattern, const char *line)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, line, len - 1) == 0;
	return strcmp(pattern, line) == 0;
}

static struct outcome find_outcome(const char *line, bool once)
{
	for (unsigned i = 0; i < fake.n_answers; i++) {
		struct answer *a = &fake.answers[i];

		if (a->is_once != once || a->is_used || !matches(a->line, line))
			continue;
		a->is_used = once;
		return (struct outcome){true,      a->r,      a->data,  a->size,
					a->passed, a->sender, a->handle};
	}
	return (struct outcome){0};
}

static void run_hooks(const char *line)
{
	for (unsigned i = 0; i < fake.n_hooks; i++)
		if (matches(fake.hooks[i].line, line))
			fake.hooks[i].run(fake.hooks[i].arg);
}

static struct outcome answer_to(const char *line)
{
	struct outcome outcome;

	run_hooks(line);
	outcome = find_outcome(line, true);
	if (!outcome.is_told)
		outcome = find_outcome(line, false);
	return outcome;
}

struct outcome note(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = add_line(fmt, ap);
	va_end(ap);
	return answer_to(line);
}

static struct outcome count_call(const char *line)
{
	struct outcome outcome = {.is_told = true, .r = -fake.error};

	if (++fake.calls > MAX_CALLS)
		fail_msg("endless loop, after\n%.2000s", fake.trace);
	if (fake.calls == fake.fail_at)
		fake.failed = fake.used;
	else
		outcome = answer_to(line);
	return outcome;
}

struct outcome call(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = add_line(fmt, ap);
	va_end(ap);
	return count_call(line);
}

int done(struct outcome outcome)
{
	return outcome.is_told ? (int)outcome.r : 0;
}

int fake_sys_call(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = add_line(fmt, ap);
	va_end(ap);
	return done(count_call(line));
}

ssize_t give(struct outcome outcome, void *buf, size_t size, ssize_t usual)
{
	size_t n = outcome.size < size ? outcome.size : size;

	if (!outcome.is_told)
		return usual;
	if (outcome.data == NULL)
		return (ssize_t)outcome.r;
	memcpy(buf, outcome.data, n);
	return (ssize_t)n;
}

bool failed(struct outcome outcome)
{
	return outcome.is_told && outcome.r < 0;
}

int give_string(struct outcome outcome, char *buf, size_t size)
{
	ssize_t n = give(outcome, buf, size - 1, 0);

	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}
