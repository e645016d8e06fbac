/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe: print the view of the command inside a sandbox, one fact a line.
 *
 *   probe [WORD]...           all facts, WORDs being among them
 *   probe and WORD [ARG]...   the same, and then as follows
 *   probe tree DIR            the files below DIR
 *   probe exit STATUS         end with STATUS
 *   probe kill SIGNAL         be killed by the signal of this number
 *   probe pause               print "ready", wait to be killed
 *   probe background          the same, but leave a child that waits
 *   probe locked FILE         the lock that keeps FILE from being locked for writing
 *
 * Facts go to descriptor 8, all else to standard output.  Descriptor 9 is the host's /proc,
 * which serves in sandboxes without any.  The numbers of processes, sessions and namespaces
 * differ from run to run: "define NAME NUMBER" names them, for normalise.awk to replace.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define FACTS 8
#define HOST_PROC 9
#define MAX_FDS 64
#define MAX_SHOWN 400 /* bytes of a file's contents */

static FILE *out;

/* Print @text; what would break the line or hide is shown as a number. */
static void put_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] == '\\' || text[i] == 0x7f)
			(void)fprintf(out, "\\%03o", (unsigned)(unsigned char)text[i]);
		else
			(void)fputc(text[i], out);
}

static void put_line(const char *name, const char *text)
{
	(void)fprintf(out, "%s ", name);
	put_text(text, strlen(text));
	(void)fputc('\n', out);
}

static const char *answer(int r)
{
	return r < 0 ? strerror(errno) : "yes";
}

/* --- This process in /proc -------------------------------------------------- */

static FILE *open_host_proc(const char *path)
{
	int fd = openat(HOST_PROC, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* Print each line of @path that starts with one of @prefixes, behind @name. */
static void put_file(const char *name, const char *path, const char *const *prefixes)
{
	FILE *file = open_host_proc(path);
	char line[4096];

	if (file == NULL) {
		(void)fprintf(out, "%s %s\n", name, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; prefixes[i] != NULL; i++)
			if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0)
				put_line(name, line);
	}
	(void)fclose(file);
}

static void put_status(void)
{
	static const char *const lines[] = {
		"Uid:",    "Gid:",    "Groups:",     "CapInh:",  "CapPrm:",          "CapEff:",
		"CapBnd:", "CapAmb:", "SigBlk:",     "SigIgn:",  "SigCgt:",          "SigPnd:",
		"ShdPnd:", "Umask:",  "NoNewPrivs:", "Seccomp:", "Seccomp_filters:", NULL};
	static const char *const all[] = {"", NULL};

	put_file("status", "self/status", lines);
	put_file("uid_map", "self/uid_map", all);
	put_file("gid_map", "self/gid_map", all);
	put_file("setgroups", "self/setgroups", all);
	put_file("mount", "self/mountinfo", all);
	put_file("limit", "self/limits", all);
	put_file("oom", "self/oom_score_adj", all);
}

/* @pids are its numbers in all PID namespaces, from the host's on. */
static void put_parent(int turn, const char *name, char *pids)
{
	const char *inner;

	pids[strcspn(pids, "\n")] = '\0';
	inner = strchr(pids, '\t');
	(void)fprintf(out, "process %d is %s,", turn, name);
	put_line(" inside", inner != NULL ? inner + 1 : "the host's");
}

/* The process and its parents, up to the first that is neither ours nor the launcher's. */
static void put_parents(void)
{
	char path[32] = "self/status";
	char line[256];
	char name[64] = "";
	int parent = -1;

	for (int turn = 0; turn < 2 || strcmp(name, "bwrap") == 0; turn++) {
		FILE *file = open_host_proc(path);
		int pid = 0;

		if (file == NULL)
			return;
		while (fgets(line, sizeof(line), file) != NULL) {
			(void)sscanf(line, "Name: %63s", name);
			(void)sscanf(line, "Pid: %d", &pid);
			(void)sscanf(line, "PPid: %d", &parent);
			if (strncmp(line, "NSpid:\t", 7) == 0)
				put_parent(turn, name, line + 7);
		}
		(void)fclose(file);
		if (turn < 2)
			(void)fprintf(out, "define %s %d\n", turn == 0 ? "COMMAND" : "PARENT", pid);
		(void)snprintf(path, sizeof(path), "%d/status", parent);
	}
}

static void put_session(void)
{
	FILE *file = open_host_proc("self/stat");
	int group = -1;
	int session = -1;

	if (file == NULL)
		return;
	if (fscanf(file, "%*d (%*[^)]) %*c %*d %d %d", &group, &session) == 2)
		(void)fprintf(out, "group %d\nsession %d\n", group, session);
	(void)fclose(file);
	(void)fprintf(out, "pid %d parent %d\n", getpid(), getppid());
}

static void put_namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};
	char path[32];
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "self/ns/%s", names[i]);
		if (fstatat(HOST_PROC, path, &st, 0) == 0)
			(void)fprintf(out, "namespace %s %lu\n", names[i], st.st_ino);
	}
}

static void put_descriptors(void)
{
	char path[32];
	char target[PATH_MAX + 1];

	for (int fd = 0; fd < MAX_FDS; fd++) {
		int flags = fcntl(fd, F_GETFL);
		ssize_t len;

		if (flags < 0)
			continue;
		(void)snprintf(path, sizeof(path), "self/fd/%d", fd);
		len = readlinkat(HOST_PROC, path, target, PATH_MAX);
		target[len < 0 ? 0 : len] = '\0';
		(void)fprintf(out, "descriptor %d mode %d close %d", fd, flags & O_ACCMODE,
			      fcntl(fd, F_GETFD));
		put_line("", target);
	}
}

/* --- Data from the kernel -------------------------------------------------- */

static void put_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	const struct sockaddr_in *address = (const void *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)fprintf(out, "loopback flags %s", answer(ioctl(fd, SIOCGIFFLAGS, &request)));
	(void)fprintf(out, " %#x", (unsigned)request.ifr_flags);
	(void)fprintf(out, " address %s", answer(ioctl(fd, SIOCGIFADDR, &request)));
	(void)fprintf(out, " %s\n", inet_ntoa(address->sin_addr));
	(void)close(fd);
}

static void put_settings(void)
{
	int death_signal = -1;
	int adopts = -1;

	(void)prctl(PR_GET_PDEATHSIG, &death_signal);
	(void)prctl(PR_GET_CHILD_SUBREAPER, &adopts);
	(void)fprintf(out, "dies with parent %d\n", death_signal);
	(void)fprintf(out, "adopts %d\n", adopts);
	(void)fprintf(out, "securebits %#x\n", (unsigned)prctl(PR_GET_SECUREBITS));
	(void)fprintf(out, "dumpable %d\n", prctl(PR_GET_DUMPABLE));
	(void)fprintf(out, "priority %d\n", getpriority(PRIO_PROCESS, 0));
}

static void put_system(void)
{
	char dir[PATH_MAX];
	struct utsname uts = {0};
	int fd;

	put_line("directory", getcwd(dir, sizeof(dir)) != NULL ? dir : strerror(errno));
	(void)fprintf(out, "uname %s\n", answer(uname(&uts)));
	put_line("hostname", uts.nodename);
	put_line("domainname", uts.domainname);
	(void)fprintf(out, "socket %s\n", answer(fd = socket(AF_UNIX, SOCK_STREAM, 0)));
	(void)close(fd);
	(void)fprintf(out, "terminal %d %d %d, ", isatty(0), isatty(1), isatty(2));
	(void)fprintf(out, "controlling %s\n", answer(open("/dev/tty", O_RDWR | O_CLOEXEC)));
}

/* What cannot be taken back, in a child. */
static void put_attempts(void)
{
	pid_t pid;

	(void)fflush(out);
	pid = fork();
	if (pid == 0) {
		(void)fprintf(out, "new mount namespace %s\n", answer(unshare(CLONE_NEWNS)));
		(void)fprintf(out, "new user namespace %s\n", answer(unshare(CLONE_NEWUSER)));
		(void)fflush(out);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

static void put_words(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		put_line("word", argv[i]);
	for (char **variable = environ; *variable != NULL; variable++)
		put_line("environment", *variable);
}

/* --- Files ------------------------------------------------------------------ */

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown";
	}
}

static void put_contents(int dir, const char *name)
{
	char text[MAX_SHOWN];
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (len < 0) {
		(void)fprintf(out, " %s", strerror(errno));
	} else {
		(void)fprintf(out, " \"");
		put_text(text, (size_t)len);
		(void)fprintf(out, "\"");
	}
	if (fd >= 0)
		(void)close(fd);
}

static void put_target(int dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, name, target, sizeof(target));

	(void)fprintf(out, " to ");
	put_text(target, len < 0 ? 0 : (size_t)len);
}

static void put_device(int dir, const char *name, const struct stat *st)
{
	int fd = openat(dir, name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	(void)fprintf(out, " %u:%u opens %s", major(st->st_rdev), minor(st->st_rdev), answer(fd));
	if (fd >= 0)
		(void)close(fd);
}

/* Whether the files below are not ours to list: the kernel's, the probe's, all of the host. */
static bool is_boring(int fd, const char *path)
{
	static const unsigned long kernels[] = {0x9fa0 /* proc */, 0x62656572 /* sysfs */};
	struct statfs fs;

	if (strcmp(path, "/probe") == 0 || faccessat(fd, "etc/passwd", F_OK, 0) == 0)
		return true;
	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if ((unsigned long)fs.f_type == kernels[i])
			return true;
	return false;
}

static void put_tree(int at, const char *name, const char *path);

static void put_entries(int dir, const char *path)
{
	DIR *entries = fdopendir(dir);
	const struct dirent *entry;
	char below[PATH_MAX + 256];

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path,
			       entry->d_name);
		put_tree(dirfd(entries), entry->d_name, below);
	}
	(void)closedir(entries);
}

/* Print the file @name in the directory @at, which is @path, and the files below it. */
static void put_tree(int at, const char *name, const char *path)
{
	struct stat st;
	int fd;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		(void)fprintf(out, "file %s %s\n", path, strerror(errno));
		return;
	}
	(void)fprintf(out, "file ");
	put_text(path, strlen(path));
	(void)fprintf(out, " %s %o %u:%u", type_name(st.st_mode), st.st_mode & 07777U, st.st_uid,
		      st.st_gid);
	if (S_ISREG(st.st_mode))
		put_contents(at, name);
	else if (S_ISLNK(st.st_mode))
		put_target(at, name);
	else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		put_device(at, name, &st);
	else if (S_ISDIR(st.st_mode))
		(void)fprintf(out, " writable %s", answer(faccessat(at, name, W_OK, 0)));
	(void)fputc('\n', out);
	if (!S_ISDIR(st.st_mode))
		return;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		(void)fprintf(out, "file %s/ %s\n", path, strerror(errno));
	else if (is_boring(fd, path))
		(void)close(fd);
	else
		put_entries(fd, path);
}

static void put_facts(int argc, char **argv)
{
	out = fdopen(fcntl(FACTS, F_DUPFD_CLOEXEC, MAX_FDS), "w");
	if (out == NULL) {
		perror("probe: descriptor 8");
		exit(2);
	}
	put_words(argc, argv);
	put_descriptors();
	put_status();
	put_parents();
	put_session();
	put_namespaces();
	put_settings();
	put_system();
	put_loopback();
	put_tree(AT_FDCWD, "/", "/");
	put_attempts();
	(void)fclose(out);
	out = stdout;
}

/* --- Other things to do ----------------------------------------------------- */

static int wait_for_death(void)
{
	(void)puts("ready");
	(void)fflush(stdout);
	return pause();
}

static int leave_child(void)
{
	(void)puts("ready");
	(void)fflush(stdout);
	return fork() == 0 ? pause() : 0;
}

static int put_lock(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
		return printf("lock %s\n", strerror(errno)) < 0;
	return printf("lock %s from %ld length %ld\n",
		      lock.l_type == F_UNLCK   ? "none"
		      : lock.l_type == F_RDLCK ? "for reading"
					       : "for writing",
		      lock.l_start, lock.l_len) < 0;
}

static int act(const char *word, const char *arg)
{
	if (strcmp(word, "tree") == 0)
		put_tree(AT_FDCWD, arg, arg);
	else if (strcmp(word, "exit") == 0)
		return atoi(arg);
	else if (strcmp(word, "kill") == 0)
		return kill(getpid(), atoi(arg));
	else if (strcmp(word, "pause") == 0)
		return wait_for_death();
	else if (strcmp(word, "background") == 0)
		return leave_child();
	else if (strcmp(word, "locked") == 0)
		return put_lock(arg);
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	bool and_then = argc > 2 && strcmp(argv[1], "and") == 0;
	int r;

	out = stdout;
	if (argc > 1 && !and_then) {
		r = act(argv[1], argc > 2 ? argv[2] : "");
		if (r >= 0)
			return r;
	}
	put_facts(argc, argv);
	return and_then ? act(argv[2], argc > 3 ? argv[3] : "") : 0;
}
