# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the scripts about flatpak: a runtime and an app, made of the host's busybox,
# in an unsigned repository, for the user's own installation.
. "$(dirname "$0")/bus.sh"
app=org.example.App
platform=org.example.Platform
tools=(/usr/libexec/flatpak-xdg-utils/flatpak-spawn /usr/bin/gdbus)
applets=(cat cp echo env grep ls mkdir pidof pwd readlink rm seq sh sleep stat test touch)

have_flatpak()
{
	type flatpak dbus-daemon busybox "${tools[@]}"
}

fp()
{
	within 60 flatpak "$@"
}

# in_app [OPTION]... SCRIPT: run a shell script in the app, with options of flatpak run.
in_app()
{
	fp run --command=sh "${@:1:$#-1}" "$app" -c "${!#}"
}

# make_runtime: the folder "runtime", with a shell, and with what asks the portal.
make_runtime()
{
	local usr=runtime/usr libraries
	mkdir -p runtime/files $usr/{bin,etc,lib,lib64} &&
		cp /usr/bin/busybox "${tools[@]}" /usr/sbin/ldconfig $usr/bin &&
		for applet in "${applets[@]}"; do ln -s busybox "$usr/bin/$applet"; done &&
		mapfile -t libraries < <(ldd "${tools[@]}" | grep -o '=> /[^ ]*' | cut -c 4- | sort -u) &&
		cp -L "${libraries[@]}" $usr/lib &&
		cp -L /lib64/ld-linux-x86-64.so.2 $usr/lib64 || return
	cat >runtime/metadata <<-END
		[Runtime]
		name=$platform
		runtime=$platform/$(flatpak --default-arch)/1
		sdk=$platform/$(flatpak --default-arch)/1
	END
}

# install_from_repository NAME FOLDER [OPTION]...: export FOLDER, and install the app or runtime in it.
install_from_repository()
{
	local name=$1 folder=$2
	fp build-export repo "$folder" 1 && fp --user remote-add --if-not-exists \
		--no-gpg-verify local repo && fp --user install -y --noninteractive local "$name//1"
}

install_runtime()
{
	make_runtime && install_from_repository "$platform" runtime
}

# make_app: the folder "app", made from inside of it.
make_app()
{
	fp build-init app "$app" "$platform" "$platform" 1 &&
		fp build app sh -c 'mkdir /app/bin && cat >/app/bin/greet && chmod 755 /app/bin/greet' \
			<<-'END'
				#!/bin/sh
				echo "hello, $*"
			END
}

finish_app()
{
	fp build-finish app --command=greet
}

install_app()
{
	install_from_repository "$app" app
}
