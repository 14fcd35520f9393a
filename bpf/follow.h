/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is followed: some modules, by name, and where their code lies while they are loaded. */
#ifndef RCUSCOPE_FOLLOW_H
#define RCUSCOPE_FOLLOW_H

#include "compat.h"
#include "control.h"

/* Set before the programs are loaded. */
const volatile __u32 followed_count;
const volatile bool all_callbacks; /* not only those of followed modules */

/* User space fills in modules that are there before the programs run. */
struct rs_code followed_code[RS_MAX_FOLLOWED];

/* How often each came and was freed: user space waits for that, and the records may be lost. */
__u32 followed_loaded[RS_MAX_FOLLOWED];
__u32 followed_freed[RS_MAX_FOLLOWED];

/* struct module of each while it is loaded, and its callbacks in this life of it. */
__u64 followed_module[RS_MAX_FOLLOWED];
__u64 followed_callbacks_queued[RS_MAX_FOLLOWED];
__u64 followed_callbacks_invoked[RS_MAX_FOLLOWED];
/*
 * So many of them have run, or never will: whatever was queued when an rcu_barrier() began that has
 * returned. One that has not run by then is on no list any more, since its head was queued again.
 */
__u64 followed_callbacks_settled[RS_MAX_FOLLOWED];

/* struct task_struct of who runs the exit function of each, from delete_module()'s entry on; 0:
 * nobody. */
__u64 unloading_task[RS_MAX_FOLLOWED];
/* The start of each module's init code, while its memory exists. */
__u64 followed_init[RS_MAX_FOLLOWED];
struct rs_name followed_name[RS_MAX_FOLLOWED];

#define rs_place(index) ((index) & (RS_MAX_FOLLOWED - 1)) /* for the verifier */

static __always_inline bool rs_in_range(const volatile struct rs_range *range, __u64 address)
{
	return address - range->start < range->size;
}

/* In which followed module's code it is; -1: in none. */
static __always_inline int rs_followed_code(__u64 address)
{
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		if (i >= followed_count)
			break;
		if (rs_in_range(&followed_code[i].core, address) ||
		    rs_in_range(&followed_code[i].init, address))
			return i;
	}
	return -1;
}

/* Whether it is the struct module of a followed one that is loaded. */
static __always_inline bool rs_followed_module(__u64 mod)
{
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		if (i >= followed_count)
			break;
		if (followed_module[i] == mod)
			return true;
	}
	return false;
}

/* Names of followed modules, each with its place in followed_code[]. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_MAX_FOLLOWED);
	__type(key, struct rs_name); /* what comes after the NUL is NUL */
	__type(value, __u32);
} followed_names SEC(".maps");

#endif /* RCUSCOPE_FOLLOW_H */
