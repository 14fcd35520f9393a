/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For how long a CPU took no timer tick though one was due. An idle CPU stops its tick, and so does
 * one of nohz_full= that runs a single task: that a tick did not come then says nothing of
 * interrupts.
 */
#ifndef RCUSCOPE_TICKS_H
#define RCUSCOPE_TICKS_H

#include "wire.h"

/* Times are of CLOCK_MONOTONIC: what the kernel keeps of its tick is, and while it is suspended no
 * tick is due. */
struct rs_tick {
	rs_u64 ns; /* 0: there was none yet */
	/* As the kernel has them (struct tick_sched). */
	rs_u64 stopped;	  /* changes whenever the tick is stopped that was running */
	rs_u64 idle_exit; /* when the CPU last left idle with its tick stopped */
};

/*
 * From the one tick to the next one; 0: nothing is known. `while_busy`: the tick of some CPU stops
 * while a task runs, too, and where it does it is not known when it was started again.
 */
static inline rs_u64 rs_time_without_tick(const struct rs_tick *last, const struct rs_tick *next,
					  bool while_busy)
{
	rs_u64 since = last->ns;
	bool idle = next->idle_exit > last->ns, stopped = next->stopped != last->stopped;

	if (!last->ns || (while_busy && (idle || stopped)))
		return 0;
	if (idle)
		since = next->idle_exit;
	else if (stopped)
		return 0; /* the CPU was offline */
	return next->ns > since ? next->ns - since : 0;
}

#endif /* RCUSCOPE_TICKS_H */
