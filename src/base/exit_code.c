/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/exit_code.h"

#include <sys/wait.h>

#define EXIT_SIGNAL 128 /* plus the signal that killed the command */

int exit_code_of(int status)
{
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}
