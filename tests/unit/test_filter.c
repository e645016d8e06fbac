/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "fake_sys.h"
#include "isolation/filter.h"
#include "test.h"

enum { OWN = 77, OTHER = 78, GROUP = 79, SESSION = 80 };

#define USUAL (FILTER_TERMINAL | FILTER_KEYS | FILTER_VSOCK | FILTER_IO_URING | FILTER_LIMITS)
#define ROOTS (FILTER_NAMESPACES | FILTER_HANDLES | FILTER_CGROUPS)
#define ALL (USUAL | ROOTS | FILTER_GROUPS)
#define NEXT 0x8010b70bU     /* NS_MNT_GET_NEXT */
#define PREVIOUS 0x8010b70cU /* NS_MNT_GET_PREV */
#if defined(__s390__) || defined(__s390x__)
#define CLONE_ARGUMENTS(flags) 0, (flags)
#else
#define CLONE_ARGUMENTS(flags) (flags), 0
#endif
#define HIGH (UINT64_C(0xdead) << 32)
#define X32 0x40000000U

static const struct filter_ids nobody;

static int reset(void **state __attribute__((unused)))
{
	fake_sys_reset();
	return 0;
}

/* What the kernel does with a program: the few instructions that the filter is made of. */
static uint32_t interpret(const struct filter *f, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *i = &f->code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % sizeof(a) == 0 && i->k + sizeof(a) <= sizeof(*data));
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %zu is unknown: %x", pc, i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

static uint32_t native_arch(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__i386__)
	return AUDIT_ARCH_I386;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#elif defined(__arm__)
	return AUDIT_ARCH_ARM;
#else
	return 0;
#endif
}

/* The numbers of one ABI. */
struct numbers {
	uint32_t arch;
	uint32_t ioctl, keyctl, add_key, request_key, socket, io_uring_setup, prlimit64;
	uint32_t open_by_handle_at, unshare, clone, clone3;
	uint32_t setpgid, getpid;
};

static size_t all_numbers(struct numbers ret[4])
{
	size_t n = 0;

	ret[n++] = (struct numbers){native_arch(),      SYS_ioctl,       SYS_keyctl,
				    SYS_add_key,        SYS_request_key, SYS_socket,
				    SYS_io_uring_setup, SYS_prlimit64,   SYS_open_by_handle_at,
				    SYS_unshare,        SYS_clone,       SYS_clone3,
				    SYS_setpgid,        SYS_getpid};
#if defined(__x86_64__)
	ret[n++] = (struct numbers){
		AUDIT_ARCH_I386, 54, 288, 286, 287, 359, 425, 340, 342, 310, 120, 435, 57, 20};
	ret[n++] = (struct numbers){AUDIT_ARCH_X86_64, X32 | 514, X32 | 250, X32 | 248, X32 | 249,
				    X32 | 41,          X32 | 425, X32 | 302, X32 | 304, X32 | 272,
				    X32 | 56,          X32 | 435, X32 | 109, X32 | 39};
	ret[n++] = (struct numbers){AUDIT_ARCH_X86_64, X32 | 16,  X32 | 250, X32 | 248, X32 | 249,
				    X32 | 41,          X32 | 425, X32 | 302, X32 | 304, X32 | 272,
				    X32 | 56,          X32 | 435, X32 | 109, X32 | 39};
#elif defined(__aarch64__)
	ret[n++] = (struct numbers){
		AUDIT_ARCH_ARM, 54, 311, 309, 310, 281, 425, 369, 371, 337, 120, 435, 57, 20};
#endif
	return n;
}

/* The errno that a call is answered with under the filter of @bits, or 0. */
static int answer(unsigned bits, const struct numbers *numbers, uint32_t nr, uint64_t first,
		  uint64_t second, uint64_t third)
{
	const struct filter_ids ids = {.own = OWN, .group = GROUP, .session = SESSION};
	const struct seccomp_data data = {
		.nr = (int)nr, .arch = numbers->arch, .args = {first, second, third}};
	struct filter filter;
	uint32_t r;

	filter_compile(bits, &ids, &filter);
	assert_in_range(filter.n, 1, FILTER_MAX);
	r = interpret(&filter, &data);
	if (r == SECCOMP_RET_ALLOW)
		return 0;
	assert_int_equal(r & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
	return (int)(r & SECCOMP_RET_DATA);
}

/* Each call with what the filter of each bit says of it. */
static void check_calls(unsigned bits, const struct numbers *n)
{
	const int typing = bits & FILTER_TERMINAL ? EPERM : 0;
	const int keys = bits & FILTER_KEYS ? ENOSYS : 0;
	const int vsock = bits & FILTER_VSOCK ? EAFNOSUPPORT : 0;
	const int uring = bits & FILTER_IO_URING ? ENOSYS : 0;
	const int limits = bits & FILTER_LIMITS ? EPERM : 0;
	const int groups = bits & FILTER_GROUPS ? EPERM : 0;

	assert_int_equal(answer(bits, n, n->ioctl, 0, TIOCSTI, 0), typing);
	assert_int_equal(answer(bits, n, n->ioctl, 9, HIGH | TIOCSTI, 1), typing);
	assert_int_equal(answer(bits, n, n->ioctl, 0, TIOCLINUX, 0), typing);
	assert_int_equal(answer(bits, n, n->ioctl, 0, HIGH | TIOCLINUX, 0), typing);
	assert_int_equal(answer(bits, n, n->ioctl, TIOCSTI, TIOCGWINSZ, TIOCSTI), 0);
	assert_int_equal(answer(bits, n, n->keyctl, 0, 0, 0), keys);
	assert_int_equal(answer(bits, n, n->add_key, 1, 1, 1), keys);
	assert_int_equal(answer(bits, n, n->request_key, 1, 1, 1), keys);
	assert_int_equal(answer(bits, n, n->socket, AF_VSOCK, 1, 0), vsock);
	assert_int_equal(answer(bits, n, n->socket, HIGH | AF_VSOCK, 1, 0), vsock);
	assert_int_equal(answer(bits, n, n->socket, AF_UNIX, AF_VSOCK, AF_VSOCK), 0);
	assert_int_equal(answer(bits, n, n->io_uring_setup, 4, 1, 0), uring);
	assert_int_equal(answer(bits, n, n->prlimit64, OTHER, 0, 1), limits);
	assert_int_equal(answer(bits, n, n->prlimit64, OTHER, 0, HIGH), limits);
	assert_int_equal(answer(bits, n, n->prlimit64, HIGH | OTHER, 0, 1), limits);
	assert_int_equal(answer(bits, n, n->prlimit64, OTHER, 1, 0), 0);
	assert_int_equal(answer(bits, n, n->prlimit64, OWN, 0, 1), 0);
	assert_int_equal(answer(bits, n, n->prlimit64, HIGH | OWN, 0, 1), 0);
	assert_int_equal(answer(bits, n, n->prlimit64, 0, 0, 1), 0);
	assert_int_equal(answer(bits, n, n->prlimit64, HIGH, 0, HIGH | 1), 0);
	assert_int_equal(answer(bits, n, n->setpgid, 0, GROUP, 0), groups);
	assert_int_equal(answer(bits, n, n->setpgid, OTHER, HIGH | GROUP, 0), groups);
	assert_int_equal(answer(bits, n, n->setpgid, 0, SESSION, 0), groups);
	assert_int_equal(answer(bits, n, n->setpgid, 0, OTHER, 0), 0);
	assert_int_equal(answer(bits, n, n->setpgid, GROUP, 0, 0), 0);
	assert_int_equal(answer(bits, n, n->getpid, TIOCSTI, TIOCSTI, TIOCSTI), 0);
}

/* The same for what is refused to root's command. */
static void check_roots_calls(unsigned bits, const struct numbers *n)
{
	const int next = bits & FILTER_NAMESPACES ? EPERM : 0;
	const int handles = bits & FILTER_HANDLES ? EPERM : 0;
	const int cgroups = bits & FILTER_CGROUPS ? EPERM : 0;
	const uint64_t all = CLONE_NEWCGROUP | CLONE_NEWUSER | SIGCHLD;
	const uint64_t others = ~(uint64_t)CLONE_NEWCGROUP;

	assert_int_equal(answer(bits, n, n->ioctl, 3, NEXT, 0), next);
	assert_int_equal(answer(bits, n, n->ioctl, 3, HIGH | PREVIOUS, 0), next);
	assert_int_equal(answer(bits, n, n->ioctl, 3, 0x8020b70bU, 0), next);
	assert_int_equal(answer(bits, n, n->ioctl, 3, 0x8010b70aU, 0), 0);
	assert_int_equal(answer(bits, n, n->ioctl, NEXT, 0xb701, NEXT), 0);
	assert_int_equal(answer(bits, n, n->open_by_handle_at, 3, 1, 0), handles);
	assert_int_equal(answer(bits, n, n->unshare, CLONE_NEWCGROUP, 0, 0), cgroups);
	assert_int_equal(answer(bits, n, n->unshare, HIGH | all, 0, 0), cgroups);
	assert_int_equal(answer(bits, n, n->unshare, others, CLONE_NEWCGROUP, 0), 0);
	assert_int_equal(answer(bits, n, n->clone, CLONE_ARGUMENTS(all), 0), cgroups);
	assert_int_equal(answer(bits, n, n->clone, CLONE_ARGUMENTS(others), 0), 0);
	assert_int_equal(answer(bits, n, n->clone3, 1, 88, 0), cgroups != 0 ? ENOSYS : 0);
}

TEST(refuses_what_it_is_told_to_and_nothing_else_in_every_abi)
{
	struct numbers numbers[4];
	size_t n = all_numbers(numbers);

	for (size_t i = 0; i < n; i++)
		for (unsigned bits = 0; bits <= ALL; bits++) {
			check_calls(bits, &numbers[i]);
			check_roots_calls(bits, &numbers[i]);
		}
}

/* Numbers mean other calls in another ABI: 54 is setsockopt to x86-64, 16 lchown to i386. */
TEST(takes_no_number_for_that_of_another_abi)
{
	struct numbers numbers[4];
	size_t n = all_numbers(numbers);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			struct numbers mixed = numbers[i];

			if (numbers[i].arch == numbers[j].arch)
				continue;
			mixed.arch = numbers[j].arch;
			assert_int_equal(answer(ALL, &mixed, mixed.ioctl, 0, TIOCSTI, 0), 0);
			assert_int_equal(answer(ALL, &mixed, mixed.prlimit64, OTHER, 0, 1), 0);
		}
}

TEST(lets_an_abi_pass_that_no_kernel_of_this_machine_has)
{
	const struct numbers other = {.arch = native_arch() == 0 ? 1 : AUDIT_ARCH_S390X};

	if (native_arch() != 0)
		assert_int_equal(answer(ALL, &other, SYS_ioctl, 0, TIOCSTI, 0), 0);
}

TEST(is_chosen_by_options_and_namespaces)
{
	static const struct {
		struct plan plan;
		unsigned flags;
		unsigned bits;
	} cases[] = {
		{{0}, 0, FILTER_TERMINAL | FILTER_KEYS | FILTER_LIMITS | FILTER_GROUPS},
		{{0}, CLONE_NEWPID, FILTER_TERMINAL | FILTER_KEYS},
		{{0}, CLONE_NEWPID | CLONE_NEWNET, USUAL & ~(unsigned)FILTER_LIMITS},
		{{0}, CLONE_NEWNET, USUAL | FILTER_GROUPS},
		{{.fds = {[FD_PIDNS] = {.option = "pidns", .fd = 3}}}, CLONE_NEWNET, USUAL},
		{{.processes.new_session = true}, 0, FILTER_KEYS | FILTER_LIMITS},
		{{.processes.new_session = true}, CLONE_NEWPID, FILTER_KEYS},
		{{.privileges.no_tty_filter = true}, CLONE_NEWPID, FILTER_KEYS},
		{{.privileges.keep_keyring = true}, CLONE_NEWPID, FILTER_TERMINAL},
		{{.privileges.allow_io_uring = true},
		 CLONE_NEWNET,
		 (USUAL | FILTER_GROUPS) & ~(unsigned)FILTER_IO_URING},
		{{.privileges.no_tty_filter = true, .privileges.keep_keyring = true},
		 CLONE_NEWPID,
		 0},
		{{.as_bwrap = true}, 0, 0},
		{{.as_bwrap = true}, CLONE_NEWPID | CLONE_NEWNET, 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct filter_caller caller = {.flags = cases[i].flags};

		assert_int_equal(filter_choose(&cases[i].plan, &caller), cases[i].bits);
	}
}

TEST(refuses_typing_in_a_session_of_its_own_to_who_has_cap_sys_admin)
{
	const struct plan plan = {.processes.new_session = true};
	const struct plan without = {.processes.new_session = true,
				     .privileges.no_tty_filter = true};
	const struct filter_caller caller = {.may_administer = true};

	assert_true(filter_choose(&plan, &caller) & FILTER_TERMINAL);
	assert_false(filter_choose(&without, &caller) & FILTER_TERMINAL);
}

TEST(refuses_more_to_root)
{
	static const struct {
		struct plan plan;
		struct filter_caller caller;
		unsigned bits;
	} cases[] = {
		{{0}, {.is_root = true}, FILTER_CGROUPS},
		{{0}, {.is_root = true, .behind_landlock = true}, ROOTS},
		{{0},
		 {.is_root = true, .behind_landlock = true, .may_open_handles = true},
		 FILTER_CGROUPS | FILTER_NAMESPACES},
		{{.proc.unmasked = true}, {.is_root = true}, 0},
		{{.mounts.lock = LOCK_NO},
		 {.is_root = true, .behind_landlock = true},
		 FILTER_NAMESPACES | FILTER_HANDLES},
		{{.mounts.lock = LOCK_YES}, {.is_root = true}, FILTER_CGROUPS},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_int_equal(filter_choose(&cases[i].plan, &cases[i].caller) & ROOTS,
				 cases[i].bits);
}

/* Without a number here the caller's group is of no concern; 0 means another thing. */
TEST(lets_a_group_be_made_where_that_of_the_caller_has_no_number)
{
	const struct filter_ids outside = {.own = OWN};
	struct seccomp_data data = {.nr = SYS_setpgid, .arch = native_arch()};
	struct filter filter;

	filter_compile(ALL, &outside, &filter);
	assert_int_equal(interpret(&filter, &data), SECCOMP_RET_ALLOW);
}

TEST(knows_the_caller_s_group_and_session_where_they_count)
{
	struct filter_ids ids;

	fake_sys_answer("getpgrp", GROUP);
	fake_sys_answer("getsid", SESSION);
	ids = filter_ids(ALL);
	assert_int_equal(ids.group, GROUP);
	assert_int_equal(ids.session, SESSION);
	fake_sys_reset();
	ids = filter_ids(ALL & ~(unsigned)FILTER_GROUPS);
	assert_int_equal(ids.group, 0);
	assert_null(strstr(fake_sys_trace(), "getsid"));
}

TEST(is_installed_without_slowing_the_command_down)
{
	struct err e = {0};

	assert_int_equal(filter_apply(0, &nobody, &e), 0);
	assert_int_equal(fake_sys_calls(), 0);
	assert_int_equal(filter_apply(ALL, &nobody, &e), 0);
	assert_contains(fake_sys_trace(), "small filter\n");
	assert_null(strstr(fake_sys_trace(), "seccomp"));
}

TEST(is_installed_by_the_older_call_where_the_kernel_lacks_the_newer)
{
	static const int errors[] = {-EINVAL, -ENOSYS};

	for (size_t i = 0; i < LENGTH(errors); i++) {
		struct err e = {0};

		fake_sys_reset();
		fake_sys_answer("small filter", errors[i]);
		assert_int_equal(filter_apply(ALL, &nobody, &e), 0);
		assert_contains(fake_sys_trace(), "seccomp 4\n");
	}
}

static void assert_names(unsigned bits, const char *options)
{
	struct err e = {0};

	fake_sys_reset();
	fake_sys_always("small filter", -EINVAL);
	fake_sys_always("seccomp*", -EINVAL);
	assert_int_equal(filter_apply(bits, &nobody, &e), -EINVAL);
	assert_string_equal(e.msg, "cannot install the seccomp filter: Invalid argument");
	assert_contains(e.hint, options);
}

TEST(names_the_options_that_do_without_where_it_cannot_be_installed)
{
	assert_names(FILTER_TERMINAL, "; --new-session or --no-tty-filter would do");
	assert_names(FILTER_KEYS | FILTER_LIMITS, "; --keep-keyring would do");
	assert_names(ALL, "; --new-session or --no-tty-filter, with --keep-keyring would do");
}

TEST(is_done_without_where_no_option_would_be_left_to_run)
{
	struct err e = {0};

	fake_sys_always("small filter", -EPERM);
	assert_int_equal(
		filter_apply(ALL & ~(unsigned)(FILTER_TERMINAL | FILTER_KEYS), &nobody, &e), 0);
	assert_int_equal(e.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(refuses_what_it_is_told_to_and_nothing_else_in_every_abi,
				       reset),
		cmocka_unit_test_setup(takes_no_number_for_that_of_another_abi, reset),
		cmocka_unit_test_setup(lets_an_abi_pass_that_no_kernel_of_this_machine_has, reset),
		cmocka_unit_test_setup(is_chosen_by_options_and_namespaces, reset),
		cmocka_unit_test_setup(
			refuses_typing_in_a_session_of_its_own_to_who_has_cap_sys_admin, reset),
		cmocka_unit_test_setup(refuses_more_to_root, reset),
		cmocka_unit_test_setup(lets_a_group_be_made_where_that_of_the_caller_has_no_number,
				       reset),
		cmocka_unit_test_setup(knows_the_caller_s_group_and_session_where_they_count,
				       reset),
		cmocka_unit_test_setup(is_installed_without_slowing_the_command_down, reset),
		cmocka_unit_test_setup(
			is_installed_by_the_older_call_where_the_kernel_lacks_the_newer, reset),
		cmocka_unit_test_setup(
			names_the_options_that_do_without_where_it_cannot_be_installed, reset),
		cmocka_unit_test_setup(is_done_without_where_no_option_would_be_left_to_run, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
