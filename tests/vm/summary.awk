# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads what guest.sh and the scripts print: one line for each script, and what has failed.  The
# variable name is the kernel's.  If a line begins with "sbx-vm:", the machine has not finished.

function told(passed, failed, skipped)
{
	return passed + 0 " passed, " failed + 0 " failed, " skipped + 0 " skipped"
}

function count()
{
	all_passed += passed
	all_failed += failed
	all_skipped += skipped
}

/^sbx-vm: script / {
	script = $3
	passed = failed = skipped = shown = 0
	next
}

/^sbx-vm: status / {
	if ($3 != 0 && failed == 0) {
		failed++
		print "  " script ": ended with status " $3
	}
	print "  " script ": " told(passed, failed, skipped)
	fflush()
	count()
	script = ""
	next
}

/^sbx-vm: done$/ {
	done = 1
	next
}

/^ok .*# SKIP/ { skipped++ }
/^ok / && !/# SKIP/ { passed++ }
/^not ok / { failed++ }
/^Bail out!/ { failed++ }

# Comments are about the line before.
/^(not ok |Bail out!)/ { shown = 1 }
/^ok / { shown = 0 }
shown || !/^(ok |# |[0-9]+\.\.[0-9]+$)/ {
	print "    " $0
	fflush()
}

END {
	if (script != "")
		count()
	if (!done)
		print "sbx-vm: the machine did not finish" (script != "" ? ", nor did " script : "")
	print name ": " told(all_passed, all_failed, all_skipped)
	exit !done || all_failed > 0
}
