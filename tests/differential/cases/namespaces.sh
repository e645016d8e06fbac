# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Namespaces, ids, the host's name; user and PID namespaces of other creators.

for kind in user user-try ipc pid net uts cgroup cgroup-try all; do
	box "unshare_$kind" "--unshare-$kind"
	box "unshare_${kind}_files" "--unshare-$kind" --proc /proc --dev /dev --tmpfs /tmp
done
box unshare_some --unshare-user --unshare-pid --unshare-ipc
box unshare_rest --unshare-net --unshare-uts --unshare-cgroup
box unshare_twice --unshare-pid --unshare-pid --unshare-all
box share_net --unshare-all --share-net
box share_net_first --share-net --unshare-all
box share_net_after_net --unshare-net --share-net
box share_net_then_net --unshare-all --share-net --unshare-net
box share_net_alone --share-net
box share_net_files --unshare-all --share-net --dev /dev --proc /proc

for id in 0 1 1000 65533 65534 65535 4294967294; do
	either box "uid_$id" --unshare-user --uid "$id"
	either box "gid_$id" --unshare-user --gid "$id"
	either box "ids_dev_$id" --unshare-user --uid "$id" --gid "$id" --dev /dev
done
either box uid_no_id --unshare-user --uid 4294967295
either box uid_too_large --unshare-user --uid 99999999999
either box gid_too_large --unshare-user --gid 4294967296
either box uid_blank --unshare-user --uid " 5"
says either box uid_alone --uid 5
says either box gid_alone --gid 5
either box uid_own --uid "$(id -u)" --gid "$(id -g)"
either box uid_user_try --unshare-user-try --uid 5
either box ids_all --unshare-all --uid 5 --gid 6 --dir /a --file 5 /b --proc /proc 5</dev/null
box ids_bind --unshare-user --uid 5 --gid 6 --bind . /a --dir /a/new/x
box root_id --unshare-user --uid 0 --gid 0
box root_id_files --unshare-all --uid 0 --gid 0 --proc /proc --dev /dev --mqueue /mq

box hostname --unshare-uts --hostname inside
box hostname_all --unshare-all --hostname inside.example
box hostname_empty --unshare-uts --hostname ""
says box hostname_twice --unshare-uts --hostname a --hostname b
box hostname_long --unshare-uts --hostname "$(printf 'x%.0s' {1..64})"
fails box hostname_too_long --unshare-uts --hostname "$(printf 'x%.0s' {1..65})"
says fails box hostname_alone --hostname inside
box hostname_first --hostname inside --unshare-uts
either box hostname_perms --perms 700 --unshare-uts --hostname inside

# --- What excludes what -----------------------------------------------------------

says fails box userns_block_without_user --userns-block-fd 5 --info-fd 6 5</dev/null 6>out
says fails box userns_block_without_info --unshare-user --userns-block-fd 5 5</dev/null
says fails box userns_and_user --userns 5 --unshare-user 5</dev/null
says fails box userns_and_user_try --userns 5 --unshare-user-try 5</dev/null
says fails box userns_and_all --userns 5 --unshare-all 5</dev/null
says fails box disable_without_user --disable-userns
says fails box disable_with_all --unshare-all --disable-userns
says fails box disable_and_block --unshare-user --disable-userns --userns-block-fd 5 --info-fd 6 \
	5</dev/null 6>out
says fails box pid_1_without_pid --as-pid-1
says fails box pid_1_and_lock --unshare-pid --as-pid-1 --lock-file /probe/probe
says fails box both_seccomp --seccomp 5 --add-seccomp-fd 6 5</dev/null 6</dev/null
says fails box first_of_two --hostname x --as-pid-1
says fails bare conflict_no_command --as-pid-1 --hostname x
either bare conflict_help --as-pid-1 --help

# --- --disable-userns -------------------------------------------------------------

box disable_userns --unshare-user --disable-userns
box disable_userns_dev --unshare-user --disable-userns --dev /dev --proc /proc
box disable_userns_ids --unshare-user --disable-userns --uid 5 --gid 6
box disable_userns_root --unshare-user --disable-userns --uid 0 --gid 0
box disable_userns_all --unshare-all --unshare-user --disable-userns --proc /proc
box disable_userns_caps --unshare-user --disable-userns --cap-add CAP_SYS_ADMIN
box disable_userns_assert --unshare-user --disable-userns --assert-userns-disabled
box disable_userns_pid_1 --unshare-user --unshare-pid --disable-userns --as-pid-1
says fails box assert_userns --assert-userns-disabled
says fails box assert_userns_user --unshare-user --assert-userns-disabled
says fails box assert_userns_all --unshare-all --dev /dev --assert-userns-disabled

# --- Namespaces of others -----------------------------------------------------------

# hold NAME UNSHARE_OPTION...: make namespaces that a process keeps, and set $NAME to it.
hold()
{
	local name=$1
	shift
	rm -f "$run/held"
	unshare "$@" "$bin/probe" pause >"$run/held" &
	held+=($!)
	disown
	eventually grep -q ready "$run/held"
	printf -v "$name" %s "$(sandboxed $!)"
}

namespaces_of_others()
{
	box userns --userns 5 5<"/proc/$users/ns/user"
	box userns_files --userns 5 --proc /proc --dev /dev --tmpfs /tmp 5<"/proc/$users/ns/user"
	box userns_rest --userns 5 --unshare-pid --unshare-net --unshare-uts --unshare-ipc \
		--unshare-cgroup --hostname x 5<"/proc/$users/ns/user"
	box userns_ids --userns 5 --uid 0 --gid 0 5<"/proc/$users/ns/user"
	either box userns_ids_unmapped --userns 5 --uid 5 --gid 6 5<"/proc/$users/ns/user"
	either box userns_caps --userns 5 --cap-add CAP_CHOWN 5<"/proc/$users/ns/user"
	either box userns_wrong --userns 5 5<"/proc/$users/ns/net"
	either box userns_same --userns 5 5</proc/self/ns/user
	either box userns_file --userns 5 5<src/f
	says either box userns_twice --userns 6 --userns 5 5<"/proc/$users/ns/user" 6<src/f
	either box userns_disable --userns 5 --disable-userns 5<"/proc/$users/ns/user"
	says either box userns_assert --userns 5 --assert-userns-disabled 5<"/proc/$users/ns/user"
	either box userns2_alone --userns2 5 5<"/proc/$users/ns/user"
	either box userns2_same --userns 5 --userns2 6 5<"/proc/$users/ns/user" 6<"/proc/$users/ns/user"
	either box userns2_other --userns 5 --userns2 6 5<"/proc/$users/ns/user" 6<"/proc/$below/ns/user"
	either box userns2_file --userns2 5 5<src/f
	box pidns --userns 5 --pidns 6 5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid"
	box pidns_proc --userns 5 --pidns 6 --proc /proc --dev /dev \
		5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid"
	box pidns_pid --userns 5 --pidns 6 --unshare-pid --proc /proc \
		5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid"
	either box pidns_status --userns 5 --pidns 6 --json-status-fd 7 --info-fd 4 \
		5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid" 7>json 4>info -- /probe/probe and exit 3
	either box pidns_pid_status --userns 5 --pidns 6 --unshare-pid --json-status-fd 7 --info-fd 4 \
		5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid" 7>json 4>info -- /probe/probe and exit 3
	either box pidns_killed --userns 5 --pidns 6 5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid" \
		-- /probe/probe kill 9
	either box pidns_no_userns --pidns 5 5<"/proc/$below/ns/pid"
	either box pidns_wrong --userns 5 --pidns 6 5<"/proc/$below/ns/user" 6<"/proc/$below/ns/net"
	either box pidns_same --pidns 5 5</proc/self/ns/pid
	either box pidns_file --pidns 5 5<src/f
	says either box pidns_twice --userns 5 --pidns 7 --pidns 6 \
		5<"/proc/$below/ns/user" 6<"/proc/$below/ns/pid" 7<src/f
}
held=()
trap 'kill -KILL "${held[@]}"' EXIT
hold users --user --map-root-user
hold below --user --map-root-user --pid --fork --kill-child
namespaces_of_others
kill -KILL "${held[@]}"
trap - EXIT
