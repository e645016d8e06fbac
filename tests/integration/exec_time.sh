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

# --- Links that a payload has left ---------------------------------------------

first=3 last=40 # the descriptors that are tried

# The folder "out" is not bound: it has a folder, "open", to open, and programs beside that. Payloads
# write to the folder "project".  Its folder N has links to descriptor N and to the folder above it,
# scripts, and a program whose interpreter is beside it.
plant()
{
	local fd loader
	rm -rf out project here && mkdir -p out/open project here && cp /usr/bin/echo out/shout &&
		touch out/marker project/lock && loader=$(loader_of /usr/bin/true) &&
		cp -L "$loader" out/loader || return
	for ((fd = first; fd <= last; fd++)); do
		mkdir "project/$fd" && ln -s "/proc/self/fd/$fd/.." "project/$fd/link" &&
			ln -s "/proc/self/fd/$fd" "project/$fd/same" &&
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

# every FORMAT: each number in FORMAT of printf, with colons between.
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
# that is called $called.
in_project()
{
	# shellcheck disable=SC2086 # words
	timeout --kill-after=5 60 "${launcher[@]}" "$(dirname "$sbx")/$called" --ro-bind /usr /usr --symlink usr/bin /bin \
		--symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
		--bind "$scratch/project" /p --proc /proc $mode "$@"
}

launcher=() # what starts the program

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
	local called mode each
	for each in "${modes[@]}"; do
		called=${each%% *} mode=${each#"$called"}
		"$@" && continue
		echo "in the mode: $each"
		return 1
	done
}

# is_missing COMMAND...: what COMMAND is to execute is not there.
is_missing()
{
	local said
	! said=$("$@" 2>&1) && echo "$said" && grep -q "exec.*: No such file or directory" <<<"$said"
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
	# a command that may trace every process reaches the descriptors that the reaper keeps open
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
	is_missing in_project "$@" -- /p/7/itself
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

# --- Namespaces ---------------------------------------------------------------

# Descriptor 7 is a user namespace in which the caller is 0, and 8 the PID namespace that belongs
# to it; 9 is a user namespace below it.
make_namespaces()
{
	rm -f hold && mkfifo hold || return
	unshare --user --map-root-user --pid --fork --kill-child --mount-proc \
		sh -c 'unshare --user sh -c "read -r line <hold" & wait' </dev/null >/dev/null 2>&1 &
	holder=$!
	eventually find_holders && exec 7<"/proc/$outer/ns/user" 8<"/proc/$outer/ns/pid" \
		9<"/proc/$inner/ns/user"
}

# child_of PID: its only child, or nothing.
child_of()
{
	tr -d ' ' 2>/dev/null <"/proc/$1/task/$1/children"
}

find_holders()
{
	outer=$(child_of "$holder") && [ -n "$outer" ] && inner=$(child_of "$outer") && [ -n "$inner" ] &&
		[ "$(readlink "/proc/$inner/ns/user")" != "$(readlink "/proc/$outer/ns/user")" ]
}

# is_closed_at NUMBER OPTION...
is_closed_at()
{
	local called=sbx mode="" number=$1
	shift
	is_missing in_project "$@" -- "/p/$number/itself"
}

namespaces()
{
	check "--userns-block-fd 7: closed before COMMAND is looked up" userns_block
	[ "$who" != setuid ] || return 0
	if ! make_namespaces; then
		echo "not ok - $who: there are namespaces to enter"
		return
	fi
	check "--userns: closed before COMMAND is looked up" is_closed_at 7 --userns 7
	check "--pidns: likewise" is_closed_at 8 --userns 7 --pidns 8
	check "with a new process namespace below" is_closed_at 8 --userns 7 --pidns 8 --unshare-pid
	check "--userns2: likewise" is_closed_at 9 --userns 7 --userns2 9
	check "with a reaper" is_closed_at 9 --userns 7 --userns2 9 --unshare-pid
	exec 7<&- 8<&- 9<&-
	echo >hold
	wait "$holder"
}

# The caller maps the IDs once it has received the child's PID, and releases it by descriptor 7.
userns_block()
{
	local called=sbx mode="" child started go
	rm -f go info && mkfifo go && exec {go}<>go || return
	is_missing in_project --unshare-user --userns-block-fd 7 --info-fd 6 -- /p/7/itself 7<go 6>info &
	started=$!
	eventually grep -qs '^}' info && child=$(sed -nE 's/^ *"child-pid": ([0-9]+),$/\1/p' info) &&
		echo deny >"/proc/$child/setgroups" && echo "0 $(id -u) 1" >"/proc/$child/uid_map" &&
		echo "0 $(id -g) 1" >"/proc/$child/gid_map" && echo >&"$go"
	wait "$started"
	exec {go}>&-
}

# --- Other processes ----------------------------------------------------------

# COMMAND reaches no file of the host through the entries of any process in /proc.
others_show_nothing()
{
	# shellcheck disable=SC2016 # for the shell inside
	prints "" in_project "$@" -- sh -c '
		cd /proc
		for process in [0-9]*; do
			for way in "$process"/fd/*/.. "$process/root/$1" "$process/cwd/$1"; do
				[ ! -e "$way/marker" ] || echo "$way"
			done
		done' - "$PWD/out"
}

others()
{
	[ "$who" != root ] || return 0 # it may look at any process
	exec 7<out/open
	check "no process shows what is outside" in_all_modes others_show_nothing --bind-fd 7 /mnt
	in_some_modes check "nor one that holds a descriptor of the caller's" \
		in_all_modes others_show_nothing --sync-fd 7
	exec 7<&-
}

# --- The directory, in every way that it is looked up -------------------------

# The caller's working directory and HOME lead to each number in turn; only "/" has the project.
no_number_leads_out()
{
	local fd there=$PWD/here
	cd here || return
	for ((fd = first; fd <= last; fd++)); do
		in_project --symlink "/p/$fd/link" "$there" --setenv HOME "/p/$fd/same" "$@" -- \
			test -e p/lock || break
	done
	cd .. || return
	echo "up to $((fd - 1))"
	((fd > last))
}

# COMMAND's directory may be any but one outside.
is_inside()
{
	local there=$PWD/here
	# shellcheck disable=SC2016 # for the shell inside
	(cd here && in_project --symlink /p/7/link "$there" --setenv HOME /p/7/link "$@" -- \
		sh -c 'readlink /proc/self/cwd; [ ! -e marker ]') &&
		! in_project "$@" --chdir /p/7/link -- test -e marker
}

# Without openat2(2), sbx reads links and resolves their targets inside.
by_walk()
{
	local launcher=("$helpers/filter" run 38 openat2 --)
	"$@"
}

directories()
{
	local called=sbx mode=--die-with-parent
	check "no descriptor leads the directory out, whatever its number" no_number_leads_out
	exec 7<out/open
	by_walk check "nor does it without openat2(2)" in_all_modes is_inside --ro-bind-fd 7 /mnt
	check "--chdir says what it does not follow" \
		fails_saying 125 "hint: links such as /proc/self/fd/3" in_project --chdir /proc/self/cwd -- pwd
	# shellcheck disable=SC2016 # for the shell inside
	check "a directory behind other links is entered" \
		prints "/usr/bin /l/bin" in_project --symlink /usr /l --chdir /l/bin -- \
		sh -c 'echo $(readlink /proc/self/cwd) $PWD'
	check "a relative one is one below /" prints /usr/bin in_project --chdir usr/bin -- pwd -P
	check "--chdir to what is no directory is an error" \
		fails_saying 125 "cannot change to /p/lock in the sandbox: Not a directory" \
		in_project --chdir /p/lock -- true
	check "--lock-file does not lead out" \
		fails_saying 125 "^sbx: --lock-file: cannot lock /p/7/link/shout in the sandbox: Too many" \
		in_project --ro-bind-fd 7 /mnt --lock-file /p/7/link/shout -- true
	by_walk check "nor without openat2(2)" \
		fails_saying 125 "^sbx: --lock-file: cannot lock /p/7/link/shout in the sandbox: No such" \
		in_project --ro-bind-fd 7 /mnt --lock-file /p/7/link/shout -- true
	exec 7<&-
}

tests()
{
	plant || exit
	folders
	files
	namespaces
	others
	directories
}

# shellcheck disable=SC2034 # for run.sh
can_do_without=1
run_as_both tests
