# SPDX-License-Identifier: LGPL-2.1-or-later
# Find in FILE what is not plain English: see check_words.sh.  kind: c, sh or text; allowed: a file of
# exceptions.

BEGIN {
	max_words = 30 # of a sentence
	# A relative pronoun that no noun goes before.
	free = "(^|[.:;,(] |[^a-z](to|of|by|for|from|with|and|or|as|than|that|but|what|on|at|in) )[Ww]ho(m|ever)?[^a-z]"
	# Words for processes, users and attackers alike, and words that are not the kernel's.
	split("nobody|somebody|whoever|anybody|whomever|he|his|him|himself|" \
		"process namespace|process namespaces|noted? down|notes? down|noting down|taken? down|takes? down|" \
		"taking down|in the end|on its way|on their way|those inside|those outside|who are inside|kin|litter|" \
		"file servers?|filters? of system calls|let go of|lets go of|lent|" \
		"sweep|sweeps|someone|anyone|everybody|note [a-z ]* down|takes? [a-z ]* down|take [a-z ]* down|a moment|" \
		"last words|hear from|hears? of|hearing of", list, "|")
	for (i in list)
		glossary = glossary "|" list[i]
	glossary = "[^a-z/_.-](" substr(glossary, 2) ")[^a-z_/(-]"
	while ((getline line < allowed) > 0)
		if (line !~ /^#/ && line != "")
			exception[++exceptions] = line
}

function is_allowed(text, i)
{
	for (i = 1; i <= exceptions; i++)
		if (index(text, exception[i]))
			return 1
	return 0
}

function find(rule, text)
{
	if (!is_allowed(text))
		print FILENAME ":" start ": " rule ": " substr(text, 1, 160)
}

function check_words(text)
{
	if (match(" " text " ", free))
		find("who", text)
	if (match(" " tolower(text) " ", glossary))
		find("word \"" substr(" " tolower(text) " ", RSTART + 1, RLENGTH - 2) "\"", text)
}

# Check the paragraph that has been collected, sentence by sentence.
function flush(n, i, words, sentence, token, sentences)
{
	gsub(/[ \t]+/, " ", paragraph)
	gsub(/(e\.g|i\.e|etc)\. /, "&", paragraph)
	n = split(paragraph, token, " ")
	sentence = ""
	words = 0
	for (i = 1; i <= n; i++) {
		sentence = sentence (sentence == "" ? "" : " ") token[i]
		if (token[i] ~ /[A-Za-z]/)
			words++
		if (i == n || token[i] ~ /[.!?]["')*_]*$/ && token[i] !~ /(e\.g|i\.e|etc)\.$/) {
			if (words > max_words)
				find(words " words", sentence)
			check_words(sentence)
			sentence = ""
			words = 0
		}
	}
	paragraph = ""
}

function add(text)
{
	if (paragraph == "")
		start = FNR
	paragraph = paragraph " " text
}

# --- C: comments, and strings by their words ---

kind == "c" {
	line = $0
	while (line != "") {
		if (inside) {
			stop = index(line, "*/")
			text = stop ? substr(line, 1, stop - 1) : line
			line = stop ? substr(line, stop + 2) : ""
			drawn = text ~ /^ \*( ? ?\t|   )/ # a drawing or a table
			sub(/^[ \t]*\*? ?/, "", text)
			sub(/^[ \t]*[-*] /, "", text)
			if (text ~ /^[ \t]*$/ || drawn)
				flush()
			if (text !~ /^[ \t]*$/ && !drawn)
				add(text)
			if (stop) {
				inside = 0
				flush()
			}
		} else if (match(line, /"([^"\\]|\\.)*"|'([^'\\]|\\.)'|\/\*/)) {
			text = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			if (text == "/*")
				inside = 1
			else if (FILENAME ~ /^src/ && FILENAME !~ /include/) {
				start = FNR
				check_words(substr(text, 2, length(text) - 2))
			}
		} else {
			line = ""
		}
	}
	next
}

# --- Shell: comments ---

kind == "sh" {
	if (/^#!|SPDX-|shellcheck/) {
		flush()
	} else if ($0 ~ /^[ \t]*# /) {
		text = $0
		sub(/^[ \t]*# ?(---)?/, "", text)
		add(text)
	} else {
		flush()
	}
	next
}

# --- Manual and documents ---

/^```/ { literal = !literal; flush(); next }
literal { next }
/^(;|#|[ \t]*\||:|\[|-----|<!--)|^[ \t]*$|^\t\t|^    / { flush(); if ($0 ~ /^(\||:|#)/) { start = FNR; check_words($0) } next }
/^[ \t]*([-*]|[0-9]+\.) / { flush() }
{
	sub(/^[ \t]*([-*]|[0-9]+\.) /, "")
	add($0)
}

END { flush() }
