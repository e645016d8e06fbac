#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The file of the program itself is out of the command's reach (CVE-2019-5736).
. "$(dirname "$0")/lib.sh"

long=$(printf '%255s' "" | tr ' ' x) # a name as long as can be

# $work/own has the program, which belongs to the ordinary user; $work/suid has it set-user-ID root,
# $work/open writable for every user, and $work/lent both.
prepare_more()
{
	local dir
	mkdir "$work/own" "$work/suid" "$work/open" "$work/lent" || return
	for dir in own suid open lent; do
		cp "$SBX" "$work/$dir/sbx" && ln -s sbx "$work/$dir/bwrap" || return
	done
	ln -s sbx "$work/own/$long" && chmod 4755 "$work/suid/sbx" && chmod 0757 "$work/open/sbx" &&
		chmod 4757 "$work/lent/sbx" &&
		cp "$SBX_HELPERS/exe_thief.so" "$work/bin" || return
	[ "$(id -u)" -ne 0 ] || chown "$ordinary:$ordinary" "$work/own/sbx"
}

# --- A hostile root -----------------------------------------------------------

# The command is a script that the program itself is to interpret, whose loader then hands the
# program's file to this.  A process that is left behind tries on until no process executes it.
thief()
{
	cat <<-'END'
		exec >/result/said 2>&1
		file=/proc/self/fd/77
		readlink $file
		chmod 0757 $file
		touch $file
		chown 1:1 $file
		ln -L $file /result/link
		mount -c -o remount,bind,rw $file
		: >/result/mount && mount -c --bind $file /result/mount && echo bad >/result/mount
		setsid sh -c '
			i=0 said=busy
			while [ $i -lt 1000 ] && [ "${said%busy}" != "$said" ]; do
				said=$({ echo bad >'$file'; } 2>&1)
				i=$((i + 1))
				sleep 0.02
			done
			echo "at last: $said"
			echo >/result/end' &
		echo $! >/result/began
	END
}

# state PROGRAM: all that an attack would change.
state()
{
	stat -L -c '%a %u %g %h %s %Y' "$1" && cksum <"$1"
}

# is_over [OPTION]...: no process of the attack is left, which in a PID namespace ends with it.
is_over()
{
	[[ "$*" = *--unshare-pid* || "$*" = *--unshare-all* ]] || [ -e result/end ] ||
		is_gone "$(cat result/began)"
}

# unharmed PROGRAM [OPTION]...
unharmed()
{
	local program=$1 before
	shift
	rm -rf result && mkdir result && thief >stage && printf '#!/proc/self/exe\n' >script &&
		chmod 0755 script && echo /exe_thief.so >preload && before=$(state "$program") || return
	timeout --kill-after=5 60 "$program" --ro-bind /usr /usr --symlink usr/bin /bin \
		--symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev --proc /proc --bind result /result \
		--ro-bind stage /thief --ro-bind script /script --ro-bind preload /etc/ld.so.preload \
		--ro-bind "$helpers/exe_thief.so" /exe_thief.so "$@" -- /script
	cat result/said
	[ -s result/began ] && eventually is_over "$@" && diff <(echo "$before") <(state "$program")
}

attacks()
{
	local options words
	for options in "" "--unshare-all --kill-on-exit" --unshare-user "--cap-drop ALL" \
		"--unshare-pid --kill-on-exit --cap-drop ALL" \
		"--cap-add ALL" "--unshare-user --cap-add ALL" "--unshare-pid --as-pid-1"; do
		# shellcheck disable=SC2206 # several words
		words=($options)
		[[ "$options" != *--cap-add* ]] || [ ! -u "$1" ] || continue # refused
		check "a hostile root cannot harm ${1#"$work/"}: $options" unharmed "$1" "${words[@]}"
	done
}

# --- The file that is executed ------------------------------------------------

# executed_from PROGRAM PATTERN NAME [OPTION]...: the monitor's file is called PATTERN, and the
# process NAME.
executed_from()
{
	local exe name pattern=$2 want=$3 sbx=$1
	shift 3
	start_held "$@" -- true || return
	exe=$(readlink "/proc/$started/exe")
	name=$(cat "/proc/$started/comm")
	echo "$exe, called $name"
	# shellcheck disable=SC2053 # a pattern
	let_go && [[ $exe = $pattern ]] && [ "$name" = "$want" ]
}

# The command sees the same as without a clone.
unnoticed()
{
	prints "0 1 2 3" "$1" --ro-bind / / --proc /proc -- sh -c 'echo $(ls /proc/self/fd)' 3>&- &&
		prints "0 1 2 3 9" "$1" --ro-bind / / --proc /proc -- sh -c 'echo $(ls /proc/self/fd)' 9</dev/null &&
		prints "data" "$1" --ro-bind / / --tmpfs /tmp --file 3 /tmp/x -- cat /tmp/x 3< <(printf data) &&
		diff <(printf 'A=1\nB=\nPWD=/\n') <(cd / && env -i A=1 B= "$1" --ro-bind / / -- /usr/bin/env)
}

closed()
{
	ends_with 7 "$1" --ro-bind / / --dev /dev -- sh -c 'exit 7' <&- >&- 2>&-
}

# A signal that is ignored, or blocked, or not, stays so.
same_signals()
{
	diff <(signals "$work/bin/sbx") <(signals "$1") && diff <(trap '' XFSZ && signals "$work/bin/sbx") \
		<(trap '' XFSZ && signals "$1")
}

signals()
{
	"$1" --ro-bind / / --proc /proc -- grep -E '^Sig(Blk|Ign)' /proc/self/status
}

names()
{
	check "the name bwrap stays" prints "bubblewrap 0.11.1" "$work/own/bwrap" --version
	check "the command notices nothing" unnoticed "$1"
	check "neither where 0, 1 and 2 are closed" closed "$1"
	check "signals are as they were" same_signals "$1"
	check "it can be executed again through /proc/self/exe" \
		"$1" --ro-bind / / --proc /proc -- sh -c 'exec "$0" --ro-bind / / --proc /proc -- true' "$1"
}

# --- Where there is no clone --------------------------------------------------

small_files()
{
	fails_saying 125 "^hint: .*ulimit -f" sh -c 'ulimit -f 1; exec "$0" --ro-bind / / -- true' "$work/own/sbx"
}

# The setting is that of a PID namespace.
no_copies()
{
	local run=(setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups "$work/own/sbx")
	fails_saying 125 "^hint: vm.memfd_noexec is 2" unshare --pid --fork --mount-proc sh -c \
		'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' - "${run[@]}" --ro-bind / / -- true &&
		prints "sbx 0.1" unshare --pid --fork --mount-proc sh -c \
			'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' - "${run[@]}" --version
}

# A program with root's privilege that the caller could write to.
lends_nothing()
{
	fails 125 "sbx: the caller could write to this set-user-ID program
hint: run chown root:root and chmod 4755 on it" "$work/lent/sbx" --ro-bind / / -- true
}

of_root()
{
	attacks "$sbx"
	attacks "$bwrap"
	check "it is executed from a read-only mount of it alone" executed_from "$sbx" / sbx-monitor
	check "also by the name bwrap, which processes have" executed_from "$bwrap" / bwrap
	check "without CAP_SYS_ADMIN from memory" \
		executed_from "$PWD/weak" "/memfd:sbx *" sbx-monitor --unshare-user
	names "$sbx"
	[ ! -e /proc/sys/vm/memfd_noexec ] || check "without executable memory it says so" no_copies
}

of_user()
{
	attacks "$work/own/sbx"
	attacks "$work/own/bwrap"
	check "one's own is executed from memory" executed_from "$work/own/sbx" "/memfd:sbx *" sbx-monitor
	check "also by the name bwrap, which processes have" executed_from "$work/own/bwrap" "/memfd:sbx *" bwrap
	check "by a name that is as long as can be" executed_from "$work/own/$long" "/memfd:sbx *" sbx-monitor
	check "one that everybody can write to, too" executed_from "$work/open/sbx" "/memfd:sbx *" sbx-monitor
	names "$work/own/sbx"
	check "a file's greatest size is spoken of" small_files
	[ "$(stat -c %u "$sbx")" != 0 ] || of_another
}

# The program is root's.
of_another()
{
	check "root's is executed from where it is" executed_from "$sbx" "$sbx" sbx-monitor
	attacks "$sbx"
	if ignores_suid; then
		skip "$who: set-user-ID" "the folder for temporary files is nosuid"
		return
	fi
	check "set-user-ID, it is executed from where it is" executed_from "$work/suid/sbx" "" sbx-monitor
	attacks "$work/suid/sbx"
	check "set-user-ID, and the caller could write to it" lends_nothing
}

tests()
{
	printf '#!/bin/sh\nexec setpriv --bounding-set=-sys_admin "%s" "$@"\n' "$sbx" >weak &&
		chmod 0755 weak
	if [ "$who" = root ]; then of_root; else of_user; fi
}

run_as_both tests
