// SPDX-License-Identifier: GPL-2.0-only
/* The exit function waits for callbacks first, and then for the work item that queues some. */
#include <linux/workqueue.h>

#include "case.h"

static void queue_some(struct work_struct *work)
{
	objects_queue(4);
}

static DECLARE_WORK(work, queue_some);

static int __init barrier_early_work_init(void)
{
	return 0;
}

static void __exit barrier_early_work_exit(void)
{
#ifdef FIXED
	schedule_work_on(raw_smp_processor_id(), &work);
	flush_work(&work);
	rcu_barrier();
#else
	rcu_barrier();
	schedule_work_on(raw_smp_processor_id(), &work);
	flush_work(&work);
#endif
	log_counts();
}

CASE(barrier_early_work_init, barrier_early_work_exit, "rcu_barrier() before flush_work()");
