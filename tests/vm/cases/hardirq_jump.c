// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function in a hard interrupt ends in a tail call to call_rcu(). The module does not wait for
 * the callback.
 */
#include <linux/irq_work.h>

#include "case.h"

static void fire(struct irq_work *unused)
{
	struct object *object = kzalloc(sizeof(*object), GFP_ATOMIC);

	atomic_inc(&queued);
	call_rcu(&object->rcu, object_free);
}

static struct irq_work interrupt = IRQ_WORK_INIT_HARD(fire);

static int __init hardirq_jump_init(void)
{
	irq_work_queue(&interrupt);
	irq_work_sync(&interrupt);
	return 0;
}

static void __exit hardirq_jump_exit(void)
{
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(hardirq_jump_init, hardirq_jump_exit, "A jump to call_rcu() from an interrupt");
