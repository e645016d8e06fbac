/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/inode.h"

#include <sys/stat.h>

struct inode inode_of(const struct statx *st)
{
	const unsigned minor_bits = 32;

	return (struct inode){
		.dev = (uint64_t)st->stx_dev_major << minor_bits | st->stx_dev_minor,
		.ino = st->stx_ino,
	};
}

bool inode_is_same(struct inode a, struct inode b)
{
	return a.dev == b.dev && a.ino == b.ino;
}
