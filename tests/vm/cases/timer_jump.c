// SPDX-License-Identifier: GPL-2.0-only
/* Correct: a timer's function ends in a tail call to call_rcu() with a function of the kernel. */
#include <linux/delay.h>
#include <linux/timer.h>
#include <linux/version.h>

#include "case.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

struct freed {
	struct rcu_head rcu;
	long value;
};

static void fire(struct timer_list *unused)
{
	struct freed *freed = kzalloc(sizeof(*freed), GFP_ATOMIC);

	atomic_inc(&queued);
	call_rcu(&freed->rcu, (rcu_callback_t)(void *)kfree);
}

static DEFINE_TIMER(timer, fire);

static int __init timer_jump_init(void)
{
	mod_timer(&timer, jiffies + 1);
	while (!atomic_read(&queued))
		msleep(1);
	return 0;
}

static void __exit timer_jump_exit(void)
{
	timer_delete_sync(&timer);
	log_counts();
}

CASE(timer_jump_init, timer_jump_exit, "A jump to call_rcu() from a timer");
