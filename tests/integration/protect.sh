#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --mask, --ro and --deny-create: COMMAND's view of protected paths, its access to them, and attempts
# to get around.
. "$(dirname "$0")/lib.sh"

# The program, set-user-ID root, is $work/suid/sbx.  $work/others is a folder of root's with one of
# the ordinary user's in it.
prepare_more()
{
	mkdir "$work/suid" "$work/others" "$work/others/own" || return
	cp "$SBX" "$work/suid/sbx" && chmod 4755 "$work/suid/sbx" && : >"$work/others/own/file" || return
	[ "$(id -u)" -ne 0 ] || chown -R "$ordinary:$ordinary" "$work/others/own"
}

# fresh: make the folder "w" anew, of which the sandbox has a writable bind.
fresh()
{
	rm -rf w && mkdir -p w/a/b w/a/sub w/d/e || return
	echo precious >w/a/secret && echo other >w/a/other && echo deep >w/a/b/deep && echo x >w/d/f &&
		ln -s a/secret w/link && ln -s link w/chain && ln -s /w/a/b w/way && ln -s nowhere w/dangling &&
		mkfifo w/fifo && "$helpers/attempt" w/socket - socket >socket.said
}

# protected OPTION... -- COMMAND...
protected()
{
	box --proc /proc --ro-bind "$helpers" /h --bind w /w "${base[@]}" "$@"
}

# answers WORDS PATH OTHER CALLS OPTION...: see attempt.c; in a folder "w" that is fresh.
answers()
{
	local words=$1 path=$2 other=$3 calls=$4
	shift 4
	# shellcheck disable=SC2086 # several words
	fresh && prints "$words" protected "$@" -- /h/attempt "$path" "$other" $calls
}

# refuses PATH OTHER CALLS OPTION...: no call works, and each fails with a documented error.
refuses()
{
	local path=$1 other=$2 calls=$3 said word
	shift 3
	# shellcheck disable=SC2086 # several words
	fresh && said=$(protected "$@" -- /h/attempt "$path" "$other" $calls) || return
	echo "$calls: $said"
	for word in $said; do
		[[ $word =~ ^(EACCES|EROFS|EBUSY|EXDEV|empty)$ ]] || return
	done
}

does_not()
{
	! "$@"
}

# The contents of "w": names, numbers, kinds, modes, owners, sizes, links, times and text.
state()
{
	find w -printf '%p %i %y %m %U:%G %s %l %T@\n' | sort
	find w -type f -print0 | sort -z | xargs -0 md5sum
}

# unchanged OPTION...: whatever COMMAND tries, the host finds "w" as it was.
unchanged()
{
	local before
	fresh && before=$(state) || return
	protected "$@" -- /h/attempt "$victim" /w/d/new read write empty truncate chmod chown utime xattr \
		unlink rename replace exchange link link-fd mkdir rmdir symlink || return
	diff <(echo "$before") <(state)
}

# --- Masked paths -------------------------------------------------------------

file_calls="read write empty truncate chmod chown utime xattr unlink rename replace exchange"

masks()
{
	local place
	for place in /w/a/secret w/a/secret /w/a/../a/./b/../secret ../w/a/secret /w/link /w/chain; do
		check "--mask $place: the file can be neither read nor changed" \
			refuses /w/a/secret /w/a/other "$file_calls" --mask "$place"
	done
	check "it cannot be linked to" refuses /w/a/secret /w/a/new "link link-fd" --mask /w/a/secret
	check "through a link to a folder on the way" \
		refuses /w/a/b/deep /w/a/other "$file_calls" --mask /w/way/deep
	check "by the link's name neither" refuses /w/link /w/a/other "read write empty" --mask /w/link
	check "the mask has mode 0, and no size" \
		prints "0 0" masked_stat "%a %s" /w/a/secret
	check "a folder is empty" prints "0 directory " masked_stat "%a %F" /w/a '$(ls -A /w/a 2>&-)'
	check "nothing can be made in it" \
		refuses /w/a/new /w/d/f "empty mkdir symlink replace socket" --mask /w/a
	check "nor can it be removed or replaced" \
		refuses /w/a /w/d "rmdir rename exchange replace" --mask /w/a
	check "what was in it is not there" hidden /w/a /w/a/secret
	check "a fifo is masked, and nobody waits at it" \
		refuses /w/fifo /w/d/f "read write unlink replace" --mask /w/fifo
	check "a socket is" masks_socket
	check "a device is" refuses /dev/zero /w/d/f "read" --dev /dev --mask /dev/zero
	check "one that was bound, too" \
		refuses /t/zero /t/new "read write rename" --tmpfs /t --dev-bind /dev/zero /t/zero --mask /t/zero
	check "one made by --bind-data is" \
		refuses /f /w/d/f "read write empty unlink rename" --bind-data 7 /f --mask /f 7<<<precious
	check "one made by --ro-bind-data" \
		refuses /w/data /w/d/f "read write empty unlink rename" --ro-bind-data 7 /w/data --mask /w/data 7<<<precious
	check "one made by --file" \
		refuses /t/f /t/new "read write empty unlink rename" --tmpfs /t --file 7 /t/f --mask /t/f 7<<<precious
	check "a file that was bound is" refuses /f /w/d/f "$file_calls" --bind w/a/secret /f --mask /f
	check "which is no other name's business" \
		answers "ok ok" /w/a/secret - "read write" --bind w/a/secret /f --mask /f
	check "in a tmpfs, the folders above are pinned" \
		refuses /t/a /t/new "rename rmdir" --tmpfs /t --dir /t/a/b --mask /t/a/b
	check "in a read-only bind" refuses /r/a/secret /w/d/f "read write empty unlink" --ro-bind w /r \
		--mask /r/a/secret
	check "in an overlay" \
		refuses /o/a/secret /o/d/f "$file_calls" --overlay-src w --tmp-overlay /o --mask /o/a/secret
	check "--mask-try does the same" refuses /w/a/secret /w/a/other "$file_calls" --mask-try /w/a/secret
	check "many of them" many
}

# masked_stat FORMAT PATH [MORE]: print the stat of PATH, which is masked, in FORMAT, and MORE.
masked_stat()
{
	fresh && protected --mask "$2" -- sh -c "echo \"\$(stat -c '$1' $2) ${3-}\"" | sed 's/ $//; s/directory$/directory /'
}

# hidden MASKED PATH: there is nothing at PATH, or it cannot be seen.
hidden()
{
	local said
	fresh && said=$(protected --mask "$1" -- /h/attempt "$2" - stat read) || return
	echo "$said"
	[[ $said =~ ^(EACCES|ENOENT)\ (EACCES|ENOENT)$ ]]
}

masks_socket()
{
	local said
	[ -S w/socket ] && fresh && said=$(protected --mask /w/socket -- /h/attempt /w/socket - connect) ||
		return
	echo "$said"
	[[ $said =~ ^(EACCES|ECONNREFUSED)$ ]]
}

many()
{
	local args=() i said
	fresh && mkdir w/many || return
	for i in {1..100}; do
		echo precious >"w/many/$i"
		args+=(--mask "/w/many/$i")
	done
	said=$(protected "${args[@]}" -- sh -c 'cat /w/many/* 2>&-; mv /w/many /w/x 2>&- || echo stays')
	[ "$said" = stays ]
}

# --- Read-only paths ----------------------------------------------------------

read_only()
{
	check "--ro: a file can be read and not changed" \
		answers "ok EROFS EROFS EROFS EROFS EROFS EBUSY EBUSY EBUSY EBUSY" \
		/w/a/secret /w/a/other "read write empty truncate chmod utime unlink rename replace exchange" \
		--ro /w/a/secret
	check "nor linked to" answers "EXDEV EXDEV" /w/a/secret /w/a/new "link link-fd" --ro /w/a/secret
	check "a folder, with what is below" \
		answers "EROFS EROFS EROFS EROFS EROFS" /w/a/b/new /w/a/b/deep "creat mkdir symlink replace socket" --ro /w/a
	check "files in it neither" \
		answers "ok EROFS EROFS EROFS EROFS" /w/a/b/deep /w/a/new "read write unlink rename chmod" --ro /w/a
	check "nothing is moved or linked out of it" \
		answers "EXDEV EXDEV EXDEV" /w/a/b/deep /w/d/new "rename link link-fd" --ro /w/a
	check "it cannot be moved or replaced itself" \
		answers "EBUSY EBUSY EBUSY EBUSY" /w/a /w/d "rename exchange replace rmdir" --ro /w/a
	check "through a link" answers "ok EROFS" /w/a/secret - "read write" --ro /w/chain
	check "a relative path, and one with '..'" \
		answers "ok EROFS" /w/a/secret - "read write" --ro w/d/../../../w/a/secret
	check "a mount below it, too" \
		answers "EROFS" /w/a/b/new - creat --bind w/d /w/a/b --ro /w/a
	check "a mount that comes later is its own" \
		answers "ok" /w/a/b/new - creat --ro /w/a --bind w/d /w/a/b
	check "a file made by --bind-data" answers "ok EROFS EBUSY" /f - "read write unlink" --bind-data 7 /f --ro /f 7<<<x
	check "in a tmpfs" answers "EROFS" /t/a/new - creat --tmpfs /t --dir /t/a --ro /t/a
	check "in an overlay" \
		answers "ok EROFS EBUSY" /o/a/secret /o/a/new "read write rename" \
		--overlay-src w --tmp-overlay /o --ro /o/a/secret
	check "in what is read-only" answers "ok EROFS" /r/a/secret - "read write" --ro-bind w /r --ro /r/a/secret
	check "a file that was bound" answers "ok EROFS" /f - "read write" --bind w/a/secret /f --ro /f
	check "the root, with all in it" answers "EROFS EROFS" /w/new - "creat mkdir" --ro /
	check "the root itself" answers "EROFS" /new - mkdir --ro ''
	check "a socket and a fifo work as in any read-only bind" \
		answers "EROFS" /w/socket /w/d/f chmod --ro /w/socket
}

# --- What must not be created -------------------------------------------------

denies()
{
	check "--deny-create: nothing can be created there" \
		answers "EEXIST EEXIST EEXIST EADDRINUSE" /w/a/new /w/d "creat mkdir symlink socket" --deny-create /w/a/new
	check "nor put there from elsewhere" \
		refuses /w/a/new /w/a/other "read empty truncate replace exchange unlink rename" --deny-create /w/a/new
	check "nor linked" answers EEXIST /w/a/other /w/a/new link --deny-create /w/a/new
	check "below folders that are missing, which then stay" \
		answers "EEXIST EBUSY" /w/new/deep/x /w/y "creat unlink" --deny-create /w/new/deep/x
	check "the folders above are pinned" \
		refuses /w/new /w/y "rename" --deny-create /w/new/deep/x
	check "and those between" refuses /w/new/deep /w/y "rename rmdir" --deny-create /w/new/deep/x
	check "in a tmpfs" answers "EEXIST EBUSY" /t/a/x /t/a/y "mkdir rename" --tmpfs /t --deny-create /t/a/x
	check "in an overlay" denies_in_overlay
	check "through a link to a folder" answers EEXIST /w/a/b/new - creat --deny-create /w/way/new
	check "where a link leads that leads nowhere yet; the link stays as well" \
		answers "EBUSY EBUSY" /w/dangling /w/y "unlink rename" --deny-create /w/dangling
	check "there it cannot be created either" \
		answers "EEXIST" /w/nowhere - creat --deny-create /w/dangling
	check "what is there is an error" refused_where_something_is
	check "what cannot be there because of a file above is, which says what helps" \
		fails_saying 125 "^hint: there is a file above it: --ro of that " protected --deny-create /w/a/secret/x -- true
	check "which does help" \
		answers "EBUSY EXDEV EROFS" /w/a/secret /w/d/x "unlink rename write" --ro /w/a/secret
	check "twice is no error" \
		answers "EEXIST EEXIST" /w/a/new - "creat mkdir" --deny-create /w/a/new --deny-create w/a/new
	check "nor is it of what is masked" \
		refuses /w/a /w/d "rmdir rename exchange replace" --mask /w/a --deny-create /w/a
	check "and what is above is pinned nevertheless" \
		refuses /w/x /w/y rename --proc /w/x/proc --deny-create /w/x/proc/keys
	check "a place that cannot be written is an error" \
		fails_saying 125 "^sbx: --deny-create: .*Read-only file system$" \
		protected --ro-bind w /r --deny-create /r/new -- true
}

denies_in_overlay()
{
	answers "EEXIST EBUSY" /o/a/x /o/y "creat unlink" --overlay-src w --tmp-overlay /o --deny-create /o/a/x &&
		[ ! -e w/a/x ]
}

refused_where_something_is()
{
	local place
	fresh || return
	for place in /w/a/secret /w/a /w/link /w/fifo / ''; do
		fails_saying 125 "^sbx: --deny-create: .*: File exists$" protected --deny-create "$place" -- true || return
	done
}

# --- Remains of --deny-create -------------------------------------------------

left()
{
	local dest
	for dest in /w/a/new /w/new/deep/x /w/dangling /w/way/new; do
		check "--deny-create $dest: the host finds nothing at it afterwards" leaves_nothing true "$dest"
		check "if COMMAND fails neither" leaves_nothing false "$dest"
	done
	check "nor if sbx does" leaves_nothing true /w/new/x --mask /w/missing
	check "nor if it is killed" leaves_nothing_if_killed
	check "while it is there, so is a file on the host" leaves_while_it_runs
	check "the same again is no error" denies_twice
}

# Names and owners in "w"; that folders have changed is no secret.
names()
{
	find w -printf '%p %i %y %m %U:%G\n' | sort
}

finds_names()
{
	[ "$(names)" = "$1" ]
}

# leaves_nothing COMMAND DEST OPTION...
leaves_nothing()
{
	local command=$1 dest=$2 before
	shift 2
	fresh && before=$(names) || return
	protected --deny-create "$dest" "$@" -- "$command"
	eventually finds_names "$before" || diff <(echo "$before") <(names)
}

leaves_nothing_if_killed()
{
	local before
	fresh && before=$(names) && start_held --bind w "$PWD/w" "${base[@]}" --deny-create "$PWD/w/new/x" -- true || return
	eventually test -e w/new/x && kill -KILL "$started"
	let_go
	eventually finds_names "$before" || diff <(echo "$before") <(names)
}

leaves_while_it_runs()
{
	fresh && start_held --bind w "$PWD/w" "${base[@]}" --deny-create "$PWD/w/new" -- true || return
	eventually test -f w/new && [ ! -s w/new ] && let_go
}

denies_twice()
{
	fresh && protected --deny-create /w/new -- true && eventually test ! -e w/new &&
		protected --deny-create /w/new -- true
}

# --- Missing paths ------------------------------------------------------------

missing()
{
	fresh
	check "--mask of what is missing is an error that says what helps" \
		fails_saying 125 "^hint: --mask-try masks it if it is there, --deny-create keeps it" \
		protected --mask /w/a/missing -- true
	check "and what is missing" \
		fails_saying 125 "^sbx: --mask: .* /w/a/missing .*: No such file or directory$" \
		protected --mask /w/a/missing -- true
	check "--ro of that, too" \
		fails_saying 125 "^hint: --deny-create keeps what is missing from being created$" \
		protected --ro /w/a/missing -- true
	check "--mask-try leaves out what is below a file, where there can be nothing" \
		answers ok /w/a/secret - read --mask-try /w/a/secret/x --mask-try /w/a/secret/x/y
	check "--mask-try leaves it out" protected --mask-try /w/a/missing --mask-try /nope/x -- true
	check "also the target of a link, which then can be removed" \
		answers ok /w/dangling - unlink --mask-try /w/dangling
	check "--ro of what is missing is an error" \
		fails_saying 125 "^sbx: --ro: .*: No such file or directory$" protected --ro /w/missing -- true
	check "so is what is below a file" \
		fails_saying 125 "^sbx: --mask: .*: Not a directory$" protected --mask /w/a/secret/x -- true
	check "and a circle of links" \
		fails_saying 125 "^sbx: --ro: .*: Too many levels of symbolic links$" \
		protected --symlink /l2 /l1 --symlink /l1 /l2 --ro /l1 -- true
	check "what is another place for each process is an error" \
		fails_saying 125 "^sbx: --mask: /proc/net is a per-process symbolic link$" \
		protected --mask /proc/net -- true
	check "in a procfs of a new process namespace, too" \
		fails_saying 125 "^sbx: --mask-try: /proc/self/environ is a per-process symbolic link$" \
		protected --unshare-pid --proc /proc --mask-try /proc/self/environ -- true
	check "nothing of that changes the host" makes_nothing
	check "with the root masked, no COMMAND runs" does_not protected --mask / -- true
}

makes_nothing()
{
	local before
	fresh && before=$(state) || return
	! protected --mask /w/missing/x -- true && ! protected --ro /w/dangling -- true &&
		protected --mask-try /w/missing/x -- true && diff <(echo "$before") <(state)
}

# --- Order --------------------------------------------------------------------

order()
{
	check "a bind over a mask is seen" answers "ok ok" /w/a/f - "read write" --mask /w/a --bind w/d /w/a
	check "and cannot be taken away" answers "EBUSY" /w/a /w/y rename --mask /w/a --bind w/d /w/a
	check "a mask over a bind hides it" refuses /w/a/f - "read write" --bind w/d /w/a --mask /w/a/f
	check "the same twice" refuses /w/a/secret /w/a/other "$file_calls" --mask /w/a/secret --mask /w/a/secret
	check "a mask in what is read-only" refuses /w/a/secret /w/y "read write unlink rename" \
		--ro /w/a --mask /w/a/secret
	check "the rest of it is read-only" answers "ok EROFS" /w/a/other - "read write" --ro /w/a --mask /w/a/secret
	check "read-only after the mask" refuses /w/a/secret /w/y "read write unlink rename" --mask /w/a/secret --ro /w/a
	check "a folder above a mask is masked" hidden2 --mask /w/a/secret --mask /w/a
	check "there is nothing in a mask" \
		fails_saying 125 "^sbx: --mask: .*: No such file or directory$" \
		protected --mask /w/a --mask /w/a/secret -- true
	check "which --mask-try does not mind" hidden2 --mask /w/a --mask-try /w/a/secret
	check "nothing can be made in a mask" \
		fails_saying 125 "^sbx: --deny-create: .*: Read-only file system$" \
		protected --mask /w/a --deny-create /w/a/new -- true
	check "--ro of a mask is that mask" refuses /w/a/secret /w/y "read write" --mask /w/a/secret --ro /w/a/secret
	check "--mask of what is read-only is a mask" \
		refuses /w/a/secret /w/y "read write" --ro /w/a/secret --mask /w/a/secret
	check "a file in a mask that was covered" answers "ok" /w/a/f - read --mask /w/a --tmpfs /w/a --file 7 /w/a/f 7< <(echo x)
}

# hidden2 OPTION...: COMMAND does not see /w/a/secret.
hidden2()
{
	local said
	fresh && said=$(protected "$@" -- /h/attempt /w/a/secret /w/a/secret stat read) || return
	echo "$said"
	[[ $said =~ ^(EACCES|ENOENT)\ (EACCES|ENOENT)$ ]]
}

# --- Folders above ------------------------------------------------------------

above()
{
	local option
	for option in "--mask /w/a/b/deep" "--ro /w/a/b/deep" "--deny-create /w/a/b/new" "--mask-try /w/a/b"; do
		# shellcheck disable=SC2086 # an option and its argument
		check "$option: the folder above cannot be moved, removed or replaced" \
			refuses /w/a /w/d "rename exchange replace rmdir" $option
	done
	check "nor the one between" refuses /w/a/b /w/d/new "rename rmdir" --ro /w/a/b/deep
	check "others can" answers "ok" /w/d /w/y rename --ro /w/a/b/deep
	check "so can what is beside" answers "ok" /w/a/other /w/a/y rename --ro /w/a/b/deep
	check "but only within the same folder" answers "EXDEV EXDEV" /w/a/other /w/d/y "rename link" --ro /w/a/b/deep
	check "mv(1) gets it elsewhere" moves
	check "a link on the way cannot be moved or replaced" \
		refuses /w/way /w/d/f "unlink rename replace exchange" --ro /w/way/deep
	check "nor can one that leads to another" \
		refuses /w/chain /w/d/f "unlink rename replace exchange" --mask /w/chain
	check "and that one" refuses /w/link /w/d/f "unlink rename replace exchange" --mask /w/chain
	check "no mount is made where nobody can rename anything" \
		prints "/r /r/a/b/deep" mounted_below /r --ro-bind w /r --ro /r/a/b/deep
	check "nor twice where there is one" \
		prints "/w /w/a /w/a/b /w/a/b/deep /w/a/secret" mounted_below /w --ro /w/a/b/deep --mask /w/a/secret
	check "nor on what was bound" prints "/w /w/a /w/a/secret" mounted_below /w --bind w/a /w/a --ro /w/a/secret
	[ "$who" = root ] || [ "$(stat -c %u "$work/others")" = "$(id -u)" ] ||
		check "nor in a folder of somebody else's" \
			prints "/o /o/own/file" mounted_below /o --unshare-user --uid 5 --gid 6 --bind "$work/others" /o --ro /o/own/file
}

moves()
{
	fresh && protected --ro /w/a/b/deep -- mv /w/a/other /w/d/moved && grep -q other w/d/moved && [ ! -e w/a/other ]
}

# mounted_below PLACE OPTION...: print the places of the mounts at PLACE and below.
mounted_below()
{
	local place=$1
	shift
	fresh && protected --proc /proc "$@" -- cat /proc/self/mountinfo |
		awk -v place="$place" 'index($5 "/", place "/") == 1 { print $5 }' | sort | paste -sd ' '
}

# --- The host -----------------------------------------------------------------

host()
{
	local option
	for option in "--mask /w/a/secret" "--mask /w/a" "--ro /w/a/secret" "--ro /w/a" "--mask /w/link" \
		"--mask /w/fifo" "--ro /w/socket" "--ro /w/way"; do
		victim=${option#* }
		# shellcheck disable=SC2086 # an option and its argument
		check "$option: the host finds all as it was" unchanged $option
	done
}

# --- User namespaces ----------------------------------------------------------

# Where the sandbox has a user namespace of its own, and COMMAND no CAP_SYS_ADMIN.
users()
{
	local option
	fresh
	for option in "--mask /w/a/secret" "--mask-try /w/a/secret" "--ro /w/a" "--deny-create /w/new"; do
		# shellcheck disable=SC2086 # an option and its argument
		check "$option: no user namespace can be made" no_users $option
	done
	if [ "$who" != set-user-ID ]; then # where only root may use --cap-add
		check "with other capabilities neither" \
			no_users --cap-add CAP_NET_RAW --cap-add CAP_SYS_RESOURCE --ro /w/a
		check "though one may write to the sysctl" no_users_by_sysctl
	fi
	check "nor with --dev and other ids" no_users --dev /dev --uid 5 --gid 6 --ro /w/a
	check "--allow-userns permits them" ends_with 1 thief users -- --allow-userns --ro /w/a
	check "but not against --disable-userns" no_users --unshare-user --disable-userns --allow-userns --ro /w/a
	check "without anything to protect they are permitted" ends_with 1 thief users --
	[ "$(id -u)" -ne 0 ] || check "where they cannot be forbidden, nothing runs, and a hint says what would" \
		fails_saying 125 "^hint: user namespaces are forbidden .* unless --allow-userns is given$" \
		without_sysctls
}

# undo OPTION...: root's COMMAND, with all its capabilities, tries to take away what protects.
undo()
{
	fresh && protected "$@" --mask /w/a/secret --ro /w/d --deny-create /w/new -- sh -c '
		umount /w/a/secret || umount -l /w/a/secret || mount --move /w/a/secret /w/a/other ||
			umount -l /w || umount /w/new || umount /w/d || mount -o remount,bind,rw /w/d &&
			exit
		cat /w/a/secret; ! touch /w/d/f && [ ! -s /w/new ]' 2>/dev/null
}

of_root()
{
	local base=() limit=/proc/sys/user/max_user_namespaces before
	before=$(cat "$limit")
	check "root cannot undo it" prints "" undo
	check "nor in namespaces of its own" prints "" undo --unshare-all
	# where Landlock is no barrier, mounts are locked all the same
	[ "$("$helpers/landlock" abi)" -lt 6 ] || check "but where that is asked for" ends_with 0 protected --no-lock-mounts --cap-add CAP_SYS_ADMIN \
		--mask /w/a/secret -- umount /w/a/secret
	fresh
	check "root without CAP_SYS_ADMIN and CAP_SYS_RESOURCE can make no user namespace" \
		no_users --cap-drop CAP_SYS_ADMIN --cap-drop CAP_SYS_RESOURCE --mask /w/a/secret
	check "unless that is allowed" \
		ends_with 1 thief users -- --cap-drop ALL --allow-userns --mask /w/a/secret
	check "the host's limit stays as it was" prints "$before" cat "$limit"
	check "root that may not write everywhere becomes the owner of no folder above that it could move" \
		owner_moves_nothing
	check "nor can it take the folder" owner_moves_nothing chown 0 /w /w/a
}

# owner_moves_nothing [WORD...]: COMMAND of a root without CAP_DAC_OVERRIDE executes the WORDs, becomes
# the owner of the folders above a protected path, and cannot move them.
owner_moves_nothing()
{
	local owner=4711 sbx=$sbx drop=-dac_override,-dac_read_search
	printf '#!/bin/sh\nexec setpriv --bounding-set %s --inh-caps %s "%s" "$@"\n' $drop $drop "$sbx" >lesser &&
		chmod 0755 lesser && fresh && chown -R $owner:$owner w || return
	sbx=$PWD/lesser
	[ $# -eq 0 ] || owner=0
	protected --ro /w/a/secret -- sh -c 'owner=$1 && shift && "$@" &&
		exec setpriv --reuid $owner --clear-groups sh -c "mv /w/a /w/moved && mkdir /w/a && echo >/w/a/secret"' - \
		$owner "${@:-true}"
	cat w/a/secret
	[ "$(cat w/a/secret)" = precious ]
}

as_bwrap()
{
	local sbx=$bwrap
	"$@"
}

# without_sysctls: sbx where the files in /proc/sys are read-only.
without_sysctls()
{
	unshare --mount sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&
		exec "$@"' - "$sbx" --ro-bind / / "${base[@]}" --ro /usr -- true
}

# thief WORD... -- OPTION...: see thief.c.
thief()
{
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	protected --dev /dev --proc /proc "$@" -- /h/thief "${words[@]}"
}

no_users()
{
	local said
	said=$(thief users -- "$@") || return
	echo "$said"
	# root's filter refuses clone3(2) before the kernel can
	[ -n "$said" ] && ! grep -Ev ': No space left on device$|^clone3: Function not implemented$' <<<"$said"
}

no_users_by_sysctl()
{
	protected --dev /dev --proc /proc --cap-add CAP_SYS_RESOURCE --ro /w/a -- \
		sh -c 'echo 9 >/proc/sys/user/max_user_namespaces; /h/thief users'
}

# --- Thieves ------------------------------------------------------------------

# guarded OPTIONS WORD...: the thief gets nothing, and the file on the host is as it was.
guarded()
{
	local options handle
	read -r -a options <<<"$1"
	shift
	fresh || return
	handle=$("$helpers/thief" name-of w/a/secret) || handle=1:0:0:0:0:0:0:0:0
	ends_with 0 thief "${@/HANDLE/$handle}" -- "${options[@]}" && [ "$(cat w/a/secret)" = precious ]
}

# writes_nothing WORD...: of a file that is read-only, there is no writing.
writes_nothing()
{
	local handle said
	fresh || return
	handle=$("$helpers/thief" name-of w/a/secret) || handle=1:0:0:0:0:0:0:0:0
	said=$(thief "${@/HANDLE/$handle}" -- --ro /w/a/secret)
	echo "$said"
	! grep -q written <<<"$said" && [ "$(cat w/a/secret)" = precious ]
}

# With --allow-userns the trick works, or it would prove nothing that it does not without.
is_stolen()
{
	local said
	fresh && said=$(thief rename /w/a/secret /w/a/sub -- --allow-userns "$@")
	echo "$said"
	grep -q precious <<<"$said" && grep -q written <<<"$said" && [ "$(cat w/a/sub/loot)" = stolen ]
}

# creates_nothing: nothing comes to be at a denied path, whichever process moves it.
creates_nothing()
{
	fresh && thief rename /w/a/new /w/a/sub -- --deny-create /w/a/new && [ ! -e w/a/sub/loot ] && [ ! -s w/a/new ]
}

thieves()
{
	local way ways=("root /w/a/secret" "handle /w/a/secret HANDLE" "uring /w/a/secret"
		"rename /w/a/secret /w/a/sub" "again /w/a/secret /w/a/sub")
	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086 # several words
		check "--mask: no way by '${way%% *}'" guarded "--mask /w/a/secret" $way
		# shellcheck disable=SC2086
		check "--mask of the folder: no way by '${way%% *}'" guarded "--mask /w/a" ${way//a\/sub/d}
		# shellcheck disable=SC2086
		check "--ro: no writing by '${way%% *}'" writes_nothing $way
	done
	check "with a process namespace of its own neither" \
		guarded "--unshare-pid --mask /w/a/secret" root /w/a/secret
	if [ "$who" != set-user-ID ]; then
		check "CAP_DAC_READ_SEARCH opens no handle" \
			guarded "--cap-add CAP_DAC_READ_SEARCH --mask /w/a/secret" handle /w/a/secret HANDLE
		check "CAP_SYS_PTRACE and CAP_SYS_CHROOT lead to no other root" \
			guarded "--cap-add CAP_SYS_PTRACE --cap-add CAP_SYS_CHROOT --mask /w/a/secret" root /w/a/secret
	fi
	check "--deny-create: nothing is put there" creates_nothing
	check "--allow-userns: the trick with another mount namespace works with --mask" is_stolen --mask /w/a/secret
	check "and with --ro" is_stolen --ro /w/a/secret
	check "but not where the folder cannot be written" does_not is_stolen --ro-bind w /w --mask /w/a/secret
}

# Without a barrier, root's COMMAND is in the user namespace of the processes outside.  Then it may
# trace processes that have no more capabilities than its own.
without_admin()
{
	local dropped outside base=()
	setpriv --bounding-set=-all --inh-caps=-all sleep 600 &
	outside=$!
	for dropped in CAP_SYS_ADMIN ALL; do
		check "root without $dropped: no handle is opened" \
			guarded "--cap-drop $dropped --mask /w/a/secret" handle /w/a/secret HANDLE
		check "root without $dropped: nothing is found by way of processes outside" \
			guarded "--cap-drop $dropped --mask /w/a/secret" root "$PWD/w/a/secret"
		check "root without $dropped: nor with --no-lock-mounts" \
			guarded "--cap-drop $dropped --no-lock-mounts --mask /w/a/secret" root "$PWD/w/a/secret"
		check "root without $dropped: but under the name bwrap, or that would prove nothing" as_bwrap \
			does_not guarded "--cap-drop $dropped --mask /w/a/secret" root "$PWD/w/a/secret"
	done
	kill "$outside"
	wait "$outside" 2>/dev/null
}

# --- Races --------------------------------------------------------------------

# A process outside exchanges A and B while sandboxes start.  The file at one of them is protected, or
# there is no sandbox: so of two files, COMMAND never gets at both.

# race OPTION DEST A B TRY: the shell command TRY prints "one" and "two" for each file that it gets at.
race()
{
	local option=$1 dest=$2 a=$3 b=$4 try=$5 swap i said status ran=0 bad=0
	"$helpers/swap" "$a" "$b" &
	swap=$!
	for ((i = 0; i < 40; i++)); do
		status=0
		said=$(protected "$option" "$dest" -- sh -c "for i in 1 2 3 4 5 6 7 8; do $try; done" 2>&1) ||
			status=$?
		case $status in
		0 | 123) # 123: it could not be protected again
			ran=$((ran + 1))
			[[ $said != *one*two* && $said != *two*one* ]] && continue
			;;
		125) [[ $said == "sbx: $option: "* ]] && continue ;;
		esac
		echo "status $status, said: $said"
		bad=$((bad + 1))
	done
	kill "$swap"
	wait "$swap" 2>/dev/null
	echo "COMMAND ran $ran times, $bad of them badly"
	[ "$ran" -gt 0 ] && [ "$bad" -eq 0 ]
}

race_above()
{
	fresh && mkdir w/x w/y && echo one >w/x/f && echo two >w/y/f &&
		race --mask /w/x/f w/x w/y 'cat /w/x/f /w/y/f 2>&-; true'
}

# A folder on the way, and a link to another, change places.
race_way()
{
	fresh && mkdir w/x w/z && ln -s z w/y && echo one >w/x/f && echo two >w/z/f &&
		race --mask /w/x/f w/x w/y 'cat /w/x/f /w/y/f /w/z/f 2>&-; true'
}

# The file itself, and a link to another: COMMAND prints the writable ones.
race_link()
{
	fresh && echo one >w/x && echo two >w/z && ln -s z w/y &&
		race --ro /w/x w/x w/y 'for f in /w/x /w/y /w/z; do cat <>$f; done 2>&-; true'
}

races()
{
	check "a folder above that is exchanged for another meanwhile" race_above
	check "for a link to another" race_way
	check "a file that is exchanged for a link" race_link
}

# --- Users --------------------------------------------------------------------

# all_as NAME OPTION...: all checks, in sandboxes with OPTIONs.
all_as()
{
	local part
	who=$1
	shift
	base=("$@")
	for part in masks read_only denies left missing order above host races; do
		"$part"
	done
}

tests()
{
	if [ "$who" = root ]; then
		all_as root
		all_as "root without capabilities" --cap-drop ALL
		all_as "root in a user namespace" --unshare-user --cap-drop ALL
		of_root
		without_admin
	else
		all_as user
	fi
	users
	thieves
	[ "$who" = user ] || return
	sbx=$work/suid/sbx
	if ignores_suid || [ ! -u "$sbx" ] || [ "$(stat -c %u "$sbx")" -ne 0 ]; then
		skip "user: set-user-ID" "the folder for temporary files is nosuid, or this is not root"
		return
	fi
	all_as "set-user-ID"
	users
	thieves
}

run_as_both tests
