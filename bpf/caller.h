/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who called the probed function: its return address. */
#ifndef RCUSCOPE_CALLER_H
#define RCUSCOPE_CALLER_H

#include "emit.h"
#include "follow.h"

/* The kernel's own code, without that of modules. */
const volatile struct rs_range kernel_code;
/* Of it, where functions return to while a kretprobe or a tracer waits for that. */
#define RS_RETURN_HANDLERS 3
const volatile struct rs_range return_handlers[RS_RETURN_HANDLERS];

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
static __noinline __u64 rs_caller_of(void *ctx, __u64 function, __u64 size)
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

/*
 * Whether what was found on the stack is surely the caller, so that the
 * unwinder, which takes far longer than all else, need not be asked. Where other
 * modules' code and trampolines lie is not known here.
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

/* From the function's arguments to its caller: what it returned and two frames lie between. */
#define RS_TRAMPOLINE_WORDS 8

/*
 * In fentry the function's frame lies below those of the program and its
 * trampoline. This one is called from the function's first bytes, with the
 * address of the caller right above (arch_prepare_bpf_trampoline() of x86).
 */
static __always_inline bool rs_entry_of(const __u64 *words, __u64 function)
{
	return words[0] - function < RS_ENTRY_BYTES && rs_is_caller(words[1]);
}

/* Which word that was last time: the kernel lays all its trampolines out alike. */
__u32 fentry_word;

static __noinline __u64 rs_find_fentry_caller(void *ctx, __u64 function)
{
	__u64 words[RS_TRAMPOLINE_WORDS];

	if (bpf_probe_read_kernel(words, sizeof(words), ctx))
		__builtin_memset(words, 0, sizeof(words));
	for (int i = 0; i + 1 < RS_TRAMPOLINE_WORDS; i++) {
		if (rs_entry_of(words + i, function)) {
			fentry_word = i;
			return words[i + 1];
		}
	}
	return rs_caller_of(ctx, function, RS_ENTRY_BYTES);
}

static __always_inline __u64 rs_fentry_caller(void *ctx)
{
	__u64 words[2], function = bpf_get_func_ip(ctx);

	if (!bpf_probe_read_kernel(words, sizeof(words), ctx + 8 * fentry_word) &&
	    rs_entry_of(words, function))
		return words[1];
	return rs_find_fentry_caller(ctx, function);
}

/* The function has pushed nothing yet. */
static __always_inline __u64 rs_kprobe_caller(struct pt_regs *regs)
{
	__u64 caller = 0;

	if (!bpf_probe_read_kernel(&caller, sizeof(caller), (void *)PT_REGS_SP(regs)) &&
	    rs_is_caller(caller))
		return caller;
	return rs_caller_of(regs, PT_REGS_IP(regs) - 8, RS_ENTRY_BYTES);
}

/*
 * A function that ends in a call jumps there instead, and the return address is that of its own
 * caller. Where a followed module's functions do so is known from the .ko, and probed: which jump a
 * task made, by where it will return to. An interrupt's jump returns to elsewhere.
 */
struct rs_jump_key {
	__u64 task;
	__u64 returns_to;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct rs_jump_key);
	__type(value, __u64);
} jumps SEC(".maps");

__u64 jumps_under_way; /* entries: mostly none, so that nobody has to look */

#define RS_JUMP_BYTES 5

SEC("kprobe")
int jump_kprobe(struct pt_regs *ctx)
{
	/* A kprobe's handler sees the instruction pointer behind the int3. */
	__u64 jump = PT_REGS_IP(ctx) - 1, caller = 0;
	struct rs_jump_key key = { .task = bpf_get_current_task() };
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

/* The place behind the jump that led here, if it is known; else `caller`. */
static __always_inline __u64 rs_before_jump(__u64 caller)
{
	struct rs_jump_key key = { .returns_to = caller };
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

/* delete_module(), which calls exit functions. */
const volatile struct rs_range delete_module_code;

/* Whether the exit function of a followed module jumped: it cannot be probed, but delete_module()
 * itself calls nothing that is looked at here. */
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

/* Whether the caller is a followed module's code, or its exit function, which jumped. */
static __always_inline bool rs_followed_called(__u64 caller)
{
	return rs_followed_code(caller) >= 0 || rs_exit_jumped(caller);
}

/* Whether the instruction before `caller` calls the function that begins at `function`. */
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

/* At a tracepoint, which may be anywhere in its function. */
static __always_inline __u64 rs_tracepoint_caller(void *ctx,
						  const volatile struct rs_range *function)
{
	return rs_caller_of(ctx, function->start, function->size);
}

#endif /* RCUSCOPE_CALLER_H */
