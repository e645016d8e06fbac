#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_style.sh SRCDIR: what no reviewer should have to look for.
set -euo pipefail

max_lines=60      # of a function
max_complexity=15 # of a function: its decisions plus one, a switch counts once
max_spdx_line=5   # a licence line stands at the top of its file

# written: all files that people write, NUL-terminated
written()
{
	find . -maxdepth 1 -type f ! -name COPYING -print0
	find .ci .github src include tests man completions data \
		-path tests/fuzz/corpus -prune -o -type f -print0
}

# Sort the files by what can be checked in them.
sort_files()
{
	local file
	while IFS= read -r -d '' file; do
		all+=("$file")
		case $file in
		*.[ch]) c_files+=("$file") ;;
		*.sh | *.bash) shell_files+=("$file") ;;
		*) ! is_shell_script "$file" || shell_files+=("$file") ;;
		esac
		case $file in
		*.md | *.txt | *.json) ;; # no comments there, or none worth showing
		*) licensed+=("$file") ;;
		esac
	done < <(written)
}

is_shell_script()
{
	head -n 1 "$1" | grep -Eqa '^#!.*[ /](ba)?sh\>'
}

# no PATTERN NAME FILE...: no line of FILEs matches PATTERN; says NAME where one does
no()
{
	local pattern=$1 name=$2
	shift 2
	! grep -HnIE -e "$pattern" -- "$@" | sed "s/^/$name: /" | grep .
}

check_format()
{
	clang-format --dry-run -Werror "${c_files[@]}"
}

check_licence_lines()
{
	local file bad=0
	for file in "${licensed[@]}"; do
		head -n "$max_spdx_line" "$file" |
			grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' && continue
		echo "no SPDX line: $file"
		bad=1
	done
	return "$bad"
}

# The brackets keep this file from finding itself.
check_no_loose_ends()
{
	no '\<(TO[D]O|FIX[M]E)\>' "loose end" "${all[@]}"
}

check_no_goto()
{
	no '\<goto +\*?[A-Za-z_]' "goto" "${c_files[@]}"
}

check_spelling()
{
	codespell "${all[@]}"
}

# In tests, what is in single quotes is for the shell inside the sandbox (SC2016).
check_shell()
{
	local file exclude bad=0
	for file in "${shell_files[@]}"; do
		exclude=()
		[[ $file != tests/* ]] || exclude=(--exclude=SC2016)
		shellcheck --external-sources --source-path=SCRIPTDIR "${exclude[@]}" "$file" || bad=1
	done
	return "$bad"
}

# Lines that are not pmccabe's numbers are its complaints.
check_functions()
{
	find src -name '*.c' -exec pmccabe {} + 2>&1 | awk -F '\t' -v lines="$max_lines" -v complexity="$max_complexity" '
		NF != 6 { print; bad = 1; next }
		$5 > lines { print "longer than " lines " lines: " $6; bad = 1 }
		$1 > complexity { print "more complex than " complexity ": " $6; bad = 1 }
		END { exit bad }'
}

check_words()
{
	bash tests/check_words.sh .
}

must_have()
{
	local tool missing=0
	for tool; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed"
		missing=1
	done
	return "$missing"
}

cd "${1:?usage: check_style.sh SRCDIR}"
all=() c_files=() shell_files=() licensed=()
status=0
must_have clang-format codespell shellcheck pmccabe
sort_files
check_format || status=1
check_licence_lines || status=1
check_no_loose_ends || status=1
check_no_goto || status=1
check_spelling || status=1
check_shell || status=1
check_functions || status=1
check_words || status=1
exit "$status"
