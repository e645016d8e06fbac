#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --userns, --userns2 and --pidns: namespaces of other creators; --disable-userns and
# --assert-userns-disabled.
. "$(dirname "$0")/lib.sh"

# Create the namespaces.  Descriptors 20 and 21 are a user namespace in which the caller is 0, and
# the PID namespace that belongs to it; 22 is a user namespace below it, in which 0 is 5.
make_namespaces()
{
	rm -f hold && mkfifo hold || return
	unshare --user --map-root-user --pid --fork --kill-child --mount-proc \
		sh -c 'unshare --user --map-user=5 --map-group=6 sh -c "read -r line <hold" & wait' \
		</dev/null >/dev/null 2>&1 &
	holder=$!
	eventually find_holders || return
	exec 20<"/proc/$first/ns/user" 21<"/proc/$first/ns/pid" 22<"/proc/$second/ns/user"
}

# child_of PID: its only child, or nothing.
child_of()
{
	tr -d ' ' 2>/dev/null <"/proc/$1/task/$1/children"
}

has_child()
{
	child_of "$1" | grep -q .
}

# The shell in the namespaces, and the one further below.
find_holders()
{
	first=$(child_of "$holder") && [ -n "$first" ] && second=$(child_of "$first") && [ -n "$second" ] &&
		grep -qs '^ *5 ' "/proc/$second/uid_map"
}

# inside KIND COMMAND...: the number of that one of COMMAND's namespaces.
inside()
{
	local kind=$1
	shift
	"$@" --proc /proc -- sh -c 'cd /proc/self/ns; readlink "$1"' - "$kind"
}

# number_of PID KIND
number_of()
{
	readlink "/proc/$1/ns/$2"
}

users()
{
	check "--userns: COMMAND is in that user namespace" \
		prints "$(number_of "$first" user)" inside user box --userns 20
	check "with the ids that it maps" prints "0 0" box --userns 20 -- sh -c 'echo $(id -u; id -g)'
	check "--uid and --gid of what is mapped" \
		prints "0 0" box --userns 20 --uid 0 --gid 0 -- sh -c 'echo $(id -u; id -g)'
	check "an id that is not mapped is an error" \
		fails_saying 125 "^sbx: cannot become user 77: Invalid argument" box --userns 20 --uid 77 -- true
	check "or a group" \
		fails_saying 125 "^sbx: cannot become group 77: Invalid argument" box --userns 20 --gid 77 -- true
	check "with other new namespaces" \
		prints "$(number_of "$first" user) 2" sh_in_all
	check "with --dev" box --userns 20 --dev /dev -- sh -c 'echo >/dev/null'
	check "COMMAND has no capabilities" prints "0000000000000000" \
		box --userns 20 --cap-drop ALL --proc /proc -- sed -n 's/^CapEff:\t//p' /proc/self/status
	check "it has what --cap-add gives" prints "0000000000000001" \
		box --userns 20 --cap-drop ALL --cap-add CAP_CHOWN --proc /proc -- \
		sed -n 's/^CapEff:\t//p' /proc/self/status
	check "the mount namespace belongs to it" \
		box --userns 20 --cap-add ALL --dir /t -- mount -t tmpfs t /t
	check "the descriptor is not passed on" \
		prints "0 1 2 21 22 " box --userns 20 --ro-bind "$helpers" /h -- /h/fds
	check "--userns2: COMMAND is in that one in the end" \
		prints "$(number_of "$second" user)" inside user box --userns 20 --userns2 22
	check "with its ids" prints "5 6" box --userns 20 --userns2 22 -- sh -c 'echo $(id -u; id -g)'
	check "the mount namespace is not its own" fails_saying 32 "permission denied\|must be superuser" \
		box --userns 20 --userns2 22 --cap-add ALL --dir /t -- mount -t tmpfs t /t
	check "neither descriptor is passed on" \
		prints "0 1 2 21 " box --userns 20 --userns2 22 --ro-bind "$helpers" /h -- /h/fds
	[ "$who" = user ] || check "root can use --userns2 alone" \
		prints "$(number_of "$first" user)" inside user box --userns2 20
	check "as bubblewrap" prints "0 0" as_bwrap
	check "with a status of its own" ends_with 3 box --userns 20 -- sh -c 'exit 3'
	check "a signal is passed on" joined_signal
}

as_bwrap()
{
	sbx=$bwrap box --userns 20 -- sh -c 'echo $(id -u; id -g)'
}

sh_in_all()
{
	box --userns 20 --unshare-pid --unshare-ipc --unshare-uts --unshare-net --unshare-cgroup \
		--hostname x --proc /proc -- sh -c 'echo $(readlink /proc/self/ns/user) $$'
}

joined_signal()
{
	start_held --userns 20 -- sleep 100 || return
	exec {block}>&-
	command_pid && kill -TERM "$started" && ends_with 143 ended
}

# --- Processes ----------------------------------------------------------------

# with_pids OPTION...: box in the PID namespace 21, which an ordinary user can enter with
# its user namespace only.
with_pids()
{
	box --userns 20 --pidns 21 "$@"
}

pids()
{
	local first_pid
	first_pid=$(number_of "$first" pid)
	check "--pidns: COMMAND is in that process namespace" prints "$first_pid" inside pid with_pids
	check "it sees its processes" \
		prints "1 sh" with_pids --proc /proc -- sh -c 'echo 1 $(cat /proc/1/comm)'
	check "with --unshare-pid it is in a new one" new_below
	check "as process 2" prints "2 1" with_pids --unshare-pid -- sh -c 'echo $$ $PPID'
	check "with --as-pid-1, 1" prints 1 with_pids --unshare-pid --as-pid-1 -- sh -c 'echo $$'
	check "which is below the one given" \
		prints found with_pids --unshare-pid -- sh -c 'echo found'
	[ "$("$helpers/landlock" abi)" -lt 6 ] ||
		check "COMMAND can send no signal to its reaper, which is no process 1 there" \
			prints sbx-reaper with_pids --proc /proc --die-with-parent -- sh -c \
			'kill -0 $PPID 2>/dev/null && echo yes; cat /proc/$PPID/comm'
	check "the status of COMMAND" ends_with 42 with_pids -- sh -c 'exit 42'
	check "with --unshare-pid" ends_with 42 with_pids --unshare-pid -- sh -c 'exit 42'
	check "a COMMAND that is not there" \
		fails_saying 127 "^sbx: cannot execute /nope: No such file or directory$" with_pids -- /nope
	check "the descriptors are not passed on" \
		prints "0 1 2 22 " with_pids --ro-bind "$helpers" /h -- /h/fds
	check "child-pid and command-pid are the host's numbers" numbers
	check "with --unshare-pid, too" numbers --unshare-pid
	check "--info-fd tells of no process namespace" tells_no_pids
	check "but of a new one" tells_new_pids
	if [ "$who" = root ]; then
		check "root needs no --userns" prints "$first_pid" inside pid box --pidns 21
		check "with --unshare-pid, neither, where no other user namespace owns it" roots_pids
	else
		check "an ordinary user needs --userns" \
			fails_saying 125 "^hint: enter the user namespace that owns it as well" \
			box --pidns 21 -- true
	fi
	check "who ends the namespace ends COMMAND" ends_with_namespace
	check "and, with --unshare-pid, all below it" ends_with_namespace --unshare-pid
}

roots_pids()
{
	local result=0 maker
	unshare --pid --fork --kill-child sh -c 'read -r line <hold' </dev/null >/dev/null 2>&1 &
	maker=$!
	eventually has_child "$maker" && exec 23<"/proc/$(child_of "$maker")/ns/pid" || return
	prints "2 1" box --pidns 23 --unshare-pid -- sh -c 'echo $$ $PPID' || result=1
	exec 23<&-
	kill -KILL "$(child_of "$maker")"
	wait "$maker"
	return $result
}

# The new namespace is neither the host's nor the given one.
new_below()
{
	local new
	new=$(inside pid with_pids --unshare-pid) || return
	echo "$new"
	[ -n "$new" ] && [ "$new" != "$first_pid" ] && [ "$new" != "$(number_of $$ pid)" ]
}

numbers()
{
	local command result=0
	start_held --userns 20 --pidns 21 "$@" -- sleep 100 || return
	exec {block}>&-
	command=$(command_pid)
	eventually grep -qx sleep "/proc/$command/comm" || result=1
	[ -d "/proc/$child" ] || result=1
	kill -TERM "$started"
	ends_with 143 ended && return $result
}

tells_no_pids()
{
	start_held --userns 20 --pidns 21 -- true || return
	let_go && ! grep pid-namespace <<<"$info"
}

tells_new_pids()
{
	local number
	start_held --userns 20 --pidns 21 --unshare-pid --proc /proc -- stat -Lc %i /proc/self/ns/pid ||
		return
	let_go && number=$(cat said) && grep "\"pid-namespace\": $number,*$" <<<"$info"
}

# Process 1 of the namespace is killed, and the kernel kills the rest; the other tests get new ones.
ends_with_namespace()
{
	start_held --userns 20 --pidns 21 "$@" -- sleep 100 || return
	exec {block}>&-
	command_pid
	kill -KILL "$first"
	ends_with 137 ended || return
	end_namespaces
	make_namespaces
}

namespaces()
{
	first=""
	make_namespaces
}

end_namespaces()
{
	exec 20<&- 21<&- 22<&-
	kill -KILL "$first" 2>/dev/null
	wait "$holder" 2>/dev/null
}

# --- Wrong ones ---------------------------------------------------------------

wrong()
{
	local option hint
	for option in userns userns2 pidns; do
		hint="^hint: it has to refer to a namespace other than the caller's own, such as /proc/PID/ns/"
		check "--$option of a descriptor that is not open is an error" \
			fails 125 "sbx: --$option: descriptor 99 is not open" box "--$option" 99 -- true
		check "or of a file" fails_saying 125 \
			"^sbx: --$option: cannot enter the namespace that descriptor 7 is open on: Invalid argument$" \
			box "--$option" 7 -- true 7</dev/null
		check "that has a hint" fails_saying 125 "$hint" box "--$option" 7 -- true 7</dev/null
		check "or of a namespace of another kind" fails_saying 125 "$hint" \
			box "--$option" 7 -- true 7</proc/self/ns/mnt
		check "as bubblewrap, it is one with status 1" \
			fails_saying 1 "^bwrap: --$option: cannot enter" "$bwrap" --ro-bind / / "--$option" 7 -- true 7</dev/null
		check "--$option twice: the last counts, and a warning says so" fails_saying 125 \
			"^sbx: Only the last --$option option will take effect$" \
			box "--$option" 99 "--$option" 98 -- true
	done
	check "the caller's own user namespace is none to enter" fails_saying 125 "$hint" \
		box --userns 7 -- true 7</proc/self/ns/user
	check "--userns excludes --unshare-user" \
		fails 125 "sbx: --userns cannot be combined with --unshare-user" \
		box --userns 20 --unshare-user -- true
	check "and --unshare-all" \
		fails 125 "sbx: --userns cannot be combined with --unshare-user-try or --unshare-all" \
		box --userns 20 --unshare-all -- true
	[ "$who" = root ] || check "a namespace of somebody else has a hint" \
		fails_saying 125 "^hint: only a user namespace that the caller has created, or one below it" \
		box --userns2 7 -- true 7</proc/self/ns/user
}

# --- No more of them ----------------------------------------------------------

# makes_users OPTION...: COMMAND can create a user namespace.
makes_users()
{
	box "$@" -- unshare --user true
}

forbidden()
{
	local options
	check "user namespaces can be made inside" makes_users --unshare-user
	for options in "" "--uid 0 --gid 0" "--cap-add ALL" "--uid 0 --gid 0 --cap-add ALL" \
		"--dev /dev" "--dev /dev --uid 5 --cap-add CAP_SYS_ADMIN" "--unshare-pid --as-pid-1" \
		"--unshare-all --dev /dev --uid 0 --cap-add ALL"; do
		# shellcheck disable=SC2086 # no word, or several
		check "--disable-userns forbids it${options:+, with $options}" \
			fails_saying 1 "No space left on device" box --unshare-user --disable-userns $options -- \
			unshare --user true
		# shellcheck disable=SC2086
		check "that cannot be undone${options:+, with $options}" cannot_undo $options
	done
	check "the ids are those asked for" \
		prints "5 6" box --unshare-user --disable-userns --uid 5 --gid 6 -- sh -c 'echo $(id -u; id -g)'
	check "with capabilities, too" \
		prints "5 6" box --unshare-user --disable-userns --cap-add CAP_CHOWN --uid 5 --gid 6 -- \
		sh -c 'echo $(id -u; id -g)'
	check "the host can make others all the while" host_can
	check "sbx in it says what is wrong" \
		fails_saying 125 "^hint: .*\(user.max_user_namespaces\|/proc/sys/user/max_\)" \
		box --unshare-user --disable-userns --ro-bind / / -- "$sbx" --unshare-user --ro-bind / / -- true
	check "--disable-userns needs --unshare-user" \
		fails 125 "sbx: --disable-userns needs --unshare-user" box --disable-userns -- true
	check "that of --unshare-all is not enough" \
		fails 125 "sbx: --disable-userns needs --unshare-user" box --unshare-all --disable-userns -- true
	check "--assert-userns-disabled fails where they can be made" \
		fails 125 "sbx: new user namespaces can still be created in the sandbox" box --assert-userns-disabled -- true
	check "in bubblewrap's words" \
		fails 1 "bwrap: creation of new user namespaces was not disabled as requested" \
		"$bwrap" --ro-bind / / --assert-userns-disabled -- true
	check "COMMAND has not run then" prints "" asserted_not_run
	check "it does not fail where they cannot" \
		box --unshare-user --disable-userns --assert-userns-disabled -- true
	[ "$who" = user ] || check "nor where somebody else forbids them" asserted_below
	check "the namespaces stay as they are with it" \
		prints "5" box --unshare-user --disable-userns --assert-userns-disabled --uid 5 -- id -u
}

asserted_not_run()
{
	! box --assert-userns-disabled -- echo ran
}

# Try to raise the limit, here and with a procfs of one's own, and to make one after that.
cannot_undo()
{
	ends_with 1 box --unshare-user --disable-userns --ro-bind /proc /proc --dir /p "$@" -- sh -c '
		for f in /proc/sys/user/max_user_namespaces /p/sys/user/max_user_namespaces; do
			mount -t proc proc /p 2>/dev/null
			mount -o remount,bind,rw /proc 2>/dev/null
			(echo 1000 >$f) 2>/dev/null
		done
		unshare --user true 2>/dev/null && exit
		unshare --user --mount --pid --fork true 2>/dev/null && exit
		exit 1'
}

host_can()
{
	start_held --unshare-user --disable-userns -- true || return
	unshare --user true && makes_users --unshare-user && let_go
}

asserted_below()
{
	box --unshare-user --disable-userns --cap-add ALL --ro-bind / / -- \
		"$bwrap" --ro-bind / / --assert-userns-disabled -- true
}

tests()
{
	check "there are namespaces to join" namespaces
	[ -n "$first" ] || return
	users
	pids
	wrong
	end_namespaces
	forbidden
}

run_as_both tests
