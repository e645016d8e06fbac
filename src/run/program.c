/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The command can execute /proc/self/exe by a "#!" line or as the interpreter of an ELF file, and
 * so open the file that its process has executed: this program.  The kernel refuses to open it for
 * writing while it is executed; a process can wait for the exit, and write to it if its user can
 * (CVE-2019-5736).
 *
 * So if the caller could write to the file, the program is executed from a clone of it:
 *
 *	a detached mount     read-only, of the file alone; in no mount namespace, so that no
 *	                     process can change it.  It takes CAP_SYS_ADMIN.
 *	a sealed memfd       a copy in memory, some hundred microseconds slower
 *
 * The caller could write to the file if it is root, owns the file, or has write permission.  A file
 * on a read-only mount may be writable by another mount of the same file system.
 *
 * /proc/self/exe alone decides whether this is the clone: the caller controls the environment, the
 * arguments and the name of the file.
 */
#include "run/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/hint.h"
#include "sys/sys.h"

#define EXE "/proc/self/exe"
#define LINK_BYTES 32 /* "/proc/self/fd/" and a number */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The part of @path after the last "/". */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Whether the caller could write to the program's file.  Returns 1, 0, or -errno with @e set. */
static int is_exposed(struct err *e)
{
	uid_t uid = sys_getuid();
	struct statx st;
	int r = sys_statx_path(EXE, STATX_UID | STATX_MODE, &st);

	if (r < 0) {
		(void)err_sys(e, r, "cannot protect the program's own file: cannot find " EXE);
		return err_hint(e, "/proc has to be mounted");
	}
	if (uid == 0 || st.stx_uid == uid)
		return 1;
	r = sys_faccessat(AT_FDCWD, EXE, W_OK, AT_EACCESS);
	/* EROFS and EPERM may come before the kernel checks the permissions */
	return r == 0 || (r != -EACCES && (st.stx_mode & (S_IWGRP | S_IWOTH)) != 0);
}

/* Whether @fd is the root of a detached mount of one file. */
static bool is_detached(int fd)
{
	char link[LINK_BYTES];
	char target[2];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return sys_readlinkat(AT_FDCWD, link, target, sizeof(target)) == 1 && target[0] == '/';
}

static bool is_read_only(int fd)
{
	struct statfs fs;

	return sys_fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) != 0;
}

/* Whether no process can ever write to the file of @fd. */
static bool is_clone(int fd)
{
	int seals = sys_seals(fd);

	return (seals >= 0 && (seals & SEALS) == SEALS) || (is_detached(fd) && is_read_only(fd));
}

/* Execute @fd if it is a clone; else the program would execute itself for ever. */
static int execute(int fd, const char *const *argv)
{
	return is_clone(fd) ? sys_exec_fd(fd, argv) : -ENOTSUP;
}

/* Execute the program from a read-only mount.  Returns only if that fails: -errno. */
static int execute_mount(const char *const *argv)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	autoclose int tree = sys_open_tree(AT_FDCWD, EXE, OPEN_TREE_CLONE);
	int r = tree < 0 ? tree : sys_mount_setattr(tree, 0, &attr);

	return r < 0 ? r : execute(tree, argv);
}

/* Copy @exe to @memfd; at the file size limit, fail instead of dying of SIGXFSZ. */
static int copy(int memfd, int exe)
{
	int ignored = sys_signal_ignored(SIGXFSZ);
	int r = ignored == 0 ? sys_signal_ignore(SIGXFSZ) : ignored;

	if (r >= 0)
		r = sys_copy(memfd, exe);
	if (ignored == 0 && r == 0)
		r = sys_signal_default(SIGXFSZ);
	return r;
}

/* Execute a copy of @exe in memory.  Returns only if that fails: -errno with @e set. */
static int execute_copy(int exe, const char *const *argv, struct err *e)
{
	autoclose int memfd = sys_memfd("sbx");
	int r = memfd < 0 ? memfd : copy(memfd, exe);

	if (r == 0)
		r = sys_add_seals(memfd, SEALS);
	if (r == 0)
		r = execute(memfd, argv);
	(void)err_sys(e, r, "cannot protect the program's own file: cannot execute a copy of it");
	hint_program(e);
	return r;
}

/* Set the usual process name: execution by descriptor makes it the descriptor's number. */
static void set_name(const char *argv0)
{
	if (argv0 != NULL && *base_name(argv0) != '\0')
		(void)sys_prctl(PR_SET_NAME, (unsigned long)base_name(argv0));
}

int program_protect(const char *const *argv, bool privileged, struct err *e)
{
	autoclose int exe = -1;
	int r = is_exposed(e);

	if (r <= 0)
		return r;
	if (privileged) {
		(void)err_set(e, EPERM, "the caller could write to this set-user-ID program");
		return err_hint(e, "run chown root:root and chmod 4755 on it");
	}
	exe = sys_openat(AT_FDCWD, EXE, O_RDONLY, 0);
	if (exe < 0)
		return err_sys(e, exe, "cannot protect the program's own file: cannot read it");
	if (is_clone(exe)) {
		set_name(argv[0]);
		return 0;
	}
	(void)execute_mount(argv);
	return execute_copy(exe, argv, e);
}
