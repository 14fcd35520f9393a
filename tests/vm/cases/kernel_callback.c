// SPDX-License-Identifier: GPL-2.0-only
/* Correct: no wait is necessary for callbacks whose function is the kernel's kfree(). */
#include "case.h"

/* kfree() gets the address of the rcu_head, so that is the first member. */
struct freed {
	struct rcu_head rcu;
	long value;
};

static noinline __noclone void queue_freed(void)
{
	struct freed *freed = kzalloc(sizeof(*freed), GFP_KERNEL);

	if (!freed)
		return;
	atomic_inc(&queued);
	call_rcu(&freed->rcu, (rcu_callback_t)(void *)kfree);
	barrier();
}

static int __init kernel_callback_init(void)
{
	return 0;
}

static void __exit kernel_callback_exit(void)
{
	int i;

	for (i = 0; i < 7; i++)
		queue_freed();
	log_counts();
}

CASE(kernel_callback_init, kernel_callback_exit, "call_rcu() with a function of the kernel's");
