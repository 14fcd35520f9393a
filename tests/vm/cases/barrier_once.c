// SPDX-License-Identifier: GPL-2.0-only
/* A callback queues itself once more: a single rcu_barrier() waits only for its first run. */
#include "case.h"

static struct rcu_head head;
static int left = 2;

static void again(struct rcu_head *rcu)
{
	atomic_inc(&run);
	if (--left) {
		atomic_inc(&queued);
		call_rcu(rcu, again);
	}
	barrier();
}

static int __init barrier_once_init(void)
{
	return 0;
}

static void __exit barrier_once_exit(void)
{
	atomic_inc(&queued);
	call_rcu(&head, again);
	rcu_barrier();
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(barrier_once_init, barrier_once_exit, "A callback that queues itself, and one rcu_barrier()");
