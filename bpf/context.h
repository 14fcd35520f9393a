/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the probed code runs: for a task, or in an interrupt over whichever task is there. */
#ifndef RCUSCOPE_CONTEXT_H
#define RCUSCOPE_CONTEXT_H

#include "compat.h"
#include "emit.h"

/* include/linux/preempt.h */
#define RS_SOFTIRQ_OFFSET 0x100
#define RS_HARDIRQ_SHIFT  16
#define RS_NMI_SHIFT	  20
#define RS_IRQ_COUNT	  0xf

/*
 * The exception of an int3, by which a kprobe is reached, counts as an NMI and as a hard interrupt;
 * nothing that is probed runs in a real NMI.
 */
static __always_inline __u16 rs_context(void)
{
	__u32 count = 0, softirqs;

	if (!rs_preempt_count(&count))
		return 0;
	if ((count >> RS_HARDIRQ_SHIFT & RS_IRQ_COUNT) > (count >> RS_NMI_SHIFT & RS_IRQ_COUNT))
		return RS_CONTEXT_HARDIRQ;
	softirqs = rs_softirq_count(rs_this_task(), count);
	return softirqs & RS_SOFTIRQ_OFFSET ? RS_CONTEXT_SOFTIRQ : RS_CONTEXT_TASK;
}

/* As flags of a record. */
static __always_inline __u16 rs_context_flags(void)
{
	return rs_context() << RS_CONTEXT_SHIFT;
}

#endif /* RCUSCOPE_CONTEXT_H */
