#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The results of options that create files, folders and links in the sandbox.
. "$(dirname "$0")/lib.sh"

# with_data TEXT OPTION...: box with descriptor 7 holding TEXT.
with_data()
{
	local text=$1
	shift
	box "$@" 7< <(printf %s "$text")
}

folders()
{
	check "--dir makes a directory of mode 755" \
		prints 755 box --dir /d -- stat -c %a /d
	check "--perms says another mode" \
		prints 1710 box --perms 1710 --dir /d -- stat -c %a /d
	check "a mode of 0 is a mode" prints 0 box --perms 0 --dir /d -- stat -c %a /d
	check "a directory that exists keeps its mode" \
		prints 711 box --perms 0711 --dir /d --dir /d -- stat -c %a /d
	check "a directory belongs to the caller" \
		prints "$(id -u):$(id -g)" box --dir /d -- stat -c %u:%g /d
	check "missing directories above are made, too" \
		prints "755 755" box --dir /a/b/c -- sh -c 'echo $(stat -c %a /a /a/b)'
	check "they are closed to whom the directory gives nothing" \
		prints "700 750 705" box --perms 0700 --dir /a/x --perms 0770 --dir /b/x \
		--perms 0705 --dir /c/x -- sh -c 'echo $(stat -c %a /a /b /c)'
	check "one above that exists keeps its mode" \
		prints 711 box --perms 0711 --dir /a --perms 0700 --dir /a/b -- stat -c %a /a
	check "--dir of the root does nothing" box --dir / --dir '' -- true
	check "a relative DEST is below the root" box --dir a/b -- test -d /a/b
	check "a DEST with slashes, dots and a slash at the end is the same" \
		box --dir //a/.//b/ -- test -d /a/b
	check "'..' above the root is the root" box --dir /../../a/../b -- test -d /b
	check "a directory cannot be made where a file is" \
		fails 125 "sbx: --dir: cannot create the directory /f: Not a directory" \
		with_data x --file 7 /f --dir /f -- true
	check "nor below a file" \
		fails 125 "sbx: --dir: cannot resolve or create /f/d in the sandbox: Not a directory" \
		with_data x --file 7 /f --dir /f/d -- true
}

# The same modes whatever the caller's umask is, and COMMAND has the caller's.
modes_under_umask()
{
	umask "$1"
	prints "755 666 755 1777 644 $1" with_data x --dir /a/d --file 7 /f --tmpfs /t \
		--perms 1777 --tmpfs /u --perms 0644 --bind-data 8 /g -- \
		sh -c 'echo $(stat -c %a /a /f /t /u /g) $(umask)' 8</dev/null
}

regular_files()
{
	check "--file copies the descriptor" prints data with_data data --file 7 /f -- cat /f
	check "its mode is 666" prints 666 with_data x --file 7 /f -- stat -c %a /f
	check "--perms says another" prints 4751 with_data x --perms 4751 --file 7 /f -- stat -c %a /f
	check "a file below missing directories" prints "x 755" \
		with_data x --file 7 /a/b -- sh -c 'echo $(cat /a/b) $(stat -c %a /a)'
	check "a large file is copied whole" prints 3000000 \
		with_data "$(head -c 3000000 /dev/zero | tr '\0' x)" --file 7 /f -- stat -c %s /f
	check "an empty one, too" prints 0 with_data "" --file 7 /f -- stat -c %s /f
	check "a file that exists is overwritten" prints new \
		with_data new --file 8 /f --file 7 /f -- cat /f 8< <(echo older)
	check "through a link in the sandbox" prints "x /f" \
		with_data x --symlink /f /l --file 7 /l -- sh -c 'echo $(cat /f) $(readlink /l)'
	check "a file can be written inside" with_data x --file 7 /f -- sh -c 'echo y >/f'
	check "not where a directory is" \
		fails 125 "sbx: --file: cannot create the file /d: Is a directory" \
		with_data x --dir /d --file 7 /d -- true
	check "nor where a fifo is" fails_at_fifo
	check "on the host, its mode is by the umask" modes_on_host 0027 640 640
	check "or as it is asked for" modes_on_host 0077 666 600 --perms 0666
	check "in what an overlay keeps, too" mode_in_overlay
	check "and under bubblewrap's name as it was" bwraps_mode_on_host
	check "--bind-data makes a file of mode 600 in directories of mode 700" \
		prints "x 600 700" with_data x --bind-data 7 /a/f -- \
		sh -c 'echo $(cat /a/f) $(stat -c %a /a/f /a)'
	check "--perms says another" \
		prints "640 750" with_data x --perms 0640 --bind-data 7 /a/f -- \
		sh -c 'echo $(stat -c %a /a/f /a)'
	check "something else can be mounted on that" \
		prints y with_data x --bind-data 7 /f --bind-data 8 /f -- cat /f 8< <(echo y)
	check "what is bound with --bind-data can be written, but not removed" \
		with_data x --bind-data 7 /f -- sh -c 'echo y >/f && ! rm -f /f'
	check "what is bound with --ro-bind-data cannot be written" \
		with_data x --ro-bind-data 7 /f -- sh -c 'grep x /f && ! echo y >/f && ! chmod 777 /f'
	check "--ro-bind-data has mode 600 and takes --perms" \
		prints "600 444" with_data x --ro-bind-data 7 /f --perms 0444 --ro-bind-data 8 /g -- \
		sh -c 'echo $(stat -c %a /f /g)' 8</dev/null
	check "many of them do not get in each other's way" many_data
	check "over an existing file" prints "new" \
		with_data new --file 8 /f --bind-data 7 /f -- cat /f 8< <(echo older)
	check "but not over a directory" \
		fails_saying 125 "^hint: a directory can only be mounted on a directory" \
		with_data x --dir /d --bind-data 7 /d -- true
	check "the umask is the caller's for COMMAND and nobody's for the set-up" modes_under_umask 0077
	check "whatever it is" modes_under_umask 0000
}

# modes_on_host UMASK MODE MODE_BELOW [OPTION]...: of a file that --file creates after OPTION, and of
# one that it creates without
modes_on_host()
{
	local mask=$1 mode=$2 below=$3
	shift 3
	rm -rf on_host && mkdir -p on_host/d && : >on_host/old && chmod 0604 on_host/old || return
	(umask "$mask" && exec "$sbx" --ro-bind / / --bind on_host "$PWD/on_host" \
		"$@" --file 7 "$PWD/on_host/f" --file 8 "$PWD/on_host/d/g" --file 9 "$PWD/on_host/old" \
		-- true 7<"$0" 8<"$0" 9<"$0") || return
	prints "$mode $below 604" echo \
		"$(cd on_host && stat -c %a f d/g old | tr '\n' ' ' | sed 's/ $//')" && cmp "$0" on_host/old
}

mode_in_overlay()
{
	rm -rf low rw work && mkdir low rw work || return
	(umask 0027 && box --overlay-src low --overlay rw work /o --file 7 /o/f -- true 7<"$0") || return
	prints 640 stat -c %a rw/f
}

bwraps_mode_on_host()
{
	sbx=$bwrap modes_on_host 0077 666 666
}

fails_at_fifo()
{
	rm -rf fifo && mkdir fifo && mkfifo fifo/f
	fails 125 "sbx: --file: cannot create the file /d/f: No such device or address" \
		with_data x --bind fifo /d --file 7 /d/f -- true
}

many_data()
{
	local args=() i
	for i in {1..50}; do
		exec {fd}< <(echo "$i")
		args+=(--bind-data "$fd" "/d/$i")
	done
	prints "1275" box "${args[@]}" -- sh -c 'cat /d/* | paste -sd+ | tee /dev/stderr | {
		IFS=+ read -r line; echo $(($line)); }'
}

links()
{
	check "--symlink makes a link, wherever it leads" \
		prints "/nowhere ../x" box --symlink /nowhere /a --symlink ../x /b -- \
		sh -c 'echo $(readlink /a /b)'
	check "below missing directories" prints "755" box --symlink x /a/l -- stat -c %a /a
	check "the same link again is no error" box --symlink x /l --symlink x /l -- true
	check "another link of that name is" \
		fails 125 "sbx: --symlink: cannot create the link /l: it already points to x" \
		box --symlink x /l --symlink y /l -- true
	check "what a link says cannot steer the terminal" \
		fails 125 "sbx: --symlink: cannot create the link /l: it already points to ?[2J" \
		box --symlink $'\033[2J' /l --symlink y /l -- true
	check "as is a file of that name" \
		fails 125 "sbx: --symlink: cannot create the link /l: it exists and is not a symbolic link" \
		box --dir /l --symlink y /l -- true
	check "a link with an empty target is refused" \
		fails 125 "sbx: --symlink: TARGET is empty" box --symlink '' /l -- true
	check "the root cannot be made a link" ends_with 125 box --symlink x / -- true
	for option in --dir --tmpfs --proc "--ro-bind /usr" "--symlink x"; do
		# shellcheck disable=SC2086 # an option and its first argument
		check "${option%% *} goes through a relative link inside" \
			box --dir /real --symlink real /l $option /l/x -- sh -c 'ls /real/x || test -L /real/x'
		# shellcheck disable=SC2086
		check "${option%% *} goes through an absolute link inside" \
			box --dir /a/real --symlink /a/real /b/l $option /b/l/x -- \
			sh -c 'ls /a/real/x || test -L /a/real/x'
		# shellcheck disable=SC2086
		check "${option%% *} makes what a dangling link leads to" \
			box --symlink /to/come /l $option /l/x -- \
			sh -c 'ls /to/come/x || test -L /to/come/x'
	done
	check "a bind on a link mounts on what it leads to" \
		prints "/run" box --dir /run --symlink /run /var/run --ro-bind /usr /var/run -- \
		sh -c 'test -d /run/bin && readlink /var/run'
	check "a tmpfs on a dangling link makes what it leads to" \
		box --symlink /run /var/run --tmpfs /var/run -- sh -c 'touch /run/x && test -e /var/run/x'
	check "a loop of links is an error" \
		fails 125 "sbx: --dir: cannot resolve or create /a/x in the sandbox: Too many levels of symbolic links" \
		box --symlink b /a --symlink a /b --dir /a/x -- true
	check "a chain of 40 links is none" link_chain 40
	check "a chain of 41 is" ends_with 125 link_chain 41
}

link_chain()
{
	local args=() i
	for ((i = 1; i <= $1; i++)); do
		args+=(--symlink "l$((i - 1))" "/l$i")
	done
	box "${args[@]}" --dir "/l$1" -- test -d /l0
}

modes()
{
	check "--chmod changes a mode" prints 4711 box --dir /d --chmod 4711 /d -- stat -c %a /d
	check "of a file" prints 400 with_data x --file 7 /f --chmod 0400 /f -- stat -c %a /f
	check "of the root" prints 700 box --chmod 0700 / -- stat -c %a /
	check "of what a link leads to" \
		prints "700 777" box --dir /d --symlink /d /l --chmod 0700 /l -- \
		sh -c 'echo $(stat -c %a /d /l)'
	check "even if nobody may open it" \
		prints 640 with_data x --perms 0000 --file 7 /f --chmod 0640 /f -- stat -c %a /f
	check "--chmod of what is missing is an error" \
		fails 125 "sbx: --chmod: cannot open /nope in the sandbox: No such file or directory" \
		box --chmod 0700 /nope -- true
	check "--chmod on a read-only bind is one, too" \
		fails 125 "sbx: --chmod: cannot change the mode of /usr: Read-only file system" \
		box --chmod 0700 /usr -- true
}

on_the_host()
{
	check "in a folder of the host bound writable, files are the host's" writes_on_host
}

writes_on_host()
{
	rm -rf host && mkdir host && echo older-and-longer >host/f || return
	with_data new --bind host /h --file 7 /h/f --dir /h/d --symlink t /h/l --chmod 0750 /h/d -- \
		sh -c 'echo inside >/h/g' &&
		[ "$(cat host/f host/g)" = newinside ] && [ "$(readlink host/l)" = t ] &&
		[ "$(stat -c %a:%u host/d)" = "750:$(id -u)" ]
}

tests()
{
	folders
	regular_files
	links
	modes
	on_the_host
}

run_as_both tests
