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

TAKE(bool);
TAKE(string);  /* the last one counts */
TAKE(choice);  /* the last one counts */
TAKE(fd);      /* the last one counts */
TAKE(nothing); /* accepted, without effect */
TAKE(argv0);   /* may be given once */
TAKE(unshare);
TAKE(share_net);
TAKE(uid);
TAKE(gid);
TAKE(op);
TAKE(op_flags);    /* of all ops after it */
TAKE(lock_mounts); /* the last one counts */
TAKE(perms);
TAKE(size);
TAKE(layer);
TAKE(lock_file);
TAKE(teardown_timeout);
TAKE(kill_on_exit);
TAKE(kill_on_exit_after);
TAKE(keep_running);
TAKE(keep_fd);
TAKE(setenv);
TAKE(unsetenv);
TAKE(clearenv);
TAKE(seccomp);     /* the last one counts */
TAKE(add_seccomp); /* all count, in order */
TAKE(cap_add);
TAKE(cap_drop);
TAKE(args);

#undef TAKE
