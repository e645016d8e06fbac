#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sandboxes inside a sandbox: of sbx itself, three deep, of bubblewrap, of unshare(1) and of podman.
#
# A procfs can be mounted inside only where no mount masks a part of the existing one: the kernel
# refuses it otherwise, because it would show the masked part.
. "$(dirname "$0")/lib.sh"

# The options of every sandbox here, on the host or in another one.
programs=(--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib
	--symlink usr/lib64 /lib64 --dev /dev --perms 1777 --tmpfs /tmp)

# outer OPTION... -- COMMAND...: the sandbox on the host; the programs under test are in /h.
outer()
{
	timeout --kill-after=5 100 "$sbx" "${programs[@]}" --ro-bind "$helpers" /h --unshare-all \
		--proc /proc --proc-unmasked "$@"
}

# --- sbx -------------------------------------------------------------------------

# three_deep OPTION... -- COMMAND...: COMMAND in a sandbox in a sandbox in a sandbox, all with the
# OPTIONS.
three_deep()
{
	local options=() inner
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	inner=(/h/sbx "${programs[@]}" --ro-bind /h /h --unshare-all --proc /proc
		--proc-unmasked "${options[@]}" --)
	outer "${options[@]}" -- "${inner[@]}" "${inner[@]}" "${@:2}"
}

# The innermost COMMAND is one of the first processes, can write to its /tmp and its /dev, and finds itself in /proc.
all_there='[ $$ -le 3 ] && echo >/dev/null && echo >/tmp/new && grep -q "^Name:.*sh$" /proc/$$/status &&
	echo $(id -u) $(id -g)'

# covered COMMAND...: COMMAND in a sandbox in one whose procfs is masked, so that there can be no new
# one inside
covered()
{
	timeout --kill-after=5 100 "$sbx" "${programs[@]}" --ro-bind "$helpers" /h --unshare-all \
		--proc /proc -- /h/sbx "${programs[@]}" --unshare-all --proc /proc --verbose -- "$@"
}

of_sbx()
{
	check "where there can be no new procfs, the outer one is bound" \
		prints "$(printf 'cat\n0')" covered bash -c \
		'cat /proc/self/comm; cat /proc/keys 2>/dev/null | wc -c'
	check "and that is said" fails_saying 0 "^sbx: --proc: /proc of the host is bound at /proc: " \
		covered true
	check "three sandboxes inside each other" \
		prints "$(id -u) $(id -g)" three_deep -- bash -c "$all_there"
	check "with other ids" \
		prints "5 6" three_deep --unshare-user --uid 5 --gid 6 -- bash -c "$all_there"
	check "with all capabilities" \
		prints "$(id -u) $(id -g)" three_deep --cap-add ALL -- bash -c "$all_there"
	check "as user 0 with all capabilities" \
		prints "0 0" three_deep --uid 0 --gid 0 --cap-add ALL -- bash -c "$all_there"
	check "the status comes through all of them" ends_with 42 three_deep -- sh -c 'exit 42'
	check "the innermost one has a network of its own, with a loopback" \
		prints "1 lo" three_deep -- bash -c 'sed 1,2d /proc/self/net/dev | grep -c : | paste -d " " - \
			<(sed -n "3s/:.*//p" /proc/self/net/dev | tr -d " ")'
	check "what the innermost COMMAND mounts it can unmount" three_deep \
		--unshare-user --uid 0 --gid 0 --cap-add ALL -- sh -c 'mkdir /tmp/m && mount -t tmpfs tmpfs /tmp/m && umount /tmp/m'
	check "with --disable-userns there is no sandbox inside" \
		fails_saying 125 "No space left on device" \
		outer --unshare-user --disable-userns -- /h/sbx --unshare-user --ro-bind / / -- true
	check "what the outer sandbox covers stays covered in the inner one" outer_cover_holds \
		--unshare-user --uid 0 --gid 0 --cap-add ALL
	check "also where the outer COMMAND has no capabilities" \
		outer_cover_holds --unshare-user --uid 5 --gid 6 --cap-drop ALL
}

# A folder and a file that the outer sandbox masks; the COMMAND of the inner one makes all attacks.
outer_cover_holds()
{
	rm -rf tree && mkdir -p tree/hidden tree/ro tree/open && echo secret >tree/key &&
		echo secret >tree/hidden/key && echo kept >tree/ro/file && : >empty || return
	outer "$@" --bind tree /t --ro-bind empty /t/key --ro-bind tree/ro /t/ro \
		--tmpfs /t/hidden -- /h/sbx "${programs[@]}" --proc /proc --ro-bind /h /h --perms 1777 --tmpfs /w \
		--bind /t /t --unshare-all --cap-add ALL -- /h/mount_attack /t /w >seen && cat seen &&
		[ "$(wc -l <seen)" -gt 60 ] && ! grep -v ' held$' seen
}

# --- Others ----------------------------------------------------------------------

of_others()
{
	local nested=(unshare --user --map-root-user --mount --pid --fork --mount-proc)
	check "unshare(1) makes all namespaces and a procfs" \
		prints 1 outer -- "${nested[@]}" sh -c 'cat /proc/self/stat | cut -d " " -f 4'
	check "also as user 0 with all capabilities" \
		prints 1 outer --uid 0 --gid 0 --cap-add ALL -- "${nested[@]}" \
		sh -c 'cat /proc/self/stat | cut -d " " -f 4'
	if ! command -v bwrap >/dev/null; then
		skip "$who: bubblewrap inside" "bubblewrap is not installed"
	else
		check "bubblewrap makes a sandbox with all that it has" bubblewrap_inside
		check "also as user 0 with all capabilities" \
			bubblewrap_inside --uid 0 --gid 0 --cap-add ALL
	fi
	if ! command -v podman >/dev/null || ! command -v busybox >/dev/null; then
		skip "$who: podman inside" "podman or busybox is not installed"
	else
		check "podman imports an image and runs a container" podman_inside
	fi
}

bubblewrap_inside()
{
	prints 2 outer "$@" -- bwrap "${programs[@]:0:17}" --tmpfs /tmp --unshare-all --proc /proc -- \
		sh -c 'echo >/dev/null && echo $$'
}

# An image of nothing but busybox, in a store in memory; no cgroups and no network.
podman_inside()
{
	rm -rf image && mkdir -p image/{bin,dev,proc,sys,tmp} && cp "$(command -v busybox)" image/bin/busybox &&
		ln -s busybox image/bin/sh && tar -C image --owner=0 --group=0 -cf image.tar . && cat >containers.conf <<-END || return
		[containers]
		cgroups = "disabled"
		default_sysctls = []
		log_driver = "k8s-file"
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
	END
	prints "inside as 0" outer --uid 0 --gid 0 --cap-add ALL --tmpfs /run --tmpfs /var \
		--perms 1777 --dir /var/tmp --dir /var/lib --tmpfs /sys --dir /sys/fs/cgroup --ro-bind /etc /etc \
		--ro-bind "$scratch" /images --clearenv --setenv PATH /usr/bin:/usr/sbin --setenv HOME /tmp \
		--setenv CONTAINERS_CONF /images/containers.conf \
		--setenv _CONTAINERS_USERNS_CONFIGURED 1 --setenv _CONTAINERS_ROOTLESS_UID 0 -- bash -c '
		pod() { podman --root /tmp/store --runroot /tmp/run --storage-driver vfs "$@"; }
		pod import -q /images/image.tar busybox:1 >/dev/null 2>/tmp/said || { cat /tmp/said >&2; exit 1; }
		pod run --rm --security-opt seccomp=unconfined --security-opt apparmor=unconfined busybox:1 \
			/bin/sh -c "echo inside as \$(/bin/busybox id -u)"'
}

tests()
{
	of_sbx
	of_others
}

run_as_both tests
