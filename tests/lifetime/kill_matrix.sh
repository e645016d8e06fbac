#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever process of a sandbox is killed, and at whatever moment: nothing is left.
. "$(dirname "$0")/../integration/lib.sh"

tests()
{
	local runs=16 as=()
	[ -z "${SBX_LIFETIME_FULL-}" ] || runs=1200
	if ! can_trace; then
		skip "$who: every test" "this host forbids tracing"
		return
	fi
	mkdir folder || return
	if [ "$who" = setuid ]; then
		chown "$ordinary:$ordinary" folder || return
		as=(--as "$ordinary")
	fi
	"$helpers/kill_matrix" "${as[@]}" "$sbx" "$helpers/payload" "$scratch/folder" "$runs" |
		sed -E "s/^((not )?ok - )/\1$who: /"
	check "the matrix was gone through to its end" test "${PIPESTATUS[0]}" -eq 0
}

# shellcheck disable=SC2034 # for run.sh
traces=1
run_as_both tests
