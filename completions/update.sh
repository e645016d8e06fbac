#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# update.sh GEN_DOCS DIR: write the completions into DIR anew.
set -eu
for shell in bash zsh fish; do
	"$1" "$shell" >"$2/sbx.$shell"
done
