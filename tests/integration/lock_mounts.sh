#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --lock-mounts: mounts stay in place and restricted, whatever COMMAND does with CAP_SYS_ADMIN; it may
# undo its own mounts.
#
# The attacked tree has two secrets and a folder that is bound read-only.  One secret is in a file that
# is masked by a file, the other in a folder that is masked by a tmpfs.
. "$(dirname "$0")/lib.sh"

# A copy of the program, set-user-ID root.
prepare_more()
{
	mkdir "$work/suid" && cp "$SBX" "$work/suid/sbx" || return
	[ "$(id -u)" -ne 0 ] || chmod 4755 "$work/suid/sbx"
}

make_tree()
{
	rm -rf tree && mkdir -p tree/hidden tree/ro tree/open/sub layers/{a,b,here} || return
	echo secret >tree/key && echo secret >tree/hidden/key && echo kept >tree/ro/file && : >empty
}

# tree_box OPTION... -- COMMAND...: with the tree at /t, and a tmpfs to work in at /w.
tree_box()
{
	box --proc /proc --dev /dev --perms 1777 --tmpfs /w --ro-bind "$helpers" /h \
		--bind tree /t --ro-bind empty /t/key --ro-bind tree/ro /t/ro --tmpfs /t/hidden "$@"
}

# --- The attacks -----------------------------------------------------------------

# What each attack of mount_attack is answered, as a pattern.
#
# To go from one mount namespace to the next is unknown to kernels before Linux 6.12.  Newer ones than
# 6.18 let a mount be put beneath one that is locked; then it is itself locked.
known_answers()
{
	cat <<-END
		umount EINVAL
		umount-detach EINVAL
		umount-force EINVAL
		umount-expire EINVAL
		umount-fd EINVAL
		umount-tree EINVAL
		umount-root EINVAL
		umount-twice EINVAL
		move EINVAL
		move-tree EINVAL
		move-mount EINVAL
		move-beneath EINVAL|ok
		remount-rw EPERM
		remount-suid EPERM
		remount-dev EPERM
		remount-super EPERM
		setattr-rw EPERM
		setattr-rw-recursive EPERM
		setattr-suid EPERM
		setattr-dev EPERM
		setattr-exec EPERM
		setattr-copy EPERM
		setattr-clone EPERM
		reconfigure EPERM
		bind-tree EINVAL
		bind-fd EINVAL
		rbind-umount EINVAL
		rbind-move EINVAL
		rbind-rw EPERM
		rbind-detached ok
		open-tree ok
		open-tree-clone EINVAL
		open-tree-recursive ok
		clone-umount EINVAL
		clone-move EINVAL
		clone-of-clone EINVAL
		namespace EINVAL
		namespace-recursive EINVAL|ok
		unbindable EPERM
		peer EINVAL
		shared EINVAL
		slave EINVAL
		overlay EINVAL
		overlay-root EINVAL
		overlay-fsopen EINVAL
		userns EINVAL
		userns-rw EPERM
		unshare EINVAL
		setns-1 EACCES
		setns-user-1 EACCES
		setns-pidfd EPERM
		setns-all EACCES
		owner EPERM|EPERM/EINVAL
		neighbours EPERM|ENOTTY
		proc-root EACCES
		proc-mount EPERM
		trace EPERM
		chroot ok
		fchdir ok
		pivot EINVAL
		rename EBUSY
		unlink EBUSY
		handle EPERM
		own-tmpfs ok
		own-bind ok
		own-rbind EBUSY/ok
		own-overlay ok
		own-cover ok
		pivot-here EINVAL
	END
}

# answers_are KNOWN SEEN: all that is known was tried and was answered so, and all held; of what
# the file KNOWN tells twice, the last counts.
answers_are()
{
	awk 'FILENAME == ARGV[1] { known[$1] = $2; next }
		$2 !~ "^(" known[$1] ")$" || $3 != "held" { print "not", known[$1] ":", $0; bad = 1 }
		{ seen[$1] = 1 }
		END {
			for (name in known)
				if (!(name in seen)) {
					print "missing:", name
					bad = 1
				}
			exit bad
		}' "$1" "$2"
}

# all_hold ANSWERS OPTION... -- [PREFIX...]: make all attacks, by COMMAND or a program that PREFIX
# starts; ANSWERS are the unusual answers.
all_hold()
{
	local other=$1
	shift
	make_tree && { known_answers && printf '%s\n' "$other" | xargs -rn 2; } >known &&
		tree_box "$@" /h/mount_attack /t /w >seen && answers_are known seen &&
		[ "$(cat tree/key tree/hidden/key tree/ro/file)" = "secret
secret
kept" ]
}

# Where COMMAND is process 1, there are no others.
alone="setns-1 ok setns-user-1 EINVAL setns-pidfd EINVAL setns-all ESRCH proc-root ESRCH trace ESRCH"
no_userns="userns ENOSPC userns-rw ENOSPC"

all_attacks()
{
	check "no mount gives way to COMMAND with all capabilities" \
		all_hold "" --cap-add ALL --unshare-pid --
	check "nor to user 0" all_hold "" --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid --
	check "nor to another user" \
		all_hold "" --cap-add ALL --unshare-user --uid 5 --gid 6 --unshare-pid --
	check "nor with CAP_SYS_ADMIN and what else is needed" \
		all_hold "userns EINVAL|EPERM" --lock-mounts --cap-drop ALL --cap-add CAP_SYS_ADMIN \
		--cap-add CAP_SYS_CHROOT --cap-add CAP_DAC_OVERRIDE --unshare-pid --
	check "nor where COMMAND sees the processes of the host" all_hold "" --cap-add ALL --
	check "nor with all namespaces" all_hold "" --cap-add ALL --unshare-all --uid 0 --gid 0 --
	check "nor to COMMAND as process 1" \
		all_hold "$alone" --cap-add ALL --unshare-all --as-pid-1 --
	check "nor with --disable-userns" \
		all_hold "$no_userns" --cap-add ALL --unshare-user --disable-userns --unshare-pid --
	check "nor with that and other ids" \
		all_hold "$no_userns" --cap-add ALL --unshare-all --unshare-user --disable-userns --uid 5 --gid 6 --
	check "nor where an overlay covers" all_hold "" --cap-add ALL --unshare-pid \
		--overlay-src layers/a --overlay-src layers/b --ro-overlay /t/hidden --
	check "nor where one that can be written covers" \
		all_hold "" --cap-add ALL --unshare-pid --overlay-src layers/a --tmp-overlay /t/hidden --
	check "nor where a file that exists nowhere else covers" covered_by_data
	check "nor under the name bwrap, with --lock-mounts" under_bwrap
}

covered_by_data()
{
	all_hold "" --cap-add ALL --unshare-pid --ro-bind-data 7 /t/key -- 7<empty
}

under_bwrap()
{
	local sbx=$bwrap
	all_hold "" --lock-mounts --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid --
}

# Root's COMMAND has all capabilities without an option under the name bwrap.
of_root()
{
	local sbx=$bwrap
	check "nor to root's COMMAND, which has capabilities without an option" \
		all_hold "" --lock-mounts --unshare-pid --
	check "nor with a user namespace" all_hold "" --lock-mounts --unshare-all --
	check "nor with one capability less" \
		all_hold "" --lock-mounts --cap-drop CAP_NET_RAW --unshare-pid --
}

# Without capabilities, COMMAND makes a user namespace in which it has some.
without_capabilities()
{
	local nested=(unshare --user --map-root-user --mount)
	check "nor to $1 without capabilities that makes a user namespace" \
		all_hold "" --unshare-pid -- "${nested[@]}"
	check "nor to $1 where it sees the processes of the host" all_hold "" -- "${nested[@]}"
}

of_setuid()
{
	local sbx=$work/suid/sbx
	without_capabilities "COMMAND of a set-user-ID sbx"
	check "a set-user-ID sbx takes --lock-mounts" all_hold "" --lock-mounts --unshare-pid -- \
		unshare --user --map-root-user --mount
}

# --- The attacks would work --------------------------------------------------------

# succeeds ATTACK: it works where mounts are not locked.
succeeds()
{
	make_tree && tree_box --no-lock-mounts --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid -- \
		/h/mount_attack /t /w "$1" | grep -E 'read|written'
}

without_locks()
{
	local attack
	for attack in umount umount-detach umount-force umount-expire umount-fd umount-tree umount-root \
		umount-twice move move-mount remount-rw setattr-rw setattr-rw-recursive bind-tree bind-fd \
		rbind-umount rbind-move rbind-rw rbind-detached open-tree-clone unbindable peer shared slave \
		overlay overlay-fsopen unshare pivot pivot-here; do
		check "with --no-lock-mounts, $attack undoes the protection" succeeds $attack
	done
}

# --- Names -------------------------------------------------------------------------

# elsewhere ANSWER OPTION... -- [PREFIX...]: that COMMAND gives the mount points other names, from
# a namespace without the mounts, is answered so, and leads nowhere.
elsewhere()
{
	local answer=$1
	shift
	make_tree && chmod 0700 tree/ro && tree_box "$@" /h/mount_attack /t /w rename-elsewhere >seen &&
		cat seen && grep -Ex "rename-elsewhere $answer held" seen
}

names()
{
	check "a mount point cannot get another name where its folder is read-only" \
		elsewhere EROFS --cap-add ALL --unshare-pid --remount-ro /t --
	check "nor where COMMAND cannot make mount namespaces" \
		elsewhere EPERM --cap-drop ALL --unshare-user --disable-userns --unshare-pid --
}

# --- The payload's own mounts ------------------------------------------------------

# A mount in place of a free bind is seen by itself: none is left beneath.
free_bind()
{
	make_tree && tree_box --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid \
		--free-bind tree/open /w/free -- bash -c '
		set -e
		[ -d /w/free/sub ]
		! mount -o remount,bind,suid,dev /w/free
		! mount -o remount,bind,nosuid,dev /w/free
		grep " /w/free rw,nosuid,nodev" /proc/self/mountinfo
		umount /w/free
		[ ! -e /w/free/sub ]
		! umount /w/free'
}

# The host has a mount below a bound folder.
free_bind_tree()
{
	make_tree && unshare --user --map-root-user --mount --propagation private bash -c '
		mount -t tmpfs tmpfs tree/open/sub && exec "$@"' - "$sbx" --ro-bind /usr /usr \
		--symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev \
		--proc /proc --unshare-pid --tmpfs /tmp --cap-add ALL --free-bind tree/open /tmp/free -- bash -c '
		set -e
		grep -q "/tmp/free/sub " /proc/self/mountinfo
		! umount /tmp/free/sub
		! umount /tmp/free
		umount -l /tmp/free
		! grep "/tmp/free" /proc/self/mountinfo'
}

# No mount on a free bind may end up beneath it, unseen; an error is as good.
free_bind_covered()
{
	local said
	make_tree && said=$(box --lock-mounts --cap-add ALL --unshare-pid --proc /proc \
		--free-bind tree /t --ro-bind empty /t/key -- cat /t/key 2>&1)
	echo "$said"
	[ -z "$said" ] || [[ $said == sbx:* ]]
}

# A path below a free bind cannot be protected, by any way that leads to it.
free_bind_protected()
{
	local way words
	make_tree || return
	for way in "--mask /w/free/open" "--mask-try /w/free/open" "--ro /w/free/open/sub" \
		"--deny-create /w/free/new" "--symlink free/open /w/link --mask /w/link"; do
		read -ra words <<<"$way"
		fails_saying 125 "is below /w/free, which --free-bind lets COMMAND unmount" \
			box --tmpfs /w --free-bind tree /w/free "${words[@]}" -- true ||
			{ echo "$way" && return 1; }
	done
	[ ! -e tree/new ] && box --tmpfs /w --free-bind tree /w/free --mask /w/free -- true &&
		box --tmpfs /w --free-bind tree /w/free --no-lock-mounts --mask /w/free/open -- true
}

# covers OPTION...: a mount over a free bind as a whole, or over its parent directory, stays.
covers()
{
	make_tree && tree_box --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid \
		--free-bind tree /w/free/here "$@" -- bash -c '
		umount /w/free/here && exit 1
		umount -l /w/free && exit 1
		[ ! -e /w/free/here/key ]'
}

# What umount(8) does with a copy of the root: it takes the innermost mounts first, and stops at
# the first that it may not.
recursive_umount()
{
	make_tree && tree_box --cap-add ALL --unshare-user --uid 0 --gid 0 --unshare-pid -- bash -c '
		mkdir /w/copy && mount --rbind / /w/copy || exit
		for option in -R -Rl; do
			umount $option /w/copy 2>/w/said
			[ $? -eq 32 ] && cat /w/said && grep -q "not mounted" /w/said || exit 1
		done
		umount -l /w/copy && ! grep " /w/copy" /proc/self/mountinfo'
}

# --- The loop of systemd -----------------------------------------------------------

# A copy of the root at the place where systemd makes it, of which a part is unmounted, then all;
# each call is answered truly, so that the loop ends.
copy_is_unmounted()
{
	make_tree && tree_box --unshare-user --uid 0 --gid 0 --ro-bind /sys /sys \
		--tmpfs /sys/devices/virtual --tmpfs /run "$@" -- timeout 20 bash -c '
		set -e
		copy=/run/systemd/mount-rootfs
		mkdir -p $copy
		mount --rbind / $copy
		mounts=$(grep -c " $copy" /proc/self/mountinfo)
		! umount $copy/sys/devices/virtual
		said=$(/h/umount_loop $copy/sys/devices/virtual)
		echo "$said"
		[ "$said" = "1 calls, 0 successes, errors: EINVAL" ]
		said=$(/h/umount_loop $copy)
		echo "$said, $mounts mounts"
		[ "$said" = "$mounts calls, 0 successes, errors: EBUSY EINVAL" ]
		umount -l $copy
		! grep " $copy" /proc/self/mountinfo
		[ "$(/h/umount_loop $copy)" = "0 calls, 0 successes, errors:" ]'
}

systemd_loop()
{
	check "systemd's loop over a copy of the root ends after one call for each mount" \
		copy_is_unmounted --cap-add ALL --unshare-pid
	check "also with all namespaces" copy_is_unmounted --cap-add ALL --unshare-all
	check "also where COMMAND sees the processes of the host" copy_is_unmounted --cap-add ALL
	check "also as process 1" copy_is_unmounted --cap-add ALL --unshare-all --as-pid-1
}

tests()
{
	all_attacks
	without_capabilities COMMAND
	[ "$who" = user ] || of_root
	[ "$who" = root ] || [ ! -u "$work/suid/sbx" ] || of_setuid
	without_locks
	names
	check "a free bind is the payload's, but not its restrictions" free_bind
	check "what is mounted in a free bind goes with the whole, and not alone" free_bind_tree
	check "what covers a part of a free bind does so" free_bind_covered
	check "and what is below it cannot be protected" free_bind_protected
	check "a tmpfs over a free bind is locked" covers --tmpfs /w/free/here
	check "a mask of a free bind is locked" covers --mask /w/free/here
	check "a free bind is not seen through a tmpfs over the directory that it is in" \
		covers --tmpfs /w/free
	check "nor through a mask" covers --mask /w/free
	check "nor through a bind that has such a directory as well" covers --bind layers /w/free
	check "umount -R of a copy of the root says that what is locked is not mounted" recursive_umount
	systemd_loop
}

run_as_both tests
