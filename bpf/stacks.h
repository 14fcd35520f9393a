/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a task got to where it queues a callback or waits: only where that is asked for. */
#ifndef RCUSCOPE_STACKS_H
#define RCUSCOPE_STACKS_H

#include "emit.h"

const volatile bool stacks_wanted;

/*
 * Right before the record whose stack it is, with the same time: user space knows them by that to
 * belong together. So both have their room before that time is taken.
 */
static __always_inline struct rs_stack *rs_begin_stack(struct rs_cpu *cpu)
{
	return stacks_wanted ? rs_begin(rs_stack, cpu, RS_STACK, 0) : NULL;
}

/* `of`: that record; NULL: it could not be delivered. */
static __always_inline void rs_send_stack(void *ctx, struct rs_stack *stack,
					  const struct rs_header *of)
{
	long bytes;

	if (!stack)
		return;
	if (of)
		stack->h.ns = of->ns;
	bytes = bpf_get_stack(ctx, stack->stack, sizeof(stack->stack), 0);
	stack->frames = bytes > 0 ? bytes / sizeof(stack->stack[0]) : 0;
	stack->reserved = 0;
	rs_send(stack);
}

#endif /* RCUSCOPE_STACKS_H */
