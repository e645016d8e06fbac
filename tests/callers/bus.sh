# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the scripts about programs that use D-Bus.

# start_bus: one bus is both the session's and the system's.  flatpak asks there for parental
# controls: a bus without that service is an answer, a missing bus is none.
start_bus()
{
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
	dbus-daemon --session --nofork --nosyslog --address="$DBUS_SESSION_BUS_ADDRESS" \
		>/dev/null 2>&1 &
	bus=$!
	eventually test -S "$XDG_RUNTIME_DIR/bus"
}

# stop_bus: the processes that it has started exit with it.
stop_bus()
{
	kill "$bus"
	wait "$bus"
}
