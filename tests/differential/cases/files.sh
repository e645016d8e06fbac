# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# --dir, --file, --bind-data, --symlink, --chmod, --tmpfs, --remount-ro, --proc, --dev, --mqueue.

for mode in 0 7 70 700 711 750 755 777 1777 2755 4711 7777; do
	box "dir_$mode" --perms "$mode" --dir /a/b/c
	box "tmpfs_$mode" --perms "$mode" --tmpfs /a/b/c
	either box "file_$mode" --perms "$mode" --file 5 /a/b/c 5<src/f
	either box "bind_data_$mode" --perms "$mode" --bind-data 5 /a/b/c 5<src/f
done
box dir --dir /a/b/c
box dir_exists --dir /a --perms 700 --dir /a
box dir_trailing --dir /a/b/
box dir_root --dir / --perms 700 --dir ""
fails box dir_on_file --file 5 /a --dir /a 5</dev/null
fails box dir_below_file --file 5 /a --dir /a/b 5</dev/null
box dir_on_link --dir /a --symlink a /b --dir /b
either box dir_dangling --symlink nowhere /b --dir /b
box dir_host --bind . /a --dir /a/new/x --perms 711 --dir /a/other
either box dir_host_ro --ro-bind . /a --dir /a/new
either box dir_host_ro_exists --ro-bind . /a --dir /a/src
either box dir_host_closed --bind . /a --dir /a/closed/x
box dir_dot --dir /a/./b
either box dir_dots --dir /a/../b

box file --file 5 /a/b 5<src/f
box file_pipe --file 5 /a 5< <(echo from a pipe)
box file_large --file 5 /a 5< <(head -c 1000000 /dev/zero)
box file_empty --file 5 /a 5</dev/null
box file_again --file 5 /a --file 6 /a 5<src/f 6<empty
box file_host --bind . /a --file 5 /a/empty --file 6 /a/new 5<src/f 6<src/f
box file_host_below --bind . /a --file 5 /a/x/y/z 5<src/f
either box file_host_link --bind . /a --file 5 /a/src/to_f 5<src/sub/g
either box file_host_dangling --bind . /a --file 5 /a/dangling 5<src/f
fails box file_on_directory --dir /a --file 5 /a 5<src/f
fails box file_same --file 5 /a --file 5 /b 5<src/f
fails box file_directory --file 5 /a 5<src
fails box file_write_only --file 5 /a 5>new
either box file_offset --file 5 /a 5< <(read -r _; cat) 6<src/f
(
	umask 077
	box umask --dir /a/b --file 5 /c --tmpfs /d --bind-data 6 /e --bind src /f/g --symlink x /h/i \
		5<src/f 6<src/f
	box umask_host --bind . /a --dir /a/b/c --file 5 /a/d --bind private /a/e/f --symlink x /a/h/i \
		5<src/f
)

for option in bind-data ro-bind-data; do
	box "$option" "--$option" 5 /a/b 5<src/f
	box "${option}_pipe" "--$option" 5 /a 5< <(echo from a pipe)
	either box "${option}_twice" "--$option" 5 /a "--$option" 6 /a 5<src/f 6<src/sub/g
	fails box "${option}_same" "--$option" 5 /a "--$option" 5 /b 5<src/f
	fails box "${option}_on_directory" --dir /a "--$option" 5 /a 5<src/f
	box "${option}_host" --bind . /a "--$option" 5 /a/empty "--$option" 6 /a/new 5<src/f 6<src/f
	box "${option}_perms" --perms 644 "--$option" 5 /a/b 5<src/f
	either box "${option}_host_ro" --ro-bind . /a "--$option" 5 /a/empty 5<src/f
	either box "${option}_link" --file 5 /a --symlink a /b "--$option" 6 /b 5<src/f 6<src/sub/g
done

box symlink --symlink a /b/c
either box symlink_again --symlink a /b --symlink a /b
fails box symlink_other --symlink a /b --symlink c /b
fails box symlink_on_file --file 5 /b --symlink c /b 5</dev/null
fails box symlink_on_directory --dir /b --symlink c /b
fails box symlink_empty --symlink "" /b
either box symlink_trailing --symlink a /b/
box symlink_absolute --symlink /a/b /c
box symlink_host --bind . /a --symlink x /a/y/z
either box symlink_host_again --bind . /a --symlink nowhere /a/dangling
either box symlink_host_ro --ro-bind . /a --symlink x /a/y
either box symlink_host_ro_again --ro-bind . /a --symlink nowhere /a/dangling
either box symlink_root --symlink x /

box chmod --dir /a --chmod 1711 /a
box chmod_root --chmod 700 /
box chmod_link --dir /a --symlink a /b --chmod 700 /b
fails box chmod_missing --chmod 700 /a/b
either box chmod_host --bind . /a --chmod 600 /a/empty
either box chmod_host_ro --ro-bind . /a --chmod 600 /a/empty
either box chmod_dangling --bind . /a --chmod 600 /a/dangling
either box chmod_keeps_perms --perms 700 --chmod 711 / --dir /a

box tmpfs --tmpfs /a
box tmpfs_root --dir /a --tmpfs / --ro-bind "$bin" /probe
box tmpfs_again --tmpfs /a --dir /a/b --tmpfs /a --dir /a/c
box tmpfs_host --bind . /a --tmpfs /a/src --tmpfs /a/new
fails box tmpfs_on_file --file 5 /a --tmpfs /a 5</dev/null
box tmpfs_link --dir /a --symlink a /b --tmpfs /b
either box tmpfs_dangling --symlink nowhere /b --tmpfs /b
box tmpfs_below_link --symlink b /a --dir /b --tmpfs /a/c

box remount_ro --tmpfs /a --dir /a/b --remount-ro /a
box remount_ro_root --dir /a --remount-ro /
box remount_ro_below --tmpfs /a --tmpfs /a/b --remount-ro /a
box remount_ro_bind --bind src /a --remount-ro /a
box remount_ro_dev --dev /dev --remount-ro /dev
either box remount_ro_dev_bind --dev-bind /dev/null /a --remount-ro /a
box remount_ro_proc --proc /proc --remount-ro /proc
fails box remount_ro_no_mount --dir /a --remount-ro /a
fails box remount_ro_missing --remount-ro /a
box remount_ro_link --tmpfs /a --symlink a /b --remount-ro /b
box remount_ro_file --bind src/f /a --remount-ro /a
box remount_ro_twice --tmpfs /a --remount-ro /a --remount-ro /a
fails box remount_ro_then_dir --tmpfs /a --remount-ro /a --dir /a/b
box remount_ro_below_bind --bind . /a --bind src /a/src --remount-ro /a

box proc --proc /proc
box proc_pid --unshare-pid --proc /proc
box proc_all --unshare-all --proc /proc
box proc_deep --unshare-pid --proc /a/b
box proc_twice --proc /a --proc /b
fails box proc_on_file --file 5 /a --proc /a 5</dev/null
box proc_link --dir /a --symlink a /b --proc /b
box proc_bound_later --unshare-pid --proc /proc --bind src /proc/tty
box proc_with_others --unshare-pid --unshare-net --proc /proc --dev /dev

box dev --dev /dev
box dev_deep --dev /a/b
box dev_user --unshare-user --dev /dev
box dev_ids --unshare-user --uid 5 --gid 6 --dev /dev
box dev_root_id --unshare-user --uid 0 --gid 0 --dev /dev
box dev_all --unshare-all --dev /dev
box dev_twice --dev /a --dev /b
box dev_over_bind --dev-bind /dev /dev --dev /dev
box dev_then_more --dev /dev --dev-bind /dev/null /dev/mine --dir /dev/shm/x --bind src /dev/shm/y
fails box dev_on_file --file 5 /a --dev /a 5</dev/null
box dev_link --dir /a --symlink a /b --dev /b
started_by "$bin/pty" "" -- box dev_terminal --dev /dev
started_by "$bin/pty" "" -- box dev_terminal_all --unshare-all --dev /dev --new-session
started_by "$bin/pty" "" -- box terminal_bind --dev-bind /dev/tty /dev/tty
started_by "$bin/pty" "" -- box terminal_new_session --dev-bind /dev/tty /dev/tty --new-session

either box mqueue --mqueue /a
box mqueue_ipc --unshare-ipc --mqueue /a/b
box mqueue_all --unshare-all --mqueue /dev/mqueue
fails box mqueue_on_file --unshare-ipc --file 5 /a --mqueue /a 5</dev/null

fails box exec_label --exec-label x
fails box file_label --file-label x
