#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without a PID namespace, a payload can set the limits of the processes of sbx, which are its
# user's.  Nothing outlives the sandbox nevertheless.
. "$(dirname "$0")/lib.sh"

# processes PID: sbx's own, of which PID is the monitor.
processes()
{
	echo "$1"
	tr ' ' '\n' <"/proc/$1/task/$1/children" | grep .
}

# start OPTION...: a sandbox whose processes may open nothing any more.  Some of them have left their
# parents and sessions, and fork.  COMMAND exits when it can read from "go".
start()
{
	local pid
	rm -f go ready && mkfifo go || return
	"$launcher" --ro-bind / / --bind . "$PWD" --dev /dev --proc /proc "$@" -- sh -c '
		for i in 1 2 3; do
			setsid sh -c "sleep $1 & (sleep $1 & sleep $1) & sleep $1; sleep $1" \
				</dev/null >/dev/null 2>&1 &
		done
		echo >ready
		read -r line <go' - "$mark" </dev/null &
	started=$!
	eventually test -s ready && eventually has_left 12 || return
	for pid in $(processes "$started"); do
		prlimit --pid "$pid" --nofile=0:0 || return
	done
}

mark=300.$$ # seconds that nobody else sleeps

# left: the processes that are left inside.
left()
{
	pgrep -fx "sleep $mark"
}

has_left()
{
	[ "$(left | wc -l)" -eq "$1" ]
}

# below PID NAME: the child of process PID that has that name.
below()
{
	local child
	tr ' ' '\n' <"/proc/$1/task/$1/children" | grep . | while read -r child; do
		[ "$(cat "/proc/$child/comm")" != "$2" ] || echo "$child"
	done
}

# ends HOW OPTION...: the sandbox ends HOW, and no process is left.
ends()
{
	local how=$1 reaper status=0
	shift
	start "$@" || return
	reaper=$(below "$started" sbx-reaper)
	case $how in
	command) timeout 10 sh -c 'echo >go' ;;
	monitor) kill -KILL "$started" ;;
	reaper) kill -KILL "$reaper" ;;
	esac
	ended || status=$?
	echo "status $status"
	[ "$how" != command ] || [ "$status" -eq 0 ] || return
	eventually has_left 0
}

tests()
{
	local name
	if ! command -v prlimit >/dev/null; then
		skip "$who: every test" "there is no prlimit(1)"
		return
	fi
	for launcher in "$sbx" "$bwrap"; do
		name=${launcher##*/}
		check "$name --kill-on-exit: COMMAND ends" ends command --kill-on-exit
		check "$name --die-with-parent: COMMAND ends" ends command --die-with-parent
		check "$name --die-with-parent: the monitor is killed" ends monitor --die-with-parent
	done
	launcher=$sbx
	check "--kill-on-exit-after: those who are found without opening anything get no grace" \
		ends command --kill-on-exit-after 5
	check "--kill-on-exit: the reaper is killed" ends reaper --kill-on-exit
}

run_as_both tests
