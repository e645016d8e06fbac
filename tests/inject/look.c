/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look DIR: print, as a process that no tracer follows (CLONE_UNTRACED), which restrictions are in
 * force.  DIR is the project folder, with files of known names.
 *
 * "LOOK" comes before all and "END" after it.  Linked statically, the process that the tracer
 * does follow makes hardly any call that could fail; if one does, the output is "BLIND".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Lines of a status that no machine and no run changes by itself. */
static const char *const status_lines[] = {
	"Uid:",    "Gid:",    "SigBlk:",     "SigIgn:",  "CapInh:",          "CapPrm:",
	"CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:",
};

static void print_status(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		for (size_t i = 0; i < sizeof(status_lines) / sizeof(status_lines[0]); i++)
			if (strncmp(line, status_lines[i], strlen(status_lines[i])) == 0)
				(void)fputs(line, stdout);
	if (f == NULL || fclose(f) != 0)
		(void)puts("no status");
}

/* Print where each mount is and what restricts it, for the caller to sort. */
static void print_mounts(void)
{
	char line[4096];
	char root[1024];
	char point[1024];
	char options[1024];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%*s %*s %*s %1023s %1023s %1023s", root, point, options) == 3)
			(void)printf("mount %s %s %s\n", point, root, options);
	if (f == NULL || fclose(f) != 0)
		(void)puts("no mounts");
}

/* Print the names in the directory @path, with the targets of links if @links. */
static void print_names(const char *path, int links)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL) {
		(void)printf("%s: %s\n", path, strerrorname_np(errno));
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		char target[512] = "";

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		if (links && readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) < 0)
			continue;
		(void)printf("%s/%s %s\n", path, entry->d_name, target);
	}
	(void)closedir(dir);
}

static void print_result(const char *what, long r)
{
	(void)printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "done");
}

static void try_open(const char *path, int flags)
{
	char byte;
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0 && (flags & O_ACCMODE) == O_RDONLY)
		(void)printf("%s holds %zd\n", path, read(fd, &byte, 1));
	else
		print_result(path, fd);
	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 && (flags & O_CREAT))
		(void)unlink(path);
}

static int make_user_namespace(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
	(void)waitpid(pid, &status, 0);
	return status;
}

static int look(const char *dir)
{
	struct utsname host = {0};
	char cwd[4096] = "";

	(void)puts("LOOK");
	if (chdir(".") < 0 || getcwd(cwd, sizeof(cwd)) == NULL)
		(void)puts("no working directory");
	(void)printf("in %s\n", cwd);
	(void)uname(&host);
	(void)printf("host %s\n", host.nodename);
	print_status();
	print_mounts();
	print_names("/proc/self/ns", 1);
	print_names("/proc/self/fd", 0);
	(void)printf("umask %o\n", umask(0));
	print_result("TIOCSTI", ioctl(STDIN_FILENO, TIOCSTI, "x"));
	print_result("keyctl", syscall(SYS_keyctl, 0, -3, 0));
	(void)printf("user namespace: %d\n", make_user_namespace());
	try_open("/usr/sbx-inject", O_WRONLY | O_CREAT | O_EXCL);
	try_open("/dev/shm/sbx-inject", O_WRONLY | O_CREAT | O_EXCL);
	if (chdir(dir) < 0)
		(void)puts("no project");
	try_open("secret", O_RDONLY);
	try_open("secret", O_WRONLY);
	try_open("config", O_RDONLY);
	try_open("config", O_WRONLY);
	try_open("hook", O_WRONLY | O_CREAT | O_EXCL);
	try_open("new", O_WRONLY | O_CREAT | O_EXCL);
	(void)puts("END");
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int status = 0;
	long pid;

	if (argc != 2)
		return 2;
	pid = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(look(argv[1]));
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) < 0 || status != 0)
		(void)!write(STDOUT_FILENO, "BLIND\n", strlen("BLIND\n"));
	return 0;
}
