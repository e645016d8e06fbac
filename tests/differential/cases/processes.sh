# shellcheck shell=bash disable=SC2094,SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Processes, statuses, signals, and what is told about them.

# send SIGNAL: to the monitor; kill it if that does not end it.
send()
{
	local i
	running
	kill "-$1" "$monitor"
	for ((i = 0; i < 20; i++)); do
		kill -0 "$monitor" 2>/dev/null || return 0
		sleep 0.01
	done
	echo "$1 does not end it"
	kill -KILL "$monitor"
}

for way in "" "--unshare-pid" "--unshare-pid --as-pid-1" "--unshare-all --die-with-parent" \
	"--die-with-parent" "--new-session"; do
	# shellcheck disable=SC2206 # words
	more=($way)
	name=${way//[^a-z1]/}
	box "way_$name" "${more[@]}"
	for status in 1 42 125 127 255; do
		ends "$status" box "exit_${status}_$name" "${more[@]}" -- /probe/probe exit "$status"
	done
	for signal in 2 9 11 15; do
		either box "kill_${signal}_$name" "${more[@]}" -- /probe/probe kill "$signal"
	done
	says fails box "no_command_$name" "${more[@]}" -- /nowhere/x
	says fails box "directory_command_$name" "${more[@]}" -- /probe
	either box "background_$name" "${more[@]}" -- /probe/probe background
	either box "status_$name" "${more[@]}" --json-status-fd 5 --info-fd 6 5>json 6>info \
		-- /probe/probe and exit 42
	either box "status_killed_$name" "${more[@]}" --json-status-fd 5 5>json -- /probe/probe and kill 9
	either box "status_no_command_$name" "${more[@]}" --json-status-fd 5 --info-fd 6 5>json 6>info \
		-- /nowhere/x
	either box "status_no_setup_$name" "${more[@]}" --bind missing /a \
		--json-status-fd 5 --info-fd 6 5>json 6>info
	signals=(TERM INT)
	[[ $way == *-* && $way != --unshare-pid ]] || signals+=(HUP QUIT USR1 USR2 ALRM PIPE)
	for signal in "${signals[@]}"; do
		meanwhile "send $signal" either box "signal_${signal}_$name" "${more[@]}" -- /probe/probe pause
	done
	meanwhile 'running; kill -KILL "$monitor"' \
		either box "signal_KILL_$name" "${more[@]}" -- /probe/probe pause
	meanwhile 'running; kill -KILL "$(child "$monitor")"' \
		either box "child_killed_$name" "${more[@]}" -- /probe/probe pause
	meanwhile 'running; kill -TERM "$(sandboxed "$monitor")"' \
		either box "command_terminated_$name" "${more[@]}" -- /probe/probe pause
	meanwhile 'running; kill -STOP "$(sandboxed "$monitor")"; sleep 0.1; kill -CONT "$(sandboxed "$monitor")"
		kill -TERM "$(sandboxed "$monitor")"' \
		either box "command_stopped_$name" "${more[@]}" -- /probe/probe pause
done
says fails bare command_not_in_path --ro-bind "$bin" /probe -- nowhere
says fails box command_not_executable --file 5 /a 5</dev/null -- /a
says fails box command_bad --perms 755 --file 5 /a 5< <(printf '\177ELF') -- /a
either box command_script --perms 755 --file 5 /a 5< <(printf '#!/probe/probe\n') -- /a x
says fails box command_no_interpreter --perms 755 --file 5 /a 5< <(printf '#!/nowhere\n') -- /a
either bare command_itself_all --bind / / --unshare-all --dev /dev --proc /proc -- \
	"$launcher" --bind / / --unshare-all --dev /dev --proc /proc -- "$bin/probe"

for signal in HUP INT TERM PIPE USR1; do
	started_by env --ignore-signal=$signal -- box "ignored_$signal"
	started_by env --block-signal=$signal -- box "blocked_$signal"
	started_by env --ignore-signal=$signal -- box "ignored_${signal}_pid" --unshare-pid
	started_by env --block-signal=$signal -- box "blocked_${signal}_pid" --unshare-pid
done
started_by env --ignore-signal=CHLD -- either box ignored_CHLD -- /probe/probe exit 7
started_by env --block-signal=CHLD -- box blocked_CHLD
started_by env --block-signal -- box blocked_all --unshare-all
started_by env --ignore-signal --default-signal=CHLD -- box ignored_all --unshare-all
started_by env --ignore-signal=TERM -- meanwhile 'running; kill -TERM "$monitor"; sleep 0.1
	kill -KILL "$(sandboxed "$monitor")"' either box ignored_TERM_sent -- /probe/probe pause
started_by setsid -- box own_session
started_by setsid -- box own_session_new --new-session
started_by nice -n 5 -- box niced
started_by sh -c 'echo 500 >/proc/self/oom_score_adj; exec "$@"' - -- box oom
started_by prlimit --nofile=100:200 --core=0 -- box limits
started_by bash -c '(exit 9) & exec "$@"' - -- ends 5 box inherited_child -- /probe/probe exit 5
started_by bash -c 'sleep 100 & exec "$@"' - -- either box inherited_running

# --- Waiting and telling ----------------------------------------------------------

box info --info-fd 5 5>info
box info_all --unshare-all --info-fd 5 5>info
box info_files --unshare-all --dev /dev --proc /proc --info-fd 5 --json-status-fd 6 5>info 6>json
box info_user --unshare-user --info-fd 5 5>info
box info_each --unshare-pid --unshare-net --info-fd 5 --json-status-fd 6 5>info 6>json
fails box status_same --info-fd 5 --json-status-fd 5 5>json
says box info_twice --info-fd 6 --info-fd 5 5>info 6>other
says box status_twice --json-status-fd 6 --json-status-fd 5 5>json 6>other
says either box info_closed --info-fd 99
says either box status_closed --json-status-fd 99
either box info_read_only --info-fd 5 5</dev/null
either box status_read_only --json-status-fd 5 5</dev/null
either box info_full --info-fd 5 5>/dev/full
either box status_full --json-status-fd 5 5>/dev/full
started_by sh -c 'exec 5>fifo; sleep 0.1; exec "$@"' - -- \
	meanwhile 'timeout 5 sh -c ": <\"\$1\"" - "$scratch/fifo"' \
	either box info_reader_gone --unshare-pid --info-fd 5

# Let the launcher, which reads the fifo, go on.
go_on()
{
	timeout 5 sh -c 'echo x >"$1"' - "$scratch/fifo"
}

box block --block-fd 5 5< <(sleep 0.05; echo x)
box block_end_of_file --block-fd 5 5</dev/null
either box block_closed --block-fd 99
either box block_directory --block-fd 5 5<src
either box block_write_only --block-fd 5 5>new
started_by sh -c 'exec 5<>fifo; exec "$@"' - -- meanwhile 'sleep 0.1; wc -c <"$run/facts"
	wc -l <"$scratch/json"; go_on' \
	either box block_waits --unshare-pid --block-fd 5 --json-status-fd 6 6>json
started_by sh -c 'exec 5<>fifo; exec "$@"' - -- meanwhile 'sleep 0.1; kill -TERM "$monitor"' \
	either box block_terminated --block-fd 5 --die-with-parent
says box block_twice --block-fd 99 --block-fd 5 5</dev/null

# Map the ids of the process that info tells about, then let it go on.
map_ids()
{
	local pid
	eventually grep -q '}' "$scratch/info" || return
	pid=$(sed -n 's/.*"child-pid": \([0-9]*\).*/\1/p' "$scratch/info")
	[ "$who" = root ] || echo deny >"/proc/$pid/setgroups"
	echo "$1 $(id -u) 1" >"/proc/$pid/uid_map"
	echo "$1 $(id -g) 1" >"/proc/$pid/gid_map"
	go_on
}

blocked_by_fifo=(started_by sh -c 'exec 5<>fifo; exec "$@"' - --)
"${blocked_by_fifo[@]}" meanwhile "map_ids $(id -u)" \
	either box userns_block --unshare-user --userns-block-fd 5 --info-fd 6 6>info
"${blocked_by_fifo[@]}" meanwhile 'map_ids 0' \
	either box userns_block_root --unshare-user --uid 0 --gid 0 --userns-block-fd 5 --info-fd 6 6>info
"${blocked_by_fifo[@]}" meanwhile 'map_ids 5' \
	either box userns_block_ids --unshare-user --uid 5 --gid 5 --userns-block-fd 5 --info-fd 6 6>info
"${blocked_by_fifo[@]}" meanwhile 'map_ids 0' \
	either box userns_block_all --unshare-all --unshare-user --userns-block-fd 5 --info-fd 6 \
	--proc /proc --dev /dev --json-status-fd 7 6>info 7>json
either box userns_block_no_maps --unshare-user --userns-block-fd 5 --info-fd 6 5</dev/null 6>info
either box userns_block_closed --unshare-user --userns-block-fd 99 --info-fd 6 6>info

box sync --sync-fd 5 5>new
box sync_pid --unshare-pid --sync-fd 5 5>new
box sync_pid_1 --unshare-pid --as-pid-1 --sync-fd 5 5>new
either box sync_closed --sync-fd 99
says box sync_twice --sync-fd 6 --sync-fd 5 5>new 6>other
# The descriptor stays open until the last process of the sandbox has ended.
for way in "" "--unshare-pid"; do
	started_by sh -c 'exec 5<>fifo; exec 6>fifo 5<&-; exec "$@"' - -- \
		meanwhile 'running; timeout 0.1 cat "$scratch/fifo"; echo "status $?"' \
		either box "sync_stays_${way//-/}" ${way:+"$way"} --sync-fd 6 -- /probe/probe background
done

held_lock()
{
	running
	"$bin/probe" locked "$1"
	kill -KILL "$(sandboxed "$monitor")"
}
box lock --lock-file /probe/probe
box lock_pid --unshare-pid --lock-file /probe/probe
box lock_two --bind . /a --lock-file /a/empty --lock-file /a/src/f
meanwhile 'held_lock "$scratch/empty"' \
	either box lock_held --bind . /a --lock-file /a/empty -- /probe/probe pause
meanwhile 'held_lock "$scratch/empty"' \
	either box lock_held_pid --unshare-pid --bind . /a --lock-file /a/empty -- /probe/probe pause
box lock_read_only --ro-bind . /a --lock-file /a/empty
either box lock_missing --lock-file /a/b
either box lock_missing_pid --unshare-pid --lock-file /a/b
either box lock_directory --unshare-pid --bind . /a --lock-file /a
either box lock_secret --unshare-pid --bind . /a --lock-file /a/secret
either box lock_locked --unshare-pid --bind . /a --lock-file /a/empty --json-status-fd 5 5>json
box lock_link --bind . /a --lock-file /a/src/to_f
box lock_and_sync --unshare-all --lock-file /probe/probe --sync-fd 5 5>new

# --- The parent's end ---------------------------------------------------------------

# The launcher is the child of a shell that is killed.
for way in "--die-with-parent" "--die-with-parent --unshare-pid" "--unshare-pid" \
	"--die-with-parent --unshare-pid --as-pid-1" "--die-with-parent --unshare-all --dev /dev"; do
	# shellcheck disable=SC2206 # words
	more=($way)
	started_by bash -c '"$@" & wait' - -- meanwhile 'running; kill -KILL "$monitor"' \
		either box "parent_killed_${way//[^a-z1]/}" "${more[@]}" -- /probe/probe pause
done
