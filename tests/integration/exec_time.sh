#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The time at which COMMAND's directory and program are looked up: whatever links an earlier payload
# has left there, nothing that sbx has open leads out of the sandbox.
. "$(dirname "$0")/lib.sh"

# $work/suid has the program, set-user-ID root, and a link to it.
prepare_more()
{
	mkdir "$work/suid" "$work/setuid" && cp "$SBX" "$work/suid/sbx" && ln -s sbx "$work/suid/bwrap" || return
	[ "$(id -u)" -eq 0 ] || return 0
	chown "$ordinary:$ordinary" "$work/setuid" && chmod 4755 "$work/suid/sbx"
}

start_more()
{
	[ "$(id -u)" -eq 0 ] || return 0
	if ignores_suid; then
		skip "setuid: every test" "the folder for temporary files is nosuid"
	else
		start_copy setuid setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups
	fi
}

# --- What the payload has left ------------------------------------------------

first=3 last=40 # the descriptors that are tried

# The folder out is not bound: it has a folder, "open", to open, and programs beside that. The folder
# project is what payloads write to: in its folder N are a link beside descriptor N, and scripts and
# a program whose interpreter is there.
plant()
{
	local fd loader
	rm -rf out project here && mkdir -p out/open project here && cp /usr/bin/echo out/shout &&
		touch out/marker project/lock && loader=$(loader_of /usr/bin/true) &&
		cp -L "$loader" out/loader || return
	for ((fd = first; fd <= last; fd++)); do
		mkdir "project/$fd" && ln -s "/proc/self/fd/$fd/.." "project/$fd/link" &&
			printf '#!/proc/self/fd/%s/../shout OUT\n' "$fd" >"project/$fd/script" &&
			printf '#!/proc/self/fd/%s OUT\n' "$fd" >"project/$fd/itself" &&
			other_loader "$loader" "/proc/self/fd/$fd/../loader" >"project/$fd/program" &&
			chmod 755 "project/$fd"/{script,itself,program} || return
	done
}

# loader_of FILE: the ELF interpreter that the program names.
loader_of()
{
	grep -aoEm1 '/lib[a-z0-9_./-]*/ld[a-z0-9_.-]*\.so\.[0-9]+' "$1"
}

# other_loader OLD NEW: the program true with another ELF interpreter, whose name is no longer.
other_loader()
{
	local fill
	fill=$(printf '%*s' $((${#1} - ${#2})) '' | sed 's/ /\\x00/g')
	sed "s|$1|$2$fill|" /usr/bin/true
}

# every FORMAT: what printf makes of each number, with colons between.
every()
{
	local fd list=""
	for ((fd = first; fd <= last; fd++)); do
		# shellcheck disable=SC2059 # it is a format
		list+=:$(printf "$1" "$fd")
	done
	echo "${list#:}"
}

# --- Sandboxes ----------------------------------------------------------------

# in_project [OPTION]... -- COMMAND...: the sandbox of $mode that has the project, by the program
# that is called $name.
in_project()
{
	# shellcheck disable=SC2086 # words
	timeout --kill-after=5 60 "$(dirname "$sbx")/$name" --ro-bind /usr /usr --symlink usr/bin /bin \
		--symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
		--bind "$scratch/project" /p --proc /proc $mode "$@"
}

# The program's name and options: with different processes around COMMAND, which hold different
# descriptors.
modes=("sbx" "sbx --unshare-pid" "sbx --unshare-all --as-pid-1"
	"sbx --unshare-pid --lock-file /p/lock" "sbx --die-with-parent"
	"bwrap" "bwrap --unshare-pid --die-with-parent")

# in_some_modes COMMAND...: where COMMAND does not inherit --sync-fd.
in_some_modes()
{
	local modes=("sbx" "sbx --unshare-pid" "bwrap --unshare-pid --die-with-parent")
	"$@"
}

# in_all_modes FUNCTION ARG...: FUNCTION succeeds in all.
in_all_modes()
{
	local name mode each
	for each in "${modes[@]}"; do
		name=${each%% *} mode=${each#"$name"}
		"$@" && continue
		echo "in the mode: $each"
		return 1
	done
}

# is_not_found COMMAND...: what COMMAND is to execute is not there; or behind a door that is closed.
is_not_found()
{
	local said
	! said=$("$@" 2>&1) && echo "$said" &&
		grep -Eq "exec.*: (No such file or directory|Permission denied)" <<<"$said"
}

# --- With a descriptor that leads out -----------------------------------------

directory_is_not_entered()
{
	local said
	! said=$(in_project "$@" --chdir /p/7/link -- pwd 2>&1) && echo "$said" &&
		grep -Eqi "ch(dir|ange to) .*/p/7/link" <<<"$said"
}

# The caller's working directory and HOME are such links inside.
usual_directory_is_root()
{
	local there=$PWD/here
	# shellcheck disable=SC2016 # for the shell inside
	(cd here && prints "/ /" in_project --symlink /p/7/link "$there" --setenv HOME /p/7/link "$@" -- \
		sh -c 'echo $(readlink /proc/self/cwd) $PWD; [ ! -e marker ]')
}

# Each of these tries all numbers: what cannot be executed in one folder is looked for in the next.
no_interpreter_is_found()
{
	is_not_found in_project --setenv PATH "$(every /p/%s)" "$@" -- script &&
		is_not_found in_project --setenv PATH "$(every /p/%s)" "$@" -- program
}

no_program_is_found()
{
	local path
	path=$(every /proc/self/fd/%s/..)
	# whoever may trace every process reaches what the reaper holds for the caller
	[[ $who = root && $* = *--sync-fd* ]] || path+=:$(every /proc/1/fd/%s/..)
	is_not_found in_project --setenv PATH "$path" "$@" -- shout OUT
}

leads_nowhere()
{
	check "$*: --chdir does not lead out" in_all_modes directory_is_not_entered "$@"
	check "$*: the caller's directory and HOME do not" in_all_modes usual_directory_is_root "$@"
	check "$*: no interpreter is found out there" in_all_modes no_interpreter_is_found "$@"
	check "$*: nor a program by PATH" in_all_modes no_program_is_found "$@"
}

folders()
{
	exec 7<out/open
	leads_nowhere --bind-fd 7 /mnt
	leads_nowhere --ro-bind-fd 7 /mnt
	leads_nowhere --close-fds
	leads_nowhere --ro-bind-fd 7 /mnt --close-fds --new-session
	in_some_modes leads_nowhere --sync-fd 7
	exec 7<&-
}

# --- With any descriptor ------------------------------------------------------

# is_closed OPTION...: descriptor 7, which they name, is not open any more.
is_closed()
{
	is_not_found in_project "$@" -- /p/7/itself
}

files()
{
	local option
	local modes=("sbx" "sbx --unshare-pid" "bwrap --unshare-pid")
	for option in "--bind-data 7 /f" "--ro-bind-data 7 /f" "--file 7 /f" "--ro-bind-fd 7 /f" \
		"--bind-fd 7 /f" "--block-fd 7" "--sync-fd 7" --close-fds; do
		# shellcheck disable=SC2086 # words
		check "$option: closed before COMMAND is looked up" in_all_modes with_program is_closed $option
	done
	check "--args 7: likewise" in_all_modes with_nothing is_closed --args 7
	"$helpers/filter" print 1 sync >filter
	for option in --seccomp --add-seccomp-fd; do
		check "$option 7: likewise" in_all_modes with_filter is_closed $option 7
	done
	for option in --info-fd --json-status-fd; do
		check "$option 7: likewise" in_all_modes with_output is_closed $option 7
	done
}

with_program()
{
	"$@" 7<out/shout
}

with_nothing()
{
	"$@" 7</dev/null
}

with_filter()
{
	"$@" 7<filter
}

with_output()
{
	"$@" 7>output
}

tests()
{
	plant || exit
	folders
	files
}

# shellcheck disable=SC2034 # for run.sh
can_do_without=1
run_as_both tests
