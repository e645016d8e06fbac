#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# differential.sh MODE [CASE]: launch each case with bubblewrap's bwrap and with sbx under the name
# bwrap, and compare the results.  MODE is "root", "user", or "setuid": a user, with an sbx that is
# set-user-ID root.  CASE is a pattern: only the cases that match it.
#
# differences.txt lists the known differences and their reasons; all else has to be the same.  The
# cases are in cases/, their functions in lib.sh.
set -u
export LC_ALL=C.UTF-8
mode=${1:?usage: differential.sh MODE [CASE]}
only=${2-}
ordinary=65534             # user and group id
time_limit=120             # seconds for all launches of one program
version="bubblewrap 0.8.0" # which differences.txt is about
here=$(cd "$(dirname "$0")" && pwd) || exit

skip()
{
	if [ -n "${SBX_MUST_WORK-}" ]; then
		echo "not ok 1 - $mode ($1)"
	else
		echo "ok 1 - $mode # SKIP $1"
	fi
	echo 1..1
	exit 0
}

# as_launched COMMAND...: run COMMAND as the user that launches the sandboxes.
as_launched()
{
	if [ "$who" = user ] && [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups "$@"
	else
		"$@"
	fi
}

check_host()
{
	bwrap=$(command -v bwrap) || skip "there is no bwrap"
	[ "$("$bwrap" --version)" = "$version" ] || skip "bwrap is not $version"
	[ "$(id -u)" -eq 0 ] || [ "$mode" = user ] || skip "not run by root"
	as_launched unshare --user true 2>/dev/null || skip "this host forbids user namespaces"
}

# For root: in a private copy of the machine's mounts, in which all mounts propagate that propagate on
# any machine.
enter_own_mounts()
{
	[ "$(id -u)" -eq 0 ] && [ -z "${SBX_TEST_MOUNTS-}" ] || return 0
	SBX_TEST_MOUNTS=own exec unshare --mount --propagation private \
		sh -c 'mount --make-rshared / && exec "$@"' - bash "$0" "$mode" "$only"
}

# For root, on a tmpfs where set-user-ID programs are such.
make_work()
{
	work=$(mktemp -d) || return
	trap 'rm -rf "$work"' EXIT
	[ "$(id -u)" -eq 0 ] || return 0
	mount -t tmpfs -o mode=0755 differential "$work" && trap 'umount "$work" && rmdir "$work"' EXIT
}

# The files that each case finds in its directory; closed and secret are unreadable.
make_fixture()
{
	mkdir "$work/fixture" || return
	(
		cd "$work/fixture" || exit
		mkdir src src/sub closed && mkdir -m 0700 private &&
			echo text >src/f && echo other >src/sub/g && echo secret >secret && touch empty &&
			ln -s f src/to_f && ln -s src link && ln -s nowhere dangling && ln -s loop loop &&
			mkfifo fifo && chmod 0750 src/sub && chmod 0640 src/sub/g
	)
}

prepare()
{
	make_work && make_fixture &&
		mkdir "$work"/{bin,sbx,launcher,run,results,results/bwrap,results/sbx,scratch} &&
		cp -r "$here"/{lib.sh,run.sh,cases,*.awk,differences.txt} "$work/bin" &&
		cp "$SBX_DIFFERENTIAL_HELPERS"/{probe,supervise} "$SBX_HELPERS"/{filter,pty} "$work/bin" &&
		cp "$SBX" "$work/sbx/sbx" || return
	[ "$(id -u)" -ne 0 ] || mkdir "$work/mounted" || return
	[ "$mode" != setuid ] || chmod 4755 "$work/sbx/sbx" || return
	[ "$who" = root ] || [ "$(id -u)" -ne 0 ] ||
		chown -Rh "$ordinary:$ordinary" "$work"/{fixture,run,results,scratch} || return
	[ "$(id -u)" -ne 0 ] || hide_unreachable
}

# Unmount the machine's mounts that the launching user cannot reach, as bwrap handles the flags of
# such mounts differently.  These are only copies.
hide_unreachable()
{
	local point
	awk '{ print $5 }' /proc/self/mountinfo | while read -r point; do
		as_launched test -e "$(printf %b "$point")" || umount --lazy "$(printf %b "$point")"
	done 2>/dev/null
}

# run_cases NAME PROGRAM: PROGRAM, which is called bwrap in the cases, leaves its results in
# the folder NAME.  The topics run side by side, because most of their time is spent waiting.
run_cases()
{
	local topic running=()
	ln -sfn "$2" "$work/launcher/bwrap" || return
	for topic in "${topics[@]}"; do
		as_launched env -i --chdir=/ PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/nowhere \
			LC_ALL=C.UTF-8 SBX_TEST_WHO="$who" SBX_TEST_WORK="$work" \
			timeout --kill-after=5 "$time_limit" bash "$work/bin/run.sh" "$1" "$topic" "$only" \
			</dev/null >"$work/$1.$topic.log" 2>&1 &
		running+=($!)
	done
	wait "${running[@]}"
	sed "s/^/# $1: /" "$work/$1".*.log
}

compare()
{
	local files=() name
	cat "$work"/results/bwrap/cases.* >"$work/cases"
	while read -r name _; do
		files+=("$work"/results/{bwrap,sbx}/"$name")
		touch "$work"/results/{bwrap,sbx}/"$name"
	done <"$work/cases"
	awk -v mode="$mode" -v only="$only" -f "$work/bin/compare.awk" \
		part=table "$work/bin/differences.txt" part=cases "$work/cases" part=results "${files[@]}"
}

topics=("$here"/cases/*.sh)
topics=("${topics[@]##*/}")
topics=("${topics[@]%.sh}")
who=root
[ "$mode" = root ] || who=user
check_host
enter_own_mounts
if ! prepare; then
	echo "Bail out! cannot prepare"
	exit 1
fi
run_cases bwrap "$bwrap"
run_cases sbx "$work/sbx/sbx"
compare
