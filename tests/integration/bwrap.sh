#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The name bwrap: what programs that call bubblewrap rely on.
. "$(dirname "$0")/lib.sh"

# says TEXT OPTION...: it fails with status 1 and prints its name and TEXT, and no more.
says()
{
	local text=$1
	shift
	fails 1 "bwrap: $text" box "$@"
}

about()
{
	check "--version is what callers parse" prints "bubblewrap 0.11.1" box --version
	check "the last part of argv[0] decides" by_name
	check "without a command, the usage is on stderr, with status 1" usage_on_stderr box
	check "also with options" usage_on_stderr box --dir /a
	check "--help is on stdout, and shows argv[0]" prints \
		"usage: $bwrap [OPTIONS...] [--] COMMAND [ARGS...]" first_line box --help
	check "messages start with bwrap:" fails_saying 1 "^bwrap: " box --bind /nope /x -- true
	check "warnings as well" fails 0 "bwrap: Only the last --chdir option will take effect" \
		box --chdir /nope --chdir /usr -- true
	check "a hint is a line of its own" \
		fails_saying 1 "^hint: the file exists" bare_box --ro-bind /usr /usr -- /usr/bin/true
}

usage_on_stderr()
{
	fails_saying 1 "^usage: $bwrap \[OPTIONS...\] \[--\] COMMAND \[ARGS...\]$" "$@" &&
		prints "" eval "! $(printf '%q ' "$@") 2>/dev/null"
}

first_line()
{
	"$@" | head -n 1
}

version_as()
{
	bash -c 'exec -a "$1" "$2" --version' - "$1" "$program" | cut -d ' ' -f 1
}

by_name()
{
	local name
	for name in bwrap /usr/bin/bwrap ./bwrap /x//bwrap; do
		[ "$(version_as $name)" = bubblewrap ] || return
	done
	for name in sbx /usr/bin/sbx bwrap/ bwrap2 xbwrap /bwrap/sbx -bwrap; do
		[ "$(version_as $name)" = sbx ] || return
	done
}

statuses()
{
	local n
	for n in 0 1 42 125 255; do
		check "the status of COMMAND: $n" ends_with $n box -- sh -c "exit $n"
		check "with --unshare-pid, $n" ends_with $n box --unshare-pid -- sh -c "exit $n"
	done
	for n in TERM KILL SEGV; do
		check "128 and the number of a signal: $n" \
			ends_with $((128 + $(kill -l $n))) box -- sh -c "kill -$n \$\$"
	done
	check "a COMMAND that is not there: 1" \
		says "execvp /nope: No such file or directory" -- /nope
	check "one that cannot be executed: 1" says "execvp /usr: Permission denied" -- /usr
	check "with --as-pid-1, too" \
		says "execvp nope: No such file or directory" --unshare-pid --as-pid-1 -- nope
	check "a failed set-up: 1" ends_with 1 box --bind /nope /x -- true
	check "options that make no sense: 1" ends_with 1 box --hostname x -- true
}

texts()
{
	local missing="No such file or directory" option
	check "unknown options" says "Unknown option --nope" --nope
	check "a value with =" says "Unknown option --bind=/a" --bind=/a -- true
	check "a dash" says "Unknown option -" - true
	check "a missing source" says "Can't find source path /nope: $missing" --ro-bind /nope /x -- true
	check "a directory where a file is" says "Can't mkdir /f: Not a directory" \
		--ro-bind /usr/bin/env /f --dir /f -- true
	check "a file where a directory is" says "Can't create file /d: Is a directory" \
		--dir /d --file 7 /d -- true 7</dev/null
	check "another link" says "Can't make symlink at /l: existing destination is x" \
		--symlink x /l --symlink y /l -- true
	check "a link where something else is" \
		says "Can't make symlink at /l: destination exists and is not a symlink" \
		--dir /l --symlink y /l -- true
	check "--chdir" says "Can't chdir to /nope: $missing" --chdir /nope -- true
	check "--args among arguments" says "--args not supported in arguments file" \
		--args 7 -- true 7< <(printf '%s\0' --args 8)
	check "--argv0 twice" says "--argv0 used multiple times" --argv0 a --argv0 b -- true
	check "--perms twice" says "--perms given twice for the same action" \
		--perms 0700 --perms 0700 --dir /d -- true
	check "--size twice" says "--size given twice for the same action" \
		--size 4096 --size 4096 --tmpfs /d -- true
	check "--perms without what it is about" \
		says "--perms must be followed by an option that creates a file" --perms 0700 --proc /p -- true
	check "--size without what it is about" \
		says "--size must be followed by --tmpfs" --size 4096 --dir /d -- true
	check "descriptors" says "Invalid fd: x" --file x /f -- true
	check "ids" says "Invalid uid: x" --unshare-user --uid x -- true
	check "group ids" says "Invalid gid: -1" --unshare-user --gid -1 -- true
	check "capabilities" fails_saying 1 "^bwrap: unknown cap: net_admin$" box --cap-add net_admin -- true
	check "variables" says "setenv failed" --setenv A=B x -- true
	check "and removed ones" says "unsetenv failed" --unsetenv '' -- true
	check "a seccomp program that is invalid" fails_saying 1 \
		"^bwrap: Unable to set up system call filtering" box --seccomp 7 -- true 7< <(head -c 8 /dev/zero)
	if [ "$who" = root ]; then
		for option in uid gid; do
			check "--$option without a user namespace" \
				says "Specifying --$option requires --unshare-user or --userns" "--$option" 5 -- true
		done
	fi
}

# Each option that takes something, without it.
arities()
{
	local option
	for option in args bind-data bind-fd chdir argv0 remount-ro symlink setenv overlay; do
		case $option in
		argv0 | chdir | remount-ro) text="one argument" ;;
		args) text="an argument" ;;
		overlay) text="three arguments" ;;
		*) text="two arguments" ;;
		esac
		check "--$option without its arguments" says "--$option takes $text" "--$option"
	done
}

conflicts()
{
	check "--userns-block-fd without --unshare-user" \
		says "--userns-block-fd requires --unshare-user" --userns-block-fd 7 -- true
	check "--userns-block-fd without --info-fd" \
		says "--userns-block-fd requires --info-fd" --unshare-user --userns-block-fd 7 -- true
	check "--userns and --unshare-user" \
		says "--userns not compatible --unshare-user" --userns 7 --unshare-user -- true
	check "--userns and --unshare-user-try" \
		says "--userns not compatible --unshare-user-try" --userns 7 --unshare-user-try -- true
	check "--disable-userns without --unshare-user" \
		says "--disable-userns requires --unshare-user" --disable-userns -- true
	check "--disable-userns with --userns-block-fd" \
		says "--disable-userns is not compatible with  --userns-block-fd" \
		--unshare-user --disable-userns --userns-block-fd 7 --info-fd 8 -- true
	check "--hostname without --unshare-uts" \
		says "Specifying --hostname requires --unshare-uts" --hostname x -- true
	check "--as-pid-1 without --unshare-pid" \
		says "Specifying --as-pid-1 requires --unshare-pid" --as-pid-1 -- true
	check "--as-pid-1 with --lock-file" \
		says "Specifying --as-pid-1 and --lock-file is not permitted" \
		--unshare-pid --as-pid-1 --lock-file /f -- true
	check "no command comes before what is checked later" usage_on_stderr box --as-pid-1
	check "but not before the first ones" says "--disable-userns requires --unshare-user" --disable-userns
}

# --- What differs on purpose --------------------------------------------------

# is_left SIGNAL WHAT OPTION...: a signal to the monitor ends it by that signal; COMMAND lives on, or is "gone".
is_left()
{
	local signal=$1 want=$2 status=0 line
	shift 2
	rm -f go said && mkfifo go said
	"$sbx" --dev-bind / / "$@" -- sh -c 'echo ready; read -r line <go; echo alive' >said 2>&1 </dev/null &
	started=$!
	exec {said}<said
	read -r -t 20 line <&"$said" && [ "$line" = ready ] || return
	kill "-$signal" "$started"
	ended || status=$?
	echo "status $status"
	[ "$status" -eq $((128 + $(kill -l "$signal"))) ] || return
	if [ "$want" = alive ]; then timeout 10 sh -c 'echo >go'; fi
	line=$(timeout 10 cat <&"$said") || line=stuck
	exec {said}<&-
	echo "$line"
	[ "$line" = "${want/gone/}" ]
}

signals()
{
	local signal
	for signal in TERM HUP USR1 USR2; do
		check "SIG$signal ends bwrap by that signal, and COMMAND lives on" is_left $signal alive
		check "with --unshare-pid, too" is_left $signal alive --unshare-pid
		check "with --die-with-parent, COMMAND dies" is_left $signal gone --die-with-parent
		check "and with --unshare-pid" is_left $signal gone --die-with-parent --unshare-pid
	done
	check "before COMMAND runs, it ends everything" before_command
	check "Ctrl-C on the terminal goes to COMMAND, once" on_terminal $'\003' "INT 1"
	check "with --unshare-pid, too" on_terminal $'\003' "INT 1" --unshare-pid
	check "Ctrl-\\ as well" on_terminal $'\034' "QUIT 1"
	check "Ctrl-C ends bwrap if it ends COMMAND" \
		ends_with 130 timeout 30 "$helpers/pty" $'\003' "$bwrap" --ro-bind / / -- \
		sh -c 'echo ready; exec sleep 100'
}

before_command()
{
	start_held -- true || return
	kill -TERM "$started"
	ends_with 143 ended || return
	eventually is_gone "$child" && exec {block}>&-
}

on_terminal()
{
	local key=$1 want=$2 said
	shift 2
	said=$(timeout 30 "$helpers/pty" "$key" "$bwrap" --ro-bind / / "$@" -- "$helpers/count_signals")
	echo "$said"
	grep -q "^$want" <<<"$said" && [ "$(grep -cE '^[A-Z0-9]+ [0-9]+' <<<"$said")" -eq 1 ]
}

# in_shared_mounts FUNCTION: run FUNCTION where all mounts are shared with their copies.
in_shared_mounts()
{
	timeout 60 unshare --mount --propagation private bash -c \
		"mount --make-rshared / && $(declare -f box bare_box "$1") && sbx=$bwrap && $1"
}

# Later mounts and unmounts on the host propagate into the sandbox, and none propagates out.
mounts_follow()
{
	local before seen=() line
	mkdir -p shared/src && mount --bind shared shared && mount --make-rshared shared
	before=$(cat /proc/self/mountinfo)
	coproc inside {
		box --ro-bind / / --ro-bind shared /mnt --tmpfs /tmp -- \
			sh -c 'echo ready; while read -r line; do ls /mnt/src; echo end; done'
	}
	read -r line <&"${inside[0]}"
	seen+=("$line")
	[ "$before" = "$(cat /proc/self/mountinfo)" ] || seen+=(leaked)
	mount -t tmpfs late shared/src && touch shared/src/late
	echo >&"${inside[1]}"
	read -r line <&"${inside[0]}"
	seen+=("$line")
	[ "$line" = end ] || read -r line <&"${inside[0]}"
	umount shared/src
	echo >&"${inside[1]}"
	read -r line <&"${inside[0]}"
	seen+=("$line")
	echo "${seen[*]}"
	[ "${seen[*]}" = "ready late end" ]
}

differences()
{
	check "--json-status-fd has two lines" prints "2" count_lines
	[ "$who" = user ] || check "mounts of the host that come or go later do so inside" \
		in_shared_mounts mounts_follow
	check "--clearenv leaves PWD only" prints "PWD=/" from_root --clearenv -- /usr/bin/env
	check "COMMAND is a child of bwrap" is_child
	check "sbx can be executed again through /proc/self/exe" runs_itself
}

count_lines()
{
	box --json-status-fd 7 -- true 7>status && wc -l <status
}

from_root()
{
	(cd / && box "$@")
}

is_child()
{
	start_held -- true || return
	grep "^PPid:.$started$" "/proc/$child/status" && let_go
}

# Its own path is not visible inside.  By the name of the link it is sbx.
runs_itself()
{
	"$bwrap" --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc \
		--argv0 bwrap -- /proc/self/exe --ro-bind / / -- /usr/bin/sh -c '[ ! -e "$1" ]' - "$sbx"
}

tests()
{
	program=$sbx
	sbx=$bwrap
	about
	statuses
	texts
	arities
	conflicts
	signals
	differences
}

run_as_both tests
