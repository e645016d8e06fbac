#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Binds and other mounts: where from, where to, with which flags, in which order.
. "$(dirname "$0")/lib.sh"

# with_data TEXT OPTION...: box with descriptor 7 holding TEXT.
with_data()
{
	local text=$1
	shift
	box "$@" 7< <(printf %s "$text")
}

# flags PATH OPTION...: the flags of each mount at and below PATH, one mount a line.
flags()
{
	local path=$1
	shift
	box --proc /proc "$@" -- cat /proc/self/mountinfo 7</dev/null |
		awk -v p="$path" '$5 == p || index($5, p "/") == 1 { print $6 }'
}

# all_flags TEST OPTION...: with OPTIONs there are several mounts at /m, and for the
# flags of each TEST holds, an awk expression.
all_flags()
{
	local test=$1
	shift
	flags /m "$@" | awk "{ print; if (!($test)) bad = 1 } END { exit bad || NR < 2 }"
}

# flags_are TEST PATH OPTION...: for those of the only mount at PATH TEST holds.
flags_are()
{
	local test=$1 path=$2
	shift 2
	flags "$path" "$@" | awk "{ print; if (!($test)) bad = 1 } END { exit bad || NR != 1 }"
}

binds()
{
	mkdir -p src/sub && echo text >src/f && ln -s src link && ln -s f src/to_f
	check "a bind shows the host's folder" prints text box --bind "$PWD/src" /x -- cat /x/f
	check "and can be written" bind_writes --bind
	check "a dev-bind as well" bind_writes --dev-bind
	check "a read-only bind cannot be written" \
		fails 1 "touch: cannot touch '/x/new': Read-only file system" \
		box --ro-bind "$PWD/src" /x -- touch /x/new
	for option in --bind --dev-bind --ro-bind --bind-try --dev-bind-try --ro-bind-try; do
		check "$option can bind a single file" prints text box $option src/f /x/f -- cat /x/f
		check "$option takes a relative source" prints text box $option src /x -- cat /x/f
		check "$option goes through links in the source" \
			prints text box $option link/to_f /f -- cat /f
		check "$option makes missing parents of mode 755" \
			prints "755 755" box $option src /a/b/c -- sh -c 'echo $(stat -c %a /a /a/b)'
	done
	check "a file's mount point has mode 444, and the mark of one on the host" mount_point_mode
	check "'..' above the host's root is the host's root" \
		box --ro-bind /../../usr /x -- test -d /x/bin
	check "'..' in the source" prints text box --bind src/sub/.. /x -- cat /x/f
	check "what is bound over the root is the root" \
		prints text bare_box --ro-bind / / --chdir "$PWD" -- cat src/f
	check "a bind of the root with more below" \
		box --ro-bind / / --tmpfs /tmp --ro-bind src /tmp/x -- cat /tmp/x/f
	check "a bind over the root hides what was there" \
		box --dir /before --bind / / -- test ! -e /before
	check "a bind of the root can be followed by a tmpfs over the root" \
		prints "/usr" bare_box --bind / / --tmpfs / --ro-bind /usr /usr --symlink usr/lib64 lib64 \
		--symlink usr/lib lib -- /usr/bin/sh -c 'echo /u*'
	check "a bind in the working directory that was removed says so" removed_directory
}

bind_writes()
{
	rm -f src/new
	box "$1" src /x -- sh -c 'echo yes >/x/new' && [ "$(cat src/new)" = yes ]
}

mount_point_mode()
{
	rm -rf host && mkdir host || return
	prints 1444-0 box --bind host /h --bind host /there --ro-bind src/f /h/f -- \
		stat -c %a-%s /there/f
}

removed_directory()
{
	mkdir gone
	(
		cd gone && rmdir ../gone &&
			fails 125 "sbx: --bind: cannot open x on the host: No such file or directory" \
				box --bind x /x -- true
	)
}

missing_sources()
{
	local option
	ln -s nowhere dangling && ln -s loop loop
	for option in bind dev-bind ro-bind; do
		check "a missing source of --$option is an error" \
			fails 125 "sbx: --$option: cannot open /nope on the host: No such file or directory" \
			box "--$option" /nope /x -- true
		check "an empty one, too" \
			fails 125 "sbx: --$option: SRC is empty" box "--$option" "" /x -- true
		check "for --$option-try a missing source is none, and nothing is made" \
			box "--$option-try" /nope /x -- test ! -e /x
		check "nor is a dangling link for --$option-try" \
			box "--$option-try" dangling /x -- test ! -e /x
		check "an empty source is one for --$option-try, too" \
			fails 125 "sbx: --$option-try: SRC is empty" box "--$option-try" "" /x -- true
		check "as is a file where a directory should be" fails_not_dir "--$option-try"
		check "and a loop of links" \
			fails 125 "sbx: --$option-try: cannot open loop on the host: Too many levels of symbolic links" \
			box "--$option-try" loop /x -- true
		check "a missing source of --$option-try is not looked for elsewhere" \
			box "--$option-try" usr/bin /x -- test ! -e /x
	done
	[ "$who" = root ] || check "a source that may not be reached is an error for --ro-bind-try" \
		fails 125 "sbx: --ro-bind-try: cannot open /proc/1/root/x on the host: Permission denied" \
		box --ro-bind-try /proc/1/root/x /x -- true
}

fails_not_dir()
{
	fails_saying 125 "^sbx: $1: cannot open src/f/x on the host: Not a directory" \
		box "$1" src/f/x /x -- true
}

destinations()
{
	check "a file can be mounted on a file, a fifo, a socket's place" on_fifo
	check "but no file on a directory" \
		fails_saying 125 "^hint: a directory can only be mounted on a directory" \
		box --dir /d --bind src/f /d -- true
	check "and no directory on a file" \
		fails_saying 125 "^hint: a directory can only be mounted on a directory" \
		with_data x --file 7 /f --bind src /f -- true
	check "nor a tmpfs" \
		fails_saying 125 "^hint: a directory can only be mounted on a directory" \
		with_data x --file 7 /f --tmpfs /f -- true
	check "below a read-only bind no mount point can be made" \
		fails_saying 125 "^sbx: --tmpfs: cannot create the mount point /usr/nope in the sandbox: Read-only file system$" \
		box --tmpfs /usr/nope -- true
	check "a DEST that is too long is an error" \
		fails_saying 125 "File name too long$" box --tmpfs "/$(printf '%0300d' 0)" -- true
	check "and one whose way is too long" fails_saying 125 "File name too long$" \
		box --tmpfs "/$(printf 'x%.0s/' {1..2500})" -- true
	check "operations are carried out in the order given" \
		box --tmpfs /a --dir /a/x --tmpfs /a --dir /b --ro-bind src /b --tmpfs /b/sub -- \
		sh -c '[ ! -e /a/x ] && [ -e /b/f ] && touch /b/sub/x'
	check "a later mount hides an earlier one" \
		prints text box --ro-bind /etc /x --ro-bind src /x -- cat /x/f
}

on_fifo()
{
	rm -rf on && mkdir on && mkfifo on/fifo && touch on/f || return
	box --bind on /d --ro-bind src/f /d/fifo --ro-bind src/f /d/f -- \
		sh -c '[ "$(cat /d/fifo /d/f)" = "text
text" ]' && [ -p on/fifo ]
}

tmpfs()
{
	check "a tmpfs is empty and can be written" \
		box --tmpfs /t -- sh -c '[ -z "$(ls -A /t)" ] && touch /t/x'
	check "it has mode 755" prints 755 box --tmpfs /t -- stat -c %a /t
	check "--perms says another" prints 1777 box --perms 1777 --tmpfs /t -- stat -c %a /t
	check "it belongs to the caller" \
		prints "$(id -u):$(id -g)" box --tmpfs /t -- stat -c %u:%g /t
	check "it has the size asked for" \
		prints 1048576 box --size 1048576 --tmpfs /t -- sh -c \
		'echo $(($(stat -f -c "%b * %S" /t)))'
	check "also in hexadecimal, and with --perms before or behind" \
		prints "65536 700 65536 711" \
		box --size 0x10000 --perms 0700 --tmpfs /t --perms 711 --size 0200000 --tmpfs /u -- \
		sh -c 'echo $(for t in /t /u; do echo $(($(stat -f -c "%b * %S" $t))) $(stat -c %a $t)
			done)'
	check "it cannot hold more" \
		ends_with 1 box --size 65536 --tmpfs /t -- sh -c 'head -c 70000 /dev/zero >/t/f || exit 1' \
		--dev-bind /dev/zero /dev/zero
	check "the size is for the next tmpfs only" \
		box --size 65536 --tmpfs /t --tmpfs /u -- sh -c \
		'[ "$(stat -f -c %b /u)" -gt "$(stat -f -c %b /t)" ]'
	check "two are independent" box --tmpfs /t --tmpfs /u -- sh -c 'touch /t/x; [ ! -e /u/x ]'
	check "a tmpfs over the root is the new root" \
		bare_box --dir /before --tmpfs / --ro-bind /usr /usr --symlink usr/lib64 /lib64 \
		--symlink usr/lib /lib -- /usr/bin/test ! -e /before
}

flags_of_mounts()
{
	check "all mounts of a bind are nosuid and nodev" \
		all_flags '/nosuid/ && /nodev/' --bind /dev /m
	check "all of a read-only bind are also read-only" \
		all_flags '/^ro,/ && /nosuid/ && /nodev/' --ro-bind /dev /m
	check "all of a dev-bind are nosuid" all_flags '/nosuid/' --dev-bind /dev /m
	check "devices work in a dev-bind" box --dev-bind /dev /m -- sh -c 'echo >/m/null'
	check "not in a bind" ends_with 1 box --bind /dev /m -- sh -c 'echo x >/m/null || exit 1'
	check "the root is nosuid and nodev" flags_are '/nosuid/ && /nodev/' /
	check "a tmpfs is nosuid and nodev" flags_are '/nosuid/ && /nodev/' /t --tmpfs /t
	check "--bind-data is nosuid and nodev" \
		flags_are '/^rw/ && /nosuid/ && /nodev/' /f --bind-data 7 /f
	check "--ro-bind-data is also read-only" \
		flags_are '/^ro/ && /nosuid/ && /nodev/' /f --ro-bind-data 7 /f
}

remount()
{
	check "--remount-ro makes a tmpfs read-only" \
		fails 1 "touch: cannot touch '/t/x': Read-only file system" \
		box --tmpfs /t --remount-ro /t -- touch /t/x
	check "the root, too" \
		fails 1 "touch: cannot touch '/x': Read-only file system" box --remount-ro / -- touch /x
	check "but not what is mounted below" box --remount-ro / --tmpfs /usr/share --remount-ro /usr \
		--tmpfs /usr/share -- touch /usr/share/x
	check "what was made before is still there" \
		box --tmpfs /t --dir /t/d --remount-ro /t -- test -d /t/d
	check "it leaves devices working" \
		box --dev-bind /dev /dev --remount-ro /dev -- sh -c 'echo >/dev/null && ! touch /dev/x'
	check "and set-user-ID as it was: nothing but ro is added" \
		flags_are '/^ro/ && /nosuid/ && !/nodev/' /m --dev-bind /dev/null /m --remount-ro /m
	check "a directory that is no mount point is an error" \
		fails 125 "sbx: --remount-ro: /d is not a mount point in the sandbox" \
		box --dir /d --remount-ro /d -- true
	check "as is one that is not there" \
		fails 125 "sbx: --remount-ro: cannot open /d in the sandbox: No such file or directory" \
		box --remount-ro /d -- true
	check "through a link" \
		ends_with 1 box --tmpfs /t --symlink t /l --remount-ro /l -- touch /t/x
}

# in_shared_mounts FUNCTION: run FUNCTION in a copy of the machine's mounts in which all
# mounts are shared with each other copy of them.
in_shared_mounts()
{
	timeout 60 unshare --mount --propagation private bash -c \
		"mount --make-rshared / && $(declare -f box bare_box "$1") && sbx=$sbx && $1"
}

# Mounts of sbx do not appear on the host; mounts on the host after the start of sbx do not appear in
# the sandbox.
mounts_spread()
{
	local before ready
	mkdir -p shared/src && mount --bind shared shared && mount --make-rshared shared
	before=$(cat /proc/self/mountinfo)
	coproc inside {
		box --ro-bind / / --ro-bind shared /mnt -- \
			sh -c "echo ready; read -r line; ls '/mnt/src' '$PWD/shared/src'; echo done"
	}
	read -r ready <&"${inside[0]}"
	[ "$before" = "$(cat /proc/self/mountinfo)" ] || ready=leaked
	mount -t tmpfs late shared/src && touch shared/src/late
	echo >&"${inside[1]}"
	! grep late <&"${inside[0]}" && [ "$ready" = ready ] && umount shared/src &&
		[ "$before" = "$(cat /proc/self/mountinfo)" ]
}

# Flags that the mounts have on the host stay.
keeps_flags()
{
	mkdir -p strict && mount -t tmpfs -o noexec,nosuid strict strict && mkdir strict/sub &&
		mount -t tmpfs -o ro,noatime sub strict/sub || return
	box --proc /proc --bind strict /m -- cat /proc/self/mountinfo |
		awk '$5 == "/m" && $6 ~ /noexec/ && $6 ~ /^rw/ { n++ }
			$5 == "/m/sub" && $6 ~ /^ro/ && $6 ~ /noatime/ && $6 ~ /nosuid/ { n++ }
			END { exit n != 2 }'
}

tests()
{
	binds
	missing_sources
	destinations
	tmpfs
	flags_of_mounts
	remount
	if [ "$who" = root ]; then
		check "mounts do not spread between host and sandbox" in_shared_mounts mounts_spread
		check "flags that the host's mounts have are kept" in_shared_mounts keeps_flags
	fi
}

run_as_both tests
