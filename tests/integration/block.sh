#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --block-fd and --userns-block-fd: sbx waits for its caller.
. "$(dirname "$0")/lib.sh"

# --- Before COMMAND -----------------------------------------------------------

# released HOW: COMMAND does not run until the caller does HOW, "byte" or "end".
released()
{
	local how=$1 result=0
	shift
	rm -f ran
	start_held "$@" --bind / / --chdir "$PWD" -- touch ran || return
	[ ! -e ran ] || result=1
	if [ "$how" = byte ]; then
		(echo >&"$block") || result=1
		ended && [ -e ran ] || result=1
		exec {block}>&-
	else
		let_go && [ -e ran ] || result=1
	fi
	return $result
}

# All is ready by then: the caller sees the sandbox's root.
is_ready()
{
	local result=0
	start_held --tmpfs /tmp --dir /tmp/made "$@" -- true || return
	eventually test -d "/proc/$child/root/tmp/made" || result=1
	let_go && return $result
}

blocked()
{
	local options
	mkfifo never
	for options in "" --unshare-pid "--unshare-pid --as-pid-1" "--unshare-all --dev /dev --uid 5" \
		"--cap-add CAP_CHOWN"; do
		# shellcheck disable=SC2086 # no word, or several
		check "a byte releases COMMAND${options:+, with $options}" released byte $options
		# shellcheck disable=SC2086
		check "the end of the caller's does${options:+, with $options}" released end $options
	done
	check "the sandbox is ready by then" is_ready
	check "with --unshare-pid, too" is_ready --unshare-pid
	check "a descriptor that holds a byte does not block" box --block-fd 7 -- true 7<<<x
	check "nor does one that is at its end" box --block-fd 7 -- true 7</dev/null
	check "one byte is taken, no more" prints "two" one_byte
	check "COMMAND does not get it" prints "0 1 2 " box --ro-bind "$helpers" /h --block-fd 7 -- \
		/h/fds 7</dev/null
	check "a descriptor that is not open is an error" \
		fails 125 "sbx: --block-fd: descriptor 99 is not open" box --block-fd 99 -- true
	check "as is one that cannot be read" \
		fails 125 "sbx: --block-fd: cannot read descriptor 7: Is a directory" \
		box --block-fd 7 -- true 7</
	check "COMMAND has not run then" prints "" not_run
	check "twice: the last counts, and a warning says so" \
		fails 0 "sbx: Only the last --block-fd option will take effect" \
		box --block-fd 8 --block-fd 7 -- true 7</dev/null 8<>never
}

one_byte()
{
	{ box --block-fd 7 -- true 7<&0 && cat; } <<<"xtwo"
}

not_run()
{
	! box --block-fd 7 -- echo ran 7</
}

# --- The maps -----------------------------------------------------------------

# map UID_MAP GID_MAP: write the maps of the child, each at once; without privilege, one's own
# id only.
map()
{
	if [ "$who" = user ]; then echo deny >"/proc/$child/setgroups"; fi &&
		env printf '%s\n' "$1" >"/proc/$child/uid_map" &&
		env printf '%s\n' "$2" >"/proc/$child/gid_map"
}

# start_unmapped OPTION... -- COMMAND...: start a sandbox that waits for its ID maps; $maps is the
# descriptor that it reads from.
start_unmapped()
{
	local both reader
	rm -f unmapped && mkfifo unmapped && exec {both}<>unmapped || return
	exec {reader}<unmapped
	exec {maps}>unmapped
	exec {both}>&- 8<&"$reader" {reader}<&-
	(
		# only here could another process keep the pipe open
		exec {maps}>&-
		exec "$sbx" --ro-bind / / --unshare-user --userns-block-fd 8 --info-fd 6 \
			--json-status-fd 7 "$@" >said 2>&1 </dev/null 6>info 7>status
	) &
	started=$!
	exec 8<&-
	eventually grep -qs '^}' info || return
	child=$(sed -nE 's/^ *"child-pid": ([0-9]+),$/\1/p' info)
}

# mapped UID_MAP GID_MAP WANT OPTION...: with these maps COMMAND has the ids WANT.
mapped()
{
	local uid_map=$1 gid_map=$2 want=$3
	shift 3
	rm -f info
	start_unmapped "$@" -- sh -c 'echo $(id -u; id -g)' || return
	map "$uid_map" "$gid_map" || return
	(echo >&"$maps") || return
	ended
	echo "status $?, said: $(cat said)"
	exec {maps}>&-
	[ "$(cat said)" = "$want" ]
}

# The caller alone writes the maps.
has_maps()
{
	local result=0
	rm -f info
	start_unmapped -- cat /proc/self/uid_map || return
	[ -z "$(cat "/proc/$child/uid_map")" ] || result=1
	map "$@" || result=1
	exec {maps}>&-
	ended || result=1
	cat said
	diff <(echo "$1") <(sed 's/^ *//' said | tr -s ' ') && return $result
}

maps()
{
	local id
	id=$(id -u)
	check "the caller maps the ids" mapped "77 $id 1" "78 $id 1" "77 78"
	check "with more namespaces, too" \
		mapped "77 $id 1" "78 $id 1" "77 78" --unshare-pid --unshare-net --unshare-ipc --proc /proc
	check "to 0" mapped "0 $id 1" "0 $id 1" "0 0"
	check "sbx writes none, and the end of the caller's releases" has_maps "5 $id 1" "5 $id 1"
	[ "$who" = user ] ||
		check "several ranges" has_maps $'0 0 1\n1 100000 65535' $'0 0 1\n1 100000 65535'
	check "without any, there is an error or a COMMAND without ids, and no more" unmapped
	check "it needs --unshare-user" \
		fails 125 "sbx: --userns-block-fd needs --unshare-user" \
		box --userns-block-fd 7 --info-fd 8 -- true 7</dev/null 8>info
	check "and --info-fd" \
		fails 125 "sbx: --userns-block-fd needs --info-fd" \
		box --unshare-user --userns-block-fd 7 -- true 7</dev/null
	check "it excludes --disable-userns" \
		fails 125 "sbx: --disable-userns cannot be combined with --userns-block-fd" \
		box --unshare-user --userns-block-fd 7 --info-fd 8 --disable-userns -- true 7</dev/null 8>info
	check "COMMAND does not get it" prints "0 1 2 " maps_not_passed_on
}

unmapped()
{
	local status=0
	rm -f info
	start_unmapped -- true || return
	exec {maps}>&-
	ended || status=$?
	echo "status $status, said: $(cat said)"
	[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
}

maps_not_passed_on()
{
	rm -f info
	start_unmapped -- "$helpers/fds" || return
	map "0 $(id -u) 1" "0 $(id -g) 1" >&2
	exec {maps}>&-
	ended && cat said
}

# --- Ends meanwhile -----------------------------------------------------------

# dies HOW SIGNAL OPTION...: held by HOW, "block" or "maps", it dies of SIGNAL, with all its processes.
dies()
{
	local how=$1 signal=$2 status=0 want
	shift 2
	want=$((128 + $(kill -l "$signal")))
	rm -f info ran
	if [ "$how" = block ]; then
		start_held "$@" --bind / / --chdir "$PWD" -- touch ran || return
	else
		start_unmapped "$@" --bind / / --chdir "$PWD" -- touch ran || return
	fi
	kill "-$signal" "$started"
	ended || status=$?
	echo "status $status"
	eventually is_gone "$child" || return
	if [ "$how" = block ]; then exec {block}>&-; else exec {maps}>&-; fi
	[ "$status" -eq "$want" ] && [ ! -e ran ]
}

ends()
{
	local how signal options
	for how in block maps; do
		for signal in TERM KILL INT; do
			for options in "" --unshare-pid "--unshare-all --dev /dev" --die-with-parent; do
				# shellcheck disable=SC2086 # no word, or several
				check "SIG$signal, held by $how${options:+, with $options}, leaves nothing" \
					dies $how $signal $options
			done
		done
	done
	check "if the first process inside is killed, sbx says so" child_killed
	check "also while it waits for maps" child_killed_unmapped
}

child_killed()
{
	start_held --unshare-pid -- true || return
	kill -KILL "$child"
	ends_with 125 ended && exec {block}>&- && cat said &&
		grep -q "^sbx: the sandbox's first process was killed by signal 9 (Killed) before the" said
}

child_killed_unmapped()
{
	rm -f info
	start_unmapped -- true || return
	kill -KILL "$child"
	ends_with 125 ended && exec {maps}>&- && cat said &&
		grep -q "^sbx: the sandbox's first process was killed by signal 9 (Killed) before the" said
}

tests()
{
	blocked
	maps
	ends
}

run_as_both tests
