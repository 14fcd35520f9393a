// SPDX-License-Identifier: GPL-2.0-only
/* The exit function calls synchronize_rcu(), which does not wait for callbacks. */
#include "case.h"

static int __init no_barrier_sync_init(void)
{
	return 0;
}

static void __exit no_barrier_sync_exit(void)
{
	objects_queue(7);
#ifdef FIXED
	rcu_barrier();
#else
	synchronize_rcu();
#endif
	log_counts();
}

CASE(no_barrier_sync_init, no_barrier_sync_exit, "synchronize_rcu() in place of rcu_barrier()");
