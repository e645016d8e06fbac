/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/library.h"

#include <errno.h>
#include <string.h>

#include "sys/sys.h"

int library_open(const struct library *library, const struct library_symbol *symbols, size_t n,
		 struct err *e)
{
	void *handle = sys_dlopen(library->soname);

	if (handle == NULL) {
		(void)err_set(e, ENOENT, "cannot load %s", library->soname);
		return err_hint(e, "install the library: Debian's package is %s", library->package);
	}
	for (size_t i = 0; i < n; i++) {
		void *address = sys_dlsym(handle, symbols[i].name);

		if (address == NULL)
			return err_set(e, ENOENT, "%s has no function %s", library->soname,
				       symbols[i].name);
		memcpy(symbols[i].address, &address, sizeof(address));
	}
	return 0;
}
