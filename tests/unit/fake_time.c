/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time, and waiting for descriptors. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "sys/sys.h"
#include "test.h"

#define MAX_POLLED 16
#define BOOTED_MS 5000 /* before a test starts */

int64_t fake_sys_now(void)
{
	return fake.now_ms;
}

void fake_sys_advance(unsigned ms)
{
	fake.now_ms += ms;
}

int64_t sys_now_ms(void)
{
	return BOOTED_MS + fake.now_ms;
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
