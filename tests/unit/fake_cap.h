/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * libcap as caps.c uses it, on a kernel that knows three capabilities: CAP_CHOWN,
 * CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, which are 0, 1 and 2.  Calls are noted
 * in the trace of fake_sys.h, and fail as it says; told to answer 1, cap_set_proc() says
 * that it has worked when it has not.
 */
#define FAKE_CAPS 3

/* Reset, with the capabilities @effective in effect and no others permitted. */
void fake_cap_reset(uint64_t effective);

/* Permit the capabilities @permitted; those in effect stay as they are. */
void fake_cap_permit(uint64_t permitted);

/* From now on the kernel knows every capability. */
void fake_cap_know_all(void);

/* How many cap_t have not been freed. */
unsigned fake_cap_allocated(void);
