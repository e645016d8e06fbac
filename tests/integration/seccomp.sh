#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --seccomp and --add-seccomp-fd.
. "$(dirname "$0")/lib.sh"

program()
{
	"$helpers/filter" print "$@"
}

# with_programs OPTION...: box with seccomp programs in 7 (uname answers EPERM), 8 (uname
# answers EACCES, getppid too), 9 (uname kills).
with_programs()
{
	box "$@" 7< <(program 1 uname) 8< <(program 13 uname getppid) 9< <(program kill uname)
}

filters()
{
	local none="uname: cannot get system name: Operation not permitted"
	check "a call that the program denies fails" fails 1 "$none" with_programs --seccomp 7 -- uname
	check "others do not" with_programs --seccomp 7 -- true
	check "a program can kill" ends_with 159 with_programs --seccomp 9 -- uname
	check "--add-seccomp-fd does the same" fails 1 "$none" with_programs --add-seccomp-fd 7 -- uname
	check "several of these all apply" \
		ends_with 159 with_programs --add-seccomp-fd 9 --add-seccomp-fd 7 -- uname
	check "in the order given: of equals the last counts" \
		fails 1 "uname: cannot get system name: Permission denied" \
		with_programs --add-seccomp-fd 7 --add-seccomp-fd 8 -- uname
	check "the other way round" \
		fails 1 "$none" with_programs --add-seccomp-fd 8 --add-seccomp-fd 7 -- uname
	check "they are counted, with that of sbx" \
		prints "2 3" with_programs --proc /proc --add-seccomp-fd 7 --add-seccomp-fd 8 -- \
		sh -c 'echo $(sed -nE "s/^Seccomp(_filters)?:\t//p" /proc/self/status)'
	check "they are inherited" \
		fails 1 "$none" with_programs --seccomp 7 -- sh -c 'uname; exit $?'
	check "with --as-pid-1, too" \
		fails 1 "$none" with_programs --unshare-pid --as-pid-1 --seccomp 7 -- uname
	check "and with a second user namespace" \
		fails 1 "$none" with_programs --unshare-user --uid 5 --dev /dev --seccomp 7 -- uname
	check "the set-up is not affected: a program may forbid what it needs" \
		box --unshare-uts --hostname x --seccomp 7 -- true 7< <(program kill sethostname openat2)
	check "the reaper is under the program, too" \
		prints "2" with_programs --unshare-pid --proc /proc --seccomp 7 -- \
		sh -c 'i=0; while [ $i -lt 200 ]; do
			s=$(sed -n "s/^Seccomp:\t//p" /proc/1/status); [ "$s" = 2 ] && break
			i=$((i + 1)); done; echo $s'
	check "--seccomp twice: the last counts, and a warning says so" \
		fails 1 "sbx: Only the last --seccomp option will take effect
$none" with_programs --seccomp 9 --seccomp 7 -- uname
	check "the descriptors are not passed on" \
		prints "" with_programs --add-seccomp-fd 7 --add-seccomp-fd 8 -- \
		bash -c 'for fd in 7 8; do [ ! -e /dev/fd/$fd ] || echo $fd; done' --dev-bind /dev /dev
}

errors()
{
	check "--seccomp with --add-seccomp-fd is an error" \
		fails 125 "sbx: --seccomp cannot be combined with --add-seccomp-fd" \
		with_programs --seccomp 7 --add-seccomp-fd 8 -- true
	check "a program of no bytes is one" \
		fails 125 "sbx: --seccomp: descriptor 7 holds 0 bytes, which is no seccomp program: instructions have 8 bytes each" \
		box --seccomp 7 -- true 7</dev/null
	check "one of 9, too" \
		fails 125 "sbx: --add-seccomp-fd: descriptor 7 holds 9 bytes, which is no seccomp program: instructions have 8 bytes each" \
		box --add-seccomp-fd 7 -- true 7< <(printf 123456789)
	check "one of more instructions than the kernel takes" \
		fails 125 "sbx: --seccomp: descriptor 7 holds more than 4096 instructions" \
		box --seccomp 7 -- true 7< <(head -c $((4097 * 8)) /dev/zero)
	check "one that the kernel finds invalid" \
		fails_saying 125 "^sbx: --seccomp: cannot apply the seccomp program: Invalid argument$" \
		box --seccomp 7 -- true 7< <(head -c 16 /dev/zero)
	check "COMMAND does not run then" \
		prints "" not_run box --seccomp 7 -- echo ran 7< <(head -c 16 /dev/zero)
	check "a descriptor that is not open" \
		fails 125 "sbx: --seccomp: descriptor 99 is not open" box --seccomp 99 -- true
	check "one that cannot be read" \
		fails 125 "sbx: --seccomp: cannot read descriptor 7: Is a directory" \
		box --seccomp 7 -- true 7</
	check "the same one twice" \
		fails 125 "sbx: --add-seccomp-fd: descriptor 7 is used twice" \
		with_programs --add-seccomp-fd 7 --add-seccomp-fd 7 -- true
}

not_run()
{
	! "$@"
}

tests()
{
	filters
	errors
}

run_as_both tests
