#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_layers.sh NM BASE PLAN SYS HOST ISOLATION IPC MOUNTS RUN: no room calls what it may not.  What
# an archive defines and needs is read off its symbols.
set -euo pipefail
shopt -s inherit_errexit

# What compilers put into any program: stack protector, position independence,
# bit counting, and the instrumentation of sanitizers, fuzzers and coverage.
compiler='__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__popcount[sd]i2'
compiler+='|__(start|stop)_(asan_globals|__sancov_[a-z0-9_]+)'
compiler+='|__(asan|ubsan|sanitizer|sancov|gcov|llvm_profile)_[A-Za-z0-9_]+'

# The part of libc that works in memory and makes no system call.  Each name
# counts: memfd_create begins like memcpy.
pure='str[a-z_]+|__isoc23_strto[a-z]+|stpn?cpy'
pure+='|mem(cpy|move|set|cmp|chr|rchr|mem|ccpy)|mempcpy|rawmemchr|bcmp|explicit_bzero'
pure+='|__(mem(cpy|move|set)|mempcpy|explicit_bzero|st[rp]n?cpy|strn?cat)_chk'
pure+='|v?snprintf|__v?snprintf_chk'
pure+='|malloc|calloc|realloc|reallocarray|free|qsort'

# What of the same kind the rooms need that run a sandbox.
memory_only='(set|unset|clear|get)env|environ|sig(empty|fill|add|del)set|sigismember'

# defined LIB...: the functions and variables that the archives offer
defined()
{
	"$nm" --defined-only --extern-only "$@" | awk 'NF == 3 { print $3 }' | sort -u
}

# imports LIB: what LIB needs from outside itself
imports()
{
	"$nm" --undefined-only "$1" | awk 'NF == 2 { print $2 }' | sort -u | comm -23 - <(defined "$1")
}

# blame LIB: complain about each symbol that is read
blame()
{
	local symbol
	while read -r symbol; do
		echo "${1##*/} must not call $symbol" >&2
		status=1
	done
}

# only REGEX LIB [OTHER]...: LIB needs only what REGEX matches or OTHERs define
only()
{
	local regex=$1 lib=$2
	shift 2
	blame "$lib" < <(imports "$lib" | grep -Evx "$regex" |
		comm -23 - <([ $# -eq 0 ] || defined "$@"))
}

# never LIB OTHER...: LIB needs nothing that OTHERs define
never()
{
	local lib=$1
	shift
	blame "$lib" < <(comm -12 <(imports "$lib") <(defined "$@"))
}

# only_these_call LIB REGEX OTHER...: the members of LIB that are not named so need only what LIB and
# OTHERs define
only_these_call()
{
	local lib=$1 callers=$2
	shift 2
	blame "$lib" < <("$nm" --print-file-name --undefined-only "$lib" | grep -Ev "[:/]$callers:" |
		awk '{ print $NF }' | sort -u | grep -Evx "$compiler|$pure|$memory_only" |
		comm -23 - <(defined "$lib" "$@"))
}

# A failure inside <( ) goes unnoticed, and an archive without symbols would
# pass every check: both are ruled out here.
must_have_symbols()
{
	local lib
	for lib; do
		[ -n "$(defined "$lib")" ] && continue
		echo "${lib##*/} defines nothing" >&2
		exit 1
	done
}

export LC_ALL=C
[ $# -eq 9 ] || {
	echo "usage: ${0##*/} NM BASE PLAN SYS HOST ISOLATION IPC MOUNTS RUN (archives)" >&2
	exit 2
}
nm=$1 base=$2 plan=$3 sys=$4 host=$5 isolation=$6 ipc=$7 mounts=$8 run=$9
shift
status=0
must_have_symbols "$@"
only "$compiler|$pure" "$base"
only "$compiler|$pure" "$plan" "$base"
never "$sys" "$plan" "$host" "$isolation" "$ipc" "$mounts" "$run"
only_these_call "$sys" 'src_sys_sys_[a-z]+\.c\.o' "$base"
only "$compiler|$pure|$memory_only" "$host" "$base" "$plan" "$sys"
only "$compiler|$pure|$memory_only|cap_[a-z0-9_]+" "$isolation" "$base" "$plan" "$sys" "$host"
only_these_call "$isolation" "src_isolation_caps.c.o" "$base" "$plan" "$sys" "$host"
only "$compiler|$pure|$memory_only" "$ipc" "$base" "$plan" "$sys" "$host" "$isolation"
only "$compiler|$pure|$memory_only" "$mounts" "$base" "$plan" "$sys" "$host" "$isolation" "$ipc"
only "$compiler|$pure|$memory_only" "$run" "$base" "$plan" "$sys" "$host" "$isolation" "$ipc" \
	"$mounts"
exit "$status"
