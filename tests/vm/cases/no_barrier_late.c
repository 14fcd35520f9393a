// SPDX-License-Identifier: GPL-2.0-only
/* The exit function queues callbacks and does not wait for them. */
#include "case.h"

static int __init no_barrier_late_init(void)
{
	return 0;
}

static void __exit no_barrier_late_exit(void)
{
	objects_queue(7);
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(no_barrier_late_init, no_barrier_late_exit, "No rcu_barrier(), and callbacks queued at exit");
