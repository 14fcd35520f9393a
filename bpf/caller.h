/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who called the probed function: its return address. */
#ifndef RCUSCOPE_CALLER_H
#define RCUSCOPE_CALLER_H

#include "emit.h"

/*
 * In a kprobe at a function's first instruction the return address is on top
 * of the stack.
 */
static __always_inline __u64 rs_kprobe_caller(struct pt_regs *regs)
{
	__u64 caller = 0;

	if (bpf_probe_read_kernel(&caller, sizeof(caller), (void *)PT_REGS_SP(regs)))
		return 0;
	return caller;
}

#define RS_CALLER_FRAMES 6

/*
 * In fentry it lies above the frames of the program and its trampoline: the
 * frame after the one that is in the probed function itself, which was left at
 * its first call.
 */
static __always_inline __u64 rs_fentry_caller(void *ctx)
{
	__u64 frames[RS_CALLER_FRAMES];
	__u64 function = bpf_get_func_ip(ctx);
	long bytes = bpf_get_stack(ctx, frames, sizeof(frames), 0);
	bool inside = false;

	for (int i = 0; i < RS_CALLER_FRAMES; i++) {
		if ((long)(i * sizeof(frames[0])) >= bytes)
			break;
		if (inside)
			return frames[i];
		inside = frames[i] - function < 16; /* endbr64 and the call are 9 bytes */
	}
	return 0;
}

#endif /* RCUSCOPE_CALLER_H */
