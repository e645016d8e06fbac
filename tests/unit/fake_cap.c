/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_cap.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/capability.h>

#include "fake_sys.h"
#include "test.h"

struct sets {
	uint64_t flags[3]; /* by cap_flag_t */
};

static struct {
	struct sets process; /* the sets of the calling process */
	cap_value_t known;   /* how many capabilities the kernel knows */
	unsigned allocated;
} fake;

void fake_cap_reset(uint64_t effective)
{
	fake.process =
		(struct sets){.flags = {[CAP_EFFECTIVE] = effective, [CAP_PERMITTED] = effective}};
	fake.known = FAKE_CAPS;
	fake.allocated = 0;
}

void fake_cap_permit(uint64_t permitted)
{
	fake.process.flags[CAP_PERMITTED] = permitted;
}

void fake_cap_know_all(void)
{
	fake.known = CAP_LAST_CAP + 1;
}

unsigned fake_cap_allocated(void)
{
	return fake.allocated;
}

/* libcap's way to say what fake_sys_call() does. */
static int ret(int r)
{
	errno = r < 0 ? -r : errno;
	return r < 0 ? -1 : 0;
}

static struct sets *sets_of(cap_t caps)
{
	return (struct sets *)(void *)caps;
}

static cap_t allocate(int r)
{
	struct sets *sets = ret(r) < 0 ? NULL : calloc(1, sizeof(*sets));

	fake.allocated += sets != NULL;
	return (cap_t)(void *)sets;
}

cap_t cap_init(void)
{
	return allocate(fake_sys_call("cap_init"));
}

cap_t cap_get_proc(void)
{
	cap_t caps = allocate(fake_sys_call("cap_get_proc"));

	if (caps != NULL)
		*sets_of(caps) = fake.process;
	return caps;
}

int cap_free(void *caps)
{
	fake.allocated--;
	free(caps);
	return 0;
}

cap_value_t cap_max_bits(void)
{
	return fake.known;
}

int cap_from_name(const char *name, cap_value_t *cap)
{
	static const char *const names[FAKE_CAPS] = {
		"cap_chown",
		"cap_dac_override",
		"cap_dac_read_search",
	};

	for (cap_value_t i = 0; i < FAKE_CAPS; i++) {
		if (strcasecmp(names[i], name) != 0)
			continue;
		*cap = i;
		return 0;
	}
	return ret(-EINVAL);
}

int cap_get_flag(cap_t caps, cap_value_t cap, cap_flag_t flag, cap_flag_value_t *value)
{
	*value = sets_of(caps)->flags[flag] >> cap & 1 ? CAP_SET : CAP_CLEAR;
	return 0;
}

int cap_set_flag(cap_t caps, cap_flag_t flag, int n, const cap_value_t *list,
		 cap_flag_value_t value)
{
	assert_int_equal(value, CAP_SET); /* there is cap_clear_flag() for the rest */
	for (int i = 0; i < n; i++)
		sets_of(caps)->flags[flag] |= UINT64_C(1) << list[i];
	return 0;
}

int cap_clear_flag(cap_t caps, cap_flag_t flag)
{
	sets_of(caps)->flags[flag] = 0;
	return 0;
}

int cap_set_proc(cap_t caps)
{
	const uint64_t *flags = sets_of(caps)->flags;
	int r = fake_sys_call("cap_set_proc permitted %jx effective %jx inheritable %jx",
			      (uintmax_t)flags[CAP_PERMITTED], (uintmax_t)flags[CAP_EFFECTIVE],
			      (uintmax_t)flags[CAP_INHERITABLE]);

	if (r == 0)
		fake.process = *sets_of(caps);
	return ret(r);
}

int cap_compare(cap_t a, cap_t b)
{
	return memcmp(sets_of(a), sets_of(b), sizeof(struct sets)) != 0;
}

int cap_drop_bound(cap_value_t cap)
{
	int r = fake_sys_call("cap_drop_bound %d", cap);

	return ret(r == 0 && cap >= fake.known ? -EINVAL : r);
}

int cap_set_ambient(cap_value_t cap, cap_flag_value_t value)
{
	assert_int_equal(value, CAP_SET);
	return ret(fake_sys_call("cap_set_ambient %d", cap));
}

int cap_set_secbits(unsigned bits)
{
	return ret(fake_sys_call("cap_set_secbits %x", bits));
}
