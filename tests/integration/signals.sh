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
	check "SIGKILL to the monitor is the end of it, not of COMMAND" survives_kill
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
	"$sbx" --ro-bind / / --proc /proc --unshare-pid -- sh -c 'echo ready; read line <go; echo alive' \
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

tests()
{
	passed_on
	typed
}

run_as_both tests
