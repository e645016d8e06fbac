#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signals to sbx, and keys on its terminal.
. "$(dirname "$0")/lib.sh"

# Start sbx with these options and the counter of signals; sets $started and $pipe.
# (Background children of a shell ignore SIGINT and SIGQUIT, those of nohup SIGHUP.)
start_counter()
{
	local line
	rm -f said && mkfifo said
	env --default-signal=HUP,INT,QUIT,TERM,USR1,USR2 "$sbx" --ro-bind / / --proc /proc "$@" -- "$helpers/count_signals" \
		>said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" && echo "$line" && [ "$line" = ready ]
}

# arrives SIGNAL OPTION...: it arrives once, and sbx returns the counter's status.
arrives()
{
	local signal=$1 count status=0
	shift
	start_counter "$@" || return
	kill "-$signal" "$started"
	count=$(timeout 20 cat <&"$pipe")
	wait "$started" || status=$?
	echo "status $status, $count"
	[ "$status" -eq 0 ] && [ "$count" = "$signal 1" ]
}

passed_on()
{
	local signal
	for signal in TERM INT HUP QUIT USR1 USR2; do
		check "SIG$signal is passed on to COMMAND, once" arrives $signal
		check "with --unshare-pid, too" arrives $signal --unshare-pid
		check "and with --as-pid-1" arrives $signal --unshare-pid --as-pid-1
		check "and with --new-session" arrives $signal --unshare-pid --new-session
	done
	check "also with other ids and a second user namespace" \
		arrives TERM --unshare-all --dev /dev --uid 5 --gid 5
	check "a COMMAND that dies of it gives 128 and its number" dies_of TERM 143
	check "as bubblewrap, SIGKILL to the monitor is the end of it, not of COMMAND" survives_kill
	check "a signal that the caller ignores stays ignored, by COMMAND too" ignored_stays
	check "several signals arrive, each once" several_arrive
}

dies_of()
{
	local status=0 line
	rm -f said && mkfifo said
	"$sbx" --ro-bind / / --proc /proc --unshare-pid -- sh -c 'echo ready; exec sleep 100' >said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" || return
	kill "-$1" "$started"
	wait "$started" || status=$?
	[ "$status" -eq "$2" ] && timeout 10 cat <&"$pipe"
}

# The sandbox goes on without a monitor; and ends when COMMAND does.
survives_kill()
{
	local line
	rm -f said go && mkfifo said go
	"$bwrap" --ro-bind / / --proc /proc --unshare-pid -- sh -c 'echo ready; read line <go; echo alive' \
		>said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" || return
	kill -KILL "$started"
	wait "$started"
	timeout 10 sh -c 'echo >go' && [ "$(timeout 10 cat <&"$pipe")" = alive ]
}

ignored_stays()
{
	local status=0 line
	rm -f said go && mkfifo said go
	env --ignore-signal=HUP "$sbx" --ro-bind / / --proc /proc --unshare-pid -- \
		sh -c 'kill -HUP $$; echo ready; read line <go; exit 4' >said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" || return
	kill -HUP "$started"
	timeout 10 sh -c 'echo >go'
	wait "$started" || status=$?
	echo "status $status"
	[ "$line" = ready ] && [ "$status" -eq 4 ]
}

several_arrive()
{
	start_counter --unshare-pid || return
	kill -TERM "$started"
	kill -USR1 "$started"
	kill -USR2 "$started"
	[ "$(timeout 20 cat <&"$pipe")" = "TERM 1
USR1 1
USR2 1" ] && wait "$started"
}

# on_terminal KEY LINE OPTION...: typed on sbx's terminal, KEY gives LINE from the counter.
on_terminal()
{
	local key=$1 want=$2 said
	shift 2
	said=$(timeout 30 "$helpers/pty" "$key" "$sbx" --ro-bind / / --proc /proc "$@" -- "$helpers/count_signals")
	echo "$said"
	grep -q "^$want" <<<"$said" && [ "$(grep -cE '^[A-Z0-9]+ [0-9]+' <<<"$said")" -eq 1 ]
}

typed()
{
	local options
	for options in "" --unshare-pid "--unshare-pid --as-pid-1" --new-session \
		"--unshare-pid --new-session" "--unshare-pid --as-pid-1 --new-session"; do
		# shellcheck disable=SC2086 # no word, or several
		check "Ctrl-C on the terminal arrives once${options:+, with $options}" \
			on_terminal $'\003' "INT 1" $options
		# shellcheck disable=SC2086
		check "Ctrl-\\ on the terminal arrives once${options:+, with $options}" \
			on_terminal $'\034' "QUIT 1" $options
	done
	check "Ctrl-C ends sbx if it ends COMMAND" \
		ends_with 130 timeout 30 "$helpers/pty" $'\003' "$sbx" --ro-bind / / -- \
		sh -c 'echo ready; exec sleep 100'
	check "and with --new-session" \
		ends_with 130 timeout 30 "$helpers/pty" $'\003' "$sbx" --ro-bind / / --new-session -- \
		sh -c 'echo ready; exec sleep 100'
}

# --- Process groups and stops -----------------------------------------------------

# has_own_group OPTION...: COMMAND leads a process group that is not the caller's.
has_own_group()
{
	local group said
	group=$(cut -d ' ' -f 5 "/proc/$BASHPID/stat")
	said=$("$sbx" --ro-bind / / --proc /proc "$@" -- \
		sh -c 'echo "$$ $(cut -d " " -f 5 /proc/$$/stat)"')
	echo "caller's $group, COMMAND and its group: $said"
	[ "${said% *}" = "${said#* }" ] && [ "${said#* }" != "$group" ]
}

# spares_caller SIGNAL OPTION...: COMMAND kills its process group, and the caller goes on.
spares_caller()
{
	local signal=$1
	shift
	local status=$((128 + $(kill -l "$signal")))
	prints "on $status" timeout 20 setsid --wait bash -c '"$@"; echo "on $?"' - \
		"$sbx" --ro-bind / / "$@" -- sh -c "kill -$signal 0; exec sleep 5"
}

# start_leader OPTION...: start sbx as the leader of a process group; sets $started and $pipe.
start_leader()
{
	local line
	rm -f said && mkfifo said
	setsid "$sbx" --ro-bind / / --dev /dev --proc /proc "$@" -- sh -c 'sleep 100 & echo ready; sleep 100 & wait' \
		>said 2>&1 </dev/null &
	started=$!
	exec {pipe}<said
	read -r -t 20 line <&"$pipe" && [ "$line" = ready ]
}

# ends_with_it WHOM OPTION...: SIGKILL to "group" or "monitor" leaves nothing of the sandbox.
ends_with_it()
{
	local whom=$1 result=0
	shift
	start_leader "$@" || return
	if [ "$whom" = group ]; then kill -KILL -- "-$started"; else kill -KILL "$started"; fi
	timeout 20 cat <&"$pipe" || result=1
	exec {pipe}<&-
	wait "$started" || return "$result"
}

# timeout(1) signals its process group.
ends_in_time()
{
	prints "" timeout --kill-after=5 30 \
		bash -c '[ -z "$(timeout 0.3 "$@")" ]' - "$sbx" --ro-bind / / "$@" -- sh -c 'sleep 100; true'
}

# interrupts_all OPTION...: SIGINT to the process group of sbx kills the shell's child.  The shell
# ignores SIGINT until its child has exited.
interrupts_all()
{
	prints "" timeout --kill-after=5 30 \
		bash -c '[ -z "$(timeout --signal=INT 1 "$@")" ]' - env --default-signal=INT \
		"$sbx" --ro-bind / / "$@" -- bash -c 'sleep 100; true'
}

is_stopped()
{
	grep -q '^State:.T' "/proc/$started/status"
}

# goes_on_as_bwrap OPTION...: the process that has stopped COMMAND continues it, and nothing else.
goes_on_as_bwrap()
{
	# shellcheck disable=SC2016
	ends_with 4 timeout --kill-after=5 30 setsid --wait "$bwrap" --ro-bind / / --dev /dev "$@" -- \
		sh -c '(sleep 0.2; kill -CONT $$) & kill -STOP $$; exit 4' </dev/null
}

# stops_as_well OPTION...: if COMMAND stops itself, sbx stops, and continues it.
stops_as_well()
{
	local result=0
	"$sbx" --ro-bind / / "$@" -- sh -c 'kill -STOP $$; exit 4' </dev/null &
	started=$!
	eventually is_stopped || result=1
	kill -CONT "$started"
	ends_with 4 ended && return "$result"
}

grouped()
{
	local options
	for options in "" --unshare-pid "--unshare-pid --as-pid-1" --new-session --die-with-parent \
		"--lock-file /etc/passwd" "--unshare-pid --new-session"; do
		# shellcheck disable=SC2086 # no word, or several
		check "COMMAND has a process group of its own${options:+, with $options}" \
			has_own_group $options
		# shellcheck disable=SC2086
		check "SIGKILL to the monitor ends all${options:+, with $options}" \
			ends_with_it monitor $options
		# shellcheck disable=SC2086
		check "to its process group, too${options:+, with $options}" ends_with_it group $options
		[[ $options != *as-pid-1* ]] || continue # the kernel keeps signals from that
		# shellcheck disable=SC2086
		check "timeout ends all${options:+, with $options}" ends_in_time $options
		# shellcheck disable=SC2086
		check "by SIGINT, too${options:+, with $options}" interrupts_all $options
		# shellcheck disable=SC2086
		check "a stop of COMMAND stops sbx${options:+, with $options}" stops_as_well $options
		# shellcheck disable=SC2086
		check "without a terminal, it does not stop bwrap${options:+, with $options}" \
			goes_on_as_bwrap $options
	done
	for options in "" --new-session --unshare-pid "--unshare-pid --new-session"; do
		# shellcheck disable=SC2086
		check "COMMAND cannot kill the caller's group${options:+, with $options}" \
			spares_caller KILL $options
		# shellcheck disable=SC2086
		check "nor interrupt it${options:+, with $options}" spares_caller INT $options
	done
}

tests()
{
	passed_on
	typed
	grouped
}

run_as_both tests
