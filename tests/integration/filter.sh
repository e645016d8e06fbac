#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The small seccomp filter and the session keyring.
#
# The system calls are made by their numbers, in each ABI that the machine has.
. "$(dirname "$0")/lib.sh"

STI=5412 LINUX=541c # ioctls, in base 16
VSOCK=40                # address family

# host OPTION... -- COMMAND...: a sandbox that has the files of the host and the helpers.
host()
{
	bare_box --ro-bind / / "$@" </dev/null
}

# answers TEXT ABI NUMBER ARGUMENT... [: OPTION...]: inside, the call answers TEXT.
answers()
{
	local text=$1 call=()
	shift
	while [ $# -gt 0 ] && [ "$1" != : ]; do
		call+=("$1")
		shift
	done
	prints "$text" host "${@:2}" -- "$helpers/abi" call "${call[@]}"
}

# The numbers of ioctl, keyctl, add_key, request_key, prlimit64, socket, io_uring_setup and setpgid.
numbers_of()
{
	case $(uname -m)-$1 in
	x86_64-native) echo 16 250 248 249 302 41 425 109 ;;
	x86_64-i386) echo 54 288 286 287 340 359 425 57 ;;
	x86_64-x32) echo 514 250 248 249 302 41 425 109 ;;
	aarch64-native) echo 29 219 217 218 261 198 425 154 ;;
	*) return 1 ;;
	esac
}

# The calls refused and permitted in $abi; the errors tell the filter from the kernel.
in_one_abi()
{
	local ioctl keyctl add request prlimit socket uring group
	read -r ioctl keyctl add request prlimit socket uring group < <(numbers_of "$abi")

	check "$abi: TIOCSTI is refused" answers EPERM "$abi" "$ioctl" 0 0x$STI
	check "$abi: whatever the high bits are" answers EPERM "$abi" "$ioctl" 0 0xdead0000$STI
	check "$abi: TIOCLINUX" answers EPERM "$abi" "$ioctl" 0 0x$LINUX
	check "$abi: with a network of its own and processes, too" \
		answers EPERM "$abi" "$ioctl" 0 0x$STI : --unshare-all
	check "$abi: keyctl is refused" answers ENOSYS "$abi" "$keyctl" 99
	check "$abi: add_key" answers ENOSYS "$abi" "$add"
	check "$abi: request_key" answers ENOSYS "$abi" "$request"
	check "$abi: another process's limits are refused" answers EPERM "$abi" "$prlimit" parent 4 1
	check "$abi: to join the caller's process group" answers EPERM "$abi" "$group" 0 group
	check "$abi: to join the session leader's" answers EPERM "$abi" "$group" 0 session
	check "$abi: AF_VSOCK is refused with --unshare-net" \
		answers EAFNOSUPPORT "$abi" "$socket" $VSOCK 1 0 : --unshare-net
	check "$abi: io_uring, too" answers ENOSYS "$abi" "$uring" 0 0 : --unshare-net
	"$helpers/abi" has "$abi" || return 0

	check "$abi: other ioctls work" answers ENOTTY "$abi" "$ioctl" 0 0x5413
	check "$abi: --no-tty-filter leaves TIOCSTI to the kernel" \
		answers ENOTTY "$abi" "$ioctl" 0 0x$STI : --no-tty-filter
	check "$abi: --new-session does" answers ENOTTY "$abi" "$ioctl" 0 0x$STI : --new-session
	check "$abi: but not where COMMAND has CAP_SYS_ADMIN" \
		answers EPERM "$abi" "$ioctl" 0 0x$STI : --new-session --cap-add CAP_SYS_ADMIN
	check "$abi: --keep-keyring leaves add_key to the kernel" \
		answers EFAULT "$abi" "$add" : --keep-keyring
	check "$abi: another process's limits can be read" answers 'done' "$abi" "$prlimit" parent 4 0
	check "$abi: COMMAND's own can be set, by 0" answers EFAULT "$abi" "$prlimit" 0 4 1
	check "$abi: and by its number" answers EFAULT "$abi" "$prlimit" self 4 1
	check "$abi: a process group can be made" answers 'done' "$abi" "$group" 0 0
	check "$abi: and by its number" answers 'done' "$abi" "$group" 0 self
	check "$abi: with --unshare-pid anybody's inside" \
		answers EFAULT "$abi" "$prlimit" parent 4 1 : --unshare-pid
	check "$abi: --allow-io-uring leaves io_uring to the kernel" \
		test "$(host --unshare-net --allow-io-uring -- "$helpers/abi" call "$abi" "$uring" 0 0)" != ENOSYS
	check "$abi: other sockets work" answers 'done' "$abi" "$socket" 1 1 0 : --unshare-net
}

# Each call in each ABI that can be tested here: a machine without x32 answers, too, as the filter
# comes first.
every_abi()
{
	local abi
	for abi in native i386 x32; do
		numbers_of "$abi" >/dev/null || continue
		if [ "$abi" = i386 ] && ! "$helpers/abi" has i386; then
			skip "i386: every call" "this kernel has no such ABI"
			continue
		fi
		in_one_abi
	done
}

under_the_name_bwrap()
{
	sbx=$bwrap
	check "as bwrap, TIOCSTI is left to the kernel" answers ENOTTY native "$ioctl" 0 0x$STI
	check "keys are" answers EFAULT native "$add"
	check "limits are" answers EFAULT native "$prlimit" parent 4 1
	check "no filter is installed" \
		prints 0 host -- sed -n 's/^Seccomp_filters:\t//p' /proc/self/status
}

# /dev/tty reaches the terminal although 0, 1 and 2 are something else.
typing()
{
	local command='exec 3<>/dev/tty && '$helpers'/abi call native '$ioctl' 3 0x'$STI' 0 >&2'
	cat >typing.sh <<-END
		exec 2>$scratch/typed </dev/null >/dev/null
		"\$@" bash -c '$command'
	END
	check "nothing can be typed into the terminal behind /dev/tty" \
		terminal_answers EPERM "$sbx" --dev-bind / / --
	check "with --no-tty-filter the kernel has the word" \
		terminal_answers 'EFAULT\|EIO' "$sbx" --dev-bind / / --no-tty-filter --
}

# terminal_answers PATTERN COMMAND...: the typing below COMMAND on a terminal is answered so.
terminal_answers()
{
	local pattern=$1
	shift
	"$helpers/pty" "" bash "$scratch/typing.sh" "$@"
	cat typed
	grep -qx "$pattern" typed
}

# Keys: each test is a process of its own that begins a session keyring; the keys go with it.
keyring()
{
	check "a new session keyring is joined before the calls are refused" keyring_is_new
	check "without quota for one the calls are refused all the same" \
		answers ENOSYS native "$keyctl" 99
	check "--keep-keyring keeps it" keyring_is_kept
	check "as bwrap it stays" keyring_stays_as_bwrap
}

# Which calls the command's process makes.
joins()
{
	strace -f -qq -e trace=keyctl -o joins "$@" --bind / / -- true </dev/null
	cat joins
	grep -q 'keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)' joins
}

keyring_is_new()
{
	joins "$sbx"
}

keyring_is_kept()
{
	! joins "$sbx" --keep-keyring
}

keyring_stays_as_bwrap()
{
	! joins "$bwrap"
}

# A user may have some 200 keys.  300 sandboxes at once, all waiting until the last one runs, need
# more; the user of this test has no other keys.
many_at_once()
{
	local i pids=() bad=0 number=$keyctl
	mkfifo gate && exec {gate}<>gate || return
	chmod 777 gate
	for ((i = 0; i < 300; i++)); do
		one_of_many "$number" "$i" &
		pids+=($!)
		# bounded: no more than 20 set up at a time
		[ $((i % 20)) -ne 19 ] || eventually ran "$((i + 1))" || break
	done
	eventually ran 300 || bad=1
	for ((i = 0; i < 300; i++)); do echo; done >&"$gate"
	wait "${pids[@]}"
	exec {gate}>&-
	[ "$bad" -eq 0 ] && [ "$(cat many/* | sort | uniq -c | tr -s ' ')" = " 300 ENOSYS" ]
}

ran()
{
	[ "$(find many -type f -size +0 | wc -l)" -ge "$1" ]
}

one_of_many()
{
	setpriv --reuid 64999 --regid 64999 --clear-groups --inh-caps=-all \
		"$sbx" --bind / / -- sh -c '"$1" call native "$2" 99; read -r line <"$3"' - \
		"$helpers/abi" "$1" "$scratch/gate" >"many/$2" 2>&1 </dev/null
}

quota()
{
	mkdir many
	check "300 sandboxes of one user at once all run, none with keys" many_at_once
}

# The filters installed, and kernels without any.
installed()
{
	check "the filter is one program" \
		prints 1 host -- sed -n 's/^Seccomp_filters:\t//p' /proc/self/status
	check "with nothing to refuse there is none" \
		prints 0 host --unshare-pid --proc /proc --no-tty-filter --keep-keyring \
		--unshare-user --proc-unmasked -- sed -n 's/^Seccomp_filters:\t//p' /proc/self/status
	check "it slows nothing down: no mitigation of Spectre comes with it" \
		prints "$(spectre cat /proc/self/status)" spectre host -- cat /proc/self/status
	check "without seccomp filters it is an error that names the options" \
		fails_saying 125 '^hint: .*--new-session or --no-tty-filter, with --keep-keyring' \
		without_seccomp "$sbx" --bind / / -- true
	check "with these options it runs" \
		without_seccomp "$sbx" --bind / / --no-tty-filter --keep-keyring -- true
	check "so does bwrap" without_seccomp "$bwrap" --ro-bind / / -- true
	check "a sandbox inside a sandbox works" \
		host --proc /proc --unshare-pid -- "$sbx" --ro-bind / / --unshare-net -- true
}

# The numbers of unshare, clone, clone3 and open_by_handle_at.
roots_numbers_of()
{
	case $(uname -m)-$1 in
	x86_64-native | x86_64-x32) echo 272 56 435 304 ;;
	x86_64-i386) echo 310 120 435 342 ;;
	aarch64-native) echo 97 220 435 265 ;;
	*) return 1 ;;
	esac
}

# Calls refused to root's COMMAND in $abi: ways to other namespaces and to control groups.
roots_in_one_abi()
{
	local ioctl unshare clone clone3 handle
	read -r ioctl _ < <(numbers_of "$abi")
	read -r unshare clone clone3 handle < <(roots_numbers_of "$abi")

	check "$abi: the next mount namespace is refused" answers EPERM "$abi" "$ioctl" 0 0x8010b70b
	check "$abi: so is the one before, whatever the size" answers EPERM "$abi" "$ioctl" 0 0x8020b70c
	check "$abi: handles are refused" answers EPERM "$abi" "$handle" -10003 0 0
	check "$abi: new cgroup namespaces are refused" answers EPERM "$abi" "$unshare" 0x12000000
	check "$abi: also to clone" answers EPERM "$abi" "$clone" 0x12000000 0
	check "$abi: clone3 is not there" answers ENOSYS "$abi" "$clone3" 0 0
	check "$abi: with --unshare-all, too" answers EPERM "$abi" "$unshare" 0x12000000 : --unshare-all
	check "$abi: without capabilities, too" answers EPERM "$abi" "$unshare" 0x2000000 : --cap-drop ALL
	"$helpers/abi" has "$abi" || return 0

	check "$abi: other namespaces can be made" answers 'done' "$abi" "$unshare" 0x10000000
	check "$abi: in a user namespace of its own nothing leads to others" \
		answers ENOTTY "$abi" "$ioctl" 0 0x8010b70b : --unshare-user
	check "$abi: --cap-add CAP_DAC_READ_SEARCH leaves handles to the kernel" \
		answers EFAULT "$abi" "$handle" 0 0 0 : --cap-add CAP_DAC_READ_SEARCH
	check "$abi: --proc-unmasked leaves cgroup namespaces to the kernel" \
		answers EFAULT "$abi" "$clone3" 0 88 : --proc /proc --proc-unmasked
	check "$abi: so does --no-lock-mounts" answers EFAULT "$abi" "$clone3" 0 88 : --no-lock-mounts
}

# The file systems of control groups are root's in any user namespace.
of_root()
{
	local abi domains
	domains=$("$helpers/landlock" abi)
	if [ "$domains" -lt 6 ]; then
		skip "root's calls" "this kernel has no Landlock that root's COMMAND is kept in by"
		return
	fi
	for abi in native i386 x32; do
		roots_numbers_of "$abi" >/dev/null || continue
		[ "$abi" != i386 ] || "$helpers/abi" has i386 || continue
		roots_in_one_abi
	done
	check "a sandbox inside goes without a cgroup namespace for --unshare-all" \
		host --proc /proc -- "$sbx" --ro-bind / / --unshare-all --proc /proc -- true
	check "but not for --unshare-cgroup" \
		fails_saying 125 "^sbx: --unshare-cgroup: a seccomp filter" \
		host --proc /proc -- "$sbx" --ro-bind / / --unshare-cgroup -- true
}

spectre()
{
	"$@" | grep '^Spec'
}

# without_seccomp COMMAND...: as in a kernel that was built without.
without_seccomp()
{
	"$helpers/filter" run 22 seccomp -- "$@"
}

tests()
{
	local ioctl keyctl add request prlimit socket uring group
	if ! read -r ioctl keyctl add request prlimit socket uring group < <(numbers_of native); then
		skip "every call" "this script does not know the machine's numbers"
		return
	fi
	every_abi
	typing
	installed
	keyring
	[ "$who" != root ] || quota
	[ "$who" != root ] || of_root
	under_the_name_bwrap
}

run_as_both tests
