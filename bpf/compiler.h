/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compiler barriers and attributes. Used by the BPF programs and by the tests that run parts of
 * them.
 */
#ifndef RCUSCOPE_COMPILER_H
#define RCUSCOPE_COMPILER_H

/*
 * Compiler barrier: keeps all memory accesses before it and after it in program order. It emits no
 * instruction, so it does not order the CPU.
 */
#define RS_COMPILER_BARRIER() __asm__ volatile("" ::: "memory")

/*
 * Optimizer barrier: keeps the value in the register whose range the verifier has bounded, and
 * keeps the compiler from deriving the value again.
 */
#define RS_OPAQUE(variable) __asm__ volatile("" : "+r"(variable))

/*
 * Reads a word that another CPU or user space may change at any time. The programs use what they
 * read only for stores that depend on it, which every CPU keeps in order. C and C++ know no such
 * dependency, so user space, which runs this code in tests, acquires.
 */
#ifdef __bpf__
#define RS_READ_ONCE(word) (*(const volatile __typeof__(word) *)&(word))
#else
#define RS_READ_ONCE(word) __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#endif

/*
 * A global function: the verifier checks it by itself, once, and assumes that each pointer may be
 * NULL. Linux 6.1 checks it even if no program calls it. Each one therefore begins with checks that
 * exclude these cases.
 */
#ifdef __bpf__
#define RS_GLOBAL __attribute__((noinline))
#else
#define RS_GLOBAL static inline
#endif

#endif /* RCUSCOPE_COMPILER_H */
