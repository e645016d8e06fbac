#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which process ends with which: --die-with-parent, --kill-on-exit, --keep-running; all are reaped.
. "$(dirname "$0")/../integration/lib.sh"

# sandbox [OPTION]... -- WORD...: the words of a sandbox with the host's files, for a COMMAND of
# the helpers: payload WORD...
sandbox()
{
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	words=("$sbx" --ro-bind / / --dev /dev --proc /proc "${options[@]}" -- "$helpers/payload" "$@")
}

# witness WORD... -- OPTION... -- WORD...: see helpers/witness.c; the rest is as for sandbox.
witness()
{
	local how=()
	while [ "$1" != -- ]; do
		how+=("$1")
		shift
	done
	shift
	sandbox "$@"
	timeout --kill-after=5 200 "$helpers/witness" "${how[@]}" "${words[@]}"
}

# takes FROM TO COMMAND...: COMMAND succeeds and takes at least FROM, at most TO milliseconds.
takes()
{
	local from=$1 to=$2 start took
	shift 2
	start=${EPOCHREALTIME/./}
	"$@" || return
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "$took ms"
	[ "$took" -ge "$from" ] && [ "$took" -le "$to" ]
}

# in_turn COMMAND...: for each set of options with other processes, call COMMAND NAME OPTION...
in_turn()
{
	"$@" "without a process namespace"
	"$@" "with --unshare-pid" --unshare-pid
	"$@" "with --unshare-all and other ids" --unshare-all --uid 5 --gid 5
}

# --- The parent ----------------------------------------------------------------

# parent_ends HOW FROM TO RUNS OPTION... -- WORD...: see helpers/witness.c.  The messages of sbx are
# not part of the result.
parent_ends()
{
	witness "${@:1:4}" -- --die-with-parent "${@:5}" 2>said
}

parents()
{
	local name=$1
	shift
	check "--die-with-parent $name: nothing is left when the parent is killed" \
		parent_ends killed ready 0 20 "$@" -- family
	check "--die-with-parent $name: at any moment from the start on" \
		parent_ends killed 0 5000 120 "$@" -- family
	check "--die-with-parent $name: nothing is left when the parent's thread ends" \
		parent_ends thread ready 0 20 "$@" -- family
	check "--die-with-parent $name: nor if that is while it waits to begin" \
		parent_ends_early "$@"
}

# The sandbox is waiting in the middle of its being built, or for leave to begin.
parent_ends_early()
{
	local wait status
	rm -f fifo && mkfifo fifo && exec {wait}<>fifo || return
	parent_ends killed 30000 30000 3 "$@" --file "$wait" /tmp/file -- family &&
		parent_ends thread 30000 30000 3 "$@" --file "$wait" /tmp/file -- family &&
		parent_ends thread 30000 30000 3 "$@" --block-fd "$wait" -- family
	status=$?
	exec {wait}<&-
	return "$status"
}

# What cannot be known is not guessed: a live parent is never taken for a dead one.
orphans()
{
	local options
	for options in "--die-with-parent" "--die-with-parent --unshare-pid"; do
		# shellcheck disable=SC2086 # they are words
		check "$options: a session of one's own is no sign of a parent that is gone" \
			ends_with 0 setsid --wait "$sbx" --ro-bind / / $options -- true
		# shellcheck disable=SC2086
		check "$options: nor is another session of the parent's" in_turn_below "" $options
		# shellcheck disable=SC2086
		check "$options: nor a sandbox that the parent is" in_turn_below --kill-on-exit $options
		# shellcheck disable=SC2086
		check "$options: who has been adopted before does begin" \
			prints "ready
status 3" witness orphan -- $options -- leave polite
	done
}

# in_turn_below OUTER OPTION...: a sandbox starts directly below one with the option OUTER; or, if
# that is empty, below a process that has begun another session since.
in_turn_below()
{
	local outer=$1 i
	shift
	for ((i = 0; i < 20; i++)); do
		if [ -n "$outer" ]; then
			"$sbx" --ro-bind / / --dev-bind /proc /proc "$outer" -- \
				"$sbx" --ro-bind / / "$@" -- true || return
		else
			"$helpers/witness" new-session "$sbx" --ro-bind / / "$@" -- true || return
		fi
	done
}

# --- The command ---------------------------------------------------------------

# command_ends WANT OPTION... -- KIND: the witness sees WANT when COMMAND leaves KIND behind.
command_ends()
{
	local want=$1
	shift
	prints "$want" witness run -- "${@:1:$#-1}" leave "${!#}"
}

all_gone="ready
status 3, left 0, zombies 0"
all_gone_in_peace="ready
in peace
status 3, left 0, zombies 0"

kill_on_exit()
{
	local name=$1 kind
	shift
	for kind in polite hidden; do
		check "--kill-on-exit $name: what is left ends on SIGTERM: $kind" \
			takes 0 800 command_ends "$all_gone_in_peace" --kill-on-exit "$@" -- $kind
	done
	for kind in deaf deaf-hidden; do
		check "--kill-on-exit $name: what ignores that is killed after a second: $kind" \
			takes 900 3000 command_ends "$all_gone" --kill-on-exit "$@" -- $kind
		check "--kill-on-exit-after $name: or when it was asked for: $kind" \
			takes 200 800 command_ends "$all_gone" --kill-on-exit-after 0.2 "$@" -- $kind
	done
	for kind in forker deaf-forker; do
		check "--kill-on-exit $name: what forks all the time ends as well: $kind" \
			command_ends "$all_gone" --kill-on-exit "$@" -- $kind
	done
	check "--kill-on-exit $name: with nothing left there is nothing to wait for" \
		takes 0 800 prints "status 0, left 0, zombies 0" plain_run --kill-on-exit "$@"
}

# plain_run OPTION...: a COMMAND that leaves nothing.
plain_run()
{
	timeout --kill-after=5 60 "$helpers/witness" run "$sbx" --ro-bind / / "$@" -- true
}

dies_with_command()
{
	local name=$1 kind
	shift
	for kind in polite deaf-hidden deaf-forker; do
		check "--die-with-parent $name: what is left when COMMAND ends is killed: $kind" \
			takes 0 800 command_ends "$all_gone" --die-with-parent "$@" -- $kind
	done
}

# held_by_another OPTION...: a remaining process keeps COMMAND from being reaped.
held_by_another()
{
	check "it is ended if it holds COMMAND in its exit: $*" \
		takes 0 1900 command_ends "$all_gone" "$@" -- tracer
}

held()
{
	if ! can_trace; then
		skip "$who: COMMAND that is held in its exit" "this host forbids tracing"
		return
	fi
	held_by_another --kill-on-exit
	held_by_another --kill-on-exit-after 5 --unshare-pid
	held_by_another --die-with-parent
	held_by_another --die-with-parent --teardown-timeout 0.2
}

keeps_running()
{
	local name=$1 kind
	shift
	for kind in deaf hidden; do
		check "--keep-running $name: what is left lives on, and sbx returns: $kind" \
			takes 0 800 lives_on --keep-running "$@" -- $kind
		check "that is the default, $name: $kind" takes 0 800 lives_on "$@" -- $kind
	done
}

lives_on()
{
	local said
	said=$(witness run -- "${@:1:$#-1}" leave "${!#}")
	echo "$said"
	grep -qE '^status 3, left [1-9][0-9]*, zombies 0$' <<<"$said" &&
		grep -qE '^# left: process [0-9]+, payload,' <<<"$said"
}

no_zombies()
{
	local name=$1
	shift
	check "no zombie is left $name" \
		prints "status 0, left 0, zombies 0" plain_run "$@"
	check "nor with --die-with-parent" \
		prints "status 0, left 0, zombies 0" plain_run --die-with-parent "$@"
	check "nor by a failed set-up" \
		prints "status 125, left 0, zombies 0" plain_run --bind /nope /nope "$@"
}

# --- The processes of sbx ------------------------------------------------------

# start OPTION... -- WORD...: start a sandbox that prints "ready"; sets $started, and $pipe to its output.
start()
{
	local line
	rm -f said && mkfifo said
	sandbox "$@"
	"${words[@]}" >said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" && echo "$line" && [ "$line" = ready ]
}

# below PID NAME: the child of process PID with that name.
below()
{
	local child
	tr ' ' '\n' <"/proc/$1/task/$1/children" | while read -r child; do
		[ "$(cat "/proc/$child/comm")" != "$2" ] || echo "$child"
	done
}

# finish: kill the sandbox that was started, and see that it goes.
finish()
{
	kill -KILL "$started"
	wait "$started" 2>/dev/null
	timeout 10 cat <&"$pipe" >/dev/null
	exec {pipe}<&-
}

has_names()
{
	local status=0
	start --die-with-parent "$@" -- family || return
	[ "$(cat "/proc/$started/comm")" = sbx-monitor ] &&
		[ -n "$(below "$started" sbx-janitor)" ] &&
		[ -n "$(below "$(below "$started" sbx-reaper)" payload)" ] || status=1
	head -n 100 /proc/{"$started",[0-9]*}/comm 2>/dev/null | grep -A1 "/$started/"
	finish
	return $status
}

# ignores VICTIM OPTION...: signals other than SIGKILL do nothing to it.
ignores()
{
	local victim=$1 pid signal status=0
	shift
	start --die-with-parent "$@" -- family || return
	pid=$(below "$started" "sbx-$victim")
	[ -n "$pid" ] || status=1
	for signal in TERM INT HUP QUIT USR1 USR2 ALRM CHLD PIPE TSTP CONT; do
		kill -$signal "$pid" || status=1
	done
	sleep 0.1
	is_gone "$pid" && status=1
	is_gone "$started" && status=1
	kill -TERM "$started"
	wait "$started"
	[ $? -eq 143 ] || status=1
	timeout 10 cat <&"$pipe" || status=1
	exec {pipe}<&-
	return $status
}

# killed VICTIM OPTION...: when it is killed, all end within 100 ms, and sbx does not hang.
killed()
{
	local victim=$1 pid
	shift
	start --die-with-parent "$@" -- family || return
	pid=$(below "$started" "sbx-$victim")
	[ -n "$pid" ] && kill -KILL "$pid" && takes 0 500 timeout 10 cat <&"$pipe" || return
	exec {pipe}<&-
	ended >/dev/null 2>&1
	true
}

# kill_before_command PROGRAM VICTIM OPTION...: start PROGRAM, without --die-with-parent, and kill
# VICTIM while COMMAND runs, which waits for "go" and prints to "said", open as $pipe.
kill_before_command()
{
	local program=$1 victim=$2 pid line
	shift 2
	rm -f said go && mkfifo said go
	"$program" --ro-bind / / --proc /proc "$@" -- sh -c 'echo ready; read line <go; echo alive; exit 5' \
		>said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" || return
	pid=$started
	[ "$victim" = monitor ] || pid=$(below "$started" "sbx-$victim")
	[ -n "$pid" ] && kill -KILL "$pid"
}

# lives_without PROGRAM VICTIM OPTION...: COMMAND does.
lives_without()
{
	local victim=$2 status=0
	kill_before_command "$@" || return
	sleep 0.1
	timeout 10 sh -c 'echo >go' && [ "$(timeout 10 cat <&"$pipe")" = alive ] || return
	wait "$started" || status=$?
	echo "status $status"
	[ "$victim" = monitor ] || [ "$status" -eq 5 ]
}

# ends_with_monitor OPTION...: COMMAND does, and no process is left to print.
ends_with_monitor()
{
	kill_before_command "$sbx" monitor "$@" && prints "" timeout 10 cat <&"$pipe"
}

members()
{
	local name=$1 victim
	shift
	check "the processes can be told by their names, $name" has_names "$@"
	for victim in janitor reaper; do
		check "signals but SIGKILL are nothing to the $victim, $name" ignores $victim "$@"
		check "--die-with-parent $name: all ends with the killed $victim" killed $victim "$@"
	done
	check "without --die-with-parent COMMAND lives without the janitor, $name" \
		lives_without "$sbx" janitor "$@"
	check "but not without the monitor, $name" ends_with_monitor "$@"
	check "as it does under the name bwrap, $name" lives_without "$bwrap" monitor "$@"
}

# stops_waiting FROM TO OPTION...: sbx waits no longer than the timeout for a janitor that cannot do
# its work, and reports it.
stops_waiting()
{
	local from=$1 to=$2 janitor status=0
	shift 2
	rm -f go said ready && mkfifo go
	"$sbx" --ro-bind / / --proc /proc --bind . "$PWD" "$@" -- \
		sh -c 'echo >ready; read line <go; exit 5' 2>said </dev/null &
	started=$!
	eventually test -s ready || return
	janitor=$(below "$started" sbx-janitor)
	[ -n "$janitor" ] && kill -STOP "$janitor" && timeout 10 sh -c 'echo >go' &&
		takes "$from" "$to" ends_with 5 wait "$started" || status=1
	cat said
	grep -q "sbx-janitor (process $janitor)" said || status=1
	kill -KILL "$janitor"
	return $status
}

# does_not_wait_for_readers OPTION...: nor if its report cannot be read.
does_not_wait_for_readers()
{
	local full janitor status=0
	rm -f go ready full && mkfifo go full && exec {full}<>full || return
	dd if=/dev/zero of=full oflag=nonblock bs=4096 status=none
	"$sbx" --ro-bind / / --proc /proc --bind . "$PWD" "$@" -- \
		sh -c 'echo >ready; read line <go; exit 5' 2>&"$full" </dev/null &
	started=$!
	eventually test -s ready || return
	janitor=$(below "$started" sbx-janitor)
	[ -n "$janitor" ] && kill -STOP "$janitor" && timeout 10 sh -c 'echo >go' &&
		takes 0 800 ends_with 5 ended || status=1
	kill -KILL "$janitor"
	exec {full}<&-
	return $status
}

timeouts()
{
	local name=$1
	shift
	check "--teardown-timeout $name: sbx waits for nobody longer than that" \
		stops_waiting 250 800 --teardown-timeout 0.3 "$@"
	check "nor for who does not read what it says, $name" \
		does_not_wait_for_readers --teardown-timeout 0.1 "$@"
	check "that is a second unless it is said, $name" stops_waiting 900 1900 "$@"
}

tests()
{
	in_turn parents
	orphans
	in_turn kill_on_exit
	check "--kill-on-exit with --unshare-pid: even what forks as fast as it can" \
		command_ends "$all_gone" --kill-on-exit-after 0.2 --unshare-pid -- hasty
	in_turn dies_with_command
	held
	in_turn keeps_running
	in_turn no_zombies
	in_turn members
	in_turn timeouts
	check "200 launches, 8 at a time, leave nothing" "$helpers/soak-runner" "$sbx" 200 8
}

run_as_both tests
