/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Generates the programs at entries and returns of functions from hook_list.h. Each exists twice:
 * for BPF trampolines (fentry, fexit) and for kprobes (kprobe, kretprobe). Include it after all
 * handlers.
 */
#ifndef RCUSCOPE_PROBE_PROGRAMS_H
#define RCUSCOPE_PROBE_PROGRAMS_H

#include "caller.h"

/* The caller of the function. The type of ctx tells the kind of program. */
#define rs_caller(ctx)                                                                             \
	_Generic((ctx), struct pt_regs * : rs_kprobe_caller, default : rs_fentry_caller)(ctx)

/* A bool in a register or stack slot: the other bits are undefined. */
#define rs_bool(value) (((value)&0xff) != 0)

/* libbpf's macros count their arguments: expand a list in parentheses first. */
#define RS_LIST(...)		  , ##__VA_ARGS__
#define RS_FENTRY_PROGRAM(...)	  BPF_PROG(__VA_ARGS__)
#define RS_KPROBE_PROGRAM(...)	  BPF_KPROBE(__VA_ARGS__)
#define RS_KRETPROBE_PROGRAM(...) BPF_KRETPROBE(__VA_ARGS__)

#define RS_ENTRY(program, function, parameters, handler)                                           \
	SEC("fentry/" #function)                                                                   \
	int RS_FENTRY_PROGRAM(program##_fentry RS_LIST parameters)                                 \
	{                                                                                          \
		handler;                                                                           \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("kprobe/" #function)                                                                   \
	int RS_KPROBE_PROGRAM(program##_kprobe RS_LIST parameters)                                 \
	{                                                                                          \
		handler;                                                                           \
		return 0;                                                                          \
	}

#define RS_RETURN(program, function, parameters, result, handler)                                  \
	SEC("fexit/" #function)                                                                    \
	int RS_FENTRY_PROGRAM(program##_fexit RS_LIST parameters RS_LIST result)                   \
	{                                                                                          \
		handler;                                                                           \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("kretprobe/" #function)                                                                \
	int RS_KRETPROBE_PROGRAM(program##_kretprobe RS_LIST result)                               \
	{                                                                                          \
		handler;                                                                           \
		return 0;                                                                          \
	}

#include "hook_list.h"

#undef RS_LIST
#undef RS_FENTRY_PROGRAM
#undef RS_KPROBE_PROGRAM
#undef RS_KRETPROBE_PROGRAM

#endif /* RCUSCOPE_PROBE_PROGRAMS_H */
