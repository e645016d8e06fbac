#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real job: build a program with meson and ninja in a sandbox, and run it; and run
# this project's own unit tests in one.
. "$(dirname "$0")/lib.sh"

# Everything can be read, only /tmp and the folder "job" can be written, no network.
workshop()
{
	timeout --kill-after=5 200 "$sbx" --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp \
		--bind job /tmp/job --unshare-all --die-with-parent --chdir /tmp/job \
		--setenv HOME /tmp "$@"
}

write_program()
{
	rm -rf job && mkdir job
	cat >job/meson.build <<-'END'
		project('hello', 'c')
		hello = executable('hello', 'hello.c')
		test('hello', hello)
	END
	cat >job/hello.c <<-'END'
		#include <stdio.h>

		int main(void)
		{
			return puts("hello from the sandbox") < 0;
		}
	END
}

builds()
{
	check "meson sets a build directory up" workshop -- meson setup build
	check "ninja builds in it" workshop -- ninja -C build
	check "the tests of it pass" workshop -- meson test -C build
	check "the program runs in the sandbox" \
		prints "hello from the sandbox" workshop -- build/hello
	check "and outside, where it was left" prints "hello from the sandbox" job/build/hello
	check "it belongs to the caller" prints "$(id -u):$(id -g)" stat -c %u:%g job/build/hello
	check "the compiler could not have written elsewhere" \
		fails_saying 1 "Read-only file system\|Permission denied" \
		workshop -- sh -c 'echo >/usr/x || exit 1'
	check "what is in /tmp is the sandbox's" workshop -- sh -c '[ "$(ls /tmp)" = job ]'
	check "the network is really gone" no_network
}

# Nothing but lo, and no peer, not even on the host itself.
no_network()
{
	workshop -- bash -c '[ "$(sed 1,2d /proc/net/dev | wc -l)" -eq 1 ] &&
		! { : >/dev/tcp/192.0.2.1/80; } 2>/dev/null && ! { : >/dev/tcp/127.0.0.1/22; } 2>/dev/null'
}

# The programs were copied by the first copy of this script, which can read them for sure.
runs_unit_tests()
{
	local program found=0
	for program in "$work"/unit/test_*; do
		[ -x "$program" ] || continue
		found=$((found + 1))
		check "this project's unit tests pass in the sandbox: ${program##*/}" \
			workshop --ro-bind "$work/unit" /tmp/unit -- "/tmp/unit/${program##*/}"
	done
	check "there are unit tests" test "$found" -gt 0
}

tests()
{
	write_program
	builds
	runs_unit_tests
}

# prepare_more: called once, before the tests.
prepare_more()
{
	mkdir "$work/unit"
	find "${SBX_BUILD_ROOT:?}/tests/unit" -maxdepth 1 -name 'test_*' -type f -perm -u+x \
		-exec cp -t "$work/unit" {} +
}

run_as_both tests
