/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * payload KIND [ARGUMENT]...: the command of a sandbox.
 *
 *	alone          prints "ready" and waits for ever;
 *	brief          prints "ready" and exits;
 *	family         the same as alone, with a child that has left its group, session and parent,
 *	               and has a name of two lines;
 *	leave KIND     leaves a process in the background, see below, prints "ready" and exits
 *	               with status 3;
 *	grab           takes the terminal for a process group of its own, prints "ready" and
 *	               is killed;
 *	ticks FILE N   N processes write to FILE all the time, the first one prints "ready"; the
 *	               others exit when it does.
 *
 * No process of it lives for longer than a minute.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE_S 60
#define TICK_MS 5
#define LEFT_STATUS 3

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static void say_ready(void)
{
	if (write(STDOUT_FILENO, "ready\n", 6) < 0)
		_exit(2);
}

static void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* fork(2), and the child has its own minute. */
static pid_t fork_one(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(2);
	if (pid == 0)
		(void)alarm(LIFE_S);
	return pid;
}

/* Go on as a process that has left group, session and parent; the parent returns as well. */
static bool is_hidden_child(void)
{
	pid_t child = fork_one();

	if (child > 0) {
		(void)waitpid(child, NULL, 0);
		return false;
	}
	(void)setsid();
	if (fork_one() > 0)
		_exit(0);
	return true;
}

static int alone(char **args)
{
	(void)args;
	say_ready();
	wait_for_ever();
	return 0;
}

static int brief(char **args)
{
	(void)args;
	say_ready();
	return 0;
}

static int family(char **args)
{
	if (is_hidden_child()) {
		(void)prctl(PR_SET_NAME, "pay\nload", 0, 0, 0);
		wait_for_ever();
	}
	return alone(args);
}

/* --- Processes left in the background ---------------------------------------- */

static void ignore_term(void)
{
	(void)signal(SIGTERM, SIG_IGN);
}

/* A chain of processes, each of which makes the next one and ends after @nap_ms. */
static void fork_on(long nap_ms)
{
	time_t end = time(NULL) + LIFE_S;

	while (time(NULL) < end) {
		if (nap_ms > 0)
			pause_ms(nap_ms);
		if (fork_one() > 0)
			_exit(0);
	}
}

static const char *said_at_end;

static void say_end(int sig)
{
	(void)sig;
	(void)!write(STDOUT_FILENO, said_at_end, strlen(said_at_end));
	_exit(0);
}

/* Exits on SIGTERM, and reports that. */
static void say_at_term(void)
{
	said_at_end = "in peace\n";
	(void)signal(SIGTERM, say_end);
}

/* Traces the command, and takes no note of its end. */
static void hold_parent(void)
{
	ignore_term();
	if (ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) < 0)
		_exit(2);
}

/* How a process is left. */
static const struct leaver {
	const char *name;
	bool is_hidden;
	void (*prepare)(void);
	long nap_ms;
	bool forks;
} leavers[] = {
	{.name = "polite", .prepare = say_at_term},
	{.name = "deaf", .prepare = ignore_term},
	{.name = "hidden", .is_hidden = true, .prepare = say_at_term},
	{.name = "deaf-hidden", .is_hidden = true, .prepare = ignore_term},
	{.name = "forker", .forks = true, .nap_ms = 2},
	{.name = "deaf-forker",
	 .is_hidden = true,
	 .forks = true,
	 .nap_ms = 2,
	 .prepare = ignore_term},
	{.name = "tracer", .prepare = hold_parent},
	{.name = "hasty", .is_hidden = true, .forks = true, .prepare = ignore_term},
};

/* In the process that is left: report that it is set up. */
static void be_left(const struct leaver *leaver, int told)
{
	if (leaver->prepare != NULL)
		leaver->prepare();
	if (write(told, "", 1) < 0)
		_exit(2);
	(void)close(told);
	if (leaver->forks)
		fork_on(leaver->nap_ms);
	wait_for_ever();
}

static int leave_one(const struct leaver *leaver)
{
	int told[2];
	char byte;

	if (pipe2(told, O_CLOEXEC) < 0)
		return 2;
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (leaver->is_hidden ? is_hidden_child() : fork_one() == 0)
		be_left(leaver, told[1]);
	(void)close(told[1]);
	if (read(told[0], &byte, 1) != 1)
		return 2;
	say_ready();
	return LEFT_STATUS;
}

static int leave(char **args)
{
	for (size_t i = 0; i < sizeof(leavers) / sizeof(leavers[0]); i++)
		if (strcmp(args[0], leavers[i].name) == 0)
			return leave_one(&leavers[i]);
	return 2;
}

/* --- On a terminal ------------------------------------------------------------ */

static int grab(char **args)
{
	(void)args;
	(void)signal(SIGTTOU, SIG_IGN);
	if (setpgid(0, 0) < 0 || tcsetpgrp(STDIN_FILENO, getpgrp()) < 0) {
		perror("payload: cannot take the terminal");
		return 2;
	}
	say_ready();
	(void)raise(SIGKILL);
	return 2;
}

static void tick_for_ever(int file)
{
	while (write(file, ".", 1) == 1)
		pause_ms(TICK_MS);
	_exit(2);
}

static int ticks(char **args)
{
	int file = open(args[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int n = args[1] != NULL ? atoi(args[1]) : 1;

	if (file < 0) {
		perror(args[0]);
		return 2;
	}
	for (int i = 1; i < n; i++)
		if (fork_one() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			tick_for_ever(file);
		}
	say_ready();
	tick_for_ever(file);
	return 2;
}

static const struct kind {
	const char *name;
	int (*run)(char **args);
	int n_args;
} kinds[] = {
	{"alone", alone, 0}, {"family", family, 0}, {"leave", leave, 1},
	{"grab", grab, 0},   {"ticks", ticks, 1},   {"brief", brief, 0},
};

int main(int argc, char **argv)
{
	(void)alarm(LIFE_S);
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[1], kinds[i].name) == 0 && argc - 2 >= kinds[i].n_args)
			return kinds[i].run(argv + 2);
	return 2;
}
