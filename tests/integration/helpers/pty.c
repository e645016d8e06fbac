/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pty KEY COMMAND...: run COMMAND on a terminal of its own.  When it has printed
 * the line "ready", the character KEY, if there is one, is typed.  Prints what the terminal
 * shows; returns the status of COMMAND.
 */
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Do not echo typed text; other settings stay as usual. */
static void stop_echo(void)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &settings) < 0)
		return;
	settings.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

/* Show the terminal's output until no process has it open. */
static void converse(int terminal, const char *key)
{
	char seen[4096] = "";
	size_t used = 0;
	size_t typed = strlen(key);
	ssize_t n;

	while (used < sizeof(seen) - 1 &&
	       (n = read(terminal, seen + used, sizeof(seen) - 1 - used)) > 0) {
		(void)fwrite(seen + used, 1, (size_t)n, stdout);
		used += (size_t)n;
		seen[used] = '\0';
		if (typed == 0 || strstr(seen, "ready\r\n") == NULL)
			continue; /* KEY may be one that discards pending output */
		if (write(terminal, key, typed) < 0)
			perror("pty");
		typed = 0;
	}
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	int status = 0;
	int terminal;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		perror("forkpty");
		return 2;
	}
	if (pid == 0) {
		stop_echo();
		(void)execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	converse(terminal, argv[1]);
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
