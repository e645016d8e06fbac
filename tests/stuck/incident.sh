#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# incident.sh [--compare]: a sandbox with a tmpfs so full that the kernel needs seconds to unmount
# it.  sbx does not wait for that, unless an option asks for it.  --compare prints a table of the
# actions of sbx and bubblewrap instead.
# shellcheck disable=SC2034,SC2154 # variables of lib.sh and run.sh
. "$(dirname "$0")/../integration/lib.sh"

files=2000000
file_bytes=1300 # of the kernel's memory, and some to spare
pages_mib=8192
ends_within=100
margin=0.2

available_mib()
{
	awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}

# fills MIB: a command that fills the sandbox's tmpfs with files, and with one of MIB.
fills()
{
	local needed=$((files * file_bytes / 1048576 + $1))
	[ "$(available_mib)" -gt $((needed * 3 / 2)) ] || return "$unable"
	start --size $(((needed + 1024) * 1048576)) --tmpfs /mnt -- "$helpers/fill" /mnt "$files" "$1"
}

# There is one process left, which is still busy, and has been reported.
janitor_is_left()
{
	printf '%s\n' "${left[@]}"
	cat said status
	# shellcheck disable=SC2086 # three words
	[ ${#left[@]} -eq 1 ] && [[ ${left[0]} == *" sbx-janitor" ]] && is_reported ${left[0]}
}

# Only its new parent waits for it, and reaps it.
janitor_ends()
{
	local pid=${left[0]%% *} start=$SECONDS
	timeout 60 sh -c 'while [ -e "/proc/$0" ]; do sleep 0.05; done' "$pid" || return
	echo "after $((SECONDS - start)) s more"
}

nothing_is_said()
{
	printf '%s\n' "${there[@]}"
	cat said status
	[ ${#there[@]} -eq 0 ] && ! grep -vq "^sbx: a bind includes the host's /proc" said && ! grep -q stuck status
}

# A machine that is busy with something else can be late, but not twice.
play_in_time()
{
	local result=0
	play sbx "$@" >"$scratch/played" 2>&1 || result=$?
	if [ "$result" -eq 0 ] && ! is_in_time >/dev/null; then
		play sbx "$@" >"$scratch/played" 2>&1 || result=$?
	fi
	return "$result"
}

# checked NAME FUNCTION MIB: play it, and call FUNCTION for the checks.
checked()
{
	local name=$1 checks=$2 result=0
	play_in_time fills "$3" || result=$?
	if [ "$result" -eq "$unable" ]; then
		skip "$who: $name" "there is not enough memory"
	elif [ "$result" -ne 0 ]; then
		check "$name: can be played" show_failure
	else
		check "$name: sbx returns in time" is_in_time
		check "$name: with the command's status" has_status 7
		"$checks"
	fi
	check "$name: everything can be cleared away" clear_up
}

does_not_wait()
{
	check "$name: the janitor is left, and reported" janitor_is_left
	[ ${#left[@]} -eq 0 ] || check "$name: it ends by itself" janitor_ends
}

waits()
{
	check "$name: nothing is left and nothing is said" nothing_is_said
}

wait_long()
{
	local deadline=60 only=(--teardown-timeout 60) hung_after=70
	"$@"
}

compared()
{
	printf '%-44s' "$who${pidns:+, $pidns}: $files files, $1 MiB"
	hung_after=60 print_outcome sbx fills "$1"
	hung_after=60 print_outcome bwrap fills "$1"
	echo
}

tests()
{
	local pidns=""
	if [ -n "$compare" ]; then
		compared 0
		pidns=--unshare-pid
		compared "$pages_mib"
	elif [ "$who" = root ]; then
		checked "many files" does_not_wait 0
	else
		pidns=--unshare-pid
		checked "many files and pages, --unshare-pid" does_not_wait "$pages_mib"
		wait_long checked "many files, --unshare-pid, --teardown-timeout 60" waits 0
	fi
}

run_scenes tests "$@"
