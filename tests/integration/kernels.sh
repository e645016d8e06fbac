#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels that are known to be bad: the table, the warning, --strict-kernel.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

kernels()
{
	check "the table that is installed has six fields a line" well_formed
	if [ "$who" = user ]; then # nobody but root can put another table in its place
		return
	fi
	for as in "" "setpriv --reuid 65534 --regid 65534 --clear-groups"; do
		as_whom=${as:+", as a user"}
		on_bad
		on_others
	done
}

on_bad()
{
	check "on a bad kernel there is one line of warning$as_whom" warns sbx "$sbx"
	check "and under the name bwrap$as_whom" warns bwrap "$bwrap"
	check "with --level-prefix it is one$as_whom" \
		says "<4>sbx: $warning" "$any" "$sbx" --level-prefix --ro-bind / / -- true
	check "--strict-kernel refuses$as_whom" refuses
	check "without it, bubblewrap's mounts are slaves of the host's$as_whom" has_masters "5.0.0 5.0.1 *"
	check "but private on a bad kernel$as_whom" lacks_masters "$any"
}

on_others()
{
	local table
	for table in "5.0.0 5.0.1 *" "99.0.0 99.1.0 *" "5.0.0 99.0.0 no-such-string" "" "# 5.0.0 99.0.0 *" "5.0.0"; do
		check "a kernel that is not in the table '$table'$as_whom" \
			says "" "$table" "$sbx" --strict-kernel --ro-bind / / -- true
	done
	check "without a table nothing is said$as_whom" says "" - "$sbx" --ro-bind / / -- true
	check "but --strict-kernel is an error$as_whom" ends_saying 125 \
		"sbx: --strict-kernel: cannot read $SBX_KERNELS: No such file or directory" - \
		"$sbx" --strict-kernel --ro-bind / / -- true
}

any="5.0.0 99.0.0 *"
warning="Linux $(uname -r) may be affected: it bites; sbx barks (somebody's report)"

well_formed()
{
	local table=$work/bin/kernels
	grep -q '^[^#]' "$table" && awk -F '\t' '/^[^#]/ && NF != 6 { print; bad = 1 } END { exit bad }' "$table"
}

# with_table TABLE COMMAND...: "FIRST LAST STRING", or "-" for no table, is the installed one.
with_table()
{
	local table=$1
	shift
	[ "$table" = - ] || table=${table// /$'\t'}$'\tit bites\tsbx barks\tsomebody\'s report'
	# shellcheck disable=SC2016,SC2086 # for the inner shell; $as is words
	unshare --mount --propagation private bash -c '
		mount --make-rshared / && # as on any machine
			mount -t tmpfs -o mode=0755 tmpfs "$(dirname "$(dirname "$1")")" || exit
		[ "$2" = - ] || { mkdir -m 0755 "$(dirname "$1")" && echo "$2" >"$1"; } || exit
		shift 2
		exec "$@"' - "$SBX_KERNELS" "$table" $as "$@"
}

# says TEXT TABLE COMMAND...: it succeeds and prints TEXT alone to stderr.
says()
{
	ends_saying 0 "$@"
}

# ends_saying STATUS TEXT TABLE COMMAND...
ends_saying()
{
	local want=$1 text=$2 status=0 said
	shift 2
	said=$(with_table "$@" 2>&1 >/dev/null) || status=$?
	echo "status $status, said: $said"
	[ "$status" -eq "$want" ] && [ "$said" = "$text" ]
}

# warns NAME PROGRAM
warns()
{
	ends_saying 3 "$1: $warning" "$any" "$2" --ro-bind / / -- sh -c 'exit 3'
}

refuses()
{
	ends_saying 125 "sbx: --strict-kernel: $warning" "$any" \
		"$sbx" --strict-kernel --ro-bind / / -- touch ran && [ ! -e ran ]
}

has_masters()
{
	with_table "$1" "$bwrap" --ro-bind / / --proc /proc -- cat /proc/self/mountinfo 2>/dev/null |
		tee /dev/stderr | grep -q 'master:'
}

lacks_masters()
{
	with_table "$1" "$bwrap" --ro-bind / / --proc /proc -- cat /proc/self/mountinfo 2>/dev/null >info
	cat info
	[ -s info ] && ! grep -q 'master:' info
}

prepare_more()
{
	cp "$SBX_TABLE" "$work/bin/kernels"
}

run_as_both kernels
