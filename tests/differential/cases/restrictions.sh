# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Capabilities, seccomp.

for ids in "" "--unshare-user" "--unshare-user --uid 0 --gid 0" "--unshare-user --dev /dev"; do
	# shellcheck disable=SC2206 # words
	more=($ids)
	name=caps${ids//[^a-z0]/}
	box "${name}_add" "${more[@]}" --cap-add CAP_SYS_ADMIN
	box "${name}_add_two" "${more[@]}" --cap-add CAP_CHOWN --cap-add cap_kill
	box "${name}_add_all" "${more[@]}" --cap-add ALL
	box "${name}_add_number" "${more[@]}" --cap-add 12
	box "${name}_drop" "${more[@]}" --cap-drop CAP_SYS_ADMIN
	box "${name}_drop_all" "${more[@]}" --cap-drop all
	box "${name}_drop_all_add" "${more[@]}" --cap-drop ALL --cap-add CAP_CHOWN
	box "${name}_add_all_drop" "${more[@]}" --cap-add ALL --cap-drop CAP_CHOWN
	box "${name}_add_drop" "${more[@]}" --cap-add CAP_CHOWN --cap-drop CAP_CHOWN
	box "${name}_drop_add" "${more[@]}" --cap-drop CAP_CHOWN --cap-add CAP_CHOWN
	box "${name}_session" "${more[@]}" --cap-add CAP_CHOWN --new-session --unshare-pid
	box "${name}_pid_1" "${more[@]}" --cap-add CAP_CHOWN --unshare-pid --as-pid-1
done
either box caps_number_too_large --cap-add 63
either box caps_number_huge --cap-add 99999
fails box caps_empty --cap-add ""
either box caps_prefixless --cap-add chown
box caps_mixed_case --cap-add Cap_Chown
if_root started_by setpriv --bounding-set -chown -- box caps_bounded
if_root started_by setpriv --bounding-set -chown -- either box caps_bounded_add --cap-add CAP_CHOWN
if_root started_by setpriv --bounding-set -chown -- either box caps_bounded_all --cap-add ALL
if_root started_by setpriv --inh-caps +chown --ambient-caps +chown -- box caps_ambient
if_root started_by setpriv --inh-caps +chown --ambient-caps +chown -- \
	box caps_ambient_user --unshare-user
if_root started_by setpriv --inh-caps +chown -- box caps_inherited_drop --cap-drop CAP_CHOWN
if_root started_by setpriv --securebits +noroot -- either box caps_securebits
if_root started_by setpriv --groups 5,6 -- box groups
if_root started_by setpriv --groups 5,6 -- box groups_user --unshare-user
if_root started_by setpriv --regid 5 --clear-groups -- box group_other
if_root started_by setpriv --regid 5 --clear-groups -- box group_other_user --unshare-user --dev /dev
if_root started_by setpriv --no-new-privs -- box no_new_privileges

# --- seccomp ----------------------------------------------------------------------

filter()
{
	"$bin/filter" print "$@"
}

for option in seccomp add-seccomp-fd; do
	box "$option" "--$option" 5 5< <(filter 1 uname)
	box "${option}_pid" "--$option" 5 --unshare-pid 5< <(filter 1 uname)
	box "${option}_pid_1" "--$option" 5 --unshare-pid --as-pid-1 5< <(filter 1 uname)
	box "${option}_user" "--$option" 5 --unshare-all --dev /dev 5< <(filter 1 uname)
	box "${option}_caps" "--$option" 5 --cap-add CAP_CHOWN 5< <(filter 1 uname)
	box "${option}_file" "--$option" 5 5< <(filter 1 uname >code && cat code)
	either box "${option}_kill" "--$option" 5 5< <(filter kill uname)
	either box "${option}_trap" "--$option" 5 5< <(filter trap uname)
	says fails box "${option}_empty" "--$option" 5 5</dev/null
	fails box "${option}_odd_length" "--$option" 5 5< <(printf 123456789)
	says either box "${option}_invalid" "--$option" 5 5< <(head -c 16 /dev/zero)
	fails box "${option}_too_long" "--$option" 5 5< <(head -c $((4097 * 8)) /dev/zero)
	fails box "${option}_directory" "--$option" 5 5<src
	box "${option}_set_up" "--$option" 5 --unshare-uts --hostname x \
		5< <(filter kill sethostname openat2)
	either box "${option}_no_clone3" "--$option" 5 --unshare-pid 5< <(filter 38 clone3)
	either box "${option}_session" "--$option" 5 --new-session --chdir / 5< <(filter kill uname)
done
says box seccomp_twice --seccomp 6 --seccomp 5 5< <(filter 1 uname) 6< <(filter kill uname)
box seccomp_two --add-seccomp-fd 5 --add-seccomp-fd 6 5< <(filter 1 uname) 6< <(filter 13 uname)
box seccomp_three --add-seccomp-fd 5 --add-seccomp-fd 6 --add-seccomp-fd 7 \
	5< <(filter 1 uname) 6< <(filter 13 socket) 7< <(filter 38 getppid)
either box seccomp_same --add-seccomp-fd 5 --add-seccomp-fd 5 5< <(filter 1 uname)
either box seccomp_second_bad --add-seccomp-fd 5 --add-seccomp-fd 6 5< <(filter 1 uname) 6</dev/null
started_by sh -c 'exec "$0/filter" run 1 uname -- "$@"' "$bin" -- box seccomp_outside
