/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Libraries that are opened when an option needs them, so that nobody else pays
 * for loading them or has to have them.
 */
struct library {
	const char *soname;
	const char *package; /* Debian's name of it, for the hint */
};

/* A function to find in a library, and where to put its address. */
struct library_symbol {
	const char *name;
	void *address; /* of a function pointer of the function's type */
};

/*
 * Open @library, for good, and find @n functions in it.
 *
 * Returns 0, or -ENOENT with @e and a hint that names the package.
 */
int library_open(const struct library *library, const struct library_symbol *symbols, size_t n,
		 struct err *e) must_check;

/*
 * Declare in the binary that it may open a library, for packaging tools to read:
 * an ELF note as https://systemd.io/ELF_DLOPEN_METADATA/ describes it.  @json is
 * the note's text.
 */
#define LIBRARY_NOTE(variable, json)                                                               \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {           \
		uint32_t owner_size, text_size, type;                                              \
		char owner[sizeof("FDO")];                                                         \
		char text[sizeof(json)] __attribute__((aligned(4)));                               \
	} variable = {sizeof("FDO"), sizeof(json), 0x407c0c0a, "FDO", json}
