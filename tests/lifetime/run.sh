# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ../integration/lib.sh: runs a script's checks as root and as an ordinary user,
# in the same way as the integration tests; but with the helpers of these tests.  A third copy,
# with "setuid" as $who, is an ordinary user's with sbx installed set-user-ID root.
#
# Only root can trace a set-user-ID program: the kernel ignores the bit for other tracers.  A script
# that traces sets $traces; its third copy runs as root, and has to start sbx as the user.
#
# SBX_LIFETIME_FULL=1 makes a script run all of its checks, however long that takes.
. "$(dirname "$0")/../integration/run.sh"
inherited+=(SBX_LIFETIME_FULL)

prepare()
{
	local here
	here=$(dirname "$0")
	work=$(mktemp -d) || return
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work" &&
		mkdir -m 0755 "$work"/{bin,suid,integration,root,user,setuid} &&
		cp "$SBX" "$work/bin/sbx" && ln -s sbx "$work/bin/bwrap" &&
		cp "$SBX" "$work/suid/sbx" && chmod 4755 "$work/suid/sbx" &&
		cp "$SBX_HELPERS/reap" "$SBX_LIFETIME_HELPERS"/{dialogue,kill_matrix,payload,soak-runner,witness} \
			"$work/bin" &&
		cp "$0" "$here/run.sh" "$work/bin" &&
		cp "$here"/../integration/{lib,run}.sh "$work/integration" || return
	[ "$(id -u)" -ne 0 ] || chown "$ordinary:$ordinary" "$work"/{user,setuid}
}

start_more()
{
	local as=(setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups)
	if ignores_suid; then
		skip "setuid: every test" "the folder for temporary files is nosuid"
	else
		[ -z "${traces-}" ] || as=()
		start_copy setuid "${as[@]}"
	fi
}

# Others may use the machine as well, and ptrace(2) may be forbidden.
can_trace()
{
	local scope
	read -r scope 2>/dev/null </proc/sys/kernel/yama/ptrace_scope || return 0
	[ "$scope" -lt 2 ] || { [ "$scope" -eq 2 ] && [ "$(id -u)" -eq 0 ]; }
}
