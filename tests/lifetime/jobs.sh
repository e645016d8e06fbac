#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sandboxes as jobs of a shell on a terminal: Ctrl-Z, fg, bg, and the foreground process group.
. "$(dirname "$0")/../integration/lib.sh"

# in_shell STEP... -- WORD...: type a command line of the WORDs in a shell on a terminal, take the
# steps (see helpers/dialogue.c), and leave the shell.
in_shell()
{
	local steps=()
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	shift
	PS1='$ ' TERM=dumb HISTFILE='' timeout --kill-after=5 120 "$helpers/dialogue" \
		see '$ ' type "$*\n" "${steps[@]}" type 'exit 0\n' -- bash --norc --noprofile -i
}

# box_words OPTION...: a sandbox that sees the host's files
box_words()
{
	words=("$sbx" --bind / / --dev-bind /dev /dev --proc /proc "$@" --)
}

# ticking N OPTION...: the words of one in which N processes write to the file "ticks".
ticking()
{
	local n=$1
	shift
	rm -f ticks
	box_words "$@"
	words+=("$helpers/payload" ticks "$PWD/ticks" "$n")
}

# stops_and_goes_on N OPTION...: N processes inside stop when Ctrl-Z is typed, and fg continues them.
stops_and_goes_on()
{
	ticking "$@"
	in_shell see ready grows ticks \
		type ^Z see Stopped still ticks \
		type 'fg\n' see payload grows ticks \
		type ^Z see Stopped still ticks \
		type 'fg\n' see payload grows ticks \
		type ^C see '$ ' still ticks type 'echo "status $?"\n' see 'status 130' -- "${words[@]}"
}

# goes_on_in_background OPTION...: bg continues what Ctrl-Z has stopped, fg takes it back.
goes_on_in_background()
{
	ticking 2 "$@"
	in_shell see ready grows ticks \
		type ^Z see Stopped still ticks \
		type 'bg\n' see ' &' grows ticks \
		type 'fg\n' see payload grows ticks \
		type ^C see '$ ' still ticks -- "${words[@]}"
}

# ends_while_stopped OPTION...: with SIGKILL to the job, nothing ticks on.
ends_while_stopped()
{
	ticking 2 --die-with-parent "$@"
	in_shell see ready grows ticks \
		type ^Z see Stopped still ticks \
		type 'kill -KILL %1; fg\n' see '$ ' still ticks -- "${words[@]}"
}

# has_own_jobs OPTION...: a shell inside stops and continues jobs of its own.
has_own_jobs()
{
	rm -f ticks
	box_words "$@"
	in_shell see 'in# ' type "$helpers/payload ticks $PWD/ticks 2\n" see ready grows ticks \
		type ^Z see Stopped still ticks \
		type 'fg\n' see payload grows ticks \
		type ^C see 'in# ' still ticks \
		type 'exit 4\n' see '$ ' type 'echo "status $?"\n' see 'status 4' \
		-- "${words[@]}" env "PS1='in# '" bash --norc --noprofile -i
}

# in_script STEP... -- SCRIPT: the same as in_shell, for a script of a shell without job control.
in_script()
{
	local steps=()
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	timeout --kill-after=5 120 "$helpers/dialogue" "${steps[@]}" -- sh -c "$2"
}

# Fields 5 and 8 of the file are the shell's process group and the terminal's foreground group.
whose='set -- $(cat /proc/$$/stat); [ "$5" = "$8" ] && echo ours || echo "of $8, not $5"'

# gives_back OPTION...: what had taken the terminal is gone, and it is the caller's again.
gives_back()
{
	box_words --unshare-pid "$@"
	in_script see ready see ours -- "${words[*]} $helpers/payload grab; $whose"
}

# keeps_terminal OPTION...: a sandbox in the background does not take the terminal from others.
keeps_terminal()
{
	box_words --unshare-pid "$@"
	in_shell see '$ ' type 'wait\n' see '$ ' type "$whose\n" see ours -- "${words[@]}" sleep 0.2 '&'
}

# --- The checks ------------------------------------------------------------------

jobs_with()
{
	local name=${*:-no option}
	check "Ctrl-Z stops a process, fg continues it: $name" stops_and_goes_on 1 "$@"
	check "all processes of a sandbox: $name" stops_and_goes_on 4 "$@"
	check "bg continues them as well: $name" goes_on_in_background "$@"
	check "what is stopped can be killed: $name" ends_while_stopped "$@"
}

tests()
{
	jobs_with
	jobs_with --unshare-pid
	jobs_with --die-with-parent
	jobs_with --kill-on-exit --unshare-pid
	jobs_with --new-session
	jobs_with --new-session --unshare-pid
	jobs_with --new-session --die-with-parent
	jobs_with --new-session --unshare-all --die-with-parent
	check "a shell inside has jobs of its own" has_own_jobs
	check "with --unshare-pid, too" has_own_jobs --unshare-pid
	check "with --die-with-parent, too" has_own_jobs --die-with-parent
	check "the terminal is the caller's again when what had taken it is gone" gives_back
	check "with --die-with-parent, too" gives_back --die-with-parent
	check "with --kill-on-exit, too" gives_back --kill-on-exit
	check "in the background, sbx leaves the terminal alone" keeps_terminal
}

run_as_both tests
