// SPDX-License-Identifier: GPL-2.0-only
/* Correct: a work item waits for the callbacks, and the exit function waits for the work item. */
#include <linux/workqueue.h>

#include "case.h"

static void wait_for_callbacks(struct work_struct *work)
{
	rcu_barrier();
	barrier();
}

static DECLARE_WORK(waiter, wait_for_callbacks);

static int __init barrier_in_work_init(void)
{
	return 0;
}

static void __exit barrier_in_work_exit(void)
{
	objects_queue(5);
	schedule_work(&waiter);
	flush_work(&waiter);
	log_counts();
}

CASE(barrier_in_work_init, barrier_in_work_exit, "rcu_barrier() in a work item that exit flushes");
