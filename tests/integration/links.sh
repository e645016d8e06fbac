#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Links that another user, or an earlier run, has left in a path.
. "$(dirname "$0")/lib.sh"

other=4242 # another user's id, and group's

# as_other COMMAND...
as_other()
{
	setpriv --reuid "$other" --regid "$other" --clear-groups "$@"
}

# Folders "victim", the caller's, with a file "secret", and "shared", with links into it: to the
# folder itself, to the file, and to a missing file.
# set_links MODE OWNER COMMAND...: "shared" is of that mode and that user's; COMMAND makes the links.
set_links()
{
	local mode=$1 owner=$2
	shift 2
	rm -rf shared victim && mkdir shared && mkdir -m 0755 victim || return
	echo precious >victim/secret && chmod 0600 victim/secret && chmod 0777 shared || return
	"$@" ln -s ../victim shared/dir && "$@" ln -s "$PWD/victim/secret" shared/file &&
		"$@" ln -s ../victim/new shared/new || return
	[ "$who" != root ] || chown "$owner:$owner" shared
	chmod "$mode" shared
}

# The contents of "victim".
state()
{
	find victim -printf '%P %y %m %s %T@ ' && cat victim/secret
}

# Each option with a destination that leads into "victim".
ways=(
	"--dir shared/dir/sub" "--dir shared/new" "--symlink x shared/dir/link"
	"--tmpfs shared/dir/a/b" "--tmpfs shared/dir" "--file 7 shared/new" "--file 7 shared/file"
	"--file 7 shared/dir/data" "--bind-data 7 shared/new" "--ro-bind-data 7 shared/file"
	"--ro-bind victim shared/dir" "--bind-fd 8 shared/dir" "--proc shared/dir"
	"--dev shared/dir" "--remount-ro shared/dir" "--chmod 0666 shared/file"
	"--mask shared/file" "--ro shared/file" "--mask-try shared/dir" "--deny-create shared/new"
)

# refuses PATTERN OPTION...: each of these ways fails with a message like PATTERN, and changes
# nothing.
refuses()
{
	local pattern=$1 way words before result=0
	shift
	before=$(state)
	for way in "${ways[@]}"; do
		read -ra words <<<"$way"
		words[-1]=$PWD/${words[-1]}
		fails_saying "${status:-125}" "$pattern" "$sbx" --bind / / "$@" "${words[@]}" -- true \
			7</etc/hostname 8<victim || { echo "$way" && result=1; }
		[ "$before" = "$(state)" ] || { echo "$way changed it" && result=1; }
	done
	return "$result"
}

# allows OPTION...: each of these ways leads into "victim".
allows()
{
	"$sbx" --bind / / "$@" --dir "$PWD/shared/dir/sub" --chmod 0640 "$PWD/shared/file" \
		--file 7 "$PWD/shared/new" --tmpfs "$PWD/shared/dir/sub" \
		-- touch "$PWD/victim/sub/x" 7</etc/hostname &&
		[ "$(stat -c %a victim/secret)" = 640 ] && cmp -s victim/new /etc/hostname &&
		[ -d victim/sub ] && [ ! -e victim/sub/x ]
}

# --- Another user's -------------------------------------------------------------

# with SETTING... -- CHECK...: after set_links
with()
{
	local setting=()
	while [ "$1" != -- ]; do
		setting+=("$1")
		shift
	done
	shift
	set_links "${setting[@]}" && "$@"
}

others()
{
	local sticky="is another user's, in a sticky directory" foreign="neither to the caller nor to root"
	check "no link of another user in a sticky folder is followed" \
		with 1777 0 as_other -- refuses "$sticky"
	check "nor in a user namespace" with 1777 0 as_other -- refuses "$sticky" --unshare-user
	check "nor with the same id in it" \
		with 1777 0 as_other -- refuses "$sticky" --unshare-user --uid "$other" --gid "$other"
	check "nor with the id for all that have none there" \
		with 1777 0 as_other -- refuses "$sticky" --unshare-user --uid 65534 --gid 65534
	check "nor under bubblewrap's name" with 1777 0 as_other -- refuses_as_bwrap "$sticky"
	check "one's own is" with 1777 0 env -- allows
	check "also in another user's folder" with 1777 "$other" env -- allows
	check "also with the id for all that have none there" \
		with 1777 0 env -- allows --unshare-user --uid 65534 --gid 65534
	check "no link of another user in that user's folder is followed" \
		with 0755 "$other" as_other -- refuses "$foreign"
	check "nor in a user namespace" \
		with 0755 "$other" as_other -- refuses "$foreign" --unshare-user
	check "nor in a folder of one's own" with 0777 0 as_other -- refuses "$foreign"
	check "under bubblewrap's name it is" with 0755 "$other" as_other -- allows_as_bwrap
	check "one's own is, in that user's folder" with 0755 "$other" env -- allows
	check "no matter whose, where it cannot be written to" \
		with 0755 "$other" as_other -- is_followed_read_only
}

refuses_as_bwrap()
{
	status=1 sbx=$bwrap refuses "$1"
}

allows_as_bwrap()
{
	sbx=$bwrap allows "$@"
}

is_followed_read_only()
{
	"$sbx" --ro-bind / / --tmpfs "$PWD/shared/dir" -- touch "$PWD/victim/x" && [ ! -e victim/x ]
}

# For the ordinary user: the user's own, and the system's.
own()
{
	check "one's own link in a sticky folder is followed" with 1777 0 env -- allows
	check "one's own link in a folder of one's own is" with 0755 0 env -- allows
	check "also if others may write to that" with 0777 0 env -- allows
	check "also with another id in the sandbox" with 1777 0 env -- allows --uid 5 --gid 5
	check "the system's own links are" follows_the_systems
}

follows_the_systems()
{
	[ ! -L /bin ] || "$sbx" --bind / / --tmpfs /bin/../share -- sh -c '[ -d /usr/share ] && [ ! -e /usr/share/doc ]'
}

# --- --no-symlinks --------------------------------------------------------------

# Folders "project" and "secrets"; in the project, an earlier command of the same user's has left
# links, to be bound and to be written to.
set_project()
{
	rm -rf project secrets && mkdir -p project/real/sub project/work secrets/in && : >project/real/f &&
		echo key >secrets/id && chmod 0600 secrets/id && ln -s ../secrets project/cache &&
		ln -s "$PWD/secrets/id" project/settings && ln -s real project/alias &&
		ln -s ../secrets/new project/new && ln -s cache project/chain
}

# plain OPTION...: the earlier options, and --no-symlinks for the following ones; COMMAND at the end
plain()
{
	box --bind project /project --no-symlinks "$@"
}

# each option with a source or a destination that goes through a link
linked=(
	"--bind project/cache /c" "--ro-bind project/cache/in /c" "--bind-try project/chain /c"
	"--dev-bind project/cache/../cache /c" "--free-bind project/settings /c"
	"--bind $PWD/project/cache /c" "--bind project/real /project/cache"
	"--overlay-src project/alias --tmp-overlay /c"
	"--overlay-src project/real --overlay-src project/alias/sub --ro-overlay /c"
	"--overlay-src project/real --overlay project/cache/in project/work /c"
	"--overlay-src project/real --overlay secrets/in project/alias /c"
	"--file 7 /project/settings" "--file 7 /project/new" "--dir /project/cache/d"
	"--dir /project/new" "--symlink x /project/cache/l" "--tmpfs /project/cache"
	"--bind-data 7 /project/settings" "--chmod 0666 /project/settings" "--proc /project/cache"
	"--mask /project/settings" "--ro /project/alias/f" "--deny-create /project/new"
	"--remount-ro /project/cache" "--bind /proc/self/cwd /c" "--bind-fd 8 /project/alias"
)

refuses_every_link()
{
	local way words result=0
	set_project || return
	for way in "${linked[@]}"; do
		read -ra words <<<"$way"
		fails_saying 125 "is a symbolic link, which --no-symlinks forbids" \
			plain "${words[@]}" -- true 7</etc/hostname 8<project ||
			{ echo "$way" && result=1; }
	done
	[ "$(cat secrets/id)" = key ] && [ "$(stat -c %a secrets/id)" = 600 ] &&
		[ "$(ls secrets)" = "id
in" ] && return "$result"
}

allows_what_is_no_link()
{
	set_project && plain --bind project/real /c --bind ./project/../project/real/sub /project/work \
		--overlay-src project/real --tmp-overlay /o --file 7 /project/plain --dir /project/real/d \
		--symlink x /project/real/l --tmpfs /project/t/u -- \
		sh -c '[ -e /c/sub ] && [ -e /o/f ]' 7</etc/hostname && [ -d project/real/d ]
}

names_the_component()
{
	set_project &&
		fails_saying 125 "cannot use project/real/../chain/in: .*project/chain is a symbolic link" \
			plain --bind project/real/../chain/in /c -- true
}

concerns_what_follows()
{
	set_project && box --bind project/cache /c --no-symlinks --bind project/real /r -- \
		test -e /c/id -a -e /r/f
}

no_symlinks()
{
	check "--no-symlinks refuses every link" refuses_every_link
	check "also under bubblewrap's name" status_is_bwraps
	check "and nothing else" allows_what_is_no_link
	check "it names the link" names_the_component
	check "options before it follow links" concerns_what_follows
}

status_is_bwraps()
{
	sbx=$bwrap fails_saying 1 "--no-symlinks forbids" box --no-symlinks --bind project/cache /c -- true
}

# Overlay directories: without --no-symlinks, links of others are refused.
overlays()
{
	local pattern="belongs neither to the caller nor to root"
	check "no link of another user to an overlay's RWSRC is followed" fails_with_overlay \
		--overlay-src project/real --overlay project/cache/in project/work /o
	check "nor to its WORKDIR" fails_with_overlay \
		--overlay-src project/real --overlay project/work project/cache/in /o
	check "nor to a layer of it" fails_with_overlay --overlay-src project/cache --tmp-overlay /o
	check "one's own is" own_overlay
}

fails_with_overlay()
{
	set_project && chown -h "$other:$other" project project/cache || return
	fails_saying 125 "$pattern" box "$@" -- true && [ "$(ls secrets/in)" = "" ]
}

own_overlay()
{
	set_project && box --overlay-src project/cache --tmp-overlay /o -- test -e /o/id
}

tests()
{
	no_symlinks
	if [ "$who" = root ]; then
		others
		overlays
	else
		own
	fi
}

run_as_both tests
