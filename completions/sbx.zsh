#compdef sbx
# SPDX-License-Identifier: LGPL-2.1-or-later
# Generated from the option table: meson compile -C build update-docs

_arguments -S \
	"*--help[Print this help and exit]" \
	"*--version[Print the version and exit]" \
	"*--args[Read more options from FD, each ended by a NUL byte]:FD:" \
	"*--level-prefix[Start messages with their priority, as in <3>, for a journal]" \
	"*--verbose[Report where the result differs from what an option asks for]" \
	"*--strict-kernel[Refuse to run on a kernel that is known to do harm]" \
	"*--unshare-all[Unshare all namespaces; user and cgroup only where possible]" \
	"*--share-net[Keep the network in spite of an earlier --unshare-all]" \
	"*--unshare-user[Create a user namespace (always so for an ordinary user)]" \
	"*--unshare-user-try[Create a user namespace if the host has them]" \
	"*--unshare-ipc[Create an IPC namespace]" \
	"*--unshare-pid[Create a PID namespace]" \
	"*--unshare-net[Create a network namespace with nothing but loopback]" \
	"*--unshare-uts[Create a UTS namespace, with a host name of its own]" \
	"*--unshare-cgroup[Create a cgroup namespace]" \
	"*--unshare-cgroup-try[Create a cgroup namespace if the kernel has them]" \
	"*--hostname[Host name inside (needs --unshare-uts)]:NAME:" \
	"*--uid[User id inside (needs a user namespace)]:UID:" \
	"*--gid[Group id inside (needs a user namespace)]:GID:" \
	"*--userns[Use the user namespace FD instead of a new one]:FD:" \
	"*--userns2[Enter the user namespace FD once the sandbox is built]:FD:" \
	"*--pidns[Use the PID namespace FD, or create the new one in it]:FD:" \
	"*--disable-userns[Forbid new user namespaces inside (needs --unshare-user)]" \
	"*--allow-userns[Allow user namespaces inside in spite of --mask and the like]" \
	"*--assert-userns-disabled[Fail if user namespaces can be created inside]" \
	"*--bind[Bind the host path SRC at DEST]:SRC:_files:DEST:_files" \
	"*--bind-try[Like --bind, but skip a missing SRC]:SRC:_files:DEST:_files" \
	"*--dev-bind[Bind the host path SRC at DEST, device nodes included]:SRC:_files:DEST:_files" \
	"*--dev-bind-try[Like --dev-bind, but skip a missing SRC]:SRC:_files:DEST:_files" \
	"*--ro-bind[Bind the host path SRC at DEST, read-only]:SRC:_files:DEST:_files" \
	"*--ro-bind-try[Like --ro-bind, but skip a missing SRC]:SRC:_files:DEST:_files" \
	"*--bind-fd[Bind the file or directory of FD at DEST]:FD::DEST:_files" \
	"*--ro-bind-fd[Like --bind-fd, read-only]:FD::DEST:_files" \
	"*--free-bind[Like --bind, for COMMAND to unmount in spite of --lock-mounts]:SRC:_files:DEST:_files" \
	"*--overlay[Mount the --overlay-srcs at DEST, with changes kept in RWSRC]:RWSRC:_files -/:WORKDIR:_files -/:DEST:_files" \
	"*--tmp-overlay[Mount the --overlay-srcs at DEST, with changes thrown away]:DEST:_files" \
	"*--ro-overlay[Mount the --overlay-srcs, two or more, at DEST, read-only]:DEST:_files" \
	"*--tmpfs[Mount an empty tmpfs at DEST]:DEST:_files" \
	"*--dir[Create the directory DEST]:DEST:_files" \
	"*--proc[Mount a procfs at DEST]:DEST:_files" \
	"*--sys[Mount a sysfs at DEST, read-only]:DEST:_files" \
	"*--dev[Mount a minimal /dev at DEST]:DEST:_files" \
	"*--mqueue[Mount the POSIX message queues at DEST]:DEST:_files" \
	"*--symlink[Create the symbolic link DEST to TARGET]:TARGET:_files:DEST:_files" \
	"*--file[Copy FD to the file DEST]:FD::DEST:_files" \
	"*--bind-data[Bind a file with the contents of FD at DEST]:FD::DEST:_files" \
	"*--ro-bind-data[Like --bind-data, read-only]:FD::DEST:_files" \
	"*--remount-ro[Make the mount at DEST read-only, not those below it]:DEST:_files" \
	"*--chmod[Change the permission bits of DEST]:OCTAL::DEST:_files" \
	"*--perms[Permission bits of the file of the next option]:OCTAL:" \
	"*--size[Size of the next --tmpfs]:BYTES:" \
	"*--overlay-src[A layer of the next overlay, on top of those given before]:SRC:_files" \
	"*--mask[Make DEST empty, unreadable and unwritable]:DEST:_files" \
	"*--mask-try[Like --mask, but skip a missing DEST]:DEST:_files" \
	"*--ro[Make DEST, and what is below it, read-only]:DEST:_files" \
	"*--deny-create[Keep DEST, which must not exist, from being created]:DEST:_files" \
	"*--protect-or-die[Kill the sandbox if the host replaces a protected path]" \
	"*--protect-try[Protect such a path again in any case, and warn]" \
	"*--proc-subset[Let a new --proc have processes (pid) and nothing else]:SUBSET:(pid)" \
	"*--hidepid[Hide processes of others in a new --proc, as proc(5) has it]:MODE:(off noaccess invisible ptraceable)" \
	"*--proc-unmasked[Leave --proc unmasked, as nested sandboxes need it]" \
	"*--propagation[Let later mounts of the host in (slave), or not (private)]:MODE:(private slave)" \
	"*--no-symlinks[Follow no link in SRC and DEST of the options after it]" \
	"*--lock-mounts[Keep COMMAND from changing mounts, with CAP_SYS_ADMIN, too]" \
	"*--no-lock-mounts[Let COMMAND change all mounts, even with --cap-add CAP_SYS_ADMIN]" \
	"*--file-label[Give files that sbx creates the SELinux label LABEL]:LABEL:" \
	"*--argv0[Give COMMAND the name NAME as its argv\[0\]]:NAME:" \
	"*--chdir[Change to DIR inside]:DIR:_files -/" \
	"*--umask[Set the umask of COMMAND, which inherits it otherwise]:OCTAL:" \
	"*--clearenv[Remove every environment variable]" \
	"*--setenv[Set an environment variable]:VAR:_parameters -g '*export*':VALUE:" \
	"*--unsetenv[Remove an environment variable]:VAR:_parameters -g '*export*'" \
	"*--close-fds[Give COMMAND no descriptors but 0, 1, 2 and those of --keep-fd]" \
	"*--keep-fd[Let COMMAND have FD in spite of --close-fds]:FD:" \
	"*--cap-add[Give COMMAND the capability CAP, or ALL]:CAP:" \
	"*--cap-drop[Take the capability CAP, or ALL, from COMMAND]:CAP:" \
	"*--seccomp[Apply the seccomp program read from FD]:FD:" \
	"*--add-seccomp-fd[Apply one more seccomp program, read from FD]:FD:" \
	"*--no-tty-filter[Let COMMAND type into the terminal, where the kernel does]" \
	"*--no-signal-scope[Let COMMAND send signals to processes outside that it sees]" \
	"*--keep-keyring[Let COMMAND use keys, and keep the session keyring]" \
	"*--allow-io-uring[Let COMMAND use io_uring in spite of --unshare-net]" \
	"*--exec-label[Execute COMMAND with the SELinux label LABEL]:LABEL:" \
	"*--not-a-security-boundary[Accepted, because bubblewrap has it; without effect]" \
	"*--new-session[Run in a session without the terminal]" \
	"*--as-pid-1[Run COMMAND as process 1, with no reaper (needs --unshare-pid)]" \
	"*--die-with-parent[Kill the sandbox when the process that started it exits]" \
	"*--kill-on-exit[Send SIGTERM to what COMMAND leaves running, then SIGKILL]" \
	"*--kill-on-exit-after[Like --kill-on-exit, with SECONDS until SIGKILL]:SECONDS:" \
	"*--keep-running[Let what COMMAND leaves running live on; this is the default]" \
	"*--teardown-timeout[Wait at most SECONDS until all of the sandbox is gone (1)]:SECONDS:" \
	"*--info-fd[Write process and namespaces to FD as JSON, then close it]:FD:" \
	"*--json-status-fd[Write events to FD, a line of JSON each]:FD:" \
	"*--block-fd[Wait for a byte from FD before COMMAND is executed]:FD:" \
	"*--userns-block-fd[Wait for a byte from FD while another process maps the IDs]:FD:" \
	"*--sync-fd[Keep FD open as long as there are processes inside]:FD:" \
	"*--lock-file[Hold a lock on DEST as long as there are processes inside]:DEST:_files" \
	"(-)1:command: _command_names -e" \
	"*::arguments: _normal"
