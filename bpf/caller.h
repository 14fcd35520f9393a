/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who called the probed function: its return address. */
#ifndef RCUSCOPE_CALLER_H
#define RCUSCOPE_CALLER_H

#include "emit.h"

/* A tracepoint's program, dispatchers, the function, another tracer's trampoline, the caller. */
#define RS_CALLER_FRAMES 8

/* At its entry, a function was left, or stopped, within its first bytes: endbr64 and the call of
 * the hook are 9. */
#define RS_ENTRY_BYTES 16

/*
 * The kernel's unwinder is asked instead of the stack's top, since a kretprobe
 * may have put its trampoline there. That of a tracer that waits for the
 * return shows as two frames: its own, and the function's entry once more.
 */
static __always_inline __u64 rs_caller_of(void *ctx, __u64 function, __u64 size)
{
	__u64 frames[RS_CALLER_FRAMES], caller = 0;
	long bytes = bpf_get_stack(ctx, frames, sizeof(frames), 0);
	int beyond = 0; /* the function's own frame, the first that is of it */

	for (int i = 0; i < RS_CALLER_FRAMES; i++) {
		if ((long)(i * sizeof(frames[0])) >= bytes)
			break;
		if (beyond == 1 || beyond == 3)
			caller = frames[i];
		if (beyond == 3 || (beyond == 2 && frames[i] - function >= RS_ENTRY_BYTES))
			break;
		if (beyond || frames[i] - function < size)
			beyond++;
	}
	return caller;
}

/* In fentry the function's frame lies below those of the program and its trampoline. */
static __always_inline __u64 rs_fentry_caller(void *ctx)
{
	return rs_caller_of(ctx, bpf_get_func_ip(ctx), RS_ENTRY_BYTES);
}

static __always_inline __u64 rs_kprobe_caller(struct pt_regs *regs)
{
	return rs_caller_of(regs, PT_REGS_IP(regs) - 8, RS_ENTRY_BYTES);
}

/* At a tracepoint, which may be anywhere in its function. */
static __always_inline __u64 rs_tracepoint_caller(void *ctx,
						  const volatile struct rs_range *function)
{
	return rs_caller_of(ctx, function->start, function->size);
}

#endif /* RCUSCOPE_CALLER_H */
