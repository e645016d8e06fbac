# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run.sh: the functions for cases.
#
# A case is one launch: "box NAME OPTION...".  It runs in a fresh copy of the fixture, see
# differential.sh, with descriptors 8 and 9 taken (see helpers/probe.c).  Words before box change
# what is expected: "fails box ...".  A case finds, in $who, "root" or "user"; in $launcher the
# program, named bwrap; in $bin the helpers; in $scratch the working directory.  There, "words"
# is free to use.

# bare NAME WORD...: launch with these words.
bare()
{
	local name=$1 after
	shift
	# shellcheck disable=SC2053 # a pattern
	[[ -z $only || $name == $only ]] || return 0
	echo "$name $expected" >>"$results/cases.$topic"
	: >"$run/side"
	: >"$run/facts"
	: >"$run/report"
	if [ -n "$side" ]; then
		(beside) >"$run/side" 2>&1 8>&- 9>&- &
		after=$!
	fi
	"$bin/supervise" "$run/report" "${before[@]}" "$launcher" "$@" \
		</dev/null >"$run/stdout" 2>"$run/stderr" 8>"$run/facts" 9</proc
	[ -z "$side" ] || wait "$after"
	look
	awk -v work="$work" -v said="$said" -f "$bin/normalise.awk" \
		"$run"/{outside,report,facts,stdout,stderr,side,tree} >"$results/$name"
	fresh
}

# box NAME OPTION... [-- COMMAND...]: launch with these options, and with the helpers in
# /probe; COMMAND is the probe unless it is given.
box()
{
	local name=$1 command=(-- /probe/probe) word
	shift
	for word; do
		[ "$word" != -- ] || command=()
	done
	bare "$name" --ro-bind "$bin" /probe "$@" "${command[@]}"
}

# host NAME OPTION...: the same with all files of the host.
host()
{
	local name=$1
	shift
	bare "$name" --bind / / "$@" -- "$bin/probe"
}

# --- Words before these ----------------------------------------------------------

# ends STATUS ...: bwrap exits with STATUS, or "any"; 0 without this word.
ends()
{
	local expected=$1
	shift
	"$@"
}

fails()
{
	ends 1 "$@"
}

# either ...: its status depends on the user.
either()
{
	ends any "$@"
}

# says ...: compare the first line on standard error, not only whether there is one.
says()
{
	local said=1
	"$@"
}

# started_by WORD... -- ...: the launcher is started by the command of the WORDs.
started_by()
{
	local before=()
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	"$@"
}

# meanwhile CODE ...: CODE runs beside the launcher, with its process id in $monitor.
meanwhile()
{
	local side=$1
	shift
	"$@"
}

if_root()
{
	[ "$who" != root ] || "$@"
}

if_user()
{
	[ "$who" = root ] || "$@"
}

# --- For the code that runs beside ----------------------------------------------

beside()
{
	eventually grep -q MONITOR "$run/report" || return
	# shellcheck disable=SC2034 # for the code that runs
	monitor=$(awk '$2 == "MONITOR" { print $3 }' "$run/report")
	eval "$side"
}

# eventually COMMAND...: wait until it succeeds; fails after some seconds.
eventually()
{
	local i
	for ((i = 0; i < 500; i++)); do
		if "$@"; then return; fi
		sleep 0.01
	done
	echo "never: $*"
	return 1
}

# running: wait until COMMAND prints that it is ready.
running()
{
	eventually grep -q ready "$run/stdout"
}

# child PID: its only child
child()
{
	awk '{ print $1 }' "/proc/$1/task/$1/children"
}

# sandboxed PID: the last process below PID, where each has one child.
sandboxed()
{
	local pid=$1 next
	while next=$(child "$pid") && [ -n "$next" ]; do
		pid=$next
	done
	echo "$pid"
}

# --- The scratch directory ------------------------------------------------------

# look: list what is in it.
look()
{
	(cd "$scratch" && exec "$bin/probe" tree .) >"$run/tree"
}

# fresh: restore its contents without replacing it: it is the working directory.
fresh()
{
	[ "$(<"$run/tree")" != "$untouched" ] || return 0
	chmod -R u+rwX "$scratch"
	find "$scratch" -mindepth 1 -delete
	cp -a "$work/fixture/." "$scratch"
	chmod 0 "$scratch/closed" "$scratch/secret"
}

expected=0 said=0 side="" before=()
