/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "sys/sys.h"
#include "test.h"

#define FIRST_FD 100
#define MAX_FDS 8192
#define MAX_ANSWERS 64
#define MAX_FILES 256
#define TEXT_BYTES (256 << 10)
#define MAX_HOOKS 16
#define MAX_POLLED 16
#define MAX_WRITTEN 64
#define MAX_LEFT 1024
#define MAX_CALLS 65536 /* more is a loop without end */
#define WRITTEN_BYTES 8192
#define TRACE_BYTES (4 << 20)
#define LINE_BYTES 8192
#define NAME_BYTES 256
#define MAX_DEPTH 4 /* of processes that run in each other's memory */

#define CHILD_PID 1000 /* of sys_clone(), and one more for each that was made before */
#define REAPER_PID 1   /* of the calling process, unless it is told another */
#define COMMAND_PID 2  /* of sys_vfork(), and one more for each that this is in */
#define PARENT_PID 500
#define BOOTED_MS 5000 /* before a test starts */
#define GROUP_ID 300   /* of processes */

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
	const char *handle; /* of who sends a message */
	pid_t sender;
};

struct written {
	int fd;
	size_t size;
	_Alignas(max_align_t) char data[WRITTEN_BYTES];
};

static struct {
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
} fake;

/* Those beyond fake.n_files are of no meaning: a reset need not touch them. */
static struct file files[MAX_FILES];

/* What execs left behind, so that nobody takes it for lost. */
static const void *volatile left_behind[MAX_LEFT];

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

/* --- Files that have contents, and time ----------------------------------- */

static struct file *find_file(const char *name)
{
	for (unsigned i = 0; i < fake.n_files; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

void fake_sys_file(const char *name, const char *text)
{
	struct file *file = find_file(name);

	if (file == NULL) {
		assert_true(fake.n_files < MAX_FILES);
		file = &files[fake.n_files++];
		(void)snprintf(file->name, sizeof(file->name), "%s", name);
	}
	file->exists = text != NULL;
	if (file->exists)
		assert_in_range(snprintf(file->text, sizeof(file->text), "%s", text), 0,
				sizeof(file->text) - 1);
}

const char *fake_sys_contents(const char *name)
{
	const struct file *file = find_file(name);

	return file == NULL || !file->exists ? NULL : file->text;
}

int64_t fake_sys_now(void)
{
	return fake.now_ms;
}

void fake_sys_advance(unsigned ms)
{
	fake.now_ms += ms;
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

/* --- Descriptors ---------------------------------------------------------- */

static struct fd *find_fd(int fd)
{
	if (fd < 0 || fd >= MAX_FDS || !fake.fds[fd].is_open) {
		fail_msg("descriptor %d is not open, after\n%s", fd, fake.trace);
		abort();
	}
	return &fake.fds[fd];
}

static const char *name_of(int fd)
{
	return find_fd(fd)->name;
}

printf_like(3, 4) static void set_fd(int fd, mode_t type, const char *fmt, ...)
{
	va_list ap;

	fake.fds[fd] = (struct fd){.is_open = true, .type = type};
	va_start(ap, fmt);
	(void)vsnprintf(fake.fds[fd].name, NAME_BYTES, fmt, ap);
	va_end(ap);
}

static int next_fd(void)
{
	assert_true(fake.next_fd < MAX_FDS);
	return fake.next_fd++;
}

void fake_sys_given(int fd, const char *name)
{
	set_fd(fd, S_IFDIR, "%s", name);
	fake.fds[fd].is_given = true;
}

/* Let /proc say that the descriptor @fd is of the process @pid. */
static void show_pidfd(int fd, pid_t pid)
{
	char name[NAME_BYTES];
	char text[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	(void)snprintf(text, sizeof(text), "pos:\t0\nPid:\t%d\nNSpid:\t%d\n", pid, pid);
	fake_sys_file(name, text);
}

void fake_sys_given_pidfd(int fd, const char *name, pid_t pid)
{
	fake_sys_given(fd, name);
	show_pidfd(fd, pid);
}

/* A new descriptor of the process @pid, called @name, or after it if that is NULL. */
static int new_pidfd(pid_t pid, const char *name)
{
	int fd = next_fd();

	if (name != NULL)
		set_fd(fd, 0, "%s", name);
	else
		set_fd(fd, 0, "pidfd:%d", pid);
	show_pidfd(fd, pid);
	return fd;
}

unsigned fake_sys_open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < MAX_FDS; fd++)
		n += fake.fds[fd].is_open && !fake.fds[fd].is_given;
	return n;
}

int fake_sys_fd(const char *name)
{
	for (int fd = 0; fd < MAX_FDS; fd++)
		if (fake.fds[fd].is_open && strcmp(fake.fds[fd].name, name) == 0)
			return fd;
	return -1;
}

const char *fake_sys_name(int fd)
{
	return name_of(fd);
}

/* --- Calls ---------------------------------------------------------------- */

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

static bool matches(const char *pattern, const char *line)
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

/* A call that cannot fail. */
printf_like(1, 2) static struct outcome note(const char *fmt, ...)
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

/* A call that can. */
printf_like(1, 2) static struct outcome call(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = add_line(fmt, ap);
	va_end(ap);
	return count_call(line);
}

/* 0 or what was told. */
static int done(struct outcome outcome)
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

/* Write what was told to @buf; returns how much, or what else was told. */
static ssize_t give(struct outcome outcome, void *buf, size_t size, ssize_t usual)
{
	size_t n = outcome.size < size ? outcome.size : size;

	if (!outcome.is_told)
		return usual;
	if (outcome.data == NULL)
		return (ssize_t)outcome.r;
	memcpy(buf, outcome.data, n);
	return (ssize_t)n;
}

static bool failed(struct outcome outcome)
{
	return outcome.is_told && outcome.r < 0;
}

/* --- Words for flags ------------------------------------------------------ */

struct word {
	uint64_t flag;
	const char *text;
};

struct words {
	char text[2 * NAME_BYTES];
};

/* " word word" for those of @table, which ends with no text, that are in @flags. */
static struct words words(const struct word *table, uint64_t flags)
{
	struct words ret = {.text = ""};

	for (; table->text != NULL; table++) {
		size_t used = strlen(ret.text);

		if (!(flags & table->flag))
			continue;
		flags &= ~table->flag;
		(void)snprintf(ret.text + used, sizeof(ret.text) - used, " %s", table->text);
	}
	return ret;
}

static const struct word open_words[] = {
	{O_WRONLY, "write"},      {O_RDWR, "read-write"},
	{O_PATH, "path"},         {O_DIRECTORY, "dir"},
	{O_NOFOLLOW, "nofollow"}, {O_NONBLOCK, "nonblock"},
	{O_TRUNC, "trunc"},       {O_EXCL, "excl"},
	{O_CREAT, "create"},      {0, NULL},
};

static const struct word tree_words[] = {
	{OPEN_TREE_CLONE, "clone"},
	{AT_RECURSIVE, "recursive"},
	{AT_EMPTY_PATH, "itself"},
	{0, NULL},
};

static const struct word attr_words[] = {
	{MOUNT_ATTR_RDONLY, "ro"},
	{MOUNT_ATTR_NOSUID, "nosuid"},
	{MOUNT_ATTR_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, "noexec"},
	{0, NULL},
};

static const struct word propagation_words[] = {
	{MS_PRIVATE, "private"},
	{MS_SLAVE, "slave"},
	{0, NULL},
};

static const struct word namespace_words[] = {
	{CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mnt"},
	{CLONE_NEWPID, "pid"},       {CLONE_NEWNET, "net"},
	{CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},
	{CLONE_NEWCGROUP, "cgroup"}, {CLONE_FILES, "files"},
	{CLONE_PARENT, "parent"},    {0, NULL},
};

static const struct word mount_words[] = {
	{MS_NOSUID, "nosuid"},
	{MS_NODEV, "nodev"},
	{0, NULL},
};

static const struct word umount_words[] = {
	{MNT_FORCE, "force"},
	{MNT_DETACH, "detach"},
	{0, NULL},
};

/* The signals in @set, by number, or "all". */
static struct words signal_words(const sigset_t *set)
{
	struct words ret = {.text = ""};

	if (sigismember(set, SIGRTMAX)) {
		(void)snprintf(ret.text, sizeof(ret.text), " all");
		return ret;
	}
	for (int sig = 1; sig < SIGRTMAX; sig++) {
		size_t used = strlen(ret.text);

		if (sigismember(set, sig))
			(void)snprintf(ret.text + used, sizeof(ret.text) - used, " %d", sig);
	}
	return ret;
}

/* The name of a directory before a path, and a blank, or "" for AT_FDCWD. */
static struct words dir_words(int dirfd)
{
	struct words ret = {.text = ""};

	if (dirfd != AT_FDCWD)
		(void)snprintf(ret.text, sizeof(ret.text), "%s ", name_of(dirfd));
	return ret;
}

/* --- Files and descriptors ------------------------------------------------ */

int sys_last_error(void)
{
	return errno != 0 ? -errno : -EINVAL;
}

int sys_close(int fd)
{
	find_fd(fd)->is_open = false;
	return 0;
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	char end[16] = "-";
	struct outcome outcome;

	if (last != UINT_MAX)
		(void)snprintf(end, sizeof(end), "%u", last);
	outcome = call("close_range %u %s%s", first, end,
		       flags & CLOSE_RANGE_CLOEXEC ? " at exec" : "");
	if (!failed(outcome) && !(flags & CLOSE_RANGE_CLOEXEC))
		for (unsigned fd = first; fd <= last && fd < MAX_FDS; fd++)
			fake.fds[fd].is_open = false;
	return done(outcome);
}

/* A new descriptor of @path in @dirfd. */
static int opened(int dirfd, const char *path, mode_t type)
{
	const char *dir = dirfd == AT_FDCWD ? "" : name_of(dirfd);
	int fd = next_fd();

	if (dirfd == AT_FDCWD)
		set_fd(fd, type, "%s", path);
	else if (strcmp(path, ".") == 0)
		set_fd(fd, type, "%s", dir);
	else
		set_fd(fd, type, "%s%s%s", dir, *path == '/' ? "" : "/", path);
	return fd;
}

static struct words mode_words(int flags, mode_t mode)
{
	struct words ret = {.text = ""};

	if (flags & O_CREAT)
		(void)snprintf(ret.text, sizeof(ret.text), " %o", mode);
	return ret;
}

/* Close @fd, which is of something that does not exist.  Returns @fd otherwise. */
static int if_exists(int fd)
{
	const struct file *file = find_file(fake.fds[fd].name);

	if (file == NULL || file->exists)
		return fd;
	fake.fds[fd].is_open = false;
	return -ENOENT;
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	mode_t type = flags & (O_WRONLY | O_RDWR | O_CREAT) ? S_IFREG : S_IFDIR;
	struct outcome outcome;

	if (dirfd < 0 && dirfd != AT_FDCWD)
		return -EBADF; /* as of a file system that could not be opened */
	outcome = call("open %s%s%s%s", dir_words(dirfd).text, path,
		       words(open_words, (unsigned)flags).text, mode_words(flags, mode).text);
	return failed(outcome) ? (int)outcome.r : if_exists(opened(dirfd, path, type));
}

int sys_openat_in(int rootfd, const char *path, int flags)
{
	struct outcome outcome = call("open_in %s%s%s", dir_words(rootfd).text, path,
				      words(open_words, (unsigned)flags).text);

	return failed(outcome) ? (int)outcome.r : opened(rootfd, path, S_IFDIR);
}

int sys_openat_in_nolinks(int rootfd, const char *path, int flags)
{
	return sys_openat_in(rootfd, path, flags);
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	const struct file *file;
	struct outcome outcome;
	size_t n;

	if (fd < 0)
		return -EBADF; /* as of a file system that could not be opened */
	outcome = call("read %s", name_of(fd));
	file = find_file(name_of(fd));
	if (outcome.is_told || file == NULL || !file->exists)
		return give(outcome, buf, size, 0);
	n = strnlen(file->text + fake.fds[fd].at, size);
	memcpy(buf, file->text + fake.fds[fd].at, n);
	fake.fds[fd].at += n;
	return (ssize_t)n;
}

/* Put the word of @len bytes at @name where the kernel puts an entry.  Returns its size. */
static size_t put_entry(char *at, const char *name, size_t len)
{
	const size_t align = _Alignof(struct dirent64);
	size_t size = (offsetof(struct dirent64, d_name) + len + align) / align * align;
	struct dirent64 entry = {.d_ino = 1, .d_reclen = (unsigned short)size};

	memcpy(entry.d_name, name, len);
	memcpy(at, &entry, size);
	return size;
}

int sys_rewind(int fd)
{
	struct outcome outcome = call("rewind %s", name_of(fd));

	if (!failed(outcome))
		fake.fds[fd].at = 0;
	return done(outcome);
}

ssize_t sys_getdents(int fd, void *buf, size_t size)
{
	const size_t most = sizeof(struct dirent64);
	struct outcome outcome = call("getdents %s", name_of(fd));
	const struct file *file = find_file(name_of(fd));
	const char *word;
	size_t used = 0;

	if (outcome.is_told)
		return (ssize_t)outcome.r;
	if (file == NULL || !file->exists)
		return 0;
	word = file->text + fake.fds[fd].at;
	while (*(word += strspn(word, " ")) != '\0' && used + most <= size) {
		size_t len = strcspn(word, " ");

		used += put_entry((char *)buf + used, word, len);
		word += len;
	}
	fake.fds[fd].at = (size_t)(word - file->text);
	return (ssize_t)used;
}

static bool is_text(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] < ' ' && data[i] != '\n')
			return false;
	return true;
}

static void keep_written(int fd, const void *data, size_t size)
{
	struct written *w = &fake.written[fake.n_written];

	assert_true(fake.n_written < MAX_WRITTEN && size <= WRITTEN_BYTES);
	w->fd = fd;
	w->size = size;
	memcpy(w->data, data, size);
	fake.n_written++;
}

const void *fake_sys_written(int fd, unsigned i, size_t *size)
{
	for (unsigned at = 0; at < fake.n_written; at++) {
		if (fake.written[at].fd != fd || i-- > 0)
			continue;
		if (size != NULL)
			*size = fake.written[at].size;
		return fake.written[at].data;
	}
	return NULL;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	const char *shown = is_text(buf, size) ? buf : "(data)";
	int len = (int)(is_text(buf, size) ? size : strlen(shown));
	struct outcome outcome;

	if (fd < 0)
		return -EBADF; /* nobody listens any more */
	outcome = call("write %s %.*s", name_of(fd), len, shown);
	if (outcome.is_told)
		return (ssize_t)outcome.r;
	keep_written(fd, buf, size);
	return (ssize_t)size;
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return done(call("mkdir %s%s %o", dir_words(dirfd).text, path, mode));
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return done(call("symlink %s%s -> %s", dir_words(dirfd).text, path, target));
}

/* The link that @fd is open as itself is in the trace as its name in its directory. */
static struct outcome call_readlink(int fd, const char *path)
{
	const char *name = *path == '\0' ? name_of(fd) : NULL;
	const char *base = name == NULL ? NULL : strrchr(name, '/');

	if (base == NULL)
		return call("readlink %s%s", dir_words(fd).text, path);
	return call("readlink %.*s %s", (int)(base - name), name, base + 1);
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	struct outcome outcome = call_readlink(dirfd, path);
	char name[2 * NAME_BYTES];
	const struct file *file;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s%s%s", dirfd == AT_FDCWD ? "" : name_of(dirfd),
		       dirfd == AT_FDCWD ? "" : "/", path);
	file = find_file(name);
	if (outcome.is_told || file == NULL)
		return give(outcome, buf, size, -EINVAL);
	if (!file->exists)
		return -ENOENT;
	n = strnlen(file->text, size);
	memcpy(buf, file->text, n);
	return (ssize_t)n;
}

int sys_unlinkat(int dirfd, const char *path)
{
	return done(call("unlink %s%s", dir_words(dirfd).text, path));
}

int sys_rmdirat(int dirfd, const char *path)
{
	return done(call("rmdir %s%s", dir_words(dirfd).text, path));
}

int sys_statx(int fd, unsigned mask, struct statx *st)
{
	struct outcome outcome = call("stat %s", name_of(fd));

	assert_int_not_equal(mask, 0);
	if (failed(outcome))
		return (int)outcome.r;
	*st = (struct statx){
		.stx_mode = (uint16_t)(find_fd(fd)->type | 0755),
		.stx_ino = (unsigned)fd,
		.stx_mnt_id = 1,
	};
	(void)give(outcome, st, sizeof(*st), 0);
	return 0;
}

int sys_statx_path(const char *path, unsigned mask, struct statx *st)
{
	struct outcome outcome = call("stat_path %s", path);

	assert_int_not_equal(mask, 0);
	if (failed(outcome))
		return (int)outcome.r;
	*st = (struct statx){.stx_mode = S_IFREG | 0755};
	(void)give(outcome, st, sizeof(*st), 0);
	return 0;
}

int sys_memfd(const char *name)
{
	struct outcome outcome = call("memfd %s", name);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, S_IFREG, "memfd:%s", name);
	return fd;
}

int sys_seals(int fd)
{
	return done(call("seals %s", name_of(fd)));
}

int sys_add_seals(int fd, int seals)
{
	return done(call("seal %s %x", name_of(fd), (unsigned)seals));
}

int sys_copy(int to, int from)
{
	return done(call("copy %s to %s", name_of(from), name_of(to)));
}

int sys_fchmod(int fd, mode_t mode)
{
	return done(call("chmod %s %o", name_of(fd), mode));
}

int sys_fchmod_path(int fd, mode_t mode)
{
	return done(call("chmod_path %s %o", name_of(fd), mode));
}

int sys_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return done(call("access %s%s%s%s%s", dir_words(dirfd).text, path,
			 mode & W_OK ? " write" : "",
			 (mode & W_OK) && (mode & X_OK) ? " search" : "",
			 flags & AT_EACCESS ? " effective" : ""));
}

int sys_fstatfs(int fd, struct statfs *fs)
{
	struct outcome outcome = call("statfs %s", name_of(fd));

	if (failed(outcome))
		return (int)outcome.r;
	*fs = (struct statfs){0};
	(void)give(outcome, fs, sizeof(*fs), 0);
	return 0;
}

int sys_getfd(int fd)
{
	return done(call("getfd %d", fd));
}

int sys_set_cloexec(int fd, bool cloexec)
{
	return done(call("%s_cloexec %d", cloexec ? "set" : "clear", fd));
}

/* The string that a call writes, or its -errno. */
static int give_string(struct outcome outcome, char *buf, size_t size)
{
	ssize_t n = give(outcome, buf, size - 1, 0);

	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}

int sys_getcwd(char *buf, size_t size)
{
	struct outcome outcome = call("getcwd");

	(void)snprintf(buf, size, "/home/user");
	return outcome.is_told ? give_string(outcome, buf, size) : 0;
}

int sys_chdir(const char *path)
{
	return done(call("chdir %s", path));
}

int sys_fchdir(int fd)
{
	return done(call("fchdir %s", name_of(fd)));
}

int sys_chroot(const char *path)
{
	return done(call("chroot %s", path));
}

int sys_umask(mode_t mask)
{
	struct outcome outcome = call("umask %o", mask);

	return outcome.is_told ? (int)outcome.r : 022;
}

int sys_lock_shared(int fd)
{
	return done(call("lock_shared %s", name_of(fd)));
}

int sys_flock(int fd, int operation)
{
	static const struct word locks[] = {
		{LOCK_SH, "shared"},
		{LOCK_EX, "exclusive"},
		{LOCK_UN, "unlock"},
		{0, NULL},
	};

	return done(call("flock %s%s", name_of(fd), words(locks, (unsigned)operation).text));
}

int sys_set_mtime(int fd, int64_t seconds)
{
	return done(call("set_mtime %s %" PRId64, name_of(fd), seconds));
}

int sys_set_atime(int fd, const struct statx_timestamp *time)
{
	return done(call("set_atime %s %" PRId64, name_of(fd), (int64_t)time->tv_sec));
}

int sys_ttyname(int fd, char *buf, size_t size)
{
	struct outcome outcome = call("ttyname %d", fd);

	return outcome.is_told ? give_string(outcome, buf, size) : -ENOTTY;
}

/* --- Mounts --------------------------------------------------------------- */

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	struct words dir = dir_words(*path == '/' && dirfd < 0 ? AT_FDCWD : dirfd);
	struct outcome outcome = call("open_tree %s%s%s", *path == '\0' ? name_of(dirfd) : dir.text,
				      path, words(tree_words, flags).text);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	if (outcome.passed != NULL)
		set_fd(fd, S_IFDIR, "%s", outcome.passed);
	else
		set_fd(fd, S_IFDIR, "tree:%s", *path == '\0' ? name_of(dirfd) : path);
	return fd;
}

int sys_mount_setattr(int fd, unsigned flags, struct mount_attr *attr)
{
	assert_int_equal(attr->attr_clr, 0); /* restrictions are only ever added */
	return done(call("mount_setattr %s%s%s%s", name_of(fd), words(tree_words, flags).text,
			 words(attr_words, attr->attr_set).text,
			 words(propagation_words, attr->propagation).text));
}

int sys_move_mount(int from, int to)
{
	return done(call("move_mount %s %s", name_of(from), name_of(to)));
}

int sys_mount(const char *type, const char *target, unsigned long flags, const char *data)
{
	return done(call("mount %s %s%s %s", type, target, words(mount_words, flags).text, data));
}

int sys_fsopen(const char *type)
{
	struct outcome outcome = call("fsopen %s", type);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, S_IFREG, "fs:%s", type);
	return fd;
}

int sys_fsconfig_string(int fsfd, const char *key, const char *value)
{
	return done(call("fsconfig %s %s=%s", name_of(fsfd), key, value));
}

int sys_fsconfig_flag(int fsfd, const char *key)
{
	return done(call("fsconfig %s %s", name_of(fsfd), key));
}

int sys_fsconfig_create(int fsfd)
{
	return done(call("fsconfig %s create", name_of(fsfd)));
}

int sys_fsmount(int fsfd, unsigned attr)
{
	struct outcome outcome = call("fsmount %s%s", name_of(fsfd), words(attr_words, attr).text);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, S_IFDIR, "mount:%s", name_of(fsfd) + strlen("fs:"));
	return fd;
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return done(call("pivot_root %s %s", new_root, put_old));
}

/* There is one mount to detach, and then no more. */
int sys_umount(const char *path, int flags)
{
	struct outcome outcome =
		call("umount %s%s", path, words(umount_words, (unsigned)flags).text);
	bool was_unmounted = fake.unmounted;

	if (outcome.is_told)
		return (int)outcome.r;
	fake.unmounted = true;
	return was_unmounted ? -EINVAL : 0;
}

int sys_watch_unmount(const char *path)
{
	struct outcome outcome = call("watch_unmount %s", path);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, 0, "unmounted");
	return fd;
}

/* --- Libraries ------------------------------------------------------------ */

/* A library that is there has every function that it was told to have. */
void *sys_dlopen(const char *soname)
{
	struct outcome outcome = call("dlopen %s", soname);

	return failed(outcome) ? NULL : &fake;
}

void *sys_dlsym(void *handle, const char *name)
{
	struct outcome outcome = call("dlsym %s", name);
	void *address = NULL;

	assert_ptr_equal(handle, &fake);
	if (!failed(outcome) && outcome.data != NULL)
		memcpy(&address, outcome.data, sizeof(address));
	return address;
}

/* --- Processes, identity and namespaces ----------------------------------- */

/* Make a process, or be it, as @outcome says; its pidfd is called @name, if that says nothing. */
static int cloned(struct outcome outcome, int *pidfd, const char *name)
{
	pid_t pid = CHILD_PID + (pid_t)fake.clones;

	if (outcome.is_told && outcome.r <= 0)
		return (int)outcome.r;
	fake.clones++;
	if (outcome.is_told) {
		pid = (pid_t)outcome.r;
		name = outcome.passed;
	}
	*pidfd = new_pidfd(pid, name);
	return pid;
}

int sys_clone(unsigned flags, int *pidfd)
{
	struct outcome outcome = call("clone%s", words(namespace_words, flags).text);

	return cloned(outcome, pidfd, flags == 0 ? NULL : "child");
}

int sys_clone_unreaped(int *pidfd)
{
	return cloned(call("clone unreaped"), pidfd, NULL);
}

/* Call @run with @arg until it comes to an end. */
static void run_to_end(void (*run)(void *arg), void *arg)
{
	assert_true(fake.depth < MAX_DEPTH);
	if (setjmp(fake.ends[fake.depth++]) == 0)
		run(arg);
	fake.depth--;
}

int fake_sys_run(void (*run)(void *arg), void *arg)
{
	fake.status = FAKE_RETURNED;
	run_to_end(run, arg);
	return fake.status;
}

__attribute__((noreturn)) static void end_process(int status)
{
	if (fake.depth == 0)
		fail_msg("nobody expects an end here, after\n%s", fake.trace);
	fake.status = status;
	longjmp(fake.ends[fake.depth - 1], 1);
}

/* What sys_vfork() calls, and with what. */
struct child {
	int (*run)(void *arg);
	void *arg;
};

static void run_child(void *arg)
{
	const struct child *child = arg;

	sys_exit(child->run(child->arg));
}

/* The child shares memory, and descriptors only if it is told to. */
pid_t sys_vfork(int (*child)(void *arg), void *arg, unsigned flags, size_t extra)
{
	struct child start = {.run = child, .arg = arg};
	struct outcome outcome =
		call("vfork%s, %zu more bytes of stack", words(namespace_words, flags).text, extra);
	const int pid = COMMAND_PID + (int)fake.children;

	if (outcome.is_told)
		return (pid_t)outcome.r;
	if (!(flags & CLONE_FILES)) {
		assert_int_equal(fake.children, 0);
		memcpy(fake.parent_fds, fake.fds, sizeof(fake.fds));
	}
	fake.children++;
	run_to_end(run_child, &start);
	fake.children--;
	if (!(flags & CLONE_FILES))
		memcpy(fake.fds, fake.parent_fds, sizeof(fake.fds));
	return pid;
}

int sys_exec(const char *file, const char *const *argv)
{
	static unsigned n_left;
	char line[LINE_BYTES] = "";
	struct outcome outcome;

	for (const char *const *arg = argv; *arg != NULL; arg++) {
		size_t used = strlen(line);

		(void)snprintf(line + used, sizeof(line) - used, " %s", *arg);
	}
	outcome = call("exec %s as%s", file, line);
	if (outcome.is_told)
		return (int)outcome.r;
	left_behind[n_left++ % MAX_LEFT] = argv;
	end_process(FAKE_EXECUTED);
}

int sys_exec_fd(int fd, const char *const *argv)
{
	return sys_exec(name_of(fd), argv);
}

void sys_exit(int status)
{
	(void)note("exit %d", status);
	end_process(status);
}

int sys_pidfd_open(pid_t pid)
{
	struct outcome outcome = call("pidfd_open %d", pid);

	return failed(outcome) ? (int)outcome.r : new_pidfd(pid, NULL);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	struct outcome outcome = call("pidfd_getfd %s %d", name_of(pidfd), fd);
	int copy;

	if (failed(outcome))
		return (int)outcome.r;
	copy = next_fd();
	if (outcome.passed != NULL)
		set_fd(copy, 0, "%s", outcome.passed);
	else
		set_fd(copy, 0, "%s:%d", name_of(pidfd), fd);
	return copy;
}

int sys_ns_mounts(int pidfd)
{
	struct outcome outcome = call("ns_mounts %s", name_of(pidfd));
	int mounts;

	if (failed(outcome))
		return (int)outcome.r;
	mounts = next_fd();
	set_fd(mounts, 0, "mounts:%s", name_of(pidfd));
	return mounts;
}

int sys_ns_parent(int fd)
{
	struct outcome outcome = call("ns_parent %s", name_of(fd));
	int parent;

	if (failed(outcome))
		return (int)outcome.r;
	parent = next_fd();
	set_fd(parent, 0, "parent:%s", name_of(fd));
	return parent;
}

int sys_ns_users(int fd)
{
	struct outcome outcome = call("ns_users %s", name_of(fd));
	int users;

	if (failed(outcome))
		return (int)outcome.r;
	users = next_fd();
	set_fd(users, 0, "users:%s", name_of(fd));
	return users;
}

int sys_uname(struct utsname *ret)
{
	struct outcome outcome = call("uname");

	*ret = (struct utsname){.release = "6.1.0-49-amd64", .version = "#1 SMP"};
	(void)give(outcome, ret, sizeof(*ret), 0);
	return failed(outcome) ? (int)outcome.r : 0;
}

int sys_raise_files(void)
{
	return done(call("raise_files"));
}

int sys_files_max(void)
{
	struct outcome outcome = call("files_max");

	return outcome.is_told ? (int)outcome.r : INT_MAX;
}

int sys_stay_on(unsigned cpu)
{
	return done(call("stay_on %u", cpu));
}

int64_t sys_now_ms(void)
{
	return BOOTED_MS + fake.now_ms;
}

int sys_unshare(int flags)
{
	return done(call("unshare%s", words(namespace_words, (unsigned)flags).text));
}

int sys_setns(int fd, int type)
{
	return done(call("setns %s%s", name_of(fd), words(namespace_words, (unsigned)type).text));
}

int sys_sethostname(const char *name)
{
	return done(call("sethostname %s", name));
}

int sys_loopback_up(void)
{
	return done(call("loopback_up"));
}

uid_t sys_getuid(void)
{
	return (uid_t)done(note("getuid"));
}

gid_t sys_getgid(void)
{
	return (gid_t)done(note("getgid"));
}

uid_t sys_geteuid(void)
{
	return (uid_t)done(note("geteuid"));
}

bool sys_is_secure(void)
{
	return done(note("is_secure")) != 0;
}

int sys_setuid(uid_t uid)
{
	return done(call("setuid %u", uid));
}

int sys_setgid(gid_t gid)
{
	return done(call("setgid %u", gid));
}

bool sys_has_only_ids(uid_t uid, gid_t gid)
{
	struct outcome outcome = note("has_only_ids %u %u", uid, gid);

	return !outcome.is_told || outcome.r != 0;
}

pid_t sys_getpid(void)
{
	return fake.children > 0 ? COMMAND_PID : fake.pid;
}

pid_t sys_getppid(void)
{
	struct outcome outcome = note("getppid");
	pid_t usual = fake.children > 0 ? REAPER_PID : PARENT_PID;

	return outcome.is_told ? (pid_t)outcome.r : usual;
}

pid_t sys_getpgrp(void)
{
	struct outcome outcome = note("getpgrp");

	return outcome.is_told ? (pid_t)outcome.r : GROUP_ID;
}

pid_t sys_getsid(void)
{
	struct outcome outcome = note("getsid");

	return outcome.is_told ? (pid_t)outcome.r : GROUP_ID;
}

pid_t sys_tcgetpgrp(int fd)
{
	struct outcome outcome = call("tcgetpgrp %d", fd);

	return outcome.is_told ? (pid_t)outcome.r : -ENOTTY;
}

int sys_tcsetpgrp(int fd, pid_t group)
{
	return done(call("tcsetpgrp %d %d", fd, group));
}

int sys_setsid(void)
{
	struct outcome outcome = call("setsid");

	return outcome.is_told ? (int)outcome.r : REAPER_PID;
}

int sys_setpgid(pid_t pid, pid_t group)
{
	return done(call("setpgid %d %d", pid, group));
}

int sys_prctl(int option, unsigned long arg)
{
	static const struct word options[] = {
		{PR_SET_NO_NEW_PRIVS, "no_new_privs"},
		{PR_SET_PDEATHSIG, "pdeathsig"},
		{PR_SET_DUMPABLE, "dumpable"},
		{PR_GET_DUMPABLE, "is_dumpable"},
		{PR_SET_CHILD_SUBREAPER, "child_subreaper"},
		{PR_SET_KEEPCAPS, "keepcaps"},
		{PR_SET_SECUREBITS, "securebits"},
	};
	const char *name = "?";

	if (option == PR_SET_NAME)
		return done(call("prctl name %s", (const char *)arg));
	for (size_t i = 0; i < LENGTH(options); i++)
		if (options[i].flag == (uint64_t)option)
			name = options[i].text;
	return done(call("prctl %s %lu", name, arg));
}

int sys_set_command_line(const char *text, size_t size)
{
	assert_int_equal(strlen(text) + 1, size);
	return done(note("command_line %s", text));
}

int sys_seccomp_filter(const struct sock_fprog *program)
{
	return done(call("seccomp %u", program->filter[0].k));
}

int sys_seccomp_fast_filter(const struct sock_fprog *program __attribute__((unused)))
{
	return done(call("small filter"));
}

int sys_new_session_keyring(void)
{
	return done(call("new session keyring"));
}

int sys_landlock_scope_signals(void)
{
	struct outcome outcome = call("landlock signals");
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, 0, "rules");
	return fd;
}

int sys_landlock_restrict_self(int rules)
{
	return done(call("landlock_restrict %s", name_of(rules)));
}

/* --- Waiting, signals and messages ---------------------------------------- */

/* Nobody is left to wait for, but a process that is waited for by its number has ended. */
pid_t sys_wait(pid_t pid, int *status, int flags)
{
	char which[16] = "";
	struct outcome outcome;

	if (pid >= 0)
		(void)snprintf(which, sizeof(which), " %d", pid);
	outcome = call("wait%s%s", which, flags & WNOHANG ? " nohang" : "");
	if (!outcome.is_told)
		return pid >= 0 ? pid : -ECHILD;
	if (outcome.data != NULL)
		memcpy(status, outcome.data, sizeof(*status));
	return (pid_t)outcome.r;
}

int sys_wait_pidfd(int pidfd, int *status, struct rusage *usage)
{
	struct outcome outcome = call("wait_pidfd %s", name_of(pidfd));
	struct fake_end end = {.status = outcome.is_told ? *status : 0};

	if (usage != NULL)
		end.usage = *usage;
	if (outcome.data != NULL)
		memcpy(&end, outcome.data, outcome.size);
	*status = end.status;
	if (usage != NULL)
		*usage = end.usage;
	return outcome.is_told ? (int)outcome.r : 1;
}

/* No child has stopped. */
int sys_wait_stop(int pidfd)
{
	return done(call("wait_stop %s", name_of(pidfd)));
}

int sys_kill(pid_t pid, int sig)
{
	return done(call("kill %d %d", pid, sig));
}

/* Let the process stop, or go on, if @sig has that done and its directory is @name. */
static void stop_or_go_on(const char *name, int sig)
{
	char path[NAME_BYTES + sizeof("/stat")];
	struct file *file;
	char *state;

	(void)snprintf(path, sizeof(path), "%s/stat", name);
	file = sig == SIGSTOP || sig == SIGCONT ? find_file(path) : NULL;
	if (file == NULL || !file->exists)
		return;
	state = strstr(file->text, sig == SIGSTOP ? ") S " : ") T ");
	if (state != NULL)
		state[2] = sig == SIGSTOP ? 'T' : 'S';
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	struct outcome outcome = call("kill %s %d", name_of(pidfd), sig);

	if (!failed(outcome))
		stop_or_go_on(name_of(pidfd), sig);
	return done(outcome);
}

int sys_pidfd_signal_group(int pidfd, int sig)
{
	return done(call("kill group of %s %d", name_of(pidfd), sig));
}

int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	struct outcome outcome = call("sigprocmask %s%s", how == SIG_BLOCK ? "block" : "set",
				      signal_words(set).text);

	if (old != NULL)
		(void)sigemptyset(old);
	if (old != NULL && outcome.data != NULL)
		memcpy(old, outcome.data, sizeof(*old));
	return done(outcome);
}

int sys_signal_ignored(int sig)
{
	return done(call("signal_ignored %d", sig));
}

int sys_signal_default(int sig)
{
	return done(call("signal_default %d", sig));
}

int sys_signal_ignore(int sig)
{
	return done(call("signal_ignore %d", sig));
}

void sys_die_of(int sig)
{
	(void)note("die_of %d", sig);
}

/* None is pending. */
int sys_take_signal(int sig)
{
	return done(call("take_signal %d", sig));
}

int sys_signalfd(const sigset_t *set)
{
	struct outcome outcome = call("signalfd%s", signal_words(set).text);
	int fd;

	if (failed(outcome))
		return (int)outcome.r;
	fd = next_fd();
	set_fd(fd, 0, "signals");
	return fd;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * " name name" of those of @fds that are polled for room to write, or for anything else, in the
 * order of the alphabet: their order in the array means nothing.
 */
static struct words polled_words(const struct pollfd *fds, unsigned n, bool room)
{
	const char *names[MAX_POLLED];
	struct words ret = {.text = ""};
	size_t n_names = 0;

	assert_true(n <= MAX_POLLED);
	for (unsigned i = 0; i < n; i++)
		if (fds[i].fd >= 0 && (fds[i].events == POLLOUT) == room)
			names[n_names++] = name_of(fds[i].fd);
	if (n_names > 0)
		qsort(names, n_names, sizeof(*names), compare_names);
	for (size_t i = 0; i < n_names; i++) {
		size_t used = strlen(ret.text);

		(void)snprintf(ret.text + used, sizeof(ret.text) - used, " %s", names[i]);
	}
	return ret;
}

/* Let those of @fds be ready that are called @name.  Returns how many there are. */
static int set_ready(struct pollfd *fds, unsigned n, const char *name)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++)
		if (fds[i].fd >= 0 && matches(name, name_of(fds[i].fd))) {
			fds[i].revents = fds[i].events == 0 ? POLLHUP : fds[i].events;
			ready++;
		}
	if (ready == 0 && fake.failed == 0)
		fail_msg("\"%s\" is not polled, after\n%s", name, fake.trace);
	return ready;
}

/* The same for each of @names, with blanks between. */
static int set_all_ready(struct pollfd *fds, unsigned n, const char *names)
{
	char copy[2 * NAME_BYTES];
	char *rest = copy;
	char *name;
	int ready = 0;

	(void)snprintf(copy, sizeof(copy), "%s", names);
	while ((name = strsep(&rest, " ")) != NULL)
		ready += *name == '\0' ? 0 : set_ready(fds, n, name);
	return ready;
}

int sys_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
	struct words room = polled_words(fds, n, true);
	struct words others = polled_words(fds, n, false);
	const char *usual = timeout_ms == 0 ? "look" : "poll";
	struct outcome outcome = call("%s%s%s, %d ms", *room.text == '\0' ? usual : "await_room",
				      room.text, others.text, timeout_ms);

	for (unsigned i = 0; i < n; i++)
		fds[i].revents = 0;
	if (outcome.data != NULL)
		return set_all_ready(fds, n, outcome.data);
	if (!outcome.is_told && *room.text != '\0')
		return set_all_ready(fds, n, room.text);
	if (!outcome.is_told && *others.text != '\0' && timeout_ms != 0)
		fail_msg("nothing happens any more, after\n%s", fake.trace);
	if (outcome.r != 0)
		return (int)outcome.r;
	if (timeout_ms < 0)
		fail_msg("time is not up where nobody looks at it, after\n%s", fake.trace);
	fake.now_ms += timeout_ms;
	return 0;
}

int sys_socketpair(int pair[2])
{
	struct outcome outcome = call("socketpair");

	if (failed(outcome))
		return (int)outcome.r;
	pair[0] = next_fd();
	pair[1] = next_fd();
	if (outcome.passed != NULL) {
		set_fd(pair[0], 0, "%s", outcome.passed);
		set_fd(pair[1], 0, "%s", (const char *)outcome.data);
		return 0;
	}
	set_fd(pair[0], 0, "outside");
	set_fd(pair[1], 0, "inside");
	return 0;
}

int sys_pass_credentials(int sock)
{
	return done(call("pass_credentials %s", name_of(sock)));
}

int sys_pass_handles(int sock)
{
	return done(call("pass_handles %s", name_of(sock)));
}

void sys_shutdown(int sock)
{
	(void)call("shutdown %s", name_of(sock));
}

ssize_t sys_send(int sock, const void *buf, size_t size, int passed)
{
	struct outcome outcome;

	if (sock < 0)
		return -EBADF; /* nobody is there */
	outcome = call("send %s%s%s", name_of(sock), passed < 0 ? "" : " with ",
		       passed < 0 ? "" : name_of(passed));
	if (outcome.is_told)
		return (ssize_t)outcome.r;
	keep_written(sock, buf, size);
	return (ssize_t)size;
}

ssize_t sys_receive(int sock, void *buf, size_t size, int *passed, struct sys_sender *sender)
{
	struct outcome outcome = call("receive %s", name_of(sock));

	*passed = -1;
	*sender = (struct sys_sender){.pid = outcome.sender, .handle = -1};
	if (outcome.passed != NULL)
		*passed = new_pidfd(outcome.sender, outcome.passed);
	if (outcome.handle != NULL)
		sender->handle = new_pidfd(outcome.sender, outcome.handle);
	return give(outcome, buf, size, 0);
}
