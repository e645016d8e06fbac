# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ../integration/lib.sh: runs a script's checks as root and as an ordinary user,
# in the same way as the integration tests; but with the helpers of these tests.
#
# SBX_LIFETIME_FULL=1 makes a script do all it can, however long that takes.
. "$(dirname "$0")/../integration/run.sh"
inherited+=(SBX_LIFETIME_FULL)

prepare()
{
	local here
	here=$(dirname "$0")
	work=$(mktemp -d) || return
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work" &&
		mkdir -m 0755 "$work"/{bin,integration,root,user} &&
		cp "$SBX" "$work/bin/sbx" && ln -s sbx "$work/bin/bwrap" &&
		cp "$SBX_HELPERS/reap" "$SBX_LIFETIME_HELPERS"/{dialogue,kill_matrix,payload,soak-runner,witness} \
			"$work/bin" &&
		cp "$0" "$here/run.sh" "$work/bin" &&
		cp "$here"/../integration/{lib,run}.sh "$work/integration" || return
	[ "$(id -u)" -ne 0 ] || chown "$ordinary:$ordinary" "$work/user"
}

