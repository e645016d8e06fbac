# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# SPDX-License-Identifier: LGPL-2.1-or-later
# Environment, working directory, descriptors, argv.

box setenv --setenv A b --setenv EMPTY "" --setenv HOME /elsewhere
box setenv_twice --setenv A b --setenv A c
box setenv_pwd --setenv PWD /nowhere
box setenv_odd --setenv 'a b' $'c\n=e'
says fails box setenv_empty_name --setenv "" x
says fails box setenv_equals --setenv a=b x
says fails box unsetenv_empty_name --unsetenv ""
says fails box unsetenv_equals --unsetenv a=b
box unsetenv --unsetenv HOME --unsetenv NOTHING
box unsetenv_pwd --unsetenv PWD
box clearenv --clearenv
box clearenv_first --clearenv --setenv A b
box clearenv_last --setenv A b --clearenv
box clearenv_between --setenv A b --clearenv --setenv C d --unsetenv C
host clearenv_home --clearenv --setenv HOME "$scratch/src"
(
	export ODD=$'a\tb\nc' EMPTY="" PWD=/false OLDPWD=/false
	box environment_of_caller
)
started_by env -u PWD -u HOME -u PATH -- box environment_without
either bare path_lookup --ro-bind "$bin" /probe --setenv PATH /nowhere:/probe -- probe
either bare path_lookup_fails --ro-bind "$bin" /probe --setenv PATH /nowhere -- probe
either bare path_lookup_unset --ro-bind "$bin" /bin --unsetenv PATH -- probe
either bare path_lookup_cleared --ro-bind "$bin" /usr/bin --clearenv -- probe
either bare path_lookup_relative --ro-bind "$bin" /probe --chdir /probe -- ./probe
either bare path_lookup_empty_part --ro-bind "$bin" /probe --chdir /probe --setenv PATH : -- probe

box directory_missing
box directory_there --bind . "$scratch"
box directory_home --dir /home/me --setenv HOME /home/me
box directory_home_relative --dir /home/me --setenv HOME home/me
box directory_home_file --file 5 /f --setenv HOME /f 5</dev/null
box directory_home_closed --perms 0 --dir /f --setenv HOME /f
box directory_home_unset --unsetenv HOME
box chdir --dir /a/b --chdir /a/b
box chdir_relative --dir /a/b --chdir a/b
box chdir_dots --dir /a/b --chdir /a/b/..
box chdir_link --dir /a --symlink a /b --chdir /b
either box chdir_empty --chdir ""
fails box chdir_missing --chdir /a
fails box chdir_file --file 5 /a --chdir /a 5</dev/null
either box chdir_closed --perms 0 --dir /a --chdir /a
says box chdir_twice --dir /a --chdir /b --chdir /a
box chdir_over_home --dir /a --dir /b --setenv HOME /b --chdir /a
box chdir_pwd --dir /a --setenv PWD /x --chdir /a
(
	cd src/sub || exit
	box directory_bound --bind . "$scratch/src/sub"
	box directory_parent_bound --bind .. "$scratch/src"
)
(
	cd link/sub || exit
	box directory_through_link --bind "$scratch/src" "$scratch/src"
	box directory_link_itself --bind "$scratch" "$scratch"
)
host directory_closed --tmpfs "$work" --ro-bind "$bin" "$bin"

box argv -- /probe/probe a "" "b c" $'d\n' --bind -- x
bare argv_no_dashes --ro-bind "$bin" /probe /probe/probe a -- b

box descriptors 5<src/f 6>>new 7<> <(true)
box descriptors_directory 5<src 6</
(
	exec 0<&-
	box descriptor_0_null
)
started_by sh -c 'exec "$@" <&-' - -- either box no_stdin
started_by sh -c 'exec "$@" >&-' - -- either box no_stdout
started_by sh -c 'exec "$@" 2>&-' - -- either box no_stderr
started_by sh -c 'exec "$@" <&- >&- 2>&-' - -- either box no_standard
box descriptors_used --args 3 --file 4 /a --bind-data 5 /b --ro-bind-data 6 /c --bind-fd 7 /d \
	3</dev/null 4<src/f 5<src/f 6<src/f 7<src
either box descriptor_two_uses --file 5 /a --bind-data 5 /b 5<src/f
either box descriptor_facts --file 0 /a
