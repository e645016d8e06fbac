#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_coverage.sh GCOVR SOURCE_DIR BUILD_DIR: how many lines of each room the tests have
# executed that were run in BUILD_DIR, which was set up with -Db_coverage=true.  Each room
# needs 90 %.  Not counted are main.c and sys/sys*.c, which only a whole sandbox executes:
# the suite "box" tests them, and what runs in a sandbox cannot write its counts.
set -euo pipefail

gcovr=$1 source=$2 build=$3

"$gcovr" --root "$source" --filter "$source/src/" --exclude "$source/src/main.c" \
	--exclude "$source/src/sys/sys.*" "$build" --csv |
	awk -F, -v floor=90 -v rooms="base plan sys host isolation ipc mounts run" '
		function show(name, covered, total)
		{
			printf "coverage: %-10s %5.1f %% of %4d lines\n", name,
				total ? 100 * covered / total : 0, total
			if (total == 0 || 100 * covered < floor * total) {
				printf "%s: less than %d %%\n", name, floor
				failed = 1
			}
		}
		NR > 1 {
			split($1, path, "/")
			total[path[2]] += $2
			covered[path[2]] += $3
			all += $2
			all_covered += $3
		}
		END {
			n = split(rooms, room, " ")
			for (i = 1; i <= n; i++)
				show(room[i], covered[room[i]], total[room[i]])
			show("all rooms", all_covered, all)
			exit failed || all == 0
		}' | sort
