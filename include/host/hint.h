/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * From what failed and a look at the host to what helps.  Each looks at @e->code
 * and adds a hint to @e where the cause can be told; none ever fails.
 */

/* Executing a copy of this program failed. */
void hint_program(struct err *e);

/* Making the namespaces @flags (CLONE_NEW*) failed. */
void hint_namespaces(unsigned flags, struct err *e);

/* Entering a namespace of @type (CLONE_NEWUSER or CLONE_NEWPID) failed. */
void hint_enter(int type, struct err *e);

/* Writing an id map failed. */
void hint_id_map(struct err *e);

/* Making a mount point failed. */
void hint_mount_point(struct err *e);

/* Sending a descriptor failed. */
void hint_in_flight(struct err *e);

/* A call of the mount API failed. */
void hint_mount(struct err *e);

/* Mounting on a destination failed. */
void hint_attach(struct err *e);

/* Taking the host's root away failed. */
void hint_root(struct err *e);

/* Making a file system of @type failed. */
void hint_filesystem(const char *type, struct err *e);

/* Executing @file failed; to be asked inside, where it was looked for. */
void hint_exec(const char *file, struct err *e);
