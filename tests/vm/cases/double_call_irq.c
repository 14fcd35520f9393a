// SPDX-License-Identifier: GPL-2.0-only
/* An interrupt queues an rcu_head again that a task has queued. */
#include <linux/irq_work.h>

#include "case.h"

static struct rcu_head head;

static void note(struct rcu_head *rcu)
{
	atomic_inc(&run);
}

static void queue(struct irq_work *work)
{
	atomic_inc(&queued);
	call_rcu(&head, note);
	barrier();
}

static struct irq_work interrupt = IRQ_WORK_INIT_HARD(queue);

static int __init double_call_irq_init(void)
{
	/* The section keeps the first call pending; the interrupt comes immediately. */
	preempt_disable();
	queue(NULL);
#ifdef FIXED
	preempt_enable();
	rcu_barrier();
	preempt_disable();
#endif
	irq_work_queue(&interrupt);
	irq_work_sync(&interrupt);
	preempt_enable();
	return 0;
}

static void __exit double_call_irq_exit(void)
{
	rcu_barrier();
	log_counts();
}

CASE(double_call_irq_init, double_call_irq_exit, "An rcu_head queued again by an interrupt");
