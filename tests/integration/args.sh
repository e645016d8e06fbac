#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --args, --help, --version, and how a command line is read.
. "$(dirname "$0")/lib.sh"

# with_args FORMAT OPTION...: box with printf's FORMAT in descriptor 7.
with_args()
{
	local format=$1
	shift
	# shellcheck disable=SC2059
	box "$@" 7< <(printf -- "$format")
}

arguments()
{
	check "--args takes options from a descriptor" \
		with_args '--dir\0/a\0--dir\0/b\0' --args 7 -- test -d /a -a -d /b
	check "the last NUL may be missing" with_args '--dir\0/a' --args 7 -- test -d /a
	check "no options at all are fine" with_args '' --args 7 -- true
	check "as is an empty word at the end" with_args '--dir\0/a\0\0' --args 7 -- true
	check "an empty argument is one" prints "" with_args '--setenv\0A\0\0' --args 7 -- printenv A
	check "they count where they stand" \
		prints 711 with_args '--perms\000711\0--dir\0/a\0' --dir /b --args 7 --dir /a -- stat -c %a /a
	check "several descriptors" \
		with_args '--dir\0/a\0' --args 7 --args 8 -- test -d /a -a -d /b 8< <(printf '%s\0' --dir /b)
	check "a modifier reaches over their beginning" \
		prints 700 with_args '--dir\0/a\0' --perms 0700 --args 7 -- stat -c %a /a
	check "but not over their end" \
		fails 125 "sbx: --args: --perms must be followed by an option that creates a file" \
		with_args '--perms\0000700\0' --args 7 --dir /a -- true
	check "the descriptor is not passed on" \
		ends_with 1 with_args '--dir\0/a\0' --args 7 -- sh -c 'true <&7 || exit 1'
	check "--args among them is an error" \
		fails 125 "sbx: --args: --args: not supported in an arguments file" \
		with_args '--args\0008\0' --args 7 -- true
	check "a word that is no option, too" \
		fails 125 "sbx: --args: /bin/sh is not an option: COMMAND has to be on the command line" \
		with_args '--dir\0/a\0/bin/sh\0' --args 7 -- true
	check "and one behind --" \
		fails 125 "sbx: --args: sh is not an option: COMMAND has to be on the command line" \
		with_args '--\0sh\0' --args 7 -- true
	check "an option cannot be split between the descriptor and the command line" \
		fails 125 "sbx: --args: --dir: missing DEST" with_args '--dir\0' --args 7 /a -- true
	check "an unknown option is named" \
		fails_saying 125 "^sbx: --args: unknown option --nope$" with_args '--nope\0' --args 7 -- true
	check "a descriptor that is not open is an error" \
		fails 125 "sbx: --args: cannot read descriptor 99: Bad file descriptor" box --args 99 -- true
	check "as is a directory" \
		fails 125 "sbx: --args: cannot read descriptor 7: Is a directory" box --args 7 -- true 7</
	check "and what is no number" \
		fails 125 "sbx: --args: not a file descriptor: x" box --args x -- true
	check "or one that no descriptor can have" \
		fails 125 "sbx: --args: not a file descriptor: 99999999999" box --args 99999999999 -- true
	check "--help among them works" with_args '--help\0' --args 7
}

# dirs N: the options that make N directories, NUL-terminated.
dirs()
{
	seq -f '--dir /d/%.0f' "$1" | tr ' \n' '\0\0'
}

sizes()
{
	local options
	check "10000 options from a descriptor" \
		prints 10000 box --args 7 -- sh -c 'ls /d | wc -l' 7< <(dirs 10000)
	mapfile -d '' options < <(dirs 10000)
	check "10000 on the command line" \
		prints 10000 box "${options[@]}" -- sh -c 'ls /d | wc -l'
	check "a few MiB of them" big_argument
	check "more than 64 MiB are refused" \
		fails 125 "sbx: --args: more than 64 MiB of arguments" \
		box --args 7 -- true 7< <(head -c 68000000 /dev/zero | tr '\0' x)
	check "20000 arguments of COMMAND" \
		prints 20000 box -- sh -c 'echo $#' - $(seq 20000)
}

# 8 MiB of options that do something, and more than a path could hold.
big_argument()
{
	prints 1 box --args 7 -- sh -c 'echo $A' 7< <(
		for ((i = 0; i < 80; i++)); do
			printf -- '--setenv\0A\0%0100000d\0' "$i"
		done
		printf -- '--setenv\0A\0001\0'
	)
}

reading()
{
	check "--version says the version" \
		fails_saying 0 "^sbx [0-9][0-9.]*$" to_stderr box --version
	check "--help goes to stdout, with the name that sbx was called by" \
		fails_saying 0 "^[Uu]sage: .*/sbx \[OPTIONS...\] \[--\] COMMAND \[ARGS...\]$" \
		to_stderr box --help
	check "it names every option once" help_is_complete
	check "what stands behind --help does not matter" box --help --nope
	check "what stands before does" \
		fails_saying 125 "^sbx: unknown option --nope$" box --nope --help
	check "it fails if it cannot be written" ends_with 125 help_to_full
	check "a value cannot be given with =" \
		fails_saying 125 "^sbx: unknown option --dir=/a$" box --dir=/a -- true
	check "options cannot be abbreviated" \
		fails_saying 125 "^sbx: unknown option --ro-b$" box --ro-b /usr /usr -- true
	check "there are no short ones" fails_saying 125 "^sbx: unknown option -h$" box -h
	check "- is none" fails_saying 125 "^sbx: unknown option -$" box - true
	check "a missing argument is named" \
		fails 125 "sbx: --bind: missing DEST" box --bind /usr
	check "no COMMAND is an error" fails_saying 125 "^sbx: no command given$" bare_box
	check "also with options" fails_saying 125 "^sbx: no command given$" box --dir /a
	check "--perms without what it is about is one" \
		fails 125 "sbx: --perms must be followed by an option that creates a file" \
		box --perms 0700 -- true
	check "also before --symlink" \
		fails 125 "sbx: --perms must be followed by an option that creates a file" \
		box --perms 0700 --symlink a /b -- true
	check "--size as well" \
		fails 125 "sbx: --size must be followed by --tmpfs" box --size 4096 --dir /a -- true
	check "a modifier given twice is one" \
		fails 125 "sbx: --perms: given twice for the same action" \
		box --perms 0700 --perms 0711 --dir /a -- true
	check "--perms takes octal digits only" \
		fails 125 "sbx: --perms: not an octal mode up to 7777: 0789" \
		box --perms 0789 --dir /a -- true
	check "up to 7777" \
		fails 125 "sbx: --perms: not an octal mode up to 7777: 10000" \
		box --perms 10000 --dir /a -- true
	check "--size takes no 0" fails 125 "sbx: --size: not a size in bytes: 0" \
		box --size 0 --tmpfs /t -- true
	check "and nothing negative" fails 125 "sbx: --size: not a size in bytes: -1" \
		box --size -1 --tmpfs /t -- true
}

to_stderr()
{
	"$@" >&2
}

help_is_complete()
{
	local said
	said=$(box --help | grep -oE '^ +--[a-z0-9-]+' | tr -d ' ' | sort) || return
	echo "$said"
	[ "$(uniq -d <<<"$said")" = "" ] && [ "$(wc -l <<<"$said")" -ge 40 ] &&
		grep -qx -e --ro-bind-data <<<"$said"
}

help_to_full()
{
	box --help >/dev/full
}

tests()
{
	arguments
	sizes
	reading
}

run_as_both tests
