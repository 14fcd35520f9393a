/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a task got to where it queues a callback or waits: only where that is asked for. */
#ifndef RCUSCOPE_STACKS_H
#define RCUSCOPE_STACKS_H

#include "emit.h"

const volatile bool stacks_wanted;

/* Right before the record of the same `ns`: user space knows them by that to belong together. */
static __always_inline void rs_send_stack(void *ctx, struct rs_cpu *cpu, __u64 ns)
{
	struct rs_stack *record;
	long bytes;

	if (!stacks_wanted)
		return;
	record = rs_begin(rs_stack, cpu, ns, RS_STACK, 0);
	if (!record)
		return;
	bytes = bpf_get_stack(ctx, record->stack, sizeof(record->stack), 0);
	record->frames = bytes > 0 ? bytes / sizeof(record->stack[0]) : 0;
	record->reserved = 0;
	rs_send(record);
}

#endif /* RCUSCOPE_STACKS_H */
