# SPDX-License-Identifier: LGPL-2.1-or-later
# What one launch has left, as lines that are the same in each run: the files outside, report,
# facts, stdout, stderr, side and tree, in this order.
# "inside: " is before what the command saw.  Variables: work, a directory whose name is chance; said, whether the text on stderr counts.

FNR == 1 {
	n = split(FILENAME, path, "/")
	kind = path[n]
}

{ gsub(work, "WORK") }

kind == "outside" {
	outside[$1] = $2
	next
}

$1 == "define" {
	names[$3] = $2
	next
}

kind == "facts" && FNR == 1 {
	print "COMMAND ran"
}

kind == "facts" && $1 == "namespace" {
	own[$2] = $3
	print "inside:", $1, $2, outside[$2] == $3 ? "the outside's" : "another"
	next
}

# What the ids are in the user namespace around the last one is the launcher's affair.
kind == "facts" && $1 ~ /^[ug]id_map$/ {
	print "inside:", $1, $2, "and", $4 - 1, "more"
	next
}

kind == "facts" && ($1 == "group" || $1 == "session") {
	print "inside:", $1, process($2)
	next
}

kind == "facts" && $1 == "pid" {
	print "inside: pid", ($2 in names ? names[$2] : $2), "parent", ($4 in names ? names[$4] : $4)
	next
}

kind == "facts" && $1 == "mount" {
	mounts[$2] = mount()
	covers[$3, $6] = 1
	point[$2] = $6
	next
}

kind == "facts" && $1 == "descriptor" {
	gsub(/\[[0-9]+\]/, "")
	sub(/\/dev\/pts\/[0-9]+$/, "a terminal")
}

# The numbers of terminals are chance; they have the major numbers from 136 on.
kind == "facts" && / 136:[0-9]+ / {
	sub(/ 136:[0-9]+ /, " a terminal ")
}

kind == "facts" {
	gsub(/\\011/, " ")
	gsub(/  +/, " ")
	print "inside: " with_symbols($0)
	next
}

kind == "report" {
	print
	next
}

kind == "stdout" && FNR > 1 { next }
kind == "stderr" && FNR > 1 { next }
kind == "stderr" && !said { $0 = /^bwrap: / ? "bwrap: something" : "something" }

{ print kind ": " with_symbols($0) }

# A mount that another one covers cannot be seen.
END {
	for (id in mounts)
		if (!((id, point[id]) in covers))
			print "inside: " mounts[id]
}

function process(number)
{
	return number in names ? names[number] : "unknown"
}

# A line of mountinfo without what is chance: ids, devices, and the launcher's own names of
# files on the tmpfs that it builds the root on.
function mount(    i, how, root, super)
{
	how = ""
	for (i = 8; $i != "-"; i++)
		if ($i ~ /^(shared|master|unbindable)/) {
			sub(/:.*/, "", $i)
			how = how " " $i
		}
	root = $5
	if ($(i + 1) == "devpts" && root != "/")
		root = "a terminal"
	super = $(i + 3)
	if ($(i + 1) == "tmpfs" && root ~ /^\/(newroot|box|bindfile|data)/) {
		sub(/^\/(newroot|box)/, "", root)
		sub(/^\/(bindfile|data).*/, "(data)", root)
		if (root == "")
			root = "/"
		sub(/,mode=755/, "", super)
	}
	return "mount " $6 " " $(i + 1) " root " root " " $7 " super " super how
}

# JSON with names instead of the numbers of processes and namespaces.
function with_symbols(line,    done, key, number, start)
{
	done = ""
	while (match(line, /"[a-z-]+": [0-9]+/)) {
		key = substr(line, RSTART + 1, RLENGTH)
		number = key
		sub(/".*/, "", key)
		sub(/.*": /, "", number)
		sub(/[^0-9].*/, "", number)
		start = RSTART + length(key) + 4
		done = done substr(line, 1, start - 1) symbol(key, number)
		line = substr(line, start + length(number))
	}
	return done line
}

function symbol(key, number,    kind)
{
	kind = key
	if (key == "child-pid")
		return process(number)
	if (!sub(/-namespace$/, "", kind))
		return number
	return number == own[kind] ? "COMMAND's" : number == outside[kind] ? "the outside's" : "another"
}
