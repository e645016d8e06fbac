/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit status for the wait status @status, as in a shell: 128 + n after the signal n. */
int exit_code_of(int status);
