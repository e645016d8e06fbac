#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which descriptors COMMAND has, and which the processes of sbx hold.
. "$(dirname "$0")/lib.sh"

# sees NUMBERS COMMAND...: a program run by COMMAND finds these descriptors open, no others.
sees()
{
	local numbers=$1
	shift
	prints "$numbers " "$@" --ro-bind "$helpers" /h -- /h/fds
}

inherited()
{
	check "COMMAND has 0, 1 and 2, and nothing of sbx's" sees "0 1 2" box
	check "with all that sbx can make" \
		sees "0 1 2" box --unshare-all --proc /proc --dev /dev --tmpfs /t --hostname x --new-session
	check "with other ids, too" sees "0 1 2" box --unshare-user --dev /dev --uid 5 --gid 5
	check "with --as-pid-1, too" sees "0 1 2" box --unshare-pid --as-pid-1
	check "with --die-with-parent, too" sees "0 1 2" box --unshare-pid --die-with-parent
	check "what it inherits stays open" sees "0 1 2 7 9" box 7</dev/null 9>/dev/null
	check "high numbers, too" sees "0 1 2 250" box 250</dev/null
	check "it can use them" prints data box -- sh -c 'cat <&7' 7< <(printf data)
	"$helpers/filter" print 1 sync >program
	check "what options name is closed" \
		sees "0 1 2 10" box --args 4 --file 5 /f --bind-data 6 /g --ro-bind-data 7 /i \
		--add-seccomp-fd 8 --add-seccomp-fd 9 4</dev/null 5</dev/null 6</dev/null 7</dev/null \
		8<program 9<program 10</dev/null
	check "none is open in the sandbox that leads out of it" no_way_out
}

# no_way_out: no descriptor of a process in the sandbox is of a directory.
no_way_out()
{
	prints "" box --unshare-pid --proc /proc -- \
		sh -c 'for fd in /proc/[0-9]*/fd/*; do [ ! -d "$fd" ] || ls -l "$fd"; done'
}

# With 7, 9 and 250 open, of which options may keep some.
with_three()
{
	box "$@" 7</dev/null 9>/dev/null 250</dev/null
}

kept()
{
	check "--close-fds closes what COMMAND would inherit" sees "0 1 2" with_three --close-fds
	check "--keep-fd leaves what it names" sees "0 1 2 9" with_three --close-fds --keep-fd 9
	check "wherever it stands, and several times" \
		sees "0 1 2 7 250" with_three --keep-fd 250 --close-fds --keep-fd 7
	check "all of them" sees "0 1 2 7 9 250" with_three --close-fds --keep-fd 7 --keep-fd 9 --keep-fd 250
	check "the same one twice" sees "0 1 2 7" with_three --close-fds --keep-fd 7 --keep-fd 7
	check "0, 1 and 2 may be named" sees "0 1 2" with_three --close-fds --keep-fd 1 --keep-fd 0
	check "with --unshare-pid" sees "0 1 2 9" with_three --unshare-pid --close-fds --keep-fd 9
	check "with --as-pid-1" sees "0 1 2 9" with_three --unshare-pid --as-pid-1 --close-fds --keep-fd 9
	check "with all namespaces and other ids" \
		sees "0 1 2 9" with_three --unshare-all --dev /dev --uid 5 --close-fds --keep-fd 9
	check "with --seccomp" with_program_and_three
	check "0 stays closed if it was" sees "1 2 9" box_without_0_but_9 --close-fds --keep-fd 9
	check "what is kept works" prints data box --close-fds --keep-fd 7 -- sh -c 'cat <&7' 7< <(printf data)
	check "--keep-fd needs --close-fds" \
		fails 125 "sbx: --keep-fd needs --close-fds" with_three --keep-fd 7 -- true
	check "a descriptor that is not open cannot be kept" \
		fails 125 "sbx: --keep-fd: descriptor 99 is not open" box --close-fds --keep-fd 99 -- true
	check "nor what another option uses" \
		fails 125 "sbx: --keep-fd: descriptor 7 is used by another option" \
		box --close-fds --keep-fd 7 --file 7 /f -- true 7</dev/null
	check "nor what is no number" \
		fails 125 "sbx: --keep-fd: not a file descriptor: x" box --close-fds --keep-fd x -- true
}

with_program_and_three()
{
	"$helpers/filter" print 1 sync close_range >program
	sees "0 1 2 9" with_three --close-fds --keep-fd 9 --seccomp 5 5<program
}

box_without_0_but_9()
{
	box "$@" <&- 9>/dev/null
}

closed()
{
	check "0 may be closed" sees "1 2" box_without_0
	check "sbx starts with 0, 1 and 2 closed, and returns the status" \
		ends_with 6 box_closed -- sh -c 'exit 6'
	check "they stay closed for COMMAND" closed_inside
	check "a descriptor of sbx's that becomes 0, 1 or 2 is not taken for them" \
		ends_with 6 box_closed --unshare-all --dev /dev --proc /proc --uid 5 --tmpfs /t -- sh -c 'exit 6'
	check "--file may have descriptor 0" \
		prints data box_with_data_in_0 --file 0 /f -- cat /f
}

box_without_0()
{
	box "$@" <&-
}

box_with_data_in_0()
{
	printf data | box "$@"
}

box_closed()
{
	box "$@" <&- >&- 2>&-
}

closed_inside()
{
	rm -f result && : >result
	box --bind . /d --ro-bind "$helpers" /h -- sh -c '/h/fds >/d/result' <&- >&- 2>&-
	prints "1 " cat result
}

errors()
{
	local option
	for option in --file --bind-data --ro-bind-data; do
		check "a descriptor that is not open is an error for $option" \
			fails 125 "sbx: $option: descriptor 99 is not open" box $option 99 /f -- true
		check "as is one that is no number for $option" \
			fails 125 "sbx: $option: not a file descriptor: 1x" box $option 1x /f -- true
		check "or too large for $option" \
			fails 125 "sbx: $option: not a file descriptor: 4294967296" \
			box $option 4294967296 /f -- true
		check "or used twice by $option" \
			fails 125 "sbx: $option: descriptor 7 is used twice" \
			box $option 7 /f $option 7 /g -- true 7</dev/null
		check "or cannot be read for $option" \
			fails_saying 125 "^sbx: $option: cannot copy descriptor 7 .*: Is a directory$" \
			box $option 7 /f -- true 7</
	done
	check "nothing but what options name is used: 3 to 9 closed" \
		box --file 20 /f -- true 20</dev/null
}

# The monitor and the reaper must not keep a pipe open that COMMAND inherited and closed.
pipes()
{
	check "the monitor and the reaper hold no pipe that COMMAND inherits" pipe_is_free
	check "with --unshare-pid, either" pipe_is_free --unshare-pid
	check "with --unshare-all and other ids, either" \
		pipe_is_free --unshare-all --dev /dev --uid 5
	check "the reaper holds not even its standard input and output" output_is_free --unshare-pid
	check "nor without a process namespace" output_is_free
}

# COMMAND closes descriptor 7 and stays: the reader sees the end of file.
pipe_is_free()
{
	local result=0 started
	rm -f pipe && mkfifo pipe
	"$sbx" --ro-bind / / "$@" -- sh -c 'exec 7>&-; exec sleep 100' \
		7>pipe >/dev/null 2>&1 </dev/null &
	started=$!
	timeout 10 cat pipe || result=1
	kill "$started"
	wait "$started"
	return $result
}

# A process that is left behind has closed its standard output: the reader sees the end of file.
output_is_free()
{
	rm -f go && mkfifo go
	timeout 10 cat <(box --dev /dev --bind . /d "$@" -- \
		sh -c 'sh -c "exec >/dev/null 2>&1; read line </d/go" & echo started') &&
		timeout 10 sh -c 'echo >go'
}

tests()
{
	inherited
	kept
	closed
	errors
	pipes
}

run_as_both tests
