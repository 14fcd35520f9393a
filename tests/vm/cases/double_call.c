// SPDX-License-Identifier: GPL-2.0-only
/* The init function queues an rcu_head again while it is pending, so its callback runs once. */
#include "case.h"

static struct rcu_head head;

static void note(struct rcu_head *rcu)
{
	atomic_inc(&run);
}

static int __init double_call_init(void)
{
	atomic_inc(&queued);
	call_rcu(&head, note);
#ifdef FIXED
	rcu_barrier();
#endif
	atomic_inc(&queued);
	call_rcu(&head, note);
	return 0;
}

static void __exit double_call_exit(void)
{
	rcu_barrier();
	log_counts();
}

CASE(double_call_init, double_call_exit, "The same rcu_head queued twice");
