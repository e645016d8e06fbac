# shellcheck shell=bash disable=SC2034,SC2154 # variables of ../integration/lib.sh, and for the scripts
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ../integration/lib.sh: functions for scenes in which a sandbox cannot exit.
#
# A scene is a function that starts a launcher by "start" and makes the command exit.
# It runs in an empty working directory.  $who is "root", "user", or, if the script has set
# $setuid_too, "setuid": a user with sbx installed set-user-ID root.  $pidns is empty or
# --unshare-pid, and $helpers a folder with the helpers.  It sets variables to the processes that it
# starts beside the launcher, and clear_up ends these.
bwrap=/usr/bin/bwrap
ordinary=65534 # user and group id
ends_within=20 # seconds until a command ends
hung_after=10  # seconds from then on until a launcher is killed
deadline=1     # seconds that sbx waits after the command's end
margin=0.3     # seconds that it may take longer
unable=77      # status of a scene that cannot be run here

# --- Playing a scene ------------------------------------------------------------

# start OPTION... -- COMMAND...: start $launcher, which sees the host's files.  sbx, but no other
# launcher, gets the options in the array only, too.
start()
{
	local command=("$sbx" --json-status-fd 7 "${only[@]}")
	[ "$launcher" = sbx ] || command=("$bwrap")
	"$helpers/clocked" "$hung_after" "${as[@]}" "${command[@]}" --dev-bind / / \
		${pidns:+"$pidns"} "$@" </dev/null >said 2>&1 7>status &
	clocked=$!
}

# says FILE PATTERN [SECONDS]: wait for a line of FILE that matches PATTERN.
says()
{
	# shellcheck disable=SC2016 # for sh
	timeout "${3-$ends_within}" sh -c 'until grep -qs -e "$1" "$0"; do sleep 0.02; done' "$1" "$2" ||
		! echo "there is no $2 in $1"
}

# find_command NAME: wait for the process NAME below $clocked; sets $command to the uppermost that
# has this name, and $parent to its parent.
find_command()
{
	eventually find_below "$1"
}

find_below()
{
	read -r command parent < <(cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$clocked" -v wanted="$1" '
		{
			rest = $0
			sub(/.*\) /, "", rest)
			split(rest, field, " ")
			parent[$1] = field[2]
			name[$1] = substr($0, index($0, "(") + 1)
			sub(/\)[^)]*$/, "", name[$1])
		}
		END {
			for (pid in name) {
				if (name[pid] != wanted || name[parent[pid]] == wanted)
					continue
				for (up = pid; up in parent && up != top; up = parent[up])
					;
				if (up == top)
					print pid, parent[pid]
			}
		}')
}

# kill_command: the time of its end is now, though it may not be able to die.
kill_command()
{
	local now
	read -r now _ </proc/uptime
	kill -KILL "$command" && echo "$now" >ended
}

# start_waiting: a command that ends with status 7 once "go" is called.
start_waiting()
{
	mkfifo go && chmod 0666 go && start -- "$helpers/hold_file" read go &&
		find_command hold_file
}

go()
{
	timeout 10 sh -c 'echo >go'
}

# serve [REQUEST]: mount a file system at "mnt" in which such a REQUEST is never answered.
serve()
{
	[ "$(id -u)" -eq 0 ] || return "$unable"
	mkdir mnt
	"$helpers/mute_fuse" ${1:+-m "$1"} mnt >server 2>&1 </dev/null &
	server=$!
	says server ready
}

# asked REQUEST: wait until the server has got one.
asked()
{
	says server "^mute $1"
}

# trace HOW PID: have the process traced badly, see helpers/bad_tracer.c.
trace()
{
	[ "$(id -u)" -eq 0 ] || return "$unable"
	"$helpers/bad_tracer" "$1" "$2" >tracer 2>&1 </dev/null &
	tracer=$!
	says tracer ready
}

# freeze VERSION PID...: by a cgroup of that version, made for it.
freeze()
{
	local version=$1 home=$work/$1 pid
	shift
	mountpoint -q "$home" || return "$unable"
	cgroup=$home/sbx-stuck-$$
	mkdir "$cgroup" || return
	for pid; do
		echo "$pid" >"$cgroup/cgroup.procs" || return
	done
	case $version in
	v1) echo FROZEN >"$cgroup/freezer.state" && says "$cgroup/freezer.state" '^FROZEN' ;;
	v2) echo 1 >"$cgroup/cgroup.freeze" && says "$cgroup/cgroup.events" '^frozen 1' ;;
	esac
}

# --- Around a scene --------------------------------------------------------------

# play LAUNCHER SCENE...: sets $how to "returned" or "hung", $seconds to the time from the
# command's end on, and $status.  The arrays there and left have a line "PID STATE NAME" for each
# process when the launcher returns, and a second later.  The file "served" is there if the file
# system outside still worked then.
play()
{
	local launcher=$1 result=0
	shift
	clear_up
	clocked="" server="" tracer="" writer="" cgroup="" how="" seconds="" status="" there=() left=()
	enter_stage || return
	"$@" && wait_for_outcome && read_outcome || result=$?
	[ -z "$server" ] || [ "$(timeout 5 stat -c %F mnt/f)" != "regular file" ] || : >served
	return "$result"
}

# The working directory of a scene is one that was made for it, and the only one that is deleted.
enter_stage()
{
	stage=$(mktemp -d "${scratch:?}/stage.XXXXXX") && cd "$stage" || return
	[ -z "${as[*]}" ] || chown "$ordinary:$ordinary" "$stage"
}

leave_stage()
{
	cd "$scratch" && rm -rf --one-file-system "$stage" && stage=""
}

wait_for_outcome()
{
	says ended . "$ends_within" && says outcome . "$((hung_after + 10))"
}

read_outcome()
{
	read -r how seconds status <outcome
	mapfile -t there < <(sed -n 's/^there //p' outcome)
	mapfile -t left < <(sed -n 's/^left //p' outcome)
	cat outcome said status
}

# clear_up: end all that the scene has started, and leave no file of it.
clear_up()
{
	local result=0 pid
	[ -n "$stage" ] || return 0
	[ -z "$cgroup" ] || thaw
	for pid in $server $tracer $writer; do
		kill -KILL "$pid"
		wait "$pid"
	done
	[ -z "$clocked" ] || end_clocked || result=1
	[ -z "$cgroup" ] || eventually rmdir "$cgroup" || result=1
	[ -z "$server" ] || umount --lazy "$stage/mnt" || result=1
	clocked="" server="" tracer="" writer="" cgroup=""
	leave_stage || result=1
	return "$result"
} 2>/dev/null

thaw()
{
	if [ -e "$cgroup/cgroup.freeze" ]; then
		echo 0 >"$cgroup/cgroup.freeze"
	else
		echo THAWED >"$cgroup/freezer.state"
	fi
}

# A process that waits for an answer from itself goes on when its connection is cut.
end_clocked()
{
	local connection
	connection=$(sed -n 's/^ready //p' "$stage/said")
	if [ -n "$connection" ] && find_below mute_fuse && [ -n "$command" ]; then
		echo 1 >"$work/connections/$connection/abort"
	fi
	kill -TERM "$clocked"
	wait "$clocked"
}

# --- Expectations ----------------------------------------------------------------

show_failure()
{
	cat "$scratch/played" said
	return 1
}

is_in_time()
{
	echo "$how after $seconds s"
	[ "$how" = returned ] && awk -v s="$seconds" -v d="$deadline" -v m="$margin" 'BEGIN { exit !(s <= d + m) }'
}

has_status()
{
	echo "status $status"
	# shellcheck disable=SC2053 # a pattern
	[[ $status == $1 ]]
}

# is_reported PID STATE NAME: in words and in JSON.
is_reported()
{
	grep -Ew -e "$1" said | grep -qFw -e "$3" && grep -q "hint:" said &&
		grep -Eq '^\{ "phase": "stuck", "pid": '"$1"', .*"name": "'"$3"'", "role": "(command|reaper|janitor|inside)", "state": "[A-Za-z]", "seconds": [0-9]+\.[0-9]+.*\}$' status &&
		return
	echo "not reported: $*"
	return 1
}

# --- Tables -----------------------------------------------------------------------

# print_outcome LAUNCHER SCENE...
print_outcome()
{
	local process text="" result=0
	play "$@" >"$scratch/played" 2>&1 || result=$?
	for process in "${left[@]}"; do
		# shellcheck disable=SC2086 # three words
		text+=$(describe $process)
	done
	if [ "$result" -ne 0 ]; then
		printf ' | %-51s' "-"
	elif [ "$how" = hung ]; then
		printf ' | hangs      %-40s' "$text"
	else
		printf ' | %5s %4s %-40s' "$seconds" "$status" "$text"
	fi
	clear_up || printf ' (cannot be cleared away)'
}

# describe PID STATE NAME: a star marks a reported process.
describe()
{
	local star=""
	! is_reported "$@" >/dev/null 2>&1 || star="*"
	echo " $3($2)$star"
}

# --- Starting the scripts --------------------------------------------------------

# prepare: make $work, and in it what an ordinary user has to get at.
prepare()
{
	work=$(mktemp -d) && chmod 0755 "$work" &&
		mkdir -m 0755 "$work"/{bin,connections,dev,root,setuid,suid,user,v1,v2} &&
		cp "$SBX" "$work/bin/sbx" &&
		cp "$SBX" "$work/suid/sbx" && chmod 4755 "$work/suid/sbx" &&
		cp "$SBX_STUCK_HELPERS"/{bad_tracer,clocked,fill,hold_file,many_mounts,mute_fuse,mute_notify,spin,vfork_exec} \
			"$work/bin" || return
	helpers=$work/bin
	device=/dev/fuse
	[ "$(id -u)" -eq 0 ] || return 0
	chown "$ordinary:$ordinary" "$work"/{setuid,user} &&
		mount -t fusectl fusectl "$work/connections" &&
		mount -t tmpfs -o mode=0755 tmpfs "$work/dev" &&
		mknod "$work/dev/fuse" c 10 229 && chmod 0666 "$work/dev/fuse" &&
		device=$work/dev/fuse || return
	mount -t cgroup -o freezer cgroup "$work/v1"
	mount -t cgroup2 cgroup2 "$work/v2"
	return 0 # not every kernel has both: freeze looks for them
}

# Remove what prepare has created, and nothing else: this also runs if prepare has failed half-way.
clean()
{
	local folder
	clear_up
	[ -n "$work" ] && cd / || return
	for folder in "$work"/{connections,dev,v1,v2}; do
		! mountpoint -q "$folder" || umount "$folder"
	done
	rm -rf --one-file-system "$work"
	work=""
}

# for_who WHO FUNCTION...: call it as WHO; $as runs a launcher as WHO.
for_who()
{
	who=$1
	scratch=$work/$who
	sbx=$work/bin/sbx
	[ "$who" != setuid ] || sbx=$work/suid/sbx
	as=()
	[ "$who" = root ] || [ "$(id -u)" -ne 0 ] ||
		as=(setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups)
	shift
	if [ "$who" = user ] && ! "${as[@]}" unshare --user true 2>/dev/null; then
		skip "user: every test" "this host forbids user namespaces"
	else
		"$@"
	fi
}

start_all()
{
	if ! prepare >&2; then
		echo "Bail out! cannot prepare"
		return
	fi
	if [ "$(id -u)" -eq 0 ]; then
		for_who root "$@"
	else
		skip "root: every test" "not run by root"
	fi
	for_who user "$@"
	if [ -n "${setuid_too-}" ] && [ -z "$compare" ] && [ "$(id -u)" -eq 0 ]; then
		if ignores_suid; then
			skip "setuid: every test" "the folder for temporary files is nosuid"
		else
			for_who setuid "$@"
		fi
	fi
	clean
	[ -z "$work" ] || echo "not ok - no file is left"
}

# run_scenes FUNCTION [--compare]: call FUNCTION as root and as an ordinary user, in mounts of
# our own; with --compare, it is to compare launchers.
run_scenes()
{
	: "${SBX:?the program under test}" "${SBX_STUCK_HELPERS:?the folder with the helpers}"
	compare=""
	[ "${2-}" != --compare ] || compare=yes
	if [ "$(id -u)" -eq 0 ] && [ -z "${SBX_TEST_MOUNTS-}" ]; then
		SBX_TEST_MOUNTS=own exec unshare --mount --propagation private bash "$0" "${@:2}"
	fi
	work="" stage="" clocked="" server="" tracer="" writer="" cgroup="" only=()
	trap clean EXIT
	trap 'exit 1' HUP INT TERM
	if [ -n "$compare" ]; then
		start_all "$1"
		return
	fi
	# a pipe would have a shell of its own on its left side, which a signal to this one would miss
	exec > >(number)
	start_all "$1"
	exec >&-
	wait "$!"
}
