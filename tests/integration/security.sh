#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No link in a bound folder and no word of the command line leads out of the sandbox, neither sbx
# while it builds nor COMMAND.
#
# The attacker owns the folder "att", which is bound at /a, and puts links into it;
# sbx is then made to use a destination below them.  Whatever it does or says,
# the folder "victim" on the host must stay as it is.
. "$(dirname "$0")/lib.sh"

# The contents of the victim's folder: names, kinds, modes, owners, sizes, links and text.
state()
{
	find "$PWD/victim" -printf '%p %y %m %U:%G %s %l %T@\n' | sort
	find "$PWD/victim" -type f -print0 | sort -z | xargs -0 md5sum
}

set_victim()
{
	rm -rf victim && mkdir -p victim/sub && chmod 0751 victim victim/sub || return
	echo precious >victim/file && chmod 0640 victim/file
	echo marked >victim/sub/marker
}

# --- Destinations -------------------------------------------------------------

# Each option that takes a destination; %s stands for it.  7 and 8 hold data, "src" is a
# folder of the host, "src/f" a file.
destinations=(
	"--bind src %s" "--bind src/f %s" "--bind-try src %s" "--dev-bind src %s"
	"--dev-bind-try src/f %s" "--ro-bind src %s" "--ro-bind src/f %s" "--ro-bind-try src %s"
	"--tmpfs %s" "--perms 0777 --tmpfs %s" "--dir %s" "--perms 0777 --dir %s"
	"--proc %s" "--dev %s" "--mqueue %s" "--symlink att %s" "--file 7 %s" "--perms 0777 --file 7 %s"
	"--bind-data 7 %s" "--ro-bind-data 7 %s" "--remount-ro %s" "--chmod 0777 %s"
)

# Make, in the folder "att", links with every aim that might lead to the victim's folder.
set_links()
{
	local up=../../../../../../../../../../.. fd
	rm -rf att && mkdir -p att/real && chmod 0755 att || return
	ln -s "$PWD/victim" att/by_path
	ln -s "/oldroot$PWD/victim" att/oldroot
	ln -s "/host$PWD/victim" att/host
	ln -s "/../..$PWD/victim" att/above
	ln -s "$up$PWD/victim" att/relative
	ln -s "$up/host$PWD/victim" att/relative_host
	ln -s "$up/oldroot$PWD/victim" att/relative_oldroot
	ln -s "/proc/self/root$PWD/victim" att/self_root
	ln -s "/proc/1/root$PWD/victim" att/first_root
	ln -s "/proc/$$/root$PWD/victim" att/outer_root
	ln -s /proc/self/cwd/victim att/self_cwd
	ln -s "/proc/$$/cwd/victim" att/outer_cwd
	ln -s "/proc/$$/fd/10/victim" att/outer_fd # held open for this by tests()
	for fd in {3..9}; do
		ln -s "/proc/self/fd/$fd$PWD/victim" "att/fd_$fd"
	done
	ln -s by_path att/chain && ln -s chain/sub/../../victim att/chain_2
	ln -s /a/real/../by_path att/inside_first
	ln -s loop att/loop
	ln -s /a/real att/inside
}

# The destinations to try: through each of the links, and without any.
texts()
{
	local link
	for link in att/*; do
		[ ! -L "$link" ] || printf '%s\n' "/a/${link#att/}" "/a/${link#att/}/file" \
			"a/real/../${link#att/}/sub/new"
	done
	printf '%s\n' "/../../..$PWD/victim/new" "../../../host$PWD/victim/new" \
		"/../oldroot$PWD/victim/file" "/a/../../../../../../../..$PWD/victim/new" \
		"/host$PWD/victim/file" "$PWD/victim/file" "/proc/self/root$PWD/victim/new" \
		"/proc/1/cwd/victim/new" "/proc/self/cwd/victim/file" "/proc/$$/cwd/victim/file" \
		"/proc/$$/root/$PWD/victim/sub" "/proc/$$/fd/10/victim/file"
}

# attack OPTION DESTINATION: run with both, whatever comes of it.
attack()
{
	local options
	read -r -a options <<<"${1//%s/$2}"
	"${launcher[@]}" timeout 20 "$sbx" --unshare-ipc --ro-bind /usr /usr --symlink usr/lib /lib \
		--symlink usr/lib64 /lib64 "${proc[@]}" --bind att /a "${options[@]}" -- \
		/usr/bin/true 7<data 2>/dev/null
}

# holds OPTION: the option works, and with every destination leaves the victim alone.
holds()
{
	local text before
	set_victim && set_links || return
	case $1 in
	--remount-ro*) attack "$1" /a ;;
	--chmod*) attack "$1" /a/real ;;
	*) attack "$1" /new ;;
	esac || return
	before=$(state)
	while IFS= read -r text; do
		attack "$1" "$text"
	done < <(texts)
	diff <(echo "$before") <(state)
}

escapes()
{
	local option
	for option in "${destinations[@]}"; do
		check "$1, ${option//%s/DEST} does nothing outside of the sandbox" holds "$option"
	done
}

# The links are still there, and used inside: the tests above would have failed with a
# launcher that follows them.
is_followed_inside()
{
	set_victim && set_links || return
	box --bind att /a --dir /a/inside/made -- test -d /a/real/made && [ -d att/real/made ] &&
		box --bind att /a --dir "$PWD/victim" --file 7 /a/by_path/file -- \
		grep -q new "$PWD/victim/file" 7< <(echo new) && grep -q precious victim/file
}

# --- A racing attacker --------------------------------------------------------

# race OPTION: runs while a folder and a link to the victim change places in the bound one.
race()
{
	local before link swap i ran=0
	set_victim || return
	before=$(state)
	for link in "$PWD/victim" "/oldroot$PWD/victim" "../../../../..$PWD/victim"; do
		rm -rf att && mkdir -p att/x/sub && ln -s "$link" att/y && touch att/x/file
		"$helpers/swap" att/x att/y &
		swap=$!
		for ((i = 0; i < 20; i++)); do
			! attack "$1" "/a/x/new$i" || ran=$((ran + 1))
			attack "$1" /a/x/file
			attack "$1" /a/x/sub
		done
		kill "$swap"
		wait "$swap" 2>/dev/null
	done
	echo "COMMAND ran $ran times"
	diff <(echo "$before") <(state)
}

races()
{
	local option
	for option in "--dir %s" "--file 7 %s" "--bind src %s" "--bind src/f %s" "--chmod 0777 %s" \
		"--tmpfs %s" "--symlink x %s" "--bind-data 7 %s"; do
		check "$1, ${option//%s/DEST} does nothing outside when it races with an attacker" race "$option"
	done
}

# --- Older kernels, other sandboxes -------------------------------------------

# A few things that a job needs, all at once.
all_works()
{
	"${launcher[@]}" timeout 20 "$sbx" --unshare-all --ro-bind /usr /usr --symlink usr/lib /lib \
		--symlink usr/lib64 /lib64 --proc /proc --dev /dev --dir /a/b --tmpfs /t --symlink /t /l \
		--file 7 /l/f --chmod 0640 /l/f --ro-bind src /new/src --remount-ro /t \
		--perms 0700 --dir /d --chmod 0711 /d -- \
		/usr/bin/bash -c '[ "$(stat -c %a-%s /t/f)" = 640-4 ] && [ -f /new/src/f ] && [ -d /a/b ] &&
			[ "$(stat -c %a /d)" = 711 ] && ! { : >/t/x; } 2>/dev/null && echo >/dev/null' 7<data
}

without_calls()
{
	local calls
	for calls in openat2 clone3 fchmodat2 "openat2 clone3 fchmodat2"; do
		# shellcheck disable=SC2206 # one word or several
		launcher=("$helpers/filter" run 38 $calls --)
		check "all works where $calls answers ENOSYS" all_works
	done
	for calls in openat2 clone3 fchmodat2 "openat2 clone3 fchmodat2"; do
		# shellcheck disable=SC2206 # one word or several
		launcher=("$helpers/filter" run 1 $calls --)
		check "all works where $calls answers EPERM" all_works
	done
	launcher=("$helpers/filter" run 1 close_range --)
	check "nothing runs where descriptors cannot be closed" \
		fails_saying 125 "^sbx: cannot close .*: Operation not permitted" all_works
	launcher=("$helpers/filter" run 38 openat2 fchmodat2 --)
}

# --- Seen from inside ---------------------------------------------------------

# The mounts inside, each as "PLACE TYPE".
mounts_inside()
{
	box --unshare-pid --proc /proc "$@" -- cat /proc/self/mountinfo |
		awk '{ for (i = 7; $i != "-"; i++); print $5, $(i + 1) }' | sort | paste -sd ,
}

# The protected entries of /proc, in the same form.
covers_inside()
{
	local roots="bus fs irq sysrq-trigger kcore timer_list" name
	for name in acpi asound bus fs interrupts irq kcore keys latency_stats sched_debug scsi sys \
		sysrq-trigger timer_list timer_stats; do
		[ -e "/proc/$name" ] || continue
		[ "$who" = root ] || ! grep -qw -e "$name" <<<"$roots" || continue
		case $name in
			bus | fs | irq | sys*) echo ",/proc/$name proc" ;;
			*) echo ",/proc/$name tmpfs" ;;
		esac
	done | tr -d '\n'
}

contents()
{
	local usr covers
	usr=$(stat -f -c %T /usr) && usr=$(findmnt -n -o FSTYPE -T /usr)
	covers=$(covers_inside)
	check "the list of mounts inside holds what was asked for, and nothing else" \
		prints "/ tmpfs,/proc proc$covers,/t tmpfs,/usr $usr" mounts_inside --tmpfs /t
	check "so does the root" prints "bin lib lib64 sbin usr" box -- sh -c 'cd /; echo *'
	check "also its hidden names" prints ". .. bin lib lib64 sbin usr" box -- sh -c 'ls -a / | paste -sd " "'
	check "nothing of the host's names is in the mounts of the sandbox" \
		fails 1 "" box --unshare-pid --proc /proc -- grep -e "$work" -e oldroot -e host /proc/self/mountinfo
	check "process 1 leads nowhere but into the sandbox" first_leads_nowhere
	check "not even with all capabilities" first_leads_nowhere --unshare-user --uid 0 --cap-add ALL
}

# The view through the links of process 1; an error is as good.
first_leads_nowhere()
{
	local seen
	seen=$(box --unshare-pid --proc /proc "$@" -- sh -c 'cd /proc/1 && ls -d root/* cwd/* fd/*/ 2>/dev/null')
	echo "$seen"
	! grep -vxE '(root|cwd)/(bin|lib|lib64|proc|sbin|usr)' <<<"$seen" | grep .
}

flights()
{
	local how
	for how in chroot umount setns pivot; do
		check "with all capabilities, escaping by $how finds nothing of the host" \
			finds_nothing $how --unshare-user --uid 0 --gid 0 --cap-add ALL
		check "the same with other ids and a second user namespace, $how" \
			finds_nothing_or_fails $how --unshare-user --uid 5 --gid 5 --dev /dev --cap-add ALL
		[ "$who" = user ] || check "the same for root without a user namespace, $how" \
			finds_nothing $how --cap-add ALL --no-lock-mounts
	done
}

# finds_nothing HOW OPTION...
finds_nothing()
{
	local how=$1
	shift
	box --unshare-pid --proc /proc --ro-bind "$helpers" /h "$@" -- /h/escape "$how" \
		"$PWD" "$work" /etc/passwd /oldroot /host /box /sys /boot
}

# Not permitted is as good.
finds_nothing_or_fails()
{
	local said
	said=$(finds_nothing "$@" 2>&1) || [[ $said != *visible* ]]
}

tests()
{
	launcher=() proc=(--proc /proc)
	exec 10<.
	mkdir -p src && echo source >src/f && printf data >data
	check "links in a bound folder are resolved inside" is_followed_inside
	escapes "with the host's /proc"
	races "with openat2"
	without_calls
	escapes "without openat2"
	races "without openat2"
	launcher=()
	contents
	flights
}

run_as_both tests
