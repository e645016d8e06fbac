#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh [OPTION]... [SCRIPT]...: boot Debian's kernels in qemu and run tests there; --help says more.
#
# A machine has two disks: a Debian system, made once, to which nothing is written, and an archive
# of the tests and of what they need from the build.  init.sh starts it, guest.sh runs the scripts,
# and their output goes to the second serial line, for summary.awk.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sbx-vm
build=${SBX_BUILD_ROOT:-$top/build}
mirror=${SBX_VM_MIRROR:-http://deb.debian.org}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
flavour=cloud-amd64 # smaller than the others, but with all that the tests need
memory=2048         # MiB
disk=3G             # the system's, with room for what tests write
folders=(integration stuck lifetime)
unable=125 # the exit status if it is not the tests that failed

# Where kernels are looked for: first where the lists of packages are short.
suites=(trixie-security bookworm-security bullseye-security trixie-backports bookworm-backports
	trixie bookworm bullseye sid experimental)

# The first is needed to find the disk that the others are used from.
modules=(virtio_pci virtio_blk virtio_rng ext4 overlay fuse tun loop)

# Packages of the system, beside the essential ones.
packages=(libcap2-bin libcmocka0 mount procps strace)
selinux_packages=(selinux-policy-default selinux-utils policycoreutils)

kernels=() scripts=() who=root lsm=apparmor timeout=3600

usage()
{
	cat <<END
usage: tests/vm/run.sh [OPTION]... [SCRIPT]...
Boot Debian's kernels in qemu and run there the tests of sbx that are scripts: those in tests/ in
the folders ${folders[*]}, or the SCRIPTs, such as processes or stuck/matrix.

  --kernel VERSION  the newest build of it that Debian has, such as 6.1; can be given several
                    times.  The default: 5.10, which is too old for sbx and must be told to be,
                    6.1, 6.12 and 7.3
  --user            run the scripts as an ordinary user only; root runs them as both
  --lsm NAME        apparmor (as Debian does), or selinux, with Debian's policy, enforced
  --timeout S       seconds after which a machine is stopped ($timeout)

For each script there is a line "N passed, N failed, N skipped", and what has failed; in the end,
such a line for each kernel.  The exit status is 0 if nothing has failed, $unable if a machine could
not be made or did not finish, else 1.

Without KVM all is 15 to 60 times slower: rather name a few scripts.

Needs a machine with Debian on amd64, but no privilege; and the packages
  busybox-static e2fsprogs genext2fs kmod mmdebstrap qemu-system-x86 uidmap xz-utils zstd
Environment: SBX_BUILD_ROOT, where sbx was built, without sanitizers (./build); SBX_VM_MIRROR
($mirror); SBX_VM_SUITE, the release that the system in the machine is of (this
machine's; not older, or sbx does not find its C library).
Kernels and systems are kept in $cache;
to get newer ones, remove it.
END
}

die()
{
	echo "run.sh: $*" >&2
	exit "$unable"
}

# quietly COMMAND...: its output is shown only if it fails.
quietly()
{
	"$@" >"$cache/log" 2>&1 && return
	tail -n 20 "$cache/log" >&2
	die "cannot $*"
}

# --- The command line ------------------------------------------------------------

read_options()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--help)
			usage
			exit
			;;
		--user) who=user ;;
		--kernel | --lsm | --timeout)
			[ $# -ge 2 ] || die "$1 needs an argument"
			read_value "$1" "$2"
			shift
			;;
		-*) die "there is no option $1; --help lists them" ;;
		*) scripts+=("$(find_script "$1")") || exit ;;
		esac
		shift
	done
	[ ${#kernels[@]} -gt 0 ] || kernels=(5.10 6.1 6.12 7.3)
	[ ${#scripts[@]} -gt 0 ] || all_scripts
}

read_value()
{
	case $1=$2 in
	--kernel=[0-9]*.[0-9]*) kernels+=("$2") ;;
	--lsm=apparmor | --lsm=selinux) lsm=$2 ;;
	--timeout=[1-9]*) timeout=$2 ;;
	*) die "$1 cannot be $2" ;;
	esac
}

# find_script NAME: its path below tests/; NAME may be without its folder and its ending.
find_script()
{
	local name=${1#tests/} folder
	name=${name%.sh}.sh
	for folder in "" "${folders[@]}"; do
		if is_script "$folder${folder:+/}$name"; then
			echo "$folder${folder:+/}$name"
			return
		fi
	done
	die "there is no script $1"
}

# Without files that scripts source, and without those of other kinds of test.
is_script()
{
	[[ " ${folders[*]} " == *" ${1%/*} "* && $1 != */lib.sh && $1 != */run.sh && -f $top/tests/$1 ]]
}

all_scripts()
{
	local folder file
	for folder in "${folders[@]}"; do
		for file in "$top/tests/$folder"/*.sh; do
			file=$folder/${file##*/}
			! is_script "$file" || scripts+=("$file")
		done
	done
}

# --- Files that are created once -------------------------------------------------

must_have()
{
	local tool
	for tool in apt-get busybox e2fsck genext2fs mmdebstrap modprobe qemu-system-x86_64 resize2fs \
		tune2fs xz zstd; do
		command -v "$tool" >/dev/null ||
			die "$tool is not installed; --help names the packages"
	done
	[ -x "$build/sbx" ] || die "there is no sbx in $build; build it, or set SBX_BUILD_ROOT"
	[ -f "$keyring" ] || die "there is no $keyring; is the package debian-archive-keyring installed?"
}

# source_of SUITE: as a line of sources.list
source_of()
{
	local archive=debian
	[[ $1 != *-security ]] || archive=debian-security
	echo "deb [arch=amd64 signed-by=$keyring] $mirror/$archive $1 main"
}

# apt_for SUITE COMMAND...: with sources and lists of its own; this machine's are left alone
apt_for()
{
	local dir=$cache/apt/$1
	"$2" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir" \
		-o APT::Architecture=amd64 -o Acquire::Languages=none -o APT::Sandbox::User="" "${@:3}"
}

fetch_lists()
{
	mkdir -p "$cache/apt/$1"/{archives,lists}/partial
	source_of "$1" >"$cache/apt/$1/sources.list"
	apt_for "$1" apt-get -qq update >"$cache/log" 2>&1
}

# builds_of VERSION: of the kernels named on stdin, those that begin so, the newest first
builds_of()
{
	grep -E "^${1//./\\.}(\.[-0-9.+~a-z]*)?-$flavour\$" | sort -rV
}

# find_kernel VERSION: sets $suite and $release
find_kernel()
{
	for suite in "${suites[@]}"; do
		fetch_lists "$suite" || continue
		for release in $(apt_for "$suite" apt-cache pkgnames linux-image- |
			sed 's/^linux-image-//' | builds_of "$1"); do
			! is_complete || return 0
		done
	done
	return 1
}

# The rest of a kernel may be gone from the archive.
is_complete()
{
	! apt_for "$suite" apt-cache depends "linux-image-$release" |
		grep -Fx -e "  Depends: <linux-binary-$release>" -e "  Depends: <linux-modules-$release>" \
			>/dev/null
}

# The packages that are one kernel: in newer ones its modules are in others than linux-image.
packages_of_kernel()
{
	apt_for "$suite" apt-cache depends --important "linux-image-$release" |
		sed -E 's/^ *(Pre)?Depends: //' | grep -x -e 'linux-.*' | grep -F -e "-$release"
}

download_kernel()
{
	local package new=$cache/new
	find_kernel "$1" || die "Debian has no kernel $1-$flavour"
	echo "downloading the kernel $release from $suite" >&2
	rm -rf "$new"
	mkdir -p "$new"
	mapfile -t wanted < <(packages_of_kernel)
	(cd "$new" && quietly apt_for "$suite" apt-get download "${wanted[@]}")
	for package in "$new"/*.deb; do
		dpkg-deb -x "$package" "$new"
		rm "$package"
	done
	[ -e "$new/lib" ] || ln -s usr/lib "$new/lib"
	quietly depmod -b "$new" "$release"
	ln -s "$(cd "$new" && find . -name 'vmlinuz*' -type f | head -n 1)" "$new/vmlinuz"
	mv "$new" "$cache/kernel-$release"
}

# get_kernel VERSION: sets $release
get_kernel()
{
	release=$(find "$cache" -maxdepth 1 -name 'kernel-*' -printf '%P\n' | sed 's/^kernel-//' |
		builds_of "$1" | sed -n 1p) || release=""
	[ -n "$release" ] || download_kernel "$1"
}

# Commands for a system that has its packages; "$1" is its root.
customize='
	mkdir "$1/tests" && install -d -o 1000 -g 1000 "$1/home/user" &&
	echo vm >"$1/etc/hostname" &&
	echo "user:x:1000:1000::/home/user:/bin/bash" >>"$1/etc/passwd" &&
	echo "user:x:1000:" >>"$1/etc/group" &&
	install -m 0600 /dev/null "$1/etc/shadow"'

# Sets $system, a disk image.
get_system()
{
	local release_here suite new=$cache/new.ext2
	release_here=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	suite=${SBX_VM_SUITE:-$release_here}
	[ "$lsm" != selinux ] || packages+=("${selinux_packages[@]}")
	system=$cache/system-$suite-$(cksum <<<"${packages[*]} $disk $customize" | cut -d ' ' -f 1).ext2
	[ ! -f "$system" ] || return 0
	echo "making a system of the packages of $suite" >&2
	rm -f "$new"
	# When it fails, it ends its whole process group.
	quietly setsid --wait mmdebstrap --quiet --variant=essential --architectures=amd64 \
		--include="$(IFS=,; echo "${packages[*]}")" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook="$customize" "$suite" "$new" "$(source_of "$suite")"
	# Overlays need to know of what type an entry of a directory is.
	quietly tune2fs -O filetype "$new"
	e2fsck -f -y -D "$new" >"$cache/log" 2>&1 || [ $? -eq 1 ] || # it has corrected that
		die "cannot correct the file system of $new"
	quietly resize2fs "$new" "$disk"
	mv "$new" "$system"
}

# --- One machine -----------------------------------------------------------------

# The modules are unpacked and in the order in which they have to be loaded.
make_initramfs()
{
	local tree=$work/initramfs module file
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,dev,modules,new}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	cp "$here/init.sh" "$tree/init"
	chmod +x "$tree/init"
	for module in "${modules[@]}"; do
		modprobe -d "$cache/kernel-$release" -S "$release" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
	while read -r file; do
		module=${file##*/}
		module=${module%%.ko*}
		echo "$module" >>"$tree/modules/order"
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dcq "$file" ;;
		*) cat "$file" ;;
		esac >"$tree/modules/$module"
	done <"$work/modules"
	(cd "$tree" && find . | busybox cpio -o -H newc >"$work/initrd" 2>"$work/log")
}

# Where sbx looks for its table of kernels.
installed_table()
{
	grep -aoE '/[[:print:]]*/sbx/kernels' "$build/sbx" | sort -u
}

# All that the scripts need, as it lies in the source and in the build.
make_archive()
{
	local tree=$work/tests folder
	mkdir -p "$tree/data" "$tree/tests" "$tree/build/tests"
	cp "$top/data/kernels" "$tree/data"
	cp "$here/guest.sh" "$tree"
	cp "$build/sbx" "$tree/build"
	for folder in "${folders[@]}"; do
		[ ! -d "$top/tests/$folder" ] || cp -r "$top/tests/$folder" "$tree/tests"
	done
	for folder in unit "${folders[@]}"; do
		[ -d "$build/tests/$folder" ] || continue
		mkdir "$tree/build/tests/$folder"
		find "$build/tests/$folder" -maxdepth 1 -type f -perm -u+x \
			-exec cp -t "$tree/build/tests/$folder" {} +
	done
	printf '%s\n' "${scripts[@]}" >"$tree/scripts"
	echo "$who $lsm $(installed_table)" >"$tree/options"
	chmod -R a+rX "$tree"
	tar -C "$tree" --owner=0 --group=0 -cf "$work/archive" .
}

# KVM is of no use on a processor that is virtual itself and cannot do that.
accelerator()
{
	if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then echo kvm; else echo tcg; fi
}

# The machine's second serial line is qemu's standard output.
boot()
{
	local drive=if=none,format=raw
	TMPDIR=$work timeout --kill-after=5 "$timeout" qemu-system-x86_64 \
		-accel "$(accelerator)" -cpu max -smp 2 -m "$memory" \
		-nodefaults -no-user-config -no-reboot -display none -monitor none \
		-kernel "$cache/kernel-$release/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off security=$lsm" \
		-device virtio-rng-pci \
		-drive "file=$system,id=system,snapshot=on,$drive" -device virtio-blk-pci,drive=system \
		-drive "file=$work/archive,id=archive,readonly=on,$drive" \
		-device virtio-blk-pci,drive=archive \
		-serial "file:$work/console" -serial stdio </dev/null 2>"$work/log"
}

# run_kernel VERSION: sets $status as the whole's exit status is meant to be
run_kernel()
{
	local result=0
	get_kernel "$1"
	echo "$release, $lsm, $(accelerator):"
	make_initramfs
	: >"$work/console"
	boot | awk -v name="$release" -f "$here/summary.awk" | tee "$work/said" || result=$?
	tail -n 1 "$work/said" >>"$work/totals"
	if grep -q '^sbx-vm: ' "$work/said"; then
		tail -n 20 "$work/log" "$work/console" >&2
		status=$unable
	elif [ "$result" -ne 0 ] && [ "$status" -eq 0 ]; then
		status=1
	fi
}

read_options "$@"
must_have
mkdir -p "$cache"
exec {lock}>"$cache/lock"
flock "$lock" # one run at a time, as they share the files that are created once
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit "$unable"' HUP INT TERM
status=0
get_system
make_archive
for kernel in "${kernels[@]}"; do
	run_kernel "$kernel"
done
[ ${#kernels[@]} -eq 1 ] || cat "$work/totals"
exit "$status"
