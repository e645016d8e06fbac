/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/hint.h"
#include "isolation/filter.h"
#include "mounts/dest.h"
#include "run/env.h"
#include "run/fds.h"
#include "sys/sys.h"

/*
 * Change to @path below @root, the sandbox's, without links of /proc to open files.  Returns 0 or
 * -errno: -EXDEV if getcwd(2) shows that the directory is not below the root.
 */
static int enter(int root, const char *path)
{
	struct err why = {0}; /* dropped: the caller describes the failure */
	char cwd[PATH_MAX];
	autoclose int dir = -1;
	int r;

	if (path[0] == '\0')
		return -ENOENT;
	dir = dest_open_as((struct dest_root){.fd = root, .links = LINK_ANY}, path,
			   O_PATH | O_DIRECTORY, &why);
	r = dir < 0 ? dir : sys_fchdir(dir);
	if (r == 0)
		r = sys_getcwd(cwd, sizeof(cwd));
	return r == 0 && cwd[0] != '/' ? -EXDEV : r;
}

/* Change to the directory of --chdir, and set PWD. */
static int enter_chosen(int root, const char *dir, struct err *e)
{
	autotext struct text pwd = {0};
	int r = enter(root, dir);

	if (r < 0) {
		(void)err_sys(e, r, "cannot change to %s in the sandbox", dir);
		(void)err_bwrap(e, "Can't chdir to %s: %s", dir, strerror(-r));
		if (r == -ELOOP)
			(void)err_hint(e, "links such as /proc/self/fd/3 and /proc/self/cwd are "
					  "not followed");
		(void)err_path(e, dir);
		return err_option(e, "chdir");
	}
	text_put(&pwd, "%s%s", dir[0] == '/' ? "" : "/", dir);
	return pwd.failed ? err_sys(e, -ENOMEM, "cannot set PWD") : env_set_pwd(pwd.start, e);
}

/* Change to the caller's directory @cwd, or HOME, or "/", and set PWD. */
static int enter_usual(int root, const char *cwd, struct err *e)
{
	const char *const candidates[] = {cwd, getenv("HOME"), "/"};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		int r;

		if (candidates[i] == NULL || candidates[i][0] != '/')
			continue;
		r = enter(root, candidates[i]);
		if (r == 0)
			return env_set_pwd(candidates[i], e);
		if (r == -EXDEV)
			return err_sys(e, r, "%s is not in the sandbox", candidates[i]);
	}
	return err_set(e, ENOENT, "cannot change to any directory in the sandbox");
}

/* Enter the command's working directory. */
static int enter_directory(const struct box *box, struct err *e)
{
	const char *chosen = box->plan->environment.chdir;
	autoclose int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	if (root < 0)
		return err_sys(e, root, "cannot open the sandbox's root");
	return chosen != NULL ? enter_chosen(root, chosen, e) : enter_usual(root, box->cwd, e);
}

/*
 * Close all descriptors but those that the command inherits, and two sockets, before a path is
 * resolved: the other ones lead out of the sandbox's root, by links in /proc.
 */
static int close_others(const struct box *box, struct err *e)
{
	const int ours[] = {box->sock, box->helpers[HELPER_JANITOR].inside};

	return fds_close_others(&box->inherited, ours, sizeof(ours) / sizeof(ours[0]), e);
}

/*
 * Create the sandbox's process group, unless a new session has done so, and put it in the
 * terminal's foreground if the command starts there.  SIGTTOU is blocked here.
 */
static int enter_group(const struct box *box, struct err *e)
{
	int r = 0;

	if (box->own_group && (!box->plan->processes.new_session || box->has_reaper))
		r = sys_setpgid(0, 0);
	if (r == 0 && box->heeds_ttin)
		r = sys_signal_default(SIGTTIN);
	if (r < 0)
		return err_sys(e, r, "cannot create a process group");
	if (box->foreground)
		(void)sys_tcsetpgrp(STDIN_FILENO, sys_getpgrp());
	return 0;
}

/* Set the command's umask and signal mask. */
static int restore(const struct box *box, struct err *e)
{
	bool given = box->plan->environment.have_umask;
	int r = sys_umask(given ? box->plan->environment.umask : box->umask);

	if (r < 0)
		return err_sys(e, r, "cannot set the umask");
	r = sys_sigprocmask(SIG_SETMASK, &box->signals, NULL);
	return r < 0 ? err_sys(e, r, "cannot restore the signal mask") : 0;
}

static size_t count_words(const struct plan *plan)
{
	size_t n = 0;

	while (plan->command[n] != NULL)
		n++;
	return n;
}

size_t command_stack(const struct plan *plan)
{
	const size_t shell_and_end = 3;

	return (count_words(plan) + shell_and_end) * sizeof(char *);
}

/* Execute the command; with --argv0, under that name. */
static int execute(const struct plan *plan, struct err *e)
{
	size_t n = count_words(plan);
	autofree const char **args = calloc(n + 1, sizeof(*args));
	int r;

	if (args == NULL)
		return err_sys(e, -ENOMEM, "cannot execute %s", plan->command[0]);
	memcpy(args, plan->command, n * sizeof(*args));
	if (plan->environment.argv0 != NULL)
		args[0] = plan->environment.argv0;
	r = sys_exec(plan->command[0], args);
	(void)err_sys(e, r, "cannot execute %s", plan->command[0]);
	(void)err_bwrap(e, "execvp %s: %s", plan->command[0], strerror(-r));
	(void)err_path(e, plan->command[0]);
	e->stage = ERR_EXEC;
	if (plan->privileges.seccomp.n == 0) /* else they may forbid opening files */
		hint_exec(plan->command[0], e);
	return r;
}

/*
 * Check for the last time that the monitor and the janitor are there: without a monitor the command
 * is not wanted, and without a janitor nothing would ensure its end.  From here on the monitor may
 * exit without the command, unless that is tied to it.
 */
static int part_from_outside(const struct box *box, struct err *e)
{
	enum { MONITOR, JANITOR, N };
	struct pollfd fds[N] = {
		[MONITOR] = {.fd = box->sock, .events = POLLIN},
		[JANITOR] = {.fd = box->helpers[HELPER_JANITOR].inside, .events = POLLIN},
	};
	int r = 0;

	if (!box->has_reaper && !box->tied && !box->plan->processes.die_with_parent)
		r = sys_prctl(PR_SET_PDEATHSIG, 0);
	if (r < 0)
		return err_sys(e, r, "cannot clear the parent-death signal");
	if (sys_poll(fds, N, 0) <= 0)
		return 0;
	return err_set(e, EPIPE, "the %s is gone",
		       fds[MONITOR].revents != 0 ? "monitor" : "janitor");
}

/*
 * Leave the caller's session keyring.  If that fails, for lack of quota or in a kernel without
 * keys, the filter still refuses the calls that reach the old one.
 */
static void leave_keyring(const struct plan *plan)
{
	if (!plan->as_bwrap && !plan->privileges.keep_keyring)
		(void)sys_new_session_keyring();
}

/* The system calls that sbx's own filter refuses: see filter.c. */
static unsigned choose_filter(const struct box *box)
{
	const struct filter_caller caller = {
		.flags = box->ns.flags,
		.is_root = box->ns.outside.uid == 0,
		.behind_landlock = box->ns.domain == LANDLOCK_BARRIER,
		.may_open_handles = (box->caps.keep & caps_bit(CAP_DAC_READ_SEARCH)) != 0,
		.may_administer = (box->caps.keep & caps_bit(CAP_SYS_ADMIN)) != 0,
	};

	return filter_choose(box->plan, &caller);
}

int command_exec(const struct box *box, struct err *e)
{
	unsigned refused = choose_filter(box);
	struct filter_ids ids = filter_ids(refused);
	int r = caps_apply(&box->caps, e);

	if (r == 0)
		r = env_apply(box->plan, e); /* before the working directory, which may be HOME */
	if (r == 0)
		r = enter_group(box, e);
	leave_keyring(box->plan);
	if (r == 0)
		r = close_others(box, e);
	if (r == 0)
		r = enter_directory(box, e);
	if (r == 0)
		r = restore(box, e);
	if (r == 0)
		r = fds_hand_over(box->plan, e);
	if (r == 0)
		r = part_from_outside(box, e);
	if (r == 0)
		r = filter_apply(refused, &ids, e);
	if (r == 0)
		r = seccomp_apply(&box->seccomp, e);
	return r < 0 ? r : execute(box->plan, e);
}
