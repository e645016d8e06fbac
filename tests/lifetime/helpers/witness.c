/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * witness run COMMAND...
 *	runs it and prints "status N, left N, zombies N": the processes that were alive, or had to
 *	be reaped by its parent's parent, when it returned.
 * witness killed|thread FROM TO RUNS COMMAND...
 *	RUNS times, start COMMAND as the child of a process, which is killed, or of a thread,
 *	which exits, after FROM microseconds, in the last run after TO.  Or, if FROM is
 *	"ready", after COMMAND has printed something.  The time begins when COMMAND, which is sbx,
 *	has seen its parent.  No process may be left 100 ms later.
 * witness orphan COMMAND...
 *	the parent of COMMAND, which was in another session, has exited before COMMAND is run.
 * witness new-session COMMAND...
 *	the parent of COMMAND creates a session before COMMAND is run; the status is COMMAND's.
 *
 * Kills processes that are left, and fails if there are any, except with "run".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"

#define MS 1000U /* in microseconds */

enum {
	BOUND_US = 100 * MS,
	PATIENCE_US = 1000 * MS, /* after that, a process counts as left for good */
	READY_MS = 10000,        /* until COMMAND has printed something */
};

/* The children that were reaped. */
struct seen {
	pid_t command;
	bool command_ended;
	int status;
	unsigned others;
};

static void take(void *arg, pid_t pid, int status)
{
	struct seen *seen = arg;

	if (pid != seen->command) {
		seen->others++;
		return;
	}
	seen->command_ended = true;
	seen->status = status;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void become(char **command)
{
	(void)execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* --- When a command returns ------------------------------------------------------ */

/* Wait for the command alone, and then look at the others once. */
static void run_and_look(struct seen *seen, struct relatives *left)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)seen->command, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	family_find(left);
	(void)family_look(0, take, seen);
}

static int run(char **command)
{
	static struct relatives left; /* large */
	struct seen seen = {.command = family_fork()};

	if (seen.command == 0)
		become(command);
	run_and_look(&seen, &left);
	printf("status %d, left %u, zombies %u\n", exit_status(seen.status), left.count,
	       seen.others);
	family_print(&left);
	family_clear(NULL, NULL);
	return 0;
}

/* --- When a parent ends ---------------------------------------------------------- */

/* One run of killed or thread. */
struct parent {
	char **command;
	bool is_awaited; /* it is awaited that the command prints something, */
	uint64_t us;     /* or else this time passes */
	int output[2];   /* a pipe that the command prints to */
};

static void be_command(const struct parent *parent)
{
	(void)dup2(parent->output[1], STDOUT_FILENO);
	become(parent->command);
}

/* Wait until the process @pid has the name that sbx takes once it has seen its parent. */
static void await_name(pid_t pid)
{
	static const char name[] = "sbx-monitor\n";
	uint64_t end = family_clock() + READY_MS * MS;
	char path[32];
	char text[sizeof(name)] = "";

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	while (strcmp(text, name) != 0 && family_clock() < end) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		(void)close(fd);
		if (n < 0)
			return;
		text[n] = '\0';
	}
}

static void await_moment(const struct parent *parent, pid_t command)
{
	struct pollfd output = {.fd = parent->output[0], .events = POLLIN};

	await_name(command);
	if (!parent->is_awaited)
		family_pause(parent->us);
	else if (poll(&output, 1, READY_MS) != 1 || !(output.revents & POLLIN))
		fprintf(stderr, "witness: the command says nothing\n");
}

/* The parent is a process, in a session of its own.  It sends its child's PID on the pipe. */
static void end_process(const struct parent *parent)
{
	int made[2];
	pid_t command;
	pid_t pid;

	if (pipe2(made, O_CLOEXEC) < 0)
		exit(2);
	pid = family_fork();
	if (pid == 0) {
		(void)setsid();
		command = fork();
		if (command == 0)
			be_command(parent);
		(void)!write(made[1], &command, sizeof(command));
		for (;;)
			(void)pause();
	}
	(void)close(made[1]);
	if (read(made[0], &command, sizeof(command)) != sizeof(command))
		exit(2);
	(void)close(made[0]);
	await_moment(parent, command);
	(void)kill(pid, SIGKILL);
}

static void *be_thread(void *arg)
{
	const struct parent *parent = arg;

	pid_t command = family_fork();

	if (command == 0)
		be_command(parent);
	await_moment(parent, command);
	return NULL;
}

/* The parent is a thread of this process. */
static void end_thread(const struct parent *parent)
{
	union {
		const struct parent *parent;
		void *arg;
	} given = {.parent = parent};
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_thread, given.arg) != 0 ||
	    pthread_join(thread, NULL) != 0)
		exit(2);
}

/* Returns the microseconds until nothing was left, or -1. */
static int64_t end_parent(struct parent *parent, void (*end)(const struct parent *))
{
	static struct relatives left; /* large */
	int64_t took;

	if (pipe2(parent->output, O_CLOEXEC) < 0)
		exit(2);
	end(parent);
	took = family_await_end(PATIENCE_US, NULL, NULL);
	if (took < 0) {
		printf("# left, after %u us:\n", (unsigned)parent->us);
		family_find(&left);
		family_print(&left);
		family_clear(NULL, NULL);
	}
	(void)close(parent->output[0]);
	(void)close(parent->output[1]);
	return took;
}

/* Once more if it took long: the machine may have other things to do. */
static int64_t end_parent_twice(struct parent *parent, void (*end)(const struct parent *))
{
	int64_t took = end_parent(parent, end);

	return took > BOUND_US ? end_parent(parent, end) : took;
}

static int end_parents(char **args, void (*end)(const struct parent *))
{
	struct parent parent = {.is_awaited = strcmp(args[0], "ready") == 0, .command = args + 3};
	uint64_t from = strtoul(args[0], NULL, 10);
	uint64_t to = strtoul(args[1], NULL, 10);
	unsigned runs = (unsigned)strtoul(args[2], NULL, 10);
	unsigned left = 0;
	unsigned late = 0;
	int64_t worst = 0;

	for (unsigned i = 0; i < runs; i++) {
		int64_t took;

		parent.us = runs > 1 ? from + (to - from) * i / (runs - 1) : from;
		took = end_parent_twice(&parent, end);
		left += took < 0;
		late += took > BOUND_US;
		worst = took > worst ? took : worst;
	}
	printf("%u runs, %u survivors, %u late; the worst took %.1f ms\n", runs, left, late,
	       (double)worst / MS);
	return left > 0 || late > 0;
}

static int killed(char **args)
{
	return end_parents(args, end_process);
}

static int thread(char **args)
{
	return end_parents(args, end_thread);
}

/* --- When a parent has ended ------------------------------------------------------ */

/* Wait until @parent has ended. */
static void await_orphanhood(pid_t parent)
{
	while (getppid() == parent)
		family_pause(MS);
}

/* In a session of its own: create a child that becomes the command, send its PID, and exit. */
static void be_lost_parent(char **command, int told)
{
	pid_t parent = getpid();
	pid_t pid;

	(void)setsid();
	pid = fork();
	if (pid == 0) {
		await_orphanhood(parent);
		become(command);
	}
	(void)!write(told, &pid, sizeof(pid));
	_exit(0);
}

static int orphan(char **command)
{
	struct seen seen = {0};
	uint64_t end = family_clock() + READY_MS * MS;
	int told[2];

	if (pipe2(told, O_CLOEXEC) < 0)
		return 2;
	if (family_fork() == 0)
		be_lost_parent(command, told[1]);
	if (read(told[0], &seen.command, sizeof(seen.command)) != sizeof(seen.command))
		return 2;
	while (!seen.command_ended && family_clock() < end && family_look(end, take, &seen))
		;
	printf("status %d\n", seen.command_ended ? exit_status(seen.status) : -1);
	family_clear(NULL, NULL);
	return 0;
}

/* Make a child, begin a session, and only then let the child become the command. */
static int new_session(char **command)
{
	int go[2];
	char byte;
	int status = 0;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return 2;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) { /* setsid(2) fails for the leader of a process group */
		pid = fork();
		if (pid == 0) {
			(void)!read(go[0], &byte, sizeof(byte));
			become(command);
		}
		(void)setsid();
		(void)!write(go[1], "", 1);
		(void)waitpid(pid, &status, 0);
		_exit(exit_status(status));
	}
	(void)waitpid(pid, &status, 0);
	return exit_status(status);
}

static const struct kind {
	const char *name;
	int (*witness)(char **args);
	int n_args;
} kinds[] = {
	{"run", run, 1},       {"killed", killed, 4},           {"thread", thread, 4},
	{"orphan", orphan, 1}, {"new-session", new_session, 1},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0 || argc - 2 < kinds[i].n_args)
			continue;
		family_adopt();
		return kinds[i].witness(argv + 2);
	}
	(void)fprintf(stderr,
		      "usage: %s run|killed|thread|orphan|new-session [ARGUMENT]... COMMAND...\n",
		      argv[0]);
	return 2;
}
