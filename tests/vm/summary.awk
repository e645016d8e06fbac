# SPDX-License-Identifier: LGPL-2.1-or-later
# Summarises the output of guest.sh and the scripts: a line for each script, and the failed checks.
# The variable name is the kernel's.  "sbx-vm:" starts a line if the machine has not finished.

function counts(passed, failed, skipped)
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
	print "  " script ": " counts(passed, failed, skipped)
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
	print name ": " counts(all_passed, all_failed, all_skipped)
	exit !done || all_failed > 0
}
