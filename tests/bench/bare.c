/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bare program: the yardstick of the benchmark.  For one scene it makes the
 * kernel calls that every launcher has to make for the same sandbox, and no
 * others.  It parses no option, resolves no destination, explains no error, and
 * asks for nothing twice.
 *
 *	bare bind-root	--bind / /
 *	bare minimal	--ro-bind /usr /usr and the links to it, --dev, --proc, --unshare-all
 *
 * It runs `true` inside and returns its status.  Descriptors stay open until
 * the exec closes them: cheaper than a call for each.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene {
	const char *name;
	uint64_t namespaces; /* CLONE_NEW*, in addition to the user and mount namespace */
	bool is_root_inside; /* devpts wants its owner, uid 0, to be mapped */
	int (*build)(void);  /* makes the new root and returns it; "/" is still the host's */
};

/* Pass on what a system call returned, or name the call and end this process. */
static int must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "bare: cannot %s: %s\n", what, strerror(errno));
		_exit(1);
	}
	return (int)result;
}

static int new_mount(int context, unsigned attributes)
{
	must(fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "create a file system");
	return must(fsmount(context, FSMOUNT_CLOEXEC, attributes), "mount a file system");
}

static int new_tmpfs(void)
{
	int context = must(fsopen("tmpfs", FSOPEN_CLOEXEC), "use tmpfs");

	must(fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0), "set the mode of a tmpfs");
	return new_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int clone_tree(const char *path, uint64_t attributes)
{
	struct mount_attr attr = {.attr_set = attributes};
	int tree =
		must(open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
		     "clone a mount");

	must(mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)),
	     "restrict a mount");
	return tree;
}

static void attach(int mountfd, int dirfd, const char *path)
{
	must(move_mount(mountfd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH), "attach a mount");
}

/*
 * The clone covers "/" itself.  Were the tmpfs attached below it, it would lie
 * on top of the old root after the pivot and want an umount2() of its own.
 */
static int build_bind_root(void)
{
	int tree = clone_tree("/", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

	new_tmpfs();
	attach(tree, AT_FDCWD, "/");
	return tree;
}

static void add_device(int dev, const char *name, const char *host_path)
{
	int device = must(open_tree(AT_FDCWD, host_path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
			  "clone a device");

	must(mknodat(dev, name, S_IFREG | 0666, 0), "create the place of a device");
	attach(device, dev, name);
}

static void add_devpts(int dev)
{
	int context = must(fsopen("devpts", FSOPEN_CLOEXEC), "use devpts");

	must(fsconfig(context, FSCONFIG_SET_STRING, "mode", "620", 0), "set the mode of devpts");
	must(fsconfig(context, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0), "set the mode of ptmx");
	must(mkdirat(dev, "pts", 0755), "create /dev/pts");
	attach(new_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), dev, "pts");
}

static void add_dev(int root)
{
	static const char *const links[][2] = {
		{"/proc/self/fd/0", "stdin"},  {"/proc/self/fd/1", "stdout"},
		{"/proc/self/fd/2", "stderr"}, {"/proc/self/fd", "fd"},
		{"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"},
	};
	int dev = new_tmpfs();

	must(mkdirat(root, "dev", 0755), "create /dev");
	attach(dev, root, "dev");
	add_device(dev, "null", "/dev/null");
	add_device(dev, "zero", "/dev/zero");
	add_device(dev, "full", "/dev/full");
	add_device(dev, "random", "/dev/random");
	add_device(dev, "urandom", "/dev/urandom");
	add_device(dev, "tty", "/dev/tty");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		must(symlinkat(links[i][0], dev, links[i][1]), "create a link in /dev");
	must(mkdirat(dev, "shm", 0755), "create /dev/shm");
	add_devpts(dev);
}

static void add_proc(int root)
{
	int context = must(fsopen("proc", FSOPEN_CLOEXEC), "use proc");

	must(mkdirat(root, "proc", 0755), "create /proc");
	attach(new_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC), root,
	       "proc");
}

static void bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");

	must(ioctl(fd, SIOCSIFFLAGS, &request), "bring up lo");
}

static int build_minimal(void)
{
	int root = new_tmpfs();

	bring_up_loopback();
	/* Linux before 6.15 mounts nothing on a root that is not attached itself. */
	attach(root, AT_FDCWD, "/");
	must(mkdirat(root, "usr", 0755), "create /usr");
	/* What covers "/" does not hide the host: absolute paths start below it. */
	attach(clone_tree("/usr", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), root,
	       "usr");
	must(symlinkat("usr/bin", root, "bin"), "create /bin");
	must(symlinkat("usr/lib", root, "lib"), "create /lib");
	must(symlinkat("usr/lib64", root, "lib64"), "create /lib64");
	add_dev(root);
	add_proc(root);
	return root;
}

static void write_map(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY | O_CLOEXEC), "open an id map");

	must(write(fd, text, strlen(text)), "write an id map");
}

static void map_id(const char *path, unsigned inside, unsigned outside)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %u 1", inside, outside);
	write_map(path, line);
}

static void run_inside(const struct scene *scene, uid_t uid, gid_t gid)
{
	struct mount_attr private = {.propagation = MS_PRIVATE};

	write_map("/proc/self/setgroups", "deny");
	map_id("/proc/self/uid_map", scene->is_root_inside ? 0 : uid, uid);
	map_id("/proc/self/gid_map", scene->is_root_inside ? 0 : gid, gid);
	must(mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private)),
	     "make the mounts private");
	must(fchdir(scene->build()), "enter the new root");
	must(syscall(SYS_pivot_root, ".", "."), "make it the root");
	must(umount2(".", MNT_DETACH), "drop the old root");
	must(execl("/usr/bin/true", "true", (char *)NULL), "run /usr/bin/true");
}

static int run(const struct scene *scene)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | scene->namespaces,
		.exit_signal = SIGCHLD,
	};
	uid_t uid = getuid(); /* the child would already be told the overflow uid */
	gid_t gid = getgid();
	int child = must(syscall(SYS_clone3, &args, sizeof(args)), "make the namespaces");
	siginfo_t info;

	if (child == 0)
		run_inside(scene, uid, gid);
	must(waitid(P_PID, (id_t)child, &info, WEXITED), "wait for the child");
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

int main(int argc, char **argv)
{
	static const struct scene scenes[] = {
		{
			.name = "bind-root",
			.build = build_bind_root,
		},
		{
			.name = "minimal",
			.namespaces = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS |
				      CLONE_NEWCGROUP,
			.is_root_inside = true,
			.build = build_minimal,
		},
	};

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (argc == 2 && strcmp(argv[1], scenes[i].name) == 0)
			return run(&scenes[i]);
	}
	fprintf(stderr, "usage: bare bind-root|minimal\n");
	return 2;
}
