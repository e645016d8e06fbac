# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ../integration/lib.sh: runs a script's checks of a program that calls bwrap.
#
# The script starts itself again in namespaces of its own.  There the launcher under test replaces
# bubblewrap, there is no network, and every writable place goes with the last process.  In them it
# starts once more for each user that makes the checks.
#
# SBX_LAUNCHER names another launcher than sbx, such as bubblewrap itself.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin # what Debian has, and nothing else
bwrap=/usr/bin/bwrap
ordinary=65534 # user and group id
work=/home/callers

# launched COMMAND...: COMMAND succeeds, and the launcher was executed meanwhile.
launched()
{
	local before
	before=$(count_launches)
	"$@" || return
	eventually has_launched_since "$before" && return
	echo "the launcher was not executed"
	return 1
}

count_launches()
{
	wc -l <"$work/launches"
}

has_launched_since()
{
	[ "$(count_launches)" -gt "$1" ]
}

# is_launcher PID: the process was started from the launcher's file.
is_launcher()
{
	[ "/proc/$1/exe" -ef "$bwrap" ]
}

# within SECONDS COMMAND...
within()
{
	timeout --kill-after=5 "$@"
}

# --- The machine that the callers see ------------------------------------------

# fill_work FOLDER: all that is needed from the source and from the build.
fill_work()
{
	local here
	here=$(dirname "$0")
	mkdir -m 0755 "$1"/{bin,callers,integration,root,user} &&
		cp "$here"/*.{py,sh} "$1/callers" &&
		cp "$here/../integration/lib.sh" "$1/integration" &&
		cp "$SBX_HELPERS/reap" "$SBX_CALLERS_HELPERS/launches" "$1/bin" &&
		cp "${SBX_LAUNCHER:-$SBX}" "$1/bin/launcher" &&
		chown "$ordinary:$ordinary" "$1/user"
}

# Sources and build may lie below a new mount: copy first, then move.
make_work()
{
	local home
	home=$(mktemp -d) &&
		mount -t tmpfs -o mode=0755 tmpfs "$home" &&
		mkdir -m 0755 "$home/callers" &&
		fill_work "$home/callers" &&
		mount --move "$home" /home &&
		rmdir "$home"
}

# From here on no file is written to the machine's disks.
cover_temporary()
{
	local folder
	cd / || return
	for folder in /tmp /var/tmp /dev/shm; do
		mount -t tmpfs -o mode=1777 tmpfs "$folder" || return
	done
}

# The watched file is the one at that path, in whichever mount it is.
replace_bwrap()
{
	mount --bind "$work/bin/launcher" "$bwrap" && : >"$work/launches" || return
	"$work/bin/launches" "$bwrap" >"$work/launches" &
	watcher=$!
	eventually grep -qx watching "$work/launches"
}

# A script may define prepare_more for preparations of its own.
prepare()
{
	make_work && cover_temporary && replace_bwrap || return
	! declare -F prepare_more >/dev/null || prepare_more
}

# --- Starting the checks -------------------------------------------------------

# start_copy WHO PREFIX...: run this script again, by PREFIX, adopting what it leaves.
start_copy()
{
	local who=$1
	shift
	mkdir -m 0700 "$work/$who/run" && chown --reference="$work/$who" "$work/$who/run" || return
	(
		cd "$work/$who" || exit
		env -i PATH="$PATH" LC_ALL=C.UTF-8 \
			HOME="$work/$who" XDG_RUNTIME_DIR="$work/$who/run" \
			SBX_MUST_WORK="${SBX_MUST_WORK-}" SBX_TEST_WHO="$who" \
			"$work/bin/reap" "$who" "$@" bash "$work/callers/$(basename "$0")"
	)
}

start_user_copy()
{
	if "$@" unshare --user true 2>/dev/null; then
		start_copy user "$@"
	else
		skip "user: every test" "this host forbids user namespaces"
	fi
}

start_copies()
{
	local who
	if ! prepare >&2; then
		echo "Bail out! cannot prepare"
		return
	fi
	for who; do
		case $who in
		root) start_copy root env ;;
		user) start_user_copy setpriv --reuid "$ordinary" --regid "$ordinary" --clear-groups ;;
		esac
	done
	kill "$watcher"
}

# run_as WHO... FUNCTION: in a copy, call FUNCTION; in the first one, start one for each WHO,
# "root" or "user", if the script's function is_installed succeeds.
# shellcheck disable=SC2034 # the variables are for FUNCTION
run_as()
{
	if [ -n "${SBX_TEST_WHO-}" ]; then
		who=$SBX_TEST_WHO
		scratch=$work/$who
		"${!#}"
	elif [ "$(id -u)" -ne 0 ]; then
		skip "every test" "not run by root" | number
	elif ! { is_installed && [ -x "$bwrap" ]; } >/dev/null 2>&1; then
		skip "every test" "what is tested is not installed" | number
	elif [ -z "${SBX_TEST_MACHINE-}" ]; then
		SBX_TEST_MACHINE=own exec unshare --mount --propagation private --net --ipc \
			--pid --fork --kill-child --mount-proc bash "$0"
	else
		start_copies "${@:1:$#-1}" | number
	fi
}
