#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# page.sh SCDOC <SOURCE >PAGE: format a page whose options and commands can be copied.
#
# A "-" becomes a minus sign: groff neither breaks a line after it nor prints another character.  Words are not
# hyphenated.
set -eu

page=$("$1")
printf '%s\n' "$page" | sed -e '/^\.nh$/i .nr HY 0' -e "/^[^.]/{s/-/\\\\-/g;s/\\\\h'\\\\-/\\\\h'-/g}"
