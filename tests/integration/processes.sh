#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The processes of a sandbox: their statuses, their number, their lifetime.
. "$(dirname "$0")/lib.sh"

statuses()
{
	local n
	for n in 0 1 42 125 255; do
		check "the status of COMMAND is that of sbx: $n" ends_with "$n" box -- sh -c "exit $n"
		check "with --unshare-pid, $n" ends_with "$n" box --unshare-pid -- sh -c "exit $n"
		check "with --as-pid-1, $n" ends_with "$n" box --unshare-pid --as-pid-1 -- sh -c "exit $n"
	done
	for n in TERM KILL SEGV; do
		check "of a signal it is 128 and the number: SIG$n" \
			ends_with $((128 + $(kill -l "$n"))) box -- sh -c "kill -$n \$\$"
		check "with --unshare-pid, SIG$n" \
			ends_with $((128 + $(kill -l "$n"))) box --unshare-pid -- sh -c "kill -$n \$\$"
	done
	check "the statuses of other processes do not count" \
		ends_with 3 box --unshare-pid -- sh -c 'sh -c "exit 7" & sh -c "kill -9 \$\$"; wait; exit 3'
	check "a COMMAND that is not there is 127" \
		fails 127 "sbx: cannot execute /nope: No such file or directory" box -- /nope
	check "one not in PATH, too" \
		fails 127 "sbx: cannot execute nope: No such file or directory" box -- nope
	check "one that may not be executed is 126" \
		fails 126 "sbx: cannot execute /f: Permission denied" box --file 7 /f -- /f 7</dev/null
	check "a directory, too" fails 126 "sbx: cannot execute /usr: Permission denied" box -- /usr
	check "a script that names no interpreter is run by the shell, as execvp(3) does" \
		prints "a script" box --perms 0755 --file 7 /f -- /f 7< <(echo echo a script)
	check "the same with --as-pid-1" \
		fails 127 "sbx: cannot execute /nope: No such file or directory" \
		box --unshare-pid --as-pid-1 -- /nope
	check "a failed set-up is 125" ends_with 125 box --bind /nope /x -- true
	check "the same with --as-pid-1, and said once" \
		fails 125 "sbx: --bind: cannot open /nope on the host: No such file or directory" \
		box --unshare-pid --as-pid-1 --bind /nope /x -- true
}

family()
{
	check "in a process namespace COMMAND is process 2, its parent 1" \
		prints "2 1" box --unshare-pid -- sh -c 'echo $$ $PPID'
	check "without one COMMAND is a child of sbx" has_parent ""
	check "with most options, too" \
		has_parent "" --unshare-user --unshare-net --dev /dev --uid 5 --new-session
	check "but where something is held until the end, there is one between them" \
		has_parent "between" --file 7 /f --lock-file /f
	check "and where the sandbox has to be ended" has_parent "between" --die-with-parent
	check "process 1 is sbx itself" \
		prints sbx-reaper box --unshare-pid --proc /proc -- sed -n 's/^Name:\t//p' /proc/1/status
	check "which does not show what sbx was told" prints "sbx-reaper" box --setenv SECRET value \
		--unshare-pid --proc /proc -- sh -c 'tr "\0" " " </proc/1/cmdline | sed "s/ $//"'
	check "nor do others between sbx and COMMAND" prints "sbx-reaper" box --ro-bind /proc /proc \
		--file 7 /f --lock-file /f -- sh -c 'tr -d "\0" </proc/$PPID/cmdline' 7</dev/null
	check "--as-pid-1 makes it process 1" \
		prints 1 box --unshare-pid --as-pid-1 -- sh -c 'echo $$'
	check "--as-pid-1 needs --unshare-pid" \
		fails 125 "sbx: --as-pid-1 needs --unshare-pid" box --as-pid-1 -- true
	check "orphans are reaped" \
		box --unshare-pid --proc /proc -- bash -c 'for i in {1..20}; do (true & ) ; done
			for ((i = 0; i < 500; i++)); do
				grep -qs "^State:.Z" /proc/[0-9]*/status || exit 0; sleep 0.01
			done; exit 1'
	check "sbx can run sbx" \
		box --unshare-all --dev /dev --proc /proc --ro-bind "$helpers" /h -- \
		/h/sbx --bind / / --unshare-all --dev /dev --bind /proc /proc -- true
	check "--new-session makes a session" \
		prints "own" box --new-session --unshare-pid --proc /proc -- \
		sh -c '[ "$(cut -d " " -f 6 /proc/self/stat)" != 0 ] && echo own'
	check "without it, the session is the caller's" \
		prints "0" box --unshare-pid --proc /proc -- cut -d ' ' -f 6 /proc/self/stat
	check "--new-session leaves no terminal" new_session_has_no_tty
	check "without it there is one" \
		timeout 30 "$helpers/pty" '' "$sbx" --ro-bind / / --dev /dev -- sh -c 'echo >/dev/tty'
}

# has_parent WANT OPTION...: COMMAND's parent is the process that was started, or its child.
has_parent()
{
	local want=$1 parent between=between
	shift
	rm -f said && mkfifo said
	"$sbx" --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
		--proc /proc "$@" -- sh -c 'echo $PPID' >said </dev/null 7</dev/null &
	started=$!
	read -r -t 20 parent <said
	wait $started
	echo "sbx $started, parent $parent"
	[ "$parent" != "$started" ] || between=
	[ "$between" = "$want" ]
}

new_session_has_no_tty()
{
	ends_with 1 timeout 30 "$helpers/pty" '' "$sbx" --ro-bind / / --dev /dev --new-session -- \
		sh -c 'echo >/dev/tty || exit 1'
}

# --- Processes left running ---------------------------------------------------

# gone PIPE: all processes that hold the writing end of the pipe are gone, soon.
gone()
{
	timeout 10 cat <&"$1"
}

# A process in the background writes "alive" after sbx has returned.
background()
{
	local line
	rm -f go && mkfifo go
	exec {pipe}< <(
		ends_with 3 box --dev /dev --bind . /d "$@" -- sh -c 'sh -c "read line </d/go; echo alive" & exit 3' 2>&1
		echo returned
	)
	read -r -t 10 line <&"$pipe" && [ "$line" = "status 3" ] &&
		read -r -t 10 line <&"$pipe" && [ "$line" = returned ] || return
	echo >go
	line=$(gone "$pipe")
	exec {pipe}<&-
	[ "$line" = "$expected" ]
}

# Standard output ends when the last process that writes to it is gone.
end_of_file()
{
	rm -f go && mkfifo go
	prints said timeout 20 bash -c "$(declare -f box bare_box); sbx=$sbx; box \"\$@\" | cat" - \
		--dev /dev --bind . /d "$@" -- sh -c 'sh -c "read line </d/go" >/dev/null 2>&1 </dev/null & echo said' ||
		return
	timeout 10 sh -c 'echo >go'
}

# Start COMMAND... in the background, connected by $pipe; returns when it prints "ready".
# Sets $started to its process.
start()
{
	local line
	rm -f life && mkfifo life
	"$@" >life 2>&1 </dev/null &
	started=$!
	exec {pipe}<life
	read -r -t 20 line <&"$pipe" && echo "$line" && [ "$line" = ready ]
}

# killed VICTIM OPTION...: the sandbox is gone after VICTIM is killed, "monitor" or "caller".
killed()
{
	local victim=$1
	shift
	rm -f monitor
	start bash -c '"$@" & echo $! >monitor; wait' - "$sbx" --ro-bind / / --proc /proc "$@" -- \
		sh -c 'echo ready; exec sleep 100' && eventually test -s monitor || return
	[ "$victim" = monitor ] || kill -KILL "$started"
	[ "$victim" = caller ] || kill -KILL "$(cat monitor)"
	gone "$pipe" || return
	wait "$started" || true
}

outliving()
{
	expected=alive
	check "sbx returns with COMMAND's status though a process is left" background --unshare-pid
	check "without a process namespace as well" background
	check "--keep-running is the default" background --keep-running
	check "--keep-running takes --kill-on-exit back" background --kill-on-exit --keep-running
	check "it waits for nothing of its output" end_of_file --unshare-pid
	check "without a process namespace as well" end_of_file
	expected=""
	check "--die-with-parent: the process that is left dies" background_dies
	check "--as-pid-1: the process that is left dies" background_dies_with_1
	for victim in monitor caller; do
		check "--die-with-parent: the sandbox dies with the killed $victim" \
			killed $victim --die-with-parent
		check "with --unshare-pid" killed $victim --die-with-parent --unshare-pid
		check "with --as-pid-1" killed $victim --die-with-parent --unshare-pid --as-pid-1
		check "with --unshare-all, --dev and other ids" \
			killed $victim --die-with-parent --unshare-all --dev /dev --uid 5 --gid 5
		check "with --cap-add" killed $victim --die-with-parent --cap-add CAP_CHOWN
	done
}

background_dies()
{
	start box --dev /dev --unshare-pid --die-with-parent -- sh -c 'sleep 100 & echo ready' && gone "$pipe"
}

background_dies_with_1()
{
	start box --dev /dev --unshare-pid --as-pid-1 -- sh -c 'sleep 100 & echo ready' && gone "$pipe"
}

# --- Ends during set-up -------------------------------------------------------

# Start a sandbox whose set-up waits for data from a fifo.  Its output is $pipe.
start_stuck()
{
	rm -f data life && mkfifo data life
	exec {data}<>data
	"$sbx" --ro-bind / / --proc /proc --unshare-pid "$@" --file "$data" /tmp/x -- true >life 2>&1 </dev/null &
	started=$!
	exec {pipe}<life
	eventually has_child "$started"
}

has_child()
{
	grep -q . "/proc/$1/task/$1/children"
}

stuck_then()
{
	local signal=$1 want=$2 pause=$3 status=0
	shift 3
	start_stuck "$@" || return
	sleep "$pause"
	kill "-$signal" "$started"
	wait "$started" || status=$?
	echo "status $status"
	gone "$pipe" || return
	[ "$status" -eq "$want" ]
}

set_up()
{
	local signal
	for signal in TERM HUP USR1; do
		check "SIG$signal during the set-up ends it" \
			stuck_then $signal $((128 + $(kill -l $signal))) 0.1 --tmpfs /tmp
	done
	check "at its very beginning, too" stuck_then TERM 143 0 --tmpfs /tmp
	check "with a second user namespace, too" \
		stuck_then TERM 143 0.1 --unshare-user --dev /dev --uid 5 --tmpfs /tmp
	check "if the monitor is killed during the set-up, nothing is left" killed_stuck
}

# The rest of the set-up goes on, but the caller of COMMAND is gone.
killed_stuck()
{
	start_stuck --tmpfs /tmp || return
	sleep 0.1
	kill -KILL "$started"
	wait "$started"
	exec {data}>&-
	gone "$pipe"
}

# --- Callers with habits ------------------------------------------------------

habits()
{
	check "--not-a-security-boundary is accepted" \
		prints works box --not-a-security-boundary -- echo works
	check "a caller that ignores SIGCHLD gets the status, too" \
		ends_with 7 env --ignore-signal=CHLD "$sbx" --ro-bind / / -- sh -c 'exit 7'
	check "with --unshare-pid as well" \
		ends_with 7 env --ignore-signal=CHLD "$sbx" --ro-bind / / --unshare-pid -- sh -c 'exit 7'
	check "COMMAND gets the signals' dispositions of the caller" \
		prints 1 env --default-signal --ignore-signal=HUP "$sbx" --ro-bind / / --proc /proc -- \
		sed -nE 's/^SigIgn:\t0*([1-9a-f][0-9a-f]*|0)$/\1/p' /proc/self/status
	check "and the signals blocked by the caller" \
		prints 200 env --block-signal=USR1 "$sbx" --ro-bind / / --proc /proc -- \
		sed -nE 's/^SigBlk:\t0*([1-9a-f][0-9a-f]*|0)$/\1/p' /proc/self/status
	check "children that the caller left to sbx do not confuse it" \
		ends_with 5 bash -c '(exit 9) & exec "$@"' - "$sbx" --ro-bind / / -- sh -c 'exit 5'
	check "no zombie is left of many runs" no_zombies
	check "20 at a time" many_at_once
}

# zombies: the number of sbx's processes that have exited, were not reaped, and were left to us.
# Their new parent here reaps them at its own exit only.
zombies()
{
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v p="$PPID" '$2 == "(sbx)" && $3 == "Z" && $4 == p { n++ } END { print n + 0 }'
}

no_zombies()
{
	local i before
	before=$(zombies)
	for ((i = 0; i < 20; i++)); do
		box --unshare-pid -- true && box -- true || return
	done
	prints "$before" zombies
}

many_at_once()
{
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		box --unshare-all --dev /dev --proc /proc -- true &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return
	done
}

tests()
{
	statuses
	family
	outliving
	set_up
	habits
}

run_as_both tests
