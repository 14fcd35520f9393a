/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the caller of a probed function: its return address. */
#ifndef RCUSCOPE_CALLER_H
#define RCUSCOPE_CALLER_H

#include "emit.h"
#include "follow.h"

/* Address range of the kernel's own code, without modules. */
const volatile struct rs_range kernel_code;
/*
 * Ranges in kernel code to which a function returns while a kretprobe or a tracer waits for its
 * return.
 */
#define RS_RETURN_HANDLERS 3
const volatile struct rs_range return_handlers[RS_RETURN_HANDLERS];

/*
 * Frames to read: a tracepoint's program, dispatchers, the function, another tracer's trampoline,
 * the caller.
 */
#define RS_CALLER_FRAMES 8

/*
 * At a function's entry, the function's frame holds an address within its first bytes: endbr64 and
 * the call of the hook take 9.
 */
#define RS_ENTRY_BYTES 16

/*
 * Asks the kernel's unwinder. The top of the stack is not enough, since a kretprobe may have put
 * its trampoline there. A tracer that waits for the return shows as two extra frames: its own, and
 * the function's entry again.
 */
static __noinline __u64 rs_caller_of(void *ctx, __u64 function, __u64 size)
{
	__u64 frames[RS_CALLER_FRAMES], caller = 0;
	long bytes = bpf_get_stack(ctx, frames, sizeof(frames), 0);
	int beyond = 0; /* frames from the function's own frame on */

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

/*
 * Whether an address found on the stack is certainly the caller. Then there is no need to ask the
 * unwinder, which takes far longer than everything else. False for the code of other modules and
 * for trampolines, whose addresses are not known here.
 */
static __always_inline bool rs_is_caller(__u64 address)
{
	if (rs_followed_code(address) >= 0)
		return true;
	for (int i = 0; i < RS_RETURN_HANDLERS; i++)
		if (address - return_handlers[i].start < return_handlers[i].size)
			return false;
	return address - kernel_code.start < kernel_code.size;
}

/*
 * With fentry, the function reaches the BPF trampoline from its first bytes. The words after the
 * arguments lead to the caller (arch_prepare_bpf_trampoline() of x86):
 *
 *   a trampoline without fexit, called   frame pointer, address in the function, caller
 *   a trampoline with fexit, called      result, frame pointer, address in the function, caller
 *   a trampoline with fexit, jumped to   result, frame pointer, caller
 *
 * Kernels with CONFIG_DYNAMIC_FTRACE_WITH_JMP jump to each trampoline with fexit, unless a live
 * patch has the function as well. The words themselves show which it is: the address in the
 * function is missing.
 */
#define RS_FRAME_WORDS_AFTER 4

static __always_inline bool rs_in_entry(__u64 address, __u64 function)
{
	return address - function < RS_ENTRY_BYTES;
}

/*
 * Number of frames from the unwinder's first one to the caller of a function that jumped to its
 * trampoline: those of the program and of the trampoline. All programs have the same. It is learned
 * from a caller that the stack and the unwinder agree about. 0: not known yet.
 */
__u32 jumped_frames;

/*
 * `word`: where the caller must be, since the function has jumped. It is the address of a
 * trampoline if a kretprobe waits for the function, or for one that jumped to it; only the unwinder
 * knows the caller then.
 */
static __noinline __u64 rs_jumped_caller(void *ctx, __u64 word)
{
	__u64 frames[RS_CALLER_FRAMES] = {};
	__u32 known = jumped_frames;
	bool certain = rs_is_caller(word);

	if (known && certain)
		return word;
	if (bpf_get_stack(ctx, frames, sizeof(frames), 0) < 0)
		return 0;
	for (__u32 i = 0; i < RS_CALLER_FRAMES; i++) {
		if (certain && frames[i] == word) {
			jumped_frames = i;
			return word;
		}
		if (!certain && known && i == known)
			return frames[i];
	}
	return 0;
}

static __noinline __u64 rs_unwound_caller(void *ctx, __u64 function)
{
	return rs_caller_of(ctx, function, RS_ENTRY_BYTES);
}

static __always_inline __u64 rs_fentry_caller(void *ctx)
{
	__u64 words[RS_FRAME_WORDS_AFTER], function = bpf_get_func_ip(ctx);

	/* The verifier adds only a bounded number to the pointer. There are at most 12 arguments.
	 */
	void *after = ctx + 8 * (bpf_get_func_arg_cnt(ctx) & 0xf);

	if (bpf_probe_read_kernel(words, sizeof(words), after))
		return 0;
	if (rs_in_entry(words[1], function)) {
		if (rs_is_caller(words[2]))
			return words[2];
	} else if (rs_in_entry(words[2], function)) {
		if (rs_is_caller(words[3]))
			return words[3];
	} else {
		return rs_jumped_caller(ctx, words[2]);
	}
	return rs_unwound_caller(ctx, function);
}

/* At its entry the function has pushed nothing yet. */
static __always_inline __u64 rs_kprobe_caller(struct pt_regs *regs)
{
	__u64 caller = 0;

	if (!bpf_probe_read_kernel(&caller, sizeof(caller), (void *)PT_REGS_SP(regs)) &&
	    rs_is_caller(caller))
		return caller;
	return rs_caller_of(regs, PT_REGS_IP(regs) - 8, RS_ENTRY_BYTES);
}

/*
 * A function that ends in a call may make a tail call: it jumps, and the callee sees the return
 * address of the function's own caller. The .ko shows where functions of a followed module make
 * tail calls, and these jumps are probed. This map keeps the last jump of a task, by the address to
 * which the callee will return. A jump in an interrupt has another return address.
 */
struct rs_tail_call_key {
	__u64 task;
	__u64 returns_to;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct rs_tail_call_key);
	__type(value, __u64);
} jumps SEC(".maps");

__u64 jumps_under_way; /* number of entries in `jumps`: usually 0, which saves the lookup */

#define RS_JUMP_BYTES 5

SEC("kprobe")
int jump_kprobe(struct pt_regs *ctx)
{
	/* In a kprobe handler the instruction pointer is one byte past the address of the int3. */
	__u64 jump = PT_REGS_IP(ctx) - 1, caller = 0;
	struct rs_tail_call_key key = { .task = bpf_get_current_task() };
	__u64 behind = jump + RS_JUMP_BYTES;

	rs_hit(RS_COUNT_JUMP);
	if (bpf_probe_read_kernel(&caller, sizeof(caller), (void *)PT_REGS_SP(ctx)) ||
	    !rs_is_caller(caller))
		caller = rs_caller_of(ctx, jump, RS_JUMP_BYTES);
	key.returns_to = caller;
	if (!bpf_map_update_elem(&jumps, &key, &behind, BPF_NOEXIST))
		__sync_fetch_and_add(&jumps_under_way, 1);
	else
		bpf_map_update_elem(&jumps, &key, &behind, BPF_EXIST);
	return 0;
}

/* Address after the jump that led here, if there was one; otherwise `caller`. */
static __always_inline __u64 rs_tail_call_caller(__u64 caller)
{
	struct rs_tail_call_key key = { .returns_to = caller };
	__u64 *behind, found;

	if (!*(volatile __u64 *)&jumps_under_way)
		return caller;
	key.task = bpf_get_current_task();
	behind = bpf_map_lookup_elem(&jumps, &key);
	if (!behind)
		return caller;
	found = *behind;
	if (!bpf_map_delete_elem(&jumps, &key))
		__sync_fetch_and_add(&jumps_under_way, -1);
	return found;
}

/* Address range of delete_module(), which calls exit functions. */
const volatile struct rs_range delete_module_code;

/*
 * Whether the exit function of a followed module made a tail call. The jump cannot be probed, but
 * delete_module() itself calls no function that has a hook here.
 */
static __always_inline bool rs_exit_jumped(__u64 caller)
{
	__u64 task;

	if (!rs_in_range(&delete_module_code, caller))
		return false;
	task = bpf_get_current_task();
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++)
		if (i < followed_count && unloading_task[i] == task)
			return true;
	return false;
}

/* Whether the caller is code of a followed module, or its exit function that made a tail call. */
static __always_inline bool rs_followed_called(__u64 caller)
{
	return rs_followed_code(caller) >= 0 || rs_exit_jumped(caller);
}

/* Whether the instruction before `caller` is a call of the function that begins at `function`. */
static __always_inline bool rs_called_from(__u64 caller, __u64 function)
{
	struct {
		__u8 opcode;
		__s32 distance;
	} __attribute__((packed)) call;

	if (bpf_probe_read_kernel(&call, sizeof(call), (void *)(caller - sizeof(call))))
		return false;
	return call.opcode == 0xe8 && caller + call.distance - function < RS_ENTRY_BYTES;
}

/* The tracepoint may be anywhere in its function. */
static __always_inline __u64 rs_tracepoint_caller(void *ctx,
						  const volatile struct rs_range *function)
{
	return rs_caller_of(ctx, function->start, function->size);
}

#endif /* RCUSCOPE_CALLER_H */
