# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Binds: sources, destinations, flags.

for option in bind dev-bind ro-bind bind-try dev-bind-try ro-bind-try; do
	box "$option" "--$option" src /a
	box "${option}_file" "--$option" src/f /a
	box "${option}_link" "--$option" link/to_f /a/b/c
	box "${option}_absolute" "--$option" "$scratch/src/sub" /a/
	box "${option}_dots" "--$option" src/sub/.. a
	either box "${option}_closed" "--$option" closed /a
	either box "${option}_below_closed" "--$option" closed/f /a
	either box "${option}_secret" "--$option" secret /a
	box "${option}_fifo" "--$option" fifo /a
	box "${option}_device" "--$option" /dev/null /a
	either box "${option}_missing" "--$option" missing /a
	either box "${option}_dangling" "--$option" dangling /a
	either box "${option}_empty" "--$option" "" /a
	fails box "${option}_loop" "--$option" loop /a
	fails box "${option}_below_file" "--$option" src/f/x /a
	fails box "${option}_file_on_directory" --dir /a "--$option" src/f /a
	fails box "${option}_directory_on_file" --file 5 /a "--$option" src /a 5</dev/null
	either box "${option}_elsewhere" "--$option" "${scratch#/}/src" /a
done
box bind_proc --bind /proc /proc
host bind_root
bare bind_root_ro --ro-bind / / -- "$bin/probe"
bare bind_root_dev --dev-bind / / -- "$bin/probe"
host bind_root_all --unshare-all
host bind_root_proc_dev --unshare-all --proc /proc --dev /dev --tmpfs /tmp --bind "$work" "$work"
host bind_root_nested --bind "$scratch/src" "$scratch/private"
box bind_on_itself --bind src /a --bind src /a
box bind_order --tmpfs /a --bind src /a/b --tmpfs /a
box bind_over_root --dir /before --bind src / --ro-bind "$bin" /probe
box bind_empty_destination --bind src "" --ro-bind "$bin" /probe
box bind_relative_destination --bind src a/b
box bind_twice --bind src /a --ro-bind src /b
box bind_below_bind --bind src /a --bind private /a/new/x
box bind_file_below_bind --bind src /a --bind empty /a/new/x --ro-bind empty /a/sub/y
either box bind_below_ro --ro-bind src /a --bind private /a/new
box bind_on_existing_below_ro --ro-bind src /a --bind private /a/sub
box bind_on_fifo --bind . /a --bind src/f /a/fifo
box bind_through_link --dir /a/b --symlink a /c --bind src /c/b
box bind_on_link --dir /a --symlink a /b --bind src /b
either box bind_absolute_link --dir /a/b --symlink /a /c --bind src /c/b
either box bind_on_absolute_link --dir /a --symlink /a /b --bind src /b
either box bind_on_dangling_link --symlink nowhere /b --bind src /b
either box bind_file_on_dangling_link --symlink nowhere /b --bind src/f /b
either box bind_host_link --bind . /a --bind src /a/link/new
either box bind_host_dangling --bind . /a --bind src /a/dangling
either box bind_host_loop --bind . /a --bind src /a/loop
fails box bind_below_bound_file --bind src/f /a --bind src /a/b
either box bind_dots_inside --dir /a/b --bind src /a/b/../c
either box bind_dots_out --bind src /../a
either box bind_dots_out_far --bind src /../../a
either box dir_in_old_root --dir "/../oldroot$scratch/made"
box bind_slashes --bind src //a///b//
box bind_dot --bind src /a/./b
fails box bind_inner_source --tmpfs /t --bind /t/x /b
box bind_long_name --bind src "/$(printf 'x%.0s' {1..255})"
fails box bind_too_long_name --bind src "/$(printf 'x%.0s' {1..256})"
box bind_odd_names --bind src $'/a b\tc\nd' --bind src '/\x' --bind src /ü

box bind_fd --bind-fd 5 /a 5<src
box bind_fd_file --bind-fd 5 /a 5<src/f
box ro_bind_fd --ro-bind-fd 5 /a 5<src
box bind_fd_twice --bind-fd 5 /a --bind-fd 6 /b 5<src 6<src
either box bind_fd_same --bind-fd 5 /a --bind-fd 5 /b 5<src
either box bind_fd_pipe --bind-fd 5 /a 5< <(true)
started_by sh -c 'rm empty; exec "$@"' - -- either box bind_fd_removed --bind-fd 5 /a 5<empty

# Flags that a mount has on the host stay.
mount_both()
{
	mount -t tmpfs -o "$1" above "$work/mounted" && mkdir "$work/mounted/sub" &&
		mount -t tmpfs -o ro,noatime below "$work/mounted/sub"
}

unmount_both()
{
	umount "$work/mounted/sub" "$work/mounted"
}

# What is mounted on the host while the sandbox is there: whether that can be seen in it.
late_mount()
{
	running
	mount -t tmpfs late "$work/mounted/late"
	grep -c /a/late "/proc/$(sandboxed "$monitor")/mountinfo"
	umount "$work/mounted/late"
	kill -KILL "$(sandboxed "$monitor")"
}

mounts_of_the_host()
{
	local option spread
	for option in bind dev-bind ro-bind; do
		mount_both noexec,nosuid
		box "${option}_of_strict" "--$option" "$work/mounted" /a
		unmount_both
		mount_both rw,nodiratime
		box "${option}_of_loose" "--$option" "$work/mounted" /a
		unmount_both
		for spread in private unbindable slave shared; do
			mount_both rw
			mount "--make-$spread" "$work/mounted/sub"
			box "${option}_of_$spread" "--$option" "$work/mounted" /a
			unmount_both
		done
	done
	mount_both rw
	box bind_remount_ro_of_two --bind "$work/mounted" /a --remount-ro /a
	mount -o remount,ro "$work/mounted"
	box bind_of_ro --bind "$work/mounted" /a
	box bind_below_of_ro --bind "$work/mounted" /a --bind src /a/sub
	unmount_both
	mount --bind "$work/mounted" "$work/mounted" && mkdir -p "$work/mounted/late"
	meanwhile late_mount either box bind_mounted_late --bind "$work/mounted" /a -- /probe/probe pause
	umount "$work/mounted"
}
if_root mounts_of_the_host
