#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --propagation: whether later mounts on the host appear inside.
. "$(dirname "$0")/lib.sh"

# in_shared_mounts FUNCTION ARGUMENT...: run FUNCTION where mounts can be made, and where all of
# them are shared with each copy that is made of them.
in_shared_mounts()
{
	local users=()
	[ "$who" = root ] || users=(--user --map-root-user)
	timeout 60 unshare "${users[@]}" --mount --propagation private bash -c \
		"mount --make-rshared / && $(declare -p sbx bwrap); $(declare -f "$1"); \"\$@\"" - "$@"
}

# The view inside, below a read-only bind, before a mount there, after it, and after the unmount.
# $1 is "ordinary" for a sandbox of an ordinary user, else "same".
observe()
{
	local line seen=() as=()
	[ "$1" = same ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	shift
	rm -rf shared
	mkdir -m 0755 shared shared/src || return
	coproc inside {
		"${as[@]}" "$@" --ro-bind / / --ro-bind shared /mnt --tmpfs /tmp --proc /proc -- \
			sh -c 'while echo $(ls /mnt/src; [ ! -w /mnt/src ] || echo writable
				awk "\$5 == \"/mnt/src\" && !/nosuid/ && !/nodev/ { print \"loose\" }" \
					/proc/self/mountinfo); do read -r line || exit; done'
	}
	read -r -t 20 line <&"${inside[0]}"
	seen+=("[$line]")
	mount -t tmpfs -o mode=1777 late shared/src && touch shared/src/late && echo >&"${inside[1]}"
	read -r -t 20 line <&"${inside[0]}"
	seen+=("[$line]")
	umount shared/src && echo >&"${inside[1]}"
	read -r -t 20 line <&"${inside[0]}"
	seen+=("[$line]")
	echo "${seen[*]}"
}

follows="[] [late writable loose] []"
stays="[] [] []"

modes()
{
	local user=$1 whose=$2
	check "$whose: under the name sbx, what is mounted later does not appear" \
		prints "$stays" in_shared_mounts observe "$user" "$sbx"
	check "$whose: with --propagation private neither" \
		prints "$stays" in_shared_mounts observe "$user" "$sbx" --propagation private
	check "$whose: with --propagation slave it does, without the bind's restrictions, and goes" \
		prints "$follows" in_shared_mounts observe "$user" "$sbx" --propagation slave
	check "$whose: under the name bwrap it does" \
		prints "$follows" in_shared_mounts observe "$user" "$bwrap"
	check "$whose: with --propagation slave, too" \
		prints "$follows" in_shared_mounts observe "$user" "$bwrap" --propagation slave
	check "$whose: with --propagation private it does not" \
		prints "$stays" in_shared_mounts observe "$user" "$bwrap" --propagation private
}

# Nothing that is mounted inside appears outside.
leaks_nothing()
{
	local before
	mkdir -p own && mount --bind own own && before=$(cat /proc/self/mountinfo) &&
		"$sbx" --propagation slave --bind own /own --ro-bind /usr /own/usr --bind / /own/all \
			--symlink own/usr/bin /bin --symlink own/usr/lib /lib \
			--symlink own/usr/lib64 /lib64 --tmpfs /own/all/tmp --symlink own/usr /usr -- \
			sh -c true && [ "$before" = "$(cat /proc/self/mountinfo)" ]
}

words()
{
	check "another word is an error that names the two" \
		fails 125 "sbx: --propagation: not private or slave: shared" \
		box --propagation shared -- true
	check "given twice, the last one counts" \
		fails 0 "sbx: Only the last --propagation option will take effect" \
		box --propagation slave --propagation private -- true
}

tests()
{
	words
	modes same "the caller"
	[ "$who" = user ] || modes ordinary "an ordinary user whom root's mounts reach"
	check "nothing that is mounted inside appears outside" in_shared_mounts leaks_nothing
}

run_as_both tests
