/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own file systems: procfs and sysfs.
 *
 * Where a new one can be had, it shows the sandbox's processes, or its network devices; else
 * it is the host's that is bound.  In either case much of it is the machine's: it is covered, by
 * a mask or by being read-only.  To an ordinary user the kernel refuses some of that anyway,
 * because it belongs to the machine's root, and no user namespace of his can stand for that one;
 * this is not covered then, because each cover takes time.
 *
 * The kernel lets nobody in a user namespace have a new procfs or sysfs that would show what is
 * covered in each that there is (mount_too_revealing() in fs/namespace.c).
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

/* The same, in the place of a new one, and say so, and @why. */
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

/* Open @name below @root, what was just mounted.  Returns -ENOENT without @e if it is missing. */
static int open_place(int root, const char *name, const struct op *op, struct err *e)
{
	int place = sys_openat(root, name, O_PATH | O_NOFOLLOW, 0);

	if (place < 0 && place != -ENOENT)
		return err_sys(e, place, "cannot open %s in %s", name, op->dest);
	return place;
}

/* Put a mask on @name below @root, if it exists. */
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

/* Make @name below @root read-only, if it exists, by a mount of it on itself. */
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

/* What of a procfs is not the sandbox's, as containers have it. */
static const struct {
	const char *name;
	bool is_masked; /* else read-only */
	bool is_roots;  /* the kernel lets none but the machine's root at it */
	bool as_bwrap;  /* covered under that name as well */
} covers[] = {
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

static bool is_covered(const struct site *site, size_t i)
{
	if (site->plan->proc_unmasked)
		return false;
	if (site->plan->as_bwrap)
		return covers[i].as_bwrap && site->by_root;
	return !covers[i].is_roots || site->by_root || site->others_map;
}

static int cover_proc(const struct site *site, const struct op *op, int proc, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(covers) / sizeof(covers[0]); i++) {
		if (!is_covered(site, i))
			continue;
		r = covers[i].is_masked ? mask(site, op, proc, covers[i].name, e)
					: protect(op, proc, covers[i].name, e);
	}
	return r;
}

/* What a new procfs is to hide, which the host's does not hide for us. */
static bool hides(const struct plan *plan)
{
	return plan->proc_subset != PROC_SUBSET_NONE || plan->hidepid != HIDEPID_USUAL;
}

/* Make a procfs of the new process namespace.  Returns it detached. */
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

	if (plan->proc_subset != PROC_SUBSET_NONE)
		params[n++] = (struct fs_param){.key = "subset", .value = "pid"};
	if (plan->hidepid != HIDEPID_USUAL)
		params[n] = (struct fs_param){.key = "hidepid", .value = modes[plan->hidepid]};
	return fs_make("proc", params, KERNELS_OWN, e);
}

/*
 * A procfs of the new process namespace, or the host's.  Returns it detached.
 *
 * The host's shows processes that are not in the namespace.  What is not of a user namespace of
 * its own might look into them, and get out by their roots: it does not get the host's in the
 * place of a new one.
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
		return err_hint(e,
				"part of the host's /proc is covered, as in a container, and the "
				"kernel then refuses a new one: without --proc-subset and "
				"--hidepid the host's is bound instead, which shows more");
	if (!site->own_users)
		return err_hint(e,
				"part of the host's /proc is covered, as in a container, and the "
				"kernel then refuses a new one: give --unshare-user, and the "
				"host's is bound instead; without it, COMMAND could look into "
				"processes outside");
	*e = (struct err){0};
	return clone_instead(site, op, "/proc", KERNELS_OWN,
			     "the kernel refuses a new procfs where part of the host's is covered",
			     e);
}

/*
 * Warn of a procfs that is not covered, if its owner, the machine's root, is who runs the command:
 * the kernel lets that user write to /proc/sys, in any user namespace and without capabilities.
 */
static int warn_of_uncovered(const struct site *site, const struct op *op, int proc, struct err *e)
{
	struct statx st = {0};
	int r = 0;

	if (!site->plan->proc_unmasked || !site->by_root)
		return 0;
	r = sys_statx(proc, STATX_UID, &st);
	if (r < 0)
		return err_sys(e, r, "cannot learn whose the procfs is");
	if (st.stx_uid != sys_getuid())
		return 0;
	return apply_note(site, op, NOTE_WARNING, e,
			  "%s is not covered, and COMMAND is the machine's root: it can take over "
			  "the machine",
			  op->dest);
}

int apply_proc(struct site *site, const struct op *op, struct err *e)
{
	autoclose int proc = get_proc(site, op, e);
	int r = proc < 0 ? proc : apply_attach(site, op, proc, e);

	if (r == 0)
		r = warn_of_uncovered(site, op, proc, e);
	return r < 0 ? r : cover_proc(site, op, proc, e);
}

/* Whether an op says what is to be at /proc. */
static bool names_proc(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_ops; i++) {
		const char *rest = plan->ops[i].dest;
		struct path_part first = path_next(&rest);

		if (first.len == strlen("proc") && strncmp(first.text, "proc", first.len) == 0 &&
		    path_is_root(rest))
			return true;
	}
	return false;
}

/*
 * Whether what is at /proc is the procfs of another process namespace: to that, this process, the
 * first inside, has another number or none.
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
		"the host's /proc came along with a bind, in which COMMAND sees the processes "
		"outside: --proc /proc mounts the sandbox's own");
	r = report_note(site->sock, &note);
	return r < 0 ? err_sys(e, r, "cannot tell the monitor of /proc") : 0;
}

/* --- sysfs ---------------------------------------------------------------- */

#define SYS_ATTR (KERNELS_OWN | MOUNT_ATTR_RDONLY)

/* What of a sysfs tells of the machine what others can make use of. */
static const char *const sys_masked[] = {"firmware", "devices/virtual/powercap"};

/* A sysfs of the new network namespace, or the host's.  Returns it detached. */
static int get_sys(const struct site *site, const struct op *op, struct err *e)
{
	static const struct fs_param no_params[] = {{.key = NULL}};
	int r;

	if (!site->new_sysfs)
		return clone_instead(
			site, op, "/sys", SYS_ATTR,
			"there is no new network namespace that a new sysfs would show", e);
	r = fs_make("sysfs", no_params, SYS_ATTR, e);
	if (r != -EPERM)
		return r;
	*e = (struct err){0};
	return clone_instead(site, op, "/sys", SYS_ATTR,
			     "the kernel refuses a new sysfs where part of the host's is covered",
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
