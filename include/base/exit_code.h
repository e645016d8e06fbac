/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a shell makes of the wait status @status: 128 and the signal, if one ended it. */
int exit_code_of(int status);
