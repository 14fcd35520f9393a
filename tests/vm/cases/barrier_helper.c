// SPDX-License-Identifier: GPL-2.0-only
/* Correct: a function that the exit function calls ends in a tail call to rcu_barrier(). */
#include "case.h"

static int __init barrier_helper_init(void)
{
	objects_queue(2);
	return 0;
}

static noinline __noclone void wait_for_callbacks(void)
{
	atomic_inc(&sections);
	rcu_read_lock();
	rcu_read_unlock();
	rcu_barrier();
}

static void __exit barrier_helper_exit(void)
{
	objects_queue(3);
	wait_for_callbacks();
	log_counts();
}

CASE(barrier_helper_init, barrier_helper_exit, "rcu_barrier() in a function that exit calls");
