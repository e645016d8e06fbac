/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Theory of operation
 *
 * The filter is one small seccomp program.  A kernel can offer several ABIs, each with its own
 * system call numbers: i386's int 0x80 and x32 besides x86-64's, arm's besides arm64's.  A command
 * could evade a filter for one of them by using another, so that the program has a section for
 *each:
 *
 *	is this the ABI?     else the next section
 *	load the number      x32: without the bit that marks it
 *	compare and refuse   one block for each call
 *
 * The kernel reads only the low 32 bits of an ioctl's command, a socket's family and a PID.  The
 * program ignores the high bits as well (CVE-2019-10063).
 */
#include "isolation/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sys/sys.h"

/* The calls' numbers in one ABI; 0, which is none of these calls, for a missing call. */
struct abi {
	uint32_t arch; /* AUDIT_ARCH_*; 0 for any */
	uint32_t mask; /* the bits of the number to compare; 0 for all */
	uint32_t ioctls[2];
	uint32_t keys[3]; /* keyctl, add_key, request_key */
	uint32_t socket;
	uint32_t io_uring_setup;
	uint32_t prlimit64;
	uint32_t open_by_handle_at;
	uint32_t unshare;
	uint32_t clone;
	uint32_t clone3;
	uint32_t setpgid;
};

static const struct abi abis[] = {
#if defined(__x86_64__) || defined(__i386__)
	/* x32 shares the numbers but for ioctl; older kernels take either number in both ABIs */
	{.arch = AUDIT_ARCH_X86_64,
	 .mask = ~0x40000000U,
	 .ioctls = {16, 514},
	 .keys = {250, 248, 249},
	 .socket = 41,
	 .io_uring_setup = 425,
	 .prlimit64 = 302,
	 .open_by_handle_at = 304,
	 .unshare = 272,
	 .clone = 56,
	 .clone3 = 435,
	 .setpgid = 109},
	{.arch = AUDIT_ARCH_I386,
	 .ioctls = {54},
	 .keys = {288, 286, 287},
	 .socket = 359,
	 .io_uring_setup = 425,
	 .prlimit64 = 340,
	 .open_by_handle_at = 342,
	 .unshare = 310,
	 .clone = 120,
	 .clone3 = 435,
	 .setpgid = 57},
#elif defined(__aarch64__) || defined(__arm__)
	{.arch = AUDIT_ARCH_AARCH64,
	 .ioctls = {29},
	 .keys = {219, 217, 218},
	 .socket = 198,
	 .io_uring_setup = 425,
	 .prlimit64 = 261,
	 .open_by_handle_at = 265,
	 .unshare = 97,
	 .clone = 220,
	 .clone3 = 435,
	 .setpgid = 154},
	{.arch = AUDIT_ARCH_ARM,
	 .ioctls = {54},
	 .keys = {311, 309, 310},
	 .socket = 281,
	 .io_uring_setup = 425,
	 .prlimit64 = 369,
	 .open_by_handle_at = 371,
	 .unshare = 337,
	 .clone = 120,
	 .clone3 = 435,
	 .setpgid = 57},
#else
	{.ioctls = {SYS_ioctl},
	 .keys = {SYS_keyctl, SYS_add_key, SYS_request_key},
#ifdef SYS_socket
	 .socket = SYS_socket,
#endif
	 .io_uring_setup = SYS_io_uring_setup,
	 .prlimit64 = SYS_prlimit64,
	 .open_by_handle_at = SYS_open_by_handle_at,
	 .unshare = SYS_unshare,
	 .clone = SYS_clone,
	 .clone3 = SYS_clone3,
	 .setpgid = SYS_setpgid},
#endif
};

#if defined(__x86_64__) && !defined(__ILP32__)
_Static_assert(SYS_ioctl == 16 && SYS_keyctl == 250 && SYS_add_key == 248 &&
		       SYS_request_key == 249 && SYS_socket == 41 && SYS_prlimit64 == 302 &&
		       SYS_setpgid == 109,
	       "the numbers of x86-64");
_Static_assert(SYS_open_by_handle_at == 304 && SYS_unshare == 272 && SYS_clone == 56 &&
		       SYS_clone3 == 435,
	       "the numbers of x86-64");
#elif defined(__aarch64__)
_Static_assert(SYS_ioctl == 29 && SYS_keyctl == 219 && SYS_add_key == 217 &&
		       SYS_request_key == 218 && SYS_socket == 198 && SYS_prlimit64 == 261 &&
		       SYS_setpgid == 154,
	       "the numbers of arm64");
_Static_assert(SYS_open_by_handle_at == 265 && SYS_unshare == 97 && SYS_clone == 220 &&
		       SYS_clone3 == 435,
	       "the numbers of arm64");
#endif

/* The argument of clone(2) that has the flags. */
#if defined(__s390__) || defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* The ioctls NS_MNT_GET_NEXT and NS_MNT_GET_PREV without the size of their argument. */
#define NS_IOCTL_MASK 0xffffU
#define NS_NEXT 0xb70bU
#define NS_PREVIOUS 0xb70cU

/*
 * Choose what keeps root's command from namespaces outside its sandbox.  Root owns each user
 * namespace that root has created below its own.  Without any capability, it may enter that and the
 * mount namespaces in it, given a descriptor.  The Landlock domain denies their files in /proc; the
 * filter refuses the other ways to open them.
 *
 * Root owns the cgroup file systems in any user namespace.  A command that creates a user and a
 * cgroup namespace could mount them, and so kill or freeze outside processes.
 */
static unsigned choose_for_root(const struct plan *plan, const struct filter_caller *caller)
{
	unsigned bits = 0;

	if (caller->behind_landlock)
		bits |= FILTER_NAMESPACES | (caller->may_open_handles ? 0 : FILTER_HANDLES);
	if (caller->is_root && !plan->proc.unmasked && plan->mounts.lock != LOCK_NO)
		bits |= FILTER_CGROUPS;
	return bits;
}

unsigned filter_choose(const struct plan *plan, const struct filter_caller *caller)
{
	const unsigned flags = caller->flags;
	unsigned bits = 0;

	if (plan->as_bwrap)
		return 0;
	/* in any session, CAP_SYS_ADMIN allows to type into each open terminal */
	if ((!plan->processes.new_session || caller->may_administer) &&
	    !plan->privileges.no_tty_filter)
		bits |= FILTER_TERMINAL;
	if (!plan->privileges.keep_keyring)
		bits |= FILTER_KEYS;
	if (flags & CLONE_NEWNET)
		bits |= FILTER_VSOCK | (plan->privileges.allow_io_uring ? 0 : FILTER_IO_URING);
	if (!(flags & CLONE_NEWPID))
		bits |= FILTER_LIMITS;
	if (!(flags & CLONE_NEWPID) && plan_fd(plan, FD_PIDNS) < 0 && !plan->processes.new_session)
		bits |= FILTER_GROUPS;
	return bits | choose_for_root(plan, caller);
}

struct filter_ids filter_ids(unsigned bits)
{
	struct filter_ids ids = {.own = sys_getpid()};

	if (bits & FILTER_GROUPS) {
		ids.group = sys_getpgrp();
		ids.session = sys_getsid();
	}
	return ids;
}

/* Add @instruction.  The kernel refuses a truncated program, as it does not end with a return. */
static void put(struct filter *f, struct sock_filter instruction)
{
	if (f->n < FILTER_MAX)
		f->code[f->n] = instruction;
	f->n++;
}

static void load(struct filter *f, size_t offset)
{
	put(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Load the low half of the argument @n, or the high one. */
static void load_argument(struct filter *f, size_t n, bool high)
{
	const bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	const size_t half = sizeof(uint32_t);

	load(f,
	     offsetof(struct seccomp_data, args) + n * 2 * half + (high != big_endian ? half : 0));
}

/* Unless the loaded value is @value, skip the next @n instructions. */
static void unless_equal_skip(struct filter *f, uint32_t value, uint8_t n)
{
	put(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n));
}

/* If the loaded value is @value, skip the next @n instructions. */
static void if_equal_skip(struct filter *f, uint32_t value, uint8_t n)
{
	put(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, n, 0));
}

static void mask(struct filter *f, uint32_t bits)
{
	put(f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits));
}

/* Let the comparison @test jump to the next instruction if it finds no equality. */
static void pass_to_here(struct filter *f, unsigned short test)
{
	if (test < FILTER_MAX)
		f->code[test].jf = (uint8_t)(f->n - test - 1);
}

static void give_back(struct filter *f, uint32_t answer)
{
	put(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

static void refuse(struct filter *f, int error)
{
	give_back(f, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA));
}

static void refuse_call(struct filter *f, uint32_t number, int error)
{
	unless_equal_skip(f, number, 1);
	refuse(f, error);
}

/* Refuse the call @number if its argument @n is one of two values. */
static void refuse_argument(struct filter *f, uint32_t number, size_t n, const uint32_t values[2],
			    int error)
{
	const uint8_t block = 5;

	unless_equal_skip(f, number, block);
	load_argument(f, n, false);
	if_equal_skip(f, values[0], 1);
	unless_equal_skip(f, values[1], 1);
	refuse(f, error);
	give_back(f, SECCOMP_RET_ALLOW);
}

/* Refuse the ioctl if the loaded command is one of two. */
static void refuse_commands(struct filter *f, const uint32_t commands[2])
{
	if_equal_skip(f, commands[0], 1);
	unless_equal_skip(f, commands[1], 1);
	refuse(f, EPERM);
}

static void refuse_ioctl(struct filter *f, uint32_t number, unsigned bits)
{
	static const uint32_t typing[] = {TIOCSTI, TIOCLINUX};
	static const uint32_t namespaces[] = {NS_NEXT, NS_PREVIOUS};
	unsigned short test = f->n;

	unless_equal_skip(f, number, 0);
	load_argument(f, 1, false);
	if (bits & FILTER_TERMINAL)
		refuse_commands(f, typing);
	if (bits & FILTER_NAMESPACES) {
		mask(f, NS_IOCTL_MASK);
		refuse_commands(f, namespaces);
	}
	give_back(f, SECCOMP_RET_ALLOW);
	pass_to_here(f, test);
}

static void refuse_ioctls(struct filter *f, const struct abi *abi, unsigned bits)
{
	const size_t n = sizeof(abi->ioctls) / sizeof(abi->ioctls[0]);

	for (size_t i = 0; i < n && abi->ioctls[i] != 0; i++)
		refuse_ioctl(f, abi->ioctls[i], bits);
}

/* Refuse the call @number if its argument @n has CLONE_NEWCGROUP. */
static void refuse_flag(struct filter *f, uint32_t number, size_t n)
{
	unsigned short test = f->n;

	unless_equal_skip(f, number, 0);
	load_argument(f, n, false);
	mask(f, CLONE_NEWCGROUP);
	if_equal_skip(f, 0, 1);
	refuse(f, EPERM);
	give_back(f, SECCOMP_RET_ALLOW);
	pass_to_here(f, test);
}

/* The flags of clone3(2) are behind a pointer; after ENOSYS, callers use clone(2). */
static void refuse_cgroups(struct filter *f, const struct abi *abi)
{
	refuse_flag(f, abi->unshare, 0);
	refuse_flag(f, abi->clone, CLONE_FLAGS);
	refuse_call(f, abi->clone3, ENOSYS);
}

static void refuse_keys(struct filter *f, const struct abi *abi)
{
	for (size_t i = 0; i < sizeof(abi->keys) / sizeof(abi->keys[0]); i++)
		refuse_call(f, abi->keys[i], ENOSYS);
}

static void refuse_vsock(struct filter *f, const struct abi *abi)
{
	static const uint32_t families[] = {AF_VSOCK, AF_VSOCK};

	if (abi->socket != 0)
		refuse_argument(f, abi->socket, 0, families, EAFNOSUPPORT);
}

/* Refuse prlimit64(pid, resource, new, old) with a new limit for another process. */
static void refuse_limits(struct filter *f, const struct abi *abi, pid_t own)
{
	const uint8_t block = 9;

	unless_equal_skip(f, abi->prlimit64, block);
	load_argument(f, 0, false);
	if_equal_skip(f, 0, 6);
	if_equal_skip(f, (uint32_t)own, 5);
	load_argument(f, 2, false);
	unless_equal_skip(f, 0, 2);
	load_argument(f, 2, true);
	if_equal_skip(f, 0, 1);
	refuse(f, EPERM);
	give_back(f, SECCOMP_RET_ALLOW);
}

/*
 * Refuse setpgid(pid, group) into a group of the caller's.  The kernel signals a whole group after
 * one member reads from the terminal in the background, or leaves the group orphaned.  Landlock's
 * signal scope does not prevent that.
 */
static void refuse_groups(struct filter *f, const struct abi *abi, const struct filter_ids *ids)
{
	const uint32_t none = UINT32_MAX;
	const uint32_t groups[] = {
		ids->group > 0 ? (uint32_t)ids->group : none,
		ids->session > 0 ? (uint32_t)ids->session : none,
	};

	refuse_argument(f, abi->setpgid, 1, groups, EPERM);
}

/* Compile the section of one ABI, after the test for it. */
static void compile_calls(struct filter *f, unsigned bits, const struct filter_ids *ids,
			  const struct abi *abi)
{
	load(f, offsetof(struct seccomp_data, nr));
	if (abi->mask != 0)
		mask(f, abi->mask);
	if (bits & (FILTER_TERMINAL | FILTER_NAMESPACES))
		refuse_ioctls(f, abi, bits);
	if (bits & FILTER_HANDLES)
		refuse_call(f, abi->open_by_handle_at, EPERM);
	if (bits & FILTER_CGROUPS)
		refuse_cgroups(f, abi);
	if (bits & FILTER_KEYS)
		refuse_keys(f, abi);
	if (bits & FILTER_VSOCK)
		refuse_vsock(f, abi);
	if (bits & FILTER_IO_URING)
		refuse_call(f, abi->io_uring_setup, ENOSYS);
	if (bits & FILTER_LIMITS)
		refuse_limits(f, abi, ids->own);
	if (bits & FILTER_GROUPS)
		refuse_groups(f, abi, ids);
	give_back(f, SECCOMP_RET_ALLOW);
}

void filter_compile(unsigned bits, const struct filter_ids *ids, struct filter *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
		unsigned short test;

		if (abis[i].arch == 0) {
			compile_calls(ret, bits, ids, &abis[i]);
			return;
		}
		load(ret, offsetof(struct seccomp_data, arch));
		test = ret->n;
		unless_equal_skip(ret, abis[i].arch, 0);
		compile_calls(ret, bits, ids, &abis[i]);
		pass_to_here(ret, test);
	}
	give_back(ret, SECCOMP_RET_ALLOW);
}

/* A sandbox needs no mitigation against leaks to itself, which would cost speed. */
static int install(const struct sock_fprog *program)
{
	int r = sys_seccomp_fast_filter(program);

	return r == -EINVAL || r == -ENOSYS ? sys_seccomp_filter(program) : r;
}

static int explain(unsigned bits, int error, struct err *e)
{
	(void)err_sys(e, error, "cannot install the seccomp filter");
	(void)err_hint(e,
		       "the kernel lacks CONFIG_SECCOMP_FILTER, or a filter around sbx forbids it; "
		       "%s%s%s would do without it",
		       bits & FILTER_TERMINAL ? "--new-session or --no-tty-filter" : "",
		       (bits & FILTER_TERMINAL) && (bits & FILTER_KEYS) ? ", with " : "",
		       bits & FILTER_KEYS ? "--keep-keyring" : "");
	return error;
}

int filter_apply(unsigned bits, const struct filter_ids *ids, struct err *e)
{
	struct filter filter;
	struct sock_fprog program = {.filter = filter.code};
	int r;

	if (bits == 0)
		return 0;
	filter_compile(bits, ids, &filter);
	program.len = filter.n;
	r = install(&program);
	if (r == 0 || !(bits & (FILTER_TERMINAL | FILTER_KEYS)))
		return 0;
	return explain(bits, r, e);
}
