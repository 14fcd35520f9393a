// SPDX-License-Identifier: GPL-2.0-only
/* The exit function queues an rcu_work and sleeps until it has been called, without a flush. */
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "case.h"

static struct rcu_work work;

static void note(struct work_struct *unused)
{
	atomic_inc(&run);
}

static int __init rcu_work_no_flush_init(void)
{
	INIT_RCU_WORK(&work, note);
	return 0;
}

static void __exit rcu_work_no_flush_exit(void)
{
	queue_rcu_work(system_wq, &work);
#ifdef FIXED
	flush_rcu_work(&work);
#else
	while (!atomic_read(&run))
		msleep(10);
#endif
	log_counts();
}

CASE(rcu_work_no_flush_init, rcu_work_no_flush_exit, "queue_rcu_work() without flush_rcu_work()");
