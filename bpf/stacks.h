/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stack traces of tasks that queue a callback or wait. Recorded only on request. */
#ifndef RCUSCOPE_STACKS_H
#define RCUSCOPE_STACKS_H

#include "emit.h"

const volatile bool stacks_wanted;

/*
 * The stack record directly precedes its main record and has the same time, which is how user space
 * matches them. Both therefore reserve their room before that time is taken.
 */
static __always_inline struct rs_stack *rs_begin_stack(struct rs_cpu *cpu)
{
	return stacks_wanted ? rs_begin(rs_stack, cpu, RS_STACK, 0) : NULL;
}

/* `of`: the main record; NULL: it was lost. */
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
