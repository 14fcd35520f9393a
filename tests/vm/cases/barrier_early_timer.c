// SPDX-License-Identifier: GPL-2.0-only
/* A timer continues to queue callbacks after the exit function's rcu_barrier(). */
#include <linux/delay.h>
#include <linux/timer.h>
#include <linux/version.h>

#include "case.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

static void tick(struct timer_list *timer);
static DEFINE_TIMER(timer, tick);
static bool stop;

static void tick(struct timer_list *unused)
{
	object_queue(object_free);
	if (!READ_ONCE(stop))
		mod_timer(&timer, jiffies + 1);
}

static int __init barrier_early_timer_init(void)
{
	mod_timer(&timer, jiffies + 1);
	return 0;
}

static void __exit barrier_early_timer_exit(void)
{
#ifdef FIXED
	WRITE_ONCE(stop, true);
	timer_delete_sync(&timer);
	rcu_barrier();
#else
	int before;

	rcu_barrier();
	before = atomic_read(&queued);
	while (atomic_read(&queued) < before + 2)
		cond_resched(); /* softirqs may run in ksoftirqd, which needs the CPU */
	WRITE_ONCE(stop, true);
	timer_delete_sync(&timer);
#endif
	log_counts();
}

CASE(barrier_early_timer_init, barrier_early_timer_exit,
     "rcu_barrier() before the timer is stopped");
