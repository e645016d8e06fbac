/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolation/caps.h"

#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "base/num.h"
#include "sys/sys.h"

static uint64_t bit(cap_value_t cap)
{
	return caps_bit((unsigned)cap);
}

/* Find the bits of @name: one capability, by name or number, or @all.  Returns false for others. */
static bool find(const char *name, uint64_t all, uint64_t *ret)
{
	cap_value_t max = cap_max_bits();
	cap_value_t cap;
	uint64_t number;

	if (strcasecmp(name, "ALL") == 0)
		*ret = all;
	else if (num_parse(name, 10, (uint64_t)max - 1, &number) == 0)
		*ret = UINT64_C(1) << number;
	else if (cap_from_name(name, &cap) == 0 && cap < max)
		*ret = bit(cap);
	else
		return false;
	return true;
}

static int unknown(const struct cap_change *change, struct err *e)
{
	(void)err_set(e, EINVAL, "unknown capability %s", change->name);
	(void)err_bwrap(e, "unknown cap: %s", change->name);
	if (strncasecmp(change->name, "cap_", strlen("cap_")) != 0)
		(void)err_hint(e, "names are written as in capabilities(7): CAP_NET_ADMIN");
	return err_option(e, change->option);
}

/* The capabilities in the set @which of @caps. */
static uint64_t listed(cap_t caps, cap_flag_t which)
{
	cap_value_t max = cap_max_bits();
	uint64_t bits = 0;

	for (cap_value_t cap = 0; cap < max; cap++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (cap_get_flag(caps, cap, which, &value) == 0 && value == CAP_SET)
			bits |= bit(cap);
	}
	return bits;
}

/* Apply the options of @plan to @caps.  @all is the meaning of ALL. */
static int change(const struct plan *plan, uint64_t all, struct caps *caps, struct err *e)
{
	for (size_t i = 0; i < plan->privileges.n_caps; i++) {
		uint64_t bits;

		if (!find(plan->privileges.caps[i].name, all, &bits))
			return unknown(&plan->privileges.caps[i], e);
		caps->keep &= ~bits;
		caps->added &= ~bits;
		if (plan->privileges.caps[i].add) {
			caps->keep |= bits;
			caps->added |= bits;
		}
	}
	return 0;
}

int caps_own(struct caps_own *ret, struct err *e)
{
	cap_t now = cap_get_proc();

	if (now == NULL)
		return err_sys(e, sys_last_error(), "cannot read the capabilities of this process");
	ret->permitted = listed(now, CAP_PERMITTED);
	ret->effective = listed(now, CAP_EFFECTIVE);
	(void)cap_free(now);
	return 0;
}

/* The capabilities that root's command keeps without an option: over files and ids it sees anyway.
 */
static uint64_t roots_share(void)
{
	static const cap_value_t share[] = {
		CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,     CAP_FSETID,
		CAP_KILL,    CAP_SETGID,           CAP_SETUID,     CAP_SETPCAP,
		CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
	};
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]); i++)
		bits |= bit(share[i]);
	return bits;
}

int caps_plan(const struct plan *plan, const struct caps_own *root, bool other_users,
	      struct caps *ret, struct err *e)
{
	struct caps caps = {.set = root == NULL || !plan->as_bwrap || plan->privileges.n_caps > 0};
	uint64_t all = bit(cap_max_bits()) - 1;
	int r;

	caps.lax = root != NULL && plan->privileges.n_caps == 0 &&
		   !(root->effective & bit(CAP_SETPCAP));
	if (root != NULL)
		caps.keep = plan->as_bwrap ? root->effective : root->effective & roots_share();
	r = change(plan, other_users || root == NULL ? all : root->permitted, &caps, e);
	if (r == 0)
		*ret = caps;
	return r;
}

/* Drop all but @keep from the bounding set, up to EINVAL, which follows the last capability. */
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

/* Put the capabilities of @bits into the set @which of @caps.  Returns 0 or -errno. */
static int fill(cap_t caps, cap_flag_t which, uint64_t bits)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if ((bits & bit(cap)) && cap_set_flag(caps, which, 1, &cap, CAP_SET) < 0)
			return sys_last_error();
	return 0;
}

/* Make @caps the calling process's sets, and check that they are. */
static int set_process(cap_t caps)
{
	cap_t now;
	int r = cap_set_proc(caps) < 0 ? sys_last_error() : 0;

	if (r < 0)
		return r;
	now = cap_get_proc();
	if (now == NULL)
		return sys_last_error();
	r = cap_compare(caps, now) == 0 ? 0 : -EPERM;
	(void)cap_free(now);
	return r;
}

/* Set the calling process's three sets.  Returns 0 or -errno. */
static int set_sets(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	cap_t caps = cap_init();
	int r;

	if (caps == NULL)
		return sys_last_error();
	r = fill(caps, CAP_PERMITTED, permitted);
	if (r == 0)
		r = fill(caps, CAP_EFFECTIVE, effective);
	if (r == 0)
		r = fill(caps, CAP_INHERITABLE, inheritable);
	if (r == 0)
		r = set_process(caps);
	(void)cap_free(caps);
	return r;
}

int caps_hold(uint64_t permitted, uint64_t effective, struct err *e)
{
	int r = set_sets(permitted, effective, 0);

	return r < 0 ? err_sys(e, r, "cannot drop capabilities") : 0;
}

/*
 * Make the ambient set, which exec keeps, equal to the others.  It needs no clearing, as it never
 * holds a capability that is not both permitted and inheritable.
 */
static int set_ambient(uint64_t keep)
{
	for (cap_value_t cap = 0; keep >> cap != 0; cap++)
		if ((keep & bit(cap)) && cap_set_ambient(cap, CAP_SET) < 0)
			return sys_last_error();
	return 0;
}

/* Record the failure @ret to change capabilities.  Returns @ret. */
static int failed(struct err *e, int ret, const char *what)
{
	(void)err_sys(e, ret, "%s", what);
	if (ret == -EPERM)
		return err_hint(e, "--cap-add can add only capabilities that sbx has, and dropping "
				   "them needs CAP_SETPCAP");
	return ret;
}

int caps_suspend(bool suspend, struct err *e)
{
	cap_t caps = cap_get_proc();
	int r = caps == NULL ? sys_last_error() : 0;

	if (r == 0 && suspend && cap_clear_flag(caps, CAP_EFFECTIVE) < 0)
		r = sys_last_error();
	if (r == 0 && !suspend)
		r = fill(caps, CAP_EFFECTIVE, listed(caps, CAP_PERMITTED));
	if (r == 0)
		r = set_process(caps);
	if (caps != NULL)
		(void)cap_free(caps);
	return r < 0 ? err_sys(e, r, "cannot change the effective capabilities") : 0;
}

int caps_apply(const struct caps *caps, struct err *e)
{
	bool limited = caps->bound || !caps->lax; /* else no_new_privs suffices */
	bool has_bits = caps->set && limited &&
			!(caps->keep & bit(CAP_SETPCAP)); /* else the command sets them */
	int r = 0;

	if (has_bits && cap_set_secbits(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED) < 0)
		return failed(e, sys_last_error(), "cannot set the securebits");
	if ((caps->set || caps->bound) && limited)
		r = shrink_bounding(caps->keep);
	if (r < 0)
		return failed(e, r, "cannot drop capabilities from the bounding set");
	if (caps->set)
		r = set_sets(caps->keep, caps->keep, caps->keep);
	if (r < 0)
		return failed(e, r, "cannot set the capabilities");
	if (caps->set)
		r = set_ambient(caps->keep);
	return r < 0 ? failed(e, r, "cannot set the ambient capabilities") : 0;
}
