#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sbx installed set-user-ID root: it gives a user no more than a user namespace would, and no other
# process gets hold of its privilege meanwhile.
. "$(dirname "$0")/lib.sh"

# The program, set-user-ID root.  Its processes are looked for by its name: no other test's
# have the same.
program()
{
	echo "$work/suid/sbx-${work##*.}"
}

# $work/suid has the program, set-user-ID root, and links to it.  $work/roots is a folder of root's with a file
# that every user can read, "file", one that root alone can, "secret", and such a folder, "closed".
prepare_more()
{
	mkdir "$work/suid" "$work/roots" "$work/roots/closed" || return
	cp "$SBX" "$(program)" && ln -s "$(program)" "$work/suid/bwrap" && chmod 4755 "$(program)" &&
		cp "$SBX" "$work/suid/sgid" && chmod 2755 "$work/suid/sgid" &&
		cp "$SBX" "$work/suid/caps" || return
	! command -v setcap >/dev/null || setcap cap_sys_admin,cap_dac_override+ep "$work/suid/caps" ||
		return
	echo readable >"$work/roots/file"
	(umask 077 && echo precious >"$work/roots/secret" && echo precious >"$work/roots/closed/file")
	chmod 0700 "$work/roots/closed"
}

# state: of all that belongs to root there; the look changes nothing.
state()
{
	find "$work/roots" "$work/suid" -printf '%p %y %m %U:%G %s %l %T@ %C@\n' 2>/dev/null | sort
}

# Whether this host forbids user namespaces to ordinary users.
is_forbidden()
{
	grep -qsx 0 /proc/sys/kernel/unprivileged_userns_clone
}

ids=$(id -u)

# --- Its use ------------------------------------------------------------------

works()
{
	check "a sandbox can be made" box -- true
	check "with all that there is" \
		box --unshare-all --dev /dev --proc /proc --tmpfs /tmp --hostname x --die-with-parent \
		--new-session -- sh -c 'echo >/dev/null && [ $$ = 2 ]'
	check "with other ids" prints "5 6" box --unshare-user --uid 5 --gid 6 -- sh -c 'echo $(id -u; id -g)'
	check "and --dev" prints "5 6" box --unshare-user --dev /dev --uid 5 --gid 6 -- \
		sh -c 'echo $(id -u; id -g)'
	check "with --disable-userns" fails_saying 1 "unshare failed" \
		box --unshare-user --disable-userns -- unshare --user true
	check "with overlays" overlays
	check "--proc covers what is the machine's" \
		prints "0 0" box --unshare-pid --proc /proc -- sh -c 'echo $(stat -c %a /proc/interrupts /proc/keys)'
	check "also the host's" prints "0 0" box --proc /proc -- \
		sh -c 'echo $(stat -c %a /proc/interrupts /proc/keys)'
	check "/proc/sys is read-only" box --proc /proc -- grep -q " /proc/sys ro," /proc/self/mountinfo
	check "but with --proc-unmasked nothing is covered" \
		box --unshare-pid --proc /proc --proc-unmasked -- grep -q CPU0 /proc/interrupts
	check "with --hidepid and --proc-subset" prints "1 2 self thread-self" \
		box --unshare-pid --proc /proc --hidepid off --proc-subset pid -- sh -c 'cd /proc; echo *'
	check "with --sys" prints lo box --unshare-net --sys /sys -- ls /sys/class/net
	check "or that of the host, which is spoken of" \
		fails_saying 0 "^sbx: --sys: /sys of the host is bound at /s: " box --sys /s --verbose -- true
	check "with --propagation slave" box --ro-bind / / --propagation slave --proc /proc -- \
		grep -q " master:" /proc/self/mountinfo
	check "with --propagation private" ends_with 1 box --ro-bind / / --propagation private \
		--proc /proc -- grep " master:" /proc/self/mountinfo
	check "--dev with a device more" prints 00 box --dev /dev --dev-bind /dev/zero /dev/more -- \
		sh -c 'head -c 1 /dev/more | od -An -tx1 | tr -d " "'
	check "the status is that of COMMAND" ends_with 42 box -- sh -c 'exit 42'
	check "a signal is passed on" passes_signal
	check "the map is the caller's own id and nothing else" \
		prints "$ids $ids 1" map_of box
	check "the groups' map as well" prints "$(id -g) $(id -g) 1" map_of box gid_map
	check "setgroups is forbidden" \
		prints deny box --proc /proc -- cat /proc/self/setgroups
	check "COMMAND has no capabilities" prints "0 0 0 0 0 1" caps box
	check "as user 0 neither" prints "0 0 0 0 0 1" caps box --unshare-user --uid 0
	check "with --dev neither" prints "0 0 0 0 0 1" caps box --dev /dev --unshare-all
	check "files that it makes are the caller's" makes_files
	if is_forbidden; then
		check "without the bit, the host's sysctl forbids it, and the hint says so" \
			fails_saying 125 "^hint: user namespaces are forbidden to ordinary users: run sysctl -w kernel.unprivileged_userns_clone=1 as root, or install sbx set-user-ID root$" \
			"$work/bin/sbx" --ro-bind / / -- true
	fi
	check "set-group-ID gives nothing" harmless "$work/suid/sgid"
	! command -v setcap >/dev/null || check "nor do file capabilities" harmless "$work/suid/caps"
}

overlays()
{
	mkdir -p low rw wk && echo low >low/f &&
		prints low box --overlay-src low --overlay rw wk /o -- sh -c 'cat /o/f; echo >/o/new' && [ -f rw/new ]
}

passes_signal()
{
	start_held -- sleep 100 || return
	exec {block}>&-
	command_pid && kill -TERM "$started" && ends_with 143 ended
}

map_of()
{
	"$1" --proc /proc -- cat "/proc/self/${2-uid_map}" | tr -s ' ' | sed 's/^ //'
}

caps()
{
	"$@" --proc /proc -- sed -nE 's/^(Cap|NoNewPrivs).*:\t0*([1-9a-f][0-9a-f]*|0)$/\2/p' \
		/proc/self/status | paste -sd ' '
}

makes_files()
{
	rm -rf made && mkdir made &&
		box --bind made /m --dir /m/d --file 7 /m/f --symlink x /m/l --tmpfs /m/t -- touch /m/g 7</dev/null &&
		[ "$(find made -printf '%U\n' | sort -u)" = "$ids" ]
}

# It works as without the bits, or reports an error.
harmless()
{
	local said
	if ! said=$(caps_of_program "$1" 2>&1); then
		echo "$said"
		[[ $said = "sbx: "* ]]
		return
	fi
	echo "$said"
	[ "$said" = "0 0 0 0 0 1" ]
}

caps_of_program()
{
	set -o pipefail
	sbx=$1 caps box
}

# --- Refused options ----------------------------------------------------------

refused()
{
	local option
	for option in userns userns2 pidns; do
		check "--$option is refused" \
			fails 125 "sbx: --$option: cannot be used where sbx is installed set-user-ID" \
			box "--$option" 7 -- true 7</proc/self/ns/user
		check "--$option among --args is, too" \
			fails 125 "sbx: --$option: cannot be used where sbx is installed set-user-ID" \
			box --args 8 -- true 7</proc/self/ns/user 8< <(printf '%s\0' "--$option" 7)
		check "--$option in bubblewrap's words" fails 1 "bwrap: --$option doesn't work in setuid mode" \
			"$work/suid/bwrap" "--$option" 7 -- true 7</proc/self/ns/user
	done
	check "--cap-add is refused" \
		fails 125 "sbx: --cap-add: only root can use it where sbx is installed set-user-ID" \
		box --cap-add CAP_CHOWN -- true
	check "also after --cap-drop" \
		fails 125 "sbx: --cap-add: only root can use it where sbx is installed set-user-ID" \
		box --cap-drop ALL --unshare-user --cap-add ALL -- true
	check "in bubblewrap's words" \
		fails 1 "bwrap: --cap-add in setuid mode can be used only by root" \
		"$work/suid/bwrap" --cap-add ALL -- true
	check "--cap-drop is not" box --cap-drop ALL --cap-drop CAP_CHOWN -- true
	check "--userns-block-fd is of no use without privilege" cannot_map
}

# The caller cannot write the maps of a process that is not dumpable.
cannot_map()
{
	local result=0
	rm -f unmapped && mkfifo unmapped && exec 8<>unmapped || return
	start_held --unshare-user --userns-block-fd 8 -- true || return
	! (echo "0 $ids 1" >"/proc/$child/uid_map") || result=1
	! (echo "0 0 1" >"/proc/$child/uid_map") || result=1
	kill -TERM "$started"
	exec 8>&-
	ends_with 143 ended || result=1
	exec {block}>&-
	return $result
}

# --- Phases -------------------------------------------------------------------

# status_of PID FIELD
status_of()
{
	sed -nE "s/^$2:\t//p" "/proc/$1/status"
}

# protected PID PERMITTED: only root can trace it.  It has the caller's IDs and no effective
# capability on the host; PERMITTED are the ones that it may keep.
protected()
{
	local pid=$1 permitted=$2 seen result=0
	seen=$("$helpers/peek" "$pid") || return
	[ -z "$seen" ] || result=1
	echo "$pid: can be looked at by: $seen; belongs to $(stat -c %u "/proc/$pid/environ")"
	[ "$(stat -c %u "/proc/$pid/environ")" = 0 ] || result=1
	grep -E '^(Uid|Gid|Cap)' "/proc/$pid/status"
	[ "$(status_of "$pid" Uid)" = "$ids"$'\t'"$ids"$'\t'"$ids"$'\t'"$ids" ] || result=1
	[ "$(status_of "$pid" CapPrm)" = "$permitted" ] || result=1
	[ "$(status_of "$pid" CapInh)$(status_of "$pid" CapAmb)" = 00000000000000000000000000000000 ] ||
		result=1
	return $result
}

none=0000000000000000
lent=0000000000280002 # CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE

# held_by OPTION VALUE...: start a sandbox that waits for data from a fifo, descriptor 9.
start_waiting()
{
	rm -f data && mkfifo data && exec 9<>data || return
	"$sbx" --ro-bind / / --tmpfs /tmp "$@" -- true </dev/null >said 2>&1 &
	started=$!
}

children_of()
{
	cat "/proc/$1/task/$1/children"
}

has_children()
{
	children_of "$1" | grep -q .
}

# is_waiting PID: it sleeps in a system call, reading or polling.
is_waiting()
{
	[ "$(sed -nE 's/^State:\t(.).*/\1/p' "/proc/$1/status")" = S ] &&
		[ "$(readlink "/proc/$1/exe" 2>/dev/null)" = "" ]
}

# Before there is another process: while it reads options or programs.
phase_alone()
{
	local result=0
	start_waiting "$@" && eventually has_lent "$started" && sleep_until_waiting || return
	protected "$started" $lent || result=1
	[ "$(status_of "$started" CapEff)" = $none ] || result=1
	! has_children "$started" || result=1
	finish_waiting
	return $result
}

has_lent()
{
	[ "$(status_of "$1" CapPrm)" = $lent ]
}

sleep_until_waiting()
{
	eventually is_waiting "$started"
}

finish_waiting()
{
	kill -KILL "$started"
	exec 9>&-
	ends_with 137 ended
}

# While the sandbox is built: the monitor has nothing, the other has what its user namespace gives.
phase_building()
{
	local result=0 inner
	start_waiting "$@" || return
	eventually has_children "$started" && inner=$(children_of "$started") && inner=${inner%% *} &&
		eventually is_waiting "$inner" || result=1
	eventually has_none "$started" || result=1
	protected "$started" $none || result=1
	protected_inside "$inner" || result=1
	finish_waiting
	eventually is_gone "$inner" && return $result
}

has_none()
{
	[ "$(status_of "$1" CapPrm)" = $none ]
}

# The same for a process in the user namespace, whatever it has there.
protected_inside()
{
	protected "$1" "$(status_of "$1" CapPrm)"
}

# Held before COMMAND: the first process inside.
phase_held()
{
	local result=0
	start_held "$@" -- true || return
	eventually has_none "$started" || result=1
	protected "$started" $none || result=1
	protected_inside "$child" || result=1
	let_go && return $result
}

# While the caller is to map the ids.
phase_unmapped()
{
	local result=0
	rm -f unmapped && mkfifo unmapped && exec 8<>unmapped || return
	start_held --unshare-user --userns-block-fd 8 -- true || return
	protected "$started" $none || result=1
	protected_inside "$child" || result=1
	kill -TERM "$started"
	exec 8>&-
	ends_with 143 ended || result=1
	exec {block}>&-
	return $result
}

# While COMMAND runs, the processes of sbx are as they were.
phase_running()
{
	local result=0 command
	start_held --unshare-pid -- sleep 100 || return
	exec {block}>&-
	command=$(command_pid) && eventually grep -qx sleep "/proc/$command/comm" || result=1
	protected "$started" $none || result=1
	protected_inside "$child" || result=1
	kill -TERM "$started"
	ends_with 143 ended && return $result
}

# That the helper does work where it may.
can_peek()
{
	local result=0
	sleep 100 &
	"$helpers/peek" $! >seen
	kill $!
	cat seen
	[ "$(wc -w <seen)" -ge 12 ] && return $result
}

phases()
{
	check "what looks into processes can do so with those of the caller" can_peek
	check "while it reads options" phase_alone --args 9
	check "while it reads seccomp programs" phase_alone --add-seccomp-fd 9
	check "while it copies a file" phase_building --file 9 /tmp/f
	check "while it makes one to bind" phase_building --bind-data 9 /tmp/f
	check "with all namespaces" phase_building --unshare-all --dev /dev --file 9 /dev/f
	check "while it reads a late seccomp program" phase_building --seccomp 9
	check "with a reaper" phase_building --unshare-pid --seccomp 9
	check "while nobody has mapped the ids" phase_unmapped
	check "when all is ready" phase_held
	check "with --unshare-pid" phase_held --unshare-pid
	check "with everything" phase_held --unshare-all --dev /dev --proc /proc --uid 0 --gid 0 --disable-userns --unshare-user
	check "while COMMAND runs" phase_running
}

# --- Root's files -------------------------------------------------------------

# hidden COMMAND...: with any result, it does not print the contents of root's files.
hidden()
{
	local said
	said=$("$@" 2>&1)
	echo "status $?, said: $said"
	[[ $said != *precious* ]]
}

# unchanged COMMAND...: the same, and it leaves all of root's files as they are.
unchanged()
{
	local before result=0
	before=$(state)
	"$@" || result=1
	diff <(echo "$before") <(state) && return $result
}

# Options that bind or read one of root's files, %s; COMMAND prints it from /x.
reading=("--bind %s /x" "--dev-bind %s /x" "--ro-bind %s /x" "--bind-try %s /x" "--dev-bind-try %s /x"
	"--ro-bind-try %s /x" "--ro-bind %s /x --chmod 0644 /x" "--bind %s /x --chmod 0777 /x"
	"--bind %s /x --file 7 /x" "--bind %s /x --lock-file /x" "--lock-file %s --ro-bind / /"
	"--overlay-src %s --tmp-overlay /x" "--overlay-src %s --overlay rw wk /x"
	"--overlay-src low --overlay-src %s --ro-overlay /x" "--overlay-src low --overlay %s wk /x"
	"--overlay-src low --overlay rw %s /x" "--bind %s /x --remount-ro /x" "--bind %s /x --chdir /x"
	"--bind %s /x --symlink a /x/l" "--bind %s /x --dir /x/d" "--bind %s /x --tmpfs /x/t"
	"--bind %s /x --proc /x/p" "--bind %s /x --dev /x/v" "--unshare-ipc --bind %s /x --mqueue /x/q"
	"--bind %s /x --file 7 /x/f" "--bind %s /x --bind-data 7 /x/f" "--bind %s /x --ro-bind-data 7 /x/f"
	"--bind %s /x --perms 4777 --file 7 /x/file" "--bind %s /x --file 7 /x/secret"
	"--bind %s /x --chmod 4777 /x/file" "--bind %s /x --chmod 0777 /x/closed" "--bind %s /x --chmod 0777 /x/.")

# on_all OPTION: with each kind of root's files; COMMAND then tries to read and write them.
on_all()
{
	local what words
	for what in secret closed closed/file file .; do
		# shellcheck disable=SC2206 # several words
		words=(${1//%s/$work/roots/$what})
		hidden with_data "${words[@]}" --setenv PATH /usr/bin -- \
			sh -c 'cat /x /x/secret /x/closed/file; ls /x/closed; echo bad >/x; echo bad >/x/file
				echo bad >/x/new; rm -f /x/file; chmod 0777 /x /x/file' || return
	done
}

fd_on_all()
{
	local what
	for what in secret closed file .; do
		hidden "$helpers/opath" "$work/roots/$what" "$sbx" --ro-bind / / "$1" 9 /mnt -- \
			sh -c 'cat /mnt /mnt/secret /mnt/closed/file; echo bad >/mnt; echo bad >/mnt/new
				rm -f /mnt/file' || return
	done
}

roots_files()
{
	local option
	for option in "${reading[@]}"; do
		check "${option//%s/FILE}: root's files stay as they are, and unread" unchanged on_all "$option"
	done
	for option in --bind-fd --ro-bind-fd; do
		check "$option of root's, opened by O_PATH: the same" unchanged fd_on_all $option
	done
	check "what can be read is printed" fails 1 "" eval 'echo precious >own; hidden box --bind own /x -- cat /x'
	check "a descriptor that was opened by the caller is all that is read" prints data \
		with_data --file 7 /f -- cat /f
}

with_data()
{
	box "$@" 7< <(printf data)
}

# Through links that lead out, with every option that makes something.
writing=("--dir %s" "--file 7 %s" "--bind-data 7 %s" "--ro-bind-data 7 %s" "--symlink x %s" "--tmpfs %s"
	"--proc %s" "--dev %s" "--chmod 0777 %s" "--bind low %s" "--remount-ro %s" "--overlay-src low --tmp-overlay %s"
	"--bind-fd 8 %s" "--lock-file %s")

no_way_out()
{
	local option
	rm -rf att mine && mkdir -p att mine/sub low && : >mine/file || return
	for option in "${writing[@]}"; do
		check "${option//%s/DEST} leads nowhere through links" unchanged leads_nowhere "$option"
	done
}

# Through links to root's folder and to one of the caller's own.
leads_nowhere()
{
	local before option=$1 target link name words
	before=$(find mine -printf '%p %m %s %T@\n' | sort)
	for target in "$work/roots" "$PWD/mine"; do
		for link in "$target" "/oldroot$target" "../../../../../../../../host$target"; do
			ln -sfn "$link" att/link
			for name in new file; do
				# shellcheck disable=SC2206 # several words
				words=(${option//%s//a/link/$name})
				hidden with_data --bind att /a "${words[@]}" -- true 8<low || return
			done
		done
	done
	diff <(echo "$before") <(find mine -printf '%p %m %s %T@\n' | sort)
}

# --- What callers may set -----------------------------------------------------

# The environment: a library or a message would be seen.
environment()
{
	local name value
	mkdir -p lib && echo garbage >lib/libc.so.6 && cp lib/libc.so.6 lib/libcap.so.2 || return
	check "without the bit, LD_PRELOAD has an effect" fails_saying 0 "preload" \
		env LD_PRELOAD=/nope/preload.so "$work/bin/sbx" --help
	for name in LD_PRELOAD=/nope/preload.so LD_AUDIT=/nope/audit.so \
		"LD_LIBRARY_PATH=$PWD/lib" LD_DEBUG=all LD_SHOW_AUXV=1 LD_BIND_NOW=1 \
		"GCONV_PATH=$PWD/lib" "LOCPATH=$PWD/lib" "NLSPATH=$PWD/lib/%N" MALLOC_CHECK_=3 MALLOC_PERTURB_=165 \
		"MALLOC_TRACE=$PWD/trace" GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.perturb=165 \
		"LD_PROFILE_OUTPUT=$PWD" "TMPDIR=$PWD/lib" "RES_OPTIONS=debug" "HOSTALIASES=$PWD/lib/libc.so.6"; do
		value=${name#*=} name=${name%%=*}
		check "$name has no effect" unaffected "$name" "$value"
	done
	check "the loader's do not reach COMMAND" prints "" \
		env LD_PRELOAD=/nope.so LD_LIBRARY_PATH=/nope "$sbx" --ro-bind / / -- \
		sh -c 'printenv LD_PRELOAD LD_LIBRARY_PATH || :'
	check "--setenv sets them" prints /nope box --setenv LD_LIBRARY_PATH /nope -- printenv LD_LIBRARY_PATH
}

# Nothing is printed and nothing is written.
unaffected()
{
	prints "" env "$1=$2" "$sbx" --ro-bind / / --unsetenv "$1" -- true &&
		fails 3 "" env "$1=$2" "$sbx" --ro-bind / / --unsetenv "$1" -- sh -c 'exit 3' && [ ! -e trace ]
}

# closed N COMMAND...: with 0, 1 and 2 closed by the bits of N.
closed()
{
	local n=$1
	shift
	(
		if ((n & 1)); then exec 0<&-; fi
		if ((n & 2)); then exec 1>&-; fi
		if ((n & 4)); then exec 2>&-; fi
		exec "$@"
	)
}

# With files of the caller's that a descriptor which became 0, 1 or 2 could spoil.
not_confused()
{
	local n=$1
	rm -rf made && mkdir made && echo data >input || return
	ends_with 6 closed "$n" "$sbx" --ro-bind / / --bind made /mnt --file 7 /mnt/f --dev /dev \
		--unshare-all -- sh -c 'exit 6' 7<input || return
	ends_with 125 closed "$n" "$sbx" --ro-bind / / --bind made /mnt --file 7 /mnt/g --bind /nope /x -- true \
		7<input || return
	ends_with 125 closed "$n" "$sbx" --ro-bind / / --file "$((n & 1 ? 0 : 3))" /mnt/g --nope || return
	[ "$(cat made/f)" = data ] && [ "$(cat input)" = data ]
}

# limited LIMIT: with this limit of prlimit(1) it works or reports an error, unless no program works;
# no core is left.
limited()
{
	local status=0 said
	prlimit "$1" /bin/true || return 0
	rm -rf limited && mkdir limited && cd limited || return
	said=$(
		ulimit -c unlimited
		exec timeout 20 prlimit "$1" "$sbx" --ro-bind / / --unshare-all --dev /dev --tmpfs /tmp \
			--file 7 /tmp/f --overlay-src "$PWD" --tmp-overlay /mnt -- true 2>&1 7< <(printf data)
	) || status=$?
	cd ..
	echo "status $status, said: $said"
	[ -z "$(ls limited)" ] || return
	case $status in
	0) ;;
	125 | 126 | 127) [ -n "$said" ] ;;
	*) return 1 ;;
	esac
}

limits()
{
	local n
	for n in 0 1 100; do
		check "RLIMIT_FSIZE of $n" limited --fsize=$n
	done
	for n in {3..16} 20; do
		check "RLIMIT_NOFILE of $n" limited --nofile="$n"
	done
	for n in 0 1 2; do
		check "RLIMIT_NPROC of $n" limited --nproc=$n
	done
	for n in 0 1 unlimited; do
		check "RLIMIT_CORE of $n" limited --core=$n
	done
	for n in 3 4 5 6 8 16; do
		[ -z "${ASAN_OPTIONS-}" ] || break # AddressSanitizer reserves terabytes
		check "RLIMIT_AS of $n MiB" limited --as=$((n << 20))
	done
	for n in 0 64 128 256; do
		check "RLIMIT_STACK of $n KiB" limited --stack=$((n << 10))
	done
	for n in 0 16; do
		check "RLIMIT_MEMLOCK of $n KiB" limited --memlock=$((n << 10))
		check "RLIMIT_DATA of $n KiB" limited --data=$((n << 10))
	done
}

callers()
{
	local n
	environment
	for n in {0..7}; do
		check "0, 1 and 2 closed as $n says" not_confused "$n"
	done
	limits
}

# --- Signals at any moment ----------------------------------------------------

# Kill it by the signals after a growing time, and see that no process is left that holds its pipe.
hit()
{
	local i line signal
	for ((i = 0; i < 40; i++)); do
		rm -f life && mkfifo life && exec {life}<>life || return
		"$sbx" --ro-bind / / --unshare-all --dev /dev --proc /proc --tmpfs /tmp -- sleep 0.01 \
			>life 2>&1 </dev/null {life}<&- &
		started=$!
		exec {end}<life {life}>&-
		sleep "0.$(printf %04d $((i * 5)))"
		for signal; do
			kill "-$signal" "$started" 2>/dev/null
		done
		while line=$(timeout 10 cat <&"$end") && [ -n "$line" ]; do
			echo "$line"
			case $line in
			"sbx: "*) break ;;
			*) return 1 ;;
			esac
		done
		exec {end}<&-
		eventually test ! -e "/proc/$started" || return
		wait "$started"
		case $? in
		0 | 125 | 137 | 143) ;;
		*) return 1 ;;
		esac
	done
}

signals()
{
	check "SIGTERM at any moment leaves nothing" hit TERM
	check "SIGKILL at any moment leaves nothing" hit KILL
	check "SIGSTOP and SIGKILL at any moment leave nothing" hit STOP KILL
}

# --- As root ------------------------------------------------------------------

of_root()
{
	local bounding
	bounding=$(sed -nE 's/^CapBnd:\t0*//p' /proc/self/status)
	check "for root the bit makes no difference: capabilities" \
		prints "800405fb 800405fb 800405fb 800405fb 800405fb 1" caps box
	check "nor under the name bwrap" \
		prints "0 $bounding $bounding $bounding 0 1" caps_of_program "$work/suid/bwrap"
	check "nor for --cap-add" prints "1 1 1 1 1 1" caps box --cap-drop ALL --cap-add CAP_CHOWN
	check "nor for --userns" prints 0 joins
	check "nor for ids" prints 0 box -- id -u
	# where the host forbids them, that comes first: there is no root of the host's in a namespace
	is_forbidden || check "the limit of user namespaces is obeyed, and the hint names it" no_more_users
	check "a file system that is nosuid has no effect but this" on_nosuid
	traced
}

joins()
{
	local result=0 holder
	mkfifo hold || return
	unshare --user --map-root-user sh -c 'echo >ready; read -r line <hold' &
	holder=$!
	eventually test -e ready || return
	box --userns 7 -- id -u 7<"/proc/$holder/ns/user" || result=1
	echo >hold
	wait "$holder"
	return $result
}

as_user=(setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups)

# In a user namespace in which all IDs are the host's, limits can be set.
no_more_users()
{
	local status=0 made
	rm -f mapped && mkfifo mapped || return
	# a process that the map makes root has root's capabilities after the next exec
	timeout 30 unshare --user sh -c 'read -r line <mapped && exec "$@"' - \
		sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' - \
		"${as_user[@]}" "$sbx" --ro-bind / / -- true >said 2>&1 &
	made=$!
	eventually maps_all || return
	timeout 10 sh -c 'echo >mapped'
	wait $made || status=$?
	echo "status $status, said: $(cat said)"
	[ "$status" -eq 125 ] && [ "$(cat said)" = "sbx: cannot create the namespaces: No space left on device
hint: user.max_user_namespaces is 0, which forbids them: run sysctl -w user.max_user_namespaces=10000 as root" ]
}

# Map all ids in the namespace of the child of $made, once it has made it.
maps_all()
{
	local pid
	pid=$(children_of "$made") && pid=${pid// /} && [ -n "$pid" ] &&
		[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ] &&
		echo "0 0 65536" >"/proc/$pid/uid_map" && echo "0 0 65536" >"/proc/$pid/gid_map"
}

on_nosuid()
{
	timeout 30 unshare --mount --propagation private bash -c '
		mount -t tmpfs -o nosuid t /mnt && cp -p "$1" /mnt/sbx && chmod 4755 /mnt/sbx && shift &&
		sbx=/mnt/sbx && "$@" /mnt/sbx --ro-bind / / -- true || [ $? = 125 ]' - "$sbx" "${as_user[@]}"
}

# is_exe PID PATH: the process executes the file PATH.
is_exe()
{
	[ "$(readlink "/proc/$1/exe")" = "$(readlink -f "$2")" ]
}

# watch PID: as long as there is PID, an ordinary user cannot look into any process of the
# program, and each has the caller's ids but at its very beginning.
watch()
{
	local pid seen watched=0 result=0 names
	names="$(basename "$sbx")|sbx-(monitor|janitor|reaper)"
	while [ -e "/proc/$1" ]; do
		for pid in $(pgrep -x -U "$ordinary" "$names"; pgrep -x -u "$ordinary" "$names"); do
			is_exe "$pid" "$sbx" || continue # another test's
			seen=$("${as_user[@]}" "$helpers/peek" "$pid" read mem environ maps fd cwd root ns getfd 2>/dev/null)
			is_exe "$pid" "$sbx" || continue # it has gone, or is COMMAND
			[ -z "$seen" ] || result=1
			watched=$((watched + 1))
			echo "$pid $(sed -nE 's/^(State|CapPrm|CapEff|Uid):\t(.*)/\2/p' "/proc/$pid/status" 2>/dev/null |
				paste -sd ' '): $seen"
		done
	done
	[ "$watched" -gt 0 ] && return "$result"
}

# held_at CALL N OPTION...: the same while each process's system call CALL number N is slow.
held_at()
{
	local call=$1 n=$2 tracer
	shift 2
	strace -f -qq -u nobody -o /dev/null -e trace="$call" \
		-e inject="$call:delay_enter=${slow_us:-500000}:when=$n" \
		"$sbx" --ro-bind / / "$@" -- true </dev/null &
	tracer=$!
	watch $tracer
	echo "result $?"
}

cannot_peek_at()
{
	local said
	said=$(held_at "$@")
	sort <<<"$said" | uniq -c | sort -rn | head -n 8
	grep -qx "result 0" <<<"$said" && grep -q "^[0-9]" <<<"$said"
}

# Where strace can delay calls and start a set-user-ID program.
traced()
{
	local call
	if ! strace -qq -u nobody -o /dev/null true 2>/dev/null; then
		skip "$who: what is traced" "strace cannot do it here"
		return
	fi
	for call in "setresuid 1" "capset 1" "capset 2" "capset 3" "clone3 1" "prctl 2" "openat 5" \
		"close_range 1" "mount_setattr 1" "pivot_root 1" "sendmsg 1"; do
		# shellcheck disable=SC2086 # two words
		check "nobody can look into it at $call" cannot_peek_at $call --unshare-pid
	done
}

of_user()
{
	works
	refused
	phases
	roots_files
	no_way_out
	callers
	signals
}

tests()
{
	if ignores_suid || [ ! -u "$(program)" ]; then
		skip "$who: set-user-ID" "the folder for temporary files is nosuid, or this is not root"
		return
	fi
	sbx=$(program)
	mkdir -p low rw wk
	if [ "$who" = root ]; then of_root; else of_user; fi
}

# shellcheck disable=SC2034 # for run.sh
can_do_without=1
run_as_both tests
