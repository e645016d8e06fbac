#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A payload that has as many descriptors in flight as its user may have keeps no other sandbox of that
# user from starting.
. "$(dirname "$0")/lib.sh"

someone=64243 # a user that nobody else is, as the limit is for all processes of a user

prepare_more()
{
	cp "$SBX_HELPERS/in_flight" "$work/bin" && mkdir "$work/suid" && cp "$SBX" "$work/suid/sbx" &&
		chmod 4755 "$work/suid/sbx" && ln -s sbx "$work/suid/bwrap"
}

# as_someone COMMAND...: as that user, whose limits are not raised.
as_someone()
{
	(
		ulimit -Sn 1024 && ulimit -Hn 1024 &&
			exec setpriv --reuid $someone --regid $someone --clear-groups --inh-caps=-all \
				timeout --kill-after=5 60 "$@"
	)
}

# start_payload: a sandbox that shares only its user with others; $payload is its end of the pipe.
start_payload()
{
	local line said
	rm -f held said && mkfifo held said && exec {payload}<>held || return
	as_someone "$sbx" --unshare-all --ro-bind / / --proc /proc -- "$helpers/in_flight" <held >said 2>&1 {payload}>&- &
	exec {said}<said
	read -r -t 20 line <&"$said"
	exec {said}<&-
	echo "$line"
	[ "$line" = ready ]
}

# works OPTION...: a sandbox of that user does.
works()
{
	as_someone "$launcher" --ro-bind / / "$@" -- true
}

# works_traced CALL ERROR WHEN OPTION...: also where a system call fails as on another kernel.
works_traced()
{
	local call=$1 error=$2 when=$3
	shift 3
	as_someone strace -f -qq -o "$scratch/shared/trace" -e "trace=$call" \
		-e "inject=$call:error=$error:when=$when" "$sbx" --ro-bind / / "$@" -- true &&
		grep -q INJECTED shared/trace
}

starts()
{
	for launcher in "$sbx" "$bwrap" "$work/suid/sbx" "$work/suid/bwrap"; do
		name=${launcher#"$work/"}
		if [[ $name == suid/* ]] && ignores_suid; then
			skip "$who: set-user-ID" "the folder for temporary files is nosuid"
			continue
		fi
		check "$name starts" works
		check "$name starts with all namespaces" works --unshare-all
		check "$name starts with a reaper" works --sync-fd 0
		check "$name starts with --die-with-parent" works --die-with-parent --unshare-pid
		check "$name starts with file systems" works --dev /dev --proc /proc --tmpfs /tmp
	done
	launcher=$sbx
	check "--kill-on-exit" works --kill-on-exit
	check "--mask" works --mask /etc/passwd
	check "--ro" works --ro /usr
	check "--deny-create" works --tmpfs /tmp --deny-create /tmp/none
	check "several of them, with all namespaces" \
		works --unshare-all --tmpfs /tmp --mask /etc/passwd --deny-create /tmp/none --ro /tmp
	check "--json-status-fd" works --unshare-pid --json-status-fd 1
}

other_kernels()
{
	if ! as_someone strace -qq -f -o /dev/null true; then
		skip "$who: other kernels" "strace cannot do it here"
		return
	fi
	check "before Linux 6.5, which gives no handles" \
		works_traced setsockopt ENOPROTOOPT 1 --unshare-pid
	check "before Linux 6.11, which does not open the mount namespace by a handle" \
		works_traced ioctl ENOTTY 1 --unshare-pid
	check "before Linux 5.6, which copies no descriptor of another process" \
		cannot_watch strace -f -qq -o /dev/null -e trace=pidfd_getfd \
		-e inject=pidfd_getfd:error=ENOSYS "$sbx"
}

# Failures are reported.
is_told()
{
	fails_saying 125 "$1" as_someone "$sbx" --ro-bind / / "${@:2}" -- true
}

# Where the process that watches may copy no descriptor, it needs them to be sent.
cannot_watch()
{
	fails_saying 125 "^sbx: cannot watch the protected paths: .* in flight in sockets$" \
		as_someone "$@" --ro-bind / / --mask /etc/passwd -- true
}

true_messages()
{
	check "a mount point that is made on the host has to be told of" \
		is_told ": this user has too many descriptors in flight in sockets" \
		--bind "$scratch/shared" "$scratch/shared" --tmpfs "$scratch/shared/new"
	check "the remedy is told as well" \
		is_told "end the process of this user .*, or create the mount point beforehand" \
		--bind "$scratch/shared" "$scratch/shared" --tmpfs "$scratch/shared/new"
	mkdir -m 777 shared/there
	check "it helps" works --bind "$scratch/shared" "$scratch/shared" \
		--tmpfs "$scratch/shared/there"
}

tests()
{
	if [ "$who" != root ]; then
		return # only root can become another user
	fi
	mkdir -m 777 shared && chmod 777 shared
	if ! as_someone unshare --user true; then
		skip "$who: every test" "this host forbids user namespaces"
		return
	fi
	check "a payload sends as many descriptors as it may" start_payload
	starts
	other_kernels
	true_messages
	exec {payload}>&-
	wait
}

run_as_both tests
