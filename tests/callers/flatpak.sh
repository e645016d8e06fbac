#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# flatpak: apps are built, exported and run in a sandbox.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/flatpak_app.sh"

is_installed()
{
	have_flatpak && type flatpak-builder
}

# --- Building -----------------------------------------------------------------

# build [OPTION]... SCRIPT: run a shell script where the app is built.
build()
{
	fp build "${@:1:$#-1}" app sh -c "${!#}"
}

# make_icon: a PNG image of one pixel, for the app.
make_icon()
{
	local folder=app/files/share/icons/hicolor/64x64/apps
	mkdir -p "$folder" && base64 -d >"$folder/$app.png" <<-'END'
		iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVQI12NgAAAAAgAB4iG8MwAAAABJRU5ErkJggg==
	END
}

# exports_bad_icon: export the app with a file that is not an icon.
exports_bad_icon()
{
	cp -r app spoilt &&
		echo "no image" >"spoilt/export/share/icons/hicolor/64x64/apps/$app.png" &&
		fp build-export repo spoilt 1
}

building()
{
	check "flatpak build runs in the runtime" launched make_app
	check "its exit status arrives" launched ends_with 9 build 'exit 9'
	check "the runtime is read-only" launched build '! touch /usr/x'
	check "the app is not" launched build 'touch /app/x && rm /app/x'
	check "unless this is asked for" launched build --readonly '! touch /app/x'
	check "there is no network" \
		launched build "[ \$(readlink /proc/self/ns/net) != $(readlink /proc/self/ns/net) ]"
	check "unless this is asked for, too" launched \
		prints "$(readlink /proc/self/ns/net)" build --share=network 'readlink /proc/self/ns/net'
	check "folders are bound where they are wanted" \
		launched prints greet build --bind-mount=/run/tools="$PWD/app/files/bin" 'ls /run/tools'
	make_icon
	check "the app is finished" finish_app
	check "a file that is no icon is not exported" \
		launched fails_saying 1 "is not a valid icon" exports_bad_icon
	check "an icon is" launched install_app
}

# builder: flatpak-builder runs the commands of a manifest, each in a sandbox of its own.
builder()
{
	cat >manifest.json <<-END
		{
			"app-id": "org.example.Built", "command": "hello",
			"runtime": "$platform", "runtime-version": "1", "sdk": "$platform",
			"build-options": {"no-debuginfo": true, "strip": false},
			"modules": [{
				"name": "hello", "buildsystem": "simple",
				"sources": [{"type": "script", "dest-filename": "hello", "commands": ["echo built"]}],
				"build-commands": ["mkdir -p /app/bin", "cp hello /app/bin"]
			}]
		}
	END
	within 100 flatpak-builder --user --disable-rofiles-fuse --install built manifest.json
}

building_by_manifest()
{
	check "flatpak-builder makes an app" launched builder
	check "which runs" launched prints built fp run org.example.Built
}

# --- Running ------------------------------------------------------------------

running()
{
	check "an app runs, with its arguments" \
		launched prints "hello, a b  c" fp run "$app" a "b  c"
	check "or another command" launched prints "$app" in_app 'echo $FLATPAK_ID'
	check "its exit status arrives" launched ends_with 7 in_app 'exit 7'
	check "as does the signal that ends it" launched ends_with 143 in_app 'kill $$'
	check "a command that is not there" \
		launched fails 1 "bwrap: execvp none: No such file or directory" \
		fp run --command=none "$app"
	check "its environment" launched prints "1" in_app --env=ONE=1 'echo $ONE'
	check "without a variable" \
		launched in_app --unset-env=SBX_TEST_WHO '[ -z "${SBX_TEST_WHO-}" ]'
	check "its working directory" launched prints /app/bin in_app --cwd=/app/bin pwd
	check "it sees no process but its own" \
		launched prints "1 2" in_app 'cd /proc && echo [1-9]*'
	check "it has no descriptor but the usual" launched prints "" \
		in_app 'cd /proc/$$/fd && for fd in $(seq 3 255); do [ ! -e $fd ] || readlink $fd; done'
	check "it can make no user namespace" launched in_app '! unshare -U true'
}

filesystems()
{
	mkdir -p shared && echo "of the host" >shared/file
	check "a file of the host is not there" launched in_app "[ ! -e $PWD/shared ]"
	check "unless it is shared" launched \
		prints "of the host" in_app --filesystem="$PWD/shared" "cat $PWD/shared/file"
	check "which is for writing" launched in_app --filesystem="$PWD/shared" "echo >$PWD/shared/new"
	check "it really is the host's" test -f shared/new
	check "unless it is read-only" launched \
		in_app --filesystem="$PWD/shared:ro" "! touch $PWD/shared/file"
	check "a new folder in the home" launched \
		in_app --filesystem=~/made:create "echo >$PWD/made/file"
	check "which is there afterwards" test -f made/file
	check "what the app keeps is there the next time" launched in_app 'echo kept >/var/data/file'
	check "and the next time is now" launched prints kept in_app 'cat /var/data/file'
	check "a folder of the home that is kept" launched \
		in_app --persist=.settings 'echo kept >~/.settings/file'
	check "lies among the app's data" prints kept cat ".var/app/$app/.settings/file"
	check "the whole host" launched \
		prints "of the host" in_app --filesystem=host "cat $PWD/shared/file"
	check "the host's /etc below /run/host" \
		launched in_app --filesystem=host-etc 'test -d /run/host/etc'
	check "files by descriptor" launched \
		prints "of the host" in_app --ro-bind-fd=7 "cat $PWD/shared/file" 7<shared/file
	check "devices" launched in_app --device=all 'test -c /dev/null && echo >/dev/null'
	check "namespaces" launched prints "$(readlink /proc/self/ns/ipc)" \
		in_app --share=ipc 'readlink /proc/self/ns/ipc'
}

# ask_bus OPTION...: the app asks flatpak's session helper whether it is there.
ask_bus()
{
	fp run --command=gdbus "$@" "$app" call --session --dest org.freedesktop.Flatpak \
		--object-path / --method org.freedesktop.DBus.Peer.Ping
}

bus()
{
	check "a name on the bus is out of reach" launched fails_saying 1 ServiceUnknown ask_bus
	check "unless it is allowed" \
		launched prints "()" ask_bus --talk-name=org.freedesktop.Flatpak
	check "the whole bus" launched prints "()" ask_bus --socket=session-bus
	check "no bus at all" launched fails_saying 1 "Error connecting" ask_bus --no-session-bus
}

# --- Instances ----------------------------------------------------------------

# start_app [OPTION]...: one that waits; sets $started, its launcher's parent, $instance and
# $child, the first process in the sandbox.
start_app()
{
	local ready=.var/app/$app/data/ready
	rm -f "$ready"
	timeout 60 flatpak run --command=sh --instance-id-fd=7 "$@" "$app" \
		-c 'echo >/var/data/ready; exec sleep 60' >/dev/null 2>&1 7>instance &
	started=$!
	eventually test -s "$ready"
	instance=$(cat instance)
	child=$(info child-pid) && [ -e "/proc/$child/exe" ]
}

# has_ended: or is a zombie, which has no program.
has_ended()
{
	[ ! -e "/proc/$child/exe" ]
}

# ends_saying STATUS: the app of start_app exits with STATUS, which is printed.
ends_saying()
{
	local status=0
	wait "$started" || status=$?
	echo "status $status"
	[ "$status" -eq "$1" ] && eventually has_ended
}

# info NAME: a number that the launcher has reported about the instance.
info()
{
	grep -o "\"$1\": [0-9]*" "$XDG_RUNTIME_DIR/.flatpak/$instance/bwrapinfo.json" | grep -o '[0-9]*$'
}

# is_locked FILE: a process holds a read lock on it.
is_locked()
{
	grep "POSIX .* READ .*:$(stat -L -c %i "$1") " /proc/locks
}

lists()
{
	fp ps --columns=instance,application,child-pid |
		grep -x "${instance}[[:space:]]${app}[[:space:]]$child"
}

instances()
{
	local name files
	files=.local/share/flatpak/runtime/$platform/$(flatpak --default-arch)/1/active/files
	check "an app is started" launched start_app
	check "flatpak ps lists it" lists
	check "its process is the launcher under test" is_launcher "$child"
	for name in ipc mnt net pid; do
		check "flatpak is told of its namespace: $name" \
			prints "$(info "$name-namespace")" stat -L -c %i "/proc/$child/ns/$name"
	done
	check "the runtime is locked" is_locked "$files/.ref"
	check "flatpak enter gets in" \
		prints "name=$app" fp enter "$instance" grep ^name= /.flatpak-info
	check "flatpak kill ends it" fp kill "$instance"
	check "which its launcher reports" ends_saying 137
	check "the runtime is no longer locked" fails 1 "" is_locked "$files/.ref"
}

orphans()
{
	check "another one is started" launched start_app --die-with-parent
	kill -KILL "$started"
	check "it dies with its parent" eventually has_ended
}

tests()
{
	start_bus || return
	check "a runtime is built and installed" install_runtime
	building
	building_by_manifest
	running
	filesystems
	bus
	instances
	orphans
	stop_bus
}

run_as user tests
