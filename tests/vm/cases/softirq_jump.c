// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tasklet's function ends in a tail call to call_rcu(). The module does not wait for the
 * callback.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>

#include "case.h"

static void fire(struct tasklet_struct *unused)
{
	struct object *object = kzalloc(sizeof(*object), GFP_ATOMIC);

	atomic_inc(&queued);
	call_rcu(&object->rcu, object_free);
}

static DECLARE_TASKLET(tasklet, fire);

static int __init softirq_jump_init(void)
{
	tasklet_schedule(&tasklet);
	while (!atomic_read(&queued))
		msleep(1);
	return 0;
}

static void __exit softirq_jump_exit(void)
{
	tasklet_kill(&tasklet);
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(softirq_jump_init, softirq_jump_exit, "A jump to call_rcu() from a tasklet");
