/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Macros that define programs at the entries and returns of functions. Most programs exist twice:
 * for BPF trampolines (fentry, fexit) and for kprobes (kprobe, kretprobe). Both twins have the same
 * handler. Where they must read something in different ways, an accessor macro selects the way by
 * the type of `ctx`, which is struct pt_regs * in a kprobe.
 */
#ifndef RCUSCOPE_FUNCTION_PROGRAMS_H
#define RCUSCOPE_FUNCTION_PROGRAMS_H

#include "caller.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The caller of the function. */
#define rs_caller(ctx)                                                                             \
	_Generic((ctx), struct pt_regs * : rs_kprobe_caller, default : rs_fentry_caller)(ctx)

static __always_inline __u64 rs_fentry_arg(void *ctx, __u32 number)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, number, &value);
	return value;
}

static __always_inline __u64 rs_kprobe_arg(struct pt_regs *regs, __u32 number)
{
	return number ? PT_REGS_PARM2(regs) : PT_REGS_PARM1(regs);
}

/*
 * Argument 0 or 1 of the function as a number, for functions that take a pointer to a function. The
 * verifier of Linux 6.1 rejects a load of such an argument from the context of fentry, which is how
 * named parameters are read; bpf_get_func_arg() does not check types.
 */
#define rs_argument(ctx, number)                                                                   \
	_Generic((ctx), struct pt_regs * : rs_kprobe_arg, default : rs_fentry_arg)(ctx, number)

/*
 * A member of a structure to which a named parameter leads. With fentry the verifier knows the type
 * of the pointer, so no helper call is needed.
 */
#define rs_member(ctx, of, member)                                                                 \
	_Generic((ctx), struct pt_regs * : BPF_CORE_READ(of, member), default : (of)->member)

/* A bool in a register or stack slot: the bits above the lowest eight are undefined. */
typedef long rs_raw_bool;

#define rs_bool(value) (((value)&0xff) != 0)

/* libbpf's macros count their arguments: expand a list in parentheses first. */
#define RS_LIST(...)	      , ##__VA_ARGS__
#define RS_BPF_PROG(...)      BPF_PROG(__VA_ARGS__)
#define RS_BPF_KPROBE(...)    BPF_KPROBE(__VA_ARGS__)
#define RS_BPF_KRETPROBE(...) BPF_KRETPROBE(__VA_ARGS__)

#define RS_PROGRAM(section, definition, handler)                                                   \
	SEC(section)                                                                               \
	int definition                                                                             \
	{                                                                                          \
		handler;                                                                           \
		return 0;                                                                          \
	}

#define RS_FENTRY_PROGRAM(program, function, parameters, handler)                                  \
	RS_PROGRAM("fentry/" #function, RS_BPF_PROG(program##_fentry RS_LIST parameters), handler)

#define RS_FEXIT_PROGRAM(program, function, parameters, result, handler)                           \
	RS_PROGRAM("fexit/" #function,                                                             \
		   RS_BPF_PROG(program##_fexit RS_LIST parameters RS_LIST result), handler)

#define RS_KPROBE_PROGRAM(program, function, parameters, handler)                                  \
	RS_PROGRAM("kprobe/" #function, RS_BPF_KPROBE(program##_kprobe RS_LIST parameters), handler)

#define RS_KRETPROBE_PROGRAM(program, function, result, handler)                                   \
	RS_PROGRAM("kretprobe/" #function, RS_BPF_KRETPROBE(program##_kretprobe RS_LIST result),   \
		   handler)

#define RS_ENTRY_PROGRAMS(program, function, parameters, handler)                                  \
	RS_FENTRY_PROGRAM(program, function, parameters, handler)                                  \
	RS_KPROBE_PROGRAM(program, function, parameters, handler)

#define RS_RETURN_PROGRAMS(program, function, parameters, result, handler)                         \
	RS_FEXIT_PROGRAM(program, function, parameters, result, handler)                           \
	RS_KRETPROBE_PROGRAM(program, function, result, handler)

#endif /* RCUSCOPE_FUNCTION_PROGRAMS_H */
