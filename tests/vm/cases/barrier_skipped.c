// SPDX-License-Identifier: GPL-2.0-only
/* The exit function has an rcu_barrier() on a path that it does not take. */
#include "case.h"

static bool started;

static int __init barrier_skipped_init(void)
{
	objects_queue(3);
#ifdef FIXED
	WRITE_ONCE(started, true);
#endif
	return 0;
}

static void __exit barrier_skipped_exit(void)
{
	if (READ_ONCE(started))
		rcu_barrier();
	log_counts();
}

CASE(barrier_skipped_init, barrier_skipped_exit, "An rcu_barrier() that is not reached");
