#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Environment, working directory and name of COMMAND.
. "$(dirname "$0")/lib.sh"

# env_is LINES OPTION...: with FOO=1 and BAR=2 around, the environment inside is LINES, sorted.
env_is()
{
	local lines=$1
	shift
	prints "$lines" env -i FOO=1 BAR=2 PATH=/usr/bin /bin/bash -c \
		"$(declare -f box bare_box); sbx=$sbx; "'cd / && box "$@" -- /usr/bin/env | sort' - "$@"
}

environment()
{
	check "the environment is passed on" \
		env_is "$(printf '%s\n' BAR=2 FOO=1 PATH=/usr/bin PWD=/)" \
		--unsetenv _ --unsetenv SHLVL --unsetenv OLDPWD # what bash adds
	check "--clearenv leaves PWD only" env_is PWD=/ --clearenv
	check "--setenv sets" env_is "$(printf 'A=x y\nPWD=/')" --clearenv --setenv A "x y"
	check "the last --setenv of a name counts" \
		env_is "$(printf 'A=2\nPWD=/')" --clearenv --setenv A 1 --setenv A 2
	check "--unsetenv removes" \
		env_is "$(printf 'B=\nPWD=/')" --clearenv --setenv A 1 --setenv B '' --unsetenv A
	check "they act in the order given" \
		env_is "$(printf 'A=1\nPWD=/')" --setenv B 1 --clearenv --unsetenv A --setenv A 1
	check "removing what is not there is no error" env_is PWD=/ --clearenv --unsetenv NOPE
	check "a value may have = in it" env_is "$(printf 'A==b=\nPWD=/')" --clearenv --setenv A =b=
	check "PWD cannot be set" env_is PWD=/ --clearenv --setenv PWD /nope
	check "nor removed" env_is PWD=/ --clearenv --unsetenv PWD
	check "--setenv with an empty name is an error" \
		fails 125 "sbx: --setenv: not a variable's name: ''" box --setenv '' x -- true
	check "or one with =" \
		fails 125 "sbx: --setenv: not a variable's name: 'A=B'" box --setenv A=B x -- true
	check "--unsetenv as well" \
		fails 125 "sbx: --unsetenv: not a variable's name: 'A='" box --unsetenv A= -- true
	check "COMMAND is looked for in the PATH of --setenv" \
		prints found box --dir /p --file 7 /p/it --chmod 0755 /p/it --setenv PATH /p -- it \
		7< <(printf '#!/usr/bin/sh\necho found')
	check "and not in the caller's" \
		fails 127 "sbx: cannot execute ls: No such file or directory" \
		box --setenv PATH /nope -- ls
	check "without any PATH, in /bin and /usr/bin" box --clearenv -- true
}

# at DIRECTORY OPTION...: COMMAND runs in DIRECTORY, which PWD names.
at()
{
	local directory=$1
	shift
	prints "$directory $directory" box "$@" -- sh -c 'echo $(/usr/bin/env pwd -P) $(printenv PWD)'
}

directories()
{
	mkdir -p here && cd here || return
	check "the working directory stays if there is such a one inside" at "$PWD" --bind "$PWD" "$PWD"
	check "even if something else is there" at "$PWD" --dir "$PWD"
	check "else it is HOME" at /home/me --dir /home/me --setenv HOME /home/me
	check "else the root" at / --setenv HOME /home/me
	check "also when there is no HOME" at / --unsetenv HOME
	check "a HOME that is no absolute path is not used" at / --dir /home --setenv HOME home
	check "--chdir says where" at /d --dir /d --chdir /d
	check "even if the working directory is there" at /d --bind "$PWD" "$PWD" --dir /d --chdir /d
	check "a relative one is below the root" at /d/e --dir /d/e --chdir d/e
	check "PWD is what was said, not where links lead" \
		prints "/d /l" box --dir /d --symlink d /l --chdir /l -- \
		sh -c 'echo $(/usr/bin/env pwd -P) $(printenv PWD)'
	check "a missing one is an error" \
		fails 125 "sbx: --chdir: cannot change to /nope in the sandbox: No such file or directory" \
		box --bind "$PWD" "$PWD" --chdir /nope -- true
	check "as is one that is none" \
		fails 125 "sbx: --chdir: cannot change to /usr/bin/env in the sandbox: Not a directory" \
		box --chdir /usr/bin/env -- true
	check "the last of two counts, and a warning says so" \
		fails 0 "sbx: Only the last --chdir option will take effect" \
		box --chdir /nope --chdir /usr -- sh -c '[ "$PWD" = /usr ]'
	check "a working directory that was removed does not matter" at_removed
	cd ..
}

at_removed()
{
	mkdir gone
	(cd gone && rmdir ../gone && at / --unsetenv HOME)
}

# modes OPTION...: COMMAND's umask, and the modes of a file and a directory that it creates.
modes()
{
	(umask 027 && box --tmpfs /t --chdir /t "$@" -- \
		sh -c 'umask; : >file; mkdir dir; stat -c %a file dir') | xargs
}

umasks()
{
	local mask
	check "the umask is the caller's" prints "0027 640 750" modes
	check "--umask sets another" prints "0077 600 700" modes --umask 077
	check "also a smaller one" prints "0000 666 777" modes --umask 0
	check "also where COMMAND is process 1" \
		prints "0002 664 775" modes --umask 2 --unshare-pid --as-pid-1
	check "files that sbx creates do not depend on it" prints 644 box --umask 077 --perms 0644 \
		--file 7 /f -- stat -c %a /f 7</dev/null
	check "the last of two counts, and a warning says so" \
		fails 0 "sbx: Only the last --umask option will take effect" \
		box --umask 0 --umask 077 -- sh -c '[ "$(umask)" = 0077 ]'
	for mask in 1000 8 -1 '' 0x7 u=rwx; do
		check "'$mask' is an error" \
			fails 125 "sbx: --umask: not an octal mode up to 777: $mask" box --umask "$mask" -- true
	done
}

argv0()
{
	check "the name of COMMAND is what was said" prints "sh" box -- sh -c 'echo "$0"'
	check "--argv0 gives it another" \
		prints other box --unshare-pid --proc /proc --argv0 other -- \
		sh -c 'tr "\0" "\n" </proc/$$/cmdline | head -n 1'
	check "also an empty one" \
		prints "" box --proc /proc --unshare-pid --argv0 '' -- \
		sh -c 'tr "\0" "\n" </proc/$$/cmdline | head -n 1'
	check "twice is an error" \
		fails 125 "sbx: --argv0: used multiple times" box --argv0 a --argv0 b -- true
	check "arguments are passed on as they are" \
		prints "[a b] [] [--bind] [--]" box -- printf '[%s] [%s] [%s] [%s]' 'a b' '' --bind --
	check "options end at COMMAND" prints "--dir /x" box echo --dir /x
	check "-- ends them, too" fails 127 "sbx: cannot execute --dir: No such file or directory" \
		box -- --dir /x
	check "an empty COMMAND is not found" \
		fails 127 "sbx: cannot execute : No such file or directory" box -- ''
}

tests()
{
	environment
	directories
	umasks
	argv0
}

run_as_both tests
