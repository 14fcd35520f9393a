/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kvfree_rcu() and kfree_rcu(), which both call kvfree_call_rcu(), and kfree_rcu_nolock(), which
 * calls kfree_call_rcu_nolock().
 */
#ifndef RCUSCOPE_KVFREE_H
#define RCUSCOPE_KVFREE_H

#include "caller.h"
#include "context.h"
#include "emit.h"
#include "follow.h"
#include "stacks.h"

/* include/linux/rcupdate.h: __is_kvfree_rcu_offset() */
#define RS_KVFREE_OFFSETS 4096

/*
 * Linux 6.4, commit 04a522b7da3d ("rcu: Refactor kvfree_call_rcu() and high-level helpers"),
 * changed the second argument. Before, it is the offset of the rcu_head in the object; since then,
 * it is the object. Without a head it is the object in both.
 */
static __always_inline void rs_kvfree(void *ctx, enum rs_counter counter, __u64 head, __u64 what,
				      __u64 caller)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_kvfree *record;
	struct rs_stack *stack;

	if (!cpu)
		return;
	rs_hit(counter);
	caller = rs_tail_call_caller(caller);
	if (!all_callbacks && !rs_followed_called(caller))
		return;
	stack = rs_begin_stack(cpu);
	record = rs_begin(rs_kvfree, cpu, RS_KVFREE,
			  (head ? 0 : RS_KVFREE_HEADLESS) | rs_context_flags());
	rs_send_stack(ctx, stack, record ? &record->h : NULL);
	if (!record)
		return;
	record->object = head && what < RS_KVFREE_OFFSETS ? head - what : what;
	record->caller = caller;
	rs_send(record);
}

#endif /* RCUSCOPE_KVFREE_H */
