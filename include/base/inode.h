/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct statx;

/* The identity of a file or directory. */
struct inode {
	uint64_t dev;
	uint64_t ino;
};

/* The identity in @st, which has STATX_INO. */
struct inode inode_of(const struct statx *st);
bool inode_is_same(struct inode a, struct inode b);
