#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_docs.sh GEN_DOCS SRCDIR MAN_PAGE...: the manual and the completions match the option table, and
# the shells accept the completions.  An integration script uses each option.  mandoc and man accept
# the pages.
set -u
gen=$1 src=$2 status=0
shift 2

# same WHAT A B: complain if two texts differ
same()
{
	diff -u "$2" "$3" && return
	echo "$1 does not match the option table" >&2
	status=1
}

# headings PAGE: the groups of options and the options, in the manual's section OPTIONS
headings()
{
	awk '/^# / { inside = $0 == "# OPTIONS" } inside && /^(## |\*--)/' "$1"
}

# misses TOOL: the tool is not installed; fails unless tests may skip work
misses()
{
	command -v "$1" >/dev/null && return 1
	echo "no $1" >&2
	[ -z "${SBX_MUST_WORK-}" ] || status=1
}

# lint PAGE: mandoc finds no error
lint()
{
	misses mandoc || mandoc -T lint -W error "$1" || status=1
}

# is_clean PAGE: groff warns of nothing, and no line is longer than 80 columns
is_clean()
{
	local warnings long
	misses man && return
	warnings=$(LC_ALL=C MANWIDTH=80 man --warnings -l "$1" 2>&1 >/dev/null)
	long=$(LC_ALL=C MANWIDTH=80 man -l "$1" 2>/dev/null | grep -E '.{81}')
	[ -n "$warnings$long" ] || return
	printf '%s: %s\n' "$1" "${warnings:0:1000}" "$1" "${long:0:1000}" >&2
	status=1
}

# refers_to_sections PAGE: each section that the page names, of its own or of another page, exists
refers_to_sections()
{
	local name=${1##*/} section page
	while IFS='|' read -r section page; do
		grep -qxF "# $section" "$src/man/$page.scd" && continue
		echo "$name: there is no section $section in $page" >&2
		status=1
	done < <(tr -s '\n\t' ' ' <"$src/man/$name.scd" |
		grep -oE '\*[A-Z]{2}[A-Z ]+\*( in \*[a-z-]+\*\([1-8]\))?' |
		sed -E "s/\*([A-Z ]+)\* in \*([a-z-]+)\*\((.)\)/\1|\2.\3/; s/^\*(.+)\*$/\1|$name/")
}

# uses: the integration scripts, without comments and descriptions of checks
uses()
{
	sed -e '/^[[:space:]]*#/d' -e 's/check "[^"]*"//' "$src"/tests/integration/*.sh
}

# is_tested OPTION: an integration script uses it
is_tested()
{
	grep -qE -e "$1([^a-z0-9-]|\$)" <(uses) && return
	echo "no integration script uses $1" >&2
	status=1
}

# completes LINE WORD: bash offers WORD as the last word of LINE
completes()
{
	local line=$1 word=$2
	bash -c '
		. "$1"
		read -ra COMP_WORDS <<<"$2"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_sbx
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$src/completions/sbx.bash" "$line" | grep -Fqxe "$word" && return
	echo "completion of '$line' lacks $word" >&2
	status=1
}

for shell in bash zsh fish; do
	same "completions/sbx.$shell" "$src/completions/sbx.$shell" <("$gen" "$shell")
	"$shell" -n "$src/completions/sbx.$shell" || status=1
done
same man/sbx.1.scd <(headings "$src/man/sbx.1.scd") <("$gen" man)
for option in $("$gen" man | grep -oE '^\*--[a-z0-9-]+' | tr -d '*'); do
	is_tested "$option"
done
for page in "$@"; do
	lint "$page"
	is_clean "$page"
	refers_to_sections "$page"
done

cd "$src" || exit 1
completes "sbx --ro-b" --ro-bind
completes "sbx --ro-bind src/mai" src/main.c
completes "sbx --dev /dev --ro-bind /usr src/mai" src/main.c
completes "sbx --tmpfs /tmp -- ba" bash
completes "sbx --unshare-all -- bash src/mai" src/main.c
completes "sbx --setenv PAT" PATH
completes "sbx --propagation sl" slave
exit "$status"
