/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the caller of a function that has a tracepoint, without asking the unwinder each time,
 * which takes ten times as long as everything else.
 *
 * A tracepoint's arguments lie on the stack, below the frames through which it was reached. `at`
 * words above the arguments is the address to which the tracepoint returns (`site`). The distance
 * from there to the function's own return address is constant, because the compiler has fixed the
 * layout of the frame. The programs learn the distance from the unwinder's answers. It stays valid
 * while `site` stays in the same word.
 */
#ifndef RCUSCOPE_TRACEPOINT_CALLER_H
#define RCUSCOPE_TRACEPOINT_CALLER_H

#include "caller.h"

/* Words searched for `site`: other users of the tracepoint add frames of their own. */
#define RS_SITE_WORDS 48

/* Minimum number of unwinder answers before the distance is trusted. */
#define RS_FRAME_PROOFS 4

struct rs_frame_search {
	void *ctx;
	struct rs_frame *frame;
	__u64 start, size; /* range of the function */
	__u64 caller;
};

/*
 * Body of bpf_loop(): in a C loop the verifier would explore each path through all rounds. Linux
 * 6.1 verifies the body only once and removes what is unused in that round. So the state that one
 * round leaves for the next is in a map, not on the stack, where the verifier knows its value.
 */
static long rs_search_frame(__u32 index, struct rs_frame_search *search)
{
	struct rs_frame_seen *seen = &search->frame->seen;
	__u64 word = 0;

	if (bpf_probe_read_kernel(&word, sizeof(word), search->ctx + 8 * (__u64)index))
		return 1;
	if (!seen->site) {
		if (word - search->start < search->size) {
			seen->site = word;
			seen->at = index;
		}
		return index >= RS_SITE_WORDS;
	}
	if (index - seen->at >= RS_FRAME_WORDS)
		return 1;
	if (word == search->caller)
		seen->places |= 1ULL << (index - seen->at);
	return 0;
}

/* Number of the only bit that is set. */
static __always_inline __u32 rs_number_of_bit(__u64 bit)
{
	__u32 number = 0;

	for (__u32 half = 32; half; half /= 2) {
		if (bit >> half) {
			bit >>= half;
			number += half;
		}
	}
	return number;
}

/*
 * The stack holds `caller`, which the unwinder found, at its fixed distance, and perhaps old copies
 * of it elsewhere. A distance at which it is missing once is excluded.
 */
static __always_inline void rs_learn_frame(struct rs_frame *frame, void *ctx, __u64 caller,
					   const volatile struct rs_range *function)
{
	struct rs_frame_search search = { .ctx = ctx,
					  .frame = frame,
					  .start = function->start,
					  .size = function->size,
					  .caller = caller };
	struct rs_frame_seen *seen = &frame->seen;

	/* The stack then holds the address of a trampoline instead. */
	if (!rs_is_caller(caller))
		return;
	seen->site = seen->places = 0;
	bpf_loop(RS_SITE_WORDS + RS_FRAME_WORDS, rs_search_frame, &search, 0);
	if (!seen->site || !seen->places)
		return;
	if (frame->site != seen->site || frame->at != seen->at || !frame->places) {
		frame->above = 0;
		frame->site = seen->site;
		frame->at = seen->at;
		frame->places = ~0ULL;
		frame->proofs = 0;
	}
	frame->places &= seen->places;
	frame->proofs++;
	if (frame->proofs >= RS_FRAME_PROOFS && frame->places &&
	    !(frame->places & (frame->places - 1)))
		frame->above = rs_number_of_bit(frame->places);
}

/* Like rs_tracepoint_caller(), for frequent calls. `frame` is this CPU's; interrupts are off. */
static __always_inline __u64 rs_frequent_caller(struct rs_frame *frame, void *ctx,
						const volatile struct rs_range *function)
{
	__u64 span = frame->above & (RS_FRAME_WORDS - 1);
	__u64 caller;

	if (span &&
	    !bpf_probe_read_kernel(frame->words, 8 * (span + 1), ctx + 8 * (__u64)frame->at) &&
	    frame->words[0] == frame->site && rs_is_caller(frame->words[span]))
		return frame->words[span];
	caller = rs_tracepoint_caller(ctx, function);
	rs_learn_frame(frame, ctx, caller, function);
	return caller;
}

#endif /* RCUSCOPE_TRACEPOINT_CALLER_H */
