/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Print "ready", wait for the first of the signals that sbx forwards, and briefly for others. Print
 * the number of each: "TERM 1".
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MOMENT_MS 150
#define GIVE_UP_S 20

static const struct {
	int number;
	const char *name;
} signals[] = {
	{SIGTERM, "TERM"}, {SIGINT, "INT"},   {SIGHUP, "HUP"},
	{SIGQUIT, "QUIT"}, {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t counts[SIGNALS];
static volatile sig_atomic_t total;

static void count(int number)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i].number == number)
			counts[i]++;
	total++;
}

/* Pass @ms, however many signals come. */
static void pass(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0)
		;
}

int main(void)
{
	struct sigaction action = {.sa_handler = count};
	sigset_t all;
	sigset_t before;

	(void)alarm(GIVE_UP_S);
	sigemptyset(&all);
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaddset(&all, signals[i].number);
		(void)sigaction(signals[i].number, &action, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	(void)puts("ready");
	(void)fflush(stdout);
	while (total == 0)
		(void)sigsuspend(&before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	pass(MOMENT_MS);
	for (size_t i = 0; i < SIGNALS; i++)
		if (counts[i] != 0)
			printf("%s %d\n", signals[i].name, (int)counts[i]);
	return 0;
}
