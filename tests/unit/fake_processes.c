/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, their identity, namespaces and signals. */
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "sys/sys.h"
#include "test.h"

#define MAX_LEFT 1024
#define CHILD_PID 1000 /* of sys_clone(), and one more for each that was made before */
#define COMMAND_PID 2  /* of sys_vfork(), and one more for each that this is in */
#define PARENT_PID 500
#define GROUP_ID 300 /* of processes */

/* The arguments of execs, kept so that no checker takes them for leaks. */
static const void *volatile left_behind[MAX_LEFT];

static const struct word namespace_words[] = {
	{CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mnt"},
	{CLONE_NEWPID, "pid"},       {CLONE_NEWNET, "net"},
	{CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},
	{CLONE_NEWCGROUP, "cgroup"}, {CLONE_FILES, "files"},
	{CLONE_PARENT, "parent"},    {0, NULL},
};

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

	return open_as(outcome, 0, "%s:%d", name_of(pidfd), fd);
}

int sys_ns_mounts(int pidfd)
{
	struct outcome outcome = call("ns_mounts %s", name_of(pidfd));

	return open_as(outcome, 0, "mounts:%s", name_of(pidfd));
}

int sys_ns_parent(int fd)
{
	struct outcome outcome = call("ns_parent %s", name_of(fd));

	return open_as(outcome, 0, "parent:%s", name_of(fd));
}

int sys_ns_users(int fd)
{
	struct outcome outcome = call("ns_users %s", name_of(fd));

	return open_as(outcome, 0, "users:%s", name_of(fd));
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

	return open_as(outcome, 0, "rules");
}

int sys_landlock_restrict_self(int rules)
{
	return done(call("landlock_restrict %s", name_of(rules)));
}

/* There are no children, but a process that is waited for by its number has exited. */
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

void sys_die_with_group(int sig)
{
	(void)note("die_with_group %d", sig);
}

/* None is pending. */
int sys_take_signal(int sig)
{
	return done(call("take_signal %d", sig));
}

int sys_signalfd(const sigset_t *set)
{
	struct outcome outcome = call("signalfd%s", signal_words(set).text);

	return open_as(outcome, 0, "signals");
}
