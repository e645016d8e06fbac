#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --lock-file and --sync-fd: held as long as there is a process inside.
. "$(dirname "$0")/lib.sh"

# is_locked FILE / is_free FILE: a process holds a lock on it, or none does.
is_locked()
{
	! "$helpers/lock" "$1"
}

is_free()
{
	"$helpers/lock" "$1"
}

# start_locking OPTION... -- COMMAND...: start a sandbox in which COMMAND first prints "ready" and
# then waits for a line from the fifo "go"; "file" is locked.
start_locking()
{
	local line
	rm -f go said && mkfifo go said && : >file
	"$sbx" --dev-bind / / --proc /proc --lock-file "$PWD/file" "$@" >said 2>&1 </dev/null &
	started=$!
	exec {said}<said
	read -r -t 20 line <&"$said"
	exec {said}<&-
	echo "$line"
	[ "$line" = ready ]
}

go()
{
	timeout 10 sh -c 'echo >go'
}

waits='echo ready; read -r line <go'

# The lock is there while COMMAND is, and no longer.
locked_while_running()
{
	local result=0
	start_locking "$@" -- sh -c "$waits" || return
	is_locked file || result=1
	go && ended || result=1
	is_free file && return $result
}

# A process that COMMAND left behind counts.
locked_while_any()
{
	local result=0
	start_locking "$@" -- sh -c "(read -r line <go) & echo ready; exit 3" || return
	ends_with 3 ended || result=1
	is_locked file || result=1
	go
	eventually is_free file && return $result
}

# The monitor's end ends the sandbox, and the lock with it.
free_without_monitor()
{
	start_locking "$@" -- sh -c "$waits" || return
	kill -KILL "$started"
	eventually is_free file
}

# As bubblewrap the sandbox goes on, and the lock as well.
locked_without_monitor()
{
	local result=0 sbx=$bwrap
	start_locking --unshare-pid -- sh -c "$waits" || return
	kill -KILL "$started"
	ended
	is_locked file || result=1
	go
	eventually is_free file && return $result
}

locks()
{
	local locked="cannot lock $PWD/file in the sandbox: Resource temporarily unavailable"
	check "the file is locked while COMMAND runs" locked_while_running
	check "with --unshare-pid, too" locked_while_running --unshare-pid
	check "with --unshare-all, --dev and other ids, too" \
		locked_while_running --unshare-all --dev /dev --uid 5
	check "with --die-with-parent, too" locked_while_running --die-with-parent
	check "with --unshare-pid, while any process is inside" locked_while_any --unshare-pid
	check "without it as well" locked_while_any
	check "until the monitor is killed" free_without_monitor --unshare-pid
	check "without --unshare-pid, too" free_without_monitor
	check "as bubblewrap, also when the monitor is killed" locked_without_monitor
	check "the lock is shared" is_shared
	: >file
	check "if somebody else has it alone, COMMAND does not run" \
		fails 125 "sbx: --lock-file: $locked" \
		"$helpers/lock" file "$sbx" --dev-bind / / --lock-file "$PWD/file" -- sh -c 'echo ran >&2'
	check "with --unshare-pid, neither" \
		fails 125 "sbx: --lock-file: $locked" \
		"$helpers/lock" file "$sbx" --bind / / --proc /proc --unshare-pid --lock-file "$PWD/file" -- sh -c 'echo ran >&2'
	check "as bubblewrap, neither" \
		fails 1 "bwrap: Unable to lock lock file $PWD/file: Resource temporarily unavailable" \
		"$helpers/lock" file "$bwrap" --bind / / --lock-file "$PWD/file" -- sh -c 'echo ran >&2'
	check "several files: if one cannot be locked, COMMAND does not run" \
		fails 125 "sbx: --lock-file: cannot lock /nope in the sandbox: No such file or directory" \
		box --file 7 /f --lock-file /f --lock-file /nope -- sh -c 'echo ran >&2' 7</dev/null
	check "the path is one inside" box --file 7 /f --lock-file /f -- true 7</dev/null
	check "relative to the root" box --file 7 /f --lock-file f -- true 7</dev/null
	check "a read-only file will do" box --ro-bind file /f --lock-file /f -- true
	check "a fifo does not block" timeout 10 "$sbx" --dev-bind / / --lock-file "$PWD/go" -- true
	check "not with --as-pid-1" \
		fails 125 "sbx: --lock-file cannot be combined with --as-pid-1" \
		box --unshare-pid --as-pid-1 --lock-file /f -- true
	check "COMMAND has no descriptor of it" \
		prints "0 1 2 " box --ro-bind "$helpers" /h --file 7 /f --lock-file /f -- /h/fds 7</dev/null
	[ "$who" = root ] || check "a file that may not be read is an error" \
		fails 125 "sbx: --lock-file: cannot lock /etc/shadow in the sandbox: Permission denied" \
		box --ro-bind / / --lock-file /etc/shadow -- true
}

is_shared()
{
	local result=0
	start_locking -- sh -c "$waits" || return
	timeout 10 "$sbx" --dev-bind / / --lock-file "$PWD/file" -- true || result=1
	go && ended && return $result
}

# --- A descriptor -------------------------------------------------------------

# start_syncing OPTION... -- COMMAND...: start a sandbox that holds the end of a pipe, whose other
# end is $sync, a descriptor.
start_syncing()
{
	local line
	rm -f go said sync && mkfifo go said sync
	"$sbx" --dev-bind / / --proc /proc --sync-fd 9 "$@" >said 2>&1 </dev/null 9>sync &
	started=$!
	exec {said}<said {sync}<sync
	read -r -t 20 line <&"$said"
	exec {said}<&-
	echo "$line"
	[ "$line" = ready ]
}

# at_end: no process holds the other end any more, or one still does after a short wait.
at_end()
{
	local line status=0
	read -r -t "${1-10}" line <&"$sync" || status=$?
	[ "$status" -eq 1 ]
}

held_while_running()
{
	local result=0
	start_syncing "$@" -- sh -c "$waits" || return
	! at_end 0.1 || result=1
	go && ended || result=1
	at_end || result=1
	exec {sync}<&-
	return $result
}

held_while_any()
{
	local result=0
	start_syncing "$@" -- sh -c "(read -r line <go) & echo ready; exit 3" || return
	ends_with 3 ended || result=1
	! at_end 0.1 || result=1
	go
	at_end || result=1
	exec {sync}<&-
	return $result
}

descriptors()
{
	check "the descriptor is open while COMMAND runs" held_while_running
	check "with --unshare-pid, too" held_while_running --unshare-pid
	check "with --unshare-all, --dev and other ids, too" \
		held_while_running --unshare-all --dev /dev --uid 5
	check "with --unshare-pid, while any process is inside" held_while_any --unshare-pid
	check "without it as well" held_while_any
	check "COMMAND has not got it" \
		prints "0 1 2 " box --ro-bind "$helpers" /h --sync-fd 9 -- /h/fds 9>sync_file
	check "with --unshare-pid, neither" \
		prints "0 1 2 " box --unshare-pid --ro-bind "$helpers" /h --sync-fd 9 -- /h/fds 9>sync_file
	check "one that is not open is an error" \
		fails 125 "sbx: --sync-fd: descriptor 99 is not open" box --sync-fd 99 -- true
	check "with --as-pid-1 it has, for there is nobody else" \
		prints "0 1 2 9 " box --unshare-pid --as-pid-1 --ro-bind "$helpers" /h --sync-fd 9 -- \
		/h/fds 9>sync_file
	check "a set-up that fails closes it" \
		fails_saying 125 "^sbx: --bind: cannot open /nope" box --sync-fd 9 --bind /nope /x -- true 9>sync_file
}

tests()
{
	locks
	descriptors
}

run_as_both tests
