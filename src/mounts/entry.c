/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/entry.h"

#include "sys/sys.h"

void entry_done(struct entry *entry)
{
	if (entry->dir >= 0)
		(void)sys_close(entry->dir);
	entry->dir = -1;
}
