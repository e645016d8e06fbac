#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root file system by an attacker: links where containers mount their devices and
# masks, or write to /proc.  What sbx mounts and writes stays inside.  The classes of CVE-2025-31133,
# CVE-2025-52565 and CVE-2025-52881 in runc, and of links at /dev/console and /dev/null in crun.
. "$(dirname "$0")/lib.sh"

# The folder root is the root file system, out is not in it.  $up leads from /dev in there, or
# anywhere else one folder deep, to the host's root.
plant()
{
	rm -rf root out && mkdir -p root/{usr,etc,hidden,new} out/dir && echo victim >out/victim &&
		echo precious >root/secret && echo covered | tee root/file >root/etc/file ||
		return
	ln -s usr/bin usr/sbin usr/lib usr/lib64 root
	up=../../../../../../../..
}

# in_root [OPTION]... -- COMMAND...: a sandbox with it as its root, writable.
in_root()
{
	bare_box --bind root / --ro-bind /usr /usr "$@"
}

# out_is_as_it_was: no file outside was created, mounted on, or written to.
out_is_as_it_was()
{
	[ "$(cd out && find . -printf '%p %y %s\n' | sort)" = "$(printf '. d %s\n./dir d %s\n./victim f 7' \
		"$(stat -c %s out)" "$(stat -c %s out/dir)")" ] && [ "$(cat out/victim)" = victim ]
}

# stays_inside FUNCTION ARG...: whether it succeeds or not.
stays_inside()
{
	"$@"
	echo "status $?"
	out_is_as_it_was
}

# links PATH...: at each of root/PATH a link to the outside, by a path with too many "..".
links()
{
	local path
	for path; do
		mkdir -p "root/$path" && rmdir "root/$path" &&
			ln -s "$up$PWD/out/${target-victim}" "root/$path" &&
			[ "root/$path" -ef "out/${target-victim}" ] || return
	done
}

# --- Masks --------------------------------------------------------------------

# What covers a path is nothing of the root's own, wherever its /dev/null leads.
masks()
{
	local null
	plant
	for null in /secret /proc/sys/kernel/core_pattern "$up$PWD/out/victim"; do
		mkdir -p root/dev && ln -sfn "$null" root/dev/null
		check "a masked file shows nothing with /dev/null a link to ${null##*/}" \
			prints 1 in_root --proc /proc --mask /file -- \
			sh -c 'cat /file 2>&-; grep -c " /file ro" /proc/self/mountinfo'
		check "a masked folder does not, either" \
			prints . in_root --mask /etc -- sh -c 'ls -A /etc 2>&-; cat /etc/file 2>&-; echo .'
		check "nobody writes through the mask" stays_inside in_root --proc /proc --mask /file -- \
			sh -c 'echo x >/file'
	done
	check "the link's target is as it was" prints precious cat root/secret
	check "the covers of /proc are empty, too" \
		prints 0 in_root --unshare-pid --proc /proc -- sh -c 'cat /proc/keys /proc/interrupts | wc -c'
}

# --- Devices ------------------------------------------------------------------

devices()
{
	check "there are links" eval "plant && links dev/null dev/console dev/tty dev/pts dev/shm dev/ptmx"
	check "--dev covers what links are in /dev" prints "c c yes" in_root --dev /dev -- \
		sh -c 'for n in null zero; do [ -c /dev/$n ] && [ ! -L /dev/$n ] && printf "c "; done
			[ -e /dev/pts/ptmx ] && echo yes'
	check "with a terminal, too" stays_inside on_terminal --dev /dev
	check "/dev/console is a device then, and no link" on_terminal --dev /dev
	plant && target=dir links dev
	check "--dev at a link stays inside" stays_inside in_root --dev /dev -- true
	check "with a terminal, too" stays_inside on_terminal --dev /dev
	plant && links dev/null dev/console
	check "a device that is mounted on a link stays inside" \
		stays_inside in_root --dev-bind /dev/null /dev/null --dev-bind /dev/full /dev/console -- \
		sh -c 'echo x >/dev/null'
	plant && mkdir root/dev && ln -s /proc/self/fd/1 root/dev/console && ln -s /proc/self/exe root/dev/null
	check "nor does it follow what a process has open" \
		stays_inside in_root --proc /proc --dev-bind /dev/null /dev/null --dev-bind /dev/null /dev/console -- true
}

on_terminal()
{
	local said
	said=$(timeout 30 "$helpers/pty" "" "$sbx" --bind root / --ro-bind /usr /usr "$@" -- \
		sh -c '[ -c /dev/console ] && [ ! -L /dev/console ] && [ -w /dev/console ] && echo console' </dev/null)
	echo "$said"
	[[ $said = *console* ]]
}

# --- Writing to /proc ----------------------------------------------------------

# The root has files where sbx writes in the host's procfs.
writes()
{
	local file
	plant && mkdir -p root/proc/self/{attr,ns} root/proc/sys/user
	for file in self/{uid_map,gid_map,setgroups,attr/exec,oom_score_adj} sys/user/max_user_namespaces; do
		echo untouched >"root/proc/$file"
	done
	check "--disable-userns writes nothing in the root" \
		ends_with 1 in_root --unshare-user --uid 7 --gid 8 --disable-userns -- unshare --user true
	check "nor do locked mounts" in_root --cap-add CAP_SYS_ADMIN --lock-mounts -- true
	check "all that is there is as it was" no_file_was_touched
	plant && target=dir links proc
	check "--proc at a link stays inside" stays_inside in_root --unshare-pid --proc /proc -- true
	check "that of the host, too" stays_inside in_root --proc /proc -- true
	plant && mkdir root/real && ln -s real root/proc
	check "its covers are where it is" \
		prints "ro 0" in_root --proc /proc -- \
		sh -c 'echo $(sed -nE "s|.* /real/sys (r[ow]).*|\1|p" /real/self/mountinfo) $(cat /real/keys | wc -c)'
}

no_file_was_touched()
{
	! grep -rLx untouched root/proc | grep .
}

tests()
{
	masks
	devices
	writes
}

run_as_both tests
