# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Generated from the option table: meson compile -C build update-docs

_sbx_arg0()
{
	local words=
	case $1 in
		--bind | --bind-try | --dev-bind | --dev-bind-try | --ro-bind | --ro-bind-try | --free-bind | --overlay-src)
			words=$(compgen -f -- "$cur")
			;;
		--tmp-overlay | --ro-overlay | --tmpfs | --dir | --proc | --sys | --dev | --mqueue | --remount-ro | --mask | --mask-try | --ro | --deny-create | --lock-file)
			words=$(compgen -f -- "$cur")
			;;
		--chdir)
			words=$(compgen -d -- "$cur")
			;;
		--overlay)
			words=$(compgen -d -- "$cur")
			;;
		--symlink)
			words=$(compgen -f -- "$cur")
			;;
		--setenv | --unsetenv)
			words=$(compgen -e -- "$cur")
			;;
		--propagation)
			words=$(compgen -W "private slave" -- "$cur")
			;;
		--proc-subset)
			words=$(compgen -W pid -- "$cur")
			;;
		--hidepid)
			words=$(compgen -W "off noaccess invisible ptraceable" -- "$cur")
			;;
	esac
	[ -z "$words" ] || mapfile -t COMPREPLY <<<"$words"
}

_sbx_arg1()
{
	local words=
	case $1 in
		--bind | --bind-try | --dev-bind | --dev-bind-try | --ro-bind | --ro-bind-try | --bind-fd | --ro-bind-fd | --free-bind | --symlink | --file | --bind-data | --ro-bind-data | --chmod)
			words=$(compgen -f -- "$cur")
			;;
		--overlay)
			words=$(compgen -d -- "$cur")
			;;
	esac
	[ -z "$words" ] || mapfile -t COMPREPLY <<<"$words"
}

_sbx_arg2()
{
	local words=
	case $1 in
		--overlay)
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
		--level-prefix) echo 0 ;;
		--verbose) echo 0 ;;
		--strict-kernel) echo 0 ;;
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
		--hostname) echo 1 ;;
		--uid) echo 1 ;;
		--gid) echo 1 ;;
		--userns) echo 1 ;;
		--userns2) echo 1 ;;
		--pidns) echo 1 ;;
		--disable-userns) echo 0 ;;
		--allow-userns) echo 0 ;;
		--assert-userns-disabled) echo 0 ;;
		--bind) echo 2 ;;
		--bind-try) echo 2 ;;
		--dev-bind) echo 2 ;;
		--dev-bind-try) echo 2 ;;
		--ro-bind) echo 2 ;;
		--ro-bind-try) echo 2 ;;
		--bind-fd) echo 2 ;;
		--ro-bind-fd) echo 2 ;;
		--free-bind) echo 2 ;;
		--overlay) echo 3 ;;
		--tmp-overlay) echo 1 ;;
		--ro-overlay) echo 1 ;;
		--tmpfs) echo 1 ;;
		--dir) echo 1 ;;
		--proc) echo 1 ;;
		--sys) echo 1 ;;
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
		--overlay-src) echo 1 ;;
		--mask) echo 1 ;;
		--mask-try) echo 1 ;;
		--ro) echo 1 ;;
		--deny-create) echo 1 ;;
		--protect-or-die) echo 0 ;;
		--protect-try) echo 0 ;;
		--proc-subset) echo 1 ;;
		--hidepid) echo 1 ;;
		--proc-unmasked) echo 0 ;;
		--propagation) echo 1 ;;
		--no-symlinks) echo 0 ;;
		--lock-mounts) echo 0 ;;
		--no-lock-mounts) echo 0 ;;
		--file-label) echo 1 ;;
		--argv0) echo 1 ;;
		--chdir) echo 1 ;;
		--umask) echo 1 ;;
		--clearenv) echo 0 ;;
		--setenv) echo 2 ;;
		--unsetenv) echo 1 ;;
		--close-fds) echo 0 ;;
		--keep-fd) echo 1 ;;
		--cap-add) echo 1 ;;
		--cap-drop) echo 1 ;;
		--seccomp) echo 1 ;;
		--add-seccomp-fd) echo 1 ;;
		--no-tty-filter) echo 0 ;;
		--no-signal-scope) echo 0 ;;
		--keep-keyring) echo 0 ;;
		--allow-io-uring) echo 0 ;;
		--exec-label) echo 1 ;;
		--not-a-security-boundary) echo 0 ;;
		--new-session) echo 0 ;;
		--as-pid-1) echo 0 ;;
		--die-with-parent) echo 0 ;;
		--kill-on-exit) echo 0 ;;
		--kill-on-exit-after) echo 1 ;;
		--keep-running) echo 0 ;;
		--teardown-timeout) echo 1 ;;
		--info-fd) echo 1 ;;
		--json-status-fd) echo 1 ;;
		--block-fd) echo 1 ;;
		--userns-block-fd) echo 1 ;;
		--sync-fd) echo 1 ;;
		--lock-file) echo 1 ;;
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
		mapfile -t COMPREPLY < <(compgen -W '--help --version --args --level-prefix --verbose --strict-kernel --unshare-all --share-net --unshare-user --unshare-user-try --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --hostname --uid --gid --userns --userns2 --pidns --disable-userns --allow-userns --assert-userns-disabled --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --bind-fd --ro-bind-fd --free-bind --overlay --tmp-overlay --ro-overlay --tmpfs --dir --proc --sys --dev --mqueue --symlink --file --bind-data --ro-bind-data --remount-ro --chmod --perms --size --overlay-src --mask --mask-try --ro --deny-create --protect-or-die --protect-try --proc-subset --hidepid --proc-unmasked --propagation --no-symlinks --lock-mounts --no-lock-mounts --file-label --argv0 --chdir --umask --clearenv --setenv --unsetenv --close-fds --keep-fd --cap-add --cap-drop --seccomp --add-seccomp-fd --no-tty-filter --no-signal-scope --keep-keyring --allow-io-uring --exec-label --not-a-security-boundary --new-session --as-pid-1 --die-with-parent --kill-on-exit --kill-on-exit-after --keep-running --teardown-timeout --info-fd --json-status-fd --block-fd --userns-block-fd --sync-fd --lock-file' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

complete -o filenames -F _sbx sbx
