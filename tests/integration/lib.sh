# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by each test script, whose last line is "run_as_both FUNCTION".
#
# The script then starts copies of itself, one as root, one as an ordinary user;
# in these FUNCTION makes its checks.  The first one numbers their results and
# looks whether anything is left.  Everything is below $work, which all can read;
# each copy has $scratch, a folder below it to write to, as working directory.
set -u
export LC_ALL=C.UTF-8
ordinary=65534 # user and group id

# Variables of ours, and those that steer the sanitizers, survive in the copies.
inherited=(SBX_MUST_WORK ASAN_OPTIONS UBSAN_OPTIONS)

# --- For the checks -----------------------------------------------------------

# box [OPTION]... -- COMMAND...: run COMMAND in a sandbox that has the programs of the host.
box()
{
	bare_box --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin \
		--symlink usr/lib /lib --symlink usr/lib64 /lib64 "$@"
}

# bare_box [OPTION]... -- COMMAND...: the same with nothing in it.
bare_box()
{
	timeout --kill-after=5 60 "$sbx" "$@"
}

# check NAME COMMAND...: a test that passes when COMMAND succeeds.
check()
{
	local name=$1 result=ok
	shift
	"$@" </dev/null >"$scratch/.said" 2>&1 || result="not ok"
	echo "$result - $who: $name"
	[ "$result" = ok ] || cut -c 1-300 "$scratch/.said" | sed 's/^/# /'
}

# prints TEXT COMMAND...: COMMAND succeeds and its output is TEXT.
prints()
{
	local text=$1 output status=0
	shift
	output=$("$@") || status=$?
	echo "status $status, output: $output"
	[ "$status" -eq 0 ] && [ "$output" = "$text" ]
}

# ends_with STATUS COMMAND...
ends_with()
{
	local want=$1 status=0
	shift
	"$@" || status=$?
	echo "status $status"
	[ "$status" -eq "$want" ]
}

# fails STATUS TEXT COMMAND...: COMMAND exits with STATUS and all it says on stderr is TEXT.
fails()
{
	local want=$1 text=$2 status=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	echo "status $status, said: $said"
	[ "$status" -eq "$want" ] && [ "$said" = "$text" ]
}

# fails_saying STATUS PATTERN COMMAND...: COMMAND exits with STATUS and says PATTERN on stderr.
fails_saying()
{
	local want=$1 pattern=$2 status=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	echo "status $status, said: $said"
	[ "$status" -eq "$want" ] && grep -q -e "$pattern" <<<"$said"
}

# eventually COMMAND...: COMMAND succeeds within a few seconds.
eventually()
{
	local i
	for ((i = 0; i < 500; i++)); do
		if "$@"; then return; fi
		sleep 0.01
	done
	return 1
}

# skip NAME REASON: a test that cannot do its work here; where it must, it fails.
skip()
{
	if [ -n "${SBX_MUST_WORK-}" ]; then echo "not ok - $1 ($2)"; else echo "ok - $1 # SKIP $2"; fi
}

# --- Running ------------------------------------------------------------------

prepare()
{
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work"
	mkdir -m 0755 "$work/bin" "$work/root" "$work/user"
	cp "$SBX" "$SBX_HELPERS"/{count_signals,escape,filter,loopback,pty,reap,swap} "$work/bin"
	cp "$0" "$(dirname "$0")/lib.sh" "$work/bin"
	[ "$(id -u)" -ne 0 ] || chown "$ordinary:$ordinary" "$work/user"
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
		env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin "${kept[@]}" who="$who" work="$work" \
			SBX_BUILD_ROOT="${SBX_BUILD_ROOT-}" \
			"$work/bin/reap" "$who" "$@" bash "$work/bin/$(basename "$0")"
	)
}

# in_own_mounts COMMAND...: for root, in a copy of the machine's mounts that nobody else
# changes, and in which all would spread that spreads on any machine.
in_own_mounts()
{
	[ "$(id -u)" -eq 0 ] || exec "$@"
	exec unshare --mount --propagation private sh -c 'mount --make-rshared / && exec "$@"' - "$@"
}

start_copies()
{
	local before after
	before=$(cat /proc/self/mountinfo)
	if [ "$(id -u)" -eq 0 ]; then
		start_copy root
		start_copy user setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups
	else
		skip "root: every test" "not run by root"
		start_copy user
	fi
	rm -rf "$work" && result=ok || result="not ok"
	echo "$result - no file is left"
	after=$(cat /proc/self/mountinfo)
	[ "$before" = "$after" ] && result=ok || result="not ok"
	echo "$result - no mount is left"
	diff <(echo "$before") <(echo "$after") | sed 's/^/# /'
}

# number: give the results on stdin numbers and add the plan; fails if one of them does.
number()
{
	awk '/^(not )?ok - / { sub(/ok/, "ok " ++n); bad += /^not/ }
		{ print; fflush() }
		END { print "1.." n; exit bad > 0 || n == 0 }'
}

run_as_both()
{
	if [ -n "${who-}" ]; then
		sbx=$work/bin/sbx
		helpers=$work/bin
		scratch=$work/$who
		"$1"
		exit 0
	fi
	[ -n "${in_own_mounts-}" ] || in_own_mounts=1 in_own_mounts bash "$0"
	prepare
	start_copies | number
	exit
}
