#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --proc, --dev and --mqueue: the file systems that are the kernel's.
. "$(dirname "$0")/lib.sh"

proc()
{
	check "without --unshare-pid, --proc shows the host's processes" \
		prints "$$" box --proc /proc -- sh -c "cat /proc/$$/stat | cut -d ' ' -f 1"
	check "with it, only those of the sandbox" \
		prints "1 2" box --unshare-pid --proc /proc -- sh -c 'cd /proc; echo [0-9]*'
	check "a new one is nosuid, nodev and noexec" \
		mounted '$5 == "/proc" && / - proc / && /nosuid,nodev,noexec/' --unshare-pid --proc /proc
	check "the host's is nosuid and nodev" \
		mounted '$5 == "/proc" && / - proc / && /nosuid,nodev/' --proc /proc
	check "elsewhere than /proc" box --proc /a/b -- test -e /a/b/self/status
	check "not on a file" ends_with 125 box --file 7 /f --proc /f -- true 7</dev/null
	for file in sys/kernel/hostname sys/vm/stat_interval sysrq-trigger irq/default_smp_affinity; do
		[ -e "/proc/$file" ] || continue
		check "/proc/$file cannot be written, with a new procfs" \
			cannot_write "/proc/$file" --unshare-all --proc /proc
		check "/proc/$file cannot be written, with the host's" \
			cannot_write "/proc/$file" --proc /proc
	done
	check "the process's own files can be written" \
		box --unshare-pid --proc /proc -- sh -c 'echo name >/proc/self/comm'
	check "the host's is noexec, too" mounted '$5 == "/proc" && / - proc / && /noexec/' --proc /proc
	for options in --unshare-pid --share-net; do
		covers "$options"
	done
	hidden
	proc_along
}

# A procfs that a bind of the whole root has brought along is not that of the sandbox's processes.
proc_along()
{
	local warning="a bind includes the host's /proc"
	check "a bind that includes the host's /proc is reported" \
		fails_saying 0 "^sbx: $warning" "$sbx" --ro-bind / / --unshare-pid -- true
	check "not where it is asked for" fails 0 "" "$sbx" --ro-bind / / --unshare-pid --bind /proc /proc/ -- true
	check "nor with --proc" fails 0 "" "$sbx" --ro-bind / / --unshare-pid --proc /proc -- true
	check "nor without --unshare-pid" fails 0 "" "$sbx" --ro-bind / / -- true
	check "nor where there is none" fails 0 "" box --unshare-pid -- true
	check "nor where something else is there" \
		fails 0 "" "$sbx" --ro-bind / / --unshare-pid --tmpfs /proc -- true
	check "nor in a sandbox inside, whose processes it shows" fails 0 "" \
		"$sbx" --ro-bind / / --unshare-pid --proc /proc -- "$sbx" --ro-bind / / -- true
	check "nor under the name bwrap" fails 0 "" "$bwrap" --ro-bind / / --unshare-pid -- true
}

masks="acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats"
read_only="bus fs irq sys sysrq-trigger"

# For an ordinary user, these are left to the kernel, which keeps them from all but root.
left_to_the_kernel="kcore timer_list bus fs irq sysrq-trigger"

# covers OPTION: the protected entries of a procfs that OPTION mounts.
covers()
{
	local name
	for name in $masks $read_only; do
		[ -e "/proc/$name" ] || continue
		if [ "$who" = user ] && grep -qw -e "$name" <<<"$left_to_the_kernel"; then
			check "/proc/$name is left to the kernel with $1" \
				ends_with 1 mounted '$5 == "/proc/'"$name"'"' "$1" --proc /proc
		elif grep -qw -e "$name" <<<"$masks"; then
			check "/proc/$name is masked with $1" \
				mounted '$5 == "/proc/'"$name"'" && $6 ~ /^ro,nosuid,nodev,noexec/ && / - tmpfs /' \
				"$1" --proc /proc
			check "it is empty and of mode 000" is_masked "/proc/$name" "$1" --proc /proc
		else
			check "/proc/$name is read-only with $1" \
				mounted '$5 == "/proc/'"$name"'" && $6 ~ /^ro/ && / - proc /' "$1" --proc /proc
		fi
		check "/proc/$name is not covered with $1 and --proc-unmasked" \
			ends_with 1 mounted '$5 == "/proc/'"$name"'"' "$1" --proc /proc --proc-unmasked
	done
	check "nothing inside can write to or read what is the machine's with $1" \
		prints "" box "$1" --dev /dev --unshare-user --uid 0 --gid 0 --cap-add ALL \
		--proc /proc -- bash -c "$tries"
	[ "$who" = root ] ||
		check "what is left to the kernel cannot be opened by user 0 with all capabilities with $1" \
			prints "" box "$1" --dev /dev --unshare-user --uid 0 --gid 0 --cap-add ALL \
			--proc /proc --proc-unmasked -- bash -c "$tries_left"
	check "it shows what the machine has where it is not covered with $1" \
		box "$1" --proc /proc --proc-unmasked -- grep -q CPU0 /proc/interrupts
	check "a payload with capabilities in a user namespace of its own cannot take a cover away with $1" \
		prints "" box "$1" --dev /dev --unshare-user --uid 5 --proc /proc -- \
		unshare --user --map-root-user --mount bash -c "$takes_away"
	check "nor one that has all in a sandbox with --disable-userns with $1" \
		prints "" box "$1" --dev /dev --unshare-user --disable-userns --cap-add ALL --proc /proc -- \
		bash -c "$takes_away"
}

takes_away='
	exec 2>/dev/null
	! umount /proc/keys || echo umounted
	! mount -o remount,rw,bind /proc/keys || echo writable
	! mount -o remount,rw,bind /proc/sys || echo writable
	! chmod 644 /proc/keys || echo changed'

# The secret files that can be read, and the others that can be opened for writing.
tries_left='
	for file in /proc/kcore /proc/timer_list; do
		[ -z "$(head -c 64 "$file" 2>/dev/null | tr -d "\0")" ] || echo "$file"
	done
	find /proc/sysrq-trigger /proc/bus /proc/fs /proc/irq -type f 2>/dev/null | while read -r file; do
		! (exec 3>>"$file") 2>/dev/null || echo "$file"
	done'
tries=$tries_left'
	cat /proc/keys /proc/interrupts 2>/dev/null
	find /proc/acpi /proc/asound /proc/scsi -mindepth 1 2>/dev/null
	find /proc/sys -type f 2>/dev/null | while read -r file; do
		! (exec 3>>"$file") 2>/dev/null || echo "$file"
	done'

# is_masked PATH OPTION...
is_masked()
{
	local path=$1
	shift
	prints "0" box "$@" -- sh -c \
		'[ "$(stat -c %a "$1")" = 0 ] && { ls -A "$1"; cat "$1"; } 2>/dev/null | wc -c' - "$path"
}

hidden()
{
	check "--proc-subset pid leaves processes alone" \
		prints "1 2 self thread-self" box --unshare-pid --proc /proc --proc-subset pid -- \
		sh -c 'cd /proc; echo *'
	check "--hidepid is an option of the mount" \
		mounted '$5 == "/proc" && / - proc .*hidepid=(invisible|2)/' \
		--unshare-pid --proc /proc --hidepid invisible
	check "by its number, too" \
		mounted '$5 == "/proc" && / - proc .*hidepid=(ptraceable|4)/' \
		--unshare-pid --proc /proc --hidepid 4
	check "both" mounted '$5 == "/proc" && / - proc .*hidepid=(noaccess|1).*subset=pid/' \
		--unshare-pid --proc /proc --hidepid noaccess --proc-subset pid
	check "ptraceable hides those whom COMMAND may not look at" \
		prints "2" box --unshare-pid --proc /proc --hidepid ptraceable \
		--unshare-user --uid 7 --cap-drop ALL -- sh -c 'cd /proc; echo [0-9]*'
	check "off shows them" \
		prints "1 2" box --unshare-pid --proc /proc --hidepid off \
		--unshare-user --uid 7 --cap-drop ALL -- sh -c 'cd /proc; echo [0-9]*'
	check "without a new procfs this is an error that says why" \
		fails 125 "sbx: --proc-subset and --hidepid need --unshare-pid or --pidns
hint: without a PID namespace, --proc is the host's procfs, which stays as it is" \
		box --proc /proc --hidepid off -- true
	nested
}

# Sandboxes inside.
nested()
{
	local outer=(--bind / / --dev /dev --unshare-pid --unshare-user) inner
	inner=("$sbx" --ro-bind / / --unshare-pid --unshare-user)
	check "a sandbox in a sandbox gets the procfs of that" \
		prints covered nest --proc /proc -- "${inner[@]}" --proc /proc -- sh -c "$covered"
	check "and says so if asked to" \
		fails 0 "sbx: --proc: /proc of the host is bound at /proc: the kernel refuses a new procfs \
where part of the host's is masked" nest --proc /proc -- "${inner[@]}" --verbose --proc /proc -- true
	check "with --proc-unmasked outside it gets its own" \
		prints "1 2" nest --proc /proc --proc-unmasked -- "${inner[@]}" --proc /proc -- \
		sh -c 'cd /proc; echo [0-9]*'
	check "there bubblewrap does, too" \
		prints "1 2" nest --proc /proc --proc-unmasked -- "$bwrap" "${inner[@]:1}" --proc /proc -- \
		sh -c 'cd /proc; echo [0-9]*'
	check "with --hidepid inside, the host's is no replacement" \
		fails_saying 125 "^sbx: --proc: cannot create a proc: .*Operation not permitted$" \
		nest --proc /proc -- "${inner[@]}" --proc /proc --hidepid off -- true
}

covered='grep -q " /proc/keys .* - tmpfs " /proc/self/mountinfo && echo covered'

nest()
{
	bare_box "${outer[@]}" "$@"
}

# mounted TEST OPTION...: a line of mountinfo inside satisfies the awk expression TEST.
mounted()
{
	local test=$1
	shift
	box "$@" -- cat /proc/self/mountinfo | awk "$test { found = 1; print } END { exit !found }"
}

# cannot_write FILE OPTION...: opened only, for what would be written might work.
cannot_write()
{
	local file=$1
	shift
	ends_with 1 box "$@" -- bash -c 'exec 3>"$1" || exit 1' - "$file"
}

sys()
{
	check "--sys shows the network of the sandbox" \
		prints lo box --unshare-net --sys /sys -- ls /sys/class/net
	check "without a new network that of the host" \
		prints "$(ls /sys/class/net)" box --sys /sys -- ls /sys/class/net
	check "a new one is not spoken of" fails 0 "" box --unshare-net --sys /sys --verbose -- true
	check "the host's is, if asked to" \
		fails 0 "sbx: --sys: /sys of the host is bound at /s: a new sysfs needs a new \
network namespace" box --sys /s --verbose -- true
	check "else it is not" fails 0 "" box --sys /s -- true
	check "a line of --json-status-fd says so" \
		fails_saying 0 '^{ "phase": "note", "level": "info", "option": "--sys", "path": "/s", ' \
		eval 'box --sys /s --json-status-fd 7 -- true 7>&2'
	check "not under the name bwrap" eval \
		'! "$bwrap" --ro-bind / / --sys /mnt --json-status-fd 7 -- true 7>&1 | grep note'
	for options in "--unshare-net" "--share-net"; do
		check "it is read-only, nosuid, nodev and noexec with $options" \
			mounted '$5 == "/sys" && / - sysfs / && $6 ~ /^ro,nosuid,nodev,noexec/' \
			"$options" --proc /proc --sys /sys
		check "and so is all below it with $options" \
			ends_with 1 mounted '$5 ~ "^/sys" && $6 !~ /^ro,nosuid,nodev,noexec/' \
			"$options" --proc /proc --sys /sys
		for dir in firmware devices/virtual/powercap; do
			[ -e "/sys/$dir" ] || continue
			check "/sys/$dir is masked with $options" is_masked "/sys/$dir" "$options" --sys /sys
		done
	done
	check "where the kernel refuses a new one, the host's is bound, with the masks" \
		prints 0 covered_sys stat -c %a /sys/firmware
	check "and that is said if asked to" \
		fails 0 "sbx: --sys: /sys of the host is bound at /sys: the kernel refuses a new sysfs \
where part of the host's is masked" covered_sys true
}

# covered_sys COMMAND...: in a sandbox in which part of /sys is masked.
covered_sys()
{
	bare_box --bind / / --dev /dev --unshare-net --unshare-user --tmpfs /sys/kernel -- \
		"$sbx" --ro-bind / / --unshare-net --unshare-user --verbose --sys /sys -- "$@"
}

dev()
{
	check "--dev has the usual nodes" \
		prints "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero" \
		box --dev /dev -- sh -c 'cd /dev; echo *'
	check "null takes everything" box --dev /dev -- sh -c 'echo x >/dev/null && [ ! -s /dev/null ]'
	check "zero gives zeroes" \
		prints 00000000 box --dev /dev -- sh -c 'head -c 4 /dev/zero | od -An -tx1 | tr -d " "'
	check "full is full" ends_with 1 box --dev /dev -- sh -c 'echo x >/dev/full || exit 1'
	check "random and urandom give something" \
		prints 8 box --dev /dev -- sh -c 'head -c 4 /dev/random /dev/urandom -q | wc -c'
	check "the links lead to the process's descriptors" \
		prints "in" box --unshare-pid --proc /proc --dev /dev -- \
		sh -c 'echo in | cat /dev/stdin >/dev/stdout 3>&1 && [ -e /dev/fd/0 ]'
	check "they say so" \
		prints "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd /proc/kcore pts/ptmx" \
		box --dev /dev -- sh -c 'cd /dev; echo $(readlink stdin stdout stderr fd core ptmx)'
	check "shm is for everybody" prints 1777 box --dev /dev -- stat -c %a /dev/shm
	check "files can be made there and in /dev" box --dev /dev -- touch /dev/shm/x /dev/x
	check "a terminal can be allocated" \
		prints "a terminal" box --unshare-pid --proc /proc --dev /dev --ro-bind "$helpers" /h -- \
		/h/pty '' sh -c 'tty | grep -q "^/dev/pts/" && printf "a terminal"'
	check "also by COMMAND with another user id" \
		prints "a terminal" box --unshare-user --uid 1234 --gid 1235 --dev /dev \
		--ro-bind "$helpers" /h -- /h/pty '' sh -c '[ -t 0 ] && printf "a terminal"'
	check "the terminals are the sandbox's own" \
		prints "ptmx" box --dev /dev -- ls /dev/pts
	check "a terminal belongs to the caller" \
		prints "$(id -u):" box --unshare-pid --proc /proc --dev /dev --ro-bind "$helpers" /h -- \
		/h/pty '' sh -c 'printf "$(stat -Lc %u: /dev/stdin)"'
	check "the folder of the terminals belongs to nobody who can write to it" \
		prints "$([ "$who" = root ] && echo 0 || echo 65534) 755" box --dev /dev -- stat -c '%u %a' /dev/pts
	check "devpts is nosuid and noexec" \
		mounted '$5 == "/dev/pts" && / - devpts / && /nosuid/ && /noexec/' --proc /proc --dev /dev
	check "the whole is nosuid and nodev" \
		mounted '$5 == "/dev" && /nosuid,nodev/' --proc /proc --dev /dev
	check "its nodes are nosuid" mounted '$5 == "/dev/tty" && /nosuid/' --proc /proc --dev /dev
	check "there is no console without a terminal" box --dev /dev -- test ! -e /dev/console
	check "with one there is, and it is that terminal" \
		prints "the console" on_terminal sh -c 'printf "the console" >/dev/console'
	check "and can be asked what it is" \
		prints "same" on_terminal sh -c '[ "$(stat -c %t:%T /dev/console)" = \
			"$(stat -Lc %t:%T /proc/self/fd/0)" ] && printf same'
	check "standard output that is no terminal gives no console, though the input is one" \
		prints "" on_terminal_but_output
	check "elsewhere than /dev" box --dev /a/b -- sh -c 'echo >/a/b/null'
	check "--dev twice" box --dev /dev --dev /dev2 -- sh -c 'echo >/dev2/null >/dev/null'
	check "--remount-ro of /dev leaves its nodes working" \
		box --dev /dev --remount-ro /dev -- sh -c 'echo >/dev/null && ! touch /dev/x'
}

# Devices of the host's in a --dev: they can be used as outside.
devices()
{
	local node
	for node in /dev/fuse /dev/kvm /dev/net/tun /dev/loop-control /dev/dri/renderD128 /dev/zero; do
		[ -c "$node" ] || continue
		check "$node can be opened in a --dev as outside" opens_as_outside "$node"
	done
	check "a directory of them, too" \
		box --dev /dev --dev-bind /dev /dev/all -- sh -c 'echo >/dev/all/null && [ -c /dev/all/zero ]'
	check "but not with --bind" ends_with 1 box --dev /dev --bind /dev/zero /dev/z -- \
		sh -c 'head -c 1 /dev/z || exit 1'
	check "a node in the place of one that is there" \
		prints 00 box --dev /dev --dev-bind /dev/zero /dev/null -- \
		sh -c 'head -c 1 /dev/null | od -An -tx1 | tr -d " "'
	check "without a tty on the host there is none, and a warning" without_node tty "$sbx" 0 \
		"sbx: --dev: there is no /dev/tty on the host"
	check "without full likewise" without_node full "$sbx" 0 \
		"sbx: --dev: there is no /dev/full on the host"
	check "without urandom nothing runs" without_node urandom "$sbx" 125 \
		"sbx: --dev: cannot open /dev/urandom on the host: No such file or directory"
	check "nor without tty under the name bwrap" without_node tty "$bwrap" 1 \
		"bwrap: --dev: cannot open /dev/tty on the host: No such file or directory"
}

opens_as_outside()
{
	local opens='exec 2>&1; exec 3<>"$1" && [ -c "$1" ] && stat -c %t:%T "$1"' outside inside
	outside=$(sh -c "$opens" - "$1" | sed 's/^sh: [0-9]*: //')
	inside=$(box --dev /dev --dev-bind "$1" "$1" -- sh -c "$opens" - "$1" | sed 's/^sh: [0-9]*: //')
	echo "outside: $outside, inside: $inside"
	[ -n "$outside" ] && [ "$outside" = "$inside" ]
}

# without_node NAME PROGRAM STATUS TEXT: start PROGRAM where all nodes but /dev/NAME are there.
without_node()
{
	local name=$1 program=$2 binds=() node
	for node in null zero full random urandom tty; do
		[ "$node" = "$name" ] || binds+=(--dev-bind "/dev/$node" "/dev/$node")
	done
	fails "$3" "$4" bare_box --bind / / --tmpfs /dev "${binds[@]}" --unshare-user -- \
		"$program" --ro-bind / / --dev /dev -- sh -c 'echo >/dev/null && [ ! -e "/dev/$1" ]' - "$name"
}

on_terminal()
{
	timeout 30 "$helpers/pty" '' "$sbx" --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib \
		--symlink usr/lib64 /lib64 --proc /proc --dev /dev -- "$@"
}

on_terminal_but_output()
{
	timeout 30 "$helpers/pty" '' sh -c '"$@" | cat' - "$sbx" --ro-bind / / --dev /dev -- \
		sh -c 'test ! -e /dev/console || echo console'
}

mqueue()
{
	check "--mqueue mounts the queues of the sandbox" \
		box --unshare-ipc --mqueue /q -- sh -c 'touch /q/queue && grep -q QSIZE /q/queue'
	check "nosuid, nodev and noexec" \
		mounted '$5 == "/q" && / - mqueue / && /nosuid,nodev,noexec/' \
		--unshare-ipc --mqueue /q --proc /proc
	if [ "$who" = root ]; then
		check "root needs no --unshare-ipc" box --mqueue /q -- test -d /q
	else
		check "an ordinary user needs --unshare-ipc, and is told" \
			fails 125 "sbx: --mqueue: cannot create a mqueue: Operation not permitted
hint: --mqueue needs --unshare-ipc" box --mqueue /q -- true
	fi
}

tests()
{
	proc
	sys
	dev
	devices
	mqueue
}

run_as_both tests
