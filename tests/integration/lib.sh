# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by each test script: the functions for its checks.  The last line of a script
# is "run_as_both FUNCTION"; see run.sh.
#
# FUNCTION finds in $who "root" or "user", in $sbx the program under test, in $bwrap the same under
# bubblewrap's name, and in $helpers a folder with the helpers.  $scratch is a writable folder, and the
# working directory.  $work is a folder above it, which every user can read.
set -u
export LC_ALL=C.UTF-8
. "$(dirname "$0")/run.sh"

# box [OPTION]... -- COMMAND...: run COMMAND in a sandbox that has the programs of the host.
box()
{
	bare_box --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin \
		--symlink usr/lib /lib --symlink usr/lib64 /lib64 "$@"
}

# bare_box [OPTION]... -- COMMAND...: run COMMAND in an empty sandbox.
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

# fails STATUS TEXT COMMAND...: COMMAND exits with STATUS and prints TEXT alone to stderr.
fails()
{
	local want=$1 text=$2 status=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	echo "status $status, said: $said"
	[ "$status" -eq "$want" ] && [ "$said" = "$text" ]
}

# fails_saying STATUS PATTERN COMMAND...: COMMAND exits with STATUS and prints PATTERN to stderr.
fails_saying()
{
	local want=$1 pattern=$2 status=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	echo "status $status, said: $said"
	[ "$status" -eq "$want" ] && grep -q -e "$pattern" <<<"$said"
}

# eventually COMMAND...: COMMAND succeeds within 20 seconds; more than that is no machine so slow.
eventually()
{
	local i
	for ((i = 0; i < 2000; i++)); do
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

# --- A sandbox that is held ---------------------------------------------------

# start_held OPTION... -- COMMAND...: start a sandbox that sees the host's files, and hold
# COMMAND back by --block-fd.  Sets $started, the monitor; $info, the text of --info-fd; $child,
# the process that it names; $block, a descriptor: let_go releases COMMAND.  The files
# "status" and "said" get the text of --json-status-fd and the output.
start_held()
{
	local reader both
	rm -f block info status said
	mkfifo block info && exec {both}<>block || return
	exec {reader}<block
	exec {block}>block
	(
		exec {both}>&- {block}>&-
		exec "$sbx" --ro-bind / / --block-fd 5 --info-fd 6 --json-status-fd 7 "$@" \
			5<&"$reader" 6>info 7>status >said 2>&1 </dev/null {reader}<&-
	) &
	started=$!
	exec {both}>&- {reader}<&-
	info=$(timeout 20 cat info && echo .) || info=""
	info=${info%.}
	child=$(sed -nE 's/^ *"child-pid": ([0-9]+),$/\1/p' <<<"$info")
	echo "$info"
	[ -n "$child" ] && return
	let_go
	cat said
	return 1
}

# let_go: let COMMAND run, and return the status of sbx.
let_go()
{
	exec {block}>&-
	ended
}

# is_gone PID: the process has exited, though it may still be a zombie.
is_gone()
{
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

# ended: wait for $started, but not for ever, and return its status.
ended()
{
	eventually test ! -e "/proc/$started" || kill -KILL "$started"
	wait "$started"
}

# wait_for_status PATTERN: until a line of --json-status-fd matches PATTERN.
wait_for_status()
{
	eventually grep -qs -e "$1" status
}

# command_pid: the PID of COMMAND, from --json-status-fd.
command_pid()
{
	wait_for_status '"phase": "running"' && sed -nE 's/.*"command-pid": ([0-9]+) }/\1/p' status
}

# ignores_suid: set-user-ID bits have no effect in the folder for temporary files.
ignores_suid()
{
	findmnt -n -o OPTIONS -T "$work" | grep -q nosuid
}

# number: give the results on stdin numbers and add the plan; fails if one of them does.
number()
{
	awk '/^(not )?ok - / { sub(/ok/, "ok " ++n); bad += /^not/ }
		{ print; fflush() }
		END { print "1.." n; exit bad > 0 || n == 0 }'
}
