/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempt PATH OTHER CALL...: make each CALL with PATH, and with OTHER if it takes two.  Prints a
 * word for each: "ok", "empty" if there was nothing to read, or the name of the error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NOTHING = 1 }; /* there was nothing to read */

static int done(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int try_read(const char *path, const char *other __attribute__((unused)))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char byte;
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);

	return n == 0 ? NOTHING : (int)(n < 0 ? n : 0);
}

static int try_write(const char *path, const char *other __attribute__((unused)))
{
	return done(open(path, O_WRONLY | O_CLOEXEC));
}

static int try_creat(const char *path, const char *other __attribute__((unused)))
{
	return done(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
}

static int try_empty(const char *path, const char *other __attribute__((unused)))
{
	return done(open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0644));
}

static int try_truncate(const char *path, const char *other __attribute__((unused)))
{
	return truncate(path, 0);
}

static int try_mkdir(const char *path, const char *other __attribute__((unused)))
{
	return mkdir(path, 0755);
}

static int try_rmdir(const char *path, const char *other __attribute__((unused)))
{
	return rmdir(path);
}

static int try_unlink(const char *path, const char *other __attribute__((unused)))
{
	return unlink(path);
}

static int try_rename(const char *path, const char *other)
{
	return rename(path, other);
}

static int try_replace(const char *path, const char *other)
{
	return rename(other, path);
}

static int try_exchange(const char *path, const char *other)
{
	return renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

static int try_link(const char *path, const char *other)
{
	return link(path, other);
}

/* Link the file of a descriptor, without resolving its name. */
static int try_link_fd(const char *path, const char *other)
{
	char name[64];
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, name, AT_FDCWD, other, AT_SYMLINK_FOLLOW);
}

static int try_symlink(const char *path, const char *other)
{
	return symlink(other, path);
}

static int try_chmod(const char *path, const char *other __attribute__((unused)))
{
	return chmod(path, 0777);
}

static int try_chown(const char *path, const char *other __attribute__((unused)))
{
	return chown(path, getuid(), getgid());
}

static int try_utime(const char *path, const char *other __attribute__((unused)))
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}

static int try_xattr(const char *path, const char *other __attribute__((unused)))
{
	return setxattr(path, "user.x", "x", 1, 0);
}

static int try_stat(const char *path, const char *other __attribute__((unused)))
{
	struct stat st;

	return lstat(path, &st);
}

static int try_list(const char *path, const char *other __attribute__((unused)))
{
	return done(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int try_execute(const char *path, const char *other __attribute__((unused)))
{
	return access(path, X_OK);
}

static int name_socket(const char *path, int (*call)(int fd, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return fd < 0 ? -1 : call(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int try_socket(const char *path, const char *other __attribute__((unused)))
{
	return name_socket(path, bind);
}

static int try_connect(const char *path, const char *other __attribute__((unused)))
{
	return name_socket(path, connect);
}

static const struct {
	const char *name;
	int (*call)(const char *path, const char *other);
} calls[] = {
	{"read", try_read},       {"write", try_write},     {"creat", try_creat},
	{"empty", try_empty},     {"mkdir", try_mkdir},     {"truncate", try_truncate},
	{"rmdir", try_rmdir},     {"unlink", try_unlink},   {"rename", try_rename},
	{"replace", try_replace}, {"link", try_link},       {"exchange", try_exchange},
	{"link-fd", try_link_fd}, {"chmod", try_chmod},     {"symlink", try_symlink},
	{"chown", try_chown},     {"utime", try_utime},     {"xattr", try_xattr},
	{"stat", try_stat},       {"list", try_list},       {"execute", try_execute},
	{"socket", try_socket},   {"connect", try_connect},
};

static const struct {
	int number;
	const char *name;
} errors[] = {
	{EACCES, "EACCES"},         {EBUSY, "EBUSY"},           {EEXIST, "EEXIST"},
	{EINVAL, "EINVAL"},         {EISDIR, "EISDIR"},         {ELOOP, "ELOOP"},
	{ENOENT, "ENOENT"},         {ENOTDIR, "ENOTDIR"},       {EPERM, "EPERM"},
	{EROFS, "EROFS"},           {EXDEV, "EXDEV"},           {ENOTEMPTY, "ENOTEMPTY"},
	{ENXIO, "ENXIO"},           {EADDRINUSE, "EADDRINUSE"}, {ECONNREFUSED, "ECONNREFUSED"},
	{EOPNOTSUPP, "EOPNOTSUPP"},
};

static const char *word_for(int r)
{
	static char number[32];

	if (r >= 0)
		return r == NOTHING ? "empty" : "ok";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].number == errno)
			return errors[i].name;
	(void)snprintf(number, sizeof(number), "error-%d", errno);
	return number;
}

int main(int argc, char **argv)
{
	size_t n = sizeof(calls) / sizeof(calls[0]);

	if (argc < 4)
		return 2;
	for (int i = 3; i < argc; i++) {
		size_t at = 0;

		while (at < n && strcmp(calls[at].name, argv[i]) != 0)
			at++;
		if (at == n)
			return 2;
		printf("%s%s", i > 3 ? " " : "", word_for(calls[at].call(argv[1], argv[2])));
	}
	printf("\n");
	return 0;
}
