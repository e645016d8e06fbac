/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_sys.h"
#include "host/hint.h"
#include "test.h"

#define APPARMOR "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
#define CLONE_SYSCTL "/proc/sys/kernel/unprivileged_userns_clone"

/* A host without any of the sysctls that hints look at. */
static int set_up(void **state __attribute__((unused)))
{
	fake_sys_reset();
	fake_sys_always("open /proc/sys/*", -ENOENT);
	return 0;
}

/* Let the sysctl file @path have @value. */
static void sysctl(const char *path, const char *value)
{
	static char lines[2][128];

	(void)snprintf(lines[0], sizeof(lines[0]), "open %s", path);
	(void)snprintf(lines[1], sizeof(lines[1]), "read %s", path);
	fake_sys_answer(lines[0], 0);
	fake_sys_answer_text(lines[1], value);
}

static struct err error(int code)
{
	return (struct err){.code = code, .msg = "failed"};
}

/* Whatever was found out, the error stays what it was and nothing stays open. */
static void assert_hint(const struct err *e, int code, const char *part)
{
	assert_int_equal(e->code, code);
	assert_string_equal(e->msg, "failed");
	assert_int_equal(fake_sys_open_fds(), 0);
	if (part == NULL)
		assert_string_equal(e->hint, "");
	else
		assert_contains(e->hint, part);
}

/* --- Namespaces ----------------------------------------------------------- */

static const struct {
	int code;
	const char *path; /* of a sysctl, NULL for none */
	const char *value;
	const char *hint;
} namespaces[] = {
	{EPERM, CLONE_SYSCTL, "0\n", "sysctl -w kernel.unprivileged_userns_clone=1"},
	{EPERM, CLONE_SYSCTL, "1\n", "a container's seccomp filter, a chroot or"},
	{EPERM, APPARMOR, "1\n", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
	{EACCES, APPARMOR, "1\n", "AppArmor restricts user namespaces"},
	{EPERM, APPARMOR, "0\n", "a security module"},
	{EPERM, NULL, NULL, "a security module"},
	{EINVAL, NULL, NULL, "this kernel lacks one of the requested"},
	{ENOSYS, NULL, NULL, "this kernel lacks one of the requested"},
	{ENOSPC, "/proc/sys/user/max_user_namespaces", "0\n",
	 "run sysctl -w user.max_user_namespaces=10000"},
	{ENOSPC, "/proc/sys/user/max_net_namespaces", "0\n", "user.max_net_namespaces is 0"},
	{ENOSPC, "/proc/sys/user/max_user_namespaces", "100\n", "nested too deep"},
	{EUSERS, NULL, NULL, "a limit in /proc/sys/user/max_*_namespaces is reached"},
	{ENOMEM, NULL, NULL, NULL},
};

TEST(tells_why_there_are_no_namespaces)
{
	for (size_t i = 0; i < LENGTH(namespaces); i++) {
		struct err e = error(namespaces[i].code);

		(void)set_up(NULL);
		if (namespaces[i].path != NULL)
			sysctl(namespaces[i].path, namespaces[i].value);
		hint_namespaces(CLONE_NEWUSER | CLONE_NEWNET, &e);
		assert_hint(&e, namespaces[i].code, namespaces[i].hint);
	}
}

TEST(tells_a_root_without_capabilities_to_make_a_user_namespace)
{
	struct err e = error(EPERM);

	hint_namespaces(CLONE_NEWNET, &e);
	assert_hint(&e, EPERM, "try --unshare-user");
}

TEST(blames_no_limit_of_namespaces_that_were_not_asked_for)
{
	struct err e = error(ENOSPC);

	fake_sys_reset();
	fake_sys_always_text("read /proc/sys/user/max_net_namespaces", "0\n");
	hint_namespaces(CLONE_NEWUSER, &e);
	assert_hint(&e, ENOSPC, "max_*_namespaces");
}

/* Why namespaces cannot be entered, and what helps; NULL if that is not known. */
static const struct {
	int type;
	int code;
	const char *hint;
} entering[] = {
	{CLONE_NEWUSER, EINVAL, "such as /proc/PID/ns/user"},
	{CLONE_NEWPID, EINVAL, "such as /proc/PID/ns/pid"},
	{CLONE_NEWUSER, EPERM, "only a user namespace that the caller has created"},
	{CLONE_NEWPID, EPERM, "owns it as well, with --userns"},
	{CLONE_NEWUSER, ENOMEM, NULL},
	{CLONE_NEWPID, EIO, NULL},
};

TEST(tells_why_a_namespace_cannot_be_entered)
{
	for (size_t i = 0; i < LENGTH(entering); i++) {
		struct err e = error(entering[i].code);

		hint_enter(entering[i].type, &e);
		assert_hint(&e, entering[i].code, entering[i].hint);
	}
}

TEST(tells_why_ids_cannot_be_mapped)
{
	struct err e = error(EPERM);

	hint_id_map(&e);
	assert_hint(&e, EPERM, "CAP_SETFCAP");
	sysctl(APPARMOR, "1\n");
	hint_id_map(&e);
	assert_hint(&e, EPERM, "AppArmor restricts");
	e = error(EROFS);
	hint_id_map(&e);
	assert_hint(&e, EROFS, "--proc /proc");
	e = error(EINVAL);
	hint_id_map(&e);
	assert_hint(&e, EINVAL, NULL);
}

/* --- Mounts --------------------------------------------------------------- */

TEST(tells_why_a_mount_fails)
{
	struct err e = error(ENOSYS);

	hint_mount(&e);
	assert_hint(&e, ENOSYS, "Linux 5.12");
	e = error(ENOTDIR);
	hint_mount(&e);
	assert_hint(&e, ENOTDIR, NULL);
	e = error(EPERM);
	hint_mount(&e);
	assert_hint(&e, EPERM, NULL);
	sysctl(APPARMOR, "1");
	hint_mount(&e);
	assert_hint(&e, EPERM, "AppArmor");
	e = error(EIO);
	hint_mount(&e);
	assert_hint(&e, EIO, NULL);
}

TEST(tells_what_cannot_be_mounted_on_a_destination)
{
	struct err e = error(ENOTDIR);

	hint_attach(&e);
	assert_hint(&e, ENOTDIR, "only be mounted on a directory");
	e = error(EISDIR);
	hint_attach(&e);
	assert_hint(&e, EISDIR, "a file only on a file");
	e = error(ENOSYS);
	hint_attach(&e);
	assert_hint(&e, ENOSYS, "Linux 5.12");
}

TEST(tells_how_many_mounts_there_may_be)
{
	struct err e = error(ENOSPC);

	hint_mount(&e);
	assert_hint(&e, ENOSPC, NULL);
	sysctl("/proc/sys/fs/mount-max", "100000\n");
	hint_mount(&e);
	assert_hint(&e, ENOSPC, "may have 100000 mounts: raise fs.mount-max");
	assert_string_equal(e.bwrap, "Limit exceeded (ENOSPC). (Hint: Check that "
				     "/proc/sys/fs/mount-max is sufficient, typically 100000)");
}

TEST(tells_where_a_mount_point_cannot_be_made)
{
	static const int errors[] = {EROFS, EACCES, EPERM};
	struct err e;

	for (size_t i = 0; i < LENGTH(errors); i++) {
		e = error(errors[i]);
		hint_mount_point(&e);
		assert_hint(&e, errors[i], "mount a --tmpfs above it");
	}
	e = error(EMFILE);
	hint_mount_point(&e);
	assert_hint(&e, EMFILE, "ulimit -Hn");
	e = error(ETOOMANYREFS);
	hint_mount_point(&e);
	assert_hint(&e, ETOOMANYREFS, "create the mount point beforehand");
	e = error(ENOTDIR);
	hint_mount_point(&e);
	assert_hint(&e, ENOTDIR, NULL);
}

TEST(tells_what_helps_if_a_descriptor_cannot_be_sent)
{
	struct err e = error(ETOOMANYREFS);

	hint_in_flight(&e);
	assert_hint(&e, ETOOMANYREFS, "end the process of this user");
	e = error(EPIPE);
	hint_in_flight(&e);
	assert_hint(&e, EPIPE, NULL);
}

TEST(tells_where_the_root_cannot_be_changed)
{
	struct err e = error(EINVAL);

	hint_root(&e);
	assert_hint(&e, EINVAL, "initramfs");
	e = error(ENOSYS);
	hint_root(&e);
	assert_hint(&e, ENOSYS, "Linux 5.12");
	e = error(EBUSY);
	hint_root(&e);
	assert_hint(&e, EBUSY, NULL);
}

TEST(tells_why_a_file_system_cannot_be_made)
{
	struct err e = error(EPERM);

	hint_filesystem("proc", &e);
	assert_hint(&e, EPERM, "--ro-bind /proc");
	e = error(EPERM);
	hint_filesystem("mqueue", &e);
	assert_hint(&e, EPERM, "--mqueue needs --unshare-ipc");
	e = error(EPERM);
	hint_filesystem("tmpfs", &e);
	assert_hint(&e, EPERM, NULL);
	e = error(ENOSYS);
	hint_filesystem("proc", &e);
	assert_hint(&e, ENOSYS, "Linux 5.12");
}

TEST(tells_why_an_overlay_cannot_be_made)
{
	static const struct {
		int code;
		const char *hint;
	} causes[] = {
		{ELOOP, "may lie in another one"},
		{EBUSY, "in use by another overlay"},
		{EXDEV, "RWSRC and WORKDIR have to be on the same file system"},
		{EINVAL, "which has to support overlays"},
		{ENODEV, "modprobe overlay, as root"},
		{ENOSYS, "Linux 5.12"},
		{EIO, NULL},
	};

	for (size_t i = 0; i < LENGTH(causes); i++) {
		struct err e = error(causes[i].code);

		hint_filesystem("overlay", &e);
		assert_hint(&e, causes[i].code, causes[i].hint);
		e = error(causes[i].code);
		hint_filesystem("tmpfs", &e);
		assert_hint(&e, causes[i].code, causes[i].code == ENOSYS ? "Linux 5.12" : NULL);
	}
}

/* --- Executing ------------------------------------------------------------ */

/* Ask about /bin/x, which starts with @head, while its interpreter is missing. */
static struct err ask_about(const void *head, size_t size)
{
	struct err e = error(ENOENT);

	fake_sys_reset();
	fake_sys_always("access*", -ENOENT);
	fake_sys_answer_data("read /bin/x", 0, head, size);
	hint_exec("/bin/x", &e);
	return e;
}

/* Scripts and their interpreters, NULL for none. */
static const struct {
	const char *head;
	const char *interpreter;
} scripts[] = {
	{"#!/usr/bin/env python3\nprint()\n", ", /usr/bin/env, "},
	{"#! \t/bin/bash\n", ", /bin/bash, "},
	{"#!/bin/sh", ", /bin/sh, "},
	{"#!", NULL},
	{"#!\n/bin/sh", NULL},
	{"#", NULL},
	{"echo\n", NULL},
	{"", NULL},
};

TEST(tells_that_the_interpreter_of_a_script_is_missing)
{
	for (size_t i = 0; i < LENGTH(scripts); i++) {
		struct err e = ask_about(scripts[i].head, strlen(scripts[i].head));

		assert_hint(&e, ENOENT, scripts[i].interpreter);
	}
}

/* The start of a program for a dynamic loader. */
struct program {
	Elf64_Ehdr elf;
	Elf64_Phdr parts[2];
	char loader[32];
};

static const struct program program = {
	.elf = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64},
		.e_phoff = offsetof(struct program, parts),
		.e_phnum = 2},
	.parts = {{.p_type = PT_LOAD},
		  {.p_type = PT_INTERP, .p_offset = offsetof(struct program, loader)}},
	.loader = "/lib64/ld.so",
};

TEST(tells_that_the_loader_of_a_program_is_missing)
{
	struct err e = ask_about(&program, sizeof(program));

	assert_hint(&e, ENOENT, "its interpreter, /lib64/ld.so, is not in the sandbox");
}

TEST(believes_no_header_that_leads_out_of_the_file)
{
	static const Elf64_Off offsets[] = {
		0,
		sizeof(program) - 1,
		sizeof(program),
		4096,
		UINT32_MAX,
		UINT64_MAX,
		UINT64_MAX - sizeof(Elf64_Phdr) + 1,
	};

	for (size_t i = 0; i < LENGTH(offsets); i++) {
		struct program broken = program;
		struct err e;

		broken.elf.e_phoff = offsets[i];
		broken.elf.e_phnum = UINT16_MAX;
		e = ask_about(&broken, sizeof(broken));
		assert_hint(&e, ENOENT, NULL);
		broken = program;
		broken.parts[1].p_offset = offsets[i];
		e = ask_about(&broken, sizeof(broken));
		if (offsets[i] >= sizeof(program))
			assert_hint(&e, ENOENT, NULL);
	}
	for (size_t size = 0; size <= offsetof(struct program, loader); size++) {
		struct err e = ask_about(&program, size);

		assert_hint(&e, ENOENT, NULL);
	}
}

TEST(reads_no_header_beyond_what_it_looks_at)
{
	static char file[8192];
	struct program long_one = program;

	for (Elf64_Off offset = 4000; offset <= 4096; offset++) {
		struct err e;

		long_one.elf.e_phoff = offset;
		memcpy(file, &long_one, sizeof(long_one));
		e = ask_about(file, sizeof(file));
		assert_hint(&e, ENOENT, NULL);
	}
}

TEST(takes_no_32_bit_program_for_a_64_bit_one)
{
	struct program other = program;
	struct err e;

	other.elf.e_ident[EI_CLASS] = ELFCLASS32;
	e = ask_about(&other, sizeof(other));
	assert_hint(&e, ENOENT, NULL);
	other = program;
	other.elf.e_ident[EI_MAG1] = 'F';
	e = ask_about(&other, sizeof(other));
	assert_hint(&e, ENOENT, NULL);
}

TEST(says_nothing_if_all_is_there)
{
	struct err e = error(ENOENT);

	fake_sys_answer_text("read /bin/x", "#!/bin/sh\n");
	hint_exec("/bin/x", &e);
	assert_hint(&e, ENOENT, NULL);
	assert_contains(fake_sys_trace(), "access /bin/sh\n");
}

TEST(says_nothing_if_there_is_no_file)
{
	struct err e = error(ENOENT);

	fake_sys_always("open /bin/x*", -ENOENT);
	hint_exec("/bin/x", &e);
	assert_hint(&e, ENOENT, NULL);
	e = error(EACCES);
	hint_exec("/bin/y", &e);
	assert_hint(&e, EACCES, NULL);
	assert_null(strstr(fake_sys_trace(), "/bin/y"));
}

TEST(looks_for_the_file_where_exec_looks)
{
	struct err e = error(ENOENT);

	assert_int_equal(setenv("PATH", "/one:/two:/three", 1), 0);
	fake_sys_always("access*", -ENOENT);
	fake_sys_always("open /one/x nonblock", -ENOENT);
	fake_sys_answer_text("read /two/x", "#!/gone\n");
	hint_exec("x", &e);
	assert_hint(&e, ENOENT, "/gone");
	assert_string_equal(fake_sys_trace(), "open /one/x nonblock\n"
					      "open /two/x nonblock\n"
					      "read /two/x\n"
					      "access /gone\n");
}

TEST(looks_in_the_usual_places_without_a_path)
{
	struct err e = error(ENOENT);

	assert_int_equal(unsetenv("PATH"), 0);
	fake_sys_always("open*", -ENOENT);
	hint_exec("x", &e);
	assert_string_equal(fake_sys_trace(), "open /bin/x nonblock\n"
					      "open /usr/bin/x nonblock\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_why_there_are_no_namespaces),
		cmocka_unit_test_setup(tells_a_root_without_capabilities_to_make_a_user_namespace,
				       set_up),
		cmocka_unit_test_setup(blames_no_limit_of_namespaces_that_were_not_asked_for,
				       set_up),
		cmocka_unit_test_setup(tells_why_ids_cannot_be_mapped, set_up),
		cmocka_unit_test_setup(tells_why_a_namespace_cannot_be_entered, set_up),
		cmocka_unit_test_setup(tells_why_a_mount_fails, set_up),
		cmocka_unit_test_setup(tells_what_cannot_be_mounted_on_a_destination, set_up),
		cmocka_unit_test_setup(tells_how_many_mounts_there_may_be, set_up),
		cmocka_unit_test_setup(tells_where_a_mount_point_cannot_be_made, set_up),
		cmocka_unit_test(tells_what_helps_if_a_descriptor_cannot_be_sent),
		cmocka_unit_test_setup(tells_where_the_root_cannot_be_changed, set_up),
		cmocka_unit_test_setup(tells_why_a_file_system_cannot_be_made, set_up),
		cmocka_unit_test_setup(tells_why_an_overlay_cannot_be_made, set_up),
		cmocka_unit_test(tells_that_the_interpreter_of_a_script_is_missing),
		cmocka_unit_test(tells_that_the_loader_of_a_program_is_missing),
		cmocka_unit_test(believes_no_header_that_leads_out_of_the_file),
		cmocka_unit_test(reads_no_header_beyond_what_it_looks_at),
		cmocka_unit_test(takes_no_32_bit_program_for_a_64_bit_one),
		cmocka_unit_test_setup(says_nothing_if_all_is_there, set_up),
		cmocka_unit_test_setup(says_nothing_if_there_is_no_file, set_up),
		cmocka_unit_test_setup(looks_for_the_file_where_exec_looks, set_up),
		cmocka_unit_test_setup(looks_in_the_usual_places_without_a_path, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
