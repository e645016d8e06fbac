/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own file systems: procfs and sysfs.
 *
 * A new one shows the sandbox's processes or network devices; where the kernel refuses it, the
 * host's is bound.  Entries that are the machine's, not the sandbox's, are masked or made
 * read-only.  To some only the host's root has access, which an ordinary user's namespaces cannot
 * map.  They are left as they are then, as each mask takes time.
 *
 * In a user namespace the kernel refuses a new procfs or sysfs that would show files masked in
 * every visible one (mount_too_revealing() in fs/namespace.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/dest.h"
#include "mounts/fs.h"
#include "mounts/mask.h"
#include "sys/sys.h"

#define PID_BYTES 16

#define KERNELS_OWN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Copy the mounts at and below @path of the host, restricted by @attr. */
static int clone_host(const char *path, uint64_t attr, struct err *e)
{
	struct mount_attr restrictions = {.attr_set = attr};
	autoclose int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	int r;

	if (tree < 0)
		return err_sys(e, tree, "cannot open %s on the host", path);
	r = sys_mount_setattr(tree, AT_RECURSIVE, &restrictions);
	if (r < 0)
		return err_sys(e, r, "cannot restrict the mount of %s", path);
	return fd_take(&tree);
}

/* As clone_host(), in place of a new file system: report that, and @why. */
static int clone_instead(const struct site *site, const struct op *op, const char *path,
			 uint64_t attr, const char *why, struct err *e)
{
	autoclose int tree = clone_host(path, attr, e);
	int r;

	if (tree < 0)
		return tree;
	r = apply_note(site, op, NOTE_INFO, e, "%s of the host is bound at %s: %s", path, op->dest,
		       why);
	return r < 0 ? r : fd_take(&tree);
}

/* Open @name below @root, a new mount.  Returns -ENOENT without @e set if it is missing. */
static int open_place(int root, const char *name, const struct op *op, struct err *e)
{
	int place = sys_openat(root, name, O_PATH | O_NOFOLLOW, 0);

	if (place < 0 && place != -ENOENT)
		return err_sys(e, place, "cannot open %s in %s", name, op->dest);
	return place;
}

/* Mask @name below @root, if it exists. */
static int mask(const struct site *site, const struct op *op, int root, const char *name,
		struct err *e)
{
	autoclose int place = open_place(root, name, op, e);
	int r;

	if (place < 0)
		return place == -ENOENT ? 0 : place;
	r = mask_place(site->roots.stage, place);
	return r < 0 ? err_sys(e, r, "cannot mask %s in %s", name, op->dest) : 0;
}

/* Make @name below @root read-only, if it exists: bind it on itself. */
static int protect(const struct op *op, int root, const char *name, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	autoclose int place = open_place(root, name, op, e);
	autoclose int mount = -1;
	int r;

	if (place < 0)
		return place == -ENOENT ? 0 : place;
	mount = sys_open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);
	r = mount < 0 ? mount : sys_mount_setattr(mount, AT_RECURSIVE, &attr);
	if (r == 0)
		r = sys_move_mount(mount, place);
	return r < 0 ? err_sys(e, r, "cannot make %s in %s read-only", name, op->dest) : 0;
}

/* --- procfs --------------------------------------------------------------- */

/* Entries of a procfs that are the machine's, much as containers mask them. */
static const struct {
	const char *name;
	bool is_masked; /* else read-only */
	bool is_roots;  /* only the host's root has access */
	bool as_bwrap;  /* under the name bwrap as well */
} entries[] = {
	{.name = "sys", .as_bwrap = true},
	{.name = "sysrq-trigger", .is_roots = true, .as_bwrap = true},
	{.name = "irq", .is_roots = true, .as_bwrap = true},
	{.name = "bus", .is_roots = true, .as_bwrap = true},
	{.name = "fs", .is_roots = true},
	{.name = "acpi", .is_masked = true},
	{.name = "asound", .is_masked = true},
	{.name = "interrupts", .is_masked = true},
	{.name = "kcore", .is_masked = true, .is_roots = true},
	{.name = "keys", .is_masked = true},
	{.name = "latency_stats", .is_masked = true},
	{.name = "sched_debug", .is_masked = true},
	{.name = "scsi", .is_masked = true},
	{.name = "timer_list", .is_masked = true, .is_roots = true},
	{.name = "timer_stats", .is_masked = true},
};

static bool is_protected(const struct site *site, size_t i)
{
	if (site->plan->proc.unmasked)
		return false;
	if (site->plan->as_bwrap)
		return entries[i].as_bwrap && site->by_root;
	return !entries[i].is_roots || site->by_root || site->others_map;
}

static int protect_proc(const struct site *site, const struct op *op, int proc, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (!is_protected(site, i))
			continue;
		r = entries[i].is_masked ? mask(site, op, proc, entries[i].name, e)
					 : protect(op, proc, entries[i].name, e);
	}
	return r;
}

/* Whether a new procfs is to hide entries that the host's shows. */
static bool hides(const struct plan *plan)
{
	return plan->proc.subset != PROC_SUBSET_NONE || plan->proc.hidepid != HIDEPID_USUAL;
}

/* Create a procfs of the new PID namespace.  Returns a detached mount or -errno with @e set. */
static int make_proc(const struct plan *plan, struct err *e)
{
	static const char *const modes[] = {
		[HIDEPID_OFF] = "0",
		[HIDEPID_NOACCESS] = "1",
		[HIDEPID_INVISIBLE] = "2",
		[HIDEPID_PTRACEABLE] = "4",
	};
	struct fs_param params[] = {{.key = NULL}, {.key = NULL}, {.key = NULL}};
	size_t n = 0;

	if (plan->proc.subset != PROC_SUBSET_NONE)
		params[n++] = (struct fs_param){.key = "subset", .value = "pid"};
	if (plan->proc.hidepid != HIDEPID_USUAL)
		params[n] = (struct fs_param){.key = "hidepid", .value = modes[plan->proc.hidepid]};
	return fs_make("proc", params, KERNELS_OWN, e);
}

/*
 * A procfs of the new PID namespace, or a copy of the host's.  Returns a detached mount or -errno
 * with @e set.
 *
 * The host's shows processes outside the namespace.  A sandbox without its own user namespace could
 * trace them, and escape by /proc/PID/root: it never gets the host's in place of a new one.
 */
static int get_proc(const struct site *site, const struct op *op, struct err *e)
{
	const struct plan *plan = site->plan;
	int r;

	if (!site->new_procfs)
		return clone_host(
			"/proc",
			plan->as_bwrap ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV : KERNELS_OWN, e);
	r = make_proc(plan, e);
	if (r != -EPERM || plan->as_bwrap)
		return r;
	if (hides(plan))
		return err_hint(e, "part of the host's /proc is masked, as in a container, and the "
				   "kernel then refuses a new one: without --proc-subset and "
				   "--hidepid the host's is bound instead, which shows more");
	if (!site->own_users)
		return err_hint(e, "part of the host's /proc is masked, as in a container, and the "
				   "kernel then refuses a new one: give --unshare-user, and the "
				   "host's is bound instead; without it, COMMAND could trace "
				   "processes outside");
	*e = (struct err){0};
	return clone_instead(site, op, "/proc", KERNELS_OWN,
			     "the kernel refuses a new procfs where part of the host's is masked",
			     e);
}

/*
 * Warn of an unmasked procfs whose owner, the host's root, runs the command: that user can write to
 * /proc/sys, in any user namespace and without capabilities.
 */
static int warn_of_unmasked(const struct site *site, const struct op *op, int proc, struct err *e)
{
	struct statx st = {0};
	int r = 0;

	if (!site->plan->proc.unmasked || !site->by_root)
		return 0;
	r = sys_statx(proc, STATX_UID, &st);
	if (r < 0)
		return err_sys(e, r, "cannot determine the owner of the procfs");
	if (st.stx_uid != sys_getuid())
		return 0;
	return apply_note(site, op, NOTE_WARNING, e,
			  "%s is not masked, and COMMAND runs as the host's root: it can take over "
			  "the host",
			  op->dest);
}

int apply_proc(struct site *site, const struct op *op, struct err *e)
{
	autoclose int proc = get_proc(site, op, e);
	int r = proc < 0 ? proc : apply_attach(site, op, proc, e);

	if (r == 0)
		r = warn_of_unmasked(site, op, proc, e);
	return r < 0 ? r : protect_proc(site, op, proc, e);
}

/* Whether an operation has /proc as its destination. */
static bool names_proc(const struct plan *plan)
{
	for (size_t i = 0; i < plan->files.n_ops; i++) {
		const char *rest = plan->files.ops[i].dest;
		struct path_part first = path_next(&rest);

		if (first.len == strlen("proc") && strncmp(first.text, "proc", first.len) == 0 &&
		    path_is_root(rest))
			return true;
	}
	return false;
}

/*
 * Whether a procfs of another PID namespace is at /proc: it has another PID, or none, for this
 * process, the first one inside.
 */
static bool has_others_proc(const struct site *site)
{
	struct err unused = {0};
	autoclose int place =
		dest_open((struct dest_root){.fd = site->roots.box}, "/proc", &unused);
	struct statfs fs = {0};
	char self[PID_BYTES] = "";
	char own[PID_BYTES];

	if (place < 0 || sys_fstatfs(place, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	(void)snprintf(own, sizeof(own), "%d", sys_getpid());
	return sys_readlinkat(place, "self", self, sizeof(self) - 1) < 0 || strcmp(self, own) != 0;
}

int apply_warn_of_proc(const struct site *site, struct err *e)
{
	struct note note = {.level = NOTE_WARNING, .option = "--proc", .path = "/proc"};
	int r;

	if (site->plan->as_bwrap || !site->new_procfs || names_proc(site->plan) ||
	    !has_others_proc(site))
		return 0;
	(void)snprintf(
		note.text, sizeof(note.text),
		"a bind includes the host's /proc, which shows COMMAND the processes outside: "
		"--proc /proc mounts the sandbox's own");
	r = report_note(site->sock, &note);
	return r < 0 ? err_sys(e, r, "cannot report to the monitor") : 0;
}

/* --- sysfs ---------------------------------------------------------------- */

#define SYS_ATTR (KERNELS_OWN | MOUNT_ATTR_RDONLY)

/* Entries of a sysfs with information on the machine that helps an attacker. */
static const char *const sys_masked[] = {"firmware", "devices/virtual/powercap"};

/* A sysfs of the new network namespace, or a copy of the host's.  Returns as get_proc(). */
static int get_sys(const struct site *site, const struct op *op, struct err *e)
{
	static const struct fs_param no_params[] = {{.key = NULL}};
	int r;

	if (!site->new_sysfs)
		return clone_instead(site, op, "/sys", SYS_ATTR,
				     "a new sysfs needs a new network namespace", e);
	r = fs_make("sysfs", no_params, SYS_ATTR, e);
	if (r != -EPERM)
		return r;
	*e = (struct err){0};
	return clone_instead(site, op, "/sys", SYS_ATTR,
			     "the kernel refuses a new sysfs where part of the host's is masked",
			     e);
}

int apply_sys(struct site *site, const struct op *op, struct err *e)
{
	autoclose int sys = get_sys(site, op, e);
	int r = sys < 0 ? sys : apply_attach(site, op, sys, e);

	for (size_t i = 0; r == 0 && i < sizeof(sys_masked) / sizeof(sys_masked[0]); i++)
		r = mask(site, op, sys, sys_masked[i], e);
	return r;
}
