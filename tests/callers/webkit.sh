#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WebKitGTK, which renders pages from the network in a sandboxed process.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/bus.sh"
export DISPLAY=:1 LIBGL_ALWAYS_SOFTWARE=1
shown=$HOME/shown hidden=$HOME/hidden

is_installed()
{
	type Xvfb dbus-daemon && python3 -I -c 'import gi; gi.require_version("WebKit2", "4.1")'
}

# There is no other display in a network namespace and a /tmp of our own.
start_display()
{
	Xvfb "$DISPLAY" -nolisten tcp >/dev/null 2>&1 &
	display=$!
	eventually test -S /tmp/.X11-unix/X1
}

show_page()
{
	within 60 python3 "$work/callers/webkit_page.py" "$shown" "$hidden" "$@"
}

tests()
{
	mkdir "$shown" "$hidden"
	check "there is a display" start_display
	check "a page is shown by a sandboxed process" \
		launched prints "TEXT 42 sandboxed $shown" show_page
	start_bus
	check "also where there is a bus" launched prints "TEXT 42 sandboxed $shown" show_page
	stop_bus
	kill "$display"
	wait "$display"
}

run_as user tests
