#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# command_line.sh SBX SECONDS [SEED]: run SBX, the real program built with sanitizers, with random
# command lines, made of the options that its --help names.
#
# Run by root, it creates a mount namespace in which an ordinary user runs SBX and can write to
# one small tmpfs and nothing else.  Run by another user, it creates a user namespace for that first.
#
# Each run has to end within seconds, with a status that the manual knows.  If sbx fails, its message
# has no control characters.  No sanitizer reports anything; nothing is left behind.
# A failure is printed as a command line that bash takes.
set -u
export LC_ALL=C.UTF-8

ordinary=65534 # user and group id
patience=20    # seconds; a sandbox takes a fraction of one
finding=99     # what sanitizers exit with

# --- The world ----------------------------------------------------------------

# In the mount namespace: leave one folder to write to.
make_world()
{
	local dir
	world=$(mktemp -d) && mount -t tmpfs -o size=64m,nr_inodes=20k,mode=0755 fuzz "$world" || return
	mkdir -m 1777 "$world/tmp" && mkdir "$world/bin" && cp "$1" "$world/bin/sbx" &&
		ln -s sbx "$world/bin/bwrap" || return
	cp "$0" "$world/bin/command_line.sh" || return
	for dir in /tmp /var/tmp /dev/shm /run/lock; do
		[ ! -d "$dir" ] || [[ $world/ = $dir/* ]] || mount -t tmpfs -o size=1m,ro fuzz "$dir" || return
	done
}

# Files of every kind, for options to name.
make_files()
{
	[ ! -d w ] || chmod -R u+rwX w
	rm -rf w && mkdir -p w/a/b/c w/lower w/upper w/work w/closed/x && mkfifo w/fifo &&
		echo data >w/file && ln -s a/b w/link && ln -s /etc w/out && ln -s loop w/loop &&
		ln -s ../../../../../.. w/up && ln -s /proc/self/fd/0 w/magic &&
		: >w/unreadable && chmod 0 w/unreadable w/closed
}

# --- Random words -------------------------------------------------------------

# pick WORD...: set $picked to one of them.
pick()
{
	shift $((RANDOM % $#))
	picked=$1
}

# chance N: true N times in 100.
chance()
{
	[ $((RANDOM % 100)) -lt "$1" ]
}

fill_tables()
{
	local name
	inside=(w w/a w/a/b w/a/b/c w/file w/fifo w/link w/out w/loop w/up w/magic w/link/c
		w/unreadable w/closed w/closed/x w/new w/new/x/y w/a/new w/a/../.. w/file/x
		w/lower w/upper w/work)
	inside=("${inside[@]/#/$PWD/}")
	printf -v name %0300d 0
	paths=("${inside[@]}" / /usr /etc /etc/passwd /proc /sys /dev /dev/null /tmp /dev/shm /proc/self
		/proc/self/fd/0 /proc/self/exe /proc/1/root /proc/self/cwd /dev/pts /proc/kcore
		/nonexistent . .. "" a // /. /.. "/$name" "/${name//0/x\/}" $'/\xff\xfe' $'/a\nb'
		$'/\e[31m' /run /var /proc/self/ns/mnt /proc/self/fd/99 /dev/fd/3 /root %s%n
		$'/new/\u009b31m' $'/\u202etxt')
	numbers=(0 1 2 3 4 5 7 9 100 -1 2147483647 2147483648 4294967294 4294967295 4294967296
		18446744073709551615 18446744073709551616 0x10 010 1e3 "" abc " 1" +1 0.001 1.0005
		1000000 1000001 .5 5.)
	words=(x "" $'\xff' "$name" "a b" $'\n')
}

# word METAVAR: set $picked to a word for it, mostly a valid one.
word()
{
	if chance 3; then
		pick "" - -- --bind "${numbers[@]}"
		return
	fi
	case $1 in
	SRC | DEST | DIR | TARGET) pick "${inside[@]}" "${paths[@]}" ;;
	RWSRC | WORKDIR) pick "$PWD/w/upper" "$PWD/w/work" "$PWD/w/lower" "$PWD/w/file" /nonexistent ;;
	FD) pick 0 1 2 3 4 5 6 7 8 9 9 10 50 -1 x 2147483647 ;;
	SECONDS) pick 0 0.1 0.01 1 x 1000001 ;;
	OCTAL) pick 0755 755 0 7777 10000 8 -1 04755 "" ;;
	CAP) pick ALL CAP_SYS_ADMIN cap_net_admin 21 63 64 41 x "" CAP_ CAP_SETFCAP CAP_SETPCAP ;;
	MODE | SUBSET) pick private slave pid off invisible noaccess ptraceable 0 3 4 x ;;
	VAR) pick A PATH HOME A=B "" PWD ;;
	UID | GID | BYTES) pick "${numbers[@]}" ;;
	*) pick "${words[@]}" ;;
	esac
}

# --- One command line ---------------------------------------------------------

# Options and the kinds of their arguments, as --help prints them.
read_options()
{
	local name kinds
	declare -gA arguments=()
	while read -r name kinds; do
		arguments[$name]=$kinds
	done < <("$sbx" --help | sed -nE 's/^  --([a-z0-9-]+)((( [A-Z0-9]+)*))( .*)?$/\1\2/p' |
		grep -Evx '(help|version|args FD).*')
	names=("${!arguments[@]}")
	[ "${#names[@]}" -gt 50 ]
}

add_option()
{
	local kind
	if chance 50; then pick "${names[@]}"; else pick "${common[@]}"; fi
	options+=("--$picked")
	for kind in ${arguments[$picked]}; do
		word "$kind"
		options+=("$picked")
	done
}

make_options()
{
	local n
	options=()
	! chance 80 || options+=(--ro-bind / /)
	! chance 50 || options+=(--bind "$PWD/w" "$PWD/w")
	pick 1 2 3 5 8 15 30
	for ((n = picked; n > 0; n--)); do add_option; done
	! chance 4 || options=("${options[@]::RANDOM % (${#options[@]} + 1)}")
}

make_command()
{
	command=(true)
	chance 15 || return
	case $((RANDOM % 5)) in
	0) command=(sh -c "sleep 0.05 & exit 3") ;;
	1) command=(/nonexistent) ;;
	2) command=() ;;
	3) command=(sh -c 'kill -9 $$') ;;
	4) command=(sh -c '(setsid sleep 1 &); exit 0') ;;
	esac
}

# run WORD...: run sbx with descriptors of several kinds open.
run()
{
	timeout --kill-after=1 "$patience" "$sbx" "$@" "${command[@]}" >out 2>err </dev/null \
		3< <(echo hello) 4<>/dev/null 5< <(printf '\6\0\0\0\0\0\377\177') 6<w 7<w/file \
		8< <(:) 9<args
}

# --- What came of it ----------------------------------------------------------

# complaint STATUS: print the fault of the run, if it has one.
complaint()
{
	if [ "$1" = "$finding" ] || grep -qE 'Sanitizer|runtime error:' err; then
		echo "a sanitizer reports"
	elif [ "$1" = 124 ]; then
		echo "does not end"
	elif ! [[ $1 =~ ^(0|3|12[567]|137)$ ]]; then
		echo "ends with $1"
	elif [[ $1 = 12[567] ]] && ! grep -qaE '^(<[0-7]>)?sbx: ' err; then
		echo "ends with $1 without a message"
	elif LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' err; then
		echo "prints control characters"
	fi
	[ "$(wc -l </proc/self/mountinfo)" -eq "$mounts" ] || echo "leaves a mount"
}

# Options that write to the project folder for good.
writes()
{
	[[ " ${options[*]} " = *\ --@(file|dir|symlink|chmod|overlay|bind-data|ro-bind-data|perms)\ * ]]
}

tree()
{
	find w -printf '%y %m %p %l\n' 2>/dev/null | sort
}

try_one()
{
	local before said
	make_options
	make_command
	# --chmod may have closed the folder to the next run
	[[ $((runs % 25)) -ne 0 && -r w && -r w/file ]] || make_files
	before=$(tree)
	: >args
	if chance 40; then
		[ ${#options[@]} -eq 0 ] || printf '%s\0' "${options[@]}" >args
		run --args 9
	else
		run "${options[@]}"
	fi
	said=$(complaint $?)
	[ -n "$said" ] || writes || [ "$before" = "$(tree)" ] || said="leaves files behind"
	[ -n "$said" ] || return 0
	echo "$said: sbx ${options[*]@Q} ${command[*]@Q}"
	head -c 3000 err | cat -v
	make_files
	bad=$((bad + 1))
}

# What outlives its sandbox has our name for the program in its command line.
left_over()
{
	local file n=0
	for file in /proc/[0-9]*/cmdline; do
		! grep -qsF "$sbx" "$file" || n=$((n + 1))
	done
	[ "$n" -gt 0 ] && echo "$n processes are left"
}

fuzz()
{
	local until=$((SECONDS + $1)) runs=0 bad=0 mounts
	sbx=$world/bin/sbx
	RANDOM=$2
	cd "$world/tmp" && mkdir "$2" && cd "$2" && fill_tables && read_options || return
	common=(bind ro-bind tmpfs dir symlink mask ro deny-create proc dev file bind-data overlay-src
		overlay tmp-overlay perms bind-fd remount-ro chmod free-bind lock-mounts cap-add)
	mounts=$(wc -l </proc/self/mountinfo)
	export ASAN_OPTIONS=detect_leaks=0:exitcode=$finding
	export UBSAN_OPTIONS=halt_on_error=1:exitcode=$finding:print_stacktrace=1
	ulimit -c 0
	while [ "$SECONDS" -lt "$until" ]; do
		try_one
		runs=$((runs + 1))
	done
	echo "$runs command lines from seed $2, $bad of them bad"
	[ "$bad" -eq 0 ] && [ "$runs" -gt 0 ]
}

# --- The processes ------------------------------------------------------------

as_ordinary()
{
	if [ -n "${FUZZ_MAPPED-}" ]; then "$@"; else
		setpriv --reuid $ordinary --regid $ordinary --clear-groups --inh-caps=-all "$@"; fi
}

case ${FUZZ_PART-outside} in
outside)
	seed=${3:-$((RANDOM % 10000))}
	if [ "$(id -u)" -eq 0 ]; then
		FUZZ_PART=mounts exec unshare --mount --propagation private bash "$0" "$1" "$2" "$seed"
	fi
	FUZZ_PART=mounts FUZZ_MAPPED=1 exec unshare --user --map-root-user --mount \
		bash "$0" "$1" "$2" "$seed"
	;;
mounts)
	make_world "$1" || exit
	export FUZZ_PART=inside world
	pids=() status=0
	for i in 0 1; do # two cores
		as_ordinary env -i PATH=/usr/bin:/bin HOME="$world/tmp" FUZZ_PART=inside world="$world" \
			bash "$world/bin/command_line.sh" "$1" "$2" $(($3 + i)) &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || status=1; done
	sleep 2 # a process that a command leaves running sleeps for a second
	sbx=$world/bin/sbx
	! left_over || status=1
	umount -l "$world" && rmdir "$world"
	exit "$status"
	;;
inside) fuzz "$2" "$3" ;;
esac
