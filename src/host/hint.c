/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/hint.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/io.h"
#include "sys/sys.h"

#define NUMBER_BYTES 24
#define HEAD_BYTES 4096 /* of an executable: its headers and the interpreter's name */

#define APPARMOR "kernel.apparmor_restrict_unprivileged_userns"
#define IN_FLIGHT "end the process of this user that has sent descriptors and never receives them"

/* Whether the sysctl file @path exists and holds @value. */
static bool sysctl_is(const char *path, const char *value)
{
	char text[NUMBER_BYTES];

	return io_read_line(AT_FDCWD, path, text, sizeof(text)) == 0 && strcmp(text, value) == 0;
}

/* Ubuntu 23.10 and later: AppArmor denies capabilities in new user namespaces. */
static bool apparmor_restricts(void)
{
	return sysctl_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
}

static void hint_apparmor(struct err *e)
{
	(void)err_hint(e,
		       "AppArmor restricts user namespaces of ordinary users on this host: give "
		       "sbx a profile with \"userns,\", install it set-user-ID root, or run sysctl "
		       "-w " APPARMOR "=0 as root");
}

void hint_program(struct err *e)
{
	const char *install = "install the program as root, where its caller cannot write";

	if (e->code == EACCES && sysctl_is("/proc/sys/vm/memfd_noexec", "2"))
		(void)err_hint(e,
			       "vm.memfd_noexec is 2, which forbids it: %s; root needs "
			       "CAP_SYS_ADMIN, or sysctl -w vm.memfd_noexec=1",
			       install);
	else if (e->code == EFBIG)
		(void)err_hint(e,
			       "the file size limit (ulimit -f) is smaller than the program: raise "
			       "it, or %s",
			       install);
	else
		(void)err_hint(e, "%s", install);
}

static const struct {
	unsigned flag;
	const char *limit; /* in /proc/sys/user */
} limits[] = {
	{.flag = CLONE_NEWUSER, .limit = "max_user_namespaces"},
	{.flag = CLONE_NEWNS, .limit = "max_mnt_namespaces"},
	{.flag = CLONE_NEWPID, .limit = "max_pid_namespaces"},
	{.flag = CLONE_NEWNET, .limit = "max_net_namespaces"},
	{.flag = CLONE_NEWIPC, .limit = "max_ipc_namespaces"},
	{.flag = CLONE_NEWUTS, .limit = "max_uts_namespaces"},
	{.flag = CLONE_NEWCGROUP, .limit = "max_cgroup_namespaces"},
};

/* ENOSPC: a limit is reached.  Name it if it is 0. */
static void hint_limit(unsigned flags, struct err *e)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "/proc/sys/user/%s", limits[i].limit);
		if (!(flags & limits[i].flag) || !sysctl_is(path, "0"))
			continue;
		(void)err_hint(e,
			       "user.%s is 0, which forbids them: run sysctl -w user.%s=10000 as "
			       "root",
			       limits[i].limit, limits[i].limit);
		return;
	}
	(void)err_hint(e, "a limit in /proc/sys/user/max_*_namespaces is reached, or user "
			  "namespaces are nested too deep");
}

void hint_namespaces(unsigned flags, struct err *e)
{
	if (e->code == ENOSPC || e->code == EUSERS) {
		hint_limit(flags, e);
	} else if (e->code == EINVAL || e->code == ENOSYS) {
		(void)err_hint(e, "this kernel lacks one of the requested namespace types");
	} else if (e->code != EPERM && e->code != EACCES) {
		return;
	} else if (sysctl_is("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
		(void)err_hint(e, "user namespaces are forbidden to ordinary users: run sysctl -w "
				  "kernel.unprivileged_userns_clone=1 as root, or install sbx "
				  "set-user-ID root");
	} else if (apparmor_restricts()) {
		hint_apparmor(e);
	} else if (!(flags & CLONE_NEWUSER)) {
		(void)err_hint(e, "running as root without full capabilities: try --unshare-user");
	} else {
		(void)err_hint(e, "a container's seccomp filter, a chroot or a security module "
				  "prevents creating namespaces here");
	}
}

void hint_enter(int type, struct err *e)
{
	const char *name = type == CLONE_NEWUSER ? "user" : "pid";

	if (e->code == EINVAL)
		(void)err_hint(
			e,
			"it has to refer to a namespace other than the caller's own, such as "
			"/proc/PID/ns/%s",
			name);
	else if (e->code == EPERM && type == CLONE_NEWUSER)
		(void)err_hint(e, "only a user namespace that the caller has created, or one "
				  "below it, can be entered");
	else if (e->code == EPERM)
		(void)err_hint(e, "enter the user namespace that owns it as well, with --userns");
}

void hint_id_map(struct err *e)
{
	if (e->code == EROFS)
		(void)err_hint(e, "/proc is read-only here: for a sandbox inside a sandbox, give "
				  "the outer one --proc /proc");
	if (e->code != EPERM && e->code != EACCES)
		return;
	if (apparmor_restricts())
		hint_apparmor(e);
	else
		(void)err_hint(e, "root needs CAP_SETFCAP to map ID 0, which a container may lack; "
				  "AppArmor may deny it, too");
}

void hint_mount_point(struct err *e)
{
	if (e->code == EROFS || e->code == EACCES || e->code == EPERM)
		(void)err_hint(e, "it does not exist yet, and nothing can be created there: choose "
				  "a path that exists, or mount a --tmpfs above it first");
	else if (e->code == EMFILE)
		(void)err_hint(e, "each mount point created on the host takes two descriptors "
				  "until it is removed: create them beforehand, or raise the hard "
				  "limit of open files (ulimit -Hn)");
	else if (e->code == ETOOMANYREFS)
		(void)err_hint(e, IN_FLIGHT ", or create the mount point beforehand");
}

void hint_in_flight(struct err *e)
{
	if (e->code == ETOOMANYREFS)
		(void)err_hint(e, IN_FLIGHT);
}

/* ENOSPC of a mount call: the mount namespace is full. */
static void hint_mount_max(struct err *e)
{
	char max[NUMBER_BYTES];

	if (io_read_line(AT_FDCWD, "/proc/sys/fs/mount-max", max, sizeof(max)) < 0)
		return;
	(void)err_hint(e,
		       "a mount namespace may have %s mounts: raise fs.mount-max with sysctl as "
		       "root",
		       max);
	(void)err_bwrap(e, "Limit exceeded (ENOSPC). (Hint: Check that /proc/sys/fs/mount-max is "
			   "sufficient, typically 100000)");
}

void hint_mount(struct err *e)
{
	if (e->code == ENOSPC) {
		hint_mount_max(e);
	} else if (e->code == ENOSYS) {
		(void)err_hint(e, "sbx needs Linux 5.12 or later, and in a container a seccomp "
				  "filter that permits its mount calls");
	} else if ((e->code == EPERM || e->code == EACCES) && apparmor_restricts()) {
		hint_apparmor(e);
	}
}

void hint_attach(struct err *e)
{
	if (e->code == ENOTDIR || e->code == EISDIR)
		(void)err_hint(e, "a directory can only be mounted on a directory, a file only on "
				  "a file");
	else
		hint_mount(e);
}

void hint_root(struct err *e)
{
	if (e->code == EOVERFLOW)
		(void)err_hint(e, "the user or group ID is not mapped: map it before releasing "
				  "--userns-block-fd");
	else if (e->code == EINVAL)
		(void)err_hint(e, "pivot_root(2) cannot replace / in a chroot or an initramfs");
	else
		hint_mount(e);
}

static void hint_overlay(struct err *e)
{
	if (e->code == ELOOP)
		(void)err_hint(e, "none of an overlay's directories may lie in another one");
	else if (e->code == EBUSY)
		(void)err_hint(e, "RWSRC or WORKDIR is in use by another overlay");
	else if (e->code == EXDEV)
		(void)err_hint(e, "RWSRC and WORKDIR have to be on the same file system");
	else if (e->code == EINVAL)
		(void)err_hint(e, "RWSRC and WORKDIR have to be on the same file system, which has "
				  "to support overlays, and in a user namespace no layer may have "
				  "mounts below it");
	else if (e->code == ENODEV)
		(void)err_hint(e,
			       "this kernel has no overlay file system: modprobe overlay, as root");
	else
		hint_mount(e);
}

void hint_filesystem(const char *type, struct err *e)
{
	if (e->code == EPERM && strcmp(type, "proc") == 0)
		(void)err_hint(e, "parts of the host's /proc are masked, as in a container, and "
				  "the kernel then refuses a new one: bind the old one with "
				  "--ro-bind /proc /proc instead, without --unshare-pid");
	else if (e->code == EPERM && strcmp(type, "mqueue") == 0)
		(void)err_hint(e, "--mqueue needs --unshare-ipc");
	else if (strcmp(type, "overlay") == 0)
		hint_overlay(e);
	else
		hint_mount(e);
}

/* Find the executable file @name as execvp(3) does.  Returns a descriptor, or -ENOENT. */
static int find_executable(const char *name)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return sys_openat(AT_FDCWD, name, O_RDONLY | O_NONBLOCK, 0);
	for (dirs = dirs != NULL ? dirs : "/bin:/usr/bin"; *dirs != '\0';) {
		char path[PATH_MAX];
		int len = (int)strcspn(dirs, ":");
		int fd;

		(void)snprintf(path, sizeof(path), "%.*s/%s", len > 0 ? len : 1,
			       len > 0 ? dirs : ".", name);
		fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
		if (fd >= 0)
			return fd;
		dirs += len;
		dirs += *dirs == ':';
	}
	return -ENOENT;
}

/* The dynamic loader of the 64-bit ELF file starting with @head, or NULL. */
static const char *elf_interpreter(char *head, size_t size)
{
	Elf64_Ehdr elf;
	Elf64_Phdr part;

	if (size < sizeof(elf))
		return NULL;
	memcpy(&elf, head, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64)
		return NULL;
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		size_t at = elf.e_phoff + (size_t)i * sizeof(part);

		if (at > size - sizeof(part))
			return NULL;
		memcpy(&part, head + at, sizeof(part));
		if (part.p_type != PT_INTERP)
			continue;
		return part.p_offset < size ? head + part.p_offset : NULL;
	}
	return NULL;
}

/* The interpreter of the executable starting with @head, @size bytes and a NUL; or NULL. */
static const char *interpreter(char *head, size_t size)
{
	char *name = head + 2;

	if (strncmp(head, "#!", 2) != 0)
		return elf_interpreter(head, size);
	name += strspn(name, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	return name;
}

void hint_exec(const char *file, struct err *e)
{
	char head[HEAD_BYTES + 1];
	autoclose int fd = -1;
	const char *name;
	ssize_t n;

	if (e->code != ENOENT)
		return;
	fd = find_executable(file);
	n = fd < 0 ? fd : sys_read(fd, head, HEAD_BYTES);
	if (n < 0)
		return;
	head[n] = '\0';
	name = interpreter(head, (size_t)n);
	if (name == NULL || *name == '\0' || sys_faccessat(AT_FDCWD, name, F_OK, 0) == 0)
		return;
	(void)err_hint(e,
		       "the file exists, but its interpreter, %s, is not in the sandbox: bind the "
		       "directory that holds it",
		       name);
}
