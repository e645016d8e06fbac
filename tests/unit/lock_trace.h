/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What lock_enter() calls where there are no other namespaces to copy: see test_lock.c. */
#define ENTER_LOCKED                                                                               \
	"open /proc self path dir\n"                                                               \
	"socketpair\n"                                                                             \
	"clone\n"                                                                                  \
	"unshare user mnt\n"                                                                       \
	"send outside\n"                                                                           \
	"read outside\n"                                                                           \
	"wait 1000\n"
