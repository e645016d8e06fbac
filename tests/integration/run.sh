# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by lib.sh: runs a script's checks twice.
#
# The script starts copies of itself, one as root, one as an ordinary user; in these
# the function that run_as_both is given makes its checks.  The first one numbers
# their results and looks whether anything is left.  If it has a function start_more,
# that starts more of them; in one that is called "setuid", $sbx is $work/suid/sbx.
ordinary=65534 # user and group id

# Variables that survive in the copies: those of the tests and of the sanitizers.
inherited=(SBX_MUST_WORK SBX_KERNELS ASAN_OPTIONS UBSAN_OPTIONS)

# prepare: create $work and copy the needed files there; a script may define prepare_more.
prepare()
{
	work=$(mktemp -d) || return
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work" &&
		mkdir -m 0755 "$work/bin" "$work/root" "$work/user" &&
		cp "$SBX" "$work/bin/sbx" && ln -s sbx "$work/bin/bwrap" &&
		cp "$SBX_HELPERS"/{abi,attempt,count_signals,escape,fds,filter,landlock,lock,loopback,mount_attack,opath} \
			"$work/bin" &&
		cp "$SBX_HELPERS"/{peek,pty,reap,swap,thief,traced,umount_loop} "$work/bin" &&
		cp "$0" "$(dirname "$0")"/{lib,run}.sh "$work/bin" || return
	[ "$(id -u)" -ne 0 ] || chown "$ordinary:$ordinary" "$work/user" || return
	! declare -F prepare_more >/dev/null || prepare_more
}

# start_copy WHO PREFIX...: run this script again, by PREFIX, adopting what it leaves.
start_copy()
{
	local who=$1 kept=() name
	shift
	for name in "${inherited[@]}"; do
		[ -z "${!name-}" ] || kept+=("$name=${!name}")
	done
	(
		cd "$work/$who" || exit
		env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin "${kept[@]}" \
			SBX_TEST_WHO="$who" SBX_TEST_WORK="$work" \
			"$work/bin/reap" "$who" "$@" bash "$work/bin/$(basename "$0")"
	)
}

# in_own_mounts COMMAND...: for root, in a private copy of the machine's mounts, in which all mounts
# propagate that propagate on any machine.
in_own_mounts()
{
	[ "$(id -u)" -eq 0 ] || exec "$@"
	exec unshare --mount --propagation private sh -c 'mount --make-rshared / && exec "$@"' - "$@"
}

# A script that does not need user namespaces for the ordinary user sets $can_do_without.
start_user_copy()
{
	if [ -n "${can_do_without-}" ] || "$@" unshare --user true 2>/dev/null; then
		start_copy user "$@"
	else
		skip "user: every test" "this host forbids user namespaces"
	fi
}

start_copies()
{
	local before after result
	before=$(cat /proc/self/mountinfo)
	if [ "$(id -u)" -eq 0 ]; then
		start_copy root
		start_user_copy setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups
		! declare -F start_more >/dev/null || start_more
	else
		skip "root: every test" "not run by root"
		start_user_copy
	fi
	rm -rf "$work" && result=ok || result="not ok"
	echo "$result - no file is left"
	after=$(cat /proc/self/mountinfo)
	[ "$before" = "$after" ] && result=ok || result="not ok"
	echo "$result - no mount is left"
	diff <(echo "$before") <(echo "$after") | sed 's/^/# /'
}

# run_as_both FUNCTION: in a copy, call FUNCTION; in the first one, start the copies.
# shellcheck disable=SC2034 # the variables are for FUNCTION
run_as_both()
{
	if [ -n "${SBX_TEST_WHO-}" ]; then
		who=$SBX_TEST_WHO
		work=$SBX_TEST_WORK
		sbx=$work/bin/sbx
		[ "$who" != setuid ] || sbx=$work/suid/sbx
		bwrap=$work/bin/bwrap
		helpers=$work/bin
		scratch=$work/$who
		"$1"
		return 0
	fi
	[ -n "${SBX_TEST_MOUNTS-}" ] || SBX_TEST_MOUNTS=own in_own_mounts bash "$0"
	if ! prepare; then
		echo "Bail out! cannot prepare"
		return 1
	fi
	start_copies | number
}
