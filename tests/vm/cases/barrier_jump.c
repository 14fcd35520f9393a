// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the exit function ends in rcu_barrier(), which gcc makes a tail call. */
#include "case.h"

static int __init barrier_jump_init(void)
{
	return 0;
}

static void __exit barrier_jump_exit(void)
{
	objects_queue(7);
	log_counts();
	rcu_barrier();
}

CASE(barrier_jump_init, barrier_jump_exit, "A jump to rcu_barrier()");
