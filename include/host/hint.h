/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/*
 * Advice for a failed step.  Each function reads @e->code and the host's settings, and adds a hint
 * to @e if they show the cause.  None fails.
 */

/* Executing a copy of this program failed. */
void hint_program(struct err *e);

/* Creating the namespaces @flags (CLONE_NEW*) failed. */
void hint_namespaces(unsigned flags, struct err *e);

/* Entering a namespace of @type (CLONE_NEWUSER or CLONE_NEWPID) failed. */
void hint_enter(int type, struct err *e);

/* Writing an ID map failed. */
void hint_id_map(struct err *e);

/* Creating a mount point failed. */
void hint_mount_point(struct err *e);

/* Sending a descriptor failed. */
void hint_in_flight(struct err *e);

/* A call of the mount API failed. */
void hint_mount(struct err *e);

/* Mounting on a destination failed. */
void hint_attach(struct err *e);

/* Detaching the host's root failed. */
void hint_root(struct err *e);

/* Creating a file system of @type failed. */
void hint_filesystem(const char *type, struct err *e);

/* Executing @file failed; called inside, where execvp(3) searched for it. */
void hint_exec(const char *file, struct err *e);
