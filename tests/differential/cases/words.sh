# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is written wrongly, --help and the like, --args, modifiers.

box plain
either bare version --version
either bare version_and_more --version --nonsense
either bare help --help
either bare help_first --help --nonsense
fails bare help_late --nonsense --help
fails bare nothing
fails bare no_command --unshare-all
fails bare no_command_after_dashes --
says fails bare empty_command --ro-bind "$bin" /probe ""
box dashes_end_options -- /probe/probe --bind
bare no_dashes --ro-bind "$bin" /probe /probe/probe --unshare-all
says fails bare unknown --nonsense true
says fails bare unknown_equals --bind=/a true
says fails bare unknown_short -h
says fails bare unknown_prefix --unshare-al true
says fails bare unknown_dash - true

for option in args chdir remount-ro uid gid hostname tmpfs dir mqueue proc dev seccomp \
	add-seccomp-fd block-fd userns-block-fd info-fd json-status-fd userns userns2 pidns unsetenv \
	lock-file sync-fd cap-add cap-drop perms size exec-label file-label; do
	says fails bare "no_argument_$option" "--$option"
done
for option in bind bind-try dev-bind dev-bind-try ro-bind ro-bind-try symlink setenv file \
	bind-data ro-bind-data bind-fd ro-bind-fd chmod; do
	says fails bare "no_argument_$option" "--$option"
	says fails bare "one_argument_$option" "--$option" 5
done
for option in args sync-fd block-fd userns-block-fd info-fd json-status-fd seccomp add-seccomp-fd \
	userns userns2 pidns; do
	says fails bare "descriptor_${option}_empty" "--$option" "" true
	for value in x -1 5x; do
		says fails bare "descriptor_${option}_$value" "--$option" "$value" true
	done
done
for option in file bind-data ro-bind-data bind-fd ro-bind-fd; do
	says fails bare "descriptor_$option" "--$option" 5x /x true
	fails box "descriptor_closed_$option" "--$option" 99 /x
done
for option in seccomp add-seccomp-fd args userns userns2 pidns; do
	fails box "descriptor_closed_$option" "--$option" 99
done
for option in uid gid; do
	for value in x -1 5x; do
		says fails bare "id_${option}_$value" --unshare-user "--$option" "$value" true
	done
done
for option in uid gid hostname chdir sync-fd; do
	box "repeated_$option" --unshare-all "--$option" 5 "--$option" 6 --dir /6 --dir /5 \
		5</dev/null 6</dev/null
done
for value in x 8 -1 10000 07777x; do
	fails bare "perms_$value" --perms "$value" --dir /x true
	fails bare "chmod_$value" --chmod "$value" / true
done
fails bare perms_empty --perms "" --dir /x true
fails bare size_empty --size "" --tmpfs /x true
fails bare size_blank --size " 5" --tmpfs /x true
for value in x -1 0 5x +5 99999999999999999999 18446744073709551615 9223372036854775808; do
	fails bare "size_$value" --size "$value" --tmpfs /x true
done
says fails bare cap_unknown --cap-add net_admin true
says fails bare cap_unknown_drop --cap-drop CAP_NONSENSE true

# Modifiers are for the next option.
says fails bare perms_twice --perms 700 --perms 711 --dir /x true
says fails bare size_twice --size 4096 --size 8192 --tmpfs /x true
says fails bare perms_lost --perms 700 --symlink a /b true
says fails bare perms_lost_bind --perms 700 --bind "$scratch" /x true
says fails bare perms_lost_global --perms 700 --unshare-user true
says fails bare size_lost --size 4096 --dir /x true
says fails bare size_lost_perms --size 4096 --perms 700 --dir /x true
box perms_size --perms 700 --size 65536 --tmpfs /a --size 0x10000 --perms 711 --tmpfs /b
either box perms_before_command --perms 700 -- /probe/probe
either box size_before_command --size 4096 -- /probe/probe
box perms_not_kept --perms 700 --dir /a --dir /b
box size_largest --size 9223372036854775807 --tmpfs /a
box size_octal --size 0200000 --tmpfs /a
box size_rounded --size 1 --tmpfs /a

# --args
text()
{
	printf '%s\0' "$@"
}
box args --args 5 5< <(text --dir /a --perms 700 --dir /b)
box args_no_final_nul --args 5 5< <(printf '%s\0%s' --dir /a)
box args_empty --args 5 5</dev/null
box args_in_place --dir /a --args 5 --chmod 711 /a/b 5< <(text --dir /a/b)
box args_twice --args 5 --args 6 5< <(text --dir /a) 6< <(text --dir /a/b)
either box args_word_dropped --args 5 5< <(text --dir /a word --dir /b)
either box args_command_dropped --args 5 5< <(text --dir /a -- /probe/probe exit 3)
says fails box args_in_args --args 5 5< <(text --args 6)
says fails box args_split --args 5 /a 5< <(text --dir)
says fails box args_unknown --args 5 5< <(text --nonsense)
either box args_modifier --args 5 --dir /a 5< <(text --perms 700)
box args_modifier_before --perms 700 --args 5 5< <(text --dir /a)
box args_empty_word --args 5 5< <(text --dir "" --setenv X "")
either box args_many --args 5 5< <(printf -- '--unshare-user\0%.0s' {1..8000})
says either box args_too_many --args 5 5< <(printf -- '--unshare-user\0%.0s' {1..9100})
fails box args_directory --args 5 5<"$scratch"
fails box args_write_only --args 5 5>out
fails box args_closed_after --args 5 --args 5 5</dev/null
