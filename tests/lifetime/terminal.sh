#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The terminal's foreground: a sandbox is a process group of its own beside the caller's.
. "$(dirname "$0")/../integration/lib.sh"

# on_terminal STEP... -- WORD...: take the steps (see helpers/dialogue.c) while the command of the
# WORDs runs on a terminal.
on_terminal()
{
	PS1='$ ' TERM=dumb HISTFILE='' timeout --kill-after=5 120 "$helpers/dialogue" "$@"
}

shell=(bash --norc --noprofile -i)

# in_shell LINE STEP...: type LINE in an interactive shell, take the steps, and leave the shell.
in_shell()
{
	local line=$1
	shift
	on_terminal see '$ ' type "$line\n" "$@" see '$ ' type 'exit 0\n' -- "${shell[@]}"
}

# set_words OPTION...: the words of a sandbox that sees the host's files.
set_words()
{
	words="$sbx --bind / / --dev-bind /dev /dev --proc /proc $* --"
}

# Fields 5 and 8 are a process's group and the terminal's.  The quotes keep typed text apart from
# printed text.
whose='set -- $(cat /proc/$$/stat); [ "$5" = "$8" ] && echo ou""rs || echo not ou""rs'

has_it_at_once()
{
	set_words "$@"
	in_shell "$words sh -c '$whose; exit 4'; echo sta\"\"tus \$?" see ours see 'status 4'
}

has_it_not_at_once()
{
	set_words "$@"
	on_terminal see 'not ours' see over -- sh -c "$words sh -c '$whose'; echo over"
}

# The sandbox gets the terminal when it reads from it.
gets_it()
{
	set_words "$@"
	on_terminal see ready type 'hello\n' see 'got hello' see ours type 'two\n' see 'then two' -- \
		sh -c "$words sh -c 'echo ready; read -r x; echo got \$x; $whose'; $whose; read -r x; echo then \$x"
}

# A shell ignores SIGTTIN in a command substitution, which is in its own process group.
reads_in_substitution()
{
	set_words "$@"
	in_shell "x=\$($words sh -c 'echo rea\"\"dy >&2; read -r x; echo \"<\$x>\"'); echo \"got \$x\"" \
		see ready type 'one\n' see 'got <one>' type 'echo then two\n' see 'then two'
}

spares_pager()
{
	set_words "$@"
	in_shell "$words sh -c 'echo rea\"\"dy; sleep 1' | TERM=vt100 less" see ready type q
}

makes_pipe()
{
	set_words "$@"
	in_shell "$words sh -c 'echo rea\"\"dy >&2; exec cat' | $words sed s/on/ON/" \
		see ready type 'one\n' type ^D see ONe
}

# In the background it stops until it is in the foreground.
reads_in_background()
{
	set_words "$@"
	in_shell "$words sed s/on/ON/ &" see '$ ' \
		type 'until jobs | grep -q Stopped; do sleep 0.1; done; echo sto""pped\n' see stopped \
		type 'fg\n' see sed type 'one\n' see ONe type ^D
}

# stops_in SHELL...: Ctrl-Z, fg and bg in an interactive shell.
stops_in()
{
	rm -f ticks
	set_words --unshare-pid
	on_terminal see '$ ' type "$words $helpers/payload ticks $PWD/ticks 2\n" see ready grows ticks \
		type ^Z see '$ ' still ticks type 'fg\n' grows ticks \
		type ^Z see '$ ' still ticks type 'bg\n' grows ticks \
		type 'fg\n' grows ticks type ^C see '$ ' still ticks type 'exit 0\n' -- "$@"
}

# Once the sandbox of a script has the terminal, Ctrl-Z stops the script as well.  Text typed while
# the shell changes the terminal's mode can be lost.
stops_script()
{
	set_words "$@"
	printf '%s\n' "$words sh -c 'read -r x; echo got \$x; read -r x; echo then \$x'" 'echo over' >script
	in_shell "echo rea\"\"dy; sh ./script" see ready type 'one\n' see 'got one' type ^Z see Stopped \
		see '$ ' type 'fg\n' see 'sh ./script' type 'two\n' see 'then two' see over
}

# stops_itself OPTION...: the shell sees a stop of COMMAND, and fg continues it.
stops_itself()
{
	set_words "$@"
	in_shell "$words sh -c 'kill -STOP \$\$; echo o\"\"n; exit 4'" \
		see Stopped type 'fg; echo sta""tus $?\n' see on see 'status 4'
}

# ends_loop KEY STATUS SHELL OPTION...: a key ends the loop of a script.
ends_loop()
{
	local key=$1 want=$2 script=$3
	shift 3
	set_words "$@"
	ends_with "$want" on_terminal see ready type "$key" -- "$script" -c \
		"ulimit -c 0; for i in 1 2 3; do $words sh -c 'echo ready; exec sleep 100'; echo round; done; exit 5"
}

resized()
{
	local command='trap "echo resized; exit 0" WINCH; echo ready; while :; do sleep 0.1; done'
	set_words "$@"
	on_terminal see ready resize 40 see resized -- sh -c "exec $words sh -c '$command'" &&
		on_terminal see ready resize 40 see resized -- sh -c "$words sh -c '$command'; true"
}

# The terminal is the caller's again, whatever was the end.
is_returned()
{
	local command=$1
	shift
	set_words "$@"
	on_terminal see ready see ours type 'two\n' see 'then two' -- \
		bash -c "exec 2>&1; $words $command; echo ready; $whose; read -r x; echo then \$x"
}

makes_two()
{
	set_words "$@"
	printf '%s\n' 'all: a b' 'a b:' "	@$words sh -c 'echo ready; sleep 0.5; echo done \$@'" >Makefile
	on_terminal see ready see ready see 'done' see 'done' see over -- \
		sh -c 'make -s -j2; echo over' &&
		on_terminal see ready see ready type ^C see over -- sh -c 'trap : INT; make -s -j2; echo over'
}

# Python's subprocess, in a process group or session of its own, which is killed.
is_killed_by_python()
{
	local new=$1
	shift
	set_words "$@"
	prints "ready
gone -9
alive 137" timeout 60 python3 -c '
import os, signal, subprocess, sys
new, words = sys.argv[1] == "new", sys.argv[2].split()
p = subprocess.Popen(words + ["sh", "-c", "sleep 100 & echo ready; wait"], start_new_session=new,
                     preexec_fn=None if new else os.setpgrp, stdout=subprocess.PIPE)
print(p.stdout.readline().decode().strip())
os.killpg(p.pid, signal.SIGKILL)
p.wait()
p.stdout.read()
print("gone", p.returncode)
p = subprocess.run(words + ["sh", "-c", "kill -KILL 0"], start_new_session=new)
print("alive", p.returncode)' "$new" "$words"
}

# Python sends SIGTSTP to sbx, and SIGCONT at once; then SIGTSTP, and SIGKILL to COMMAND.
is_stopped_by_python()
{
	set_words "$@"
	prints "ready
exit 3
ready
killed 137" timeout 60 python3 -c '
import os, signal, subprocess, sys, time
def start(then):
    global p
    p = subprocess.Popen(sys.argv[1].split() + ["sh", "-c", "echo ready $$ >&2; " + then],
                         preexec_fn=os.setpgrp, stderr=subprocess.PIPE)
    print(p.stderr.readline().decode().split()[0])
def state():
    return open("/proc/%d/stat" % p.pid).read().rsplit(")", 1)[1].split()[0]
start("sleep 0.3; exit 3")
os.kill(p.pid, signal.SIGTSTP)
os.kill(p.pid, signal.SIGCONT)
print("exit", p.wait(10))
def command(parent):
    for task in os.listdir("/proc/%d/task" % parent):
        for child in open("/proc/%d/task/%s/children" % (parent, task)).read().split():
            if open("/proc/%s/comm" % child).read() == "sleep\n":
                return int(child)
            found = command(int(child))
            if found:
                return found
start("exec sleep 20")
sleep = None
while not sleep:
    sleep = command(p.pid)
os.kill(p.pid, signal.SIGTSTP)
while state() != "T":
    time.sleep(0.01)
os.kill(sleep, signal.SIGKILL)
print("killed", p.wait(10))' "$words"
}

# --- The checks ------------------------------------------------------------------

terminal_with()
{
	local name=${*:-no option}
	check "in the foreground, the sandbox has the terminal at once: $name" has_it_at_once "$@"
	check "in a script, it has not: $name" has_it_not_at_once "$@"
	check "it gets it when it reads, and gives it back: $name" gets_it "$@"
	check "a command substitution can read from it: $name" reads_in_substitution "$@"
	check "a pager behind it goes on: $name" spares_pager "$@"
	check "two sandboxes in a pipe: $name" makes_pipe "$@"
	check "then Ctrl-Z stops the whole job: $name" stops_script "$@"
	check "in the background it stops when it reads, fg continues it: $name" \
		reads_in_background "$@"
}

all_with()
{
	local name=${*:-no option}
	check "COMMAND stops itself, the shell sees it: $name" stops_itself "$@"
	check "Ctrl-C ends a script's loop: $name" ends_loop ^C 130 bash "$@"
	check "that of another shell, too: $name" ends_loop ^C 130 dash "$@"
	check "the size of the terminal changes: $name" resized "$@"
	check "the terminal is returned: $name" is_returned true "$@"
	check "also if COMMAND is not found: $name" is_returned /nope "$@"
	check "two sandboxes below make: $name" makes_two "$@"
	check "Python kills a new session of it: $name" is_killed_by_python new "$@"
	check "or a process group: $name" is_killed_by_python old "$@"
	check "it stops sbx, which goes on when it is continued, or COMMAND killed: $name" \
		is_stopped_by_python "$@"
}

tests()
{
	local home
	terminal_with
	terminal_with --unshare-pid
	terminal_with --die-with-parent
	check "process 1 has the terminal at once" has_it_at_once --unshare-pid --as-pid-1
	check "or else reads as one of its caller's process group" \
		on_terminal see ready type 'hello\n' see 'got hello' -- \
		sh -c "$sbx --bind / / --dev-bind /dev /dev --unshare-pid --as-pid-1 -- \
			sh -c 'echo ready; read -r x; echo got \$x'; true"
	all_with
	all_with --unshare-pid
	all_with --new-session
	check "Ctrl-\\ ends a script's loop" ends_loop "$(printf '\034')" 131 dash
	home=$PWD
	check "job control of bash" stops_in "${shell[@]}"
	check "of dash" stops_in dash -i
	check "of zsh" stops_in zsh -f -i
	check "of fish" stops_in env HOME="$home" fish --no-config -i -C 'function fish_prompt; echo -n "\$ "; end'
}

run_as_both tests
