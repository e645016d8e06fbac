#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# flatpak's portal: an app has a command started in another sandbox.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/flatpak_app.sh"

is_installed()
{
	have_flatpak
}

# spawn [OPTION]... SCRIPT: the app has the portal run a shell script, with options of
# flatpak-spawn.
spawn()
{
	fp run --share=network --command=flatpak-spawn "$app" "${@:1:$#-1}" sh -c "${!#}"
}

plain()
{
	check "a command is run for an app" launched prints "hello, you" spawn 'greet you'
	check "with its exit status" launched ends_with 5 spawn 'exit 5'
	check "in a sandbox of the same app" launched prints "$app" spawn 'echo $FLATPAK_ID'
	check "with other variables" launched prints 1 spawn --env=ONE=1 'echo $ONE'
	check "elsewhere" launched prints /app/bin spawn --directory=/app/bin pwd
	check "with a descriptor" launched spawn --forward-fd=7 'cat <&7' 7<<<"text"
	check "in the app's network" launched prints "$(readlink /proc/self/ns/net)" \
		spawn 'readlink /proc/self/ns/net'
	check "in none" launched spawn --no-network \
		"[ \$(readlink /proc/self/ns/net) != $(readlink /proc/self/ns/net) ]"
	check "with the app's files" launched prints own spawn 'cat /var/data/file'
}

sandboxed()
{
	check "a sandbox without them" launched spawn --sandbox '[ ! -e /var/data/file ]'
	check "without network" launched spawn --sandbox --no-network \
		"[ \$(readlink /proc/self/ns/net) != $(readlink /proc/self/ns/net) ]"
	check "with a folder of the app's, read-only" launched prints shared spawn --sandbox \
		--sandbox-expose-ro=folder 'cd ~/.var/app/*/sandbox/folder && ! touch file && cat file'
	check "with a folder of the app's" launched spawn --sandbox \
		--sandbox-expose=folder 'cd ~/.var/app/*/sandbox/folder && touch new'
	check "with a path" launched prints own spawn --sandbox \
		--sandbox-expose-path-ro="$HOME/.var/app/$app/data/file" "cat ~/.var/app/$app/data/file"
	check "with one that is not there" launched prints here spawn --sandbox \
		--sandbox-expose-path-try="$HOME/.var/app/$app/data/none" 'echo here'
	check "with its exit status" launched ends_with 6 spawn --sandbox 'exit 6'
}

# beside_spawned OPTION... -- SCRIPT: in the app, run a shell script beside "sleep 59", which
# flatpak-spawn has started with OPTIONs, as soon as its process is seen.
beside_spawned()
{
	in_app 'flatpak-spawn '"${*:1:$#-2}"' sleep 59 &
		spawned=$!
		for i in $(seq 100); do
			! pidof sleep || break
			sleep 0.1
		done
		'"${!#}"'
		status=$?
		kill -9 $(pidof sleep)
		exit $status'
}

kill_and_wait='kill -9 $(pidof sleep); wait $spawned; [ $? -eq 137 ]'

processes()
{
	local option
	check "a command has processes of its own" \
		launched in_app 'flatpak-spawn sleep 2 & sleep 1; ! pidof sleep'
	for option in --env=A=1 --sandbox; do
		check "unless the app wants to see them: $option" \
			launched beside_spawned $option --expose-pids -- 'pidof sleep'
		check "and may send them signals: $option" \
			launched beside_spawned $option --expose-pids -- "$kill_and_wait"
		check "or to share its own: $option" launched in_app '
			own=$(readlink /proc/self/ns/pid)
			[ "$(flatpak-spawn '"$option"' --share-pids readlink /proc/self/ns/pid)" = "$own" ]'
	done
}

# is_gone SECONDS: nowhere is there a "sleep SECONDS".
is_gone()
{
	! grep -qsa "[s]leep.$1" /proc/[0-9]*/cmdline
}

# interrupted SIGNAL SECONDS: the portal's command "sleep SECONDS" gets a SIGNAL and reports it.
interrupted()
{
	in_app '
		flatpak-spawn sleep '"$2"' & sleep 1
		kill -'"$1"' $!; wait $!; status=$?
		echo "status $status"
		[ $status -eq '$((128 + $1))' ]'
}

signals()
{
	check "SIGINT reaches it" launched interrupted 2 58
	check "and ends it" eventually is_gone 58
	check "SIGTERM reaches it" launched interrupted 15 3
	check "when the app's end of the bus is gone" \
		launched in_app 'flatpak-spawn --watch-bus sleep 57 & sleep 1; kill -9 $!'
	check "the command is, too" eventually is_gone 57
	check "no command is left" eventually is_gone 3
}

on_host()
{
	check "without the sandbox, if this is allowed" launched prints here \
		fp run --talk-name=org.freedesktop.Flatpak --command=flatpak-spawn "$app" \
		--host sh -c '[ ! -e /.flatpak-info ] && echo here'
}

tests()
{
	start_bus || return
	check "an app is installed" install
	plain
	sandboxed
	processes
	signals
	on_host
	stop_bus
}

install()
{
	install_runtime && make_app && finish_app && install_app && in_app '
		echo own >/var/data/file
		mkdir -p ~/.var/app/$FLATPAK_ID/sandbox/folder
		echo shared >~/.var/app/$FLATPAK_ID/sandbox/folder/file'
}

run_as user tests
