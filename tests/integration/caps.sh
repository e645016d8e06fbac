#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The capabilities that COMMAND has.
. "$(dirname "$0")/lib.sh"

# caps OPTION...: inheritable, permitted, effective, bounding, ambient, no_new_privs of COMMAND.
caps()
{
	box --proc /proc "$@" -- sed -nE 's/^(Cap|NoNewPrivs).*:\t0*([1-9a-f][0-9a-f]*|0)$/\2/p' /proc/self/status |
		paste -sd ' '
}

# all_sets MASK: five times the same, and no new privileges.
all_sets()
{
	echo "$1 $1 $1 $1 $1 1"
}

last_cap=$(cat /proc/sys/kernel/cap_last_cap)
all=$(printf %x $(((1 << (last_cap + 1)) - 1)))

common()
{
	check "--cap-drop ALL leaves nothing" prints "$(all_sets 0)" caps --cap-drop ALL
	check "--cap-add gives exactly what it says, in all sets" \
		prints "$(all_sets 1000)" caps --cap-drop all --cap-add CAP_NET_ADMIN
	check "by number or lower case, too" \
		prints "$(all_sets 1001)" caps --cap-drop ALL --cap-add 12 --cap-add cap_chown
	check "--cap-add ALL gives all" prints "$(all_sets "$all")" caps --unshare-user --cap-add ALL
	check "--cap-drop takes from it" \
		prints "$(all_sets "$(printf %x $((0x$all & ~0x201000)))")" caps --unshare-user --cap-add ALL \
		--cap-drop CAP_NET_ADMIN --cap-drop CAP_SYS_ADMIN
	check "they act in the order given" \
		prints "$(all_sets 1)" caps --cap-add ALL --cap-drop CAP_CHOWN --cap-drop ALL --cap-add 0
	check "also in a user namespace" \
		prints "$(all_sets 1)" caps --unshare-user --cap-drop ALL --cap-add CAP_CHOWN
	check "and with a second one for --dev" \
		prints "$(all_sets 1)" caps --unshare-user --uid 5 --dev /dev --cap-drop ALL \
		--cap-add CAP_CHOWN
	check "and with another user id" \
		prints "$(all_sets 1)" caps --unshare-user --uid 7 --cap-drop ALL --cap-add CAP_CHOWN
	check "they also work" box --unshare-user --uid 0 --gid 0 --unshare-uts --cap-add CAP_SYS_ADMIN -- \
		unshare --uts true
	check "without, they do not" \
		ends_with 1 box --unshare-user --uid 0 --gid 0 --cap-drop ALL -- unshare --uts true
	check "--as-pid-1 makes no difference" \
		prints "$(all_sets 1)" caps --unshare-pid --as-pid-1 --cap-drop ALL --cap-add CAP_CHOWN
	check "the last capability has a name or a number, the next has not" \
		fails_saying 125 "^sbx: --cap-add: unknown capability $((last_cap + 1))$" \
		box --cap-add $((last_cap + 1)) -- true
	check "an unknown one is an error, with a hint" \
		fails 125 "sbx: --cap-add: unknown capability net_admin
hint: names are written as in capabilities(7): CAP_NET_ADMIN" box --cap-add net_admin -- true
	check "--cap-drop, too" \
		fails 125 "sbx: --cap-drop: unknown capability CAP_NOPE" box --cap-drop CAP_NOPE -- true
	check "a set-user-ID program gives nothing" gains_nothing
}

# unprivileged users could otherwise gain by chsh or the like
gains_nothing()
{
	prints "1" box --proc /proc -- sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
}

# What root's COMMAND keeps: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP,
# NET_BIND_SERVICE, SYS_CHROOT and SETFCAP.
share=800405fb

of_root()
{
	local bounding
	bounding=$(sed -nE 's/^CapBnd:\t0*//p' /proc/self/status)
	check "without options root keeps what does not reach beyond the sandbox" \
		prints "$(all_sets $share)" caps
	check "--unshare-user does not change that" prints "$(all_sets $share)" caps --unshare-user
	check "--cap-add adds to it" \
		prints "$(all_sets "$(printf %x $((0x$share | 0x1000)))")" caps --cap-add CAP_NET_ADMIN
	check "--cap-drop of one takes that one" \
		prints "$(all_sets "$(printf %x $((0x$share & ~1)))")" caps --cap-drop CAP_CHOWN
	check "under the name bwrap everything is kept" \
		as_bwrap prints "0 $bounding $bounding $bounding 0 1" caps
	check "also with --unshare-user" \
		as_bwrap prints "0 $bounding $bounding $bounding 0 1" caps --unshare-user
	check "and --cap-drop takes that one" \
		as_bwrap prints "$(all_sets "$(printf %x $((0x$bounding & ~0x1000)))")" caps \
		--cap-drop CAP_NET_ADMIN
	check "the securebits keep user 0 from regaining any" \
		prints "$(all_sets 0)" caps --cap-drop ALL --unshare-user --uid 0
	check "what sbx itself lacks cannot be given" \
		fails_saying 125 "^sbx: cannot set the capabilities: Operation not permitted" \
		setpriv --bounding-set -sys_time --inh-caps -sys_time -- \
		"$sbx" --ro-bind / / --cap-add CAP_SYS_TIME -- true
	check "what is mounted for root stays as it is" undoes_nothing
	check "also for user 0 of a user namespace" undoes_nothing unshare --user --map-root-user
	check "root can hand files over and become another user" works_as_root
}

as_bwrap()
{
	local sbx=$bwrap
	"$@"
}

# undoes_nothing [PREFIX...]: a COMMAND of user 0, started by PREFIX, can neither remount, unmount,
# mount, nor create a device node.
undoes_nothing()
{
	rm -rf tree && mkdir -p tree/hidden tree/ro && : >tree/hidden/key &&
		"$@" "$sbx" --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-pid --bind tree /mnt \
			--ro-bind tree/ro /mnt/ro --tmpfs /mnt/hidden -- bash -c '
			mount -o remount,bind,rw /mnt/ro && exit 1
			umount -l /mnt/hidden && exit 1
			umount -l /proc/sys && exit 1
			mount -t tmpfs tmpfs /tmp && exit 1
			mknod /tmp/disk b 8 0 && exit 1
			[ ! -e /mnt/hidden/key ] && ! touch /mnt/ro/new' && [ ! -e tree/ro/new ]
}

works_as_root()
{
	box --perms 1777 --tmpfs /tmp -- bash -c '
		set -e
		touch /tmp/file
		chown 7:8 /tmp/file
		chmod 0600 /tmp/file
		echo >>/tmp/file
		[ "$(setpriv --reuid 7 --regid 8 --clear-groups sh -c "cat /tmp/file && id -u")" = "
7" ]'
}

of_users()
{
	check "without options there are none" prints "$(all_sets 0)" caps
	check "nor as user 0" prints "$(all_sets 0)" caps --unshare-user --uid 0 --gid 0
	check "nor with --dev" prints "$(all_sets 0)" caps --dev /dev
	check "nor with all namespaces" prints "$(all_sets 0)" caps --unshare-all
	check "--cap-add gives what it says" prints "$(all_sets 1000)" caps --cap-add CAP_NET_ADMIN
	check "it is of no use on the host" \
		fails_saying 1 "Permission denied\|not permitted\|Invalid argument" box --cap-add ALL --bind / / -- \
		chown 0 /proc/self/fd/1
	check "--cap-drop of what is not there is no error" \
		prints "$(all_sets 0)" caps --cap-drop CAP_NET_ADMIN
}

# lacking CAPABILITY... -- COMMAND...: as root that lacks capabilities.
lacking()
{
	local names=""
	while [ "$1" != -- ]; do
		names+=",-$1"
		shift
	done
	setpriv --bounding-set "${names#,}" --inh-caps "${names#,}" "$@"
}

# Root that may not create other namespaces creates a user namespace, as users do, and is user 0 there.
of_lesser_root()
{
	local name both=("$sbx" "$bwrap") sbx=$sbx
	check "of what it has, COMMAND gets its share" \
		prints "CapEff: 00000000800405da" lacking sys_admin chown kill -- "$sbx" --ro-bind / / \
		--proc /proc -- sh -c 'echo $(grep CapEff /proc/self/status)'
	for name in "${both[@]}"; do
		sbx=$name
		check "${name##*/} of root without CAP_SYS_ADMIN makes a user namespace" \
			prints "0 0 0 1" lacking sys_admin -- "$sbx" --ro-bind / / --proc /proc -- \
			sh -c 'echo $(id -u) $(cat /proc/self/uid_map)'
		check "${name##*/} gives COMMAND other ids then" \
			prints "5 6" lacking sys_admin -- "$sbx" --ro-bind / / --uid 5 --gid 6 -- \
			sh -c 'echo $(id -u) $(id -g)'
		check "${name##*/} says what root without CAP_SETFCAP lacks" \
			fails_saying 1 "^hint: root needs CAP_SETFCAP to map ID 0" \
			sh -c '"$@" || exit 1' - setpriv --bounding-set -sys_admin,-setfcap \
			--inh-caps -sys_admin,-setfcap "$sbx" --ro-bind / / -- true
	done
}

tests()
{
	common
	if [ "$who" = root ]; then
		of_root
		of_lesser_root
	else
		of_users
	fi
}

run_as_both tests
