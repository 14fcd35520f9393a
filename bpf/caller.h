/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who called the probed function: its return address. */
#ifndef RCUSCOPE_CALLER_H
#define RCUSCOPE_CALLER_H

#include "emit.h"

#define RS_CALLER_FRAMES 6

/*
 * The kernel's unwinder is asked instead of the stack's top, since a kretprobe
 * may have put its trampoline there. The probed function itself was left, or
 * stopped, within its first bytes: endbr64 and the call of the hook are 9.
 */
static __always_inline __u64 rs_caller_of(void *ctx, __u64 function)
{
	__u64 frames[RS_CALLER_FRAMES];
	long bytes = bpf_get_stack(ctx, frames, sizeof(frames), 0);
	bool inside = false;

	for (int i = 0; i < RS_CALLER_FRAMES; i++) {
		if ((long)(i * sizeof(frames[0])) >= bytes)
			break;
		if (inside)
			return frames[i];
		inside = frames[i] - function < 16;
	}
	return 0;
}

/* In fentry the function's frame lies below those of the program and its trampoline. */
static __always_inline __u64 rs_fentry_caller(void *ctx)
{
	return rs_caller_of(ctx, bpf_get_func_ip(ctx));
}

static __always_inline __u64 rs_kprobe_caller(struct pt_regs *regs)
{
	return rs_caller_of(regs, PT_REGS_IP(regs) - 8);
}

#endif /* RCUSCOPE_CALLER_H */
