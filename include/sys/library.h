/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A library that is opened when an option needs it; other runs neither load nor need it. */
struct library {
	const char *soname;
	const char *package; /* Debian's package name, for the hint */
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
 * Declare in the binary that it may open a library, in an ELF note for packaging tools: see
 * https://systemd.io/ELF_DLOPEN_METADATA/.  @json is the note's text.
 */
#define LIBRARY_NOTE(variable, json)                                                               \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {           \
		uint32_t owner_size, text_size, type;                                              \
		char owner[sizeof("FDO")];                                                         \
		char text[sizeof(json)] __attribute__((aligned(4)));                               \
	} variable = {sizeof("FDO"), sizeof(json), 0x407c0c0a, "FDO", json}
