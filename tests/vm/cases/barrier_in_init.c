// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the init function waits for its callbacks, and the module queues no others. */
#include "case.h"

static int __init barrier_in_init_init(void)
{
	objects_queue(4);
	rcu_barrier();
	return 0;
}

static void __exit barrier_in_init_exit(void)
{
	log_counts();
}

CASE(barrier_in_init_init, barrier_in_init_exit,
     "rcu_barrier() after the last call_rcu(), in init");
