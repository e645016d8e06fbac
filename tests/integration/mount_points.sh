#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Mount points created in directories of the host: none is left.
. "$(dirname "$0")/lib.sh"

many=1500 # mount points

# in_host OPTION... -- COMMAND...: a sandbox in which the empty folder "host" is /h, writable.
in_host()
{
	box --dev /dev --bind host /h "$@"
}

# fresh COMMAND...: with a new folder "host"
fresh()
{
	rm -rf host && mkdir host && "$@"
}

# is_left [NAME]...: this is all that is in "host"
is_left()
{
	local found
	found=$(cd host && find . -mindepth 1 | sort | tr '\n' ' ')
	echo "left: $found"
	[ "$found" = "${*+$(printf './%s ' "$@")}" ] || { [ $# -eq 0 ] && [ -z "$found" ]; }
}

# until_left [NAME]...: the same, a little later.
until_left()
{
	eventually is_left "$@"
}

# --- The end --------------------------------------------------------------------

# Entries that exist until the sandbox ends.
kinds=("" "--unshare-pid" "--unshare-pid --as-pid-1" "--kill-on-exit" "--die-with-parent"
	"--unshare-user --uid 5 --gid 5" "--unshare-pid --unshare-user --new-session")

# leaves_nothing OPTION...: neither a folder nor a file, nor the folders above them.
leaves_nothing()
{
	in_host "$@" --tmpfs /h/a/b/c --ro-bind /etc/passwd /h/f --tmpfs /h/a/d \
		--ro-bind /usr/bin/env /h/a/e/env --proc /h/proc -- \
		sh -c '[ -s /h/f ] && [ -x /h/a/e/env ] && touch /h/a/b/c/x' && is_left
}

leaves_nothing_of_failure()
{
	in_host "$@" --tmpfs /h/a/b/c --ro-bind "$scratch/nope" /h/f -- true
	is_left || return
	in_host "$@" --tmpfs /h/a/b/c -- "$scratch/nope"
	is_left
}

ends()
{
	local kind words
	for kind in "${kinds[@]}"; do
		read -ra words <<<"$kind"
		check "${kind:-no option}: nothing is left" fresh leaves_nothing "${words[@]}"
		check "${kind:-no option}: nothing is left of a run that failed" \
			fresh leaves_nothing_of_failure "${words[@]}"
	done
	check "the same under bubblewrap's name" fresh as_bwrap
	check "--remount-ro does not keep it from that" \
		fresh leaves_nothing_read_only --remount-ro /h
	check "nor does it with a process namespace" \
		fresh leaves_nothing_read_only --remount-ro /h --unshare-pid
	check "nothing of $many is left" fresh leaves_nothing_of_many
	check "with a low limit of open files" fresh leaves_nothing_of_many_limited
	check "too many are an error that says what helps" fresh fails_with_too_many
}

as_bwrap()
{
	sbx=$bwrap leaves_nothing && sbx=$bwrap leaves_nothing --unshare-pid
}

leaves_nothing_read_only()
{
	in_host --tmpfs /h/a/b "$@" -- sh -c '! touch /h/x 2>/dev/null' && is_left
}

# with_many COUNT OPTION...
with_many()
{
	local count=$1 i
	shift
	for ((i = 0; i < count; i++)); do
		printf '%s\0' --ro-bind /etc/passwd "/h/many/$i"
	done >args
	in_host --teardown-timeout 30 "$@" --args 9 -- sh -c 'set -- /h/many/*; echo $#' 9<args
}

leaves_nothing_of_many()
{
	prints $many with_many $many && is_left &&
		prints $many with_many $many --unshare-pid && is_left
}

leaves_nothing_of_many_limited()
{
	(
		ulimit -Sn 64 && leaves_nothing_of_many
	)
}

fails_with_too_many()
{
	(
		ulimit -Sn 64 && ulimit -Hn 64 &&
			fails_saying 125 "^hint: each mount point created on the host takes two descriptors" with_many 100
	) && until_left
}

# --- Where it cannot be removed ---------------------------------------------------

# names_lock: sbx names the mount point for whose lock it waits.
names_lock()
{
	mkdir -m 1755 host/d && touch -d @499162500 host/d || return
	flock --no-fork --exclusive host/d sh -c 'echo >locked; exec sleep 60' &
	eventually test -e locked && touch -d @499162500 host/d &&
		fails_saying 125 "cannot use /h/d/x: another process has a lock on /h/d" \
			in_host --tmpfs /h/d/x -- true
	local result=$?
	kill $! && wait $!
	rm -f locked
	return "$result"
}

# Where inotify is used up and there is no PID namespace, no process sees the end.
warns_unwatched()
{
	local said
	# shellcheck disable=SC2016 # for the inner shell
	said=$(unshare --user --map-root-user sh -c '
		echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"' - "$sbx" \
		--ro-bind / / --bind host "$PWD/host" --tmpfs "$PWD/host/x" -- true 2>&1)
	echo "$said"
	grep -q "mount point $PWD/host/x stays on the host: inotify" <<<"$said" && is_left x
}

# without_modes OPTION...: on a file system that does not keep modes, or only if set again
without_modes()
{
	local run
	rm -rf kept && mkdir kept && bindfs --no-allow-other "$@" kept host || return
	for run in 1 2; do
		in_host --deny-create /h/.new --ro-bind /usr/bin/env /h/f --tmpfs /h/a/b -- \
			sh -c '[ -x /h/f ] && ! rm -f /h/.new' 2>&1 || break
		is_left || break
	done
	: >host/mine
	in_host --ro-bind /usr/bin/env /h/mine --tmpfs /h/own -- true && is_left mine
	run=$?
	umount host && [ "$run" -eq 0 ] && [ "$(ls kept)" = mine ]
}

stays()
{
	check "a lock of another process is named" fresh names_lock
	check "without inotify there is a warning" fresh warns_unwatched
	[ "$who" = root ] || return 0
	if ! command -v bindfs >/dev/null || [ ! -e /dev/fuse ]; then
		skip "$who: file systems without modes" "there is no bindfs"
		return
	fi
	check "nothing is left where modes are not kept" fresh without_modes --chmod-ignore
	check "nor where they have to be set again" fresh without_modes
}

# --- Used by other processes and sandboxes ----------------------------------------

# outlives OPTION...: the entries that a background process uses stay until it exits.
outlives()
{
	rm -f go said && mkfifo go || return
	in_host --bind . /w --tmpfs /h/a/b "$@" -- \
		sh -c '(read -r x </w/go; touch /h/a/b/x && ls /h/a/b >/w/said) & sleep 0.05' || return
	is_left a a/b && sleep 0.1 && is_left a a/b || return
	echo >go
	until_left && [ "$(cat said)" = x ]
}

# share FIRST_OPTIONS SECOND_OPTIONS first|second [COMMAND]: two sandboxes have the same mount point,
# and that one ends first; COMMAND is run before the second starts.
share()
{
	local first second go1 go2
	rm -f go1 go2 && mkfifo go1 go2 || return
	# shellcheck disable=SC2086 # they are words
	{
		in_host $1 --tmpfs /h/a/b --tmpfs /h/a/c -- sh -c 'echo >/h/ready1; read -r x && touch /h/a/b/x' <go1 &
		first=$!
		exec {go1}>go1
		eventually test -e host/ready1 && eval "${4:-true}" || return
		in_host $2 --tmpfs /h/a/b --tmpfs /h/a/d -- sh -c 'echo >/h/ready2; read -r x && touch /h/a/b/x' <go2 &
		second=$!
		exec {go2}>go2
		eventually test -e host/ready2 || return
	}
	rm host/ready1 host/ready2
	is_left a a/b a/c a/d || return
	if [ "$3" = first ]; then
		echo >&"$go1" && wait "$first" && until_left a a/b a/d && echo >&"$go2" && wait "$second"
	else
		echo >&"$go2" && wait "$second" && until_left a a/b a/c && echo >&"$go1" && wait "$first"
	fi || return
	exec {go1}>&- {go2}>&-
	until_left
}

# Many at once, all of which have the same.
share_among_many()
{
	local i pids=()
	for ((i = 0; i < 40; i++)); do
		in_host --tmpfs /h/a/b --ro-bind /etc/passwd /h/f -- \
			sh -c 'touch /h/a/b/x && [ -s /h/f ]' &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return
	done
	until_left
}

longer()
{
	local first
	check "a process in the background keeps its mount" fresh outlives
	check "with a process namespace, too" fresh outlives --unshare-pid
	check "and with something that is held" fresh outlives --lock-file /usr/bin/env
	check "two sandboxes share a mount point, the first one ends first" fresh share "" "" first
	check "the second one ends first" fresh share "" "" second
	check "one has a process namespace" fresh share --unshare-pid "" first
	check "or the other" fresh share "" --unshare-pid first
	check "both have one" fresh share --unshare-pid --unshare-pid second
	for first in first second; do
		check "the $first one ends first, of which the second could not tell whose the folder is" \
			fresh share "" --unshare-pid $first ': >host/a/x && rm host/a/x'
	done
	check "many share a mount point, and start and end at any time" fresh share_among_many
}

# --- The user's own entries -------------------------------------------------------

# keeps COMMAND: what COMMAND does in "host" meanwhile stays: the file or folder "mine".
keeps()
{
	in_host --bind . /w --tmpfs /h/d --ro-bind /usr/bin/env /h/f -- sh -c "$1" && until_left mine
}

# keeps_own MODE: an empty folder and a file of the user's of that mode are used, and stay.
keeps_own()
{
	mkdir host/d && : >host/f && chmod "$1" host/d host/f || return
	in_host --tmpfs /h/d --ro-bind /usr/bin/env /h/f -- sh -c 'touch /h/d/x && [ -s /h/f ]' &&
		is_left d f && [ "$(stat -c %a host/d host/f | uniq)" = "$1" ]
}

# The same of the modes that mount points have.
keeps_own_sticky()
{
	mkdir host/d && : >host/f && chmod 1755 host/d && chmod 1444 host/f || return
	in_host --tmpfs /h/d --ro-bind /usr/bin/env /h/f -- sh -c 'touch /h/d/x && [ -s /h/f ]' &&
		in_host --unshare-pid --tmpfs /h/d/e/f --ro-bind /usr/bin/env /h/f -- true &&
		is_left d f && [ "$(stat -c %a host/d host/f | tr '\n' ' ')" = "1755 1444 " ]
}

keeps_what_was_asked_for()
{
	in_host --dir /h/d/e --symlink t /h/s/l --tmpfs /h/d/t --file 8 /h/x/f -- true 8</dev/null &&
		is_left d d/e s s/l x x/f
}

in_setgid()
{
	chmod g+s host && in_host --tmpfs /h/a/b --ro-bind /usr/bin/env /h/f -- \
		sh -c '[ -g /h/a ] && [ -s /h/f ]' && is_left
}

keeps_own_parents()
{
	mkdir host/a && in_host --tmpfs /h/a/b/c -- true && is_left a
}

# Something is put where the sandbox has made a folder above a mount point.
keeps_in_parents()
{
	in_host --tmpfs /h/a/b/c -- sh -c 'echo mine >/h/a/mine' && is_left a a/mine &&
		[ "$(cat host/a/mine)" = mine ] || return
	rm host/a/mine
	in_host --tmpfs /h/a/b/c -- sh -c 'echo x >/h/a/b/x && rm /h/a/b/x' && is_left a
}

keeps_what_is_renamed()
{
	in_host --bind . /w --ro-bind /usr/bin/env /h/f --tmpfs /h/d -- sleep 0.5 &
	eventually test -e host/d || return
	mv host/d host/mine && mkdir -m 1755 host/d && mv host/f host/moved && echo mine >host/f
	wait $! && sleep 0.1 && is_left d f mine moved && [ "$(cat host/f)" = mine ]
}

writes_to_mount_point()
{
	in_host --ro-bind /usr/bin/env /h/f --tmpfs /h/d -- sleep 0.5 &
	eventually test -e host/d || return
	sleep 0.05
	chmod 0644 host/f && echo mine >host/f && echo mine >host/d/x
	wait $! && sleep 0.1 && is_left d d/x f && [ "$(cat host/f host/d/x)" = "mine
mine" ]
}

overlays()
{
	mkdir -p low rw work && rm -rf rw/* || return
	box --overlay-src low --overlay rw work /o --bind host /h --tmpfs /o/a/b --tmpfs /t --tmpfs /t/x \
		--tmpfs /h/a -- test -d /t/x && is_left && [ -d rw/a/b ] && rm -rf rw/a &&
		box --overlay-src host --tmp-overlay /o --bind host /h --tmpfs /o/a/b -- true && is_left
}

users()
{
	local mode
	check "what is put there meanwhile stays" fresh keeps 'echo x >/h/mine'
	check "in place of what was made" fresh keeps_what_is_renamed
	check "or in it" fresh writes_to_mount_point
	for mode in 755 700 444 1777; do
		check "what the user has of mode $mode stays" fresh keeps_own $mode
	done
	check "even with the mode of a mount point" fresh keeps_own_sticky
	check "what --dir, --symlink and --file make stays" fresh keeps_what_was_asked_for
	check "a folder above that was there stays" fresh keeps_own_parents
	check "one that was made stays if there is something in it" fresh keeps_in_parents
	check "what inherits a set-group-ID bit is removed" fresh in_setgid
	for mode in 555 111 0; do
		check "what is made in a folder of the user's of mode $mode is removed" fresh in_closed $mode
		check "with a process namespace, too" fresh in_closed $mode --unshare-pid
		check "for another user id" fresh in_closed $mode --unshare-user --uid 5 --gid 6
	done
	if [ "$who" = root ]; then
		check "in one of root's who has not all rights, too" fresh in_closed_to_root
		check "in one of another id that --userns maps" fresh in_mapped
	fi
	check "nothing else is looked after: --tmpfs and overlays" fresh overlays
}

# in_closed MODE OPTION...: the folder d has that mode, which does not let its owner write to it.
in_closed()
{
	local mode=$1
	shift
	mkdir host/d && : >host/d/f && chmod "$mode" host/d || return
	in_host "$@" --tmpfs /h/d/a/b --ro-bind /etc/passwd /h/d/p --deny-create /h/d/c -- true || return
	in_host "$@" --tmpfs /h/d/a/b -- "$scratch/nope"
	[ "$(stat -c %a host/d)" = "$mode" ] && chmod 700 host/d && is_left d d/f
}

in_closed_to_root()
{
	local sbx=$sbx
	printf '#!/bin/sh\nexec setpriv --bounding-set=-dac_override --inh-caps=-dac_override %s "$@"\n' \
		"$sbx" >limited && chmod 755 limited || return
	sbx=$PWD/limited
	in_closed 555 --unshare-user
}

# is_elsewhere PID: it is in another user namespace.
is_elsewhere()
{
	[ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]
}

in_mapped()
{
	local as=(setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups) holder file status=0
	mkdir host/d && chown 100005:100005 host/d || return
	printf '0 %d 1\n1 100000 10\n' "$ordinary" >map
	"${as[@]}" unshare --user sleep 60 &
	holder=$!
	eventually is_elsewhere "$holder" || status=1
	for file in uid_map gid_map; do
		cat map >"/proc/$holder/$file" || status=1
	done
	"${as[@]}" "$sbx" --userns 9 --ro-bind / / --tmpfs /mnt --bind host/d /mnt/d \
		--tmpfs /mnt/d/a/b -- test -d /mnt/d/a/b 9<"/proc/$holder/ns/user" || status=1
	kill "$holder"
	wait "$holder" 2>/dev/null
	is_left d && return "$status"
}

# --- Entries left by killed sandboxes ---------------------------------------------

# Let the processes of sbx be killed at once, as by a power failure.
leave()
{
	local first
	in_host "$@" -- sh -c 'echo >/h/ready; exec sleep 60' &
	first=$!
	eventually test -e host/ready || return
	rm host/ready
	# all that descend from timeout(1) in this script: monitor, janitor, reaper, command
	kill_below "$first"
	wait "$first" 2>/dev/null
	eventually no_sbx
}

descendants()
{
	local child children
	read -ra children 2>/dev/null <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		echo "$child"
		descendants "$child"
	done
}

# Stop them first, so that none sees the exit of another one.
kill_below()
{
	local all
	mapfile -t all < <(descendants "$1")
	kill -STOP "${all[@]}" 2>/dev/null
	kill -KILL "${all[@]}" 2>/dev/null
	killed=("${all[@]}")
}

no_sbx()
{
	local pid
	for pid in "${killed[@]}"; do
		is_gone "$pid" || return
	done
}

heals()
{
	leave --tmpfs /h/a/b/c --ro-bind /usr/bin/env /h/f && is_left a a/b a/b/c f || return
	in_host --tmpfs /h/a/b/c --ro-bind /usr/bin/env /h/f -- test -s /h/f && is_left
}

heals_above()
{
	leave --tmpfs /h/a/b && is_left a a/b || return
	in_host --tmpfs /h/a/c/d -- true && is_left a a/b || return
	in_host --tmpfs /h/a/b/c -- true && is_left
}

left()
{
	check "what a power failure leaves is gone after the next run" fresh heals
	check "as far as that uses it" fresh heals_above
}

# --- Installed set-user-ID root ---------------------------------------------------------

suid()
{
	if [ "$who" = root ] || [ ! -u "$work/suid/sbx" ]; then return; fi
	sbx=$work/suid/sbx
	check "set-user-ID: nothing is left" fresh leaves_nothing
	check "set-user-ID: with a process namespace" fresh leaves_nothing --unshare-pid
	check "set-user-ID: a process in the background keeps its mount" fresh outlives
	check "set-user-ID: nothing is left in a folder that cannot be written" fresh in_closed 500
	check "set-user-ID: what is the user's stays" fresh keeps_own_sticky
	sbx=$work/bin/sbx
}

# Root makes a copy that the ordinary user runs.
prepare_more()
{
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir -m 0755 "$work/suid" && cp "$SBX" "$work/suid/sbx" && chmod 4755 "$work/suid/sbx"
}

tests()
{
	ends
	longer
	users
	left
	stays
	suid
}

run_as_both tests
