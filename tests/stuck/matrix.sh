#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# matrix.sh [--compare]: the launcher's actions for sandboxes that cannot exit, or exit slowly.
#
# In each scene sbx has to return soon after the command's exit, with its status.  A process that is
# left a second later has to be unkillable, and to be reported.  --compare prints a table of the
# actions of sbx and bubblewrap instead.  SBX_STUCK_ONLY is a pattern: only the scenes whose
# "WHO: NAME" matches it are run.
# shellcheck disable=SC2154 # variables of lib.sh and run.sh
. "$(dirname "$0")/../integration/lib.sh"

# --- How scenes are run ----------------------------------------------------------

# scene NAME STATUS REST FUNCTION [ARG]...: FUNCTION is the scene, see run.sh.  The command ends
# with STATUS, a pattern.  REST is what may be left: "nothing"; "stuck", something, and all
# of it is reported; "reported", the same or nothing; "running", what need not be; see below.
scene()
{
	local name=$1
	shift
	# shellcheck disable=SC2053 # a pattern
	[[ "$who: $name" == ${SBX_STUCK_ONLY-*} ]] || return 0
	for pidns in $namespaces; do
		[ "$pidns" != - ] || pidns=""
		if [ -n "$compare" ]; then
			compare_scene "$@"
		else
			check_scene "$name${pidns:+, $pidns}" "$@"
		fi
	done
}

# Words that stand before "scene".  within SECONDS: how long sbx waits, if not for one second.
within()
{
	local deadline=$1
	shift
	"$@"
}

# with OPTION[=ARG]... --: options for sbx, which bubblewrap does not have.
with()
{
	local only=()
	while [ "$1" != -- ]; do
		only+=("$1")
		shift
	done
	shift
	"$@"
}

# in_pidns: in a PID namespace only, as the scene needs a first process.
in_pidns()
{
	local namespaces=--unshare-pid
	"$@"
}

as_root()
{
	[ "$who" != root ] || "$@"
}

# Where sbx is installed set-user-ID, --cap-add is for root alone; and a slow scene is as slow
# whichever process created the namespaces.
not_setuid()
{
	[ "$who" = setuid ] || "$@"
}

# A machine that is busy with something else can be late, but not twice.
check_scene()
{
	local name=$1 want=$2 rest=$3 result=0
	shift 3
	play sbx "$@" >"$scratch/played" 2>&1 || result=$?
	if [ "$result" -eq 0 ] && ! is_in_time >/dev/null; then
		clear_up
		play sbx "$@" >"$scratch/played" 2>&1 || result=$?
	fi
	if [ "$result" -eq "$unable" ]; then
		skip "$who: $name" "cannot be played here"
	elif [ "$result" -ne 0 ]; then
		check "$name: can be played" show_failure
	else
		check "$name: sbx returns in time" is_in_time
		check "$name: with the command's status" has_status "$want"
		check "$name: what is left" "rest_is_$rest"
	fi
	check "$name: everything can be cleared away" clear_up
}

# What other people have mounted stays as it is.
is_served()
{
	[ -z "$server" ] || [ -e served ] || ! echo "the file system outside has been cut off"
}

rest_is_nothing()
{
	printf '%s\n' "${left[@]}"
	cat said
	[ ${#left[@]} -eq 0 ] && is_served
}

rest_is_stuck()
{
	[ ${#left[@]} -gt 0 ] && rest_is_reported
}

rest_is_reported()
{
	local process bad=0
	printf '%s\n' "${left[@]}"
	cat said status
	for process in "${left[@]}"; do
		# shellcheck disable=SC2086 # three words
		is_reported $process || bad=1
	done
	is_served && [ "$bad" -eq 0 ]
}

rest_is_running()
{
	is_served
}

rest_is_alive()
{
	printf '%s\n' "${there[@]}"
	cat said
	# it has the host's /proc, of which sbx warns
	[ ${#left[@]} -gt 0 ] && ! grep -vq "^sbx: a bind includes the host's /proc" said
}

# Even the moment when sbx returns is too late for anything to be there.
rest_is_long_gone()
{
	printf '%s\n' "${there[@]}"
	cat said
	[ ${#there[@]} -eq 0 ]
}

# --- The table --------------------------------------------------------------------

compare_scene()
{
	printf '%-44s %-5s %-6s' "$name" "$who" "${pidns:+pidns}"
	shift 2
	hung_after=10 print_outcome sbx "$@"
	hung_after=4 print_outcome bwrap "$@"
	echo
}

# --- The scenes -------------------------------------------------------------------

# The command uses a file in the way HOW; REQUEST is not answered when it exits.
exits_holding()
{
	serve "$2" && start -- "$helpers/hold_file" "$1" mnt/f
}

# REQUEST is not answered before, and the command is killed.
killed_holding()
{
	serve "$2" && start -- "$helpers/hold_file" "$1" mnt/f && asked "$2" &&
		find_command hold_file && kill_command
}

# The command waits for itself.
deadlocks()
{
	[ -w "$device" ] || return "$unable"
	mkdir -m 0777 mnt && chmod 0777 mnt && start "$@" --cap-add ALL -- "$helpers/mute_fuse" -d "$device" -e 7 mnt
}

fuse()
{
	scene "exit: FLUSH is not answered" 7 stuck exits_holding open flush
	scene "exit: pages cannot be written back" 7 stuck exits_holding map write
	scene "killed while WRITE is not answered" 137 stuck killed_holding write write
	scene "killed while OPEN is not answered" 137 stuck killed_holding open open
	scene "exit: RELEASE is not answered" 7 nothing exits_holding open release
	not_setuid scene "exit: waits for an answer from itself" 7 nothing deadlocks --unshare-user
	as_root scene "the same without a user namespace" 7 reported deadlocks
	within 0.4 with --teardown-timeout 0.4 -- \
		scene "exit: FLUSH, --teardown-timeout 0.4" 7 stuck exits_holding open flush
	within 0 with --teardown-timeout 0 -- \
		scene "exit: FLUSH, --teardown-timeout 0" 7 stuck exits_holding open flush
}

fills()
{
	start --tmpfs /mnt -- "$helpers/fill" /mnt "$@"
}

# The command is killed while it waits for a process that still gives memory back.
spins()
{
	start --tmpfs /mnt -- "$helpers/spin" /mnt 512 && says said spinning && find_command spin &&
		sleep 0.15 || return
	kill_command || return "$unable" # it is already over
}

mounts_many()
{
	start --unshare-user --cap-add ALL --tmpfs /mnt -- "$helpers/many_mounts" /mnt 1000
}

# The end of an overlay waits for what others write to the file system of its upper layer.
overlays()
{
	[ "$launcher" = sbx ] || return "$unable"
	mkdir lower upper work && chmod 0777 upper work
	dd if=/dev/zero of=dirty bs=1M count=1500 status=none &
	writer=$!
	sleep 0.5 # until it has to wait for the disk
	start --overlay-src "$PWD/lower" --overlay "$PWD/upper" "$PWD/work" /mnt -- \
		"$helpers/fill" /mnt 100 1
}

slow()
{
	scene "tmpfs with 300,000 files" 7 nothing fills 300000 0
	scene "1000 mounts" 7 nothing mounts_many
	scene "overlay on a busy disk" 7 reported overlays
	within 1.2 with --kill-on-exit-after 0.2 -- \
		scene "killed while the kernel spins" 137 reported spins
}

# The command's exit is held up for SECONDS, or for ever, and then it is killed.
is_held()
{
	start -- "$helpers/mute_notify" "$1" && says said held || return
	[ "$1" -gt 0 ] || { find_command mute_notify && kill_command; }
}

is_traced()
{
	start_waiting && trace "$1" "${!2}" && go
}

is_killed_when_traced()
{
	start_waiting && trace "$1" "$command" && kill_command
}

# It cannot even die, if it is killed in its stop.
is_traced_and_killed()
{
	is_traced stop command && says "/proc/$command/status" '^State:.t' &&
		kill_command
}

is_frozen()
{
	start_waiting && freeze "$1" "$command" ${pidns:+"$parent"} && kill_command
}

is_stopped()
{
	start_waiting && kill -STOP "${!1}" || return
	if [ "$1" = command ]; then kill_command; else go; fi
}

held()
{
	scene "exit is held up for a second by seccomp" 7 nothing is_held 1
	scene "killed while seccomp holds its exit" 137 nothing is_held 0
	scene "a zombie that its tracer does not reap" 7 stuck is_traced zombie command
	scene "killed, and its tracer does not let it exit" 137 stuck is_killed_when_traced stop
	scene "exit, killed where its tracer holds it" 7 stuck is_traced_and_killed
	in_pidns scene "first process: zombie of a tracer" 7 stuck is_traced zombie parent
	in_pidns scene "first process: a tracer does not let it exit" 7 stuck is_traced stop parent
	scene "killed while frozen (v1)" 137 stuck is_frozen v1
	scene "killed while frozen (v2)" 137 nothing is_frozen v2
	scene "killed while stopped" 137 nothing is_stopped command
	in_pidns scene "first process is stopped" 7 nothing is_stopped parent
}

# The command is killed while a child of it, made by vfork(), waits in execve().
vforks()
{
	serve "$1" && start -- "$helpers/vfork_exec" mnt/f && asked "$1" &&
		find_command vfork_exec && kill_command
}

# The command ends, and leaves two others behind, one of them in vfork().
leaves_vforked()
{
	serve "$1" && mkfifo go && chmod 0666 go && start -- "$helpers/vfork_exec" mnt/f go &&
		asked "$1" && go
}

# The command leaves a process behind; CODE comes before.
leaves()
{
	start -- sh -c "$1"' sleep 100 & read -r now _ </proc/uptime; echo "$now" >ended; exit 7'
}

left_behind()
{
	scene "killed, child executes what cannot be read" 137 running vforks read
	scene "killed, child executes what cannot be opened" 137 running vforks open
	within 1.2 with --kill-on-exit-after 0.2 -- \
		scene "the same with --kill-on-exit-after 0.2" 137 stuck vforks open
	within 1.2 with --kill-on-exit-after 0.2 -- \
		scene "it ends and leaves such a child" 7 stuck leaves_vforked read
	within 0 scene "it leaves a process" 7 alive leaves ""
	within 0 with --keep-running -- scene "with --keep-running" 7 alive leaves ""
	within 0 with --kill-on-exit -- scene "with --kill-on-exit" 7 long_gone leaves ""
	within 1 with --kill-on-exit -- \
		scene "it leaves one that ignores SIGTERM" 7 long_gone leaves "trap '' TERM;"
	within 0.4 with --kill-on-exit-after 0.4 -- \
		scene "with --kill-on-exit-after 0.4" 7 long_gone leaves "trap '' TERM;"
}

tests()
{
	local namespaces="- --unshare-pid" deadline=1 only=()
	fuse
	not_setuid slow
	held
	left_behind
}

setuid_too=1 # for run.sh
run_scenes tests "$@"
