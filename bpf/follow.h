/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is followed: some modules, known by name, and where their code lies while they are loaded. */
#ifndef RCUSCOPE_FOLLOW_H
#define RCUSCOPE_FOLLOW_H

#include "compat.h"
#include "control.h"

/* Set before the programs are loaded. */
const volatile __u32 followed_count;
const volatile struct rs_name followed_names[RS_MAX_FOLLOWED];
const volatile bool all_callbacks; /* not only those of followed modules */

/* User space fills in modules that are there before the programs run. */
struct rs_code followed_code[RS_MAX_FOLLOWED];

static __always_inline bool rs_in_range(const struct rs_range *range, __u64 address)
{
	return address - range->start < range->size;
}

static __always_inline bool rs_followed_address(__u64 address)
{
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		if (i >= followed_count)
			break;
		if (rs_in_range(&followed_code[i].core, address) ||
		    rs_in_range(&followed_code[i].init, address))
			return true;
	}
	return false;
}

/* Index of a followed module's name, or -1. */
static __always_inline int rs_followed_index(const char *name)
{
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		bool same = true;

		if (i >= followed_count)
			break;
		for (__u32 c = 0; c < RS_MODULE_LEN; c++) {
			if (name[c] != followed_names[i].text[c]) {
				same = false;
				break;
			}
			if (!name[c])
				break;
		}
		if (same)
			return i;
	}
	return -1;
}

#endif /* RCUSCOPE_FOLLOW_H */
