/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The command may unmount what --free-bind mounts, but must not change its restrictions: otherwise
 * it could use device nodes of the host.  So it is mounted as any other, for what later options
 * mount on it.  Then it is moved to the staging tmpfs.  There it is copied with the mount
 * namespace, which locks its restrictions with those of all mounts.  In the copy, a clone of it is
 * mounted at the destination: the top of a clone is not locked.
 *
 * A mount that is hidden as a whole stays where it is: its clone would be of what hides it, or
 * would hide that.
 *
 * The staging tmpfs stays beneath the sandbox's root, which is locked, so no process of the sandbox
 * can see it.
 */
#include "mounts/free_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "mounts/attach.h"
#include "mounts/dest.h"
#include "sys/sys.h"

#define NAME_BYTES 16

/* The name on the staging tmpfs of the --free-bind with index @i. */
static void name_aside(char *name, unsigned i)
{
	(void)snprintf(name, NAME_BYTES, "free%u", i);
}

int free_bind_keep(struct site *site, const struct op *op, int tree, struct err *e)
{
	int is_root = root_is(&site->roots, tree);
	struct free_mount *larger = NULL;

	if (is_root == 0)
		larger = reallocarray(site->free, site->n_free + 1, sizeof(*site->free));
	if (larger == NULL) {
		(void)sys_close(tree);
		if (is_root > 0 && !site->lock_mounts)
			return 0;
		if (is_root > 0)
			return err_set(e, EINVAL, "the sandbox's root cannot be unmounted");
		return err_sys(e, is_root < 0 ? is_root : -ENOMEM, "cannot record the mount on %s",
			       op->dest);
	}
	site->free = larger;
	site->free[site->n_free++] = (struct free_mount){.op = op, .tree = tree};
	return 0;
}

void free_bind_done(struct site *site)
{
	while (site->n_free > 0)
		(void)sys_close(site->free[--site->n_free].tree);
	free(site->free);
	site->free = NULL;
}

/* Whether the destination of @mount leads to it, and it is not hidden.  Returns 1, 0 or -errno. */
static int is_seen(const struct site *site, const struct free_mount *mount, struct err *e)
{
	autoclose int dest = dest_open(apply_root(site, mount->op), mount->op->dest, e);
	int r;

	if (dest == -ENOENT || dest == -ENOTDIR || dest == -EACCES) {
		*e = (struct err){0};
		return false;
	}
	if (dest < 0)
		return dest;
	r = root_same_file(dest, mount->tree);
	return r < 0 ? err_sys(e, r, "cannot find %s again", mount->op->dest) : r;
}

/* Move the --free-bind with index @i to the staging tmpfs.  Returns 0 or -errno with @e set. */
static int move_aside(const struct site *site, unsigned i, struct err *e)
{
	const struct free_mount *mount = &site->free[i];
	autoclose int aside = -1;
	char name[NAME_BYTES];
	int r;

	name_aside(name, i);
	aside = dest_mount_point((struct dest_root){.fd = site->roots.stage}, name, DEST_NO_PARENTS,
				 mount->tree, NULL, e);
	if (aside < 0)
		return aside;
	r = sys_move_mount(mount->tree, aside);
	return r < 0 ? err_sys(e, r, "cannot put the mounts of --free-bind aside") : 0;
}

int free_bind_set_aside(struct site *site, struct err *e)
{
	if (!site->lock_mounts)
		return 0;
	for (unsigned i = site->n_free; i-- > 0;) { /* backwards: one may be mounted on another */
		int r = is_seen(site, &site->free[i], e);

		if (r > 0)
			r = move_aside(site, i, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Mount what the --free-bind with index @i has put aside at its destination, below @root.  There is
 * nothing if it was hidden.  Returns 0 or -errno with @e set.
 */
static int mount_aside(const struct op *op, unsigned i, int root, struct err *e)
{
	const struct dest_root start = {
		.fd = root,
		.links = op->flags & OP_NO_LINKS ? LINK_NONE : LINK_STICKY,
	};
	autoclose int tree = -1;
	autoclose int dest = -1;
	char name[NAME_BYTES];
	int r;

	name_aside(name, i);
	tree = sys_open_tree(AT_FDCWD, name, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree == -ENOENT)
		return 0;
	if (tree < 0)
		return err_sys(e, tree, "cannot find the mount for %s again", op->dest);
	dest = dest_open(start, op->dest, e);
	if (dest < 0)
		return dest;
	r = sys_move_mount(tree, dest);
	return r < 0 ? err_sys(e, r, "cannot mount on %s", op->dest) : 0;
}

int free_bind_hand_over(const struct plan *plan, struct err *e)
{
	autoclose int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	unsigned aside = 0;
	int r;

	if (root < 0)
		return err_sys(e, root, "cannot open the sandbox's root");
	for (size_t i = 0; i < plan->files.n_ops; i++) {
		const struct op *op = &plan->files.ops[i];

		if (!(op->flags & OP_FREE) || mount_aside(op, aside++, root, e) >= 0)
			continue;
		(void)err_path(e, op->dest);
		return err_option(e, op->option);
	}
	r = sys_fchdir(root);
	return r < 0 ? err_sys(e, r, "cannot enter the sandbox's root") : 0;
}
