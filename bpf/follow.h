/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Followed modules: the names to follow, and the address ranges of their code while they are
 * loaded. Arrays of RS_MAX_FOLLOWED elements share one index per module.
 */
#ifndef RCUSCOPE_FOLLOW_H
#define RCUSCOPE_FOLLOW_H

#include "compat.h"
#include "control.h"

/* Set before the programs are loaded. */
const volatile __u32 followed_count;
const volatile bool all_callbacks; /* also callbacks that belong to no followed module */

/* User space fills in the modules that are loaded before the programs run. */
struct rs_code followed_code[RS_MAX_FOLLOWED];

/*
 * Number of loads and frees of each module. User space waits for these, since records may be lost.
 */
__u32 followed_loaded[RS_MAX_FOLLOWED];
__u32 followed_freed[RS_MAX_FOLLOWED];

/*
 * Address of struct module of each while it is loaded, and counts of its callbacks in its current
 * life.
 */
__u64 followed_module[RS_MAX_FOLLOWED];
__u64 followed_callbacks_queued[RS_MAX_FOLLOWED];
__u64 followed_callbacks_invoked[RS_MAX_FOLLOWED];
/*
 * Number of callbacks that have run or never will: those queued before the start of an
 * rcu_barrier() that has returned. One that has not run by then is on no list any more, because its
 * head was queued again.
 */
__u64 followed_callbacks_finished[RS_MAX_FOLLOWED];

/*
 * Followed callbacks whose end will be seen. User space compares the two to see whether any is
 * pending.
 */
__u64 followed_queued;
__u64 followed_done;
/*
 * More were done than queued: a callback was queued before the recording, or a program missed its
 * queueing. The two counts are then no longer a pair.
 */
bool queueing_unseen;
__u64 followed_finished; /* like followed_callbacks_finished[] */

/*
 * Address of struct task_struct of the task that runs each module's exit function, from the entry
 * of delete_module() on; 0: none.
 */
__u64 unloading_task[RS_MAX_FOLLOWED];
/* Start of each module's init code, while its memory exists. */
__u64 followed_init[RS_MAX_FOLLOWED];
struct rs_name followed_name[RS_MAX_FOLLOWED];

#define rs_bounded_index(index)                                                                    \
	((index) & (RS_MAX_FOLLOWED - 1)) /* bounds the index for the verifier */

static __always_inline bool rs_in_range(const volatile struct rs_range *range, __u64 address)
{
	return address - range->start < range->size;
}

/* Index of the followed module whose code contains the address; -1: none. */
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

/* Whether `mod` is the struct module of a followed module that is loaded. */
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

/* Name of each followed module and its index in followed_code[]. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_MAX_FOLLOWED);
	__type(key, struct rs_name); /* padded with NUL bytes */
	__type(value, __u32);
} followed_names SEC(".maps");

#endif /* RCUSCOPE_FOLLOW_H */
