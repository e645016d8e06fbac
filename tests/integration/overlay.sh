#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --overlay-src, --overlay, --tmp-overlay and --ro-overlay.
. "$(dirname "$0")/lib.sh"

many=300     # layers, from Linux 6.7 on
many_old=150 # before, all of them have to fit into a page

# Three layers: "both" is in all of them, the others each in one.
set_layers()
{
	local layer
	rm -rf low mid top rw work && mkdir -p low/dir mid top rw work || return
	for layer in low mid top; do
		echo $layer >$layer/both && echo $layer >$layer/$layer
	done
	echo below >low/dir/file
}

layers=(--overlay-src low --overlay-src mid --overlay-src top)

kept()
{
	box "${layers[@]}" --overlay rw work /o "$@"
}

thrown_away()
{
	box "${layers[@]}" --tmp-overlay /o "$@"
}

read_only()
{
	box "${layers[@]}" --ro-overlay /o "$@"
}

layers_in_order()
{
	local how
	for how in kept thrown_away read_only; do
		check "$how: the last layer is on top" prints top $how -- cat /o/both
		check "$how: all layers are there" prints "both dir low mid top" $how -- sh -c 'cd /o; echo *'
	done
	check "the other way round" \
		prints low box --overlay-src top --overlay-src mid --overlay-src low --tmp-overlay /o -- cat /o/both
	check "one layer is enough for --tmp-overlay" \
		prints low box --overlay-src low --tmp-overlay /o -- cat /o/both
	check "and for --overlay" prints low box --overlay-src low --overlay rw work /o -- cat /o/both
	check "each overlay has its own layers" \
		prints "low mid top" box --overlay-src low --tmp-overlay /a --overlay-src mid \
		--tmp-overlay /b --overlay-src low --overlay-src top --ro-overlay /c -- \
		sh -c 'echo $(cat /a/both /b/both /c/both)'
	check "a layer is relative to the working directory, through links" through_links
	check "DEST is made, with mode 755 above it" \
		prints "755 755" box "${layers[@]}" --tmp-overlay /a/b/c -- sh -c 'echo $(stat -c %a /a /a/b)'
	check "DEST is resolved inside" \
		prints top box --dir /real --symlink /real /l "${layers[@]}" --tmp-overlay /l/o -- cat /real/o/both
	if [ "$who" = root ]; then
		check "over the root" \
			prints text bare_box --overlay-src / --tmp-overlay / -- sh -c 'echo text >/new && cat /new'
	else
		check "a layer with mounts below it has a hint" \
			fails_saying 125 "^hint: .*in a user namespace no layer may have mounts below it" \
			bare_box --overlay-src / --tmp-overlay / -- true
	fi
	check "the same through bubblewrap's name" prints top as_bwrap
}

as_bwrap()
{
	sbx=$bwrap thrown_away -- cat /o/both
}

through_links()
{
	ln -sfn low link && prints below box --overlay-src link/../low --tmp-overlay /o -- cat /o/dir/file
}

# --- Changes ------------------------------------------------------------------

changes()
{
	check "changes are kept in RWSRC" keeps_changes
	check "and are there again" prints "new changed" again
	check "what is removed is removed in a later run, too" removes
	check "no layer is changed by that" layers_are_unchanged
	check "what --tmp-overlay changes is thrown away" throws_away
	check "it can be changed all the same" prints "changed new" \
		thrown_away -- sh -c 'echo changed >/o/both; echo new >/o/dir/new; rm /o/low; cat /o/both /o/dir/new | paste -sd " "'
	check "several of them do not share changes" \
		prints "1 2" box --overlay-src low --tmp-overlay /a --overlay-src low --tmp-overlay /b -- \
		sh -c 'echo 1 >/a/x; echo 2 >/b/x; echo $(cat /a/x /b/x)'
	check "--ro-overlay cannot be changed" \
		fails 1 "touch: cannot touch '/o/x': Read-only file system" read_only -- touch /o/x
	check "nor can what is in it" \
		fails 1 "rm: cannot remove '/o/low': Read-only file system" read_only -- rm /o/low
	check "new files are the caller's" \
		prints "$(id -u):$(id -g)" thrown_away -- sh -c 'touch /o/x; stat -c %u:%g /o/x'
	check "--remount-ro makes one read-only" \
		ends_with 1 thrown_away --remount-ro /o -- touch /o/x
}

keeps_changes()
{
	set_layers || return
	kept -- sh -c 'echo changed >/o/both && echo new >/o/dir/new' &&
		[ "$(cat rw/both rw/dir/new)" = "changed
new" ] && [ "$(cat top/both)" = top ]
}

again()
{
	kept -- sh -c 'echo $(cat /o/dir/new /o/both)'
}

removes()
{
	kept -- rm -r /o/low /o/dir && kept -- sh -c '[ ! -e /o/low ] && [ ! -e /o/dir ] && [ -e /o/mid ]'
}

layers_are_unchanged()
{
	[ -f low/low ] && [ -f low/dir/file ] && [ ! -e low/dir/new ] && [ "$(cat top/both)" = top ]
}

throws_away()
{
	set_layers && thrown_away -- sh -c 'echo changed >/o/both; rm /o/low' &&
		prints "top" thrown_away -- sh -c 'cat /o/both && [ -e /o/low ]' &&
		[ "$(cat top/both)" = top ] && [ -z "$(ls rw)" ]
}

# --- Names and numbers --------------------------------------------------------

names()
{
	local name long
	for name in a:b a,b 'a\b' 'a b' $'a\nb' 'a\:b\,c' $'a\001"\377' 'lowerdir=x,userxattr' '#%()'; do
		check "a layer may be called $(printf %q "$name"), as may RWSRC and WORKDIR" special "$name"
	done
	long=$(printf 'd%0240d/' {1..15})
	check "paths may be long" long_paths "$long"
	check "$many layers, where the kernel can" has_many
	check "paths of the host are not told" tells_nothing
	check "the mounts are nosuid and nodev" has_flags
}

special()
{
	rm -rf "$1"* && mkdir "$1" "$1.2" "$1.rw" "$1.work" && echo low >"$1/both" && echo text >"$1/f" &&
		echo top >"$1.2/both" || return
	prints "top text" box --overlay-src "$1" --overlay-src "$1.2" --overlay "$1.rw" "$1.work" "/$1" -- \
		sh -c 'cd "/$1" && echo new >new && echo $(cat both f)' - "$1" && [ "$(cat "$1.rw/new")" = new ] &&
		prints top box --overlay-src "$1" --overlay-src "$1.2" --ro-overlay "/$1" -- cat "/$1/both" &&
		prints top box --overlay-src "$1" --overlay-src "$1.2" --tmp-overlay "/$1" -- cat "/$1/both"
}

# Three paths, each nearly as long as one may be.
long_paths()
{
	local at i
	for i in 1 2 3; do
		at="long$i/$1"
		mkdir -p "$at" && echo "$i" >"$at/both" && echo "$i" >"$at/$i" || return
	done
	prints "3 1 2 3" box --overlay-src "long1/$1" --overlay-src "long2/$1" --overlay-src "long3/$1" \
		--tmp-overlay /o -- sh -c 'cd /o; echo $(cat both) 1 2 3'
}

# is_at_least RELEASE: the kernel is.
is_at_least()
{
	printf '%s\n' "$1" "$(uname -r)" | sort -VC
}

has_many()
{
	local args=() i n=$many
	is_at_least 6.7 || n=$many_old
	mkdir -p many && for ((i = 1; i <= n; i++)); do
		mkdir -p "many/$i" && echo "$i" >"many/$i/both" && : >"many/$i/$i" || return
		args+=(--overlay-src "many/$i")
	done
	prints "$n $((n + 1))" box "${args[@]}" --tmp-overlay /o -- \
		sh -c 'cd /o; set -- *; echo $(cat both) $#'
}

tells_nothing()
{
	kept --proc /proc -- cat /proc/self/mountinfo >info || return
	grep ' /o ' info && ! grep ' /o ' info | grep -e "$PWD" -e [=/:]low -e [=/:]rw -e =work
}

has_flags()
{
	local how
	for how in kept thrown_away read_only; do
		$how --proc /proc -- cat /proc/self/mountinfo |
			awk '$5 == "/o" { print $6; n += /nosuid/ && /nodev/ } END { exit n != 1 }' || return
	done
}

# --- Errors -------------------------------------------------------------------

errors()
{
	local missing="No such file or directory" follow="must be followed by another one or by"
	set_layers
	check "a layer that is missing is named" \
		fails 125 "sbx: --tmp-overlay: cannot open /nope on the host: $missing" \
		box --overlay-src low --overlay-src /nope --tmp-overlay /o -- true
	check "also for --ro-overlay" \
		fails 125 "sbx: --ro-overlay: cannot open nope on the host: $missing" \
		box --overlay-src nope --overlay-src low --ro-overlay /o -- true
	check "so is a missing RWSRC" \
		fails 125 "sbx: --overlay: cannot open nope on the host: $missing" \
		box --overlay-src low --overlay nope work /o -- true
	check "and a missing WORKDIR" \
		fails 125 "sbx: --overlay: cannot open nope on the host: $missing" \
		box --overlay-src low --overlay rw nope /o -- true
	check "a file is no layer" \
		fails 125 "sbx: --tmp-overlay: cannot open low/both on the host: Not a directory" \
		box --overlay-src low/both --tmp-overlay /o -- true
	check "bubblewrap's words for a missing one" \
		fails 1 "bwrap: Can't find source path /nope: $missing" \
		"$bwrap" --overlay-src /nope --tmp-overlay /o -- true
	check "a layer in RWSRC has a hint" \
		fails_saying 125 "^hint: none of an overlay's directories may lie in another one" overlapping
	check "bubblewrap's words for it" fails_saying 1 \
		"^bwrap: Can't make overlay mount on /o: .*Overlay directories may not overlap" \
		as_bwrap_overlapping
	check "WORKDIR on another file system has one" \
		fails_saying 125 "^hint: RWSRC and WORKDIR have to be on the same file system" other_file_system
	check "without --overlay-src there is no overlay" \
		fails 125 "sbx: --tmp-overlay: needs at least 1 --overlay-src before it" \
		box --tmp-overlay /o -- true
	check "for --overlay, too" \
		fails 125 "sbx: --overlay: needs at least 1 --overlay-src before it" \
		box --overlay rw work /o -- true
	check "--ro-overlay needs two" \
		fails 125 "sbx: --ro-overlay: needs at least 2 --overlay-src before it" \
		box --overlay-src low --ro-overlay /o -- true
	check "--overlay-src before another option is an error" \
		fails_saying 125 "^sbx: --overlay-src $follow --overlay" \
		box --overlay-src low --dir /d --tmp-overlay /o -- true
	check "and before COMMAND" \
		fails_saying 125 "^sbx: --overlay-src $follow --overlay" box --overlay-src low -- true
	check "an empty one, too" \
		fails 125 "sbx: --overlay-src: SRC is empty" box --overlay-src '' --tmp-overlay /o -- true
	check "or an empty RWSRC or WORKDIR" \
		fails 125 "sbx: --overlay: WORKDIR is empty" \
		box --overlay-src low --overlay rw '' /o -- true
	check "a file is no place for an overlay" \
		fails_saying 125 "^hint: a directory can only be mounted on a directory" \
		box --file 7 /o --overlay-src low --tmp-overlay /o -- true 7</dev/null
	[ "$who" = root ] || check "a layer that may not be reached is an error" \
		fails 125 "sbx: --tmp-overlay: cannot open /proc/1/root/x on the host: Permission denied" \
		box --overlay-src /proc/1/root/x --tmp-overlay /o -- true
}

# What --deny-create puts into an overlay stays in RWSRC, and is known the next time; the caller's
# own empty file is not.
denies_again()
{
	local _
	rm -rf deny && mkdir -p deny/low deny/rw deny/work && : >deny/low/mine || return
	for _ in 1 2 3; do
		box --overlay-src deny/low --overlay deny/rw deny/work /o --deny-create /o/new \
			--deny-create /o/dir/new -- \
			sh -c '[ ! -s /o/new ] && ! rm -f /o/new && ! mv /o/dir /o/moved' || return
	done 2>/dev/null
	fails_saying 125 "File exists" box --overlay-src deny/low --overlay deny/rw deny/work /o \
		--deny-create /o/mine -- true
}

overlapping()
{
	mkdir -p rw/layer
	box --overlay-src rw/layer --overlay rw work /o -- true
}

as_bwrap_overlapping()
{
	sbx=$bwrap overlapping
}

other_file_system()
{
	box --overlay-src low --overlay rw /dev/shm /o -- true
}

tests()
{
	set_layers || return
	layers_in_order
	changes
	names
	check "--deny-create is for every run" denies_again
	errors
}

run_as_both tests
