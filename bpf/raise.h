/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A word that only grows, shared by programs that may preempt each other or run on other CPUs. */
#ifndef RCUSCOPE_RAISE_H
#define RCUSCOPE_RAISE_H

#include "compiler.h"
#include "wire.h"

/* After this many failed compare-and-swaps, others have changed the word meanwhile. */
#define RS_RAISE_TRIES 8

/* Raises the word to `value`, unless it is larger already. */
static __always_inline void rs_raise(rs_u64 *word, rs_u64 value)
{
	for (int tries = 0; tries < RS_RAISE_TRIES; tries++) {
		rs_u64 before = RS_READ_ONCE(*word);

		if (before >= value || __sync_val_compare_and_swap(word, before, value) == before)
			break;
	}
}

#endif /* RCUSCOPE_RAISE_H */
