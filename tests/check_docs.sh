#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_docs.sh GEN_DOCS SRCDIR MAN_PAGE: the manual and the completions match the
# option table, the shells take the completions, and the manual is a good one.
set -u
gen=$1 src=$2 man_page=$3 status=0

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
mandoc -T lint -W error "$man_page" || status=1

cd "$src" || exit 1
completes "sbx --ro-b" --ro-bind
completes "sbx --ro-bind src/mai" src/main.c
completes "sbx --dev /dev --ro-bind /usr src/mai" src/main.c
completes "sbx --tmpfs /tmp -- ba" bash
completes "sbx --unshare-all -- bash src/mai" src/main.c
completes "sbx --setenv PAT" PATH
completes "sbx --propagation sl" slave
exit "$status"
