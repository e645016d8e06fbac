/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/keep.h"

#include <limits.h>
#include <stdlib.h>

#include "sys/sys.h"

static int by_number(const void *a, const void *b)
{
	const int *x = a;
	const int *y = b;

	return (*x > *y) - (*x < *y);
}

int keep_fds(int *keep, size_t n)
{
	int from = 0;
	int r = 0;

	qsort(keep, n, sizeof(*keep), by_number);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (keep[i] > from)
			r = sys_close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
		if (keep[i] >= from)
			from = keep[i] + 1;
	}
	return r < 0 ? r : sys_close_range((unsigned)from, UINT_MAX, 0);
}
