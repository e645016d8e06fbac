#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# BuildStream, which builds in a sandbox that contains only earlier builds.
. "$(dirname "$0")/../integration/lib.sh"

is_installed()
{
	type bst busybox
}

bst()
{
	within 60 bst --no-interactive --directory project "$@"
}

# element NAME COMMAND...: one that is built by running shell commands.
element()
{
	{
		printf '%s\n' "kind: manual" "depends:" "- base.bst" \
			"variables:" "  strip-binaries: ''" "config:" "  install-commands:"
		printf '  - |\n    %s\n' "${@:2}"
	} >"project/elements/$1.bst"
}

# make_project: a file system with busybox alone, and an element that is built in it.
make_project()
{
	local applet files=project/files
	mkdir -p project/elements $files/bin && cp /usr/bin/busybox $files/bin || return
	for applet in cat echo hostname id ls mkdir readlink sh sleep touch; do
		ln -s busybox "$files/bin/$applet"
	done
	printf '%s\n' "name: test" "element-path: elements" >project/project.conf
	printf '%s\n' "kind: import" "sources:" "- kind: local" "  path: files" \
		>project/elements/base.bst
	element hello "mkdir -p %{install-root}; cd %{install-root}" \
		"hostname >%{install-root}/host" "id -u >%{install-root}/user" \
		"echo /proc/[1-9]* >%{install-root}/processes" \
		"readlink /proc/self/ns/net >%{install-root}/network" \
		"cat /dev/null; ! touch /bin/x"
	element broken "echo about to fail" "exit 37"
	element slow "sleep 55"
}

building()
{
	check "an element is built" launched bst build hello.bst
	check "and checked out" bst checkout hello.bst out
	check "it had a host name of its own" prints buildstream cat out/host
	check "it was built by user 0" prints 0 cat out/user
	check "it saw no process but its own" prints "/proc/1 /proc/2" cat out/processes
	check "it had no network" test "$(cat out/network)" != "$(readlink /proc/self/ns/net)"
	check "one that cannot be built" \
		launched fails_saying 255 "Command 'exit 37' failed with exitcode 37" bst build broken.bst
	check "a shell where one is built" launched ends_with 3 bst shell base.bst -- sh -c 'exit 3'
}

# find_sleep: set $sleeping to the process id of "sleep 55".
find_sleep()
{
	local file
	for file in /proc/[0-9]*/cmdline; do
		sleeping=${file//[!0-9]/}
		! tr '\0' ' ' 2>/dev/null <"$file" | grep -qx 'sleep 55 ' || return 0
	done
	return 1
}

is_stopped()
{
	grep 'State:.*stopped' "/proc/$1/status"
}

# all_stopped: a BuildStream that is continued before it has stopped itself stays stopped.
all_stopped()
{
	local file
	while read -r file; do
		is_stopped "${file//[!0-9]/}" || return
	done < <(grep -lsx "PPid:[[:space:]]$builder" /proc/[0-9]*/status)
	is_stopped "$sleeping" && is_stopped "$builder"
}

is_running()
{
	grep 'State:.*sleeping' "/proc/$sleeping/status"
}

is_gone()
{
	[ ! -e "/proc/$sleeping/exe" ]
}

# start_slow: sets $started and, for signals that timeout(1) keeps to itself, $builder.
start_slow()
{
	timeout 60 bash -c 'echo $$ >builder && exec bst --no-interactive -C project build slow.bst' \
		>/dev/null 2>&1 &
	started=$!
	eventually find_sleep && builder=$(cat builder)
}

ends_saying()
{
	local status=0
	wait "$started" || status=$?
	echo "status $status"
	[ "$status" -eq "$1" ]
}

# BuildStream looks for the command among the children of the launcher's children.
signals()
{
	check "a slow one is being built" launched start_slow
	kill -TSTP "$builder"
	check "it stops with BuildStream" eventually all_stopped
	kill -CONT "$builder"
	check "it goes on with it" eventually is_running
	kill -TERM "$builder"
	check "it ends with it" eventually is_gone
	check "which BuildStream says" ends_saying 255
}

tests()
{
	make_project
	building
	signals
}

run_as root user tests
