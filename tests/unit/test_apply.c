/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "fake_sys.h"
#include "ipc/report.h"
#include "isolation/lock.h"
#include "mounts/apply.h"
#include "mounts/free_bind.h"
#include "plan/opt.h"
#include "sys/sys.h"
#include "test.h"

enum { HOST = 3, CWD, STAGE, BOX, SOCK, FILE_DATA = 10, BIND_DATA, SOURCE };

#define TRACE_BYTES 8192

static const struct statx regular = {.stx_mode = S_IFREG | 0600};
static const struct statx file = {.stx_mode = S_IFREG | 0444};
static const struct statx directory = {.stx_mode = S_IFDIR | 0555};
static const struct statx source = {.stx_mode = S_IFDIR | 0755, .stx_ino = 5};

/* The sandbox of an ordinary user with all namespaces. */
static const struct site ordinary = {
	.roots = {.host = HOST, .cwd = CWD, .stage = STAGE, .box = BOX},
	.new_procfs = true,
	.own_users = true,
	.new_sysfs = true,
	.sock = SOCK,
	.tty = "",
};

static void start(void)
{
	fake_sys_reset();
	fake_sys_given(HOST, "host");
	fake_sys_given(CWD, "cwd");
	fake_sys_given(STAGE, "stage");
	fake_sys_given(BOX, "box");
	fake_sys_given(SOCK, "sock");
	fake_sys_given(FILE_DATA, "ten");
	fake_sys_given(BIND_DATA, "eleven");
	fake_sys_given(SOURCE, "twelve");
	fake_sys_answer_text("read ten", "for a file");
	fake_sys_answer_text("read eleven", "for a bind");
	fake_sys_always_data("stat tree:data0", 0, &regular, sizeof(regular));
	fake_sys_always_text("readlink /proc/self/fd/12", "/src");
	fake_sys_always_data("stat twelve", 0, &source, sizeof(source));
	fake_sys_always_data("stat tree:/src", 0, &source, sizeof(source));
	fake_sys_always_data("stat mount:sysfs/*", 0, &directory, sizeof(directory));
	fake_sys_always_data("stat tree:/sys/*", 0, &directory, sizeof(directory));
	fake_sys_always_data("stat mount:proc/acpi", 0, &directory, sizeof(directory));
	fake_sys_always_data("stat mount:proc/scsi", 0, &directory, sizeof(directory));
	fake_sys_always_data("stat mount:proc/*", 0, &file, sizeof(file));
	fake_sys_always_data("stat tree:/proc/*", 0, &file, sizeof(file));
	fake_sys_always("open_in box /new/data path", -ENOENT);
	fake_sys_always("readlink box new", -ENOENT);
	fake_sys_always("readlink box/new data", -ENOENT);
	fake_sys_always("open_tree cwd /nope*", -ENOENT);
}

static int set_up(void **state __attribute__((unused)))
{
	start();
	return 0;
}

/* Carry out the command line @argv at @site; @e is as apply_ops() leaves it. */
static int apply_at(struct site *site, const char *const *argv, struct err *e)
{
	autoplan struct plan plan = {0};
	int r = opt_parse(&plan, argv, NULL, e);
	unsigned n_free;

	assert_int_equal(r, 0);
	site->plan = &plan;
	r = apply_ops(site, e);
	mount_point_done(&site->mount_points);
	if (site->roots.box != BOX)
		(void)sys_close(site->roots.box);
	n_free = site->n_free;
	free_bind_done(site);
	site->n_free = n_free; /* for the test to see */
	assert_int_equal(fake_sys_open_fds(), 0);
	return r;
}

static int apply(const char *const *argv, struct err *e)
{
	struct site site = ordinary;

	return apply_at(&site, argv, e);
}

/* --- What each operation does --------------------------------------------- */

/* What is done to a part of a procfs, to cover it. */
#define PROTECT(name)                                                                              \
	"open mount:proc " name " path nofollow\n"                                                 \
	"open_tree mount:proc/" name " clone recursive itself\n"                                   \
	"mount_setattr tree:mount:proc/" name " recursive ro\n"                                    \
	"move_mount tree:mount:proc/" name " mount:proc/" name "\n"
#define MASK(name, mask)                                                                           \
	"open mount:proc " name " path nofollow\n"                                                 \
	"stat mount:proc/" name "\n"                                                               \
	"open_tree stage " mask " clone\n"                                                         \
	"mount_setattr tree:" mask " ro nosuid nodev noexec\n"                                     \
	"move_mount tree:" mask " mount:proc/" name "\n"
#define MASK_DIR(name) MASK(name, "mask-dir")
#define MASK_FILE(name) MASK(name, "mask-file")

/* Operations, the path of which their errors speak, and what they do. */
static const struct {
	const char *argv[6];
	const char *path;
	const char *trace;
} operations[] = {
	{{"--ro-bind", "/usr", "/usr"},
	 "/usr",
	 "open_tree cwd /usr clone recursive\n"
	 "mount_setattr tree:/usr recursive ro nosuid nodev\n"
	 "open_in box /usr path\n"
	 "stat box\n"
	 "stat box/usr\n"
	 "move_mount tree:/usr box/usr\n"},
	{{"--bind", "home", "home"},
	 "home",
	 "open_tree cwd home clone recursive\n"
	 "mount_setattr tree:home recursive nosuid nodev\n"
	 "open_in box home path\n"
	 "stat box\n"
	 "stat box/home\n"
	 "move_mount tree:home box/home\n"},
	{{"--dev-bind", "/dri", "/dri"},
	 "/dri",
	 "open_tree cwd /dri clone recursive\n"
	 "mount_setattr tree:/dri recursive nosuid\n"
	 "open_in box /dri path\n"
	 "stat box\n"
	 "stat box/dri\n"
	 "move_mount tree:/dri box/dri\n"},
	{{"--free-bind", "/own", "/own"},
	 "/own",
	 "open_tree cwd /own clone recursive\n"
	 "mount_setattr tree:/own recursive nosuid nodev\n"
	 "open_in box /own path\n"
	 "stat box\n"
	 "stat box/own\n"
	 "move_mount tree:/own box/own\n"},
	{{"--bind-try", "/nope", "/nope"}, "/nope", "open_tree cwd /nope clone recursive\n"},
	{{"--ro-bind-fd", "12", "fd"},
	 "fd",
	 "readlink /proc/self/fd/12\n"
	 "open_tree cwd /src clone recursive\n"
	 "stat tree:/src\n"
	 "stat twelve\n"
	 "mount_setattr tree:/src recursive ro nosuid nodev\n"
	 "open_in box fd path\n"
	 "stat box\n"
	 "stat box/fd\n"
	 "move_mount tree:/src box/fd\n"},
	{{"--perms", "1777", "--tmpfs", "/tmp"},
	 "/tmp",
	 "fsopen tmpfs\n"
	 "fsconfig fs:tmpfs source=tmpfs\n"
	 "fsconfig fs:tmpfs mode=1777\n"
	 "fsconfig fs:tmpfs create\n"
	 "fsmount fs:tmpfs nosuid nodev\n"
	 "open_in box /tmp path\n"
	 "stat box\n"
	 "stat box/tmp\n"
	 "move_mount mount:tmpfs box/tmp\n"},
	{{"--dir", "/new/dir"},
	 "/new/dir",
	 "open box . path dir\n"
	 "readlink box new\n"
	 "mkdir box new 755\n"
	 "open box new path dir nofollow\n"
	 "readlink box/new dir\n"
	 "mkdir box/new dir 755\n"},
	{{"--proc", "/proc"},
	 "/proc",
	 "fsopen proc\n"
	 "fsconfig fs:proc source=proc\n"
	 "fsconfig fs:proc create\n"
	 "fsmount fs:proc nosuid nodev noexec\n"
	 "open_in box /proc path\n"
	 "stat box\n"
	 "stat box/proc\n"
	 "move_mount mount:proc box/proc\n" PROTECT("sys") MASK_DIR("acpi") MASK_FILE("asound")
		 MASK_FILE("interrupts") MASK_FILE("keys") MASK_FILE("latency_stats")
			 MASK_FILE("sched_debug") MASK_DIR("scsi") MASK_FILE("timer_stats")},
	{{"--sys", "/sys"},
	 "/sys",
	 "fsopen sysfs\n"
	 "fsconfig fs:sysfs source=sysfs\n"
	 "fsconfig fs:sysfs create\n"
	 "fsmount fs:sysfs ro nosuid nodev noexec\n"
	 "open_in box /sys path\n"
	 "stat box\n"
	 "stat box/sys\n"
	 "move_mount mount:sysfs box/sys\n"
	 "open mount:sysfs firmware path nofollow\n"
	 "stat mount:sysfs/firmware\n"
	 "open_tree stage mask-dir clone\n"
	 "mount_setattr tree:mask-dir ro nosuid nodev noexec\n"
	 "move_mount tree:mask-dir mount:sysfs/firmware\n"
	 "open mount:sysfs devices/virtual/powercap path nofollow\n"
	 "stat mount:sysfs/devices/virtual/powercap\n"
	 "open_tree stage mask-dir clone\n"
	 "mount_setattr tree:mask-dir ro nosuid nodev noexec\n"
	 "move_mount tree:mask-dir mount:sysfs/devices/virtual/powercap\n"},
	{{"--mqueue", "/mq"},
	 "/mq",
	 "fsopen mqueue\n"
	 "fsconfig fs:mqueue source=mqueue\n"
	 "fsconfig fs:mqueue create\n"
	 "fsmount fs:mqueue nosuid nodev noexec\n"
	 "open_in box /mq path\n"
	 "stat box\n"
	 "stat box/mq\n"
	 "move_mount mount:mqueue box/mq\n"},
	{{"--symlink", "usr/bin", "/bin"},
	 "/bin",
	 "open box . path dir\n"
	 "symlink box bin -> usr/bin\n"},
	{{"--perms", "640", "--file", "10", "/f"},
	 "/f",
	 "open box . path dir\n"
	 "readlink box f\n"
	 "open box f write nofollow nonblock trunc create 640\n"
	 "stat box/f\n"
	 "read ten\n"
	 "write box/f for a file\n"
	 "read ten\n"},
	{{"--ro-bind-data", "11", "/new/data"},
	 "/new/data",
	 "open stage data0 write excl create 600\n"
	 "read eleven\n"
	 "write stage/data0 for a bind\n"
	 "read eleven\n"
	 "open_tree stage data0 clone\n"
	 "mount_setattr tree:data0 ro nosuid nodev\n"
	 "open_in box /new/data path\n"
	 "open box . path dir\n"
	 "readlink box new\n"
	 "mkdir box new 700\n"
	 "open box new path dir nofollow\n"
	 "readlink box/new data\n"
	 "stat tree:data0\n"
	 "open box/new data write nofollow nonblock excl create 444\n"
	 "open box/new data path nofollow\n"
	 "stat box\n"
	 "stat box/new/data\n"
	 "move_mount tree:data0 box/new/data\n"},
	{{"--chmod", "711", "/home"},
	 "/home",
	 "open_in box /home path\n"
	 "chmod_path box/home 711\n"},
	{{"--remount-ro", "/home"},
	 "/home",
	 "open_in box /home path\n"
	 "mount_setattr box/home ro\n"},
	{{"--dev", "/dev"},
	 "/dev",
	 "fsopen tmpfs\n"
	 "fsconfig fs:tmpfs source=tmpfs\n"
	 "fsconfig fs:tmpfs mode=755\n"
	 "fsconfig fs:tmpfs create\n"
	 "fsmount fs:tmpfs nosuid nodev\n"
	 "open_in box /dev path\n"
	 "stat box\n"
	 "stat box/dev\n"
	 "move_mount mount:tmpfs box/dev\n"
	 "open_tree /dev/null clone\n"
	 "open mount:tmpfs null nofollow excl create 444\n"
	 "mount_setattr tree:/dev/null nosuid\n"
	 "move_mount tree:/dev/null mount:tmpfs/null\n"
	 "open_tree /dev/zero clone\n"
	 "open mount:tmpfs zero nofollow excl create 444\n"
	 "mount_setattr tree:/dev/zero nosuid\n"
	 "move_mount tree:/dev/zero mount:tmpfs/zero\n"
	 "open_tree /dev/full clone\n"
	 "open mount:tmpfs full nofollow excl create 444\n"
	 "mount_setattr tree:/dev/full nosuid\n"
	 "move_mount tree:/dev/full mount:tmpfs/full\n"
	 "open_tree /dev/random clone\n"
	 "open mount:tmpfs random nofollow excl create 444\n"
	 "mount_setattr tree:/dev/random nosuid\n"
	 "move_mount tree:/dev/random mount:tmpfs/random\n"
	 "open_tree /dev/urandom clone\n"
	 "open mount:tmpfs urandom nofollow excl create 444\n"
	 "mount_setattr tree:/dev/urandom nosuid\n"
	 "move_mount tree:/dev/urandom mount:tmpfs/urandom\n"
	 "open_tree /dev/tty clone\n"
	 "open mount:tmpfs tty nofollow excl create 444\n"
	 "mount_setattr tree:/dev/tty nosuid\n"
	 "move_mount tree:/dev/tty mount:tmpfs/tty\n"
	 "symlink mount:tmpfs stdin -> /proc/self/fd/0\n"
	 "symlink mount:tmpfs stdout -> /proc/self/fd/1\n"
	 "symlink mount:tmpfs stderr -> /proc/self/fd/2\n"
	 "symlink mount:tmpfs fd -> /proc/self/fd\n"
	 "symlink mount:tmpfs core -> /proc/kcore\n"
	 "symlink mount:tmpfs ptmx -> pts/ptmx\n"
	 "mkdir mount:tmpfs shm 1777\n"
	 "mkdir mount:tmpfs pts 755\n"
	 "fsopen devpts\n"
	 "fsconfig fs:devpts source=devpts\n"
	 "fsconfig fs:devpts mode=620\n"
	 "fsconfig fs:devpts ptmxmode=0666\n"
	 "fsconfig fs:devpts create\n"
	 "fsmount fs:devpts nosuid noexec\n"
	 "open mount:tmpfs pts path dir nofollow\n"
	 "move_mount mount:devpts mount:tmpfs/pts\n"},
};

/* The command line @operation, with a command. */
static const char *const *line_of(size_t operation)
{
	static const char *line[LENGTH(operations[0].argv) + 1];
	size_t n = 0;

	while (operations[operation].argv[n] != NULL) {
		line[n] = operations[operation].argv[n];
		n++;
	}
	line[n] = "sh";
	line[n + 1] = NULL;
	return line;
}

TEST(makes_these_calls_for_each_operation)
{
	for (size_t i = 0; i < LENGTH(operations); i++) {
		struct err e = {0};

		start();
		assert_int_equal(apply(line_of(i), &e), 0);
		assert_string_equal(fake_sys_trace(), operations[i].trace);
	}
}

TEST(knows_every_kind_of_operation)
{
	autoplan struct plan plan = {0};
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(operations); i++)
		assert_int_equal(opt_parse(&plan, line_of(i), NULL, &e), 0);
	for (unsigned kind = 0; kind < OP_KINDS; kind++)
		if (kind != OP_OVERLAY && kind != OP_TMP_OVERLAY && kind != OP_RO_OVERLAY &&
		    kind != OP_MASK && kind != OP_RO && kind != OP_DENY_CREATE)
			assert_true(plan_has_op(&plan, (enum op_kind)kind));
}

/* Whether mount points may be made on the host after the operation @i: then more is looked at. */
static bool binds_writable(size_t i)
{
	return strcmp(operations[i].argv[0], "--bind") == 0 ||
	       strcmp(operations[i].argv[0], "--dev-bind") == 0 ||
	       strcmp(operations[i].argv[0], "--free-bind") == 0 ||
	       strcmp(operations[i].argv[0], "--bind-try") == 0;
}

/* Carry out all other operations in one plan. */
static int apply_all(struct err *e)
{
	const char *argv[LENGTH(operations) * LENGTH(operations[0].argv) + 1];
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(operations); i++)
		for (const char *const *word = operations[i].argv;
		     *word != NULL && !binds_writable(i); word++)
			argv[n++] = *word;
	argv[n++] = "sh";
	argv[n] = NULL;
	start();
	return apply(argv, e);
}

TEST(carries_operations_out_in_the_order_given)
{
	char all[TRACE_BYTES] = "";
	struct err e = {0};

	for (size_t i = 0; i < LENGTH(operations); i++)
		if (!binds_writable(i))
			(void)strcat(all, operations[i].trace);
	assert_int_equal(apply_all(&e), 0);
	assert_string_equal(fake_sys_trace(), all);
}

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* The option that @operation is about: its last word that starts with "--". */
static const char *option_of(size_t operation)
{
	const char *option = "";

	for (const char *const *word = operations[operation].argv; *word != NULL; word++)
		if (strncmp(*word, "--", 2) == 0)
			option = *word;
	return option;
}

/* Check what is left behind when the call number @nth of @operation has failed. */
static void check_failure(size_t operation, unsigned nth)
{
	char start_of_msg[64];
	struct err e = {0};

	start();
	fake_sys_fail_at(nth, EIO);
	assert_int_equal(apply(line_of(operation), &e), -EIO);
	assert_int_equal(e.code, EIO);
	(void)snprintf(start_of_msg, sizeof(start_of_msg), "%s: cannot ", option_of(operation));
	assert_starts_with(e.msg, start_of_msg);
	assert_contains(e.msg, ": Input/output error");
	if (strstr(e.msg, "cannot create a ") == NULL) {
		assert_contains(e.msg, operations[operation].path);
		assert_string_equal(fake_sys_trace_after_failure(), "");
	} else if (*fake_sys_trace_after_failure() != '\0') {
		assert_starts_with(fake_sys_trace_after_failure(), "read fs:");
		assert_int_equal(fake_sys_calls(), nth + 1);
	}
}

/* Let each call fail in turn: all are reported, none leaks, nothing follows. */
TEST(reports_every_call_that_fails)
{
	for (size_t i = 0; i < LENGTH(operations); i++)
		for (unsigned nth = 1; nth <= lines_of(operations[i].trace); nth++)
			check_failure(i, nth);
}

/* --- Mount points on the host --------------------------------------------- */

TEST(looks_for_mount_points_of_others_once_the_host_is_writable)
{
	struct err e = {0};

	assert_int_equal(apply(ARGV("--ro-bind", "/a", "/a", "--bind", "/b", "/b", "--ro-bind",
				    "/c", "/c", "sh"),
			       &e),
			 0);
	assert_int_equal(count_in(fake_sys_trace(), "stat box/a\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "stat box/b\n"), 1);
	assert_int_equal(count_in(fake_sys_trace(), "stat box/c\n"), 2);
	start();
	assert_int_equal(apply(ARGV("--ro-bind", "/a", "/a", "--ro-bind", "/c", "/c", "sh"), &e),
			 0);
	assert_int_equal(count_in(fake_sys_trace(), "stat box/c\n"), 1);
}

TEST(knows_its_own_file_systems_where_the_host_is_writable)
{
	static const struct {
		const char *argv[7];
		const char *own; /* NULL for none */
	} kinds[] = {
		{{"--tmpfs", "/x"}, "stat mount:tmpfs\n"},
		{{"--dev", "/x"}, "stat mount:tmpfs\n"},
		{{"--mqueue", "/x"}, "stat mount:mqueue\n"},
		{{"--overlay-src", "/s", "--tmp-overlay", "/x"}, "stat mount:overlay\n"},
		{{"--overlay-src", "/s", "--overlay-src", "/t", "--ro-overlay", "/x"},
		 "stat mount:overlay\n"},
		{{"--proc-unmasked", "--proc", "/x"}, NULL},
		{{"--ro-bind", "/s", "/x"}, NULL},
		{{"--ro-bind-data", "11", "/x"}, NULL},
	};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		const char *argv[12] = {NULL};
		struct err e = {0};
		size_t n = 0;

		while (kinds[i].argv[n] != NULL) {
			argv[n] = kinds[i].argv[n];
			n++;
		}
		memcpy(&argv[n], ARGV("--bind", "/h", "/h", "sh"), 5 * sizeof(*argv));
		start();
		assert_int_equal(apply(argv, &e), 0);
		assert_int_equal(count_in(fake_sys_trace(), "stat mount:"), kinds[i].own != NULL);
		if (kinds[i].own != NULL)
			assert_contains(fake_sys_trace(), kinds[i].own);
	}
}

TEST(says_that_it_cannot_note_its_own_file_system_down)
{
	struct err e = {0};

	fake_sys_answer("stat mount:tmpfs", -EIO);
	assert_int_equal(apply(ARGV("--tmpfs", "/x", "--bind", "/h", "/h", "sh"), &e), -EIO);
	assert_string_equal(e.msg, "--tmpfs: cannot record the file system for /x: "
				   "Input/output error");
}

TEST(has_mount_points_on_the_host_removed_in_the_end)
{
	static const struct statx host = {.stx_mode = S_IFDIR | 0755, .stx_dev_major = 8};
	static const struct statx made = {.stx_mode = S_IFDIR | 01755, .stx_dev_major = 8};
	struct site site = ordinary;
	struct err e = {0};

	fake_sys_given(20, "monitor");
	fake_sys_given(21, "janitor");
	fake_sys_always_ready("poll janitor, -1 ms", "janitor");
	fake_sys_always_data("stat box/h", 0, &host, sizeof(host));
	fake_sys_always_data("stat tree:box/h/x", 0, &made, sizeof(made));
	fake_sys_always("open_in box /h/x path", -ENOENT);
	fake_sys_always("readlink box/h x", -ENOENT);
	fake_sys_answer("open box/h x path nofollow", -ENOENT);
	site.mount_points = (struct mount_points){.monitor = 20, .janitor = 21};
	assert_int_equal(apply_at(&site, ARGV("--bind", "/h", "/h", "--tmpfs", "/h/x", "sh"), &e),
			 0);
	assert_in_order(fake_sys_trace(),
			ARGV("fchdir stage\nwatch_unmount .\nfchdir cwd\n",
			     "send janitor with unmounted\n", "send janitor with tree:box/h\n",
			     "mkdir tree:box/h x 1755\n", "send janitor with tree:box/h/x\n",
			     "move_mount mount:tmpfs box/h/x\n"));
}

TEST(warns_of_mount_points_that_stay_on_the_host)
{
	static const struct statx host = {.stx_mode = S_IFDIR | 0755, .stx_dev_major = 8};
	const struct report *report;
	struct site site = ordinary;
	struct err e = {0};

	fake_sys_given(20, "monitor");
	fake_sys_given(21, "janitor");
	fake_sys_always_ready("poll janitor, -1 ms", "janitor");
	fake_sys_always_data("stat box/h", 0, &host, sizeof(host));
	fake_sys_always_data("stat tree:box/h/x", 0, &host, sizeof(host));
	fake_sys_always("open_in box /h/x path", -ENOENT);
	fake_sys_always("readlink box/h x", -ENOENT);
	fake_sys_answer("open box/h x path nofollow", -ENOENT);
	site.mount_points = (struct mount_points){.monitor = 20, .janitor = 21};
	assert_int_equal(apply_at(&site, ARGV("--bind", "/h", "/h", "--tmpfs", "/h/x", "sh"), &e),
			 0);
	report = fake_sys_written(SOCK, 0, NULL);
	assert_non_null(report);
	assert_int_equal(report->note.level, NOTE_WARNING);
	assert_string_equal(report->note.text,
			    "--tmpfs: the mount point /h/x stays on the host: its file system "
			    "keeps neither modes nor timestamps");
	assert_null(fake_sys_written(SOCK, 1, NULL));
}

TEST(stops_at_the_operation_that_fails)
{
	struct err e = {0};

	fake_sys_answer("mkdir box a 755", -ENOSPC);
	assert_int_equal(apply(ARGV("--dir", "/a", "--dir", "/b", "sh"), &e), -ENOSPC);
	assert_string_equal(e.msg,
			    "--dir: cannot create the directory /a: No space left on device");
	assert_string_equal(e.option, "--dir");
	assert_string_equal(e.path, "/a");
	assert_null(strstr(fake_sys_trace(), "mkdir box b"));
}

/* --- Mounting ------------------------------------------------------------- */

TEST(builds_on_what_was_mounted_on_the_root)
{
	static const struct statx root = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 7};
	struct err e = {0};

	fake_sys_always_data("stat box", 0, &root, sizeof(root));
	fake_sys_always_data("stat box/", 0, &root, sizeof(root));
	assert_int_equal(apply(ARGV("--bind", "/", "/", "--dir", "/x", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "move_mount tree:/ box/\n"
					  "open tree:/ . path dir\n"
					  "open tree:/ . path dir\n"
					  "readlink tree:/ x\n"
					  "mkdir tree:/ x 755\n");
	assert_int_equal(fake_sys_fd("box"), -1);
}

/* --- The mode of a file ----------------------------------------------------- */

/* Make a file under the umask 027, with @bind before it, and look how: @line. */
static void makes_file(const char *const *argv, const char *line)
{
	struct site site = ordinary;
	struct err e = {0};

	start();
	site.umask = 027;
	assert_int_equal(apply_at(&site, argv, &e), 0);
	assert_contains(fake_sys_trace(), line);
}

TEST(makes_files_on_the_host_by_the_umask)
{
	static const struct statfs overlay = {.f_type = OVERLAYFS_SUPER_MAGIC};
	struct site site = ordinary;
	struct err e = {0};

	makes_file(ARGV("--file", "10", "/f", "sh"), "trunc create 666\n");
	assert_contains(fake_sys_trace(), "statfs box\n");
	makes_file(ARGV("--perms", "666", "--file", "10", "/f", "sh"), "trunc create 666\n");
	start();
	site.umask = 027;
	fake_sys_always_data("statfs box", 0, &overlay, sizeof(overlay));
	assert_int_equal(apply_at(&site, ARGV("--file", "10", "/f", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "trunc create 640\n");
	start();
	fake_sys_always("statfs box", -EIO);
	assert_int_equal(apply_at(&site, ARGV("--file", "10", "/f", "sh"), &e), -EIO);
	assert_contains(e.msg, "cannot create the file /f: ");
}

/* --- Where mounts are locked ---------------------------------------------- */

static int apply_locked(const char *const *argv, struct site *site, struct err *e)
{
	*site = ordinary;
	site->lock_mounts = true;
	start();
	return apply_at(site, argv, e);
}

/* What --free-bind does there: the restrictions come before, so that they are locked. */
static const char *const locked_bind[] = {"--free-bind", "/own", "/own", "sh", NULL};
static const char locked_trace[] = "open_tree cwd /own clone recursive\n"
				   "mount_setattr tree:/own recursive nosuid nodev\n"
				   "open_in box /own path\n"
				   "stat box\n"
				   "stat box/own\n"
				   "move_mount tree:/own box/own\n"
				   "stat box\n"
				   "stat tree:/own\n";

TEST(notes_down_what_is_to_be_free_where_mounts_are_locked)
{
	struct site site;
	struct err e = {0};

	assert_int_equal(apply_locked(locked_bind, &site, &e), 0);
	assert_string_equal(fake_sys_trace(), locked_trace);
	assert_int_equal(site.n_free, 1);
}

TEST(notes_nothing_else_down)
{
	struct site site;
	struct err e = {0};

	assert_int_equal(apply_locked(ARGV("--free-bind", "/own", "/a", "--bind", "/own", "/b",
					   "--free-bind", "/own", "/c", "sh"),
				      &site, &e),
			 0);
	assert_in_order(fake_sys_trace(),
			ARGV("move_mount tree:/own box/a\n", "move_mount tree:/own box/b\n",
			     "move_mount tree:/own box/c\n"));
	assert_int_equal(count_in(fake_sys_trace(), "move_mount"), 3);
	assert_int_equal(site.n_free, 2);
}

TEST(notes_nothing_down_where_mounts_are_not_locked)
{
	struct site site = ordinary;
	struct err e = {0};

	assert_int_equal(apply_at(&site, locked_bind, &e), 0);
	assert_null(strstr(fake_sys_trace(), "stage"));
	assert_int_equal(site.n_free, 0);
}

TEST(notes_down_what_is_free_where_something_is_protected_unless_all_may_be_undone)
{
	static const struct statx root = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 7};
	struct site site = ordinary;
	struct err e = {0};

	assert_int_equal(apply_at(&site, ARGV("--free-bind", "/own", "/a", "--ro", "/b", "sh"), &e),
			 0);
	assert_int_equal(site.n_free, 1);
	start();
	site = ordinary;
	assert_int_equal(
		apply_at(&site,
			 ARGV("--free-bind", "/own", "/a", "--no-lock-mounts", "--ro", "/b", "sh"),
			 &e),
		0);
	assert_int_equal(site.n_free, 0);
	start();
	site = ordinary;
	fake_sys_always_data("stat box", 0, &root, sizeof(root));
	fake_sys_always_data("stat box/", 0, &root, sizeof(root));
	fake_sys_always_data("stat tree:/own", 0, &root, sizeof(root));
	assert_int_equal(apply_at(&site, ARGV("--free-bind", "/own", "/", "--ro", "/b", "sh"), &e),
			 0);
	assert_int_equal(site.n_free, 0);
}

TEST(mounts_all_other_operations_in_their_places_where_mounts_are_locked)
{
	for (size_t i = 0; i < LENGTH(operations); i++) {
		struct site site;
		struct err e = {0};

		if (strcmp(option_of(i), "--free-bind") == 0)
			continue;
		assert_int_equal(apply_locked(line_of(i), &site, &e), 0);
		assert_string_equal(fake_sys_trace(), operations[i].trace);
		assert_int_equal(site.n_free, 0);
	}
}

TEST(reports_every_call_that_fails_where_mounts_are_locked)
{
	for (unsigned nth = 1; nth <= lines_of(locked_trace); nth++) {
		struct site site = ordinary;
		struct err e = {0};

		site.lock_mounts = true;
		start();
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(apply_at(&site, locked_bind, &e), -EIO);
		assert_int_equal(e.code, EIO);
		assert_starts_with(e.msg, "--free-bind: cannot ");
		assert_contains(e.msg, "/own");
		assert_contains(e.msg, ": Input/output error");
		assert_string_equal(e.option, "--free-bind");
		assert_string_equal(e.path, "/own");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

TEST(does_not_give_the_root_away)
{
	static const struct statx root = {.stx_mode = S_IFDIR, .stx_ino = 2, .stx_mnt_id = 7};
	struct site site = ordinary;
	struct err e = {0};

	site.lock_mounts = true;
	fake_sys_always_data("stat box", 0, &root, sizeof(root));
	fake_sys_always_data("stat box/", 0, &root, sizeof(root));
	fake_sys_always_data("stat tree:/own", 0, &root, sizeof(root));
	assert_int_equal(apply_at(&site, ARGV("--free-bind", "/own", "/", "sh"), &e), -EINVAL);
	assert_string_equal(e.msg, "--free-bind: the sandbox's root cannot be unmounted");
}

/* --- What cannot be ------------------------------------------------------- */

TEST(says_what_is_missing_on_the_host)
{
	struct err e = {0};

	assert_int_equal(apply(ARGV("--ro-bind", "/nope", "/x", "sh"), &e), -ENOENT);
	assert_string_equal(e.msg,
			    "--ro-bind: cannot open /nope on the host: No such file or directory");
	assert_string_equal(e.path, "/nope");
}

/* What fails, and how bubblewrap says it. */
static const struct {
	const char *argv[4];
	const char *call;
	int code;
	const char *bwrap;
} as_bwrap[] = {
	{{"--bind", "/a", "/b"},
	 "open_tree*",
	 ENOENT,
	 "Can't find source path /a: No such file or directory"},
	{{"--dir", "/d"}, "mkdir box d*", EACCES, "Can't mkdir /d: Permission denied"},
	{{"--file", "10", "/f"},
	 "open box f*",
	 EROFS,
	 "Can't create file /f: Read-only file system"},
	{{"--symlink", "a", "/l"},
	 "symlink*",
	 EEXIST,
	 "Can't make symlink at /l: destination exists and is not a symlink"},
	{{"--tmpfs", "/t"}, "move_mount*", ENOTDIR, "Can't mkdir /t: Not a directory"},
	{{"--bind", "/a", "/b"}, "move_mount*", EISDIR, "Can't create file at /b: Is a directory"},
	{{"--chmod", "700", "/c"}, "chmod*", EIO, ""},
};

TEST(has_the_words_of_bubblewrap_where_programs_look_for_them)
{
	for (size_t i = 0; i < LENGTH(as_bwrap); i++) {
		const char *argv[LENGTH(as_bwrap[0].argv) + 1] = {NULL};
		struct err e = {0};
		size_t n = 0;

		for (; as_bwrap[i].argv[n] != NULL; n++)
			argv[n] = as_bwrap[i].argv[n];
		argv[n] = "sh";
		start();
		fake_sys_answer(as_bwrap[i].call, -as_bwrap[i].code);
		assert_int_equal(apply(argv, &e), -as_bwrap[i].code);
		assert_string_equal(e.bwrap, as_bwrap[i].bwrap);
	}
}

TEST(mounts_nothing_that_has_been_removed)
{
	struct err e = {0};

	fake_sys_answer("move_mount*", -ENOENT);
	assert_int_equal(apply(ARGV("--bind", "/a", "/b", "sh"), &e), -ENOENT);
	assert_string_equal(e.msg, "--bind: cannot mount on /b what has been removed");
}

TEST(tries_only_what_may_be_missing)
{
	struct err e = {0};

	fake_sys_always("open_tree cwd /secret*", -EACCES);
	assert_int_equal(apply(ARGV("--bind-try", "/secret", "/x", "sh"), &e), -EACCES);
	assert_starts_with(e.msg, "--bind-try: cannot open /secret on the host: ");
}

TEST(needs_a_working_directory_for_relative_sources_only)
{
	struct site site = ordinary;
	struct err e = {0};

	site.roots.cwd = -EACCES;
	assert_int_equal(apply_at(&site, ARGV("--bind", "src", "/x", "sh"), &e), -EACCES);
	assert_string_equal(e.msg, "--bind: cannot open the working directory to find src: "
				   "Permission denied");
	assert_int_equal(fake_sys_calls(), 0);
}

TEST(says_what_helps_when_a_mount_fails)
{
	struct err e = {0};

	fake_sys_answer("move_mount*", -ENOTDIR);
	assert_int_equal(apply(ARGV("--bind", "/usr", "/f", "sh"), &e), -ENOTDIR);
	assert_string_equal(e.msg, "--bind: cannot mount on /f: Not a directory");
	assert_contains(e.hint, "a directory can only be mounted on a directory");
}

/* What is to be mounted on what, and what the kernel's EINVAL means then. */
static const struct {
	mode_t mount;
	mode_t dest;
	int code;
} mismatches[] = {
	{S_IFDIR, S_IFREG, ENOTDIR},
	{S_IFREG, S_IFDIR, EISDIR},
	{S_IFDIR, S_IFDIR, EINVAL},
	{S_IFREG, S_IFIFO, EINVAL},
};

TEST(tells_files_and_directories_that_do_not_go_together)
{
	for (size_t i = 0; i < LENGTH(mismatches); i++) {
		const struct statx mount = {.stx_mode = (uint16_t)mismatches[i].mount};
		const struct statx dest = {.stx_mode = (uint16_t)mismatches[i].dest};
		struct err e = {0};

		start();
		fake_sys_answer("move_mount*", -EINVAL);
		fake_sys_always_data("stat tree:/x", 0, &mount, sizeof(mount));
		fake_sys_always_data("stat box/x", 0, &dest, sizeof(dest));
		assert_int_equal(apply(ARGV("--bind", "/x", "/x", "sh"), &e), -mismatches[i].code);
		assert_int_equal(e.code, mismatches[i].code);
		assert_starts_with(e.msg, "--bind: cannot mount on /x: ");
		assert_int_equal(e.hint[0] != '\0', mismatches[i].code != EINVAL);
	}
}

TEST(tells_a_place_that_is_no_mount_point)
{
	struct err e = {0};

	fake_sys_answer("mount_setattr box/usr ro", -EINVAL);
	assert_int_equal(apply(ARGV("--remount-ro", "/usr", "sh"), &e), -EINVAL);
	assert_string_equal(e.msg, "--remount-ro: /usr is not a mount point in the sandbox");
}

/* --- A procfs that came along ------------------------------------------------ */

static const struct statfs procfs = {.f_type = PROC_SUPER_MAGIC};

/* Start with a procfs at /proc in which the calling process has the number @self, NULL for none. */
static void start_with_proc(const char *self)
{
	start();
	fake_sys_always_data("statfs box/proc", 0, &procfs, sizeof(procfs));
	if (self != NULL)
		fake_sys_always_text("readlink box/proc self", self);
	else
		fake_sys_always("readlink box/proc self", -ENOENT);
}

/* Whether there is a warning of it, with @argv, at a place like @like. */
static bool warns_of_proc(const struct site *like, bool is_bwrap, const char *const *argv)
{
	autoplan struct plan plan = {.as_bwrap = is_bwrap};
	struct site site = *like;
	const struct report *report;
	struct err e = {0};

	assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
	site.plan = &plan;
	assert_int_equal(apply_warn_of_proc(&site, &e), 0);
	assert_int_equal(fake_sys_open_fds(), 0);
	report = fake_sys_written(SOCK, 0, NULL);
	if (report == NULL)
		return false;
	assert_int_equal(report->note.level, NOTE_WARNING);
	assert_contains(report->note.text, "--proc /proc mounts the sandbox's own");
	return true;
}

TEST(warns_of_a_procfs_of_the_host_that_came_along)
{
	static const char *const numbers[] = {"4711", "10", "11", NULL};
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		start_with_proc(numbers[i]);
		assert_true(warns_of_proc(&ordinary, false, ARGV("--bind", "/", "/", "sh")));
	}
	start_with_proc(NULL);
	assert_true(
		warns_of_proc(&ordinary, false, ARGV("--proc", "/x", "--bind", "/", "/", "sh")));
}

TEST(warns_of_no_procfs_that_is_asked_for_or_the_sandbox_s_own)
{
	struct site without = ordinary;

	without.new_procfs = false;
	start_with_proc(NULL);
	assert_false(warns_of_proc(&ordinary, true, ARGV("--bind", "/", "/", "sh")));
	assert_false(warns_of_proc(&without, false, ARGV("--bind", "/", "/", "sh")));
	assert_false(warns_of_proc(&ordinary, false, ARGV("--proc", "/proc", "sh")));
	assert_false(warns_of_proc(&ordinary, false, ARGV("--bind", "/proc", "//proc/", "sh")));
	assert_int_equal(fake_sys_calls(), 0);

	start_with_proc("1"); /* as the fake has it */
	assert_false(warns_of_proc(&ordinary, false, ARGV("--bind", "/", "/", "sh")));
	start_with_proc(NULL);
	fake_sys_always("open_in box /proc path", -ENOENT);
	assert_false(warns_of_proc(&ordinary, false, ARGV("--bind", "/", "/", "sh")));
	start();
	assert_false(warns_of_proc(&ordinary, false, ARGV("--bind", "/", "/", "sh")));
}

TEST(says_that_it_cannot_warn_of_a_procfs)
{
	const struct plan plan = {0};
	struct site site = ordinary;
	struct err e = {0};

	site.plan = &plan;
	start_with_proc(NULL);
	fake_sys_always("write sock*", -EPIPE);
	assert_int_equal(apply_warn_of_proc(&site, &e), -EPIPE);
	assert_string_equal(e.msg, "cannot report to the monitor: Broken pipe");
}

/* --- /proc and /dev ------------------------------------------------------- */

TEST(binds_the_procfs_of_the_host_without_a_process_namespace)
{
	struct site site = ordinary;
	struct err e = {0};

	site.new_procfs = false;
	assert_int_equal(apply_at(&site, ARGV("--proc", "/proc", "sh"), &e), 0);
	assert_starts_with(fake_sys_trace(),
			   "open_tree /proc clone recursive\n"
			   "mount_setattr tree:/proc recursive nosuid nodev noexec\n");
	assert_contains(fake_sys_trace(), "move_mount tree:mask-file tree:/proc/keys\n");
	assert_null(strstr(fake_sys_trace(), "write sock"));
}

TEST(reports_every_call_that_fails_for_the_procfs_of_the_host)
{
	for (unsigned nth = 1;; nth++) {
		struct site site = ordinary;
		struct err e = {0};
		int r;

		site.new_procfs = false;
		start();
		fake_sys_fail_at(nth, EIO);
		r = apply_at(&site, ARGV("--proc", "/proc", "sh"), &e);
		if (r == 0) {
			assert_in_range(nth, 40, 60);
			break;
		}
		assert_int_equal(r, -EIO);
		assert_starts_with(e.msg, "--proc: cannot ");
		assert_contains(e.msg, "/proc");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

/* The masked and read-only entries of a procfs. */
static const struct {
	const char *name;
	bool as_root; /* only if the caller is root */
	bool as_bwrap;
	const char *cover;
} covers[] = {
	{"sys", false, true, "tree:mount:proc/sys"},
	{"sysrq-trigger", true, true, "tree:mount:proc/sysrq-trigger"},
	{"irq", true, true, "tree:mount:proc/irq"},
	{"bus", true, true, "tree:mount:proc/bus"},
	{"fs", true, false, "tree:mount:proc/fs"},
	{"acpi", false, false, "tree:mask-dir"},
	{"asound", false, false, "tree:mask-file"},
	{"interrupts", false, false, "tree:mask-file"},
	{"kcore", true, false, "tree:mask-file"},
	{"keys", false, false, "tree:mask-file"},
	{"latency_stats", false, false, "tree:mask-file"},
	{"sched_debug", false, false, "tree:mask-file"},
	{"scsi", false, false, "tree:mask-dir"},
	{"timer_list", true, false, "tree:mask-file"},
	{"timer_stats", false, false, "tree:mask-file"},
};

/* Check that those are covered that are to be, and nothing else. */
static void assert_covers(bool as_root, bool is_bwrap)
{
	unsigned n = 0;

	for (size_t i = 0; i < LENGTH(covers); i++) {
		bool expected =
			is_bwrap ? as_root && covers[i].as_bwrap : as_root || !covers[i].as_root;
		char line[128];

		(void)snprintf(line, sizeof(line), "move_mount %s mount:proc/%s\n", covers[i].cover,
			       covers[i].name);
		assert_int_equal(strstr(fake_sys_trace(), line) != NULL, expected);
		n += expected;
	}
	assert_int_equal(count_in(fake_sys_trace(), "move_mount "), n + 1);
}

/* Mount a procfs as @site has it, under either name. */
static void mount_proc(struct site *site, bool is_bwrap, const char *const *argv)
{
	autoplan struct plan plan = {.as_bwrap = is_bwrap};
	struct err e = {0};

	start();
	assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
	site->plan = &plan;
	assert_int_equal(apply_ops(site, &e), 0);
	assert_int_equal(fake_sys_open_fds(), 0);
}

TEST(covers_what_is_the_machine_s)
{
	for (unsigned i = 0; i < 8; i++) {
		struct site site = ordinary;
		bool is_bwrap = (i & 1) != 0;

		site.by_root = (i & 2) != 0;
		site.others_map = (i & 4) != 0;
		mount_proc(&site, is_bwrap, ARGV("--unshare-pid", "--proc", "/proc", "sh"));
		assert_covers(site.by_root || (site.others_map && !is_bwrap), is_bwrap);
		mount_proc(&site, is_bwrap,
			   ARGV("--unshare-pid", "--proc-unmasked", "--proc", "/proc", "sh"));
		assert_int_equal(count_in(fake_sys_trace(), "move_mount "), 1);
	}
}

TEST(restricts_the_procfs_of_the_host_as_bubblewrap_does_under_its_name)
{
	struct site site = ordinary;

	site.new_procfs = false;
	mount_proc(&site, true, ARGV("--proc", "/proc", "sh"));
	assert_starts_with(fake_sys_trace(), "open_tree /proc clone recursive\n"
					     "mount_setattr tree:/proc recursive nosuid nodev\n");
}

TEST(covers_nothing_that_is_not_there)
{
	struct site site = ordinary;
	struct err e = {0};

	site.by_root = true;
	fake_sys_answer("open mount:proc bus*", -ENOENT);
	fake_sys_answer("open mount:proc keys*", -ENOENT);
	assert_int_equal(apply_at(&site, ARGV("--proc", "/proc", "sh"), &e), 0);
	assert_null(strstr(fake_sys_trace(), "proc/bus"));
	assert_null(strstr(fake_sys_trace(), "proc/keys"));
	assert_contains(fake_sys_trace(), "move_mount tree:mount:proc/fs mount:proc/fs\n");
	assert_contains(fake_sys_trace(), "move_mount tree:mask-file mount:proc/latency_stats\n");
}

TEST(does_not_leave_anything_of_proc_uncovered)
{
	for (unsigned nth = 9;; nth++) {
		struct site site = ordinary;
		struct err e = {0};
		int r;

		site.by_root = true;
		start();
		fake_sys_fail_at(nth, EIO);
		r = apply_at(&site, ARGV("--proc", "/proc", "sh"), &e);
		if (r == 0) {
			assert_int_equal(nth, 9 + 5 * 4 + 10 * 5);
			break;
		}
		assert_int_equal(r, -EIO);
		assert_starts_with(e.msg, "--proc: cannot ");
		assert_contains(e.msg, " in /proc");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

TEST(asks_a_new_procfs_to_hide_what_is_to_be_hidden)
{
	static const struct {
		const char *mode;
		const char *value;
	} modes[] = {
		{"off", "0"}, {"noaccess", "1"}, {"invisible", "2"}, {"ptraceable", "4"},
		{"0", "0"},   {"1", "1"},        {"2", "2"},         {"4", "4"},
	};

	for (size_t i = 0; i < LENGTH(modes); i++) {
		struct site site = ordinary;
		char lines[128];

		(void)snprintf(lines, sizeof(lines),
			       "fsconfig fs:proc source=proc\n"
			       "fsconfig fs:proc subset=pid\n"
			       "fsconfig fs:proc hidepid=%s\n"
			       "fsconfig fs:proc create\n",
			       modes[i].value);
		mount_proc(&site, false,
			   ARGV("--unshare-pid", "--proc-subset", "pid", "--hidepid", modes[i].mode,
				"--proc", "/proc", "sh"));
		assert_contains(fake_sys_trace(), lines);
	}
}

/* The @i-th note that the monitor has been told. */
static const struct note *note(unsigned i)
{
	const struct report *report = fake_sys_written(SOCK, i, NULL);

	if (report == NULL || report->kind != REPORT_NOTE)
		fail_msg("there is no note %u", i);
	return &report->note;
}

TEST(warns_of_a_procfs_that_the_machine_s_root_may_write_to)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct statx owner = {.stx_mode = S_IFDIR, .stx_uid = (i & 1) ? 65534 : 0};
		struct site site = ordinary;
		struct err e = {0};

		start();
		site.by_root = (i & 2) != 0;
		fake_sys_always_data("stat mount:proc", 0, &owner, sizeof(owner));
		assert_int_equal(
			apply_at(&site,
				 ARGV("--unshare-pid", "--proc-unmasked", "--proc", "/p", "sh"),
				 &e),
			0);
		if (i != 2) {
			assert_null(strstr(fake_sys_trace(), "write"));
			continue;
		}
		assert_int_equal(note(0)->level, NOTE_WARNING);
		assert_string_equal(note(0)->text,
				    "--proc: /p is not masked, and COMMAND runs as the "
				    "host's root: it can take over the host");
	}
}

TEST(binds_the_procfs_of_the_host_where_the_kernel_refuses_a_new_one_and_says_so)
{
	struct err e = {0};

	fake_sys_answer("fsmount fs:proc*", -EPERM);
	assert_int_equal(apply(ARGV("--unshare-pid", "--proc", "/p", "sh"), &e), 0);
	assert_int_equal(e.code, 0);
	assert_contains(fake_sys_trace(), "open_tree /proc clone recursive\n"
					  "mount_setattr tree:/proc recursive nosuid nodev noexec\n"
					  "write sock (data)\n"
					  "open_in box /p path\n");
	assert_contains(fake_sys_trace(), "move_mount tree:mask-file tree:/proc/keys\n");
	assert_int_equal(note(0)->level, NOTE_INFO);
	assert_string_equal(note(0)->option, "--proc");
	assert_string_equal(note(0)->path, "/p");
	assert_string_equal(note(0)->text,
			    "--proc: /proc of the host is bound at /p: the kernel refuses a new "
			    "procfs where part of the host's is masked");
	assert_null(fake_sys_written(SOCK, 1, NULL));
}

/* What keeps the host's procfs from being bound instead. */
static const struct {
	const char *argv[6];
	bool as_bwrap;
	int code;
	const char *hint; /* a part of it */
} refused[] = {
	{{"--unshare-pid", "--proc", "/proc", "sh"}, true, EPERM, "--ro-bind /proc /proc"},
	{{"--unshare-pid", "--proc", "/proc", "sh"}, false, EINVAL, ""},
	{{"--unshare-pid", "--proc", "/proc", "--hidepid", "off", "sh"},
	 false,
	 EPERM,
	 "without --proc-subset and --hidepid"},
	{{"--unshare-pid", "--proc", "/proc", "--proc-subset", "pid", "sh"},
	 false,
	 EPERM,
	 "without --proc-subset and --hidepid"},
};

TEST(binds_no_other_procfs_where_that_is_not_what_was_asked_for)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		const char *argv[LENGTH(refused[0].argv) + 1] = {NULL};
		autoplan struct plan plan = {.as_bwrap = refused[i].as_bwrap};
		struct site site = ordinary;
		struct err e = {0};

		memcpy(argv, refused[i].argv, sizeof(refused[i].argv));
		start();
		assert_int_equal(opt_parse(&plan, argv, NULL, &e), 0);
		site.plan = &plan;
		fake_sys_answer("fsmount fs:proc*", -refused[i].code);
		assert_int_equal(apply_ops(&site, &e), -refused[i].code);
		assert_starts_with(e.msg, "--proc: cannot create a proc: ");
		assert_contains(e.hint, refused[i].hint);
		assert_null(strstr(fake_sys_trace(), "open_tree"));
	}
}

TEST(shows_no_processes_outside_to_who_may_look_into_them)
{
	struct site site = ordinary;
	struct err e = {0};

	site.own_users = false;
	fake_sys_answer("fsmount fs:proc*", -EPERM);
	assert_int_equal(apply_at(&site, ARGV("--unshare-pid", "--proc", "/proc", "sh"), &e),
			 -EPERM);
	assert_starts_with(e.msg, "--proc: cannot create a proc: ");
	assert_contains(e.hint, "give --unshare-user");
	assert_null(strstr(fake_sys_trace(), "open_tree"));
	assert_null(fake_sys_written(SOCK, 0, NULL));
}

TEST(binds_nothing_instead_without_telling)
{
	struct err e = {0};

	fake_sys_answer("fsmount fs:proc*", -EPERM);
	fake_sys_answer("write sock*", -EPIPE);
	assert_int_equal(apply(ARGV("--unshare-pid", "--proc", "/proc", "sh"), &e), -EPIPE);
	assert_string_equal(e.msg, "--proc: cannot send the note about /proc: Broken pipe");
	assert_null(strstr(fake_sys_trace(), "open_in"));
}

/* Mount a sysfs, as @site has it, at /s; the host's is what is bound, because of @why. */
static void assert_sysfs_of_host(struct site *site, const char *why)
{
	char text[sizeof(note(0)->text)];
	struct err e = {0};

	assert_int_equal(apply_at(site, ARGV("--sys", "/s", "sh"), &e), 0);
	assert_int_equal(e.code, 0);
	assert_contains(fake_sys_trace(),
			"open_tree /sys clone recursive\n"
			"mount_setattr tree:/sys recursive ro nosuid nodev noexec\n"
			"write sock (data)\n"
			"open_in box /s path\n");
	assert_contains(fake_sys_trace(), "move_mount tree:mask-dir tree:/sys/firmware\n");
	assert_contains(fake_sys_trace(),
			"move_mount tree:mask-dir tree:/sys/devices/virtual/powercap\n");
	(void)snprintf(text, sizeof(text), "--sys: /sys of the host is bound at /s: %s", why);
	assert_string_equal(note(0)->text, text);
}

TEST(binds_the_sysfs_of_the_host_where_there_is_no_new_one_and_says_so)
{
	struct site site = ordinary;

	fake_sys_answer("fsmount fs:sysfs*", -EPERM);
	assert_sysfs_of_host(&site,
			     "the kernel refuses a new sysfs where part of the host's is masked");
	start();
	site.new_sysfs = false;
	assert_sysfs_of_host(&site, "a new sysfs needs a new network namespace");
	assert_null(strstr(fake_sys_trace(), "fsopen"));
}

TEST(reports_every_call_that_fails_for_the_sysfs_of_the_host)
{
	for (unsigned nth = 1; nth <= 18; nth++) {
		struct site site = ordinary;
		struct err e = {0};
		int r;

		site.new_sysfs = false;
		start();
		fake_sys_fail_at(nth, EIO);
		r = apply_at(&site, ARGV("--sys", "/sys", "sh"), &e);
		if (nth == 18) {
			assert_int_equal(r, 0);
			break;
		}
		assert_int_equal(r, -EIO);
		assert_starts_with(e.msg, "--sys: cannot ");
		assert_contains(e.msg, "/sys");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

TEST(masks_nothing_of_a_sysfs_that_is_not_there)
{
	struct err e = {0};

	fake_sys_answer("open mount:sysfs firmware*", -ENOENT);
	fake_sys_answer("open mount:sysfs devices*", -ENOENT);
	assert_int_equal(apply(ARGV("--sys", "/sys", "sh"), &e), 0);
	assert_null(strstr(fake_sys_trace(), "mask"));
}

TEST(gives_the_terminal_as_console)
{
	struct site site = ordinary;
	struct err e = {0};

	site.tty = "/dev/pts/3";
	assert_int_equal(apply_at(&site, ARGV("--dev", "/dev", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "open_tree /dev/pts/3 clone\n"
					  "open mount:tmpfs console nofollow excl create 444\n"
					  "mount_setattr tree:/dev/pts/3 nosuid\n"
					  "move_mount tree:/dev/pts/3 mount:tmpfs/console\n");
}

TEST(does_without_nodes_that_hardly_any_program_needs_and_warns)
{
	static const char *const names[] = {"full", "tty"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		char call[64];
		char text[64];
		struct err e = {0};

		start();
		(void)snprintf(call, sizeof(call), "open_tree /dev/%s clone", names[i]);
		(void)snprintf(text, sizeof(text), "--dev: there is no /dev/%s on the host",
			       names[i]);
		fake_sys_answer(call, -ENOENT);
		assert_int_equal(apply(ARGV("--dev", "/d", "sh"), &e), 0);
		assert_int_equal(e.code, 0);
		assert_int_equal(note(0)->level, NOTE_WARNING);
		assert_string_equal(note(0)->path, "/d");
		assert_string_equal(note(0)->text, text);
		assert_null(fake_sys_written(SOCK, 1, NULL));
		assert_contains(fake_sys_trace(), "move_mount mount:devpts mount:tmpfs/pts\n");
		start();
		fake_sys_answer(call, -EACCES);
		assert_int_equal(apply(ARGV("--dev", "/d", "sh"), &e), -EACCES);
		assert_null(fake_sys_written(SOCK, 0, NULL));
		start();
		fake_sys_answer(call, -ENOENT);
		fake_sys_answer("write sock*", -EPIPE);
		assert_int_equal(apply(ARGV("--dev", "/d", "sh"), &e), -EPIPE);
	}
}

/* Mount --dev where the host lacks @name, under either name.  Returns as apply_ops(). */
static int mount_dev_without(const char *name, bool is_bwrap, struct err *e)
{
	autoplan struct plan plan = {.as_bwrap = is_bwrap};
	struct site site = ordinary;
	char call[64];

	start();
	(void)snprintf(call, sizeof(call), "open_tree /dev/%s clone", name);
	fake_sys_answer(call, -ENOENT);
	assert_int_equal(opt_parse(&plan, ARGV("--dev", "/dev", "sh"), NULL, e), 0);
	site.plan = &plan;
	return apply_ops(&site, e);
}

TEST(does_not_do_without_other_nodes_nor_under_bubblewrap_s_name)
{
	static const char *const names[] = {"null", "zero", "random", "urandom", "full", "tty"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		char msg[128];
		struct err e = {0};

		(void)snprintf(msg, sizeof(msg),
			       "--dev: cannot open /dev/%s on the host: No such file or directory",
			       names[i]);
		assert_int_equal(mount_dev_without(names[i], i >= 4, &e), -ENOENT);
		assert_string_equal(e.msg, msg);
		assert_null(fake_sys_written(SOCK, 0, NULL));
	}
}

TEST(labels_the_file_systems_that_it_makes)
{
	struct site site = ordinary;
	struct err e = {0};

	assert_int_equal(
		apply_at(&site, ARGV("--file-label", "some:label", "--tmpfs", "/tmp", "sh"), &e),
		0);
	assert_contains(fake_sys_trace(), "fsconfig fs:tmpfs context=some:label\n");
	start();
	assert_int_equal(
		apply_at(&site, ARGV("--file-label", "some:label", "--dev", "/dev", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "fsconfig fs:tmpfs context=some:label\n");
	assert_contains(fake_sys_trace(), "fsconfig fs:devpts context=some:label\n");
}

/* --- Files ---------------------------------------------------------------- */

TEST(leaves_a_directory_that_exists_as_it_is)
{
	struct err e = {0};

	fake_sys_answer("mkdir box usr 755", -EEXIST);
	assert_int_equal(apply(ARGV("--dir", "/usr", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "open box usr path dir nofollow\n");
}

TEST(does_not_take_a_file_for_a_directory)
{
	struct err e = {0};

	fake_sys_answer("mkdir box f 755", -EEXIST);
	fake_sys_answer("open box f path dir nofollow", -ENOTDIR);
	assert_int_equal(apply(ARGV("--dir", "/f", "sh"), &e), -ENOTDIR);
	assert_string_equal(e.msg, "--dir: cannot create the directory /f: Not a directory");
}

TEST(is_content_with_the_same_link)
{
	struct err e = {0};

	fake_sys_answer("symlink*", -EEXIST);
	fake_sys_answer_text("readlink box bin", "usr/bin");
	assert_int_equal(apply(ARGV("--symlink", "usr/bin", "/bin", "sh"), &e), 0);
}

TEST(says_where_another_link_leads)
{
	struct err e = {0};

	fake_sys_answer("symlink*", -EEXIST);
	fake_sys_answer_text("readlink box bin", "usr/bin2");
	assert_int_equal(apply(ARGV("--symlink", "usr/bin", "/bin", "sh"), &e), -EEXIST);
	assert_string_equal(
		e.msg, "--symlink: cannot create the link /bin: it already points to usr/bin2");
	assert_string_equal(e.bwrap,
			    "Can't make symlink at /bin: existing destination is usr/bin2");
}

TEST(does_not_put_a_link_in_the_place_of_anything_else)
{
	struct err e = {0};

	fake_sys_answer("symlink*", -EEXIST);
	assert_int_equal(apply(ARGV("--symlink", "usr/bin", "/bin", "sh"), &e), -EEXIST);
	assert_string_equal(
		e.msg,
		"--symlink: cannot create the link /bin: it exists and is not a symbolic link");
}

TEST(writes_to_no_fifo_or_device)
{
	static const struct statx fifo = {.stx_mode = S_IFIFO | 0666};
	struct err e = {0};

	fake_sys_answer_data("stat box/f", 0, &fifo, sizeof(fifo));
	assert_int_equal(apply(ARGV("--file", "10", "/f", "sh"), &e), -EEXIST);
	assert_string_equal(
		e.msg, "--file: cannot create the file /f: it exists and is not a regular file");
	assert_null(strstr(fake_sys_trace(), "write box/f "));
}

TEST(binds_data_that_can_be_written)
{
	struct err e = {0};

	assert_int_equal(apply(ARGV("--bind-data", "11", "/new/data", "sh"), &e), 0);
	assert_contains(fake_sys_trace(), "mount_setattr tree:data0 nosuid nodev\n");
}

TEST(leaves_each_file_of_data_a_name_so_that_it_can_be_mounted_on)
{
	struct err e = {0};

	assert_int_equal(apply(ARGV("--bind-data", "10", "/new/data", "--bind-data", "11",
				    "/new/data", "sh"),
			       &e),
			 0);
	assert_contains(fake_sys_trace(), "move_mount tree:data0 box/new/data\n");
	assert_contains(fake_sys_trace(), "move_mount tree:data1 box/new/data\n");
	assert_null(strstr(fake_sys_trace(), "unlink stage"));
}

TEST(changes_modes_on_kernels_without_fchmodat2)
{
	static const int errors[] = {ENOSYS, EPERM};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		struct err e = {0};

		start();
		fake_sys_answer("chmod_path*", -errors[i]);
		assert_int_equal(apply(ARGV("--chmod", "700", "/home", "sh"), &e), 0);
		assert_contains(fake_sys_trace(), "chmod_path box/home 700\n"
						  "open box . path dir\n"
						  "readlink box home\n"
						  "open box home nofollow nonblock\n"
						  "chmod box/home 700\n");
	}
}

TEST(reports_every_call_that_fails_without_fchmodat2)
{
	for (unsigned nth = 3; nth <= 6; nth++) {
		struct err e = {0};

		start();
		fake_sys_always("chmod_path*", -ENOSYS);
		fake_sys_fail_at(nth, EIO);
		assert_int_equal(apply(ARGV("--chmod", "700", "/home", "sh"), &e), -EIO);
		assert_starts_with(e.msg, "--chmod: cannot ");
		assert_contains(e.msg, "/home");
		assert_string_equal(fake_sys_trace_after_failure(), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(makes_these_calls_for_each_operation, set_up),
		cmocka_unit_test_setup(knows_every_kind_of_operation, set_up),
		cmocka_unit_test_setup(carries_operations_out_in_the_order_given, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails, set_up),
		cmocka_unit_test_setup(looks_for_mount_points_of_others_once_the_host_is_writable,
				       set_up),
		cmocka_unit_test_setup(knows_its_own_file_systems_where_the_host_is_writable,
				       set_up),
		cmocka_unit_test_setup(says_that_it_cannot_note_its_own_file_system_down, set_up),
		cmocka_unit_test_setup(has_mount_points_on_the_host_removed_in_the_end, set_up),
		cmocka_unit_test_setup(warns_of_mount_points_that_stay_on_the_host, set_up),
		cmocka_unit_test_setup(stops_at_the_operation_that_fails, set_up),
		cmocka_unit_test_setup(builds_on_what_was_mounted_on_the_root, set_up),
		cmocka_unit_test_setup(makes_files_on_the_host_by_the_umask, set_up),
		cmocka_unit_test(warns_of_a_procfs_that_the_machine_s_root_may_write_to),
		cmocka_unit_test(notes_down_what_is_to_be_free_where_mounts_are_locked),
		cmocka_unit_test(notes_nothing_else_down),
		cmocka_unit_test_setup(notes_nothing_down_where_mounts_are_not_locked, set_up),
		cmocka_unit_test_setup(
			notes_down_what_is_free_where_something_is_protected_unless_all_may_be_undone,
			set_up),
		cmocka_unit_test(
			mounts_all_other_operations_in_their_places_where_mounts_are_locked),
		cmocka_unit_test(reports_every_call_that_fails_where_mounts_are_locked),
		cmocka_unit_test_setup(does_not_give_the_root_away, set_up),
		cmocka_unit_test_setup(says_what_is_missing_on_the_host, set_up),
		cmocka_unit_test(has_the_words_of_bubblewrap_where_programs_look_for_them),
		cmocka_unit_test_setup(mounts_nothing_that_has_been_removed, set_up),
		cmocka_unit_test_setup(tries_only_what_may_be_missing, set_up),
		cmocka_unit_test_setup(needs_a_working_directory_for_relative_sources_only, set_up),
		cmocka_unit_test_setup(says_what_helps_when_a_mount_fails, set_up),
		cmocka_unit_test_setup(tells_files_and_directories_that_do_not_go_together, set_up),
		cmocka_unit_test_setup(tells_a_place_that_is_no_mount_point, set_up),
		cmocka_unit_test_setup(binds_the_procfs_of_the_host_without_a_process_namespace,
				       set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_for_the_procfs_of_the_host,
				       set_up),
		cmocka_unit_test(covers_what_is_the_machine_s),
		cmocka_unit_test(
			restricts_the_procfs_of_the_host_as_bubblewrap_does_under_its_name),
		cmocka_unit_test_setup(covers_nothing_that_is_not_there, set_up),
		cmocka_unit_test(asks_a_new_procfs_to_hide_what_is_to_be_hidden),
		cmocka_unit_test_setup(
			binds_the_procfs_of_the_host_where_the_kernel_refuses_a_new_one_and_says_so,
			set_up),
		cmocka_unit_test(binds_no_other_procfs_where_that_is_not_what_was_asked_for),
		cmocka_unit_test_setup(shows_no_processes_outside_to_who_may_look_into_them,
				       set_up),
		cmocka_unit_test_setup(binds_nothing_instead_without_telling, set_up),
		cmocka_unit_test_setup(does_not_leave_anything_of_proc_uncovered, set_up),
		cmocka_unit_test(warns_of_a_procfs_of_the_host_that_came_along),
		cmocka_unit_test(warns_of_no_procfs_that_is_asked_for_or_the_sandbox_s_own),
		cmocka_unit_test(says_that_it_cannot_warn_of_a_procfs),
		cmocka_unit_test_setup(
			binds_the_sysfs_of_the_host_where_there_is_no_new_one_and_says_so, set_up),
		cmocka_unit_test(reports_every_call_that_fails_for_the_sysfs_of_the_host),
		cmocka_unit_test_setup(masks_nothing_of_a_sysfs_that_is_not_there, set_up),
		cmocka_unit_test_setup(gives_the_terminal_as_console, set_up),
		cmocka_unit_test(does_without_nodes_that_hardly_any_program_needs_and_warns),
		cmocka_unit_test(does_not_do_without_other_nodes_nor_under_bubblewrap_s_name),
		cmocka_unit_test_setup(labels_the_file_systems_that_it_makes, set_up),
		cmocka_unit_test_setup(leaves_a_directory_that_exists_as_it_is, set_up),
		cmocka_unit_test_setup(does_not_take_a_file_for_a_directory, set_up),
		cmocka_unit_test_setup(is_content_with_the_same_link, set_up),
		cmocka_unit_test_setup(says_where_another_link_leads, set_up),
		cmocka_unit_test_setup(does_not_put_a_link_in_the_place_of_anything_else, set_up),
		cmocka_unit_test_setup(writes_to_no_fifo_or_device, set_up),
		cmocka_unit_test_setup(binds_data_that_can_be_written, set_up),
		cmocka_unit_test_setup(leaves_each_file_of_data_a_name_so_that_it_can_be_mounted_on,
				       set_up),
		cmocka_unit_test_setup(changes_modes_on_kernels_without_fchmodat2, set_up),
		cmocka_unit_test_setup(reports_every_call_that_fails_without_fchmodat2, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
