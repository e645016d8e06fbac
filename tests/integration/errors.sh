#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The errors and hints of sbx when the host refuses a step.
. "$(dirname "$0")/lib.sh"

labels()
{
	local option
	for option in --exec-label --file-label; do
		check "$option without SELinux" \
			fails 125 "sbx: $option: labeling not supported on this system" \
			box "$option" x -- true
	done
}

messages()
{
	check "one line says what failed, with the option and the path" \
		fails 125 "sbx: --ro-bind: cannot open /nope on the host: No such file or directory" \
		box --ro-bind /nope /x -- true
	check "it comes once, whatever namespaces there are" \
		fails 125 "sbx: --ro-bind: cannot open /nope on the host: No such file or directory" \
		box --unshare-all --dev /dev --uid 5 --new-session --ro-bind /nope /x -- true
	check "COMMAND has not run then" prints "" eval '! box --ro-bind /nope /x -- echo ran'
	check "the first of two errors is told" \
		fails 125 "sbx: --dir: cannot create the directory /usr/x: Read-only file system" \
		box --dir /usr/x --ro-bind /nope /x -- true
	[ -e /sys/fs/selinux ] || labels
	check "an unknown option is named, and there is a hint" \
		fails_saying 125 "^sbx: unknown option --nope$" box --nope -- true
	check "what can be printed is printed as it is" \
		fails 125 "sbx: --ro-bind: cannot open /ä日本 on the host: No such file or directory" \
		box --ro-bind /ä日本 /x -- true
	check "what a terminal would obey is not" \
		fails 125 "sbx: --ro-bind: cannot open /a?b?c?d on the host: No such file or directory" \
		box --ro-bind $'/a\e'b$'\xc2\x9b'c$'\x9b'd /x -- true
	check "nor is what changes the order, or is not seen" \
		fails 125 "sbx: --ro-bind: cannot open /a?b?c?d on the host: No such file or directory" \
		box --ro-bind $'/a\u202eb\u2066c\u200bd' /x -- true
	check "nor what is no UTF-8" \
		fails 1 "bwrap: Can't find source path /a??b?: No such file or directory" \
		"$bwrap" --ro-bind $'/a\xff\xfeb\xe2' /x -- true
	check "in hints neither" fails_saying 127 "^hint: .* interpreter, /n?pe, is not in" bad_interpreter
	check "a closed stderr is no obstacle" ends_with 125 without_stderr
	check "a stderr that nobody reads either" ends_with 125 broken_stderr
	check "nor one that is full, for an error" ends_with 125 full_stderr --ro-bind /nope /x
	check "or for a warning" ends_with 0 full_stderr --chdir /nope --chdir /
}

bad_interpreter()
{
	printf '#!/n\xc2\x9bpe\n' >script && chmod 0755 script && box --ro-bind script /script -- /script
}

without_stderr()
{
	box --ro-bind /nope /x -- true 2>&-
}

broken_stderr()
{
	{ sleep 0.1; bare_box --ro-bind /nope /x -- true; echo $? >status; } 2>&1 >/dev/null | true
	return "$(cat status)"
}

full_stderr()
{
	local full
	rm -f full && mkfifo full && exec {full}<>full || return
	dd if=/dev/zero of=full oflag=nonblock bs=4096 status=none
	timeout --kill-after=1 10 "$sbx" --ro-bind / / "$@" -- true 2>&"$full"
}

prefixes()
{
	check "--level-prefix: an error has priority 3" \
		fails 125 "<3>sbx: --ro-bind: cannot open /nope on the host: No such file or directory" \
		box --level-prefix --ro-bind /nope /x -- true
	check "a warning has 4" \
		fails 0 "<4>sbx: Only the last --chdir option will take effect" \
		box --level-prefix --chdir /nope --chdir / -- true
	check "a hint has 5" \
		fails 125 "<3>sbx: --cap-add: unknown capability net_admin
<5>hint: names are written as in capabilities(7): CAP_NET_ADMIN" \
		box --level-prefix --cap-add net_admin -- true
	check "as bubblewrap, too" \
		fails 1 "<3>bwrap: Can't find source path /nope: No such file or directory" \
		"$bwrap" --level-prefix --ro-bind /nope /x -- true
	check "what COMMAND says has none" fails 0 "said" box --level-prefix -- sh -c 'echo said >&2'
	check "what is wrong before it has none" \
		fails 125 "sbx: unknown option --nope" box --nope --level-prefix -- true
	check "among --args, too" \
		fails_saying 125 "^<3>sbx: --ro-bind: cannot open /nope" \
		box --args 7 --ro-bind /nope /x -- true 7< <(printf '%s\0' --level-prefix)
	check "--help has none" fails_saying 0 "^usage: " to_stderr box --level-prefix --help
}

to_stderr()
{
	"$@" >&2
}

interpreters()
{
	check "a script whose interpreter is missing has a hint" \
		fails 127 "sbx: cannot execute /f: No such file or directory
hint: the file exists, but its interpreter, /opt/nope, is not in the sandbox: bind the directory that holds it" \
		box --perms 0755 --file 7 /f -- /f 7< <(printf '#!/opt/nope -x\n')
	check "a program without its dynamic loader has one" \
		fails_saying 127 "^hint: the file exists, but its interpreter, /lib.*ld-.*, is not in" \
		bare_box --ro-bind /usr /usr -- /usr/bin/true
	check "also when it was found in PATH" \
		fails_saying 127 "^hint: the file exists, but its interpreter, /lib" \
		bare_box --ro-bind /usr /usr --setenv PATH /nope:/usr/bin -- true
	check "a COMMAND that is really missing has none" \
		fails 127 "sbx: cannot execute /nope: No such file or directory" box -- /nope
}

# A user namespace of the caller's own, in which it is root, to change limits in.
as_namespace_root()
{
	timeout 30 unshare --user --map-root-user --mount --propagation private bash -c "$@"
}

# limited FILE OPTION...: the same, with 0 in /proc/sys/user/FILE.
limited()
{
	local file=$1
	shift
	as_namespace_root 'echo 0 >/proc/sys/user/$1 && shift && exec "$@"' - "$file" "$sbx" \
		--ro-bind / / "$@"
}

limits()
{
	check "max_user_namespaces of 0 has a hint that names it" \
		fails 125 "sbx: cannot create the namespaces: No space left on device
hint: user.max_user_namespaces is 0, which forbids them: run sysctl -w user.max_user_namespaces=10000 as root" \
		limited max_user_namespaces --unshare-user -- true
	check "max_net_namespaces as well" \
		fails 125 "sbx: cannot create the namespaces: No space left on device
hint: user.max_net_namespaces is 0, which forbids them: run sysctl -w user.max_net_namespaces=10000 as root" \
		limited max_net_namespaces --unshare-user --unshare-net -- true
	check "a limit that is not 0 is guessed" \
		fails_saying 125 "^hint: a limit in /proc/sys/user/max_.*_namespaces is reached" \
		as_namespace_root 'echo 1 >/proc/sys/user/max_mnt_namespaces && exec "$@"' - \
		"$sbx" --unshare-user --ro-bind / / -- "$sbx" --unshare-user --ro-bind / / -- true
}

# In a container, parts of /proc are masked.
in_container()
{
	timeout 30 unshare --user --map-root-user --mount --pid --fork --propagation private bash -c '
		mount -t proc proc /proc && mount -t tmpfs tmpfs /proc/sys && exec "$@"' - "$@"
}

containers()
{
	check "a new procfs where /proc is covered has a hint" \
		fails_saying 1 "^hint: parts of the host's /proc are masked, as in a container" \
		in_container "$bwrap" --ro-bind / / --unshare-user --unshare-pid --proc /proc -- true
	check "the first line says that it is --proc" \
		fails_saying 125 "^sbx: --proc: cannot create a proc: .*Operation not permitted$" \
		in_container "$sbx" --ro-bind / / --unshare-user --unshare-pid --proc /proc \
		--hidepid off -- true
	check "without --hidepid, sbx binds the old one" \
		fails 0 "" in_container "$sbx" --ro-bind / / --unshare-user --unshare-pid \
		--proc /proc -- test -e /proc/self/status
	check "but not where COMMAND could look into the processes outside" \
		fails_saying 125 "^hint: part of the host's /proc is masked.*give --unshare-user" \
		in_container unshare --user --map-root-user --mount "$sbx" --ro-bind / / --unshare-pid \
		--proc /proc -- true
	check "with it nothing of them can be looked at" \
		prints "" in_container "$sbx" --ro-bind / / --unshare-user --unshare-pid --cap-add ALL \
		--proc /proc -- sh -c 'cat /proc/1/environ; ls /proc/1/root/ /proc/1/cwd/; readlink /proc/1/exe /proc/1/fd/0; true'
	check "and says so if asked to" \
		fails 0 "sbx: --proc: /proc of the host is bound at /proc: the kernel refuses a new \
procfs where part of the host's is masked" in_container "$sbx" --ro-bind / / --unshare-user \
		--unshare-pid --proc /proc --verbose -- true
	check "what is covered there stays so" \
		prints "" in_container "$sbx" --ro-bind / / --unshare-user --unshare-pid \
		--proc /proc --proc-unmasked -- ls /proc/sys
	check "--json-status-fd has a line of it" \
		fails_saying 0 '^{ "phase": "note", "level": "info", "option": "--proc", "path": "/proc", "message": "--proc: ' \
		in_container bash -c '"$@" 7>&2' - "$sbx" --ro-bind / / --unshare-user --unshare-pid \
		--proc /proc --json-status-fd 7 -- true
	check "what the hint says works: the old one can be bound" \
		in_container "$sbx" --ro-bind / / --unshare-user --ro-bind /proc /proc -- true
	if [ "$who" = root ]; then
		check "without CAP_SETFCAP, user 0 cannot be mapped, and a hint says so" \
			fails_saying 125 "^hint: root needs CAP_SETFCAP to map ID 0" without_setfcap
		check "the first line says what failed" \
			fails_saying 125 "^sbx: cannot map id 5 to 0 in /proc/self/uid_map: Operation not permitted$" \
			without_setfcap
		check "in a chroot, a hint says that it cannot work" \
			fails_saying 125 "^hint: .*chroot" in_chroot
	fi
	check "a seccomp filter that forbids to mount has a message" \
		fails 125 "sbx: --unshare-net: cannot bring lo up: Operation not permitted" \
		"$helpers/filter" run 1 socket -- "$sbx" --ro-bind / / --unshare-net -- true
}

without_setfcap()
{
	setpriv --bounding-set -setfcap --inh-caps -setfcap -- \
		"$sbx" --ro-bind / / --unshare-user --dev /dev --uid 5 -- true
}

# A chroot that is no mount point: its root cannot be pivoted away from.
in_chroot()
{
	timeout 30 unshare --mount --propagation private bash -c '
		mkdir -p inner/{usr,proc,sbx,lib64,lib} && mount --bind /usr inner/usr &&
		mount -t proc proc inner/proc &&
		mount --bind /lib inner/lib && mount --bind /lib64 inner/lib64 &&
		mount --bind "$(dirname "$1")" inner/sbx &&
		chroot inner /sbx/sbx --ro-bind / / -- /usr/bin/true' - "$sbx"
}

tests()
{
	messages
	prefixes
	interpreters
	limits
	containers
}

run_as_both tests
