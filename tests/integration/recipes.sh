#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes of the manual and the README: the test extracts them from there and runs them verbatim.
. "$(dirname "$0")/lib.sh"

recipes=5

# --- The texts ------------------------------------------------------------------

# blocks START LEVEL: write the literal blocks of the section that the line START opens, as 1, 2 ...;
# the next heading of LEVEL closes it.
blocks()
{
	awk -v start="$1" -v level="$2 " '
		$0 == start { section = 1; next }
		index($0, level) == 1 && !inside { section = 0 }
		section && /^```/ { inside = !inside; n += inside; next }
		section && inside { print >n }'
}

# In the manual's source, each backslash is written twice.
prepare_more()
{
	local texts=$SBX_SOURCE_ROOT
	mkdir "$work/manual" "$work/readme" &&
		(cd "$work/manual" && blocks "# EXAMPLES" "#" <"$texts/man/sbx.1.scd") &&
		(cd "$work/readme" && blocks "## Five recipes" "##" <"$texts/README.md") &&
		sed -i 's/\\\\/\\/g' "$work"/manual/* &&
		sed -nE 's/^Add _(--ro .*)_ before \*--chdir\* .*/\1/p' "$texts/man/sbx.1.scd" >"$work/keep" &&
		chmod -R a+rX "$work"/{manual,readme,keep}
}

texts()
{
	check "the manual has $recipes recipes" prints "$(seq "$recipes")" ls "$work/manual"
	check "the README has the same" diff -r "$work/manual" "$work/readme"
}

# recipe NUMBER [EXPRESSION [ARGUMENT]...]: run a recipe, which a sed EXPRESSION may change.
recipe()
{
	local text run=(bash -eu -o pipefail -c)
	[ "$1" -ne 5 ] || run=(python3 -c)
	text=$(sed -e "${2-}" "$work/manual/$1") || return
	HOME=$home TOKEN=$token timeout --foreground --kill-after=5 60 "${run[@]}" "$text" "${@:3}"
}

# --- The host -------------------------------------------------------------------

# make_host: a home directory with a private key, a process, and a listener on sockets of both kinds.
make_host()
{
	home=$PWD token=the-token-of-the-caller
	PATH=$work/bin:$PATH
	mkdir -p .ssh project && echo the-key-of-the-caller >.ssh/id_ed25519 && chmod -R go= .ssh
	sleep 600 &
	victim=$!
	python3 - <<-END >port &
		import signal, socket
		tcp = socket.create_server(("127.0.0.1", 0))
		abstract = socket.socket(socket.AF_UNIX)
		abstract.bind("\0recipes-$who-$$")
		abstract.listen()
		print(tcp.getsockname()[1], flush=True)
		signal.pause()
	END
	listener=$!
	eventually test -s port
}

remove_host()
{
	kill "$victim" "$listener"
	wait "$victim" "$listener"
}

# load_certificates: the TLS library finds certificates of authorities.
load_certificates='import ssl; assert ssl.create_default_context().get_ca_certs()'

# write_probe: the command of each recipe.  It tries what has to work and what must not, prints a line
# for each success, and leaves a process behind.
write_probe()
{
	cat >probe <<-END
		user="$(id -un) $(id -gn)" home=$home token=$token victim=$victim
		port=$(cat port) abstract=recipes-$who-$$ load_certificates="$load_certificates"
		resolver="$(cksum </etc/resolv.conf)"
	END
	cat >>probe <<-'END'
		can()
		{
			local what=$1
			shift
			if "$@" >/dev/null 2>&1; then echo "can $what"; fi
		}

		compile()
		{
			local name=/tmp/compiled
			echo 'int main(void) { return 0; }' >"$name.c" && cc -o "$name" "$name.c" && "$name"
		}

		if [ -t 0 ] || [ -t 1 ] || [ -t 2 ]; then echo "can keep-terminal"; fi
		can awk awk 'BEGIN { exit 0 }'
		can cc compile
		can whoami test "$(whoami) $(id -gn)" = "$user"
		can group getent group tty
		can localhost getent hosts localhost
		can write touch written
		can resolve test "$(cksum </etc/resolv.conf)" = "$resolver"
		can verify python3 -c "$load_certificates"

		can read-key cat "$home/.ssh/id_ed25519"
		can read-shadow cat /etc/shadow
		can read-tls-keys ls /etc/ssl/private
		can read-token grep -qse "$token" /proc/self/environ /proc/1/environ
		can read-descriptor sh -c 'cat <&9'
		can connect bash -c ": </dev/tcp/127.0.0.1/$port"
		can connect-abstract python3 -c \
			"import socket; socket.socket(socket.AF_UNIX).connect('\\0$abstract')"
		can have-capabilities grep -q '^CapEff:.*[1-9a-f]' /proc/self/status
		can kill kill -KILL "$victim"
		can enter ls "/proc/$victim/root/"
		can write-usr mkdir /usr/recipe
		can write-passwd sh -c ': >>/etc/passwd'
		can write-sysctl sh -c ': >>/proc/sys/kernel/core_pattern'
		can unmount-sysctl umount -l /proc/sys
		can unmount-usr umount -l /usr
		can make-device mknod device c 1 3
		can make-user-namespace unshare --user true
		can use-terminal sh -c ': </dev/tty'
		chmod 777 . .. "$home"
		touch ../escaped "$home/escaped"
		sleep 600.5 &
		exit 3
	END
	printf 'all:\n\t@bash probe\n' >project/Makefile
	cp probe script.sh && cp probe project
}

# --- What each recipe can do ----------------------------------------------------

# can WHAT STATUS COMMAND...: COMMAND exits with STATUS, its probe can do WHAT and nothing else, and the
# host is as it was.
can()
{
	local what=$1 want=$2 status=0 said
	shift 2
	said=$("$@" 2>&1) || status=$?
	said=${said//$'\r'/}
	echo "status $status, output: $said" | head -c 2000
	# shellcheck disable=SC2086 # several words
	[ "$status" -eq "$want" ] && is_unchanged &&
		diff <(printf '%s\n' $what | sort) <(sed -nE 's/^(.*[#$] )?can //p' <<<"$said" | sort) >&2
}

is_unchanged()
{
	[ "$(find . -name escaped ! -path './private/*' ! -path './jail/*')" = "" ] && [ ! -e /usr/recipe ] &&
		[ "$(stat -c %a .)" = 755 ] && kill -0 "$victim" &&
		! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -q 'sleep 600\.5 '
}

works="awk cc group write"
if id -un && id -gn; then works+=" whoami"; fi >/dev/null 2>&1
if getent hosts localhost >/dev/null; then works+=" localhost"; fi

# with_key COMMAND...: descriptor 9 is open on the key.
with_key()
{
	"$@" 9<.ssh/id_ed25519
}

# typed COMMAND...: the probe is the input of a shell.
typed()
{
	"$@" <probe
}

# on_terminal KEYS RECIPE: run it on a terminal; after the line "ready", KEYS are typed.
on_terminal()
{
	export -f recipe
	home=$home token=$token work=$work "$helpers/pty" "$1" bash -c 'recipe "$1"' - "$2"
}

build()
{
	local more="$works make-user-namespace"
	[ "$who" = user ] || more+=" have-capabilities"
	check "a build has the compiler and its folder" can "$more" 2 with_key recipe 1
	check "what it wrote is on the host" test -e project/written
	check "the hooks of its repository can be kept" keeps_hooks
}

# keeps_hooks: with the option that the manual names, the build cannot change .git.
keeps_hooks()
{
	local keep
	keep=$(grep -e --ro "$work/keep") || return
	mkdir -p project/.git/hooks
	ends_with 1 recipe 1 "s|--chdir|$keep &|; s|make$|touch .git/hooks/post-merge|"
}

untrusted_script()
{
	check "an untrusted script has its folder" can "$works" 3 with_key recipe 2
	check "it does not get the terminal" can "$works" 3 on_terminal "" 2
	check "what it wrote is on the host" test -n "$(find jail -name written)"
	check "no other user reaches what it wrote" prints 700 stat -c %a jail
}

private_home()
{
	local has="$works resolve make-user-namespace"
	[ "$who" = user ] || has+=" have-capabilities"
	if python3 -c "$load_certificates"; then
		has+=" verify"
	else
		skip "$who: TLS in a shell with a private home" "this host has no certificates"
	fi
	check "a shell with a private home has what DNS and TLS need" \
		can "$has" 3 with_key typed recipe 3
	check "it has the network by --share-net alone" \
		can "$has connect connect-abstract" 3 typed recipe 3 's/--unshare-all/& --share-net/'
	cp probe private/home && echo 'echo ready' >private/home/.bashrc
	check "it works on a terminal" can "$has keep-terminal use-terminal" 3 on_terminal $'bash probe\nexit\n' 3
	check "no other user reaches the private home" prints 700 stat -c %a private
	[ "$who" = user ] ||
		check "a resolv.conf that is a link into /run does" can "$has" 3 with_linked_resolver typed recipe 3
}

# with_linked_resolver COMMAND...: /etc/resolv.conf is a link into /run, as systemd-resolved has it.
with_linked_resolver()
{
	export -f recipe typed
	home=$home token=$token work=$work unshare --mount bash -euc '
		mount -t tmpfs tmpfs /run
		mkdir /run/upper /run/work /run/resolve
		cp /etc/resolv.conf /run/resolve/stub
		mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
		ln -sf ../run/resolve/stub /etc/resolv.conf
		"$@"' - "$@"
}

drop_in()
{
	check "a program that calls bwrap gets the same protection" can "$works" 2 recipe 4
	check "what it finds under that name is sbx" \
		prints "bubblewrap 0.11.1" recipe 4 '/^bwrap/,$c bwrap --version'
}

program()
{
	check "a program runs a command in a sandbox" can "$works" 3 with_key recipe 5 "" bash -c "$(cat probe)"
	check "it receives the exit status" prints "exit status: 0" recipe 5 "" true
	check "it receives the reason of a failure" \
		prints "did not run: cannot execute no-command: No such file or directory" fails_as_told
}

fails_as_told()
{
	recipe 5 "" no-command 2>/dev/null || [ $? -eq 127 ]
}

run_recipes()
{
	texts
	if ! make_host; then
		echo "not ok - $who: the host of the recipes"
		return
	fi
	write_probe
	build
	untrusted_script
	private_home
	drop_in
	program
	remove_host 2>/dev/null
}

run_as_both run_recipes
