#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh NAME TOPIC ONLY: launch the cases of cases/TOPIC.sh, or those that match ONLY, with the
# launcher that differential.sh has prepared, and leave their results in the folder NAME.
set -u
work=$SBX_TEST_WORK who=$SBX_TEST_WHO topic=$2 only=$3
bin=$work/bin launcher=$work/launcher/bwrap results=$work/results/$1
scratch=$work/scratch/$topic run=$work/run/$topic
# shellcheck source=lib.sh
. "$bin/lib.sh"

export -n SBX_TEST_WORK SBX_TEST_WHO
umask 022
mkdir -p "$scratch" "$run"
cd "$scratch" || exit
for kind in cgroup ipc mnt net pid time user uts; do
	echo "$kind $(stat -Lc %i "/proc/self/ns/$kind")"
done >"$run/outside"
untouched=""
look
fresh
look
untouched=$(<"$run/tree")
# shellcheck source=/dev/null # each is checked by itself
. "$bin/cases/$topic.sh"
