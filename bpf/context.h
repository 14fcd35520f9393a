/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Context of the probed code: a task, a softirq or a hard interrupt. */
#ifndef RCUSCOPE_CONTEXT_H
#define RCUSCOPE_CONTEXT_H

#include "compat.h"
#include "emit.h"

/* include/linux/preempt.h */
#define RS_SOFTIRQ_OFFSET 0x100

/*
 * A kprobe is reached by an int3 exception. It counts both as an NMI and as a hard interrupt. No
 * probed code runs in a real NMI.
 */
static __always_inline __u16 rs_context(void)
{
	__u32 count = 0, softirqs;

	if (!rs_preempt_count(&count))
		return 0;
	if (rs_hardirq_count(count) > rs_nmi_count(count))
		return RS_CONTEXT_HARDIRQ;
	softirqs = rs_softirq_count(rs_this_task(), count);
	return softirqs & RS_SOFTIRQ_OFFSET ? RS_CONTEXT_SOFTIRQ : RS_CONTEXT_TASK;
}

/* The context as flags in rs_header.aux. */
static __always_inline __u16 rs_context_flags(void)
{
	return rs_context() << RS_CONTEXT_SHIFT;
}

#endif /* RCUSCOPE_CONTEXT_H */
