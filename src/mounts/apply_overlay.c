/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * Every directory of an overlay is opened first, so that a message can name a missing one.  The
 * kernel gets it as /proc/self/fd/N on the host's /proc.  Such a path is short, contains no
 * separator of mount options, and reveals no path of the host in the mount options, which the
 * payload can read.
 *
 * Since Linux 6.7 layers are passed one by one.  Earlier kernels take them as one option, which
 * fsconfig(2) limits to 255 bytes; the options of mount(2) have a page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"
#include "host/hint.h"
#include "mounts/apply.h"
#include "mounts/attach.h"
#include "mounts/fs.h"
#include "mounts/source.h"
#include "sys/sys.h"

#define NAME_BYTES 32 /* of a directory on the staging tmpfs; "/proc/self/fd/" and a number */
#define DIR_MODE 0755
#define MOUNT_POINT "overlay" /* on the staging tmpfs */
#define OTHERS 5              /* parameters besides the layers, and the end of the list */

/* The directories of an overlay, opened. */
struct dirs {
	int *layers; /* the lowest first */
	size_t n;
	int upper; /* -1 for none */
	int work;
};

static void dirs_done(struct dirs *dirs)
{
	for (size_t i = 0; i < dirs->n; i++)
		sys_drop(&dirs->layers[i]);
	free(dirs->layers);
	sys_drop(&dirs->upper);
	sys_drop(&dirs->work);
}

/* Open the directory @path on the host.  Returns a descriptor or -errno with @e set. */
static int open_dir(const struct site *site, const struct op *op, const char *path, struct err *e)
{
	return source_open_dir(&site->roots, path, apply_root(site, op).links, e);
}

static int open_layers(const struct site *site, const struct op *op, struct dirs *dirs,
		       struct err *e)
{
	dirs->layers = calloc(op->overlay.n, sizeof(*dirs->layers));
	if (dirs->layers == NULL)
		return err_set(e, ENOMEM, "out of memory");
	while (dirs->n < op->overlay.n) {
		int fd = open_dir(site, op,
				  site->plan->files.layers.list[op->overlay.first + dirs->n], e);

		if (fd < 0)
			return fd;
		dirs->layers[dirs->n++] = fd;
	}
	return 0;
}

/* Create the directory @kind of the overlay @number on the staging tmpfs, and open it. */
static int make_dir(const struct site *site, const char *kind, unsigned number, struct err *e)
{
	char name[NAME_BYTES];
	int r;

	(void)snprintf(name, sizeof(name), "%s%u", kind, number);
	r = sys_mkdirat(site->roots.stage, name, DIR_MODE);
	if (r == 0)
		r = sys_openat(site->roots.stage, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	return r < 0 ? err_sys(e, r, "cannot create a directory for the overlay's changes") : r;
}

/*
 * The parameters of an overlay of @dirs; @is_volatile: its changes need not reach the disk.  @paths
 * has room for a path per parameter.
 */
static void list_params(const struct dirs *dirs, bool is_volatile, char (*paths)[NAME_BYTES],
			struct fs_param *params)
{
	size_t n = 0;

	for (size_t i = dirs->n; i-- > 0; n++) { /* the uppermost first */
		(void)snprintf(paths[n], NAME_BYTES, "/proc/self/fd/%d", dirs->layers[i]);
		params[n] = (struct fs_param){.key = "lowerdir+", .value = paths[n]};
	}
	if (dirs->upper >= 0) {
		(void)snprintf(paths[n], NAME_BYTES, "/proc/self/fd/%d", dirs->upper);
		params[n] = (struct fs_param){.key = "upperdir", .value = paths[n]};
		n++;
		(void)snprintf(paths[n], NAME_BYTES, "/proc/self/fd/%d", dirs->work);
		params[n] = (struct fs_param){.key = "workdir", .value = paths[n]};
		n++;
	}
	if (is_volatile)
		params[n++] = (struct fs_param){.key = "volatile"};
	params[n] = (struct fs_param){.key = "userxattr"};
}

/* The parameters as options of mount(2). */
static void join_params(const struct fs_param *params, struct text *ret)
{
	bool in_layers = false;

	for (; params->key != NULL; params++) {
		bool is_layer = strcmp(params->key, "lowerdir+") == 0;

		if (is_layer && in_layers)
			text_put(ret, ":%s", params->value);
		else if (is_layer)
			text_put(ret, "lowerdir=%s", params->value);
		else if (params->value != NULL)
			text_put(ret, ",%s=%s", params->key, params->value);
		else
			text_put(ret, ",%s", params->key);
		in_layers = is_layer;
	}
}

/* Mount an overlay on the staging tmpfs by mount(2).  Returns an O_PATH descriptor or -errno. */
static int mount_on_stage(const struct site *site, const struct fs_param *params)
{
	const struct roots *roots = &site->roots;
	autotext struct text options = {0};
	int r = sys_mkdirat(roots->stage, MOUNT_POINT, DIR_MODE);

	join_params(params, &options);
	if (options.failed)
		return -ENOMEM;
	if (r == 0 || r == -EEXIST)
		r = sys_fchdir(roots->stage);
	if (r < 0)
		return r;
	r = sys_mount("overlay", MOUNT_POINT, MS_NOSUID | MS_NODEV, options.start);
	if (r == 0)
		r = sys_openat(roots->stage, MOUNT_POINT, O_PATH | O_DIRECTORY, 0);
	(void)sys_fchdir(roots->cwd >= 0 ? roots->cwd : roots->host);
	return r;
}

/* Create the overlay.  Returns a descriptor of its mount or -errno with @e set. */
static int make_overlay(const struct site *site, const struct fs_param *params, struct err *e)
{
	int mount = fs_make("overlay", params, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
	int old = -1;

	if (mount != -EINVAL)
		return mount;
	old = mount_on_stage(site, params); /* the kernel may be too old for "lowerdir+" */
	if (old >= 0)
		return old;
	if (old != -EINVAL) {
		mount = err_sys(e, old, "cannot create an overlay");
		hint_filesystem("overlay", e);
	}
	return mount;
}

/* Create the overlay of @dirs and mount it. */
static int attach_overlay(struct site *site, const struct op *op, const struct dirs *dirs,
			  bool is_volatile, struct err *e)
{
	struct fs_param *params = calloc(dirs->n + OTHERS, sizeof(*params));
	char(*paths)[NAME_BYTES] = calloc(dirs->n + OTHERS, sizeof(*paths));
	autoclose int mount = -ENOMEM;

	if (params != NULL && paths != NULL) {
		list_params(dirs, is_volatile, paths, params);
		mount = make_overlay(site, params, e);
	} else {
		(void)err_set(e, ENOMEM, "out of memory");
	}
	free(paths);
	free(params);
	if (mount == -ELOOP)
		(void)err_bwrap(
			e, "Can't make overlay mount on %s: Overlay directories may not overlap",
			op->dest);
	return mount < 0 ? err_add(e, "%s", op->dest) : apply_attach(site, op, mount, e);
}

/* Open the directories on the host that keep the changes. */
static int open_changes(struct site *site, const struct op *op, struct dirs *dirs, struct err *e)
{
	dirs->upper = open_dir(site, op, op->overlay.upper, e);
	if (dirs->upper < 0)
		return dirs->upper;
	dirs->work = open_dir(site, op, op->overlay.work, e);
	return dirs->work < 0 ? dirs->work : 0;
}

/* Create directories on the staging tmpfs for the changes. */
static int make_changes(struct site *site, const struct op *op, struct dirs *dirs, struct err *e)
{
	unsigned number = site->overlays++;

	(void)op;
	dirs->upper = make_dir(site, "upper", number, e);
	if (dirs->upper < 0)
		return dirs->upper;
	dirs->work = make_dir(site, "work", number, e);
	return dirs->work < 0 ? dirs->work : 0;
}

/* Mount an overlay; @changes opens the directories for its changes, NULL for none. */
static int apply_any(struct site *site, const struct op *op,
		     int (*changes)(struct site *, const struct op *, struct dirs *, struct err *),
		     struct err *e)
{
	struct dirs dirs = {.upper = -1, .work = -1};
	int r = open_layers(site, op, &dirs, e);

	if (r == 0 && changes != NULL)
		r = changes(site, op, &dirs, e);
	if (r == 0)
		r = attach_overlay(site, op, &dirs, changes == make_changes, e);
	dirs_done(&dirs);
	return r;
}

int apply_overlay(struct site *site, const struct op *op, struct err *e)
{
	return apply_any(site, op, open_changes, e);
}

int apply_tmp_overlay(struct site *site, const struct op *op, struct err *e)
{
	return apply_any(site, op, make_changes, e);
}

int apply_ro_overlay(struct site *site, const struct op *op, struct err *e)
{
	return apply_any(site, op, NULL, e);
}
