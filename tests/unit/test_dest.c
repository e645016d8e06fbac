/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fake_sys.h"
#include "ipc/report.h"
#include "mounts/dest.h"
#include "mounts/mount_points.h"
#include "sys/sys.h"
#include "test.h"

enum { BOX = 4, MOUNT = 5 };

#define ROOT ((struct dest_root){.fd = BOX})

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(BOX, "box");
	fake_sys_given(MOUNT, "mount");
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

static bool is_call(const char *line, const char *call)
{
	return strncmp(line, call, strlen(call)) == 0 && line[strlen(call)] == ' ';
}

/* Check that @line, "call directory name...", does not lead out of the box. */
static void check_line(const char *line)
{
	const char *dir = line + strcspn(line, " ") + 1;
	const char *name = dir + strcspn(dir, " ") + 1;
	size_t len = strcspn(name, " \n");
	const char *nofollow = strstr(line, " nofollow");

	if (is_call(line, "open_in") || strncmp(line, "geteuid", strlen("geteuid")) == 0 ||
	    strncmp(line, "stat mount", strlen("stat mount")) == 0)
		return;
	assert_starts_with(dir, "box");
	assert_non_null(strchr(" /\n", dir[3]));
	if (is_call(line, "stat"))
		return;
	assert_null(memchr(name, '/', len));
	assert_false(len == 2 && strncmp(name, "..", 2) == 0);
	if (is_call(line, "open") && strncmp(name, ". ", 2) != 0)
		assert_true(nofollow != NULL && nofollow < line + strcspn(line, "\n"));
}

/*
 * Check that nothing was touched but names in directories of the box, each opened
 * below the one before and never through a link.
 */
static void assert_stayed_inside(void)
{
	for (const char *line = fake_sys_trace(); *line != '\0'; line += strcspn(line, "\n") + 1)
		check_line(line);
}

/* Find @path.  Returns "directory name", or what went wrong. */
static const char *find(const char *path, mode_t parents_mode, bool keep_link)
{
	static char found[sizeof(((struct err *)0)->msg)];
	autoentry struct entry dest = ENTRY_NONE;
	struct err e = {0};
	int r = dest_find(ROOT, path, parents_mode, keep_link, &dest, &e);

	assert_stayed_inside();
	assert_int_equal(fake_sys_open_fds(), r == 0);
	assert_int_equal(e.code, -r);
	if (r < 0)
		return memcpy(found, e.msg, sizeof(found));
	(void)snprintf(found, sizeof(found), "%s %s", fake_sys_name(dest.dir), dest.name);
	return found;
}

TEST(walks_down_one_component_at_a_time)
{
	assert_string_equal(find("/usr//./lib/x/", 0755, false), "box/usr/lib x");
	assert_string_equal(fake_sys_trace(), "open box . path dir\n"
					      "readlink box usr\n"
					      "open box usr path dir nofollow\n"
					      "readlink box/usr lib\n"
					      "open box/usr lib path dir nofollow\n"
					      "readlink box/usr/lib x\n");
}

TEST(makes_missing_directories_above_the_place_and_not_the_place)
{
	fake_sys_always("readlink box/a b", -ENOENT);
	fake_sys_always("readlink box/a/b c", -ENOENT);
	assert_string_equal(find("a/b/c", 0710, false), "box/a/b c");
	assert_string_equal(fake_sys_trace(), "open box . path dir\n"
					      "readlink box a\n"
					      "open box a path dir nofollow\n"
					      "readlink box/a b\n"
					      "mkdir box/a b 710\n"
					      "open box/a b path dir nofollow\n"
					      "readlink box/a/b c\n");
}

TEST(enters_a_directory_that_somebody_else_made_meanwhile)
{
	fake_sys_answer("readlink box a", -ENOENT);
	fake_sys_answer("mkdir box a 755", -EEXIST);
	assert_string_equal(find("/a/b", 0755, false), "box/a b");
}

TEST(makes_no_directories_where_none_are_to_be_made)
{
	fake_sys_always("readlink box a", -ENOENT);
	assert_string_equal(find("/a/b", DEST_NO_PARENTS, false),
			    "cannot resolve or create /a/b in the sandbox: "
			    "No such file or directory");
	assert_null(strstr(fake_sys_trace(), "mkdir"));
}

TEST(is_the_root_itself_for_every_way_to_write_it)
{
	static const char *const paths[] = {"/",  "",       ".",     "//./",
					    "..", "/../..", "/a/..", "a/../."};

	for (size_t i = 0; i < LENGTH(paths); i++) {
		start();
		assert_string_equal(find(paths[i], 0755, false), "box .");
	}
}

/* What links there are, and where they lead. */
static const struct {
	const char *link;
	const char *target;
} links[] = {
	{"readlink box bin", "usr/bin"},     {"readlink box abs", "/usr/bin"},
	{"readlink box up", "../../etc"},    {"readlink box/usr bin", "sub/../bin2/."},
	{"readlink box/usr home", "/up/me"}, {"readlink box dangling", "nowhere/at/all"},
	{"readlink box/etc up", ".."},       {"readlink box slash", "/"},
	{"readlink box dot", "."},
};

static void make_links(void)
{
	start();
	for (size_t i = 0; i < LENGTH(links); i++)
		fake_sys_always_text(links[i].link, links[i].target);
	fake_sys_always("readlink box nowhere", -ENOENT);
	fake_sys_always("readlink box/nowhere at", -ENOENT);
	fake_sys_always("readlink box/nowhere/at all", -ENOENT);
}

TEST(resolves_links_and_parents_inside)
{
	static const struct {
		const char *path;
		const char *place;
	} paths[] = {
		{"/bin/sh", "box/usr/bin2 sh"},
		{"/bin", "box/usr bin2"},
		{"/abs/sh", "box/usr/bin2 sh"},
		{"/up/passwd", "box/etc passwd"},
		{"/usr/home/x", "box/etc/me x"},
		{"/dangling", "box/nowhere/at all"},
		{"/dangling/x", "box/nowhere/at/all x"},
		{"/etc/up/x", "box x"},
		{"/etc/up", "box ."},
		{"/slash/x", "box x"},
		{"/slash", "box ."},
		{"/dot/x", "box x"},
		{"/bin/../x", "box/usr x"},
		{"/a/b/../../c", "box c"},
		{"/../x", "box x"},
		{"/../../../x/../y", "box y"},
	};

	for (size_t i = 0; i < LENGTH(paths); i++) {
		make_links();
		assert_string_equal(find(paths[i].path, 0755, false), paths[i].place);
	}
}

TEST(starts_again_at_the_root_after_a_link)
{
	fake_sys_always_text("readlink box bin", "usr");
	assert_string_equal(find("/bin/x", 0755, false), "box/usr x");
	assert_string_equal(fake_sys_trace(), "open box . path dir\n"
					      "readlink box bin\n"
					      "open box bin path nofollow\n"
					      "stat box\n"
					      "stat box/bin\n"
					      "readlink box bin\n"
					      "open box . path dir\n"
					      "readlink box usr\n"
					      "open box usr path dir nofollow\n"
					      "readlink box/usr x\n");
}

TEST(keeps_the_last_link_if_asked_to_but_no_other)
{
	make_links();
	assert_string_equal(find("/bin", 0755, true), "box bin");
	make_links();
	assert_string_equal(find("/bin/", 0755, true), "box bin");
	make_links();
	assert_string_equal(find("/abs/sh", 0755, true), "box/usr/bin2 sh");
}

TEST(gives_up_on_links_in_a_circle)
{
	fake_sys_always_text("readlink box a", "b");
	fake_sys_always_text("readlink box b", "/a/");
	assert_string_equal(find("/a", 0755, false), "cannot resolve or create /a in the sandbox: "
						     "Too many levels of symbolic links");
	assert_true(fake_sys_calls() < 300);
}

TEST(leaves_links_to_the_kernel_if_told_so)
{
	const struct dest_root any = {.fd = BOX, .links = LINK_ANY};
	struct err e = {0};

	fake_sys_always("open_in*", -ELOOP);
	assert_int_equal(dest_open(any, "/a", &e), -ELOOP);
	assert_string_equal(fake_sys_trace(), "open_in box /a path\n");
}

/* "/", and @n times "x". */
static const char *long_path(size_t n)
{
	static char path[PATH_MAX + 2];

	memset(path, 'x', n + 1);
	path[0] = '/';
	path[n + 1] = '\0';
	return path;
}

TEST(takes_names_of_255_bytes_and_none_longer)
{
	assert_starts_with(find(long_path(NAME_MAX), 0755, false), "box xxx");
	assert_contains(find(long_path(NAME_MAX + 1), 0755, false), ": File name too long");
	assert_contains(find(long_path(PATH_MAX), 0755, false), "create /xxx");
}

TEST(never_grows_a_path_beyond_what_the_kernel_takes)
{
	char target[PATH_MAX];

	memset(target, '/', sizeof(target));
	for (size_t i = 1; i < sizeof(target); i += 2)
		target[i] = 'x';
	target[sizeof(target) - 1] = '\0';
	fake_sys_always_text("readlink box a", target);
	assert_string_equal(find("/a/b/c/d", 0755, false),
			    "cannot resolve or create /a/b/c/d in the sandbox: "
			    "File name too long");
}

TEST(reports_a_way_through_what_is_no_directory)
{
	fake_sys_answer("open box a path dir nofollow", -ENOTDIR);
	assert_string_equal(find("/a/b", 0755, false),
			    "cannot resolve or create /a/b in the sandbox: Not a directory");
}

TEST(reports_every_call_that_fails_while_finding)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		const char *found;

		start();
		fake_sys_always("readlink box/a b", -ENOENT);
		fake_sys_fail_at(nth, EIO);
		found = find("/a/b/c", 0755, false);
		if (strcmp(found, "box/a/b c") == 0)
			break;
		assert_string_equal(found, "cannot resolve or create /a/b/c in the sandbox: "
					   "Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
	assert_int_equal(nth, 8);
}

/* --- dest_open() ---------------------------------------------------------- */

/* Open @path, close it again, and return what its descriptor is called, or what went wrong. */
static const char *open_path(const char *path)
{
	static char opened[sizeof(((struct err *)0)->msg)];
	struct err e = {0};
	int fd = dest_open(ROOT, path, &e);

	assert_stayed_inside();
	if (fd < 0) {
		assert_int_equal(e.code, -fd);
		assert_int_equal(fake_sys_open_fds(), 0);
		return memcpy(opened, e.msg, sizeof(opened));
	}
	(void)snprintf(opened, sizeof(opened), "%s", fake_sys_name(fd));
	(void)sys_close(fd);
	assert_int_equal(fake_sys_open_fds(), 0);
	return opened;
}

/* The same for a place to mount on. */
static const char *open_mount_point(const char *path)
{
	static char opened[sizeof(((struct err *)0)->msg)];
	struct err e = {0};
	int fd = dest_mount_point(ROOT, path, 0700, MOUNT, NULL, &e);

	assert_stayed_inside();
	if (fd < 0) {
		assert_int_equal(e.code, -fd);
		assert_int_equal(fake_sys_open_fds(), 0);
		return memcpy(opened, e.msg, sizeof(opened));
	}
	(void)snprintf(opened, sizeof(opened), "%s", fake_sys_name(fd));
	(void)sys_close(fd);
	assert_int_equal(fake_sys_open_fds(), 0);
	return opened;
}

TEST(opens_what_exists_with_one_call)
{
	assert_string_equal(open_path("/usr/../lib"), "box/usr/../lib");
	assert_string_equal(fake_sys_trace(), "open_in box /usr/../lib path\n");
	start();
	(void)open_path("");
	assert_string_equal(fake_sys_trace(), "open_in box / path\n");
}

TEST(walks_where_openat2_is_missing)
{
	fake_sys_always("open_in*", -ENOSYS);
	fake_sys_always_text("readlink box a", "../b");
	assert_string_equal(open_path("/a/c"), "box/b/c");
	assert_string_equal(fake_sys_trace(), "open_in box /a/c path\n"
					      "open box . path dir\n"
					      "readlink box a\n"
					      "open box a path nofollow\n"
					      "stat box\n"
					      "stat box/a\n"
					      "readlink box a\n"
					      "open box . path dir\n"
					      "open box . path dir\n"
					      "readlink box b\n"
					      "open box b path dir nofollow\n"
					      "readlink box/b c\n"
					      "open box/b c path nofollow\n");
}

TEST(walks_where_the_kernel_says_again)
{
	fake_sys_always("open_in*", -EAGAIN);
	assert_string_equal(open_path("/a/../b"), "box/b");
	start();
	fake_sys_always("open_in*", -EAGAIN);
	fake_sys_always("mkdir box b 755", -EEXIST);
	assert_string_equal(open_mount_point("/a/../b"), "box/b");
}

TEST(makes_nothing_just_to_open_it)
{
	fake_sys_always("open_in*", -ENOSYS);
	fake_sys_always("readlink box a", -ENOENT);
	assert_string_equal(open_path("/a/c"), "cannot resolve or create /a/c in the sandbox: "
					       "No such file or directory");
	start();
	fake_sys_always("open_in*", -ENOENT);
	assert_string_equal(open_path("/a"),
			    "cannot open /a in the sandbox: No such file or directory");
}

TEST(reports_every_call_that_fails_while_opening)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		const char *opened;

		start();
		fake_sys_always("open_in*", -ENOSYS);
		fake_sys_fail_at(nth, EIO);
		opened = open_path("/a/b");
		if (strcmp(opened, "box/a/b") == 0)
			break;
		assert_contains(opened, "/a/b in the sandbox: Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
	assert_int_equal(nth, 7);
}

/* --- Links ---------------------------------------------------------------- */

TEST(walks_where_there_is_a_link_and_judges_that)
{
	fake_sys_always("open_in*", -ELOOP);
	fake_sys_always_text("readlink box a", "b");
	assert_string_equal(open_path("/a/c"), "box/b/c");
	assert_contains(fake_sys_trace(), "open box a path nofollow\nstat box\nstat box/a\n");
}

TEST(looks_again_where_a_link_is_gone)
{
	fake_sys_answer_text("readlink box a", "b");
	fake_sys_answer("open box a path nofollow", -ENOENT);
	assert_string_equal(find("/a", 0755, false), "box a");
	start();
	fake_sys_answer_text("readlink box a", "b"); /* then it is no link */
	assert_string_equal(find("/a", 0755, false), "box a");
}

TEST(gives_up_on_a_link_that_comes_and_goes)
{
	fake_sys_always_text("readlink box a", "b");
	fake_sys_always("open box a path nofollow", -ENOENT);
	assert_contains(find("/a", 0755, false), "cannot resolve or create /a");
	assert_true(fake_sys_calls() < 400);
}

/* Tell of a link of @link_uid in a directory of @dir_uid and @dir_mode. */
static void own_by(uid_t link_uid, uid_t dir_uid, mode_t dir_mode)
{
	static struct statx link;
	static struct statx dir;

	link = (struct statx){.stx_mode = S_IFLNK | 0777, .stx_uid = link_uid};
	dir = (struct statx){.stx_mode = (uint16_t)(S_IFDIR | dir_mode), .stx_uid = dir_uid};
	fake_sys_always_data("stat box/dir/a", 0, &link, sizeof(link));
	fake_sys_always_data("stat box/dir", 0, &dir, sizeof(dir));
	fake_sys_always_text("readlink box/dir a", "/b");
	fake_sys_always("open_in*", -ELOOP);
}

TEST(follows_no_link_of_another_user_in_a_sticky_directory)
{
	own_by(1000, 0, 01777);
	assert_string_equal(find("/dir/a/c", 0755, false),
			    "cannot use /dir/a/c: the symbolic link /dir/a is another user's, in a "
			    "sticky directory that all may write to: Permission denied");
	assert_string_equal(open_path("/dir/../dir/a"),
			    "cannot use /dir/../dir/a: the symbolic link /dir/a is another user's, "
			    "in a sticky directory that all may write to: Permission denied");
	assert_contains(open_mount_point("/dir/a"), "is another user's");
	assert_null(strstr(fake_sys_trace(), "box b"));
}

TEST(keeps_the_hint_about_a_link)
{
	struct err e = {0};

	own_by(1000, 0, 01777);
	assert_int_equal(dest_mount_point(ROOT, "/dir/a", 0755, MOUNT, NULL, &e), -EACCES);
	assert_contains(e.hint, "path without links");
}

TEST(follows_no_link_at_all_if_told_so)
{
	const struct dest_root none = {.fd = BOX, .links = LINK_NONE};
	autoentry struct entry dest = ENTRY_NONE;
	struct err e = {0};

	own_by(0, 0, 0755);
	assert_int_equal(dest_find(none, "/dir/a/c", 0755, false, &dest, &e), -ELOOP);
	assert_int_equal(e.code, ELOOP);
	assert_string_equal(e.msg, "cannot use /dir/a/c: /dir/a is a symbolic link, which "
				   "--no-symlinks forbids");
}

/* --- dest_mount_point() --------------------------------------------------- */

TEST(mounts_on_what_exists_without_making_anything)
{
	assert_string_equal(open_mount_point("/usr"), "box/usr");
	assert_string_equal(fake_sys_trace(), "open_in box /usr path\n");
}

TEST(makes_a_directory_to_mount_a_directory_on)
{
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_always("readlink*", -ENOENT);
	assert_string_equal(open_mount_point("/a/b"), "box/a/b");
	assert_string_equal(fake_sys_trace(), "open_in box /a/b path\n"
					      "open box . path dir\n"
					      "readlink box a\n"
					      "mkdir box a 700\n"
					      "open box a path dir nofollow\n"
					      "readlink box/a b\n"
					      "stat mount\n"
					      "mkdir box/a b 755\n"
					      "open box/a b path nofollow\n");
}

static const struct statx regular = {.stx_mode = S_IFREG | 0644};
static const struct statx fifo = {.stx_mode = S_IFIFO | 0644};

TEST(makes_a_file_to_mount_anything_else_on)
{
	static const struct statx *const others[] = {&regular, &fifo};

	for (size_t i = 0; i < LENGTH(others); i++) {
		start();
		fake_sys_answer("open_in*", -ENOENT);
		fake_sys_answer_data("stat mount", 0, others[i], sizeof(*others[i]));
		assert_string_equal(open_mount_point("/f"), "box/f");
		assert_string_equal(fake_sys_trace(),
				    "open_in box /f path\n"
				    "open box . path dir\n"
				    "readlink box f\n"
				    "stat mount\n"
				    "open box f write nofollow nonblock excl create 444\n"
				    "open box f path nofollow\n");
	}
}

TEST(mounts_on_what_somebody_else_made_meanwhile)
{
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_answer("mkdir box a 755", -EEXIST);
	assert_string_equal(open_mount_point("/a"), "box/a");
	start();
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_answer_data("stat mount", 0, &regular, sizeof(regular));
	fake_sys_answer("open box f write*", -EEXIST);
	assert_string_equal(open_mount_point("/f"), "box/f");
}

TEST(makes_mount_points_where_openat2_is_missing)
{
	fake_sys_always("open_in*", -ENOSYS);
	fake_sys_always_text("readlink box link", "usr");
	fake_sys_always("mkdir box/usr lib 755", -EEXIST);
	assert_string_equal(open_mount_point("/link/lib"), "box/usr/lib");
}

TEST(makes_the_target_of_a_dangling_link_inside)
{
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_always_text("readlink box link", "/../../target");
	fake_sys_always("readlink box target", -ENOENT);
	assert_string_equal(open_mount_point("/link"), "box/target");
	assert_contains(fake_sys_trace(), "mkdir box target 755\n");
}

TEST(makes_nothing_when_it_cannot_look)
{
	fake_sys_answer("open_in*", -EACCES);
	assert_string_equal(open_mount_point("/a"),
			    "cannot open /a in the sandbox: Permission denied");
	assert_int_equal(fake_sys_calls(), 1);
}

TEST(reports_every_call_that_fails_while_making_a_mount_point)
{
	unsigned nth;

	for (nth = 1;; nth++) {
		const char *opened;

		start();
		fake_sys_always("open_in*", -ENOENT);
		fake_sys_always("readlink*", -ENOENT);
		fake_sys_fail_at(nth, EIO);
		opened = open_mount_point("/a/b");
		if (strcmp(opened, "box/a/b") == 0)
			break;
		assert_contains(opened, "/a/b in the sandbox: Input/output error");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
	assert_int_equal(nth, 10);
}

/* --- dest_resolve() ------------------------------------------------------- */

/* The links that the callback received, with a blank behind each. */
struct told {
	char text[256];
	int r; /* what it returns */
};

static int hear(void *arg, const char *path)
{
	struct told *told = arg;
	size_t used = strlen(told->text);

	(void)snprintf(told->text + used, sizeof(told->text) - used, "%s ", path);
	return told->r;
}

/* Resolve @path, telling @told of links unless it is NULL.  Returns where it leads, or what went
 * wrong. */
static const char *resolve(const char *path, struct told *told, int *n_links)
{
	static char where[PATH_MAX];
	const struct dest_watch watch = {.met_link = hear, .arg = told};
	struct err e = {0};

	*n_links = dest_resolve(ROOT, path, told != NULL ? &watch : NULL, where, &e);
	assert_stayed_inside();
	assert_int_equal(fake_sys_open_fds(), 0);
	assert_null(strstr(fake_sys_trace(), "mkdir"));
	if (*n_links >= 0)
		return where;
	assert_int_equal(e.code, -*n_links);
	return memcpy(where, e.msg, sizeof(e.msg));
}

/* Paths in the sandbox of make_links(), where they lead, and what links there are on the way. */
static const struct {
	const char *path;
	const char *where;
	int links;
	const char *told;
} resolved[] = {
	{"/", "", 0, ""},
	{"", "", 0, ""},
	{"..", "", 0, ""},
	{"/a/../..", "", 0, ""},
	{"x", "/x", 0, ""},
	{"//x/./y/", "/x/y", 0, ""},
	{"/../x/../y", "/y", 0, ""},
	{"/bin", "/usr/bin2", 2, "/bin /usr/bin "},
	{"/bin/../x", "/usr/x", 2, "/bin /usr/bin "},
	{"/a/../abs/sh", "/usr/bin2/sh", 2, "/abs /usr/bin "},
	{"/usr/home/x", "/etc/me/x", 2, "/usr/home /up "},
	{"/etc/up", "", 1, "/etc/up "},
	{"/slash/x", "/x", 1, "/slash "},
};

TEST(resolves_to_where_a_path_leads_and_tells_of_the_links)
{
	for (size_t i = 0; i < LENGTH(resolved); i++) {
		struct told told = {.text = ""};
		int n_links;

		make_links();
		assert_string_equal(resolve(resolved[i].path, &told, &n_links), resolved[i].where);
		assert_int_equal(n_links, resolved[i].links);
		assert_string_equal(told.text, resolved[i].told);
		make_links();
		assert_string_equal(resolve(resolved[i].path, NULL, &n_links), resolved[i].where);
		assert_int_equal(n_links, resolved[i].links);
	}
}

TEST(tells_of_a_link_before_it_goes_where_that_leads)
{
	struct told told = {.text = "", .r = -EPERM};
	int n_links;

	fake_sys_always_text("readlink box bin", "usr");
	assert_string_equal(resolve("/bin/x", &told, &n_links),
			    "cannot resolve or create /bin/x in the sandbox: "
			    "Operation not permitted");
	assert_string_equal(told.text, "/bin ");
	assert_string_equal(fake_sys_trace(), "open box . path dir\n"
					      "readlink box bin\n");
}

TEST(resolves_only_what_exists)
{
	int n_links;

	make_links();
	assert_string_equal(resolve("/dangling/x", NULL, &n_links),
			    "cannot resolve or create /dangling/x in the sandbox: "
			    "No such file or directory");
	start();
	fake_sys_answer("open box a path nofollow", -ENOENT);
	assert_string_equal(resolve("/a", NULL, &n_links),
			    "cannot open /a in the sandbox: No such file or directory");
}

TEST(resolves_no_links_in_a_circle)
{
	struct told told = {.text = ""};
	int n_links;

	fake_sys_always_text("readlink box a", "b");
	fake_sys_always_text("readlink box b", "a");
	assert_contains(resolve("/a", &told, &n_links), ": Too many levels of symbolic links");
}

TEST(reports_every_call_that_fails_while_resolving)
{
	unsigned nth = 0;
	int n_links = -EIO;

	while (n_links < 0) {
		const char *where;

		start();
		fake_sys_always_text("readlink box link", "a");
		fake_sys_fail_at(++nth, EIO);
		where = resolve("/link/b", NULL, &n_links);
		if (n_links < 0) {
			assert_int_equal(n_links, -EIO);
			assert_contains(where, "/link/b in the sandbox: Input/output error");
			assert_string_equal(fake_sys_trace_after_failure(), "");
		}
	}
	assert_int_equal(nth, 12);
}

/* --- On the host ---------------------------------------------------------- */

enum { MONITOR = 6, JANITOR, STAGE };

static const struct statx own = {.stx_mode = S_IFDIR | 0755, .stx_dev_minor = 40};
static const struct statx host = {.stx_mode = S_IFDIR | 0755, .stx_dev_major = 8};
static const struct statx marked = {
	.stx_mode = S_IFDIR | 01755, .stx_dev_major = 8, .stx_mtime = {.tv_sec = 499162500}};
static const struct statx marked_file = {
	.stx_mode = S_IFREG | 01444, .stx_dev_major = 8, .stx_mtime = {.tv_sec = 499162500}};

static struct mount_points mount_points;

/* Let "h" in the box be a directory of the host. */
static void start_with_host(void)
{
	start();
	fake_sys_given(MONITOR, "monitor");
	fake_sys_given(JANITOR, "janitor");
	fake_sys_given(STAGE, "stage");
	fake_sys_always_data("stat stage", 0, &own, sizeof(own));
	fake_sys_always_data("stat box", 0, &own, sizeof(own));
	fake_sys_always_data("stat box/h*", 0, &host, sizeof(host));
	fake_sys_always_ready("poll janitor, -1 ms", "janitor");
	fake_sys_always_data("stat tree:*", 0, &marked, sizeof(marked));
	mount_point_done(&mount_points);
	mount_points = (struct mount_points){.is_possible = true,
					     .is_on = true,
					     .is_watched = true,
					     .monitor = MONITOR,
					     .janitor = JANITOR,
					     .stage = STAGE};
}

/* Open @path as a place to mount on.  Returns the -errno or 0. */
static int mount_on(const char *path)
{
	struct err e = {0};
	autoclose int fd = dest_mount_point(ROOT, path, 0755, MOUNT, &mount_points, &e);

	mount_point_done(&mount_points);
	assert_int_equal(e.code, fd < 0 ? -fd : 0);
	return fd < 0 ? fd : 0;
}

/* The names that the janitor was told of, with blanks between; "?" for one that is not new. */
static const char *told(void)
{
	static char names[1024];
	const struct mount_point_note *note;

	names[0] = '\0';
	for (unsigned i = 0; (note = fake_sys_written(JANITOR, i, NULL)) != NULL; i++) {
		size_t used = strlen(names);

		if (note->kind == MOUNT_POINT_ENTRY)
			(void)snprintf(names + used, sizeof(names) - used, "%s%s ", note->name,
				       note->is_new ? "" : "?");
	}
	return names;
}

TEST(takes_one_look_at_what_exists)
{
	start_with_host();
	assert_int_equal(mount_on("/h/x"), 0);
	assert_string_equal(fake_sys_trace(), "open_in box /h/x path\nstat box/h/x\n");
}

TEST(makes_mount_points_of_its_own_as_ever)
{
	start_with_host();
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_always("readlink*", -ENOENT);
	assert_int_equal(mount_on("/a/b"), 0);
	assert_string_equal(fake_sys_trace(), "open_in box /a/b path\n"
					      "open box . path dir\n"
					      "readlink box a\n"
					      "stat box\n"
					      "stat stage\n"
					      "mkdir box a 755\n"
					      "open box a path dir nofollow\n"
					      "readlink box/a b\n"
					      "stat mount\n"
					      "mkdir box/a b 755\n"
					      "open box/a b path nofollow\n");
}

TEST(tells_of_all_that_it_makes_on_the_host)
{
	start_with_host();
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_always("readlink box/h*", -ENOENT);
	fake_sys_answer("open box/h/a/b c path nofollow", -ENOENT);
	assert_int_equal(mount_on("/h/a/b/c"), 0);
	assert_string_equal(told(), "a b c ");
	assert_in_order(fake_sys_trace(),
			ARGV("mkdir tree:box/h a 1755\n", "mkdir tree:box/h/a b 1755\n",
			     "set_mtime tree:box/h/a 499162500\n", "mkdir tree:box/h/a/b c 1755\n",
			     "set_mtime tree:box/h/a/b 499162500\n"));
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(holds_what_others_have_made_on_the_way)
{
	static const struct statx a = {.stx_mode = S_IFDIR | 01755,
				       .stx_ino = 7,
				       .stx_dev_major = 8,
				       .stx_mtime = {.tv_sec = 499162500}};

	start_with_host();
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_answer("readlink box/h/a b", -ENOENT);
	fake_sys_answer("readlink box/h/a b", -ENOENT);
	fake_sys_answer("open box/h/a b path nofollow", -ENOENT);
	fake_sys_answer_data("stat box/h/a", 0, &host, sizeof(host)); /* is it of the host? */
	fake_sys_answer_data("stat box/h/a", 0, &a, sizeof(a));
	for (unsigned i = 0; i < 3; i++)
		fake_sys_answer_data("stat tree:box/h/a", 0, &a, sizeof(a));
	assert_int_equal(mount_on("/h/a/b"), 0);
	assert_string_equal(told(), "a? b ");
	assert_contains(fake_sys_trace(), "set_mtime tree:box/h/a 499162500\n");
}

TEST(holds_a_mount_point_that_another_sandbox_has_made)
{
	start_with_host();
	fake_sys_answer_data("stat box/h/x", 0, &marked, sizeof(marked));
	fake_sys_answer_data("stat box/h/x", 0, &marked, sizeof(marked));
	assert_int_equal(mount_on("/h/x"), 0);
	assert_string_equal(told(), "x? ");
	assert_null(strstr(fake_sys_trace(), "mkdir"));
}

TEST(starts_again_when_others_make_and_remove_what_it_needs)
{
	start_with_host();
	fake_sys_always("open_in*", -ENOENT);
	fake_sys_always("readlink box/h x", -ENOENT);
	fake_sys_answer("open box/h x path nofollow", -ENOENT);
	fake_sys_answer("mkdir tree:box/h x 1755", -EEXIST);    /* made, */
	fake_sys_answer("open box/h x path nofollow", -ENOENT); /* and removed */
	assert_int_equal(mount_on("/h/x"), 0);
	assert_string_equal(told(), "x x ");
	assert_int_equal(count_in(fake_sys_trace(), "mkdir"), 2);
}

TEST(hands_out_nothing_of_its_own_whatever_changes_on_the_way)
{
	start_with_host();
	fake_sys_answer("open_in*", -ENOENT);
	fake_sys_always("readlink box/h new", -ENOENT);
	fake_sys_always("readlink box own", -ENOENT);
	fake_sys_answer("readlink box h", -EINVAL);    /* a directory, */
	fake_sys_always_text("readlink box h", "own"); /* and then a link */
	assert_int_equal(mount_on("/h/new"), 0);
	assert_string_equal(told(), "");
	assert_contains(fake_sys_trace(), "mkdir box own 755\n");
	assert_null(strstr(fake_sys_trace(), "open_tree"));
}

TEST(starts_again_only_so_often)
{
	start_with_host();
	fake_sys_always("open_in*", -ENOENT);
	fake_sys_always("readlink box/h x", -ENOENT);
	fake_sys_always("open box/h x path nofollow", -ENOENT);
	fake_sys_always("mkdir*", -EEXIST);
	fake_sys_always("send*", 1);
	assert_int_equal(mount_on("/h/x"), -ESTALE);
	assert_in_range(count_in(fake_sys_trace(), "mkdir"), 90, 100);
	start_with_host();
	fake_sys_always("open_in*", -ENOENT);
	fake_sys_always("readlink box/h x", -ENOENT);
	fake_sys_always("mkdir*", -EEXIST);
	fake_sys_always("send*", 1);
	assert_int_equal(mount_on("/h/x/y"), -ESTALE);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(reports_every_call_that_fails_while_making_on_the_host)
{
	unsigned failures = 0;
	unsigned nth;

	for (nth = 1;; nth++) {
		int r;

		start_with_host();
		fake_sys_always("open_in*", -ENOENT);
		fake_sys_always("readlink box/h*", -ENOENT);
		fake_sys_answer("open box/h/a b path nofollow", -ENOENT);
		fake_sys_fail_at(nth, EIO);
		r = mount_on("/h/a/b");
		assert_int_equal(fake_sys_open_fds(), 0);
		if (fake_sys_calls() < nth)
			break;
		assert_true(r == 0 || r == -EIO || r == -ESTALE);
		failures += r == -EIO;
	}
	assert_in_range(failures, 35, nth - 1);
}

/* Make a placeholder at @path.  Returns the -errno or 0. */
static int hold_place(const char *path)
{
	struct err e = {0};
	autoclose int fd = dest_placeholder(ROOT, path, 0755, &mount_points, &e);

	mount_point_done(&mount_points);
	assert_int_equal(e.code, fd < 0 ? -fd : 0);
	return fd < 0 ? fd : 0;
}

TEST(makes_a_placeholder_where_nothing_is)
{
	start_with_host();
	fake_sys_answer("open box/h x path nofollow", -ENOENT);
	assert_int_equal(hold_place("/h/x"), 0);
	assert_string_equal(told(), "x ");
	assert_contains(fake_sys_trace(), "open tree:box/h x nofollow nonblock excl create 1444\n");
	start_with_host();
	assert_int_equal(hold_place("/x"), 0);
	assert_string_equal(told(), "");
	assert_contains(fake_sys_trace(), "open box x nofollow excl create 1444\n");
	start_with_host();
	fake_sys_always_text("readlink box x", "y");
	assert_int_equal(hold_place("/x"), 0);
	assert_contains(fake_sys_trace(), "open box y nofollow excl create 1444\n");
}

TEST(takes_its_own_place_in_an_overlay_again)
{
	static const struct statx left = {.stx_mode = S_IFREG | 01444};
	static const struct statx others[] = {
		{.stx_mode = S_IFREG | 0444},
		{.stx_mode = S_IFREG | 01444, .stx_size = 1},
		{.stx_mode = S_IFDIR | 01755},
	};

	start_with_host();
	assert_int_equal(hold_place("/x"), 0);
	assert_contains(fake_sys_trace(), "set_mtime box/x 499162500\n");
	start_with_host();
	fake_sys_always("open box x nofollow excl create 1444", -EEXIST);
	fake_sys_always_data("stat box/x", 0, &left, sizeof(left));
	assert_int_equal(hold_place("/x"), 0);
	for (size_t i = 0; i < LENGTH(others); i++) {
		start_with_host();
		fake_sys_always("open box x nofollow excl create 1444", -EEXIST);
		fake_sys_always_data("stat box/x", 0, &others[i], sizeof(others[i]));
		assert_int_equal(hold_place("/x"), -EEXIST);
	}
	start_with_host();
	fake_sys_always("open box x nofollow excl create 1444", -EEXIST);
	fake_sys_always("stat box/x", -EIO);
	assert_int_equal(hold_place("/x"), -EIO);
	start_with_host();
	fake_sys_always("open box x nofollow excl create 1444", -EEXIST);
	fake_sys_always("open box x path nofollow", -EACCES);
	assert_int_equal(hold_place("/x"), -EACCES);
}

TEST(names_what_another_process_has_locked)
{
	struct err e = {0};
	autoclose int fd = -1;

	start_with_host();
	fake_sys_always("open_in*", -ENOENT);
	fake_sys_always("flock*", -EWOULDBLOCK);
	for (unsigned looks = 0; looks < 4; looks++)
		fake_sys_answer_data("stat box/h/x", 0, &marked, sizeof(marked));
	fd = dest_mount_point(ROOT, "/h/x/y", 0755, MOUNT, &mount_points, &e);
	mount_point_done(&mount_points);
	assert_int_equal(fd, -EBUSY);
	assert_string_equal(e.msg, "cannot use /h/x/y: another process has a lock on /h/x, which "
				   "sandboxes have created");
	assert_contains(e.hint, "lslocks");
	start_with_host();
	fake_sys_always("flock*", -EWOULDBLOCK);
	for (unsigned looks = 0; looks < 4; looks++)
		fake_sys_answer_data("stat box/h/x", 0, &marked, sizeof(marked));
	fd = dest_mount_point(ROOT, "/h/x", 0755, MOUNT, &mount_points, &e);
	mount_point_done(&mount_points);
	assert_int_equal(fd, -EBUSY);
	assert_contains(e.msg, "has a lock on /h/x,");
}

TEST(takes_no_place_that_is_taken)
{
	start_with_host();
	assert_int_equal(hold_place("/h/x"), -EEXIST);
	start_with_host();
	fake_sys_always_data("stat box/h/x", 0, &marked, sizeof(marked)); /* a directory */
	assert_int_equal(hold_place("/h/x"), -EEXIST);
	start_with_host();
	fake_sys_answer("open box x nofollow excl*", -EEXIST);
	assert_int_equal(hold_place("/x"), -EEXIST);
	start_with_host();
	fake_sys_answer("open box/h x path nofollow", -EACCES);
	assert_int_equal(hold_place("/h/x"), -EACCES);
	assert_string_equal(told(), "");
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(shares_the_placeholder_of_another_sandbox)
{
	start_with_host();
	fake_sys_answer_data("stat box/h/x", 0, &marked_file, sizeof(marked_file));
	fake_sys_answer_data("stat box/h/x", 0, &marked_file, sizeof(marked_file));
	for (unsigned i = 0; i < 3; i++)
		fake_sys_answer_data("stat tree:box/h/x", 0, &marked_file, sizeof(marked_file));
	assert_int_equal(hold_place("/h/x"), 0);
	assert_string_equal(told(), "x? ");
}

TEST(lets_go_of_a_place_once)
{
	struct entry dest = ENTRY_NONE;
	struct err e = {0};

	entry_done(&dest);
	assert_int_equal(dest_find(ROOT, "/a", 0755, false, &dest, &e), 0);
	entry_done(&dest);
	entry_done(&dest);
	assert_int_equal(fake_sys_open_fds(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(walks_down_one_component_at_a_time, set_up),
		cmocka_unit_test_setup(makes_missing_directories_above_the_place_and_not_the_place,
				       set_up),
		cmocka_unit_test_setup(enters_a_directory_that_somebody_else_made_meanwhile,
				       set_up),
		cmocka_unit_test_setup(makes_no_directories_where_none_are_to_be_made, set_up),
		cmocka_unit_test_setup(is_the_root_itself_for_every_way_to_write_it, set_up),
		cmocka_unit_test_setup(resolves_links_and_parents_inside, set_up),
		cmocka_unit_test_setup(starts_again_at_the_root_after_a_link, set_up),
		cmocka_unit_test_setup(keeps_the_last_link_if_asked_to_but_no_other, set_up),
		cmocka_unit_test_setup(gives_up_on_links_in_a_circle, set_up),
		cmocka_unit_test_setup(leaves_links_to_the_kernel_if_told_so, set_up),
		cmocka_unit_test_setup(walks_where_there_is_a_link_and_judges_that, set_up),
		cmocka_unit_test_setup(looks_again_where_a_link_is_gone, set_up),
		cmocka_unit_test_setup(gives_up_on_a_link_that_comes_and_goes, set_up),
		cmocka_unit_test_setup(follows_no_link_of_another_user_in_a_sticky_directory,
				       set_up),
		cmocka_unit_test_setup(keeps_the_hint_about_a_link, set_up),
		cmocka_unit_test_setup(follows_no_link_at_all_if_told_so, set_up),
		cmocka_unit_test_setup(takes_names_of_255_bytes_and_none_longer, set_up),
		cmocka_unit_test_setup(never_grows_a_path_beyond_what_the_kernel_takes, set_up),
		cmocka_unit_test_setup(reports_a_way_through_what_is_no_directory, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_finding, set_up),
		cmocka_unit_test_setup(opens_what_exists_with_one_call, set_up),
		cmocka_unit_test_setup(walks_where_openat2_is_missing, set_up),
		cmocka_unit_test_setup(walks_where_the_kernel_says_again, set_up),
		cmocka_unit_test_setup(makes_nothing_just_to_open_it, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_opening, set_up),
		cmocka_unit_test_setup(mounts_on_what_exists_without_making_anything, set_up),
		cmocka_unit_test_setup(makes_a_directory_to_mount_a_directory_on, set_up),
		cmocka_unit_test_setup(makes_a_file_to_mount_anything_else_on, set_up),
		cmocka_unit_test_setup(mounts_on_what_somebody_else_made_meanwhile, set_up),
		cmocka_unit_test_setup(makes_mount_points_where_openat2_is_missing, set_up),
		cmocka_unit_test_setup(makes_the_target_of_a_dangling_link_inside, set_up),
		cmocka_unit_test_setup(makes_nothing_when_it_cannot_look, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_making_a_mount_point,
				       set_up),
		cmocka_unit_test_setup(resolves_to_where_a_path_leads_and_tells_of_the_links,
				       set_up),
		cmocka_unit_test_setup(tells_of_a_link_before_it_goes_where_that_leads, set_up),
		cmocka_unit_test_setup(resolves_only_what_exists, set_up),
		cmocka_unit_test_setup(resolves_no_links_in_a_circle, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_resolving, set_up),
		cmocka_unit_test_setup(takes_one_look_at_what_exists, set_up),
		cmocka_unit_test_setup(makes_mount_points_of_its_own_as_ever, set_up),
		cmocka_unit_test_setup(tells_of_all_that_it_makes_on_the_host, set_up),
		cmocka_unit_test_setup(holds_what_others_have_made_on_the_way, set_up),
		cmocka_unit_test_setup(holds_a_mount_point_that_another_sandbox_has_made, set_up),
		cmocka_unit_test_setup(starts_again_when_others_make_and_remove_what_it_needs,
				       set_up),
		cmocka_unit_test_setup(hands_out_nothing_of_its_own_whatever_changes_on_the_way,
				       set_up),
		cmocka_unit_test_setup(starts_again_only_so_often, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_while_making_on_the_host,
				       set_up),
		cmocka_unit_test_setup(makes_a_placeholder_where_nothing_is, set_up),
		cmocka_unit_test_setup(takes_its_own_place_in_an_overlay_again, set_up),
		cmocka_unit_test_setup(names_what_another_process_has_locked, set_up),
		cmocka_unit_test_setup(takes_no_place_that_is_taken, set_up),
		cmocka_unit_test_setup(shares_the_placeholder_of_another_sandbox, set_up),
		cmocka_unit_test_setup(lets_go_of_a_place_once, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
