#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Namespaces, ids, the host name and the network.
. "$(dirname "$0")/lib.sh"

# unshared OPTION...: which namespaces the options give the sandbox of its own, in the
# order of the alphabet.  All users have their own "mnt", ordinary ones their own "user".
unshared()
{
	local kind outside inside
	inside=$(box --proc /proc "$@" -- sh -c 'cd /proc/self/ns
		for n in cgroup ipc mnt net pid time user uts; do echo $n $(readlink $n); done') || return
	outside=$(cd /proc/self/ns && for kind in cgroup ipc mnt net pid time user uts; do
		echo "$kind $(readlink "$kind")"
	done)
	comm -13 <(echo "$outside") <(echo "$inside") | cut -d ' ' -f 1 | paste -sd ' '
}

# has_own KINDS OPTION...: these and the ones that there always are, and no others.
has_own()
{
	local kinds="mnt $1"
	shift
	[ "$who" = root ] || kinds+=" user"
	prints "$(tr ' ' '\n' <<<"$kinds" | sed '/^$/d' | sort -u | paste -sd ' ')" unshared "$@"
}

namespaces()
{
	local kind
	check "without options there are no namespaces but those needed" has_own ""
	for kind in user ipc pid net uts cgroup; do
		check "--unshare-$kind makes that namespace, and no other" has_own $kind "--unshare-$kind"
	done
	check "--unshare-user-try makes one where they are allowed" has_own user --unshare-user-try
	check "--unshare-cgroup-try too" has_own cgroup --unshare-cgroup-try
	check "--unshare-all makes them all" has_own "cgroup ipc net pid user uts" --unshare-all
	check "--share-net takes the network out" \
		has_own "cgroup ipc pid user uts" --unshare-all --share-net
	check "only when it comes later" \
		has_own "cgroup ipc net pid user uts" --share-net --unshare-all
	check "it undoes --unshare-net" has_own "" --unshare-net --share-net
	check "several together" has_own "ipc uts" --unshare-ipc --unshare-uts
	check "the limit of user namespaces forbids --unshare-user, not --unshare-user-try" no_more_users
}

# Only root can go without a user namespace; the limit is set in one made for it.
no_more_users()
{
	local in_limited=(unshare --user --map-root-user --mount --propagation private bash -c
		'echo 0 >/proc/sys/user/max_user_namespaces && "$@"' -)
	ends_with 0 "${in_limited[@]}" "$sbx" --unshare-user-try --ro-bind / / -- true &&
		ends_with 125 "${in_limited[@]}" "$sbx" --unshare-user --ro-bind / / -- true
}

network()
{
	local address
	for address in 127.0.0.1 ::1; do
		check "with a network of its own, $address can be reached" \
			box --unshare-net --ro-bind "$helpers" /h -- /h/loopback $address
	done
	check "there is nothing but lo" \
		prints lo box --unshare-net --proc /proc -- sed -n '3,$s/ *\([^:]*\):.*/\1/p' /proc/self/net/dev
	check "and no route" prints 1 box --unshare-net --proc /proc -- sed -n '$=' /proc/self/net/route
	check "without it, the host's network is there" \
		prints "$(cut -d : -f 1 /proc/self/net/dev)" box --proc /proc -- \
		cut -d : -f 1 /proc/self/net/dev
	check "abstract sockets of the host are out of reach" \
		prints 0 box --unshare-net --proc /proc -- sh -c 'grep -c @ /proc/self/net/unix || true'
}

ids()
{
	local user_ns=(--unshare-user) dev
	check "the ids are the caller's" prints "$(id -u) $(id -g)" box -- sh -c 'echo $(id -u; id -g)'
	check "also in a user namespace" \
		prints "$(id -u) $(id -g)" box --unshare-user -- sh -c 'echo $(id -u; id -g)'
	for dev in "" "--dev /dev"; do
		# shellcheck disable=SC2086 # no word or two
		check "--uid and --gid say others${dev:+, with --dev}" \
			prints "1234 4321" box "${user_ns[@]}" --uid 1234 --gid 4321 $dev -- \
			sh -c 'echo $(id -u; id -g)'
		# shellcheck disable=SC2086
		check "0 is one${dev:+, with --dev}" \
			prints "0 0" box "${user_ns[@]}" --uid 0 --gid 0 $dev -- sh -c 'echo $(id -u; id -g)'
		# shellcheck disable=SC2086
		check "one of them alone leaves the other${dev:+, with --dev}" \
			prints "77 $(id -g)" box "${user_ns[@]}" --uid 77 $dev -- sh -c 'echo $(id -u; id -g)'
		# shellcheck disable=SC2086
		check "the largest id${dev:+, with --dev}" \
			prints 4294967294 box "${user_ns[@]}" --uid 4294967294 $dev -- id -u
		# shellcheck disable=SC2086
		check "files made are the caller's on the host${dev:+, with --dev}" owner_outside $dev
		# shellcheck disable=SC2086
		check "setgroups is forbidden${dev:+, with --dev}" \
			prints deny box "${user_ns[@]}" $dev --proc /proc -- cat /proc/self/setgroups
		# shellcheck disable=SC2086
		check "all of the sandbox belongs to the new ids${dev:+, with --dev}" \
			prints "1234:4321 1234:4321 1234:4321" box "${user_ns[@]}" --uid 1234 --gid 4321 $dev \
			--tmpfs /t --bind-data 7 /f -- sh -c 'echo $(stat -c %u:%g / /t /f)' 7</dev/null
	done
	for id in uid gid; do
		check "--$id takes no id out of range" \
			fails 125 "sbx: --$id: not a number from 0 to 4294967294: 4294967295" \
			box --unshare-user "--$id" 4294967295 -- true
		check "nor a negative one for --$id" \
			fails 125 "sbx: --$id: not a number from 0 to 4294967294: -1" \
			box --unshare-user "--$id" -1 -- true
		check "nor one with something behind for --$id" \
			fails 125 "sbx: --$id: not a number from 0 to 4294967294: 1x" \
			box --unshare-user "--$id" 1x -- true
		check "--$id twice: the last counts, and a warning says so" \
			fails 0 "sbx: Only the last --$id option will take effect" \
			box --unshare-user "--$id" 5 "--$id" 6 -- sh -c "[ \$(id -${id:0:1}) = 6 ]"
		[ "$who" = user ] || check "--$id needs a user namespace" \
			fails 125 "sbx: --$id: needs --unshare-user or --userns" box "--$id" 5 -- true
		check "unless it is the caller's" box "--$id" "$(id "-${id:0:1}")" -- true
	done
}

owner_outside()
{
	rm -rf made && mkdir made
	box --unshare-user --uid 1234 --gid 4321 "$@" --bind made /m -- touch /m/f &&
		[ "$(stat -c %u:%g made/f)" = "$(id -u):$(id -g)" ]
}

hostname()
{
	check "--hostname sets the host name" \
		prints "a.box" box --unshare-uts --hostname a.box -- uname -n
	check "the host's stays" prints "$(uname -n)" uname_after
	check "without it, the name is the host's" prints "$(uname -n)" box --unshare-uts -- uname -n
	check "it needs --unshare-uts" \
		fails 125 "sbx: --hostname needs --unshare-uts" box --hostname x -- true
	check "a name of 65 bytes is too long" \
		fails 125 "sbx: --hostname: cannot set the host name to $(printf '%065d' 0): Invalid argument" \
		box --unshare-uts --hostname "$(printf '%065d' 0)" -- true
	check "one of 64 is not" box --unshare-uts --hostname "$(printf '%064d' 0)" -- true
	check "the last of two counts, and a warning says so" \
		fails 0 "sbx: Only the last --hostname option will take effect" \
		box --unshare-uts --hostname x --hostname y -- sh -c '[ $(uname -n) = y ]'
}

uname_after()
{
	box --unshare-uts --hostname a.box -- true && uname -n
}

tests()
{
	namespaces
	network
	ids
	hostname
}

run_as_both tests
