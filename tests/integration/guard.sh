#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Protected paths that something on the host replaces while COMMAND runs: they are protected again,
# or the sandbox ends.
. "$(dirname "$0")/lib.sh"

# The program, set-user-ID root, is $work/suid/sbx.
prepare_more()
{
	mkdir "$work/suid" && cp "$SBX" "$work/suid/sbx" && chmod 4755 "$work/suid/sbx"
}

# --- A sandbox that answers -----------------------------------------------------

# COMMAND executes the commands in /ctl/ask, until there is /ctl/stop.
agent='touch /ctl/ready
	while [ ! -e /ctl/stop ]; do
		if [ -e /ctl/ask ]; then sh /ctl/ask >/ctl/said 2>&1; rm /ctl/ask; else sleep 0.01; fi
	done'

# begin OPTION...: start a sandbox with a writable bind of the folder "w".  Sets $started.
begin()
{
	rm -rf w ctl status said && mkdir -p w/a/b w/d ctl && echo secret >w/a/secret && echo x >w/a/x &&
		echo deep >w/a/b/deep && echo f >w/d/f || return
	(
		exec "$sbx" --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin \
			--symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev \
			--bind w /w --bind ctl /ctl --json-status-fd 7 "${base[@]}" "$@" \
			-- sh -c "$agent" 7>status >said 2>&1 </dev/null
	) &
	started=$!
	eventually test -e ctl/ready && return
	cat said
	return 1
}

# ask COMMAND: what COMMAND prints inside.
ask()
{
	echo "$1" >ctl/ask.new && mv ctl/ask.new ctl/ask && eventually answered && cat ctl/said
}

answered()
{
	[ ! -e ctl/ask ] || [ ! -e "/proc/$started" ]
}

# finish: let the sandbox end; it must end well, with no process of its own left.
finish()
{
	local guard status=0
	guard=$(guard_of "$started")
	touch ctl/stop
	ended || status=$?
	cat said
	echo "status $status, guard $guard"
	[ "$status" -eq 0 ] && [ -n "$guard" ] && eventually is_gone "$guard"
}

# child_of PID NAME: the process below PID that has that name.
child_of()
{
	local pid
	for pid in $(ps -o pid= --ppid "$1"); do
		if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; then echo "$pid"; fi
	done
}

guard_of()
{
	child_of "$(child_of "$1" sbx-janitor)" sbx-guard
}

# is_noted OPTION: there is a warning about it, on standard error and in the notes.
is_noted()
{
	grep -q "^sbx: $1: .* again, after at most [0-9]* ms$" said &&
		grep -q "\"phase\": \"note\", \"level\": \"warning\", \"option\": \"$1\"" status
}

# --- Changes on the host --------------------------------------------------------

by_rename()
{
	echo "new secret" >w/a/new && mv w/a/new "$1"
}

by_new_file()
{
	rm "$1" && echo "new secret" >"$1"
}

by_sed()
{
	sed -i 's/.*/new secret/' "$1"
}

# As an editor does that keeps a copy: no mount goes away, it moves.
by_copy_kept()
{
	mv "$1" "$1~" && echo "new secret" >"$1"
}

# The folder above is another one.
by_folder()
{
	mv w/a w/old && mkdir w/a && echo "new secret" >"$1"
}

# ... and at first there is nothing in it.
by_folder_later()
{
	rm -rf w/a && mkdir w/a && sleep 0.2 && echo "new secret" >"$1"
}

ways="by_rename by_new_file by_sed by_copy_kept by_folder by_folder_later"

# --- Protection comes back ------------------------------------------------------

shows()
{
	[ "$(ask 'cat /w/a/secret 2>&-')" = "$1" ]
}

masks_again()
{
	begin --mask /w/a/secret && shows "" && "$1" w/a/secret && eventually shows "" &&
		eventually is_noted --mask && shows "" && finish && [ "$(cat w/a/secret)" = "new secret" ]
}

masks_folder_again()
{
	begin --mask /w/d && rm -rf w/d && mkdir w/d && echo new >w/d/g && eventually is_noted --mask &&
		[ "$(ask 'ls -A /w/d 2>&-; cat /w/d/g 2>&-')" = "" ] && finish && [ "$(cat w/d/g)" = new ]
}

# A folder or a link replaces a file.
masks_other_kinds()
{
	begin --mask /w/a/secret && rm w/a/secret && mkdir w/a/secret && echo new >w/a/secret/f &&
		eventually is_noted --mask && [ "$(ask 'cat /w/a/secret/f 2>&-')" = "" ] &&
		rm -r w/a/secret && ln -s x w/a/secret && sleep 1.1 && eventually shows "" && finish
}

is_read_only()
{
	ask "echo evil >>$1" | grep -q "Read-only file system"
}

read_only_again()
{
	begin --ro /w/a/secret && is_read_only /w/a/secret && "$1" w/a/secret && eventually is_noted --ro &&
		is_read_only /w/a/secret && shows "new secret" && finish && [ "$(cat w/a/secret)" = "new secret" ]
}

read_only_folder_again()
{
	begin --ro /w/d && rm -rf w/d && mkdir w/d && echo f >w/d/f && eventually is_noted --ro &&
		is_read_only /w/d/f && is_read_only /w/d/new && finish && [ "$(ls w/d)" = f ]
}

# The folder that has been replaced cannot be moved away either.
pins_again()
{
	begin --mask /w/a/secret && by_folder w/a/secret && eventually is_noted --mask &&
		[ "$(ask 'mv /w/a /w/z 2>&1')" != "" ] && [ -e w/a/secret ] && finish
}

# The placeholder is removed, and comes back; at exit it is gone.
denies_again()
{
	begin --deny-create /w/a/hook && [ -e w/a/hook ] && rm -f w/a/hook && eventually test -e w/a/hook &&
		eventually is_noted --deny-create && ask 'echo evil >/w/a/hook' && [ ! -s w/a/hook ] && finish &&
		[ ! -e w/a/hook ]
}

# The host has its own file at the place: it stays the host's.
denies_what_is_new()
{
	begin --deny-create /w/a/hook && by_rename w/a/hook && eventually is_noted --deny-create &&
		[ "$(ask '{ cat /w/a/hook; echo evil >/w/a/hook; } 2>/dev/null')" = "" ] && finish &&
		[ "$(cat w/a/hook)" = "new secret" ]
}

# Nothing is created while there is no folder; when it is there again, it is denied.
denies_in_new_folder()
{
	begin --deny-create /w/a/b/hook && eventually rm -rf w/a/b && sleep 0.3 && [ ! -e w/a/b ] && mkdir w/a/b &&
		eventually test -e w/a/b/hook && eventually is_noted --deny-create &&
		ask 'echo evil >/w/a/b/hook' && [ ! -s w/a/b/hook ] && finish && [ ! -e w/a/b/hook ]
}

# The file is saved 50 times while COMMAND reads it.
survives_saves()
{
	local i
	begin --mask /w/a/secret --ro /w/a/x --deny-create /w/new || return
	# shellcheck disable=SC2016 # for the shell inside
	echo 'for i in $(seq 2000); do cat /w/a/secret; done >/dev/null 2>&1' >ctl/ask.new && mv ctl/ask.new ctl/ask
	for i in {1..50}; do
		echo "secret $i" >w/a/new && mv w/a/new w/a/secret && sed -i "s/.*/$i/" w/a/x || return
	done
	eventually answered && eventually shows "" && eventually is_read_only /w/a/x && is_noted --mask && finish &&
		[ "$(cat w/a/secret)" = "secret 50" ] && [ "$(cat w/a/x)" = 50 ]
}

# set_many OPTION: the words for 60 files that it protects.
set_many()
{
	local i
	words=(--bind m /w/m)
	for i in {1..60}; do words+=("$1" "/w/m/$i"); done
	mkdir -p m && touch m/{1..60}
}

replace_many()
{
	local i
	for i in {1..60}; do echo "new" >m/n && mv m/n "m/$i" || return; done
}

many_again()
{
	set_many --mask && begin "${words[@]}" && replace_many && eventually all_hidden && finish
}

# What COMMAND leaves behind, in a session of its own, gets at nothing either.
watches_what_is_left()
{
	local left='sleep 1; cat /w/a/secret; echo evil >/w/a/hook; [ -s /w/a/hook ] || echo none'
	begin "$@" --mask /w/a/secret --deny-create /w/a/hook || return
	ask "setsid sh -c '$left; touch /ctl/over' >/ctl/left 2>&1 &" && touch ctl/stop && ended && by_rename w/a/secret &&
		rm -f w/a/hook && eventually test -e ctl/over && cat ctl/left && [ "$(grep -v : ctl/left)" = none ] &&
		eventually test ! -e w/a/hook
}

# No process receives the notes any more: there are more than the socket has room for.
stopped_monitor()
{
	local hidden=yes
	set_many --mask && begin "${words[@]}" && kill -STOP "$started" || return
	{ replace_many && eventually all_hidden && sleep 1.1 && replace_many && eventually all_hidden; } || hidden=no
	kill -CONT "$started"
	[ "$hidden" = yes ] && eventually is_noted --mask && finish
}

with_few_descriptors()
{
	(ulimit -n 40 && "$@")
}

# Each path that is watched takes a descriptor.
too_few_descriptors()
{
	set_many --ro && fails 125 "sbx: --ro: cannot watch the protected paths: Too many open files" \
		with_few_descriptors box --dir /w "${words[@]}" -- true
}

all_hidden()
{
	[ "$(ask 'cat /w/m/* 2>&-')" = "" ]
}

# A later option's mount over a protected path is left alone.
leaves_covers()
{
	begin --mask /w/a/secret --bind w/d /w/a --mask /w/d/f --bind w/a/x /w/d/f && by_rename w/a/secret &&
		echo new >w/d/secret && sleep 0.3 && [ "$(ask 'cat /w/a/secret /w/d/f')" = "new
x" ] && finish && ! grep -q again said
}

both_of_one_place()
{
	begin --mask /w/a/secret --ro /w/a/secret --deny-create /w/q --deny-create /w/q && by_rename w/a/secret &&
		eventually is_noted --mask && eventually is_noted --ro && shows "" && rm -f w/q &&
		eventually is_noted --deny-create && finish && [ ! -e w/q ]
}

puts_back()
{
	local way
	for way in $ways; do
		check "--mask: a file is masked again, $way" masks_again "$way"
		check "--ro: it is read-only again, $way" read_only_again "$way"
	done
	check "--mask: so is a folder" masks_folder_again
	check "and what is a folder or a link now" masks_other_kinds
	check "--ro: so is a folder" read_only_folder_again
	check "the folders above are pinned again" pins_again
	check "--deny-create: the placeholder is made again" denies_again
	check "what the host creates there is masked" denies_what_is_new
	check "where the folder goes, it is made when that is there again" denies_in_new_folder
	check "a file that is saved 50 times" survives_saves
	check "many files" many_again
	check "although the monitor is stopped" stopped_monitor
	check "for what COMMAND leaves behind, too" watches_what_is_left
	check "in a session of its own, too" watches_what_is_left --new-session
	check "nothing is done to what a later option covers" leaves_covers
	check "two options for one place" both_of_one_place
}

# --- The sandbox ends -----------------------------------------------------------

# ends_unprotected PATTERN: the sandbox ends with the status for that, and reports it.
ends_unprotected()
{
	local status=0
	ended || status=$?
	cat said
	echo "status $status"
	[ "$status" -eq 123 ] && grep -q "$1" said && grep -q '"phase": "failed"' status &&
		! grep -q '"exit-code"' status
}

# The processes that COMMAND has left behind are killed as well.
dies()
{
	begin "$@" --mask /w/a/secret && ask 'setsid sleep 600 >/dev/null 2>&1 & echo $!' >/dev/null &&
		ask 'exec 9>/ctl/alive; flock 9; setsid sleep 600 >/dev/null 2>&1 &' >/dev/null &&
		! flock -n ctl/alive true && by_rename w/a/secret &&
		ends_unprotected "^sbx: --mask: /w/a/secret was replaced or uncovered, .*: the sandbox ends$" &&
		eventually flock -n ctl/alive true
}

dies_with_missing()
{
	begin --protect-or-die --deny-create /w/new && rm -f w/new &&
		ends_unprotected "^sbx: --deny-create: /w/new was .* kept from being created: the sandbox ends$"
}

# The folder above is a link now: COMMAND is led elsewhere.
dies_of_link()
{
	begin "$1" "/w/a/$2" && mv w/a w/old && ln -s old w/a &&
		ends_unprotected "^sbx: $1: /w/a/$2 was .* cannot be protected again: Too many levels of symbolic links$"
}

of_admin()
{
	begin --cap-add CAP_SYS_ADMIN --mask /w/a/secret && by_rename w/a/secret &&
		ends_unprotected "^hint: COMMAND has CAP_SYS_ADMIN and could undo a new mount; --protect-try "
}

# The right to mount; and the user id without which mount(8) does not try.
as_root=(--unshare-user --uid 0 --gid 0 --cap-add CAP_SYS_ADMIN)

# What COMMAND unmounts, having the right to, is mounted again.
tries()
{
	begin --protect-try "${as_root[@]}" --mask /w/a/secret && by_rename w/a/secret &&
		eventually is_noted --mask && shows "" && ask 'umount /w/a/secret' && eventually shows "" && finish
}

# A mount on top of what protects is COMMAND's own, and no loss.
admin_mounts()
{
	begin "${as_root[@]}" --mask /w/a/secret &&
		ask 'mount --bind /w/a/x /w/a/secret; mount -t tmpfs t /w/d; sleep 0.3; umount /w/a/secret' &&
		shows "" && finish
}

# Mounts that are not locked are the command's to undo.
admin_may_undo()
{
	begin "${as_root[@]}" --no-lock-mounts --mask /w/a/secret && ask 'umount /w/a/secret' &&
		shows secret && [ -z "$(guard_of "$started")" ] && touch ctl/stop && ended
}

# Without the guard, nothing is protected.
guard_killed()
{
	begin --mask /w/a/secret && kill -KILL "$(guard_of "$started")" &&
		ends_unprotected "^sbx: the process that watches the protected paths was killed$"
}

guard_killed_try()
{
	begin --protect-try --mask /w/a/secret && kill -KILL "$(guard_of "$started")" &&
		eventually grep -q "^sbx: the process that watches the protected paths has exited" said &&
		touch ctl/stop && ended && grep -q '"level": "warning", "message": "the process that watches' status
}

unused_is_free()
{
	begin && [ -z "$(guard_of "$started")" ] && touch ctl/stop && ended
}

hides()
{
	begin --unshare-pid --mask /w/a/secret && [ "$(ask 'cat /proc/[0-9]*/comm' | grep -c guard)" = 0 ] && finish
}

ends()
{
	check "--protect-or-die: the sandbox ends, with all in it" dies --protect-or-die
	check "so it does for a placeholder" dies_with_missing
	check "so it does where a link comes above what is masked" dies_of_link --mask secret
	check "or read-only" dies_of_link --ro secret
	check "or is not to be created" dies_of_link --deny-create hook
	check "if the process that watches is killed, the sandbox ends" guard_killed
	check "with --protect-try it does not, and a warning says so" guard_killed_try
	[ "$who" != set-user-ID ] || return 0
	check "a COMMAND with CAP_SYS_ADMIN could undo what is put back: the sandbox ends" of_admin
	check "with all in it" dies --cap-add CAP_SYS_ADMIN
	check "--protect-try puts it back in spite of that, also what COMMAND has unmounted" tries
	check "what such a COMMAND mounts itself is no loss" admin_mounts
	check "where mounts are not locked, nothing watches" admin_may_undo
}

# Nothing is sent if descriptors can be copied.  copies PATTERN COUNT OPTION-OF-STRACE...
copies()
{
	local said
	rm -rf w && mkdir w && echo secret >w/secret || return
	said=$(strace -f -qq -o trace -e trace=pidfd_getfd,sendmsg "${@:3}" "$sbx" "${base[@]}" \
		--ro-bind / / --bind w /mnt --mask /mnt/secret -- sh -c 'cat /mnt/secret 2>&-; echo ran' 2>&1)
	cat trace
	echo "$said"
	[[ $said == *ran ]] && [[ $said != *secret* ]] &&
		[ "$(grep -c "pidfd_getfd($1" trace)" -eq "$2" ]
}

nothing_is_sent()
{
	copies ".* = [0-9]*$" 2 && ! grep -q SCM_RIGHTS trace
}

both_are_sent()
{
	copies ".*INJECTED" 1 -e "inject=pidfd_getfd:error=$1:when=$2" && [ "$(grep -c SCM_RIGHTS trace)" -eq 2 ]
}

takes_over()
{
	if ! strace -qq -f -o /dev/null true; then
		skip "$who: how the mount namespace is taken" "strace cannot do it here"
		return
	fi
	check "no descriptor is sent to the process that watches" nothing_is_sent
	check "before Linux 5.6 the two are" both_are_sent ENOSYS 1
	check "and where a filter forbids to copy one" both_are_sent EPERM 1
	check "or the other" both_are_sent EPERM 2
}

usage()
{
	check "--protect-or-die and --protect-try exclude each other" \
		fails 125 "sbx: --protect-or-die cannot be combined with --protect-try" \
		box --protect-or-die --protect-try --ro /usr -- true
	check "they need something to protect" \
		fails 125 "sbx: --protect-or-die and --protect-try need --mask, --ro or --deny-create" \
		box --protect-try -- true
	check "too few descriptors to watch all: nothing runs" too_few_descriptors
	check "where nothing is protected, nothing watches" unused_is_free
	check "no process inside sees the one that watches" hides
}

all_with()
{
	base=("$@")
	puts_back
	ends
}

tests()
{
	local no_admin=()
	[ "$who" != root ] || no_admin=(--cap-drop CAP_SYS_ADMIN)
	all_with "${no_admin[@]}"
	all_with --unshare-pid "${no_admin[@]}"
	base=("${no_admin[@]}")
	takes_over
	base=()
	usage
	[ "$who" = user ] || return 0
	who=set-user-ID
	sbx=$work/suid/sbx
	if ignores_suid || [ ! -u "$sbx" ] || [ "$(stat -c %u "$sbx")" -ne 0 ]; then
		skip "user: set-user-ID" "the folder for temporary files is nosuid, or this is not root"
		return
	fi
	all_with --unshare-pid
}

run_as_both tests
