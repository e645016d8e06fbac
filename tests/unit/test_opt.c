/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "fake_malloc.h"
#include "plan/opt.h"
#include "test.h"

#define PLAN_BYTES 4096
#define WORDS 12
#define MANY 10000
#define USUAL_MS 1000 /* what times are unless an option says so */

/* --- A plan in words ------------------------------------------------------ */

struct text {
	char start[PLAN_BYTES];
	size_t used;
};

printf_like(2, 3) static void put(struct text *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text->used += (size_t)vsnprintf(text->start + text->used, PLAN_BYTES - text->used, fmt, ap);
	va_end(ap);
	assert_true(text->used < PLAN_BYTES);
}

/* What is said of a kind of operation that has nothing but a destination. */
static const char *const plain_kinds[OP_KINDS] = {
	[OP_DIR] = "dir",
	[OP_PROC] = "proc",
	[OP_SYS] = "sys",
	[OP_DEV] = "dev",
	[OP_MQUEUE] = "mqueue",
	[OP_CHMOD] = "chmod",
	[OP_REMOUNT_RO] = "remount",
	[OP_MASK] = "mask",
	[OP_RO] = "ro",
	[OP_DENY_CREATE] = "deny",
};

static void put_overlay(struct text *text, const struct plan *plan, const struct op *op)
{
	put(text, " overlay of");
	for (size_t i = 0; i < op->overlay.n; i++)
		put(text, " %s", plan->files.layers.list[op->overlay.first + i]);
	if (op->kind == OP_OVERLAY)
		put(text, ", changes to %s by %s", op->overlay.upper, op->overlay.work);
}

static void put_kind(struct text *text, const struct plan *plan, const struct op *op)
{
	switch (op->kind) {
	case OP_BIND:
		put(text, " bind %s", op->src);
		return;
	case OP_OVERLAY:
	case OP_TMP_OVERLAY:
	case OP_RO_OVERLAY:
		put_overlay(text, plan, op);
		return;
	case OP_SYMLINK:
		put(text, " link to %s", op->target);
		return;
	case OP_BIND_FD:
		put(text, " bind %d", op->fd);
		return;
	case OP_FILE:
	case OP_BIND_DATA:
		put(text, " %s %d", op->kind == OP_FILE ? "copy" : "data", op->fd);
		return;
	case OP_TMPFS:
		put(text, " tmpfs of %ju", (uintmax_t)op->size);
		return;
	case OP_DIR:
	case OP_PROC:
	case OP_SYS:
	case OP_DEV:
	case OP_MQUEUE:
	case OP_CHMOD:
	case OP_REMOUNT_RO:
	case OP_MASK:
	case OP_RO:
	case OP_DENY_CREATE:
		put(text, " %s", plain_kinds[op->kind]);
		return;
	case OP_KINDS:
		return;
	}
}

static void put_op(struct text *text, const struct plan *plan, const struct op *op)
{
	put(text, "%s:", op->option);
	if (op->flags & OP_READONLY)
		put(text, " ro");
	if (op->flags & OP_DEVICES)
		put(text, " dev");
	if (op->flags & OP_IF_EXISTS)
		put(text, " try");
	if (op->flags & OP_FREE)
		put(text, " free");
	put_kind(text, plan, op);
	put(text, " at %s, %o below %o\n", op->dest, op->mode, op->parents_mode);
}

static void put_descriptors(struct text *text, const struct plan *plan)
{
	for (size_t i = 0; i < plan->privileges.seccomp.n; i++)
		put(text, "%s: %d\n", plan->privileges.seccomp.list[i].option,
		    plan->privileges.seccomp.list[i].fd);
	for (size_t i = 0; i < FD_USES; i++)
		if (plan->fds[i].option != NULL)
			put(text, "%s: %d\n", plan->fds[i].option, plan->fds[i].fd);
	for (size_t i = 0; i < plan->superseded.n; i++)
		put(text, "%s: not %d\n", plan->superseded.list[i].option,
		    plan->superseded.list[i].fd);
	for (size_t i = 0; i < plan->environment.kept.n; i++)
		put(text, "%s: %d\n", plan->environment.kept.list[i].option,
		    plan->environment.kept.list[i].fd);
}

static void put_lists(struct text *text, const struct plan *plan)
{
	for (size_t i = 0; i < plan->files.n_ops; i++)
		put_op(text, plan, &plan->files.ops[i]);
	for (size_t i = 0; i < plan->environment.n_changes; i++)
		if (plan->environment.changes[i].name == NULL)
			put(text, "clearenv\n");
		else if (plan->environment.changes[i].value == NULL)
			put(text, "unsetenv %s\n", plan->environment.changes[i].name);
		else
			put(text, "setenv %s=%s\n", plan->environment.changes[i].name,
			    plan->environment.changes[i].value);
	for (size_t i = 0; i < plan->privileges.n_caps; i++)
		put(text, "%s: %s %s\n", plan->privileges.caps[i].option,
		    plan->privileges.caps[i].add ? "add" : "drop", plan->privileges.caps[i].name);
	put_descriptors(text, plan);
	for (size_t i = 0; i < plan->status.lock_files.n; i++)
		put(text, "lock %s\n", plan->status.lock_files.list[i]);
	for (size_t i = 0; i < plan->repeated.n; i++)
		put(text, "%s is repeated\n", plan->repeated.list[i]);
}

static void put_namespaces(struct text *text, const char *title, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{CLONE_NEWUSER, "user"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWPID, "pid"},
		{CLONE_NEWNET, "net"},   {CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"},
	};

	if (flags == 0)
		return;
	put(text, "%s:", title);
	for (size_t i = 0; i < LENGTH(names); i++)
		if (flags & names[i].flag)
			put(text, " %s", names[i].name);
	put(text, "\n");
}

static void put_switches(struct text *text, const struct plan *plan)
{
	const struct {
		bool is_on;
		const char *name;
	} switches[] = {
		{plan->processes.new_session, "new-session"},
		{plan->privileges.no_tty_filter, "no-tty-filter"},
		{plan->privileges.keep_keyring, "keep-keyring"},
		{plan->privileges.allow_io_uring, "allow-io-uring"},
		{plan->processes.die_with_parent, "die-with-parent"},
		{plan->processes.kill_on_exit, "kill-on-exit"},
		{plan->general.strict_kernel, "strict-kernel"},
		{plan->processes.as_pid_1, "as-pid-1"},
		{plan->mounts.lock == LOCK_YES, "lock-mounts"},
		{plan->mounts.lock == LOCK_NO, "no-lock-mounts"},
		{plan->privileges.no_signal_scope, "no-signal-scope"},
		{plan->namespaces.disable_userns, "disable-userns"},
		{plan->namespaces.allow_userns, "allow-userns"},
		{plan->namespaces.assert_userns_disabled, "assert-userns-disabled"},
		{plan->environment.close_fds, "close-fds"},
		{plan->general.level_prefix, "level-prefix"},
		{plan->general.verbose, "verbose"},
		{plan->proc.unmasked, "proc-unmasked"},
		{plan->general.want_help, "help"},
		{plan->general.want_version, "version"},
	};

	for (size_t i = 0; i < LENGTH(switches); i++)
		if (switches[i].is_on)
			put(text, "%s\n", switches[i].name);
}

static void put_settings(struct text *text, const struct plan *plan)
{
	put_namespaces(text, "unshare", plan->namespaces.unshare);
	put_namespaces(text, "try", plan->namespaces.unshare_try);
	if (plan->namespaces.have_uid)
		put(text, "uid %u\n", plan->namespaces.uid);
	if (plan->namespaces.have_gid)
		put(text, "gid %u\n", plan->namespaces.gid);
	if (plan->namespaces.hostname != NULL)
		put(text, "hostname %s\n", plan->namespaces.hostname);
	if (plan->mounts.propagation != PROPAGATION_USUAL)
		put(text, "propagation %s\n",
		    plan->mounts.propagation == PROPAGATION_SLAVE ? "slave" : "private");
	if (plan->proc.subset != PROC_SUBSET_NONE)
		put(text, "proc-subset\n");
	if (plan->proc.hidepid != HIDEPID_USUAL)
		put(text, "hidepid %u\n", plan->proc.hidepid);
	if (plan->environment.chdir != NULL)
		put(text, "chdir %s\n", plan->environment.chdir);
	if (plan->environment.have_umask)
		put(text, "umask %o\n", plan->environment.umask);
	if (plan->environment.argv0 != NULL)
		put(text, "argv0 %s\n", plan->environment.argv0);
	if (plan->privileges.exec_label != NULL)
		put(text, "exec-label %s\n", plan->privileges.exec_label);
	if (plan->mounts.file_label != NULL)
		put(text, "file-label %s\n", plan->mounts.file_label);
	if (plan->processes.kill_on_exit && plan->processes.grace_ms != USUAL_MS)
		put(text, "grace %u ms\n", plan->processes.grace_ms);
	if (plan->processes.teardown_ms != USUAL_MS)
		put(text, "teardown %u ms\n", plan->processes.teardown_ms);
	put_switches(text, plan);
}

/* All that @plan says, but for what is not set. */
static struct text describe(const struct plan *plan)
{
	struct text text = {.start = ""};

	put_lists(&text, plan);
	put_settings(&text, plan);
	if (plan->command != NULL)
		put(&text, "run");
	for (const char *const *word = plan->command; word != NULL && *word != NULL; word++)
		put(&text, " %s", *word);
	return text;
}

/* --- A reader of descriptors that do not exist ---------------------------- */

#define CONTENTS(text) .data = (text), .size = sizeof(text) - 1

/* What can be read from which descriptor. */
static const struct contents {
	int fd;
	const char *data;
	size_t size;
} contents[] = {
	{.fd = 10, CONTENTS("--dir\0/a\0--dir\0/b\0")},
	{.fd = 11, CONTENTS("")},
	{.fd = 12, CONTENTS("--dir\0/last\0--hostname\0no-nul-byte")},
	{.fd = 13, CONTENTS("--nope\0")},
	{.fd = 14, CONTENTS("--unshare-pid\0--\0sh\0")},
	{.fd = 15, CONTENTS("sh\0-c\0true\0")},
	{.fd = 16, CONTENTS("--args\00010\0")},
	{.fd = 17, CONTENTS("--bind\0/usr\0")},
	{.fd = 18, CONTENTS("--perms\000700\0")},
	{.fd = 19, CONTENTS("--help\0--nope\0")},
	{.fd = 20, CONTENTS("--dir\0/a\0\0\0")},
	{.fd = 21, CONTENTS("--dir\0\0")},
	{.fd = 22, CONTENTS("--dir\0/a\0--\0\0")},
	{.fd = 23, CONTENTS("--overlay-src\0/b\0--tmp-overlay\0/o\0")},
	{.fd = 24, CONTENTS("--overlay-src\0/b\0")},
	{.fd = 25, CONTENTS("--no-lock-mounts\0")},
};

static size_t last_max; /* that read_contents() was allowed */

static int read_contents(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	last_max = max;
	for (size_t i = 0; i < LENGTH(contents); i++) {
		if (contents[i].fd != fd)
			continue;
		*ret = malloc(contents[i].size + 1);
		if (*ret == NULL)
			return err_sys(e, -ENOMEM, "cannot read descriptor %d", fd);
		memcpy(*ret, contents[i].data, contents[i].size);
		(*ret)[contents[i].size] = '\0';
		*len = contents[i].size;
		return 0;
	}
	return err_sys(e, -EBADF, "cannot read descriptor %d", fd);
}

static const struct opt_reader reader = {.read = read_contents};

/* --- Tests ---------------------------------------------------------------- */

/* Command lines and the plans that they make. */
static const struct {
	const char *argv[WORDS];
	const char *plan;
} good_lines[] = {
	{{"sh"}, "run sh"},
	{{"sh", "--bind", "/"}, "run sh --bind /"},
	{{"--", "--strange", "--"}, "run --strange --"},
	{{"--", "-"}, "run -"},
	{{""}, "run "},
	{{"--help", "--nope"}, "help\nrun --nope"},
	{{"--version"}, "version\n"},
	{{"--bind", "a", "b", "--version"}, "bind: bind a at b, 0 below 755\nversion\n"},

	{{"--bind", "/usr", "/u", "sh"}, "bind: bind /usr at /u, 0 below 755\nrun sh"},
	{{"--bind", "--", "--help", "sh"}, "bind: bind -- at --help, 0 below 755\nrun sh"},
	{{"--bind-try", "a", "b", "sh"}, "bind-try: try bind a at b, 0 below 755\nrun sh"},
	{{"--dev-bind", "a", "b", "sh"}, "dev-bind: dev bind a at b, 0 below 755\nrun sh"},
	{{"--dev-bind-try", "a", "b", "sh"},
	 "dev-bind-try: dev try bind a at b, 0 below 755\nrun sh"},
	{{"--ro-bind", "a", "b", "sh"}, "ro-bind: ro bind a at b, 0 below 755\nrun sh"},
	{{"--ro-bind-try", "a", "b", "sh"}, "ro-bind-try: ro try bind a at b, 0 below 755\nrun sh"},
	{{"--tmpfs", "/tmp", "sh"}, "tmpfs: tmpfs of 0 at /tmp, 755 below 755\nrun sh"},
	{{"--tmpfs", "", "sh"}, "tmpfs: tmpfs of 0 at , 755 below 755\nrun sh"},
	{{"--symlink", "usr/bin", "/bin", "sh"},
	 "symlink: link to usr/bin at /bin, 0 below 755\nrun sh"},
	{{"--file", "3", "/f", "sh"}, "file: copy 3 at /f, 666 below 755\nrun sh"},
	{{"--bind-data", "3", "/f", "sh"}, "bind-data: data 3 at /f, 600 below 700\nrun sh"},
	{{"--ro-bind-data", "0", "/f", "sh"},
	 "ro-bind-data: ro data 0 at /f, 600 below 700\nrun sh"},

	{{"--perms", "1777", "--size", "4096", "--tmpfs", "/tmp", "sh"},
	 "tmpfs: tmpfs of 4096 at /tmp, 1777 below 755\nrun sh"},
	{{"--size", "0x10", "--perms", "0", "--tmpfs", "/tmp", "sh"},
	 "tmpfs: tmpfs of 16 at /tmp, 0 below 700\nrun sh"},
	{{"--size", "010", "--tmpfs", "/a", "--tmpfs", "/b", "sh"},
	 "tmpfs: tmpfs of 8 at /a, 755 below 755\ntmpfs: tmpfs of 0 at /b, 755 below 755\nrun sh"},
	{{"--size", "9223372036854775807", "--tmpfs", "/a", "sh"},
	 "tmpfs: tmpfs of 9223372036854775807 at /a, 755 below 755\nrun sh"},
	{{"--perms", "640", "--file", "3", "/f", "sh"},
	 "file: copy 3 at /f, 640 below 750\nrun sh"},
	{{"--perms", "604", "--bind-data", "3", "/f", "sh"},
	 "bind-data: data 3 at /f, 604 below 705\nrun sh"},

	{{"--unshare-all", "sh"}, "unshare: ipc pid net uts\ntry: user cgroup\nrun sh"},
	{{"--unshare-all", "--share-net", "sh"}, "unshare: ipc pid uts\ntry: user cgroup\nrun sh"},
	{{"--share-net", "--unshare-all", "sh"},
	 "unshare: ipc pid net uts\ntry: user cgroup\nrun sh"},
	{{"--unshare-user", "--unshare-user-try", "sh"}, "unshare: user\ntry: user\nrun sh"},
	{{"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup",
	  "--unshare-cgroup-try", "sh"},
	 "unshare: ipc pid net uts cgroup\ntry: cgroup\nrun sh"},
	{{"--uid", "0", "--gid", "4294967294", "sh"}, "uid 0\ngid 4294967294\nrun sh"},
	{{"--uid", "1", "--uid", "2", "--gid", "3", "--gid", "4", "sh"},
	 "uid is repeated\ngid is repeated\nuid 2\ngid 4\nrun sh"},
	{{"--unshare-uts", "--hostname", "a", "--hostname", "b", "sh"},
	 "hostname is repeated\nunshare: uts\nhostname b\nrun sh"},

	{{"--pidns", "3", "--proc", "/p", "--proc-subset", "pid", "--hidepid", "2", "sh"},
	 "proc: proc at /p, 0 below 755\npidns: 3\nproc-subset\nhidepid 3\nrun sh"},
	{{"--unshare-all", "--hidepid", "off", "--hidepid", "ptraceable", "--proc", "/p", "sh"},
	 "proc: proc at /p, 0 below 755\nhidepid is repeated\n"
	 "unshare: ipc pid net uts\ntry: user cgroup\nhidepid 4\nrun sh"},
	{{"--proc", "/p", "--proc-unmasked", "sh"},
	 "proc: proc at /p, 0 below 755\nproc-unmasked\nrun sh"},
	{{"--propagation", "slave", "sh"}, "propagation slave\nrun sh"},
	{{"--propagation", "slave", "--propagation", "private", "sh"},
	 "propagation is repeated\npropagation private\nrun sh"},

	{{"--clearenv", "--setenv", "A", "b=c", "--setenv", "E", "", "--unsetenv", "A", "sh"},
	 "clearenv\nsetenv A=b=c\nsetenv E=\nunsetenv A\nrun sh"},
	{{"--chdir", "/a", "--chdir", "b", "--argv0", "-sh", "sh", "-l"},
	 "chdir is repeated\nchdir b\nargv0 -sh\nrun sh -l"},
	{{"--umask", "0", "sh"}, "umask 0\nrun sh"},
	{{"--umask", "0777", "--umask", "22", "sh"}, "umask is repeated\numask 22\nrun sh"},
	{{"--cap-add", "ALL", "--cap-drop", "cap_chown", "sh"},
	 "cap-add: add ALL\ncap-drop: drop cap_chown\nrun sh"},
	{{"--exec-label", "a", "--file-label", "b", "--exec-label", "c", "sh"},
	 "exec-label is repeated\nexec-label c\nfile-label b\nrun sh"},
	{{"--seccomp", "3", "--seccomp", "4", "sh"},
	 "seccomp: 4\nseccomp: not 3\nseccomp is repeated\nrun sh"},
	{{"--add-seccomp-fd", "3", "--add-seccomp-fd", "4", "sh"},
	 "add-seccomp-fd: 3\nadd-seccomp-fd: 4\nrun sh"},
	{{"--unshare-pid", "--new-session", "--die-with-parent", "--as-pid-1", "sh"},
	 "unshare: pid\nnew-session\ndie-with-parent\nas-pid-1\nrun sh"},

	{{"--lock-mounts", "sh"}, "lock-mounts\nrun sh"},
	{{"--no-tty-filter", "--keep-keyring", "--allow-io-uring", "sh"},
	 "no-tty-filter\nkeep-keyring\nallow-io-uring\nrun sh"},
	{{"--no-lock-mounts", "sh"}, "no-lock-mounts\nrun sh"},
	{{"--no-signal-scope", "sh"}, "no-signal-scope\nrun sh"},
	{{"--lock-mounts", "--no-lock-mounts", "sh"}, "no-lock-mounts\nrun sh"},
	{{"--no-lock-mounts", "--lock-mounts", "sh"}, "lock-mounts\nrun sh"},
	{{"--lock-mounts", "--no-lock-mounts", "--lock-mounts", "sh"}, "lock-mounts\nrun sh"},
	{{"--lock-mounts", "--args", "25", "sh"}, "no-lock-mounts\nrun sh"},
	{{"--args", "25", "--lock-mounts", "sh"}, "lock-mounts\nrun sh"},
	{{"--free-bind", "a", "/b", "--lock-mounts", "sh"},
	 "free-bind: free bind a at /b, 0 below 755\nlock-mounts\nrun sh"},

	{{"--bind-fd", "3", "/x", "--ro-bind-fd", "4", "y", "sh"},
	 "bind-fd: bind 3 at /x, 0 below 755\nro-bind-fd: ro bind 4 at y, 0 below 755\nrun sh"},
	{{"--overlay-src", "/a", "--overlay", "/rw", "work", "/o", "sh"},
	 "overlay: overlay of /a, changes to /rw by work at /o, 0 below 755\nrun sh"},
	{{"--overlay-src", "/a", "--overlay-src", "b", "--overlay-src", "c", "--tmp-overlay", "/o",
	  "sh"},
	 "tmp-overlay: overlay of /a b c at /o, 0 below 755\nrun sh"},
	{{"--overlay-src", "/a", "--tmp-overlay", "/o", "--overlay-src", "/b", "--overlay-src",
	  "/c", "--ro-overlay", "/p", "sh"},
	 "tmp-overlay: overlay of /a at /o, 0 below 755\n"
	 "ro-overlay: overlay of /b /c at /p, 0 below 755\nrun sh"},
	{{"--overlay-src", "/a", "--args", "23", "sh"},
	 "tmp-overlay: overlay of /a /b at /o, 0 below 755\nrun sh"},

	{{"--info-fd", "3", "--json-status-fd", "4", "--block-fd", "5", "--sync-fd", "6", "sh"},
	 "info-fd: 3\njson-status-fd: 4\nblock-fd: 5\nsync-fd: 6\nrun sh"},
	{{"--unshare-user", "--info-fd", "3", "--userns-block-fd", "4", "sh"},
	 "info-fd: 3\nuserns-block-fd: 4\nunshare: user\nrun sh"},
	{{"--userns", "3", "--userns2", "4", "--pidns", "5", "sh"},
	 "userns: 3\nuserns2: 4\npidns: 5\nrun sh"},
	{{"--info-fd", "3", "--info-fd", "4", "--sync-fd", "5", "--sync-fd", "6", "sh"},
	 "info-fd: 4\nsync-fd: 6\ninfo-fd: not 3\nsync-fd: not 5\n"
	 "info-fd is repeated\nsync-fd is repeated\nrun sh"},
	{{"--block-fd", "3", "--block-fd", "4", "--block-fd", "5", "sh"},
	 "block-fd: 5\nblock-fd: not 3\nblock-fd: not 4\nblock-fd is repeated\n"
	 "block-fd is repeated\nrun sh"},
	{{"--block-fd", "3", "--block-fd", "3", "--seccomp", "4", "--seccomp", "4", "sh"},
	 "seccomp: 4\nblock-fd: 3\nblock-fd: not 3\nseccomp: not 4\nblock-fd is repeated\n"
	 "seccomp is repeated\nrun sh"},
	{{"--unshare-pid", "--as-pid-1", "--sync-fd", "3", "sh"},
	 "sync-fd: 3\nunshare: pid\nas-pid-1\nrun sh"},
	{{"--info-fd", "2147483647", "sh"}, "info-fd: 2147483647\nrun sh"},
	{{"--close-fds", "--keep-fd", "3", "--keep-fd", "4", "--keep-fd", "3", "sh"},
	 "keep-fd: 3\nkeep-fd: 4\nkeep-fd: 3\nclose-fds\nrun sh"},
	{{"--allow-userns", "sh"}, "allow-userns\nrun sh"},
	{{"--unshare-user", "--disable-userns", "--assert-userns-disabled", "sh"},
	 "unshare: user\ndisable-userns\nassert-userns-disabled\nrun sh"},
	{{"--lock-file", "/a", "--lock-file", "b", "--lock-file", "/a", "sh"},
	 "lock /a\nlock b\nlock /a\nrun sh"},
	{{"--level-prefix", "--not-a-security-boundary", "sh"}, "level-prefix\nrun sh"},
	{{"--strict-kernel", "sh"}, "strict-kernel\nrun sh"},
	{{"--verbose", "sh"}, "verbose\nrun sh"},

	{{"--teardown-timeout", "0", "sh"}, "teardown 0 ms\nrun sh"},
	{{"--teardown-timeout", "2.5", "--teardown-timeout", "0.125", "sh"},
	 "teardown 125 ms\nrun sh"},
	{{"--teardown-timeout", "1000000", "sh"}, "teardown 1000000000 ms\nrun sh"},
	{{"--kill-on-exit", "sh"}, "kill-on-exit\nrun sh"},
	{{"--kill-on-exit-after", "2.5", "sh"}, "grace 2500 ms\nkill-on-exit\nrun sh"},
	{{"--kill-on-exit-after", "0", "sh"}, "grace 0 ms\nkill-on-exit\nrun sh"},
	{{"--kill-on-exit-after", "5", "--kill-on-exit", "sh"}, "kill-on-exit\nrun sh"},
	{{"--kill-on-exit", "--kill-on-exit-after", "5", "sh"},
	 "grace 5000 ms\nkill-on-exit\nrun sh"},
	{{"--kill-on-exit-after", "5", "--keep-running", "sh"}, "run sh"},
	{{"--kill-on-exit-after", "5", "--keep-running", "--kill-on-exit", "sh"},
	 "kill-on-exit\nrun sh"},
	{{"--keep-running", "sh"}, "run sh"},
	{{"--kill-on-exit", "--keep-running", "sh"}, "run sh"},
	{{"--keep-running", "--kill-on-exit", "sh"}, "kill-on-exit\nrun sh"},
	{{"--die-with-parent", "--keep-running", "sh"}, "die-with-parent\nrun sh"},

	{{"--tmpfs", "/", "--args", "10", "--tmpfs", "/c", "sh"},
	 "tmpfs: tmpfs of 0 at /, 755 below 755\n"
	 "dir: dir at /a, 755 below 755\n"
	 "dir: dir at /b, 755 below 755\n"
	 "tmpfs: tmpfs of 0 at /c, 755 below 755\nrun sh"},
	{{"--args", "11", "--args", "11", "sh"}, "run sh"},
	{{"--unshare-uts", "--args", "12", "sh"},
	 "dir: dir at /last, 755 below 755\nunshare: uts\nhostname no-nul-byte\nrun sh"},
	{{"--perms", "500", "--args", "10", "sh"},
	 "dir: dir at /a, 500 below 700\ndir: dir at /b, 755 below 755\nrun sh"},
	{{"--args", "19", "--nope"}, "help\nrun --nope"},
	{{"--args", "20", "sh"}, "dir: dir at /a, 755 below 755\nrun sh"},
	{{"--args", "21", "sh"}, "dir: dir at , 755 below 755\nrun sh"},
	{{"--args", "22", "sh"}, "dir: dir at /a, 755 below 755\nrun sh"},
};

TEST(makes_plans_of_command_lines)
{
	for (size_t i = 0; i < LENGTH(good_lines); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};

		if (opt_parse(&plan, good_lines[i].argv, &reader, &e) != 0)
			fail_msg("%s", e.msg);
		assert_string_equal(describe(&plan).start, good_lines[i].plan);
		assert_int_equal(e.code, 0);
	}
}

TEST(gives_each_kind_of_file_operation_its_kind_and_mode)
{
	static const struct {
		const char *argv[WORDS];
		enum op_kind kind;
		mode_t mode;
	} lines[] = {
		{{"--bind", "a", "b", "sh"}, OP_BIND, 0},
		{{"--bind-fd", "3", "b", "sh"}, OP_BIND_FD, 0},
		{{"--overlay-src", "a", "--overlay", "c", "d", "b", "sh"}, OP_OVERLAY, 0},
		{{"--overlay-src", "a", "--tmp-overlay", "b", "sh"}, OP_TMP_OVERLAY, 0},
		{{"--overlay-src", "a", "--overlay-src", "c", "--ro-overlay", "b", "sh"},
		 OP_RO_OVERLAY,
		 0},
		{{"--tmpfs", "b", "sh"}, OP_TMPFS, 0755},
		{{"--dir", "b", "sh"}, OP_DIR, 0755},
		{{"--proc", "b", "sh"}, OP_PROC, 0},
		{{"--sys", "b", "sh"}, OP_SYS, 0},
		{{"--dev", "b", "sh"}, OP_DEV, 0},
		{{"--mqueue", "b", "sh"}, OP_MQUEUE, 0},
		{{"--symlink", "a", "b", "sh"}, OP_SYMLINK, 0},
		{{"--file", "3", "b", "sh"}, OP_FILE, 0666},
		{{"--bind-data", "3", "b", "sh"}, OP_BIND_DATA, 0600},
		{{"--remount-ro", "b", "sh"}, OP_REMOUNT_RO, 0},
		{{"--mask", "b", "sh"}, OP_MASK, 0},
		{{"--ro", "b", "sh"}, OP_RO, 0},
		{{"--deny-create", "b", "sh"}, OP_DENY_CREATE, 0},
		{{"--chmod", "7654", "b", "sh"}, OP_CHMOD, 07654},
	};

	assert_int_equal(LENGTH(lines), OP_KINDS);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};

		assert_int_equal(opt_parse(&plan, lines[i].argv, &reader, &e), 0);
		assert_int_equal(plan.files.n_ops, 1);
		assert_int_equal(plan.files.ops[0].kind, lines[i].kind);
		assert_int_equal(plan.files.ops[0].mode, lines[i].mode);
		assert_string_equal(plan.files.ops[0].dest, "b");
	}
}

TEST(forbids_links_from_where_it_is_said_on)
{
	static const char *const argv[] = {"--dir", "a", "--perms",   "0700", "--no-symlinks",
					   "--dir", "b", "--ro-bind", "c",    "d",
					   "sh",    NULL};
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, argv, &reader, &e), 0);
	assert_int_equal(plan.files.n_ops, 3);
	assert_int_equal(plan.files.ops[0].flags, 0);
	assert_int_equal(plan.files.ops[1].flags, OP_NO_LINKS);
	assert_int_equal(plan.files.ops[1].mode, 0700);
	assert_int_equal(plan.files.ops[2].flags, OP_NO_LINKS | OP_READONLY);
}

static const char perms_unused[] = "--perms must be followed by an option that creates a file";
static const char size_unused[] = "--size must be followed by --tmpfs";
static const char layers_unused[] =
	"--overlay-src must be followed by another one or by --overlay, "
	"--tmp-overlay or --ro-overlay";

/* Command lines that make no sense, and what we say about them. */
static const struct {
	const char *argv[WORDS];
	const char *msg;
} bad_lines[] = {
	{{NULL}, "no command given"},
	{{"--"}, "no command given"},
	{{"--unshare-net"}, "no command given"},
	{{"--nope", "sh"}, "unknown option --nope"},
	{{"--Bind", "a", "b", "sh"}, "unknown option --Bind"},
	{{"--dir=/x", "sh"}, "unknown option --dir=/x"},
	{{"-h"}, "unknown option -h"},
	{{"-", "sh"}, "unknown option -"},
	{{"---", "sh"}, "unknown option ---"},
	{{"--un", "sh"}, "unknown option --un"},
	{{"-bind", "a", "b", "sh"}, "unknown option -bind"},

	{{"--bind", "", "/x", "sh"}, "--bind: SRC is empty"},
	{{"--symlink", "", "/x", "sh"}, "--symlink: TARGET is empty"},
	{{"--file", "x", "/x", "sh"}, "--file: not a file descriptor: x"},
	{{"--file", "-1", "/x", "sh"}, "--file: not a file descriptor: -1"},
	{{"--file", "", "/x", "sh"}, "--file: not a file descriptor: "},
	{{"--bind-data", "2147483648", "/x", "sh"},
	 "--bind-data: not a file descriptor: 2147483648"},
	{{"--ro-bind-data", "3 ", "/x", "sh"}, "--ro-bind-data: not a file descriptor: 3 "},
	{{"--chmod", "8", "/x", "sh"}, "--chmod: not an octal mode up to 7777: 8"},
	{{"--chmod", "10000", "/x", "sh"}, "--chmod: not an octal mode up to 7777: 10000"},

	{{"--teardown-timeout", "", "sh"},
	 "--teardown-timeout: not a number of seconds from 0 to 1000000: "},
	{{"--teardown-timeout", "-1", "sh"},
	 "--teardown-timeout: not a number of seconds from 0 to 1000000: -1"},
	{{"--teardown-timeout", "1.0001", "sh"},
	 "--teardown-timeout: not a number of seconds from 0 to 1000000: 1.0001"},
	{{"--teardown-timeout", "1000000.001", "sh"},
	 "--teardown-timeout: not a number of seconds from 0 to 1000000: 1000000.001"},
	{{"--teardown-timeout"}, "--teardown-timeout: missing SECONDS"},
	{{"--kill-on-exit-after", "1s", "sh"},
	 "--kill-on-exit-after: not a number of seconds from 0 to 1000000: 1s"},
	{{"--kill-on-exit-after", "99999999999999999999", "sh"},
	 "--kill-on-exit-after: not a number of seconds from 0 to 1000000: 99999999999999999999"},
	{{"--kill-on-exit-after"}, "--kill-on-exit-after: missing SECONDS"},

	{{"--perms", "9", "--dir", "/x", "sh"}, "--perms: not an octal mode up to 7777: 9"},
	{{"--perms", "u+x", "--dir", "/x", "sh"}, "--perms: not an octal mode up to 7777: u+x"},
	{{"--perms", "7", "--perms", "7", "--dir", "/x", "sh"},
	 "--perms: given twice for the same action"},
	{{"--perms", "7", "sh"}, perms_unused},
	{{"--perms", "7", "--", "sh"}, perms_unused},
	{{"--perms", "7", "--bind", "a", "b", "sh"}, perms_unused},
	{{"--perms", "7", "--proc", "/proc", "sh"}, perms_unused},
	{{"--perms", "7", "--unshare-net", "--dir", "/x", "sh"}, perms_unused},
	{{"--perms", "7", "--version"}, perms_unused},
	{{"--size", "0", "--tmpfs", "/x", "sh"}, "--size: not a size in bytes: 0"},
	{{"--size", "-1", "--tmpfs", "/x", "sh"}, "--size: not a size in bytes: -1"},
	{{"--size", "1M", "--tmpfs", "/x", "sh"}, "--size: not a size in bytes: 1M"},
	{{"--size", "9223372036854775808", "--tmpfs", "/x", "sh"},
	 "--size: not a size in bytes: 9223372036854775808"},
	{{"--size", "1", "--size", "2", "--tmpfs", "/x", "sh"},
	 "--size: given twice for the same action"},
	{{"--size", "1", "sh"}, size_unused},
	{{"--size", "1", "--dir", "/x", "sh"}, size_unused},
	{{"--size", "1", "--perms", "7", "--dir", "/x", "sh"}, size_unused},

	{{"--overlay-src", "", "--tmp-overlay", "/x", "sh"}, "--overlay-src: SRC is empty"},
	{{"--overlay-src", "a", "--overlay", "", "w", "/x", "sh"}, "--overlay: RWSRC is empty"},
	{{"--overlay-src", "a", "--overlay", "rw", "", "/x", "sh"}, "--overlay: WORKDIR is empty"},
	{{"--overlay", "rw", "w", "/x", "sh"},
	 "--overlay: needs at least 1 --overlay-src before it"},
	{{"--tmp-overlay", "/x", "sh"}, "--tmp-overlay: needs at least 1 --overlay-src before it"},
	{{"--overlay-src", "a", "--ro-overlay", "/x", "sh"},
	 "--ro-overlay: needs at least 2 --overlay-src before it"},
	{{"--overlay-src", "a", "--tmp-overlay", "/x", "--tmp-overlay", "/y", "sh"},
	 "--tmp-overlay: needs at least 1 --overlay-src before it"},
	{{"--overlay-src", "a", "sh"}, layers_unused},
	{{"--overlay-src", "a", "--", "sh"}, layers_unused},
	{{"--overlay-src", "a", "--bind", "b", "c", "sh"}, layers_unused},
	{{"--overlay-src", "a", "--perms", "7", "--tmpfs", "/x", "sh"}, layers_unused},
	{{"--overlay-src", "a", "--unshare-net", "--tmp-overlay", "/x", "sh"}, layers_unused},
	{{"--perms", "7", "--overlay-src", "a", "--tmp-overlay", "/x", "sh"}, perms_unused},
	{{"--size", "7", "--overlay-src", "a", "--tmp-overlay", "/x", "sh"}, size_unused},

	{{"--bind-fd", "x", "/x", "sh"}, "--bind-fd: not a file descriptor: x"},
	{{"--info-fd", "-1", "sh"}, "--info-fd: not a file descriptor: -1"},
	{{"--json-status-fd", "", "sh"}, "--json-status-fd: not a file descriptor: "},
	{{"--block-fd", "3x", "sh"}, "--block-fd: not a file descriptor: 3x"},
	{{"--userns-block-fd", " 3", "sh"}, "--userns-block-fd: not a file descriptor:  3"},
	{{"--sync-fd", "2147483648", "sh"}, "--sync-fd: not a file descriptor: 2147483648"},
	{{"--userns", "+3", "sh"}, "--userns: not a file descriptor: +3"},
	{{"--userns2", "x", "sh"}, "--userns2: not a file descriptor: x"},
	{{"--pidns", "x", "sh"}, "--pidns: not a file descriptor: x"},
	{{"--close-fds", "--keep-fd", "x", "sh"}, "--keep-fd: not a file descriptor: x"},

	{{"--userns-block-fd", "3", "sh"}, "--userns-block-fd needs --unshare-user"},
	{{"--unshare-user", "--userns-block-fd", "3", "sh"}, "--userns-block-fd needs --info-fd"},
	{{"--userns", "3", "--unshare-user", "sh"},
	 "--userns cannot be combined with --unshare-user"},
	{{"--unshare-all", "--userns", "3", "sh"},
	 "--userns cannot be combined with --unshare-user-try or --unshare-all"},
	{{"--disable-userns", "sh"}, "--disable-userns needs --unshare-user"},
	{{"--unshare-user", "--disable-userns", "--info-fd", "3", "--userns-block-fd", "4", "sh"},
	 "--disable-userns cannot be combined with --userns-block-fd"},
	{{"--keep-fd", "3", "sh"}, "--keep-fd needs --close-fds"},
	{{"--unshare-pid", "--as-pid-1", "--lock-file", "/x", "sh"},
	 "--lock-file cannot be combined with --as-pid-1"},

	{{"--uid", "-1", "sh"}, "--uid: not a number from 0 to 4294967294: -1"},
	{{"--uid", "4294967295", "sh"}, "--uid: not a number from 0 to 4294967294: 4294967295"},
	{{"--gid", "wheel", "sh"}, "--gid: not a number from 0 to 4294967294: wheel"},
	{{"--hostname", "box", "sh"}, "--hostname needs --unshare-uts"},
	{{"--umask", "1000", "sh"}, "--umask: not an octal mode up to 777: 1000"},
	{{"--umask", "", "sh"}, "--umask: not an octal mode up to 777: "},
	{{"--hidepid", "3", "sh"}, "--hidepid: not off, noaccess, invisible or ptraceable: 3"},
	{{"--proc-subset", "all", "sh"}, "--proc-subset: not pid: all"},
	{{"--proc-unmasked", "sh"}, "--proc-unmasked needs --proc"},
	{{"--unshare-pid", "--hidepid", "off", "sh"}, "--proc-subset and --hidepid need --proc"},
	{{"--proc", "/p", "--proc-subset", "pid", "sh"},
	 "--proc-subset and --hidepid need --unshare-pid or --pidns"},
	{{"--propagation", "shared", "sh"}, "--propagation: not private or slave: shared"},
	{{"--propagation", "", "sh"}, "--propagation: not private or slave: "},
	{{"--propagation"}, "--propagation: missing MODE"},
	{{"--as-pid-1", "sh"}, "--as-pid-1 needs --unshare-pid"},
	{{"--argv0", "a", "--argv0", "b", "sh"}, "--argv0: used multiple times"},
	{{"--setenv", "", "x", "sh"}, "--setenv: not a variable's name: ''"},
	{{"--setenv", "A=B", "x", "sh"}, "--setenv: not a variable's name: 'A=B'"},
	{{"--unsetenv", "A=", "sh"}, "--unsetenv: not a variable's name: 'A='"},
	{{"--seccomp", "x", "sh"}, "--seccomp: not a file descriptor: x"},
	{{"--add-seccomp-fd", "", "sh"}, "--add-seccomp-fd: not a file descriptor: "},
	{{"--seccomp", "3", "--add-seccomp-fd", "4", "sh"},
	 "--seccomp cannot be combined with --add-seccomp-fd"},
	{{"--add-seccomp-fd", "4", "--seccomp", "3", "sh"},
	 "--seccomp cannot be combined with --add-seccomp-fd"},

	{{"--args", "x", "sh"}, "--args: not a file descriptor: x"},
	{{"--args", "13", "sh"}, "--args: unknown option --nope"},
	{{"--args", "14", "sh"},
	 "--args: sh is not an option: COMMAND has to be on the command line"},
	{{"--args", "15"}, "--args: sh is not an option: COMMAND has to be on the command line"},
	{{"--args", "16", "sh"}, "--args: --args: not supported in an arguments file"},
	{{"--args", "17", "/usr", "sh"}, "--args: --bind: missing DEST"},
	{{"--args", "18", "--dir", "/x", "sh"},
	 "--args: --perms must be followed by an option that creates a file"},
	{{"--args", "24", "--tmp-overlay", "/x", "sh"},
	 "--args: --overlay-src must be followed by another one or by --overlay, --tmp-overlay or "
	 "--ro-overlay"},
	{{"--args", "10"}, "no command given"},
};

TEST(explains_bad_command_lines)
{
	for (size_t i = 0; i < LENGTH(bad_lines); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};
		int r = opt_parse(&plan, bad_lines[i].argv, &reader, &e);

		assert_string_equal(e.msg, bad_lines[i].msg);
		assert_int_equal(r, -EINVAL);
		assert_int_equal(e.code, EINVAL);
	}
}

/* Some of them, and what bubblewrap says. */
static const struct {
	const char *argv[WORDS];
	const char *bwrap;
} bwrap_lines[] = {
	{{"--nope", "sh"}, "Unknown option --nope"},
	{{"--perms", "9", "--dir", "/x", "sh"}, "--perms takes an octal argument <= 07777"},
	{{"--chmod", "8", "/x", "sh"}, "--chmod takes an octal argument <= 07777"},
	{{"--size", "0", "--tmpfs", "/x", "sh"}, "--size takes a non-zero number of bytes"},
	{{"--perms", "7", "--perms", "7", "--dir", "/x", "sh"},
	 "--perms given twice for the same action"},
	{{"--size", "1", "--size", "2", "--tmpfs", "/x", "sh"},
	 "--size given twice for the same action"},
	{{"--bind-fd", "x", "/x", "sh"}, "Invalid fd: x"},
	{{"--info-fd", "-1", "sh"}, "Invalid fd: -1"},
	{{"--json-status-fd", "", "sh"}, "Invalid fd: "},
	{{"--block-fd", "3x", "sh"}, "Invalid fd: 3x"},
	{{"--userns-block-fd", " 3", "sh"}, "Invalid fd:  3"},
	{{"--sync-fd", "2147483648", "sh"}, "Invalid fd: 2147483648"},
	{{"--userns", "+3", "sh"}, "Invalid fd: +3"},
	{{"--userns2", "x", "sh"}, "Invalid fd: x"},
	{{"--pidns", "x", "sh"}, "Invalid fd: x"},
	{{"--close-fds", "--keep-fd", "x", "sh"}, "Invalid fd: x"},
	{{"--userns-block-fd", "3", "sh"}, "--userns-block-fd requires --unshare-user"},
	{{"--unshare-user", "--userns-block-fd", "3", "sh"},
	 "--userns-block-fd requires --info-fd"},
	{{"--userns", "3", "--unshare-user", "sh"}, "--userns not compatible --unshare-user"},
	{{"--unshare-all", "--userns", "3", "sh"}, "--userns not compatible --unshare-user-try"},
	{{"--disable-userns", "sh"}, "--disable-userns requires --unshare-user"},
	{{"--unshare-user", "--disable-userns", "--info-fd", "3", "--userns-block-fd", "4", "sh"},
	 "--disable-userns is not compatible with  --userns-block-fd"},
	{{"--seccomp", "3", "--add-seccomp-fd", "4", "sh"},
	 "--add-seccomp-fd cannot be combined with --seccomp"},
	{{"--unshare-pid", "--as-pid-1", "--lock-file", "/x", "sh"},
	 "Specifying --as-pid-1 and --lock-file is not permitted"},
	{{"--gid", "wheel", "sh"}, "Invalid gid: wheel"},
	{{"--hostname", "box", "sh"}, "Specifying --hostname requires --unshare-uts"},
	{{"--as-pid-1", "sh"}, "Specifying --as-pid-1 requires --unshare-pid"},
	{{"--argv0", "a", "--argv0", "b", "sh"}, "--argv0 used multiple times"},
	{{"--setenv", "", "x", "sh"}, "setenv failed"},
	{{"--unsetenv", "A=", "sh"}, "unsetenv failed"},
	{{"--seccomp", "x", "sh"}, "Invalid fd: x"},
	{{"--args", "16", "sh"}, "--args not supported in arguments file"},
};

TEST(has_the_words_of_bubblewrap_for_bad_command_lines)
{
	for (size_t i = 0; i < LENGTH(bwrap_lines); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};

		assert_int_equal(opt_parse(&plan, bwrap_lines[i].argv, &reader, &e), -EINVAL);
		assert_string_equal(e.bwrap, bwrap_lines[i].bwrap);
	}
}

TEST(names_the_argument_that_is_missing)
{
	for (size_t i = 0; i < opt_count; i++) {
		const struct opt *opt = &opt_table[i];

		for (int given = 0; given < opt_arity(opt); given++) {
			autoplan struct plan plan = {0};
			struct err e = {0};
			char word[64];
			char msg[128];
			const char *argv[OPT_MAX_ARGS + 1] = {word};

			for (int k = 1; k <= given; k++)
				argv[k] = "1";
			(void)snprintf(word, sizeof(word), "--%s", opt->name);
			(void)snprintf(msg, sizeof(msg), "%s: missing %s", word,
				       arg_classes[opt->args[given]].metavar);
			assert_int_equal(opt_parse(&plan, argv, &reader, &e), -EINVAL);
			assert_string_equal(e.msg, msg);
		}
	}
}

TEST(says_as_bubblewrap_how_many_arguments_there_have_to_be)
{
	static const struct {
		const char *option;
		const char *bwrap;
	} options[] = {
		{"--bind", "--bind takes two arguments"},
		{"--overlay", "--overlay takes three arguments"},
		{"--hostname", "--hostname takes an argument"},
		{"--info-fd", "--info-fd takes an argument"},
		{"--overlay-src", "--overlay-src takes an argument"},
		{"--chdir", "--chdir takes one argument"},
		{"--argv0", "--argv0 takes one argument"},
		{"--remount-ro", "--remount-ro takes one argument"},
	};

	for (size_t i = 0; i < LENGTH(options); i++) {
		autoplan struct plan plan = {0};
		struct err e = {0};

		assert_int_equal(opt_parse(&plan, ARGV(options[i].option), &reader, &e), -EINVAL);
		assert_string_equal(e.bwrap, options[i].bwrap);
		assert_string_equal(e.option, options[i].option);
	}
}

TEST(says_that_a_descriptor_of_args_cannot_be_read)
{
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, ARGV("--args", "99", "sh"), &reader, &e), -EBADF);
	assert_string_equal(e.msg, "--args: cannot read descriptor 99: Bad file descriptor");
}

TEST(takes_ten_thousand_options_from_the_command_line)
{
	autofree const char **argv = calloc(2 * MANY + 2, sizeof(*argv));
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_non_null(argv);
	for (size_t i = 0; i < MANY; i++) {
		argv[2 * i] = "--dir";
		argv[2 * i + 1] = i % 2 == 0 ? "/even" : "/odd";
	}
	argv[(size_t)2 * MANY] = "sh";
	assert_int_equal(opt_parse(&plan, argv, &reader, &e), 0);
	assert_int_equal(plan.files.n_ops, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(plan.files.ops[i].dest, i % 2 == 0 ? "/even" : "/odd");
}

static int read_many(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	static const char words[] = "--setenv\0A\0b";

	(void)fd, (void)max, (void)e;
	*len = sizeof(words) * MANY;
	*ret = malloc(*len + 1);
	assert_non_null(*ret);
	for (size_t i = 0; i < MANY; i++)
		memcpy(*ret + i * sizeof(words), words, sizeof(words));
	(*ret)[*len] = '\0';
	return 0;
}

TEST(takes_ten_thousand_options_from_a_descriptor)
{
	static const struct opt_reader many = {.read = read_many};
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, ARGV("--args", "3", "--args", "4", "sh"), &many, &e), 0);
	assert_int_equal(plan.environment.n_changes, 2 * MANY);
	assert_string_equal(plan.environment.changes[2 * MANY - 1].value, "b");
}

TEST(lets_all_descriptors_together_bring_64_mib)
{
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, ARGV("--args", "10", "sh"), &reader, &e), 0);
	assert_int_equal(last_max, OPT_MAX_TEXT);
	assert_int_equal(OPT_MAX_TEXT, 64 * 1024 * 1024);
	assert_int_equal(opt_parse(&plan, ARGV("--args", "10", "--args", "11", "sh"), &reader, &e),
			 0);
	assert_int_equal(last_max, OPT_MAX_TEXT - contents[0].size);
	assert_int_equal(contents[0].fd, 10);
}

static int read_too_much(int fd, size_t max, char **ret, size_t *len, struct err *e)
{
	(void)fd, (void)max, (void)ret, (void)len;
	return err_set(e, E2BIG, "more than 64 MiB of arguments");
}

TEST(says_that_the_arguments_are_too_many)
{
	static const struct opt_reader too_much = {.read = read_too_much};
	autoplan struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, ARGV("--args", "3", "sh"), &too_much, &e), -E2BIG);
	assert_string_equal(e.msg, "--args: more than 64 MiB of arguments");
}

/* Let each allocation fail in turn: all are reported, and none is lost. */
TEST(reports_running_out_of_memory)
{
	static const char *const argv[] = {
		"--dir",
		"/a",
		"--setenv",
		"A",
		"b",
		"--cap-add",
		"ALL",
		"--seccomp",
		"3",
		"--uid",
		"1",
		"--uid",
		"2",
		"--args",
		"10",
		"--info-fd",
		"5",
		"--info-fd",
		"6",
		"--lock-file",
		"/l",
		"--close-fds",
		"--keep-fd",
		"4",
		"--overlay-src",
		"/l",
		"--tmp-overlay",
		"/o",
		"sh",
		NULL,
	};
	unsigned nth;

	for (nth = 1;; nth++) {
		autoplan struct plan plan = {0};
		struct err e = {0};
		int r;

		fake_malloc_fail_at(nth);
		r = opt_parse(&plan, argv, &reader, &e);
		fake_malloc_fail_at(0);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(e.code, ENOMEM);
		if (strstr(e.msg, ": out of memory") == NULL)
			assert_contains(e.msg,
					"--args: cannot read descriptor 10: Cannot allocate");
	}
	assert_true(nth > 12);
}

TEST(has_no_help_without_memory)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		char *help;

		fake_malloc_fail_at(nth);
		help = opt_help("sbx");
		fake_malloc_fail_at(0);
		assert_null(help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_plans_of_command_lines),
		cmocka_unit_test(gives_each_kind_of_file_operation_its_kind_and_mode),
		cmocka_unit_test(forbids_links_from_where_it_is_said_on),
		cmocka_unit_test(explains_bad_command_lines),
		cmocka_unit_test(has_the_words_of_bubblewrap_for_bad_command_lines),
		cmocka_unit_test(names_the_argument_that_is_missing),
		cmocka_unit_test(says_as_bubblewrap_how_many_arguments_there_have_to_be),
		cmocka_unit_test(says_that_a_descriptor_of_args_cannot_be_read),
		cmocka_unit_test(takes_ten_thousand_options_from_the_command_line),
		cmocka_unit_test(takes_ten_thousand_options_from_a_descriptor),
		cmocka_unit_test(lets_all_descriptors_together_bring_64_mib),
		cmocka_unit_test(says_that_the_arguments_are_too_many),
		cmocka_unit_test(reports_running_out_of_memory),
		cmocka_unit_test(has_no_help_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
