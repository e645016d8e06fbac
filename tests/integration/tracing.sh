#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tracing of the processes of sbx: callers may trace the one whose PID they receive, the sandbox's
# processes none.
. "$(dirname "$0")/lib.sh"

# sees WANT PID COMMAND...: in WANT ways COMMAND can look into the process that the shell inside
# calls PID, such as '$PPID'.
sees()
{
	local want=$1 pid=$2
	shift 2
	prints "$want" "$@" --ro-bind "$helpers" /h -- sh -c "/h/peek $pid"
}

# From inside, with these options, neither process 1 nor a parent outside can be looked at.
nothing()
{
	check "the reaper cannot be looked at from inside${1:+, with $*}" \
		sees "" 1 box --unshare-pid --proc /proc "$@"
	check "nor what the environment was${1:+, with $*}" environment_is_hidden "$@"
	check "nor the reaper of --lock-file, in the host's processes${1:+, with $*}" \
		sees "" '$PPID' box --proc /proc --file 7 /f --lock-file /f "$@" 7</dev/null
	check "nor the monitor${1:+, with $*}" sees "" '$PPID' box --proc /proc "$@"
}

environment_is_hidden()
{
	SECRET=precious box --unshare-pid --proc /proc --clearenv "$@" -- \
		/usr/bin/sh -c '! grep -qs precious /proc/1/environ /proc/1/mem && ! cat /proc/1/environ 2>/dev/null'
}

inside()
{
	check "what looks into processes can do so with a child of its own" can_peek
	nothing --cap-drop ALL
	nothing --unshare-user --cap-drop ALL
	nothing --unshare-user --uid 0 --gid 0 --cap-drop ALL
	nothing --unshare-user --dev /dev --uid 5 --cap-drop ALL
	nothing --cap-drop ALL --cap-add CAP_WAKE_ALARM
	nothing --unshare-user --cap-add ALL
	nothing --unshare-user --uid 0 --gid 0 --cap-add ALL
	nothing --unshare-user --dev /dev --uid 5 --cap-add ALL
	nothing --unshare-user --disable-userns --cap-add ALL
	nothing --unshare-user --cap-drop ALL --cap-add CAP_SYS_PTRACE
	if [ "$who" = user ]; then
		nothing
		nothing --cap-add ALL
		nothing --uid 0 --gid 0 --unshare-all
	else
		nothing
		# with one of the others the kernel lets root read memory, but not trace
		nothing --cap-add ALL --cap-drop CAP_SYS_PTRACE --cap-drop CAP_PERFMON --cap-drop CAP_SYS_ADMIN
		nothing --unshare-user
		check "root with all of root's capabilities needs no help" peeks_as_root
	fi
	check "the reaper stays hidden after COMMAND has ended" hidden_afterwards
	check "as bubblewrap, too" sees "" 1 as_bwrap --unshare-pid --proc /proc --cap-drop ALL
	check "with seccomp programs as well" \
		sees "" 1 with_program --unshare-pid --proc /proc --cap-drop ALL
}

can_peek()
{
	local said
	said=$(box --unshare-pid --proc /proc --dev /dev --ro-bind "$helpers" /h -- sh -c 'sleep 100 & /h/peek $!; kill -KILL $!')
	echo "$said"
	[ "$(wc -w <<<"$said")" -ge 12 ]
}

# Otherwise the tests as root would prove nothing.
peeks_as_root()
{
	! sees "" '$PPID' as_bwrap --proc /proc
}

as_bwrap()
{
	sbx=$bwrap box "$@"
}

with_program()
{
	box --seccomp 7 "$@" 7< <("$helpers/filter" print 1 uname)
}

# A process is left behind, and looks when the reaper only waits.
hidden_afterwards()
{
	rm -f go result && mkfifo go
	box --unshare-pid --proc /proc --dev /dev --ro-bind "$helpers" /h --bind . /d --cap-drop ALL -- \
		sh -c '(read -r line </d/go; /h/peek 1 >/d/result) & :' || return
	timeout 10 sh -c 'echo >go'
	eventually test -s result && [ -z "$(cat result)" ]
}

# --- From outside -------------------------------------------------------------

# outside WANT OPTION...: while COMMAND is held, the caller can look at child-pid in these ways.
outside()
{
	local want=$1 seen result=0
	shift
	start_held "$@" -- true || return
	# until then it may still be building
	eventually test -d "/proc/$child/root/tmp/ready" || result=1
	seen=$("$helpers/peek" "$child" root ns)
	echo "seen: $seen"
	[ "$seen" = "$want" ] || result=1
	let_go && return $result
}

# Where COMMAND might have CAP_SYS_PTRACE, ordinary callers cannot look.
closed_to_caller()
{
	local seen result=0
	start_held "$@" -- true || return
	eventually is_hidden "$child" || result=1
	let_go && return $result
}

is_hidden()
{
	[ -z "$("$helpers/peek" "$1" root ns)" ]
}

# And while COMMAND runs.
outside_running()
{
	local seen result=0
	start_held "$@" -- sleep 100 || return
	exec {block}>&-
	eventually grep -qx sleep "/proc/$(command_pid)/comm" || result=1
	seen=$("$helpers/peek" "$child" root ns)
	echo "seen: $seen"
	[ "$seen" = "root ns" ] || result=1
	kill -TERM "$started"
	ends_with 143 ended && return $result
}

from_outside()
{
	local ready=(--tmpfs /tmp --dir /tmp/ready)
	check "the caller can look at /proc/PID/ns and /proc/PID/root" outside "root ns" "${ready[@]}"
	check "with --unshare-pid" outside "root ns" --unshare-pid "${ready[@]}"
	check "with all namespaces" outside "root ns" --unshare-all --dev /dev "${ready[@]}"
	check "with other ids" outside "root ns" --unshare-all --uid 5 --gid 6 "${ready[@]}"
	check "with a capability" outside "root ns" --unshare-pid --cap-add CAP_CHOWN "${ready[@]}"
	check "while COMMAND runs" outside_running --unshare-pid
	check "with all namespaces, too" outside_running --unshare-all --dev /dev
	[ "$who" = root ] || check "not where COMMAND may trace" closed_to_caller --unshare-pid --cap-add ALL
}

# A process may have its parent trace it, which then sees each signal to it as a stop.
parent_that_traces()
{
	local sig
	for sig in 10 15 19; do
		check "a parent that is made to trace survives signal $sig to COMMAND$1" \
			ends_with 137 "${@:2}" --bind / / -- "$helpers/traced" "$sig"
	done
}

tests()
{
	inside
	parent_that_traces "" "$sbx"
	parent_that_traces ", with a reaper" "$sbx" --kill-on-exit
	parent_that_traces ", as bwrap" "$bwrap"
	from_outside
}

run_as_both tests
