/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts/place.h"

#include "sys/sys.h"

void place_done(struct place *place)
{
	if (place->dir >= 0)
		(void)sys_close(place->dir);
	place->dir = -1;
}
