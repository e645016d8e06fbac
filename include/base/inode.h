/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct statx;

/* What tells a file or directory from all others. */
struct inode {
	uint64_t dev;
	uint64_t ino;
};

/* What @st tells. */
struct inode inode_of(const struct statx *st);
bool inode_is_same(const struct inode *a, const struct inode *b);
