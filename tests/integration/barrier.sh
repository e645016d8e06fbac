#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Root's COMMAND finds no way out by the processes outside, nor does any COMMAND send them signals.
#
# The kernel lets root look into the processes of its own user namespace that have no more
# capabilities, such as a daemon without any, or the command of another sandbox.  After setuid(2)
# these are the processes of that user.
. "$(dirname "$0")/lib.sh"

someone=4711 # a user that owns nothing

# start_targets: $targets are processes outside that see the host's files.
start_targets()
{
	targets=() pids=()
	setpriv --bounding-set -all --inh-caps -all sleep 1000 &
	pids+=($!) targets+=($!)
	"$sbx" --bind / / --proc /proc -- sh -c 'echo $$ >other; exec sleep 1000' &
	pids+=($!)
	(cd / && exec setpriv --reuid $someone --regid $someone --clear-groups sleep 1000) &
	pids+=($!) someones=$!
	eventually test -s other && targets+=("$(cat other)") &&
		eventually grep -qs "^Uid:.$someone" "/proc/$someones/status"
}

stop_targets()
{
	kill -KILL "${pids[@]}" "${targets[1]}"
	wait "${pids[@]}"
	rm -f other
}

# The ways into the process $1 that lead through its directory in /proc.
by_proc='for way in root/ cwd/ fd/0 map_files environ mem; do
		{ ls "/proc/$1/$way"/ >/dev/null || head -c 1 "/proc/$1/$way" | grep -q .; } 2>/dev/null &&
			echo "$way"
	done
	{ echo >"/proc/$1/root$2/out"; } 2>/dev/null && echo written
	exit 0'

# shut OPTION...: none of the ways leads anywhere, whether there is a PID namespace or not.
shut()
{
	local target become=(setpriv --reuid "$someone" --regid "$someone" --clear-groups --)
	for target in "${targets[@]}"; do
		prints "" "${as[@]}" "$sbx" --ro-bind / / --dev /dev --proc /proc "$@" -- "$helpers/peek" "$target" &&
			prints "" "${as[@]}" "$sbx" --ro-bind / / --dev /dev --unshare-pid "$@" -- \
				sh -c "$by_proc" - "$target" "$PWD" || return
	done
	[ ! -e out ] || return
	[[ " $* " != *" --unshare-user "* && " $* " != *" --cap-drop "* ]] || return 0
	prints "" "${as[@]}" "$sbx" --ro-bind / / --dev /dev --proc /proc "$@" -- \
		"${become[@]}" "$helpers/peek" "$someones" &&
		prints "" "${as[@]}" "$sbx" --ro-bind / / --dev /dev --unshare-pid "$@" -- \
			"${become[@]}" sh -c "$by_proc" - "$someones" "$PWD"
}

# The kernel shows memory maps and environments to processes with CAP_PERFMON or CAP_SYS_ADMIN.
almost_shut()
{
	local seen
	seen=$("${as[@]}" "$sbx" --ro-bind / / --dev /dev --proc /proc --cap-add ALL --no-lock-mounts -- \
		"$helpers/peek" "${targets[0]}")
	echo "$seen"
	[ -z "$seen" ] || [ "$seen" = "environ maps" ]
}

# The checks of barriers; $1 is the end of their names.
barriers()
{
	check "root's COMMAND gets at no process outside$1" shut
	check "without capabilities$1" shut --cap-drop ALL
	check "with all of them$1" shut --cap-add ALL
	check "with most of them and mounts that are not locked$1" \
		shut --cap-add ALL --no-lock-mounts --cap-drop CAP_SYS_ADMIN --cap-drop CAP_PERFMON
	check "with all of them and mounts that are not locked it can read environments at most$1" almost_shut
	check "with CAP_SYS_ADMIN$1" shut --cap-add CAP_SYS_ADMIN
	check "with CAP_SYS_PTRACE$1" shut --cap-add CAP_SYS_PTRACE
	check "with --unshare-user$1" shut --unshare-user
	check "with --lock-mounts$1" shut --lock-mounts
	check "with --no-signal-scope$1" shut --no-signal-scope
	check "with protected paths$1" shut --mask "$PWD/hidden"
	check "with --kill-on-exit$1" shut --kill-on-exit
}

# The checks would find a way if there were one.
controls()
{
	check "under the name bwrap all ways are open" is_open
	check "also to who becomes somebody else" becomes_open
}

is_open()
{
	local seen
	seen=$("$bwrap" --bind / / --dev /dev --proc /proc --cap-drop ALL -- "$helpers/peek" "${targets[0]}") &&
		[ "$(wc -w <<<"$seen")" -ge 12 ] &&
		"$bwrap" --bind / / --dev /dev --unshare-pid --cap-drop ALL -- \
			sh -c "$by_proc" - "${targets[0]}" "$PWD" >seen && cat seen &&
		[ "$(wc -l <seen)" -ge 5 ] && grep -x written seen && rm out
}

becomes_open()
{
	local seen
	seen=$("$bwrap" --bind / / --dev /dev --proc /proc -- setpriv --reuid "$someone" --regid "$someone" \
		--clear-groups "$helpers/peek" "$someones")
	[ "$(wc -w <<<"$seen")" -ge 12 ]
}

of_root()
{
	local as=() without=("$helpers/landlock" without)
	: >hidden && start_targets || return
	controls
	barriers ""
	as=("${without[@]}")
	barriers ", where the kernel has no Landlock"
	stop_targets
	check "nor does user 0 of a user namespace" prints "" in_users "$sbx"
	check "nor without Landlock" prints "" in_users "${without[@]}" "$sbx"
	check "under the name bwrap it does, or that would prove nothing" \
		prints "attach seize read getfd mem mem-write environ maps fd cwd root exe ns" in_users "$bwrap"
	check "where neither Landlock nor a user namespace can be had, COMMAND does not run" neither
	check "with as many domains as there can be, it does not run, and is told what helps" \
		too_many 125 "hint: .*give --unshare-user"
	check "and that helps" too_many 0 "" --unshare-user
	check "no capability to change the bounding set is needed" \
		prints "CapEff: 0000000080040" setpriv --bounding-set -setpcap --inh-caps -setpcap "$sbx" \
		--ro-bind / / --proc /proc --unshare-pid -- sh -c 'echo $(grep CapEff /proc/self/status | head -c 21)'
	check "under the name bwrap no user namespace is made for want of Landlock" \
		prints "$(readlink /proc/self/ns/user)" "${without[@]}" "$bwrap" --ro-bind / / --proc /proc -- \
		readlink /proc/self/ns/user
}

# in_users PREFIX...: look, from a sandbox of user 0 in a user namespace, at a process in that namespace.
in_users()
{
	unshare --user --map-root-user bash -c '
		setpriv --bounding-set -all --inh-caps -all sleep 1000 &
		"$@" $!
		kill -KILL $!' - "$@" --ro-bind / / --dev /dev --proc /proc --cap-drop ALL -- "$helpers/peek"
}

neither()
{
	local said
	said=$(unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' - \
		"$helpers/landlock" without "$sbx" --ro-bind / / -- echo ran 2>&1)
	echo "$said"
	[[ $said != *ran* ]] && grep "^sbx: cannot keep root's COMMAND from outside processes: .*No space" <<<"$said" &&
		grep "^hint: user.max_user_namespaces is 0" <<<"$said"
}

# too_many STATUS TEXT OPTION...: in 16 domains.
too_many()
{
	local status=$1 text=$2
	shift 2
	[ "$abi" -ge 6 ] || return 0
	fails_saying "$status" "$text" "$helpers/landlock" layers 16 "$sbx" --ro-bind / / --dev /dev --unshare-pid "$@" -- true
}

# --- Signals ---------------------------------------------------------------------

# signals PATTERN OPTION...: the results of signal 0 to a process outside and to the processes of sbx.
signals()
{
	local pattern=$1 seen
	shift
	seen=$("$sbx" --ro-bind / / --proc /proc --dev /dev "$@" -- bash -c '
		pid=$$
		while [ "$pid" != "$1" ]; do
			pid=$(sed "s/.*) . \([0-9]*\) .*/\1/" "/proc/$pid/stat")
			[ "$pid" -gt 1 ] || break
			kill -0 "$pid" 2>/dev/null && echo yes || echo no
		done
		kill -0 "$1" 2>/dev/null && echo yes || echo no
		sleep 100 & kill -TERM $!
		wait $!
		echo $?' - $$)
	echo "$seen"
	[[ "$(paste -sd ' ' <<<"$seen")" =~ ^$pattern\ 143$ ]]
}

of_signals()
{
	check "COMMAND sends no signals to processes outside, nor to sbx itself" signals '(no )+no'
	check "nor with --kill-on-exit" signals '(no )+no' --kill-on-exit
	check "nor with --die-with-parent" signals '(no )+no' --die-with-parent
	check "nor with a lock file, to the reaper" signals '(no )+no' --lock-file /etc/passwd
	check "with --no-signal-scope it can" signals '(yes )+yes' --no-signal-scope
	check "sandboxes inside go on, with mounts of their own" deep
	check "so do mounts of the command's own" mounts_inside
	check "where there are as many domains as can be, that is told, and signals are not kept in" limit
	check "without the option nothing is told there" fails 0 "" "$helpers/landlock" layers 16 "$sbx" \
		--ro-bind / / --no-signal-scope --unshare-user -- true
	check "under the name bwrap signals are not kept in" as_bwrap signals '(yes )+yes'
}

as_bwrap()
{
	local sbx=$bwrap
	"$@"
}

deep()
{
	local inner=("$sbx" --bind / / --proc /proc --tmpfs /mnt --)
	prints ok "${inner[@]}" "${inner[@]}" "${inner[@]}" sh -c 'echo ok >/mnt/new && cat /mnt/new'
}

mounts_inside()
{
	"$sbx" --bind / / --proc /proc --cap-add CAP_SYS_ADMIN -- mount -t tmpfs tmpfs /mnt
}

limit()
{
	fails_saying 0 "^sbx: .*limit of nested Landlock domains" "$helpers/landlock" layers 16 "$sbx" \
		--ro-bind / / --unshare-user -- true
}

tests()
{
	abi=$("$helpers/landlock" abi)
	[ "$who" = user ] || of_root
	if [ "$abi" -ge 6 ]; then
		of_signals
	else
		check "without Landlock's scopes COMMAND runs, and nothing is told" \
			fails 0 "" "$sbx" --ro-bind / / -- true
	fi
}

run_as_both tests
