#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever process of a sandbox is killed, and at whatever moment: nothing is left.
. "$(dirname "$0")/../integration/lib.sh"

# Others may use the machine as well, and ptrace(2) may be forbidden.
can_trace()
{
	local scope
	read -r scope 2>/dev/null </proc/sys/kernel/yama/ptrace_scope || return 0
	[ "$scope" -lt 2 ] || { [ "$scope" -eq 2 ] && [ "$(id -u)" -eq 0 ]; }
}

tests()
{
	local runs=16
	[ -z "${SBX_LIFETIME_FULL-}" ] || runs=1200
	if ! can_trace; then
		skip "$who: every test" "this host forbids tracing"
		return
	fi
	mkdir folder || return
	"$helpers/kill_matrix" "$sbx" "$helpers/payload" "$scratch/folder" "$runs" |
		sed -E "s/^((not )?ok - )/\1$who: /"
	check "the matrix was gone through to its end" test "${PIPESTATUS[0]}" -eq 0
}

run_as_both tests
