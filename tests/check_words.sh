#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_words.sh SRCDIR: what can be counted of plain English, in comments, messages, manual and documents.
#
# Each finding is one line, FILE:LINE: RULE: TEXT.  The rules stand in words.awk; what they find and is
# right all the same stands in words.txt, a line of text each.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8

# prose: the files whose text is checked, with the kind of their text
prose()
{
	find src include tests -name '*.[ch]' -printf '%p c\n'
	find .ci tests -type f \( -name '*.sh' -o -path '.ci/*' \) -printf '%p sh\n'
	find man -name '*.scd' -printf '%p text\n'
	find README.md src/README.md .github -name "*.md" -printf '%p text\n'
}

cd "${1:?usage: check_words.sh SRCDIR}"
findings=$(prose | sort | while read -r file kind; do
	awk -v kind="$kind" -v allowed=tests/words.txt -f tests/words.awk "$file"
done)
[ -z "$findings" ] && exit
echo "$findings"
echo "$(wc -l <<<"$findings") findings" >&2
exit 1
