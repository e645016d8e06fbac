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

of_root()
{
	local bounding
	bounding=$(sed -nE 's/^CapBnd:\t0*//p' /proc/self/status)
	check "without options everything is kept" \
		prints "0 $bounding $bounding $bounding 0 1" caps
	check "--unshare-user does not change that" \
		prints "0 $bounding $bounding $bounding 0 1" caps --unshare-user
	check "--cap-drop of one takes that one" \
		prints "$(all_sets "$(printf %x $((0x$bounding & ~0x1000)))")" caps --cap-drop CAP_NET_ADMIN
	check "the securebits keep user 0 from regaining any" \
		prints "$(all_sets 0)" caps --cap-drop ALL --unshare-user --uid 0
	check "what sbx itself lacks cannot be given" \
		fails_saying 125 "^sbx: cannot set the capabilities: Operation not permitted" \
		setpriv --bounding-set -sys_time --inh-caps -sys_time -- \
		"$sbx" --ro-bind / / --cap-add CAP_SYS_TIME -- true
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

tests()
{
	common
	if [ "$who" = root ]; then of_root; else of_users; fi
}

run_as_both tests
