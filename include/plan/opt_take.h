/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/opt.h"

/*
 * The ways in which an option enters a plan; see struct opt for the signature.
 * Each returns 0, or -errno with @e set to the cause alone: opt_parse() adds
 * the option's name.
 */
#define TAKE(name)                                                                                 \
	int take_##name(struct parse *p, const struct opt *opt, const char *const *args,           \
			struct err *e)

/* Generic: they set the option's field, and .given if the row has it. */
TAKE(flag);
TAKE(value);
TAKE(string);   /* the last one counts */
TAKE(choice);   /* the last one counts */
TAKE(id);       /* the last one counts */
TAKE(mode);     /* the last one counts */
TAKE(duration); /* in milliseconds; the last one counts */
TAKE(list);     /* all count, in order */
TAKE(fd_list);  /* all count, in order */

TAKE(nothing); /* accepted, without effect */
TAKE(fd);      /* the last one counts */
TAKE(unshare);
TAKE(op);
TAKE(op_flags); /* of all ops after it */
TAKE(perms);
TAKE(size);
TAKE(layer);
TAKE(env);
TAKE(seccomp); /* the last one counts */
TAKE(cap);
TAKE(args);

#undef TAKE
