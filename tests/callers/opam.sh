#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# opam, which builds, installs and removes packages in a sandbox.
. "$(dirname "$0")/../integration/lib.sh"
export OPAMROOT=$HOME/opam OPAMYES=1 OPAMROOTISOK=1 OPAMVERBOSE=1 # verbose: shows output
prefix=$OPAMROOT/box

is_installed()
{
	type opam
}

op()
{
	within 60 opam "$@"
}

# add_package NAME FIELD...: put a package without a source into the repository.
add_package()
{
	local folder=repository/packages/$1/$1.1
	mkdir -p "$folder"
	{
		printf '%s: "%s"\n' opam-version 2.0 synopsis "A test" maintainer nobody@example.com
		printf '%s\n' "${@:2}"
	} >"$folder/opam"
}

make_repository()
{
	mkdir repository && echo 'opam-version: "2.0"' >repository/repo
	add_package greeting \
		'build: [
			["sh" "-c" "echo hello >greeting"]
			["sh" "-c" "readlink /proc/self/ns/net >network"]
			["sh" "-c" "if echo >%{prefix}%/touched; then exit 1; fi"]
			["sh" "-c" "if echo >/tmp/touched; then exit 1; fi"]
			["sh" "-c" "echo >\"$TMPDIR/file\" && dirname \"$TMPDIR/file\""]
		]' \
		'install: [
			["mkdir" "-p" "%{prefix}%/share"]
			["cp" "greeting" "network" "%{prefix}%/share"]
			["sh" "-c" "if echo >%{prefix}%/.opam-switch/touched; then exit 1; fi"]
		]' \
		'remove: ["rm" "-r" "%{prefix}%/share"]'
	add_package broken 'build: ["sh" "-c" "exit 37"]'
}

make_switch()
{
	op init --bare --no-setup local "$PWD/repository" && op switch create box --empty
}

# hook ACTION COMMAND...: as opam would have it, in an empty folder.
hook()
{
	(
		export OPAM_SWITCH_PREFIX=$prefix
		mkdir -p "$HOME/build" && cd "$HOME/build" &&
			within 60 "$OPAMROOT/opam-init/hooks/sandbox.sh" "$@"
	)
}

actions()
{
	check "a package is built and installed" launched op install greeting
	check "its files are there" prints hello cat "$prefix/share/greeting"
	check "it had no network" \
		test "$(cat "$prefix/share/network")" != "$(readlink /proc/self/ns/net)"
	check "it is removed" launched op remove greeting
	check "its files are gone" test ! -e "$prefix/share"
	check "a package that cannot be built" launched fails_saying 31 "exit-code *37" op install broken
}

tests()
{
	make_repository
	check "a switch is made" make_switch
	actions
	check "build writes to its own folder" launched hook build sh -c 'echo >file && cat file'
	check "but not to the switch" launched hook build sh -c "! echo >$prefix/file"
	check "install writes to the switch" launched hook install sh -c "echo >$prefix/file"
	check "remove does, too" launched hook remove rm "$prefix/file"
	check "build sees its arguments" launched prints "a b  c" hook build printf '%s %s' a "b  c"
	check "build has an exit status" launched ends_with 5 hook build sh -c 'exit 5'
	check "build is in a session of its own" launched hook build sh -c \
		"[ \$(cut -d ' ' -f 6 /proc/self/stat) != $(cut -d ' ' -f 6 /proc/self/stat) ]"
}

run_as root user tests
