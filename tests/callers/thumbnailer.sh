#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GNOME's thumbnailers, which programs such as file managers run in a sandbox, with a seccomp
# program.
. "$(dirname "$0")/../integration/lib.sh"

is_installed()
{
	python3 -I -c 'import gi; gi.require_version("GnomeDesktop", "3.0")'
}

# make_thumbnailer TYPE COMMAND: for files of TYPE there is a shell command, which has the
# file in $0 and is to write an image to $1.
make_thumbnailer()
{
	local folder=.local/share/thumbnailers
	mkdir -p "$folder" && cat >"$folder/$1.thumbnailer" <<-END
		[Thumbnailer Entry]
		Exec=sh -c '$2' %i %o
		MimeType=test/$1;
	END
}

# make_image FILE: a PNG image of one pixel.
make_image()
{
	base64 -d >"$1" <<-'END'
		iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVQI12NgAAAAAgAB4iG8MwAAAABJRU5ErkJggg==
	END
}

thumbnail()
{
	within 60 python3 "$work/callers/thumbnail.py" photo "test/$1"
}

# thumbnail_if TEXT COMMAND: a test that passes if there is a thumbnail where COMMAND succeeds.
thumbnail_if()
{
	types=$((types + 1))
	make_thumbnailer "$types" "$2 && cp \"\$0\" \"\$1\""
	check "$1" launched prints "1 1" thumbnail "$types"
}

tests()
{
	types=0
	make_image photo
	thumbnail_if "there is a thumbnail" true
	thumbnail_if "its file cannot be written to" '! echo 2>/dev/null >>"$0"'
	touch other
	thumbnail_if "other files are not there" "test ! -e $PWD/other"
	thumbnail_if "there is no network" \
		"test \$(readlink /proc/self/ns/net) != $(readlink /proc/self/ns/net)"
	thumbnail_if "there is a seccomp program" 'grep -q "Seccomp:.*2" /proc/self/status'
	thumbnail_if "by which user namespaces are forbidden" '! unshare --user true 2>/dev/null'
	make_thumbnailer failing 'exit 3'
	check "a thumbnailer fails" launched fails_saying 1 . thumbnail failing
}

run_as root user tests
