#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --info-fd and --json-status-fd: the text, byte by byte, and its time.
. "$(dirname "$0")/lib.sh"

# told BEFORE BETWEEN AFTER KIND...: a JSON object of child-pid and these namespaces, with their
# numbers as the host sees them.
told()
{
	local before=$1 between=$2 after=$3 kind
	shift 3
	printf '%s"child-pid": %d' "$before" "$child"
	for kind; do
		printf '%s"%s-namespace": %s' "$between" "$kind" "$(stat -Lc %i "/proc/$child/ns/$kind")"
	done
	printf '%s\n' "$after"
}

# tells KINDS OPTION...: both descriptors report these namespaces, and no others.
tells()
{
	local kinds=$1 object line
	shift
	start_held "$@" -- true || return
	# shellcheck disable=SC2086 # several words
	object=$(told $'{\n    ' $',\n    ' $'\n}' $kinds && echo .)
	# shellcheck disable=SC2086
	line=$(told '{ ' ', ' ' }' $kinds)
	let_go || return
	cat status
	[ "$info" = "${object%.}" ] && [ "$(head -n 1 status)" = "$line" ]
}

beginnings()
{
	local all="cgroup ipc mnt net pid uts" kind
	check "the process and the new mount namespace are told" tells mnt
	for kind in cgroup ipc net pid uts; do
		check "with --unshare-$kind, that namespace as well" \
			tells "$(printf '%s\n' mnt $kind | sort | paste -sd ' ')" "--unshare-$kind"
	done
	check "with --unshare-all, all but the user namespace" tells "$all" --unshare-all
	check "--unshare-user makes no difference" tells mnt --unshare-user
	check "neither does a second user namespace" tells "$all" --unshare-all --dev /dev --uid 5
	check "nor a network that is kept" tells "cgroup ipc mnt pid uts" --unshare-all --share-net
}

# --- The process child-pid ----------------------------------------------------

parent_of()
{
	sed -nE 's/^PPid:\t//p' "/proc/$1/status"
}

# family WANT OPTION...: WANT is "command" if child-pid is to be COMMAND itself, "reaper" if it
# is to be COMMAND's parent.  Either way it is a child of sbx.
family()
{
	local want=$1 command actual=reaper result=1
	shift
	mkfifo go 2>/dev/null
	start_held "$@" -- sh -c "read -r line <'$PWD/go'" 9<lockable || return
	exec {block}>&-
	command=$(command_pid)
	[ "$command" != "$child" ] || actual="command"
	echo "child $child, command $command: $actual"
	[ "$actual" = "$want" ] && [ "$(parent_of "$child")" = "$started" ] &&
		{ [ "$actual" = command ] || [ "$(parent_of "$command")" = "$child" ]; } && result=0
	timeout 10 sh -c 'echo >go'
	ended
	return $result
}

families()
{
	: >lockable
	check "child-pid is COMMAND, a child of sbx" family command
	check "with most namespaces, too" \
		family command --unshare-user --unshare-ipc --unshare-net --unshare-uts --dev /dev --uid 5
	check "with --as-pid-1, too" family command --unshare-pid --as-pid-1
	check "with --unshare-pid it is COMMAND's parent" family reaper --unshare-pid
	check "with --lock-file, too" family reaper --lock-file "$PWD/lockable"
	check "with --sync-fd, too" family reaper --sync-fd 9
	check "command-pid is what the host calls COMMAND, in deeper namespaces as well" \
		family reaper --unshare-all --dev /dev --uid 5
}

# --- When ---------------------------------------------------------------------

# Before the mounts: the process still sees the host's files.  start_held() has seen the end of
# --info-fd while COMMAND is held.
before_mounts()
{
	local result=0
	rm -f unmapped && mkfifo unmapped && exec 8<>unmapped || return
	start_held --unshare-user --userns-block-fd 8 --tmpfs /tmp -- true || return
	diff <(cut -d ' ' -f 5 "/proc/$started/mountinfo" | sort) \
		<(cut -d ' ' -f 5 "/proc/$child/mountinfo" | sort) ||
		result=1
	[ -z "$(cat "/proc/$child/uid_map")" ] || result=1
	[ "$(wc -l <status)" -eq 1 ] || result=1
	kill -TERM "$started"
	exec 8>&-
	let_go
	return $result
}

# While --file waits for its data, and with it all that comes after.
before_data()
{
	local result=0
	rm -f data && mkfifo data && exec {data}<>data || return
	start_held --tmpfs /tmp --file "$data" /tmp/f -- true || return
	wait_for_status child-pid || result=1
	[ "$(wc -l <status)" -eq 1 ] || result=1
	kill -TERM "$started"
	let_go
	exec {data}>&-
	return $result
}

# No other line comes until COMMAND is released.
before_release()
{
	local result=0
	start_held -- true || return
	[ "$(wc -l <status)" -eq 1 ] || result=1
	let_go && [ "$(wc -l <status)" -gt 1 ] && return $result
}

order()
{
	check "both tell before there are mounts or ids" before_mounts
	check "and before options that wait" before_data
	check "what comes next is said when COMMAND is released" before_release
	check "--info-fd comes first" info_comes_first
	check "each object is one write" one_write_each
	check "COMMAND gets neither descriptor" no_descriptor
}

# trace_writes OPTION...: record the writes to 6 and 7 in the file "trace".
trace_writes()
{
	strace -f -qq -s 1000 -e trace=write -o trace "$sbx" --ro-bind / / "$@" \
		--info-fd 6 --json-status-fd 7 -- sh -c 'exit 3' 6>object 7>status
	grep -oE 'write\([67], .*' trace
}

info_comes_first()
{
	trace_writes | head -n 1 | grep '^write(6, '
}

one_write_each()
{
	trace_writes --unshare-all >writes
	cat writes
	[ "$(grep -c '^write(6, "{' writes)" -eq 1 ] &&
		[ "$(grep -c '^write(7, ' writes)" -eq "$(wc -l <status)" ] &&
		! grep '^write(7, ' writes | grep -vE '\\n", [0-9]+\) += [0-9]+$'
}

no_descriptor()
{
	prints "0 1 2 " box --ro-bind "$helpers" /h --info-fd 6 --json-status-fd 7 -- /h/fds \
		6>object 7>status
}

# --- How it ends --------------------------------------------------------------

# says LINES COMMAND...: box writes LINES to --json-status-fd, with the numbers of processes,
# namespaces and usage replaced by N.
says()
{
	local lines=$1
	shift
	"$@" 7>status
	echo "status $?"
	sed -E 's/("[a-z-]+-(pid|namespace|us|kib)"): [0-9]+/\1: N/g' status >general
	cat general
	diff <(echo "$lines") general
}

ends()
{
	local begun='{ "child-pid": N, "mnt-namespace": N }'
	local running='{ "phase": "running", "command-pid": N }'
	local usage='"user-us": N, "system-us": N, "max-rss-kib": N }'
	local failed='{ "phase": "failed", "error": { "code": '
	check "a status" \
		says "$begun
$running
{ \"phase\": \"ended\", $usage
{ \"exit-code\": 3 }" box --json-status-fd 7 -- sh -c 'exit 3'
	check "a signal" \
		says "$begun
$running
{ \"phase\": \"ended\", \"signal\": 15, $usage
{ \"exit-code\": 143 }" box --json-status-fd 7 -- sh -c 'kill -TERM $$'
	check "the usage is not told where processes live on" \
		says "{ \"child-pid\": N, \"mnt-namespace\": N, \"pid-namespace\": N }
$running
{ \"phase\": \"ended\" }
{ \"exit-code\": 0 }" leaves_one --unshare-pid --json-status-fd 7
	check "the usage counts" usage_counts
	check "a COMMAND that is not there: an error, no exit-code" \
		says "$begun
$running
$failed\"ENOENT\", \"path\": \"/nope\", \"message\": \"cannot execute /nope: No such file or directory\" } }" \
		box --json-status-fd 7 -- /nope
	check "a failed set-up" \
		says "$begun
$failed\"ENOENT\", \"option\": \"--ro-bind\", \"path\": \"/nope\", \"message\": \"--ro-bind: cannot open /nope on the host: No such file or directory\" } }" \
		box --json-status-fd 7 --ro-bind /nope /x -- true
	check "options that make no sense" \
		says "$failed\"EINVAL\", \"message\": \"--hostname needs --unshare-uts\" } }" \
		box --json-status-fd 7 --hostname x -- true
	check "one that is unknown" \
		says "$failed\"EINVAL\", \"message\": \"unknown option --nope\" } }" \
		box --json-status-fd 7 --nope
	check "a hint" \
		says "$failed\"EINVAL\", \"option\": \"--cap-add\", \"message\": \"--cap-add: unknown capability net_admin\", \"hint\": \"names are written as in capabilities(7): CAP_NET_ADMIN\" } }" \
		box --json-status-fd 7 --cap-add net_admin -- true
	check "strings are JSON's, whatever is in a path" \
		says "$begun
$failed\"ENOENT\", \"option\": \"--bind\", \"path\": \"a\\\"b\\\\c\\u000a\\u001b\\ufffdé\\u007f\", \"message\": \"--bind: cannot open a\\\"b\\\\c\\u000a\\u001b\\ufffdé\\u007f on the host: No such file or directory\" } }" \
		box --json-status-fd 7 --bind $'a"b\\c\n\033\377é\177' /x -- true
	check "a signal before COMMAND runs: no exit-code" ended_early
	check "as bubblewrap, a status is two lines" \
		says "$begun
{ \"exit-code\": 3 }" as_bwrap --json-status-fd 7 -- sh -c 'exit 3'
	check "as bubblewrap, a signal" \
		says "$begun
{ \"exit-code\": 143 }" as_bwrap --json-status-fd 7 -- sh -c 'kill -TERM $$'
	check "as bubblewrap, a COMMAND that is not there is one line" \
		says "$begun" as_bwrap --json-status-fd 7 -- /nope
	check "as bubblewrap, a failed set-up, too" \
		says "$begun" as_bwrap --json-status-fd 7 --ro-bind /nope /x -- true
}

# A process stays behind until sbx has returned.
leaves_one()
{
	rm -f go && mkfifo go
	ends_with 0 box --dev /dev --bind . /d "$@" -- sh -c 'read -r line </d/go & :'
	timeout 10 sh -c 'echo >go'
}

as_bwrap()
{
	sbx=$bwrap box "$@"
}

# A COMMAND that uses some time and some memory, which the next does not have.
usage_counts()
{
	local user rss
	box --json-status-fd 7 -- bash -c 'x=$(head -c 20000000 /usr/bin/bash | od -An -v -tx1)
		[ "${#x}" -gt 1000000 ]' 7>status || return
	cat status
	user=$(sed -nE 's/.*"user-us": ([0-9]+),.*/\1/p' status)
	rss=$(sed -nE 's/.*"max-rss-kib": ([0-9]+) }/\1/p' status)
	[ "$user" -gt 10000 ] && [ "$rss" -gt 4000 ]
}

ended_early()
{
	start_held -- true || return
	kill -TERM "$started"
	ended
	echo "status $?"
	exec {block}>&-
	cat status
	! grep -q exit-code status
}

# --- Errors -------------------------------------------------------------------

errors()
{
	local option
	for option in --info-fd --json-status-fd; do
		check "a descriptor that is not open is an error for $option" \
			fails 125 "sbx: $option: descriptor 99 is not open" box $option 99 -- true
		check "as is one that cannot be written to" \
			fails 125 "sbx: $option: cannot write to descriptor 7: No space left on device" \
			box $option 7 -- true 7>/dev/full
		check "or that nobody reads" \
			fails 125 "sbx: $option: cannot write to descriptor 7: Broken pipe" to_nobody $option
		check "COMMAND has not run then" prints "" not_run $option
		check "bubblewrap's words for it" \
			fails 1 "bwrap: Write to info_fd: No space left on device" \
			as_bwrap $option 7 -- true 7>/dev/full
	done
	check "the same descriptor for both is an error" \
		fails 125 "sbx: --json-status-fd: descriptor 7 is used twice" \
		box --info-fd 7 --json-status-fd 7 -- true 7>object
	check "--json-status-fd twice: the last counts, and a warning says so" \
		fails 0 "sbx: Only the last --json-status-fd option will take effect" \
		box --json-status-fd 8 --json-status-fd 7 -- true 7>status 8>/dev/full
	check "who stops listening does not change the status" stops_listening
	check "--info-fd 2: at a pipe, its end comes before COMMAND's" ends_before_command
	check "a file goes on to hear of errors" hears_of_errors
	check "nothing of sbx's own gets the number 2" no_second_meaning
}

# The reader of the pipe lets COMMAND go when it has read all.
ends_before_command()
{
	local hold
	rm -f hold && mkfifo hold && exec {hold}<>hold || return
	"$sbx" --ro-bind / / --block-fd 7 --info-fd 2 -- true 7<hold {hold}<&- 2>&1 >/dev/null |
		(timeout 20 cat >object; echo >hold)
	ends_with 0 test "${PIPESTATUS[0]}" = 0 && grep -q child-pid object
}

hears_of_errors()
{
	ends_with 125 box --info-fd 2 --bind /nope /x -- true 2>object && tail -n 1 object &&
		grep -q child-pid object && grep -q '^sbx: --bind: ' object
}

# Without a reader, the message goes nowhere; it must not reach a socket of sbx's.
no_second_meaning()
{
	strace -f -qq -e trace=socketpair,clone3,openat,pidfd_open,write,exit_group -o trace \
		"$sbx" --ro-bind / / --info-fd 2 --json-status-fd 7 -- /nope 7>status 2>&1 | cat >object
	grep -q '^[0-9]* *write(2, "sbx: cannot execute' trace && grep -q '"phase": "failed"' status &&
		grep -q child-pid object && ! grep "cannot execute" object
}

to_nobody()
{
	local pipe reader
	mkfifo nobody 2>/dev/null
	exec {reader}<>nobody
	exec {pipe}>nobody
	exec {reader}>&-
	box "$1" 7 -- true 7>&"$pipe"
}

not_run()
{
	! box "$1" 7 -- echo ran 7>/dev/full
}

stops_listening()
{
	local line
	rm -f listened go && mkfifo listened go
	box --bind / / --json-status-fd 7 -- sh -c "read -r line <'$PWD/go'; exit 4" 7>listened &
	started=$!
	read -r line <listened
	timeout 10 sh -c 'echo >go'
	ends_with 4 wait "$started"
}

tests()
{
	beginnings
	families
	order
	ends
	errors
}

run_as_both tests
