#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first process of the system in a machine that run.sh boots: runs the scripts that the file
# "scripts" names, with the settings in "options".
#
# Their output goes to the second serial line.  Lines that begin with "sbx-vm:" come from this one:
# "script NAME" before a script, "status N" after it, "done" at the end.
cd /tests || exit
read -r who lsm table <options || exit
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
oldest=5.12 # of the kernels that sbx runs on

# With no terminal, as scripts may be run by a service.
open_line()
{
	stty -F /dev/ttyS1 raw -echo && exec </dev/null >/dev/ttyS1 2>&1
}

# Start again with every permission.  The files have no labels yet: the creator of the image need
# not have the privilege.
enforce_selinux()
{
	load_policy -i && setenforce 0 &&
		setfiles -F -e /proc -e /sys /etc/selinux/default/contexts/files/file_contexts / &&
		exec runcon unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 bash "$0" enforce
}

# as_who COMMAND...: run it as the user for the scripts, with a small environment.
as_who()
{
	local home=/root
	if [ "$who" = user ]; then
		home=/home/user
		set -- setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all "$@"
	fi
	cd "$home" && env -i PATH="$PATH" HOME="$home" LC_ALL=C.UTF-8 \
		SBX=/tests/build/sbx \
		SBX_BUILD_ROOT=/tests/build \
		SBX_TABLE=/tests/data/kernels \
		SBX_KERNELS="$table" \
		SBX_HELPERS=/tests/build/tests/integration \
		SBX_STUCK_HELPERS=/tests/build/tests/stuck \
		SBX_LIFETIME_HELPERS=/tests/build/tests/lifetime \
		"$@"
}

is_too_old()
{
	[ "$(printf '%s\n' "$oldest" "$(uname -r)" | sort -V | tail -n 1)" = "$oldest" ]
}

# On a kernel that is too old, one error reports that.
check_refusal()
{
	local said status=0 result=ok
	said=$(as_who /tests/build/sbx --ro-bind / / -- /bin/true 2>&1) || status=$?
	[ "$status" -eq 125 ] && [ "$(grep -c '^sbx: ' <<<"$said")" -eq 1 ] &&
		grep -q "Linux $oldest" <<<"$said" || result="not ok"
	echo "$result 1 - sbx says that this kernel is too old"
	printf 'status %s\n%s\n' "$status" "$said" | sed 's/^/# /'
}

# run NAME COMMAND...
run()
{
	local status=0
	echo "sbx-vm: script $1"
	shift
	"$@" || status=$?
	echo "sbx-vm: status $status"
}

run_all()
{
	local script
	while read -r -u 3 script; do
		run "$script" as_who bash "/tests/tests/$script" 3<&-
	done 3<scripts
}

stop()
{
	sync
	stty -F /dev/ttyS1 sane # waits until all is written
	echo 1 >/proc/sys/kernel/sysrq
	echo o >/proc/sysrq-trigger
	sleep 60
}

# Without the last line, the machine has failed.
open_line || stop
case $lsm-${1-} in
selinux-) enforce_selinux || stop ;;
selinux-enforce) setenforce 1 || stop ;;
esac
if is_too_old; then
	run refusal check_refusal
else
	run_all
fi
echo "sbx-vm: done"
stop
