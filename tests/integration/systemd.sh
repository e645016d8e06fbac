#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd as process 1 of a sandbox, with a service for which it makes mounts, binds and unmounts.
#
# It needs a cgroup that it may divide, and mounts the cgroup file system itself.  Root makes that
# cgroup, also for the ordinary user; so there are no tests that the latter starts.
. "$(dirname "$0")/lib.sh"

systemd=/lib/systemd/systemd

# A service as they are in distributions, for which systemd copies all mounts, and covers, binds
# and unmounts in the copy.
write_units()
{
	rm -rf units etc out && mkdir -p units etc && mkdir -m 0777 out || return
	cat >units/default.target <<-END
		[Unit]
		DefaultDependencies=no
		Wants=probe.service
	END
	cat >units/probe.service <<-END
		[Unit]
		DefaultDependencies=no
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		ExecStart=/bin/sh /units/probe
		StandardOutput=null
		TimeoutStartSec=100
		ReadWritePaths=/out
		PrivateMounts=yes
		$1
	END
	cat >units/probe <<-END
		try()
		{
			if (eval "\$2") >/dev/null 2>&1; then echo "\$1"; else echo "not \$1"; fi
		}
		{
			try "the sandbox's /tmp" "test -d /tmp/outside"
			try "/etc writable" ": >/etc/new"
			try "/sys writable" ": >/sys/new"
			try "/usr/share visible" "ls /usr/share | grep ."
			try "/dev writable" ": >/dev/new"
		} >/out/said
	END
	printf '%s\n' "root:x:0:0::/:/bin/sh" "nobody:x:65534:65534::/:/bin/false" >etc/passwd &&
		printf '%s\n' "root:x:0:" "nogroup:x:65534:" >etc/group && : >etc/machine-id &&
		chmod -R a+rX units etc
}

# --- A cgroup --------------------------------------------------------------------

# in_cgroup ID COMMAND...: run COMMAND as the user and group ID in a cgroup of its own, which
# belongs to ID, and print the microseconds of processor time.  Fails if that is more than 10 seconds,
# as with endless retries, or if a process is left in it.
in_cgroup()
{
	mkdir -p cgroup && unshare --mount --propagation private bash -c '
		id=$1 name=$2 status=0
		shift 2
		mount -t cgroup2 cgroup2 cgroup || exit
		here=cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)
		here=${here%/}/$name
		mkdir "$here" && chown "$id:$id" "$here" "$here"/cgroup.{procs,subtree_control,threads} || exit
		(
			echo $BASHPID >"$here/cgroup.procs" &&
				exec setpriv --reuid "$id" --regid "$id" --clear-groups "$@"
		) || status=$?
		awk -v most=10000000 "/^usage_usec/ { print; exit \$2 > most }" "$here/cpu.stat" || status=1
		for ((i = 0; i < 500; i++)); do
			find "$here" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$here" ] || exit "$status"
			sleep 0.01
		done
		exit 1' - "$1" "sbx-${work##*.}" "${@:2}"
}

# --- The tests ---------------------------------------------------------------------

# boot ID OPTION...: as user ID, run systemd until the service has ended, and exit with its status.
boot()
{
	in_cgroup "$1" timeout --kill-after=5 150 "$sbx" \
		--unshare-all --uid 0 --gid 0 --as-pid-1 --cap-add ALL \
		--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib \
		--symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /run --perms 1777 --tmpfs /tmp \
		--perms 1777 --tmpfs /var/tmp --dir /tmp/outside --tmpfs /sys --dir /sys/fs/cgroup \
		--tmpfs /sys/devices/virtual --bind etc /etc --ro-bind units /units --bind out /out \
		--clearenv --setenv PATH /usr/bin:/usr/sbin --setenv container sbx \
		--setenv SYSTEMD_UNIT_PATH /units --setenv SYSTEMD_LOG_TARGET console \
		--setenv SYSTEMD_PROC_CMDLINE systemd.unified_cgroup_hierarchy=yes "${@:2}" -- \
		"$systemd" --system --show-status=no
}

# service_runs ID SAID PROPERTIES [OPTION]...: a service with PROPERTIES runs, and prints SAID.
service_runs()
{
	write_units "$3" && chown -R "$1:$1" etc out && boot "$1" "${@:4}" &&
		diff <(echo "$2") out/said
}

open="the sandbox's /tmp
/etc writable
/sys writable
/usr/share visible
/dev writable"
closed="not the sandbox's /tmp
not /etc writable
not /sys writable
not /usr/share visible
not /dev writable"

services()
{
	check "systemd runs a service with mounts of its own, started by $2" \
		service_runs "$1" "$open" ""
	check "and one that is shut out of everything, started by $2" service_runs "$1" "$closed" \
		"PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
ProtectSystem=strict
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectProc=invisible
InaccessiblePaths=/usr/share"
	check "also without --lock-mounts" service_runs "$1" "$open" "" --no-lock-mounts
}

# Whether a cgroup can be created here.
has_cgroups()
{
	in_cgroup 0 true >"$scratch/.said" 2>&1
}

tests()
{
	[ "$who" = root ] || return 0
	if [ ! -x "$systemd" ]; then
		skip "root: systemd" "systemd is not installed"
	elif ! has_cgroups; then
		skip "root: systemd" "no cgroup can be made here"
	else
		services 0 root
		services "$ordinary" "an ordinary user"
	fi
}

run_as_both tests
