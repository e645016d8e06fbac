/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for flags, as they stand in the trace. */
#include <fcntl.h>
#include <stdio.h>

#include "fake_state.h"
#include "fake_sys.h"
#include "test.h"

struct words words(const struct word *table, uint64_t flags)
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

struct words signal_words(const sigset_t *set)
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

struct words dir_words(int dirfd)
{
	struct words ret = {.text = ""};

	if (dirfd != AT_FDCWD)
		(void)snprintf(ret.text, sizeof(ret.text), "%s ", name_of(dirfd));
	return ret;
}
