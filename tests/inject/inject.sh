#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each system call of a run of the real binary fails in turn, with each of four errors.
#
# strace(1) makes the N-th call of one name fail in every process of a sandbox.  COMMAND is
# "look", which no tracer follows: it prints the restrictions that it finds.  Either it prints the
# same as without a failure, or sbx exits with an error of its own and COMMAND has not run.  In
# either case the run ends, and any entry that it leaves behind is reported.
#
# SBX_INJECT=all makes every injection, which takes long; else a sample is taken: one of a number that
# grows with the command line.  SBX_INJECT=LINE:CALL:ERROR:N makes one, and shows its result.
set -u
export LC_ALL=C.UTF-8

errors=(ENOSYS EPERM ENOMEM EMFILE)
per_line=200 # injections of a command line, unless all are made
ordinary=65534 # user and group id
jobs=2 # runs at a time
time_limit=60 # seconds, of a run

# Calls without which a program cannot start or go on, even without a sandbox.
never='execve|exit_group|exit|brk|mmap|munmap|mprotect|arch_prctl|set_tid_address'
never+='|set_robust_list|rseq|rt_sigreturn|restart_syscall|getrandom|futex|vfork'

lines=(plain all no_pid locked overlay root root_all bwrap)

# options LINE: set $options to those of a command line, on the project folder $project.
options()
{
	local project=$slot/project
	local usual=(--ro-bind / / --bind "$project" "$project" --dev /dev)
	local protect=(--mask "$project/secret" --ro "$project/config")
	case $1 in
	plain) options=(--bind / /) ;;
	all | root_all | bwrap)
		options=("${usual[@]}" --proc /proc "${protect[@]}" --deny-create "$project/hook"
			--unshare-all --unshare-user --disable-userns --hostname box --new-session
			--die-with-parent --close-fds --chdir /usr)
		;;
	no_pid)
		options=("${usual[@]}" --ro-bind /proc /proc "${protect[@]}"
			--deny-create "$project/hook" --unshare-net --kill-on-exit)
		;;
	locked)
		options=("${usual[@]}" --proc /proc "${protect[@]}" --unshare-all
			--cap-add CAP_SYS_ADMIN)
		;;
	overlay)
		options=(--ro-bind / / --overlay-src "$project" --tmp-overlay "$project"
			--dev /dev --proc /proc --unshare-pid --unshare-ipc --close-fds)
		;;
	root) options=("${usual[@]}" --proc /proc "${protect[@]}" --unshare-pid) ;;
	esac
}

# as_caller LINE COMMAND...
as_caller()
{
	local line=$1
	shift
	[[ $line != root* && $(id -u) -eq 0 ]] || exec "$@"
	exec setpriv --reuid $ordinary --regid $ordinary --clear-groups --inh-caps=-all "$@"
}

# sandbox LINE STRACE_OPTION...: run "look" in it; the status is that of sbx.
sandbox()
{
	local line=$1 program=$work/bin/sbx
	shift
	[ "$line" != bwrap ] || program=$work/bin/bwrap
	options "$line"
	(
		cd "$slot/project" || exit
		as_caller "$line" timeout --kill-after=5 "$time_limit" strace -f -qq "$@" \
			"$program" "${options[@]}" -- "$work/bin/look" "$slot/project"
	) </dev/null >"$slot/out" 2>"$slot/err"
}

# restrictions: the part of the output of "look" that is compared.  Namespaces are new or the host's.
# The working directory without --chdir is no restriction.  Mounts of other programs' temporary
# folders come and go: removing a mount point unmounts it in every namespace.
restrictions()
{
	sed -E -f "$work/host.sed" -e 's/\[[0-9]+\]/new/; /^in /d' "$slot/out" |
		grep -v "^mount ${work%/*}/" | sort
}

make_project()
{
	rm -rf "${slot:?}/project"
	mkdir -p "$slot/project" &&
		echo secret >"$slot/project/secret" && echo config >"$slot/project/config" &&
		chown -R "$(owner "$1")" "$slot" && chmod 0755 "$slot"
}

owner()
{
	if [[ $1 != root* && $(id -u) -eq 0 ]]; then echo "$ordinary:$ordinary"; else id -u; fi
}

# --- One injection ------------------------------------------------------------

# verdict LINE STATUS CALL: print the fault of a run, if it has one.
verdict()
{
	local line=$1 status=$2 call=$3 name=sbx codes='125|126|127'
	[ "$line" != bwrap ] || name=bwrap codes=1
	if [ "$status" = 124 ] || { [ "$status" = 137 ] && ((SECONDS - began >= time_limit)); }; then
		echo "does not end"
	elif grep -q BLIND "$slot/out"; then
		return # the injection hit COMMAND's own process
	elif grep -q LOOK "$slot/out"; then
		diff "$work/good.$line" <(restrictions) >"$slot/diff" ||
			echo "runs without: $(head -n 4 "$slot/diff" | tr '\n' ' ')"
		[ "$status" -eq 0 ] || explained || echo "runs, and ends with $status without a word"
	elif grep -q "error while loading shared libraries" "$slot/err"; then
		return # it is not sbx that runs
	elif ! [[ $status =~ ^($codes)$ ]]; then
		echo "does not run, and ends with $status"
	elif ! explained; then
		echo "fails without a word"
	fi
	! leaves_entries || explained || stays_unsaid ||
		echo "leaves something behind: $(ls -m "$slot/project")"
}

# stays_unsaid: an entry that cannot be removed stays on the host, and the janitor cannot print that.
# As bwrap, no message says that an entry cannot be locked or marked.
stays_unsaid()
{
	[[ $call = unlinkat || $line:$call =~ ^bwrap:(flock|utimensat|inotify_add_watch)$ ]]
}

# explained: sbx reports the failure, unless writing the report is what fails.
explained()
{
	[ "$call" = write ] || grep -q "^$name: " "$slot/err"
}

leaves_entries()
{
	local there
	there=$(cd "$slot/project" && ls -A && cat secret config)
	[ "$there" != $'config\nsecret\nsecret\nconfig' ] || grep -qF "$slot/" /proc/self/mountinfo
}

# Kill the processes of a run that did not end: all with the folder in their command line.
end_stuck()
{
	local file
	for file in /proc/[0-9]*/cmdline; do
		grep -qsF "$slot/project" "$file" && kill -KILL "$(basename "${file%/cmdline}")"
	done
}

# try LINE CALL ERROR N: print the fault of the run, after the injection.
try()
{
	local line=$1 said began=$SECONDS
	slot=$work/slots/$SBX_SLOT-$line
	[ -d "$slot/project" ] || make_project "$line" || return
	sandbox "$line" -o /dev/null -e "trace=$2" -e "inject=$2:error=$3:when=$4"
	said=$(verdict "$line" $? "$2")
	[ -n "$said" ] || return 0
	end_stuck 2>/dev/null
	echo "$1:$2:$3:$4 $said; $(head -n 2 "$slot/err" | tr '\n' ' ' | cut -c 1-200)"
	make_project "$line"
}

# inject LINE CALL ERROR N: print a fault that can be repeated.  The scheduler decides which call is
# the N-th, and strace itself may hang; a failure that comes once is printed to stderr.
inject()
{
	local once twice
	once=$(try "$@")
	[ -n "$once" ] || return 0
	twice=$(try "$@")
	if [ -n "$twice" ]; then echo "$twice"; else echo "once: $once" >&2; fi
}

# --- A command line -----------------------------------------------------------

# Which calls, by name, a run makes up to COMMAND's start, and how often one process makes them.
calls()
{
	awk -v never="^($never)\$" -v look="$work/bin/look" '
		{ sub(/^\[pid +/, ""); pid = $1; name = $2; sub(/\(.*/, "", name) }
		name !~ /^[a-z_0-9]+$/ || done[pid] { next }
		name == "execve" && index($0, "\"" look "\"") { done[pid] = 1 }
		name ~ never { next }
		++n[pid, name] > most[name] { most[name] = n[pid, name] }
		END { for (name in most) print name, most[name] }' "$1" | sort
}

# tasks LINE: the injections, one a line.
tasks()
{
	local name most i error
	while read -r name most; do
		for ((i = 1; i <= most; i++)); do
			for error in "${errors[@]}"; do
				echo "$1 $name $error $i"
			done
		done
	done < <(calls "$work/calls.$1")
}

# sample LINE: the tasks, or every so many of them from a start that depends on the day.
sample()
{
	local all stride
	all=$(tasks "$1" | wc -l)
	stride=$((all / per_line | 1)) # odd, so that each error has its turn
	[ "${SBX_INJECT-}" != all ] || stride=1
	tasks "$1" | awk -v stride="$stride" 'NR % stride == 0'
}

# measure LINE: the run in which nothing fails.
measure()
{
	slot=$work/slots/good-$1
	make_project "$1" && : >"$slot/log" && chmod 0666 "$slot/log" || return
	sandbox "$1" -o "$slot/log" || return
	mv "$slot/log" "$work/calls.$1"
	# the folders of the slots have other names
	restrictions >"$work/good.$1" && grep -q END "$work/good.$1"
}

result()
{
	echo "$1 $((++number)) - $2"
}

test_line()
{
	local line=$1 n
	if [[ $line = root* && $(id -u) -ne 0 ]]; then
		if [ -n "${SBX_MUST_WORK-}" ]; then result "not ok" "$line (not run by root)"; else
			result ok "$line # SKIP not run by root"; fi
		return
	fi
	if ! measure "$line"; then
		result "not ok" "$line: runs when nothing fails"
		sed 's/^/# /' "$work/slots/good-$line/err"
		return
	fi
	sample "$line" >"$work/tasks"
	n=$(wc -l <"$work/tasks")
	xargs -P "$jobs" -L 16 --process-slot-var=SBX_SLOT bash "$0" --worker "$work" \
		<"$work/tasks" >"$work/bad.$line"
	if [ -s "$work/bad.$line" ]; then
		sort "$work/bad.$line" | sed 's/^/# /'
		result "not ok" "$line: $n injections"
	else
		result ok "$line: $n injections"
	fi
}

# --- All of it ----------------------------------------------------------------

# The IDs of the host's namespaces.
host_namespaces()
{
	local file
	for file in /proc/self/ns/*; do
		readlink "$file"
	done | sort -u | sed -E 's/(.*):\[(.*)\]/s,\1:\\[\2\\],\1:host,/'
	echo "s,$work/slots/[a-z0-9-]+-[a-z_]+,SLOT,g"
}

prepare()
{
	work=$(mktemp -d) || return
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work" && mkdir "$work/bin" "$work/slots" &&
		cp "$SBX" "$work/bin/sbx" && ln -s sbx "$work/bin/bwrap" &&
		cp "$SBX_LOOK" "$work/bin/look" && host_namespaces >"$work/host.sed"
}

if [ "${1-}" = --worker ]; then
	work=$2
	shift 2
	while [ $# -ge 4 ]; do
		inject "$@"
		shift 4
	done
	exit 0
fi
# one LINE:CALL:ERROR:N
one()
{
	local what
	IFS=: read -ra what <<<"$1"
	export SBX_SLOT=0
	inject "${what[@]}"
	echo "--- out"
	cat "$slot/out"
	echo "--- err"
	cat "$slot/err"
}

# Mounts are compared: root makes a private copy of the machine's.
if [ "$(id -u)" -eq 0 ] && [ -z "${SBX_INJECT_MOUNTS-}" ]; then
	SBX_INJECT_MOUNTS=own exec unshare --mount --propagation private bash "$0"
fi
number=0
prepare || { echo "Bail out! cannot prepare"; exit 1; }
if [[ ${SBX_INJECT-} = *:* ]]; then
	measure "${SBX_INJECT%%:*}" && one "$SBX_INJECT"
	exit
fi
echo "1..${#lines[@]}"
for line in "${lines[@]}"; do
	test_line "$line"
done
