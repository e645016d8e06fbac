# SPDX-License-Identifier: LGPL-2.1-or-later
# Compare what the launches of all cases have left, with the table of known differences, and
# print TAP.  Files: the table, the list of cases, and for each case its two, named
# .../bwrap/CASE and .../sbx/CASE.  Variables: part, set to "table", "cases" or "results"
# before these files; mode, "root", "user" or "setuid"; only, not empty if
# only some of the cases were launched.

BEGIN { max_shown = 30 } # lines of a case that differ

FNR == 1 {
	parts = split(FILENAME, path, "/")
	name = path[parts]
	launcher = path[parts - 1]
}

# --- The table ------------------------------------------------------------------

part == "table" && /^(#|$)/ {
	if (/^$/)
		entry_open = 0
	next
}

part == "table" {
	key = $0
	sub(/:.*/, "", key)
	value = $0
	sub(/^[a-z]+: */, "", value)
	if (!entry_open) {
		entries++
		entry_open = 1
		modes[entries] = "root user setuid"
		lines_of[entries] = 0
	}
	if (key == "case")
		cases_of[entries] = cases_of[entries] " " value
	else if (key == "mode")
		modes[entries] = value
	else if (key == "bwrap" || key == "sbx") {
		line_of[entries, ++lines_of[entries]] = pattern(value)
		side_of[entries, lines_of[entries]] = key
	} else if (key == "reason")
		reason[entries] = value
	else
		complain("the table has an unknown word: " $0)
	next
}

# A pattern of the table, in which * is any text, as a regular expression.
function pattern(text)
{
	gsub(/[][\\.^$+?(){}|]/, "\\\\&", text)
	gsub(/\*/, ".*", text)
	return "^" text "$"
}

# --- The cases ------------------------------------------------------------------

# NAME EXPECTED
part == "cases" {
	if ($1 in expected)
		complain("two cases are named " $1)
	order[++cases] = $1
	expected[$1] = $2
	next
}

{
	count[name, $0] += launcher == "bwrap" ? 1 : -1
	if (!((name, $0) in seen)) {
		seen[name, $0] = 1
		text[name, ++lines[name]] = $0
	}
	if (launcher == "bwrap" && $1 == "status:")
		ended[name] = $2 " " $3 (NF > 3 ? " " $4 : "")
	filled[launcher, name] = 1
}

function complain(what)
{
	print "not ok " ++tests " - " mode ": " what
	bad = 1
}

# Whether @entry speaks of case @name; notes which of its words does.
function speaks_of(entry, name,    n, words, i)
{
	if (index(" " modes[entry] " ", " " mode " ") == 0)
		return 0
	n = split(cases_of[entry], words, " ")
	for (i = 1; i <= n; i++)
		if (name ~ pattern(words[i])) {
			word = words[i]
			return 1
		}
	return 0
}

# Whether what only @side has in case @name includes a line like @like; notes which.
function has_line(name, side, like,    i, n)
{
	for (i = 1; i <= lines[name]; i++) {
		n = count[name, text[name, i]]
		if ((side == "bwrap" ? n > 0 : n < 0) && text[name, i] ~ like) {
			found = text[name, i]
			return 1
		}
	}
	return 0
}

# Take what @entry explains from the differences of case @name, if all its lines are there.
function explain(entry, name,    i)
{
	if (!speaks_of(entry, name))
		return
	for (i = 1; i <= lines_of[entry]; i++)
		if (!has_line(name, side_of[entry, i], line_of[entry, i]))
			return
	used[entry, word] = 1
	for (i = 1; i <= lines_of[entry]; i++)
		while (has_line(name, side_of[entry, i], line_of[entry, i]))
			count[name, found] = 0
}

# Where COMMAND ran only once, what it saw there is no difference of its own.
function forget_inside(name,    i)
{
	for (i = 1; i <= lines[name]; i++)
		if (text[name, i] ~ /^inside: /)
			count[name, text[name, i]] = 0
}

function check_case(name,    i, n, differs, shown)
{
	if (count[name, "COMMAND ran"] != 0)
		forget_inside(name)
	for (i = 1; i <= entries; i++)
		explain(i, name)
	differs = 0
	for (i = 1; i <= lines[name]; i++)
		differs += count[name, text[name, i]] != 0
	if (!filled["bwrap", name] || !filled["sbx", name])
		complain(name ": not run")
	else if (expected[name] != "any" && ended[name] != "exited " expected[name])
		complain(name ": bwrap " ended[name] ", expected was " expected[name])
	else if (differs)
		complain(name)
	else
		print "ok " ++tests " - " mode ": " name
	shown = 0
	for (i = 1; i <= lines[name]; i++) {
		n = count[name, text[name, i]]
		if (n != 0 && ++shown <= max_shown)
			print "# " (n > 0 ? "bwrap: " : "sbx:   ") text[name, i] (n * n > 1 ? " (more than once)" : "")
	}
	if (shown > max_shown)
		print "# and " shown - max_shown " lines more"
}

# Each word of an entry has to have explained something.
function check_entry(entry,    n, words, i)
{
	if (reason[entry] !~ /^(bug repaired|version 0.11.1|by design): ./ || lines_of[entry] == 0)
		complain("entry " entry " of the table, of" cases_of[entry] ", is not complete")
	if (index(" " modes[entry] " ", " " mode " ") == 0)
		return
	n = split(cases_of[entry], words, " ")
	for (i = 1; i <= n; i++)
		if (!((entry, words[i]) in used)) {
			complain("entry " entry " of the table does not occur: " words[i])
			print "# " reason[entry]
		}
}

END {
	for (i = 1; i <= cases; i++)
		check_case(order[i])
	for (i = 1; i <= entries && only == ""; i++)
		check_entry(i)
	print "1.." tests
	exit bad || cases == 0
}
