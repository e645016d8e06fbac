/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dialogue [STEP]... -- COMMAND...: run COMMAND on a terminal of its own, and take the steps:
 *
 *	see TEXT     wait until the terminal shows TEXT, after the text of an earlier step;
 *	type TEXT    type it: "^Z" stands for Ctrl-Z, "\n" for the end of a line;
 *	resize ROWS  the terminal has so many from now on;
 *	still FILE   FILE does not grow for some time;
 *	grows FILE   it does, soon.
 *
 * Prints what the terminal has shown, and which step has failed if one has.  Returns the
 * status of COMMAND, or 2.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 10000, /* for an expected event */
	SETTLE_MS = 100,     /* until typed text has had its effect */
	STILL_MS = 200,      /* for an event that must not come */
	LOOK_MS = 10,
	MAX_SHOWN = 65536,
};

#define CONTROL 0x1f /* the bits of a letter that Ctrl leaves */

struct dialogue {
	int terminal;
	char shown[MAX_SHOWN];
	size_t used;
	size_t seen; /* text before this was seen by an earlier step */
	bool is_over;
};

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Read the terminal's output, waiting for it for @ms milliseconds. */
static void listen_for(struct dialogue *d, int ms)
{
	struct pollfd terminal = {.fd = d->terminal, .events = POLLIN};
	ssize_t n;

	if (d->is_over) {
		pause_ms(ms);
		return;
	}
	if (poll(&terminal, 1, ms) <= 0)
		return;
	n = read(d->terminal, d->shown + d->used, sizeof(d->shown) - 1 - d->used);
	if (n > 0)
		d->used += (size_t)n;
	else
		d->is_over = true; /* no process has the terminal open any more */
	d->shown[d->used] = '\0';
}

static bool step_see(struct dialogue *d, const char *text)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
		const char *found = strstr(d->shown + d->seen, text);

		if (found != NULL) {
			d->seen = (size_t)(found - d->shown) + strlen(text);
			return true;
		}
		if (d->is_over)
			return false;
		listen_for(d, LOOK_MS);
	}
	return false;
}

static bool step_type(struct dialogue *d, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		char key = *c;

		if (c[0] == '^' && c[1] >= 'A' && c[1] <= 'Z')
			key = (char)(c[1] & CONTROL);
		else if (c[0] == '\\' && c[1] == 'n')
			key = '\n';
		if (key != *c)
			c++;
		if (write(d->terminal, &key, 1) != 1)
			return false;
	}
	return true;
}

static bool step_resize(struct dialogue *d, const char *rows)
{
	const struct winsize size = {.ws_row = (unsigned short)atoi(rows), .ws_col = 80};

	return ioctl(d->terminal, TIOCSWINSZ, &size) == 0;
}

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (long)st.st_size;
}

/* Wait until typed text has had its effect. */
static void settle(struct dialogue *d)
{
	for (int ms = 0; ms < SETTLE_MS; ms += LOOK_MS) {
		listen_for(d, 0);
		pause_ms(LOOK_MS);
	}
}

static bool step_still(struct dialogue *d, const char *file)
{
	long size;

	settle(d);
	size = size_of(file);
	pause_ms(STILL_MS);
	return size >= 0 && size_of(file) == size;
}

static bool step_grows(struct dialogue *d, const char *file)
{
	long size;

	settle(d);
	size = size_of(file);
	for (int ms = 0; ms < PATIENCE_MS && size >= 0; ms += LOOK_MS) {
		if (size_of(file) > size)
			return true;
		listen_for(d, LOOK_MS);
	}
	return false;
}

static const struct step {
	const char *name;
	bool (*take)(struct dialogue *d, const char *arg);
} steps[] = {
	{"see", step_see},     {"type", step_type},   {"resize", step_resize},
	{"still", step_still}, {"grows", step_grows},
};

static bool take_step(struct dialogue *d, const char *name, const char *arg)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, name) == 0)
			return steps[i].take(d, arg);
	return false;
}

/* The child's half: the command on its terminal, with the signals' usual dispositions. */
static void become(char **command)
{
	static const int usual[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		(void)signal(usual[i], SIG_DFL);
	(void)execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* Wait until the command has ended, and return its status; or kill it. */
static int await_end(struct dialogue *d, pid_t pid, bool is_good)
{
	int status = 0;
	pid_t ended = 0;

	for (int ms = 0; is_good && ended == 0 && ms < PATIENCE_MS; ms += LOOK_MS) {
		listen_for(d, LOOK_MS);
		ended = waitpid(pid, &status, WNOHANG);
	}
	for (int i = 0; i < STILL_MS / LOOK_MS && !d->is_over; i++)
		listen_for(d, LOOK_MS);
	if (ended == 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		if (is_good)
			printf("the command does not end\n");
		return 2;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static struct dialogue d; /* large */
	int i = 1;
	bool is_good = true;
	int status;
	pid_t pid;

	while (i + 1 < argc && strcmp(argv[i], "--") != 0)
		i += 2;
	if (i + 1 >= argc)
		return 2;
	pid = forkpty(&d.terminal, NULL, NULL, NULL);
	if (pid < 0) {
		perror("forkpty");
		return 2;
	}
	if (pid == 0)
		become(argv + i + 1);
	for (int s = 1; s < i && is_good; s += 2) {
		is_good = take_step(&d, argv[s], argv[s + 1]);
		if (!is_good)
			printf("failed: %s %s\n", argv[s], argv[s + 1]);
	}
	status = await_end(&d, pid, is_good);
	(void)fwrite(d.shown, 1, d.used, stdout);
	return status;
}
