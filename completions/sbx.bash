# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Generated from the option table: meson compile -C build update-docs

_sbx_arg0()
{
	local words=
	case $1 in
		--bind | --bind-try | --dev-bind | --dev-bind-try | --ro-bind | --ro-bind-try)
			words=$(compgen -f -- "$cur")
			;;
		--tmpfs | --dir | --proc | --dev | --mqueue | --remount-ro)
			words=$(compgen -f -- "$cur")
			;;
		--chdir)
			words=$(compgen -d -- "$cur")
			;;
		--symlink)
			words=$(compgen -f -- "$cur")
			;;
		--setenv | --unsetenv)
			words=$(compgen -e -- "$cur")
			;;
	esac
	[ -z "$words" ] || mapfile -t COMPREPLY <<<"$words"
}

_sbx_arg1()
{
	local words=
	case $1 in
		--bind | --bind-try | --dev-bind | --dev-bind-try | --ro-bind | --ro-bind-try | --symlink | --file | --bind-data | --ro-bind-data | --chmod)
			words=$(compgen -f -- "$cur")
			;;
	esac
	[ -z "$words" ] || mapfile -t COMPREPLY <<<"$words"
}

# How many arguments the option $1 takes; fails if it is none.
_sbx_arity()
{
	case $1 in
		--help) echo 0 ;;
		--version) echo 0 ;;
		--args) echo 1 ;;
		--argv0) echo 1 ;;
		--unshare-all) echo 0 ;;
		--share-net) echo 0 ;;
		--unshare-user) echo 0 ;;
		--unshare-user-try) echo 0 ;;
		--unshare-ipc) echo 0 ;;
		--unshare-pid) echo 0 ;;
		--unshare-net) echo 0 ;;
		--unshare-uts) echo 0 ;;
		--unshare-cgroup) echo 0 ;;
		--unshare-cgroup-try) echo 0 ;;
		--uid) echo 1 ;;
		--gid) echo 1 ;;
		--hostname) echo 1 ;;
		--bind) echo 2 ;;
		--bind-try) echo 2 ;;
		--dev-bind) echo 2 ;;
		--dev-bind-try) echo 2 ;;
		--ro-bind) echo 2 ;;
		--ro-bind-try) echo 2 ;;
		--tmpfs) echo 1 ;;
		--dir) echo 1 ;;
		--proc) echo 1 ;;
		--dev) echo 1 ;;
		--mqueue) echo 1 ;;
		--symlink) echo 2 ;;
		--file) echo 2 ;;
		--bind-data) echo 2 ;;
		--ro-bind-data) echo 2 ;;
		--remount-ro) echo 1 ;;
		--chmod) echo 2 ;;
		--perms) echo 1 ;;
		--size) echo 1 ;;
		--chdir) echo 1 ;;
		--clearenv) echo 0 ;;
		--setenv) echo 2 ;;
		--unsetenv) echo 1 ;;
		--cap-add) echo 1 ;;
		--cap-drop) echo 1 ;;
		--seccomp) echo 1 ;;
		--add-seccomp-fd) echo 1 ;;
		--exec-label) echo 1 ;;
		--file-label) echo 1 ;;
		--new-session) echo 0 ;;
		--die-with-parent) echo 0 ;;
		--as-pid-1) echo 0 ;;
		*) return 1 ;;
	esac
}

_sbx()
{
	local cur=${COMP_WORDS[COMP_CWORD]} i=1 arity word
	COMPREPLY=()
	while [ "$i" -lt "$COMP_CWORD" ]; do
		word=${COMP_WORDS[i]}
		if [ "$word" = -- ]; then
			i=$((i + 1))
			break
		fi
		arity=$(_sbx_arity "$word") || break
		if [ $((i + arity)) -ge "$COMP_CWORD" ]; then
			"_sbx_arg$((COMP_CWORD - i - 1))" "$word"
			return
		fi
		i=$((i + arity + 1))
	done
	if [ "$i" -lt "$COMP_CWORD" ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ $cur == -* && ${COMP_WORDS[COMP_CWORD - 1]} != -- ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --version --args --argv0 --unshare-all --share-net --unshare-user --unshare-user-try --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --uid --gid --hostname --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --tmpfs --dir --proc --dev --mqueue --symlink --file --bind-data --ro-bind-data --remount-ro --chmod --perms --size --chdir --clearenv --setenv --unsetenv --cap-add --cap-drop --seccomp --add-seccomp-fd --exec-label --file-label --new-session --die-with-parent --as-pid-1' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

complete -o filenames -F _sbx sbx
