#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mat2, which has exiftool look at untrusted files.  Its command line has the
# sandbox off; its library, which file managers use, has it on.
. "$(dirname "$0")/../integration/lib.sh"

is_installed()
{
	type mat2 exiftool
}

break_and_clean='(open("photo.png", "w").write("no image"), photo.remove_all())'

# mat EXPRESSION: print the value of a Python EXPRESSION on "photo", mat2's view of photo.png.
mat()
{
	within 60 python3 -c '
import sys
from libmat2 import parser_factory
photo, _ = parser_factory.get_parser("photo.png")
assert photo.sandbox
photo.lightweight_cleaning = True
print(eval(sys.argv[1]))' "$1"
}

# make_image FILE: a PNG image of one pixel, with a comment.
make_image()
{
	base64 -d >"$1" <<-'END'
		iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVQI12NgAAAAAgAB4iG8MwAAAABJRU5ErkJggg==
	END
	exiftool -q -overwrite_original -Comment="made by me" "$1"
}

comment_of()
{
	exiftool -s3 -Comment "$1"
}

tests()
{
	make_image photo.png
	check "mat2 shows what exiftool found" \
		launched prints "made by me" mat 'photo.get_meta()["Comment"]'
	check "exiftool writes a clean copy" launched prints True mat 'photo.remove_all()'
	check "which has no comment" prints "" comment_of photo.cleaned.png
	check "while the original has it still" prints "made by me" comment_of photo.png
	check "exiftool fails where the file is none" \
		launched fails_saying 0 "Error: Not a valid PNG" mat "$break_and_clean"
}

run_as root user tests
