// SPDX-License-Identifier: GPL-2.0-only
/*
 * A work item's function ends in a tail call to call_rcu(). The exit function waits only for the
 * item.
 */
#include <linux/workqueue.h>

#include "case.h"

static void queue_one(struct work_struct *unused)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

	atomic_inc(&queued);
	call_rcu(&object->rcu, object_free);
}

static DECLARE_WORK(work, queue_one);

static int __init work_jump_init(void)
{
	schedule_work(&work);
	return 0;
}

static void __exit work_jump_exit(void)
{
	flush_work(&work);
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(work_jump_init, work_jump_exit, "A jump to call_rcu() from a work item");
