/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the compiler is told, in the programs and in the tests that run parts of them. */
#ifndef RCUSCOPE_COMPILER_H
#define RCUSCOPE_COMPILER_H

/* What stands before is stored and loaded before what follows. It is for the compiler alone. */
#define RS_IN_THIS_ORDER() __asm__ volatile("" ::: "memory")

/* The compiler is not to find out again what it is: as it is now, it stays in a register. */
#define RS_KEEP(variable) __asm__ volatile("" : "+r"(variable))

/*
 * A function that the verifier looks at by itself, once. It takes pointers to be NULL or not, and
 * Linux 6.1 looks even where it is never called: so each begins with what excludes that.
 */
#ifdef __bpf__
#define RS_GLOBAL __attribute__((noinline))
#else
#define RS_GLOBAL static inline
#endif

#endif /* RCUSCOPE_COMPILER_H */
