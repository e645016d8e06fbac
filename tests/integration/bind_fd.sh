#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --bind-fd and --ro-bind-fd: the file or folder of the descriptor is bound, or the option fails if
# another one is at its path by now.
. "$(dirname "$0")/lib.sh"

gone="the file of descriptor 7 is no longer at its path"

set_source()
{
	rm -rf src moved other src* && mkdir -p src/sub other && echo text >src/f && echo wrong >other/f
}

# with_dir OPTION...: box with descriptor 7 open on the folder src.
with_dir()
{
	box "$@" 7<src
}

# renamed HOW COMMAND...: src is opened as 7; then its path changes by the shell command HOW;
# then COMMAND runs.
renamed()
{
	local how=$1 result=0
	shift
	set_source && exec 7<src && eval "$how" || return
	"$@" || result=1
	exec 7<&-
	return $result
}

binds()
{
	local option
	set_source
	for option in --bind-fd --ro-bind-fd; do
		check "$option binds a folder" prints text with_dir $option 7 /x -- cat /x/f
		check "$option makes missing directories of mode 755" \
			prints "755 755" with_dir $option 7 /a/b/c -- sh -c 'echo $(stat -c %a /a /a/b)'
		check "$option binds a file" prints text box $option 7 /f -- cat /f 7<src/f
		check "$option binds what O_PATH has opened" \
			prints text "$helpers/opath" src "$sbx" --ro-bind / / $option 9 /mnt -- cat /mnt/f
		check "and a file of that kind" \
			prints text "$helpers/opath" src/f "$sbx" --ro-bind /usr /usr --symlink usr/lib /lib \
			--symlink usr/lib64 /lib64 $option 9 /f -- /usr/bin/cat /f
		check "$option: the descriptor is not passed on" \
			prints "0 1 2 " with_dir --ro-bind "$helpers" /h $option 7 /x -- /h/fds
		check "$option: a name with special characters" \
			prints text special_name $option
		check "$option: one that ends with (deleted)" prints text deleted_name $option
		check "$option: a descriptor that is not open is an error" \
			fails 125 "sbx: $option: descriptor 99 is not open" box $option 99 /x -- true
		check "$option: as is one used twice" \
			fails 125 "sbx: $option: descriptor 7 is used twice" \
			with_dir $option 7 /x $option 7 /y -- true
		check "$option: or one of a pipe" ends_with 125 box $option 7 /x -- true 7< <(:)
		check "$option: or a number that none can have" \
			fails 125 "sbx: $option: not a file descriptor: 4294967303" \
			with_dir $option 4294967303 /x -- true
		check "$option: a folder does not go on a file" \
			fails_saying 125 "^hint: a directory can only be mounted on a directory" \
			with_dir --file 8 /x $option 7 /x -- true 8</dev/null
	done
	check "--bind-fd can be written to" binds_writable
	check "a descriptor that may only read makes no difference to that" binds_writable
	check "--ro-bind-fd cannot be written to" \
		fails 1 "touch: cannot touch '/x/new': Read-only file system" \
		with_dir --ro-bind-fd 7 /x -- touch /x/new
	check "nor can what is below" \
		fails 1 "touch: cannot touch '/x/sub/new': Read-only file system" \
		with_dir --ro-bind-fd 7 /x -- touch /x/sub/new
	check "--bind-fd is nosuid and nodev" has_flags '/^rw/ && /nosuid/ && /nodev/' --bind-fd
	check "--ro-bind-fd as well" has_flags '/^ro/ && /nosuid/ && /nodev/' --ro-bind-fd
	check "the same through bubblewrap's name" prints text as_bwrap
}

as_bwrap()
{
	sbx=$bwrap with_dir --bind-fd 7 /x -- cat /x/f
}

binds_writable()
{
	rm -f src/new
	with_dir --bind-fd 7 /x -- sh -c 'echo yes >/x/new' && [ "$(cat src/new)" = yes ]
}

has_flags()
{
	with_dir --proc /proc "$2" 7 /m -- cat /proc/self/mountinfo |
		awk "\$5 == \"/m\" { print \$6; exit }" | awk "{ print; ok = ($1) } END { exit !ok }"
}

special_name()
{
	local name=$'src \n\\ :,\t"\302\240'
	rm -rf "$name" && mkdir "$name" && echo text >"$name/f" && box "$1" 7 /x -- cat /x/f 7<"$name"
}

deleted_name()
{
	rm -rf "src (deleted)" && mkdir "src (deleted)" && echo text >"src (deleted)/f" &&
		box "$1" 7 /x -- cat /x/f 7<"src (deleted)"
}

# --- The path changes ---------------------------------------------------------

changes()
{
	local option
	for option in --bind-fd --ro-bind-fd; do
		check "$option: a renamed folder is bound" \
			renamed 'mv src moved' prints text box $option 7 /x -- cat /x/f
		check "$option: and not what is now at its old path" \
			renamed 'mv src moved && mv other src' prints text box $option 7 /x -- cat /x/f
		check "$option: nor what a link there leads to" \
			renamed 'mv src moved && ln -s other src' prints text box $option 7 /x -- cat /x/f
		check "$option: a folder that was removed is an error" \
			renamed 'rm -r src' fails 125 "sbx: $option: $gone" box $option 7 /x -- true
		check "$option: also when there is another one now" \
			renamed 'rm -r src && mv other src' fails 125 "sbx: $option: $gone" box $option 7 /x -- true
		check "$option: or one by the name that the kernel tells" \
			renamed 'rm -r src && mv other "src (deleted)"' fails 125 "sbx: $option: $gone" \
			box $option 7 /x -- true
		check "$option: or a link of that name" \
			renamed 'rm -r src && ln -s other "src (deleted)"' fails 125 "sbx: $option: $gone" \
			box $option 7 /x -- true
		check "$option: it never mounts another folder when it races" races $option
		check "$option: nor when the folder above is swapped" races_above $option
	done
	check "as bubblewrap, a folder that was removed is an error with status 1" \
		renamed 'rm -r src' fails_saying 1 "^bwrap: " "$bwrap" --ro-bind / / --bind-fd 7 /mnt -- true
	if [ "$who" = root ]; then
		check "a mount that covers the folder is not bound" in_own covered
		check "mounts below come with it" in_own with_mounts_below
	fi
}

# tally OPTION OBJECT PATH OTHER: run several times while the two names are swapped, and count the
# results.  Each time 7 is open, as OBJECT, on the folder whose f is "text" for sure.
tally()
{
	local option=$1 object=$2 i said swap status
	"$helpers/swap" "$3" "$4" &
	swap=$!
	right=0 refused=0 wrong=0
	for ((i = 0; i < 40; i++)); do
		status=0
		exec 7<"$object"
		while [ "$(cat <"/proc/self/fd/7/f")" != text ]; do
			exec 7<"$object"
		done
		said=$(box "$option" 7 /x -- cat /x/f 2>/dev/null) || status=$?
		case $status:$said in
		0:text) right=$((right + 1)) ;;
		125:) refused=$((refused + 1)) ;;
		*) wrong=$((wrong + 1)) ;;
		esac
		exec 7<&-
	done
	kill "$swap"
	wait "$swap" 2>/dev/null
	echo "right $right, refused $refused, wrong $wrong"
	[ "$wrong" -eq 0 ]
}

races()
{
	set_source
	tally "$1" src src other
}

races_above()
{
	rm -rf a b && mkdir -p a/src b/src && echo text >a/src/f && echo wrong >b/src/f || return
	tally "$1" a/src a b
}

in_own()
{
	timeout 60 unshare --mount --propagation private bash -c \
		"$(declare -f box bare_box prints ends_with fails set_source renamed "$1"); sbx=$sbx gone='$gone'; $1"
}

covered()
{
	renamed 'mount --bind other src' fails 125 "sbx: --bind-fd: $gone" box --bind-fd 7 /x -- true
}

with_mounts_below()
{
	set_source && mount -t tmpfs sub src/sub && touch src/sub/below || return
	prints "/x/sub/below" box --bind-fd 7 /x -- sh -c 'echo /x/sub/*' 7<src &&
		ends_with 1 box --ro-bind-fd 7 /x -- sh -c 'echo >/x/sub/new || exit 1' 7<src
}

tests()
{
	binds
	changes
}

run_as_both tests
