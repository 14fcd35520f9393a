/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Computes for how long a CPU took no timer tick although one was due. An idle CPU stops its tick.
 * A CPU in nohz_full= that runs a single task does so, too. A missing tick during that time does
 * not mean that interrupts were off.
 */
#ifndef RCUSCOPE_TICKS_H
#define RCUSCOPE_TICKS_H

#include "wire.h"

/*
 * Times are on CLOCK_MONOTONIC, like those that the kernel keeps about its tick. No tick is due
 * while the system is suspended.
 */
struct rs_tick {
	rs_u64 ns; /* 0: no tick yet */
	/* Copied from the kernel's struct tick_sched. */
	rs_u64 stopped;	  /* changes each time a running tick is stopped */
	rs_u64 idle_exit; /* when the CPU last left idle with a stopped tick */
};

/*
 * Nanoseconds without a tick between two ticks; 0: unknown. `while_busy`: some CPUs stop their tick
 * also while a task runs. The kernel does not record when such a tick started again.
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
