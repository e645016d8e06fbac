#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_includes.sh SRCDIR: no room includes a header of a room above it, and modules do not include each
# other in a circle.  A module is src/ROOM/x.c with include/ROOM/x.h.
set -euo pipefail
shopt -s inherit_errexit

# The rooms, lowest first; plan and sys do not know each other.
rooms=(base plan sys host isolation ipc mounts run)

# edges: "FROM TO" for each include of a project's header, as ROOM/x
edges()
{
	local file from
	while IFS= read -r file; do
		from=${file#*/}
		sed -n "s,^#include \"\\(.*\\)\\.h\"\$,${from%.?} \\1,p" "$file"
	done < <(find src include -mindepth 2 -name '*.[ch]')
}

# upward: print the edges that lead to a room above, or from plan to sys
upward()
{
	awk -v rooms="${rooms[*]}" '
		BEGIN { n = split(rooms, name, " "); for (i = 1; i <= n; i++) height[name[i]] = i }
		{ from = $1; to = $2; sub("/.*", "", from); sub("/.*", "", to) }
		!(from in height) || !(to in height) { print "no such room: " $0; next }
		height[to] > height[from] { print $1 " must not include " $2 }
		from == "sys" && to == "plan" { print $1 " must not include " $2 }'
}

# circles: print the modules that include each other in a circle
circles()
{
	awk '$1 != $2' | { tsort 2>&1 >/dev/null || true; } | sed 's/^tsort: -: /circle: /; s/^tsort: /  /'
}

cd "${1:?usage: check_includes.sh SRCDIR}"
all=$(edges | sort -u)
[ -n "$all" ] || { echo "no includes found" >&2; exit 1; }
bad=$(upward <<<"$all"; circles <<<"$all")
[ -z "$bad" ] || { echo "$bad" >&2; exit 1; }
