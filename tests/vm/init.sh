#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first process of a machine that run.sh boots, in its initramfs: loads modules, mounts the
# system, unpacks the tests in it, and becomes guest.sh there.
alias mount="/bin/busybox mount" mkdir="/bin/busybox mkdir" ln="/bin/busybox ln"

mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1

fail()
{
	echo "init.sh: cannot $1"
	/bin/busybox poweroff -f
}

while read -r module; do
	/bin/busybox insmod "/modules/$module" || echo "init.sh: cannot load $module"
done </modules/order
mount -t ext4 /dev/vda /new || fail "mount the system"
/bin/busybox tar -xf /dev/vdb -C /new/tests || fail "unpack the tests"

# What udev and systemd would make.
mount -o move /dev /new/dev
ln -s /proc/self/fd /new/dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do
	ln -s "/proc/self/fd/${stream%:*}" "/new/dev/${stream#*:}"
done
/bin/busybox chmod 0666 /new/dev/fuse /new/dev/net/tun
mkdir -p /new/dev/pts /new/dev/shm
mount -t proc -o nosuid,nodev,noexec proc /new/proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /new/sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /new/sys/fs/cgroup
mount -t securityfs -o nosuid,nodev,noexec securityfs /new/sys/kernel/security
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /new/dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /new/dev/shm
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /new/run
/bin/busybox hostname vm
/bin/busybox ip link set lo up
exec /bin/busybox switch_root /new /bin/bash /tests/guest.sh
