/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sbx/caps.h"

#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "sbx/num.h"
#include "sbx/sys.h"

static uint64_t bit(cap_value_t cap)
{
	return UINT64_C(1) << cap;
}

/* The bits that @name means: one capability, by name or number, or ALL.  0 if unknown. */
static uint64_t named(const char *name)
{
	cap_value_t max = cap_max_bits();
	cap_value_t cap;
	uint64_t number;

	if (strcasecmp(name, "ALL") == 0)
		return bit(max) - 1;
	if (num_parse(name, 10, (uint64_t)max - 1, &number) == 0)
		return UINT64_C(1) << number;
	if (cap_from_name(name, &cap) == 0 && cap < max)
		return bit(cap);
	return 0;
}

static int unknown(const struct cap_change *change, struct err *e)
{
	(void)err_set(e, EINVAL, "--%s: unknown capability %s", change->option, change->name);
	if (strncasecmp(change->name, "cap_", strlen("cap_")) != 0)
		return err_hint(e, "names are written as in capabilities(7): CAP_NET_ADMIN");
	return -EINVAL;
}

/* What the calling process has in effect. */
static int effective(uint64_t *ret)
{
	cap_t now = cap_get_proc();
	cap_value_t max = cap_max_bits();

	*ret = 0;
	if (now == NULL)
		return sys_last_error();
	for (cap_value_t cap = 0; cap < max; cap++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (cap_get_flag(now, cap, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET)
			*ret |= bit(cap);
	}
	(void)cap_free(now);
	return 0;
}

int caps_plan(const struct plan *plan, bool is_root, bool new_users, struct caps *ret,
	      struct err *e)
{
	struct caps caps = {.set = !is_root || plan->n_caps > 0, .bound = new_users};
	int r = is_root ? effective(&caps.keep) : 0;

	if (r < 0)
		return err_sys(e, r, "cannot read the capabilities of this process");
	for (size_t i = 0; i < plan->n_caps; i++) {
		const struct cap_change *change = &plan->caps[i];
		uint64_t bits = named(change->name);

		if (bits == 0)
			return unknown(change, e);
		if (change->add)
			caps.keep |= bits;
		else
			caps.keep &= ~bits;
	}
	*ret = caps;
	return 0;
}

/*
 * Drop all but @keep from the bounding set, one by one.  The kernel's EINVAL
 * behind its last capability ends it; any other failure is one.
 */
static int shrink_bounding(uint64_t keep)
{
	for (cap_value_t cap = 0; cap < UINT64_WIDTH; cap++) {
		int r;

		if (keep & bit(cap))
			continue;
		if (cap_drop_bound(cap) == 0)
			continue;
		r = sys_last_error();
		return r == -EINVAL && cap >= cap_max_bits() ? 0 : r;
	}
	return 0;
}

static int set_process(cap_t caps, uint64_t keep)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (!(keep & bit(cap)))
			continue;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
		    cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0 ||
		    cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_SET) < 0)
			return sys_last_error();
	}
	return cap_set_proc(caps) < 0 ? sys_last_error() : 0;
}

/* Make permitted, effective and inheritable what @keep says. */
static int set_sets(uint64_t keep)
{
	cap_t caps = cap_init();
	int r;

	if (caps == NULL)
		return sys_last_error();
	r = set_process(caps, keep);
	(void)cap_free(caps);
	return r;
}

/*
 * The ambient set is what exec leaves: make it the same as the others.  It needs
 * no clearing, for it never holds what permitted and inheritable do not.
 */
static int set_ambient(uint64_t keep)
{
	for (cap_value_t cap = 0; keep >> cap != 0; cap++)
		if ((keep & bit(cap)) && cap_set_ambient(cap, CAP_SET) < 0)
			return sys_last_error();
	return 0;
}

/* Word the failure @ret of a step that changes capabilities.  Returns @ret. */
static int failed(struct err *e, int ret, const char *what)
{
	(void)err_sys(e, ret, "%s", what);
	if (ret == -EPERM)
		return err_hint(e, "--cap-add can give only what sbx has itself, and taking away "
				   "needs CAP_SETPCAP");
	return ret;
}

int caps_apply(const struct caps *caps, struct err *e)
{
	int r = 0;

	if (caps->set && cap_set_secbits(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED) < 0)
		return failed(e, sys_last_error(), "cannot set the securebits");
	if (caps->set || caps->bound)
		r = shrink_bounding(caps->keep);
	if (r < 0)
		return failed(e, r, "cannot drop capabilities from the bounding set");
	if (caps->set)
		r = set_sets(caps->keep);
	if (r < 0)
		return failed(e, r, "cannot set the capabilities");
	if (caps->set)
		r = set_ambient(caps->keep);
	return r < 0 ? failed(e, r, "cannot set the ambient capabilities") : 0;
}
