#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Command lines of programs that Debian does not have.  Some run a language model's commands: all is
# readable, a folder is writable except for a part, and the network is a socket to a proxy.  One runs
# Ansible's playbooks, written for another system.
. "$(dirname "$0")/../integration/lib.sh"

is_installed()
{
	type busybox python3
}

# runtime COMMAND...: as sandbox-runtime has it.
runtime()
{
	within 60 bwrap --new-session --die-with-parent \
		--setenv SANDBOX_RUNTIME 1 --setenv TMPDIR /tmp/agent \
		--unshare-net --bind "$PWD/proxy" "$PWD/proxy" --setenv HTTP_PROXY "http://localhost:3128" \
		--ro-bind / / \
		--bind "$PWD/project" "$PWD/project" --bind /tmp/agent /tmp/agent \
		--ro-bind "$PWD/project/.git/hooks" "$PWD/project/.git/hooks" \
		--ro-bind /dev/null "$PWD/project/.bashrc" \
		--tmpfs "$PWD/keys" --ro-bind /dev/null "$PWD/token" \
		--bind "$PWD/proxy" "$PWD/proxy" \
		--dev /dev --unshare-pid --proc /proc "$@"
}

# codex [OPTION]... -- COMMAND...: as Codex has it; descriptor 9 is empty.
codex()
{
	within 60 bwrap --new-session --die-with-parent --ro-bind / / --dev /dev \
		--bind "$PWD/project" "$PWD/project" --bind /tmp /tmp \
		--ro-bind "$PWD/project/.git" "$PWD/project/.git" \
		--perms 000 --tmpfs "$PWD/keys" --remount-ro "$PWD/keys" \
		--perms 000 --ro-bind-data 9 "$PWD/token" \
		--unshare-user --unshare-pid --unshare-net --proc /proc "$@" 9</dev/null
}

# in_sandbox NAME SANDBOX COMMAND: a test that passes if a shell command succeeds.
in_sandbox()
{
	check "$2: $1" launched prints "done" "$2" -- bash -c "{ $3; } >/dev/null && echo done"
}

# serve: a proxy that answers one connection.
serve()
{
	python3 -c '
import socket
with socket.socket(socket.AF_UNIX) as server:
    server.bind("proxy")
    server.listen()
    with server.accept()[0] as client:
        client.sendall(b"the proxy")' &
	eventually test -S proxy
}

answer='import socket
proxy = socket.socket(socket.AF_UNIX)
proxy.connect("proxy")
print(proxy.recv(99).decode())'

# fed TEXT COMMAND...: COMMAND with TEXT as its standard input.
fed()
{
	"${@:2}" <<<"$1"
}

files()
{
	local sandbox=$1
	in_sandbox "all can be read" "$sandbox" 'grep -q ^root: /etc/passwd && ls /usr/bin'
	in_sandbox "little can be written to" "$sandbox" '! echo >new && ! echo >~/.profile'
	in_sandbox "the project can" "$sandbox" 'echo made >project/made'
	check "$sandbox: what was made is there" prints made cat project/made
	in_sandbox "its hooks cannot" "$sandbox" '! echo >project/.git/hooks/pre-commit'
	in_sandbox "a folder is hidden" "$sandbox" '! cat keys/private'
	in_sandbox "a file is" "$sandbox" '[ -z "$(cat token)" ] && ! echo >>token'
	check "$sandbox: both are as they were" \
		prints "secret"$'\n'"secret" cat keys/private token
}

processes()
{
	local sandbox=$1
	in_sandbox "devices are there" "$sandbox" 'echo >/dev/null && head -c 9 /dev/urandom'
	in_sandbox "no other process is" "$sandbox" 'cd /proc && set -- [1-9]* && [ "$*" = "1 2" ]'
	in_sandbox "no network is" "$sandbox" \
		"[ \$(readlink /proc/self/ns/net) != $(readlink /proc/self/ns/net) ]"
	check "$sandbox: a loopback device is" launched fails_saying 1 "Connection refused" \
		"$sandbox" -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/9'
	check "$sandbox: the exit status arrives" launched ends_with 37 "$sandbox" -- sh -c 'exit 37'
	check "$sandbox: so does the output, whole" launched prints "$(seq 20000)" "$sandbox" -- seq 20000
	check "$sandbox: so does the input" launched prints given fed given "$sandbox" -- cat
}

# ansible COMMAND...: as ansible-runner has it.  There is no /lib, so that COMMAND has to be
# statically linked on Debian.
ansible()
{
	within 60 bwrap --die-with-parent --unshare-pid --dev-bind /dev dev --proc /proc --dir /tmp \
		--ro-bind /bin /bin --ro-bind /etc /etc --ro-bind /usr /usr --ro-bind /opt /opt \
		--symlink usr/lib64 /lib64 --bind "$PWD/empty" "$PWD/keys" --bind "$PWD/empty" /var/log \
		--bind "$PWD/project" "$PWD/project" --chdir "$PWD/project" busybox "$@"
}

playbooks()
{
	check "ansible: it starts in the project" launched prints "$PWD/project" ansible pwd
	check "ansible: it sees no process but its own" \
		launched prints "1 2" ansible sh -c 'cd /proc && echo [1-9]*'
	check "ansible: it has the host's devices" \
		launched prints "$(stat -c %d-%i /dev/null)" ansible stat -c %d-%i /dev/null
	check "ansible: what is hidden is empty" \
		launched prints "" ansible find "$PWD/keys" /var/log -mindepth 1
	check "ansible: the project can be written to" launched ansible touch file
	check "ansible: the files are there" test -f project/file
	check "ansible: the rest cannot" launched ansible sh -c '! touch /usr/file /etc/file'
	check "ansible: the exit status arrives" launched ends_with 37 ansible sh -c 'exit 37'
}

tests()
{
	mkdir -p project/.git/hooks keys empty /tmp/agent
	echo secret >keys/private
	echo secret >token
	serve
	files runtime
	processes runtime
	check "the proxy answers" launched prints "the proxy" runtime -- python3 -c "$answer"
	files codex
	processes codex
	playbooks
}

run_as root user tests
