# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by each test script: what its checks are said in.  The last line of a script
# is "run_as_both FUNCTION"; see run.sh.
#
# FUNCTION finds, in $who, "root" or "user"; in $sbx the program under test and in
# $helpers a folder with the helpers; in $scratch a folder to write to, which is the
# working directory; in $work one above it, which all can read.
set -u
export LC_ALL=C.UTF-8
. "$(dirname "$0")/run.sh"

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
